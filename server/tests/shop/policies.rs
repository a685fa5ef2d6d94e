//! Stock policies, SKUs, the waiting line, strikes and eligibility, by HTTP.

use serde_json::{Value, json};

use crate::support::Shop;

/// Opens a payment and has the sandbox settle it.
async fn settled(shop: &Shop, cookie: &str, order_id: &str, settle: Value) -> Value {
    let opened = shop.post(&format!("/api/orders/{order_id}/payments"), cookie, json!({})).await.ok(200);
    let path = format!("/sandbox/payments/{}/settle", opened["payment_id"].as_str().unwrap());
    shop.post(&path, cookie, settle).await.ok(200)
}

async fn paid(shop: &Shop, cookie: &str, order_id: &str) -> Value {
    settled(shop, cookie, order_id, json!({ "outcome": "paid" })).await["order_state"].clone()
}

/// Joins with an order for one unit of a SKU, and what became of it.
async fn outcome_of_sku(shop: &Shop, sale_id: &str, cookie: &str, sku: &str) -> Value {
    let pass = shop.pass(sale_id, cookie).await;
    let body = json!({ "pass": pass, "quantity": 1, "sku": sku });
    let accepted = shop.order(sale_id, cookie, sku, body).await.ok(202);
    shop.outcome(&accepted["queue_token"], cookie).await
}

