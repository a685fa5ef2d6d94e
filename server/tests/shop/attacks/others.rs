//! What is somebody else's is not there: neither to be seen, nor to be told from what does not exist.

use serde_json::{Value, json};
use uuid::Uuid;

use super::market::{For, Market, Route};
use crate::support::{Answer, answered};

/// A body with which the route's rightful user would get past the first checks.
fn body_for(route: &Route) -> Option<Value> {
    match route.body.as_ref().map(|_| route.pattern.as_str()) {
        None => None,
        Some("/sandbox/payments/{payment_id}/settle") => Some(json!({ "outcome": "paid" })),
        Some("/api/sales/{sale_id}/quiz/answer") => Some(json!({ "quiz_token": "x", "answer": "yes" })),
        Some("/api/sales/{sale_id}/orders") => Some(json!({ "pass": "x", "quantity": 1 })),
        Some("/api/merchant/sales/{sale_id}") => Some(json!({ "price_minor": 1, "paused": true })),
        Some("/api/merchant/items/{item_id}") => Some(json!({ "title": "Mine now" })),
        Some("/api/merchant/sales/{sale_id}/beacon") => Some(json!({ "value": "abc" })),
        Some("/api/merchant/sales/{sale_id}/shoppers") => Some(json!({ "add": ["me@example.com"] })),
        Some(_) => Some(json!({})),
    }
}

async fn asked(market: &Market, route: &Route, path: &str, header: (&str, &str)) -> Answer {
    let request = market.shop.request(&route.method, path).header(header.0, header.1);
    let request = request.header("idempotency-key", "attack");
    answered(match body_for(route) {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

/// Everything about an answer that could tell one id from another.
fn told(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let headers = answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let telling = headers.filter(|(name, _)| name != "x-request-id" && name != "date").collect();
    (answer.status.as_u16(), answer.text.clone(), telling)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_merchants_things_are_not_there_on_any_route() {
    let market = Market::open().await;
    let before = market.state().await;
    let bearer = format!("Bearer {}", market.shop.other_merchant());
    let mut tried = 0;
    let with_ids = |route: &Route| route.whose == For::Merchants && route.pattern.contains('{');
    for route in market.routes().into_iter().filter(with_ids) {
        let theirs = asked(&market, &route, &market.path(&route.pattern), ("authorization", &bearer)).await;
        let nobodys = market.path_with(&route.pattern, |_| Uuid::new_v4().to_string());
        let nobodys = asked(&market, &route, &nobodys, ("authorization", &bearer)).await;
        assert_eq!(told(&theirs), told(&nobodys), "{} {}", route.method, route.pattern);
        theirs.is_problem(404, "not_found");
        tried += 1;
    }
    assert!(tried >= 10, "{tried}");
    let token = bearer.trim_start_matches("Bearer ");
    for path in ["/items", "/sales", "/orders", "/strikes", &format!("/orders?sale_id={}", market.sale_id)] {
        let answer = market.shop.merchant_with(token, "GET", path, Value::Null).await;
        assert!(!answer.text.contains(&market.sale_id) && !answer.text.contains(&market.order_id), "{answer:?}");
        assert!(!answer.text.contains(&market.slug) && !answer.text.contains("Shopper"), "{answer:?}");
    }
    let item = before[0]["item_id"].as_str().unwrap();
    let sale = crate::support::terms(item, market.shop.now_ms().await);
    let answer = market.shop.merchant_with(token, "POST", "/sales", sale).await;
    assert!(matches!(answer.status.as_u16(), 404 | 422), "a sale of another's item: {answer:?}");
    assert_eq!(market.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_shoppers_things_are_not_there_on_any_route() {
    let market = Market::open().await;
    let before = market.state().await;
    let stranger = market.shop.shopper();
    let mut tried = 0;
    // A sale is everybody's; what one did in it is not.
    let with_ids = |route: &Route| {
        route.whose == For::Shoppers && route.pattern.contains('{') && !route.pattern.contains("{sale_id}")
    };
    for route in market.routes().into_iter().filter(with_ids) {
        let theirs = asked(&market, &route, &market.path(&route.pattern), ("cookie", &stranger)).await;
        let nobodys = market.path_with(&route.pattern, |_| Uuid::new_v4().to_string());
        let nobodys = asked(&market, &route, &nobodys, ("cookie", &stranger)).await;
        assert_eq!(told(&theirs), told(&nobodys), "{} {}", route.method, route.pattern);
        theirs.is_problem(404, "not_found");
        tried += 1;
    }
    assert!(tried >= 5, "{tried}");
    let mine = market.shop.get(&format!("/api/sales/{}/mine", market.sale_id), &stranger).await;
    assert!(!mine.text.contains(&market.order_id), "{mine:?}");
    for page in ["orders", "pay"] {
        for prefix in ["", "/zh"] {
            let headers = [("cookie", stranger.as_str()), ("accept", "text/html")];
            let path = |id: &str| format!("{prefix}/{page}/{id}");
            let theirs = market.fetch("GET", &path(&market.order_id), &headers).await;
            let nobodys = market.fetch("GET", &path(&Uuid::new_v4().to_string()), &headers).await;
            assert_eq!(told(&theirs), told(&nobodys), "{page}");
            assert_eq!(theirs.status, 404);
        }
    }
    assert_eq!(market.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_who_is_signed_in_is_nobodys_else() {
    let market = Market::open().await;
    let before = market.state().await;
    for route in market.routes() {
        // A merchant is no shopper and a shopper is no merchant.
        let wrong = match route.whose {
            For::Anybody => continue,
            For::Shoppers => market.merchant.clone(),
            For::Merchants => market.shopper.clone(),
        };
        for cookie in ["", wrong.as_str()] {
            let answer = asked(&market, &route, &market.path(&route.pattern), ("cookie", cookie)).await;
            assert_eq!(answer.status, 401, "{} {}: {answer:?}", route.method, route.pattern);
            answer.is_problem(401, "signed_out");
        }
    }
    assert_eq!(market.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_not_found_by_whose_it_is_in_the_merchants_search() {
    let market = Market::open().await;
    let other = market.shop.other_merchant();
    for shopper in ["%", "_", "'", "' or 1=1 --", "*", "Shopper 1", "shopper"] {
        let query: String = url_encoded(shopper);
        let path = format!("/orders?shopper={query}&consistency=strong");
        let own = market.shop.merchant("GET", &path, Value::Null).await;
        assert!(own.status.as_u16() < 500, "{shopper}: {own:?}");
        let theirs = market.shop.merchant_with(&other, "GET", &path, Value::Null).await;
        assert!(!theirs.text.contains(&market.order_id), "{shopper}: {theirs:?}");
    }
}

fn url_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}
