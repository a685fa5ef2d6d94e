//! Each way to break a store, what is said of it, and what becomes of it.

use sale::{
    Intent, ItemId, MerchantId, PassId, PaymentId, ReleaseCause, Settlement, ShopperId, StockPolicy, StrikeTerms,
};
use uuid::Uuid;

use super::*;
use crate::batch::{Batch, Drained, Write};
use crate::rows::{ItemRow, MerchantRow, QuizKind, SkuRow};
use crate::{Ledger, SqliteLedger, back_up, restore};

const SALE: SaleId = SaleId(Uuid::from_u128(3));

struct Store {
    folder: tempfile::TempDir,
}

fn intent(number: u128) -> Intent {
    Intent {
        order_id: OrderId(Uuid::from_u128(number)),
        shopper_id: ShopperId(Uuid::from_u128(number)),
        pass_id: PassId(Uuid::from_u128(number)),
        idempotency_key: "k".to_owned(),
        body_hash: 1,
        sku: Some("m".to_owned()),
        quantity: 1,
        queue_life: 9,
        queue_seq: number as u64,
    }
}

fn sale_row() -> SaleRow {
    let sku = SkuRow { sku: "m".to_owned(), title: "M".to_owned(), price_minor: 500, made_units: Some(4) };
    SaleRow {
        sale_id: SALE,
        item_id: ItemId(Uuid::from_u128(2)),
        merchant_id: MerchantId(Uuid::from_u128(1)),
        price_minor: 500,
        currency: "CNY".to_owned(),
        starts_at_ms: 0,
        ends_at_ms: 100_000,
        opened_at_ms: None,
        stock_units: 3,
        per_shopper_limit: 1,
        stock_policy: StockPolicy::Hold,
        hold_seconds: 10,
        waitlist_units: 5,
        skus: vec![sku],
        strikes: StrikeTerms::OFF,
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

/// Orders 1 (paid), 2 (held), 3 (lapsed, and its late money refunded), 4 (held, having waited).
fn store() -> Store {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = SqliteLedger::open(&folder.path().join("stampede.db")).unwrap();
    let row = sale_row();
    let merchant = MerchantRow {
        merchant_id: row.merchant_id,
        email: "m@example.com".to_owned(),
        password_hash: "x".to_owned(),
        created_at_ms: 0,
    };
    let item = ItemRow {
        item_id: row.item_id,
        merchant_id: row.merchant_id,
        slug: "lantern".to_owned(),
        title: "Lantern".to_owned(),
        description: String::new(),
        image_url: "/images/lantern.svg".to_owned(),
        list_price_minor: 900,
        currency: "CNY".to_owned(),
        updated_at_ms: 0,
    };
    let mut book = Book::new(SALE, row.terms(), &row.made_units());
    let mut events = Vec::new();
    for number in 1..=4 {
        let sale::Decision::Recorded(event) = book.place(&intent(number), false, 1) else { panic!() };
        events.push(event);
    }
    let pays = |book: &mut Book, number: u128, now_ms: i64| {
        let payment_id = PaymentId(Uuid::from_u128(number + 10));
        let settlement = Settlement {
            payment_id,
            provider_event_id: format!("event {number}"),
            paid: true,
            amount_minor: 500,
            currency: "CNY".to_owned(),
        };
        book.settle(&settlement, now_ms).unwrap().1
    };
    for number in [1, 3] {
        let payment_id = PaymentId(Uuid::from_u128(number + 10));
        events.extend(book.open_payment(intent(number).order_id, payment_id, 2).unwrap().1);
    }
    events.extend(pays(&mut book, 1, 3));
    // Order 2 lapses first: it is the older one of the two that expire at the same moment.
    events.extend(book.elapse(10_001));
    events.extend(book.elapse(10_001));
    events.extend(book.cancel(intent(4).order_id, ReleaseCause::Cancelled, 10_002).unwrap_or_default());
    events.extend(book.resize(&sale::Units { total: 2, skus: [("m".to_owned(), 2)].into() }, 10_003).unwrap());
    let again = Intent {
        order_id: OrderId(Uuid::from_u128(5)),
        pass_id: PassId(Uuid::from_u128(5)),
        queue_seq: 5,
        ..intent(2)
    };
    let again = Intent { idempotency_key: "again".to_owned(), ..again };
    let sale::Decision::Recorded(event) = book.place(&again, false, 10_004) else { panic!() };
    events.push(event);
    events.extend(pays(&mut book, 3, 10_005));
    let writes = vec![Write::AddMerchant(merchant), Write::AddItem(item), Write::AddSale(row)];
    let drained = vec![Drained { sale_id: SALE, queue_life: 9, queue_seq: 5 }];
    ledger.apply(&Batch { writes, ..Batch::default() }).unwrap();
    ledger.apply(&Batch { events, drained, ..Batch::default() }).unwrap();
    Store { folder }
}

impl Store {
    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("stampede.db")
    }

    fn broken_by(&self, sql: &str) {
        let connection = Connection::open(self.path()).unwrap();
        connection
            .execute_batch(&format!("PRAGMA foreign_keys = off; PRAGMA ignore_check_constraints = on; {sql}"))
            .unwrap();
    }

    fn reconciler(&self) -> Reconciler {
        Reconciler::open(&self.path(), true).unwrap()
    }

    fn codes(&self) -> Vec<&'static str> {
        self.reconciler().check(SALE, |_| {}).unwrap().iter().map(|difference| difference.code).collect()
    }
}

