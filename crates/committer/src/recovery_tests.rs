//! When commits fail, clocks are set back, and things happen at once.

use super::*;

/// From now on the record takes no writes, or takes them again.
fn set_read_only(table: &Table, read_only: bool) {
    table.committer.ledger().connection().pragma_update(None, "query_only", read_only).unwrap();
}

#[test]
fn a_refusal_that_follows_from_a_batch_is_not_told_when_the_batch_fails() {
    let mut table = table(1);
    let token = table.joined(1);
    table.round(Vec::new());
    let order_id = token.order_id;
    let (cancelled, cancel_answer) = reply();
    let (opened, open_answer) = reply();
    let cause = ReleaseCause::Cancelled;
    let fresh_payment_id = PaymentId(Uuid::from_u128(7));
    set_read_only(&table, true);
    table.round(vec![
        Command::Cancel { sale_id: SALE, order_id, cause, reply: cancelled },
        Command::OpenPayment { sale_id: SALE, order_id, fresh_payment_id, reply: opened },
    ]);
    assert!(matches!(cancel_answer.try_recv().unwrap(), Err(Failure::Busy)));
    assert!(matches!(open_answer.try_recv().unwrap(), Err(Failure::Busy)), "the order was not released");
    set_read_only(&table, false);
    assert_eq!(table.pays(order_id, 7), OrderState::Paid);
}

#[test]
fn a_message_id_serves_one_payment_within_a_batch_too() {
    let mut table = table(2);
    let tokens = [table.joined(1), table.joined(2)];
    table.round(Vec::new());
    let settle = |number: u128| Settlement {
        payment_id: PaymentId(Uuid::from_u128(number)),
        provider_event_id: "e".to_owned(),
        paid: true,
        amount_minor: 500,
        currency: "CNY".to_owned(),
    };
    for (number, token) in (1..).zip(&tokens) {
        let (order_id, fresh_payment_id) = (token.order_id, PaymentId(Uuid::from_u128(number)));
        table.asked(|reply| Command::OpenPayment { sale_id: SALE, order_id, fresh_payment_id, reply }).unwrap();
    }
    let (first, first_answer) = reply();
    let (second, second_answer) = reply();
    table.round(vec![
        Command::Settle { sale_id: SALE, settlement: settle(1), reply: first },
        Command::Settle { sale_id: SALE, settlement: settle(2), reply: second },
    ]);
    assert_eq!(first_answer.try_recv().unwrap().unwrap().1, OrderState::Paid);
    let refused = second_answer.try_recv().unwrap();
    assert!(matches!(refused, Err(Failure::Payment(PaymentRefused::EventOfAnother))), "{refused:?}");
}

#[test]
fn a_sku_that_comes_without_units_begins_with_none_and_the_record_can_be_read_again() {
    let sku =
        |sku: &str, made_units| SkuRow { sku: sku.to_owned(), title: String::new(), price_minor: 500, made_units };
    let row = SaleRow { skus: vec![sku("s", Some(2))], ..sale_row(2) };
    let mut table = table_of(row.clone());
    let row = SaleRow { skus: vec![sku("s", Some(2)), sku("m", None)], ..row };
    let change = || Box::new(SaleChange { row: row.clone(), units: None });
    table.asked(|reply| Command::ChangeSale { change: change(), reply }).unwrap();
    assert_eq!(table.committer.book(SALE).unwrap().shelf().skus()["m"].stock(), 0);
    let ledger = table.committer.into_ledger();
    assert_eq!(Committer::open(ledger, START_MS * 1_000).unwrap().1.set_aside, 0);
}

#[test]
fn a_life_after_the_clock_was_set_back_is_later_all_the_same_and_the_wait_keeps_its_order() {
    let mut table = table_of(SaleRow { waitlist_units: 9, ..sale_row(1) });
    let early = [table.joined(1), table.joined(2)];
    table.round(Vec::new());
    let (before, ledger) = (table.line().queue_life(), table.committer.into_ledger());
    let mut lives = Vec::new();
    let mut ledger = Some(ledger);
    for back_us in [60_000_000, 60_000_007] {
        let (committer, _) = Committer::open(ledger.take().unwrap(), START_MS * 1_000 - back_us).unwrap();
        lives.push(committer.line(SALE).unwrap().queue_life());
        ledger = Some(committer.into_ledger());
    }
    assert!(lives.iter().all(|life| *life > before), "{lives:?} after {before}");
    assert_ne!(lives[0], lives[1], "nothing was decided in the first of them");
    let (committer, _) = Committer::open(ledger.unwrap(), START_MS * 1_000 - 60_000_000).unwrap();
    let mut table = Table { committer, now_ms: START_MS - 500 };
    let late = table.joined(3);
    table.round(Vec::new());
    table.cancel(early[0].order_id).unwrap();
    assert!(is_held(table.status(&early[1])));
    assert_eq!(table.status(&late), Status::Waiting { position: 1 });
}

