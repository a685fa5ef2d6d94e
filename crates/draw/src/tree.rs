//! The Merkle tree over all entries (RFC 9162, section 2.1).

use crate::hash::{Digest, Sha256};

/// RFC 9162, section 2.1.1: a node can never be taken for a leaf.
const NODE_PREFIX: &[u8] = &[1];

/// All nodes of a tree, level by level, the leaves first.
///
/// The leaves stand in the order of their hashes. So the tree says who entered and not when: the same entries give the
/// same root in whatever order they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    levels: Vec<Vec<Digest>>,
}

impl Tree {
    #[must_use]
    pub fn of<H: Sha256>(mut leaves: Vec<Digest>) -> Self {
        leaves.sort_unstable();
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            // A node without a neighbour goes up as it is. That is the tree of the RFC, which splits at powers of two.
            let above = below.chunks(2).map(|pair| match pair {
                [left, right] => node::<H>(left, right),
                alone => alone[0],
            });
            let above = above.collect();
            levels.push(above);
        }
        Self { levels }
    }

    /// The root; of no entries the digest of nothing.
    #[must_use]
    pub fn root<H: Sha256>(&self) -> Digest {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or_else(|| H::digest(&[]))
    }

    /// The leaves, in their order.
    #[must_use]
    pub fn leaves(&self) -> &[Digest] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// Where the leaf stands, and the nodes beside its way to the root, the lowest first. None of a leaf that is not there.
    #[must_use]
    pub fn proof(&self, leaf: &Digest) -> Option<(usize, Vec<Digest>)> {
        let index = self.leaves().binary_search(leaf).ok()?;
        let beside = |(height, level): (usize, &Vec<Digest>)| level.get((index >> height) ^ 1).copied();
        let top = self.levels.len() - 1;
        Some((index, self.levels[..top].iter().enumerate().filter_map(beside).collect()))
    }
}

/// The root alone, leaf after leaf in their order: one node a level is kept, and no more.
#[derive(Clone, Debug, Default)]
pub struct Root {
    leaves: u64,
    /// Whole subtrees, the largest first: their heights are the bits of `leaves`.
    whole: Vec<Digest>,
}

impl Root {
    /// How many leaves went into it.
    #[must_use]
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    pub fn push<H: Sha256>(&mut self, leaf: Digest) {
        let mut subtree = leaf;
        for _ in 0..self.leaves.trailing_ones() {
            if let Some(left) = self.whole.pop() {
                subtree = node::<H>(&left, &subtree);
            }
        }
        self.whole.push(subtree);
        self.leaves += 1;
    }

    /// The root of what has been pushed; of nothing, the digest of nothing.
    #[must_use]
    pub fn digest<H: Sha256>(&self) -> Digest {
        let whole = self.whole.iter().rev().copied();
        whole.reduce(|right, left| node::<H>(&left, &right)).unwrap_or_else(|| H::digest(&[]))
    }
}

fn node<H: Sha256>(left: &Digest, right: &Digest) -> Digest {
    H::digest(&[NODE_PREFIX, left, right])
}

/// Whether the proof leads from the leaf at `index` of `size` to the root (RFC 9162, section 2.1.3.2).
#[must_use]
pub fn proof_holds<H: Sha256>(root: &Digest, size: usize, index: usize, leaf: &Digest, proof: &[Digest]) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for beside in proof {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node::<H>(beside, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node::<H>(&hash, beside);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}
