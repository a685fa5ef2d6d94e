//! The rules of a flash sale, sans-IO.
//!
//! Whatever decides about stock, time or tokens stands in this crate: time, randomness and storage are arguments.
//! [`Book`] decides about one sale's units and orders and says so in [`Event`]s; the same events, replayed, give
//! the same book. [`judge_admission`] decides who may join the line, [`QuizTerms`] about answers, [`Keyring`]
//! signs what is handed out.

mod book;
mod book_apply;
mod book_draw;
mod book_money;
mod decision;
mod draw_terms;
mod eligibility;
mod event;
mod ids;
mod keyring;
mod order;
mod quiz;
mod shelf;
mod stock;
mod strikes;
mod terms;
mod token;
mod window;

pub use book::Book;
pub use book_apply::BrokenLog;
pub use book_draw::{DRAW_PAUSE_MS, MAX_ENTRIES};
pub use decision::{
    BookOrder, CancelRefused, Decision, DrawOutlook, Intent, Outlook, Outlooks, PaymentRefused, Settlement,
    StockRefused, Waiter,
};
pub use draw_terms::{DrawRefused, DrawSeed, DrawStage, DrawTerms, EntryWindow, Hex32, OurSha256};
pub use eligibility::{Eligibility, Ineligible};
pub use event::{Change, Charge, Event, RefundCause, ReleaseCause};
pub use ids::{ItemId, MerchantId, OrderId, PassId, PaymentId, QuizId, SaleId, ShopperId, order_id_of};
pub use keyring::{Keyring, MIN_SECRET_BYTES, SecretTooShort};
pub use order::{OrderState, Outcome, Rejection};
pub use quiz::{QuizRefusal, QuizTerms, normalise_answer, proof_holds};
pub use shelf::{Left, Shelf, Units};
pub use stock::{Stock, StockError};
pub use strikes::{MAX_STRIKES_KEPT, MarkedOrders, StrikeTerms, Strikes};
pub use terms::{StockPolicy, Terms};
pub use token::{
    MAX_TOKEN_CHARS, MerchantClaims, PASS_LIFETIME_MS, PassClaims, QueueClaims, QuizClaims, SESSION_LIFETIME_MS,
    SessionClaims, Token, TokenError,
};
pub use window::{AdmissionRefusal, Phase, Window, judge_admission};
