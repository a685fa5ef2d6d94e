//! The line's rules as sentences.

use sale::{AdmissionRefusal, Window};
use uuid::Uuid;

use super::*;

const LIFE: u64 = 7;

fn terms() -> LineTerms {
    let window = Window { starts_at_ms: 100, ends_at_ms: 1_000, opened: false, paused: false };
    LineTerms { window, per_shopper_limit: 2 }
}

fn line(free_units: u64) -> Line {
    Line::new(SaleId(Uuid::from_u128(1)), LIFE, terms(), free_units, &[], HashMap::new(), |_| 0)
}

fn shopper(number: u128) -> ShopperId {
    ShopperId(Uuid::from_u128(number))
}

fn pass(number: u128) -> PassId {
    PassId(Uuid::from_u128(number))
}

fn application(order: u128, who: u128, pass_number: u128) -> Application {
    Application {
        order_id: OrderId(Uuid::from_u128(order)),
        shopper_id: shopper(who),
        pass_id: pass(pass_number),
        pass_life: LIFE,
        idempotency_key: "k".to_owned(),
        body_hash: 1,
        quantity: 1,
    }
}

/// Grants the pass and joins.
fn joined(line: &Line, order: u128, who: u128) -> Place {
    line.grant_pass(shopper(who), pass(order));
    line.admit(application(order, who, order), 500).unwrap()
}

fn claims(order: u128, who: u128, place: Place) -> QueueClaims {
    QueueClaims {
        sale_id: SaleId(Uuid::from_u128(1)),
        shopper_id: shopper(who),
        order_id: OrderId(Uuid::from_u128(order)),
        queue_life: place.queue_life,
        queue_seq: place.queue_seq,
    }
}

#[test]
fn places_are_given_in_order_and_move_up_as_the_head_is_decided() {
    let line = line(1);
    let places: Vec<Place> = (1..=3).map(|number| joined(&line, number, number)).collect();
    assert_eq!(places.iter().map(|place| place.position).collect::<Vec<_>>(), [1, 2, 3]);
    let held = Outcome::Held { hold_expires_at_ms: 9 };
    let first = OrderId(Uuid::from_u128(1));
    line.conclude(Concluded { through_seq: 1, outcomes: vec![(first, held)], free_units: 0 });
    assert_eq!(line.status(&claims(1, 1, places[0])), Status::Ended(held));
    assert_eq!(line.status(&claims(3, 3, places[2])), Status::Queued { position: 2, free_units: 0 });
    line.conclude(Concluded { through_seq: 3, outcomes: vec![], free_units: 0 });
    assert_eq!(line.status(&claims(3, 3, places[2])), Status::Ended(Outcome::SoldOut));
    assert_eq!(line.queued(), 0);
}

#[test]
fn the_same_request_twice_takes_one_place_and_another_body_is_refused() {
    let line = line(5);
    let place = joined(&line, 1, 1);
    let again = line.admit(application(1, 1, 99), 500).unwrap();
    assert_eq!(again, Place { fresh: false, ..place });
    assert_eq!(line.recall(application(1, 1, 1).order_id, 2), Some(Err(Mismatch)));
    assert_eq!(line.queued(), 1);
}

#[test]
fn a_pass_is_used_by_the_order_that_joins_and_kept_by_one_that_is_refused() {
    let line = line(5);
    line.grant_pass(shopper(1), pass(1));
    let early = line.admit(application(1, 1, 1), 99);
    assert_eq!(early, Err(AdmitRefused::Admission(AdmissionRefusal::NotOpen)));
    assert!(line.admit(application(1, 1, 1), 100).is_ok());
    assert_eq!(line.admit(application(2, 1, 1), 100), Err(AdmitRefused::PassInvalid));
}

#[test]
fn only_the_latest_pass_and_quiz_are_live() {
    let line = line(5);
    line.grant_pass(shopper(1), pass(1));
    line.grant_pass(shopper(1), pass(2));
    assert_eq!(line.admit(application(1, 1, 1), 500), Err(AdmitRefused::PassInvalid));
    let (first, second) = (QuizId(Uuid::from_u128(1)), QuizId(Uuid::from_u128(2)));
    assert!(line.open_quiz(shopper(1), first));
    assert!(line.open_quiz(shopper(1), second));
    assert!(!line.burn_quiz(shopper(1), first));
    assert!(line.burn_quiz(shopper(1), second));
    assert!(!line.burn_quiz(shopper(1), second));
}

