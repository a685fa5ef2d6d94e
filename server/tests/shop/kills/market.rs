//! A shop that is killed and started again, and shoppers who insist.

use std::collections::BTreeMap;
use std::process::Child;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{MERCHANT, PASSWORD, command, http_client_with, lay_out_site, spawn, terms, token_for};

/// A request that has no answer by then gets none.
const REQUEST_TIME: Duration = Duration::from_secs(5);

/// How long a client insists, kills included.
const PATIENCE: Duration = Duration::from_secs(60);

const OPTIONS: [&str; 2] = ["--payments", "sandbox"];
const STORE: [&str; 2] = ["--store", "sqlite:stampede.db"];

pub(crate) struct Market {
    folder: tempfile::TempDir,
    base: RwLock<String>,
    child: tokio::sync::Mutex<Child>,
    client: reqwest::Client,
    token: String,
    sales: AtomicU64,
    pub(crate) kills: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) unanswered: AtomicU64,
    /// Answers that are promises, by kind.
    pub(crate) told: Mutex<BTreeMap<&'static str, u64>>,
}

/// An answer's status and body.
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Told {
    fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Market {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        lay_out_site(folder.path());
        let add = [&["merchant", "add", MERCHANT][..], &STORE].concat();
        let (added, _, errors) = command(folder.path(), &add, PASSWORD);
        assert!(added, "{errors}");
        let token = token_for(folder.path(), MERCHANT);
        let (child, base) = spawn(folder.path(), &OPTIONS);
        Self {
            folder,
            base: RwLock::new(base),
            child: tokio::sync::Mutex::new(child),
            client: http_client_with(REQUEST_TIME),
            token,
            sales: AtomicU64::new(0),
            kills: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            told: Mutex::default(),
        }
    }

    /// SIGKILL, and another process on the same store.
    pub(crate) async fn kill_and_restart(&self) {
        let mut child = self.child.lock().await;
        child.kill().unwrap();
        child.wait().unwrap();
        self.kills.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.path().to_owned();
        let (next, base) = tokio::task::spawn_blocking(move || spawn(&folder, &OPTIONS)).await.unwrap();
        *child = next;
        *self.base.write().unwrap() = base;
    }

    pub(crate) fn cookies(&self, count: usize) -> Vec<String> {
        let count = count.to_string();
        let arguments = [&["token", "shoppers", "--count", &count][..], &STORE].concat();
        let (done, output, errors) = command(self.folder.path(), &arguments, "");
        assert!(done, "{errors}");
        output.lines().map(str::to_owned).collect()
    }

    /// One try. None where the connection broke: nobody knows what became of the request.
    async fn try_once(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Option<Told> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let url = format!("{}{path}", self.base.read().unwrap());
        let mut request = self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = if method == "GET" || body.is_null() { request } else { request.json(body) };
        let answered = async {
            let response = request.send().await.ok()?;
            let status = response.status().as_u16();
            let text = response.text().await.ok()?;
            Some(Told { status, body: serde_json::from_str(&text).unwrap_or(Value::Null) })
        };
        let told = answered.await;
        if told.is_none() {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
        }
        told
    }

    /// Asks until there is an answer other than `busy`.
    pub(crate) async fn insist(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Told {
        let insisting = async {
            loop {
                match self.try_once(method, path, headers, body).await {
                    Some(told) if told.status != 503 && told.status != 429 => return told,
                    _ => tokio::time::sleep(Duration::from_millis(25)).await,
                }
            }
        };
        let told = tokio::time::timeout(PATIENCE, insisting).await.unwrap_or_else(|_| panic!("no answer: {path}"));
        assert!(told.status < 500, "{path}: {} {}", told.status, told.body);
        told
    }

    pub(crate) async fn merchant(&self, method: &str, path: &str, body: Value) -> Value {
        let bearer = format!("Bearer {}", self.token);
        let told = self.insist(method, &format!("/api/merchant{path}"), &[("authorization", &bearer)], &body).await;
        assert!(told.status < 300, "{path}: {} {}", told.status, told.body);
        told.body
    }

    pub(crate) async fn now_ms(&self) -> i64 {
        let time = self.insist("GET", "/csi/time", &[], &Value::Null).await.body;
        time["sent_us"].as_i64().unwrap() / 1_000
    }

    /// A sale that is open.
    pub(crate) async fn sale(&self, changes: Value) -> String {
        let slug = format!("item-{}", self.sales.fetch_add(1, Ordering::Relaxed));
        let item = json!({ "slug": slug, "title": "Lantern", "description": "", "image_url": "/images/lantern.svg",
            "list_price_minor": 900, "currency": "CNY" });
        let item_id = self.merchant("POST", "/items", item).await["item_id"].as_str().unwrap().to_owned();
        let mut wanted = terms(&item_id, self.now_ms().await);
        for (name, value) in changes.as_object().unwrap() {
            wanted[name] = value.clone();
        }
        let sale_id = self.merchant("POST", "/sales", wanted).await["sale_id"].as_str().unwrap().to_owned();
        self.merchant("POST", &format!("/sales/{sale_id}/publish"), Value::Null).await;
        sale_id
    }

    fn note(&self, kind: &'static str) {
        *self.told.lock().unwrap().entry(kind).or_default() += 1;
    }

    /// The record against all that was answered.
    pub(crate) async fn audit(&self, sale_id: &str, shoppers: &[Shopper]) {
        let ledger = self.merchant("GET", &format!("/sales/{sale_id}/ledger"), Value::Null).await;
        assert_eq!(ledger["balanced"], true, "{ledger}");
        let mut paid = 0;
        for shopper in shoppers {
            let Some(seen) = &shopper.seen else { continue };
            if seen.was_held || seen.was_paid || seen.was_released {
                let path = format!("/api/orders/{}", seen.order_id);
                let told = self.insist("GET", &path, &shopper.headers(), &Value::Null).await;
                assert_eq!(told.status, 200, "an order that was answered is gone: {seen:?} {}", told.body);
                let state = told.body["state"].as_str().unwrap();
                if seen.was_paid {
                    assert_eq!(state, "paid", "an order that was answered as paid: {seen:?} {}", told.body);
                } else if seen.was_released {
                    assert!(matches!(state, "released" | "refunded"), "{seen:?} {}", told.body);
                }
                paid += i64::from(state == "paid");
            }
        }
        let (stock, held, sold) = (number(&ledger, "stock"), number(&ledger, "held"), number(&ledger, "sold"));
        assert!(held + sold <= stock, "oversold: {ledger}");
        let listed = self.merchant("GET", &format!("/orders?sale_id={sale_id}&state=paid"), Value::Null).await;
        let listed = listed["orders"].as_array().unwrap().len() as i64;
        assert_eq!((sold, listed), (paid, paid), "sold units are paid orders: {ledger}");
    }

    /// The store against itself, by the command line.
    pub(crate) fn reconcile(&self) {
        let (agrees, output, errors) = command(self.folder.path(), &[&["reconcile"][..], &STORE].concat(), "");
        assert!(agrees, "{output}{errors}");
    }
}

impl Drop for Market {
    fn drop(&mut self) {
        let _already_gone = self.child.get_mut().kill();
        let _already_gone = self.child.get_mut().wait();
    }
}

fn number(value: &Value, name: &str) -> i64 {
    value[name].as_i64().unwrap()
}

/// What one shopper was ever told.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) order_id: String,
    queue_token: String,
    /// The last state of the token.
    state: String,
    pub(crate) was_held: bool,
    pub(crate) was_paid: bool,
    pub(crate) was_released: bool,
}

