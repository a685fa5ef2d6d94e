//! Many times more shoppers than can be served: how many get their order in time all the same, beside the same load without
//! the shield.
//!
//! The load is open: shoppers come at their times, whether the shop keeps up or not. One who is refused goes away, so that as
//! many come as were said. The server has one core, the generator the other.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use api::Admission;
use clap::{Args, ValueEnum};
use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet, spawn_local};
use tokio::time::{Instant, sleep, sleep_until};

mod edge;
mod run;
mod way;

use run::{Ending, Run, TABLE_HEAD, middle};

use crate::Failure;
use crate::connection::Connection;
use crate::shop::{Build, DRAWN_WITHIN, Doors, Shop, Terms, gauge};
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
/// A sale's end comes so long after its load.
const AFTER: Duration = Duration::from_secs(10);
/// A line is joined while it takes no longer, which matters with the slow disk.
const LINE_WAIT_MS: &str = "1200";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Cause {
    /// All of a shopper's way, many times more often than the server can
    Requests,
    /// Orders of shoppers who have passed the quiz, while the disk is slow
    Ledger,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Edge {
    /// By deploy/varnish
    Ours,
    /// Keeps a sale's state for the second that HTTP can say
    Other,
}

#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    build: Build,
    #[arg(long, value_enum, default_value = "requests")]
    by: Cause,
    /// Seconds of each run
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Times the capacity for the first load, and times the most that was served so far for the others
    #[arg(long, value_delimiter = ',', default_values_t = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0])]
    times: Vec<f64>,
    /// Shoppers a second who come to another item meanwhile, all of their way
    #[arg(long)]
    beside: Option<f64>,
    #[arg(long, default_value_t = 6_000)]
    connections: usize,
    /// Shoppers who take turns
    #[arg(long, default_value_t = 60_000)]
    shoppers: usize,
    /// The server's setting of that name, where it is to be another
    #[arg(long)]
    thread_wait_us: Option<u32>,
    /// Orders a second, where the capacity is known: the first load goes by it, and the others by what was served
    #[arg(long)]
    capacity: Option<f64>,
    /// Each shopper's page looks at an edge's copy of the sale's state first, as ours does, and asks nothing until its shopper is drawn
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "ours")]
    edge: Option<Edge>,
    /// Only with the shield, or only without
    #[arg(long)]
    shield: Option<bool>,
}

struct Field {
    shop: Shop,
    disk: SlowDisk,
    edge: Option<Edge>,
    /// Where the crowd is.
    crowded: Rc<Market>,
    /// Another item.
    beside: Rc<Market>,
    cause: Cause,
    cookies: Vec<String>,
    /// In the order of the shoppers; none where nobody looks at an edge.
    lots: RefCell<Vec<u32>>,
    /// Earned beforehand, by shopper, where the quiz is not what is measured.
    passes: RefCell<Vec<Option<String>>>,
    next: Cell<usize>,
    connections: RefCell<Vec<Connection>>,
    most_connections: usize,
    free: Semaphore,
}

/// One item's shoppers.
#[derive(Default)]
struct Market {
    /// Each load has a sale of its own.
    sale_id: RefCell<String>,
    at_the_edge: Cell<Option<Admission>>,
    run: RefCell<Run>,
}

