//! Bodies that are no JSON, too much JSON, or JSON of another shape: each is refused with a problem that says so, and
//! nothing is half done.

use serde_json::{Value, json};

use super::market::{For, Market, Route};
use crate::support::{Answer, Shop, answered, terms};

async fn send(market: &Market, route: &Route, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let path = market.path(&route.pattern);
    let request = market.as_its_user(route, &path).header("content-type", "application/json");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    answered(request.body(body)).await
}

/// Refused with a problem, and as the client's mistake.
#[track_caller]
fn is_refused(answer: &Answer, statuses: &[u16], what: &str) {
    assert!(statuses.contains(&answer.status.as_u16()), "{what}: {answer:?}");
    let code = answer.text_of("code");
    answer.is_problem(answer.status.as_u16(), &code);
}

fn with_bodies(market: &Market) -> Vec<Route> {
    let routes: Vec<Route> =
        market.routes().into_iter().filter(|route| route.body.is_some() && !route.is_webhook()).collect();
    assert!(routes.len() >= 11, "{}", routes.len());
    routes
}

fn fields(route: &Route) -> Vec<String> {
    let properties = route.body.as_ref().and_then(|schema| schema["properties"].as_object());
    properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_is_refused_on_every_route() {
    let market = Market::open().await;
    let before = market.state().await;
    for route in with_bodies(&market) {
        for (what, body) in [
            ("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
            ("UTF-16", b"\xff\xfe{\x00}\x00".to_vec()),
            ("bytes that are no UTF-8", b"{\"email\":\"\xff\xfe\xc0\xaf\"}".to_vec()),
            ("half a surrogate pair", br#"{"email":"\ud800"}"#.to_vec()),
            ("a raw control character", b"{\"email\":\"\x00\"}".to_vec()),
            ("half an object", b"{\"email\":".to_vec()),
            ("two objects", b"{} {}".to_vec()),
            ("a comment", b"{/* */}".to_vec()),
            ("a trailing comma", b"{\"email\":\"a\",}".to_vec()),
            ("no quotes", b"{email:1}".to_vec()),
            ("no number", b"{\"quantity\":NaN}".to_vec()),
            ("a number out of all range", b"{\"quantity\":1e999}".to_vec()),
            ("a form", b"email=a&password=b".to_vec()),
            ("another format", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>".to_vec()),
            ("white space", b" \n".to_vec()),
        ] {
            is_refused(&send(&market, &route, &[], body).await, &[400, 422], &format!("{what}: {route:?}"));
        }
    }
    assert_eq!(market.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_of_another_shape_is_refused_on_every_route() {
    let market = Market::open().await;
    let before = market.state().await;
    let deep = |open: &str, close: &str| [open.repeat(20_000), close.repeat(20_000)].concat();
    for route in with_bodies(&market) {
        let known = fields(&route);
        let (first, twice) = (&known[0], format!("{{\"{0}\":null,\"{0}\":null}}", known[0]));
        for (what, body) in [
            ("nothing", "null".to_owned()),
            ("a text", "\"{}\"".to_owned()),
            ("a number", "7".to_owned()),
            ("an array", "[]".to_owned()),
            ("an array of objects", "[{}]".to_owned()),
            ("a name that nobody knows", "{\"is_admin\":true}".to_owned()),
            ("a name for prototypes", "{\"__proto__\":{\"is_admin\":true}}".to_owned()),
            ("a name in another case", format!("{{\"{}\":1}}", first.to_uppercase())),
            ("a name twice", twice),
            ("deep arrays", deep("[", "]")),
            ("deep objects", deep("{\"a\":", "}")),
            ("deep arrays in a field", format!("{{\"{first}\":{}}}", deep("[", "]"))),
            ("deep objects in a field", format!("{{\"{first}\":{}}}", deep("{\"a\":", "}"))),
        ] {
            let answer = send(&market, &route, &[], body.into_bytes()).await;
            is_refused(&answer, &[400, 422], &format!("{what}: {}", route.pattern));
        }
        for field in &known {
            for value in ["{\"a\":1}", "[[]]", "-1e308", "99999999999999999999", "1.5"] {
                let body = format!("{{\"{field}\":{value}}}").into_bytes();
                let answer = send(&market, &route, &[], body).await;
                is_refused(&answer, &[400, 401, 403, 409, 422], &format!("{field} = {value}: {}", route.pattern));
            }
        }
    }
    assert_eq!(market.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_packed_is_refused_unread() {
    let market = Market::open().await;
    let before = market.state().await;
    // A gigabyte of spaces in a megabyte would fit the limits if somebody unpacked it.
    let bomb = gzipped(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    for route in with_bodies(&market) {
        for encoding in ["gzip", "br", "deflate", "zstd", "gzip, gzip", "x-gzip", "identity, gzip"] {
            let answer = send(&market, &route, &[("content-encoding", encoding)], bomb.clone()).await;
            answer.is_problem(415, "media_type_unsupported");
        }
        // Said to be plain, it is no JSON.
        send(&market, &route, &[], bomb.clone()).await.is_problem(400, "body_invalid");
    }
    assert_eq!(market.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_on_every_route_whether_it_says_so_or_not() {
    let market = Market::open().await;
    let before = market.state().await;
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(200_000));
    for route in with_bodies(&market) {
        send(&market, &route, &[], large.clone().into_bytes()).await.is_problem(413, "body_too_large");
        let chunks: Vec<Result<Vec<u8>, std::io::Error>> =
            large.as_bytes().chunks(10_000).map(|chunk| Ok(chunk.to_vec())).collect();
        let body = reqwest::Body::wrap_stream(futures::stream::iter(chunks));
        let request = market.as_its_user(&route, &market.path(&route.pattern));
        let answer = answered(request.header("content-type", "application/json").body(body)).await;
        answer.is_problem(413, "body_too_large");
    }
    assert_eq!(market.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_array_is_no_object_at_any_depth() {
    let shop = Shop::start();
    let item = shop.sale_and_slug(json!({})).await.0;
    let item_id = shop.merchant("GET", &format!("/sales/{item}"), Value::Null).await.ok(200)["item_id"].clone();
    let sales = shop.merchant("GET", "/sales", Value::Null).await.ok(200);
    let now_ms = shop.now_ms().await;
    for (field, value) in [
        ("quiz", json!(["bank", [{ "prompt": "Say yes", "answer": "yes" }], 0, 60_000])),
        ("quiz", json!({ "kind": "bank", "questions": [["Say yes", "yes"]], "min_answer_ms": 0, "max_answer_ms": 9 })),
        ("skus", json!([["m", "M", 5, 1]])),
        ("strikes", json!([3, 60, "refuse"])),
        ("eligibility", json!([1, true])),
    ] {
        let mut wrong = terms(item_id.as_str().unwrap(), now_ms);
        wrong[field] = value.clone();
        let created = shop.merchant("POST", "/sales", wrong).await;
        created.is_problem(422, "field_invalid");
        assert!(created.text_of("detail").contains(field), "{field} is named: {created:?}");
        let patched = shop.merchant("PATCH", &format!("/sales/{item}"), json!({ field: value })).await;
        patched.is_problem(422, "field_invalid");
    }
    assert_eq!(shop.merchant("GET", "/sales", Value::Null).await.ok(200), sales);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_makes_no_sense_is_refused_or_does_not_count() {
    let market = Market::open().await;
    let before = market.state().await;
    for route in market.routes().into_iter().filter(|route| !route.changes()) {
        let path = market.path(&route.pattern);
        for query in [
            "?%ff=%fe",
            "?a[]=1&a[0]=2",
            "?a=1&a=2",
            "?%00",
            "?=",
            "?&&&",
            "?;",
            "?a=%",
            "?a=%zz",
            "?item=a&item=b",
            "?cursor=%27%3b--",
            "?after=%00&after=%00",
            "?consistency=strong&consistency=cached",
            "?sale_id=*",
        ] {
            let whole = format!("{path}{query}");
            let answer = answered(market.as_its_user(&route, &whole)).await;
            assert!(answer.status.as_u16() < 500, "{whole}: {answer:?}");
            if answer.status.as_u16() >= 400 {
                // The market's sale is not one by draw.
                let as_should_be: &[u16] = if route.pattern.contains("/draw") { &[400, 404, 409] } else { &[400] };
                is_refused(&answer, as_should_be, &whole);
            }
        }
        let long = format!("{path}?{}", "a=1&".repeat(6_000));
        assert!(answered(market.as_its_user(&route, &long)).await.status.as_u16() < 500, "{}", route.pattern);
    }
    assert_eq!(market.state().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_that_a_route_answers_with_is_one_that_it_names() {
    let market = Market::open().await;
    for route in market.routes().into_iter().filter(|route| route.whose != For::Anybody) {
        let path = market.path_with(&route.pattern, |_| "not-an-id".to_owned());
        let answer = answered(market.shop.request(&route.method, &path)).await;
        let status = answer.status.as_u16().to_string();
        assert!(
            route.answers.contains(&status),
            "{} {path} answers {status}, not of {:?}",
            route.method,
            route.answers
        );
    }
}
