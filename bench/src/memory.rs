//! What the server weighs: at rest, with many idle connections, and with many orders in one line.

use std::rc::Rc;
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use tokio::task::LocalSet;
use tokio::time::sleep;

use crate::Failure;
use crate::connection::{Connection, request};
use crate::load;
use crate::process::{Footprint, number_in};
use crate::shop::{Build, Doors, Shop};
use crate::slow_disk::{HeldBack, SlowDisk};

/// After the start, until pages and pictures are made and what they took is given back.
const COMES_TO_REST: Duration = Duration::from_secs(15);
/// From the last connection to the look: a silent one lives for ten seconds.
const BEFORE_THE_LOOK: Duration = Duration::from_secs(1);
/// Connections that load the shop.
const CONNECTIONS: usize = 64;
/// On one of them: all together open 5,000 idle ones a second. More at once would not fit into the kernel's backlog, and a
/// second try comes seconds later.
const BETWEEN_TWO: Duration = Duration::from_millis(12);
const MIB: f64 = (1 << 20) as f64;

#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    build: Build,
    /// Idle connections
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Orders in the line
    #[arg(long, default_value_t = 100_000)]
    queued: usize,
}

pub(crate) async fn run(plan: &Plan) -> Result<(), Failure> {
    allow_descriptors();
    println!("| | resident MiB | anonymous MiB | bytes each |\n|---|---|---|---|");
    // The lane answers neither this nor most of the API.
    let asked = request("GET", "/openapi.json", "", "");
    for (what, call) in [("idle connections that never asked", None), ("that asked once, by hyper", Some(&asked[..]))] {
        let shop = Shop::start(&plan.build.server, &plan.build.site, Doors::Open).await?;
        sleep(COMES_TO_REST).await;
        let before = shop.process().footprint()?;
        row("at rest", &before, None);
        let connections = idle_connections(&shop, plan.connections, call).await?;
        sleep(BEFORE_THE_LOOK).await;
        let open = number_in(&shop.metrics().await?, "stampede_connections ").unwrap_or(0);
        if open < plan.connections as u64 {
            return Err(format!("{open} of {} connections are open", plan.connections).into());
        }
        row(&format!("{} {what}", plan.connections), &shop.process().footprint()?, Some((&before, plan.connections)));
        drop(connections);
    }
    in_line(plan).await
}

/// Opens them all within less time than a silent one may live.
async fn idle_connections(shop: &Shop, count: usize, call: Option<&[u8]>) -> Result<Vec<Connection>, Failure> {
    let tasks = LocalSet::new();
    let mut opening = Vec::new();
    for place in 0..CONNECTIONS {
        let (address, own) = (shop.address, count / CONNECTIONS + usize::from(place < count % CONNECTIONS));
        let call = call.map(<[u8]>::to_vec);
        opening.push(tasks.spawn_local(async move {
            let mut opened = Vec::new();
            for _ in 0..own {
                let mut connection = Connection::open(address).await?;
                if let Some(call) = &call {
                    connection.call(call).await?.expect(200)?;
                }
                opened.push(connection);
                sleep(BETWEEN_TWO).await;
            }
            Ok::<_, Failure>(opened)
        }));
    }
    tasks.await;
    let mut connections = Vec::new();
    for opened in opening {
        connections.extend(opened.await??);
    }
    Ok(connections)
}

async fn in_line(plan: &Plan) -> Result<(), Failure> {
    let disk = SlowDisk::new()?;
    let shop = Shop::start_in(&plan.build.server, &plan.build.site, Doors::Open, &disk.environment()).await?;
    shop.command(&["settings", "set", "line_wait_ms", "600000"])?;
    let cookies = Rc::new(shop.shoppers(plan.queued)?);
    let (sale_id, _) = shop.open_sale(plan.queued as u64).await?;
    sleep(COMES_TO_REST).await;
    let before = shop.process().footprint()?;
    row("a sale is open", &before, None);
    let orders = load::orders(&shop, CONNECTIONS, &cookies, &sale_id).await?;
    row(&format!("{} have a pass", plan.queued), &shop.process().footprint()?, Some((&before, plan.queued)));
    let held_back = HeldBack::new(&disk)?;
    let queued = load::queue_up(&shop, CONNECTIONS, &orders).await?.len();
    let in_line = number_in(&shop.metrics().await?, "stampede_queued_orders ").unwrap_or(0);
    row(&format!("{in_line} in the line"), &shop.process().footprint()?, Some((&before, plan.queued)));
    // The first batch is being committed, and in the line until it is.
    if (in_line as usize) < queued {
        return Err(format!("{in_line} of {queued} are in the line").into());
    }
    drop(held_back);
    load::until_nobody_queues(&shop).await?;
    row("all decided", &shop.process().footprint()?, Some((&before, plan.queued)));
    let ledger = shop.merchant("GET", &format!("sales/{sale_id}/ledger"), &Value::Null).await?;
    if ledger["held"] == plan.queued { Ok(()) } else { Err(format!("not all are held: {ledger}").into()) }
}

fn row(what: &str, now: &Footprint, since: Option<(&Footprint, usize)>) {
    let each = since.map_or(String::new(), |(before, count)| {
        let bytes = now.resident.saturating_sub(before.resident) as f64 / count as f64;
        format!("{bytes:.0}")
    });
    println!("| {what} | {:.1} | {:.1} | {each} |", now.resident as f64 / MIB, now.anonymous as f64 / MIB);
}

/// This process's own descriptors, as many as it may have.
fn allow_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _as_it_was = setrlimit(Resource::Nofile, limit);
}
