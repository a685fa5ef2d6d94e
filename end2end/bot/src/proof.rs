//! The proof of work in native code.

use sha2::{Digest, Sha256};

/// The first number that will do.
pub(crate) fn found(token: &str, bits: u32) -> u64 {
    // The token's whole blocks are hashed once.
    let start = Sha256::new().chain_update(token).chain_update(".");
    let mut number = 0_u64;
    loop {
        let digest = start.clone().chain_update(number.to_string()).finalize();
        let leading = u64::from_be_bytes(digest[..8].try_into().expect("32 bytes")).leading_zeros();
        if leading >= bits {
            return number;
        }
        number += 1;
    }
}