fn id(number: u128) -> String {
    format!("x'{:032x}'", number)
}

#[test]
fn a_sound_store_has_no_differences() {
    let store = store();
    assert_eq!(store.reconciler().check(SALE, |_| {}).unwrap(), []);
    assert_eq!(store.reconciler().fix(SALE, |_| {}).unwrap(), []);
    assert_eq!(store.reconciler().sales().unwrap(), [SALE]);
    let mut replayed = 0;
    store.reconciler().check(SALE, |events| replayed += events).unwrap();
    assert_eq!(replayed, store.reconciler().events().unwrap());
}

#[test]
fn what_has_one_right_answer_is_found_and_mended() {
    for (sql, code) in [
        ("UPDATE stock SET free = free + 1, sold = sold - 1".to_owned(), "counters_differ"),
        ("UPDATE skus SET free = free + 1, held = held - 1".to_owned(), "counters_differ"),
        (format!("UPDATE orders SET state = 'paid' WHERE order_id = {}", id(2)), "order_state_differs"),
        ("DELETE FROM refunds".to_owned(), "refund_missing"),
        ("DELETE FROM provider_events WHERE provider_event_id = 'event 1'".to_owned(), "message_missing"),
        (format!("UPDATE payments SET state = 'open' WHERE payment_id = {}", id(11)), "payment_differs"),
        (format!("DELETE FROM strikes WHERE order_id = {}", id(3)), "strike_missing"),
        ("UPDATE queue_lives SET queue_seq = 2".to_owned(), "queue_life_behind"),
    ] {
        let store = store();
        store.broken_by(&sql);
        assert_eq!(store.codes(), [code], "{sql}");
        let fixed = store.reconciler().fix(SALE, |_| {}).unwrap();
        assert!(fixed.iter().all(|difference| difference.mendable && difference.mended), "{sql}: {fixed:?}");
        assert_eq!(store.codes(), [""; 0], "{sql}");
        let mut ledger = SqliteLedger::open(&store.path()).unwrap();
        assert!(ledger.load_sale(SALE).is_ok(), "{sql}");
        assert!(ledger.counts(SALE).unwrap().unwrap().is_balanced(), "{sql}");
    }
}

