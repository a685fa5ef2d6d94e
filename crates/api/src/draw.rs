//! Sales by draw: what is public of them, and each entrant's own receipt.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How far a draw is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DrawStage {
    /// Orders are entries.
    Entering,
    /// The entries are fixed, and their root is published; the seed is not.
    Closed,
    /// The seed is published; entries are told what they get.
    Deciding,
    /// Everybody knows. What is left is sold to the first who come.
    Drawn,
    /// There will be no draw.
    CalledOff,
}

/// A public value that is mixed into the draw, named before the start: the draw is not held without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BeaconInput {
    /// 1 to 200 characters: which value of which source, such as `drand quicknet round 1234567`.
    pub description: String,
    /// After the close and no later than the end. Without the value by then the sale is called off.
    pub due_at_ms: i64,
}

/// `POST /api/merchant/sales/{sale_id}/beacon`: the value that was named, after the close, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GiveBeacon {
    /// 32 bytes (drand's `randomness`, say) as 64 hexadecimal digits in lower case: there is one spelling of each value.
    pub value: String,
}

/// A draw's beacon as the public sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DrawBeacon {
    pub description: String,
    pub due_at_ms: i64,
    /// Once it has been given: compare it with its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// In `GET /csi/sales/{sale_id}`, of a sale by draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SaleDraw {
    pub stage: DrawStage,
    pub entries_close_at_ms: i64,
    /// SHA-256 over the seed, in hexadecimal.
    pub commitment: String,
    /// Entries that have not been decided.
    pub entries: u64,
}

/// `GET /api/sales/{sale_id}/draw`: nothing personal. Digests are lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Draw {
    pub sale_id: String,
    pub stage: DrawStage,
    pub entries_close_at_ms: i64,
    pub commitment: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon: Option<DrawBeacon>,
    /// So far, and from the close on those under the root.
    pub entries: u64,
    /// From the close on: the Merkle root of all entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at_ms: Option<i64>,
    /// Once the draw is held, and not before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn_at_ms: Option<i64>,
    /// What there was to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<u64>,
    /// Entries that got units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winners: Option<u64>,
}

/// What [`DrawFile::format`] says.
pub const DRAW_FILE_FORMAT: &str = "stampede-draw";

/// The version of [`DrawFile`] that this code writes and reads.
pub const DRAW_FILE_VERSION: u32 = 1;

/// `GET /api/sales/{sale_id}/draw/entries`: all that is needed to recompute a draw. `stampede verify-draw` reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DrawFile {
    /// `stampede-draw`.
    pub format: String,
    /// 1.
    pub version: u32,
    pub sale_id: String,
    pub commitment: String,
    pub seed: String,
    /// Absent where none was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon: Option<DrawFileBeacon>,
    pub root: String,
    /// What there was to be had, in all.
    pub units: u64,
    /// Of a sale with SKUs: of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sku_units: BTreeMap<String, u64>,
    /// The first in the draw first.
    pub entries: Vec<DrawFileEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DrawFileBeacon {
    pub description: String,
    pub value: String,
}

/// One entry at its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DrawFileEntry {
    /// A digest: only who entered knows whose it is.
    pub order_id: String,
    pub quantity: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// Whether units are kept for it when it gets some; else it pays to claim them.
    pub reserves: bool,
    pub won: bool,
}

/// `GET /api/sales/{sale_id}/draw/receipt`: the shopper's own entries, from the close on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DrawReceipts {
    pub sale_id: String,
    pub root: String,
    /// Leaves under the root.
    pub entries: u64,
    /// At most 200.
    pub receipts: Vec<DrawReceipt>,
}

/// That an entry is under the root: a Merkle inclusion proof (RFC 9162, section 2.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DrawReceipt {
    pub order_id: String,
    /// The how manieth entry it was. It has no bearing on the draw.
    pub entered_as: u64,
    pub quantity: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    pub reserves: bool,
    pub leaf: String,
    /// Where the leaf stands, from 0.
    pub index: u64,
    /// The nodes beside its way to the root, the lowest first.
    pub proof: Vec<String>,
    /// Its place in the draw, 1 the first; absent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub won: Option<bool>,
}
