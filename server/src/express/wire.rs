//! An answer's head as it goes over the wire (RFC 9112, section 4), made once.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::{HeaderMap, StatusCode};

/// Status line and header fields, but for the last: the date.
#[derive(Debug)]
pub(crate) struct Wire(Vec<u8>);

impl Wire {
    /// `content_length` is left out where it is not known yet, or there is none to tell (RFC 9110, section 8.6).
    pub(crate) fn new(status: StatusCode, fields: &HeaderMap, content_length: Option<usize>) -> Self {
        let reason = status.canonical_reason().unwrap_or_default();
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
        let mut add = |name: &str, value: &[u8]| head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        for (name, value) in fields {
            add(name.as_str(), value.as_bytes());
        }
        if let Some(length) = content_length {
            add("content-length", length.to_string().as_bytes());
        }
        Self(head)
    }

    /// The whole answer, where its length is known already.
    pub(crate) fn write(&self, date: &Date, body: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
        date.write(out);
        out.extend_from_slice(body);
    }

    /// The whole answer of a length that is told now. `with_body` is false for `HEAD`.
    pub(crate) fn write_with_length(&self, date: &Date, body: &[u8], with_body: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
        out.extend_from_slice(b"content-length: ");
        out.extend_from_slice(body.len().to_string().as_bytes());
        out.extend_from_slice(b"\r\n");
        date.write(out);
        if with_body {
            out.extend_from_slice(body);
        }
    }
}

/// The date field and the empty line behind it. As text for a second at a time.
pub(crate) struct Date {
    second: u64,
    text: String,
}

impl Date {
    pub(crate) const fn new() -> Self {
        Self { second: u64::MAX, text: String::new() }
    }

    pub(crate) fn at_us(&mut self, now_us: i64) -> &Self {
        let second = now_us.max(0) as u64 / 1_000_000;
        if self.second != second {
            let date: SystemTime = UNIX_EPOCH + Duration::from_secs(second);
            *self = Self { second, text: format!("date: {}\r\n\r\n", httpdate::fmt_http_date(date)) };
        }
        self
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::{ETAG, VARY};

    #[test]
    fn an_answer_stands_as_http_wants_it() {
        let mut fields = HeaderMap::new();
        fields.insert(ETAG, "\"a\"".parse().unwrap());
        fields.insert(VARY, "accept-encoding".parse().unwrap());
        let mut date = Date::new();
        let mut out = Vec::new();
        Wire::new(StatusCode::OK, &fields, Some(2)).write(date.at_us(1_000_000), b"hi", &mut out);
        let first = "HTTP/1.1 200 OK\r\netag: \"a\"\r\nvary: accept-encoding\r\ncontent-length: 2\r\n\
            date: Thu, 01 Jan 1970 00:00:01 GMT\r\n\r\nhi";
        assert_eq!(String::from_utf8_lossy(&out), first);
        out.clear();
        Wire::new(StatusCode::OK, &HeaderMap::new(), None).write_with_length(
            date.at_us(1_999_999),
            b"hi",
            false,
            &mut out,
        );
        let second = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ndate: Thu, 01 Jan 1970 00:00:01 GMT\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&out), second);
    }
}
