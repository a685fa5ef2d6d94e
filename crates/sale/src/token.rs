//! Signed, self-describing tokens: any node can judge them without a look-up.
//!
//! A token is base64url (RFC 4648, section 5, no padding) over: key id (1 byte), claims (postcard), tag (16 bytes).

use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ids::{MerchantId, OrderId, PassId, QuizId, SaleId, ShopperId};
use crate::keyring::{Keyring, Subkeys, TAG_BYTES};

/// Longer text is no token of ours and is not even decoded.
pub const MAX_TOKEN_CHARS: usize = 512;

/// A pass lives this long after the right answer.
pub const PASS_LIFETIME_MS: i64 = 120_000;

/// A session lives this long after the sign-in.
pub const SESSION_LIFETIME_MS: i64 = 30 * 24 * 3_600_000;

/// Not a token that we signed, for this purpose, with a key that is still good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid token")]
pub struct TokenError;

/// What a kind of token says, and the purpose that its subkey is derived for.
pub trait Claims: Serialize + DeserializeOwned {
    const PURPOSE: &'static str;
}

/// Seals and opens one kind of token.
#[derive(Clone)]
pub struct Token<C> {
    subkeys: Subkeys,
    claims: PhantomData<fn() -> C>,
}

impl<C: Claims> Token<C> {
    #[must_use]
    pub fn new(keyring: &Keyring) -> Self {
        Self { subkeys: keyring.subkeys(C::PURPOSE), claims: PhantomData }
    }

    #[must_use]
    pub fn seal(&self, claims: &C) -> String {
        let mut bytes = vec![self.subkeys.key_id()];
        bytes = postcard::to_extend(claims, bytes).expect("claims hold only what postcard can write");
        let tag = self.subkeys.sign(&bytes);
        bytes.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub fn open(&self, text: &str) -> Result<C, TokenError> {
        if text.len() > MAX_TOKEN_CHARS {
            return Err(TokenError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError)?;
        let split = bytes.len().checked_sub(TAG_BYTES).filter(|split| *split >= 1).ok_or(TokenError)?;
        let (message, tag) = bytes.split_at(split);
        if !self.subkeys.verify(message[0], message, tag) {
            return Err(TokenError);
        }
        postcard::from_bytes(&message[1..]).map_err(|_| TokenError)
    }

    /// A keyed digest beside the token's own signature, for a secret that its claims carry but must not show.
    pub(crate) fn digest(&self, message: &[u8]) -> [u8; TAG_BYTES] {
        self.subkeys.sign(message)
    }

    pub(crate) fn digest_matches(&self, message: &[u8], digest: &[u8]) -> bool {
        self.subkeys.verify_any(message, digest)
    }
}

/// A signed-in shopper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionClaims {
    pub shopper_id: ShopperId,
    pub display_name: String,
    pub expires_at_ms: i64,
}

/// A signed-in merchant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantClaims {
    pub merchant_id: MerchantId,
    pub expires_at_ms: i64,
}

/// One question, asked of one shopper in one sale at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuizClaims {
    pub quiz_id: QuizId,
    pub sale_id: SaleId,
    pub shopper_id: ShopperId,
    pub queue_life: u64,
    pub issued_at_ms: i64,
    pub earliest_answer_ms: i64,
    pub expires_at_ms: i64,
    /// On the accessible route: the zero bits that the proof must show; else 0.
    pub proof_bits: u8,
    /// Keyed, so that the token does not tell the answer.
    pub answer_digest: [u8; TAG_BYTES],
}

/// The right to one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassClaims {
    pub pass_id: PassId,
    pub sale_id: SaleId,
    pub shopper_id: ShopperId,
    pub queue_life: u64,
    pub expires_at_ms: i64,
}

/// A place in the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueClaims {
    pub sale_id: SaleId,
    pub shopper_id: ShopperId,
    pub order_id: OrderId,
    pub queue_life: u64,
    pub queue_seq: u64,
}

impl SessionClaims {
    #[must_use]
    pub const fn is_live(&self, now_ms: i64) -> bool {
        now_ms < self.expires_at_ms
    }
}

impl MerchantClaims {
    #[must_use]
    pub const fn is_live(&self, now_ms: i64) -> bool {
        now_ms < self.expires_at_ms
    }
}

impl PassClaims {
    /// Whether the pass is this shopper's, for this sale, and has not expired. That it is used once is the line's and the
    /// book's to see to.
    #[must_use]
    pub fn is_good_for(&self, sale_id: SaleId, shopper_id: ShopperId, now_ms: i64) -> bool {
        self.sale_id == sale_id && self.shopper_id == shopper_id && now_ms < self.expires_at_ms
    }
}

impl Claims for SessionClaims {
    const PURPOSE: &'static str = "session 1";
}

impl Claims for MerchantClaims {
    const PURPOSE: &'static str = "merchant session 1";
}

