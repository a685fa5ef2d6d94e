//! How long a client is asked to wait before it polls again.

/// Nobody is asked to poll faster than this.
pub const POLL_AFTER_MIN_MS: u64 = 150;

/// Nobody waits longer than this to hear that the units ahead are gone.
pub const POLL_AFTER_MAX_MS: u64 = 2_000;

/// Who has entered a draw hears of it within this time after it, at the latest.
pub const ENTERED_POLL_MAX_MS: u64 = 20_000;

/// Nothing changes for an entry before the draw, which is so far away: it need not ask before, but now and then, to be told of
/// a sale that was called off.
#[must_use]
pub fn entered_poll_after_ms(draw_in_ms: i64, spread: u64) -> u64 {
    let bounded_ms = draw_in_ms.max(0).unsigned_abs().clamp(1_000, ENTERED_POLL_MAX_MS * 4 / 5);
    spread_out(bounded_ms, spread)
}

/// Half of the time that the line needs, at its present speed, to get to `position`; bounded, and spread by up to a
/// quarter so that those who came together do not poll together. `spread` is any number that differs between them.
#[must_use]
pub fn poll_after_ms(position: u64, decided_per_second: u64, spread: u64) -> u64 {
    let half_way_ms = position.saturating_mul(500) / decided_per_second.max(1);
    let bounded_ms = half_way_ms.clamp(POLL_AFTER_MIN_MS, POLL_AFTER_MAX_MS * 4 / 5);
    spread_out(bounded_ms, spread)
}

fn spread_out(bounded_ms: u64, spread: u64) -> u64 {
    let quarter_ms = bounded_ms / 4;
    // Fibonacci hashing: neighbours in line get far-apart fractions.
    let fraction = spread.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    bounded_ms + ((quarter_ms * fraction) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_interval_stays_within_its_bounds(position: u64, speed: u64, spread: u64) {
            let wait_ms = poll_after_ms(position, speed, spread);
            prop_assert!((POLL_AFTER_MIN_MS..=POLL_AFTER_MAX_MS).contains(&wait_ms));
        }
    }

    #[test]
    fn an_entry_asks_when_its_draw_is_near_and_now_and_then_before() {
        assert!((1_000..=1_250).contains(&entered_poll_after_ms(-5, 3)));
        assert!((4_000..=5_000).contains(&entered_poll_after_ms(4_000, 3)));
        assert!((16_000..=ENTERED_POLL_MAX_MS).contains(&entered_poll_after_ms(i64::MAX, 3)));
    }

    #[test]
    fn neighbours_are_asked_at_different_times() {
        let waits: std::collections::HashSet<u64> = (0..100).map(|seq| poll_after_ms(5_000, 1_000, seq)).collect();
        assert!(waits.len() > 50, "{}", waits.len());
    }
}
