//! A whole sale with its crowd: everybody at a page of their own, few units. Who hears what, how soon, and at what cost.
//!
//! The load is open: each shopper acts at a time of their own, whether the shop keeps up or not, and a latency counts from
//! the moment at which the shopper meant to act. An edge stands in front as it would: pages never reach the shop, and a
//! sale's state does once a second.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, sleep, sleep_until};

use crate::Failure;
use crate::connection::{Connection, request};
use crate::percentiles::Latencies;
use crate::shop::{ANSWER, Build, Doors, Shop};

/// How often an open page asks what its sale does (app/shop/src/islands/sale/countdown.rs), and how long an edge keeps the answer.
const PAGE_LOOKS_EVERY: Duration = Duration::from_secs(3);
const EDGE_KEEPS: Duration = Duration::from_secs(1);
/// Exchanges with the clock that a page begins with.
const CLOCK_EXCHANGES: usize = 6;
/// How closely the moment is watched at which the last unit goes.
const WATCH_EVERY: Duration = Duration::from_millis(100);
/// Who is told to come again does so, this often at most.
const MOST_TRIES: usize = 30;
/// Nobody waits longer to hear how it ended.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    build: Build,
    #[arg(long, default_value_t = 100_000)]
    shoppers: usize,
    #[arg(long, default_value_t = 1_000)]
    stock: u64,
    /// Seconds before the start over which the pages are opened
    #[arg(long, default_value_t = 45.0)]
    opened_within: f64,
    /// Mean seconds from the start to the click, exponentially spread
    #[arg(long, default_value_t = 1.5)]
    click_after: f64,
    /// Seconds that an answer to the quiz takes, evenly spread up to five times as much
    #[arg(long, default_value_t = 2.0)]
    answer_after: f64,
    /// Connections between the edge and the shop
    #[arg(long, default_value_t = 512)]
    connections: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    Paid,
    SoldOut,
    SawItOnThePage,
    Rejected,
    /// Did not hear how it ended: never, if all is well.
    GaveUp,
}

struct Crowd {
    shop: Shop,
    cookies: Vec<String>,
    sale_id: String,
    starts_at: Instant,
    connections: RefCell<Vec<Connection>>,
    free: Semaphore,
    /// What the edge's copy of the sale's state says.
    edge_says_sold_out: Cell<bool>,
    requests: RefCell<BTreeMap<&'static str, Latencies>>,
    refused: Cell<u64>,
    clicks: RefCell<Vec<f64>>,
    orders: RefCell<Vec<f64>>,
    endings: RefCell<Vec<(Ending, Instant)>>,
}

pub(crate) async fn run(plan: &Plan) -> Result<(), Failure> {
    let shop = Shop::start(&plan.build.server, &plan.build.site, Doors::BehindAProxy).await?;
    let cookies = shop.shoppers(plan.shoppers)?;
    let lead = Duration::from_secs_f64(plan.opened_within + 3.0);
    let sale_id = shop.sale_that_starts_in(lead, plan.stock).await?;
    let starts_at = Instant::now() + lead;
    let mut connections = Vec::new();
    for _ in 0..plan.connections {
        connections.push(Connection::open(shop.address).await?);
    }
    let crowd = Rc::new(Crowd {
        cookies,
        sale_id,
        starts_at,
        free: Semaphore::new(connections.len()),
        connections: RefCell::new(connections),
        edge_says_sold_out: Cell::new(false),
        requests: RefCell::default(),
        refused: Cell::new(0),
        clicks: RefCell::default(),
        orders: RefCell::default(),
        endings: RefCell::default(),
        shop,
    });
    let cpu_before = crowd.shop.cpu_seconds()?;
    let sold_out_at = LocalSet::new().run_until(play(plan, &crowd)).await?;
    let cpu_seconds = crowd.shop.cpu_seconds()? - cpu_before;
    crowd.report(plan, sold_out_at, cpu_seconds, &crowd.shop.metrics().await?);
    Ok(())
}

