//! Which items the crowd is at, found within milliseconds of its arrival.
//!
//! Three parts, from the request outwards:
//!
//! - [`Lanes`]: each thread writes the items that it is asked for into a ring of its own. No lock, no shared cache line
//!   on the way of a request; what finds its ring full is lost and counted.
//! - [`SpaceSaving`]: the most frequent items of a decaying window, in bounded memory, whatever keys come.
//! - [`Detector`]: empties the lanes every few milliseconds, and tells by a sequential test which items have become hot
//!   and which no longer are.
//!
//! Nothing here reads a clock or does I/O: time is an argument, as the time since any fixed moment. docs/HEAT.md has the
//! figures and the limits.

mod detector;
mod lanes;
mod space_saving;

pub use detector::{
    Change, Detector, HALF_SHARE, HOT_SHARE, MIN_HOT_TIME, MIN_PER_SECOND, Reading, TICK, TRACKED_ITEMS, WINDOW,
};
pub use lanes::{LANE_SAMPLES, Lanes, MAX_LANES, Writer};
pub use space_saving::{Estimate, SpaceSaving};

/// An item, by a number that its caller knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u64);
