//! One kept HTTP/1.1 connection that costs the generator little: bytes out, a status and a body in.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Failure;

/// An answer that has not come by then is a failure.
const PATIENCE: Duration = Duration::from_secs(30);
/// Of an answer's headers.
const MOST_HEADERS: usize = 64;
const MOST_ANSWER_BYTES: usize = 4 << 20;

pub(crate) struct Connection {
    stream: TcpStream,
    bytes: Vec<u8>,
}

/// An answer; its body stays in the connection until the next call.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    pub(crate) fn json(&self) -> Result<serde_json::Value, Failure> {
        Ok(serde_json::from_slice(self.body)?)
    }

    /// The first header field of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        response.parse(self.head).ok()?;
        let field = headers.into_iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(field.value).ok()
    }

    /// The body, where the status is as it should be.
    pub(crate) fn expect(self, status: u16) -> Result<Self, Failure> {
        if self.status == status {
            Ok(self)
        } else {
            Err(format!("{} instead of {status}: {}", self.status, String::from_utf8_lossy(self.body)).into())
        }
    }
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, bytes: Vec::with_capacity(16 << 10) })
    }

    /// Sends a whole request and waits for the whole answer.
    pub(crate) async fn call(&mut self, request: &[u8]) -> Result<Answer<'_>, Failure> {
        let (status, head, length) = tokio::time::timeout(PATIENCE, self.exchange(request)).await??;
        let (head, rest) = self.bytes.split_at(head);
        Ok(Answer { status, head, body: &rest[..length] })
    }

    /// The status, and where the body begins and how long it is.
    async fn exchange(&mut self, request: &[u8]) -> Result<(u16, usize, usize), Failure> {
        self.stream.write_all(request).await?;
        self.bytes.clear();
        let mut known = None;
        loop {
            if self.stream.read_buf(&mut self.bytes).await? == 0 {
                return Err("the connection was closed within an answer".into());
            }
            if known.is_none() {
                known = head_of(&self.bytes)?;
            }
            match known {
                Some((status, head, length)) if self.bytes.len() >= head + length => return Ok((status, head, length)),
                _ if self.bytes.len() > MOST_ANSWER_BYTES => return Err("an answer without end".into()),
                _ => {}
            }
        }
    }
}

/// The status, the head's length and the body's, once the head is there.
fn head_of(bytes: &[u8]) -> Result<Option<(u16, usize, usize)>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(bytes)? else { return Ok(None) };
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.ok_or("an answer without a length")?;
    Ok(Some((response.code.unwrap_or(0), head, std::str::from_utf8(length.value)?.parse()?)))
}

/// A request's bytes.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let about_the_body = if method == "GET" {
        String::new()
    } else {
        format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len())
    };
    format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}{about_the_body}\r\n{body}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(head_of(&answer[..20]).unwrap(), None);
        assert_eq!(head_of(answer).unwrap(), Some((202, answer.len() - 2, 2)));
        assert!(head_of(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn a_request_says_how_long_its_body_is() {
        let text = String::from_utf8(request("POST", "/x", "a: b\r\n", "{}")).unwrap();
        assert!(text.starts_with("POST /x HTTP/1.1\r\nhost: 127.0.0.1\r\na: b\r\n"));
        assert!(text.ends_with("content-length: 2\r\n\r\n{}"));
    }
}
