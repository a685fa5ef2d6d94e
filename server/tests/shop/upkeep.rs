//! Backup, restore and reconcile, as an operator uses them beside a shop that runs.

use serde_json::{Value, json};

use crate::support::{Shop, command};

/// Runs a command on the shop's own store, unless another is named.
fn run(shop: &Shop, arguments: &[&str]) -> (bool, String, String) {
    let own: &[&str] = if arguments.contains(&"--store") { &[] } else { &["--store", "sqlite:stampede.db"] };
    command(shop.folder.path(), &[arguments, own].concat(), "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_while_the_shop_runs_is_a_shop_with_the_same_orders() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "stock_units": 3 })).await;
    let cookie = shop.shopper();
    let order_id = shop.held(&sale_id, &cookie).await;
    let (done, told, errors) = run(&shop, &["backup", "copy.db"]);
    assert!(done && told.contains("stampede.secret"), "{told}{errors}");
    let (done, _, errors) = run(&shop, &["backup", "copy.db"]);
    assert!(!done && errors.contains("is there already"), "{errors}");
    shop.held(&sale_id, &shop.shopper()).await;

    let (done, _, errors) = run(&shop, &["restore", "copy.db"]);
    assert!(!done && errors.contains("left alone"), "{errors}");
    let (done, _, errors) = run(&shop, &["restore", "absent.db", "--store", "sqlite:other.db"]);
    assert!(!done && errors.contains("absent.db"), "{errors}");
    std::fs::write(shop.folder.path().join("other.db-wal"), "of another store").unwrap();
    let (done, _, errors) = run(&shop, &["restore", "copy.db", "--store", "sqlite:other.db"]);
    assert!(!done && errors.contains("other.db-wal"), "{errors}");
    std::fs::remove_file(shop.folder.path().join("other.db-wal")).unwrap();
    let (done, _, errors) = run(&shop, &["restore", "copy.db", "--store", "sqlite:other.db"]);
    assert!(done, "{errors}");
    let mut copy = ledger::SqliteLedger::open(&shop.folder.path().join("other.db")).unwrap();
    let loaded = ledger::Ledger::load_sale(&mut copy, sale_id.parse().unwrap()).unwrap().unwrap();
    assert_eq!(loaded.book.stock().held(), 1, "as it was when the copy was made");
    assert!(loaded.book.order(order_id.parse().unwrap()).is_some());
    let (done, told, _) = run(&shop, &["reconcile", "--store", "sqlite:other.db"]);
    assert!(done && told.contains("agree"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reconcile_explains_mends_and_exits_by_what_is_left() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "stock_units": 3 })).await;
    shop.held(&sale_id, &shop.shopper()).await;
    assert_eq!(run(&shop, &["reconcile"]).1, "1 sale compared: ledger, events, payments and counters agree.\n");
    let store = ledger::SqliteLedger::open(&shop.folder.path().join("stampede.db")).unwrap();
    store.connection().execute_batch("UPDATE stock SET free = free + 1, held = held - 1").unwrap();
    assert_eq!(shop.ledger(&sale_id).await["balanced"], false);
    let (agree, told, _) = run(&shop, &["reconcile"]);
    assert!(!agree && told.contains("counters_differ; mendable with --fix") && told.contains("1 left"), "{told}");
    let (agree, told, _) = run(&shop, &["reconcile", "--fix", "--json"]);
    assert!(agree);
    let report: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&report["sales"], &report["left"]), (&json!(1), &json!(0)));
    let difference = &report["differences"][0];
    assert_eq!((&difference["code"], &difference["mended"]), (&json!("counters_differ"), &json!(true)));
    assert_eq!(difference["sale_id"], sale_id);
    assert_eq!(shop.ledger(&sale_id).await["balanced"], true);
    shop.held(&sale_id, &shop.shopper()).await;
    let (agree, told, _) = run(&shop, &["reconcile", "--json"]);
    assert!(agree && told.contains("\"differences\": []"), "{told}");
}

#[test]
fn a_store_that_is_not_there_is_told_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["reconcile"][..], &["backup", "copy.db"]] {
        let (done, output, errors) = command(folder.path(), arguments, "");
        assert!(!done && errors.contains("--store data/stampede.db"), "{errors}");
        assert_eq!(output, "");
    }
    assert!(!folder.path().join("data").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_a_newer_version_is_refused_by_every_command() {
    let mut shop = Shop::start();
    assert!(shop.terminate());
    let path = shop.folder.path().join("stampede.db");
    ledger::SqliteLedger::open(&path).unwrap().connection().execute_batch("PRAGMA user_version = 99").unwrap();
    for arguments in [
        &["reconcile"][..],
        &["serve", "--listen", "127.0.0.1:0", "--site", "site"],
        &["token", "shoppers", "--count", "1"],
    ] {
        let (done, _, errors) = run(&shop, arguments);
        assert!(!done && errors.contains("schema version 99"), "{arguments:?}: {errors}");
    }
}
