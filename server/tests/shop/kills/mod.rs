//! Kills the real binary at random moments under load, starts it again, and holds every answer that any client ever got
//! against the record.
//!
//! `KILLS` says how many (default 3), `SEED` repeats a run's choices, `STAMPEDE_BIN` names another binary: see `make kills`.

mod market;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::future::join_all;
use market::{Market, Shopper};
use serde_json::{Value, json};

/// Kills in one sale's life.
const KILLS_PER_SALE: u64 = 3;

/// Shoppers in each sale.
const SHOPPERS: usize = 60;

fn number_from(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}: {text}")))
}

/// The sales take turns in their terms.
fn terms(round: u64) -> Value {
    let sku = |name: &str| json!({ "sku": name, "title": "M", "stock_units": 12, "price_minor": 500 });
    match round % 4 {
        0 => json!({ "stock_units": 20 }),
        1 => json!({ "stock_units": 16, "waitlist_units": 20, "hold_seconds": 2 }),
        2 => json!({ "stock_units": 20, "stock_policy": "on_payment" }),
        _ => json!({ "stock_units": 18, "stock_policy": "on_order", "skus": [sku("m"), sku("s")] }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_every_kill_and_nothing_is_sold_twice() {
    let kills = number_from("KILLS", 3);
    let seed = number_from("SEED", u64::from(std::process::id()));
    let mut dice = fastrand::Rng::with_seed(seed);
    let started = Instant::now();
    let market = Arc::new(Market::open());
    let mut round = 0;
    while market.kills.load(Ordering::Relaxed) < kills {
        let left = kills - market.kills.load(Ordering::Relaxed);
        let sale_id = market.sale(terms(round)).await;
        let shoppers: Vec<Shopper> = market
            .cookies(SHOPPERS)
            .into_iter()
            .map(|cookie| Shopper::new(&sale_id, cookie, round % 4 == 3, dice.u64(..)))
            .collect();
        let buying = join_all(shoppers.into_iter().map(|mut shopper| {
            let market = Arc::clone(&market);
            tokio::spawn(async move {
                shopper.buy(&market).await;
                shopper
            })
        }));
        let killing = async {
            for _ in 0..KILLS_PER_SALE.min(left) {
                tokio::time::sleep(Duration::from_millis(dice.u64(20..700))).await;
                market.kill_and_restart().await;
            }
        };
        let (bought, ()) = tokio::join!(buying, killing);
        let mut shoppers: Vec<Shopper> = bought.into_iter().map(|shopper| shopper.unwrap()).collect();
        // The end: nobody waits any more, and every token must say so.
        let end = json!({ "ends_at_ms": market.now_ms().await });
        market.merchant("PATCH", &format!("/sales/{sale_id}"), end).await;
        join_all(shoppers.iter_mut().map(|shopper| shopper.hear_the_end(&market))).await;
        market.audit(&sale_id, &shoppers).await;
        round += 1;
    }
    market.reconcile();
    let told = market.told.lock().unwrap().clone();
    println!(
        "seed {seed}: {} kills in {round} sales and {} s; {} requests, {} of them without an answer; answered: {told:?}",
        market.kills.load(Ordering::Relaxed),
        started.elapsed().as_secs(),
        market.requests.load(Ordering::Relaxed),
        market.unanswered.load(Ordering::Relaxed),
    );
    println!("acknowledged and lost: 0; oversold: 0; tokens that did not end: 0");
}
