//! What HTTP itself asks of a request, before anything is done for it. Where two readers of one connection could see
//! different requests, one visitor's can be made to carry another's: such a request is refused, and its connection ends.

use api::Code;
use axum::extract::Request;
use axum::http::header::{CONNECTION, CONTENT_ENCODING, HOST, TRANSFER_ENCODING};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Uri, Version};
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use super::guard::unread;

/// Lets one clear request through (RFC 9112, sections 3.2 and 6), of which the body is not packed: nothing here unpacks.
/// Otherwise the refusal.
pub(super) async fn judged(request: Request) -> Result<Request, Response> {
    let headers = request.headers();
    let wrong = wrong_host(request.version(), request.uri(), headers).or_else(|| wrong_coding(headers));
    if let Some(wrong) = wrong {
        let mut response = ApiError::new(Code::RequestInvalid, wrong).into_response();
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return Err(response);
    }
    let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        let wrong = "Send the body as it is, without Content-Encoding.";
        return Err(unread(request, ApiError::new(Code::MediaTypeUnsupported, wrong)).await);
    }
    Ok(request)
}

/// Whether nothing is odd about a request: what is answered before the router asks no more.
pub(super) fn is_clear<B>(request: &hyper::Request<B>) -> bool {
    let headers = request.headers();
    !headers.contains_key(CONTENT_ENCODING)
        && wrong_host(request.version(), request.uri(), headers).is_none()
        && wrong_coding(headers).is_none()
}

/// The host is named once, is a host, and is the same in the address, where that names one.
fn wrong_host(version: Version, uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host,
        // Older clients, health checks among them, know no Host.
        (None, _) if version < Version::HTTP_11 => return None,
        _ => return Some("Name the host once, in one Host header."),
    };
    let named = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    match named.filter(|named| !named.as_str().contains('@')) {
        None => Some("Host: not a host"),
        Some(named) if uri.authority().is_some_and(|authority| *authority != named) => {
            Some("The address names another host than the Host header.")
        }
        Some(_) => None,
    }
}

/// A body comes plain or in chunks. Where its length is said twice, hyper has refused the request, or reads it by its
/// chunks and ends the connection after the answer.
fn wrong_coding(headers: &HeaderMap) -> Option<&'static str> {
    let is_chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    let codings = headers.get_all(TRANSFER_ENCODING);
    let known = codings.iter().count() <= 1 && codings.iter().all(is_chunked);
    (!known).then_some("Transfer-Encoding: only chunked is known here.")
}
