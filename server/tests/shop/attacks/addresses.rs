//! Lying about where one comes from, to be counted as somebody else.

use serde_json::json;

use crate::support::{Answer, Shop, answered};

/// More tries at signing in than one address has at once.
const MORE_THAN_ONE_ADDRESS_HAS: usize = 160;

/// Tries to sign in as ever another account, each time with these headers; the last answer.
async fn tried(shop: &Shop, times: usize, headers: impl Fn(usize) -> Vec<(&'static str, String)>) -> Answer {
    let mut last = None;
    for number in 0..times {
        let request = headers(number)
            .into_iter()
            .fold(shop.request("POST", "/api/sign-in"), |request, (name, value)| request.header(name, value));
        // Not an address at all: refused after it was counted, without the cost of a hash.
        let answer = answered(request.json(&json!({ "email": format!("n{number}"), "password": "xxxxxxxx" }))).await;
        if answer.status == 429 {
            return answer;
        }
        last = Some(answer);
    }
    last.unwrap()
}

const CLAIMS: [&str; 11] = [
    "x-forwarded-for",
    "x-real-ip",
    "x-client-ip",
    "x-remote-ip",
    "x-remote-addr",
    "x-originating-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "client-ip",
];

fn address(number: usize) -> String {
    format!("198.51.{}.{}", number / 250, number % 250 + 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_counted_by_its_own_address_whatever_it_claims() {
    for proxies in [&[][..], &["--trusted-proxy", "10.0.0.0/8"][..]] {
        let shop = Shop::start_with(proxies);
        let lying = |number: usize| {
            let mut claims: Vec<_> = CLAIMS.iter().map(|name| (*name, address(number))).collect();
            claims.push(("forwarded", format!("for={}", address(number))));
            claims
        };
        tried(&shop, MORE_THAN_ONE_ADDRESS_HAS, lying).await.is_problem(429, "rate_limited");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_each_client_counts_for_itself_and_what_it_claims_does_not() {
    let shop = Shop::start_with(&["--trusted-proxy", "127.0.0.0/8"]);
    // The proxy adds its client's address at the end; what stands before it, the client has made up.
    let one_client = |number: usize| vec![("x-forwarded-for", format!("{}, 203.0.113.9", address(number)))];
    tried(&shop, MORE_THAN_ONE_ADDRESS_HAS, one_client).await.is_problem(429, "rate_limited");
    // Others are not counted for it.
    let others = |number: usize| vec![("x-forwarded-for", format!("203.0.113.9, {}", address(number)))];
    tried(&shop, MORE_THAN_ONE_ADDRESS_HAS, others).await.is_problem(422, "field_invalid");
    // Claims by other names than the proxy's are nobody's.
    let other_names = |number: usize| CLAIMS[1..].iter().map(|name| (*name, address(number))).collect();
    tried(&shop, MORE_THAN_ONE_ADDRESS_HAS, other_names).await.is_problem(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_customers_many_addresses_are_one() {
    let shop = Shop::start_with(&["--trusted-proxy", "127.0.0.0/8"]);
    let one_network = |number: usize| vec![("x-forwarded-for", format!("2001:db8:1:2:{number:x}::{number:x}"))];
    tried(&shop, MORE_THAN_ONE_ADDRESS_HAS, one_network).await.is_problem(429, "rate_limited");
    let mapped = |number: usize| {
        let forms = ["203.0.113.7", "::ffff:203.0.113.7", "::ffff:cb00:7107", " 203.0.113.7 "];
        vec![("x-forwarded-for", forms[number % forms.len()].to_owned())]
    };
    tried(&shop, MORE_THAN_ONE_ADDRESS_HAS, mapped).await.is_problem(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_cannot_be_read_counts_for_the_last_hop_that_can() {
    let shop = Shop::start_with(&["--trusted-proxy", "127.0.0.0/8"]);
    let garbage =
        ["evil", "", ",,,", "203.0.113.9:1234", "\"203.0.113.9\"", "for=203.0.113.9", "[2001:db8::1]", "0x7f.1"];
    let unreadable = |number: usize| vec![("x-forwarded-for", format!("{}, {}", address(number), garbage[number % 8]))];
    tried(&shop, MORE_THAN_ONE_ADDRESS_HAS, unreadable).await.is_problem(429, "rate_limited");
    // A chain without end is followed so far and no farther.
    let endless =
        |number: usize| vec![("x-forwarded-for", format!("{}{}", address(number), ", 127.0.0.2".repeat(900)))];
    tried(&shop, MORE_THAN_ONE_ADDRESS_HAS, endless).await.is_problem(429, "rate_limited");
}
