//! The rules of a sale by draw, as sentences.

use super::*;
use crate::book_draw::DRAW_PAUSE_MS;
use crate::draw_terms::{DrawRefused, DrawSeed, DrawTerms, Hex32};

const CLOSE_AT_MS: i64 = 1_000;
const SEED: DrawSeed = DrawSeed([3; 32]);

fn drawing(units: u64, waitlist_units: u32, beacon_due_at_ms: Option<i64>) -> Book {
    let draw = Some(DrawTerms { entries_close_at_ms: CLOSE_AT_MS, beacon_due_at_ms });
    Book::new(SaleId(Uuid::from_u128(1)), Terms { waitlist_units, draw, ..terms(2) }, &Units::plain(units))
}

/// Entries of one unit each by as many shoppers, numbered from 1.
fn enter(book: &mut Book, numbers: impl IntoIterator<Item = u128>) {
    for number in numbers {
        assert!(matches!(place(book, &intent(number, number, 1), 10), Decision::Recorded(_)), "{number}");
    }
}

/// From the close to the last entry's outcome. Answers with the facts.
fn draw(book: &mut Book, beacon: Option<&str>) -> Vec<Event> {
    let mut events = book.close_entries(CLOSE_AT_MS);
    let now_ms = CLOSE_AT_MS + DRAW_PAUSE_MS;
    events.extend(book.hold_draw(&SEED, beacon, now_ms).unwrap());
    loop {
        let more = book.elapse(now_ms);
        if more.is_empty() {
            return events;
        }
        events.extend(more);
    }
}

fn outcomes(book: &Book, numbers: impl IntoIterator<Item = u128>) -> Vec<Outcome> {
    numbers.into_iter().map(|number| book.outcome(order(number)).unwrap()).collect()
}

fn count(outcomes: &[Outcome], wanted: fn(&Outcome) -> bool) -> usize {
    outcomes.iter().filter(|outcome| wanted(outcome)).count()
}

fn is_held(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Held { .. })
}

#[test]
fn who_enters_holds_nothing_until_the_draw() {
    let mut book = drawing(2, 0, None);
    enter(&mut book, 1..=5);
    assert_eq!(outcomes(&book, [1, 5]), [Outcome::Entered { number: 1 }, Outcome::Entered { number: 5 }]);
    assert_eq!(book.stock(), Stock::from_counts(2, 2, 0, 0).unwrap());
    assert!(book.outlooks().all.can_wait, "more may enter than there are units");
    assert_eq!(book.units_of(ShopperId(Uuid::from_u128(1))), 1);
    assert_eq!(book.shopper_of(order(3)), Some(ShopperId(Uuid::from_u128(3))));
    let entered: BTreeSet<OrderId> = book.entries().collect();
    assert_eq!(entered, (1..=5).map(order).collect());
    assert_eq!(book.draw_due_ms(), Some(CLOSE_AT_MS));
    assert!(book.elapse(CLOSE_AT_MS - 1).is_empty() && book.close_entries(CLOSE_AT_MS - 1).is_empty());
}

#[test]
fn the_units_go_to_the_first_in_the_draw_and_the_others_are_told() {
    let mut book = drawing(2, 0, None);
    enter(&mut book, 1..=5);
    let events = draw(&mut book, None);
    let all = outcomes(&book, 1..=5);
    assert_eq!((count(&all, is_held), count(&all, |outcome| *outcome == Outcome::SoldOut)), (2, 3));
    assert_eq!(names(&events)[..4], ["entries_closed", "drawn", "entry_held", "entry_held"]);
    assert_eq!(book.draw_stage(), Some(DrawStage::Drawn));
    assert_eq!(book.stock(), Stock::from_counts(2, 0, 2, 0).unwrap());
}

