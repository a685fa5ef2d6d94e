//! SKUs, the waiting line, refunds, strikes, lists; and a store of the first version.

use super::*;

/// The sale as `change` makes it, in a store of its own.
fn store_of(change: impl FnOnce(&mut SaleRow)) -> Store {
    let mut store = store();
    let mut row = SaleRow { sale_id: OTHER, ..sale_row() };
    change(&mut row);
    let answers = store.ledger.apply(&Batch { writes: vec![Write::AddSale(row)], ..Batch::default() }).unwrap();
    assert_eq!(answers, [Ok(())]);
    store
}

const OTHER: SaleId = SaleId(Uuid::from_u128(4));

fn sku(name: &str, units: Option<u64>) -> SkuRow {
    SkuRow { sku: name.to_owned(), title: name.to_uppercase(), price_minor: 700, made_units: units }
}

fn of_sku(number: u128, sku: &str) -> Intent {
    Intent { sku: Some(sku.to_owned()), ..intent(number) }
}

impl Store {
    fn other(&mut self) -> Book {
        self.ledger.load_sale(OTHER).unwrap().unwrap().book
    }

    fn is_balanced(&self) -> bool {
        self.ledger.counts(OTHER).unwrap().unwrap().is_balanced()
    }
}

fn paid(payment_id: PaymentId, event: &str, amount_minor: i64) -> Settlement {
    Settlement { payment_id, provider_event_id: event.to_owned(), paid: true, amount_minor, currency: "CNY".to_owned() }
}

#[test]
fn skus_and_their_total_move_in_one_transaction() {
    let mut store = store_of(|row| {
        row.stock_units = 3;
        row.skus = vec![sku("m", Some(2)), sku("s", Some(2))];
    });
    let mut book = store.other();
    let events = vec![recorded(book.place(&of_sku(1, "m"), false, 1)), recorded(book.place(&of_sku(2, "s"), false, 1))];
    store.events(events).unwrap();
    assert_eq!(store.other(), book);
    let counts = store.ledger.counts(OTHER).unwrap().unwrap();
    assert_eq!((counts.total.free, counts.skus[0].1.free, counts.skus[1].1.free), (1, 1, 1));
    assert!(counts.is_balanced());
    let order = store.ledger.reader().unwrap().order(of_sku(1, "m").order_id).unwrap().unwrap();
    assert_eq!((order.sku.as_deref(), order.amount_minor), (Some("m"), 700));
}

#[test]
fn what_is_read_together_stood_in_the_record_at_one_moment() {
    let mut store = store_of(|row| row.stock_units = 3);
    let mut book = store.other();
    let order_id = intent(1).order_id;
    let reader = store.ledger.reader().unwrap();
    reader
        .in_one_snapshot(|snapshot| {
            let before = (snapshot.counts(OTHER)?, snapshot.order(order_id)?);
            let placed = recorded(book.place(&intent(1), false, 1));
            store.events(vec![placed]).unwrap();
            assert_eq!((snapshot.counts(OTHER)?, snapshot.order(order_id)?), before);
            assert_eq!(before.0.map(|counts| counts.total.free), Some(3));
            Ok(())
        })
        .unwrap();
    assert_eq!(reader.counts(OTHER).unwrap().unwrap().total.free, 2);
    assert!(reader.order(order_id).unwrap().is_some());
}

#[test]
fn a_sku_cannot_go_below_zero_even_when_the_code_above_is_wrong() {
    let mut store = store_of(|row| {
        row.stock_units = 3;
        row.skus = vec![sku("m", Some(1)), sku("s", Some(2))];
    });
    let mut naive = store.other();
    naive.resize(&Units { total: 3, skus: [("m".to_owned(), 3)].into() }, 0).unwrap();
    let events = (1..=2).map(|number| recorded(naive.place(&of_sku(number, "m"), false, 1))).collect();
    let refused = store.events(events);
    assert!(matches!(refused, Err(LedgerError::Constraint(_))), "{refused:?}");
    assert_eq!(store.other().stock().free(), 3, "the whole batch was undone");
}

#[test]
fn a_sku_that_comes_later_begins_with_what_its_restock_says() {
    let mut store = store_of(|row| {
        row.stock_units = 2;
        row.skus = vec![sku("m", Some(2))];
    });
    let mut book = store.other();
    let mut row = store.ledger.load_sale(OTHER).unwrap().unwrap().row;
    row.skus.push(sku("s", None));
    book.set_terms(row.terms());
    let events = book.resize(&Units { total: 5, skus: [("s".to_owned(), 3)].into() }, 1).unwrap();
    store.ledger.apply(&Batch { writes: vec![Write::SetSale(row)], events, ..Batch::default() }).unwrap();
    assert_eq!(store.other(), book);
    assert!(store.is_balanced());
}

