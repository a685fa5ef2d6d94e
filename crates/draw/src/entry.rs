//! One entry, and its leaf in the tree.

use crate::hash::{Digest, Sha256};

const ENTRY_LABEL: &[u8] = b"stampede draw entry 1";

/// RFC 9162, section 2.1.1: a leaf can never be taken for a node.
const LEAF_PREFIX: &[u8] = &[0];

/// What the draw knows of one entry. Nothing in it names the shopper to the public: an order's id is a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub order_id: [u8; 16],
    pub quantity: u32,
    /// Whether units are kept for it when it gets some. Shoppers with too many lapsed holds pay to claim theirs.
    pub reserves: bool,
    /// Which of the sale's SKUs, where it has some.
    pub sku: Option<String>,
}

/// The entry's leaf: SHA-256 over a leaf's prefix, a label, the sale, the order, the quantity (4 bytes, the highest first),
/// whether it reserves (1 byte), whether it names a SKU (1 byte), and the SKU.
#[must_use]
pub fn leaf_hash<H: Sha256>(sale_id: &[u8; 16], entry: &Entry) -> Digest {
    let flags = [u8::from(entry.reserves), u8::from(entry.sku.is_some())];
    let sku = entry.sku.as_deref().unwrap_or_default().as_bytes();
    H::digest(&[LEAF_PREFIX, ENTRY_LABEL, sale_id, &entry.order_id, &entry.quantity.to_be_bytes(), &flags, sku])
}
