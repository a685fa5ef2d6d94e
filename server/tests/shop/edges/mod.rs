//! A real Varnish in front of the real binary, and two in a row: what they keep, what they share, and what they forget.
//!
//! `PUBLISHES` says how many (default 40); `make publishes` runs a thousand against the release binary.

mod heat_feed;
mod includes;
mod other_cdns;
mod publishes;
mod varnish;
mod waiting;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
pub(crate) use varnish::free_port;
use varnish::{Rules, Varnish, is_there, slow_road};

use crate::support::{Answer, PATIENCE, Shop, answered, http_client};

/// A shop, an edge that visitors reach, and perhaps a cache between the two.
struct Site {
    shop: Shop,
    edge: Varnish,
    _parent: Option<Varnish>,
    client: Client,
}

fn shop_told_of(options: &[String]) -> Shop {
    let mut all = vec!["--payments", "sandbox"];
    all.extend(options.iter().map(String::as_str));
    Shop::start_in(&all, &[("STAMPEDE_RATE_LIMITS", OsStr::new("off")), ("RUST_LOG", OsStr::new("info"))])
}

impl Site {
    async fn with_an_edge() -> Self {
        let port = free_port();
        let shop = shop_told_of(&["--edge".to_owned(), format!("varnish://127.0.0.1:{port}")]);
        let edge = Varnish::start(port, &shop.base, Rules::EDGE).await;
        Self::of(shop, edge, None).await
    }

    /// What goes from one to the next takes up to `delay`.
    async fn with_an_edge_and_its_parent(delay: Duration) -> Self {
        let (parent_port, port) = (free_port(), free_port());
        let address = |port: u16| format!("varnish://127.0.0.1:{port}");
        let shop =
            shop_told_of(&["--edge".to_owned(), address(port), "--edge-parent".to_owned(), address(parent_port)]);
        let parent = Varnish::start(parent_port, &slow_road(&shop.base, delay).await, Rules::PARENT).await;
        let edge = Varnish::start(port, &slow_road(&parent.base, delay).await, Rules::EDGE).await;
        Self::of(shop, edge, Some(parent)).await
    }

