//! The switches themselves: setting, reading, running out, surviving.

use serde_json::{Value, json};

use super::{at_the_shell, audit, operator, put, until_switch};
use crate::support::{MERCHANT, Shop};

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_counts_with_its_answer_and_every_change_is_a_line() {
    let shop = Shop::start();
    let before = shop.merchant("GET", "/switches", Value::Null).await.ok(200);
    assert_eq!((&before["orders"], &before["quiz"], &before["read_only"]), (&json!("on"), &json!("on"), &json!("off")));
    assert_eq!(before["set"], json!([]));
    let until_ms = shop.now_ms().await + 600_000;
    let body = json!({ "orders": "paused", "extras": "off", "until_ms": until_ms, "reason": "a drill" });
    let set = put(&shop, body).await.ok(200);
    assert_eq!((&set["orders"], &set["extras"]), (&json!("paused"), &json!("off")));
    assert_eq!(set["set"].as_array().unwrap().len(), 2);
    put(&shop, json!({ "extras": "off", "until_ms": until_ms })).await.ok(200);
    put(&shop, json!({ "orders": "on" })).await.ok(200);
    let lines = audit(&shop).await;
    let told: Vec<_> = lines.iter().map(|line| [&line["name"], &line["from"], &line["to"]]).collect();
    assert_eq!(
        json!(told),
        json!([["orders", "paused", "on"], ["extras", "on", "off"], ["orders", "on", "paused"]]),
        "what stayed as it was has no line"
    );
    assert_eq!(lines[2]["by"], MERCHANT);
    assert_eq!((&lines[2]["reason"], &lines[2]["until_ms"]), (&json!("a drill"), &json!(until_ms)));
    assert!(lines[2]["at_ms"].as_i64().unwrap() <= shop.now_ms().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_and_nothing_of_it_is_written() {
    let shop = Shop::start();
    let now_ms = shop.now_ms().await;
    let month_ms = 31 * 24 * 3_600_000_i64;
    for (body, told) in [
        (json!({ "orders": "paused", "order": "paused" }), "order"),
        (json!({ "orders": "paused", "quiz": "easier" }), "easier"),
        (json!({ "orders": "paused", "read_only": true }), "read_only"),
        (json!({ "orders": "paused", "until_ms": now_ms - 1 }), "until_ms"),
        (json!({ "orders": "paused", "until_ms": now_ms + month_ms + 60_000 }), "until_ms"),
        (json!({ "orders": "paused", "until_ms": i64::MAX }), "until_ms"),
        (json!({ "orders": "paused", "for_seconds": 0 }), "for_seconds"),
        (json!({ "orders": "paused", "for_seconds": 2_678_401 }), "for_seconds"),
        (json!({ "orders": "paused", "for_seconds": 60, "until_ms": now_ms + 60_000 }), "for_seconds"),
        (json!({ "orders": "on", "for_seconds": 60 }), "until_ms"),
        (json!({ "orders": "paused", "reason": "x".repeat(201) }), "reason"),
        (json!({ "orders": "paused", "sale_id": "x" }), "sale_id"),
        (json!({}), "switches"),
    ] {
        let answer = put(&shop, body.clone()).await;
        answer.is_problem(422, "field_invalid");
        assert!(answer.text_of("detail").contains(told), "{body}: {answer:?}");
    }
    assert_eq!(audit(&shop).await, Vec::<Value>::new());
    assert_eq!(shop.merchant("GET", "/switches", Value::Null).await.ok(200)["orders"], "on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchants_switches_touch_nobody_elses_sales() {
    let shop = Shop::start();
    let other = shop.other_merchant();
    let sale_id = shop.sale(json!({})).await;
    let theirs = shop.merchant_with(&other, "PUT", "/switches", json!({ "orders": "paused" })).await;
    theirs.ok(200);
    assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "open");
    let reach = json!({ "orders": "paused", "sale_id": sale_id });
    shop.merchant_with(&other, "PUT", "/switches", reach.clone()).await.is_problem(404, "not_found");
    let path = format!("/switches?sale_id={sale_id}");
    shop.merchant_with(&other, "GET", &path, Value::Null).await.is_problem(404, "not_found");
    assert_eq!(audit(&shop).await, Vec::<Value>::new(), "another's lines are another's");
    // One sale, and not its neighbour.
    let neighbour = shop.sale(json!({})).await;
    put(&shop, reach).await.ok(200);
    assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "paused");
    assert_eq!(shop.get(&format!("/csi/sales/{neighbour}"), "").await.ok(200)["phase"], "open");
    assert_eq!(shop.merchant("GET", &path, Value::Null).await.ok(200)["orders"], "paused");
    assert_eq!(shop.merchant("GET", "/switches", Value::Null).await.ok(200)["orders"], "on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_runs_out_is_put_back_by_the_clock_with_a_line_of_its_own() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    put(&shop, json!({ "orders": "paused", "for_seconds": 1 })).await.ok(200);
    let state = format!("/csi/sales/{sale_id}");
    assert_eq!(shop.get(&state, "").await.ok(200)["phase"], "paused");
    shop.until(&state, "", |state| state["phase"] == "open").await;
    for _ in 0..600 {
        if audit(&shop).await.len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    let lines = audit(&shop).await;
    assert_eq!(
        (&lines[0]["by"], &lines[0]["from"], &lines[0]["to"]),
        (&json!("the clock"), &json!("paused"), &json!("on"))
    );
    assert!(lines[0]["at_ms"].as_i64() >= lines[1]["until_ms"].as_i64());
}

#[tokio::test(flavor = "multi_thread")]
async fn switches_survive_a_kill_and_what_ran_out_meanwhile_is_put_back() {
    let mut shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    put(&shop, json!({ "orders": "paused" })).await.ok(200);
    put(&shop, json!({ "quiz": "off", "for_seconds": 1 })).await.ok(200);
    shop.kill_and_restart();
    assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "paused");
    until_switch(&shop, "quiz", "on").await;
    let set = shop.merchant("GET", "/switches", Value::Null).await.ok(200);
    assert_eq!(set["orders"], "paused");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_switches_the_whole_shop_beside_a_live_server() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    assert!(operator(&shop, &["list"]).contains("orders        on       the shop (or paused)"));
    operator(&shop, &["set", "orders", "paused", "--for", "600", "--reason", "fire in the rack"]);
    shop.until(&format!("/csi/sales/{sale_id}"), "", |state| state["phase"] == "paused").await;
    let set = shop.merchant("GET", "/switches", Value::Null).await.ok(200);
    assert_eq!((&set["orders"], &set["set"][0]["scope"]), (&json!("paused"), &json!("shop")));
    assert_eq!(set["set"][0]["by"], "the operator");
    // The operator's word comes before the merchant's.
    put(&shop, json!({ "orders": "on" })).await.ok(200);
    assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "paused");
    let lines = operator(&shop, &["audit"]);
    assert!(lines.contains("the shop orders: on -> paused") && lines.contains("fire in the rack"), "{lines}");
    operator(&shop, &["clear", "orders"]);
    shop.until(&format!("/csi/sales/{sale_id}"), "", |state| state["phase"] == "open").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_refuses_what_it_does_not_know() {
    let shop = Shop::start();
    for (arguments, told) in [
        (&["set", "order", "paused"][..], "there is no switch"),
        (&["set", "orders", "off"], "give one of on, paused"),
        (&["set", "orders", "paused", "--until", "2020-01-01T00:00:00Z"], "later than now"),
        (&["set", "orders", "paused", "--until", "soon"], "invalid value"),
        (&["set", "orders", "paused", "--for", "0"], "invalid value"),
        (&["set", "orders", "on", "--for", "5"], "ordinary value"),
        (&["set", "orders", "paused", "--merchant", "nobody@example.com"], "there is no merchant"),
        (&["clear", "order"], "there is no switch"),
    ] {
        let (done, _, errors) = at_the_shell(&shop, arguments);
        assert!(!done && errors.contains(told), "{arguments:?}: {errors}");
    }
    assert_eq!(operator(&shop, &["audit"]), "");
}
