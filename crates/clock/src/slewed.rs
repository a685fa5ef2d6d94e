//! The server's clock: wall time at boot plus monotonic time, slewed, never stepped back.

/// How fast the clock is led towards the system's wall clock, in parts per million. Slower than `adjtime` (500): every visitor's
/// bound grows by this much. A system that keeps its time leads its monotonic clock too, so that only steps are left to follow.
pub const MAX_SLEW_PPM: i64 = 100;

/// A clock made of an anchor and a rate. Readings of the monotonic clock come in as arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slewed {
    anchor_monotonic_us: i64,
    anchor_wall_us: i64,
    rate_ppm: i64,
}

impl Slewed {
    /// Starts at the system's wall time.
    #[must_use]
    pub fn new(monotonic_us: i64, wall_us: i64) -> Self {
        Self { anchor_monotonic_us: monotonic_us, anchor_wall_us: wall_us, rate_ppm: 0 }
    }

    /// Epoch microseconds at a monotonic reading.
    #[must_use]
    pub fn now_us(&self, monotonic_us: i64) -> i64 {
        let elapsed_us = (monotonic_us - self.anchor_monotonic_us).max(0);
        self.anchor_wall_us + elapsed_us + elapsed_us * self.rate_ppm / 1_000_000
    }

    /// Takes a reading of the system's wall clock and answers with the clock to use from now on: one that goes on
    /// from the present reading and closes the gap at [`MAX_SLEW_PPM`] at most, over `horizon_us`.
    #[must_use]
    pub fn disciplined(&self, monotonic_us: i64, wall_us: i64, horizon_us: i64) -> Self {
        let now_us = self.now_us(monotonic_us);
        let gap_us = i128::from(wall_us) - i128::from(now_us);
        let wanted_ppm = gap_us * 1_000_000 / i128::from(horizon_us.max(1));
        let limit_ppm = i128::from(MAX_SLEW_PPM);
        Self {
            anchor_monotonic_us: monotonic_us.max(self.anchor_monotonic_us),
            anchor_wall_us: now_us,
            rate_ppm: wanted_ppm.clamp(-limit_ppm, limit_ppm) as i64,
        }
    }

    /// How far the system's wall clock is ahead of this one.
    #[must_use]
    pub fn gap_us(&self, monotonic_us: i64, wall_us: i64) -> i64 {
        wall_us - self.now_us(monotonic_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_wall_clock_stepped_back_an_hour_does_not_step_this_one() {
        let clock = Slewed::new(0, 7_200_000_000);
        let before = clock.now_us(1_000_000);
        let clock = clock.disciplined(1_000_000, 3_600_000_000, 1_000_000);
        assert_eq!(clock.now_us(1_000_000), before);
        assert!(clock.now_us(2_000_000) >= before + 999_900);
    }

    #[test]
    fn a_small_gap_is_closed_within_the_horizon() {
        let clock = Slewed::new(0, 0).disciplined(0, 80, 1_000_000);
        assert_eq!(clock.now_us(1_000_000), 1_000_080);
    }

    proptest! {
        #[test]
        fn never_runs_backwards_whatever_the_system_says(
            steps in prop::collection::vec((0_i64..5_000_000, -1_i64 << 50..1_i64 << 50), 1..50)
        ) {
            let mut clock = Slewed::new(0, 1_700_000_000_000_000);
            let (mut monotonic_us, mut last_us) = (0, clock.now_us(0));
            for (gap_us, wall_us) in steps {
                monotonic_us += gap_us;
                clock = clock.disciplined(monotonic_us, wall_us, 1_000_000);
                let now_us = clock.now_us(monotonic_us);
                prop_assert!(now_us >= last_us);
                last_us = now_us;
            }
        }
    }
}
