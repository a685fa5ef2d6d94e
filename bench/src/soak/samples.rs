//! What the server has of the machine, every ten seconds, and whether it grew.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::Failure;
use crate::process::{Footprint, number_in};
use crate::shop::Shop;

const EVERY: Duration = Duration::from_secs(10);
/// Of all samples, one in so many is printed.
const PRINTED: usize = 6;
/// Before a quarter of an hour sales come into memory and none leave it, so a shorter run says nothing of growth.
const SHORTEST_JUDGED_MINUTES: u64 = 45;
/// How far the middle of the last third may lie above that of the second, before it is called growth: noise.
const NOISE: f64 = 0.05;

#[derive(Clone, Copy)]
pub(super) struct Sample {
    at: Duration,
    footprint: Footprint,
    tasks: u64,
    connections: u64,
}

type Figure = (&'static str, fn(&Sample) -> f64);

const MIB: f64 = (1 << 20) as f64;
const FIGURES: [Figure; 6] = [
    ("resident MiB", |sample| sample.footprint.resident as f64 / MIB),
    ("anonymous MiB", |sample| sample.footprint.anonymous as f64 / MIB),
    ("descriptors", |sample| sample.footprint.descriptors as f64),
    ("threads", |sample| sample.footprint.threads as f64),
    ("tasks", |sample| sample.tasks as f64),
    ("connections", |sample| sample.connections as f64),
];

pub(super) async fn take(shop: &Shop) -> Result<Sample, Failure> {
    let metrics = shop.metrics().await?;
    let count = |name: &str| number_in(&metrics, name).ok_or_else(|| format!("no {name} in the metrics"));
    Ok(Sample {
        at: Duration::ZERO,
        footprint: shop.process().footprint()?,
        tasks: count("stampede_tasks ")?,
        connections: count("stampede_connections ")?,
    })
}

pub(super) async fn until(shop: &Shop, until: Instant) -> Result<Vec<Sample>, Failure> {
    let began = Instant::now();
    let mut times = interval_at(began + EVERY, EVERY);
    times.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut samples = Vec::new();
    let names = FIGURES.map(|(name, _)| name).join(" | ");
    println!("| minute | {names} |\n|---|---|---|---|---|---|---|");
    loop {
        let now = times.tick().await;
        if now >= until {
            return Ok(samples);
        }
        let sample = Sample { at: now - began, ..take(shop).await? };
        if samples.len() % PRINTED == PRINTED - 1 {
            println!("| {:.0} | {} |", sample.at.as_secs_f64() / 60.0, in_a_row(&sample));
        }
        samples.push(sample);
    }
}

fn in_a_row(sample: &Sample) -> String {
    FIGURES.map(|(_, of)| format!("{:.1}", of(sample))).join(" | ")
}

pub(super) fn report(samples: &[Sample], before: &Sample, after: &Sample) {
    println!("\n| | {} |\n|---|---|---|---|---|---|---|", FIGURES.map(|(name, _)| name).join(" | "));
    println!("| at rest before | {} |", in_a_row(before));
    println!("| at rest after | {} |", in_a_row(after));
    let last = &samples[samples.len() / 3..];
    let row = |of: &dyn Fn(Figure) -> f64| FIGURES.map(|figure| format!("{:.1}", of(figure))).join(" | ");
    println!("| middle of the second third | {} |", row(&|(_, of)| middle(thirds(samples).0, of)));
    println!("| middle of the last third | {} |", row(&|(_, of)| middle(thirds(samples).1, of)));
    println!("| slope of both, an hour | {} |", row(&|(_, of)| slope_per_hour(last, of)));
}

/// Fails where anything grew in the last two thirds.
pub(super) fn judge(samples: &[Sample], minutes: u64) -> Result<(), Failure> {
    if minutes < SHORTEST_JUDGED_MINUTES {
        println!("\nToo short to say whether anything grows: {SHORTEST_JUDGED_MINUTES} minutes at least.");
        return Ok(());
    }
    let (second, last) = thirds(samples);
    for (name, of) in FIGURES {
        let (then, now) = (middle(second, of), middle(last, of));
        if now > then * (1.0 + NOISE) + 1.0 {
            return Err(format!("{name} grew from {then:.1} to {now:.1}").into());
        }
    }
    println!("\nNothing grew.");
    Ok(())
}

fn thirds(samples: &[Sample]) -> (&[Sample], &[Sample]) {
    let third = samples.len() / 3;
    samples[third..].split_at(third)
}

fn middle(samples: &[Sample], of: fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<f64> = samples.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// By least squares.
fn slope_per_hour(samples: &[Sample], of: fn(&Sample) -> f64) -> f64 {
    let hours = |sample: &Sample| sample.at.as_secs_f64() / 3_600.0;
    let count = samples.len() as f64;
    let mean = |value: &dyn Fn(&Sample) -> f64| samples.iter().map(value).sum::<f64>() / count;
    let (mean_hours, mean_value) = (mean(&hours), mean(&of));
    let together = mean(&|sample| (hours(sample) - mean_hours) * (of(sample) - mean_value));
    together / mean(&|sample| (hours(sample) - mean_hours).powi(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growing(threads_an_hour: u64) -> Vec<Sample> {
        let sample = |minute: u64| Sample {
            at: Duration::from_secs(minute * 60),
            footprint: Footprint {
                resident: 1 << 30,
                anonymous: 1 << 30,
                threads: 600 + minute * threads_an_hour / 60,
                descriptors: 9,
            },
            tasks: 7,
            connections: 0,
        };
        (0..60).map(sample).collect()
    }

    #[test]
    fn what_grows_is_seen_and_what_stays_is_not() {
        assert!(judge(&growing(0), 60).is_ok());
        assert!(judge(&growing(300), 60).unwrap_err().to_string().starts_with("threads grew"));
        assert!(judge(&growing(300), 10).is_ok(), "too short to say");
        assert!((slope_per_hour(&growing(300), FIGURES[3].1) - 300.0).abs() < 1.0);
    }
}
