//! Properties of whole sales: whatever happens, the units balance, limits hold, nobody waits for what is free, and the
//! events replay to the same book.

use proptest::prelude::*;

use super::*;

/// One step of a random sale: what, by whom, about which order.
type Step = (u8, u8, u8, i64);

fn random_step(book: &mut Book, now_ms: i64, (what, who, which, _): Step) -> Vec<Event> {
    let number = u128::from(which);
    let sku = || book.shelf.skus().keys().nth(usize::from(which) % 2).cloned();
    match what {
        0..=3 => {
            let intent = Intent { sku: sku(), ..intent(number, u128::from(who), u32::from(which % 3) + 1) };
            match book.place(&intent, who == 0, now_ms) {
                Decision::Recorded(event) => vec![event],
                Decision::SoldOut | Decision::Known => Vec::new(),
            }
        }
        4 => book.elapse(now_ms),
        5 => book.cancel(order(number), ReleaseCause::Cancelled, now_ms).unwrap_or_default(),
        6 => {
            let fresh = payment(number * 1_000_000 + now_ms as u128);
            book.open_payment(order(number), fresh, now_ms).ok().and_then(|(_, event)| event).into_iter().collect()
        }
        7 | 8 => {
            // Of all payments that ever were, in a steady order.
            let mut payments: Vec<_> = book.payments.iter().map(|(id, payment)| (*id, payment.order_id)).collect();
            payments.sort_unstable();
            let Some(&(payment_id, order_id)) = payments.get(usize::from(which) % payments.len().max(1)) else {
                return Vec::new();
            };
            let amount_minor = book.orders[&order_id].amount_minor + i64::from(who == 1);
            let message = Settlement {
                payment_id,
                amount_minor,
                ..settlement(0, &format!("{payment_id}{}", who % 3), what == 7)
            };
            book.settle(&message, now_ms).unwrap().1
        }
        9 => {
            let total = u64::from(which);
            let skus = book.shelf.skus().keys().map(|sku| (sku.clone(), total)).collect();
            book.resize(&Units { total, skus }, now_ms).unwrap_or_default()
        }
        10 if who == 1 => book.close_entries(now_ms),
        10 if who == 2 => book.hold_draw(&crate::DrawSeed([which; 32]), None, now_ms).unwrap_or_default(),
        _ if which == 0 && who == 0 => book.call_off(now_ms),
        _ => Vec::new(),
    }
}

fn check(book: &Book) -> Result<(), TestCaseError> {
    let units_in = |sku: Option<&String>, wanted: fn(&BookOrder) -> bool| -> u64 {
        let of_sku = |order: &&BookOrder| sku.is_none() || order.sku.as_ref() == sku;
        book.orders.values().filter(of_sku).filter(|order| wanted(order)).map(|order| u64::from(order.quantity)).sum()
    };
    let shelves =
        std::iter::once((None, book.stock())).chain(book.shelf.skus().iter().map(|(sku, stock)| (Some(sku), *stock)));
    for (sku, stock) in shelves {
        prop_assert_eq!(stock.free() + stock.held() + stock.sold(), stock.stock());
        prop_assert_eq!(stock.held(), units_in(sku, |order| order.reserved && order.state.is_open()));
        prop_assert_eq!(stock.sold(), units_in(sku, |order| order.state == OrderState::Paid));
    }
    // What is free while entries are decided belongs to the places that are still to come.
    let waiting: Vec<_> = book.waiting().filter(|_| !book.is_deciding()).collect();
    for waiter in waiting {
        let left = book.shelf.left(waiter.sku.as_deref()).unwrap();
        prop_assert!(left.free < u64::from(waiter.quantity), "{:?} waits although {:?}", waiter, left);
        prop_assert!(left.unsold >= u64::from(waiter.quantity), "{:?} waits in vain: {:?}", waiter, left);
    }
    for (&shopper_id, &units) in &book.units_of {
        let of_orders: u32 = book
            .orders
            .values()
            .filter(|order| order.shopper_id == shopper_id && order.state.counts_towards_limit())
            .map(|order| order.quantity)
            .sum();
        let of_waiting: u32 =
            book.waiting().filter(|waiter| waiter.shopper_id == shopper_id).map(|waiter| waiter.quantity).sum();
        let entered = book.outlooks().draw.map_or(0, |draw| draw.entered_units);
        let others = || book.units_of.values().map(|units| u64::from(*units)).sum::<u64>();
        prop_assert!(units >= of_orders + of_waiting && others() >= entered);
        prop_assert!(entered > 0 || units == of_orders + of_waiting);
        prop_assert!(units <= 3);
    }
    let lapsing = book.orders.values().filter(|order| order.state.is_open() && order.expires_at_ms.is_some()).count();
    prop_assert_eq!(book.expiries.len(), lapsing);
    Ok(())
}

fn start(policy: u8, waitlist_units: u32, units: u64, has_skus: bool, is_draw: bool) -> Book {
    let stock_policy = StockPolicy::ALL[usize::from(policy)];
    let skus: &[&str] = if has_skus { &["m", "s"] } else { &[] };
    let terms = Terms {
        stock_policy,
        waitlist_units,
        sku_prices_minor: skus.iter().map(|sku| ((*sku).to_owned(), 500)).collect(),
        ends_at_ms: 90_000,
        draw: is_draw.then_some(crate::DrawTerms { entries_close_at_ms: 30_000, beacon_due_at_ms: None }),
        ..terms(3)
    };
    let skus = skus.iter().map(|sku| ((*sku).to_owned(), units)).collect();
    Book::new(SaleId(Uuid::from_u128(1)), terms, &Units { total: units, skus })
}

proptest! {
    #[test]
    fn every_sale_balances_keeps_the_limit_serves_who_waits_and_replays_to_the_same_book(
        policy in 0_u8..3,
        waitlist_units in 0_u32..5,
        units in 0_u64..12,
        has_skus: bool,
        is_draw: bool,
        steps in prop::collection::vec((0_u8..11, 0_u8..5, 0_u8..20, 0_i64..4_000), 0..200),
    ) {
        let mut book = start(policy, waitlist_units, units, has_skus, is_draw);
        let mut replayed = book.clone();
        let mut now_ms = 0;
        for step in steps {
            now_ms += step.3;
            for event in random_step(&mut book, now_ms, step) {
                let text = serde_json::to_string(&event).unwrap();
                replayed.apply(&serde_json::from_str(&text).unwrap()).unwrap();
            }
            prop_assert_eq!(&replayed, &book);
            check(&book)?;
        }
    }
}
