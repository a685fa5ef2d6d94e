//! Many times more shoppers than can be served: how many get their order in time all the same, beside the same load without
//! the shield.
//!
//! The load is open: shoppers come at their times, whether the shop keeps up or not. One who is refused goes away, so that as
//! many come as were said. The server has one core, the generator the other.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use rustix::thread::{CpuSet, sched_setaffinity};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, sleep, sleep_until};

mod run;

use run::{Ending, Run, TABLE_HEAD, middle};

use crate::Failure;
use crate::connection::{Connection, request};
use crate::shop::{ANSWER, Doors, Shop, pass};
use crate::slow_disk::SlowDisk;

/// An order that is held so long after its shopper came is in time; nobody waits longer.
const IN_TIME: Duration = Duration::from_millis(2_500);
/// A second, where the search for the capacity begins.
const FIRST_OFFERED: f64 = 500.0;
const UNITS: u64 = 1_000_000;
/// Of one shopper: they take turns.
const LIMIT: u64 = 1_000;
/// What a sync of the slow disk takes.
const SLOW_SYNC: Duration = Duration::from_millis(400);
/// With the slow disk a line is joined while it takes no longer.
const LINE_WAIT_MS: &str = "1500";

/// In place of a status: no answer came.
const BROKEN: u16 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Cause {
    /// All of a shopper's way, many times more often than the server can
    Requests,
    /// Orders of shoppers who have passed the quiz, while the disk is slow
    Ledger,
}

#[derive(Args)]
pub(crate) struct Plan {
    /// The server's binary
    #[arg(long, default_value = "target/release/stampede")]
    server: PathBuf,
    /// The site that it serves
    #[arg(long, default_value = "target/site")]
    site: PathBuf,
    #[arg(long, value_enum, default_value = "requests")]
    by: Cause,
    /// Seconds of each run
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Times the capacity
    #[arg(long, value_delimiter = ',', default_values_t = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0])]
    times: Vec<f64>,
    #[arg(long, default_value_t = 6_000)]
    connections: usize,
    /// Shoppers who take turns
    #[arg(long, default_value_t = 60_000)]
    shoppers: usize,
    /// The server's setting of that name, where it is to be another
    #[arg(long)]
    thread_wait_us: Option<u32>,
    /// Orders a second, where the capacity is known
    #[arg(long)]
    capacity: Option<f64>,
    /// Only with the shield, or only without
    #[arg(long)]
    shield: Option<bool>,
}

struct Field {
    shop: Shop,
    disk: SlowDisk,
    sale_id: String,
    cause: Cause,
    cookies: Vec<String>,
    /// Earned beforehand, by shopper, where the quiz is not what is measured.
    passes: RefCell<Vec<Option<String>>>,
    next: Cell<usize>,
    connections: RefCell<Vec<Connection>>,
    free: Semaphore,
    run: RefCell<Run>,
}

pub(crate) async fn run(plan: &Plan) -> Result<(), Failure> {
    for shield in [true, false].into_iter().filter(|shield| plan.shield.is_none_or(|only| only == *shield)) {
        one(plan, shield).await?;
    }
    Ok(())
}

async fn one(plan: &Plan, shield: bool) -> Result<(), Failure> {
    let disk = SlowDisk::new()?;
    pin(0)?;
    let mut environment = disk.environment().to_vec();
    environment.push(("STAMPEDE_OVERLOAD_CONTROL", if shield { "on" } else { "off" }.into()));
    let shop = Shop::start_in(&plan.server, &plan.site, Doors::Open, &environment).await?;
    pin(1)?;
    shop.command(&["settings", "set", "line_wait_ms", LINE_WAIT_MS])?;
    if let Some(thread_wait_us) = plan.thread_wait_us {
        shop.command(&["settings", "set", "thread_wait_us", &thread_wait_us.to_string()])?;
    }
    sleep(Duration::from_secs(1)).await;
    let cookies = shop.shoppers(plan.shoppers)?;
    let (sale_id, _) = shop.open_sale_for(UNITS, LIMIT).await?;
    let mut connections = Vec::new();
    for _ in 0..plan.connections {
        connections.push(Connection::open(shop.address).await?);
    }
    let field = Rc::new(Field {
        sale_id,
        cause: plan.by,
        passes: RefCell::new(vec![None; cookies.len()]),
        cookies,
        next: Cell::new(0),
        free: Semaphore::new(connections.len()),
        connections: RefCell::new(connections),
        run: RefCell::default(),
        shop,
        disk,
    });
    LocalSet::new().run_until(runs(plan, shield, &field)).await
}

