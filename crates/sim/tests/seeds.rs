//! A bounded number of seeds, and that a seed says all.

use sim::Simulator;

#[test]
fn two_hundred_seeds_break_no_rule() {
    let mut simulator = Simulator::new();
    for seed in 0..200 {
        let run = simulator.run(seed, 300, false);
        assert_eq!(run.violation, None, "replay: make sim SEED={seed}");
    }
}

#[test]
fn the_same_seed_gives_the_same_trace_to_the_byte() {
    for seed in [3, 1_000_003] {
        let first = Simulator::new().run(seed, 300, true);
        let mut used = Simulator::new();
        used.run(seed + 1, 100, false);
        let second = used.run(seed, 300, true);
        assert!(first.trace.len() > 100);
        assert_eq!(first.trace, second.trace, "in a record that was used before, too");
        assert_eq!(first.coverage, second.coverage);
        assert_eq!(used.run(seed, 300, false).coverage, first.coverage, "untraced, too");
    }
}

#[test]
fn a_run_reaches_the_branches_that_it_is_there_for() {
    let mut simulator = Simulator::new();
    let mut coverage = sim::Coverage::default();
    for seed in 0..200 {
        coverage.add(&simulator.run(seed, 300, false).coverage);
    }
    for what in [
        "event: order held",
        "event: order to claim",
        "event: waiting order held",
        "event: order paid late and re-seated",
        "event: payment refunded, no unit free",
        "event: paid order refunded, sale called off",
        "event: order rejected, marked",
        "event: draw held",
        "event: draw held with a beacon",
        "event: entry held",
        "event: entry to claim",
        "event: entry waits",
        "event: entry ended, sale called off",
        "edge: admitted again after a restart",
        "fault: commit written, answer lost",
        "fault: crash after the commit, before it is told",
        "fault: clock set back at a restart",
        "fault: commit of an order that breaks a rule",
        "branch: a round of one thing",
    ] {
        assert!(coverage.of(what) > 0, "not reached: {what}");
    }
}
