//! The line's rules as sentences.

use sale::{AdmissionRefusal, DrawOutlook, Outlook, Window};
use uuid::Uuid;

use super::*;
use crate::FIRST_GUESS_PER_SECOND;

const LIFE: u64 = 7;

fn terms() -> LineTerms {
    let window = Window { starts_at_ms: 100, ends_at_ms: 1_000, opened: false, paused: false, entries: None };
    LineTerms { window, per_shopper_limit: 2 }
}

fn line(free_units: u64) -> Line {
    Line::new(SaleId(Uuid::from_u128(1)), LIFE, terms(), left(free_units), &[], HashMap::new(), |_| 0)
}

fn left(free_units: u64) -> Outlooks {
    Outlooks { all: Outlook { free_units, can_wait: false }, ..Outlooks::default() }
}

fn held(expires_at_ms: i64) -> Outcome {
    Outcome::Held { expires_at_ms: Some(expires_at_ms), reserved: true }
}

fn order(number: u128) -> OrderId {
    OrderId(Uuid::from_u128(number))
}

fn decided(through_seq: u64, outcomes: &[(u128, Outcome)], free_units: u64) -> Report {
    let outcomes = outcomes.iter().map(|(number, outcome)| (order(*number), *outcome)).collect();
    Report { through_seq: Some(through_seq), outcomes, outlooks: left(free_units), ..Report::default() }
}

fn kept(free_units: u64, units: &[(u128, u32)]) -> Report {
    let kept = units.iter().map(|(number, units)| (shopper(*number), *units)).collect();
    Report { kept, outlooks: left(free_units), ..Report::default() }
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
        sku: None,
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
    line.report(decided(1, &[(1, held(9))], 0));
    assert_eq!(line.status(&claims(1, 1, places[0])), Status::Ended(held(9)));
    assert_eq!(line.status(&claims(3, 3, places[2])), Status::Queued { position: 2, free_units: 0 });
    line.report(decided(3, &[], 0));
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
    line.report(decided(2, &[], 9));
    assert!(line.admit(application(3, 1, 3), 500).is_ok());
}

#[test]
fn units_that_come_back_open_the_line_again() {
    let line = line(0);
    line.grant_pass(shopper(1), pass(1));
    let refused = line.admit(application(1, 1, 1), 500);
    assert_eq!(refused, Err(AdmitRefused::Admission(AdmissionRefusal::SoldOut)));
    line.report(kept(1, &[(2, 0)]));
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
        outcome: held(9),
        draw_rank: None,
    };
    let sale_id = SaleId(Uuid::from_u128(1));
    let line = Line::new(sale_id, LIFE, terms(), left(5), &[past], HashMap::from([(3, 2)]), |_| 1);
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
    line.report(decided(first.queue_seq, &[(1, held(9))], 4));
    let second = joined(&line, 2, 1);
    let (queued, decided) = line.mine(shopper(1));
    assert_eq!(queued, [claims(2, 1, second)]);
    assert_eq!(decided, [order(1)]);
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

#[test]
fn who_waits_has_a_place_in_the_waiting_line_and_moves_up_until_served_or_told() {
    let line = line(9);
    let places: Vec<Place> = (1..=3).map(|number| joined(&line, number, number)).collect();
    let waits = |number| (number, Outcome::Waiting);
    line.report(decided(3, &[waits(1), waits(2), waits(3)], 0));
    let status = |number: u128| line.status(&claims(number, number, places[number as usize - 1]));
    assert_eq!([status(1), status(3)], [Status::Waiting { position: 1 }, Status::Waiting { position: 3 }]);
    assert_eq!(line.waiting(), 3);
    assert_eq!(line.mine(shopper(3)).0, [claims(3, 3, places[2])]);
    line.report(Report { outcomes: vec![(order(1), held(9)), (order(2), Outcome::SoldOut)], ..kept(0, &[(2, 0)]) });
    assert_eq!([status(1), status(2)], [Status::Ended(held(9)), Status::Ended(Outcome::SoldOut)]);
    assert_eq!(status(3), Status::Waiting { position: 1 });
}