#[test]
fn what_has_more_than_one_right_answer_is_listed_and_left_alone() {
    for (sql, code) in [
        (format!("DELETE FROM orders WHERE order_id = {}", id(5)), "order_missing"),
        (format!("UPDATE orders SET quantity = 2 WHERE order_id = {}", id(5)), "order_differs"),
        (format!("UPDATE orders SET amount_minor = 1 WHERE order_id = {}", id(5)), "order_differs"),
        (format!("UPDATE orders SET hold_expires_at_ms = 1 WHERE order_id = {}", id(5)), "order_differs"),
        (
            r#"UPDATE events SET change = replace(change, '"m":2', '"m":3') WHERE name = 'stock_resized'"#.to_owned(),
            "counters_differ",
        ),
        (format!("UPDATE payments SET order_id = {} WHERE payment_id = {}", id(5), id(11)), "payment_of_another_order"),
        ("UPDATE provider_events SET amount_minor = 1".to_owned(), "message_differs"),
        ("UPDATE refunds SET cause = 'paid_twice'".to_owned(), "refund_differs"),
        ("UPDATE sales SET stock_policy = 'zzz'".to_owned(), "sale_unreadable"),
        ("UPDATE refunds SET amount_minor = 1".to_owned(), "refund_differs"),
        (
            "UPDATE provider_events SET outcome = 'declined' WHERE provider_event_id = 'event 1'".to_owned(),
            "message_differs",
        ),
        (format!("DELETE FROM payments WHERE payment_id = {}", id(11)), "payment_differs"),
        ("UPDATE events SET change = '{}' WHERE name = 'stock_resized'".to_owned(), "log_broken"),
        ("DELETE FROM events WHERE name = 'order_released'".to_owned(), "log_broken"),
    ] {
        let store = store();
        store.broken_by(&sql);
        assert!(store.codes().contains(&code), "{sql}: {:?}", store.codes());
        let before = store.reconciler().check(SALE, |_| {}).unwrap();
        let told = store.reconciler().fix(SALE, |_| {}).unwrap();
        assert!(told.iter().any(|difference| difference.code == code && !difference.mended), "{sql}: {told:?}");
        assert_eq!(store.reconciler().check(SALE, |_| {}).unwrap(), before, "{sql}");
    }
}

#[test]
fn a_row_that_the_log_knows_nothing_of_is_told() {
    let store = store();
    store.broken_by(&format!(
        "INSERT INTO payments VALUES ({}, {}, {}, 'open', NULL, 1, 1);
         INSERT INTO refunds VALUES ({}, {}, {}, 1, 'CNY', 'cancelled', 1, NULL);
         INSERT INTO provider_events VALUES ('ghost', {}, {}, 'paid', 1, 'CNY', 1);
         INSERT INTO orders (order_id, sale_id, shopper_id, pass_id, idempotency_key, body_hash, quantity, amount_minor,
             currency, state, hold_expires_at_ms, queue_life, queue_seq, created_at_ms, updated_at_ms)
         VALUES ({}, {}, {}, {}, 'ghost', 1, 1, 1, 'CNY', 'released', 0, 9, 4, 1, 1);",
        id(77),
        id(2),
        id(3),
        id(77),
        id(2),
        id(3),
        id(77),
        id(3),
        id(78),
        id(3),
        id(79),
        id(80)
    ));
    let codes = store.codes();
    for code in ["order_unknown_to_log", "payment_unknown_to_log", "refund_unknown_to_log", "message_unknown_to_log"] {
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
}

#[test]
fn a_sale_called_off_by_its_log_alone_is_called_off_again() {
    let store = store();
    let mut ledger = SqliteLedger::open(&store.path()).unwrap();
    let events = ledger.load_sale(SALE).unwrap().unwrap().book.call_off(20_000);
    ledger.apply(&Batch { events, ..Batch::default() }).unwrap();
    store.broken_by("UPDATE sales SET called_off_at_ms = NULL");
    assert_eq!(store.codes(), ["call_off_missing"]);
    assert!(store.reconciler().fix(SALE, |_| {}).unwrap()[0].mended);
    assert_eq!(ledger.load_sale(SALE).unwrap().unwrap().row.called_off_at_ms, Some(20_000));
}

#[test]
fn a_copy_of_a_store_in_use_is_whole_its_owners_only_and_makes_the_same_store() {
    use std::os::unix::fs::PermissionsExt;
    let store = store();
    let _in_use = SqliteLedger::open(&store.path()).unwrap();
    let (copy, other) = (store.folder.path().join("copy"), store.folder.path().join("new/stampede.db"));
    let mut seen = Vec::new();
    back_up(&store.path(), &copy, |done, total| seen.push((done, total))).unwrap();
    assert!(seen.last().is_some_and(|(done, total)| done == total && *total > 0), "{seen:?}");
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let refused = back_up(&store.path(), &copy, |_, _| {});
    assert!(matches!(refused, Err(LedgerError::Unavailable(_))), "{refused:?}");
    restore(&copy, &other, |_, _| {}).unwrap();
    let book = |path: &Path| SqliteLedger::open(path).unwrap().load_sale(SALE).unwrap().unwrap().book;
    assert_eq!(book(&other), book(&store.path()));
    assert!(restore(&copy, &other, |_, _| {}).is_err(), "a store is not overwritten");
    let names = std::fs::read_dir(store.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().ends_with("partial")));
}

