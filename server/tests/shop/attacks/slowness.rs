//! Clients that take their time, to hold what others need (slowloris, R-U-Dead-Yet, slow read). What is asserted is that
//! the shop hangs up, and that others are served meanwhile; not how fast this machine is.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::framing::{connected, heard};
use crate::support::{Shop, binary, lay_out_site};

/// A byte this often keeps a naive timeout between bytes from ever ending.
const DRIP: Duration = Duration::from_millis(250);

/// Drips until the shop hangs up: a minute's worth of it at most, which is several times what is allowed.
const DRIPS: usize = 240;

/// Sends one byte after another until the connection is closed; says whether it was.
fn dripped(mut stream: TcpStream, bytes: &[u8]) -> bool {
    stream.set_read_timeout(Some(DRIP)).unwrap();
    let mut answer = [0; 4_096];
    for number in 0..DRIPS {
        if stream.write_all(&bytes[number % bytes.len()..][..1]).is_err() {
            return true;
        }
        match stream.read(&mut answer) {
            Ok(0) => return true,
            // An answer: it must be the last.
            Ok(_) => {
                stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                heard(&mut stream);
                return true;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return true,
        }
    }
    false
}

fn after(shop: &Shop, head: &str) -> TcpStream {
    let mut stream = connected(shop);
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_or_a_body_that_drips_is_cut_off() {
    let shop = Shop::start();
    let json = "host: x\r\ncontent-type: application/json\r\n";
    let heads = [
        "GET / HTTP/1.1\r\nhost: x\r\nx-slow: ".to_owned(),
        // On a connection that was of use once.
        "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nx-slow: ".to_owned(),
        format!("POST /api/sign-in HTTP/1.1\r\n{json}content-length: 100000\r\n\r\n"),
        // Handlers that need no body must not wait for it.
        format!("POST /api/sign-out HTTP/1.1\r\n{json}content-length: 100000\r\n\r\n"),
        format!("POST /api/nothing HTTP/1.1\r\n{json}content-length: 100000\r\n\r\n"),
        format!("POST /api/sign-in HTTP/1.1\r\n{json}content-length: 9000000\r\n\r\n"),
        "POST /api/payments/webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n".to_owned(),
        "GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n".to_owned(),
    ];
    let drips = heads.iter().map(|head| {
        let stream = after(&shop, head);
        tokio::task::spawn_blocking(move || dripped(stream, b"a"))
    });
    let drips: Vec<_> = drips.collect();
    for (drip, head) in drips.into_iter().zip(&heads) {
        assert!(drip.await.unwrap(), "held open: {head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_the_answers_is_hung_up_on() {
    let shop = Shop::start();
    let before = connections(&shop).await;
    let mut streams = Vec::new();
    for _ in 0..8 {
        let mut stream = connected(&shop);
        stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        // Until both sides' buffers are full of answers that nobody takes.
        let ask = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(50);
        while stream.write_all(ask.as_bytes()).is_ok() {}
        streams.push(stream);
    }
    assert!(connections(&shop).await >= before + 8, "they are open, and stuck");
    for _ in 0..600 {
        if connections(&shop).await <= before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{} connections stayed open for those who do not read", connections(&shop).await);
}

/// Connections that are open now, beside this question's own.
async fn connections(shop: &Shop) -> u64 {
    let text = shop.get("/metrics", "").await.text;
    let line = text.lines().find_map(|line| line.strip_prefix("stampede_connections ")).expect("a count");
    line.parse::<f64>().unwrap() as u64
}

/// A shop that has 444 places: as many descriptors, but for those that it keeps for itself.
fn with_few_places() -> Shop {
    let folder = tempfile::tempdir().unwrap();
    lay_out_site(folder.path());
    let mut server = Command::new("sh");
    server
        .args(["-c", "ulimit -n 700; exec \"$0\" serve --listen 127.0.0.1:0 --store sqlite:stampede.db --site site"])
        .arg(std::fs::canonicalize(binary()).unwrap())
        .current_dir(folder.path())
        .stdin(Stdio::null());
    Shop::of(folder, server, |_| String::new())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_cannot_hold_all_the_places_while_others_stand_outside() {
    let shop = with_few_places();
    let mut held = Vec::new();
    let mut refused = 0;
    // More than one address may have, and fewer than there are.
    for _ in 0..300 {
        let mut stream = connected(&shop);
        stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let hung_up =
            stream.write_all(b"GET / HTTP/1.1\r\nx-slow: ").is_err() || matches!(stream.read(&mut [0]), Ok(0));
        refused += usize::from(hung_up);
        held.push(stream);
    }
    assert!(refused > 0, "one address holds {} connections", held.len());
    // Another address: on loopback there are many.
    let host = shop.base.trim_start_matches("http://");
    let client = reqwest::Client::builder().local_address(Some([127, 0, 0, 2].into())).no_proxy().build().unwrap();
    let answer = client.get(format!("http://{host}/healthz")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_served_while_hundreds_hold_on() {
    let shop = Shop::start();
    let heads = [
        "GET / HTTP/1.1\r\nx-slow: ",
        "POST /api/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
        "",
    ];
    let held: Vec<TcpStream> = (0..600).map(|number| after(&shop, heads[number % heads.len()])).collect();
    let sale_id = shop.sale(serde_json::json!({})).await;
    shop.held(&sale_id, &shop.shopper()).await;
    drop(held);
}
