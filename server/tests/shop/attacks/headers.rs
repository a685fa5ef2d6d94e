//! The headers that keep a browser from being turned against its owner, on every answer there is.

use super::market::Market;
use crate::support::{Answer, Shop, answered};

const EVERYWHERE: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("integrity-policy", "blocked-destinations=(script)"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

const POLICY: [&str; 6] = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
];

/// Of answers that are data: nothing in them runs.
const DATA: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "same-origin"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
];

/// Headers of a request.
type Sent<'a> = &'a [(&'a str, &'a str)];

#[track_caller]
fn is_hardened(answer: &Answer, what: &str) {
    let is_data = matches!(answer.header("content-type"), "application/json" | "application/problem+json");
    for (name, expected) in if is_data { &DATA[..] } else { &EVERYWHERE } {
        let values: Vec<&str> = answer.headers.get_all(*name).iter().filter_map(|value| value.to_str().ok()).collect();
        assert_eq!(values, [*expected], "{name} of {what}: {answer:?}");
    }
    let policies: Vec<_> = answer.headers.get_all("content-security-policy").iter().collect();
    assert_eq!(policies.len(), 1, "one policy for {what}");
    let policy = answer.header("content-security-policy");
    for part in POLICY.into_iter().filter(|_| !is_data) {
        assert!(policy.contains(part), "{part} in {policy} of {what}");
    }
    for hole in ["unsafe-inline", "'unsafe-eval'", "script-src *", "http:", "blob:", "strict-dynamic"] {
        assert!(!policy.contains(hole), "{hole} in {policy} of {what}");
    }
    for tells in ["server", "x-powered-by", "via"] {
        assert_eq!(answer.header(tells), "", "{what} tells what it runs on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_every_route_is_hardened_whatever_its_status() {
    let market = Market::open().await;
    for route in market.routes() {
        let path = market.path(&route.pattern);
        for method in ["GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE", "TRACE"] {
            // As a stranger: refused, in the ways that there are.
            let answer = market.fetch(method, &path, &[]).await;
            is_hardened(&answer, &format!("{method} {path} ({})", answer.status));
        }
        if !route.changes() {
            let answer = answered(market.as_its_user(&route, &path)).await;
            is_hardened(&answer, &format!("GET {path} ({})", answer.status));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_files_redirects_and_refusals_are_hardened_alike() {
    let market = Market::open().await;
    let item = format!("/items/{}", market.slug);
    let (order, pay) = (format!("/orders/{}", market.order_id), format!("/pay/{}", market.order_id));
    let html = ("accept", "text/html");
    let cookie = ("cookie", market.shopper.as_str());
    let etag = market.fetch("GET", &item, &[]).await.header("etag").to_owned();
    let cases: [(&str, Sent<'_>, u16); 24] = [
        ("/", &[html], 200),
        ("/zh/", &[("accept-encoding", "br")], 200),
        (&item, &[html], 200),
        (&item, &[("if-none-match", &etag)], 304),
        (&item, &[("range", "bytes=0-9")], 200),
        ("/zh", &[html], 308),
        ("/sign-in", &[html], 200),
        ("/orders", &[html], 303),
        ("/orders", &[html, cookie], 200),
        (&order, &[html, cookie], 200),
        (&pay, &[html, cookie], 200),
        ("/orders/absent", &[html, cookie], 404),
        ("/items/absent", &[html], 404),
        ("/items/absent", &[], 404),
        ("/admin", &[html], 200),
        ("/admin/sales/x", &[html], 200),
        ("/assets/shop.0123.js", &[], 200),
        ("/assets/shop.0123.js", &[("range", "bytes=0-3")], 206),
        ("/assets/shop.0123.js", &[("range", "bytes=900-")], 416),
        ("/assets/absent.js", &[], 404),
        ("/images/lantern.svg", &[], 200),
        ("/robots.txt", &[], 200),
        ("/openapi.json", &[], 200),
        ("/absent", &[html], 404),
    ];
    for (path, headers, status) in cases {
        let answer = market.fetch("GET", path, headers).await;
        assert_eq!(answer.status, status, "{path} {headers:?}: {answer:?}");
        is_hardened(&answer, path);
    }
    let large = market.shop.request("POST", "/api/sign-out").json(&"x".repeat(200_000));
    let large = answered(large).await;
    large.is_problem(413, "body_too_large");
    is_hardened(&large, "413");
    let form = market.shop.request("POST", "/api/sign-out").header("content-type", "text/plain").body("x");
    is_hardened(&answered(form).await, "415");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_refused_with_the_same_headers() {
    let shop = Shop::start();
    for _ in 0..3_000 {
        let answer = shop.get("/csi/time", "").await;
        if answer.status == 429 {
            is_hardened(&answer, "429");
            return;
        }
    }
    panic!("the burst never ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_browser_is_told_to_stay_there_and_otherwise_not() {
    let plain = Shop::start();
    let secure = Shop::start_with(&["--public-origin", "https://shop.example"]);
    for path in ["/", "/absent", "/orders", "/api/orders", "/assets/shop.0123.js", "/zh", "/healthz"] {
        assert_eq!(plain.get(path, "").await.header("strict-transport-security"), "", "{path}");
        let told = secure.get(path, "").await;
        // A year; the hosts below this one are not the shop's to speak for.
        assert_eq!(told.header("strict-transport-security"), "max-age=31536000", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shops_own_pages_admit_no_script_but_by_this_answers_nonce() {
    let market = Market::open().await;
    let nonce_of = |answer: &Answer| {
        let policy = answer.header("content-security-policy").to_owned();
        policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).map(str::to_owned)
    };
    let headers = [("cookie", market.shopper.as_str()), ("accept", "text/html")];
    let first = market.fetch("GET", "/orders", &headers).await;
    let second = market.fetch("GET", "/orders", &headers).await;
    let (one, two) = (nonce_of(&first).expect("a nonce"), nonce_of(&second).expect("a nonce"));
    assert_ne!(one, two, "a nonce is for one answer");
    assert!(one.len() >= 22, "128 bits in base64: {one}");
    for script in first.text.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains("src=") || tag.contains(&one), "{tag}");
    }
    // A page that others keep has no nonce: it would be everybody's.
    assert_eq!(nonce_of(&market.fetch("GET", "/", &[]).await), None);
}
