//! The book's rules as sentences, and as properties over whole sales.

use super::*;
use crate::decision::{PaymentRefused, Settlement};
use crate::event::RefundCause;
use crate::order::OrderState;
use crate::strikes::StrikeTerms;
use uuid::Uuid;

#[path = "book_draw_tests.rs"]
mod draws;
#[path = "book_payment_tests.rs"]
mod payments;
#[path = "book_properties.rs"]
mod properties;
#[path = "book_waiting_tests.rs"]
mod waiting;

const ENDS_AT_MS: i64 = 1_000_000;

fn terms(limit: u32) -> Terms {
    Terms {
        price_minor: 500,
        sku_prices_minor: BTreeMap::new(),
        currency: "CNY".to_owned(),
        per_shopper_limit: limit,
        hold_seconds: 10,
        stock_policy: StockPolicy::Hold,
        waitlist_units: 0,
        strikes: StrikeTerms::OFF,
        ends_at_ms: ENDS_AT_MS,
        draw: None,
    }
}

fn book(units: u64, limit: u32) -> Book {
    Book::new(SaleId(Uuid::from_u128(1)), terms(limit), &Units::plain(units))
}

fn book_by(stock_policy: StockPolicy, units: u64) -> Book {
    Book::new(SaleId(Uuid::from_u128(1)), Terms { stock_policy, ..terms(1) }, &Units::plain(units))
}

/// Two SKUs, `s` and `m`, at 500 and 700.
fn book_of_skus(total: u64, small: u64, medium: u64) -> Book {
    let of = |small, medium| BTreeMap::from([("s".to_owned(), small), ("m".to_owned(), medium)]);
    let terms = Terms { sku_prices_minor: of(500, 700), ..terms(9) };
    Book::new(
        SaleId(Uuid::from_u128(1)),
        terms,
        &Units {
            total,
            skus: of(small as i64, medium as i64).into_iter().map(|(sku, units)| (sku, units as u64)).collect(),
        },
    )
}

fn place(book: &mut Book, intent: &Intent, now_ms: i64) -> Decision {
    book.place(intent, false, now_ms)
}

fn of_sku(sku: &str, intent: Intent) -> Intent {
    Intent { sku: Some(sku.to_owned()), ..intent }
}

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.change.name()).collect()
}

/// Order `number` by `shopper`, with a pass of its own.
fn intent(number: u128, shopper: u128, quantity: u32) -> Intent {
    Intent {
        order_id: OrderId(Uuid::from_u128(number)),
        shopper_id: ShopperId(Uuid::from_u128(shopper)),
        pass_id: PassId(Uuid::from_u128(number)),
        idempotency_key: number.to_string(),
        body_hash: 0,
        sku: None,
        quantity,
        queue_life: 1,
        queue_seq: number as u64,
    }
}

fn order(number: u128) -> OrderId {
    OrderId(Uuid::from_u128(number))
}

fn payment(number: u128) -> PaymentId {
    PaymentId(Uuid::from_u128(number))
}

fn settlement(number: u128, event: &str, paid: bool) -> Settlement {
    Settlement {
        payment_id: payment(number),
        provider_event_id: event.to_owned(),
        paid,
        amount_minor: 500,
        currency: "CNY".to_owned(),
    }
}

fn rejection(decision: &Decision) -> Option<Rejection> {
    match decision {
        Decision::Recorded(Event { change: Change::OrderRejected { reason, .. }, .. }) => Some(*reason),
        _ => None,
    }
}

fn state(book: &Book, number: u128) -> OrderState {
    book.order(order(number)).unwrap().state
}

#[test]
fn units_go_to_the_first_who_come_and_then_it_is_sold_out() {
    let mut book = book(2, 1);
    assert!(matches!(place(&mut book, &intent(1, 1, 1), 0), Decision::Recorded(_)));
    assert!(matches!(place(&mut book, &intent(2, 2, 1), 0), Decision::Recorded(_)));
    assert_eq!(place(&mut book, &intent(3, 3, 1), 0), Decision::SoldOut);
    assert_eq!(book.stock(), Stock::from_counts(2, 0, 2, 0).unwrap());
}

#[test]
fn the_same_order_twice_is_one_order() {
    let mut book = book(5, 5);
    place(&mut book, &intent(1, 1, 1), 0);
    assert_eq!(place(&mut book, &intent(1, 1, 1), 0), Decision::Known);
    assert_eq!(book.stock().held(), 1);
}

