//! What a visitor's page shows as the server's time.
//!
//! The estimate is only as good as the clock that carries it on. A browser's monotonic clock may stand still while
//! the device sleeps, and nothing says so but the wall clock, which runs on. So the two are compared whenever the page
//! looks: where their difference has jumped, the device slept (or somebody set the wall clock, which costs no more than
//! a new exchange), and nothing that was proved before is believed. The wall clock is used for nothing else.

use crate::{Estimator, Exchange};

/// The wall clock is led by half a millisecond a second at most; a jump beyond this is none of that.
const SLEEP_US: f64 = 40_000.0;

/// The shown time does not step back but runs slower by this part until the estimate has caught up with it...
const SLOWER_BY: f64 = 0.5;
/// ...unless it is as far ahead as this. No exchange that a page waits for can err by so much: the clock was plainly
/// another one, and to go on would be worse.
const STEP_BACK_US: f64 = 3_000_000.0;

/// The server's time as shown, and how wrong it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// Server's epoch microseconds.
    pub server_us: f64,
    /// The true time is within `server_us ± bound_us`.
    pub bound_us: f64,
}

/// The page's view of the server's clock.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    estimator: Estimator,
    /// Wall clock minus monotonic clock, when last looked at.
    gap_us: Option<f64>,
    lives: u32,
    /// Local monotonic time and shown time of the last showing.
    last: Option<(f64, f64)>,
}

impl Visitor {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Compares the two local clocks. True where the device has slept since the last look: everything is forgotten.
    pub fn look(&mut self, monotonic_us: f64, wall_us: f64) -> bool {
        let gap_us = wall_us - monotonic_us;
        let slept = self.gap_us.is_some_and(|last_us| (gap_us - last_us).abs() > SLEEP_US);
        // The wall clock may be led slowly for hours.
        self.gap_us = Some(gap_us);
        if slept {
            self.estimator.forget();
            self.lives += 1;
        }
        slept
    }

    /// Grows with every sleep. An exchange that began in another life measures the sleep and nothing else.
    #[must_use]
    pub fn life(&self) -> u32 {
        self.lives
    }

    /// Takes in an exchange that began in `life`. Answers whether it was usable.
    pub fn exchange(&mut self, life: u32, exchange: Exchange, clock_id: &str) -> bool {
        life == self.lives && self.estimator.exchange(exchange, clock_id)
    }

    /// The server's time now; none until an exchange has told it.
    pub fn show(&mut self, monotonic_us: f64) -> Option<Shown> {
        let estimate = self.estimator.estimate(monotonic_us)?;
        let estimated_us = monotonic_us + estimate.offset_us;
        let server_us = match self.last {
            Some((last_monotonic_us, last_us)) if last_us - estimated_us < STEP_BACK_US => {
                let elapsed_us = (monotonic_us - last_monotonic_us).max(0.0);
                estimated_us.max(last_us + elapsed_us * (1.0 - SLOWER_BY))
            }
            _ => estimated_us,
        };
        self.last = Some((monotonic_us, server_us));
        Some(Shown { server_us, bound_us: estimate.bound_us + (server_us - estimated_us) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An even exchange at local `at_us` that shows `offset_us`.
    fn over(at_us: f64, offset_us: f64, delay_us: f64) -> Exchange {
        let server_us = (at_us + delay_us + offset_us) as i64;
        Exchange {
            sent_us: at_us,
            server_received_us: server_us,
            server_sent_us: server_us,
            received_us: at_us + 2.0 * delay_us,
        }
    }

    #[test]
    fn a_sleep_that_only_the_wall_clock_saw_makes_the_old_estimate_worth_nothing() {
        let mut visitor = Visitor::new();
        assert!(!visitor.look(0.5, 7e15));
        visitor.exchange(0, over(0.5, 1e12, 20_000.0), "a");
        assert!(!visitor.look(1e6, 7e15 + 1e6 + 500.0), "a wall clock that is led is no sleep");
        assert!(visitor.look(2e6, 7e15 + 32e6));
        assert_eq!(visitor.show(2e6), None);
        visitor.exchange(visitor.life(), over(2e6, 1e12 + 30e6, 20_000.0), "a");
        let shown = visitor.show(2.1e6).unwrap();
        assert!((shown.server_us - (2.1e6 + 1e12 + 30e6)).abs() < 50.0, "and the new one counts at once: {shown:?}");
    }

    #[test]
    fn an_exchange_during_which_the_device_slept_proves_nothing() {
        let mut visitor = Visitor::new();
        visitor.look(0.0, 7e15);
        let life = visitor.life();
        visitor.look(10_000.0, 7e15 + 9e6);
        assert!(!visitor.exchange(life, over(0.5, 1e12, 5_000.0), "a"));
    }

    #[test]
    fn a_small_step_back_is_a_slower_second_and_its_error_is_told() {
        let mut visitor = Visitor::new();
        visitor.exchange(0, over(0.5, 1e12 + 60_000.0, 90_000.0), "a");
        let before = visitor.show(200_000.0).unwrap();
        visitor.exchange(0, over(200_000.5, 1e12, 10_000.0), "a");
        let after = visitor.show(220_000.5).unwrap();
        assert!(after.server_us > before.server_us);
        let ahead_us = after.server_us - (220_000.5 + 1e12);
        assert!((0.0..=after.bound_us).contains(&ahead_us), "{ahead_us} {after:?}");
        let later = visitor.show(420_000.5).unwrap();
        assert!((later.server_us - (420_000.5 + 1e12)).abs() < 200.0, "{later:?}");
    }

    #[test]
    fn a_clock_of_an_hour_ago_is_stepped_back_to() {
        let mut visitor = Visitor::new();
        visitor.exchange(0, over(0.5, 3_600e6 + 1e12, 10_000.0), "a");
        visitor.show(1e6);
        visitor.exchange(0, over(2e6, 1e12, 10_000.0), "b");
        assert!((visitor.show(3e6).unwrap().server_us - 3e6 - 1e12).abs() < 200.0);
    }
}
