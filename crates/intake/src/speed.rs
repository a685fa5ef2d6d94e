//! How fast a line moves, so that polls come when there is something to tell.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Orders of one line that are decided in one transaction, at most: its fair turn.
pub const ORDERS_PER_TURN: usize = 500;

/// Orders a second that a line is taken to move at until it has been seen to move.
pub const FIRST_GUESS_PER_SECOND: u64 = 2_000;

/// No line is taken to be faster: a sale that sells out decides everybody behind at once.
const MOST_PER_SECOND: u64 = 200_000;

/// A look at the line that comes sooner after the last says too little.
const LEAST_BETWEEN_LOOKS_MS: i64 = 20;

/// What was seen over so long counts as much as all before.
const MEMORY_MS: u64 = 75;

/// In place of the time at which a turn began: none is under way.
const NONE: i64 = i64::MIN;

/// Orders decided a second, while the line is longer than one turn takes, and how long a turn takes.
pub(crate) struct Speed {
    per_second: AtomicU64,
    turn_ms: AtomicU64,
    turn_began_at_ms: AtomicI64,
    turn_through_seq: AtomicU64,
    /// When the line was last seen to be longer than its turn, and what had been decided by then.
    since: Mutex<Option<(i64, u64)>>,
}

/// A turn of the line, as it is expected to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) ms: u64,
    /// Of the one that is under way, and the last order that it takes.
    pub(crate) left_ms: u64,
    pub(crate) through_seq: Option<u64>,
}

impl Default for Speed {
    fn default() -> Self {
        Self {
            per_second: AtomicU64::new(FIRST_GUESS_PER_SECOND),
            turn_ms: AtomicU64::new(0),
            turn_began_at_ms: AtomicI64::new(NONE),
            turn_through_seq: AtomicU64::new(0),
            since: Mutex::new(None),
        }
    }
}

impl Speed {
    pub(crate) fn per_second(&self) -> u64 {
        self.per_second.load(Ordering::Relaxed)
    }

    /// How long a turn takes, and what is left of the one that is under way. Where that one is longer already than the last were, it is
    /// taken to be as long again: nobody knows what became of it.
    pub(crate) fn turn(&self, now_ms: i64) -> Turn {
        let (ms, began_at_ms) = (self.turn_ms.load(Ordering::Relaxed), self.turn_began_at_ms.load(Ordering::Relaxed));
        if began_at_ms == NONE {
            return Turn { ms, left_ms: 0, through_seq: None };
        }
        let over_ms = now_ms.saturating_sub(began_at_ms).max(0).unsigned_abs();
        let through_seq = Some(self.turn_through_seq.load(Ordering::Relaxed));
        if over_ms > ms {
            Turn { ms: over_ms, left_ms: over_ms, through_seq }
        } else {
            Turn { ms, left_ms: ms - over_ms, through_seq }
        }
    }

    /// Each turn counts a half, the past the rest: one that was long for a reason of its own is soon forgotten.
    pub(crate) fn turn_ended(&self, took: Duration) {
        self.turn_began_at_ms.store(NONE, Ordering::Relaxed);
        let (took_ms, before_ms) = (took.as_millis() as u64, self.turn_ms.load(Ordering::Relaxed));
        let is_first = before_ms == 0;
        self.turn_ms.store(if is_first { took_ms } else { (before_ms + took_ms) / 2 }, Ordering::Relaxed);
    }

    /// To be told at the beginning of each turn: how many orders have been decided, up to which they will be, and whether some will be left.
    pub(crate) fn look(&self, now_ms: i64, decided: u64, through_seq: u64, some_are_left: bool) {
        self.turn_through_seq.store(through_seq, Ordering::Relaxed);
        self.turn_began_at_ms.store(now_ms, Ordering::Relaxed);
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then_ms, then_decided)) = *since {
            let elapsed_ms = now_ms - then_ms;
            if elapsed_ms < LEAST_BETWEEN_LOOKS_MS && some_are_left {
                return;
            }
            if elapsed_ms >= LEAST_BETWEEN_LOOKS_MS {
                let elapsed_ms = elapsed_ms.unsigned_abs().min(1_000 * MEMORY_MS);
                let seen = decided.saturating_sub(then_decided).saturating_mul(1_000) / elapsed_ms;
                let speed =
                    (self.per_second() * MEMORY_MS + seen.min(MOST_PER_SECOND) * elapsed_ms) / (MEMORY_MS + elapsed_ms);
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
        (0..=turns).for_each(|turn| speed.look(turn as i64 * 25, turn * orders_a_turn, 0, true));
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
    fn a_turn_that_takes_long_says_at_once_how_long_the_next_will_and_the_next_ones_correct_it() {
        let speed = Speed::default();
        let turn = |now_ms| (speed.turn(now_ms).ms, speed.turn(now_ms).left_ms);
        assert_eq!(speed.turn(5), Turn { ms: 0, left_ms: 0, through_seq: None });
        speed.look(1_000, 0, 7, false);
        assert_eq!([1_000, 1_300, 900].map(turn), [(0, 0), (300, 300), (0, 0)]);
        assert_eq!(speed.turn(1_000).through_seq, Some(7));
        speed.turn_ended(Duration::from_millis(400));
        assert_eq!(turn(99_000), (400, 0));
        speed.look(99_000, 1, 8, false);
        assert_eq!([99_100, 99_900].map(turn), [(400, 300), (900, 900)]);
        speed.turn_ended(Duration::ZERO);
        assert_eq!(turn(99_900), (200, 0));
        (0..40).for_each(|_| speed.turn_ended(Duration::ZERO));
        assert_eq!(turn(99_900), (0, 0));
    }

    #[test]
    fn one_long_turn_says_more_of_the_speed_than_one_short_turn() {
        let [long, short] = [400, 25].map(|elapsed_ms| {
            let speed = Speed::default();
            speed.look(0, 0, 0, true);
            speed.look(elapsed_ms, 1_000 * elapsed_ms.unsigned_abs() / 1_000, 0, true);
            speed.per_second()
        });
        assert!(long < 1_200 && short > 1_700, "{long} and {short} of 1,000 a second");
    }

    #[test]
    fn a_line_that_nobody_waits_in_says_nothing_of_its_speed() {
        let speed = Speed::default();
        (0..100).for_each(|turn| speed.look(turn * 1_000, turn as u64, 0, false));
        assert_eq!(speed.per_second(), FIRST_GUESS_PER_SECOND);
    }

    #[test]
    fn neither_a_stall_nor_a_sale_that_sells_out_makes_it_absurd() {
        assert_eq!(after(1_000, 0), 1);
        assert!(after(1_000, u64::MAX / 4_000) <= MOST_PER_SECOND);
    }
}
