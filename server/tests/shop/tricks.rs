//! Each trick is refused, with its own code.

use serde_json::{Value, json};

use crate::support::{Shop, answered};

#[tokio::test(flavor = "multi_thread")]
async fn a_quiz_is_good_for_one_answer_right_or_wrong() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let (quiz, answer) = (format!("/api/sales/{sale_id}/quiz"), format!("/api/sales/{sale_id}/quiz/answer"));
    for (given, first) in [("yes", Ok(())), ("no", Err((422, "answer_wrong")))] {
        let quiz_token = shop.post(&quiz, &cookie, json!({})).await.ok(200)["quiz_token"].clone();
        let body = json!({ "quiz_token": quiz_token, "answer": given });
        let answered = shop.post(&answer, &cookie, body.clone()).await;
        match first {
            Ok(()) => drop(answered.ok(200)),
            Err((status, code)) => answered.is_problem(status, code),
        }
        shop.post(&answer, &cookie, body).await.is_problem(409, "quiz_used");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_neither_faster_than_a_person_nor_after_its_time() {
    let shop = Shop::start();
    let questions = json!([{ "prompt": "Say yes", "answer": "yes" }]);
    for (min_answer_ms, max_answer_ms, wait_ms, code) in
        [(60_000, 90_000, 0, "answer_too_fast"), (0, 1, 50, "answer_too_late")]
    {
        let quiz = json!({ "kind": "bank", "questions": questions, "min_answer_ms": min_answer_ms, "max_answer_ms": max_answer_ms });
        let sale_id = shop.sale(json!({ "quiz": quiz })).await;
        let cookie = shop.shopper();
        let asked = shop.post(&format!("/api/sales/{sale_id}/quiz"), &cookie, json!({})).await.ok(200);
        assert_eq!(
            asked["earliest_answer_ms"].as_i64().unwrap() - asked["issued_at_ms"].as_i64().unwrap(),
            min_answer_ms
        );
        assert_eq!(asked["expires_at_ms"].as_i64().unwrap() - asked["issued_at_ms"].as_i64().unwrap(), max_answer_ms);
        tokio::time::sleep(std::time::Duration::from_millis(wait_ms)).await;
        let body = json!({ "quiz_token": asked["quiz_token"], "answer": "yes" });
        shop.post(&format!("/api/sales/{sale_id}/quiz/answer"), &cookie, body).await.is_problem(422, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiz_belongs_to_one_shopper_and_one_sale() {
    let shop = Shop::start();
    let (sale_id, other_sale) = (shop.sale(json!({})).await, shop.sale(json!({})).await);
    let shoppers = shop.shoppers(2);
    let asked = shop.post(&format!("/api/sales/{sale_id}/quiz"), &shoppers[0], json!({})).await.ok(200);
    let body = json!({ "quiz_token": asked["quiz_token"], "answer": "yes" });
    shop.post(&format!("/api/sales/{sale_id}/quiz/answer"), &shoppers[1], body.clone())
        .await
        .is_problem(403, "quiz_invalid");
    shop.post(&format!("/api/sales/{other_sale}/quiz/answer"), &shoppers[0], body)
        .await
        .is_problem(403, "quiz_invalid");
    let forged = json!({ "quiz_token": "AAAA", "answer": "yes" });
    shop.post(&format!("/api/sales/{sale_id}/quiz/answer"), &shoppers[0], forged).await.is_problem(403, "quiz_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_shows_the_question_and_the_answer_hides_in_no_field() {
    let shop = Shop::start();
    let questions = json!([{ "prompt": "Say zanzibar", "answer": "zanzibar" }]);
    let quiz = json!({ "kind": "bank", "questions": questions, "min_answer_ms": 0, "max_answer_ms": 60_000 });
    let (sale_id, slug) = shop.sale_and_slug(json!({ "quiz": quiz })).await;
    let cookie = shop.shopper();
    let asked = shop.post(&format!("/api/sales/{sale_id}/quiz"), &cookie, json!({})).await;
    let image_url = asked.text_of("image_url");
    let picture = shop.get(&image_url, "").await;
    assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, "image/png"));
    assert!(picture.text.contains("PNG"));
    let page = shop.get(&format!("/items/{slug}"), "").await;
    for text in [&asked.text, &page.text] {
        assert!(!text.contains("zanzibar"));
    }
    shop.get("/quiz/00000000000000000000000000000000.png", "").await.is_problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_equal_route_asks_in_words_and_wants_a_proof_of_work() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let path = format!("/api/sales/{sale_id}/quiz");
    let asked = shop.post(&path, &cookie, json!({ "accessible": true })).await.ok(200);
    assert_eq!(asked["question"], "Say yes");
    let pictured = shop.post(&path, &cookie, json!({})).await.ok(200);
    let time_ms = |asked: &serde_json::Value| {
        asked["expires_at_ms"].as_i64().unwrap() - asked["earliest_answer_ms"].as_i64().unwrap()
    };
    assert_eq!(time_ms(&asked), 2 * time_ms(&pictured), "who listens has more time");
    let asked = shop.post(&path, &cookie, json!({ "accessible": true })).await.ok(200);
    let without = json!({ "quiz_token": asked["quiz_token"], "answer": "yes" });
    shop.post(&format!("{path}/answer"), &cookie, without).await.is_problem(422, "answer_wrong");
    let asked = shop.post(&path, &cookie, json!({ "accessible": true })).await.ok(200);
    let (token, bits) = (asked["quiz_token"].as_str().unwrap(), asked["proof_bits"].as_u64().unwrap() as u8);
    let proof = (0..).find(|&proof| sale::proof_holds(token, proof, bits)).unwrap();
    let body = json!({ "quiz_token": token, "answer": "yes", "proof": proof });
    shop.post(&format!("{path}/answer"), &cookie, body).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_is_one_shoppers_for_one_order_in_one_sale() {
    let shop = Shop::start();
    let (sale_id, other_sale) = (shop.sale(json!({ "per_shopper_limit": 9 })).await, shop.sale(json!({})).await);
    let shoppers = shop.shoppers(2);
    let pass = shop.pass(&sale_id, &shoppers[0]).await;
    let body = json!({ "pass": pass, "quantity": 1 });
    shop.order(&sale_id, &shoppers[1], "k", body.clone()).await.is_problem(403, "pass_invalid");
    shop.order(&other_sale, &shoppers[0], "k", body.clone()).await.is_problem(403, "pass_invalid");
    shop.order(&sale_id, &shoppers[0], "k", body.clone()).await.ok(202);
    shop.order(&sale_id, &shoppers[0], "l", body).await.is_problem(403, "pass_invalid");
    for forged in ["", "AAAA", &format!("{pass}A"), &"A".repeat(5_000)] {
        shop.order(&sale_id, &shoppers[0], "m", json!({ "pass": forged, "quantity": 1 }))
            .await
            .is_problem(403, "pass_invalid");
    }
    let replaced = shop.pass(&sale_id, &shoppers[0]).await;
    shop.pass(&sale_id, &shoppers[0]).await;
    let body = json!({ "pass": replaced, "quantity": 1 });
    shop.order(&sale_id, &shoppers[0], "n", body).await.is_problem(403, "pass_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_token_is_answered_to_its_shopper_only_and_never_when_forged() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let shoppers = shop.shoppers(2);
    let accepted = shop.join(&sale_id, &shoppers[0], 1).await;
    let token = accepted["queue_token"].as_str().unwrap();
    shop.get(&format!("/api/queue/{token}"), &shoppers[1]).await.is_problem(404, "not_found");
    shop.get(&format!("/api/queue/{token}"), "").await.is_problem(401, "signed_out");
    let flipped = format!("{}{}", if token.starts_with('A') { 'B' } else { 'A' }, &token[1..]);
    for forged in [flipped.as_str(), "AAAA", "x", "%00"] {
        shop.get(&format!("/api/queue/{forged}"), &shoppers[0]).await.is_problem(404, "not_found");
    }
    // A pass is signed too, for another purpose.
    let pass = shop.pass(&sale_id, &shoppers[1]).await;
    shop.get(&format!("/api/queue/{pass}"), &shoppers[1]).await.is_problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_shoppers_order_is_as_if_it_were_not_there() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let shoppers = shop.shoppers(2);
    let order_id = shop.held(&sale_id, &shoppers[0]).await;
    let opened = shop.post(&format!("/api/orders/{order_id}/payments"), &shoppers[0], json!({})).await.ok(200);
    let payment_id = opened["payment_id"].as_str().unwrap();
    shop.get(&format!("/api/orders/{order_id}"), &shoppers[1]).await.is_problem(404, "not_found");
    for path in [format!("/api/orders/{order_id}/cancel"), format!("/api/orders/{order_id}/payments")] {
        shop.post(&path, &shoppers[1], json!({})).await.is_problem(404, "not_found");
    }
    let settle = format!("/sandbox/payments/{payment_id}/settle");
    shop.post(&settle, &shoppers[1], json!({ "outcome": "paid" })).await.is_problem(404, "not_found");
    let page = shop.get(&format!("/orders/{order_id}"), &shoppers[1]).await;
    assert_eq!(page.status, 404);
    assert_eq!(shop.get(&format!("/api/orders/{order_id}"), &shoppers[0]).await.ok(200)["state"], "awaiting_payment");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_merchants_item_and_sale_are_as_if_they_were_not_there() {
    let shop = Shop::start();
    let (sale_id, _) = shop.sale_and_slug(json!({})).await;
    let other = shop.other_merchant();
    let item_id =
        shop.merchant("GET", "/items", Value::Null).await.ok(200)["items"][0]["item_id"].as_str().unwrap().to_owned();
    for (method, path, body) in [
        ("GET", format!("/sales/{sale_id}"), Value::Null),
        ("GET", format!("/sales/{sale_id}/ledger"), Value::Null),
        ("PATCH", format!("/sales/{sale_id}"), json!({ "paused": true })),
        ("POST", format!("/sales/{sale_id}/publish"), Value::Null),
        ("GET", format!("/items/{item_id}"), Value::Null),
        ("PATCH", format!("/items/{item_id}"), json!({ "title": "Mine" })),
    ] {
        shop.merchant_with(&other, method, &path, body).await.is_problem(404, "not_found");
    }
    let now_ms = shop.now_ms().await;
    let stolen = crate::support::terms(&item_id, now_ms);
    shop.merchant_with(&other, "POST", "/sales", stolen).await.is_problem(404, "not_found");
    let orders = shop.merchant_with(&other, "GET", &format!("/orders?sale_id={sale_id}"), Value::Null).await;
    assert_eq!(orders.ok(200), json!({ "orders": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_believed_only_with_the_providers_signature() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let order_id = shop.held(&sale_id, &cookie).await;
    let opened = shop.post(&format!("/api/orders/{order_id}/payments"), &cookie, json!({})).await.ok(200);
    let event = json!({
        "event_id": "evt_forged", "payment_id": opened["payment_id"], "outcome": "paid", "amount_minor": 500, "currency": "CNY",
    });
    let now_seconds = shop.now_ms().await / 1_000;
    for signature in [String::new(), format!("t={now_seconds},v1={}", "0".repeat(64)), "nonsense".to_owned()] {
        let request = shop.request("POST", "/api/payments/webhook").header("stampede-signature", signature);
        answered(request.json(&event)).await.is_problem(401, "signature_invalid");
    }
    assert_eq!(shop.get(&format!("/api/orders/{order_id}"), &cookie).await.ok(200)["state"], "awaiting_payment");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_asked_for_by_another_sites_page_is_refused() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let path = format!("/api/sales/{sale_id}/quiz");
    let ask = |name: &'static str, value: String| {
        let request = shop.request("POST", &path).header("cookie", &cookie).header(name, value);
        answered(request.json(&json!({})))
    };
    ask("origin", "https://evil.example".to_owned()).await.is_problem(403, "cross_site");
    ask("origin", "null".to_owned()).await.is_problem(403, "cross_site");
    ask("sec-fetch-site", "cross-site".to_owned()).await.is_problem(403, "cross_site");
    ask("sec-fetch-site", "same-site".to_owned()).await.is_problem(403, "cross_site");
    ask("origin", shop.base.clone()).await.ok(200);
    ask("sec-fetch-site", "same-origin".to_owned()).await.ok(200);
    let form = shop.request("POST", &path).header("cookie", &cookie);
    let form = form.header("content-type", "application/x-www-form-urlencoded").body("accessible=true");
    answered(form).await.is_problem(415, "media_type_unsupported");
    let nothing = shop.request("POST", &path).header("cookie", &cookie);
    answered(nothing.header("content-type", "application/json")).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_input_is_told_and_never_a_failure_of_ours() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let path = format!("/api/sales/{sale_id}/orders");
    let send = |body: String| {
        let request = shop.request("POST", &path).header("cookie", &cookie).header("idempotency-key", "k");
        answered(request.header("content-type", "application/json").body(body))
    };
    send("{".to_owned()).await.is_problem(400, "body_invalid");
    send("[".repeat(100_000)).await.is_problem(422, "field_invalid");
    send(r#"{"pass":1,"quantity":1}"#.to_owned()).await.is_problem(422, "field_invalid");
    send(r#"{"pass":"x"}"#.to_owned()).await.is_problem(422, "field_invalid");
    send(r#"{"pass":"x","quantity":-1}"#.to_owned()).await.is_problem(422, "field_invalid");
    send(r#"{"pass":"x","quantity":1,"price":0}"#.to_owned()).await.is_problem(422, "field_invalid");
    send(format!(r#"{{"pass":"{}"}}"#, "x".repeat(200_000))).await.is_problem(413, "body_too_large");
    shop.order(&sale_id, &cookie, "k", json!({ "pass": "x", "quantity": 0 })).await.is_problem(422, "field_invalid");
    for key in ["", "with space", &"k".repeat(65)] {
        shop.order(&sale_id, &cookie, key, json!({ "pass": "x", "quantity": 1 }))
            .await
            .is_problem(400, "idempotency_key_invalid");
    }
    shop.get("/api/sales/not-a-uuid/mine", &cookie).await.is_problem(404, "not_found");
    shop.get("/csi/recommendations?what=x", "").await.is_problem(400, "query_invalid");
    shop.get("/api/nothing", "").await.is_problem(404, "not_found");
    answered(shop.request("DELETE", "/api/orders")).await.is_problem(405, "method_not_allowed");
    for path in ["/assets/../manifest.json", "/assets/..%2fmanifest.json", "/images/%2e%2e/manifest.json"] {
        assert_eq!(shop.get(path, "").await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_from_one_address_is_slowed_and_a_forged_address_does_not_help() {
    let shop = Shop::start();
    let mut refused = None;
    for number in 0..3_000 {
        let request = shop
            .request("GET", "/csi/time")
            .header("x-forwarded-for", format!("10.0.{}.{}", number / 256, number % 256));
        let answer = answered(request).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the burst ends");
    refused.is_problem(429, "rate_limited");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_wait_for_nobody_who_is_paused_or_ended() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let pass = shop.pass(&sale_id, &cookie).await;
    let body = json!({ "pass": pass, "quantity": 1 });
    let path = format!("/sales/{sale_id}");
    shop.merchant("PATCH", &path, json!({ "paused": true })).await.ok(200);
    shop.order(&sale_id, &cookie, "k", body.clone()).await.is_problem(409, "sale_paused");
    shop.merchant("PATCH", &path, json!({ "paused": false })).await.ok(200);
    let ends_at_ms = shop.now_ms().await;
    shop.merchant("PATCH", &path, json!({ "ends_at_ms": ends_at_ms })).await.ok(200);
    shop.order(&sale_id, &cookie, "k", body).await.is_problem(409, "sale_ended");
    assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_provider_nobody_can_say_that_an_order_is_paid() {
    let shop = Shop::start_with(&[]);
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let order_id = shop.held(&sale_id, &cookie).await;
    shop.post(&format!("/api/orders/{order_id}/payments"), &cookie, json!({}))
        .await
        .is_problem(409, "order_not_payable");
    let settle = format!("/sandbox/payments/{}/settle", uuid::Uuid::nil());
    shop.post(&settle, &cookie, json!({ "outcome": "paid" })).await.is_problem(404, "not_found");
    answered(shop.request("POST", "/api/payments/webhook").json(&json!({}))).await.is_problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_request_ignores_cookies_and_a_cookies_body_must_be_json() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let order_id = shop.held(&sale_id, &cookie).await;
    let quiz = shop.request("POST", &format!("/api/sales/{sale_id}/quiz")).header("cookie", &cookie).bearer_auth("foo");
    answered(quiz.header("origin", "https://evil.example")).await.is_problem(401, "signed_out");
    for path in [
        format!("/api/orders/{order_id}/cancel"),
        format!("/api/orders/{order_id}/payments"),
        "/api/sign-out".to_owned(),
    ] {
        let form =
            shop.request("POST", &path).header("cookie", &cookie).header("content-type", "text/plain").body("{}");
        answered(form).await.is_problem(415, "media_type_unsupported");
    }
    assert_eq!(shop.get(&format!("/api/orders/{order_id}"), &cookie).await.ok(200)["state"], "held");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_accounts_password_cannot_be_tried_again_and_again() {
    let shop = Shop::start();
    let form = json!({ "email": "ann@example.com", "password": "a good password", "display_name": "Ann" });
    shop.post("/api/sign-up", "", form).await.ok(201);
    let mut last = None;
    for _ in 0..12 {
        let guess = json!({ "email": "Ann@example.com", "password": "a bad guess" });
        last = Some(shop.post("/api/sign-in", "", guess).await);
    }
    last.unwrap().is_problem(429, "rate_limited");
    let other = json!({ "email": "bo@example.com", "password": "a bad guess" });
    shop.post("/api/sign-in", "", other).await.is_problem(401, "credentials_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_told_every_time_and_the_connection_goes_on_or_says_that_it_closes() {
    let shop = Shop::start();
    for kilobytes in [200, 900, 4_000] {
        for _ in 0..15 {
            let large = json!({ "email": "a@b.c", "password": "x".repeat(kilobytes * 1_000) });
            shop.post("/api/sign-out", "", large).await.is_problem(413, "body_too_large");
            shop.post("/api/sign-out", "", json!({})).await.ok(204);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_array_is_no_object_and_changes_nothing() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let sale = format!("/sales/{sale_id}");
    let before = shop.merchant("GET", &sale, Value::Null).await.ok(200);
    for body in [json!([]), json!([4_242])] {
        shop.merchant("PATCH", &sale, body).await.is_problem(422, "field_invalid");
    }
    assert_eq!(shop.merchant("GET", &sale, Value::Null).await.ok(200), before);
    let order = json!(["pass", 1]);
    shop.order(&sale_id, &shop.shopper(), "k", order).await.is_problem(422, "field_invalid");
}
