//! Two clocks, both sans-IO: readings come in as arguments, nothing is read here.
//!
//! [`Estimator`] is the visitor's side: what is the server's time, and how wrong may that be?
//! [`Slewed`] is the server's side: wall time at boot plus monotonic time, led towards the system's wall clock
//! at a bounded rate and never stepped back.

mod estimator;
mod slewed;

pub use estimator::{DRIFT_PPM, EXCHANGES_KEPT, Estimate, Estimator, Exchange};
pub use slewed::{MAX_SLEW_PPM, Slewed};
