//! Requests that the lane understands: plain reads. It reads strictly; what it does not like, hyper judges.

use std::mem::MaybeUninit;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Header fields of a request, at most.
const MAX_FIELDS: usize = 48;

/// A head as it was read, whatever it asks for.
#[derive(Debug)]
pub(crate) struct Head<'fields, 'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    fields: &'fields [httparse::Header<'a>],
    bytes: usize,
}

impl<'a> Head<'_, 'a> {
    /// Reads the head at the beginning of these bytes, and hands it over; none where it is not whole, or not of HTTP/1.1.
    pub(crate) fn parse<T>(bytes: &'a [u8], then: impl FnOnce(&Head<'_, 'a>) -> Option<T>) -> Option<T> {
        let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
        let mut head = httparse::Request::new(&mut []);
        let httparse::Status::Complete(length) = head.parse_with_uninit_headers(bytes, &mut fields).ok()? else {
            return None;
        };
        let (path, query) = head.path?.split_once('?').unwrap_or((head.path?, ""));
        if head.version != Some(1) || !path.starts_with('/') {
            return None;
        }
        then(&Head { method: head.method?, path, query, fields: head.headers, bytes: length })
    }

    /// Those of its header fields that have one of these names.
    pub(crate) fn headers(&self, names: &[HeaderName]) -> HeaderMap {
        headers_of(self.fields, names)
    }
}

fn headers_of(fields: &[httparse::Header<'_>], names: &[HeaderName]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for field in fields {
        let name = names.iter().find(|name| name.as_str().eq_ignore_ascii_case(field.name));
        if let Some((name, value)) = name.cloned().zip(HeaderValue::from_bytes(field.value).ok()) {
            headers.append(name, value);
        }
    }
    headers
}

/// A plain `GET` or `HEAD` of HTTP/1.1, whole, without a body, on a connection that stays.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Request<'a> {
    pub(crate) is_head: bool,
    pub(crate) path: &'a str,
    pub(crate) accept_encoding: &'a str,
    pub(crate) if_none_match: &'a str,
    pub(crate) x_forwarded_for: &'a str,
}

impl<'a> Request<'a> {
    /// The request with that head, and its length; none where it is not plain.
    pub(crate) fn of(head: &Head<'_, 'a>) -> Option<(Self, usize)> {
        let is_head = match head.method {
            "GET" => false,
            "HEAD" => true,
            _ => return None,
        };
        if !head.query.bytes().all(is_plain_in_a_query) {
            return None;
        }
        let mut request = Self { is_head, path: head.path, ..Self::default() };
        let mut host = "";
        for field in head.fields {
            // A field that is there twice, or says nothing, is hyper's.
            let once = |kept: &mut &'a str| {
                let text = std::str::from_utf8(field.value).ok().filter(|text| kept.is_empty() && !text.is_empty())?;
                *kept = text;
                Some(())
            };
            match Known::of(field.name) {
                Known::Host => once(&mut host)?,
                Known::AcceptEncoding => once(&mut request.accept_encoding)?,
                Known::IfNoneMatch => once(&mut request.if_none_match)?,
                Known::XForwardedFor => once(&mut request.x_forwarded_for)?,
                Known::KeepAlive if field.value.eq_ignore_ascii_case(b"keep-alive") => {}
                Known::KeepAlive | Known::NotPlain => return None,
                Known::Indifferent => {}
            }
        }
        (!host.is_empty() && host.bytes().all(is_plain_in_a_host)).then_some((request, head.bytes))
    }
}

/// A whole request of any kind, as far as it has to be known to refuse it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Addressed<'fields, 'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    fields: &'fields [httparse::Header<'a>],
}

impl<'fields, 'a> Addressed<'fields, 'a> {
    /// The request with that head at the beginning of these bytes, and its length; none where it is not whole, or anything about
    /// it is for hyper to judge.
    pub(crate) fn of(head: &Head<'fields, 'a>, bytes: &[u8]) -> Option<(Self, usize)> {
        if !matches!(head.method, "GET" | "POST") {
            return None;
        }
        let mut body_bytes = None;
        for field in head.fields {
            if field.name.eq_ignore_ascii_case("content-length") {
                let digits =
                    std::str::from_utf8(field.value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                let said: usize = digits?.parse().ok()?;
                if body_bytes.replace(said).is_some() {
                    return None;
                }
                continue;
            }
            match Known::of(field.name) {
                Known::KeepAlive if field.value.eq_ignore_ascii_case(b"keep-alive") => {}
                Known::KeepAlive | Known::NotPlain => return None,
                Known::Host
                | Known::AcceptEncoding
                | Known::IfNoneMatch
                | Known::XForwardedFor
                | Known::Indifferent => {}
            }
        }
        let length = head.bytes.checked_add(body_bytes.unwrap_or(0))?;
        let request = Self { method: head.method, path: head.path, fields: head.fields };
        (length <= bytes.len()).then_some((request, length))
    }

    /// Those of its header fields that have one of these names.
    pub(crate) fn headers(&self, names: &[HeaderName]) -> HeaderMap {
        headers_of(self.fields, names)
    }
}

enum Known {
    Host,
    AcceptEncoding,
    IfNoneMatch,
    XForwardedFor,
    KeepAlive,
    NotPlain,
    Indifferent,
}

impl Known {
    fn of(name: &str) -> Self {
        // By length first: nearly every field of a browser's is none of these.
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name.len() {
            4 if is("host") => Self::Host,
            6 if is("expect") => Self::NotPlain,
            7 if is("upgrade") => Self::NotPlain,
            10 if is("connection") => Self::KeepAlive,
            12 if is("x-request-id") => Self::NotPlain,
            13 if is("if-none-match") => Self::IfNoneMatch,
            14 if is("content-length") => Self::NotPlain,
            15 if is("accept-encoding") => Self::AcceptEncoding,
            15 if is("x-forwarded-for") => Self::XForwardedFor,
            16 if is("content-encoding") => Self::NotPlain,
            17 if is("transfer-encoding") => Self::NotPlain,
            20 if is("surrogate-capability") => Self::NotPlain,
            _ => Self::Indifferent,
        }
    }
}

fn is_plain_in_a_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':')
}

