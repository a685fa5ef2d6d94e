//! The server's clock as seen over a network that delays each way by an unknown amount.
//!
//! One exchange proves an interval and nothing more: the server's clock minus the local one is at least
//! `server_sent − local_received` (the answer cannot arrive before it was sent) and at most
//! `server_received − local_sent`. The true offset lies in every such interval, so it lies in their
//! intersection (Marzullo 1984; Cristian 1989). The estimate is the middle, the bound is half the width: it holds
//! on any network, symmetric or not. An old interval widens as the two clocks may have drifted apart since.

/// How far two clocks may drift apart, in parts per million. Quartz in phones and servers stays within 100.
pub const DRIFT_PPM: f64 = 100.0;

/// Exchanges that take part in the intersection; the newest push out the oldest.
pub const EXCHANGES_KEPT: usize = 32;

/// One round trip, with two readings of each clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exchange {
    /// Local monotonic microseconds when the request left.
    pub sent_us: f64,
    /// Server's epoch microseconds when the request arrived.
    pub server_received_us: i64,
    /// Server's epoch microseconds when the answer left.
    pub server_sent_us: i64,
    /// Local monotonic microseconds when the answer arrived.
    pub received_us: f64,
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
    low_us: f64,
    high_us: f64,
    at_us: f64,
}

impl Interval {
    /// The interval as it stands at `now_us`, wider by what drift may have added since it was proved.
    fn widened(self, now_us: f64) -> (f64, f64) {
        let drift_us = (now_us - self.at_us).abs() * DRIFT_PPM / 1e6;
        (self.low_us - drift_us, self.high_us + drift_us)
    }
}

/// Collects exchanges with one server clock and answers with the present offset.
#[derive(Clone, Debug, Default)]
pub struct Estimator {
    clock_id: String,
    intervals: Vec<Interval>,
}

impl Estimator {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one exchange in. Answers whether it was usable: a round trip that ended before it began, or took less
    /// time here than the server says that it spent, proves nothing.
    ///
    /// A new `clock_id` (the server restarted, or another one answered) drops what the old clock proved. So does an
    /// exchange that contradicts the rest: one of the clocks was changed, and the newest word counts.
    pub fn exchange(&mut self, exchange: Exchange, clock_id: &str) -> bool {
        let interval = Interval {
            low_us: exchange.server_sent_us as f64 - exchange.received_us,
            high_us: exchange.server_received_us as f64 - exchange.sent_us,
            at_us: exchange.received_us,
        };
        let usable = exchange.received_us >= exchange.sent_us
            && exchange.server_sent_us >= exchange.server_received_us
            && interval.low_us <= interval.high_us;
        if !usable {
            return false;
        }
        if self.clock_id != clock_id {
            self.clock_id = clock_id.to_owned();
            self.intervals.clear();
        }
        if self.intervals.len() == EXCHANGES_KEPT {
            self.forget_the_widest(exchange.received_us);
        }
        self.intervals.push(interval);
        if self.intersection(exchange.received_us).is_none() {
            self.intervals.clear();
            self.intervals.push(interval);
        }
        true
    }

    /// The offset at local monotonic `now_us`; none before the first usable exchange.
    #[must_use]
    pub fn estimate(&self, now_us: f64) -> Option<Estimate> {
        let (low_us, high_us) = self.intersection(now_us)?;
        Some(Estimate { offset_us: f64::midpoint(low_us, high_us), bound_us: (high_us - low_us) / 2.0 })
    }

