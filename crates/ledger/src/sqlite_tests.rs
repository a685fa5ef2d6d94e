//! The record's own rules, on a real file.

use sale::{
    Book, Change, Decision, Event, Intent, ItemId, MerchantId, OrderId, OrderState, Outcome, PassId, PaymentId,
    RefundCause, Rejection, ReleaseCause, Settlement, ShopperId, StockPolicy, Units,
};
use uuid::Uuid;

use super::*;
use crate::batch::{Drained, Write};
use crate::rows::{ItemRow, MerchantRow, OrderFilter, QuizKind, SaleRow, ShopperRow, SkuRow};

const SALE: SaleId = SaleId(Uuid::from_u128(3));

struct Store {
    folder: tempfile::TempDir,
    ledger: SqliteLedger,
}

fn item() -> ItemRow {
    ItemRow {
        item_id: ItemId(Uuid::from_u128(2)),
        merchant_id: MerchantId(Uuid::from_u128(1)),
        slug: "lantern".to_owned(),
        title: "Lantern".to_owned(),
        description: String::new(),
        image_url: "/images/lantern.svg".to_owned(),
        list_price_minor: 900,
        currency: "CNY".to_owned(),
        updated_at_ms: 0,
    }
}

fn sale_row() -> SaleRow {
    SaleRow {
        sale_id: SALE,
        item_id: item().item_id,
        merchant_id: item().merchant_id,
        price_minor: 500,
        currency: "CNY".to_owned(),
        starts_at_ms: 0,
        ends_at_ms: 100_000,
        opened_at_ms: None,
        stock_units: 2,
        per_shopper_limit: 1,
        stock_policy: sale::StockPolicy::Hold,
        hold_seconds: 10,
        waitlist_units: 0,
        skus: Vec::new(),
        strikes: sale::StrikeTerms::OFF,
        eligibility: sale::Eligibility::default(),
        draw: None,
        called_off_at_ms: None,
        quiz_kind: QuizKind::Arithmetic,
        questions: Vec::new(),
        min_answer_ms: 0,
        max_answer_ms: 1,
        published: true,
        paused: false,
        revision: 1,
        updated_at_ms: 0,
    }
}

fn store() -> Store {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = SqliteLedger::open(&folder.path().join("stampede.db")).unwrap();
    let merchant = MerchantRow {
        merchant_id: item().merchant_id,
        email: "m@example.com".to_owned(),
        password_hash: "x".to_owned(),
        created_at_ms: 0,
    };
    let writes = vec![Write::AddMerchant(merchant), Write::AddItem(item()), Write::AddSale(sale_row())];
    let answers = ledger.apply(&Batch { writes, ..Batch::default() }).unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    Store { folder, ledger }
}

impl Store {
    fn reopened(self) -> Self {
        let Self { folder, ledger } = self;
        drop(ledger);
        let ledger = SqliteLedger::open(&folder.path().join("stampede.db")).unwrap();
        Self { folder, ledger }
    }

    fn events(&mut self, events: Vec<Event>) -> Result<(), LedgerError> {
        self.ledger.apply(&Batch { events, ..Batch::default() }).map(drop)
    }

    fn book(&mut self) -> Book {
        self.ledger.load_sale(SALE).unwrap().unwrap().book
    }
}

fn intent(number: u128) -> Intent {
    Intent {
        order_id: OrderId(Uuid::from_u128(number)),
        shopper_id: ShopperId(Uuid::from_u128(number)),
        pass_id: PassId(Uuid::from_u128(number)),
        idempotency_key: "k".to_owned(),
        body_hash: u64::MAX,
        sku: None,
        quantity: 1,
        queue_life: u64::MAX,
        queue_seq: number as u64,
    }
}

fn recorded(decision: Decision) -> Event {
    match decision {
        Decision::Recorded(event) => event,
        other => panic!("nothing recorded: {other:?}"),
    }
}

#[test]
fn what_was_committed_is_there_after_a_restart_and_replays_to_the_same_book() {
    let mut store = store();
    let mut book = store.book();
    let payment_id = PaymentId(Uuid::from_u128(9));
    let held = recorded(book.place(&intent(1), false, 1));
    let second = recorded(book.place(&intent(2), false, 1));
    let opened = book.open_payment(intent(1).order_id, payment_id, 2).unwrap().1.unwrap();
    let message = Settlement {
        payment_id,
        provider_event_id: "e".to_owned(),
        paid: true,
        amount_minor: 500,
        currency: "CNY".to_owned(),
    };
    let paid = book.settle(&message, 3).unwrap().1;
    let lapsed = book.elapse(20_000);
    store.events(vec![held, second]).unwrap();
    store.events([vec![opened], paid, lapsed].concat()).unwrap();
    let mut store = store.reopened();
    let loaded = store.ledger.load_sale(SALE).unwrap().unwrap();
    assert_eq!(loaded.book, book);
    assert_eq!(loaded.seats.len(), 2);
    assert_eq!(loaded.seats[0].outcome, Outcome::Held { expires_at_ms: Some(10_001), reserved: true });
    let counts = store.ledger.reader().unwrap().counts(SALE).unwrap().unwrap();
    assert!(counts.is_balanced(), "{counts:?}");
    assert_eq!((counts.total.stock, counts.total.free, counts.total.sold), (2, 1, 1));
    assert_eq!(loaded.strikes, [(intent(2).shopper_id, 20_000)]);
}

