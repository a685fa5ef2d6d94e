//! Which items are likely to be wanted: those that were visited most in the last hours.
//!
//! Kept in memory only: after a restart it is learnt anew from the visits that come.

use std::time::Duration;

use heat::{Key, SpaceSaving};

/// Visits count for 1/e after this time.
const MEMORY: Duration = Duration::from_secs(3 * 3_600);

/// Items that visits are remembered of.
const REMEMBERED_ITEMS: usize = 256;

/// Items that are predicted, at most.
pub(crate) const MAX_PREDICTED: usize = 8;

/// Visits, faded, without which nothing is predicted of an item.
const MIN_VISITS: f64 = 100.0;

pub(super) struct Foresight {
    visits: SpaceSaving,
    last_fade: Duration,
}

impl Default for Foresight {
    fn default() -> Self {
        Self { visits: SpaceSaving::new(REMEMBERED_ITEMS), last_fade: Duration::ZERO }
    }
}

impl Foresight {
    pub(super) fn visited(&mut self, items: &[Key]) {
        for &key in items {
            self.visits.add(key);
        }
    }

    /// The likely ones, the likeliest first, of those that `may_be`.
    pub(super) fn likely(&mut self, now: Duration, may_be: impl Fn(Key) -> bool) -> Vec<Key> {
        let elapsed = now.saturating_sub(self.last_fade);
        self.last_fade = now;
        self.visits.fade((-elapsed.as_secs_f64() / MEMORY.as_secs_f64()).exp());
        // At the least: what an item may have taken over from another does not count.
        let visits = |estimate: &&heat::Estimate| estimate.count - estimate.error;
        let mut likely: Vec<_> =
            self.visits.estimates().iter().filter(|estimate| visits(estimate) >= MIN_VISITS).collect();
        likely.sort_by(|a, b| visits(b).total_cmp(&visits(a)));
        likely.into_iter().map(|estimate| estimate.key).filter(|&key| may_be(key)).take(MAX_PREDICTED).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_visited_most_is_likely_for_some_hours_and_what_was_hardly_visited_is_not() {
        let mut foresight = Foresight::default();
        for (key, visits) in [(1, 400), (2, 900), (3, 99), (4, 2_000)] {
            foresight.visited(&vec![Key(key); visits]);
        }
        let is_on_show = |key: Key| key != Key(4);
        assert_eq!(foresight.likely(Duration::ZERO, is_on_show), [Key(2), Key(1)]);
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        assert_eq!(foresight.likely(hours(5), is_on_show), [Key(2)]);
        assert_eq!(foresight.likely(hours(12), is_on_show), []);
    }

    #[test]
    fn only_so_many_are_likely() {
        let mut foresight = Foresight::default();
        for key in 0..100 {
            foresight.visited(&[Key(key); 200]);
        }
        assert_eq!(foresight.likely(Duration::ZERO, |_| true).len(), MAX_PREDICTED);
    }
}
