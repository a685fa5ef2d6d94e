//! The most frequent keys of a decaying window, in bounded memory.
//!
//! Space-Saving (Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams",
//! ICDT 2005), with counts that fade exponentially (Cormode, Korn, Tirthapura, "Exponentially Decayed Aggregates on Data
//! Streams", ICDE 2008). All counts, errors and the total fade by the same factor, so that the paper's bounds hold of the
//! faded counts as they do of plain ones, where `m` is the number of slots:
//!
//! - a key's estimate is never under its true count, and over it by at most its `error`;
//! - no `error` is over `total / m`;
//! - a key of which the true count is over `total / m` has a slot.

use std::collections::HashMap;

use crate::Key;

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub key: Key,
    /// At least the true faded count.
    pub count: f64,
    /// The count is over the true one by at most this.
    pub error: f64,
}

pub struct SpaceSaving {
    capacity: usize,
    slots: Vec<Estimate>,
    slot_of: HashMap<Key, usize>,
    total: f64,
}

impl SpaceSaving {
    /// # Panics
    /// Without a slot.
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a summary needs a slot");
        Self { capacity, slots: Vec::with_capacity(capacity), slot_of: HashMap::with_capacity(capacity), total: 0.0 }
    }

    /// Counts a key; answers with its slot, and with the key that had to leave it.
    pub fn add(&mut self, key: Key) -> (usize, Option<Key>) {
        self.total += 1.0;
        if let Some(&slot) = self.slot_of.get(&key) {
            self.slots[slot].count += 1.0;
            return (slot, None);
        }
        if self.slots.len() < self.capacity {
            self.slot_of.insert(key, self.slots.len());
            self.slots.push(Estimate { key, count: 1.0, error: 0.0 });
            return (self.slots.len() - 1, None);
        }
        let slot = self.least();
        let former = self.slots[slot];
        self.slot_of.remove(&former.key);
        self.slot_of.insert(key, slot);
        self.slots[slot] = Estimate { key, count: former.count + 1.0, error: former.count };
        (slot, Some(former.key))
    }

    fn least(&self) -> usize {
        let mut least = 0;
        for (slot, estimate) in self.slots.iter().enumerate() {
            if estimate.count < self.slots[least].count {
                least = slot;
            }
        }
        least
    }

    /// Lets all counts fade to `kept` of what they were, 0 to 1.
    pub fn fade(&mut self, kept: f64) {
        self.total *= kept;
        for estimate in &mut self.slots {
            estimate.count *= kept;
            estimate.error *= kept;
        }
    }

    /// The faded count of everything that was added.
    pub const fn total(&self) -> f64 {
        self.total
    }

    /// By slot.
    pub fn estimates(&self) -> &[Estimate] {
        &self.slots
    }

    pub fn get(&self, key: Key) -> Option<Estimate> {
        self.slot_of.get(&key).map(|&slot| self.slots[slot])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Add(u64),
        Fade(f64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        // Some keys are frequent, most are rare.
        let key = prop_oneof![3 => 0_u64..4, 2 => 4_u64..20, 2 => 20_u64..5_000];
        let step = prop_oneof![20 => key.prop_map(Step::Add), 1 => (0.3_f64..1.0).prop_map(Step::Fade)];
        prop::collection::vec(step, 0..600)
    }

    proptest! {
        #[test]
        fn no_key_is_under_counted_and_none_over_counted_by_more_than_the_bound(
            steps in steps(),
            capacity in 1_usize..24,
        ) {
            let mut summary = SpaceSaving::new(capacity);
            let mut truth: HashMap<u64, f64> = HashMap::new();
            let mut total = 0.0;
            for step in steps {
                match step {
                    Step::Add(key) => {
                        summary.add(Key(key));
                        *truth.entry(key).or_default() += 1.0;
                        total += 1.0;
                    }
                    Step::Fade(kept) => {
                        summary.fade(kept);
                        truth.values_mut().for_each(|count| *count *= kept);
                        total *= kept;
                    }
                }
            }
            let rounding = 1e-9 * (1.0 + total);
            prop_assert!((summary.total() - total).abs() <= rounding);
            prop_assert!(summary.estimates().len() <= capacity);
            let bound = total / capacity as f64 + rounding;
            for estimate in summary.estimates() {
                let true_count = truth.get(&estimate.key.0).copied().unwrap_or(0.0);
                prop_assert!(estimate.count + rounding >= true_count, "under: {estimate:?}, true {true_count}");
                prop_assert!(estimate.count - estimate.error <= true_count + rounding, "{estimate:?}, true {true_count}");
                prop_assert!(estimate.error <= bound, "{estimate:?}, bound {bound}");
            }
            for (key, true_count) in truth {
                let is_there = summary.get(Key(key)).is_some();
                prop_assert!(is_there || true_count <= bound, "{key} with {true_count} of {total} has no slot");
            }
        }
    }

    #[test]
    fn a_key_that_comes_anew_takes_the_slot_of_the_least_and_says_so() {
        let mut summary = SpaceSaving::new(2);
        for key in [1, 1, 2] {
            summary.add(Key(key));
        }
        assert_eq!(summary.add(Key(3)), (1, Some(Key(2))));
        assert_eq!(summary.get(Key(3)), Some(Estimate { key: Key(3), count: 2.0, error: 1.0 }));
        assert_eq!((summary.get(Key(2)), summary.total()), (None, 4.0));
    }
}
