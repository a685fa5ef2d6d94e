//! What the other items sell and show while a stampede is on one item, beside the same without it.
//!
//! The stampede runs on a thread of its own: it takes quizzes, passes and places in the line of one item as fast as it is
//! answered. At another item calm visitors ask for its page, its state and their own orders as fast as they are answered, and
//! shoppers order at a steady rate, each with a pass of their own.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::Plan;
use crate::Failure;
use crate::connection::{Connection, request};
use crate::load;
use crate::percentiles::Latencies;
use crate::shop::{ANSWER, Shop};

/// Connections on which the calm ask, one after another.
const CALM: usize = 8;
const ORDER_EVERY: Duration = Duration::from_millis(5);
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Shoppers of the stampede. Who comes a second time is refused, which is work too.
const STORMING: usize = 100_000;
const STORMED_STOCK: u64 = 1_000_000;

pub(super) async fn compare(plan: &Plan, shop: &Rc<Shop>) -> Result<(), Failure> {
    let orders = (Duration::from_secs(plan.seconds).as_millis() / ORDER_EVERY.as_millis()) as usize;
    let cookies = Rc::new(shop.shoppers(orders)?);
    let crowd = Arc::new(shop.shoppers(STORMING)?);
    println!(
        "\nAt the item beside: asked by {CALM} in a closed loop, and one order every {ORDER_EVERY:?}; the stampede orders, {} at a time\n",
        plan.crowd
    );
    println!(
        "| | asked/s | p50 ms | p99 ms | orders durable/s | 202 p99 ms | durable p50 ms | p99 ms | server's CPU | stampede's requests/s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for _ in 0..plan.rounds {
        one(plan, shop, &cookies, None, "without a stampede").await?;
        let (sale_id, _) = shop.open_sale(STORMED_STOCK).await?;
        one(plan, shop, &cookies, Some((sale_id, Arc::clone(&crowd))), "beside a stampede").await?;
    }
    Ok(())
}

async fn one(
    plan: &Plan,
    shop: &Rc<Shop>,
    cookies: &Rc<Vec<String>>,
    stormed: Option<(String, Arc<Vec<String>>)>,
    what: &str,
) -> Result<(), Failure> {
    let (sale_id, page) = shop.open_sale(cookies.len() as u64).await?;
    let orders = load::orders(shop, CALM, cookies, &sale_id).await?;
    let (over, stormed_by) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let storm = stormed.map(|(sale_id, crowd)| {
        let (over, answered) = (Arc::clone(&over), Arc::clone(&stormed_by));
        let (address, at_a_time) = (shop.address, plan.crowd);
        std::thread::spawn(move || storm(address, &sale_id, &crowd, at_a_time, &over, &answered))
    });
    sleep(Duration::from_secs(1)).await;
    let (cpu_before, stormed_before) = (shop.cpu_seconds()?, stormed_by.load(Ordering::Relaxed));
    let began = Instant::now();
    let until = began + Duration::from_secs(plan.seconds);
    let (mut asked, (mut accepted, mut durable)) = LocalSet::new()
        .run_until(async {
            let calm: Vec<_> = (0..CALM)
                .map(|place| {
                    let cookie = &cookies[place % cookies.len()];
                    let paths = [page.clone(), format!("/csi/sales/{sale_id}"), format!("/api/sales/{sale_id}/mine")];
                    spawn_local(ask(shop.address, paths.map(|path| request("GET", &path, cookie, "")), until))
                })
                .collect();
            let ordered = buy(shop.address, Rc::clone(cookies), Rc::clone(&orders)).await?;
            let mut asked = Latencies::default();
            for task in calm {
                asked.extend(task.await??);
            }
            Ok::<_, Failure>((asked, ordered))
        })
        .await?;
    let seconds = began.elapsed().as_secs_f64();
    let cpu = (shop.cpu_seconds()? - cpu_before) / seconds;
    let stormed = (stormed_by.load(Ordering::Relaxed) - stormed_before) as f64 / seconds;
    over.store(true, Ordering::Relaxed);
    if let Some(storm) = storm {
        storm.join().map_err(|_| "the stampede panicked")??;
    }
    let held = shop.held(&sale_id).await?;
    if held != cookies.len() as u64 {
        return Err(format!("{held} of {} are held", cookies.len()).into());
    }
    println!(
        "| {what} | {:.0} | {:.1} | {:.1} | {:.0} | {:.1} | {:.1} | {:.1} | {cpu:.2} | {stormed:.0} |",
        asked.count() as f64 / seconds,
        asked.at_ms(0.5),
        asked.at_ms(0.99),
        held as f64 / seconds,
        accepted.at_ms(0.99),
        durable.at_ms(0.5),
        durable.at_ms(0.99),
    );
    Ok(())
}