fn pin(core: usize) -> Result<(), Failure> {
    let mut cores = CpuSet::new();
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}

async fn runs(plan: &Plan, shield: bool, field: &Rc<Field>) -> Result<(), Failure> {
    println!("\n{:?}, shield {}", plan.by, if shield { "on" } else { "off" });
    let seconds = Duration::from_secs(plan.seconds);
    if plan.by == Cause::Ledger {
        field.disk.waits(SLOW_SYNC)?;
    }
    let capacity = match plan.capacity {
        Some(known) => known,
        None => field.capacity(seconds).await?,
    };
    println!("capacity: {capacity:.0} orders/s held in time");
    println!("{TABLE_HEAD}");
    for times in &plan.times {
        field.load(capacity * times, seconds).await?;
        println!("{}", field.run.take().row(*times, capacity, seconds));
    }
    if plan.by == Cause::Ledger {
        println!(
            "back to the full share after the disk is quick again: {}",
            field.back_after(capacity, 2.0, seconds).await?
        );
    } else {
        println!(
            "back to the full share after 20 times the load: {}",
            field.back_after(capacity, 20.0, seconds).await?
        );
    }
    Ok(())
}

impl Field {
    /// The most orders a second that are held in time, whatever comes.
    async fn capacity(self: &Rc<Self>, seconds: Duration) -> Result<f64, Failure> {
        let mut most: f64 = 0.0;
        let mut offered = FIRST_OFFERED;
        // Up to where more do not bring more.
        while offered < 4.0 * most.max(FIRST_OFFERED) {
            self.load(offered, seconds).await?;
            let mut run = self.run.take();
            let in_time = run.in_time() as f64 / seconds.as_secs_f64();
            let waits = middle(&mut run.thread_wait_ms);
            println!(
                "  {offered:.0} a second come, {in_time:.0} are served in time; thread wait {waits:.1} ms; {:?}",
                run.endings
            );
            if in_time < offered * 0.6 {
                return Ok(most.max(in_time));
            }
            most = most.max(in_time);
            offered *= 1.25;
        }
        Ok(most)
    }

    /// So many come a second, for so long, each at a time of their own.
    async fn load(self: &Rc<Self>, per_second: f64, lasting: Duration) -> Result<(), Failure> {
        self.earn_passes((per_second * lasting.as_secs_f64() * 1.05) as usize).await?;
        let mut shoppers = Vec::new();
        let field = Rc::clone(self);
        let watching = spawn_local(async move {
            loop {
                let metrics = field.shop.metrics().await.unwrap_or_default();
                let gauge = |name: &str| -> Option<f64> {
                    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
                };
                let (wait, tasks) = (gauge("stampede_thread_wait_seconds"), gauge("stampede_shared_queue_tasks"));
                {
                    let mut run = field.run.borrow_mut();
                    run.thread_wait_ms.extend(wait.map(|seconds| seconds * 1e3));
                    run.shared_queue.extend(tasks);
                }
                sleep(Duration::from_millis(100)).await;
            }
        });
        self.send(per_second, lasting, &mut shoppers).await;
        watching.abort();
        for shopper in shoppers {
            shopper.await?;
        }
        Ok(())
    }

    async fn send(
        self: &Rc<Self>,
        per_second: f64,
        lasting: Duration,
        shoppers: &mut Vec<tokio::task::JoinHandle<()>>,
    ) {
        let started = Instant::now();
        let mut chance = fastrand::Rng::with_seed(1);
        let mut comes = 0.0;
        loop {
            // A Poisson process: exponential times between two.
            comes += -(1.0 - chance.f64()).ln() / per_second;
            if comes > lasting.as_secs_f64() {
                return;
            }
            let at = started + Duration::from_secs_f64(comes);
            if at > Instant::now() {
                sleep_until(at).await;
            } else if shoppers.len().is_multiple_of(64) {
                tokio::task::yield_now().await;
            }
            let field = Rc::clone(self);
            shoppers.push(spawn_local(async move { field.come(at).await }));
        }
    }

    /// The load for a while, then half of the capacity: how long after that everybody is served in time again.
    async fn back_after(self: &Rc<Self>, capacity: f64, times: f64, lasting: Duration) -> Result<String, Failure> {
        self.earn_passes((capacity * (times + 0.5) * lasting.as_secs_f64() * 1.05) as usize).await?;
        let mut shoppers = Vec::new();
        self.send(capacity * times, lasting, &mut shoppers).await;
        self.disk.waits(Duration::ZERO)?;
        let over_at = Instant::now();
        self.send(capacity * 0.5, lasting, &mut shoppers).await;
        for shopper in shoppers {
            shopper.await?;
        }
        let run = self.run.take();
        Ok(run.back_after(over_at).map_or("never".to_owned(), |after| format!("{} ms", after.as_millis())))
    }