#[test]
fn who_comes_first_has_no_influence_on_who_gets_what() {
    let winners = |arrivals: &[u128]| -> Vec<bool> {
        let mut book = drawing(3, 0, None);
        enter(&mut book, arrivals.iter().copied());
        draw(&mut book, None);
        outcomes(&book, 1..=8).iter().map(is_held).collect()
    };
    let first = winners(&[1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(first, winners(&[8, 7, 6, 5, 4, 3, 2, 1]));
    assert_eq!(first, winners(&[3, 1, 4, 8, 5, 2, 6, 7]));
}

#[test]
fn those_behind_the_winners_wait_in_the_order_of_the_draw() {
    let mut book = drawing(1, 2, None);
    enter(&mut book, 1..=4);
    let events = draw(&mut book, None);
    let waiting: Vec<OrderId> = book.waiting().map(|waiter| waiter.order_id).collect();
    let in_order = |event: &Event| match event.change {
        Change::EntryWaits { order_id, .. } => Some(order_id),
        _ => None,
    };
    assert_eq!(waiting, events.iter().filter_map(in_order).collect::<Vec<_>>());
    assert_eq!(waiting.len(), 2);
    assert_eq!(count(&outcomes(&book, 1..=4), |outcome| *outcome == Outcome::SoldOut), 1);
    assert_eq!([0, 1].map(|at| book.waits_at_rank(waiting[at])), [Some(2), Some(3)]);
    // Somebody who orders now comes after them.
    let winner = (1..=4).find(|number| is_held(&book.outcome(order(*number)).unwrap())).unwrap();
    book.cancel(order(winner), ReleaseCause::Cancelled, 4_000).unwrap();
    assert!(is_held(&book.outcome(waiting[0]).unwrap()));
    place(&mut book, &intent(5, 5, 1), 4_000);
    assert_eq!((book.outcome(order(5)), book.waits_at_rank(order(5))), (Some(Outcome::Waiting), None));
}

#[test]
fn who_may_not_reserve_does_not_wait_behind_the_winner() {
    let mut book = drawing(1, 9, None);
    enter(&mut book, [20]);
    for number in 2..=9 {
        book.place(&intent(number, number, 1), true, 10);
    }
    let events = draw(&mut book, None);
    let winner = events.iter().position(|event| event.change.order_id() == Some(order(20))).unwrap();
    for (at, event) in events.iter().enumerate().skip(2).filter(|(at, _)| *at != winner) {
        let outcome = book.outcome(event.change.order_id().unwrap()).unwrap();
        let is_right = match outcome {
            // What reserves nothing takes nothing: before the winner it may be claimed.
            Outcome::Held { reserved, .. } => at < winner && !reserved,
            outcome => at > winner && outcome == Outcome::Rejected(Rejection::Marked),
        };
        assert!(is_right, "{at}, the winner {winner}: {outcome:?}");
    }
    assert!((3..10).contains(&winner), "some come before and some after: {winner}");
}

#[test]
fn who_wants_more_than_can_ever_come_back_is_told_so_wherever_in_the_draw() {
    let mut came_after_the_winner = BTreeSet::new();
    for number in 2..12 {
        let mut book = drawing(2, 2, None);
        enter(&mut book, [1]);
        place(&mut book, &intent(number, number, 2), 10);
        book.resize(&Units::plain(1), 10).unwrap();
        let events = draw(&mut book, None);
        assert!(is_held(&book.outcome(order(1)).unwrap()));
        assert_eq!(book.outcome(order(number)), Some(Outcome::Rejected(Rejection::NotEnoughUnits)));
        came_after_the_winner.insert(events[2].change.order_id() == Some(order(1)));
    }
    assert_eq!(came_after_the_winner.len(), 2, "before and after");
}

#[test]
fn where_no_units_are_left_when_the_draw_is_held_all_hear_sold_out() {
    let mut book = drawing(1, 2, None);
    enter(&mut book, 1..=2);
    book.resize(&Units::plain(0), 10).unwrap();
    draw(&mut book, None);
    assert_eq!(outcomes(&book, 1..=2), [Outcome::SoldOut; 2]);
}

#[test]
fn what_the_draw_leaves_is_sold_to_who_comes_first() {
    let mut book = drawing(3, 0, None);
    enter(&mut book, 1..=2);
    draw(&mut book, None);
    assert_eq!(book.stock().free(), 1);
    assert!(matches!(place(&mut book, &intent(3, 3, 1), 4_000), Decision::Recorded(_)));
    assert_eq!(place(&mut book, &intent(4, 4, 1), 4_000), Decision::SoldOut);
}

#[test]
fn nobody_enters_or_leaves_after_the_close() {
    let mut book = drawing(1, 0, None);
    enter(&mut book, 1..=2);
    assert_eq!(names(&book.cancel(order(1), ReleaseCause::Cancelled, 20).unwrap()), ["entry_ended"]);
    assert_eq!(book.units_of(ShopperId(Uuid::from_u128(1))), 0);
    let late = book.cancel(order(2), ReleaseCause::Cancelled, CLOSE_AT_MS);
    assert_eq!(late, Err(CancelRefused::EntriesClosed), "the close counts from its moment, not from its fact");
    book.close_entries(CLOSE_AT_MS);
    assert_eq!(book.resize(&Units::plain(2), CLOSE_AT_MS), Err(StockRefused::DrawUnderWay));
    assert_eq!(rejection(&place(&mut book, &intent(3, 3, 1), CLOSE_AT_MS)), Some(Rejection::EntriesClosed));
    assert_eq!(book.cancel(order(2), ReleaseCause::Cancelled, CLOSE_AT_MS), Err(CancelRefused::EntriesClosed));
    assert!(book.close_entries(CLOSE_AT_MS + 1).is_empty(), "it is closed once");
}

#[test]
fn the_root_stands_alone_for_a_while_before_the_seed_is_shown() {
    let mut book = drawing(1, 0, None);
    assert_eq!(book.hold_draw(&SEED, None, CLOSE_AT_MS), Err(DrawRefused::EntriesOpen));
    book.close_entries(CLOSE_AT_MS + 7);
    assert_eq!(book.draw_due_ms(), Some(CLOSE_AT_MS + 7 + DRAW_PAUSE_MS));
    assert_eq!(book.hold_draw(&SEED, None, CLOSE_AT_MS + 6 + DRAW_PAUSE_MS), Err(DrawRefused::EntriesOpen));
    book.hold_draw(&SEED, None, CLOSE_AT_MS + 7 + DRAW_PAUSE_MS).unwrap();
    assert_eq!(book.draw_stage(), Some(DrawStage::Drawn), "nobody had entered");
}

#[test]
fn a_named_beacon_is_waited_for_taken_once_and_never_replaced() {
    let mut book = drawing(1, 0, Some(9_000));
    enter(&mut book, 1..=3);
    assert_eq!(book.hold_draw(&SEED, Some("b"), 500), Err(DrawRefused::EntriesOpen));
    book.close_entries(CLOSE_AT_MS);
    assert_eq!(book.hold_draw(&SEED, None, 5_000), Err(DrawRefused::NoBeacon));
    book.hold_draw(&SEED, Some("b"), 5_000).unwrap();
    assert_eq!(book.hold_draw(&SEED, Some("b"), 5_001), Ok(vec![]));
    assert_eq!(book.hold_draw(&SEED, Some("c"), 5_001), Err(DrawRefused::Held));
    let mut unnamed = drawing(1, 0, None);
    unnamed.close_entries(CLOSE_AT_MS);
    assert_eq!(unnamed.hold_draw(&SEED, Some("b"), 5_000), Err(DrawRefused::NoBeacon));
    assert_eq!(self::book(1, 1).hold_draw(&SEED, None, 0), Err(DrawRefused::NoDraw));
}

#[test]
fn a_sale_whose_beacon_does_not_come_is_called_off_and_nobody_gets_anything() {
    let mut book = drawing(2, 0, Some(9_000));
    enter(&mut book, 1..=3);
    book.close_entries(CLOSE_AT_MS);
    assert!(book.elapse(8_999).is_empty());
    assert_eq!(book.draw_due_ms(), Some(9_000));
    assert_eq!(book.hold_draw(&SEED, Some("b"), 9_000), Err(DrawRefused::TooLate));
    assert!(book.clone().hold_draw(&SEED, Some("b"), 8_999).is_ok());
    assert_eq!(names(&book.elapse(9_000)), ["sale_called_off"]);
    assert_eq!(book.hold_draw(&SEED, Some("b"), 9_000), Err(DrawRefused::CalledOff));
    assert_eq!(book.next_due_ms(), Some(i64::MIN));
    while !book.elapse(9_000).is_empty() {}
    assert_eq!(outcomes(&book, 1..=3), [Outcome::Rejected(Rejection::SaleCalledOff); 3]);
    assert_eq!((book.stock().free(), book.next_due_ms(), book.draw_due_ms()), (2, None, None));
}

#[test]
fn while_entries_are_decided_nothing_else_takes_or_moves_what_is_theirs() {
    let mut book = drawing(3, 2, None);
    enter(&mut book, 1..=6);
    book.close_entries(CLOSE_AT_MS);
    book.hold_draw(&SEED, None, 5_000).unwrap();
    let first = book.elapse(5_000);
    let first = first[0].change.order_id().unwrap();
    book.cancel(first, ReleaseCause::Cancelled, 5_000).unwrap();
    assert_eq!(book.resize(&Units::plain(1), 5_000), Err(StockRefused::DrawUnderWay));
    assert_eq!(book.next_due_ms(), Some(i64::MIN));
    // Long after the holds' time: the draw goes on before anything lapses.
    while book.draw_stage() != Some(DrawStage::Drawn) {
        assert!(!book.elapse(90_000).is_empty());
    }
    let all = outcomes(&book, 1..=6);
    assert_eq!(count(&all, is_held), 4, "the cancelled one, the other two winners, and the first who waited");
    assert_eq!(book.stock(), Stock::from_counts(3, 0, 3, 0).unwrap());
    assert_eq!(book.waiting().count(), 1);
}

#[test]
fn a_sale_that_is_called_off_amid_its_draw_ends_every_entry() {
    let mut book = drawing(2, 0, None);
    enter(&mut book, 1..=5);
    book.close_entries(CLOSE_AT_MS);
    book.hold_draw(&SEED, None, 5_000).unwrap();
    book.elapse(5_000);
    book.call_off(5_000);
    while !book.elapse(5_000).is_empty() {}
    let all = outcomes(&book, 1..=5);
    assert_eq!(count(&all, |outcome| *outcome == Outcome::Rejected(Rejection::SaleCalledOff)), 4);
    assert_eq!(book.stock().free(), 2);
}

#[test]
fn the_shopper_with_too_many_lapsed_holds_enters_and_pays_to_claim() {
    let mut book = drawing(5, 0, None);
    book.place(&intent(1, 1, 1), true, 10);
    enter(&mut book, 2..=3);
    draw(&mut book, None);
    assert!(matches!(book.outcome(order(1)), Some(Outcome::Held { reserved: false, .. })));
    assert_eq!(book.stock().held(), 2);
}

#[test]
fn limits_and_passes_hold_for_entries_too() {
    let mut book = drawing(9, 0, None);
    enter(&mut book, 1..=1);
    let same_pass = Intent { pass_id: PassId(Uuid::from_u128(1)), ..intent(2, 2, 1) };
    assert_eq!(rejection(&place(&mut book, &same_pass, 10)), Some(Rejection::PassInvalid));
    assert_eq!(rejection(&place(&mut book, &intent(3, 1, 2), 10)), Some(Rejection::LimitReached));
    assert_eq!(rejection(&place(&mut drawing(1, 0, None), &intent(4, 4, 2), 10)), Some(Rejection::NotEnoughUnits));
    assert_eq!(place(&mut book, &intent(1, 1, 1), 10), Decision::Known);
}

#[test]
fn a_log_whose_draw_comes_out_otherwise_is_refused() {
    let mut book = drawing(1, 0, None);
    let mut events = Vec::new();
    for number in 1..=3 {
        let Decision::Recorded(event) = place(&mut book, &intent(number, number, 1), 10) else { panic!("not entered") };
        events.push(event);
    }
    events.extend(draw(&mut book, None));
    let replay = |events: &[Event]| {
        let mut other = drawing(1, 0, None);
        events.iter().try_for_each(|event| other.apply(event)).map(|()| other)
    };
    assert_eq!(replay(&events).as_ref(), Ok(&book));
    let broken = Err(crate::book_apply::BrokenLog::Draw);
    let mut missing = events.clone();
    missing.remove(2);
    assert_eq!(replay(&missing), broken);
    let mut swapped = events.clone();
    swapped.swap(5, 6);
    assert_eq!(replay(&swapped), broken);
    let mut other_number = events.clone();
    if let Change::DrawEntered { number, .. } = &mut other_number[0].change {
        *number = 2;
    }
    assert_eq!(replay(&other_number[..1]), broken);
    let mut entered_late = events[..4].to_vec();
    entered_late.swap(2, 3);
    if let Change::EntriesClosed { root, entries } = &mut entered_late[2].change {
        let two = replay(&events[..2]).unwrap().close_entries(CLOSE_AT_MS);
        let Change::EntriesClosed { root: of_two, .. } = two[0].change else { panic!("not closed") };
        (*root, *entries) = (of_two, 2);
    }
    assert!(replay(&entered_late[..3]).is_ok());
    assert_eq!(replay(&entered_late), broken, "nobody enters after the close");
    let mut left_late = events[..4].to_vec();
    let order_id = order(1);
    let change = Change::EntryEnded { order_id, rank: None, reason: Some(Rejection::Cancelled) };
    left_late.push(Event { change, ..events[4].clone() });
    assert_eq!(replay(&left_late), broken, "nobody leaves after the close");
    for spoil in [|_: &mut Hex32, entries: &mut u64| *entries += 1, |root: &mut Hex32, _: &mut u64| root.0[0] ^= 1] {
        let mut other_close = events[..4].to_vec();
        if let Change::EntriesClosed { root, entries } = &mut other_close[3].change {
            spoil(root, entries);
        }
        assert_eq!(replay(&other_close), broken);
    }
    let mut other_seed = events;
    if let Change::Drawn { seed, .. } = &mut other_seed[4].change {
        seed.0[0] ^= 1;
    }
    assert_ne!(replay(&other_seed).as_ref(), Ok(&book));
}