#[tokio::test(flavor = "multi_thread")]
async fn on_order_a_unit_is_taken_until_it_is_paid_cancelled_or_released_by_the_merchant() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "stock_policy": "on_order", "stock_units": 2, "hold_seconds": 1 })).await;
    let shoppers = shop.shoppers(2);
    let first = shop.held(&sale_id, &shoppers[0]).await;
    let second = shop.held(&sale_id, &shoppers[1]).await;
    let order = shop.get(&format!("/api/orders/{first}"), &shoppers[0]).await.ok(200);
    assert_eq!((&order["reserved"], order.get("hold_expires_at_ms")), (&json!(true), None));
    let released = shop.merchant("POST", &format!("/orders/{second}/release"), Value::Null).await.ok(200);
    assert_eq!((&released["state"], &released["release_cause"]), (&json!("released"), &json!("by_merchant")));
    shop.merchant("POST", &format!("/orders/{second}/release"), Value::Null)
        .await
        .is_problem(409, "order_not_cancellable");
    let other = shop.other_merchant();
    shop.merchant_with(&other, "POST", &format!("/orders/{first}/release"), Value::Null)
        .await
        .is_problem(404, "not_found");
    assert_eq!(paid(&shop, &shoppers[0], &first).await, "paid");
    let ledger = shop.ledger(&sale_id).await;
    assert_eq!(ledger, json!({ "stock": 2, "free": 1, "held": 0, "sold": 1, "balanced": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_payment_the_first_who_pays_gets_the_unit_and_the_other_gets_the_money_back() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "stock_policy": "on_payment", "stock_units": 1 })).await;
    let shoppers = shop.shoppers(3);
    let mut orders = Vec::new();
    for cookie in &shoppers {
        let accepted = shop.join(&sale_id, cookie, 1).await;
        let outcome = shop.outcome(&accepted["queue_token"], cookie).await;
        assert_eq!((&outcome["state"], &outcome["reserved"]), (&json!("held"), &json!(false)));
        orders.push(accepted["order_id"].as_str().unwrap().to_owned());
    }
    let path = |order_id: &str| format!("/api/orders/{order_id}/payments");
    let slow = shop.post(&path(&orders[0]), &shoppers[0], json!({})).await.ok(200);
    assert_eq!(paid(&shop, &shoppers[1], &orders[1]).await, "paid");
    shop.post(&path(&orders[2]), &shoppers[2], json!({})).await.is_problem(409, "sold_out");
    let settle = format!("/sandbox/payments/{}/settle", slow["payment_id"].as_str().unwrap());
    let receipt = shop.post(&settle, &shoppers[0], json!({ "outcome": "paid" })).await.ok(200);
    assert_eq!(receipt["order_state"], "refunded");
    let wanted = format!("/api/orders/{}", orders[0]);
    let order = shop.until(&wanted, &shoppers[0], |order| order["refunds"][0]["sent"] == true).await;
    assert_eq!(
        order["refunds"],
        json!([{ "cause": "no_unit_free", "amount_minor": 500, "currency": "CNY", "sent": true }])
    );
    assert_eq!(shop.ledger(&sale_id).await["balanced"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn skus_have_their_own_units_and_prices_under_the_sales_total() {
    let shop = Shop::start();
    let sku = |name: &str, units: i64, price_minor: i64| json!({ "sku": name, "title": "Size", "stock_units": units, "price_minor": price_minor });
    let skus = json!([sku("m", 1, 700), sku("s", 2, 600)]);
    let sale_id = shop.sale(json!({ "stock_units": 2, "skus": skus })).await;
    let shoppers = shop.shoppers(4);
    let pass = shop.pass(&sale_id, &shoppers[0]).await;
    for wrong in [json!({ "pass": pass, "quantity": 1 }), json!({ "pass": pass, "quantity": 1, "sku": "xl" })] {
        shop.order(&sale_id, &shoppers[0], "wrong", wrong).await.is_problem(422, "field_invalid");
    }
    let medium = outcome_of_sku(&shop, &sale_id, &shoppers[0], "m").await;
    let order_path = format!("/api/orders/{}", medium["order_id"].as_str().unwrap());
    let order = shop.get(&order_path, &shoppers[0]).await.ok(200);
    assert_eq!((&order["sku"], &order["amount_minor"]), (&json!("m"), &json!(700)));
    let pass = shop.pass(&sale_id, &shoppers[1]).await;
    let body = json!({ "pass": pass, "quantity": 1, "sku": "m" });
    shop.order(&sale_id, &shoppers[1], "k", body).await.is_problem(409, "sold_out");
    let state = shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200);
    assert_eq!(state["phase"], "open");
    assert_eq!((&state["skus"][0]["sold_out"], &state["skus"][1]["sold_out"]), (&json!(true), &json!(false)));
    assert_eq!(outcome_of_sku(&shop, &sale_id, &shoppers[1], "s").await["state"], "held");
    assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "sold_out");

    // A restock, and a SKU that comes later, while the sale runs.
    let sale = format!("/sales/{sale_id}");
    shop.merchant("PATCH", &sale, json!({ "stock_units": 9 })).await.is_problem(422, "field_invalid");
    let restock = json!({ "stock_units": 4, "skus": [sku("xl", 1, 900), sku("m", 2, 700)] });
    shop.merchant("PATCH", &sale, restock).await.ok(200);
    shop.merchant("PATCH", &sale, json!({ "skus": [sku("m", 0, 700)] })).await.is_problem(409, "stock_below_sold");
    assert_eq!(outcome_of_sku(&shop, &sale_id, &shoppers[2], "xl").await["state"], "held");
    let ledger = shop.ledger(&sale_id).await;
    assert_eq!((&ledger["free"], &ledger["held"], &ledger["balanced"]), (&json!(1), &json!(3), &json!(true)));
    assert_eq!(ledger["skus"][0], json!({ "sku": "m", "stock": 2, "free": 1, "held": 1, "sold": 0 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_gets_the_unit_that_comes_back_in_order_even_over_a_kill() {
    let mut shop = Shop::start();
    let sale_id = shop.sale(json!({ "stock_units": 1, "waitlist_units": 2 })).await;
    let shoppers = shop.shoppers(4);
    let first = shop.held(&sale_id, &shoppers[0]).await;
    let state = shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200);
    assert_eq!((&state["phase"], &state["can_wait"]), (&json!("sold_out"), &json!(true)));
    let mut tokens = Vec::new();
    for (number, cookie) in shoppers[1..3].iter().enumerate() {
        let accepted = shop.join(&sale_id, cookie, 1).await;
        let path = format!("/api/queue/{}", accepted["queue_token"].as_str().unwrap());
        let waiting = shop.until(&path, cookie, |token| token["state"] == "waiting").await;
        assert_eq!(waiting["position"], number + 1);
        assert!(waiting["poll_after_ms"].as_u64().unwrap() > 0);
        shop.get(&format!("/api/orders/{}", accepted["order_id"].as_str().unwrap()), cookie)
            .await
            .is_problem(404, "not_found");
        tokens.push((path, accepted["order_id"].as_str().unwrap().to_owned()));
    }
    let pass = shop.pass(&sale_id, &shoppers[3]).await;
    let late = json!({ "pass": pass, "quantity": 1 });
    shop.order(&sale_id, &shoppers[3], "late", late).await.is_problem(409, "sold_out");
    let mine = shop.get(&format!("/api/sales/{sale_id}/mine"), &shoppers[2]).await.ok(200);
    assert!(mine["queue_tokens"][0].is_string(), "{mine}");

    shop.kill_and_restart();
    assert_eq!(shop.get(&tokens[1].0, &shoppers[2]).await.ok(200)["position"], 2);
    shop.post(&format!("/api/orders/{first}/cancel"), &shoppers[0], json!({})).await.ok(200);
    let served = shop.get(&tokens[0].0, &shoppers[1]).await.ok(200);
    assert_eq!((&served["state"], &served["reserved"]), (&json!("held"), &json!(true)));
    assert_eq!(shop.get(&tokens[1].0, &shoppers[2]).await.ok(200)["position"], 1);
    // Who leaves the waiting line is told so, and its place is free.
    let left = shop.post(&format!("/api/orders/{}/cancel", tokens[1].1), &shoppers[2], json!({})).await.ok(200);
    assert_eq!(left, json!({}));
    let token = shop.get(&tokens[1].0, &shoppers[2]).await.ok(200);
    assert_eq!((&token["state"], &token["reason"]), (&json!("rejected"), &json!("cancelled")));
    let sale = shop.merchant("GET", &format!("/sales/{sale_id}"), Value::Null).await.ok(200);
    assert_eq!(sale["waiting"], 0);
    assert_eq!(shop.ledger(&sale_id).await["balanced"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_ends_when_all_is_sold_or_the_sale_ends() {
    let shop = Shop::start();
    for ends_early in [false, true] {
        let sale_id = shop.sale(json!({ "stock_units": 1, "waitlist_units": 5 })).await;
        let shoppers = shop.shoppers(2);
        let order_id = shop.held(&sale_id, &shoppers[0]).await;
        let accepted = shop.join(&sale_id, &shoppers[1], 1).await;
        let path = format!("/api/queue/{}", accepted["queue_token"].as_str().unwrap());
        shop.until(&path, &shoppers[1], |token| token["state"] == "waiting").await;
        if ends_early {
            let end = json!({ "ends_at_ms": shop.now_ms().await });
            shop.merchant("PATCH", &format!("/sales/{sale_id}"), end).await.ok(200);
        } else {
            assert_eq!(paid(&shop, &shoppers[0], &order_id).await, "paid");
        }
        shop.until(&path, &shoppers[1], |token| token["state"] == "sold_out").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_whose_holds_lapse_is_seen_marked_and_forgiven() {
    let shop = Shop::start();
    let strikes = json!({ "limit": 1, "strike_seconds": 86_400, "marked_orders": "pay_to_claim" });
    let sale_id = shop.sale(json!({ "stock_units": 1, "hold_seconds": 1, "strikes": strikes })).await;
    let cookie = shop.shopper();
    let order_id = shop.held(&sale_id, &cookie).await;
    shop.until(&format!("/api/orders/{order_id}"), &cookie, |order| order["state"] == "released").await;
    let seen = shop.merchant("GET", "/strikes", Value::Null).await.ok(200);
    assert_eq!(seen["shoppers"][0]["strikes"], 1);
    let shopper_id = seen["shoppers"][0]["shopper_id"].as_str().unwrap().to_owned();

    let again = async |key: &str| {
        let pass = shop.pass(&sale_id, &cookie).await;
        let accepted = shop.order(&sale_id, &cookie, key, json!({ "pass": pass, "quantity": 1 })).await.ok(202);
        shop.outcome(&accepted["queue_token"], &cookie).await
    };
    let claim = again("second").await;
    assert_eq!((&claim["state"], &claim["reserved"]), (&json!("held"), &json!(false)));
    assert_eq!(shop.ledger(&sale_id).await["held"], 0);
    let claim_id = claim["order_id"].as_str().unwrap();
    shop.post(&format!("/api/orders/{claim_id}/cancel"), &cookie, json!({})).await.ok(200);

    let refuse = json!({ "strikes": { "limit": 1, "strike_seconds": 86_400, "marked_orders": "refuse" } });
    shop.merchant("PATCH", &format!("/sales/{sale_id}"), refuse).await.ok(200);
    let refused = again("third").await;
    assert_eq!((&refused["state"], &refused["reason"]), (&json!("rejected"), &json!("marked")));

    let lift = format!("/strikes/{shopper_id}/lift");
    shop.merchant_with(&shop.other_merchant(), "POST", &lift, Value::Null).await.is_problem(404, "not_found");
    assert_eq!(shop.merchant("POST", &lift, Value::Null).await.ok(200), json!({ "shoppers": [] }));
    assert_eq!(again("fourth").await["reserved"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_may_be_for_old_accounts_or_for_those_on_its_list_and_says_so_before_the_quiz() {
    let shop = Shop::start();
    let sign_up = |email: &str| json!({ "email": email, "password": "correct horse", "display_name": "Ann" });
    let cookie = |answer: &crate::support::Answer| answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let ann = cookie(&shop.post("/api/sign-up", "", sign_up("ann@example.com")).await);
    let now_ms = shop.now_ms().await;
    let old = shop.sale(json!({ "eligibility": { "account_before_ms": now_ms - 60_000 } })).await;
    shop.post(&format!("/api/sales/{old}/quiz"), &ann, json!({})).await.is_problem(403, "not_eligible");
    let later = json!({ "eligibility": { "account_before_ms": now_ms + 60_000 } });
    shop.merchant("PATCH", &format!("/sales/{old}"), later).await.ok(200);
    shop.post(&format!("/api/sales/{old}/quiz"), &ann, json!({})).await.ok(200);

    let listed = shop.sale(json!({ "eligibility": { "listed_only": true } })).await;
    shop.post(&format!("/api/sales/{listed}/quiz"), &ann, json!({})).await.is_problem(403, "not_eligible");
    let shoppers = format!("/sales/{listed}/shoppers");
    shop.merchant("POST", &shoppers, json!({ "add": ["not an address"] })).await.is_problem(422, "field_invalid");
    shop.merchant_with(&shop.other_merchant(), "POST", &shoppers, json!({})).await.is_problem(404, "not_found");
    let list = shop.merchant("POST", &shoppers, json!({ "add": ["Ann@Example.com", "bo@example.com"] })).await.ok(200);
    assert_eq!(list, json!({ "listed_shoppers": 2, "emails": ["ann@example.com", "bo@example.com"] }));
    let next = shop.merchant("GET", &format!("{shoppers}?after=ann@example.com"), Value::Null).await.ok(200);
    assert_eq!(next["emails"], json!(["bo@example.com"]));
    shop.post(&format!("/api/sales/{listed}/quiz"), &ann, json!({})).await.ok(200);
    shop.merchant("POST", &shoppers, json!({ "remove": ["ann@example.com"] })).await.ok(200);
    shop.post(&format!("/api/sales/{listed}/quiz"), &ann, json!({})).await.is_problem(403, "not_eligible");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_is_called_off_releases_what_is_unpaid_and_refunds_what_is_paid() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "stock_units": 2, "waitlist_units": 2 })).await;
    let shoppers = shop.shoppers(3);
    let first = shop.held(&sale_id, &shoppers[0]).await;
    assert_eq!(paid(&shop, &shoppers[0], &first).await, "paid");
    let second = shop.held(&sale_id, &shoppers[1]).await;
    let accepted = shop.join(&sale_id, &shoppers[2], 1).await;
    let path = format!("/api/queue/{}", accepted["queue_token"].as_str().unwrap());
    shop.until(&path, &shoppers[2], |token| token["state"] == "waiting").await;

    let call_off = format!("/sales/{sale_id}/call-off");
    shop.merchant_with(&shop.other_merchant(), "POST", &call_off, Value::Null).await.is_problem(404, "not_found");
    assert_eq!(shop.merchant("POST", &call_off, Value::Null).await.ok(200)["called_off"], true);
    shop.merchant("POST", &call_off, Value::Null).await.ok(200);
    let token = shop.get(&path, &shoppers[2]).await.ok(200);
    assert_eq!((&token["state"], &token["reason"]), (&json!("rejected"), &json!("sale_called_off")));
    let refunded = |order: &Value| order["state"] == "refunded" && order["refunds"][0]["sent"] == true;
    shop.until(&format!("/api/orders/{first}"), &shoppers[0], refunded).await;
    let released = |order: &Value| order["release_cause"] == "sale_called_off";
    shop.until(&format!("/api/orders/{second}"), &shoppers[1], released).await;
    assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "ended");
    shop.post(&format!("/api/sales/{sale_id}/quiz"), &shoppers[0], json!({})).await.is_problem(409, "sale_ended");
    let patch = json!({ "price_minor": 1 });
    shop.merchant("PATCH", &format!("/sales/{sale_id}"), patch).await.is_problem(409, "sale_called_off");
    let ledger = shop.ledger(&sale_id).await;
    assert_eq!(ledger, json!({ "stock": 2, "free": 2, "held": 0, "sold": 0, "balanced": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_misbehaves_on_request_and_every_charge_is_one_unit_or_one_refund() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "stock_units": 20 })).await;
    let order = async |trick: &str, status: u16, code: Option<&str>| {
        let cookie = shop.shopper();
        let order_id = shop.held(&sale_id, &cookie).await;
        let opened = shop.post(&format!("/api/orders/{order_id}/payments"), &cookie, json!({})).await.ok(200);
        let settle = format!("/sandbox/payments/{}/settle", opened["payment_id"].as_str().unwrap());
        let body = json!({ "outcome": "paid", "trick": trick, "delay_ms": 300 });
        let answer = shop.post(&settle, &cookie, body).await;
        match code {
            Some(code) => answer.is_problem(status, code),
            None => drop(answer.ok(status)),
        }
        (cookie, order_id, settle)
    };
    let state = async |(cookie, order_id, _): &(String, String, String)| {
        shop.get(&format!("/api/orders/{order_id}"), cookie).await.ok(200)
    };
    for (trick, status, code, expected) in [
        ("twice", 200, None, "paid"),
        ("out_of_order", 200, None, "paid"),
        ("wrong_amount", 200, None, "held"),
        ("wrong_currency", 200, None, "held"),
        ("never", 202, None, "awaiting_payment"),
        ("bad_signature", 401, Some("signature_invalid"), "awaiting_payment"),
        ("old_timestamp", 400, Some("event_too_old"), "awaiting_payment"),
        ("replayed", 401, Some("signature_invalid"), "paid"),
    ] {
        let placed = order(trick, status, code).await;
        let order = state(&placed).await;
        assert_eq!(order["state"], expected, "{trick}");
        let refunds = order["refunds"].as_array().map_or(0, Vec::len);
        assert_eq!(refunds, usize::from(trick.starts_with("wrong")), "{trick}");
    }
    let (cookie, order_id, _) = order("late", 202, None).await;
    shop.until(&format!("/api/orders/{order_id}"), &cookie, |order| order["state"] == "paid").await;

    // Paid twice by two payments: the second goes back.
    let (cookie, order_id, first) = order("never", 202, None).await;
    shop.post(&first, &cookie, json!({ "outcome": "declined" })).await.ok(200);
    assert_eq!(paid(&shop, &cookie, &order_id).await, "paid");
    assert_eq!(shop.post(&first, &cookie, json!({ "outcome": "paid" })).await.ok(200)["order_state"], "paid");
    let order = shop.get(&format!("/api/orders/{order_id}"), &cookie).await.ok(200);
    assert_eq!(order["refunds"][0]["cause"], "paid_twice");
    assert_eq!(shop.ledger(&sale_id).await["balanced"], true);
}
