//! How long a client is asked to wait before it polls again.

/// Nobody is asked to poll faster than this.
pub const POLL_AFTER_MIN_MS: u64 = 150;

/// Nobody waits longer than this to hear that the units ahead are gone.
pub const POLL_AFTER_MAX_MS: u64 = 2_000;

/// Half of the time that the line needs, at its present speed, to get to `position`; bounded, and spread by up to a
/// quarter so that those who came together do not poll together. `spread` is any number that differs between them.
#[must_use]
pub fn poll_after_ms(position: u64, decided_per_second: u64, spread: u64) -> u64 {
    let half_way_ms = position.saturating_mul(500) / decided_per_second.max(1);
    let bounded_ms = half_way_ms.clamp(POLL_AFTER_MIN_MS, POLL_AFTER_MAX_MS * 4 / 5);
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
    fn neighbours_are_asked_at_different_times() {
        let waits: std::collections::HashSet<u64> = (0..100).map(|seq| poll_after_ms(5_000, 1_000, seq)).collect();
        assert!(waits.len() > 50, "{}", waits.len());
    }
}
