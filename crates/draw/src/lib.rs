//! The arithmetic of a draw that anyone can recompute.
//!
//! A seed is committed to before the entries ([`commitment`]), the entries are committed to before the seed is shown
//! ([`Tree`]), and who comes when follows from both, and from a public beacon where one was named ([`ranking`]). What the
//! places are worth follows from the units ([`Units::take`]). [`check`] goes over all of it again, [`Check`] a part at a time.
//!
//! The same code runs in the server, on the command line and in the browser, where every byte is paid for: it brings no
//! SHA-256 of its own but takes the caller's ([`Sha256`]). docs/decisions/draw.md says why each thing is as it is.

mod check;
mod entry;
mod hash;
mod rank;
mod tree;
mod units;

pub use check::{Check, Published, Ranked, Wrong, check};
pub use entry::{Entry, leaf_hash};
pub use hash::{Digest, Sha256, from_hex, hmac, to_hex};
pub use rank::{commitment, draw_key, rank_key, ranking};
pub use tree::{Root, Tree, proof_holds};
pub use units::Units;