impl Claims for QuizClaims {
    const PURPOSE: &'static str = "quiz 1";
}

impl Claims for PassClaims {
    const PURPOSE: &'static str = "pass 1";
}

impl Claims for QueueClaims {
    const PURPOSE: &'static str = "queue 1";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn claims() -> PassClaims {
        PassClaims {
            pass_id: PassId(Uuid::from_u128(1)),
            sale_id: SaleId(Uuid::from_u128(2)),
            shopper_id: ShopperId(Uuid::from_u128(3)),
            queue_life: 4,
            expires_at_ms: 5,
        }
    }

    fn ring(current: u8, previous: Option<u8>) -> Keyring {
        let previous = previous.map(|byte| [byte; 32]);
        Keyring::new(&[current; 32], previous.as_ref().map(<[u8; 32]>::as_slice)).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_to_the_same_claims() {
        let token = Token::new(&ring(1, None));
        assert_eq!(token.open(&token.seal(&claims())), Ok(claims()));
    }

    #[test]
    fn a_pass_is_for_one_shopper_and_one_sale_until_it_expires() {
        let (pass, other) = (claims(), Uuid::from_u128(9));
        assert!(pass.is_good_for(pass.sale_id, pass.shopper_id, 4));
        assert!(!pass.is_good_for(pass.sale_id, pass.shopper_id, 5));
        assert!(!pass.is_good_for(SaleId(other), pass.shopper_id, 4));
        assert!(!pass.is_good_for(pass.sale_id, ShopperId(other), 4));
    }

    #[test]
    fn sessions_last_thirty_days_and_not_a_millisecond_longer() {
        assert_eq!(SESSION_LIFETIME_MS, 2_592_000_000);
        let shopper_id = ShopperId(Uuid::from_u128(1));
        let session = SessionClaims { shopper_id, display_name: String::new(), expires_at_ms: 5 };
        assert!(session.is_live(4) && !session.is_live(5));
        let merchant = MerchantClaims { merchant_id: MerchantId(Uuid::from_u128(1)), expires_at_ms: 5 };
        assert!(merchant.is_live(4) && !merchant.is_live(5));
    }

    #[test]
    fn a_token_may_be_as_long_as_it_may_be_and_no_longer() {
        let token = Token::<SessionClaims>::new(&ring(1, None));
        let sealed = |name_chars: usize| {
            let shopper_id = ShopperId(Uuid::from_u128(1));
            token.seal(&SessionClaims { shopper_id, display_name: "n".repeat(name_chars), expires_at_ms: 5 })
        };
        let fits = (1..MAX_TOKEN_CHARS).rev().map(sealed).find(|text| text.len() == MAX_TOKEN_CHARS).unwrap();
        assert!(token.open(&fits).is_ok());
        assert_eq!(token.open(&sealed(MAX_TOKEN_CHARS)), Err(TokenError));
        assert_eq!(token.open(&sealed(400)), Err(TokenError));
    }

    #[test]
    fn a_tag_that_the_former_secret_did_not_make_is_refused_under_its_key_id_too() {
        let former = Token::<PassClaims>::new(&ring(1, None));
        let rotated = Token::<PassClaims>::new(&ring(2, Some(1)));
        let sealed = former.seal(&claims());
        assert!(rotated.open(&sealed).is_ok());
        let mut bytes = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        assert_eq!(rotated.open(&URL_SAFE_NO_PAD.encode(bytes)), Err(TokenError));
    }

    #[test]
    fn a_token_of_one_kind_is_no_token_of_another() {
        let ring = ring(1, None);
        let pass = Token::<PassClaims>::new(&ring).seal(&claims());
        assert_eq!(Token::<QueueClaims>::new(&ring).open(&pass), Err(TokenError));
    }

    #[test]
    fn a_token_outlives_one_rotation_and_not_two() {
        let sealed = Token::new(&ring(1, None)).seal(&claims());
        assert!(Token::<PassClaims>::new(&ring(2, Some(1))).open(&sealed).is_ok());
        assert!(Token::<PassClaims>::new(&ring(3, Some(2))).open(&sealed).is_err());
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert_eq!(Keyring::new(&[0; 31], None).err(), Some(crate::SecretTooShort(31)));
    }

    #[test]
    fn text_that_is_no_token_is_refused() {
        let token = Token::<PassClaims>::new(&ring(1, None));
        for text in ["", "A", "AAAA", "===", "not a token", &"A".repeat(MAX_TOKEN_CHARS + 4)] {
            assert_eq!(token.open(text), Err(TokenError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_single_changed_byte_is_accepted(at in any::<prop::sample::Index>(), flip in 1_u8..=255) {
            let token = Token::<PassClaims>::new(&ring(1, None));
            let mut bytes = URL_SAFE_NO_PAD.decode(token.seal(&claims())).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert_eq!(token.open(&URL_SAFE_NO_PAD.encode(bytes)), Err(TokenError));
        }
    }
}
