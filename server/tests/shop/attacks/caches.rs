//! Cache poisoning: what one visitor sends must not be in the bytes that an edge hands to the next.

use super::market::Market;
use crate::support::{Answer, answered};

/// What is the same for everybody.
async fn kept(market: &Market) -> Vec<String> {
    let paths = vec![
        "/".to_owned(),
        "/zh/".to_owned(),
        format!("/items/{}", market.slug),
        format!("/zh/items/{}", market.slug),
        format!("/csi/sales/{}", market.sale_id),
        "/assets/shop.0123.js".to_owned(),
        "/images/lantern.svg".to_owned(),
        "/favicon.svg".to_owned(),
        "/robots.txt".to_owned(),
    ];
    for path in &paths {
        let cache_control = market.fetch("GET", path, &[]).await.header("cache-control").to_owned();
        assert!(cache_control.contains("public"), "{path} may be kept: {cache_control}");
    }
    paths
}

/// Everything that an edge would keep of an answer.
fn whole(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    // The request's own id goes back to who sent it, and an edge does not key on it; see the test of it below.
    let mut headers: Vec<_> = headers.filter(|(name, _)| name != "x-request-id" && name != "date").collect();
    headers.sort();
    (answer.status.as_u16(), answer.text.clone(), headers)
}

const POISON: &str = "evil.example";

