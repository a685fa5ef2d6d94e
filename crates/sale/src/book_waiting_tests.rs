//! The waiting line: units that come back go to who waits, in order.

use super::*;

fn book_with_line(units: u64, places: u32) -> Book {
    let terms = Terms { waitlist_units: places, ..terms(9) };
    Book::new(SaleId(Uuid::from_u128(1)), terms, &Units::plain(units))
}

fn outcome(book: &Book, number: u128) -> Outcome {
    book.outcome(order(number)).unwrap()
}

fn is_held(book: &Book, number: u128) -> bool {
    matches!(outcome(book, number), Outcome::Held { reserved: true, .. })
}

/// One unit held by order 1, and orders 2 and up waiting.
fn with_waiting(places: u32, waiting: u128) -> Book {
    let mut book = book_with_line(1, places);
    for number in 1..=waiting + 1 {
        place(&mut book, &intent(number, number, 1), 0);
    }
    book
}

#[test]
fn as_many_wait_as_there_are_places_and_the_next_is_told_sold_out() {
    let mut book = book_with_line(1, 2);
    place(&mut book, &intent(1, 1, 1), 0);
    assert_eq!(book.outlooks().of(None).unwrap(), Outlook { free_units: 0, can_wait: true });
    place(&mut book, &intent(2, 2, 1), 0);
    place(&mut book, &intent(3, 3, 1), 0);
    assert_eq!(book.outlooks().of(None).unwrap(), Outlook { free_units: 0, can_wait: false });
    assert_eq!(place(&mut book, &intent(4, 4, 1), 0), Decision::SoldOut);
    assert_eq!((outcome(&book, 2), outcome(&book, 3)), (Outcome::Waiting, Outcome::Waiting));
    assert_eq!(book.waiting().map(|waiter| waiter.order_id).collect::<Vec<_>>(), [order(2), order(3)]);
}

#[test]
fn who_may_not_wait_is_not_told_sold_out_while_who_comes_next_may() {
    let mut book = book_with_line(1, 2);
    place(&mut book, &intent(1, 1, 1), 0);
    place(&mut book, &intent(2, 2, 2), 0);
    assert_eq!(outcome(&book, 2), Outcome::Rejected(Rejection::NotEnoughUnits), "only one unit may come back");
    book.place(&intent(3, 3, 1), true, 0);
    assert_eq!(outcome(&book, 3), Outcome::Rejected(Rejection::Marked));
    place(&mut book, &intent(4, 4, 1), 0);
    assert_eq!(outcome(&book, 4), Outcome::Waiting);
}

#[test]
fn a_unit_that_comes_back_goes_to_the_first_who_waits_in_the_same_step() {
    let mut book = with_waiting(2, 2);
    assert_eq!(names(&book.elapse(10_000)), ["order_released", "waiting_held"]);
    assert!(is_held(&book, 2));
    assert_eq!(outcome(&book, 2), Outcome::Held { expires_at_ms: Some(20_000), reserved: true });
    assert_eq!(outcome(&book, 3), Outcome::Waiting);
    let events = book.cancel(order(2), ReleaseCause::Cancelled, 10_001).unwrap();
    assert_eq!(names(&events), ["order_released", "waiting_held"]);
    assert!(is_held(&book, 3));
}

#[test]
fn restocked_units_go_to_who_waits() {
    let mut book = with_waiting(5, 3);
    let events = book.resize(&Units::plain(3), 1).unwrap();
    assert_eq!(names(&events), ["stock_resized", "waiting_held", "waiting_held"]);
    assert!(is_held(&book, 3));
    assert_eq!(outcome(&book, 4), Outcome::Waiting);
}

#[test]
fn the_wait_ends_when_all_is_sold() {
    let mut book = with_waiting(5, 2);
    book.open_payment(order(1), payment(7), 1).unwrap();
    let events = book.settle(&settlement(7, "e", true), 2).unwrap().1;
    assert_eq!(names(&events), ["order_paid", "waiting_ended", "waiting_ended"]);
    assert_eq!(outcome(&book, 2), Outcome::SoldOut);
    assert_eq!(book.units_of(ShopperId(Uuid::from_u128(2))), 0);
    assert_eq!(place(&mut book, &intent(9, 9, 1), 3), Decision::SoldOut, "there is nothing to wait for");
}

#[test]
fn the_wait_ends_with_the_sale_and_what_comes_back_later_goes_to_nobody() {
    let mut book = with_waiting(5, 2);
    book.set_terms(Terms { ends_at_ms: 5_000, ..book.terms().clone() });
    assert_eq!(book.next_due_ms(), Some(5_000));
    assert_eq!(book.elapse(4_999), []);
    assert_eq!(names(&book.elapse(5_000)), ["waiting_ended", "waiting_ended"]);
    assert_eq!(outcome(&book, 3), Outcome::SoldOut);
    assert_eq!(names(&book.elapse(10_000)), ["order_released"]);
    assert_eq!(book.stock().free(), 1);
}

#[test]
fn a_release_after_the_end_ends_the_wait_and_serves_nobody() {
    let mut book = with_waiting(5, 1);
    let events = book.cancel(order(1), ReleaseCause::Cancelled, ENDS_AT_MS).unwrap();
    assert_eq!(names(&events), ["order_released", "waiting_ended"]);
    assert_eq!(place(&mut book, &intent(8, 8, 2), ENDS_AT_MS), rejected_for_units(&book, 8));
}

fn rejected_for_units(book: &Book, number: u128) -> Decision {
    let change = Change::OrderRejected { intent: intent(number, number, 2), reason: Rejection::NotEnoughUnits };
    Decision::Recorded(Event { sale_id: book.sale_id, at_ms: ENDS_AT_MS, change })
}

