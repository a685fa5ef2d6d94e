//! Requests whose beginning or end two readers could see differently: what a proxy takes for one request and the shop
//! for two is how one visitor's request comes to carry another's (request smuggling).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::Shop;

/// How long the shop may take to answer or to hang up before the test says that it never did.
const PATIENCE: Duration = Duration::from_secs(30);

/// All that comes on a connection until the shop closes it.
pub(crate) fn spoken(shop: &Shop, bytes: &[u8]) -> String {
    let mut stream = connected(shop);
    // The shop may close before all of it is sent.
    let _cut_off = stream.write_all(bytes);
    heard(&mut stream)
}

pub(crate) fn connected(shop: &Shop) -> TcpStream {
    let stream = TcpStream::connect(shop.base.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

pub(super) fn heard(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("the connection stayed open: {error}; heard {}", String::from_utf8_lossy(&answer)),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status lines among what was heard.
fn statuses(heard: &str) -> Vec<&str> {
    heard.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect()
}

const SMUGGLED: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\nx-smuggled: 1\r\n\r\n";

/// A POST with these headers, whose body is an empty last chunk and then a request of its own.
fn post(headers: &str) -> String {
    format!(
        "POST /api/sign-out HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{headers}\r\n0\r\n\r\n{SMUGGLED}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_length_is_said_twice_is_refused_and_nothing_behind_it_is_read() {
    let shop = Shop::start();
    for headers in [
        "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: 0, 5\r\n",
        "content-length: 5, 5\r\n",
        "content-length: +5\r\n",
        "content-length: -1\r\n",
        "content-length: 0x5\r\n",
        "content-length: 5 \x0b\r\n",
        "content-length: 99999999999999999999999\r\n",
        "content-length:\r\n",
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
        "transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: \"chunked\"\r\n",
        "transfer-encoding: chunked;q=1\r\n",
        "transfer-encoding : chunked\r\n",
        "content-length : 5\r\n",
        "x-fold: 1\r\n transfer-encoding: chunked\r\n",
        "x-fold: 1\r\n\tcontent-length: 5\r\n",
        "x-bare: 1\rtransfer-encoding: chunked\r\n",
        "x-nul: \0\r\n",
        "\0content-length: 5\r\n",
        "no colon\r\n",
        ": no name\r\n",
    ] {
        let answer = spoken(&shop, post(headers).as_bytes());
        assert_eq!(statuses(&answer), ["400"], "{headers:?}: {answer}");
        assert!(answer.contains("connection: close"), "{headers:?}: {answer}");
    }
    // With both, the chunks count, and the connection ends after the one answer (RFC 9112, section 6.3).
    for headers in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n",
        "content-length: 0\r\ntransfer-encoding: chunked\r\n",
        "content-length: 60\r\ntransfer-encoding: chunked\r\n",
    ] {
        let answer = spoken(&shop, post(headers).as_bytes());
        assert_eq!(statuses(&answer).len(), 1, "{headers:?}: {answer}");
        assert!(answer.contains("connection: close") && !answer.contains("alive"), "{headers:?}: {answer}");
    }
    assert_eq!(shop.get("/healthz", "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_cannot_be_counted_end_the_connection() {
    let shop = Shop::start();
    let head =
        "POST /api/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    for chunks in [
        "zz\r\n{}\r\n0\r\n\r\n",
        "-1\r\n{}\r\n0\r\n\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "fffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}xx0\r\n\r\n",
        "\r\n2\r\n{}\r\n0\r\n\r\n",
        "2\n{}\n0\n\n",
        " 2\r\n{}\r\n0\r\n\r\n",
    ] {
        let answer = spoken(&shop, format!("{head}{chunks}{SMUGGLED}").as_bytes());
        assert_eq!(statuses(&answer), ["400"], "{chunks:?}: {answer}");
    }
    let endless = format!("{head}2;{}", "x".repeat(200_000));
    let answer = spoken(&shop, endless.as_bytes());
    assert!(statuses(&answer).iter().all(|status| *status == "400"), "an endless chunk extension: {answer}");
    assert_eq!(shop.get("/healthz", "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_is_said_once_and_is_a_host() {
    let shop = Shop::start();
    for head in [
        "GET /healthz HTTP/1.1\r\n",
        "GET /healthz HTTP/1.1\r\nhost:\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: a\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a, b\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a b\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a/b\r\n",
        "GET /healthz HTTP/1.1\r\nhost: user@a\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\"><script>\r\n",
        "GET http://evil.example/healthz HTTP/1.1\r\nhost: shop.example\r\n",
    ] {
        let answer = spoken(&shop, format!("{head}connection: close\r\n\r\n").as_bytes());
        assert_eq!(statuses(&answer), ["400"], "{head:?}: {answer}");
        assert!(answer.contains("\"code\":\"request_invalid\""), "{head:?}: {answer}");
    }
    for head in ["GET /healthz HTTP/1.1\r\nhost: [::1]:3000\r\n", "GET /healthz HTTP/1.0\r\n"] {
        let answer = spoken(&shop, format!("{head}connection: close\r\n\r\n").as_bytes());
        assert!(answer.contains("200 OK") && answer.contains("alive"), "{head:?}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_headers_and_addresses_without_end_are_refused_before_anything_is_done() {
    let shop = Shop::start();
    let many: String = (0..200).map(|number| format!("x-{number}: 1\r\n")).collect();
    let large: String = (0..90).map(|number| format!("x-{number}: {}\r\n", "a".repeat(4_000))).collect();
    for head in [
        format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{many}\r\n"),
        format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{large}\r\n"),
        format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{}: 1\r\n\r\n", "n".repeat(100_000)),
        format!("GET /healthz HTTP/1.1\r\nhost: x\r\ncookie: {}\r\n\r\n", "a=b; ".repeat(20_000)),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(70_000)),
        format!("GET /?{} HTTP/1.1\r\nhost: x\r\n\r\n", "a=b&".repeat(20_000)),
        format!("{} / HTTP/1.1\r\nhost: x\r\n\r\n", "G".repeat(100_000)),
    ] {
        let answer = spoken(&shop, head.as_bytes());
        let told = statuses(&answer);
        let refused = told.is_empty() || told == ["431"] || told == ["414"] || told == ["400"];
        assert!(refused, "{}: {answer}", &head[..60]);
    }
    assert_eq!(shop.get("/healthz", "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_protocols_get_nowhere() {
    let shop = Shop::start();
    for bytes in [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /healthz\r\n\r\n",
        b"GET /healthz HTTP/3.0\r\nhost: x\r\n\r\n",
        b"EHLO evil.example\r\nMAIL FROM:<a@evil.example>\r\n\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET /healthz HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let answer = spoken(&shop, bytes);
        assert!(!answer.contains("alive"), "{bytes:?}: {answer}");
    }
    for (request, status) in [
        ("CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n", "404"),
        ("GET /healthz HTTP/1.1\r\nhost: x\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n", "200"),
        ("GET /healthz HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\n", "200"),
    ] {
        let answer = spoken(&shop, format!("{request}connection: close\r\n\r\n").as_bytes());
        assert!(!answer.contains("101 Switching"), "{request}: {answer}");
        assert_eq!(statuses(&answer), [status], "{request}: {answer}");
    }
}
