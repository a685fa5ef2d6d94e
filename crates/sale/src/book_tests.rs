//! The book's rules as sentences, and as properties over whole sales.

use super::*;
use crate::terms::StockPolicy;
use proptest::prelude::*;
use uuid::Uuid;

fn book(units: u64, limit: u32) -> Book {
    let terms = Terms {
        price_minor: 500,
        currency: "CNY".to_owned(),
        per_shopper_limit: limit,
        hold_seconds: 10,
        stock_policy: StockPolicy::Hold,
    };
    Book::new(SaleId(Uuid::from_u128(1)), terms, units)
}

/// Order `number` by `shopper`, with a pass of its own.
fn intent(number: u128, shopper: u128, quantity: u32) -> Intent {
    Intent {
        order_id: OrderId(Uuid::from_u128(number)),
        shopper_id: ShopperId(Uuid::from_u128(shopper)),
        pass_id: PassId(Uuid::from_u128(number)),
        idempotency_key: number.to_string(),
        body_hash: 0,
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
    assert!(matches!(book.place(&intent(1, 1, 1), 0), Decision::Recorded(_)));
    assert!(matches!(book.place(&intent(2, 2, 1), 0), Decision::Recorded(_)));
    assert_eq!(book.place(&intent(3, 3, 1), 0), Decision::SoldOut);
    assert_eq!(book.stock(), Stock::from_counts(2, 0, 2, 0).unwrap());
}

#[test]
fn the_same_order_twice_is_one_order() {
    let mut book = book(5, 5);
    book.place(&intent(1, 1, 1), 0);
    assert_eq!(book.place(&intent(1, 1, 1), 0), Decision::Known);
    assert_eq!(book.stock().held(), 1);
}

#[test]
fn a_pass_is_good_for_one_order() {
    let mut book = book(5, 5);
    book.place(&intent(1, 1, 1), 0);
    let second = Intent { pass_id: PassId(Uuid::from_u128(1)), ..intent(2, 1, 1) };
    assert_eq!(rejection(&book.place(&second, 0)), Some(Rejection::PassInvalid));
}

#[test]
fn the_limit_counts_what_is_held_and_paid_and_not_what_went_back() {
    let mut book = book(5, 2);
    book.place(&intent(1, 1, 2), 0);
    assert_eq!(rejection(&book.place(&intent(2, 1, 1), 0)), Some(Rejection::LimitReached));
    book.cancel(order(1), 1).unwrap();
    assert!(matches!(book.place(&intent(3, 1, 2), 2), Decision::Recorded(_)));
}

#[test]
fn an_order_for_more_than_is_left_does_not_take_the_rest_from_who_asks_for_less() {
    let mut book = book(1, 2);
    assert_eq!(rejection(&book.place(&intent(1, 1, 2), 0)), Some(Rejection::NotEnoughUnits));
    assert!(matches!(book.place(&intent(2, 2, 1), 0), Decision::Recorded(_)));
}

#[test]
fn a_hold_lapses_at_its_time_and_not_before() {
    let mut book = book(1, 1);
    book.place(&intent(1, 1, 1), 1_000);
    assert_eq!(book.next_expiry_ms(), Some(11_000));
    assert_eq!(book.lapse(10_999), None);
    assert!(book.lapse(11_000).is_some());
    assert_eq!(book.lapse(11_000), None);
    assert_eq!(state(&book, 1), OrderState::Released);
    assert_eq!(book.stock().free(), 1);
}

#[test]
fn a_paid_order_neither_lapses_nor_can_be_cancelled() {
    let mut book = book(1, 1);
    book.place(&intent(1, 1, 1), 0);
    book.open_payment(order(1), payment(7), 1).unwrap();
    assert_eq!(state(&book, 1), OrderState::AwaitingPayment);
    book.settle(&settlement(7, "e", true), 2).unwrap();
    assert_eq!(state(&book, 1), OrderState::Paid);
    assert_eq!(book.lapse(i64::MAX), None);
    assert_eq!(book.cancel(order(1), 3), Err(CancelRefused::NotHolding(OrderState::Paid)));
    assert_eq!(book.stock(), Stock::from_counts(1, 0, 0, 1).unwrap());
}

#[test]
fn one_payment_is_open_at_a_time() {
    let mut book = book(1, 1);
    book.place(&intent(1, 1, 1), 0);
    assert!(book.open_payment(order(1), payment(7), 1).unwrap().1.is_some());
    assert_eq!(book.open_payment(order(1), payment(8), 2), Ok((payment(7), None)));
    book.settle(&settlement(7, "e", false), 3).unwrap();
    assert_eq!(state(&book, 1), OrderState::Held);
    assert!(book.open_payment(order(1), payment(8), 4).unwrap().1.is_some());
}

#[test]
fn the_same_message_twice_charges_once() {
    let mut book = book(1, 1);
    book.place(&intent(1, 1, 1), 0);
    book.open_payment(order(1), payment(7), 1).unwrap();
    assert!(book.settle(&settlement(7, "e", true), 2).unwrap().1.is_some());
    assert_eq!(book.settle(&settlement(7, "e", true), 3), Ok((order(1), None)));
    let other_message = book.settle(&settlement(7, "f", true), 4);
    assert_eq!(other_message, Err(PaymentRefused::AlreadySettled(OrderState::Paid)));
    assert_eq!(book.stock().sold(), 1);
}

#[test]
fn another_amount_or_currency_is_refused() {
    let mut book = book(1, 1);
    book.place(&intent(1, 1, 1), 0);
    book.open_payment(order(1), payment(7), 1).unwrap();
    let wrong = Settlement { amount_minor: 499, ..settlement(7, "e", true) };
    assert_eq!(book.settle(&wrong, 2), Err(PaymentRefused::WrongAmount));
    let wrong = Settlement { currency: "JPY".to_owned(), ..settlement(7, "e", true) };
    assert_eq!(book.settle(&wrong, 2), Err(PaymentRefused::WrongAmount));
    assert_eq!(state(&book, 1), OrderState::AwaitingPayment);
}

#[test]
fn money_that_comes_late_buys_a_free_unit_or_goes_back() {
    for (taken_meanwhile, expected) in [(false, OrderState::Paid), (true, OrderState::Refunded)] {
        let mut book = book(1, 1);
        book.place(&intent(1, 1, 1), 0);
        book.open_payment(order(1), payment(7), 1).unwrap();
        book.lapse(10_000).unwrap();
        if taken_meanwhile {
            book.place(&intent(2, 2, 1), 10_001);
        }
        book.settle(&settlement(7, "e", true), 10_002).unwrap();
        assert_eq!(state(&book, 1), expected);
        assert_eq!(book.stock().free(), 0);
    }
}

#[test]
fn money_for_a_cancelled_order_goes_back() {
    let mut book = book(1, 1);
    book.place(&intent(1, 1, 1), 0);
    book.open_payment(order(1), payment(7), 1).unwrap();
    book.cancel(order(1), 2).unwrap();
    book.settle(&settlement(7, "e", true), 3).unwrap();
    assert_eq!(state(&book, 1), OrderState::Refunded);
    assert_eq!(book.stock().free(), 1);
}

#[test]
fn a_hold_keeps_the_price_that_it_began_with() {
    let mut book = book(2, 2);
    book.place(&intent(1, 1, 2), 0);
    book.set_terms(Terms { price_minor: 900, ..book.terms().clone() });
    assert_eq!(book.order(order(1)).unwrap().amount_minor, 1_000);
}

#[test]
fn stock_cannot_be_lowered_below_what_is_taken() {
    let mut book = book(3, 3);
    book.place(&intent(1, 1, 2), 0);
    assert_eq!(book.resize(1, 1), Err(StockRefused { taken_units: 2 }));
    book.resize(2, 1).unwrap();
    assert_eq!(book.place(&intent(2, 2, 1), 2), Decision::SoldOut);
    book.resize(5, 3).unwrap();
    assert!(matches!(book.place(&intent(3, 2, 1), 4), Decision::Recorded(_)));
}

#[test]
fn a_log_that_releases_or_sells_twice_is_broken() {
    let mut book = book(3, 1);
    book.place(&intent(1, 1, 1), 0);
    book.place(&intent(2, 2, 1), 0);
    book.open_payment(order(2), payment(7), 1).unwrap();
    let paid = book.settle(&settlement(7, "e", true), 1).unwrap().1.unwrap();
    let released = book.cancel(order(1), 2).unwrap();
    assert!(book.apply(&released).is_err());
    assert!(book.apply(&paid).is_err());
    assert_eq!(book.stock(), Stock::from_counts(3, 2, 0, 1).unwrap());
}

/// One step of a random sale: what, by whom, about which order.
fn random_step(book: &mut Book, events: &mut Vec<Event>, now_ms: i64, (what, who, which): (u8, u8, u8)) {
    let number = u128::from(which);
    let done = match what {
        0..=2 => match book.place(&intent(number, u128::from(who), u32::from(which % 3) + 1), now_ms) {
            Decision::Recorded(event) => Some(event),
            Decision::SoldOut | Decision::Known => None,
        },
        3 => book.lapse(now_ms),
        4 => book.cancel(order(number), now_ms).ok(),
        5 => book
            .open_payment(order(number), payment(number * 1_000 + now_ms as u128), now_ms)
            .ok()
            .and_then(|(_, event)| event),
        6 => {
            let open = book.order(order(number)).and_then(|order| Some((order.open_payment?, order.amount_minor)));
            open.and_then(|(payment_id, amount_minor)| {
                let message = Settlement {
                    payment_id,
                    amount_minor,
                    ..settlement(0, &format!("{payment_id}{}", who % 2), who % 4 > 0)
                };
                book.settle(&message, now_ms).ok().and_then(|(_, event)| event)
            })
        }
        _ => book.resize(u64::from(which), now_ms).ok(),
    };
    events.extend(done);
}

proptest! {
    #[test]
    fn every_sale_balances_keeps_the_limit_and_replays_to_the_same_book(
        units in 0_u64..12,
        steps in prop::collection::vec((0_u8..8, 0_u8..5, 0_u8..20, 0_i64..4_000), 0..200),
    ) {
        let mut book = book(units, 3);
        let mut replayed = book.clone();
        let mut events = Vec::new();
        let mut now_ms = 0;
        for (what, who, which, gap_ms) in steps {
            now_ms += gap_ms;
            let seen = events.len();
            random_step(&mut book, &mut events, now_ms, (what, who, which));
            for event in &events[seen..] {
                replayed.apply(event).unwrap();
            }
            prop_assert_eq!(&replayed, &book);
            let units_in = |wanted: fn(OrderState) -> bool| -> u64 {
                book.orders.values().filter(|order| wanted(order.state)).map(|order| u64::from(order.quantity)).sum()
            };
            prop_assert_eq!(book.stock().held(), units_in(OrderState::is_holding));
            prop_assert_eq!(book.stock().sold(), units_in(|state| state == OrderState::Paid));
            for (&shopper_id, &units) in &book.units_of {
                let counted: u32 = book.orders.values()
                    .filter(|order| order.shopper_id == shopper_id && order.state.counts_towards_limit())
                    .map(|order| order.quantity).sum();
                prop_assert_eq!(units, counted);
                prop_assert!(units <= 3);
            }
        }
    }
}
