//! When a page asks for the time: often while it knows little, rarely afterwards, and no oftener when everybody waits
//! for the same start.
//!
//! A burst ends when its bound is good or stops shrinking. After it, the least pause is [`NEAR_PAUSE_MS`] less a fifth of
//! jitter: at most four exchanges a visitor in the last minute before a start, at moments that no two visitors share.

/// Exchanges in a burst, at most.
pub const BURST_EXCHANGES: usize = 12;
/// Between the answer to one and the next, so that they do not queue behind each other.
const BURST_PAUSE_MS: f64 = 120.0;
/// A bound that is good enough to end a burst.
const GOOD_BOUND_MS: f64 = 2.0;
/// A burst ends, too, where so many exchanges in a row have shrunk the bound by less than [`WORTH`] of it.
const PATIENCE: usize = 5;
const WORTH: f64 = 0.02;

/// After the burst.
const FAR_PAUSE_MS: f64 = 60_000.0;
/// The same where a start is near.
pub const NEAR_PAUSE_MS: f64 = 20_000.0;
const NEAR_MS: f64 = 120_000.0;

/// After an exchange that failed; twice as long after each further one.
const RETRY_PAUSE_MS: f64 = 150.0;
const RETRY_PAUSE_MAX_MS: f64 = 5_000.0;

/// Paces the exchanges of one page.
#[derive(Clone, Debug)]
pub struct Pace {
    /// What the exchanges of this burst reached, oldest first; none after the burst.
    bounds_ms: Option<Vec<f64>>,
    retry_ms: f64,
}

impl Pace {
    /// Begins with a burst.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "nobody wants one")]
    pub fn new() -> Self {
        Self { bounds_ms: Some(Vec::new()), retry_ms: RETRY_PAUSE_MS }
    }

    /// Milliseconds until the next exchange, before jitter, given the bound that stands after the last one (none where
    /// it failed) and the time to the start (negative after it).
    pub fn pause_ms(&mut self, bound_ms: Option<f64>, to_start_ms: f64) -> f64 {
        let Some(bound_ms) = bound_ms else {
            let pause_ms = self.retry_ms;
            self.retry_ms = (pause_ms * 2.0).min(RETRY_PAUSE_MAX_MS);
            return pause_ms;
        };
        self.retry_ms = RETRY_PAUSE_MS;
        if let Some(bounds_ms) = &mut self.bounds_ms {
            bounds_ms.push(bound_ms);
            let made = bounds_ms.len();
            let stuck = made > PATIENCE && bound_ms > bounds_ms[made - 1 - PATIENCE] * (1.0 - WORTH);
            if made < BURST_EXCHANGES && bound_ms > GOOD_BOUND_MS && !stuck {
                return BURST_PAUSE_MS;
            }
            self.bounds_ms = None;
        }
        if (0.0..NEAR_MS).contains(&to_start_ms) { NEAR_PAUSE_MS } else { FAR_PAUSE_MS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst(bounds_ms: impl IntoIterator<Item = f64>) -> usize {
        let mut pace = Pace::new();
        bounds_ms.into_iter().take_while(|&bound_ms| pace.pause_ms(Some(bound_ms), 1e6) == BURST_PAUSE_MS).count() + 1
    }

    #[test]
    fn a_burst_ends_when_the_bound_is_good_or_stuck_and_at_its_limit_at_last() {
        assert_eq!(burst([1.9]), 1);
        assert_eq!(burst([9.0, 5.0, 1.9]), 3);
        assert_eq!(burst([20.0; 99]), PATIENCE + 1);
        assert_eq!(burst((0..99).map(|step| 100.0 - f64::from(step))), BURST_EXCHANGES);
    }

    #[test]
    fn four_exchanges_in_the_last_minute_at_most_whatever_the_jitter() {
        for least in [0.8, 1.0, 1.2] {
            for first_ms in 0..1_000 {
                let mut pace = Pace { bounds_ms: None, retry_ms: RETRY_PAUSE_MS };
                let (mut to_start_ms, mut asked) = (300_000.0 - f64::from(first_ms) * 60.0, 0);
                while to_start_ms >= 0.0 {
                    asked += i32::from(to_start_ms <= 60_000.0);
                    to_start_ms -= least * pace.pause_ms(Some(20.0), to_start_ms);
                }
                assert!((2..=4).contains(&asked), "{asked} with {least} from {first_ms}");
            }
        }
    }

    #[test]
    fn failures_are_tried_again_soon_and_then_less_and_less_often() {
        let mut pace = Pace::new();
        let pauses_ms: Vec<f64> = (0..7).map(|_| pace.pause_ms(None, 1e6)).collect();
        assert_eq!(pauses_ms, [150.0, 300.0, 600.0, 1_200.0, 2_400.0, 4_800.0, 5_000.0]);
        assert_eq!(pace.pause_ms(Some(20.0), 1e6), BURST_PAUSE_MS);
    }
}
