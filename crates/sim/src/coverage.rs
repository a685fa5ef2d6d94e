//! What a run has really reached.

use std::collections::BTreeMap;
use std::fmt;

/// How often each action, fault and branch was reached; each name begins with its kind and a colon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    counts: BTreeMap<&'static str, u64>,
}

impl Coverage {
    pub(crate) fn hit(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// What another run reached, too.
    pub fn add(&mut self, other: &Self) {
        for (what, count) in &other.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }

    /// How often something was reached.
    #[must_use]
    pub fn of(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    /// All names that were reached.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.counts.keys().copied()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "| what | reached |\n|---|---:|")?;
        self.counts.iter().try_for_each(|(what, count)| writeln!(formatter, "| {what} | {count} |"))
    }
}