#[test]
fn the_waiting_line_survives_a_restart_in_its_order() {
    let past = |number: u64| PastSeat {
        order_id: order(u128::from(number)),
        shopper_id: shopper(u128::from(number)),
        pass_id: pass(u128::from(number)),
        body_hash: 1,
        queue_life: 3,
        queue_seq: number,
        outcome: Outcome::Waiting,
        draw_rank: None,
    };
    let sale_id = SaleId(Uuid::from_u128(1));
    let line = Line::new(sale_id, LIFE, terms(), left(0), &[past(8), past(2)], HashMap::from([(3, 9)]), |_| 1);
    let then = |order, seq| claims(order, order, Place { queue_life: 3, queue_seq: seq, position: 1, fresh: true });
    assert_eq!(line.status(&then(2, 2)), Status::Waiting { position: 1 });
    assert_eq!(line.status(&then(8, 8)), Status::Waiting { position: 2 });
}

#[test]
fn a_sku_is_admitted_by_its_own_units_and_an_unknown_one_is_not() {
    let of = |free_units, can_wait| Outlook { free_units, can_wait };
    let skus = [("m".to_owned(), of(0, false)), ("s".to_owned(), of(2, false)), ("w".to_owned(), of(0, true))];
    let outlooks = Outlooks { all: of(2, true), skus: skus.into(), draw: None };
    let line = Line::new(SaleId(Uuid::from_u128(1)), LIFE, terms(), outlooks, &[], HashMap::new(), |_| 0);
    let admit = |number: u128, sku: Option<&str>| {
        line.grant_pass(shopper(number), pass(number));
        let sku = sku.map(str::to_owned);
        line.admit(Application { sku, ..application(number, number, number) }, 500)
    };
    assert_eq!(admit(1, None), Err(AdmitRefused::SkuUnknown));
    assert_eq!(admit(1, Some("l")), Err(AdmitRefused::SkuUnknown));
    assert_eq!(admit(1, Some("m")), Err(AdmitRefused::Admission(AdmissionRefusal::SoldOut)));
    assert!(admit(2, Some("w")).is_ok());
    let place = admit(3, Some("s")).unwrap();
    assert_eq!(line.status(&claims(3, 3, place)), Status::Queued { position: 2, free_units: 2 });
}

#[test]
fn after_a_commit_that_nobody_knows_of_the_line_says_what_the_record_says() {
    let line = line(9);
    let waiting = joined(&line, 1, 1);
    line.report(decided(1, &[(1, Outcome::Waiting)], 0));
    joined_when_full(&line, 2);
    let outcome_of = |order_id| (order_id == order(1)).then_some(held(9));
    line.resync(outcome_of, |_| None, |who| u32::from(who == shopper(1)), left(9));
    assert_eq!(line.status(&claims(1, 1, waiting)), Status::Ended(held(9)));
    // Shopper 2 has one unit in the line and may have two.
    line.grant_pass(shopper(2), pass(3));
    assert!(line.admit(application(3, 2, 3), 500).is_ok());
    line.grant_pass(shopper(2), pass(4));
    let third = line.admit(application(4, 2, 4), 500);
    assert_eq!(third, Err(AdmitRefused::Admission(AdmissionRefusal::LimitReached)));
}

#[test]
fn an_order_in_the_line_that_the_record_has_already_leaves_it_and_counts_once() {
    let line = line(5);
    let (first, second) = (joined(&line, 1, 1), joined(&line, 2, 2));
    line.resync(
        |order_id| (order_id == order(1)).then_some(held(9)),
        |_| None,
        |who| u32::from(who == shopper(1)),
        left(4),
    );
    assert_eq!(line.status(&claims(1, 1, first)), Status::Ended(held(9)));
    assert_eq!(line.status(&claims(2, 2, second)), Status::Queued { position: 2, free_units: 4 });
    assert_eq!(line.head(9).0.iter().map(|intent| intent.order_id).collect::<Vec<_>>(), [order(2)]);
    // Shopper 1 has one unit, not two, and may have two.
    joined(&line, 3, 1);
    line.report(decided(3, &[(2, held(9)), (3, held(9))], 2));
    assert_eq!(line.queued(), 0);
}

fn joined_when_full(line: &Line, number: u128) {
    line.report(kept(1, &[]));
    joined(line, number, number);
}

