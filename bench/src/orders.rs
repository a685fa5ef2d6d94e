//! How many orders a second one hot item takes: accepted (202), and durable (`held` in the record, synced).

use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::Value;

use crate::Failure;
use crate::connection::{Connection, request};
use crate::load::{self, on_all};
use crate::percentiles::Latencies;
use crate::shop::{Build, Doors, Shop};

/// A pass lives 120 s, and all of them are collected first.
const MOST_ORDERS: usize = 400_000;
/// How often the last tokens are asked; the record itself is asked once they have ended, for its sums cost it time.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Of all queue tokens, as many of the first are asked for their end afterwards, and as many of the last are waited for.
const ASKED: usize = 1_000;
const LAST: usize = 256;

#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    build: Build,
    /// Orders, each of another shopper
    #[arg(long, default_value_t = 100_000)]
    orders: usize,
    /// The item's stock; as many as there are orders unless given
    #[arg(long)]
    stock: Option<u64>,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Runs, each with a sale of its own; the median counts
    #[arg(long, default_value_t = 5)]
    runs: usize,
}

struct Outcome {
    accepted_per_second: f64,
    durable_per_second: f64,
    cpu_seconds_per_1000: f64,
    latencies: Latencies,
}

pub(crate) async fn run(plan: &Plan) -> Result<(), Failure> {
    if plan.orders == 0 || plan.orders > MOST_ORDERS || plan.connections == 0 || plan.runs == 0 {
        return Err(format!("1 to {MOST_ORDERS} orders, on at least one connection, in at least one run").into());
    }
    let shop = Shop::start(&plan.build.server, &plan.build.site, Doors::Open).await?;
    let cookies = Rc::new(shop.shoppers(plan.orders)?);
    let mut outcomes = Vec::new();
    for number in 1..=plan.runs {
        let mut outcome = one(plan, &shop, &cookies).await?;
        println!(
            "run {number}: accepted {:.0}/s, durable {:.0}/s, answered in {:.1} ms (p50) and {:.1} ms (p99), {:.3} CPU-s a 1,000 orders",
            outcome.accepted_per_second,
            outcome.durable_per_second,
            outcome.latencies.at_ms(0.5),
            outcome.latencies.at_ms(0.99),
            outcome.cpu_seconds_per_1000,
        );
        outcomes.push(outcome);
    }
    let median = |of: fn(&Outcome) -> f64| {
        let mut values: Vec<f64> = outcomes.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!(
        "median of {}: accepted {:.0}/s, durable {:.0}/s, {:.3} CPU-s a 1,000 orders",
        plan.runs,
        median(|outcome| outcome.accepted_per_second),
        median(|outcome| outcome.durable_per_second),
        median(|outcome| outcome.cpu_seconds_per_1000),
    );
    Ok(())
}

async fn one(plan: &Plan, shop: &Shop, cookies: &Rc<Vec<String>>) -> Result<Outcome, Failure> {
    let stock = plan.stock.unwrap_or(plan.orders as u64);
    let (sale_id, _) = shop.open_sale(stock).await?;
    let requests = load::orders(shop, plan.connections, cookies, &sale_id).await?;
    let cpu_before = shop.cpu_seconds()?;
    let started = Instant::now();
    let sent = on_all(shop, plan.connections, plan.orders, {
        let (requests, last) = (Rc::clone(&requests), plan.orders.saturating_sub(LAST));
        async move |connection: &mut Connection, index: usize| {
            let sent = Instant::now();
            let answer = connection.call(&requests[index]).await?;
            let latency = sent.elapsed();
            // Looked into only for the few that are asked for later: the generator has to be quick.
            let is_asked = answer.status == 202 && (index < ASKED || index >= last);
            let token = if is_asked { Some(answer.json()?["queue_token"].clone()) } else { None };
            Ok((answer.status, latency, token))
        }
    })
    .await?;
    let accepted_after = started.elapsed();
    let accepted = sent.iter().filter(|(status, ..)| *status == 202).count();
    let expected = stock.min(plan.orders as u64);
    if accepted < expected as usize {
        return Err(format!("{accepted} of {} orders were accepted", plan.orders).into());
    }
    let mut connection = Connection::open(shop.address).await?;
    let mut tokens: Vec<(usize, &Value)> = Vec::new();
    for (index, (_, _, token)) in sent.iter().enumerate() {
        tokens.extend(token.as_ref().map(|token| (index, token)));
    }
    // The last first: what came before them in the line has been decided by then.
    tokens.reverse();
    let mut durable_after = Duration::ZERO;
    for (place, (index, token)) in tokens.into_iter().enumerate() {
        let path = format!("/api/queue/{}", token.as_str().ok_or("no queue token")?);
        let poll = request("GET", &path, &cookies[index], "");
        loop {
            let state = connection.call(&poll).await?.expect(200)?.json()?["state"].clone();
            if state == "held" || (expected < plan.orders as u64 && state == "sold_out") {
                break;
            }
            if state != "queued" || started.elapsed() > accepted_after * 4 + Duration::from_secs(30) {
                return Err(format!("a queue token says {state} {:?} after the first order", started.elapsed()).into());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        if place < LAST {
            durable_after = started.elapsed();
        }
    }
    let cpu_seconds = shop.cpu_seconds()? - cpu_before;
    let held = shop.held(&sale_id).await?;
    if held != expected {
        return Err(format!("{held} of {expected} are held").into());
    }
    let mut latencies = Latencies::default();
    for (_, latency, _) in &sent {
        latencies.add(*latency);
    }
    Ok(Outcome {
        accepted_per_second: accepted as f64 / accepted_after.as_secs_f64(),
        durable_per_second: expected as f64 / durable_after.as_secs_f64(),
        cpu_seconds_per_1000: cpu_seconds / plan.orders as f64 * 1e3,
        latencies,
    })
}
