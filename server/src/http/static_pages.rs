//! The pages that are the same for everybody, answered from memory.

use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, extract::Request, http};
use bytes::Bytes;
use http_body_util::Full;

use super::cache::CachePolicy;
use super::{App, passage};
use crate::express::{self, Date, Wire};
use crate::pages::{Encoding, Heads, Page, Variant, waiting};

/// What a CDN may purge a page by: Fastly's, Cloudflare's and Varnish's names for the same.
const TAG_HEADERS: [HeaderName; 3] =
    [HeaderName::from_static("surrogate-key"), HeaderName::from_static("cache-tag"), HeaderName::from_static("xkey")];

/// What our own edges tell two versions of a page apart by.
const PAGE_TAG: HeaderName = HeaderName::from_static("page-tag");
const PAGE_VERSION: HeaderName = HeaderName::from_static("page-version");

/// Says to the waiting page's script that the wait goes on.
const WAITING_PAGE: HeaderName = HeaderName::from_static("waiting-page");

const SURROGATE_CAPABILITY: HeaderName = HeaderName::from_static("surrogate-capability");
const SURROGATE_CONTROL: HeaderName = HeaderName::from_static("surrogate-control");

/// The routes that pages have, as the router knows them.
const ROUTES: [&str; 4] = ["/", "/items/{slug}", "/zh/", "/zh/items/{slug}"];

/// The route of a path that has a page.
pub(super) fn route_of(path: &str) -> &'static str {
    let [catalogue, item, chinese_catalogue, chinese_item] = ROUTES;
    match path {
        "/" => catalogue,
        "/zh/" => chinese_catalogue,
        path if path.starts_with("/zh/") => chinese_item,
        _ => item,
    }
}

pub(super) fn routes() -> Router<App> {
    ROUTES
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route, get(page)))
        .route("/zh", get(zh_without_slash))
        .route("/quiz/{file}", get(super::quiz::picture))
        .route(&waiting::SCRIPT_PATH, get(waiting_script))
}

async fn zh_without_slash() -> impl IntoResponse {
    axum::response::Redirect::permanent("/zh/")
}

/// The page at this path, where a request for it has to come by the router: one with a body, say.
async fn page(State(app): State<App>, OriginalUri(uri): OriginalUri, request: Request) -> Response {
    let headers = request.headers();
    match answer(&app, uri.path(), headers) {
        Some((policy, answer)) => (Extension(policy), answer).into_response(),
        None => super::own_pages::not_found(&app, uri.path(), headers),
    }
}

/// The page at this path, whole, if there is one: an ETag that still holds answers 304 (RFC 9110, section 13.1.2).
/// Query strings do not count.
pub(super) fn answer(app: &App, path: &str, headers: &HeaderMap) -> Option<(CachePolicy, http::Response<Full<Bytes>>)> {
    let page = app.publisher.page(path)?;
    note_visit(app, &page);
    let includes = (app.settings.edge_side_includes && speaks_esi(headers)).then(|| page.with_includes()).flatten();
    let (variant, encoding) = match includes {
        Some(variant) => (variant, None),
        None => {
            let encoding = Encoding::negotiated(text(headers, header::ACCEPT_ENCODING));
            (page.variant(encoding), encoding.name())
        }
    };
    let heads = variant.heads.get_or_init(|| heads(app, &page, variant, encoding, includes.is_some()));
    let is_held = if_none_match_holds(text(headers, header::IF_NONE_MATCH), &variant.etag);
    let body = if is_held { Bytes::new() } else { variant.body.clone() };
    let mut answer = http::Response::new(Full::new(body));
    if is_held {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    }
    *answer.headers_mut() = if is_held { &heads.not_modified } else { &heads.whole }.clone();
    Some((policy_of(&page), answer))
}

fn note_visit(app: &App, page: &Page) {
    if let Some(item_id) = page.item_id {
        app.heat.record(item_id);
    }
}

const fn policy_of(page: &Page) -> CachePolicy {
    if page.is_waiting { CachePolicy::Waiting } else { CachePolicy::Page }
}

/// The same as bytes, for the express lane. Answers its status, where there is such a page.
pub(super) fn write(app: &App, request: &express::Request<'_>, date: &Date, out: &mut Vec<u8>) -> Option<StatusCode> {
    let page = app.publisher.page(request.path)?;
    note_visit(app, &page);
    let encoding = Encoding::negotiated(request.accept_encoding);
    let variant = page.variant(encoding);
    let heads = variant.heads.get_or_init(|| heads(app, &page, variant, encoding.name(), false));
    if if_none_match_holds(request.if_none_match, &variant.etag) {
        heads.not_modified_wire.write(date, &[], out);
        return Some(StatusCode::NOT_MODIFIED);
    }
    heads.whole_wire.write(date, if request.is_head { &[] } else { &variant.body }, out);
    Some(StatusCode::OK)
}

/// What goes before the bytes. The same for every request, so it is made once.
fn heads(app: &App, page: &Page, variant: &Variant, encoding: Option<&'static str>, has_includes: bool) -> Heads {
    let mut shared = HeaderMap::new();
    shared.insert(header::ETAG, variant.etag.clone());
    shared.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    for name in TAG_HEADERS {
        shared.insert(name, page.tags.clone());
    }
    shared.insert(PAGE_TAG, HeaderValue::from_str(&page.tag).unwrap_or(HeaderValue::from_static("page")));
    shared.insert(PAGE_VERSION, page.version.clone());
    if page.is_waiting {
        shared.insert(WAITING_PAGE, HeaderValue::from_static("1"));
    }
    let mut whole = shared.clone();
    if has_includes {
        whole.insert(SURROGATE_CONTROL, HeaderValue::from_static("content=\"ESI/1.0\""));
    }
    whole.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Some(name) = encoding {
        whole.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    let [whole, not_modified] = [(StatusCode::OK, whole), (StatusCode::NOT_MODIFIED, shared)].map(|(status, head)| {
        let mut answer = (status, Extension(policy_of(page)), head).into_response();
        passage::dress(app, &mut answer);
        std::mem::take(answer.headers_mut())
    });
    Heads {
        whole_wire: Wire::new(StatusCode::OK, &whole, Some(variant.body.len())),
        not_modified_wire: Wire::new(StatusCode::NOT_MODIFIED, &not_modified, None),
        whole,
        not_modified,
    }
}

/// What ends the wait. Its name says its content.
async fn waiting_script() -> impl IntoResponse {
    (Extension(CachePolicy::Immutable), [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], waiting::SCRIPT)
}

/// Whether it comes from an edge that says so (Edge Architecture Specification, W3C Note, 2001).
fn speaks_esi(headers: &HeaderMap) -> bool {
    text(headers, SURROGATE_CAPABILITY).contains("\"ESI/1.0\"")
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Weak comparison, as `If-None-Match` asks for.
fn if_none_match_holds(if_none_match: &str, etag: &HeaderValue) -> bool {
    if if_none_match.is_empty() {
        return false;
    }
    let etag = etag.to_str().unwrap_or_default();
    if_none_match.split(',').map(str::trim).any(|given| given == "*" || given.trim_start_matches("W/") == etag)
}