#[test]
fn who_waits_is_remembered_is_no_order_yet_and_is_served_or_told() {
    let mut store = store_of(|row| {
        row.stock_units = 1;
        row.waitlist_units = 9;
    });
    let mut book = store.other();
    let events = (1..=3).map(|number| recorded(book.place(&intent(number), false, 1))).collect();
    store.events(events).unwrap();
    let loaded = store.ledger.load_sale(OTHER).unwrap().unwrap();
    assert_eq!(loaded.book, book);
    assert_eq!(loaded.seats[2].outcome, Outcome::Waiting);
    assert_eq!(store.ledger.counts(OTHER).unwrap().unwrap().waiting, 2);
    assert_eq!(store.ledger.reader().unwrap().order(intent(2).order_id).unwrap(), None);
    let served = book.cancel(intent(1).order_id, ReleaseCause::Cancelled, 5).unwrap();
    let ended = book.elapse(100_000);
    store.events([served, ended].concat()).unwrap();
    assert_eq!(store.other(), book);
    let loaded = store.ledger.load_sale(OTHER).unwrap().unwrap();
    assert_eq!(loaded.seats[1].outcome, Outcome::Held { expires_at_ms: Some(10_005), reserved: true });
    assert_eq!(loaded.seats[2].outcome, Outcome::SoldOut);
    let order = store.ledger.reader().unwrap().order(intent(2).order_id).unwrap().unwrap();
    assert_eq!((order.state, order.amount_minor), (OrderState::Held, 500));
    assert!(store.is_balanced());
}

#[test]
fn money_that_goes_back_is_kept_with_its_cause_until_the_provider_took_it() {
    let mut store = store_of(|row| row.stock_policy = StockPolicy::OnPayment);
    let mut book = store.other();
    let (first, second) = (PaymentId(Uuid::from_u128(9)), PaymentId(Uuid::from_u128(10)));
    let held = recorded(book.place(&intent(1), false, 1));
    let opened = book.open_payment(intent(1).order_id, first, 2).unwrap().1.unwrap();
    let wrong = book.settle(&paid(first, "a", 499), 3).unwrap().1;
    let again = book.open_payment(intent(1).order_id, second, 4).unwrap().1.unwrap();
    let sold = book.settle(&paid(second, "b", 500), 5).unwrap().1;
    store.events([vec![held, opened], wrong, vec![again], sold].concat()).unwrap();
    assert_eq!(store.other(), book);
    assert!(store.is_balanced());
    let reader = store.ledger.reader().unwrap();
    let order = reader.order(intent(1).order_id).unwrap().unwrap();
    assert_eq!((order.state, order.reserved, order.refunds.len()), (OrderState::Paid, false, 1));
    assert_eq!((order.refunds[0].cause, order.refunds[0].amount_minor), (RefundCause::WrongAmount, 499));
    let due = reader.due_refunds(9).unwrap();
    assert_eq!((due.len(), due[0].payment_id, due[0].amount_minor), (1, first, 499));
    let sent = Write::RefundSent { payment_id: first, at_ms: 6 };
    store.ledger.apply(&Batch { writes: vec![sent], ..Batch::default() }).unwrap();
    assert!(store.ledger.reader().unwrap().due_refunds(9).unwrap().is_empty());
    assert_eq!(store.ledger.payment_of_event("a").unwrap(), Some(first));
    assert_eq!(store.ledger.payment_of_event("c").unwrap(), None);
}

#[test]
fn a_sale_called_off_releases_refunds_and_stays_lively_until_it_is_undone() {
    let mut store = store_of(|_| {});
    let mut book = store.other();
    let payment_id = PaymentId(Uuid::from_u128(9));
    let events = vec![recorded(book.place(&intent(1), false, 1)), recorded(book.place(&intent(2), false, 1))];
    let opened = book.open_payment(intent(1).order_id, payment_id, 2).unwrap().1.unwrap();
    let sold = book.settle(&paid(payment_id, "a", 500), 3).unwrap().1;
    let called_off = book.call_off(4);
    store.events([events, vec![opened], sold, called_off].concat()).unwrap();
    assert_eq!(store.other(), book);
    assert!(store.ledger.lively_sales(200_000).unwrap().contains(&OTHER));
    let undone = [book.elapse(5), book.elapse(5)].concat();
    store.events(undone).unwrap();
    assert_eq!(store.other(), book);
    assert!(store.is_balanced());
    assert!(!store.ledger.lively_sales(200_000).unwrap().contains(&OTHER));
    let row = store.ledger.load_sale(OTHER).unwrap().unwrap().row;
    assert_eq!((row.called_off_at_ms, row.window().ends_at_ms), (Some(4), 4));
    let order = store.ledger.reader().unwrap().order(intent(1).order_id).unwrap().unwrap();
    assert_eq!((order.state, order.refunds[0].cause), (OrderState::Refunded, RefundCause::SaleCalledOff));
}