    async fn of(shop: Shop, edge: Varnish, parent: Option<Varnish>) -> Self {
        let site = Self { shop, edge, _parent: parent, client: http_client() };
        // The shop tells the edges at its start, and again until they are there.
        site.until("stampede_purges_pending", |pending| pending == Some(0)).await;
        site
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.client.get(format!("{}{path}", self.edge.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answered(request).await
    }

    /// What the origin counts under a name, with its labels if it has any.
    async fn counted(&self, name: &str) -> Option<u64> {
        let metrics = self.shop.get("/metrics", "").await.text;
        metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    /// Requests for a route that reached the origin and got a page.
    async fn fetched(&self, route: &str) -> u64 {
        self.counted(&format!("stampede_http_requests_total{{route=\"{route}\",status=\"200\"}}")).await.unwrap_or(0)
    }

    async fn until(&self, name: &str, wanted: impl Fn(Option<u64>) -> bool) {
        let asking = async {
            while !wanted(self.counted(name).await) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("{name} never came to what it should"));
    }

    /// Waits until the edge keeps a path in both of the encodings that it is warmed with: after it nobody fetches it again.
    async fn warmed(&self, path: &str) {
        let asking = async {
            for encoding in ["br", "gzip"] {
                while !self.get(path, &[("accept-encoding", encoding)]).await.header("cache-status").ends_with("hit") {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("the edge is warmed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_fetches_a_page_once_whatever_hangs_on_its_address() {
    if !is_there() {
        return;
    }
    let site = Site::with_an_edge().await;
    let (_, slug) = site.shop.sale_and_slug(json!({})).await;
    let path = format!("/items/{slug}");
    // The publish warmed both languages in both encodings.
    for path in [path.clone(), format!("/zh{path}")] {
        site.warmed(&path).await;
        for encoding in ["br", "gzip"] {
            let first = site.get(&path, &[("accept-encoding", encoding)]).await;
            assert_eq!(first.header("content-encoding"), encoding);
        }
    }
    let before = site.fetched("/items/{slug}").await;
    let plain = site.get(&path, &[]).await;
    let cookie = site.shop.shopper();
    let mut hits = 0;
    let requests = 1_000;
    for number in 0..requests {
        let junk = format!("{path}?utm_source=x{number}&fbclid={:x}&q=%00", number * 7_919);
        let host = format!("junk-{number}.example");
        let headers = [
            ("cookie", cookie.as_str()),
            ("host", &host),
            ("x-forwarded-host", "evil.example"),
            ("x-original-url", "/admin"),
            ("authorization", "Bearer x"),
            ("user-agent", &host),
            ("accept-language", ["zh", "en", "de"][number % 3]),
            ("accept-encoding", ["br, gzip", "gzip", "deflate", "zstd, br;q=0.5", "br;q=0"][number % 5]),
        ];
        let answer = site.get(&junk, &headers).await;
        assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
        assert_eq!(answer.header("set-cookie"), "");
        hits += u64::from(answer.header("cache-status").ends_with("hit"));
        if answer.header("content-encoding").is_empty() {
            assert_eq!(answer.text, plain.text, "the same bytes for everybody");
        }
    }
    assert_eq!(hits, requests as u64, "every one is answered by the edge");
    assert_eq!(site.fetched("/items/{slug}").await, before, "and none reaches the origin");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_answers_a_revalidation_itself_and_keeps_nothing_of_anybodys_own() {
    if !is_there() {
        return;
    }
    let site = Site::with_an_edge().await;
    let (sale_id, slug) = site.shop.sale_and_slug(json!({})).await;
    let path = format!("/items/{slug}");
    let page = site.get(&path, &[("accept-encoding", "br")]).await;
    let etag = page.header("etag").to_owned();
    let again = site.get(&path, &[("accept-encoding", "br"), ("if-none-match", &etag)]).await;
    assert_eq!((again.status.as_u16(), again.text.as_str(), again.header("etag")), (304, "", etag.as_str()));
    assert_eq!(page.header("cache-control"), "public, max-age=0, s-maxage=30, must-revalidate");
    for internal in ["xkey", "surrogate-key", "cache-tag", "cdn-cache-control", "page-tag", "page-version", "x-varnish"]
    {
        assert_eq!(page.header(internal), "", "{internal} is for edges");
    }
    let cookies = site.shop.shoppers(2);
    for cookie in &cookies {
        let me = site.get("/csi/me", &[("cookie", cookie)]).await;
        assert_eq!(me.ok(200)["signed_in"], true);
        assert!(!me.header("cache-status").ends_with("hit"));
    }
    let names: BTreeSet<String> = [
        site.get("/csi/me", &[("cookie", &cookies[0])]).await.text_of("display_name"),
        site.get("/csi/me", &[("cookie", &cookies[1])]).await.text_of("display_name"),
    ]
    .into();
    assert_eq!(names.len(), 2);
    // A change goes through, and is judged at the origin.
    let order = format!("{}/api/sales/{sale_id}/quiz", site.edge.base);
    let quiz = answered(site.client.post(order).header("cookie", &cookies[0]).json(&json!({}))).await;
    let picture = quiz.ok(200)["image_url"].as_str().unwrap().to_owned();
    site.warmed(&picture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_asks_what_a_sale_is_doing_reaches_the_origin_once_a_second() {
    if !is_there() {
        return;
    }
    let site = Site::with_an_edge_and_its_parent(Duration::ZERO).await;
    let starts_at_ms = site.shop.now_ms().await + 600_000;
    let later = json!({ "starts_at_ms": starts_at_ms, "ends_at_ms": starts_at_ms + 600_000 });
    // It does not open soon, and as many are hot as it: an edge is not told to ask sooner.
    let sale_id = site.shop.sale(later.clone()).await;
    for _ in 0..MORE_HOT_ITEMS {
        site.shop.sale(later.clone()).await;
    }
    let path = format!("/csi/sales/{sale_id}");
    until_its_edge_ttl_is(&site, &path, "").await;
    let route = "/csi/sales/{sale_id}";
    let before = site.fetched(route).await;
    let started = std::time::Instant::now();
    for number in 0..400 {
        let answer = site.get(&format!("{path}?t={number}"), &[]).await;
        assert_eq!(answer.ok(200)["phase"], "upcoming");
    }
    let seconds = started.elapsed().as_secs();
    let fetched = site.fetched(route).await - before;
    assert!(fetched >= 1 && fetched <= seconds + 2, "{fetched} fetches in {seconds} s");
    // A change is seen within the second that an edge may keep the former state, not within two.
    site.shop.merchant("PATCH", &format!("/sales/{sale_id}"), json!({ "paused": true })).await.ok(200);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(site.get(&path, &[]).await.ok(200)["phase"], "paused");
}

/// With these and another, more items are hot than an edge is to ask for all the time.
const MORE_HOT_ITEMS: usize = 10;

/// Waits until the origin tells edges so.
async fn until_its_edge_ttl_is(site: &Site, path: &str, wanted: &str) {
    let asking = async {
        while site.shop.get(path, "").await.header("edge-ttl") != wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("{path} was never told with {wanted:?}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_crowd_may_come_at_any_moment_an_edge_asks_some_times_a_second_and_nobody_waits_for_it() {
    if !is_there() {
        return;
    }
    let site = Site::with_an_edge().await;
    let starts_at_ms = site.shop.now_ms().await + 600_000;
    // It is hot, as one of few whose sales are soon.
    let sale_id = site.shop.sale(json!({ "starts_at_ms": starts_at_ms, "ends_at_ms": starts_at_ms + 600_000 })).await;
    let path = format!("/csi/sales/{sale_id}");
    until_its_edge_ttl_is(&site, &path, "25ms").await;
    let route = "/csi/sales/{sale_id}";
    let before = site.fetched(route).await;
    let started = std::time::Instant::now();
    while started.elapsed() < Duration::from_millis(1_500) {
        let answer = site.get(&path, &[]).await;
        assert_eq!(answer.ok(200)["phase"], "upcoming");
        assert_eq!(answer.header("edge-ttl"), "", "it is between the shop and its edge");
        assert_eq!(answer.header("cache-control"), "public, max-age=0, s-maxage=1");
    }
    let (fetched, tenths) = (site.fetched(route).await - before, started.elapsed().as_millis() as u64 / 100);
    assert!(fetched > 3 && fetched <= 4 * tenths + 4, "{fetched} fetches in {tenths} tenths of a second");
    // What is older than a second is shown to nobody.
    site.shop.merchant("PATCH", &format!("/sales/{sale_id}"), json!({ "paused": true })).await.ok(200);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(site.get(&path, &[]).await.ok(200)["phase"], "paused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publish_says_that_an_edge_is_out_of_reach_and_goes_on_telling_it() {
    if !is_there() {
        return;
    }
    let port = free_port();
    let shop = shop_told_of(&["--edge".to_owned(), format!("varnish://127.0.0.1:{port}")]);
    let item = json!({
        "slug": "kettle", "title": "Kettle", "description": "A kettle.", "image_url": "/images/lantern.svg",
        "list_price_minor": 9_900, "currency": "CNY",
    });
    let item_id = shop.merchant("POST", "/items", item).await.ok(201)["item_id"].as_str().unwrap().to_owned();
    let sale_id = shop.draft(&item_id, json!({})).await;
    let publish = format!("/sales/{sale_id}/publish");
    let pending = shop.merchant("POST", &publish, Value::Null).await;
    pending.is_problem(503, "purge_pending");
    assert!(!pending.header("retry-after").is_empty());
    // Nothing was left half done: the sale is published, and asking again says the same until the edge is told.
    assert_eq!(shop.get("/items/kettle", "").await.status.as_u16(), 200);
    shop.merchant("POST", &publish, Value::Null).await.is_problem(503, "purge_pending");
    let change = shop.merchant("PATCH", &format!("/sales/{sale_id}"), json!({ "price_minor": 4_200 })).await;
    change.is_problem(503, "purge_pending");
    let edge = Varnish::start(port, &shop.base, Rules::EDGE).await;
    let site = Site::of(shop, edge, None).await;
    assert_eq!(site.shop.merchant("POST", &publish, Value::Null).await.ok(200)["revision"], 3);
    assert!(site.get("/items/kettle", &[]).await.text.contains("data-price-minor=\"4200\""));
    assert!(site.counted("stampede_purge_failures_total").await > Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_server_may_purge_an_edge() {
    if !is_there() {
        return;
    }
    let shop = shop_told_of(&[]);
    let (_, slug) = shop.sale_and_slug(json!({})).await;
    let rules = Rules { purgers: varnish::NOBODY, ..Rules::EDGE };
    let edge = Varnish::start(free_port(), &shop.base, rules).await;
    let site = Site { shop, edge, _parent: None, client: http_client() };
    site.warmed(&format!("/items/{slug}")).await;
    let method = reqwest::Method::from_bytes(b"PURGE").unwrap();
    let purge = site.client.request(method, format!("{}/", site.edge.base)).header("xkey-purge", "shop");
    assert_eq!(answered(purge).await.status.as_u16(), 405);
    let page = site.get(&format!("/items/{slug}"), &[("accept-encoding", "br")]).await;
    assert!(page.header("cache-status").ends_with("hit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_stay_up_while_the_origin_is_down_and_what_is_not_kept_says_so_kindly() {
    if !is_there() {
        return;
    }
    let mut site = Site::with_an_edge().await;
    let (sale_id, slug) = site.shop.sale_and_slug(json!({})).await;
    let path = format!("/items/{slug}");
    site.warmed(&path).await;
    assert!(site.shop.terminate());
    let page = site.get(&path, &[("accept-encoding", "br")]).await;
    assert!(page.status.is_success() && page.header("cache-status").ends_with("hit"));
    let absent = site.get("/items/never-seen", &[]).await;
    assert_eq!((absent.status.as_u16(), absent.header("refresh")), (503, "3"));
    let order = format!("{}/api/sales/{sale_id}/quiz", site.edge.base);
    answered(site.client.post(order).json(&json!({}))).await.status.is_server_error().then_some(()).unwrap();
    let me = site.get("/csi/me", &[]).await;
    assert_eq!((me.status.as_u16(), me.json()["code"].as_str()), (503, Some("busy")));
    assert_eq!(me.header("content-type"), "application/problem+json");
}