#[test]
fn a_pass_is_good_for_one_order() {
    let mut book = book(5, 5);
    place(&mut book, &intent(1, 1, 1), 0);
    let second = Intent { pass_id: PassId(Uuid::from_u128(1)), ..intent(2, 1, 1) };
    assert_eq!(rejection(&place(&mut book, &second, 0)), Some(Rejection::PassInvalid));
}

#[test]
fn the_limit_counts_what_is_held_and_paid_and_not_what_went_back() {
    let mut book = book(5, 2);
    place(&mut book, &intent(1, 1, 2), 0);
    assert_eq!(rejection(&place(&mut book, &intent(2, 1, 1), 0)), Some(Rejection::LimitReached));
    book.cancel(order(1), ReleaseCause::Cancelled, 1).unwrap();
    assert!(matches!(place(&mut book, &intent(3, 1, 2), 2), Decision::Recorded(_)));
}

#[test]
fn an_order_for_more_than_is_left_does_not_take_the_rest_from_who_asks_for_less() {
    let mut book = book(1, 2);
    assert_eq!(rejection(&place(&mut book, &intent(1, 1, 2), 0)), Some(Rejection::NotEnoughUnits));
    assert!(matches!(place(&mut book, &intent(2, 2, 1), 0), Decision::Recorded(_)));
}

#[test]
fn a_hold_lapses_at_its_time_and_not_before() {
    let mut book = book(1, 1);
    place(&mut book, &intent(1, 1, 1), 1_000);
    assert_eq!(book.next_due_ms(), Some(11_000));
    assert_eq!(book.elapse(10_999), []);
    assert_eq!(names(&book.elapse(11_000)), ["order_released"]);
    assert_eq!(book.elapse(11_000), []);
    assert_eq!(book.next_due_ms(), None);
    assert_eq!(state(&book, 1), OrderState::Released);
    assert_eq!(book.stock().free(), 1);
}

#[test]
fn a_hold_keeps_the_price_that_it_began_with() {
    let mut book = book(2, 2);
    place(&mut book, &intent(1, 1, 2), 0);
    book.set_terms(Terms { price_minor: 900, ..book.terms().clone() });
    assert_eq!(book.order(order(1)).unwrap().amount_minor, 1_000);
}

#[test]
fn stock_cannot_be_lowered_below_what_is_taken() {
    let mut book = book(3, 3);
    place(&mut book, &intent(1, 1, 2), 0);
    assert_eq!(book.resize(&Units::plain(1), 1), Err(StockRefused::BelowTaken { taken_units: 2 }));
    book.resize(&Units::plain(2), 1).unwrap();
    assert_eq!(place(&mut book, &intent(2, 2, 1), 2), Decision::SoldOut);
    book.resize(&Units::plain(5), 3).unwrap();
    assert!(matches!(place(&mut book, &intent(3, 2, 1), 4), Decision::Recorded(_)));
}

#[test]
fn skus_have_their_own_price_and_share_the_total() {
    let mut book = book_of_skus(3, 2, 2);
    place(&mut book, &of_sku("m", intent(1, 1, 2)), 0);
    assert_eq!(book.order(order(1)).unwrap().amount_minor, 1_400);
    assert_eq!(place(&mut book, &of_sku("m", intent(2, 2, 1)), 0), Decision::SoldOut);
    let two_small = place(&mut book, &of_sku("s", intent(3, 3, 2)), 0);
    assert_eq!(rejection(&two_small), Some(Rejection::NotEnoughUnits), "two are there, and one under the total");
    place(&mut book, &of_sku("s", intent(4, 4, 1)), 0);
    assert_eq!(book.outlooks().all, Outlook { free_units: 0, can_wait: false });
    assert_eq!((book.shelf().skus()["s"].held(), book.shelf().skus()["m"].held()), (1, 2));
    book.cancel(order(1), ReleaseCause::Cancelled, 1).unwrap();
    assert_eq!(book.shelf().skus()["m"].free(), 2);
    assert_eq!(book.outlooks().all.free_units, 2);
}

#[test]
fn an_order_for_what_is_not_sold_here_is_rejected() {
    for (mut book, wrong) in [
        (book_of_skus(3, 2, 2), intent(1, 1, 1)),
        (book_of_skus(3, 2, 2), of_sku("l", intent(1, 1, 1))),
        (self::book(3, 1), of_sku("s", intent(1, 1, 1))),
    ] {
        assert_eq!(rejection(&place(&mut book, &wrong, 0)), Some(Rejection::SkuUnknown));
    }
}

