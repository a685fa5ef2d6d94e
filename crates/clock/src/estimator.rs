//! The server's clock as seen over a network that delays each way by an unknown amount.
//!
//! One exchange proves an interval and nothing more: the server's clock minus the local one is at least
//! `server_sent − local_received` (the answer cannot arrive before it was sent) and at most
//! `server_received − local_sent`. The true offset lies in every such interval, so it lies in their
//! intersection (Marzullo 1984; Cristian 1989). An old interval widens as the two clocks may have drifted apart since.
//!
//! Two intersections are taken. One widens by what drift can be at worst: it is the proof, and gives the bound. The other
//! widens by what drift mostly is, so that good exchanges of some minutes ago still count: its middle is the
//! estimate, kept within the proof. Each edge comes from the least delay of its own way, which beats the one shortest round trip
//! and averages (docs/CLOCK.md has the comparison).

use crate::MAX_SLEW_PPM;

/// How far two clocks may drift apart at worst, in parts per million: two quartzes stay within 100 of each other, and the
/// server's clock may be on its way to its system's.
pub const DRIFT_PPM: f64 = 100.0 + MAX_SLEW_PPM as f64;

/// How far they mostly drift apart. Nothing but the choice within the proven interval hangs on it.
const USUAL_DRIFT_PPM: f64 = 40.0;

/// Exchanges that take part in the intersection; the newest push out the widest.
pub const EXCHANGES_KEPT: usize = 32;

/// A round trip that took longer says next to nothing, and a page does not wait for it.
pub const EXCHANGE_TIMEOUT_MS: u32 = 3_000;

/// Browsers round their clocks, against attacks on processors: to 0.1 ms, to 1 ms, or to 100 ms. Rounded either way.
const GRAINS_US: [f64; 2] = [100_000.0, 1_000.0];
const LEAST_GRAIN_US: f64 = 100.0;

/// The server tells whole microseconds, rounded down.
const SERVER_GRAIN_US: f64 = 1.0;

/// One round trip, with two readings of each clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exchange {
    /// Local monotonic microseconds when the request left, or before.
    pub sent_us: f64,
    /// Server's epoch microseconds when the request arrived.
    pub server_received_us: i64,
    /// Server's epoch microseconds when the answer left.
    pub server_sent_us: i64,
    /// Local monotonic microseconds when the answer arrived, or after.
    pub received_us: f64,
}

impl Exchange {
    /// How coarse the local readings are, as far as they show it.
    fn grain_us(&self) -> f64 {
        let in_steps_of =
            |grain: &f64| (self.sent_us / grain).fract() == 0.0 && (self.received_us / grain).fract() == 0.0;
        GRAINS_US.into_iter().find(in_steps_of).unwrap_or(LEAST_GRAIN_US)
    }
}

/// The server's epoch microseconds minus local monotonic microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub offset_us: f64,
    /// The true offset is within `offset_us ± bound_us`.
    pub bound_us: f64,
}

#[derive(Clone, Copy, Debug)]
struct Interval {
    clock: u64,
    low_us: f64,
    high_us: f64,
    at_us: f64,
}

impl Interval {
    fn of(exchange: Exchange, clock: u64) -> Option<Self> {
        let grain_us = exchange.grain_us();
        let interval = Self {
            clock,
            low_us: exchange.server_sent_us as f64 - exchange.received_us - grain_us,
            high_us: exchange.server_received_us as f64 - exchange.sent_us + grain_us + SERVER_GRAIN_US,
            at_us: exchange.sent_us,
        };
        let took_us = exchange.received_us - exchange.sent_us;
        let usable = (0.0..=f64::from(EXCHANGE_TIMEOUT_MS) * 1e3).contains(&took_us)
            && exchange.server_sent_us >= exchange.server_received_us
            && interval.low_us <= interval.high_us;
        usable.then_some(interval)
    }

    /// The interval as it stands at `now_us`, wider by what drift may have added since it was proved.
    fn widened(&self, now_us: f64, drift_ppm: f64) -> (f64, f64) {
        let drift_us = (now_us - self.at_us).abs() * drift_ppm / 1e6;
        (self.low_us - drift_us, self.high_us + drift_us)
    }
}

/// Collects exchanges and answers with the present offset to the clock of the newest.
#[derive(Clone, Debug, Default)]
pub struct Estimator {
    /// Of the newest exchange. Where several servers answer by turns, each clock's intervals are kept for its next turn.
    clock: u64,
    intervals: Vec<Interval>,
}

impl Estimator {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one exchange in. Answers whether it was usable: a round trip that ended before it began, took less
    /// time here than the server says that it spent, or took longer than anybody waits, proves nothing.
    ///
    /// Intervals of one `clock_id` (one life of one server) say nothing about another's. An exchange that contradicts
    /// what was proved before drops it: one of the clocks was changed, and the newest word counts.
    pub fn exchange(&mut self, exchange: Exchange, clock_id: &str) -> bool {
        let clock = digest(clock_id);
        let Some(interval) = Interval::of(exchange, clock) else { return false };
        self.clock = clock;
        if self.intervals.len() == EXCHANGES_KEPT {
            self.forget_the_widest(exchange.received_us);
        }
        self.intervals.push(interval);
        let (low_us, high_us) = self.intersection(exchange.received_us, DRIFT_PPM);
        if low_us > high_us {
            self.intervals.clear();
            self.intervals.push(interval);
        }
        true
    }

    /// The offset at local monotonic `now_us`; none before the first usable exchange.
    #[must_use]
    pub fn estimate(&self, now_us: f64) -> Option<Estimate> {
        if self.intervals.is_empty() {
            return None;
        }
        let (low_us, high_us) = self.intersection(now_us, DRIFT_PPM);
        let (likely_low_us, likely_high_us) = self.intersection(now_us, USUAL_DRIFT_PPM);
        // Clocks that drift more than usual may leave nothing between the likely edges; half-way between them is still good.
        let offset_us = f64::midpoint(likely_low_us, likely_high_us).max(low_us).min(high_us);
        Some(Estimate { offset_us, bound_us: (high_us - offset_us).max(offset_us - low_us) })
    }

    /// What was proved so far no longer holds: the local monotonic clock may have stood still.
    pub fn forget(&mut self) {
        self.intervals.clear();
    }

    /// How many exchanges stand behind the estimate.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        self.of_newest_clock().count()
    }

    fn of_newest_clock(&self) -> impl Iterator<Item = &Interval> {
        self.intervals.iter().filter(|interval| interval.clock == self.clock)
    }

    fn intersection(&self, now_us: f64, drift_ppm: f64) -> (f64, f64) {
        self.of_newest_clock()
            .map(|interval| interval.widened(now_us, drift_ppm))
            .fold((f64::NEG_INFINITY, f64::INFINITY), |(low, high), (a, b)| (low.max(a), high.min(b)))
    }

    /// The widest interval says least; dropping it costs no accuracy unless it alone set an edge.
    fn forget_the_widest(&mut self, now_us: f64) {
        let width = |interval: &Interval| {
            let (low_us, high_us) = interval.widened(now_us, DRIFT_PPM);
            high_us - low_us
        };
        let widest =
            (0..self.intervals.len()).max_by(|&a, &b| width(&self.intervals[a]).total_cmp(&width(&self.intervals[b])));
        if let Some(index) = widest {
            self.intervals.swap_remove(index);
        }
    }
}

/// FNV-1a: enough to tell the few clocks that one page meets apart, and smaller than their names.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |digest, byte| (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
#[path = "estimator_tests.rs"]
mod tests;
