//! Each degraded mode: what is refused, how it is told, and what goes on.

use serde_json::{Value, json};

use super::{operator, put, until_switch, yes};
use crate::support::{Answer, Shop, answered};

#[track_caller]
fn is_switched_off(answer: &Answer, code: &str) {
    answer.is_problem(503, code);
    assert_eq!(answer.header("retry-after"), "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_orders_are_refused_while_keys_places_holds_and_payments_go_on() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "per_shopper_limit": 3 })).await;
    let cookie = shop.shopper();
    let (pass, spare) = (shop.pass(&sale_id, &cookie).await, json!({ "quantity": 1, "pass": "x" }));
    let body = json!({ "pass": pass, "quantity": 1 });
    let accepted = shop.order(&sale_id, &cookie, "k1", body.clone()).await.ok(202);
    put(&shop, json!({ "orders": "paused" })).await.ok(200);
    is_switched_off(&shop.order(&sale_id, &cookie, "k2", spare).await, "orders_paused");
    is_switched_off(&shop.post(&format!("/api/sales/{sale_id}/quiz"), &cookie, yes()).await, "orders_paused");
    let recalled = shop.order(&sale_id, &cookie, "k1", body).await.ok(202);
    assert_eq!(recalled["order_id"], accepted["order_id"], "a key that was used still answers");
    assert_eq!(shop.outcome(&accepted["queue_token"], &cookie).await["state"], "held");
    let order_id = accepted["order_id"].as_str().unwrap();
    let opened = shop.post(&format!("/api/orders/{order_id}/payments"), &cookie, yes()).await.ok(200);
    let payment_id = opened["payment_id"].as_str().unwrap();
    let settle = format!("/sandbox/payments/{payment_id}/settle");
    shop.post(&settle, &cookie, json!({ "outcome": "paid" })).await.ok(200);
    assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "paused");
    put(&shop, json!({ "orders": "on" })).await.ok(200);
    shop.held(&sale_id, &shop.shopper()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quiz_the_pass_comes_at_once_and_who_answers_all_the_same_gets_one_too() {
    let shop = Shop::start();
    let mut terms = json!({});
    terms["quiz"] = json!({
        "kind": "bank", "questions": [{ "prompt": "Say yes", "answer": "yes" }],
        "min_answer_ms": 60_000, "max_answer_ms": 120_000,
    });
    let sale_id = shop.sale(terms).await;
    let cookie = shop.shopper();
    let quiz = format!("/api/sales/{sale_id}/quiz");
    assert!(shop.post(&quiz, &cookie, yes()).await.ok(200).get("pass").is_none());
    put(&shop, json!({ "quiz": "off" })).await.ok(200);
    let asked = shop.post(&quiz, &cookie, yes()).await.ok(200);
    let body = json!({ "pass": asked["pass"], "quantity": 1 });
    let accepted = shop.order(&sale_id, &cookie, "k", body.clone()).await.ok(202);
    assert_eq!(shop.outcome(&accepted["queue_token"], &cookie).await["state"], "held");
    let again = shop.order(&sale_id, &cookie, "k2", body).await;
    assert!(again.status.as_u16() == 403 || again.status.as_u16() == 409, "a pass is good for one order: {again:?}");
    // A client that knows nothing of switches answers the question.
    let other = shop.shopper();
    let pass = shop.pass(&sale_id, &other).await;
    shop.order(&sale_id, &other, "k", json!({ "pass": pass, "quantity": 1 })).await.ok(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_harder_quiz_takes_longer_and_more_work() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let quiz = format!("/api/sales/{sale_id}/quiz");
    let ask = async || shop.post(&quiz, &cookie, json!({ "accessible": true })).await.ok(200);
    let least_ms =
        |asked: &Value| asked["earliest_answer_ms"].as_i64().unwrap() - asked["issued_at_ms"].as_i64().unwrap();
    let before = ask().await;
    put(&shop, json!({ "quiz": "harder" })).await.ok(200);
    let harder = ask().await;
    assert_eq!((least_ms(&before), least_ms(&harder)), (0, 3_000));
    let window_ms =
        |asked: &Value| asked["expires_at_ms"].as_i64().unwrap() - asked["earliest_answer_ms"].as_i64().unwrap();
    assert_eq!(window_ms(&before), window_ms(&harder), "there is as long to answer as ever");
    assert_eq!(harder["proof_bits"].as_i64().unwrap(), before["proof_bits"].as_i64().unwrap() + 2);
    let answer = json!({ "quiz_token": harder["quiz_token"], "answer": "yes", "proof": 0 });
    shop.post(&format!("{quiz}/answer"), &cookie, answer).await.is_problem(422, "answer_too_fast");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_harder_quiz_asks_in_words_for_four_numbers() {
    let shop = Shop::start();
    let quiz = json!({ "kind": "arithmetic", "questions": [], "min_answer_ms": 0, "max_answer_ms": 60_000 });
    let sale_id = shop.sale(json!({ "quiz": quiz })).await;
    let cookie = shop.shopper();
    let path = format!("/api/sales/{sale_id}/quiz");
    let asks_for = async |count: &str| {
        let asked = shop.post(&path, &cookie, json!({ "accessible": true })).await;
        assert!(asked.text_of("question").contains(count), "{asked:?}");
    };
    asks_for(" three numbers").await;
    put(&shop, json!({ "quiz": "harder" })).await.ok(200);
    asks_for(" four numbers").await;
    put(&shop, json!({ "quiz": "on" })).await.ok(200);
    asks_for(" three numbers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn extras_that_are_off_are_an_empty_list() {
    let shop = Shop::start();
    let (_, slug) = shop.sale_and_slug(json!({})).await;
    shop.sale(json!({})).await;
    let path = format!("/csi/recommendations?item={slug}");
    assert_eq!(shop.get(&path, "").await.ok(200)["items"].as_array().unwrap().len(), 1);
    put(&shop, json!({ "extras": "off" })).await.ok(200);
    assert_eq!(shop.get(&path, "").await.ok(200)["items"], json!([]));
    put(&shop, json!({ "extras": "on", "queue_only": "on" })).await.ok(200);
    assert_eq!(shop.get(&path, "").await.ok(200)["items"], json!([]));
    put(&shop, json!({ "queue_only": "off" })).await.ok(200);
    assert_eq!(shop.get(&path, "").await.ok(200)["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_queue_only_the_way_of_an_order_is_all_that_is_served() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    operator(&shop, &["set", "queue_only", "on"]);
    until_switch(&shop, "queue_only", "on").await;
    is_switched_off(&shop.get("/api/orders", &cookie).await, "queue_only");
    is_switched_off(&shop.merchant("GET", "/orders", Value::Null).await, "queue_only");
    let sign_up = json!({ "email": "a@example.com", "password": "long enough", "display_name": "A" });
    is_switched_off(&shop.post("/api/sign-up", "", sign_up).await, "queue_only");
    let page = answered(shop.request("GET", "/orders").header("cookie", &cookie).header("accept", "text/html")).await;
    assert_eq!((page.status.as_u16(), page.header("cache-control")), (503, "no-store"));
    assert!(page.text.contains("nothing but take orders"), "{page:?}");
    let order_id = shop.held(&sale_id, &cookie).await;
    shop.get(&format!("/api/orders/{order_id}"), &cookie).await.ok(200);
    shop.get(&format!("/api/sales/{sale_id}/mine"), &cookie).await.ok(200);
    assert!(shop.ledger(&sale_id).await["balanced"].as_bool().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn item_pages_wait_in_both_languages_and_come_back_as_they_were() {
    let shop = Shop::start();
    let (sale_id, slug) = shop.sale_and_slug(json!({})).await;
    let (_, other) = shop.sale_and_slug(json!({})).await;
    let item = format!("/items/{slug}");
    let before = shop.get(&item, "").await;
    put(&shop, json!({ "waiting_page": "on", "sale_id": sale_id })).await.ok(200);
    for (path, words) in [(item.clone(), "One moment"), (format!("/zh{item}"), "请稍候")] {
        let page = shop.get(&path, "").await;
        assert_eq!(page.status.as_u16(), 200);
        assert!(page.text.contains(words) && !page.text.contains("Buy now"), "{page:?}");
        assert_eq!(page.header("cache-control"), "public, max-age=0, s-maxage=2, must-revalidate");
        assert_eq!(page.header("cdn-cache-control"), "public, max-age=2");
        assert_eq!((page.header("waiting-page"), page.header("set-cookie")), ("1", ""));
        assert!(page.header("surrogate-key").contains(&format!("item-{slug}")), "it is purged as the page is");
        assert_ne!(page.header("etag"), before.header("etag"));
        assert_ne!(page.header("page-version"), before.header("page-version"));
    }
    assert!(!shop.get(&format!("/items/{other}"), "").await.text.contains("One moment"));
    // A script of its own, from an address that edges keep, and which the page's policy lets run.
    let page = shop.get(&item, "").await.text;
    let script = page.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let answer = shop.get(script, "").await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "public, max-age=31536000, immutable"));
    assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8");
    // A change of the item meanwhile is not lost, and does not end the wait.
    shop.merchant("PATCH", &format!("/sales/{sale_id}"), json!({ "price_minor": 432_100 })).await.ok(200);
    assert_eq!(shop.get(&item, "").await.header("waiting-page"), "1");
    put(&shop, json!({ "waiting_page": "off", "sale_id": sale_id })).await.ok(200);
    let after = shop.get(&item, "").await;
    assert_eq!(after.header("waiting-page"), "");
    assert!(after.text.contains("4,321"), "{after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_runs_out_and_one_from_the_shell_reach_the_pages_by_themselves() {
    let shop = Shop::start();
    let (_, slug) = shop.sale_and_slug(json!({})).await;
    let item = format!("/items/{slug}");
    let waits = async |expected: bool| {
        for _ in 0..600 {
            if (shop.get(&item, "").await.header("waiting-page") == "1") == expected {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("the page never changed to waiting: {expected}");
    };
    put(&shop, json!({ "waiting_page": "on", "for_seconds": 1 })).await.ok(200);
    assert_eq!(shop.get(&item, "").await.header("waiting-page"), "1");
    waits(false).await;
    operator(&shop, &["set", "waiting_page", "on"]);
    waits(true).await;
    operator(&shop, &["clear", "waiting_page"]);
    waits(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_refuses_every_change_but_a_providers_word_and_the_way_back() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let order_id = shop.held(&sale_id, &cookie).await;
    let opened = shop.post(&format!("/api/orders/{order_id}/payments"), &cookie, yes()).await.ok(200);
    let description = shop.get("/openapi.json", "").await.ok(200);
    put(&shop, json!({ "read_only": "on" })).await.ok(200);
    is_switched_off(&shop.merchant("POST", "/items", yes()).await, "read_only");
    is_switched_off(&shop.post(&format!("/api/orders/{order_id}/cancel"), &cookie, yes()).await, "read_only");
    put(&shop, json!({ "read_only": "off" })).await.ok(200);
    operator(&shop, &["set", "read_only", "on"]);
    until_switch(&shop, "read_only", "on").await;
    const STILL_TAKEN: [&str; 8] = [
        "/api/merchant/sales/{sale_id}/beacon",
        "/api/sign-in",
        "/api/sign-out",
        "/api/merchant/sign-in",
        "/api/merchant/sign-out",
        "/api/merchant/switches",
        "/api/payments/webhook",
        "/sandbox/payments/{payment_id}/settle",
    ];
    let mut refused = 0;
    for (pattern, calls) in description["paths"].as_object().unwrap() {
        let path =
            pattern.replace("{sale_id}", &sale_id).replace("{order_id}", &order_id).replace("{item_id}", &sale_id);
        let path = path.replace("{shopper_id}", &sale_id);
        for method in calls.as_object().unwrap().keys().filter(|method| *method != "get") {
            if STILL_TAKEN.contains(&pattern.as_str()) {
                continue;
            }
            let request = shop.request(&method.to_uppercase(), &path).header("cookie", &cookie);
            let order = json!({ "pass": "x", "quantity": 1 });
            let answer = answered(request.header("idempotency-key", "new").json(&order)).await;
            is_switched_off(&answer, "read_only");
            refused += 1;
        }
    }
    assert!(refused >= 15, "{refused}");
    let payment_id = opened["payment_id"].as_str().unwrap();
    let settle = format!("/sandbox/payments/{payment_id}/settle");
    let paid = shop.post(&settle, &cookie, json!({ "outcome": "paid" })).await.ok(200);
    assert_eq!(paid["order_state"], "paid", "payments are never shed");
    assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "paused");
    shop.get(&format!("/api/orders/{order_id}"), &cookie).await.ok(200);
    operator(&shop, &["clear", "read_only"]);
    until_switch(&shop, "read_only", "off").await;
    shop.held(&sale_id, &shop.shopper()).await;
}