#[test]
fn skus_are_restocked_by_name_and_never_below_the_total() {
    let mut book = book_of_skus(3, 2, 1);
    let units = |total, skus: &[(&str, u64)]| Units {
        total,
        skus: skus.iter().map(|&(sku, units)| (sku.to_owned(), units)).collect(),
    };
    assert_eq!(book.resize(&units(4, &[]), 1), Err(StockRefused::SkusBelowTotal));
    book.resize(&units(4, &[("m", 2)]), 1).unwrap();
    place(&mut book, &of_sku("m", intent(1, 1, 2)), 2);
    let too_low = book.resize(&units(3, &[("m", 1), ("s", 2)]), 3);
    assert_eq!(too_low, Err(StockRefused::BelowTaken { taken_units: 2 }));
    assert_eq!(self::book(3, 1).resize(&units(3, &[("m", 3)]), 0), Err(StockRefused::NoSkus));
}

#[test]
fn what_is_taken_on_order_does_not_lapse() {
    let mut book = book_by(StockPolicy::OnOrder, 1);
    place(&mut book, &intent(1, 1, 1), 0);
    assert_eq!(book.next_due_ms(), None);
    assert_eq!(book.elapse(i64::MAX), []);
    assert_eq!(book.stock().held(), 1);
    assert!(book.open_payment(order(1), payment(7), i64::MAX).is_ok());
    book.cancel(order(1), ReleaseCause::ByMerchant, 1).unwrap();
    assert_eq!(book.stock().free(), 1);
}

#[test]
fn an_order_that_is_decided_by_payment_reserves_nothing_and_counts_towards_the_limit() {
    let mut book = book_by(StockPolicy::OnPayment, 1);
    place(&mut book, &intent(1, 1, 1), 0);
    place(&mut book, &intent(2, 2, 1), 0);
    assert_eq!(book.stock(), Stock::from_counts(1, 1, 0, 0).unwrap());
    assert_eq!(book.outcome(order(2)), Some(Outcome::Held { expires_at_ms: Some(10_000), reserved: false }));
    assert_eq!(rejection(&place(&mut book, &intent(3, 1, 1), 0)), Some(Rejection::LimitReached));
    assert_eq!(names(&book.elapse(10_000)), ["order_released"]);
    assert_eq!(book.stock(), Stock::from_counts(1, 1, 0, 0).unwrap());
    assert_eq!(book.units_of(ShopperId(Uuid::from_u128(1))), 0);
}

#[test]
fn a_marked_shopper_pays_to_claim_or_is_refused_as_the_sale_says() {
    let mut book = book(2, 1);
    book.place(&intent(1, 1, 1), true, 0);
    assert_eq!(book.stock().free(), 2);
    assert_eq!(state(&book, 1), OrderState::AwaitingPayment);
    let strikes = StrikeTerms { marked_orders: MarkedOrders::Refuse, ..StrikeTerms::OFF };
    book.set_terms(Terms { strikes, ..terms(1) });
    assert_eq!(rejection(&book.place(&intent(2, 2, 1), true, 0)), Some(Rejection::Marked));
    assert!(matches!(place(&mut book, &intent(3, 3, 1), 0), Decision::Recorded(_)));
}

#[test]
fn a_sale_that_is_called_off_releases_and_refunds_order_by_order() {
    let mut book = book(3, 1);
    for number in 1..=2 {
        place(&mut book, &intent(number, number, 1), 0);
    }
    book.open_payment(order(1), payment(7), 1).unwrap();
    book.settle(&settlement(7, "e", true), 2).unwrap();
    assert_eq!(names(&book.call_off(3)), ["sale_called_off"]);
    assert_eq!(book.call_off(3), []);
    assert_eq!(book.next_due_ms(), Some(i64::MIN));
    assert_eq!(book.outlooks().all, Outlook::default());
    assert_eq!(rejection(&place(&mut book, &intent(3, 3, 1), 4)), Some(Rejection::SaleCalledOff));
    assert!(matches!(book.open_payment(order(2), payment(8), 4), Err(PaymentRefused::NotOpen(_))));
    assert_eq!(names(&book.elapse(4)), ["order_refunded"]);
    assert_eq!(names(&book.elapse(4)), ["order_released"]);
    assert_eq!(book.elapse(i64::MAX), []);
    assert_eq!((state(&book, 1), state(&book, 2)), (OrderState::Refunded, OrderState::Released));
    assert_eq!(book.stock(), Stock::from_counts(3, 3, 0, 0).unwrap());
    assert_eq!(book.units_of(ShopperId(Uuid::from_u128(1))), 0);
}

