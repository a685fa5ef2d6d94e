//! A published draw, gone over again.

use std::collections::BTreeSet;

use crate::entry::{Entry, leaf_hash};
use crate::hash::{Digest, Sha256};
use crate::rank::{commitment, draw_key, ranking};
use crate::tree::Tree;
use crate::units::Units;

/// An entry and what the draw is said to have given it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    pub entry: Entry,
    /// Whether it got units.
    pub won: bool,
}

/// All that is published of a draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub sale_id: [u8; 16],
    pub commitment: Digest,
    pub seed: Digest,
    pub beacon: Option<String>,
    pub root: Digest,
    pub units: Units,
    /// The first in the draw first.
    pub entries: Vec<Ranked>,
}

/// What does not follow from the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The seed is not the one that was committed to.
    Commitment,
    /// One entry is there twice: at this place (1 is the first).
    Twice(usize),
    /// The entries are not those that the root stands for.
    Root,
    /// The first place (1 is the first) that belongs to another entry.
    Place(usize),
    /// The first place (1 is the first) that won and should not have, or the other way round.
    Won(usize),
}

/// Everything that is wrong with a draw; nothing of one that is right.
pub fn check<H: Sha256>(draw: &Published) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if commitment::<H>(&draw.sale_id, &draw.seed) != draw.commitment {
        wrong.push(Wrong::Commitment);
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = draw.entries.iter().position(|ranked| !seen.insert(ranked.entry.order_id)) {
        wrong.push(Wrong::Twice(twice + 1));
    }
    let leaves: Vec<_> = draw.entries.iter().map(|ranked| leaf_hash::<H>(&draw.sale_id, &ranked.entry)).collect();
    if Tree::of::<H>(leaves.clone()).root::<H>() != draw.root {
        wrong.push(Wrong::Root);
    }
    let key = draw_key::<H>(&draw.seed, &draw.root, draw.beacon.as_deref());
    let places = ranking::<H>(&key, &leaves);
    if let Some(place) = places.iter().enumerate().position(|(place, number)| place != *number) {
        wrong.push(Wrong::Place(place + 1));
    }
    let mut units = draw.units.clone();
    if let Some(place) = draw.entries.iter().position(|ranked| units.take(&ranked.entry) != ranked.won) {
        wrong.push(Wrong::Won(place + 1));
    }
    wrong
}
