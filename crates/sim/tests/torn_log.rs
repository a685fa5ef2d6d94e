//! A write-ahead log that was cut off at any byte: what was acknowledged is there, and at most the next commit, whole.

use std::path::Path;

use ledger::{Batch, ItemRow, Ledger, MerchantRow, SqliteLedger, Write};
use sale::{ItemId, MerchantId};
use uuid::Uuid;

const MERCHANT: MerchantId = MerchantId(Uuid::from_u128(1));

fn item(number: u128) -> Write {
    Write::AddItem(ItemRow {
        item_id: ItemId(Uuid::from_u128(number)),
        merchant_id: MERCHANT,
        slug: format!("item-{number}"),
        title: "x".repeat(300),
        description: "y".repeat(900),
        image_url: String::new(),
        list_price_minor: 1,
        currency: "CNY".to_owned(),
        updated_at_ms: 1,
    })
}

/// Three items: all of them, or the commit was not whole.
fn commit(ledger: &mut SqliteLedger, number: u128) {
    let writes = (0..3).map(|part| item(number * 10 + part)).collect();
    let answers = ledger.apply(&Batch { writes, ..Batch::default() }).unwrap();
    assert!(answers.iter().all(Result::is_ok));
}

fn items_in(path: &Path) -> i64 {
    let ledger = SqliteLedger::open(path).unwrap();
    let check: String = ledger.connection().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    ledger.connection().query_row("SELECT count(*) FROM items", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_log_cut_at_any_byte_past_the_last_acknowledged_commit_keeps_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stampede.db");
    let wal = folder.path().join("stampede.db-wal");
    let mut ledger = SqliteLedger::open(&path).unwrap();
    let merchant =
        MerchantRow { merchant_id: MERCHANT, email: "m@x".into(), password_hash: String::new(), created_at_ms: 1 };
    ledger.apply(&Batch { writes: vec![Write::AddMerchant(merchant)], ..Batch::default() }).unwrap();
    let mut acknowledged = Vec::new();
    for number in 1..=6 {
        commit(&mut ledger, number);
        acknowledged.push(std::fs::metadata(&wal).unwrap().len());
    }
    let (store, log) = (std::fs::read(&path).unwrap(), std::fs::read(&wal).unwrap());
    let copy = folder.path().join("copy.db");
    for (commits, window) in (1..).zip(acknowledged.windows(2)) {
        let (from, to) = (window[0] as usize, window[1] as usize);
        // Each frame's edges, and bytes spread over all of it.
        for cut in (from..=to).step_by(97).chain([from + 1, from + 23, from + 24, from + 25, to - 1, to]) {
            for ending in ["-wal", "-shm"] {
                let _absent = std::fs::remove_file(folder.path().join(format!("copy.db{ending}")));
            }
            std::fs::write(&copy, &store).unwrap();
            std::fs::write(folder.path().join("copy.db-wal"), &log[..cut]).unwrap();
            let items = items_in(&copy);
            let whole = i64::from(cut == to);
            assert_eq!(items, 3 * (commits + whole), "cut at {cut}, {commits} commits were acknowledged at {from}");
        }
    }
}