/// Lets the crowd loose. Answers when the last unit went.
async fn play(plan: &Plan, crowd: &Rc<Crowd>) -> Result<Instant, Failure> {
    let mut chance = fastrand::Rng::with_seed(1);
    let mut visits = Vec::new();
    for index in 0..plan.shoppers {
        let opened = crowd.starts_at - Duration::from_secs_f64(chance.f64() * plan.opened_within + 1.0);
        let clicked = crowd.starts_at + Duration::from_secs_f64(-plan.click_after * (1.0 - chance.f64()).ln());
        let answers_after = Duration::from_secs_f64(plan.answer_after * (1.0 + 4.0 * chance.f64()));
        let looks_at = crowd.starts_at + PAGE_LOOKS_EVERY.mul_f64(chance.f64());
        let crowd = Rc::clone(crowd);
        visits.push(spawn_local(async move {
            crowd.open_page(index, opened).await;
            let bought = crowd.buy(index, clicked, answers_after);
            let ending = tokio::select! {
                ending = bought => ending,
                () = crowd.page_says_sold_out(looks_at) => Ending::SawItOnThePage,
                () = sleep_until(crowd.starts_at + PATIENCE) => Ending::GaveUp,
            };
            crowd.endings.borrow_mut().push((ending, Instant::now()));
        }));
    }
    let edge = {
        let crowd = Rc::clone(crowd);
        spawn_local(async move { crowd.be_the_edge().await })
    };
    let mut last_unit_went = None;
    sleep_until(crowd.starts_at).await;
    while last_unit_went.is_none() && crowd.starts_at.elapsed() < PATIENCE {
        let ledger = crowd.shop.merchant("GET", &format!("sales/{}/ledger", crowd.sale_id), &Value::Null).await?;
        if ledger["free"] == 0 {
            last_unit_went = Some(Instant::now());
        }
        sleep(WATCH_EVERY).await;
    }
    for visit in visits {
        visit.await?;
    }
    edge.abort();
    last_unit_went.ok_or_else(|| "units were left".into())
}

impl Crowd {
    /// One request, by a connection of the edge's as soon as one is free.
    async fn call(&self, what: &'static str, meant_at: Instant, bytes: &[u8]) -> (u16, Value) {
        let Ok(_permit) = self.free.acquire().await else { return (0, Value::Null) };
        let Some(mut connection) = self.connections.borrow_mut().pop() else { return (0, Value::Null) };
        let answer = connection.call(bytes).await.map(|answer| (answer.status, answer.json().unwrap_or_default()));
        // One that broke is not used again: its permit goes with it.
        let answer = answer.unwrap_or((0, Value::Null));
        let fresh = if answer.0 == 0 { Connection::open(self.shop.address).await.ok() } else { Some(connection) };
        self.connections.borrow_mut().extend(fresh);
        self.requests.borrow_mut().entry(what).or_default().add(meant_at.elapsed());
        answer
    }

    /// A shopper's headers: the edge names the address that each comes from.
    fn headers(&self, index: usize) -> String {
        let [_, a, b, c] = (index as u32 + 1).to_be_bytes();
        format!("{}x-forwarded-for: 10.{a}.{b}.{c}\r\n", self.cookies[index])
    }

    async fn open_page(&self, index: usize, opened: Instant) {
        sleep_until(opened).await;
        let headers = self.headers(index);
        self.call("me", opened, &request("GET", "/csi/me", &headers, "")).await;
        for _ in 0..CLOCK_EXCHANGES {
            self.call("time", Instant::now(), &request("GET", "/csi/time", &headers, "")).await;
        }
    }

    /// Tries until it is answered otherwise than "later".
    async fn insist(&self, what: &'static str, meant_at: Instant, bytes: &[u8]) -> (u16, Value) {
        let mut meant_at = meant_at;
        for _ in 0..MOST_TRIES {
            let (status, body) = self.call(what, meant_at, bytes).await;
            if !matches!(status, 0 | 429 | 503) {
                return (status, body);
            }
            self.refused.set(self.refused.get() + 1);
            sleep(Duration::from_millis(500 + fastrand::u64(..1_000))).await;
            meant_at = Instant::now();
        }
        (0, Value::Null)
    }

    async fn buy(&self, index: usize, clicked: Instant, answers_after: Duration) -> Ending {
        sleep_until(clicked).await;
        self.clicks.borrow_mut().push(clicked.duration_since(self.starts_at).as_secs_f64());
        let (headers, base) = (self.headers(index), format!("/api/sales/{}", self.sale_id));
        let (status, quiz) =
            self.insist("quiz", clicked, &request("POST", &format!("{base}/quiz"), &headers, "{}")).await;
        if status != 200 {
            return ending_of(status, &quiz);
        }
        sleep(answers_after).await;
        let answer = json!({ "quiz_token": quiz["quiz_token"], "answer": ANSWER }).to_string();
        let answer = request("POST", &format!("{base}/quiz/answer"), &headers, &answer);
        let (status, passed) = self.insist("answer", Instant::now(), &answer).await;
        if status != 200 {
            return ending_of(status, &passed);
        }
        self.orders.borrow_mut().push(self.starts_at.elapsed().as_secs_f64());
        let order = json!({ "pass": passed["pass"], "quantity": 1 }).to_string();
        let order_headers = format!("{headers}idempotency-key: one\r\n");
        let order = request("POST", &format!("{base}/orders"), &order_headers, &order);
        let (status, accepted) = self.insist("order", Instant::now(), &order).await;
        if status != 202 {
            return ending_of(status, &accepted);
        }
        let mut wait_ms = accepted["poll_after_ms"].as_u64().unwrap_or_default();
        let token = accepted["queue_token"].as_str().unwrap_or_default();
        let poll = request("GET", &format!("/api/queue/{token}"), &headers, "");
        loop {
            sleep(Duration::from_millis(wait_ms)).await;
            let (_, told) = self.insist("poll", Instant::now(), &poll).await;
            match told["state"].as_str().unwrap_or_default() {
                "queued" | "waiting" => wait_ms = told["poll_after_ms"].as_u64().unwrap_or(1_000),
                "held" => return self.pay(&headers, &accepted).await,
                "sold_out" => return Ending::SoldOut,
                "rejected" => return Ending::Rejected,
                _ => return Ending::GaveUp,
            }
        }
    }

