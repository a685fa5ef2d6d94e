//! A draw's published file ([`DrawFile`]), read as it comes in, however its bytes are cut: what is kept of an entry is what
//! the check needs, and no text but that of the entry under way.

mod pieces;

use api::{DRAW_FILE_FORMAT, DRAW_FILE_VERSION, DrawFile, DrawFileEntry};
use draw::{Digest, Entry, Published, Ranked, Units, from_hex};
use uuid::Uuid;

use pieces::{Piece, Pieces};

/// Five times what a draw of this shop can have.
pub const MAX_ENTRIES: usize = 1_000_000;

/// A file that cannot be read as a draw's.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("not a draw's file: {0}")]
    NotADraw(#[from] serde_json::Error),
    #[error("not a draw's file: a part of it is longer than any of a draw's")]
    TooLong,
    #[error("more than {MAX_ENTRIES} entries")]
    TooMany,
    #[error("\"{0}\" of version {1}; this program reads \"{DRAW_FILE_FORMAT}\" of version {DRAW_FILE_VERSION}")]
    Another(String, u32),
    /// A field that says nothing.
    #[error("{0} cannot be read")]
    Field(String),
}

/// A file that was read.
#[derive(Debug)]
pub struct ReadDraw {
    /// The file without its entries.
    pub head: DrawFile,
    pub draw: Published,
}

/// Takes a file piece by piece.
#[derive(Default)]
pub struct Reader {
    pieces: Pieces,
    entries: Vec<Ranked>,
}

impl Reader {
    /// How many entries have come in.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// Takes the next bytes, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        for &byte in bytes {
            match self.pieces.push(byte) {
                Piece::None => {}
                Piece::TooLong => return Err(Unreadable::TooLong),
                Piece::Entry => {
                    if self.entries.len() == MAX_ENTRIES {
                        return Err(Unreadable::TooMany);
                    }
                    let entry = serde_json::from_slice(self.pieces.entry())?;
                    self.entries.push(ranked(entry, self.entries.len())?);
                }
            }
        }
        Ok(())
    }

    /// The whole file is in.
    pub fn finish(self) -> Result<ReadDraw, Unreadable> {
        let head: DrawFile = serde_json::from_slice(self.pieces.head())?;
        if head.format != DRAW_FILE_FORMAT || head.version != DRAW_FILE_VERSION {
            return Err(Unreadable::Another(head.format, head.version));
        }
        let draw = Published {
            sale_id: id("sale_id", &head.sale_id)?,
            commitment: digest("commitment", &head.commitment)?,
            seed: digest("seed", &head.seed)?,
            beacon: beacon(&head)?,
            root: digest("root", &head.root)?,
            units: Units { total: head.units, skus: head.sku_units.clone() },
            entries: self.entries,
        };
        Ok(ReadDraw { head, draw })
    }
}

/// An order's id as it is written.
#[must_use]
pub fn id_text(id: &[u8; 16]) -> String {
    Uuid::from_bytes(*id).to_string()
}

/// The bytes of an id.
#[must_use]
pub fn id_bytes(text: &str) -> Option<[u8; 16]> {
    Uuid::parse_str(text).ok().map(Uuid::into_bytes)
}

fn ranked(entry: DrawFileEntry, number: usize) -> Result<Ranked, Unreadable> {
    let DrawFileEntry { order_id, quantity, sku, reserves, won } = entry;
    let order_id = id_bytes(&order_id).ok_or_else(|| Unreadable::Field(format!("entries[{number}].order_id")))?;
    Ok(Ranked { entry: Entry { order_id, quantity, reserves, sku }, won })
}

fn id(name: &str, text: &str) -> Result<[u8; 16], Unreadable> {
    id_bytes(text).ok_or_else(|| Unreadable::Field(name.to_owned()))
}

fn digest(name: &str, text: &str) -> Result<Digest, Unreadable> {
    from_hex(text).ok_or_else(|| Unreadable::Field(name.to_owned()))
}

/// One spelling of each value, and nothing that a terminal would take for more than text.
fn beacon(head: &DrawFile) -> Result<Option<String>, Unreadable> {
    let Some(beacon) = &head.beacon else { return Ok(None) };
    if beacon.description.chars().any(char::is_control) {
        return Err(Unreadable::Field("beacon.description".to_owned()));
    }
    digest("beacon.value", &beacon.value)?;
    Ok(Some(beacon.value.clone()))
}
