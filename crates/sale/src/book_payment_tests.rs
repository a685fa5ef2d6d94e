//! Payments, by a provider that does not always behave.

use super::*;

/// A book with one open order and its payment, number 7.
fn awaiting(units: u64) -> Book {
    let mut book = book(units, 1);
    place(&mut book, &intent(1, 1, 1), 0);
    book.open_payment(order(1), payment(7), 1).unwrap();
    book
}

fn cause(events: &[Event]) -> Option<RefundCause> {
    events.iter().find_map(|event| match &event.change {
        Change::PaymentRefunded { cause, .. } => Some(*cause),
        _ => None,
    })
}

#[test]
fn a_paid_order_neither_lapses_nor_can_be_cancelled() {
    let mut book = awaiting(1);
    assert_eq!(state(&book, 1), OrderState::AwaitingPayment);
    book.settle(&settlement(7, "e", true), 2).unwrap();
    assert_eq!(state(&book, 1), OrderState::Paid);
    assert_eq!(book.order(order(1)).unwrap().paid_by, Some(payment(7)));
    assert_eq!(book.elapse(i64::MAX), []);
    assert_eq!(book.next_due_ms(), None);
    let refused = book.cancel(order(1), ReleaseCause::Cancelled, 3);
    assert_eq!(refused, Err(CancelRefused::NotOpen(OrderState::Paid)));
    assert_eq!(book.cancel(order(9), ReleaseCause::Cancelled, 3), Err(CancelRefused::UnknownOrder));
    assert_eq!(book.stock(), Stock::from_counts(1, 0, 0, 1).unwrap());
}

#[test]
fn one_payment_is_open_at_a_time() {
    let mut book = awaiting(1);
    assert_eq!(book.open_payment(order(1), payment(8), 2), Ok((payment(7), None)));
    book.settle(&settlement(7, "e", false), 3).unwrap();
    assert_eq!(state(&book, 1), OrderState::Held);
    assert!(book.open_payment(order(1), payment(8), 4).unwrap().1.is_some());
    assert_eq!(book.order_of_payment(payment(8)), Some(order(1)));
    assert_eq!(book.order_of_payment(payment(9)), None);
}

#[test]
fn a_message_id_of_another_payment_is_refused_and_the_charge_is_not_taken_for_settled() {
    let mut book = book(2, 1);
    for number in [1, 2] {
        place(&mut book, &intent(number, number, 1), 0);
        book.open_payment(order(number), payment(number), 1).unwrap();
    }
    book.settle(&settlement(1, "e", true), 2).unwrap();
    assert_eq!(book.settle(&settlement(2, "e", true), 2), Err(PaymentRefused::EventOfAnother));
    assert_eq!(state(&book, 2), OrderState::AwaitingPayment);
}

#[test]
fn no_payment_is_opened_for_an_order_whose_time_is_over() {
    let mut book = book(1, 1);
    place(&mut book, &intent(1, 1, 1), 0);
    assert!(book.open_payment(order(9), payment(7), 1).is_err());
    assert_eq!(book.open_payment(order(1), payment(7), 10_000), Err(PaymentRefused::NotOpen(OrderState::Held)));
    assert!(book.open_payment(order(1), payment(7), 9_999).is_ok());
}

#[test]
fn the_same_message_twice_charges_once_and_another_about_the_same_money_changes_nothing() {
    let mut book = awaiting(1);
    assert_eq!(names(&book.settle(&settlement(7, "e", true), 2).unwrap().1), ["order_paid"]);
    for again in ["e", "f"] {
        assert_eq!(book.settle(&settlement(7, again, true), 3), Ok((order(1), Vec::new())));
    }
    assert_eq!(book.stock().sold(), 1);
    assert_eq!(book.settle(&settlement(9, "g", true), 3), Err(PaymentRefused::UnknownOrder));
}

#[test]
fn messages_out_of_order_end_the_same_the_money_decides() {
    let mut book = awaiting(1);
    book.settle(&settlement(7, "declined", false), 2).unwrap();
    assert_eq!(book.settle(&settlement(7, "declined again", false), 2), Ok((order(1), Vec::new())));
    assert_eq!(names(&book.settle(&settlement(7, "paid", true), 3).unwrap().1), ["order_paid"]);
    assert_eq!(state(&book, 1), OrderState::Paid);

    let mut book = awaiting(1);
    book.settle(&settlement(7, "paid", true), 2).unwrap();
    assert_eq!(book.settle(&settlement(7, "declined", false), 3), Ok((order(1), Vec::new())));
    assert_eq!(state(&book, 1), OrderState::Paid);
}

