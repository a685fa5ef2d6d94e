//! The seed's commitment, and who comes when.

use crate::hash::{Digest, Sha256, hmac};

const SEED_LABEL: &[u8] = b"stampede draw seed 1";
const KEY_LABEL: &[u8] = b"stampede draw key 1";
const RANK_LABEL: &[u8] = b"stampede draw rank 1";

/// What is published of the seed before the first entry.
#[must_use]
pub fn commitment<H: Sha256>(sale_id: &[u8; 16], seed: &Digest) -> Digest {
    H::digest(&[SEED_LABEL, sale_id, seed])
}

/// What the places follow from: the seed, all entries (by their root), and the beacon where one was named. Since the root
/// is in it, one entry more or less shuffles everybody anew.
#[must_use]
pub fn draw_key<H: Sha256>(seed: &Digest, root: &Digest, beacon: Option<&str>) -> Digest {
    let named = [u8::from(beacon.is_some())];
    hmac::<H>(seed, &[KEY_LABEL, root, &named, beacon.unwrap_or_default().as_bytes()])
}

/// The entry with the lowest comes first.
#[must_use]
pub fn rank_key<H: Sha256>(draw_key: &Digest, leaf: &Digest) -> Digest {
    hmac::<H>(draw_key, &[RANK_LABEL, leaf])
}

/// The leaves' numbers, the first in the draw first.
#[must_use]
pub fn ranking<H: Sha256>(draw_key: &Digest, leaves: &[Digest]) -> Vec<usize> {
    let keyed = |(number, leaf): (usize, &Digest)| (rank_key::<H>(draw_key, leaf), *leaf, number);
    let mut all: Vec<_> = leaves.iter().enumerate().map(keyed).collect();
    all.sort_unstable();
    all.into_iter().map(|(_, _, number)| number).collect()
}
