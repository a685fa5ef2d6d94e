//! One sale's whole way, by HTTP alone.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Shop, answered};

#[tokio::test(flavor = "multi_thread")]
async fn sixty_shoppers_behind_one_address_get_exactly_the_twenty_units() {
    let shop = Shop::start();
    let starts_at_ms = shop.now_ms().await + 3_000;
    let sale_id = shop.sale(json!({ "starts_at_ms": starts_at_ms, "stock_units": 20 })).await;
    let shoppers = shop.shoppers(60);
    assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "upcoming");
    shop.order(&sale_id, &shoppers[0], "early", json!({ "pass": "none", "quantity": 1 }))
        .await
        .is_problem(409, "sale_not_open");
    shop.post(&format!("/api/sales/{sale_id}/quiz"), &shoppers[0], json!({})).await.is_problem(409, "sale_not_open");
    shop.until(&format!("/csi/sales/{sale_id}"), "", |sale| sale["phase"] == "open").await;
    assert!(shop.now_ms().await >= starts_at_ms);
    let passes = join_all(shoppers.iter().map(|cookie| shop.pass(&sale_id, cookie))).await;
    let outcomes = join_all(shoppers.iter().zip(passes).map(async |(cookie, pass)| {
        let answer = shop.order(&sale_id, cookie, "one", json!({ "pass": pass, "quantity": 1 })).await;
        if answer.status == 409 {
            answer.is_problem(409, "sold_out");
            return "sold_out".to_owned();
        }
        let accepted = answer.ok(202);
        assert!(accepted["position"].as_u64().unwrap() >= 1);
        shop.outcome(&accepted["queue_token"], cookie).await["state"].as_str().unwrap().to_owned()
    }))
    .await;
    let count = |state: &str| outcomes.iter().filter(|outcome| *outcome == state).count();
    assert_eq!((count("held"), count("sold_out")), (20, 40), "{outcomes:?}");
    let ledger = shop.ledger(&sale_id).await;
    assert_eq!(ledger, json!({ "stock": 20, "free": 0, "held": 20, "sold": 0, "balanced": true }));
    assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "sold_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_unit_is_paid_at_the_sandbox_and_sold() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let order_id = shop.held(&sale_id, &cookie).await;
    let order = shop.get(&format!("/api/orders/{order_id}"), &cookie).await.ok(200);
    assert_eq!(
        (&order["state"], &order["amount_minor"], &order["currency"]),
        (&json!("held"), &json!(500), &json!("CNY"))
    );
    assert!(order["hold_expires_at_ms"].as_i64().unwrap() > shop.now_ms().await);

    let opened = shop.post(&format!("/api/orders/{order_id}/payments"), &cookie, json!({})).await.ok(200);
    let again = shop.post(&format!("/api/orders/{order_id}/payments"), &cookie, json!({})).await.ok(200);
    assert_eq!(opened, again, "one open payment an order");
    assert_eq!(opened["payment_url"], format!("/pay/{order_id}"));
    let settle = format!("/sandbox/payments/{}/settle", opened["payment_id"].as_str().unwrap());

    let declined = shop.post(&settle, &cookie, json!({ "outcome": "declined" })).await.ok(200);
    assert_eq!(declined["order_state"], "held");
    assert_eq!(shop.post(&settle, &cookie, json!({ "outcome": "declined" })).await.ok(200), declined);
    let second = shop.post(&format!("/api/orders/{order_id}/payments"), &cookie, json!({})).await.ok(200);
    let settle = format!("/sandbox/payments/{}/settle", second["payment_id"].as_str().unwrap());
    let paid = shop.post(&settle, &cookie, json!({ "outcome": "paid" })).await.ok(200);
    assert_eq!(paid, json!({ "order_id": order_id, "order_state": "paid" }));
    assert_eq!(
        shop.post(&settle, &cookie, json!({ "outcome": "paid" })).await.ok(200),
        paid,
        "the same event, the same answer"
    );

    let ledger = shop.ledger(&sale_id).await;
    assert_eq!(ledger, json!({ "stock": 5, "free": 4, "held": 0, "sold": 1, "balanced": true }));
    let orders = shop.get("/api/orders", &cookie).await.ok(200);
    assert_eq!(orders["orders"][0]["state"], "paid");
    shop.post(&format!("/api/orders/{order_id}/cancel"), &cookie, json!({}))
        .await
        .is_problem(409, "order_not_cancellable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_lapses_by_itself_and_its_unit_opens_the_sale_again() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "stock_units": 1, "hold_seconds": 1 })).await;
    let shoppers = shop.shoppers(2);
    let order_id = shop.held(&sale_id, &shoppers[0]).await;
    let pass = shop.pass(&sale_id, &shoppers[1]).await;
    let body = json!({ "pass": pass, "quantity": 1 });
    shop.order(&sale_id, &shoppers[1], "k", body.clone()).await.is_problem(409, "sold_out");
    shop.until(&format!("/api/orders/{order_id}"), &shoppers[0], |order| order["state"] == "released").await;
    shop.until(&format!("/csi/sales/{sale_id}"), "", |sale| sale["phase"] == "open").await;
    let accepted = shop.order(&sale_id, &shoppers[1], "k", body).await.ok(202);
    assert_eq!(shop.outcome(&accepted["queue_token"], &shoppers[1]).await["state"], "held");
    shop.post(&format!("/api/orders/{order_id}/payments"), &shoppers[0], json!({}))
        .await
        .is_problem(409, "order_not_payable");
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_after_the_hold_buys_a_free_unit_or_goes_back() {
    let shop = Shop::start();
    for (stock_units, expected) in [(2, "paid"), (1, "refunded")] {
        let sale_id = shop.sale(json!({ "stock_units": stock_units, "hold_seconds": 2 })).await;
        let shoppers = shop.shoppers(2);
        let order_id = shop.held(&sale_id, &shoppers[0]).await;
        let opened = shop.post(&format!("/api/orders/{order_id}/payments"), &shoppers[0], json!({})).await.ok(200);
        shop.until(&format!("/api/orders/{order_id}"), &shoppers[0], |order| order["state"] == "released").await;
        shop.held(&sale_id, &shoppers[1]).await;
        let settle = format!("/sandbox/payments/{}/settle", opened["payment_id"].as_str().unwrap());
        let receipt = shop.post(&settle, &shoppers[0], json!({ "outcome": "paid" })).await.ok(200);
        assert_eq!(receipt["order_state"], expected);
        assert_eq!(shop.ledger(&sale_id).await["balanced"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_gives_its_unit_and_the_shoppers_limit_back() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let order_id = shop.held(&sale_id, &cookie).await;
    let pass = shop.pass(&sale_id, &cookie).await;
    let body = json!({ "pass": pass, "quantity": 1 });
    shop.order(&sale_id, &cookie, "second", body.clone()).await.is_problem(409, "limit_reached");
    let cancelled =
        answered(shop.request("POST", &format!("/api/orders/{order_id}/cancel")).header("cookie", &cookie)).await;
    assert_eq!(cancelled.ok(200)["state"], "released");
    assert_eq!(shop.ledger(&sale_id).await["free"], 5);
    shop.order(&sale_id, &cookie, "second", body).await.ok(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_device_finds_the_place_and_the_orders() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "per_shopper_limit": 3 })).await;
    let cookie = shop.shopper();
    let order_id = shop.held(&sale_id, &cookie).await;
    let accepted = shop.join(&sale_id, &cookie, 2).await;
    let mine = shop.get(&format!("/api/sales/{sale_id}/mine"), &cookie).await.ok(200);
    let places = mine["queue_tokens"].as_array().unwrap().len() + mine["orders"].as_array().unwrap().len();
    assert_eq!(places, 2, "{mine}");
    shop.outcome(&accepted["queue_token"], &cookie).await;
    let mine = shop.get(&format!("/api/sales/{sale_id}/mine"), &cookie).await.ok(200);
    let quantities: Vec<&Value> = mine["orders"].as_array().unwrap().iter().map(|order| &order["quantity"]).collect();
    assert_eq!(quantities, [2, 1], "newest first");
    assert_eq!(mine["orders"][1]["order_id"], order_id);
    let stranger = shop.shopper();
    let theirs = shop.get(&format!("/api/sales/{sale_id}/mine"), &stranger).await.ok(200);
    assert_eq!(theirs, json!({ "queue_tokens": [], "orders": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_order_and_another_body_is_told() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "per_shopper_limit": 5 })).await;
    let cookie = shop.shopper();
    let pass = shop.pass(&sale_id, &cookie).await;
    let body = json!({ "pass": pass, "quantity": 1 });
    let racing = (0..8).map(|_| shop.order(&sale_id, &cookie, "k", body.clone()));
    let answers: Vec<Value> = join_all(racing).await.iter().map(|answer| answer.ok(202)).collect();
    assert!(answers.iter().all(|answer| answer["order_id"] == answers[0]["order_id"]));
    assert!(answers.iter().all(|answer| answer["queue_token"] == answers[0]["queue_token"]));
    shop.outcome(&answers[0]["queue_token"], &cookie).await;
    let later = shop.order(&sale_id, &cookie, "k", body).await.ok(202);
    assert_eq!(later["order_id"], answers[0]["order_id"]);
    let other = json!({ "pass": pass, "quantity": 2 });
    shop.order(&sale_id, &cookie, "k", other).await.is_problem(422, "idempotency_mismatch");
    assert_eq!(shop.ledger(&sale_id).await["held"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_holds_when_one_shopper_orders_many_times_at_once() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "stock_units": 50, "per_shopper_limit": 2 })).await;
    let cookie = shop.shopper();
    let mut accepted = 0;
    for turn in 0..5 {
        let pass = shop.pass(&sale_id, &cookie).await;
        let racing = (0..3).map(|number| {
            let key = format!("{turn}-{number}");
            let body = json!({ "pass": pass, "quantity": 1 });
            let (shop, sale_id, cookie) = (&shop, &sale_id, &cookie);
            async move { shop.order(sale_id, cookie, &key, body).await }
        });
        accepted += join_all(racing).await.iter().filter(|answer| answer.status == 202).count();
    }
    assert_eq!(accepted, 2);
    let counted =
        shop.until(&format!("/api/sales/{sale_id}/mine"), &cookie, |mine| mine["queue_tokens"] == json!([])).await;
    assert_eq!(counted["orders"].as_array().unwrap().len(), 2);
    assert_eq!(shop.ledger(&sale_id).await["held"], 2);
}
