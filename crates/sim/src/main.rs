//! `sim`: runs seeds, or replays one.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use sim::{Coverage, Run, Simulator};

/// Steps of a failed run that are shown, at most.
const LAST_STEPS: usize = 40;

/// Runs the shop's rules, lines, committer and record through simulated days, each from one seed.
#[derive(Parser)]
struct Arguments {
    /// Replays this seed and prints its trace
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Runs so many seeds
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 0)]
    first_seed: u64,
    /// Steps of each
    #[arg(long, default_value_t = 300)]
    steps: u32,
    /// Threads
    #[arg(long, default_value_t = 1)]
    jobs: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.seed {
        Some(seed) => replay(seed, arguments.steps),
        None => run_all(&arguments),
    }
}

fn replay(seed: u64, steps: u32) -> ExitCode {
    let run = Simulator::new().run(seed, steps, true);
    for line in &run.trace {
        println!("{line}");
    }
    match &run.violation {
        None => {
            println!("seed {seed}: {} steps without a violation", run.steps);
            ExitCode::SUCCESS
        }
        Some(_) => {
            report(seed, steps, &run, 0);
            ExitCode::FAILURE
        }
    }
}

/// Tells what was broken, where, and how to see it again.
fn report(seed: u64, steps: u32, run: &Run, last: usize) {
    let Some((step, violation)) = &run.violation else { return };
    for line in run.trace.iter().skip(run.trace.len().saturating_sub(last)).take(last) {
        println!("{line}");
    }
    println!("seed {seed}, step {step}: invariant {}: {}", violation.rule, violation.sentence);
    println!("replay: make sim SEED={seed} STEPS={steps}");
}

fn run_all(arguments: &Arguments) -> ExitCode {
    let Arguments { seeds, first_seed, steps, jobs, .. } = *arguments;
    let next = AtomicU64::new(0);
    let steps_done = AtomicU64::new(0);
    let seeds_done = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let coverage = Mutex::new(Coverage::default());
    let failed: Mutex<Option<u64>> = Mutex::new(None);
    let began = Instant::now();
    // A panic of the code under test is reported with its seed, like any other violation.
    std::panic::set_hook(Box::new(|_| {}));
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                let mut simulator = Simulator::new();
                let mut own = Coverage::default();
                while !stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= seeds {
                        break;
                    }
                    let run = simulator.run(first_seed + number, steps, false);
                    own.add(&run.coverage);
                    steps_done.fetch_add(u64::from(run.steps), Ordering::Relaxed);
                    seeds_done.fetch_add(1, Ordering::Relaxed);
                    if run.violation.is_some() {
                        stop.store(true, Ordering::Relaxed);
                        let mut failed = failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        *failed = Some(failed.map_or(first_seed + number, |before| before.min(first_seed + number)));
                    }
                }
                coverage.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(&own);
            });
        }
        let mut shown = Instant::now();
        while !stop.load(Ordering::Relaxed) && seeds_done.load(Ordering::Relaxed) < seeds {
            std::thread::sleep(Duration::from_millis(50));
            if shown.elapsed() > Duration::from_secs(5) {
                shown = Instant::now();
                progress(seeds_done.load(Ordering::Relaxed), seeds, steps_done.load(Ordering::Relaxed), began);
            }
        }
    });
    let seconds = began.elapsed().as_secs_f64().max(0.001);
    let (done, steps_done) = (seeds_done.into_inner(), steps_done.into_inner());
    println!("{}", coverage.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner));
    println!(
        "{done} seeds, {steps_done} steps, {seconds:.1} s, {:.0} steps/s, {jobs} thread(s)",
        steps_done as f64 / seconds
    );
    match failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        None => {
            println!("no violation");
            ExitCode::SUCCESS
        }
        Some(seed) => {
            let run = Simulator::new().run(seed, steps, true);
            report(seed, steps, &run, LAST_STEPS);
            ExitCode::FAILURE
        }
    }
}

fn progress(done: u64, seeds: u64, steps: u64, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    let left = seconds / done.max(1) as f64 * (seeds - done) as f64;
    eprintln!("{done} of {seeds} seeds, {:.0} steps/s, about {left:.0} s left", steps as f64 / seconds);
}