#[test]
fn a_line_that_may_hold_fewer_keeps_who_is_in_it_and_takes_more_once_it_may() {
    let line = line(9);
    (1..=3).for_each(|number| line.grant_pass(shopper(number), pass(number)));
    line.set_most_queued(2);
    assert!((1..=2).all(|number| line.admit(application(number, number, number), 500).is_ok()));
    assert_eq!(line.admit(application(3, 3, 3), 500), Err(AdmitRefused::Busy));
    line.set_most_queued(1);
    assert_eq!(line.queued(), 2);
    line.set_most_queued(usize::MAX);
    assert!(line.admit(application(3, 3, 3), 500).is_ok());
}

#[test]
fn from_the_seal_on_nobody_enters_a_draw_however_early_the_request_was_judged_to_be() {
    let line = line(5);
    joined(&line, 1, 1);
    assert_eq!(line.seal_entries(), 1, "one is still to be taken in");
    line.grant_pass(shopper(2), pass(2));
    let refused = Err(AdmitRefused::Admission(AdmissionRefusal::EntriesClosed));
    assert_eq!(line.admit(application(2, 2, 2), 500), refused);
    line.unseal_entries();
    assert!(line.admit(application(2, 2, 2), 500).is_ok(), "what the draw leaves is sold again");
}

#[test]
fn an_entry_says_its_number_until_the_draw_and_then_waits_in_the_draws_order() {
    let line = line(5);
    let places: Vec<Place> = (1..=3).map(|number| joined(&line, number, number)).collect();
    let status = |number: usize| line.status(&claims(number as u128, number as u128, places[number - 1]));
    let draw = DrawOutlook { entries: 3, entered_units: 3, ..DrawOutlook::default() };
    let entered = |number: u64| (u128::from(number), Outcome::Entered { number });
    let mut report = decided(3, &[entered(1), entered(2), entered(3)], 1);
    report.outlooks.draw = Some(draw);
    line.report(report);
    assert_eq!(status(2), Status::Entered { number: 2, draw, free_units: 1 });
    assert_eq!(line.mine(shopper(2)).0.len(), 1, "a reload finds the entry again");
    let mut report = decided(3, &[(1, Outcome::Waiting), (2, held(9)), (3, Outcome::Waiting)], 0);
    report.draw_ranks = vec![(order(3), 2), (order(1), 3)];
    line.report(report);
    assert_eq!([status(3), status(1)], [Status::Waiting { position: 1 }, Status::Waiting { position: 2 }]);
    assert_eq!(status(2), Status::Ended(held(9)));
}

#[test]
fn who_joins_expects_to_wait_for_the_turns_before_and_for_an_own_one_however_fast_the_line_was() {
    let line = line(10_000);
    assert_eq!(line.expected_wait_ms(0), 0);
    line.turn_begins(-9_000, 1, 1);
    assert_eq!(line.expected_wait_ms(0), 0, "a turn that failed keeps nobody from an empty line");
    line.turn_ended(std::time::Duration::ZERO);
    for number in 0..1_000 {
        joined(&line, number, number);
    }
    assert_eq!(line.expected_wait_ms(0), 1_000 * 1_000 / FIRST_GUESS_PER_SECOND);
    line.turn_ended(std::time::Duration::from_millis(400));
    assert_eq!(line.expected_wait_ms(0), 2 * 400 + 400, "two turns, and its own");
    line.turn_begins(5_000, 500, 1_000);
    assert_eq!(
        line.expected_wait_ms(5_390),
        2 * 400 + 10,
        "the one that is under way is nearly over, and one is before the own"
    );
    assert_eq!(line.expected_wait_ms(6_000), 2 * 1_000 + 1_000, "it takes longer than the others");
    line.turn_begins(7_000, 1_000, 1_000);
    assert_eq!(line.expected_wait_ms(7_300), 100 + 400, "what is left of it, however few it takes, and the own");
    line.turn_ended(std::time::Duration::from_secs(60));
    line.report(Report { through_seq: Some(1_000), ..Report::default() });
    assert_eq!(
        line.expected_wait_ms(66_000),
        0,
        "an empty line is joined, or nobody would know that turns are short again"
    );
}
