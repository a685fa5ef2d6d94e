//! Settings that change beside a live server.

use serde_json::json;

use crate::support::{Shop, command};

fn settings(shop: &Shop, arguments: &[&str]) -> (bool, String, String) {
    let all = [&["settings"], arguments, &["--store", "sqlite:stampede.db"]].concat();
    command(shop.folder.path(), &all, "")
}

#[track_caller]
fn done(shop: &Shop, arguments: &[&str]) -> String {
    let (done, output, errors) = settings(shop, arguments);
    assert!(done, "{errors}");
    output
}

/// Which of the shoppers are refused within three requests for a quiz.
async fn refused(shop: &Shop, sale_id: &str, shoppers: &[String]) -> Vec<bool> {
    let mut refused = Vec::new();
    for shopper in shoppers {
        let mut was_refused = false;
        for _ in 0..3 {
            let answer = shop.post(&format!("/api/sales/{sale_id}/quiz"), shopper, json!({})).await;
            was_refused |= answer.status.as_u16() == 429;
        }
        refused.push(was_refused);
    }
    refused
}

/// Asks again until this many are refused, each time with a burst that was begun anew.
async fn until_refused(shop: &Shop, sale_id: &str, shoppers: &[String], wanted: impl Fn(usize) -> bool) -> Vec<bool> {
    for _ in 0..60 {
        let now = refused(shop, sale_id, shoppers).await;
        if wanted(now.iter().filter(|refused| **refused).count()) {
            return now;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the limits never came to hold");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_goes_out_to_a_share_then_to_more_of_them_and_is_taken_back() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let shoppers = shop.shoppers(24);
    assert!(!refused(&shop, &sale_id, &shoppers).await.contains(&true));
    done(&shop, &["set", "shopper_requests_per_second", "1", "--share", "30", "--reason", "a trial"]);
    done(&shop, &["set", "shopper_burst", "1", "--share", "30"]);
    let few = until_refused(&shop, &sale_id, &shoppers, |refused| (1..20).contains(&refused)).await;
    done(&shop, &["set", "shopper_requests_per_second", "1", "--share", "60"]);
    done(&shop, &["set", "shopper_burst", "1", "--share", "60"]);
    let count = few.iter().filter(|refused| **refused).count();
    let more = until_refused(&shop, &sale_id, &shoppers, |refused| refused > count).await;
    assert!(few.iter().zip(&more).all(|(few, more)| !few || *more), "who was in stays in");
    done(&shop, &["rollback", "0"]);
    until_refused(&shop, &sale_id, &shoppers, |refused| refused == 0).await;
    let history = done(&shop, &["history"]);
    let lines: Vec<&str> = history.lines().collect();
    assert_eq!(lines.len(), 5, "{history}");
    assert!(lines[0].contains("as at version 0") && lines[4].contains("= 1 for 30 %"), "{history}");
    assert!(lines[4].contains("a trial"), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_outlives_a_restart_and_holds_from_the_first_request_on() {
    let mut shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let shoppers = shop.shoppers(3);
    done(&shop, &["set", "shopper_requests_per_second", "1"]);
    done(&shop, &["set", "shopper_burst", "1"]);
    shop.kill_and_restart();
    assert_eq!(refused(&shop, &sale_id, &shoppers).await, [true, true, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pace_of_polls_can_be_set() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "per_shopper_limit": 900, "stock_units": 900 })).await;
    let cookie = shop.shopper();
    done(&shop, &["set", "poll_most_ms", "9000"]);
    done(&shop, &["set", "poll_least_ms", "7777"]);
    for number in 0.. {
        assert!(number < 100, "the pace never came to hold");
        let pass = shop.pass(&sale_id, &cookie).await;
        let body = json!({ "pass": pass, "quantity": 1 });
        let accepted = shop.order(&sale_id, &cookie, &format!("k{number}"), body).await.ok(202);
        if accepted["poll_after_ms"].as_u64().unwrap() >= 7_777 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_makes_no_sense_is_refused_with_its_bounds() {
    let shop = Shop::start();
    for (arguments, told) in [
        (&["set", "shopper_brust", "5"][..], "there is no setting"),
        (&["set", "shopper_burst", "0"], "must be 1 to 100000"),
        (&["set", "shopper_burst", "-5"], "must be 1 to 100000"),
        (&["set", "line_capacity", "5", "--share", "10"], "whole shop"),
        (&["set", "poll_least_ms", "3000"], "poll_most_ms"),
        (&["set", "shopper_burst", "5", "--share", "0"], "invalid value"),
        (&["rollback", "7"], "there is no version 7"),
    ] {
        let (done, _, errors) = settings(&shop, arguments);
        assert!(!done && errors.contains(told), "{arguments:?}: {errors}");
    }
    assert_eq!(done(&shop, &["history"]), "");
    assert!(done(&shop, &["list"]).contains("address_requests_per_second  200"));
}