#[tokio::test(flavor = "multi_thread")]
async fn no_header_of_the_asker_changes_a_byte_of_what_may_be_kept() {
    let market = Market::open().await;
    let cookies = format!("{}; {}; stampede_session=evil; lang=zh", market.shopper, market.merchant);
    let headers: Vec<(&str, &str)> = vec![
        ("host", POISON),
        ("x-forwarded-host", POISON),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-scheme", "nothttps"),
        ("x-forwarded-port", "666"),
        ("x-forwarded-for", "203.0.113.1"),
        ("x-forwarded-prefix", "/evil"),
        ("x-forwarded-server", POISON),
        ("forwarded", "for=1.2.3.4;host=evil.example;proto=http"),
        ("x-original-url", "/admin"),
        ("x-rewrite-url", "/admin"),
        ("x-original-host", POISON),
        ("x-host", POISON),
        ("x-http-host-override", POISON),
        ("x-http-method-override", "POST"),
        ("x-method-override", "DELETE"),
        ("x-wf-override", "1"),
        ("x-middleware-prefetch", "1"),
        ("x-request-id", "evil"),
        ("x-amz-website-redirect-location", "https://evil.example/"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example/"),
        ("user-agent", "<script>evil.example</script>"),
        ("accept-language", "zh-CN,zh;q=0.9"),
        ("accept", "application/json"),
        ("accept", "text/evil"),
        ("accept-charset", "utf-7"),
        ("authorization", "Bearer stm_0000"),
        ("cookie", cookies.as_str()),
        ("save-data", "on"),
        ("dnt", "1"),
        ("te", "trailers"),
        ("expect", "nothing"),
        ("max-forwards", "0"),
        ("prefer", "return=minimal"),
        ("pragma", "no-cache"),
        ("cache-control", "no-cache, only-if-cached"),
        ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("if-match", "*"),
        ("if-unmodified-since", "Tue, 01 Jan 2999 00:00:00 GMT"),
        ("if-range", "\"x\""),
        ("upgrade-insecure-requests", "1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-dest", "script"),
        ("service-worker", "script"),
        ("connection", "x-forwarded-host"),
        ("accept-encoding", "evil"),
        ("accept-encoding", "identity"),
        ("accept-encoding", "gzip;q=0, br;q=0"),
        ("accept-encoding", "*;q=0.000001, identity"),
    ];
    for path in kept(&market).await {
        let clean = whole(&market.fetch("GET", &path, &[]).await);
        for header in &headers {
            let poisoned = market.fetch("GET", &path, &[*header]).await;
            if header.0 == "expect" && poisoned.status == 417 {
                continue;
            }
            assert_eq!(whole(&poisoned), clean, "{path} with {header:?}");
        }
        let all_at_once: Vec<(&str, &str)> = headers[1..20].to_vec();
        assert_eq!(whole(&market.fetch("GET", &path, &all_at_once).await), clean, "{path} with many");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_query_changes_a_byte_of_what_may_be_kept() {
    let market = Market::open().await;
    let queries = [
        "utm_source=evil.example",
        "utm_source=<script>",
        "lang=zh",
        "locale=zh",
        "_method=DELETE",
        "callback=evil",
        "debug=1",
        "__proto__[x]=evil",
        "next=//evil.example",
        "host=evil.example",
        "format=json",
        "v=evil",
        "a=%00",
        "%ff",
        "a=b&a=c",
        "a;b",
        "?",
        "utm_source=x%0d%0aset-cookie:evil=1",
        "fbclid=evil&gclid=evil",
        "q=evil#frag",
    ];
    for path in kept(&market).await {
        let clean = whole(&market.fetch("GET", &path, &[]).await);
        for query in queries {
            let poisoned = market.fetch("GET", &format!("{path}?{query}"), &[]).await;
            assert_eq!(whole(&poisoned), clean, "{path}?{query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_takes_a_path_for_a_file_gets_nothing_personal_to_keep() {
    let market = Market::open().await;
    let cookie = format!("{}; {}", market.shopper, market.merchant);
    // Web cache deception: what is one's own, under a name that an edge would keep by its ending.
    for page in [
        "/orders".to_owned(),
        format!("/orders/{}", market.order_id),
        "/csi/me".to_owned(),
        "/api/orders".to_owned(),
        "/sign-in".to_owned(),
        "/admin".to_owned(),
        "/api/merchant/me".to_owned(),
    ] {
        for ending in
            ["/x.css", "/assets/x.js", "%2fx.css", ";x.css", "%3fx.css", "%23x.css", ".css", "%00.css", "\\x.js"]
        {
            let answer = market.fetch("GET", &format!("{page}{ending}"), &[("cookie", &cookie)]).await;
            assert_eq!(answer.header("cache-control"), "no-store", "{page}{ending}: {answer:?}");
            assert!(!answer.text.contains(&market.order_id) || answer.status == 404, "{page}{ending}");
            assert!(!answer.text.contains("Shopper 1"), "{page}{ending}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_that_somebody_made_up_is_told_back_only_if_it_is_harmless() {
    let market = Market::open().await;
    for made_up in ["<script>alert(1)</script>", &"x".repeat(20_000), "evil\"; drop", "a b", "{\"a\":1}"] {
        let answer = market.fetch("GET", "/", &[("x-request-id", made_up)]).await;
        assert_ne!(answer.header("x-request-id"), made_up);
        assert!(!answer.header("x-request-id").is_empty());
    }
    let answer = market.fetch("GET", "/healthz", &[("x-request-id", "edge-7.f3_a")]).await;
    assert_eq!(answer.header("x-request-id"), "edge-7.f3_a", "a proxy's own id is followed through");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_never_kept_so_that_nobody_can_make_a_page_vanish() {
    let market = Market::open().await;
    for path in kept(&market).await {
        for (method, headers) in [
            ("GET", vec![("range", "bytes=999999999-")]),
            ("GET", vec![("if-match", "\"nothing\"")]),
            ("GET", vec![("if-none-match", "*")]),
            ("POST", vec![]),
            ("TRACE", vec![]),
            ("OPTIONS", vec![]),
            ("PURGE", vec![]),
            ("BAN", vec![]),
        ] {
            let request = headers
                .iter()
                .fold(market.shop.request(method, &path), |request, (name, value)| request.header(*name, *value));
            let Ok(response) = request.send().await else { continue };
            let kept = response.headers().get("cache-control").is_none_or(|value| value != "no-store");
            let is_good = response.status().is_success() || response.status() == 304;
            assert!(is_good || !kept, "{method} {path} {headers:?}: {response:?}");
        }
        let after = answered(market.shop.request("GET", &path)).await;
        assert_eq!(after.status, 200, "{path}");
    }
}