#[test]
fn strikes_that_are_lifted_are_those_before_and_of_one_shopper_only() {
    let strikes = StrikeTerms { limit: 1, strike_seconds: 86_400, marked_orders: MarkedOrders::Refuse };
    let mut table = table_of(SaleRow { strikes, ..sale_row(2) });
    let tokens = [table.joined(1), table.joined(2)];
    table.round(Vec::new());
    table.now_ms += 60_000;
    // Lifted just before it lapses: the record keeps the strike, and so does the memory.
    let (merchant_id, shopper_id) = (MERCHANT, tokens[0].shopper_id);
    let _nothing_to_lift = table.asked(|reply| Command::LiftStrikes { merchant_id, shopper_id, reply });
    let marked = |table: &Table, who: usize| {
        table.committer.strikes[&MERCHANT].is_marked(tokens[who].shopper_id, &strikes, table.now_ms)
    };
    assert!(marked(&table, 0) && marked(&table, 1));
    // Lifted while no sale of the merchant is in memory: the others' strikes are not forgotten with it.
    table.committer.desks.clear();
    table.committer.strikes.clear();
    table.asked(|reply| Command::LiftStrikes { merchant_id, shopper_id, reply }).unwrap();
    assert!(table.committer.load(SALE, START_MS * 1_000).unwrap());
    assert!(!marked(&table, 0) && marked(&table, 1));
}

#[test]
fn a_lift_that_was_written_although_it_failed_is_known_after_the_next_round() {
    let strikes = StrikeTerms { limit: 1, strike_seconds: 86_400, marked_orders: MarkedOrders::Refuse };
    let mut table = table_of(SaleRow { strikes, ..sale_row(1) });
    let shopper_id = table.joined(1).shopper_id;
    table.round(Vec::new());
    table.now_ms += 60_000;
    table.round(Vec::new());
    set_read_only(&table, true);
    let merchant_id = MERCHANT;
    let failed = table.asked(|reply| Command::LiftStrikes { merchant_id, shopper_id, reply });
    assert!(matches!(failed, Err(Failure::Busy)));
    set_read_only(&table, false);
    table.round(Vec::new());
    let is_marked = table.committer.strikes[&MERCHANT].is_marked(shopper_id, &strikes, table.now_ms);
    assert!(is_marked, "it was not written");
}

#[test]
fn one_by_one_too_nobody_is_served_past_who_heard_sold_out() {
    let mut table = table(1);
    let first = table.joined(1);
    table.round(Vec::new());
    table.committer.one_by_one = 9;
    let behind = [table.joined_past_the_edge(2), table.joined_past_the_edge(3)];
    table.round(Vec::new());
    for token in &behind {
        assert_eq!(table.status(token), Status::Ended(Outcome::SoldOut), "all hear it with the first who does");
    }
    table.cancel(first.order_id).unwrap();
    table.round(Vec::new());
    let new = table.joined(4);
    table.round(Vec::new());
    assert!(is_held(table.status(&new)));
}

#[test]
fn one_by_one_orders_have_their_turn_although_commands_keep_coming() {
    let mut table = table(1);
    table.committer.one_by_one = 9;
    let token = table.joined(1);
    for _ in 0..3 {
        let commands = (0..table.committer.takes_commands()).map(|_| {
            let write = Write::LatchOpened { sale_id: SALE, at_ms: 1 };
            Command::Write { write: Box::new(write), reply: Box::new(|_| ()) }
        });
        let commands: Vec<_> = commands.collect();
        table.round(commands);
        table.now_ms += 1;
    }
    table.round(Vec::new());
    assert!(is_held(table.status(&token)));
}
