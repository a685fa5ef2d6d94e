//! What operators' machines ask.

use serde_json::json;

use crate::support::{Shop, answered, http_client};

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_shop_says_so_by_name() {
    let shop = Shop::start();
    assert_eq!(shop.get("/healthz", "").await.text, "alive\n");
    let ready = shop.get("/readyz", "").await.ok(200);
    for condition in ["ready", "writer", "record", "disk", "wal", "clock"] {
        assert_eq!(ready[condition], true, "{condition}");
    }
    assert_eq!(ready["going_down"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_have_the_names_that_the_manual_lists() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    shop.held(&sale_id, &cookie).await;
    shop.get("/api/nothing", "").await;
    let text = shop.get("/metrics", "").await.text;
    let manual = include_str!("../../../docs/OPERATIONS.md");
    let rows = manual.lines().filter_map(|line| line.strip_prefix("| `stampede_")?.split('`').next());
    let names: Vec<String> = rows.map(|name| format!("stampede_{name}")).collect();
    assert!(names.len() >= 12, "{names:?}");
    for name in names.iter().filter(|name| !appears_with_the_first_fault(name)) {
        assert!(text.contains(&format!("# TYPE {name} ")), "{name} is not in\n{text}");
    }
    assert!(text.contains("stampede_orders_concluded_total{outcome=\"held\"} 1"), "{text}");
}

fn appears_with_the_first_fault(name: &str) -> bool {
    let of_faults =
        ["stampede_batch_failures_total", "stampede_sales_set_aside_total", "stampede_purge_failures_total"];
    // Without edges there is nothing to purge.
    of_faults.contains(&name) || name == "stampede_purges_pending"
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_password_or_cookie_gets_into_the_log() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let accepted = shop.join(&sale_id, &cookie, 1).await;
    shop.outcome(&accepted["queue_token"], &cookie).await;
    let form = json!({ "email": "ann@example.com", "password": "hunter2 hunter2", "display_name": "Ann" });
    shop.post("/api/sign-up", "", form).await.ok(201);
    let log = shop.log();
    assert!(log.contains("/api/queue/{queue_token}"), "routes are logged by their pattern");
    let session = cookie.split_once('=').unwrap().1;
    for secret in [accepted["queue_token"].as_str().unwrap(), session, "hunter2", "stm_"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_is_told_to_stop_ends_well_and_leaves_no_log_behind() {
    let mut shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let order_id = shop.held(&sale_id, &cookie).await;
    assert!(shop.terminate());
    let log = shop.log();
    let steps = ["nobody joins a line any more", "connections are closed", "down\""];
    let places: Vec<usize> =
        steps.iter().map(|step| log.find(step).unwrap_or_else(|| panic!("{step}: {log}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    let wal = shop.folder.path().join("stampede.db-wal");
    assert!(std::fs::metadata(wal).map_or(0, |wal| wal.len()) == 0, "the log was moved into the store");
    shop.kill_and_restart();
    assert_eq!(shop.get(&format!("/api/orders/{order_id}"), &cookie).await.ok(200)["state"], "held");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_store_is_refused() {
    let shop = Shop::start();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--store", "sqlite:stampede.db", "--site", "site"];
    let (served, _, errors) = crate::support::command(shop.folder.path(), &arguments, "");
    assert!(!served && errors.contains("another server is running"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_with_a_listener_of_their_own_are_not_the_publics() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let shop = Shop::start_with(&["--metrics-listen", &address]);
    assert_eq!(shop.get("/metrics", "").await.status, 404);
    let text = answered(http_client().get(format!("http://{address}/metrics"))).await.text;
    assert!(text.contains("stampede_connections"), "{text}");
}

/// Sends bytes on a connection of its own and reads what comes until the shop closes it.
fn spoken(shop: &Shop, bytes: &[u8]) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(shop.base.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    // The shop may close before all of it is sent.
    let _cut_off = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => panic!("the connection stayed open: {error}"),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_long_or_never_ends_is_cut_off() {
    let shop = Shop::start();
    let long = format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "a".repeat(200_000));
    let answer = spoken(&shop, long.as_bytes());
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    for unfinished in [&b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: "[..], b"P", b"", b"PRI * HTTP/2.0\r\n"] {
        let answer = spoken(&shop, unfinished);
        let told = ["", "HTTP/1.1 408", "HTTP/1.1 400", "HTTP/1.1 505"].iter().any(|told| answer.starts_with(told));
        assert!(told, "{answer}");
    }
    assert_eq!(shop.get("/healthz", "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_comes_is_given_up() {
    let shop = Shop::start();
    let head = "POST /api/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\
        connection: close\r\n\r\n{\"email\":";
    let answer = spoken(&shop, head.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("\"code\":\"timeout\""), "{answer}");
}
