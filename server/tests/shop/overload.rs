//! More requests than can be answered in time, and a server that says so.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::support::{PATIENCE, Shop, answered, command};

/// Written at once on each connection.
const PIPELINED: usize = 64;
const CONNECTIONS: usize = 8;

fn set(shop: &Shop, setting: &str, value: &str) {
    let arguments = ["settings", "set", setting, value, "--store", "sqlite:stampede.db"];
    let (done, _, errors) = command(shop.folder.path(), &arguments, "");
    assert!(done, "{errors}");
}

/// Asks for questions as fast as they are answered, until it is told to stop. Answers with the first refusal.
fn flood(address: &str, request: &[u8], stop: &AtomicBool) -> Option<String> {
    let mut first_refusal = None;
    let mut bytes = vec![0; 256 * 1024];
    while !stop.load(Ordering::Relaxed) {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        // On a connection that was just opened the refusals come from the express lane, on one that goes on from hyper.
        for _ in 0..20 {
            if stream.write_all(&request.repeat(PIPELINED)).is_err() {
                break;
            }
            let (mut answers, mut text) = (0, String::new());
            while answers < PIPELINED
                && let Ok(read) = stream.read(&mut bytes)
                && read > 0
            {
                text.push_str(&String::from_utf8_lossy(&bytes[..read]));
                answers = text.matches("HTTP/1.1 ").count();
            }
            if first_refusal.is_none()
                && let Some(at) = text.find("HTTP/1.1 503")
            {
                let refusal = text[at..].split_inclusive("}").next().unwrap_or_default();
                first_refusal = Some(refusal.to_owned());
            }
            if answers < PIPELINED {
                break;
            }
        }
    }
    first_refusal
}

#[tokio::test(flavor = "multi_thread")]
async fn under_overload_who_begins_is_told_to_come_again_and_what_is_about_money_is_not() {
    let shop = Arc::new(Shop::start_in(
        &["--payments", "sandbox"],
        &[("STAMPEDE_RATE_LIMITS", OsStr::new("off")), ("RUST_LOG", OsStr::new("info"))],
    ));
    // Any wait at all is too long.
    set(&shop, "thread_wait_us", "1");
    let sale_id = shop.sale(json!({ "stock_units": 10 })).await;
    let shoppers = shop.shoppers(2);
    let order_id = shop.held(&sale_id, &shoppers[0]).await;
    let address = shop.base.trim_start_matches("http://").to_owned();
    let question_at = |sale_id: &str| {
        format!(
            "POST /api/sales/{sale_id}/quiz HTTP/1.1\r\nHost: {address}\r\nCookie: {}\r\nContent-Type: application/json\r\n\
             Content-Length: 2\r\n\r\n{{}}",
            shoppers[1]
        )
    };
    // One in four asks for a sale that there is not.
    let (question, junk) = (question_at(&sale_id), question_at("01890000-0000-7000-8000-000000000000"));
    let stop = Arc::new(AtomicBool::new(false));
    let floods: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let request = if number % 4 == 0 { &junk } else { &question };
            let (address, request, stop) = (address.clone(), request.clone().into_bytes(), Arc::clone(&stop));
            std::thread::spawn(move || flood(&address, &request, &stop))
        })
        .collect();
    let shed = |metrics: &str, class: &str| {
        let name = format!("stampede_shed_requests_total{{class=\"{class}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&name)?.parse::<u64>().ok()).unwrap_or_default()
    };
    // Who begins: the crowd is at this item, and soon it is known.
    let begun = |metrics: &str| shed(metrics, "quiz") + shed(metrics, "crowd");
    let mut metrics = String::new();
    let deadline = std::time::Instant::now() + PATIENCE;
    while begun(&metrics) < 1_000 && std::time::Instant::now() < deadline {
        metrics = shop.get("/metrics", "").await.text;
    }
    // While they are refused by the thousand: an order is paid for.
    let payment = shop.post(&format!("/api/orders/{order_id}/payments"), &shoppers[0], json!({})).await.ok(200);
    let settle = format!("/sandbox/payments/{}/settle", payment["payment_id"].as_str().unwrap());
    let receipt = shop.post(&settle, &shoppers[0], json!({ "outcome": "paid" })).await.ok(200);
    assert_eq!(receipt["order_state"], "paid");
    metrics = shop.get("/metrics", "").await.text;
    stop.store(true, Ordering::Relaxed);
    let refusals: Vec<String> = floods.into_iter().filter_map(|flood| flood.join().unwrap()).collect();
    assert!(begun(&metrics) >= 1_000 && shed(&metrics, "crowd") > 0, "{metrics}");
    assert_eq!(shed(&metrics, "pay"), 0);
    assert!(shed(&metrics, "read") > 0, "nobody begins at a sale that there is not: {metrics}");
    assert!(!refusals.is_empty());
    for refusal in refusals.iter().map(|refusal| refusal.to_ascii_lowercase()) {
        for field in [
            "retry-after: ",
            "content-type: application/problem+json",
            "cache-control: ",
            "x-content-type-options: nosniff",
            "\"code\":\"busy\"",
        ] {
            assert!(refusal.contains(field), "{field} is not in {refusal}");
        }
    }
    // Nobody is refused once the crowd has gone.
    let deadline = std::time::Instant::now() + PATIENCE;
    while shop.get("/csi/me", "").await.status.as_u16() == 503 && std::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    shop.pass(&sale_id, &shoppers[1]).await;
}