    /// Passes for the shoppers who come next, where the quiz is not what is measured; with the disk as quick as it is.
    async fn earn_passes(self: &Rc<Self>, count: usize) -> Result<(), Failure> {
        if self.cause == Cause::Requests || count == 0 {
            return Ok(());
        }
        if count > self.cookies.len() {
            return Err(format!("--shoppers {count} are needed").into());
        }
        let first = self.next.get();
        let next = Rc::new(Cell::new(0));
        let mut workers = Vec::new();
        for _ in 0..64 {
            let (field, next) = (Rc::clone(self), Rc::clone(&next));
            workers.push(spawn_local(async move {
                let mut connection = Connection::open(field.shop.address).await?;
                loop {
                    let index = next.replace(next.get() + 1);
                    if index >= count {
                        return Ok::<(), Failure>(());
                    }
                    let shopper = (first + index) % field.cookies.len();
                    let pass = loop {
                        match pass(&mut connection, &field.cookies[shopper], &field.sale_id).await {
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
    async fn come(&self, at: Instant) {
        self.run.borrow_mut().lag.add(at.elapsed());
        let shopper = self.next.replace((self.next.get() + 1) % self.cookies.len());
        let (ending, order_id) = self.buy(shopper, at).await;
        let is_in_time = ending == Ending::Held;
        {
            let mut run = self.run.borrow_mut();
            *run.endings.entry(ending).or_default() += 1;
            run.came.push((at, is_in_time));
            if is_in_time {
                run.held_after.add(at.elapsed());
            }
        }
        if let Some(order_id) = order_id {
            self.pay(shopper, &order_id).await;
        }
    }

    async fn buy(&self, shopper: usize, at: Instant) -> (Ending, Option<String>) {
        let (headers, base) = (&self.cookies[shopper], format!("/api/sales/{}", self.sale_id));
        let earned = self.passes.borrow_mut()[shopper].take();
        let pass = match earned {
            Some(pass) => json!(pass),
            None => {
                let (status, quiz) =
                    self.call("quiz", at, &request("POST", &format!("{base}/quiz"), headers, "{}")).await;
                if status != 200 {
                    return (Ending::of(status), None);
                }
                let answer = json!({ "quiz_token": quiz["quiz_token"], "answer": ANSWER }).to_string();
                let answer = request("POST", &format!("{base}/quiz/answer"), headers, &answer);
                let (status, passed) = self.call("answer", at, &answer).await;
                if status != 200 {
                    return (Ending::of(status), None);
                }
                passed["pass"].clone()
            }
        };
        let order = json!({ "pass": pass, "quantity": 1 }).to_string();
        let order_headers = format!("{headers}idempotency-key: {}\r\n", uuid::Uuid::new_v4());
        let order = request("POST", &format!("{base}/orders"), &order_headers, &order);
        let (status, accepted) = self.call("order", at, &order).await;
        if status != 202 {
            return (Ending::of(status), None);
        }
        let mut wait_ms = accepted["poll_after_ms"].as_u64().unwrap_or_default();
        let token = accepted["queue_token"].as_str().unwrap_or_default();
        let poll = request("GET", &format!("/api/queue/{token}"), headers, "");
        loop {
            sleep(Duration::from_millis(wait_ms)).await;
            let (status, told) = self.call("poll", at, &poll).await;
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

    async fn pay(&self, shopper: usize, order_id: &str) {
        let headers = &self.cookies[shopper];
        let came = Instant::now();
        let (status, payment) =
            self.call("pay", came, &request("POST", &format!("/api/orders/{order_id}/payments"), headers, "{}")).await;
        let payment_id = payment["payment_id"].as_str().unwrap_or_default();
        let settle =
            request("POST", &format!("/sandbox/payments/{payment_id}/settle"), headers, r#"{"outcome":"paid"}"#);
        let (step, (status, told)) = if status == 200 {
            ("settling", self.call("settle", came, &settle).await)
        } else {
            ("opening", (status, payment))
        };
        let mut run = self.run.borrow_mut();
        run.payments += 1;
        if matches!(status, 429 | 503) {
            *run.payments_refused.entry(format!("{step}: {} {}", told["code"], told["detail"])).or_default() += 1;
        }
    }

    /// One request, by a connection as soon as one is free; 0 where the shopper has given up before.
    async fn call(&self, what: &'static str, came: Instant, bytes: &[u8]) -> (u16, Value) {
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
        let mut run = self.run.borrow_mut();
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
