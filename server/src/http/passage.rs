//! The way of every request: judged before anything is done for it, answered in time, given the headers that every
//! answer has, counted and logged.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use api::Code;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use tracing::Instrument as _;

use super::error::ApiError;
use super::{App, cache, framing, guard, machine, request_id};
use crate::metrics;

/// A handler that takes longer is given up, and so is a body that takes longer to come.
const HANDLER_TIME: Duration = Duration::from_secs(10);

const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; \
    img-src 'self' https: data:; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// Headers that an answer has unless it has its own.
static HARDENING: [(HeaderName, HeaderValue); 8] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    // Every script that a page loads is named with its digest; one that is not is refused by browsers that know how.
    (HeaderName::from_static("integrity-policy"), HeaderValue::from_static("blocked-destinations=(script)")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

pub(super) async fn take(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id::of(request.headers());
    // By its route's pattern: paths carry tokens.
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("unmatched", MatchedPath::as_str);
    let request_id = id.to_str().unwrap_or_default();
    let span = tracing::info_span!("request", method = %request.method(), route, request_id);
    // A panic costs one request. The process's panic hook has logged it.
    let answered = AssertUnwindSafe(answered(request, next)).catch_unwind().instrument(span.clone()).await;
    let mut response = answered.unwrap_or_else(|_| machine::panicked());
    dress(&app, &mut response);
    let elapsed = started.elapsed();
    metrics::request_answered(route, response.status(), elapsed);
    span.in_scope(|| {
        tracing::debug!(status = response.status().as_u16(), elapsed_us = elapsed.as_micros() as u64, "answered");
    });
    response.headers_mut().insert(request_id::NAME, id);
    response
}

/// Gives an answer the header fields that every answer has.
pub(super) fn dress(app: &App, response: &mut Response) {
    cache::apply(app, response);
    harden(app, response.headers_mut());
}

async fn answered(request: Request, next: Next) -> Response {
    let handled = async {
        let request = match framing::judged(request).await {
            Ok(request) => guard::bounded(request).await,
            refused => refused,
        };
        match request {
            Ok(request) => next.run(request).await,
            Err(refusal) => refusal,
        }
    };
    match tokio::time::timeout(HANDLER_TIME, handled).await {
        Ok(response) => response,
        Err(_) => ApiError::new(Code::Timeout, "The answer took too long.").into_response(),
    }
}

/// What an answer has that is data and no document: nothing of it runs, opens or navigates, and it goes out with every step of
/// an order.
static DATA_HARDENING: [(HeaderName, HeaderValue); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

fn is_data(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    kind == b"application/json" || kind == b"application/problem+json"
}

fn harden(app: &App, headers: &mut HeaderMap) {
    let hardening = if is_data(headers) { &DATA_HARDENING[..] } else { &HARDENING };
    for (name, value) in hardening {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    if app.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// What a page may load and run. `nonce` is for the scripts that `leptos_axum` writes into one answer.
pub(super) fn content_security_policy(nonce: &str) -> String {
    CSP.replace("'wasm-unsafe-eval'", &format!("'wasm-unsafe-eval' 'nonce-{nonce}'"))
}