#[test]
fn the_stock_cannot_go_below_zero_even_when_the_code_above_is_wrong() {
    let mut store = store();
    let events: Vec<Event> = (1..=3)
        .map(|number| {
            // A fresh book each: it does not know that the units are gone.
            let mut naive = Book::new(SALE, sale_row().terms(), &Units::plain(1));
            recorded(naive.place(&intent(number), false, 1))
        })
        .collect();
    let refused = store.events(events);
    assert!(matches!(refused, Err(LedgerError::Constraint(_))), "{refused:?}");
    assert_eq!(store.book().stock().free(), 2, "the whole batch was undone");
    assert!(
        store.ledger.reader().unwrap().orders(&OrderFilter { limit: 9, ..OrderFilter::default() }).unwrap().is_empty()
    );
}

#[test]
fn a_pass_cannot_pay_for_two_orders_even_when_the_code_above_is_wrong() {
    let mut store = store();
    let second = Intent { pass_id: intent(1).pass_id, ..intent(2) };
    let mut naive = Book::new(SALE, sale_row().terms(), &Units::plain(1));
    let first = recorded(store.book().place(&intent(1), false, 1));
    let refused = store.events(vec![first, recorded(naive.place(&second, false, 1))]);
    assert!(matches!(refused, Err(LedgerError::Constraint(_))), "{refused:?}");
}

#[test]
fn a_refused_write_leaves_the_rest_of_its_batch_alone() {
    let mut store = store();
    let shopper = |number: u128, email: &str| {
        Write::AddShopper(ShopperRow {
            shopper_id: ShopperId(Uuid::from_u128(number)),
            email: Some(email.to_owned()),
            display_name: "S".to_owned(),
            password_hash: None,
            created_at_ms: 0,
        })
    };
    let writes = vec![shopper(1, "a@b.c"), shopper(2, "a@b.c"), shopper(3, "d@e.f")];
    let answers = store.ledger.apply(&Batch { writes, ..Batch::default() }).unwrap();
    assert_eq!(answers, [Ok(()), Err(Refusal::EmailTaken), Ok(())]);
    assert!(store.ledger.reader().unwrap().shopper_by_email("d@e.f").unwrap().is_some());
    let again = Write::AddItem(ItemRow { item_id: ItemId(Uuid::from_u128(8)), ..item() });
    let answers = store.ledger.apply(&Batch { writes: vec![again], ..Batch::default() }).unwrap();
    assert_eq!(answers, [Err(Refusal::SlugTaken)]);
}

#[test]
fn another_merchants_item_is_not_found() {
    let mut store = store();
    let other = Write::SetItem(ItemRow { merchant_id: MerchantId(Uuid::from_u128(7)), ..item() });
    let answers = store.ledger.apply(&Batch { writes: vec![other], ..Batch::default() }).unwrap();
    assert_eq!(answers, [Err(Refusal::NotFound)]);
}

#[test]
fn a_resize_and_holds_in_one_batch_add_up() {
    let mut store = store();
    let mut book = store.book();
    let events = [
        vec![recorded(book.place(&intent(1), false, 1))],
        book.resize(&Units::plain(5), 1).unwrap(),
        vec![recorded(book.place(&intent(2), false, 1))],
        book.cancel(intent(1).order_id, ReleaseCause::Cancelled, 2).unwrap(),
    ];
    store.events(events.concat()).unwrap();
    assert_eq!(store.book(), book);
    assert_eq!(book.stock().free(), 4);
}

#[test]
fn a_rejected_order_is_remembered_and_is_no_order() {
    let mut store = store();
    let mut book = store.book();
    let greedy = Intent { quantity: 2, ..intent(1) };
    let event = recorded(book.place(&greedy, false, 1));
    assert!(matches!(event.change, Change::OrderRejected { .. }));
    let drained = vec![Drained { sale_id: SALE, queue_life: u64::MAX, queue_seq: 1 }];
    store.ledger.apply(&Batch { events: vec![event], drained, ..Batch::default() }).unwrap();
    let loaded = store.ledger.load_sale(SALE).unwrap().unwrap();
    assert_eq!(loaded.drained, [(u64::MAX, 1)]);
    assert_eq!(loaded.seats[0].outcome, Outcome::Rejected(Rejection::LimitReached));
    assert_eq!(store.ledger.reader().unwrap().order(greedy.order_id).unwrap(), None);
}