    async fn pay(&self, headers: &str, accepted: &Value) -> Ending {
        let order_id = accepted["order_id"].as_str().unwrap_or_default();
        let open = request("POST", &format!("/api/orders/{order_id}/payments"), headers, "{}");
        let (_, payment) = self.insist("pay", Instant::now(), &open).await;
        let payment_id = payment["payment_id"].as_str().unwrap_or_default();
        let settle = format!("/sandbox/payments/{payment_id}/settle");
        let settle = request("POST", &settle, headers, r#"{"outcome":"paid"}"#);
        match self.insist("pay", Instant::now(), &settle).await {
            (200..=299, _) => Ending::Paid,
            _ => Ending::GaveUp,
        }
    }

    async fn page_says_sold_out(&self, first_look: Instant) {
        let mut look = first_look;
        loop {
            sleep_until(look).await;
            if self.edge_says_sold_out.get() {
                return;
            }
            look += PAGE_LOOKS_EVERY;
        }
    }

    async fn be_the_edge(&self) {
        loop {
            let state = request("GET", &format!("/csi/sales/{}", self.sale_id), "", "");
            let (_, state) = self.call("state", Instant::now(), &state).await;
            self.edge_says_sold_out.set(state["phase"] == "sold_out");
            sleep(EDGE_KEEPS).await;
        }
    }

    fn report(&self, plan: &Plan, sold_out_at: Instant, cpu_seconds: f64, metrics: &str) {
        let mut requests = self.requests.borrow_mut();
        let all: usize = requests.values().map(Latencies::count).sum();
        println!("{} shoppers, {} units, {} connections", plan.shoppers, plan.stock, plan.connections);
        println!("\n| request | count | a shopper | p50 ms | p99 ms |\n|---|---|---|---|---|");
        for (what, latencies) in requests.iter_mut() {
            let a_shopper = latencies.count() as f64 / plan.shoppers as f64;
            let (middle, late) = (latencies.at_ms(0.5), latencies.at_ms(0.99));
            println!("| {what} | {} | {a_shopper:.2} | {middle:.1} | {late:.1} |", latencies.count());
        }
        println!("| all | {all} | {:.2} | | |", all as f64 / plan.shoppers as f64);
        println!("\ntold to come again: {}; server's processor time {cpu_seconds:.1} s", self.refused.get());
        let endings = self.endings.borrow();
        let mut counts: BTreeMap<Ending, usize> = BTreeMap::new();
        let mut behind = Latencies::default();
        for (ending, known_at) in endings.iter() {
            *counts.entry(*ending).or_default() += 1;
            behind.add(known_at.saturating_duration_since(sold_out_at));
        }
        println!("endings: {counts:?}");
        let went_after = sold_out_at.duration_since(self.starts_at).as_secs_f64();
        let (middle, late, last) = (behind.at_ms(0.5), behind.at_ms(0.99), behind.at_ms(1.0));
        println!(
            "the last unit went {went_after:.1} s after the start; outcome known after it: p50 {middle:.0} ms, p99 {late:.0} ms, last {last:.0} ms"
        );
        for (what, times) in [("clicks (what orders were without the quiz)", &self.clicks), ("orders", &self.orders)] {
            let times = times.borrow();
            let within = |second: usize| times.iter().filter(|time| **time as usize == second).count();
            let seconds: Vec<usize> = (0..8).map(within).collect();
            println!("{what}, by second from the start: {seconds:?}");
        }
        for line in metrics.lines() {
            if line.starts_with("stampede_layer_total") || line.starts_with("stampede_orders_concluded_total") {
                println!("{line}");
            }
        }
    }
}

fn ending_of(status: u16, problem: &Value) -> Ending {
    match (status, problem["code"].as_str().unwrap_or_default()) {
        (409, "sold_out" | "sale_ended") => Ending::SoldOut,
        (409 | 403, _) => Ending::Rejected,
        _ => Ending::GaveUp,
    }
}
