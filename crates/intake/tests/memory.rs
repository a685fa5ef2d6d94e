//! What a queued shopper weighs, counted by the allocator: the same number on every machine.

use std::collections::HashMap;

use intake::{Application, Line, LineTerms, Report};
use peak_alloc::PeakAlloc;
use sale::{OrderId, Outcome, Outlook, Outlooks, PassId, QuizId, SaleId, ShopperId, Window};
use uuid::Uuid;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const LIFE: u64 = 1;
const MOST_BYTES_A_SHOPPER: usize = 300;
/// A line for so many is looked at after each step, while its tables grow. What a short line weighs is no matter.
const LOOKED_AT_FROM: usize = 100_000;
const LOOKED_AT_EVERY: usize = 1_000;
const SHOPPERS: usize = 1_000_000;

fn line() -> Line {
    let window = Window { starts_at_ms: 0, ends_at_ms: 1_000, opened: false, paused: false, entries: None };
    let terms = LineTerms { window, per_shopper_limit: 1 };
    let outlooks = Outlooks { all: Outlook { free_units: SHOPPERS as u64, can_wait: false }, ..Outlooks::default() };
    Line::new(SaleId(Uuid::from_u128(1)), LIFE, terms, outlooks, &[], HashMap::new(), |_| 0)
}

/// As a shopper does it: the quiz, the pass, the order, with a key as ours are.
fn join(line: &Line, number: usize) {
    let id = |kind: u64| Uuid::from_u64_pair(kind, number as u64 + 1);
    let shopper_id = ShopperId(id(1));
    assert!(line.open_quiz(shopper_id, QuizId(id(2))));
    assert!(line.burn_quiz(shopper_id, QuizId(id(2))));
    line.grant_pass(shopper_id, PassId(id(3)));
    let application = Application {
        order_id: OrderId(id(4)),
        shopper_id,
        pass_id: PassId(id(3)),
        pass_life: LIFE,
        idempotency_key: id(5).to_string(),
        body_hash: 6,
        sku: None,
        quantity: 1,
    };
    line.admit(application, 500).unwrap();
}

/// One test, since the allocator counts for the whole process.
#[test]
fn a_queued_shopper_weighs_at_most_300_bytes_at_the_worst_moment_and_less_once_decided() {
    let before = MEMORY.current_usage();
    let line = line();
    let (mut worst, mut worst_at) = (0, 0);
    for number in 0..SHOPPERS {
        join(&line, number);
        let queued = number + 1;
        if queued >= LOOKED_AT_FROM && queued % LOOKED_AT_EVERY == 0 {
            let bytes = (MEMORY.peak_usage() - before).div_ceil(queued);
            (worst, worst_at) = (worst, worst_at).max((bytes, queued));
            MEMORY.reset_peak_usage();
        }
    }
    let queued = (MEMORY.current_usage() - before).div_ceil(SHOPPERS);
    let outcomes = (0..500).map(|number| (OrderId(Uuid::from_u64_pair(4, number + 1)), Outcome::SoldOut)).collect();
    let _ = line.report(Report { through_seq: Some(SHOPPERS as u64), outcomes, ..Report::default() });
    let decided = (MEMORY.current_usage() - before).div_ceil(SHOPPERS);
    println!("{SHOPPERS} in the line: {queued} bytes a shopper; at the worst, {worst_at}: {worst}; decided: {decided}");
    assert!(worst <= MOST_BYTES_A_SHOPPER, "{worst} bytes a queued shopper, with {worst_at} in the line");
    assert!(decided < queued, "{decided} bytes a decided order and {queued} a queued one");
}