#[test]
fn a_second_payment_of_a_paid_order_goes_back() {
    let mut book = awaiting(1);
    book.settle(&settlement(7, "a", false), 2).unwrap();
    book.open_payment(order(1), payment(8), 3).unwrap();
    book.settle(&settlement(8, "b", true), 4).unwrap();
    let late = book.settle(&settlement(7, "c", true), 5).unwrap().1;
    assert_eq!(cause(&late), Some(RefundCause::PaidTwice));
    assert_eq!(state(&book, 1), OrderState::Paid);
    assert_eq!(book.stock(), Stock::from_counts(1, 0, 0, 1).unwrap());
}

#[test]
fn another_amount_or_currency_goes_back_and_the_order_stays_open() {
    for wrong in [
        Settlement { amount_minor: 499, ..settlement(7, "e", true) },
        Settlement { currency: "JPY".to_owned(), ..settlement(7, "e", true) },
    ] {
        let mut book = awaiting(1);
        let refunded = book.settle(&wrong, 2).unwrap().1;
        assert_eq!(cause(&refunded), Some(RefundCause::WrongAmount));
        let Change::PaymentRefunded { charge: Some(charge), .. } = &refunded[0].change else { panic!() };
        assert_eq!((charge.amount_minor, &charge.currency), (wrong.amount_minor, &wrong.currency));
        assert_eq!(state(&book, 1), OrderState::Held);
        book.open_payment(order(1), payment(8), 3).unwrap();
        book.settle(&settlement(8, "f", true), 4).unwrap();
        assert_eq!(state(&book, 1), OrderState::Paid);
    }
}

#[test]
fn a_wrong_amount_leaves_the_order_wherever_it_was() {
    let wrong = Settlement { amount_minor: 1, ..settlement(7, "w", true) };
    let mut declined = awaiting(1);
    declined.settle(&settlement(7, "e", false), 2).unwrap();
    declined.settle(&wrong, 2).unwrap();
    assert_eq!(state(&declined, 1), OrderState::Held);

    let mut another_open = awaiting(1);
    another_open.settle(&settlement(7, "e", false), 2).unwrap();
    another_open.open_payment(order(1), payment(8), 2).unwrap();
    another_open.settle(&wrong, 2).unwrap();
    assert_eq!(state(&another_open, 1), OrderState::AwaitingPayment);

    let mut lapsed = awaiting(1);
    lapsed.elapse(10_000);
    lapsed.settle(&wrong, 10_000).unwrap();
    assert_eq!(state(&lapsed, 1), OrderState::Released);
    assert_eq!(lapsed.stock().free(), 1);

    let mut to_claim = book_by(StockPolicy::OnPayment, 1);
    place(&mut to_claim, &intent(1, 1, 1), 0);
    to_claim.open_payment(order(1), payment(7), 1).unwrap();
    to_claim.settle(&wrong, 2).unwrap();
    assert_eq!(state(&to_claim, 1), OrderState::AwaitingPayment);
    assert!(to_claim.open_payment(order(1), payment(8), 3).unwrap().1.is_some());
}

#[test]
fn money_that_comes_late_buys_a_free_unit_or_goes_back() {
    for (taken_meanwhile, expected) in [(false, OrderState::Paid), (true, OrderState::Refunded)] {
        let mut book = awaiting(1);
        book.elapse(10_000);
        if taken_meanwhile {
            place(&mut book, &intent(2, 2, 1), 10_001);
        }
        let events = book.settle(&settlement(7, "e", true), 10_002).unwrap().1;
        assert_eq!(state(&book, 1), expected);
        assert_eq!(cause(&events), taken_meanwhile.then_some(RefundCause::NoUnitFree));
        assert_eq!(book.stock().free(), 0);
        assert_eq!(book.units_of(ShopperId(Uuid::from_u128(1))), u32::from(!taken_meanwhile));
    }
}

#[test]
fn money_that_comes_late_goes_back_where_the_shopper_has_bought_the_limit_meanwhile() {
    let mut book = awaiting(2);
    book.elapse(10_000);
    place(&mut book, &intent(2, 1, 1), 10_001);
    let events = book.settle(&settlement(7, "e", true), 10_002).unwrap().1;
    assert_eq!(cause(&events), Some(RefundCause::LimitReached));
    assert_eq!(book.stock(), Stock::from_counts(2, 1, 1, 0).unwrap());
}

