//! What a request pays for being counted, and what counting it costs later, on the thread that does.

use std::cell::RefCell;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use heat::{Detector, Key, Lanes, TICK, Writer};

const REQUESTS: u64 = 1_000;
const TICK_REQUESTS: u64 = 200;

thread_local! {
    static WRITER: RefCell<Option<Writer>> = const { RefCell::new(None) };
}

/// On the request's path: 1,000 requests, found through the thread as a server finds it, into a lane that another thread
/// has emptied since.
fn record(criterion: &mut Criterion) {
    let lanes = Lanes::default();
    let reader = lanes.clone();
    // Ends with the process.
    std::thread::spawn(move || {
        let mut samples = Vec::new();
        loop {
            std::thread::sleep(TICK);
            samples.clear();
            reader.drain(&mut samples);
        }
    });
    WRITER.set(lanes.claim());
    let record =
        |key: u64| WRITER.with_borrow_mut(|writer| writer.as_mut().is_some_and(|writer| writer.record(Key(key))));
    let mut group = criterion.benchmark_group("request");
    group.throughput(Throughput::Elements(REQUESTS));
    group.bench_function("recorded", |bencher| {
        bencher.iter_batched(
            || std::thread::sleep(TICK * 2),
            |()| (0..REQUESTS).filter(|&number| record(black_box(number))).count(),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("lost in a full lane", |bencher| {
        while record(0) {}
        bencher.iter(|| (0..REQUESTS).filter(|&number| record(black_box(number))).count());
    });
    group.finish();
}

/// Off the path: a tick of 200 requests (100,000 a second), half of them for items of a long tail.
fn tick(criterion: &mut Criterion) {
    let mut random = fastrand::Rng::with_seed(1);
    let mut detector = Detector::default();
    let mut request = move || {
        let items = if random.bool() { 20 } else { 10_000 };
        Key(random.u64(..items))
    };
    let mut now = Duration::ZERO;
    let mut group = criterion.benchmark_group("tick");
    group.throughput(Throughput::Elements(TICK_REQUESTS));
    group.bench_function("of 200 requests", |bencher| {
        bencher.iter_batched(
            || (0..TICK_REQUESTS).map(|_| request()).collect::<Vec<_>>(),
            |samples| {
                now += TICK;
                detector.tick(now, &samples)
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, record, tick);
criterion_main!(benches);
