//! A published draw, gone over again.

use std::collections::BTreeSet;

use crate::entry::{Entry, leaf_hash};
use crate::hash::{Digest, Sha256};
use crate::rank::{commitment, draw_key, rank_key};
use crate::tree::Root;
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
    let mut check = Check::new(draw);
    while check.step::<H>(usize::MAX) {}
    check.wrong::<H>()
}

/// A check that is done a part at a time, so that whoever runs it can see to other things between two parts.
pub struct Check<'a> {
    draw: &'a Published,
    leaves: Vec<Digest>,
    seen: BTreeSet<[u8; 16]>,
    twice: Option<usize>,
    /// What is still to go into the root, the last first.
    unrooted: Vec<Digest>,
    root: Root,
    rank_keys: Vec<Digest>,
    units: Units,
    won: Option<usize>,
}

impl<'a> Check<'a> {
    /// How often each entry is gone over.
    const ROUNDS: usize = 3;

    #[must_use]
    pub fn new(draw: &'a Published) -> Self {
        Self {
            draw,
            leaves: Vec::with_capacity(draw.entries.len()),
            seen: BTreeSet::new(),
            twice: None,
            unrooted: Vec::new(),
            root: Root::default(),
            rank_keys: Vec::new(),
            units: draw.units.clone(),
            won: None,
        }
    }

    /// How much is done: 0 to 1.
    #[must_use]
    pub fn done(&self) -> f64 {
        let rooted = self.root.leaves() as usize;
        let all = Self::ROUNDS * self.draw.entries.len().max(1);
        (self.leaves.len() + rooted + self.rank_keys.len()) as f64 / all as f64
    }

    /// Goes over so many entries more. Answers whether there is more to do.
    pub fn step<H: Sha256>(&mut self, entries: usize) -> bool {
        let count = self.draw.entries.len();
        let rooted = self.root.leaves() as usize;
        if self.leaves.len() < count {
            self.take_leaves::<H>(entries);
        } else if rooted < count {
            for _ in 0..entries.min(count - rooted) {
                self.root.push::<H>(self.unrooted.pop().unwrap_or_default());
            }
        } else if self.rank_keys.len() < count {
            self.rank::<H>(entries);
        }
        self.rank_keys.len() < count
    }

    fn take_leaves<H: Sha256>(&mut self, entries: usize) {
        for ranked in self.draw.entries.iter().skip(self.leaves.len()).take(entries) {
            self.leaves.push(leaf_hash::<H>(&self.draw.sale_id, &ranked.entry));
            if !self.seen.insert(ranked.entry.order_id) && self.twice.is_none() {
                self.twice = Some(self.leaves.len());
            }
        }
        if self.leaves.len() == self.draw.entries.len() {
            self.seen.clear();
            self.unrooted.clone_from(&self.leaves);
            self.unrooted.sort_unstable_by(|one, other| other.cmp(one));
        }
    }

    fn rank<H: Sha256>(&mut self, entries: usize) {
        let key = draw_key::<H>(&self.draw.seed, &self.draw.root, self.draw.beacon.as_deref());
        let next = self.rank_keys.len();
        for (ranked, leaf) in self.draw.entries.iter().zip(&self.leaves).skip(next).take(entries) {
            self.rank_keys.push(rank_key::<H>(&key, leaf));
            if self.units.take(&ranked.entry) != ranked.won && self.won.is_none() {
                self.won = Some(self.rank_keys.len());
            }
        }
    }

    /// What is wrong with the draw, once all is done.
    #[must_use]
    pub fn wrong<H: Sha256>(&self) -> Vec<Wrong> {
        let Published { sale_id, seed, .. } = self.draw;
        let found = [
            (commitment::<H>(sale_id, seed) != self.draw.commitment).then_some(Wrong::Commitment),
            self.twice.map(Wrong::Twice),
            (self.root.digest::<H>() != self.draw.root).then_some(Wrong::Root),
            self.out_of_place().map(Wrong::Place),
            self.won.map(Wrong::Won),
        ];
        found.into_iter().flatten().collect()
    }

    /// The first place that comes before one with a lower key.
    fn out_of_place(&self) -> Option<usize> {
        let mut least: Option<&Digest> = None;
        let mut first = None;
        for (number, key) in self.rank_keys.iter().enumerate().rev() {
            if least.is_some_and(|least| least < key) {
                first = Some(number + 1);
            } else {
                least = Some(key);
            }
        }
        first
    }
}
