//! Whom a crowd lets in while it is more than can begin.

use serde::{Deserialize, Serialize};

/// One round of the lots by which shoppers may begin, while more would than can: it is told to everybody, so that a page knows by
/// itself whether its shopper is among them, and asks nothing of the shop while not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Admission {
    /// Of this round. Nobody knows it before.
    pub seed: u32,
    /// Of a million lots, so many may begin.
    pub per_million: u32,
}

/// All lots.
pub const MILLION: u32 = 1_000_000;

impl Admission {
    /// Whether the shopper of this lot (`Me::lot`) may begin in this round.
    #[must_use]
    pub const fn lets_in(&self, lot: u32) -> bool {
        self.number(lot) < self.per_million
    }

    /// What a lot is in this round, below a million: the lowest are drawn.
    #[must_use]
    pub const fn number(&self, lot: u32) -> u32 {
        let mixed = mixed(((self.seed as u64) << 32) | lot as u64) >> 32;
        ((mixed * MILLION as u64) >> 32) as u32
    }
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
const fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_lots_are_let_in_as_the_round_says() {
        for per_million in [0, 1_000, 50_000, 500_000, MILLION] {
            let round = Admission { seed: 77, per_million };
            let let_in = (0..200_000).filter(|lot| round.lets_in(lot * 7_919)).count() as f64;
            let meant = f64::from(per_million) / 5.0;
            assert!((let_in - meant).abs() <= 4.0 * meant.sqrt(), "{per_million}: {let_in} of {meant}");
        }
    }

    #[test]
    fn rounds_know_nothing_of_each_other() {
        let is_in = |seed, lot| Admission { seed, per_million: 100_000 }.lets_in(lot);
        let twice = (0..100_000).filter(|lot| is_in(1, *lot) && is_in(2, *lot)).count();
        assert!((900..1_100).contains(&twice), "{twice} of a hundredth of 100,000");
    }
}
