//! The page that stands in for item pages while `waiting_page` is switched on, and the script that ends the wait.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::secret;

/// What the page loads. Small, kept for good under its digest, and at an address that edges keep.
pub(crate) const SCRIPT: &str = include_str!("waiting.js");

/// Where the script is.
pub(crate) static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| {
    let digest = secret::hex(&Sha256::digest(SCRIPT)[..8]);
    format!("/assets/waiting.{digest}.js")
});

/// What a browser holds the script against (Subresource Integrity).
pub(crate) static SCRIPT_INTEGRITY: LazyLock<String> = LazyLock::new(|| {
    // SHA-256 has 32 bytes: 10 groups of three, and two bytes.
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("sha256-");
    for group in Sha256::digest(SCRIPT).chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, index| bits << 8 | u32::from(group.get(index).copied().unwrap_or(0)));
        for letter in 0..4 {
            let six = (bits >> (18 - 6 * letter)) & 63;
            text.push(if letter <= group.len() { char::from(LETTERS[six as usize]) } else { '=' });
        }
    }
    text
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_named_with_its_digest_in_base64() {
        let integrity = SCRIPT_INTEGRITY.as_str();
        assert_eq!(integrity.len(), "sha256-".len() + 44);
        assert!(integrity.ends_with('=') && !integrity.ends_with("=="), "{integrity}");
        assert!(SCRIPT_PATH.starts_with("/assets/waiting."));
    }
}
