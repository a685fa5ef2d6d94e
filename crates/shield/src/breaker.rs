//! A circuit breaker (Nygard, "Release It!", 2007): what fails again and again is left alone for a while, then tried once.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// Time comes in as an argument, and never goes back.
#[derive(Debug)]
pub struct Breaker {
    failures_to_open: u32,
    cool_down_ms: i64,
    most_cool_down_ms: i64,
    /// In a row.
    failures: AtomicU32,
    /// Nothing is tried before. 0 while it is closed.
    open_until_ms: AtomicI64,
}

impl Breaker {
    /// Opens at so many failures in a row, for `cool_down_ms`; each failed try after it doubles that, up to the most.
    #[must_use]
    pub const fn new(failures_to_open: u32, cool_down_ms: i64, most_cool_down_ms: i64) -> Self {
        let (failures, open_until_ms) = (AtomicU32::new(0), AtomicI64::new(0));
        Self { failures_to_open, cool_down_ms, most_cool_down_ms, failures, open_until_ms }
    }

    /// Whether it may be tried. Once it has cooled down one may, and the next only if nothing is heard of that one for as
    /// long again.
    pub fn allows(&self, now_ms: i64) -> bool {
        let until_ms = self.open_until_ms.load(Ordering::Acquire);
        if until_ms == 0 {
            return true;
        }
        let next_ms = now_ms + self.cool_down_now_ms();
        now_ms >= until_ms
            && self.open_until_ms.compare_exchange(until_ms, next_ms, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Whether it is left alone now. Takes no try away.
    #[must_use]
    pub fn is_open(&self, now_ms: i64) -> bool {
        now_ms < self.open_until_ms.load(Ordering::Acquire)
    }

    pub fn succeeded(&self) {
        // Nearly always nothing has failed, and nothing is written.
        if self.failures.load(Ordering::Relaxed) > 0 {
            self.failures.store(0, Ordering::Relaxed);
            self.open_until_ms.store(0, Ordering::Release);
        }
    }

    pub fn failed(&self, now_ms: i64) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failures >= self.failures_to_open {
            self.open_until_ms.store(now_ms + self.cool_down_now_ms(), Ordering::Release);
        }
    }

    /// How long it is left alone after as many failures as there were.
    fn cool_down_now_ms(&self) -> i64 {
        let again = self.failures.load(Ordering::Relaxed).saturating_sub(self.failures_to_open);
        let doubled = self.cool_down_ms.saturating_mul(1_i64.checked_shl(again.min(62)).unwrap_or(i64::MAX));
        doubled.clamp(self.cool_down_ms, self.most_cool_down_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_failures_among_successes_do_not_open_it() {
        let breaker = Breaker::new(3, 100, 100);
        for now_ms in 0..100 {
            breaker.failed(now_ms);
            breaker.failed(now_ms);
            breaker.succeeded();
            assert!(breaker.allows(now_ms) && !breaker.is_open(now_ms));
        }
    }

    #[test]
    fn open_it_refuses_until_it_has_cooled_down_and_then_lets_one_try() {
        let breaker = Breaker::new(3, 100, 100);
        (0..3).for_each(|_| breaker.failed(1_000));
        assert!(!breaker.allows(1_000) && !breaker.allows(1_099) && breaker.is_open(1_099));
        assert!(!breaker.is_open(1_100));
        assert!(breaker.allows(1_100), "one");
        assert!(!breaker.allows(1_100) && !breaker.allows(1_199), "and no other");
        breaker.succeeded();
        assert!(breaker.allows(1_101) && breaker.allows(1_101));
    }

    #[test]
    fn a_try_of_which_nothing_is_heard_does_not_keep_it_open_for_good() {
        let breaker = Breaker::new(1, 100, 100);
        breaker.failed(0);
        assert!(breaker.allows(100));
        assert!(breaker.allows(200));
    }

    #[test]
    fn each_failed_try_doubles_the_wait_up_to_the_most() {
        let breaker = Breaker::new(1, 100, 350);
        let mut now_ms = 0;
        for wait_ms in [100, 200, 350, 350] {
            breaker.failed(now_ms);
            assert!(breaker.is_open(now_ms + wait_ms - 1) && !breaker.is_open(now_ms + wait_ms), "{wait_ms}");
            now_ms += wait_ms;
        }
    }
}