#[tokio::test]
async fn a_sale_has_a_limit_that_all_its_shoppers_share() {
    let shop = Shop::start();
    let (sale_id, other_id) = (shop.sale(json!({})).await, shop.sale(json!({})).await);
    let shoppers = shop.shoppers(40);
    set(&shop, "sale_requests_per_second", "1");
    set(&shop, "sale_burst", "1");
    let mut refused = None;
    for shopper in &shoppers {
        let answer = shop.post(&format!("/api/sales/{sale_id}/quiz"), shopper, json!({})).await;
        if answer.status.as_u16() == 429 {
            refused = Some(answer);
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    refused.unwrap().is_problem(429, "rate_limited");
    // Another sale is none of its business.
    shop.post(&format!("/api/sales/{other_id}/quiz"), &shoppers[0], json!({})).await.ok(200);
}

/// Who refuses: a request with an id goes to hyper, one without is refused in the express lane.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_takes_too_long_is_not_joined_and_who_has_a_place_in_it_finds_it_again() {
    let shop = Shop::start();
    set(&shop, "line_wait_ms", "100");
    let sale_id = shop.sale(json!({})).await;
    let shoppers = shop.shoppers(3);
    let first = json!({ "pass": shop.pass(&sale_id, &shoppers[0]).await, "quantity": 1 });
    let second = json!({ "pass": shop.pass(&sale_id, &shoppers[1]).await, "quantity": 1 });

    // Somebody else writes, and the committer waits for it.
    let beside = ledger::SqliteLedger::open(&shop.folder.path().join("stampede.db")).unwrap();
    beside.connection().execute_batch("BEGIN IMMEDIATE").unwrap();
    let placed = shop.order(&sale_id, &shoppers[0], "first", first.clone()).await.ok(202);
    let quiz = format!("/api/sales/{sale_id}/quiz");
    let refused = async {
        while shop.post(&quiz, &shoppers[2], json!({})).await.status.as_u16() != 503 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(3), refused).await.expect("the line becomes too long");
    let order = |id: Option<&'static str>| {
        let request = shop.request("POST", &format!("/api/sales/{sale_id}/orders"));
        let request = request.header("cookie", &shoppers[1]).header("idempotency-key", "second").json(&second);
        answered(id.into_iter().fold(request, |request, id| request.header("x-request-id", id)))
    };
    for id in [None, Some("0123456789abcdef0123456789abcdef")] {
        let answer = order(id).await;
        answer.is_problem(503, "busy");
        let seconds: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=30).contains(&seconds), "{seconds}");
    }
    // What is wrong with a request is said all the same where it says nothing of its shopper.
    shop.order(&sale_id, "", "second", second.clone()).await.is_problem(401, "signed_out");
    let again = shop.order(&sale_id, &shoppers[0], "first", first).await.ok(202);
    assert_eq!(again["order_id"], placed["order_id"]);

    beside.connection().execute_batch("ROLLBACK").unwrap();
    assert_eq!(shop.outcome(&placed["queue_token"], &shoppers[0]).await["state"], "held");
    order(None).await.ok(202);
}
