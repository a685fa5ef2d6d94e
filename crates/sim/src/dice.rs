//! All that is random in a run, from one seed.

use uuid::Uuid;

/// The run's only source of chance.
pub(crate) struct Dice {
    generator: fastrand::Rng,
    ids: u128,
}

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        Self { generator: fastrand::Rng::with_seed(seed ^ 0x5EED_0000_0000_5A1E), ids: 1 << 96 }
    }

    /// A number from 0 to below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.generator.usize(0..end.max(1))
    }

    /// A number from `first` to `last`, both included.
    pub(crate) fn between(&mut self, first: i64, last: i64) -> i64 {
        self.generator.i64(first..=last)
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        self.generator.u32(0..100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { Some(&from[self.below(from.len())]) }
    }

    /// One of these, each as likely as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, from: &[(u32, T)]) -> T {
        let sum: u32 = from.iter().map(|(weight, _)| weight).sum();
        let mut left = self.generator.u32(0..sum);
        for &(weight, what) in from {
            if left < weight {
                return what;
            }
            left -= weight;
        }
        from[0].1
    }

    /// An id that no other has.
    pub(crate) fn fresh_id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }
}
