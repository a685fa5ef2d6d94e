//! Errors on the wire: RFC 9457 problem details with a stable `code`.

use serde::{Deserialize, Serialize};

/// `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `about:blank`: the status and the code say it all (RFC 9457, section 4.2.1).
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// Stable; clients may branch on it.
    pub code: Code,
    /// What was wrong this time, for a person.
    pub detail: String,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal;)*) => {
        /// Every error code, with the HTTP status that it always comes with.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Code {
            /// All codes, in the order of their definition.
            pub const ALL: &[Code] = &[$(Code::$name),*];

            /// The code as it stands on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// The HTTP status that the code comes with.
            pub const fn status(self) -> u16 {
                match self { $(Code::$name => $status,)* }
            }
        }
    };
}

codes! {
    // The order's path, before the queue.
    SaleNotOpen = "sale_not_open", 409;
    SaleEnded = "sale_ended", 409;
    SalePaused = "sale_paused", 409;
    EntriesClosed = "entries_closed", 409;
    SoldOut = "sold_out", 409;
    LimitReached = "limit_reached", 409;
    PassInvalid = "pass_invalid", 403;
    IdempotencyMismatch = "idempotency_mismatch", 422;
    IdempotencyKeyInvalid = "idempotency_key_invalid", 400;
    RateLimited = "rate_limited", 429;
    Busy = "busy", 503;
    // The quiz.
    NotEligible = "not_eligible", 403;
    QuizUsed = "quiz_used", 409;
    QuizInvalid = "quiz_invalid", 403;
    AnswerWrong = "answer_wrong", 422;
    AnswerTooFast = "answer_too_fast", 422;
    AnswerTooLate = "answer_too_late", 422;
    // Orders and payments.
    OrderNotPayable = "order_not_payable", 409;
    OrderNotCancellable = "order_not_cancellable", 409;
    SignatureInvalid = "signature_invalid", 401;
    EventTooOld = "event_too_old", 400;
    PaymentMismatch = "payment_mismatch", 422;
    // Accounts.
    SignedOut = "signed_out", 401;
    CredentialsInvalid = "credentials_invalid", 401;
    EmailTaken = "email_taken", 409;
    CrossSite = "cross_site", 403;
    // Merchants.
    SlugTaken = "slug_taken", 409;
    SaleHasStarted = "sale_has_started", 409;
    SaleCalledOff = "sale_called_off", 409;
    StockBelowSold = "stock_below_sold", 409;
    NotOffered = "not_offered", 422;
    // Draws.
    DrawNotHeld = "draw_not_held", 409;
    BeaconRefused = "beacon_refused", 409;
    PurgePending = "purge_pending", 503;
    // Plan B.
    OrdersPaused = "orders_paused", 503;
    QueueOnly = "queue_only", 503;
    ReadOnly = "read_only", 503;
    // Any request.
    RequestInvalid = "request_invalid", 400;
    BodyInvalid = "body_invalid", 400;
    FieldInvalid = "field_invalid", 422;
    QueryInvalid = "query_invalid", 400;
    BodyTooLarge = "body_too_large", 413;
    MediaTypeUnsupported = "media_type_unsupported", 415;
    MethodNotAllowed = "method_not_allowed", 405;
    NotFound = "not_found", 404;
    Timeout = "timeout", 503;
    Internal = "internal", 500;
}

/// By hand: the derive does not see through the macro to the codes' names on the wire.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Code {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("Stable error codes."))
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Code {
    fn name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn a_code_reads_the_same_in_json_and_as_text() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{}\"", code.as_str()));
            assert!((400..600).contains(&code.status()));
        }
    }
}
