//! SHA-256, as whoever runs this has it, and what is built on it.

/// A SHA-256 digest.
pub type Digest = [u8; 32];

/// The caller's SHA-256 (FIPS 180-4).
pub trait Sha256 {
    /// The digest of all parts, one after the other.
    fn digest(parts: &[&[u8]]) -> Digest;
}

const BLOCK_BYTES: usize = 64;

/// HMAC-SHA-256 (RFC 2104) under a key of 32 bytes.
#[must_use]
pub fn hmac<H: Sha256>(key: &Digest, parts: &[&[u8]]) -> Digest {
    let padded = |pad: u8| {
        let mut block = [pad; BLOCK_BYTES];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner_key = padded(0x36);
    let mut inner: Vec<&[u8]> = Vec::with_capacity(parts.len() + 1);
    inner.push(&inner_key);
    inner.extend(parts);
    H::digest(&[&padded(0x5c), &H::digest(&inner)])
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Lower-case hexadecimal.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// So many bytes from lower-case hexadecimal, and nothing else.
#[must_use]
pub fn from_hex<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * BYTES {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}
