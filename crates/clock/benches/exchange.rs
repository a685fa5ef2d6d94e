//! What the visitor's clock costs, an exchange and a look at it; and the server's, a reading.

use std::hint::black_box;

use clock::{EXCHANGES_KEPT, Estimator, Exchange, Slewed};
use criterion::{Criterion, criterion_group, criterion_main};

const EPOCH_US: i64 = 1_800_000_000_000_000;

/// One a second, 20 ms each way and up to 5 ms more.
fn exchange(number: u64) -> Exchange {
    let (sent_us, more_us) = (number as f64 * 1e6 + 0.5, (number * 7_919 % 5_000) as f64);
    let server_received_us = EPOCH_US + (sent_us + 20_000.0 + more_us) as i64;
    let received_us = sent_us + 40_100.0 + more_us;
    Exchange { sent_us, server_received_us, server_sent_us: server_received_us + 50, received_us }
}

fn cost(criterion: &mut Criterion) {
    let mut estimator = Estimator::new();
    let mut number = 0;
    let mut next = || {
        number += 1;
        exchange(number)
    };
    for _ in 0..EXCHANGES_KEPT {
        assert!(estimator.exchange(next(), "a clock"), "these exchanges are usable");
    }
    assert_eq!(estimator.exchanges(), EXCHANGES_KEPT, "none contradicts another");
    criterion.bench_function("exchange taken in, 32 kept", |bencher| {
        bencher.iter(|| estimator.exchange(black_box(next()), "a clock"));
    });
    criterion.bench_function("estimate from 32 exchanges", |bencher| {
        let now_us = next().received_us;
        bencher.iter(|| estimator.estimate(black_box(now_us)));
    });
    let slewed = black_box(Slewed::new(0, EPOCH_US).disciplined(1_000_000, EPOCH_US + 1_000_100, 1_000_000));
    criterion.bench_function("server's clock read", |bencher| bencher.iter(|| slewed.now_us(black_box(1_500_000))));
}

criterion_group!(benches, cost);
criterion_main!(benches);
