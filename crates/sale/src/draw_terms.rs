//! A sale by draw: its times, its seed, and how far it is.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;

use crate::ids::SaleId;

/// The SHA-256 that the server's side computes draws with.
pub struct OurSha256;

impl draw::Sha256 for OurSha256 {
    fn digest(parts: &[&[u8]]) -> draw::Digest {
        parts.iter().fold(sha2::Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
    }
}

/// When a sale's entries close, and until when a public value may be mixed in, where one was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawTerms {
    /// The first millisecond at which nobody can enter any more.
    pub entries_close_at_ms: i64,
    /// Where a beacon was named: without its value by then the sale is called off.
    pub beacon_due_at_ms: Option<i64>,
}

/// How far a draw is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrawStage {
    /// Orders are entries.
    #[default]
    Entering,
    /// The entries are fixed and their root is known; the seed is not.
    Closed,
    /// The seed is known; entries get what their places give them, a batch at a time.
    Deciding,
    /// Everybody knows. What is left is sold to the first who come.
    Drawn,
}

/// The window in which orders are entries, as part of a sale's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryWindow {
    pub close_at_ms: i64,
    pub stage: DrawStage,
}

impl EntryWindow {
    /// Whether the sale takes neither entries nor orders: between the close and the last entry's outcome.
    #[must_use]
    pub const fn is_between(&self, now_ms: i64) -> bool {
        match self.stage {
            DrawStage::Entering => now_ms >= self.close_at_ms,
            DrawStage::Closed | DrawStage::Deciding => true,
            DrawStage::Drawn => false,
        }
    }
}

/// Why a draw cannot be held now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrawRefused {
    /// The sale is first come, first served.
    NoDraw,
    /// No beacon was named before the start.
    NoBeacon,
    /// The entries are not closed yet: whoever knew the value could enter by it.
    EntriesOpen,
    /// The time for the beacon's value is over.
    TooLate,
    /// The draw was held before, by another value or none.
    Held,
    CalledOff,
}

/// What the places follow from. Secret until the draw: it is written nowhere but into the record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DrawSeed(pub [u8; 32]);

impl DrawSeed {
    /// What is published of it beforehand.
    #[must_use]
    pub fn commitment(&self, sale_id: SaleId) -> Hex32 {
        Hex32(draw::commitment::<OurSha256>(sale_id.0.as_bytes(), &self.0))
    }
}

impl fmt::Debug for DrawSeed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DrawSeed(secret)")
    }
}

/// 32 public bytes; lower-case hexadecimal as text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hex32(pub [u8; 32]);

impl fmt::Display for Hex32 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&draw::to_hex(&self.0))
    }
}

impl fmt::Debug for Hex32 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Hex32 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&draw::to_hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex32 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom("64 lower-case hexadecimal digits were expected");
        draw::from_hex(&text).map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_shows_itself_to_nobody() {
        assert_eq!(format!("{:?}", DrawSeed([7; 32])), "DrawSeed(secret)");
    }

    #[test]
    fn digests_are_text_and_come_back() {
        let text = serde_json::to_string(&Hex32([0xab; 32])).unwrap();
        assert_eq!(text, format!("\"{}\"", "ab".repeat(32)));
        assert_eq!(format!("{0} {0:?}", Hex32([0xab; 32])), format!("{0} {0}", "ab".repeat(32)));
        assert_eq!(serde_json::from_str::<Hex32>(&text).unwrap(), Hex32([0xab; 32]));
        assert!(serde_json::from_str::<Hex32>("\"AB\"").is_err());
    }
}
