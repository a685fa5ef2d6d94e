//! The rules of a flash sale, sans-IO.
//!
//! Whatever decides about stock, time or tokens stands in this crate: time, randomness and storage are arguments.
//! [`Book`] decides about one sale's units and orders and says so in [`Event`]s; the same events, replayed, give
//! the same book. [`judge_admission`] decides who may join the line, [`QuizTerms`] about answers, [`Keyring`]
//! signs what is handed out.

mod book;
mod decision;
mod event;
mod ids;
mod keyring;
mod order;
mod quiz;
mod stock;
mod terms;
mod token;
mod window;

pub use book::Book;
pub use decision::{BookOrder, CancelRefused, Decision, Intent, PaymentRefused, Settlement, StockRefused};
pub use event::{Change, Event, RefundCause, ReleaseCause};
pub use ids::{ItemId, MerchantId, OrderId, PassId, PaymentId, QuizId, SaleId, ShopperId, order_id_of};
pub use keyring::{Keyring, MIN_SECRET_BYTES, SecretTooShort};
pub use order::{OrderState, Rejection};
pub use quiz::{QuizRefusal, QuizTerms, normalise_answer, proof_holds};
pub use stock::{Stock, StockError};
pub use terms::{StockPolicy, Terms};
pub use token::{
    MAX_TOKEN_CHARS, MerchantClaims, PASS_LIFETIME_MS, PassClaims, QueueClaims, QuizClaims, SESSION_LIFETIME_MS,
    SessionClaims, Token, TokenError,
};
pub use window::{AdmissionRefusal, Phase, Window, judge_admission};
