//! When a page asks for the time: often while it knows little, rarely afterwards, and no oftener when everybody waits
//! for the same start.
//!
//! A burst ends when its bound is good, or when further exchanges would hardly move the estimate. After it, the least
//! pause is [`NEAR_PAUSE_MS`] less a fifth of jitter: at most four exchanges a visitor in the last minute before a start, at
//! moments that no two visitors share.

/// Exchanges in a burst, at most.
pub const BURST_EXCHANGES: usize = 16;
/// Between the answer to one and the next, so that they do not queue behind each other.
const BURST_PAUSE_MS: f64 = 120.0;
/// A bound that is good enough to end a burst.
const GOOD_BOUND_MS: f64 = 2.0;
/// Otherwise a burst has so many exchanges at least,
const LEAST_EXCHANGES: usize = 6;
/// and more where round trips differ. Each edge is that of the quickest of them, and the quickest of `n` evenly drawn ones is
/// off by an `n`th of what they differ by: a burst ends where that is as little as this.
const GOOD_GAP_MS: f64 = 0.5;

/// After the burst.
const FAR_PAUSE_MS: f64 = 60_000.0;
/// The same where a start is near.
pub const NEAR_PAUSE_MS: f64 = 20_000.0;
const NEAR_MS: f64 = 120_000.0;

/// After an exchange that failed; twice as long after each further one.
const RETRY_PAUSE_MS: f64 = 150.0;
const RETRY_PAUSE_MAX_MS: f64 = 5_000.0;

/// What a good exchange came to.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// How long it took.
    pub trip_ms: f64,
    /// The bound that stands after it.
    pub bound_ms: f64,
}

/// Paces the exchanges of one page.
#[derive(Clone, Debug)]
pub struct Pace {
    /// How long the exchanges of this burst took, the quickest first; none after the burst.
    trips_ms: Option<Vec<f64>>,
    retry_ms: f64,
}

impl Pace {
    /// Begins with a burst.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "nobody wants one")]
    pub fn new() -> Self {
        Self { trips_ms: Some(Vec::new()), retry_ms: RETRY_PAUSE_MS }
    }

    /// Milliseconds until the next exchange, before jitter, given what the last one came to (none where it failed) and the time
    /// to the start (negative after it).
    pub fn pause_ms(&mut self, heard: Option<Heard>, to_start_ms: f64) -> f64 {
        let Some(Heard { trip_ms, bound_ms }) = heard else {
            let pause_ms = self.retry_ms;
            self.retry_ms = (pause_ms * 2.0).min(RETRY_PAUSE_MAX_MS);
            return pause_ms;
        };
        self.retry_ms = RETRY_PAUSE_MS;
        if let Some(trips_ms) = &mut self.trips_ms {
            trips_ms.insert(trips_ms.partition_point(|&other_ms| other_ms < trip_ms), trip_ms);
            let made = trips_ms.len();
            // Half of the exchanges differ by it, whatever a lost packet did to the slowest.
            let spread_ms = 2.0 * (trips_ms[made / 2] - trips_ms[0]);
            let is_settled = made >= LEAST_EXCHANGES && spread_ms <= GOOD_GAP_MS * made as f64;
            if made < BURST_EXCHANGES && bound_ms > GOOD_BOUND_MS && !is_settled {
                return BURST_PAUSE_MS;
            }
            self.trips_ms = None;
        }
        if (0.0..NEAR_MS).contains(&to_start_ms) { NEAR_PAUSE_MS } else { FAR_PAUSE_MS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst(heard: impl IntoIterator<Item = (f64, f64)>) -> usize {
        let mut pace = Pace::new();
        let goes_on =
            |&(trip_ms, bound_ms): &(f64, f64)| pace.pause_ms(Some(Heard { trip_ms, bound_ms }), 1e6) == BURST_PAUSE_MS;
        heard.into_iter().take_while(goes_on).count() + 1
    }

    #[test]
    fn a_burst_ends_when_the_bound_is_good_or_the_trips_are_alike_and_at_its_limit_at_last() {
        assert_eq!(burst([(4.0, 1.9)]), 1);
        assert_eq!(burst([(20.0, 9.0), (20.0, 5.0), (4.0, 1.9)]), 3);
        assert_eq!(burst([(40.0, 20.0); 99]), LEAST_EXCHANGES);
        let with_one_lost = (0..99).map(|index| (if index == 2 { 400.0 } else { 40.0 }, 20.0));
        assert_eq!(burst(with_one_lost), LEAST_EXCHANGES);
        // Up to 8 ms apart: 8 / 16.
        assert!((9..=BURST_EXCHANGES).contains(&burst((0..99).map(|index| (40.0 + f64::from(index * 5 % 8), 20.0)))));
        assert_eq!(burst((0..99).map(|index| (200.0 + f64::from(index * 37 % 80), 100.0))), BURST_EXCHANGES);
    }

    #[test]
    fn four_exchanges_in_the_last_minute_at_most_whatever_the_jitter() {
        for least in [0.8, 1.0, 1.2] {
            for first_ms in 0..1_000 {
                let mut pace = Pace { trips_ms: None, retry_ms: RETRY_PAUSE_MS };
                let (mut to_start_ms, mut asked) = (300_000.0 - f64::from(first_ms) * 60.0, 0);
                while to_start_ms >= 0.0 {
                    asked += i32::from(to_start_ms <= 60_000.0);
                    to_start_ms -= least * pace.pause_ms(Some(Heard { trip_ms: 40.0, bound_ms: 20.0 }), to_start_ms);
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
        assert_eq!(pace.pause_ms(Some(Heard { trip_ms: 40.0, bound_ms: 20.0 }), 1e6), BURST_PAUSE_MS);
    }
}