fn is_plain_in_a_query(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header;
    use proptest::prelude::*;

    fn plain(bytes: &[u8]) -> Option<(Request<'_>, usize)> {
        Head::parse(bytes, Request::of)
    }

    /// Method, path and cookies, and the length.
    fn addressed(bytes: &[u8]) -> Option<(String, HeaderMap, usize)> {
        Head::parse(bytes, |head| {
            let (request, length) = Addressed::of(head, bytes)?;
            Some((format!("{} {}", request.method, request.path), request.headers(&[header::COOKIE]), length))
        })
    }

    fn is_plain(head: &str) -> bool {
        plain(head.replace('\n', "\r\n").as_bytes()).is_some()
    }

    #[test]
    fn a_browsers_request_for_a_page_is_plain() {
        let bytes = b"GET /items/a?utm_source=x HTTP/1.1\r\nHost: shop.example:3000\r\nConnection: keep-alive\r\n\
            Accept: text/html\r\naccept-encoding: gzip, br\r\nIf-None-Match: \"1-br\"\r\nCookie: a=b\r\n\
            X-Forwarded-For: 192.0.2.1, 192.0.2.2\r\n\r\nGET /";
        let (request, length) = plain(bytes).unwrap();
        assert_eq!(
            request,
            Request {
                is_head: false,
                path: "/items/a",
                accept_encoding: "gzip, br",
                if_none_match: "\"1-br\"",
                x_forwarded_for: "192.0.2.1, 192.0.2.2",
            }
        );
        assert_eq!(&bytes[length..], b"GET /");
    }

    #[test]
    fn whatever_hyper_should_judge_is_left_to_it() {
        let plain = "GET / HTTP/1.1\nHost: a\n\n";
        assert!(is_plain(plain) && is_plain("HEAD / HTTP/1.1\nHost: a\n\n"));
        for line in
            ["POST / HTTP/1.1", "GET / HTTP/1.0", "GET http://a/ HTTP/1.1", "GET * HTTP/1.1", "GET /?a=\"b HTTP/1.1"]
        {
            assert!(!is_plain(&plain.replace("GET / HTTP/1.1", line)), "{line}");
        }
        for fields in [
            "Accept: a",
            "Host: a\nHost: a",
            "Host: ",
            "Host: a@b",
            "Host: a\nContent-Length: 0",
            "Host: a\nTransfer-Encoding: chunked",
            "Host: a\nContent-Encoding: gzip",
            "Host: a\nConnection: close",
            "Host: a\nConnection: upgrade\nUpgrade: h2c",
            "Host: a\nExpect: 100-continue",
            "Host: a\nX-Request-Id: 1",
            "Host: a\nX-Forwarded-For: 192.0.2.1\nX-Forwarded-For: 192.0.2.2",
            "Host: a\nSurrogate-Capability: v=\"ESI/1.0\"",
            "Host: a\nAccept-Encoding: br\nAccept-Encoding: gzip",
            "Host: a\n folded",
        ] {
            assert!(!is_plain(&plain.replace("Host: a", fields)), "{fields}");
        }
        let many = format!("Host: a{}", "\nA: b".repeat(MAX_FIELDS));
        assert!(!is_plain(&plain.replace("Host: a", &many)));
    }

    #[test]
    fn a_request_with_a_body_is_known_by_its_address_once_it_is_whole() {
        let whole = b"POST /a?b HTTP/1.1\r\nHost: a\r\ncookie: b=1\r\nCookie: c=2\r\nContent-Length: 2\r\n\r\n{}GET /";
        let (address, cookies, length) = addressed(whole).unwrap();
        assert_eq!((address.as_str(), &whole[length..]), ("POST /a", b"GET /".as_slice()));
        assert_eq!((cookies.len(), cookies.get_all(header::COOKIE).iter().count()), (2, 2));
        assert_eq!(addressed(&whole[..whole.len() - 6]), None, "a part of its body is to come");
        for odd in [
            "Content-Length: 2\r\nContent-Length: 2",
            "Content-Length: +2",
            "Transfer-Encoding: chunked",
            "Expect: 100-continue",
        ] {
            let odd = format!("POST /a HTTP/1.1\r\nHost: a\r\n{odd}\r\n\r\n{{}}");
            assert_eq!(addressed(odd.as_bytes()), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn no_beginning_of_a_request_is_taken_for_one(length in 0_usize..36) {
            let whole = b"GET /items/a HTTP/1.1\r\nHost: a.b\r\n\r\n";
            prop_assume!(length < whole.len());
            prop_assert!(plain(&whole[..length]).is_none());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _whatever = (plain(&bytes), addressed(&bytes));
        }
    }
}