    /// How many exchanges stand behind the estimate.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        self.intervals.len()
    }

    fn intersection(&self, now_us: f64) -> Option<(f64, f64)> {
        if self.intervals.is_empty() {
            return None;
        }
        let (low_us, high_us) = self
            .intervals
            .iter()
            .map(|interval| interval.widened(now_us))
            .fold((f64::NEG_INFINITY, f64::INFINITY), |(low, high), (a, b)| (low.max(a), high.min(b)));
        (low_us <= high_us).then_some((low_us, high_us))
    }

    /// The widest interval says least; dropping it costs no accuracy unless it alone set an edge.
    fn forget_the_widest(&mut self, now_us: f64) {
        let width = |interval: &Interval| {
            let (low_us, high_us) = interval.widened(now_us);
            high_us - low_us
        };
        let widest =
            (0..self.intervals.len()).max_by(|&a, &b| width(&self.intervals[a]).total_cmp(&width(&self.intervals[b])));
        if let Some(index) = widest {
            self.intervals.swap_remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EPOCH_US: f64 = 1.8e15;

    /// An exchange that starts at local `at_us`, with the true offset and the delay of each way.
    fn over(at_us: f64, offset_us: f64, out_us: f64, back_us: f64) -> Exchange {
        Exchange {
            sent_us: at_us,
            server_received_us: (at_us + out_us + offset_us).floor() as i64,
            server_sent_us: (at_us + out_us + offset_us).floor() as i64,
            received_us: at_us + out_us + back_us + 2.0,
        }
    }

    #[test]
    fn says_nothing_before_the_first_exchange() {
        assert_eq!(Estimator::new().estimate(0.0), None);
    }

    #[test]
    fn an_even_network_gives_the_true_offset() {
        let mut estimator = Estimator::new();
        estimator.exchange(over(1_000.0, EPOCH_US, 20_000.0, 20_000.0), "a");
        let estimate = estimator.estimate(41_000.0).unwrap();
        assert!((estimate.offset_us - EPOCH_US).abs() < 10.0, "{estimate:?}");
        assert!((estimate.bound_us - 20_000.0).abs() < 20.0, "{estimate:?}");
    }

    #[test]
    fn the_shortest_round_trip_sets_the_bound() {
        let mut estimator = Estimator::new();
        for (at_us, delay_us) in [(0.0, 90_000.0), (1e6, 5_000.0), (2e6, 200_000.0)] {
            estimator.exchange(over(at_us, EPOCH_US, delay_us, delay_us), "a");
        }
        assert!(estimator.estimate(2e6).unwrap().bound_us < 5_200.0);
    }

    #[test]
    fn another_clock_starts_anew() {
        let mut estimator = Estimator::new();
        estimator.exchange(over(0.0, EPOCH_US, 5_000.0, 5_000.0), "a");
        estimator.exchange(over(1e6, EPOCH_US + 4e6, 5_000.0, 5_000.0), "b");
        assert!((estimator.estimate(1e6).unwrap().offset_us - EPOCH_US - 4e6).abs() < 200.0);
        assert_eq!(estimator.exchanges(), 1);
    }

    #[test]
    fn a_contradiction_drops_what_was_proved_before() {
        let mut estimator = Estimator::new();
        estimator.exchange(over(0.0, EPOCH_US, 5_000.0, 5_000.0), "a");
        estimator.exchange(over(1e6, EPOCH_US + 9e6, 5_000.0, 5_000.0), "a");
        assert!((estimator.estimate(1e6).unwrap().offset_us - EPOCH_US - 9e6).abs() < 200.0);
    }

    #[test]
    fn an_impossible_round_trip_is_refused() {
        let mut estimator = Estimator::new();
        let mut exchange = over(5_000.0, EPOCH_US, 1_000.0, 1_000.0);
        exchange.received_us = 4_000.0;
        assert!(!estimator.exchange(exchange, "a"));
        assert_eq!(estimator.estimate(0.0), None);
    }

    proptest! {
        #[test]
        fn the_bound_is_true_on_every_network_with_clocks_that_drift_within_their_limit(
            offset_s in -1e9_f64..1e9,
            drift_ppm in -99.0_f64..99.0,
            trips in prop::collection::vec((0.0_f64..30e6, 50.0_f64..400_000.0, 50.0_f64..400_000.0), 1..80),
            later_us in 0.0_f64..600e6,
        ) {
            // At local t the server's clock shows t · (1 + drift) + offset.
            let server_us = |local_us: f64| local_us * (1.0 + drift_ppm / 1e6) + EPOCH_US / 1e3 + offset_s * 1e3;
            let mut estimator = Estimator::new();
            let mut now_us = 0.0;
            for (gap_us, out_us, back_us) in trips {
                now_us += gap_us;
                let exchange = Exchange {
                    sent_us: now_us,
                    server_received_us: server_us(now_us + out_us) as i64,
                    server_sent_us: server_us(now_us + out_us) as i64,
                    received_us: now_us + out_us + back_us,
                };
                now_us = exchange.received_us;
                estimator.exchange(exchange, "a");
            }
            now_us += later_us;
            let estimate = estimator.estimate(now_us).unwrap();
            let truth_us = server_us(now_us) - now_us;
            // Two microseconds for the readings' rounding to whole ones.
            prop_assert!((estimate.offset_us - truth_us).abs() <= estimate.bound_us + 2.0);
        }
    }
}