/// Somebody who wants a unit and does not give up.
pub(crate) struct Shopper {
    sale_id: String,
    cookie: String,
    sku: Option<&'static str>,
    dice: fastrand::Rng,
    key: String,
    order: Value,
    pub(crate) seen: Option<Seen>,
}

impl Shopper {
    pub(crate) fn new(sale_id: &str, cookie: String, has_skus: bool, seed: u64) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let sku = has_skus.then(|| if dice.bool() { "m" } else { "s" });
        let key = format!("key-{seed:x}");
        Self { sale_id: sale_id.to_owned(), cookie, sku, dice, key, order: Value::Null, seen: None }
    }

    pub(crate) fn headers(&self) -> [(&str, &str); 2] {
        [("cookie", &self.cookie), ("idempotency-key", &self.key)]
    }

    async fn ask(&self, market: &Market, method: &str, path: &str, body: Value) -> Told {
        market.insist(method, path, &self.headers(), &body).await
    }

    async fn pause(&mut self, most_ms: u64) {
        tokio::time::sleep(Duration::from_millis(self.dice.u64(..most_ms))).await;
    }

    /// From the quiz to the end of the order, whatever happens on the way.
    pub(crate) async fn buy(&mut self, market: &Market) {
        self.pause(1_200).await;
        let Some(pass) = self.pass(market).await else { return };
        self.order = json!({ "pass": pass, "quantity": 1 });
        if let Some(sku) = self.sku {
            self.order["sku"] = json!(sku);
        }
        if !self.join(market).await {
            return;
        }
        if self.poll(market).await == "held" {
            self.go_on(market).await;
        }
    }

    /// None where the sale ended or is sold out.
    async fn pass(&mut self, market: &Market) -> Option<String> {
        loop {
            let quiz = self.ask(market, "POST", &format!("/api/sales/{}/quiz", self.sale_id), json!({})).await;
            if quiz.status != 200 {
                return None;
            }
            let answer = json!({ "quiz_token": quiz.body["quiz_token"], "answer": "yes" });
            let path = format!("/api/sales/{}/quiz/answer", self.sale_id);
            let told = self.ask(market, "POST", &path, answer).await;
            match (told.status, told.code()) {
                (200, _) => return Some(told.body["pass"].as_str().unwrap().to_owned()),
                // A question of a life that is over, or an answer that arrived although nobody heard.
                (409, "quiz_used") => {}
                (409, _) => return None,
                _ => panic!("{} {}", told.status, told.body),
            }
        }
    }

    /// Joins the line, or finds the place again. False where there is none to be had.
    async fn join(&mut self, market: &Market) -> bool {
        let path = format!("/api/sales/{}/orders", self.sale_id);
        let told = self.ask(market, "POST", &path, self.order.clone()).await;
        match (told.status, told.code()) {
            (202, _) => {
                market.note("accepted");
                let text = |name: &str| told.body[name].as_str().unwrap().to_owned();
                let (order_id, queue_token) = (text("order_id"), text("queue_token"));
                let same = self.seen.as_ref().is_none_or(|seen| seen.order_id == order_id);
                assert!(same, "the same key, another order: {:?} {}", self.seen, told.body);
                self.seen = Some(Seen { order_id, queue_token, ..Seen::default() });
                true
            }
            (409, "sold_out" | "sale_ended") => {
                assert!(!self.seen.as_ref().is_some_and(|seen| seen.was_held), "{:?}", self.seen);
                false
            }
            _ => panic!("{} {}", told.status, told.body),
        }
    }

    /// Polls until the token ends, or waits; what was only queued when the shop was killed is sent again.
    async fn poll(&mut self, market: &Market) -> String {
        for _ in 0..400 {
            let told = self.look(market).await;
            match told.as_str() {
                "lost" if !self.join(market).await => return told,
                "held" | "sold_out" | "rejected" | "waiting" => return told,
                _ => tokio::time::sleep(Duration::from_millis(30)).await,
            }
        }
        panic!("the token does not end: {:?}", self.seen);
    }

    /// One look at the token. Once final it must say the same for ever.
    async fn look(&mut self, market: &Market) -> String {
        let token = self.seen.as_ref().unwrap().queue_token.clone();
        let told = self.ask(market, "GET", &format!("/api/queue/{token}"), Value::Null).await;
        assert_eq!(told.status, 200, "{}", told.body);
        let mut state = told.body["state"].as_str().unwrap().to_owned();
        if told.body["reason"] == "lost_in_restart" {
            state = "lost".to_owned();
        }
        let seen = self.seen.as_mut().unwrap();
        let is_final = matches!(seen.state.as_str(), "held" | "sold_out" | "rejected" | "lost");
        assert!(!is_final || seen.state == state, "a token that had ended says {state}: {seen:?}");
        let went_back = seen.state == "waiting" && matches!(state.as_str(), "queued" | "lost");
        assert!(!went_back, "who waited is {state}: {seen:?}");
        if seen.state != state {
            let kinds = ["held", "sold_out", "rejected", "waiting", "lost"];
            kinds.into_iter().filter(|kind| *kind == state).for_each(|kind| market.note(kind));
        }
        seen.was_held |= state == "held";
        seen.state.clone_from(&state);
        state
    }

    /// A holder pays, declines, misbehaves, cancels, or does nothing.
    async fn go_on(&mut self, market: &Market) {
        self.pause(400).await;
        let order_id = self.seen.as_ref().unwrap().order_id.clone();
        match self.dice.u8(..10) {
            0 => {}
            1 | 2 => {
                let told = self.ask(market, "POST", &format!("/api/orders/{order_id}/cancel"), json!({})).await;
                assert!(matches!(told.status, 200 | 409), "{} {}", told.status, told.body);
                let is_released = told.body["state"] == "released" || told.code() == "order_not_cancellable";
                assert!(is_released, "{}", told.body);
                market.note("released");
                self.seen.as_mut().unwrap().was_released = true;
            }
            chance => {
                let trick = match chance {
                    3 => json!("twice"),
                    4 => json!("out_of_order"),
                    5 => json!("wrong_amount"),
                    _ => Value::Null,
                };
                self.pay(market, &order_id, trick).await;
            }
        }
    }

    async fn pay(&mut self, market: &Market, order_id: &str, trick: Value) {
        let opened = self.ask(market, "POST", &format!("/api/orders/{order_id}/payments"), json!({})).await;
        if opened.status != 200 {
            assert!(matches!(opened.code(), "order_not_payable" | "sold_out"), "{}", opened.body);
            return;
        }
        let payment_id = opened.body["payment_id"].as_str().unwrap();
        let mut body = json!({ "outcome": "paid" });
        if !trick.is_null() {
            body["trick"] = trick;
        }
        let told = self.ask(market, "POST", &format!("/sandbox/payments/{payment_id}/settle"), body).await;
        assert_eq!(told.status, 200, "{}", told.body);
        match told.body["order_state"].as_str().unwrap() {
            "paid" => {
                market.note("paid");
                self.seen.as_mut().unwrap().was_paid = true;
            }
            "refunded" => market.note("refunded"),
            _ => {}
        }
    }

    /// After the sale's end every token has ended, and what had ended says the same.
    pub(crate) async fn hear_the_end(&mut self, market: &Market) {
        if self.seen.is_none() {
            return;
        }
        for _ in 0..400 {
            if !matches!(self.look(market).await.as_str(), "queued" | "waiting") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the token does not end: {:?}", self.seen);
    }
}
