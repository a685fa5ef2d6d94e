//! One policy for what may be kept, and by whom. Handlers name the policy; only this file writes the headers.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use super::App;

/// Who may keep an answer, and how long. A response that names none may not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CachePolicy {
    /// The same bytes for everybody: a CDN keeps them, a browser asks each time whether they still hold.
    Page,
    /// What stands in for a page for a while: an edge answers a crowd with one copy, and lets go of it within moments even
    /// where nobody purges it.
    Waiting,
    /// A name that says its content: kept for good.
    Immutable,
    /// A quiz's picture: its name says its content too, and nobody needs it for long.
    Picture,
    /// A picture or a small file that keeps its name when it changes.
    File,
    /// Nothing personal, and old within a second: an edge may answer a crowd with one copy.
    EdgeSecond,
    /// The same while it changes faster than that: an edge of ours lets go of it sooner. HTTP has no words for less than a second.
    EdgeMoment,
    /// Somebody's own.
    NoStore,
}

const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");

/// For how long deploy/varnish/stampede.vcl keeps an answer before it asks anew. Other edges pass over it.
const EDGE_TTL: HeaderName = HeaderName::from_static("edge-ttl");
const EDGE_MOMENT: HeaderValue = HeaderValue::from_static("25ms");

impl CachePolicy {
    /// For everybody who keeps anything. A shared cache that nobody purges keeps a page for half a minute at most.
    const fn cache_control(self) -> &'static str {
        match self {
            Self::Page => "public, max-age=0, s-maxage=30, must-revalidate",
            Self::Waiting => "public, max-age=0, s-maxage=2, must-revalidate",
            Self::Immutable => "public, max-age=31536000, immutable",
            Self::Picture => "public, max-age=3600, immutable",
            Self::File => "public, max-age=3600, stale-while-revalidate=86400",
            Self::EdgeSecond | Self::EdgeMoment => "public, max-age=0, s-maxage=1",
            Self::NoStore => "no-store",
        }
    }

    /// For the edge alone (RFC 9213). Long where every edge is purged before a publish is answered; a page that is past
    /// its time may be shown for a minute while it is fetched anew, and for a day while the origin is down (RFC 5861).
    const fn cdn_cache_control(self, edges_are_purged: bool) -> Option<&'static str> {
        match self {
            Self::Page if edges_are_purged => {
                Some("public, max-age=86400, stale-while-revalidate=60, stale-if-error=86400")
            }
            Self::Page => Some("public, max-age=30, stale-while-revalidate=30"),
            Self::Waiting => Some("public, max-age=2"),
            Self::EdgeSecond | Self::EdgeMoment => Some("public, max-age=1"),
            Self::Immutable | Self::Picture | Self::File | Self::NoStore => None,
        }
    }
}

/// Writes the headers of the policy that the handler named.
pub(super) fn apply(app: &App, response: &mut Response) {
    let named = response.extensions().get::<CachePolicy>().copied();
    let kept = response.status().is_success() || response.status() == axum::http::StatusCode::NOT_MODIFIED;
    let policy = named.filter(|_| kept).unwrap_or(CachePolicy::NoStore);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(policy.cache_control()));
    if let Some(value) = policy.cdn_cache_control(app.edges_are_purged()) {
        headers.insert(CDN_CACHE_CONTROL, HeaderValue::from_static(value));
    }
    if policy == CachePolicy::EdgeMoment {
        headers.insert(EDGE_TTL, EDGE_MOMENT);
    }
    if policy != CachePolicy::NoStore {
        // Whatever else happens: what others may keep carries nobody's cookie.
        headers.remove(header::SET_COOKIE);
    }
}