#[test]
fn a_refunded_order_is_not_sold_by_later_money() {
    let mut book = awaiting(1);
    book.settle(&settlement(7, "declined", false), 2).unwrap();
    book.open_payment(order(1), payment(8), 3).unwrap();
    book.elapse(10_000);
    place(&mut book, &intent(2, 2, 1), 10_001);
    book.settle(&settlement(8, "a", true), 10_002).unwrap();
    book.cancel(order(2), ReleaseCause::Cancelled, 10_003).unwrap();
    let events = book.settle(&settlement(7, "b", true), 10_004).unwrap().1;
    assert_eq!(cause(&events), Some(RefundCause::PaidTwice));
    assert_eq!(state(&book, 1), OrderState::Refunded);
    assert_eq!(book.stock().free(), 1);
}

#[test]
fn money_for_a_cancelled_order_goes_back() {
    for by in [ReleaseCause::Cancelled, ReleaseCause::ByMerchant] {
        let mut book = awaiting(1);
        book.cancel(order(1), by, 2).unwrap();
        let events = book.settle(&settlement(7, "e", true), 3).unwrap().1;
        assert_eq!(cause(&events), Some(RefundCause::Cancelled));
        assert_eq!(state(&book, 1), OrderState::Refunded);
        assert_eq!(book.stock().free(), 1);
    }
}

#[test]
fn by_payment_the_first_who_pays_gets_the_unit_and_the_others_money_goes_back() {
    let mut book = book_by(StockPolicy::OnPayment, 1);
    for number in 1..=3 {
        place(&mut book, &intent(number, number, 1), 0);
    }
    book.open_payment(order(1), payment(7), 1).unwrap();
    book.open_payment(order(2), payment(8), 1).unwrap();
    book.settle(&settlement(8, "a", true), 2).unwrap();
    assert_eq!(book.open_payment(order(3), payment(9), 3), Err(PaymentRefused::NothingToClaim));
    assert_eq!(cause(&book.settle(&settlement(7, "b", true), 3).unwrap().1), Some(RefundCause::NoUnitFree));
    assert_eq!((state(&book, 1), state(&book, 2)), (OrderState::Refunded, OrderState::Paid));
    assert_eq!(book.units_of(ShopperId(Uuid::from_u128(1))), 0);
    assert_eq!(book.next_due_ms(), Some(10_000), "the third may still lapse");
    assert_eq!(place(&mut book, &intent(4, 4, 1), 4), Decision::SoldOut);
    assert_eq!(book.stock(), Stock::from_counts(1, 0, 0, 1).unwrap());
}

#[test]
fn money_that_meets_a_sale_called_off_goes_back_and_so_do_the_units() {
    let mut book = awaiting(2);
    place(&mut book, &intent(2, 2, 1), 2);
    book.call_off(3);
    let events = book.settle(&settlement(7, "e", true), 4).unwrap().1;
    assert_eq!(names(&events), ["order_released", "payment_refunded"]);
    assert_eq!(cause(&events), Some(RefundCause::SaleCalledOff));
    assert_eq!(state(&book, 1), OrderState::Refunded);
    assert_eq!(names(&book.elapse(4)), ["order_released"]);
    assert_eq!(book.stock(), Stock::from_counts(2, 2, 0, 0).unwrap());
}

#[test]
fn a_log_that_refunds_an_order_which_keeps_units_is_broken() {
    let refunded = |order_state| {
        let change = Change::PaymentRefunded {
            order_id: order(1),
            payment_id: payment(7),
            provider_event_id: "e".to_owned(),
            cause: RefundCause::NoUnitFree,
            order_state,
            charge: None,
        };
        Event { sale_id: SaleId(Uuid::from_u128(1)), at_ms: 2, change }
    };
    assert!(awaiting(1).apply(&refunded(OrderState::Refunded)).is_err(), "its units would be lost");
    assert!(awaiting(1).apply(&refunded(OrderState::Held)).is_ok());
    let mut to_claim = book_by(StockPolicy::OnPayment, 1);
    place(&mut to_claim, &intent(1, 1, 1), 0);
    to_claim.open_payment(order(1), payment(7), 1).unwrap();
    assert!(to_claim.clone().apply(&refunded(OrderState::Released)).is_err());
    assert!(to_claim.apply(&refunded(OrderState::Refunded)).is_ok());
}
