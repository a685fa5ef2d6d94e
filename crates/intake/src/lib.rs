//! The line in front of a sale.
//!
//! A [`Line`] is one sale's queue in one life of the process. It gives out quiz and pass slots, admits orders, and
//! says where each stands. The committer takes orders from its head and reports back what became of them, after
//! the commit and never before.

mod line;
mod pace;
mod place;
mod queue;
mod register;
mod speed;
mod state;

pub use line::Line;
pub use pace::{ENTERED_POLL_MAX_MS, POLL_AFTER_MAX_MS, POLL_AFTER_MIN_MS, entered_poll_after_ms, poll_after_ms};
pub use place::{
    AdmitRefused, Application, LineTerms, MAX_QUEUED_ORDERS, MAX_SEATS, MAX_SHOPPERS, Mismatch, PastSeat, Place,
    Report, Status,
};
pub use speed::{FIRST_GUESS_PER_SECOND, ORDERS_PER_TURN};
