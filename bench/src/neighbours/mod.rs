//! A stampede on one item, and what the shoppers at another notice of it.

mod others;

use std::rc::Rc;
use std::time::Duration;

use clap::Args;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, MissedTickBehavior};

use crate::Failure;
use crate::connection::{Connection, request};
use crate::percentiles::Latencies;
use crate::shop::{Build, Doors, Shop};

#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    build: Build,
    /// Shoppers of the stampede, each of whom asks again as soon as it is answered
    #[arg(long, default_value_t = 256)]
    crowd: usize,
    /// Seconds of each of the three runs
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds of the three
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// Who is watched: three calm shoppers, each of whom asks every so often for one thing.
const EVERY: Duration = Duration::from_millis(10);

pub(crate) async fn run(plan: &Plan) -> Result<(), Failure> {
    let shop = Rc::new(Shop::start(&plan.build.server, &plan.build.site, Doors::Open).await?);
    let stormed = shop.open_sale(1_000).await?;
    let calm = shop.open_sale(1_000).await?;
    let cookies = shop.shoppers(plan.crowd + 1)?;
    // By now both are hot: their sales are on.
    tokio::time::sleep(Duration::from_secs(1)).await;
    println!("{} shoppers storm `mine` of one item; latencies of calm ones, p50 / p99 ms\n", plan.crowd);
    println!("                            mine            state           page            crowd/s");
    LocalSet::new().run_until(rounds(plan, &shop, &stormed, &calm, &cookies)).await?;
    others::compare(plan, &shop).await
}

type Item = (String, String);

async fn rounds(plan: &Plan, shop: &Rc<Shop>, stormed: &Item, calm: &Item, cookies: &[String]) -> Result<(), Failure> {
    for _ in 0..plan.rounds {
        one(plan, shop, None, calm, cookies, "at rest").await?;
        one(plan, shop, Some(stormed), calm, cookies, "at the item beside it").await?;
        one(plan, shop, Some(stormed), stormed, cookies, "at the stormed item").await?;
        println!();
    }
    Ok(())
}

/// One run: the calm shoppers at `watched`, while the crowd is at `stormed`.
async fn one(
    plan: &Plan,
    shop: &Rc<Shop>,
    stormed: Option<&Item>,
    watched: &Item,
    cookies: &[String],
    what: &str,
) -> Result<(), Failure> {
    let until = Instant::now() + Duration::from_secs(plan.seconds);
    let mut crowd = Vec::new();
    for ((sale_id, _), cookie) in
        stormed.into_iter().flat_map(|item| cookies[1..].iter().map(move |cookie| (item, cookie)))
    {
        let path = format!("/api/sales/{sale_id}/mine");
        let (call, mut connection) = (request("GET", &path, cookie, ""), Connection::open(shop.address).await?);
        crowd.push(spawn_local(async move {
            let mut answered = 0_u64;
            while Instant::now() < until {
                connection.call(&call).await?.expect(200)?;
                answered += 1;
            }
            Ok::<u64, Failure>(answered)
        }));
    }
    let (sale_id, page) = watched;
    let mut watched = Vec::new();
    for path in [format!("/api/sales/{sale_id}/mine"), format!("/csi/sales/{sale_id}"), page.clone()] {
        watched.push(spawn_local(calmly(shop.address, request("GET", &path, &cookies[0], ""), until)));
    }
    print!("{what:<26}");
    for task in watched {
        let mut latencies = task.await??;
        print!("{:>6.1} / {:<6.1} ", latencies.at_ms(0.5), latencies.at_ms(0.99));
    }
    let mut answered = 0;
    for task in crowd {
        answered += task.await??;
    }
    println!("{:>8}", answered / plan.seconds);
    Ok(())
}

/// Asks at its times, whatever the answers take; latencies are from when it should have asked.
async fn calmly(address: std::net::SocketAddr, call: Vec<u8>, until: Instant) -> Result<Latencies, Failure> {
    let mut connection = Connection::open(address).await?;
    let (mut times, mut latencies) = (tokio::time::interval(EVERY), Latencies::default());
    times.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        let intended = times.tick().await;
        if intended >= until {
            return Ok(latencies);
        }
        connection.call(&call).await?.expect(200)?;
        latencies.add(intended.elapsed());
    }
}
