//! Signing: one subkey a kind of token, from one secret, valid across one rotation.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A secret shorter than this is refused.
pub const MIN_SECRET_BYTES: usize = 32;

/// The first 16 bytes of HMAC-SHA256 (RFC 2104, section 5): 128 bits.
pub(crate) const TAG_BYTES: usize = 16;

/// The secret has fewer than [`MIN_SECRET_BYTES`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret has {0} bytes; it must have at least {MIN_SECRET_BYTES}")]
pub struct SecretTooShort(pub usize);

/// The present secret's subkeys, and the former's.
#[derive(Clone)]
pub struct Keyring {
    current: Secret,
    previous: Option<Secret>,
}

#[derive(Clone)]
struct Secret {
    key_id: u8,
    root: Hkdf<Sha256>,
}

impl Secret {
    fn new(bytes: &[u8]) -> Result<Self, SecretTooShort> {
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(SecretTooShort(bytes.len()));
        }
        let root = Hkdf::<Sha256>::new(Some(b"stampede"), bytes);
        let mut key_id = [0];
        expand(&root, b"key id", &mut key_id);
        Ok(Self { key_id: key_id[0], root })
    }

    fn mac(&self, purpose: &str) -> Hmac<Sha256> {
        let mut key = [0; 32];
        expand(&self.root, purpose.as_bytes(), &mut key);
        Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length")
    }
}

fn expand(root: &Hkdf<Sha256>, info: &[u8], output: &mut [u8]) {
    root.expand(info, output).expect("at most 32 bytes are asked of HKDF, far below its limit");
}

/// One purpose's keys, ready to sign and to check.
#[derive(Clone)]
pub(crate) struct Subkeys {
    key_id: u8,
    current: Hmac<Sha256>,
    previous: Option<(u8, Hmac<Sha256>)>,
}

impl Keyring {
    /// Signs with `current`; still accepts what `previous` signed.
    pub fn new(current: &[u8], previous: Option<&[u8]>) -> Result<Self, SecretTooShort> {
        Ok(Self { current: Secret::new(current)?, previous: previous.map(Secret::new).transpose()? })
    }

    /// 32 bytes for a purpose that is not a token, such as a provider's shared secret.
    #[must_use]
    pub fn derived(&self, purpose: &str) -> [u8; 32] {
        let mut bytes = [0; 32];
        expand(&self.current.root, purpose.as_bytes(), &mut bytes);
        bytes
    }

    pub(crate) fn subkeys(&self, purpose: &str) -> Subkeys {
        Subkeys {
            key_id: self.current.key_id,
            current: self.current.mac(purpose),
            previous: self.previous.as_ref().map(|secret| (secret.key_id, secret.mac(purpose))),
        }
    }
}

impl Subkeys {
    pub(crate) const fn key_id(&self) -> u8 {
        self.key_id
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; TAG_BYTES] {
        let full = self.current.clone().chain_update(message).finalize().into_bytes();
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&full[..TAG_BYTES]);
        tag
    }

    /// By the key of that id. Constant-time in the tag.
    pub(crate) fn verify(&self, key_id: u8, message: &[u8], tag: &[u8]) -> bool {
        let by_current = key_id == self.key_id && matches(&self.current, message, tag);
        by_current || self.previous.as_ref().is_some_and(|(id, mac)| *id == key_id && matches(mac, message, tag))
    }

    /// By either key.
    pub(crate) fn verify_any(&self, message: &[u8], tag: &[u8]) -> bool {
        let by_previous = || self.previous.as_ref().is_some_and(|(_, mac)| matches(mac, message, tag));
        matches(&self.current, message, tag) || by_previous()
    }
}

fn matches(mac: &Hmac<Sha256>, message: &[u8], tag: &[u8]) -> bool {
    tag.len() == TAG_BYTES && mac.clone().chain_update(message).verify_truncated_left(tag).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_derived_follows_from_the_secret_and_the_purpose_alone() {
        let of = |byte: u8, purpose: &str| Keyring::new(&[byte; 32], None).unwrap().derived(purpose);
        assert_eq!(of(1, "webhook"), of(1, "webhook"));
        assert_ne!(of(1, "webhook"), of(1, "other"));
        assert_ne!(of(1, "webhook"), of(2, "webhook"));
        assert_ne!(of(1, "webhook"), [1; 32]);
    }
}
