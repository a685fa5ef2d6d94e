//! Another site's page, acting through the browser of somebody who is signed in here; and methods that are not meant.

use super::market::{Market, Route};
use crate::support::answered;

/// What a browser says of a request that another site's page makes, in each way that there is.
const ELSEWHERE: [(&str, &str); 6] = [
    ("origin", "https://evil.example"),
    ("origin", "null"),
    ("origin", "http://127.0.0.1"),
    ("origin", "https://evil.example/http://127.0.0.1"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-site"),
];

/// What a form or a request without preflight may call its body (Fetch, section 2.2.2), and near misses of JSON.
const FORM_TYPES: [&str; 7] = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "text/plain; charset=application/json",
    "application/jsonp",
    "application/json-patch+json",
    "",
];

fn by_cookie(market: &Market) -> impl Iterator<Item = Route> {
    market.routes().into_iter().filter(|route| route.changes() && !route.is_webhook())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_on_any_route_is_made_for_another_sites_page() {
    let market = Market::open().await;
    let before = market.state().await;
    let mut tried = 0;
    for route in by_cookie(&market) {
        let path = market.path(&route.pattern);
        for (name, value) in ELSEWHERE {
            let request = market.as_its_user(&route, &path).header(name, value);
            answered(request.json(&serde_json::json!({}))).await.is_problem(403, "cross_site");
            answered(market.as_its_user(&route, &path).header(name, value)).await.is_problem(403, "cross_site");
            tried += 1;
        }
    }
    assert!(tried >= 19 * ELSEWHERE.len(), "{tried} of all the routes that change something");
    assert_eq!(market.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_on_any_route_is_made_by_what_a_form_can_send() {
    let market = Market::open().await;
    let before = market.state().await;
    for route in by_cookie(&market) {
        let path = market.path(&route.pattern);
        for form_type in FORM_TYPES {
            // An old browser: it says nothing of where the form stands.
            let mut request = market.as_its_user(&route, &path);
            if !form_type.is_empty() {
                request = request.header("content-type", form_type);
            }
            let answer = answered(request.body("{\"a\":\"=\"}")).await;
            assert_eq!(answer.status, 415, "{} {path} as {form_type}: {answer:?}", route.method);
        }
    }
    assert_eq!(market.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_token_that_is_wrong_does_not_open_the_door_to_the_cookie_beside_it() {
    let market = Market::open().await;
    let before = market.state().await;
    for route in by_cookie(&market) {
        let path = market.path(&route.pattern);
        if route.pattern.ends_with("/sign-out") || route.pattern.contains("/sign-") {
            continue;
        }
        for token in ["Bearer x", "bearer stm_0000", "Bearer  ", "BEARER \t"] {
            let request = market.as_its_user(&route, &path).header("authorization", token);
            let answer = answered(request.header("origin", "https://evil.example").json(&serde_json::json!({}))).await;
            assert!(matches!(answer.status.as_u16(), 401 | 403), "{} {path} with {token:?}: {answer:?}", route.method);
        }
    }
    assert_eq!(market.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_lets_another_site_read_it() {
    let market = Market::open().await;
    for route in market.routes() {
        let path = market.path(&route.pattern);
        for method in ["OPTIONS", "GET"] {
            let request = market.as_its_user(&Route { method: method.to_owned(), ..route.clone() }, &path);
            let request = request
                .header("origin", "https://evil.example")
                .header("access-control-request-method", &route.method)
                .header("access-control-request-headers", "content-type,authorization");
            let answer = answered(request).await;
            let allows = answer.headers.keys().filter(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(allows.count(), 0, "{method} {path}: {answer:?}");
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_something_is_not_done_by_a_link_nor_by_a_method_in_disguise() {
    let market = Market::open().await;
    let before = market.state().await;
    let routes = market.routes();
    let readable: Vec<&str> =
        routes.iter().filter(|route| !route.changes()).map(|route| route.pattern.as_str()).collect();
    for route in routes.iter().filter(|route| route.changes()) {
        let path = market.path(&route.pattern);
        for method in ["GET", "HEAD", "TRACE", "PROPFIND", "DELETE", "PUT"] {
            if matches!(method, "GET" | "HEAD") && readable.contains(&route.pattern.as_str()) {
                continue;
            }
            if routes.iter().any(|other| other.pattern == route.pattern && other.method == method) {
                continue;
            }
            let disguised = Route { method: method.to_owned(), ..route.clone() };
            let url = format!("{path}?_method={}", route.method);
            let request = market
                .as_its_user(&disguised, &url)
                .header("x-http-method-override", &route.method)
                .header("x-http-method", &route.method)
                .header("x-method-override", &route.method);
            let answer = answered(request).await;
            assert_eq!(answer.status, 405, "{method} {path}: {answer:?}");
            assert!(answer.header("allow").contains(&route.method), "{method} {path}: {answer:?}");
        }
    }
    assert_eq!(market.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn head_says_what_get_would_and_nothing_else() {
    let market = Market::open().await;
    let own = ["/", "/zh/", "/sign-in", "/orders", "/admin", "/robots.txt", "/favicon.svg", "/images/lantern.svg"];
    let of_the_api = market.routes().into_iter().filter(|route| !route.changes());
    let paths = of_the_api.map(|route| market.path(&route.pattern)).chain(own.map(str::to_owned)).chain([
        format!("/items/{}", market.slug),
        format!("/orders/{}", market.order_id),
        format!("/pay/{}", market.order_id),
        "/items/absent".to_owned(),
        "/assets/absent.js".to_owned(),
        "/openapi.json".to_owned(),
        "/healthz".to_owned(),
        "/readyz".to_owned(),
    ]);
    let cookie = format!("{}; {}", market.shopper, market.merchant);
    for path in paths {
        let get = market.fetch("GET", &path, &[("cookie", &cookie)]).await;
        let head = market.fetch("HEAD", &path, &[("cookie", &cookie)]).await;
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "cache-control", "etag", "vary", "x-content-type-options", "location"] {
            assert_eq!(head.header(name), get.header(name), "{name} of {path}");
        }
    }
}
