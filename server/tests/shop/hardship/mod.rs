//! The real binary on a disk that fills up, on one that cannot be written, and under a clock that is stepped.
//!
//! Disks of their own need mount namespaces (Linux, and permission to make them); a stepped clock needs libfaketime, which
//! `make setup` for tests installs. Where the system has neither, the test says so and passes.

mod disk;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use disk::SmallDisk;
use serde_json::json;

use crate::support::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_orders_stop_before_commits_fail_and_nothing_is_lost() {
    let Some(disk) = SmallDisk::start(90) else { return };
    let shop = disk.shop();
    let sale_id = shop.sale(json!({ "stock_units": 9, "hold_seconds": 600 })).await;
    let cookies = disk.cookies();
    let first = shop.held(&sale_id, &cookies[0]).await;
    let second = shop.held(&sale_id, &cookies[1]).await;
    let pass = shop.pass(&sale_id, &cookies[2]).await;
    let body = json!({ "pass": pass, "quantity": 1 });
    let payment = async |order_id: &str, cookie: &str| {
        let opened = shop.post(&format!("/api/orders/{order_id}/payments"), cookie, json!({})).await.ok(200);
        format!("/sandbox/payments/{}/settle", opened["payment_id"].as_str().unwrap())
    };
    let (settle_first, settle_second) = (payment(&first, &cookies[0]).await, payment(&second, &cookies[1]).await);

    // Nearly full: nobody is admitted, and whoever was is served to the end.
    disk.fill_but(40);
    disk.until_ready_says(shop, "disk", false).await;
    shop.order(&sale_id, &cookies[2], "k", body.clone()).await.is_problem(503, "busy");
    assert_eq!(
        shop.post(&settle_first, &cookies[0], json!({ "outcome": "paid" })).await.ok(200)["order_state"],
        "paid"
    );

    // Full: a commit fails, is told as busy, and what was promised stands.
    disk.fill_but(0);
    let mut answer = shop.post(&settle_second, &cookies[1], json!({ "outcome": "paid" })).await;
    // What room the write-ahead log still has may take a few commits.
    for attempt in 0..400 {
        if answer.status == 503 {
            break;
        }
        let title = json!({ "title": format!("Lantern {attempt}"), "description": "x".repeat(4_000) });
        answer = shop.merchant("PATCH", &format!("/items/{}", disk.item_of(&sale_id).await), title).await;
    }
    answer.is_problem(503, "busy");
    assert_eq!(shop.get(&format!("/api/orders/{first}"), &cookies[0]).await.ok(200)["state"], "paid");

    // Room again: it goes on where it was.
    disk.empty();
    disk.until_ready_says(shop, "ready", true).await;
    assert_eq!(
        shop.post(&settle_second, &cookies[1], json!({ "outcome": "paid" })).await.ok(200)["order_state"],
        "paid"
    );
    let pass = shop.pass(&sale_id, &cookies[2]).await;
    let accepted = shop.order(&sale_id, &cookies[2], "l", json!({ "pass": pass, "quantity": 1 })).await.ok(202);
    assert_eq!(shop.outcome(&accepted["queue_token"], &cookies[2]).await["state"], "held");
    let ledger = shop.ledger(&sale_id).await;
    assert_eq!(ledger, json!({ "stock": 9, "free": 6, "held": 1, "sold": 2, "balanced": true }));
}

#[test]
fn on_a_store_that_cannot_be_written_the_server_says_so_and_does_not_start() {
    let Some(told) = disk::serve_on_a_read_only_disk() else { return };
    assert!(told.contains("disk/stampede.lock: Read-only file system"), "{told}");
    assert!(!told.contains("panicked"), "{told}");
}

/// libfaketime, where it is installed.
fn fake_time() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    let found = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.exists());
    if found.is_none() {
        eprintln!("SKIPPED: libfaketime is not installed, so the clock cannot be stepped");
    }
    found
}

fn step_clock(folder: &Path, offset: &str) {
    let next = folder.join("clock.next");
    std::fs::write(&next, offset).unwrap();
    std::fs::rename(next, folder.join("clock")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_stepped_moves_no_sale_until_the_next_start_and_never_closes_what_had_opened() {
    let Some(library) = fake_time() else { return };
    let folder = tempfile::tempdir().unwrap();
    step_clock(folder.path(), "+0");
    let clock = folder.path().join("clock");
    let environment = [
        ("LD_PRELOAD", library.as_os_str()),
        ("FAKETIME_TIMESTAMP_FILE", clock.as_os_str()),
        ("FAKETIME_NO_CACHE", "1".as_ref()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".as_ref()),
    ];
    let mut shop = Shop::start_in(&["--payments", "sandbox"], &environment);
    let sale_id = shop.sale(json!({ "hold_seconds": 300, "per_shopper_limit": 9 })).await;
    let cookie = shop.shopper();
    let order_id = shop.held(&sale_id, &cookie).await;
    let started_ms = shop.now_ms().await;
    for offset in ["+7200s", "-7200s"] {
        step_clock(folder.path(), offset);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let now_ms = shop.now_ms().await;
        assert!((0..60_000).contains(&(now_ms - started_ms)), "{offset}: the shop's clock does not step");
        assert_eq!(shop.get("/readyz", "").await.json()["clock"], false, "{offset}: and it is told");
        assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "open", "{offset}");
        assert_eq!(shop.get(&format!("/api/orders/{order_id}"), &cookie).await.ok(200)["state"], "held", "{offset}");
        shop.held(&sale_id, &cookie).await;
    }
    // A start two hours before the sale's: what had opened stays open, and its orders stand.
    shop.kill_and_restart();
    assert!(shop.now_ms().await < started_ms - 3_600_000);
    assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "open");
    assert_eq!(shop.get(&format!("/api/orders/{order_id}"), &cookie).await.ok(200)["state"], "held");
    shop.held(&sale_id, &cookie).await;
    // A start two hours after: the sale has ended, and the holds have lapsed.
    step_clock(folder.path(), "+7200s");
    shop.kill_and_restart();
    assert_eq!(shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"], "ended");
    shop.until(&format!("/api/orders/{order_id}"), &cookie, |order| order["state"] == "released").await;
    let ledger = shop.ledger(&sale_id).await;
    assert_eq!(ledger, json!({ "stock": 5, "free": 5, "held": 0, "sold": 0, "balanced": true }));
}

/// Whether this system lets us have a disk of our own.
fn may_mount() -> Option<&'static [&'static str]> {
    let tries: [&[&str]; 2] = [&["-m"], &["-Urm"]];
    let works = |flags: &&&[&str]| {
        let mount = Command::new("unshare").args(**flags).args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
        mount.is_ok_and(|output| output.status.success())
    };
    let found = tries.iter().find(works).copied();
    if found.is_none() {
        eprintln!("SKIPPED: this system lets us mount no disk of our own");
    }
    found
}
