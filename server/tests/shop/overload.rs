//! More requests than can be answered in time, and a server that says so.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::Admission;
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

/// Floods a shop until it is told to stop.
struct Crowd {
    stop: Arc<AtomicBool>,
    floods: Vec<std::thread::JoinHandle<Option<String>>>,
}

impl Crowd {
    /// Each connection asks for one of these, by turns.
    fn comes(shop: &Shop, requests: &[String]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let floods = (0..CONNECTIONS).map(|number| {
            let request = requests[number % requests.len()].clone().into_bytes();
            let (address, stop) = (address_of(shop).to_owned(), Arc::clone(&stop));
            std::thread::spawn(move || flood(&address, &request, &stop))
        });
        Self { floods: floods.collect(), stop }
    }

    /// The first refusal that each connection met.
    fn goes(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.floods.into_iter().filter_map(|flood| flood.join().unwrap()).collect()
    }
}

fn address_of(shop: &Shop) -> &str {
    shop.base.trim_start_matches("http://")
}

/// A shop for which any wait at all is too long.
fn impatient_shop() -> Shop {
    let environment = [("STAMPEDE_RATE_LIMITS", OsStr::new("off")), ("RUST_LOG", OsStr::new("info"))];
    let shop = Shop::start_in(&["--payments", "sandbox"], &environment);
    set(&shop, "thread_wait_us", "1");
    shop
}

fn question_at(shop: &Shop, sale_id: &str, cookie: &str) -> String {
    format!(
        "POST /api/sales/{sale_id}/quiz HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\nContent-Type: application/json\r\n\
         Content-Length: 2\r\n\r\n{{}}",
        address_of(shop)
    )
}

/// The round by which shoppers may begin, as everybody is told; none while all may, or while it is not known yet that a crowd is there.
async fn round_at(shop: &Shop, sale_id: &str) -> Option<Admission> {
    let told = shop.get(&format!("/csi/sales/{sale_id}"), "").await;
    let state: serde_json::Value = serde_json::from_str(&told.text).unwrap();
    state.get("admission").map(|round| serde_json::from_value(round.clone()).unwrap())
}

/// The crowd has gone: soon nobody is refused, or held back, any more.
async fn everybody_may_begin(shop: &Shop, sale_id: &str) {
    let deadline = std::time::Instant::now() + PATIENCE;
    let is_refused = async || {
        let metrics = shop.get("/metrics", "").await.text;
        counted(&metrics, "stampede_admitted_share{class=\"read\"} ") < 1.0
    };
    while (is_refused().await || round_at(shop, sale_id).await.is_some()) && std::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn counted(metrics: &str, name: &str) -> f64 {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn under_overload_who_begins_is_told_to_come_again_and_what_is_about_money_is_not() {
    let shop = impatient_shop();
    let sale_id = shop.sale(json!({ "stock_units": 10 })).await;
    let shoppers = shop.shoppers(2);
    let order_id = shop.held(&sale_id, &shoppers[0]).await;
    // One in four asks for a sale that there is not.
    let question = question_at(&shop, &sale_id, &shoppers[1]);
    let junk = question_at(&shop, "01890000-0000-7000-8000-000000000000", &shoppers[1]);
    let crowd = Crowd::comes(&shop, &[junk, question.clone(), question.clone(), question]);
    let shed = |metrics: &str, class: &str| {
        counted(metrics, &format!("stampede_shed_requests_total{{class=\"{class}\"}} ")) as u64
    };
    // Who begins: the crowd is at this item, and soon it is known, and held back by lot.
    let held_back = "stampede_layer_total{layer=\"admission\",outcome=\"refused\"} ";
    let begun = |metrics: &str| shed(metrics, "quiz") + shed(metrics, "crowd") + counted(metrics, held_back) as u64;
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
    let refusals = crowd.goes();
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
    everybody_may_begin(&shop, &sale_id).await;
    shop.pass(&sale_id, &shoppers[1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_more_would_begin_than_can_everybody_is_told_who_is_drawn_and_nobody_else_begins() {
    let shop = impatient_shop();
    let sale_id = shop.sale(json!({})).await;
    let shoppers = shop.shoppers(20);
    let mut lots = Vec::new();
    for shopper in &shoppers {
        lots.push(shop.get("/csi/me", shopper).await.ok(200)["lot"].as_u64().unwrap() as u32);
    }
    assert_eq!(round_at(&shop, &sale_id).await, None, "nobody is held back for nothing");
    let questions: Vec<String> = shoppers.iter().map(|shopper| question_at(&shop, &sale_id, shopper)).collect();
    let crowd = Crowd::comes(&shop, &questions);
    let mut rounds: Vec<Admission> = Vec::new();
    let (mut asked, mut refused) = (0, 0);
    let deadline = std::time::Instant::now() + PATIENCE;
    while rounds.len() < 4 && std::time::Instant::now() < deadline {
        // Told to everybody, while whatever else is only read is refused.
        let Some(round) = round_at(&shop, &sale_id).await else { continue };
        if !rounds.contains(&round) {
            rounds.push(round);
        }
        // Who is drawn neither now nor in the round before or the next is held back, whatever it is that asks.
        let place = asked % shoppers.len();
        asked += 1;
        let answer = shop.post(&format!("/api/sales/{sale_id}/quiz"), &shoppers[place], json!({})).await;
        let after = round_at(&shop, &sale_id).await;
        let is_drawn = rounds.iter().chain(&after).any(|round| round.lets_in(lots[place]));
        if rounds.len() > 1 && after.is_some() && !is_drawn {
            answer.is_problem(503, "busy");
            refused += 1;
        }
    }
    let metrics = shop.get("/metrics", "").await.text;
    assert!(rounds.len() == 4 && refused > 0, "{rounds:?}, {refused} of {asked}");
    assert!(counted(&metrics, "stampede_layer_total{layer=\"admission\",outcome=\"refused\"} ") > 100.0, "{metrics}");
    assert!(counted(&metrics, "stampede_drawn_share ") < 1.0, "{metrics}");
    crowd.goes();
    everybody_may_begin(&shop, &sale_id).await;
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
