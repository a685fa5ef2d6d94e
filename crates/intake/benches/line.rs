//! What a line costs who joins it and who asks for a place in it, empty and with 100,000 before them.

use std::cell::Cell;
use std::collections::HashMap;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use intake::{Application, Line, LineTerms, Report};
use sale::{OrderId, Outcome, Outlook, Outlooks, PassId, QueueClaims, QuizId, SaleId, ShopperId, Window};
use uuid::Uuid;

const SALE: SaleId = SaleId(Uuid::from_u128(1));
const LIFE: u64 = 9;
const NOW_MS: i64 = 500;

/// Orders that join between two looks at the clock.
const BATCH: u64 = 500;

const LINES: [(&str, u64); 2] = [("an empty line", 0), ("100,000 queued", 100_000)];

/// Ids as far apart as real ones.
fn id(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
}

fn application(number: u64) -> Application {
    let id = id(number);
    Application {
        order_id: OrderId(id),
        shopper_id: ShopperId(id),
        pass_id: PassId(id),
        pass_life: LIFE,
        idempotency_key: id.to_string(),
        body_hash: number,
        sku: None,
        quantity: 1,
    }
}

fn outlooks() -> Outlooks {
    Outlooks { all: Outlook { free_units: 1_000_000, can_wait: false }, ..Outlooks::default() }
}

fn line() -> Line {
    let window = Window { starts_at_ms: 0, ends_at_ms: 1_000, opened: true, paused: false, entries: None };
    Line::new(SALE, LIFE, LineTerms { window, per_shopper_limit: 2 }, outlooks(), &[], HashMap::new(), |_| 0)
}

fn granted(line: &Line, number: u64) -> Application {
    let application = application(number);
    line.grant_pass(application.shopper_id, application.pass_id);
    application
}

/// The numbers begin with 1, as the line's own do.
fn join(line: &Line, numbers: impl Iterator<Item = u64>) {
    for number in numbers {
        line.admit(granted(line, number), NOW_MS).expect("there is room");
    }
}

fn decide(line: &Line, through_seq: u64, held: &[u64]) {
    let outcome = Outcome::Held { expires_at_ms: Some(900), reserved: true };
    let outcomes = held.iter().map(|&number| (OrderId(id(number)), outcome)).collect();
    line.report(Report { through_seq: Some(through_seq), outcomes, outlooks: outlooks(), ..Report::default() });
}

fn admit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("500 admitted");
    group.throughput(Throughput::Elements(BATCH));
    for (name, queued) in LINES {
        let line = line();
        join(&line, 1..=queued);
        let last = Cell::new(queued);
        // As many are decided as join, so that the line stays as long.
        let next_batch = || {
            decide(&line, last.get() - queued, &[]);
            let first = last.get() + 1;
            last.set(last.get() + BATCH);
            (first..=last.get()).map(|number| granted(&line, number)).collect::<Vec<_>>()
        };
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                next_batch,
                |batch| batch.into_iter().map(|one| line.admit(one, NOW_MS).expect("there is room").queue_seq).max(),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn claims(number: u64) -> QueueClaims {
    let id = id(number);
    QueueClaims { sale_id: SALE, shopper_id: ShopperId(id), order_id: OrderId(id), queue_life: LIFE, queue_seq: number }
}

fn status(criterion: &mut Criterion) {
    for (name, queued) in LINES {
        let line = line();
        // Two are decided: one is held, the other sold out.
        let last = queued + 3;
        join(&line, 1..=last);
        decide(&line, 2, &[1]);
        let mut group = criterion.benchmark_group("status");
        for (token, numbers) in [("queued", 3..=last), ("held", 1..=1), ("sold out", 2..=2)] {
            let claims: Vec<QueueClaims> = numbers.map(claims).collect();
            let mut polls = claims.iter().cycle();
            group.bench_function(format!("{token}, {name}"), |bencher| {
                bencher.iter(|| polls.next().map(|claims| line.status(black_box(claims))));
            });
        }
        group.finish();
    }
}

/// A quiz is asked and answered, and the same order comes again.
fn beside(criterion: &mut Criterion) {
    let line = line();
    join(&line, 1..=100_000);
    let (shopper_id, quiz_id) = (ShopperId(id(7)), QuizId(id(8)));
    criterion.bench_function("quiz opened and burnt, 100,000 queued", |bencher| {
        bencher.iter(|| line.open_quiz(black_box(shopper_id), quiz_id) && line.burn_quiz(shopper_id, quiz_id));
    });
    let mut again = (1..=100_000).cycle();
    criterion.bench_function("order recalled, 100,000 queued", |bencher| {
        bencher.iter(|| again.next().and_then(|number| line.recall(black_box(OrderId(id(number))), number)));
    });
}

criterion_group!(benches, admit, status, beside);
criterion_main!(benches);
