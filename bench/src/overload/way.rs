//! A shopper's way: question, answer, order, polls, payment.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep};

use super::run::Ending;
use super::{Cause, Field, IN_TIME, Market};
use crate::Failure;
use crate::connection::{Connection, request};
use crate::shop::{ANSWER, pass};

/// In place of a status: no answer came.
const BROKEN: u16 = 1;

impl Field {
    /// Passes for the shoppers who come next, where the quiz is not what is measured; with the disk as quick as it is.
    pub(super) async fn earn_passes(self: &Rc<Self>, count: usize) -> Result<(), Failure> {
        if self.cause == Cause::Requests || count == 0 {
            return Ok(());
        }
        if count > self.cookies.len() {
            return Err(format!("--shoppers {count} are needed").into());
        }
        let (first, sale_id) = (self.next.get(), self.crowded.sale_id.borrow().clone());
        let next = Rc::new(Cell::new(0));
        let mut workers = Vec::new();
        for _ in 0..64 {
            let (field, next, sale_id) = (Rc::clone(self), Rc::clone(&next), sale_id.clone());
            workers.push(spawn_local(async move {
                let mut connection = Connection::open(field.shop.address).await?;
                loop {
                    let index = next.replace(next.get() + 1);
                    if index >= count {
                        return Ok::<(), Failure>(());
                    }
                    let shopper = (first + index) % field.cookies.len();
                    let pass = loop {
                        match pass(&mut connection, &field.cookies[shopper], &sale_id).await {
                            Ok(pass) => break pass,
                            Err(error) if error.to_string().starts_with("503") => {
                                sleep(Duration::from_millis(20)).await
                            }
                            Err(error) => return Err(error),
                        }
                    };
                    field.passes.borrow_mut()[shopper] = Some(pass);
                }
            }));
        }
        for worker in workers {
            worker.await??;
        }
        Ok(())
    }

    /// One shopper, from the click to the hold, and to the payment.
    pub(super) async fn come(&self, market: &Market, shopper: usize, at: Instant) {
        market.run.borrow_mut().lag.add(at.elapsed());
        let (ending, order_id) = self.buy(market, shopper, at).await;
        market.run.borrow_mut().has_come(at, ending);
        if let Some(order_id) = order_id {
            self.pay(market, shopper, &order_id).await;
        }
    }

    async fn buy(&self, market: &Market, shopper: usize, at: Instant) -> (Ending, Option<String>) {
        let (headers, base) = (&self.cookies[shopper], format!("/api/sales/{}", market.sale_id.borrow()));
        let earned = self.passes.borrow_mut()[shopper].take();
        let pass = match earned {
            Some(pass) => json!(pass),
            None => {
                let (status, quiz) =
                    self.call(market, "quiz", at, &request("POST", &format!("{base}/quiz"), headers, "{}")).await;
                if status != 200 {
                    return (Ending::of(status), None);
                }
                let answer = json!({ "quiz_token": quiz["quiz_token"], "answer": ANSWER }).to_string();
                let answer = request("POST", &format!("{base}/quiz/answer"), headers, &answer);
                let (status, passed) = self.call(market, "answer", at, &answer).await;
                if status != 200 {
                    return (Ending::of(status), None);
                }
                passed["pass"].clone()
            }
        };
        let order = json!({ "pass": pass, "quantity": 1 }).to_string();
        let order_headers = format!("{headers}idempotency-key: {}\r\n", uuid::Uuid::new_v4());
        let order = request("POST", &format!("{base}/orders"), &order_headers, &order);
        let (status, accepted) = self.call(market, "order", at, &order).await;
        if status != 202 {
            return (Ending::of(status), None);
        }
        let mut wait_ms = accepted["poll_after_ms"].as_u64().unwrap_or_default();
        let token = accepted["queue_token"].as_str().unwrap_or_default();
        let poll = request("GET", &format!("/api/queue/{token}"), headers, "");
        loop {
            sleep(Duration::from_millis(wait_ms)).await;
            let (status, told) = self.call(market, "poll", at, &poll).await;
            match told["state"].as_str().unwrap_or_default() {
                "queued" => wait_ms = told["poll_after_ms"].as_u64().unwrap_or(1_000),
                "held" => {
                    let ending = if at.elapsed() <= IN_TIME { Ending::Held } else { Ending::HeldLate };
                    return (ending, told["order_id"].as_str().map(str::to_owned));
                }
                // A poll that was refused comes again: the order is in the line.
                _ if status == 503 => wait_ms = 100,
                _ => return (Ending::of(status), None),
            }
        }
    }

    async fn pay(&self, market: &Market, shopper: usize, order_id: &str) {
        let headers = &self.cookies[shopper];
        let came = Instant::now();
        let (status, payment) = self
            .call(market, "pay", came, &request("POST", &format!("/api/orders/{order_id}/payments"), headers, "{}"))
            .await;
        let payment_id = payment["payment_id"].as_str().unwrap_or_default();
        let settle =
            request("POST", &format!("/sandbox/payments/{payment_id}/settle"), headers, r#"{"outcome":"paid"}"#);
        let (step, (status, told)) = if status == 200 {
            ("settling", self.call(market, "settle", came, &settle).await)
        } else {
            ("opening", (status, payment))
        };
        let mut run = market.run.borrow_mut();
        run.payments += 1;
        if matches!(status, 429 | 503) {
            *run.payments_refused.entry(format!("{step}: {} {}", told["code"], told["detail"])).or_default() += 1;
        }
    }

    /// One request, by a connection as soon as one is free; 0 where the shopper has given up before.
    async fn call(&self, market: &Market, what: &'static str, came: Instant, bytes: &[u8]) -> (u16, Value) {
        let meant_at = Instant::now();
        let Ok(Ok(_permit)) = tokio::time::timeout_at(came + IN_TIME, self.free.acquire()).await else {
            return (0, Value::Null);
        };
        let waited = meant_at.elapsed();
        let asked_at = Instant::now();
        let Some(mut connection) = self.connections.borrow_mut().pop() else { return (0, Value::Null) };
        let mut answer = answer_on(&mut connection, bytes).await;
        if answer.0 == BROKEN
            && let Ok(fresh) = Connection::open(self.shop.address).await
        {
            // The shop closes what has been silent for long; nothing was asked on it then.
            connection = fresh;
            answer = answer_on(&mut connection, bytes).await;
        }
        self.connections.borrow_mut().push(connection);
        let mut run = market.run.borrow_mut();
        let latencies = if answer.0 == 503 { &mut run.refused } else { &mut run.taken };
        latencies.add(asked_at.elapsed());
        if answer.0 != 503 {
            run.steps.entry(what).or_default().add(asked_at.elapsed());
        }
        run.waited.add(waited);
        answer
    }
}

async fn answer_on(connection: &mut Connection, bytes: &[u8]) -> (u16, Value) {
    let answer = connection.call(bytes).await.map(|answer| (answer.status, answer.json().unwrap_or_default()));
    answer.unwrap_or((BROKEN, Value::Null))
}
