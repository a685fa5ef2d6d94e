//! The timed quiz between Buy and the queue.

use serde::{Deserialize, Serialize};

/// `POST /api/sales/{sale_id}/quiz`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenQuiz {
    /// Asks for the equal route for those who cannot see the picture.
    #[serde(default)]
    pub accessible: bool,
    /// The language of the question in words, as a tag (BCP 47): `en` or `zh-Hans`. A merchant's own question stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// A question, bound to the shopper, the sale and the time of issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuizIssued {
    pub quiz_token: String,
    /// A PNG of the question. Where `question` is there, that one is to be answered and not the picture's.
    pub image_url: String,
    /// The question in words, on the accessible route only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// On the accessible route only: the answer must carry a `proof` for this puzzle (see [`AnswerQuiz`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_bits: Option<u32>,
    pub issued_at_ms: i64,
    /// An answer before this is a machine's: `answer_too_fast`.
    pub earliest_answer_ms: i64,
    /// An answer after this is `answer_too_late`.
    pub expires_at_ms: i64,
    /// Only while the quiz is switched off: the pass itself. Go straight on to the order; the question need not be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<String>,
}

/// `POST /api/sales/{sale_id}/quiz/answer`. Any answer, right or wrong, burns the quiz.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AnswerQuiz {
    pub quiz_token: String,
    pub answer: String,
    /// Where `proof_bits` was asked for: a number such that SHA-256 of `quiz_token` + `.` + the number in decimal
    /// begins with at least that many zero bits (hashcash).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<u64>,
}

/// A right answer's reward: good for one order, for a short time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PassIssued {
    pub pass: String,
    pub expires_at_ms: i64,
}