#[test]
fn what_is_no_copy_or_of_a_newer_version_is_not_restored() {
    let store = store();
    let (copy, other) = (store.folder.path().join("copy"), store.folder.path().join("other.db"));
    std::fs::write(&copy, "not a database, but long enough to look at").unwrap();
    assert!(restore(&copy, &other, |_, _| {}).is_err());
    std::fs::write(&copy, "").unwrap();
    assert!(restore(&copy, &other, |_, _| {}).is_err());
    assert!(restore(&store.folder.path().join("absent"), &other, |_, _| {}).is_err());
    store.broken_by("PRAGMA user_version = 99");
    let newer = restore(&store.path(), &other, |_, _| {});
    assert!(matches!(newer, Err(LedgerError::NewerSchema { found: 99, .. })), "{newer:?}");
    assert!(!other.exists());
}

#[test]
fn what_is_only_looked_at_is_not_written_to_and_what_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("notes.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    let before = std::fs::read(&foreign).unwrap();
    for to_fix in [false, true] {
        let refused = Reconciler::open(&foreign, to_fix).err();
        assert!(matches!(refused, Some(LedgerError::Corrupt(_))), "{refused:?}");
    }
    assert_eq!(std::fs::read(&foreign).unwrap(), before);
    assert!(restore(&foreign, &folder.path().join("store.db"), |_, _| {}).is_err());

    let store = store();
    store.broken_by(
        "INSERT INTO events (sale_id, at_ms, name, change) VALUES (x'00000000000000000000000000000009', 1, 'x', '{}')",
    );
    let mut looking = Reconciler::open(&store.path(), false).unwrap();
    assert_eq!((looking.damage().unwrap(), looking.unknown_sales().unwrap().len()), (None, 1));
    let unknown = looking.unknown_sales().unwrap()[0];
    assert_eq!(looking.check(unknown, |_| {}).unwrap()[0].code, "sale_missing");
    store.broken_by("UPDATE stock SET free = free + 1, sold = sold - 1");
    assert!(looking.fix(SALE, |_| {}).is_err(), "nothing is written by who only looks");
}

#[test]
fn a_store_is_not_restored_beside_the_log_of_another() {
    let store = store();
    let (copy, other) = (store.folder.path().join("copy"), store.folder.path().join("other.db"));
    back_up(&store.path(), &copy, |_, _| {}).unwrap();
    std::fs::write(store.folder.path().join("other.db-wal"), "of a store that was there").unwrap();
    let refused = restore(&copy, &other, |_, _| {});
    assert!(matches!(&refused, Err(LedgerError::Unavailable(why)) if why.contains("other.db-wal")), "{refused:?}");
    assert!(!other.exists());
    // A name that looks like an address is a name.
    let odd = store.folder.path().join("file:odd.db");
    back_up(&store.path(), &odd, |_, _| {}).unwrap();
    assert!(std::fs::metadata(&odd).unwrap().len() > 0);
}
