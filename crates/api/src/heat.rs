//! What the crowd is at.

use serde::{Deserialize, Serialize};

/// Why an item counts as hot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HeatCause {
    /// A published sale of it is on or starts within 15 minutes.
    Enrolled,
    /// It is among those that were visited most in the last hours, and has a sale to come.
    Predicted,
    /// The crowd is at it, and nobody had said so before.
    Found,
}

/// An item that is hot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HotItem {
    pub item_id: String,
    pub slug: String,
    pub title: String,
    pub image_url: String,
    pub cause: HeatCause,
    /// Since when it counts as hot, for this cause.
    pub since_ms: i64,
    /// Since when the crowd is at it: it has a tenth of all items' requests. Absent while it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crowded_since_ms: Option<i64>,
    /// Its part in all items' requests, in the last half second, to a tenth of a percent.
    pub share_percent: f64,
    /// Requests for it a second, likewise, to a tenth.
    pub requests_per_second: f64,
}

/// `GET /api/merchant/heat`: the merchant's own hot items, the hottest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeatBoard {
    pub items: Vec<HotItem>,
    /// From this part of all items' requests on, the crowd is at an item.
    pub threshold_percent: f64,
    /// When the numbers were taken; at most a quarter of a second ago.
    pub read_at_ms: i64,
}
