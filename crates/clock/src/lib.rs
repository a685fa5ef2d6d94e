//! Two clocks, both sans-IO: readings come in as arguments, nothing is read here.
//!
//! [`Visitor`] is the visitor's side: what is the server's time, how wrong may that be, and is it still so after a sleep?
//! It shows what an [`Estimator`] makes of exchanges with the server.
//! [`Slewed`] is the server's side: wall time at boot plus monotonic time, led towards the system's wall clock
//! at a bounded rate and never stepped back.

mod estimator;
mod pace;
mod slewed;
mod visitor;

pub use estimator::{DRIFT_PPM, EXCHANGE_TIMEOUT_MS, EXCHANGES_KEPT, Estimate, Estimator, Exchange};
pub use pace::{BURST_EXCHANGES, Heard, NEAR_PAUSE_MS, Pace};
pub use slewed::{MAX_SLEW_PPM, Slewed};
pub use visitor::{Shown, Visitor};