#[test]
fn another_shoppers_pass_does_not_help() {
    let line = line(5);
    line.grant_pass(shopper(1), pass(1));
    assert_eq!(line.admit(application(1, 2, 1), 500), Err(AdmitRefused::PassInvalid));
}

#[test]
fn the_limit_counts_orders_in_the_line_and_forgets_those_that_got_nothing() {
    let line = line(9);
    joined(&line, 1, 1);
    joined(&line, 2, 1);
    line.grant_pass(shopper(1), pass(3));
    let refused = line.admit(application(3, 1, 3), 500);
    assert_eq!(refused, Err(AdmitRefused::Admission(AdmissionRefusal::LimitReached)));
    line.conclude(Concluded { through_seq: 2, outcomes: vec![], free_units: 9 });
    assert!(line.admit(application(3, 1, 3), 500).is_ok());
}

#[test]
fn units_that_come_back_open_the_line_again() {
    let line = line(0);
    line.grant_pass(shopper(1), pass(1));
    let refused = line.admit(application(1, 1, 1), 500);
    assert_eq!(refused, Err(AdmitRefused::Admission(AdmissionRefusal::SoldOut)));
    line.units_moved(1, [(shopper(2), -1)]);
    assert!(line.admit(application(1, 1, 1), 500).is_ok());
}

#[test]
fn what_was_only_queued_in_an_earlier_life_is_lost_and_may_be_sent_again() {
    let past = PastSeat {
        order_id: OrderId(Uuid::from_u128(1)),
        shopper_id: shopper(1),
        pass_id: pass(1),
        body_hash: 1,
        queue_life: 3,
        queue_seq: 1,
        outcome: Outcome::Held { hold_expires_at_ms: 9 },
    };
    let sale_id = SaleId(Uuid::from_u128(1));
    let line = Line::new(sale_id, LIFE, terms(), 5, &[past], HashMap::from([(3, 2)]), |_| 1);
    let then = |order, seq| claims(order, order, Place { queue_life: 3, queue_seq: seq, position: 1, fresh: true });
    assert_eq!(line.status(&then(1, 1)), Status::Ended(past.outcome));
    assert_eq!(line.status(&then(2, 2)), Status::Ended(Outcome::SoldOut));
    assert_eq!(line.status(&then(3, 3)), Status::LostInRestart);
    let again = Application { pass_life: 3, ..application(3, 3, 3) };
    assert!(line.admit(again, 500).unwrap().fresh);
    let used = Application { pass_life: 3, ..application(4, 1, 1) };
    assert_eq!(line.admit(used, 500), Err(AdmitRefused::PassInvalid));
    assert_eq!(line.mine(shopper(1)).1, [OrderId(Uuid::from_u128(1))]);
    let second_pass = Application { pass_life: 3, ..application(5, 3, 5) };
    assert_eq!(line.admit(second_pass, 500), Err(AdmitRefused::PassInvalid), "one live pass, over a restart too");
}

#[test]
fn a_shopper_finds_what_is_queued_and_what_is_held() {
    let line = line(5);
    let first = joined(&line, 1, 1);
    let held = (OrderId(Uuid::from_u128(1)), Outcome::Held { hold_expires_at_ms: 9 });
    line.conclude(Concluded { through_seq: first.queue_seq, outcomes: vec![held], free_units: 4 });
    let second = joined(&line, 2, 1);
    let (queued, decided) = line.mine(shopper(1));
    assert_eq!(queued, [claims(2, 1, second)]);
    assert_eq!(decided, [held.0]);
    assert_eq!(line.mine(shopper(2)), (vec![], vec![]));
}

#[test]
fn a_closed_line_admits_nobody_and_still_knows_its_own() {
    let line = line(5);
    let place = joined(&line, 1, 1);
    line.close();
    line.grant_pass(shopper(2), pass(2));
    assert_eq!(line.admit(application(2, 2, 2), 500), Err(AdmitRefused::Busy));
    assert_eq!(line.admit(application(1, 1, 1), 500).unwrap().queue_seq, place.queue_seq);
}

#[test]
fn under_many_threads_every_place_is_given_once() {
    let line = std::sync::Arc::new(line(u64::MAX));
    let threads: Vec<_> = (0..4_u128)
        .map(|thread| {
            let line = std::sync::Arc::clone(&line);
            std::thread::spawn(move || {
                (0..500)
                    .map(|turn| joined(&line, thread * 1_000 + turn + 1, thread * 1_000 + turn + 1).queue_seq)
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let mut places: Vec<u64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, (1..=2_000).collect::<Vec<_>>());
}
