//! One visit to the shop: a page, a sale, perhaps an order, and what is done with it. And visitors of other kinds.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, interval, sleep};

use super::{Soak, address};
use crate::Failure;
use crate::connection::{Connection, request};
use crate::shop::ANSWER;

/// Of ten visitors, so many only look, and of those who got a unit so many pay and so many cancel. The others let it lapse.
const LOOK: u32 = 2;
const PAY: u32 = 5;
const CANCEL: u32 = 2;
/// Who only looks goes without a word, after the server has closed the connection for its silence.
const SILENCE: Duration = Duration::from_secs(12);
/// Nobody waits longer for an order to be decided, or for units to come back.
const PATIENCE: Duration = Duration::from_secs(60);
/// Who misbehaves, and who signs up, comes this often.
const ODD_EVERY: Duration = Duration::from_secs(2);
const SIGN_UP_EVERY: Duration = Duration::from_secs(10);

struct Visit {
    soak: Rc<Soak>,
    connection: Option<Connection>,
    headers: String,
}

impl Visit {
    async fn get(&mut self, what: &'static str, path: &str) -> (u16, Value) {
        self.soak.call(&mut self.connection, what, &request("GET", path, &self.headers, "")).await
    }

    async fn post(&mut self, what: &'static str, path: &str, headers: &str, body: &Value) -> (u16, Value) {
        let bytes = request("POST", path, &format!("{}{headers}", self.headers), &body.to_string());
        self.soak.call(&mut self.connection, what, &bytes).await
    }
}

pub(super) async fn comes(soak: Rc<Soak>, index: usize) {
    soak.under_way.set(soak.under_way.get() + 1);
    let headers = format!("{}{}", soak.cookies[index], address(index));
    let sale = fastrand::choice(soak.sales.borrow().iter()).cloned();
    let mut visit = Visit { soak: Rc::clone(&soak), connection: None, headers };
    if let Some((sale_id, page)) = sale {
        visit.looks(&sale_id, &page).await;
        if fastrand::u32(..10) < LOOK {
            sleep(SILENCE).await;
        } else {
            visit.buys(&sale_id).await;
        }
    }
    soak.under_way.set(soak.under_way.get() - 1);
}

impl Visit {
    async fn looks(&mut self, sale_id: &str, page: &str) {
        self.get("page", page).await;
        self.get("me", "/csi/me").await;
        for _ in 0..3 {
            self.get("time", "/csi/time").await;
        }
        self.get("state", &format!("/csi/sales/{sale_id}")).await;
        let slug = page.rsplit('/').next().unwrap_or_default();
        self.get("recommendations", &format!("/csi/recommendations?item={slug}&lang=en")).await;
    }

    async fn buys(&mut self, sale_id: &str) {
        let base = format!("/api/sales/{sale_id}");
        let (status, quiz) = self.post("quiz", &format!("{base}/quiz"), "", &json!({})).await;
        if status != 200 {
            return;
        }
        sleep(Duration::from_millis(300 + fastrand::u64(..2_000))).await;
        let answer = json!({ "quiz_token": quiz["quiz_token"], "answer": ANSWER });
        let (status, passed) = self.post("answer", &format!("{base}/quiz/answer"), "", &answer).await;
        if status != 200 {
            return;
        }
        let order = json!({ "pass": passed["pass"], "quantity": 1 });
        let key = format!("idempotency-key: {}\r\n", uuid::Uuid::new_v4());
        let (status, accepted) = self.post("order", &format!("{base}/orders"), &key, &order).await;
        if status == 202 && self.is_held(&accepted).await {
            let order_id = accepted["order_id"].as_str().unwrap_or_default();
            match fastrand::u32(..10) {
                roll if roll < PAY => self.pays(order_id).await,
                roll if roll < PAY + CANCEL => {
                    self.post("cancel", &format!("/api/orders/{order_id}/cancel"), "", &json!({})).await;
                }
                _ => {}
            }
        }
        self.get("mine", &format!("{base}/mine")).await;
        self.get("orders", "/api/orders").await;
    }

    async fn is_held(&mut self, accepted: &Value) -> bool {
        let token = accepted["queue_token"].as_str().unwrap_or_default();
        let mut wait_ms = accepted["poll_after_ms"].as_u64().unwrap_or_default();
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            sleep(Duration::from_millis(wait_ms)).await;
            let (_, told) = self.get("poll", &format!("/api/queue/{token}")).await;
            match told["state"].as_str().unwrap_or_default() {
                "queued" | "waiting" => wait_ms = told["poll_after_ms"].as_u64().unwrap_or(1_000),
                state => return state == "held",
            }
        }
        false
    }

    async fn pays(&mut self, order_id: &str) {
        let (_, payment) = self.post("pay", &format!("/api/orders/{order_id}/payments"), "", &json!({})).await;
        let payment_id = payment["payment_id"].as_str().unwrap_or_default().to_owned();
        let declined = fastrand::u32(..10) == 0;
        let outcome = json!({ "outcome": if declined { "declined" } else { "paid" } });
        self.post("settle", &format!("/sandbox/payments/{payment_id}/settle"), "", &outcome).await;
    }
}

/// Pages that are not there, bodies that are none, tokens that nobody signed, and connections that say nothing.
pub(super) async fn odd_ones(soak: Rc<Soak>) -> Result<(), Failure> {
    let mut times = interval(ODD_EVERY);
    for number in 1_usize << 21.. {
        times.tick().await;
        let headers = format!("{}{}", soak.cookies[number % soak.cookies.len()], address(number));
        let nowhere = format!("/items/{}", uuid::Uuid::new_v4());
        let sale = format!("/api/sales/{}", uuid::Uuid::new_v4());
        let order_headers = format!("{headers}idempotency-key: odd\r\n");
        let mut connection = None;
        for bytes in [
            request("GET", &nowhere, &headers, ""),
            request("GET", "/api/queue/forged", &headers, ""),
            request("POST", &format!("{sale}/orders"), &order_headers, "{\"pass\": "),
            request("POST", &format!("{sale}/quiz"), &headers, "{}"),
        ] {
            soak.call(&mut connection, "odd", &bytes).await;
        }
        let silent = Connection::open(soak.shop.address).await;
        tokio::task::spawn_local(async move {
            sleep(SILENCE).await;
            drop(silent);
        });
    }
    Ok(())
}

/// New accounts: each costs a password's hash, which takes 19 MiB for a moment.
pub(super) async fn sign_ups(soak: Rc<Soak>) -> Result<(), Failure> {
    let mut times = interval(SIGN_UP_EVERY);
    for number in 1_usize << 22.. {
        times.tick().await;
        let email = format!("{}@example.com", uuid::Uuid::new_v4());
        let form = json!({ "email": email, "password": "a good password", "display_name": "Ann" });
        let bytes = request("POST", "/api/sign-up", &address(number), &form.to_string());
        soak.call(&mut None, "sign-up", &bytes).await;
    }
    Ok(())
}
