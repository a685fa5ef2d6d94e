//! The proof of work on the quiz's equal route (hashcash): what a picture costs a machine, this costs it too. It is looked
//! for while the question is read, so that a person does not wait for it.

use std::cell::RefCell;

use super::{sleep_ms, spawn};
use crate::sha256::Prefix;

/// Hashes at a stretch, a few milliseconds' worth; between two stretches the page may breathe.
const STRETCH: u64 = 4_096;

/// How often a finished answer asks whether the proof has been found.
const ASK_EVERY_MS: f64 = 30.0;

thread_local! {
    /// The token that is worked on, and its proof once it is found.
    static WORK: RefCell<(String, Option<u64>)> = const { RefCell::new((String::new(), None)) };
}

/// Starts to look for a number such that SHA-256 of `token.number` begins with at least `bits` zero bits. Work on an earlier
/// token ends.
pub(crate) fn begin(token: &str, bits: u32) {
    let token = token.to_owned();
    WORK.set((token.clone(), None));
    spawn(async move {
        let prefix = Prefix::new([token.as_str(), "."].concat().as_bytes());
        let mut next = 0;
        while is_wanted(&token) {
            let found = (next..next + STRETCH).find(|&number| prefix.zero_bits(number) >= bits);
            if found.is_some() {
                WORK.set((token, found));
                return;
            }
            next += STRETCH;
            sleep_ms(0.0).await;
        }
    });
}

fn is_wanted(token: &str) -> bool {
    WORK.with_borrow(|(wanted, _)| wanted == token)
}

/// The token's proof, once it is found; none where another token's is looked for by now.
pub(crate) async fn found(token: &str) -> Option<u64> {
    while is_wanted(token) {
        let proof = WORK.with_borrow(|(_, proof)| *proof);
        if proof.is_some() {
            return proof;
        }
        sleep_ms(ASK_EVERY_MS).await;
    }
    None
}
