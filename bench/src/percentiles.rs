//! Latencies, and where most of them lie.

use std::time::Duration;

#[derive(Default)]
pub(crate) struct Latencies {
    micros: Vec<u32>,
}

impl Latencies {
    pub(crate) fn add(&mut self, latency: Duration) {
        self.micros.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn extend(&mut self, others: Self) {
        self.micros.extend(others.micros);
    }

    pub(crate) fn count(&self) -> usize {
        self.micros.len()
    }

    /// The latency that `share` of all are at most, in milliseconds; nothing where there is none.
    pub(crate) fn at_ms(&mut self, share: f64) -> f64 {
        self.micros.sort_unstable();
        let index = ((self.micros.len() as f64 * share).ceil() as usize).clamp(1, self.micros.len().max(1)) - 1;
        self.micros.get(index).map_or(f64::NAN, |&micros| f64::from(micros) / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_latency_that_was_there() {
        let mut latencies = Latencies::default();
        assert!(latencies.at_ms(0.5).is_nan());
        for millis in (1..=100).rev() {
            latencies.add(Duration::from_millis(millis));
        }
        for (share, millis) in [(0.0, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            assert_eq!(latencies.at_ms(share), millis);
        }
    }
}
