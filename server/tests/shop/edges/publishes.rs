//! Many publishes under load: once one is answered, nobody gets older bytes from any edge.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Site;
use super::varnish::is_there;
use crate::support::http_client;

/// Visitors that ask for pages all the while.
const READERS: usize = 12;

/// What the readers count.
#[derive(Default)]
struct Tally {
    reads: AtomicU64,
    hits: AtomicU64,
    old: AtomicU64,
}

fn publishes() -> u64 {
    std::env::var("PUBLISHES").ok().map_or(40, |text| text.parse().expect("PUBLISHES is a number"))
}

/// The price that a page shows, from its bytes as they came.
fn price_of(bytes: &[u8], encoding: &str) -> u64 {
    let mut html = Vec::new();
    match encoding {
        "br" => brotli::BrotliDecompress(&mut &*bytes, &mut html).unwrap(),
        "gzip" => drop(flate2::read::GzDecoder::new(bytes).read_to_end(&mut html).unwrap()),
        _ => html.extend_from_slice(bytes),
    }
    let html = String::from_utf8(html).unwrap();
    let (_, rest) = html.split_once("data-price-minor=\"").unwrap_or_else(|| panic!("no price: {html}"));
    rest.split('"').next().unwrap().parse().unwrap()
}

async fn read_on(base: String, paths: Vec<String>, answered: Arc<AtomicU64>, over: Arc<AtomicBool>, tally: Arc<Tally>) {
    let client = http_client();
    for number in fastrand::usize(..1_000).. {
        if over.load(Ordering::Acquire) {
            return;
        }
        let path = &paths[number % paths.len()];
        let encoding = ["br", "gzip", "identity"][fastrand::usize(..3)];
        // Read before the request is sent: what it gets must be as new.
        let least = answered.load(Ordering::Acquire);
        let request = client.get(format!("{base}{path}?utm_id={number}")).header("accept-encoding", encoding);
        let answer = request.send().await.unwrap();
        if answer.status().as_u16() != 200 {
            panic!("{path}: {} {:?} {}", answer.status(), answer.headers().clone(), answer.text().await.unwrap());
        }
        let is_hit = answer.headers()["cache-status"].to_str().unwrap().ends_with("hit");
        let encoding = answer.headers().get("content-encoding").map_or("", |value| value.to_str().unwrap()).to_owned();
        let price = price_of(&answer.bytes().await.unwrap(), &encoding);
        tally.reads.fetch_add(1, Ordering::Relaxed);
        tally.hits.fetch_add(u64::from(is_hit), Ordering::Relaxed);
        tally.old.fetch_add(u64::from(price < least), Ordering::Relaxed);
    }
}

fn spread(times: &mut [Duration]) -> String {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_millis();
    format!("{} ms (median), {} ms (p99), {} ms (worst)", at(0.5), at(0.99), at(1.0))
}

async fn check(site: Site, name: &str) {
    let (sale_id, slug) = site.shop.sale_and_slug(json!({ "price_minor": 1_000 })).await;
    let paths = vec![format!("/items/{slug}"), format!("/zh/items/{slug}")];
    let (answered, over, tally) = (Arc::new(AtomicU64::new(1_000)), Arc::new(AtomicBool::new(false)), Arc::default());
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let (answered, over, tally) = (Arc::clone(&answered), Arc::clone(&over), Arc::clone(&tally));
            tokio::spawn(read_on(site.edge.base.clone(), paths.clone(), answered, over, tally))
        })
        .collect();
    let fetched_before = site.fetched("/items/{slug}").await;
    let (mut changes, mut publishes_took) = (Vec::new(), Vec::new());
    for price in 1_001..=1_000 + publishes() {
        let path = format!("/sales/{sale_id}");
        let change = Instant::now();
        site.shop.merchant("PATCH", &path, json!({ "price_minor": price })).await.ok(200);
        // A change of a published sale is a publish of its own, and the answer stands for the edges too.
        answered.store(price, Ordering::Release);
        changes.push(change.elapsed());
        let publish = Instant::now();
        site.shop.merchant("POST", &format!("{path}/publish"), Value::Null).await.ok(200);
        publishes_took.push(publish.elapsed());
        // Often while pages of the last one are still on their way.
        tokio::time::sleep(Duration::from_millis(fastrand::u64(..20))).await;
    }
    over.store(true, Ordering::Release);
    for reader in readers {
        reader.await.unwrap();
    }
    let tally: Arc<Tally> = tally;
    let [reads, hits, old] = [&tally.reads, &tally.hits, &tally.old].map(|count| count.load(Ordering::Relaxed));
    let fetched = site.fetched("/items/{slug}").await - fetched_before;
    println!(
        "{name}: {} changes answered in {}, as many publishes in {}; {reads} reads, {hits} hits, \
        {fetched} origin fetches; older bytes after an answer: {old}",
        changes.len(),
        spread(&mut changes),
        spread(&mut publishes_took),
    );
    assert!(reads > publishes() && hits > 0);
    // Two languages in two encodings each.
    assert!(fetched <= 4 * (publishes() + 1), "{fetched} origin fetches: more than one for a page's version");
    assert_eq!(old, 0, "{name}: older bytes were served after a publish was answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_edge_serves_older_bytes_once_a_publish_is_answered() {
    if is_there() {
        check(Site::with_an_edge().await, "one edge").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_does_an_edge_with_its_parent_far_away() {
    if is_there() {
        check(Site::with_an_edge_and_its_parent(Duration::from_millis(100)).await, "an edge and its parent").await;
    }
}