#[test]
fn the_opening_is_latched_once() {
    let mut store = store();
    for at_ms in [5, 9] {
        let writes = vec![Write::LatchOpened { sale_id: SALE, at_ms }];
        store.ledger.apply(&Batch { writes, ..Batch::default() }).unwrap();
    }
    assert_eq!(store.ledger.reader().unwrap().sale(SALE).unwrap().unwrap().opened_at_ms, Some(5));
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_left_alone() {
    let store = store();
    let path = store.folder.path().join("stampede.db");
    store.ledger.connection.pragma_update(None, "user_version", 99).unwrap();
    let refused = SqliteLedger::open(&path).err();
    assert!(matches!(refused, Some(LedgerError::NewerSchema { found: 99, .. })), "{refused:?}");
}

#[test]
fn a_log_that_does_not_give_the_stock_is_told() {
    let mut store = store();
    store.ledger.connection.execute("UPDATE stock SET stock = 3, free = 3", []).unwrap();
    assert!(matches!(store.ledger.load_sale(SALE), Err(LedgerError::Corrupt(_))));
}

#[test]
fn an_order_cannot_be_released_twice_even_when_the_code_above_is_wrong() {
    let mut store = store();
    let mut book = store.book();
    let events = vec![recorded(book.place(&intent(1), false, 1)), recorded(book.place(&intent(2), false, 1))];
    store.events(events).unwrap();
    let released = book.cancel(intent(1).order_id, ReleaseCause::Cancelled, 2).unwrap();
    store.events(released.clone()).unwrap();
    let refused = store.events(released);
    assert!(matches!(refused, Err(LedgerError::Constraint(_))), "{refused:?}");
    assert_eq!(store.book(), book);
}

#[test]
fn a_seat_is_found_by_its_order_and_a_life_keeps_its_highest_number() {
    let mut store = store();
    let mut book = store.book();
    let event = recorded(book.place(&intent(1), false, 1));
    for (events, queue_seq) in [(vec![event], 7), (vec![], 3)] {
        let drained = vec![Drained { sale_id: SALE, queue_life: 5, queue_seq }];
        store.ledger.apply(&Batch { events, drained, ..Batch::default() }).unwrap();
    }
    let reader = store.ledger.reader().unwrap();
    assert_eq!(reader.decided_seq(SALE, 5).unwrap(), Some(7));
    assert_eq!(reader.decided_seq(SALE, 6).unwrap(), None);
    let seat = reader.seat(intent(1).order_id).unwrap().unwrap();
    assert_eq!(seat, store.ledger.load_sale(SALE).unwrap().unwrap().seats[0]);
}

#[test]
fn a_new_store_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let store = store();
    for name in ["stampede.db", "stampede.db-wal"] {
        let mode = std::fs::metadata(store.folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_log_is_moved_once_it_is_longer_than_is_said_and_then_begins_anew() {
    let mut store = store();
    let file = store.folder.path().join("stampede.db");
    let moved_bytes = || std::fs::metadata(&file).unwrap().len();
    let write = "INSERT INTO filler SELECT zeroblob(?1)";
    store.ledger.connection().execute_batch("CREATE TABLE filler (bytes BLOB)").unwrap();
    store.ledger.move_log_longer_than(0).unwrap();
    let before = moved_bytes();
    store.ledger.connection().execute(write, [LONG_LOG_BYTES as i64]).unwrap();
    assert!((LONG_LOG_BYTES..LONGEST_LOG_BYTES).contains(&store.ledger.log_bytes()));
    store.ledger.move_log_longer_than(LONGEST_LOG_BYTES).unwrap();
    assert_eq!(moved_bytes(), before);
    store.ledger.move_log_longer_than(LONG_LOG_BYTES).unwrap();
    assert!(moved_bytes() - before >= LONG_LOG_BYTES);
    assert_eq!(store.ledger.log_bytes(), 0);

    store.ledger.connection().execute(write, [80_000]).unwrap();
    assert!((80_000..200_000).contains(&store.ledger.log_bytes()), "{}", store.ledger.log_bytes());
}

#[test]
fn the_log_grows_longer_while_somebody_waits_and_longest_where_the_disk_has_room() {
    assert_eq!(most_log_bytes(false, Some(u64::MAX)), LONG_LOG_BYTES);
    assert_eq!(most_log_bytes(true, Some(PLENTY_OF_ROOM_BYTES)), LONGEST_LOG_BYTES_WITH_ROOM);
    assert_eq!(most_log_bytes(true, Some(PLENTY_OF_ROOM_BYTES - 1)), LONGEST_LOG_BYTES);
    assert_eq!(most_log_bytes(true, None), LONGEST_LOG_BYTES);
}

#[path = "sqlite_rules_tests.rs"]
mod rules;
