//! How often one request of each kind asks the allocator for memory: the same number on every machine, but for what the
//! server does by itself meanwhile.
//!
//! The kernel counts (uprobes: Documentation/trace/uprobetracer.rst), in the binary as it is built for use.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::Failure;
use crate::connection::{Connection, request};
use crate::shop::{ANSWER, Build, Doors, Shop};

mod probes;

use probes::Probes;

/// So long the server is watched at rest. What it allocates by itself is taken off.
const AT_REST: Duration = Duration::from_secs(3);
/// After the last request of a kind, until what it left to do is done: a commit, a webhook.
const WORK_LEFT: Duration = Duration::from_millis(500);
const MOST_SHOPPERS: usize = 20_000;

#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    build: Build,
    /// Shoppers, one after another: as many requests of each kind
    #[arg(long, default_value_t = 2_000)]
    shoppers: usize,
}

struct Meter {
    probes: Probes,
    connection: Connection,
    by_itself_per_second: f64,
}

impl Meter {
    async fn new(probes: Probes, shop: &Shop) -> Result<Self, Failure> {
        let (before, began) = (probes.hits()?, Instant::now());
        sleep(AT_REST).await;
        let by_itself_per_second = (probes.hits()? - before) as f64 / began.elapsed().as_secs_f64();
        println!("at rest {by_itself_per_second:.0} a second\n\n| request | allocations |\n|---|---|");
        Ok(Self { probes, connection: Connection::open(shop.address).await?, by_itself_per_second })
    }

    /// Sends the requests one by one and prints what one of them took. Answers the bodies.
    async fn each(&mut self, what: &str, status: u16, requests: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Failure> {
        // Whatever the first one makes for all is no part of it.
        let Some((first, others)) = requests.split_first() else { return Err("no requests".into()) };
        let mut bodies = vec![self.connection.call(first).await?.expect(status)?.body.to_vec()];
        sleep(WORK_LEFT).await;
        let (before, began) = (self.probes.hits()?, Instant::now());
        for request in others {
            bodies.push(self.connection.call(request).await?.expect(status)?.body.to_vec());
        }
        sleep(WORK_LEFT).await;
        let by_itself = self.by_itself_per_second * began.elapsed().as_secs_f64();
        let own = (self.probes.hits()? - before) as f64 - by_itself;
        println!("| {what} | {:.1} |", own / others.len() as f64);
        Ok(bodies)
    }

    /// The same, where a field of each answer is what the next request is about.
    async fn asking_for(
        &mut self,
        what: &str,
        status: u16,
        requests: &[Vec<u8>],
        field: &str,
    ) -> Result<Vec<String>, Failure> {
        let field_of = |body: Vec<u8>| {
            let body: Value = serde_json::from_slice(&body)?;
            Ok(body[field].as_str().ok_or_else(|| format!("no {field} in {body}"))?.to_owned())
        };
        self.each(what, status, requests).await?.into_iter().map(field_of).collect()
    }
}

/// Takes its probes away when it is interrupted, too.
pub(crate) async fn run(plan: &Plan) -> Result<(), Failure> {
    tokio::select! {
        done = count_all(plan) => done,
        interrupted = tokio::signal::ctrl_c() => Err(interrupted.map_or_else(Failure::from, |()| "interrupted".into())),
    }
}

async fn count_all(plan: &Plan) -> Result<(), Failure> {
    let count = plan.shoppers;
    if !(2..=MOST_SHOPPERS).contains(&count) {
        return Err(format!("2 to {MOST_SHOPPERS} shoppers").into());
    }
    let probes = Probes::in_binary(&plan.build.server.canonicalize()?)?;
    let shop = Shop::start(&plan.build.server, &plan.build.site, Doors::Open).await?;
    let cookies = shop.shoppers(count)?;
    let (sale_id, page) = shop.open_sale(count as u64).await?;
    shop.pictures_are_drawn().await?;
    let mut meter = Meter::new(probes, &shop).await?;

    let reads = [
        ("item page", request("GET", &page, "accept-encoding: br\r\n", "")),
        ("`/csi/time`", request("GET", "/csi/time", "", "")),
        ("`/csi/me`, signed in", request("GET", "/csi/me", &cookies[0], "")),
        ("a sale's state", request("GET", &format!("/csi/sales/{sale_id}"), "", "")),
    ];
    for (what, read) in reads {
        meter.each(what, 200, &vec![read; count]).await?;
    }

    let of_all = |of_one: &dyn Fn(usize) -> Vec<u8>| -> Vec<Vec<u8>> { (0..count).map(of_one).collect() };
    let (api, cookies) = (format!("/api/sales/{sale_id}"), &cookies);
    let asked = of_all(&|shopper| request("POST", &format!("{api}/quiz"), &cookies[shopper], "{}"));
    let quizzes = meter.asking_for("question", 200, &asked, "quiz_token").await?;
    let answered = of_all(&|shopper| {
        let body = json!({ "quiz_token": quizzes[shopper], "answer": ANSWER }).to_string();
        request("POST", &format!("{api}/quiz/answer"), &cookies[shopper], &body)
    });
    let passes = meter.asking_for("answer", 200, &answered, "pass").await?;
    let ordered = of_all(&|shopper| {
        let headers = format!("{}idempotency-key: {}\r\n", cookies[shopper], uuid::Uuid::new_v4());
        let body = json!({ "pass": passes[shopper], "quantity": 1 }).to_string();
        request("POST", &format!("{api}/orders"), &headers, &body)
    });
    let tokens = meter.asking_for("order, with a commit of its own", 202, &ordered, "queue_token").await?;
    let polled = of_all(&|shopper| request("GET", &format!("/api/queue/{}", tokens[shopper]), &cookies[shopper], ""));
    let orders = meter.asking_for("poll", 200, &polled, "order_id").await?;
    let opened = of_all(&|shopper| {
        request("POST", &format!("/api/orders/{}/payments", orders[shopper]), &cookies[shopper], "{}")
    });
    let payments = meter.asking_for("payment", 200, &opened, "payment_id").await?;
    let settled = of_all(&|shopper| {
        let path = format!("/sandbox/payments/{}/settle", payments[shopper]);
        request("POST", &path, &cookies[shopper], r#"{"outcome":"paid"}"#)
    });
    meter.each("settling it, the sandbox and its webhook", 200, &settled).await?;
    Ok(())
}
