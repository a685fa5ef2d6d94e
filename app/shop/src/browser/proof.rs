//! The proof of work on the quiz's equal route (hashcash): what a picture costs a machine, this costs it too.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::sleep_ms;

/// Hashes under way at once; between two chunks the page may breathe.
const CHUNK: u64 = 512;
/// Twenty-four bits are found within this but for one time in e^64.
const MOST_TRIES: u64 = 1 << 30;

/// A number such that SHA-256 of `token.number` begins with at least `bits` zero bits. None where the browser has
/// no `crypto.subtle` (a page without TLS).
pub(crate) async fn find(token: &str, bits: u32) -> Option<u64> {
    let subtle = web_sys::window()?.crypto().ok()?.subtle();
    let mut first = 0;
    while first < MOST_TRIES {
        let digests = Array::new();
        for number in first..first + CHUNK {
            let text = [token, ".", &number.to_string()].concat().into_bytes();
            digests.push(&subtle.digest_with_str_and_u8_array("SHA-256", &text).ok()?.into());
        }
        let digests = Array::from(&JsFuture::from(Promise::all(&digests)).await.ok()?);
        let found = digests.iter().position(|digest| zero_bits(&digest) >= bits);
        if let Some(index) = found {
            return Some(first + index as u64);
        }
        first += CHUNK;
        sleep_ms(0.0).await;
    }
    None
}

fn zero_bits(digest: &JsValue) -> u32 {
    let bytes = Uint8Array::new(digest);
    let mut bits = 0;
    for index in 0..bytes.length() {
        let byte = bytes.get_index(index);
        bits += byte.leading_zeros();
        if byte != 0 {
            break;
        }
    }
    bits
}
