//! Whether an order and a poll cost the same however large the stock is and however many are in the line before them. Costs
//! are the server's processor time, which other work on the machine disturbs less than it does the clock.

use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::time::sleep;

use crate::Failure;
use crate::connection::{Connection, request};
use crate::load::{self, on_all};
use crate::shop::{Build, Doors, Shop};
use crate::slow_disk::{HeldBack, SlowDisk};

const CONNECTIONS: usize = 64;
/// Stocks that are compared, and in how many sales as many units are ordered as the smaller has.
const STOCKS: [u64; 2] = [1_000, 1_000_000];
const SALES: usize = 30;
/// A line that is hardly one.
const FEW: usize = 100;
/// Orders, and polls, whose cost is taken.
const PROBES: usize = 20_000;
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// So many earn their passes and join, then the next: a pass lives two minutes.
const AT_ONCE: usize = 100_000;

#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    build: Build,
    /// Orders in the longer line, to which those are added whose cost is taken: a million in all, the most that a line takes
    #[arg(long, default_value_t = 980_000)]
    queued: usize,
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// Microseconds of processor time each.
struct Costs {
    admitted: f64,
    polled_in_line: f64,
    /// The first of them, with the others behind them in the line; the last, with the others in the store; and all.
    first_decided: f64,
    last_decided: f64,
    decided: f64,
    polled_after: f64,
    decided_per_second: f64,
}

pub(crate) async fn run(plan: &Plan) -> Result<(), Failure> {
    let disk = SlowDisk::new()?;
    let shop = shop_of(plan, &disk).await?;
    println!("µs of the server's processor time an order, from the request to the record:");
    println!("| stock | 1,000 orders in each of {SALES} sales |\n|---|---|");
    for _ in 0..plan.rounds {
        for stock in STOCKS {
            println!("| {stock} | {:.1} |", by_stock(&shop, stock).await?);
        }
    }
    drop(shop);
    println!(
        "\n| in the line | an order joins | a poll in the line | one of the first {PROBES} is decided | of the last {PROBES} | any is decided | decided/s | a poll after |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for _ in 0..plan.rounds {
        for queued in [FEW, plan.queued] {
            // With a store that has nothing in it yet.
            let shop = shop_of(plan, &disk).await?;
            let Costs {
                admitted,
                polled_in_line,
                first_decided,
                last_decided,
                decided,
                polled_after,
                decided_per_second,
            } = by_line(&shop, &disk, queued).await?;
            println!(
                "| {queued} | {admitted:.1} | {polled_in_line:.1} | {first_decided:.1} | {last_decided:.1} | {decided:.1} | {decided_per_second:.0} | {polled_after:.1} |"
            );
        }
    }
    Ok(())
}

async fn shop_of(plan: &Plan, disk: &SlowDisk) -> Result<Shop, Failure> {
    let shop = Shop::start_in(&plan.build.server, &plan.build.site, Doors::Open, &disk.environment()).await?;
    shop.command(&["settings", "set", "line_wait_ms", "600000"])?;
    Ok(shop)
}

async fn by_stock(shop: &Shop, stock: u64) -> Result<f64, Failure> {
    let cookies = Rc::new(shop.shoppers(STOCKS[0] as usize)?);
    let mut sales = Vec::new();
    for _ in 0..SALES {
        let (sale_id, _) = shop.open_sale(stock).await?;
        sales.push((load::orders(shop, CONNECTIONS, &cookies, &sale_id).await?, sale_id));
    }
    let before = shop.cpu_seconds()?;
    for (orders, _) in &sales {
        let tokens = load::queue_up(shop, CONNECTIONS, orders).await?;
        until_decided(shop, &cookies, &tokens).await?;
    }
    let spent = shop.cpu_seconds()? - before;
    for (_, sale_id) in &sales {
        let held = shop.held(sale_id).await?;
        if held != STOCKS[0] {
            return Err(format!("{held} are held").into());
        }
    }
    Ok(micros_each(spent, SALES * cookies.len()))
}

