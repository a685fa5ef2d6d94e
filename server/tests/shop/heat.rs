//! What the crowd is at: found, told to the merchant whose item it is, and to nobody else.

use std::ffi::OsStr;
use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{PATIENCE, Shop};

const HOURS_MS: i64 = 3_600_000;

pub(crate) fn shop_with(options: &[&str]) -> Shop {
    let limits_off = [("STAMPEDE_RATE_LIMITS", OsStr::new("off")), ("RUST_LOG", OsStr::new("info"))];
    Shop::start_in(&[&["--payments", "sandbox"], options].concat(), &limits_off)
}

/// An item of which nobody expects a crowd: its sale is two hours away.
pub(crate) async fn quiet_item(shop: &Shop) -> String {
    let now_ms = shop.now_ms().await;
    let times = json!({ "starts_at_ms": now_ms + 2 * HOURS_MS, "ends_at_ms": now_ms + 3 * HOURS_MS });
    shop.sale_and_slug(times).await.1
}

async fn board(shop: &Shop) -> Vec<Value> {
    shop.merchant("GET", "/heat", Value::Null).await.ok(200)["items"].as_array().unwrap().clone()
}

/// Reads the board until it is as wanted.
pub(crate) async fn board_until(shop: &Shop, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let reading = async {
        loop {
            let items = board(shop).await;
            if wanted(&items) {
                return items;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("the board comes to what it should")
}

async fn counted(shop: &Shop, name_and_labels: &str) -> u64 {
    let metrics = shop.get("/metrics", "").await.text;
    let line = metrics.lines().find_map(|line| line.strip_prefix(name_and_labels)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name_and_labels} in {metrics}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stampede_on_one_of_several_items_is_found_and_told_to_its_merchant_alone() {
    let shop = Arc::new(shop_with(&[]));
    let mut slugs = Vec::new();
    for _ in 0..5 {
        slugs.push(quiet_item(&shop).await);
    }
    for slug in &slugs {
        shop.get(&format!("/items/{slug}"), "").await;
    }
    assert_eq!(board(&shop).await, Vec::<Value>::new());
    let other = shop.other_merchant();
    let crowd: Vec<_> = (0..16)
        .map(|_| {
            let (shop, path) = (Arc::clone(&shop), format!("/zh/items/{}", slugs[2]));
            tokio::spawn(async move {
                loop {
                    assert_eq!(shop.get(&path, "").await.status.as_u16(), 200);
                }
            })
        })
        .collect();
    let is_told = |items: &[Value]| items.iter().any(|item| item["share_percent"].as_f64() > Some(90.0));
    let items = board_until(&shop, is_told).await;
    let [item] = items.as_slice() else { panic!("the others are not hot: {items:?}") };
    assert_eq!((&item["slug"], &item["cause"]), (&json!(slugs[2]), &json!("found")));
    assert!(item["requests_per_second"].as_f64() > Some(40.0), "{item}");
    let now_ms = shop.now_ms().await;
    for since in [&item["since_ms"], &item["crowded_since_ms"]] {
        assert!((now_ms - 60_000..=now_ms).contains(&since.as_i64().unwrap()), "{item}");
    }
    let others = shop.merchant_with(&other, "GET", "/heat", Value::Null).await.ok(200);
    assert_eq!((&others["items"], &others["threshold_percent"]), (&json!([]), &json!(10.0)));
    shop.get("/api/merchant/heat", &shop.shopper()).await.is_problem(401, "signed_out");
    assert_eq!(counted(&shop, "stampede_hot_items{cause=\"found\"}").await, 1);
    crowd.iter().for_each(tokio::task::JoinHandle::abort);
    // Once the crowd has gone, the item is likely to be wanted again: its sale is still to come. The crowd came and went once.
    let likely = board_until(&shop, |items| items.iter().any(|item| item["cause"] == "predicted")).await;
    assert_eq!((likely.len(), &likely[0]["slug"]), (1, &json!(slugs[2])));
    assert!(likely[0].get("crowded_since_ms").is_none());
    assert_eq!(counted(&shop, "stampede_heat_changes_total{happened=\"found\"}").await, 1);
    assert_eq!(counted(&shop, "stampede_heat_changes_total{happened=\"cooled\"}").await, 1);
    assert!(counted(&shop, "stampede_heat_requests_total").await > 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_with_a_sale_is_hot_from_the_outset_and_no_more_once_it_is_called_off() {
    let shop = Shop::start();
    quiet_item(&shop).await;
    let now_ms = shop.now_ms().await;
    let (soon, soon_slug) =
        shop.sale_and_slug(json!({ "starts_at_ms": now_ms + 14 * 60_000, "ends_at_ms": now_ms + HOURS_MS })).await;
    let (_, on_slug) = shop.sale_and_slug(json!({})).await;
    let items = board_until(&shop, |items| items.len() == 2).await;
    assert!(
        items.iter().all(|item| item["cause"] == "enrolled" && item.get("crowded_since_ms").is_none()),
        "{items:?}"
    );
    let slugs: Vec<&str> = items.iter().map(|item| item["slug"].as_str().unwrap()).collect();
    assert!(slugs.contains(&soon_slug.as_str()) && slugs.contains(&on_slug.as_str()));
    shop.merchant("POST", &format!("/sales/{soon}/call-off"), json!({})).await.ok(200);
    let left = board_until(&shop, |items| items.len() == 1).await;
    assert_eq!(left[0]["slug"], json!(on_slug));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_edge_answered_counts_and_junk_is_refused_and_counted() {
    let port = crate::edges::free_port();
    let shop = shop_with(&["--heat-listen", &format!("127.0.0.1:{port}")]);
    let slug = quiet_item(&shop).await;
    let mut feed = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let junk = ["GET / HTTP/1.1", "\u{0}\u{1}", "hit 200 nowhere", "", "hit 200 /\u{e4}"];
    let long = format!("hit 200 /{}", "x".repeat(100_000));
    let passed_over = ["hit 200 /assets/x.js", "miss 200 /items/x", "hit 200 /items/never-seen", "hit 503 /items/x"];
    for line in junk.iter().chain(&passed_over).chain([&long.as_str()]) {
        feed.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
    let outcome = |name: &str| format!("stampede_heat_feed_lines_total{{outcome=\"{name}\"}}");
    let comes_to = async |name: &str, count: u64| {
        while counted(&shop, &outcome(name)).await < count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(counted(&shop, &outcome(name)).await, count, "{name}");
    };
    comes_to("refused", junk.len() as u64 + 1).await;
    comes_to("passed_over", passed_over.len() as u64).await;
    assert_eq!(counted(&shop, &outcome("counted")).await, 0);
    // The same connection goes on, and what it says after all that counts. In pieces: more at once than a thread's lane holds is lost.
    let visits = format!("hit 200 /items/{slug}\n").repeat(200);
    for _ in 0..20 {
        feed.write_all(visits.as_bytes()).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let items = board_until(&shop, |items| !items.is_empty()).await;
    assert_eq!((&items[0]["slug"], &items[0]["cause"]), (&json!(slug), &json!("found")));
    comes_to("counted", 4_000).await;
    assert_eq!(counted(&shop, &outcome("lost")).await, 0);
    // A feed that floods loses lines, and every one of them is accounted for.
    let flood = format!("hit 200 /items/{slug}\n").repeat(100_000);
    feed.write_all(flood.as_bytes()).unwrap();
    let flooded = async {
        while counted(&shop, &outcome("counted")).await + counted(&shop, &outcome("lost")).await < 104_000 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, flooded).await.expect("every line is counted or lost");
    assert_eq!(shop.get("/healthz", "").await.status.as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_can_come_by_a_socket_in_the_file_system_which_a_killed_server_leaves_to_the_next() {
    let mut shop = shop_with(&["--heat-listen", "unix:heat.sock"]);
    let slug = quiet_item(&shop).await;
    shop.kill_and_restart();
    let mut feed = UnixStream::connect(shop.folder.path().join("heat.sock")).unwrap();
    feed.write_all(format!("hit 200 /items/{slug}\n").as_bytes()).unwrap();
    let taken = async {
        while counted(&shop, "stampede_heat_feed_lines_total{outcome=\"counted\"}").await < 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, taken).await.expect("the line is counted");
    assert!(shop.terminate());
    assert!(!shop.folder.path().join("heat.sock").exists());
}
