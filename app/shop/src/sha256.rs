//! SHA-256 (FIPS 180-4), one block at a time. The browser's own takes a promise a hash, a hundred times the work of the hash
//! itself, and is missing on a page without TLS.

const ROUND: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
    0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
    0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
    0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2,
];

type State = [u32; 8];

const START: State = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

fn compress(state: &mut State, block: &[u8]) {
    let mut words = [0_u32; 64];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = bytes.iter().fold(0, |word, &byte| word << 8 | u32::from(byte));
    }
    for t in 16..64 {
        let (near, far) = (words[t - 2], words[t - 15]);
        let sigma0 = far.rotate_right(7) ^ far.rotate_right(18) ^ (far >> 3);
        let sigma1 = near.rotate_right(17) ^ near.rotate_right(19) ^ (near >> 10);
        words[t] = words[t - 16].wrapping_add(sigma0).wrapping_add(words[t - 7]).wrapping_add(sigma1);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (word, round) in words.iter().zip(ROUND) {
        let sum1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = (e & f) ^ (!e & g);
        let first = h.wrapping_add(sum1).wrapping_add(choice).wrapping_add(round).wrapping_add(*word);
        let sum0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        (h, g, f, e) = (g, f, e, d.wrapping_add(first));
        (d, c, b, a) = (c, b, a, first.wrapping_add(sum0).wrapping_add(majority));
    }
    for (sum, word) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *sum = sum.wrapping_add(word);
    }
}

/// A text whose hash is wanted with many endings: its whole blocks are hashed once.
pub(crate) struct Prefix {
    state: State,
    rest: Vec<u8>,
    bytes: u64,
}

impl Prefix {
    pub(crate) fn new(text: &[u8]) -> Self {
        let mut state = START;
        let blocks = text.chunks_exact(64);
        let rest = blocks.remainder().to_vec();
        blocks.for_each(|block| compress(&mut state, block));
        Self { state, rest, bytes: text.len() as u64 }
    }

    /// The zero bits, up to 32, that the hash of the text and this number in decimal begins with.
    pub(crate) fn zero_bits(&self, number: u64) -> u32 {
        let mut digits = [0_u8; 20];
        let (mut first, mut left) = (digits.len(), number);
        loop {
            first -= 1;
            digits[first] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        let digits = &digits[first..];
        // At most 63 bytes of rest, 20 digits, the closing bit and the length: two blocks.
        let mut last = [0_u8; 128];
        let (rest, end) = (self.rest.len(), self.rest.len() + digits.len());
        last[..rest].copy_from_slice(&self.rest);
        last[rest..end].copy_from_slice(digits);
        last[end] = 0x80;
        let length = if end < 56 { 64 } else { 128 };
        let bits = (self.bytes + digits.len() as u64) * 8;
        last[length - 8..length].copy_from_slice(&bits.to_be_bytes());
        let mut state = self.state;
        last[..length].chunks_exact(64).for_each(|block| compress(&mut state, block));
        state[0].leading_zeros()
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_zero_bits_are_those_of_the_library_for_texts_of_any_length() {
        for length in 0..200 {
            let text: Vec<u8> = (0..length).map(|byte| b'a' + byte as u8 % 26).collect();
            let prefix = Prefix::new(&text);
            for number in [0, 9, 10, 99_999, 131_072, u64::MAX] {
                let whole = [text.as_slice(), number.to_string().as_bytes()].concat();
                let digest = Sha256::digest(&whole);
                let expected = u32::from_be_bytes(digest[..4].try_into().unwrap()).leading_zeros();
                assert_eq!(prefix.zero_bits(number), expected, "{length} bytes and {number}");
            }
        }
    }
}
