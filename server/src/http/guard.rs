//! What stands in front of handlers: how large a body may be, rate limits, the cross-site rule.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use api::Code;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use ipnet::IpNet;
use shield::AddressKey;

use super::error::ApiError;
use super::extract::{bearer, is_json, too_large};
use super::{App, MAX_BODY_BYTES, plan_b};
use crate::funnel::{self, Layer};

/// Of a body that is too large, so much is still taken in.
const MAX_BYTES_THROWN_AWAY: usize = 8 << 20;

/// Hops that `X-Forwarded-For` is followed through, at most.
const MAX_FORWARDED_HOPS: usize = 16;

/// A request of which the body is not too large, before anything is done for it; one that does not say its length is read here.
/// Otherwise the refusal.
pub(super) async fn bounded(request: Request) -> Result<Request, Response> {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > MAX_BODY_BYTES) {
        return Err(unread(request, too_large()).await);
    }
    if !request.headers().contains_key(header::TRANSFER_ENCODING) {
        return Ok(request);
    }
    let (parts, mut body) = request.into_parts();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Err(ApiError::new(Code::BodyInvalid, "The body could not be read.").into_response());
        };
        bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        if bytes.len() > MAX_BODY_BYTES {
            return Err(unread(Request::from_parts(parts, body), too_large()).await);
        }
    }
    Ok(Request::from_parts(parts, bytes.into()))
}

/// Refuses a request of which the body is not wanted.
///
/// What is on its way is read and thrown away, up to a bound: were the connection closed under a client that still
/// sends, the reset could overtake the answer, and the client would never hear why.
pub(super) async fn unread(request: Request, refusal: ApiError) -> Response {
    let mut body = request.into_body();
    let mut thrown_away = 0;
    while thrown_away <= MAX_BYTES_THROWN_AWAY
        && let Some(Ok(frame)) = body.frame().await
    {
        thrown_away += frame.data_ref().map_or(0, Bytes::len);
    }
    let mut response = refusal.into_response();
    if thrown_away > MAX_BYTES_THROWN_AWAY {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Counts the request against its address.
pub(crate) async fn limit_address(State(app): State<App>, request: Request, next: Next) -> Response {
    match counted(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Counts a call of the API against its address, and lets no other site's page change anything by it. One layer and not two: a route is
/// cloned for each request, once more for each layer that is inside another.
pub(crate) async fn limit_address_and_site(State(app): State<App>, request: Request, next: Next) -> Response {
    if let Err(refusal) = counted(&app, &request) {
        return refusal.into_response();
    }
    match same_site(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => unread(request, refusal).await,
    }
}

fn counted(app: &App, request: &Request) -> Result<(), ApiError> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let peer = peer.ok_or_else(|| ApiError::internal(&"a request without a peer's address"))?;
    within_limit(app, peer, request.headers()).map_err(ApiError::rate_limited)
}

/// Counts a request against the address that it comes from; refused, how long to wait.
pub(super) fn within_limit(app: &App, peer: IpAddr, headers: &HeaderMap) -> Result<(), Duration> {
    within_limit_by(app, peer, forwarded_for(headers))
}

/// The same by the values of `X-Forwarded-For`.
pub(super) fn within_limit_by<'a>(
    app: &App,
    peer: IpAddr,
    forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
) -> Result<(), Duration> {
    let address = client_address(&app.settings.trusted_proxies, peer, forwarded_for);
    funnel::noted(Layer::ReadLimit, app.limits.per_address.check(&AddressKey::from(address)))
}

fn forwarded_for(headers: &HeaderMap) -> impl DoubleEndedIterator<Item = &str> {
    headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok())
}

/// Counts a try at signing in against its address, by a limit that password hashes can keep up with.
pub(crate) async fn limit_sign_ins(State(app): State<App>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let address = peer.map(|peer| {
        AddressKey::from(client_address(&app.settings.trusted_proxies, peer, forwarded_for(request.headers())))
    });
    match address.map_or(Ok(()), |address| app.limits.sign_ins_per_address.check(&address)) {
        Ok(()) => next.run(request).await,
        Err(wait) => ApiError::rate_limited(wait).into_response(),
    }
}

/// The client's address: the peer's, or, behind proxies that were named, the last one that they vouch for.
fn client_address<'a>(
    proxies: &[IpNet],
    peer: IpAddr,
    forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
) -> IpAddr {
    let trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(&address));
    if !trusted(peer) {
        return peer;
    }
    let mut client = peer;
    for hop in forwarded_for.rev().flat_map(|value| value.rsplit(',')).take(MAX_FORWARDED_HOPS) {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        client = address.to_canonical();
        if !trusted(client) {
            break;
        }
    }
    client
}

/// A change that rides on a cookie must come from our own pages.
///
/// Browsers say where a request comes from (`Sec-Fetch-Site`, `Origin`); other clients need not. A body must be JSON,
/// which no form of another site can send. A Bearer request does not ride on cookies; a provider's webhook is signed.
fn same_site(app: &App, request: &Request) -> Result<(), ApiError> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let headers = request.headers();
    if bearer(headers).is_none() {
        if is_cross_site(app, headers) {
            return Err(ApiError::new(Code::CrossSite, "This change was asked for by another site's page."));
        }
        if has_body(headers) && !is_json(headers) {
            return Err(ApiError::new(Code::MediaTypeUnsupported, "Send application/json."));
        }
    }
    plan_b::may_change_shop(app, request.uri().path())
}

fn has_body(headers: &HeaderMap) -> bool {
    let has_length = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    has_length || headers.contains_key(header::TRANSFER_ENCODING)
}

fn is_cross_site(app: &App, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
    if let Some(site) = text("sec-fetch-site")
        && site != "same-origin"
        && site != "none"
    {
        return true;
    }
    let Some(origin) = text("origin") else { return false };
    match &app.settings.public_origin {
        Some(public_origin) => origin != *public_origin,
        None => {
            let host = text("host").unwrap_or_default();
            origin.split_once("://").is_none_or(|(_, of_origin)| host.is_empty() || of_origin != host)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whom a request counts for, by its peer and its `X-Forwarded-For` headers, behind 10.0.0.0/8.
    fn check(peer: &str, forwarded: &[&str], expected: &str) {
        let proxies: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let client = client_address(&proxies, peer.parse().unwrap(), forwarded_for(&headers));
        assert_eq!(client.to_string(), expected, "{peer} {forwarded:?}");
    }

    #[test]
    fn a_stranger_says_of_itself_what_it_likes_and_counts_for_itself() {
        check("192.0.2.1", &["198.51.100.7"], "192.0.2.1");
        check("192.0.2.1", &["10.0.0.1"], "192.0.2.1");
    }

    #[test]
    fn a_named_proxy_is_believed_and_what_its_client_claims_is_not() {
        check("10.0.0.1", &["198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["203.0.113.9, 198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["203.0.113.9", "198.51.100.7, 10.0.0.2"], "198.51.100.7");
        check("10.0.0.1", &["::ffff:198.51.100.7"], "198.51.100.7");
    }

    #[test]
    fn what_cannot_be_read_ends_the_chain() {
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["unknown"], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.7, nonsense, 10.0.0.2"], "10.0.0.2");
    }
}