#[test]
fn nobody_begins_to_wait_after_the_end() {
    let mut book = with_waiting(5, 0);
    assert_eq!(place(&mut book, &intent(2, 2, 1), ENDS_AT_MS), Decision::SoldOut);
    place(&mut book, &intent(3, 3, 1), ENDS_AT_MS - 1);
    assert_eq!(outcome(&book, 3), Outcome::Waiting);
}

#[test]
fn who_waits_for_two_is_passed_over_by_who_wants_one_and_is_not_told_sold_out() {
    let mut book = book_with_line(2, 5);
    place(&mut book, &intent(1, 1, 1), 0);
    place(&mut book, &intent(2, 2, 1), 0);
    place(&mut book, &intent(3, 3, 2), 0);
    place(&mut book, &intent(4, 4, 1), 0);
    assert_eq!(names(&book.cancel(order(1), ReleaseCause::Cancelled, 1).unwrap()), ["order_released", "waiting_held"]);
    assert!(is_held(&book, 4), "one unit is not enough for the third");
    assert!(book.waiting().next().unwrap().passed_over);
    for (number, payment_number) in [(2, 7), (4, 8)] {
        book.open_payment(order(number), payment(payment_number), 2).unwrap();
    }
    book.settle(&settlement(7, "e", true), 3).unwrap();
    assert_eq!(outcome(&book, 3), Outcome::Rejected(Rejection::NotEnoughUnits), "two can never be had any more");
}

#[test]
fn a_newcomer_who_wants_one_passes_over_who_waits_for_two() {
    let mut book = book_with_line(2, 5);
    place(&mut book, &intent(1, 1, 1), 0);
    place(&mut book, &intent(2, 2, 2), 0);
    assert_eq!(outcome(&book, 2), Outcome::Waiting);
    place(&mut book, &intent(3, 3, 1), 0);
    assert!(is_held(&book, 3));
    book.set_terms(Terms { ends_at_ms: 5, ..book.terms().clone() });
    book.elapse(5);
    assert_eq!(outcome(&book, 2), Outcome::Rejected(Rejection::NotEnoughUnits));
}

#[test]
fn units_that_somebody_waits_for_count_towards_the_limit_until_the_shopper_leaves() {
    let mut book = with_waiting(5, 1);
    book.set_terms(Terms { per_shopper_limit: 1, ..book.terms().clone() });
    assert_eq!(rejection(&place(&mut book, &intent(5, 2, 1), 0)), Some(Rejection::LimitReached));
    assert_eq!(names(&book.cancel(order(2), ReleaseCause::Cancelled, 1).unwrap()), ["waiting_ended"]);
    assert_eq!(outcome(&book, 2), Outcome::Rejected(Rejection::Cancelled));
    place(&mut book, &intent(6, 2, 1), 2);
    assert_eq!(outcome(&book, 6), Outcome::Waiting);
}

#[test]
fn who_waited_pays_the_price_of_the_moment_in_which_the_hold_begins() {
    let mut book = with_waiting(5, 1);
    book.set_terms(Terms { price_minor: 900, ..book.terms().clone() });
    book.elapse(10_000);
    assert_eq!(book.order(order(2)).unwrap().amount_minor, 900);
}

#[test]
fn a_unit_of_one_sku_goes_to_who_waits_for_it_whoever_else_waits() {
    let mut book = book_of_skus(2, 1, 1);
    book.set_terms(Terms { waitlist_units: 9, ..book.terms().clone() });
    place(&mut book, &of_sku("s", intent(1, 1, 1)), 0);
    place(&mut book, &of_sku("m", intent(2, 2, 1)), 0);
    place(&mut book, &of_sku("s", intent(3, 3, 1)), 0);
    place(&mut book, &of_sku("m", intent(4, 4, 1)), 0);
    book.cancel(order(2), ReleaseCause::Cancelled, 1).unwrap();
    assert_eq!(outcome(&book, 3), Outcome::Waiting);
    assert!(is_held(&book, 4));
}

#[test]
fn a_marked_shopper_does_not_wait() {
    let mut book = with_waiting(5, 0);
    book.place(&intent(2, 2, 1), true, 0);
    assert_eq!(outcome(&book, 2), Outcome::Rejected(Rejection::Marked));
    let mut book = with_waiting(0, 0);
    assert_eq!(book.place(&intent(2, 2, 1), true, 0), Decision::SoldOut, "nobody waits here");
}

#[test]
fn a_sale_called_off_ends_the_wait_with_its_reason() {
    let mut book = with_waiting(5, 1);
    assert_eq!(names(&book.call_off(1)), ["sale_called_off", "waiting_ended"]);
    assert_eq!(outcome(&book, 2), Outcome::Rejected(Rejection::SaleCalledOff));
    assert!(outcome(&book, 2).is_final());
    assert!(!Outcome::Waiting.is_final());
}

#[test]
fn who_waits_is_not_passed_over_by_who_gets_another_sku() {
    let mut book = book_of_skus(2, 1, 2);
    book.set_terms(Terms { waitlist_units: 9, ..book.terms().clone() });
    place(&mut book, &of_sku("s", intent(1, 1, 1)), 0);
    place(&mut book, &of_sku("s", intent(2, 2, 1)), 0);
    place(&mut book, &of_sku("m", intent(3, 3, 1)), 0);
    book.open_payment(order(1), payment(7), 1).unwrap();
    book.settle(&settlement(7, "e", true), 2).unwrap();
    assert_eq!(outcome(&book, 2), Outcome::SoldOut, "it asked for one, and none can be had");
}
