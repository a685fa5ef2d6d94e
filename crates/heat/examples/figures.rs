//! The figures of docs/HEAT.md: how soon a crowd is found and how often none is taken for one, over many seeded crowds.
//!
//!     cargo run --release -p heat --example figures -- [CROWDS]

#[path = "../tests/traces/crowd.rs"]
mod crowd;

use std::time::Duration;

use crowd::{Crowd, WANTED, Zipf};
use heat::{Change, HALF_SHARE, Key, TRACKED_ITEMS};

/// Seconds that a crowd without a stampede is watched for.
const WATCHED: Duration = Duration::from_secs(1);

fn main() {
    let crowds: u64 = std::env::args().nth(1).map_or(2_000, |text| text.parse().expect("a number of crowds"));
    let background = Zipf::new(10_000, 1.0);
    println!(
        "Found after a rise from 0.9 % of the requests; 10,000 items by Zipf's law, exponent 1; {crowds} crowds each.\n"
    );
    println!("requests/s   share   p50 ms   p99 ms   most ms   not in 1 s");
    for per_second in [5_000.0, 10_000.0, 20_000.0, 50_000.0, 100_000.0] {
        for share in [0.10, 0.12, 0.15, 0.20, 0.30, 0.50] {
            found(&background, per_second, share, crowds);
        }
    }
    println!("\nCalled hot within a second without being it:\n");
    println!("requests/s   items                                   looked at   called hot");
    for per_second in [20_000.0, 50_000.0, 100_000.0] {
        for exponent in [0.8, 1.0, 1.2] {
            by_chance(&Zipf::new(10_000, exponent), exponent, per_second, crowds.div_ceil(20));
        }
        for share in [0.049, 0.045, 0.04] {
            at_the_edge(&background, share, per_second, crowds);
        }
    }
}

fn found(background: &Zipf, per_second: f64, share: f64, crowds: u64) {
    let times = (0..crowds).map(|seed| Crowd::new(background, per_second, seed).time_to_find(0.009, share));
    let mut milliseconds: Vec<f64> =
        times.map(|time| time.map_or(f64::INFINITY, |time| time.as_secs_f64() * 1e3)).collect();
    milliseconds.sort_unstable_by(f64::total_cmp);
    let at =
        |quantile: f64| milliseconds[((milliseconds.len() as f64 * quantile) as usize).min(milliseconds.len() - 1)];
    let missed = milliseconds.iter().filter(|time| time.is_infinite()).count();
    let (p50, p99, most) = (at(0.5), at(0.99), at(1.0));
    println!("{per_second:>10} {:>6.0} %  {p50:>7.1}  {p99:>7.1}   {most:>7.1}   {missed:>10}", share * 100.0);
}

/// Of a crowd without a stampede: every item under half the threshold that comes up often enough to be looked at.
fn by_chance(background: &Zipf, exponent: f64, per_second: f64, crowds: u64) {
    let under = |key: Key| background.share(key) < HALF_SHARE;
    let (mut looked_at, mut called) = (0, 0);
    for seed in 0..crowds {
        let mut crowd = Crowd::new(background, per_second, seed);
        while crowd.now() < WATCHED {
            let changes = crowd.tick(0.0, Duration::ZERO, 0.0);
            called += changes.iter().filter(|change| matches!(change, Change::Found(key) if under(*key))).count();
        }
        looked_at += (0..TRACKED_ITEMS as u64).filter(|&rank| under(Key(rank))).count();
    }
    let what = format!("under 5 %, Zipf with exponent {exponent}");
    tell(per_second, &what, looked_at, called);
}

/// An item that stays just under half the threshold.
fn at_the_edge(background: &Zipf, share: f64, per_second: f64, crowds: u64) {
    let called = (0..crowds).filter(|&seed| {
        let mut crowd = Crowd::new(background, per_second, seed);
        let mut found = false;
        while !found && crowd.now() < WATCHED {
            found = crowd.tick(share, Duration::MAX, share).contains(&Change::Found(WANTED));
        }
        found
    });
    tell(per_second, &format!("one that stays at {:.1} %", share * 100.0), crowds as usize, called.count());
}

fn tell(per_second: f64, what: &str, looked_at: usize, called: usize) {
    let percent = 100.0 * called as f64 / looked_at as f64;
    println!("{per_second:>10}   {what:<38} {looked_at:>10}   {called} ({percent:.3} %)");
}
