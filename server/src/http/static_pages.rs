//! The pages that are the same for everybody, answered from memory.

use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, extract::Request};

use super::App;
use super::cache::CachePolicy;
use crate::pages::Encoding;

/// What a CDN may purge a page by: Fastly's, Cloudflare's and Varnish's names for the same.
const TAG_HEADERS: [HeaderName; 3] =
    [HeaderName::from_static("surrogate-key"), HeaderName::from_static("cache-tag"), HeaderName::from_static("xkey")];

/// What our own edges tell two versions of a page apart by.
const PAGE_TAG: HeaderName = HeaderName::from_static("page-tag");
const PAGE_VERSION: HeaderName = HeaderName::from_static("page-version");

/// A page's own headers and those that every answer has, so that their map need not grow.
const MOST_HEADERS: usize = 24;

const SURROGATE_CAPABILITY: HeaderName = HeaderName::from_static("surrogate-capability");
const SURROGATE_CONTROL: HeaderName = HeaderName::from_static("surrogate-control");

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(page))
        .route("/items/{slug}", get(page))
        .route("/zh/", get(page))
        .route("/zh", get(zh_without_slash))
        .route("/zh/items/{slug}", get(page))
        .route("/quiz/{file}", get(super::quiz::picture))
}

async fn zh_without_slash() -> impl IntoResponse {
    axum::response::Redirect::permanent("/zh/")
}

/// The page at this path: an ETag that still holds answers 304 (RFC 9110, section 13.1.2). Query strings do not count.
async fn page(State(app): State<App>, OriginalUri(uri): OriginalUri, request: Request) -> Response {
    let headers = request.headers();
    let Some(page) = app.publisher.page(uri.path()) else {
        return super::own_pages::not_found(&app, uri.path(), headers);
    };
    if let Some(item_id) = page.item_id {
        app.heat.record(item_id);
    }
    let includes = (app.settings.edge_side_includes && speaks_esi(headers)).then(|| page.with_includes()).flatten();
    let encoding = match includes {
        Some(_) => Encoding::Identity,
        None => Encoding::negotiated(text(headers, header::ACCEPT_ENCODING)),
    };
    let variant = includes.unwrap_or_else(|| page.variant(encoding));
    let mut answer = HeaderMap::with_capacity(MOST_HEADERS);
    answer.insert(header::ETAG, variant.etag.clone());
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    for name in TAG_HEADERS {
        answer.insert(name, page.tags.clone());
    }
    answer.insert(PAGE_TAG, HeaderValue::from_str(&page.tag).unwrap_or(HeaderValue::from_static("page")));
    answer.insert(PAGE_VERSION, page.version.clone());
    let policy = Extension(CachePolicy::Page);
    if holds(text(headers, header::IF_NONE_MATCH), &variant.etag) {
        return (StatusCode::NOT_MODIFIED, policy, answer).into_response();
    }
    if includes.is_some() {
        answer.insert(SURROGATE_CONTROL, HeaderValue::from_static("content=\"ESI/1.0\""));
    }
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Some(name) = encoding.name() {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    (policy, answer, variant.body.clone()).into_response()
}

/// Whether it comes from an edge that says so (Edge Architecture Specification, W3C Note, 2001).
fn speaks_esi(headers: &HeaderMap) -> bool {
    text(headers, SURROGATE_CAPABILITY).contains("\"ESI/1.0\"")
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Weak comparison, as `If-None-Match` asks for.
fn holds(if_none_match: &str, etag: &HeaderValue) -> bool {
    let etag = etag.to_str().unwrap_or_default();
    if_none_match.split(',').map(str::trim).any(|given| given == "*" || given.trim_start_matches("W/") == etag)
}
