//! Pages and the time come by three ways: the express lane, hyper, and the router. Nobody can tell which.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;

use serde_json::json;

use crate::attacks::framing::{connected, spoken};
use crate::heat::{board_until, shop_with};
use crate::support::{PATIENCE, Shop, command};

/// One answer: its status line, its header fields in order of their names, its body.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    status: String,
    fields: Vec<String>,
    body: Vec<u8>,
}

/// Reads one answer to a request, which for a `HEAD` and a 304 has no body.
fn next_answer(reader: &mut impl BufRead, has_body: bool) -> Heard {
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let status = line();
    let mut fields = Vec::new();
    loop {
        let field = line();
        if field.is_empty() {
            break;
        }
        fields.push(field);
    }
    let length = fields.iter().find_map(|field| field.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; if has_body { length } else { 0 }];
    reader.read_exact(&mut body).unwrap();
    fields.retain(|field| !field.starts_with("date: ") && !field.starts_with("x-request-id: "));
    fields.sort();
    Heard { status, fields, body }
}

fn ask(shop: &Shop, request: &str, has_body: bool) -> Heard {
    let mut stream = connected(shop);
    stream.write_all(request.as_bytes()).unwrap();
    next_answer(&mut BufReader::new(stream), has_body)
}

/// The same request as the lane takes it, as hyper does, and as the router does.
fn by_three_ways(shop: &Shop, line: &str, fields: &str, has_body: bool) -> [Heard; 3] {
    let by = |more: &str, body: &str| {
        ask(shop, &format!("{line} HTTP/1.1\r\nhost: x\r\n{fields}{more}\r\n{body}"), has_body)
    };
    [by("", ""), by("x-request-id: 1\r\n", ""), by("content-length: 2\r\n", "hi")]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_the_same_by_every_way() {
    let shop = Shop::start();
    let (_, slug) = shop.sale_and_slug(json!({})).await;
    let item = format!("/items/{slug}");
    for path in ["/", "/zh/", &item, &format!("/zh{item}"), &format!("{item}?utm_source=a&x=%20")] {
        for encoding in ["", "accept-encoding: gzip, deflate, br, zstd\r\n", "accept-encoding: gzip\r\n"] {
            let [express, hyper, router] = by_three_ways(&shop, &format!("GET {path}"), encoding, true);
            assert!(express.status.contains("200") && !express.body.is_empty(), "{express:?}");
            assert_eq!(express, hyper, "{path} {encoding}");
            assert_eq!(express, router, "{path} {encoding}");
            let [express, hyper, router] = by_three_ways(&shop, &format!("HEAD {path}"), encoding, false);
            assert!(express.fields.iter().any(|field| field.starts_with("content-length: ")), "{express:?}");
            assert_eq!(express, hyper, "{path} {encoding}");
            assert_eq!(express, router, "{path} {encoding}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asking_is_told_alike_by_every_way_and_by_the_lane_where_that_is_possible() {
    let shop = Shop::start();
    let shoppers = shop.shoppers(2);
    let cookie = |of: &str| format!("cookie: {of}\r\n");
    let signed_in = cookie(&shoppers[0]);
    let fields = [
        String::new(),
        signed_in.clone(),
        cookie("stampede_session=junk"),
        format!("{signed_in}{}", cookie(&shoppers[1])),
        format!("{signed_in}sec-fetch-site: cross-site\r\n"),
        format!("{signed_in}authorization: Bearer junk\r\n"),
    ];
    for fields in &fields {
        let [express, hyper, router] = by_three_ways(&shop, "GET /csi/me", fields, true);
        assert_eq!(express.status, "HTTP/1.1 200 OK", "{fields}");
        assert_eq!(express, hyper, "{fields}");
        assert_eq!(express, router, "{fields}");
    }
    let lots = shoppers.iter().map(|shopper| {
        let heard = ask(&shop, &format!("GET /csi/me HTTP/1.1\r\nhost: x\r\n{}\r\n", cookie(shopper)), true);
        serde_json::from_slice::<serde_json::Value>(&heard.body).unwrap()["lot"].as_u64().unwrap()
    });
    let lots: Vec<u64> = lots.collect();
    assert_ne!(lots[0], lots[1]);
    let mut stream = connected(&shop);
    stream.write_all(format!("GET /csi/me HTTP/1.1\r\nhost: x\r\n{signed_in}\r\n").as_bytes()).unwrap();
    assert!(came_by_the_lane(&mut BufReader::new(stream)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_still_holds_is_not_sent_again_by_any_way() {
    let shop = Shop::start();
    let etag = |heard: &Heard| heard.fields.iter().find_map(|field| field.strip_prefix("etag: ")).unwrap().to_owned();
    let held = etag(&ask(&shop, "GET / HTTP/1.1\r\nhost: x\r\n\r\n", true));
    for tags in [held.clone(), format!("\"other\", W/{held}"), "*".to_owned()] {
        let [express, hyper, router] = by_three_ways(&shop, "GET /", &format!("if-none-match: {tags}\r\n"), false);
        assert_eq!(express.status, "HTTP/1.1 304 Not Modified", "{tags}");
        assert_eq!(express, hyper, "{tags}");
        assert_eq!(express, router, "{tags}");
    }
    let [express, hyper, router] = by_three_ways(&shop, "GET /", "if-none-match: \"other\"\r\n", true);
    assert_eq!(express.status, "HTTP/1.1 200 OK");
    assert_eq!(express, hyper);
    assert_eq!(express, router);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_is_told_alike_by_every_way() {
    let shop = Shop::start();
    let told = by_three_ways(&shop, "GET /csi/time", "", true).map(|mut heard| {
        let time: serde_json::Value = serde_json::from_slice(&heard.body).unwrap();
        let clock_id = time["clock_id"].clone();
        assert!(time["sent_us"].as_i64() >= time["received_us"].as_i64());
        heard.body.clear();
        (heard, clock_id, time["received_us"].as_i64().unwrap())
    });
    let [express, hyper, router] = told;
    assert_eq!((&express.0, &express.1), (&hyper.0, &hyper.1));
    assert_eq!((&express.0, &express.1), (&router.0, &router.1));
    assert!(express.2 < hyper.2 && hyper.2 < router.2);
}

/// Visitors at an item's page, as fast as they are answered, until this is dropped.
struct Visitors(Vec<tokio::task::JoinHandle<()>>);

impl Visitors {
    fn of(shop: &Arc<Shop>, slug: &str) -> Self {
        let visitor = |_| {
            let (shop, path) = (Arc::clone(shop), format!("/items/{slug}"));
            tokio::spawn(async move {
                loop {
                    shop.get(&path, "").await;
                }
            })
        };
        Self((0..16).map(visitor).collect())
    }
}

impl Drop for Visitors {
    fn drop(&mut self) {
        self.0.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sale_is_doing_is_told_alike_by_every_way_and_amid_a_crowd_by_the_lane() {
    let shop = Arc::new(shop_with(&["--trusted-proxy", "127.0.0.0/8"]));
    let (sale_id, slug) = shop.sale_and_slug(json!({ "stock_units": 1 })).await;
    let _visitors = Visitors::of(&shop, &slug);
    board_until(&shop, |items| items.iter().any(|item| !item["crowded_since_ms"].is_null())).await;
    let path = format!("/csi/sales/{sale_id}");
    for (method, has_body) in [("GET", true), ("HEAD", false)] {
        let [express, hyper, router] = by_three_ways(&shop, &format!("{method} {path}"), "", has_body);
        assert_eq!(express.status, "HTTP/1.1 200 OK");
        assert_eq!(express, hyper, "{method}");
        assert_eq!(express, router, "{method}");
    }
    let mut stream = connected(&shop);
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let absent = "/csi/sales/01890000-0000-7000-8000-000000000000";
    for (path, by_the_lane) in [(path.as_str(), true), (absent, false), ("/csi/time", true)] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.1\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        assert_eq!(came_by_the_lane(&mut reader), by_the_lane, "{path}");
    }
    // Kept for milliseconds, and not beyond what the merchant or a shopper does.
    let heard = || ask(&shop, &format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"), true).body;
    let phase = |body: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&body).unwrap()["phase"].clone();
    assert_eq!(phase(heard()), "open");
    let shoppers = shop.shoppers(1);
    shop.held(&sale_id, &shoppers[0]).await;
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(phase(heard()), "sold_out");
    let patched = shop.merchant("PATCH", &format!("/sales/{sale_id}"), json!({ "stock_units": 2 })).await;
    patched.ok(200);
    shop.merchant("POST", &format!("/sales/{sale_id}/publish"), json!({})).await.ok(200);
    assert_eq!(phase(heard()), "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_request_of_the_lane_counts_for_is_said_by_a_trusted_proxy_and_by_nobody_else() {
    for (options, is_trusted) in [(&["--trusted-proxy", "127.0.0.0/8"][..], true), (&[], false)] {
        let mut shop = Shop::start_with(options);
        for (setting, value) in [("address_requests_per_second", "1"), ("address_burst", "20")] {
            let arguments = ["settings", "set", setting, value, "--store", "sqlite:stampede.db"];
            let (done, _, errors) = command(shop.folder.path(), &arguments, "");
            assert!(done, "{errors}");
        }
        // Or a refusal might be the last of the limits before.
        shop.kill_and_restart();
        let statuses = |address: &str| -> Vec<String> {
            let request = format!("GET /csi/time HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {address}\r\n\r\n");
            let mut stream = connected(&shop);
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut ask = |_| {
                stream.write_all(request.as_bytes()).unwrap();
                next_answer(&mut reader, true).status
            };
            (0..200).map(&mut ask).collect()
        };
        let refused = |statuses: Vec<String>| statuses.iter().any(|status| status.contains("429"));
        let deadline = std::time::Instant::now() + PATIENCE;
        while !refused(statuses("192.0.2.1")) && std::time::Instant::now() < deadline {}
        // A whole burst, or hardly any of it.
        let taken = statuses("192.0.2.2").iter().filter(|status| status.contains("200")).count();
        assert_eq!(taken >= 20, is_trusted, "{options:?}: {taken}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_come_together_are_answered_in_turn_by_whoever_can() {
    let shop = Shop::start();
    let request = |line: &str, fields: &str| format!("{line} HTTP/1.1\r\nhost: x\r\n{fields}\r\n");
    let together = [
        request("GET /", ""),
        request("GET /csi/time", ""),
        request("GET /items/absent", ""),
        request("GET /zh/", ""),
        request("GET /healthz", "connection: close\r\n"),
    ];
    let mut heard = BufReader::new(std::io::Cursor::new(spoken(&shop, together.concat().as_bytes())));
    let statuses: Vec<String> = (0..5).map(|_| next_answer(&mut heard, true).status).collect();
    let ok = "HTTP/1.1 200 OK";
    assert_eq!(statuses, [ok, ok, "HTTP/1.1 404 Not Found", ok, ok]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_in_pieces_is_answered() {
    let shop = Shop::start();
    let mut stream = connected(&shop);
    stream.set_nodelay(true).unwrap();
    for piece in ["GET / HTTP/1.1\r\nhost: x\r\n\r\nGET /csi/", "time HTTP/1.1\r\nho", "st: x\r\n\r\n"] {
        stream.write_all(piece.as_bytes()).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    let mut reader = BufReader::new(stream);
    assert_eq!(next_answer(&mut reader, true).status, "HTTP/1.1 200 OK");
    assert!(next_answer(&mut reader, true).body.starts_with(b"{\"received_us\":"));
}

/// Whether an answer came from the lane: everybody else gives it a request id.
fn came_by_the_lane(reader: &mut impl BufRead) -> bool {
    let mut has_id = false;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        has_id |= line.starts_with("x-request-id: ");
        length = line.strip_prefix("content-length: ").map_or(length, |length| length.parse().unwrap());
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
    !has_id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_comes_back_to_the_lane_after_a_request_that_hyper_answered() {
    let shop = Shop::start();
    let mut stream = connected(&shop);
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let quiz = "POST /api/sales/x/quiz HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";
    let others = "GET /csi/recommendations?item=x HTTP/1.1\r\nhost: x\r\n\r\n";
    let page = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    for _ in 0..3 {
        for (request, by_the_lane) in [(others, false), (page, true), (quiz, false), (quiz, false), (page, true)] {
            stream.write_all(request.as_bytes()).unwrap();
            assert_eq!(came_by_the_lane(&mut reader), by_the_lane, "{request}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_nobody_read_is_never_taken_for_a_request() {
    let shop = Shop::start();
    let inner = "GET /csi/time HTTP/1.1\r\nhost: x\r\n\r\n";
    // Refused before the body is read: it is no JSON.
    for (path, kind) in [("/api/sales/x/orders", "text/plain"), ("/nowhere", "text/plain"), ("/", "application/json")] {
        let length = inner.len();
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
        let last = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let mut stream = connected(&shop);
        stream.write_all(format!("{head}{inner}").as_bytes()).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        // Where the connection was closed instead, that is well, too.
        let _closed = stream.write_all(last.as_bytes());
        let mut heard = Vec::new();
        let _reset = std::io::Read::read_to_end(&mut stream, &mut heard);
        let heard = String::from_utf8_lossy(&heard);
        assert!(heard.starts_with("HTTP/1.1 4"), "{path}: {heard}");
        assert!(!heard.contains("received_us"), "{path}: {heard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_before_the_answer_to_the_last_is_answered_after_it() {
    let shop = Shop::start();
    let mut stream = connected(&shop);
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    // A password takes its time: what comes meanwhile is read while the first is under way.
    let body = json!({ "email": "a@example.com", "password": "a long password" }).to_string();
    let slow = format!(
        "POST /api/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    for pieces in [vec!["GET / HTTP/1.1\r\nhost: x\r\n\r\n"], vec!["GET / HT", "TP/1.1\r\nhost: x\r\n\r\n"]] {
        stream.write_all(slow.as_bytes()).unwrap();
        for piece in pieces {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            stream.write_all(piece.as_bytes()).unwrap();
        }
        let first = next_answer(&mut reader, true);
        assert!(!first.status.contains("200"), "{first:?}");
        assert_eq!(next_answer(&mut reader, true).status, "HTTP/1.1 200 OK");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_faster_than_it_reads_gets_every_answer_whole() {
    const REQUESTS: usize = 3_000;
    let shop = Shop::start();
    let page = ask(&shop, "GET / HTTP/1.1\r\nhost: x\r\n\r\n", true);
    let stream: TcpStream = connected(&shop);
    let mut asking = stream.try_clone().unwrap();
    let asked = std::thread::spawn(move || {
        let request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(REQUESTS);
        asking.write_all(&request).unwrap();
    });
    // More than the sockets' buffers hold is under way before the first byte is read.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let mut reader = BufReader::new(stream);
    for number in 0..REQUESTS {
        assert_eq!(next_answer(&mut reader, true), page, "answer {number}");
    }
    asked.join().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_in_the_lane_do_not_hold_up_the_end() {
    let mut shop = Shop::start();
    let mut streams: Vec<TcpStream> = (0..20).map(|_| connected(&shop)).collect();
    for stream in &mut streams {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        next_answer(&mut BufReader::new(stream), true);
    }
    assert!(shop.terminate(), "{}", shop.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_stand_in_for_others_have_no_address_of_their_own() {
    let shop = Shop::start();
    for path in ["/404", "/zh/404", "/waiting", "/zh/waiting", "/%20404", "/%20waiting"] {
        let [express, hyper, router] = by_three_ways(&shop, &format!("GET {path}"), "", true);
        for heard in [express, hyper, router] {
            assert_eq!(heard.status, "HTTP/1.1 404 Not Found", "{path}");
        }
    }
}