#[test]
fn the_book_says_whose_an_order_is_wherever_it_stands() {
    let mut book = Book::new(SaleId(Uuid::from_u128(1)), Terms { waitlist_units: 1, ..terms(1) }, &Units::plain(1));
    for number in 1..=2 {
        place(&mut book, &intent(number, number + 10, 1), 0);
    }
    place(&mut book, &intent(3, 11, 1), 0);
    let shopper = |number| Some(ShopperId(Uuid::from_u128(number)));
    assert_eq!(book.shopper_of(order(1)), shopper(11), "held");
    assert_eq!(book.shopper_of(order(2)), shopper(12), "waiting");
    assert_eq!(book.shopper_of(order(3)), shopper(11), "rejected");
    assert_eq!(book.shopper_of(order(4)), None);
    assert_eq!(book.orders().map(|(order_id, _)| *order_id).collect::<Vec<_>>(), [order(1)]);
    assert!(!book.is_called_off());
    book.call_off(1);
    assert!(book.is_called_off());
}

#[test]
fn the_outlook_of_all_is_that_of_the_best_sku() {
    let mut book = book_of_skus(2, 1, 1);
    book.set_terms(Terms { waitlist_units: 1, ..book.terms().clone() });
    for (number, sku) in [(1, "s"), (2, "m")] {
        place(&mut book, &of_sku(sku, intent(number, number, 1)), 0);
    }
    book.open_payment(order(1), payment(7), 1).unwrap();
    book.settle(&settlement(7, "e", true), 2).unwrap();
    let outlooks = book.outlooks();
    assert_eq!(outlooks.of(Some("s")), Some(Outlook { free_units: 0, can_wait: false }), "sold: nothing to wait for");
    assert_eq!(outlooks.of(Some("m")), Some(Outlook { free_units: 0, can_wait: true }));
    assert_eq!(outlooks.all, Outlook { free_units: 0, can_wait: true });
    assert_eq!((outlooks.of(None), outlooks.of(Some("l"))), (None, None));
}

#[test]
fn a_log_that_does_not_follow_is_broken() {
    let mut book = book(3, 1);
    let Decision::Recorded(held) = place(&mut book, &intent(1, 1, 1), 0) else { panic!() };
    place(&mut book, &intent(2, 2, 1), 0);
    let opened = book.open_payment(order(2), payment(7), 1).unwrap().1.unwrap();
    let paid = book.settle(&settlement(7, "e", true), 1).unwrap().1;
    let released = book.cancel(order(1), ReleaseCause::Cancelled, 2).unwrap();
    for event in [&held, &opened, &paid[0], &released[0]] {
        assert!(book.clone().apply(event).is_err(), "{event:?}");
    }
    let fact = |change| Event { sale_id: SaleId(Uuid::from_u128(1)), at_ms: 3, change };
    let (order_id, payment_id) = (order(2), payment(7));
    let provider_event_id = "other".to_owned();
    for wrong in [
        Change::OrderReleased { order_id, cause: ReleaseCause::Lapsed },
        Change::OrderReleased { order_id: order(9), cause: ReleaseCause::Lapsed },
        Change::WaitingEnded { order_id, reason: None },
        Change::OrderRejected { intent: intent(1, 1, 1), reason: Rejection::Marked },
        Change::OrderWaits { intent: intent(1, 1, 1) },
        Change::PaymentOpened { order_id, payment_id: payment(8) },
        Change::PaymentDeclined { order_id, payment_id, provider_event_id: provider_event_id.clone() },
        Change::PaymentDeclined { order_id: order(1), payment_id: payment(9), provider_event_id },
        Change::OrderRefunded { order_id, payment_id: payment(8), cause: RefundCause::Cancelled },
        Change::OrderRefunded { order_id: order(1), payment_id, cause: RefundCause::Cancelled },
        Change::StockResized { stock_units: 0, skus: BTreeMap::new() },
    ] {
        assert!(book.clone().apply(&fact(wrong.clone())).is_err(), "{wrong:?}");
    }
    assert_eq!(book.stock(), Stock::from_counts(3, 2, 0, 1).unwrap());
    book.call_off(4);
    assert_eq!(book.apply(&fact(Change::SaleCalledOff)), Err(crate::BrokenLog::CalledOff));
}
