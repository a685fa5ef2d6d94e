//! An hour of an ordinary day: visits that come and go at a fixed rate, sale after sale, and what the server has of the
//! machine meanwhile.
//!
//! What a sale needs in memory it needs until ten minutes after its end (`KEEP_ENDED_MS`), so the load is made of sales that
//! end: after a quarter of an hour as many leave the memory as come. That is before the last two thirds of 60 minutes, in
//! which nothing may grow.

mod merchant;
mod samples;
mod visit;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use crate::Failure;
use crate::connection::{Connection, request};
use crate::percentiles::Latencies;
use crate::shop::{Build, Doors, Shop};

/// Sales that are on at a time, each of an item of its own, and how long each lasts.
const SALES: usize = 5;
const SALE_LASTS: Duration = Duration::from_secs(300);
/// Sign-ins that come at once: more than may wait for a password's hash.
const SIGN_INS_AT_ONCE: usize = 300;
/// From the last visit to the last look: silent connections are closed after 10 s, holds lapse.
const REST: Duration = Duration::from_secs(40);

#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    build: Build,
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// Visits that begin in a second, each with a connection and an address of its own: about 14 requests each
    #[arg(long, default_value_t = 20)]
    visits: u64,
}

/// What is shared by all who are at the shop.
struct Soak {
    shop: Shop,
    cookies: Vec<String>,
    /// The sales that are on: their ids and their pages.
    sales: RefCell<Vec<(String, String)>>,
    requests: RefCell<BTreeMap<&'static str, Latencies>>,
    answers: RefCell<BTreeMap<(&'static str, u16), u64>>,
    under_way: Cell<usize>,
}

pub(crate) async fn run(plan: &Plan) -> Result<(), Failure> {
    let shop = Shop::start(&plan.build.server, &plan.build.site, Doors::BehindAProxy).await?;
    let lasts = Duration::from_secs(plan.minutes * 60);
    let cookies = shop.shoppers((lasts.as_secs() * plan.visits) as usize)?;
    let soak = Rc::new(Soak {
        shop,
        cookies,
        sales: RefCell::default(),
        requests: RefCell::default(),
        answers: RefCell::default(),
        under_way: Cell::new(0),
    });
    LocalSet::new().run_until(play(plan, &soak, lasts)).await
}

async fn play(plan: &Plan, soak: &Rc<Soak>, lasts: Duration) -> Result<(), Failure> {
    let until = Instant::now() + lasts;
    let before = samples::take(&soak.shop).await?;
    let merchant = merchant::Merchant::opens(Rc::clone(soak)).await?;
    let beside = [
        spawn_local(merchant.sells()),
        spawn_local(merchant::edits(Rc::clone(soak))),
        spawn_local(visit::odd_ones(Rc::clone(soak))),
        spawn_local(visit::sign_ups(Rc::clone(soak))),
    ];
    let starved = spawn_local({
        let soak = Rc::clone(soak);
        async move {
            sleep_until(until - lasts / 2).await;
            soak.starve_the_password_pool().await;
        }
    });
    let sampled = spawn_local({
        let soak = Rc::clone(soak);
        async move { samples::until(&soak.shop, until).await }
    });
    let mut begins = interval(Duration::from_secs(1) / plan.visits as u32);
    begins.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for index in 0..soak.cookies.len() {
        begins.tick().await;
        spawn_local(visit::comes(Rc::clone(soak), index));
    }
    let samples = sampled.await??;
    for task in beside {
        // They go on for ever unless something broke.
        if task.is_finished() {
            task.await??;
        } else {
            task.abort();
        }
    }
    starved.await?;
    while soak.under_way.get() > 0 {
        sleep(Duration::from_secs(1)).await;
    }
    sleep(REST).await;
    let after = samples::take(&soak.shop).await?;
    soak.report();
    samples::report(&samples, &before, &after);
    let sales = soak.sales.borrow().clone();
    for (sale_id, _) in sales {
        soak.shop.held(&sale_id).await?;
    }
    samples::judge(&samples, plan.minutes)?;
    soak.judge()
}

impl Soak {
    /// One request on a connection of one's own, which is opened where it was closed for its silence.
    async fn call(&self, connection: &mut Option<Connection>, what: &'static str, bytes: &[u8]) -> (u16, Value) {
        let meant_at = Instant::now();
        let mut answer = (0, Value::Null);
        for _ in 0..2 {
            if connection.is_none() {
                *connection = Connection::open(self.shop.address).await.ok();
            }
            let Some(open) = connection else { break };
            match open.call(bytes).await {
                Ok(told) => {
                    answer = (told.status, told.json().unwrap_or_default());
                    break;
                }
                Err(_) => *connection = None,
            }
        }
        self.requests.borrow_mut().entry(what).or_default().add(meant_at.elapsed());
        *self.answers.borrow_mut().entry((what, answer.0)).or_default() += 1;
        answer
    }

    /// More sign-ins at once than the pool of password hashes takes: some are served, the others told so, and after it all is
    /// as it was.
    async fn starve_the_password_pool(self: &Rc<Self>) {
        let sign_in = |number: usize| {
            let form = json!({ "email": format!("nobody{number}@example.com"), "password": "a wrong password" });
            request("POST", "/api/sign-in", &address(1 << 20 | number), &form.to_string())
        };
        let all = (0..SIGN_INS_AT_ONCE).map(|number| {
            let (soak, bytes) = (Rc::clone(self), sign_in(number));
            spawn_local(async move { (soak.call(&mut None, "starving", &bytes).await.0, Instant::now()) })
        });
        let (begun, mut served, mut refused, mut others) = (Instant::now(), 0, Latencies::default(), 0);
        for task in all.collect::<Vec<_>>() {
            match task.await {
                Ok((401, _)) => served += 1,
                Ok((503, at)) => refused.add(at - begun),
                _ => others += 1,
            }
        }
        let (lasted, again) = (begun.elapsed(), Instant::now());
        let status = self.call(&mut None, "sign-in", &sign_in(SIGN_INS_AT_ONCE)).await.0;
        println!(
            "\n{SIGN_INS_AT_ONCE} sign-ins at once: {served} served in {lasted:.1?}, {} told `busy` within {:.0} ms, {others} otherwise; the next is answered {status} after {:.0?}\n",
            refused.count(),
            refused.at_ms(1.0),
            again.elapsed(),
        );
    }

    fn report(&self) {
        println!("\n| request | count | p50 ms | p99 ms | answers |\n|---|---|---|---|---|");
        for (what, latencies) in self.requests.borrow_mut().iter_mut() {
            let answers = self.answers.borrow();
            let of_it = answers.iter().filter(|((of, _), _)| of == what);
            let told: Vec<String> = of_it.map(|((_, status), count)| format!("{status}: {count}")).collect();
            let (middle, late) = (latencies.at_ms(0.5), latencies.at_ms(0.99));
            println!("| {what} | {} | {middle:.1} | {late:.1} | {} |", latencies.count(), told.join(", "));
        }
    }

    /// Our mistakes and broken connections fail the run.
    fn judge(&self) -> Result<(), Failure> {
        let answers = self.answers.borrow();
        let wrong: Vec<_> =
            answers.iter().filter(|((_, status), _)| *status == 0 || *status >= 500 && *status != 503).collect();
        if wrong.is_empty() { Ok(()) } else { Err(format!("went wrong: {wrong:?}").into()) }
    }
}

/// The header by which the edge says where a visitor comes from.
fn address(number: usize) -> String {
    let [_, a, b, c] = (number as u32 + 1).to_be_bytes();
    format!("x-forwarded-for: 10.{a}.{b}.{c}\r\n")
}