async fn by_line(shop: &Shop, disk: &SlowDisk, queued: usize) -> Result<Costs, Failure> {
    let all = queued + PROBES;
    let cookies = Rc::new(shop.shoppers(all)?);
    let (sale_id, _) = shop.open_sale(all as u64).await?;
    let held_back = HeldBack::new(disk)?;
    let mut tokens = Vec::new();
    for cookies in cookies[..queued].chunks(AT_ONCE) {
        let orders = load::orders(shop, CONNECTIONS, &Rc::new(cookies.to_vec()), &sale_id).await?;
        tokens.extend(load::queue_up(shop, CONNECTIONS, &orders).await?);
    }
    let probes = load::orders(shop, CONNECTIONS, &Rc::new(cookies[queued..].to_vec()), &sale_id).await?;
    let mut before = shop.cpu_seconds()?;
    let mut since_then = || -> Result<f64, Failure> {
        let now = shop.cpu_seconds()?;
        Ok(now - std::mem::replace(&mut before, now))
    };
    tokens.extend(load::queue_up(shop, CONNECTIONS, &probes).await?);
    let admitted = micros_each(since_then()?, PROBES);
    let tokens = Rc::new(tokens);
    poll(shop, &cookies, &tokens).await?;
    let polled_in_line = micros_each(since_then()?, PROBES);
    drop(held_back);
    let began = Instant::now();
    until_decided(shop, &cookies[..PROBES], &tokens[..PROBES]).await?;
    let first = since_then()?;
    until_decided(shop, &cookies[..queued.max(PROBES)], &tokens[..queued.max(PROBES)]).await?;
    let middle = since_then()?;
    until_decided(shop, &cookies, &tokens).await?;
    let decided_per_second = all as f64 / began.elapsed().as_secs_f64();
    let last = since_then()?;
    let first_decided = micros_each(first, PROBES);
    // A line that is hardly one has no others.
    let last_decided = if queued < PROBES { first_decided } else { micros_each(last, PROBES) };
    let decided = micros_each(first + middle + last, all);
    poll(shop, &cookies, &tokens).await?;
    let polled_after = micros_each(since_then()?, PROBES);
    let held = shop.held(&sale_id).await?;
    if held != all as u64 {
        return Err(format!("{held} of {all} are held").into());
    }
    Ok(Costs { admitted, polled_in_line, first_decided, last_decided, decided, polled_after, decided_per_second })
}

fn micros_each(cpu_seconds: f64, count: usize) -> f64 {
    cpu_seconds * 1e6 / count as f64
}

/// As many polls as probes, by tokens from all over the line.
async fn poll(shop: &Shop, cookies: &Rc<Vec<String>>, tokens: &Rc<Vec<String>>) -> Result<(), Failure> {
    let (cookies, tokens) = (Rc::clone(cookies), Rc::clone(tokens));
    on_all(shop, CONNECTIONS, PROBES, async move |connection: &mut Connection, index: usize| {
        let place = index * tokens.len() / PROBES;
        let bytes = request("GET", &format!("/api/queue/{}", tokens[place]), &cookies[place], "");
        connection.call(&bytes).await?.expect(200)?;
        Ok(())
    })
    .await?;
    Ok(())
}

/// Looks at the order that came last; those before it have been decided by then.
async fn until_decided(shop: &Shop, cookies: &[String], tokens: &[String]) -> Result<(), Failure> {
    let mut connection = Connection::open(shop.address).await?;
    let newest = tokens.len().saturating_sub(CONNECTIONS)..tokens.len();
    for place in newest {
        let bytes = request("GET", &format!("/api/queue/{}", tokens[place]), &cookies[place], "");
        while connection.call(&bytes).await?.expect(200)?.json()?["state"] == "queued" {
            sleep(LOOK_EVERY).await;
        }
    }
    Ok(())
}