#[test]
fn strikes_are_the_merchants_until_they_are_lifted() {
    let mut store = store();
    let mut book = store.book();
    let held = recorded(book.place(&intent(1), false, 1));
    store.events([vec![held], book.elapse(20_000)].concat()).unwrap();
    let (merchant_id, shopper_id) = (item().merchant_id, intent(1).shopper_id);
    let strikes = store.ledger.reader().unwrap().strikes(merchant_id).unwrap();
    assert_eq!((strikes.len(), strikes[0].shopper_id, strikes[0].strikes), (1, shopper_id, 1));
    assert_eq!((strikes[0].first_at_ms, strikes[0].last_at_ms), (20_000, 20_000));
    for expected in [Ok(()), Err(Refusal::NotFound)] {
        let lift = Write::LiftStrikes { merchant_id, shopper_id, at_ms: 5 };
        assert_eq!(store.ledger.apply(&Batch { writes: vec![lift], ..Batch::default() }).unwrap(), [expected]);
    }
    assert!(store.ledger.reader().unwrap().strikes(merchant_id).unwrap().is_empty());
    assert!(store.ledger.load_sale(SALE).unwrap().unwrap().strikes.is_empty());
}

#[test]
fn a_sales_list_is_changed_as_a_whole_or_not_at_all() {
    let mut store = store();
    let shopper_id = ShopperId(Uuid::from_u128(1));
    let shopper = Write::AddShopper(ShopperRow {
        shopper_id,
        email: Some("a@b.c".to_owned()),
        display_name: "S".to_owned(),
        password_hash: None,
        created_at_ms: 7,
    });
    let list = |add: &[&str], remove: &[&str]| {
        let owned = |emails: &[&str]| emails.iter().map(|email| (*email).to_owned()).collect();
        Write::ListShoppers { sale_id: SALE, add: owned(add), remove: owned(remove), most: 2 }
    };
    let writes = vec![shopper, list(&["a@b.c", "d@e.f"], &[]), list(&["g@h.i"], &["nobody@x.y"])];
    let answers = store.ledger.apply(&Batch { writes, ..Batch::default() }).unwrap();
    assert_eq!(answers, [Ok(()), Ok(()), Err(Refusal::ListFull)]);
    let reader = store.ledger.reader().unwrap();
    assert_eq!(reader.listed_shoppers(SALE, "").unwrap(), ["a@b.c", "d@e.f"]);
    assert_eq!(reader.listed_shoppers(SALE, "a@b.c").unwrap(), ["d@e.f"]);
    assert_eq!(reader.listed_count(SALE).unwrap(), 2);
    assert_eq!(reader.standing(SALE, shopper_id).unwrap(), Some((7, true)));
    store.ledger.apply(&Batch { writes: vec![list(&[], &["a@b.c"])], ..Batch::default() }).unwrap();
    assert_eq!(store.ledger.reader().unwrap().standing(SALE, shopper_id).unwrap(), Some((7, false)));
}

#[test]
fn a_store_of_the_first_version_is_brought_up_to_date_with_its_payments_and_causes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stampede.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("schema_1.sql")).unwrap();
    old.execute_batch(include_str!("first_version.sql")).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    let mut ledger = SqliteLedger::open(&path).unwrap();
    let sale_id = SaleId(Uuid::from_bytes(*b"sale............"));
    let loaded = ledger.load_sale(sale_id).unwrap().unwrap();
    assert_eq!((loaded.row.stock_policy, loaded.row.waitlist_units), (StockPolicy::Hold, 0));
    assert_eq!((loaded.book.stock().free(), loaded.book.stock().sold()), (1, 1));
    assert!(ledger.counts(sale_id).unwrap().unwrap().is_balanced());
    let order_id = |name: &[u8; 16]| OrderId(Uuid::from_bytes(*name));
    let reader = ledger.reader().unwrap();
    let refunded = reader.order(order_id(b"order 2.........")).unwrap().unwrap();
    assert_eq!((refunded.state, refunded.release_cause), (OrderState::Refunded, Some(ReleaseCause::Cancelled)));
    assert_eq!((refunded.refunds[0].cause, refunded.refunds[0].amount_minor), (RefundCause::Cancelled, 500));
    assert_eq!(ledger.payment_of_event("e1").unwrap(), Some(PaymentId(Uuid::from_bytes(*b"payment 1......."))));
}
