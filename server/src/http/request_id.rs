//! A name for each request, in the log and in its answer: a proxy's, or one of ours.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

pub(super) const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// As a proxy may give it, at most.
const MAX_BYTES: usize = 64;

/// Keys that no other process has, and nobody knows.
static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A proxy's id where it is one and could be one: it goes into the log and back to the client.
pub(super) fn of(headers: &HeaderMap) -> HeaderValue {
    let mut given = headers.get_all(NAME).iter();
    match (given.next(), given.next()) {
        (Some(id), None) if is_harmless(id) => id.clone(),
        _ => made(),
    }
}

fn is_harmless(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    (1..=MAX_BYTES).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// A number under two keyed hashes, in hexadecimal: as such it would tell everybody how many requests there are.
fn made() -> HeaderValue {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let halves = KEYS.each_ref().map(|keys| keys.hash_one(number));
    let mut digits = [0_u8; 32];
    for (place, digit) in digits.iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(halves[place / 16] >> (60 - 4 * (place % 16)) & 15) as usize];
    }
    HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(given: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for id in given {
            headers.append(NAME, HeaderValue::from_static(id));
        }
        of(&headers).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_proxys_id_is_kept_where_it_could_be_one() {
        assert_eq!(id_of(&["a-1_B.2"]), "a-1_B.2");
        for given in [&["with space"][..], &["a", "b"], &["{}"], &[""]] {
            assert_eq!(id_of(given).len(), 32, "{given:?}");
        }
    }

    #[test]
    fn no_two_requests_have_one_id() {
        let ids: std::collections::HashSet<String> = (0..1_000).map(|_| id_of(&[])).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }
}
