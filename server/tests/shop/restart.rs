//! What was answered survives a kill; what was only queued is told as lost.

use serde_json::json;

use crate::support::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_sale_loses_nothing_that_was_answered() {
    let mut shop = Shop::start();
    let sale_id = shop.sale(json!({ "stock_units": 3, "hold_seconds": 3_600 })).await;
    let shoppers = shop.shoppers(6);
    let mut tokens = Vec::new();
    for cookie in &shoppers[..3] {
        let accepted = shop.join(&sale_id, cookie, 1).await;
        assert_eq!(shop.outcome(&accepted["queue_token"], cookie).await["state"], "held");
        tokens.push(accepted);
    }
    let order_id = tokens[0]["order_id"].as_str().unwrap().to_owned();
    let opened = shop.post(&format!("/api/orders/{order_id}/payments"), &shoppers[0], json!({})).await.ok(200);
    let settle = format!("/sandbox/payments/{}/settle", opened["payment_id"].as_str().unwrap());
    let receipt = shop.post(&settle, &shoppers[0], json!({ "outcome": "paid" })).await.ok(200);
    let late_pass = shop.pass(&sale_id, &shoppers[3]).await;
    let before = shop.ledger(&sale_id).await;

    shop.kill_and_restart();

    assert_eq!(shop.ledger(&sale_id).await, before);
    assert_eq!(before, json!({ "stock": 3, "free": 0, "held": 2, "sold": 1, "balanced": true }));
    for (accepted, cookie) in tokens.iter().zip(&shoppers) {
        let status = shop.outcome(&accepted["queue_token"], cookie).await;
        assert_eq!((&status["state"], &status["order_id"]), (&json!("held"), &accepted["order_id"]));
    }
    let again = shop.post(&settle, &shoppers[0], json!({ "outcome": "paid" })).await.ok(200);
    assert_eq!(again, receipt, "the same event after the restart charges nothing");
    // A pass outlives the restart; a unit that comes back goes to it.
    let body = json!({ "pass": late_pass, "quantity": 1 });
    shop.order(&sale_id, &shoppers[3], "k", body.clone()).await.is_problem(409, "sold_out");
    let second = tokens[1]["order_id"].as_str().unwrap();
    shop.post(&format!("/api/orders/{second}/cancel"), &shoppers[1], json!({})).await.ok(200);
    let accepted = shop.order(&sale_id, &shoppers[3], "k", body).await.ok(202);
    assert_eq!(shop.outcome(&accepted["queue_token"], &shoppers[3]).await["state"], "held");
    assert_eq!(shop.ledger(&sale_id).await["balanced"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_sent_again_after_a_restart_is_the_same_order() {
    let mut shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let pass = shop.pass(&sale_id, &cookie).await;
    let body = json!({ "pass": pass, "quantity": 1 });
    let accepted = shop.order(&sale_id, &cookie, "k", body.clone()).await.ok(202);
    shop.outcome(&accepted["queue_token"], &cookie).await;
    shop.kill_and_restart();
    let again = shop.order(&sale_id, &cookie, "k", body).await.ok(202);
    assert_eq!(again["order_id"], accepted["order_id"]);
    assert_eq!(shop.outcome(&again["queue_token"], &cookie).await["state"], "held");
    shop.order(&sale_id, &cookie, "l", json!({ "pass": pass, "quantity": 1 })).await.is_problem(403, "pass_invalid");
    assert_eq!(shop.ledger(&sale_id).await["held"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_lapsed_while_the_shop_was_down_is_released_when_it_is_up() {
    let mut shop = Shop::start();
    let sale_id = shop.sale(json!({ "hold_seconds": 1 })).await;
    let cookie = shop.shopper();
    let order_id = shop.held(&sale_id, &cookie).await;
    shop.kill_and_restart();
    shop.until(&format!("/api/orders/{order_id}"), &cookie, |order| order["state"] == "released").await;
    assert_eq!(shop.ledger(&sale_id).await, json!({ "stock": 5, "free": 5, "held": 0, "sold": 0, "balanced": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_says_the_same_in_every_life_of_its_line() {
    let mut shop = Shop::start();
    let sale_id = shop.sale(json!({ "stock_units": 1, "per_shopper_limit": 2 })).await;
    let shoppers = shop.shoppers(3);
    let winner = shop.join(&sale_id, &shoppers[0], 1).await;
    shop.outcome(&winner["queue_token"], &shoppers[0]).await;
    // One unit comes back and goes to another; a third asks for two of one and is told so.
    shop.merchant("PATCH", &format!("/sales/{sale_id}"), json!({ "stock_units": 2 })).await.ok(200);
    let greedy = shop.join(&sale_id, &shoppers[1], 2).await;
    let rejected = shop.outcome(&greedy["queue_token"], &shoppers[1]).await;
    assert_eq!((&rejected["state"], &rejected["reason"]), (&json!("rejected"), &json!("not_enough_units")));
    for _ in 0..2 {
        shop.kill_and_restart();
        assert_eq!(shop.outcome(&greedy["queue_token"], &shoppers[1]).await, rejected);
        assert_eq!(shop.outcome(&winner["queue_token"], &shoppers[0]).await["state"], "held");
    }
    let last = shop.join(&sale_id, &shoppers[2], 1).await;
    assert_eq!(shop.outcome(&last["queue_token"], &shoppers[2]).await["state"], "held");
}
