//! How fast a line moves, so that polls come when there is something to tell.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Orders a second that a line is taken to move at until it has been seen to move.
pub const FIRST_GUESS_PER_SECOND: u64 = 2_000;

/// No line is taken to be faster: a sale that sells out decides everybody behind at once.
const MOST_PER_SECOND: u64 = 200_000;

/// A look at the line that comes sooner after the last says too little.
const LEAST_BETWEEN_LOOKS_MS: i64 = 20;

/// Orders decided a second, while the line is longer than one turn takes. Each look counts a quarter, the past the rest.
pub(crate) struct Speed {
    per_second: AtomicU64,
    /// When the line was last seen to be longer than its turn, and what had been decided by then.
    since: Mutex<Option<(i64, u64)>>,
}

impl Default for Speed {
    fn default() -> Self {
        Self { per_second: AtomicU64::new(FIRST_GUESS_PER_SECOND), since: Mutex::new(None) }
    }
}

impl Speed {
    pub(crate) fn per_second(&self) -> u64 {
        self.per_second.load(Ordering::Relaxed)
    }

    /// To be told at the beginning of each turn: how many orders have been decided, and whether some will be left.
    pub(crate) fn look(&self, now_ms: i64, decided: u64, some_are_left: bool) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then_ms, then_decided)) = *since {
            let elapsed_ms = now_ms - then_ms;
            if elapsed_ms < LEAST_BETWEEN_LOOKS_MS && some_are_left {
                return;
            }
            if elapsed_ms >= LEAST_BETWEEN_LOOKS_MS {
                let seen = decided.saturating_sub(then_decided).saturating_mul(1_000) / elapsed_ms.unsigned_abs();
                let speed = (self.per_second() * 3 + seen.min(MOST_PER_SECOND)) / 4;
                self.per_second.store(speed.max(1), Ordering::Relaxed);
            }
        }
        *since = some_are_left.then_some((now_ms, decided));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that decides so many in each turn of 25 ms.
    fn after(turns: u64, orders_a_turn: u64) -> u64 {
        let speed = Speed::default();
        (0..=turns).for_each(|turn| speed.look(turn as i64 * 25, turn * orders_a_turn, true));
        speed.per_second()
    }

    #[test]
    fn it_becomes_what_is_seen() {
        for (orders_a_turn, per_second) in [(500, 20_000), (50, 2_000), (1, 40)] {
            let measured = after(40, orders_a_turn);
            assert!(measured.abs_diff(per_second) <= per_second / 20 + 4, "{measured} instead of {per_second}");
        }
        assert_eq!(after(0, 500), FIRST_GUESS_PER_SECOND);
    }

    #[test]
    fn a_line_that_nobody_waits_in_says_nothing_of_its_speed() {
        let speed = Speed::default();
        (0..100).for_each(|turn| speed.look(turn * 1_000, turn as u64, false));
        assert_eq!(speed.per_second(), FIRST_GUESS_PER_SECOND);
    }

    #[test]
    fn neither_a_stall_nor_a_sale_that_sells_out_makes_it_absurd() {
        assert_eq!(after(1_000, 0), 1);
        assert!(after(1_000, u64::MAX / 4_000) <= MOST_PER_SECOND);
    }
}