pub(crate) async fn run(plan: &Plan) -> Result<(), Failure> {
    if plan.by == Cause::Ledger && plan.beside.is_some() {
        return Err("--beside is measured by requests: passes are earned for one sale".into());
    }
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
    let shop = Shop::start_in(&plan.build.server, &plan.build.site, Doors::Open, &environment).await?;
    pin(1)?;
    shop.command(&["settings", "set", "line_wait_ms", LINE_WAIT_MS])?;
    if let Some(thread_wait_us) = plan.thread_wait_us {
        shop.command(&["settings", "set", "thread_wait_us", &thread_wait_us.to_string()])?;
    }
    sleep(Duration::from_secs(1)).await;
    let cookies = shop.shoppers(plan.shoppers)?;
    let field = Rc::new(Field {
        edge: plan.edge,
        crowded: Rc::default(),
        beside: Rc::default(),
        cause: plan.by,
        passes: RefCell::new(vec![None; cookies.len()]),
        cookies,
        lots: RefCell::default(),
        next: Cell::new(0),
        free: Semaphore::new(plan.connections),
        connections: RefCell::default(),
        most_connections: plan.connections,
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
    if plan.edge.is_some() {
        let lots = field.lots().await?;
        field.lots.replace(lots);
    }
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
    let mut most: f64 = 0.0;
    for times in &plan.times {
        // Of what was served at the most so far, where that is known.
        let of = if most > 0.0 { most } else { capacity };
        field.load(of * times, plan.beside, seconds).await?;
        let mut run = field.crowded.run.take();
        most = most.max(run.in_time() as f64 / seconds.as_secs_f64());
        println!("{}", run.row(*times, of, seconds));
        if let Some(per_second) = plan.beside {
            println!("{}", field.beside.run.take().row_beside(per_second, seconds));
        }
    }
    if plan.by == Cause::Ledger {
        println!(
            "back to the full share, and to stay, of half of the most after the disk is quick again: {}",
            field.back_after(most * 2.0, most / 2.0, seconds).await?
        );
    } else {
        println!(
            "back to the full share, and to stay, of half of the most after 20 times the load: {}",
            field.back_after(most * 20.0, most / 2.0, seconds).await?
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
            self.load(offered, None, seconds).await?;
            let mut run = self.crowded.run.take();
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
    async fn load(self: &Rc<Self>, per_second: f64, beside: Option<f64>, lasting: Duration) -> Result<(), Failure> {
        if beside.is_some() {
            self.open_sale(&self.beside, lasting).await?;
        }
        self.open_sale(&self.crowded, lasting).await?;
        self.earn_passes((per_second * lasting.as_secs_f64() * 1.05) as usize).await?;
        self.connect().await?;
        let (batches, cpu) = (self.batches().await?, self.shop.process().cpu_by_thread()?);
        let field = Rc::clone(self);
        let watching = spawn_local(async move {
            loop {
                let metrics = field.shop.metrics().await.unwrap_or_default();
                let wait = gauge(&metrics, "stampede_thread_wait_seconds");
                let tasks = gauge(&metrics, "stampede_shared_queue_tasks");
                {
                    let mut run = field.crowded.run.borrow_mut();
                    run.thread_wait_ms.extend(wait.map(|seconds| seconds * 1e3));
                    run.shared_queue.extend(tasks);
                }
                sleep(Duration::from_millis(100)).await;
            }
        });
        self.crowded.at_the_edge.take();
        let edge = spawn_local(Rc::clone(self).be_the_edge(Rc::clone(&self.crowded)));
        let (mut shoppers, mut others) = (JoinSet::new(), JoinSet::new());
        let (sent, beside_sent) = tokio::join!(self.send(&self.crowded, per_second, lasting, &mut shoppers), async {
            match beside {
                Some(per_second) => self.send(&self.beside, per_second, lasting, &mut others).await,
                None => Ok(()),
            }
        });
        sent.and(beside_sent)?;
        let cpu_since = self.shop.process().cpu_by_thread()?;
        let batches = self.batches().await? - batches;
        watching.abort();
        if edge.is_finished() {
            edge.await??;
        } else {
            edge.abort();
        }
        {
            let mut run = self.crowded.run.borrow_mut();
            run.batches = batches;
            run.cpu = cpu_since
                .into_iter()
                .map(|(name, seconds)| {
                    let since = seconds - cpu.get(&name).copied().unwrap_or_default();
                    (name, since)
                })
                .collect();
        }
        gone(&mut shoppers).await?;
        gone(&mut others).await
    }

    /// All connections anew: the shop closes those that were silent while a sale was prepared.
    async fn connect(&self) -> Result<(), Failure> {
        self.connections.borrow_mut().clear();
        for _ in 0..self.most_connections {
            let connection = Connection::open(self.shop.address).await?;
            self.connections.borrow_mut().push(connection);
        }
        Ok(())
    }

    async fn batches(&self) -> Result<f64, Failure> {
        Ok(gauge(&self.shop.metrics().await?, "stampede_batches_total").unwrap_or_default())
    }

    /// The next sale is on. One is known ten minutes before it starts: its pictures are drawn when the crowd comes.
    async fn open_sale(&self, market: &Market, lasting: Duration) -> Result<(), Failure> {
        let (item_id, _) = self.shop.item().await?;
        // The sale beside waits for this one's pictures too.
        let lasts = 2 * DRAWN_WITHIN + lasting + AFTER;
        let terms = Terms { stock_units: UNITS, limit: LIMIT, lasts, ..Terms::default() };
        *market.sale_id.borrow_mut() = self.shop.sale_of(&item_id, &terms).await?;
        sleep(2 * terms.lead).await;
        if self.cause == Cause::Requests { self.shop.pictures_are_drawn().await } else { Ok(()) }
    }

    async fn send(
        self: &Rc<Self>,
        market: &Rc<Market>,
        per_second: f64,
        lasting: Duration,
        shoppers: &mut JoinSet<()>,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        let mut chance = fastrand::Rng::with_seed(per_second.to_bits());
        let (mut comes, mut offered) = (0.0, 0_u64);
        loop {
            // A Poisson process: exponential times between two.
            comes += -(1.0 - chance.f64()).ln() / per_second;
            if comes > lasting.as_secs_f64() {
                return Ok(());
            }
            let at = started + Duration::from_secs_f64(comes);
            if at > Instant::now() {
                sleep_until(at).await;
            } else if offered.is_multiple_of(64) {
                tokio::task::yield_now().await;
            }
            offered += 1;
            // Whoever has gone is forgotten: the memory of hundreds of thousands would be asked for anew otherwise, at the
            // server's cost as well.
            while let Some(gone) = shoppers.try_join_next() {
                gone?;
            }
            let shopper = self.next.replace((self.next.get() + 1) % self.cookies.len());
            if self.is_held_back(market, shopper) {
                market.run.borrow_mut().has_come(at, Ending::HeldBack);
                continue;
            }
            let (field, market) = (Rc::clone(self), Rc::clone(market));
            shoppers.spawn_local(async move { field.come(&market, shopper, at).await });
        }
    }

    /// A load for a while, then another that can be served: how long after that everybody is served in time again.
    async fn back_after(self: &Rc<Self>, load: f64, then: f64, lasting: Duration) -> Result<String, Failure> {
        self.open_sale(&self.crowded, 2 * lasting).await?;
        self.earn_passes(((load + then) * lasting.as_secs_f64() * 1.05) as usize).await?;
        self.connect().await?;
        self.crowded.at_the_edge.take();
        let edge = spawn_local(Rc::clone(self).be_the_edge(Rc::clone(&self.crowded)));
        let mut shoppers = JoinSet::new();
        self.send(&self.crowded, load, lasting, &mut shoppers).await?;
        self.disk.waits(Duration::ZERO)?;
        let over_at = Instant::now();
        self.send(&self.crowded, then, lasting, &mut shoppers).await?;
        gone(&mut shoppers).await?;
        edge.abort();
        let run = self.crowded.run.take();
        println!("who came around the end of the load:\n{}", run.around(over_at));
        Ok(run.back_after(over_at).map_or("never".to_owned(), |after| format!("{} ms", after.as_millis())))
    }
}

/// Waits until all have gone.
async fn gone(shoppers: &mut JoinSet<()>) -> Result<(), Failure> {
    while let Some(gone) = shoppers.join_next().await {
        gone?;
    }
    Ok(())
}