async fn ask(address: SocketAddr, calls: [Vec<u8>; 3], until: Instant) -> Result<Latencies, Failure> {
    let (mut connection, mut latencies) = (Connection::open(address).await?, Latencies::default());
    for call in calls.iter().cycle() {
        let asked = Instant::now();
        if asked >= until {
            break;
        }
        connection.call(call).await?.expect(200)?;
        latencies.add(asked.elapsed());
    }
    Ok(latencies)
}

/// One order after another at their times: until each is answered, and until its token says `held`, both from when it was
/// meant to be sent.
async fn buy(
    address: SocketAddr,
    cookies: Rc<Vec<String>>,
    orders: Rc<Vec<Vec<u8>>>,
) -> Result<(Latencies, Latencies), Failure> {
    let mut times = interval(ORDER_EVERY);
    times.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut under_way = Vec::new();
    for place in 0..orders.len() {
        let meant_at = times.tick().await;
        let (cookies, orders) = (Rc::clone(&cookies), Rc::clone(&orders));
        under_way.push(spawn_local(async move {
            let mut connection = Connection::open(address).await?;
            let answer = connection.call(&orders[place]).await?.expect(202)?.json()?;
            let accepted = meant_at.elapsed();
            let token = answer["queue_token"].as_str().unwrap_or_default();
            let poll = request("GET", &format!("/api/queue/{token}"), &cookies[place], "");
            while connection.call(&poll).await?.expect(200)?.json()?["state"] == "queued" {
                sleep(LOOK_EVERY).await;
            }
            Ok::<_, Failure>((accepted, meant_at.elapsed()))
        }));
    }
    let (mut accepted, mut durable) = (Latencies::default(), Latencies::default());
    for order in under_way {
        let (answered, held) = order.await??;
        accepted.add(answered);
        durable.add(held);
    }
    Ok((accepted, durable))
}

/// As many as are at it at a time take quizzes, passes and places until it is over.
#[tokio::main(flavor = "current_thread")]
async fn storm(
    address: SocketAddr,
    sale_id: &str,
    crowd: &Arc<Vec<String>>,
    at_a_time: usize,
    over: &Arc<AtomicBool>,
    answered: &Arc<AtomicU64>,
) -> Result<(), Failure> {
    let next = Arc::new(AtomicU64::new(0));
    let tasks = LocalSet::new();
    let mut handles = Vec::new();
    for _ in 0..at_a_time {
        let (next, crowd, over, answered) =
            (Arc::clone(&next), Arc::clone(crowd), Arc::clone(over), Arc::clone(answered));
        let base = format!("/api/sales/{sale_id}");
        handles.push(tasks.spawn_local(async move {
            let mut connection = Connection::open(address).await?;
            while !over.load(Ordering::Relaxed) {
                let shopper = &crowd[next.fetch_add(1, Ordering::Relaxed) as usize % crowd.len()];
                let quiz = connection.call(&request("POST", &format!("{base}/quiz"), shopper, "{}")).await?;
                let token = quiz.json()?["quiz_token"].clone();
                let answer = json!({ "quiz_token": token, "answer": ANSWER }).to_string();
                let answer = request("POST", &format!("{base}/quiz/answer"), shopper, &answer);
                let pass = connection.call(&answer).await?.json()?["pass"].clone();
                let headers = format!("{shopper}idempotency-key: {}\r\n", uuid::Uuid::new_v4());
                let order = json!({ "pass": pass, "quantity": 1 }).to_string();
                connection.call(&request("POST", &format!("{base}/orders"), &headers, &order)).await?;
                answered.fetch_add(3, Ordering::Relaxed);
            }
            Ok::<_, Failure>(())
        }));
    }
    tasks.await;
    for handle in handles {
        handle.await??;
    }
    Ok(())
}
