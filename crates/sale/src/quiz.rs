//! The timed quiz: a right answer, not too fast for a person and not too late for the sale.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::{QuizId, SaleId, ShopperId};
use crate::token::{QuizClaims, Token, TokenError};

/// How long an answer may take, at least and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuizTerms {
    pub min_answer_ms: i64,
    pub max_answer_ms: i64,
}

/// Why an answer earns no pass. Whichever it is, the quiz is burnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuizRefusal {
    TooFast,
    TooLate,
    Wrong,
}

impl QuizTerms {
    /// The claims of a question that is asked now.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "each binds the token to one thing")]
    pub fn ask(
        &self,
        tokens: &Token<QuizClaims>,
        quiz_id: QuizId,
        sale_id: SaleId,
        shopper_id: ShopperId,
        queue_life: u64,
        now_ms: i64,
        answer: &str,
        proof_bits: u8,
    ) -> QuizClaims {
        QuizClaims {
            quiz_id,
            sale_id,
            shopper_id,
            queue_life,
            issued_at_ms: now_ms,
            earliest_answer_ms: now_ms.saturating_add(self.min_answer_ms),
            expires_at_ms: now_ms.saturating_add(self.max_answer_ms),
            proof_bits,
            answer_digest: tokens.digest(&answer_message(quiz_id, answer)),
        }
    }
}

impl QuizClaims {
    /// Judges an answer by the time at which it arrived.
    pub fn judge(&self, tokens: &Token<QuizClaims>, now_ms: i64, answer: &str) -> Result<(), QuizRefusal> {
        if now_ms < self.earliest_answer_ms {
            return Err(QuizRefusal::TooFast);
        }
        if now_ms > self.expires_at_ms {
            return Err(QuizRefusal::TooLate);
        }
        let right = tokens.digest_matches(&answer_message(self.quiz_id, answer), &self.answer_digest);
        if right { Ok(()) } else { Err(QuizRefusal::Wrong) }
    }

    /// Whether the question was put to this shopper in this sale.
    pub fn is_for(&self, sale_id: SaleId, shopper_id: ShopperId) -> Result<(), TokenError> {
        if self.sale_id == sale_id && self.shopper_id == shopper_id { Ok(()) } else { Err(TokenError) }
    }
}

fn answer_message(quiz_id: QuizId, answer: &str) -> Vec<u8> {
    let mut message = b"answer".to_vec();
    message.extend_from_slice(quiz_id.0.as_bytes());
    message.extend_from_slice(normalise_answer(answer).as_bytes());
    message
}

/// Answers are compared without regard to case, to full-width or half-width forms, and to white space.
#[must_use]
pub fn normalise_answer(answer: &str) -> String {
    answer
        .chars()
        .map(|character| match character {
            // The full-width forms of ASCII stand in the same order, 0xFEE0 higher.
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
            _ => character,
        })
        .filter(|character| !character.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether SHA-256 of the token, a dot and the number in decimal begins with `bits` zero bits (hashcash).
#[must_use]
pub fn proof_holds(quiz_token: &str, proof: u64, bits: u8) -> bool {
    let digest = Sha256::new().chain_update(quiz_token).chain_update(format!(".{proof}")).finalize();
    let leading = u64::from_be_bytes(digest[..8].try_into().expect("SHA-256 has 32 bytes")).leading_zeros();
    leading >= u32::from(bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::Keyring;
    use uuid::Uuid;

    const TERMS: QuizTerms = QuizTerms { min_answer_ms: 800, max_answer_ms: 20_000 };

    fn asked(answer: &str) -> (Token<QuizClaims>, QuizClaims) {
        let tokens = Token::new(&Keyring::new(&[7; 32], None).unwrap());
        let claims = TERMS.ask(
            &tokens,
            QuizId(Uuid::from_u128(1)),
            SaleId(Uuid::from_u128(2)),
            ShopperId(Uuid::from_u128(3)),
            9,
            1_000,
            answer,
            0,
        );
        (tokens, claims)
    }

    #[test]
    fn a_right_answer_in_time_is_right() {
        let (tokens, claims) = asked("Drei Äpfel");
        assert_eq!(claims.judge(&tokens, 1_800, "  drei äpfel "), Ok(()));
        assert_eq!(claims.judge(&tokens, 21_000, "drei äpfel"), Ok(()));
    }

    #[test]
    fn time_is_judged_before_the_answer() {
        let (tokens, claims) = asked("4");
        assert_eq!(claims.judge(&tokens, 1_799, "4"), Err(QuizRefusal::TooFast));
        assert_eq!(claims.judge(&tokens, 21_001, "4"), Err(QuizRefusal::TooLate));
        assert_eq!(claims.judge(&tokens, 5_000, "5"), Err(QuizRefusal::Wrong));
    }

    #[test]
    fn full_width_digits_are_digits() {
        assert_eq!(normalise_answer("４２ ｋｇ"), "42kg");
    }

    #[test]
    fn a_question_is_for_one_shopper_in_one_sale() {
        let (_, claims) = asked("4");
        assert!(claims.is_for(SaleId(Uuid::from_u128(2)), ShopperId(Uuid::from_u128(3))).is_ok());
        assert!(claims.is_for(SaleId(Uuid::from_u128(9)), ShopperId(Uuid::from_u128(3))).is_err());
        assert!(claims.is_for(SaleId(Uuid::from_u128(2)), ShopperId(Uuid::from_u128(9))).is_err());
    }

    #[test]
    fn a_proof_must_show_its_zero_bits() {
        let proof = (0..).find(|&proof| proof_holds("token", proof, 8)).unwrap();
        assert!(proof_holds("token", proof, 8));
        assert!((0..proof).all(|earlier| !proof_holds("token", earlier, 8)));
        assert!(!proof_holds("another", proof, 40));
    }
}
