//! The dynamic fragments that a static page fetches for itself (client-side includes).

use serde::{Deserialize, Serialize};

use crate::{Admission, SaleDraw};

/// `GET /csi/time`: the server's clock at the receipt of the request and at the sending of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServerTime {
    /// Unix epoch microseconds by the server's slewed clock.
    pub received_us: i64,
    /// Unix epoch microseconds by the server's slewed clock.
    pub sent_us: i64,
    /// Names one life of one server's clock. Samples of different clocks do not mix.
    pub clock_id: String,
}

/// `GET /csi/me`: who is asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    pub signed_in: bool,
    /// Empty for a visitor who is not signed in.
    pub display_name: String,
    /// The shopper's in each round of `SaleState::admission`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<u32>,
}

/// What a sale is doing now, by the server's clock and the record of its stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SalePhase {
    Upcoming,
    Open,
    SoldOut,
    Ended,
    Paused,
}

/// `GET /csi/sales/{sale_id}`: nothing personal, so that an edge may keep it for a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SaleState {
    pub phase: SalePhase,
    pub starts_at_ms: i64,
    pub ends_at_ms: i64,
    /// Grows with every change of the sale that its page shows.
    pub revision: i64,
    pub price_minor: i64,
    pub currency: String,
    /// Nothing is free now, but units may come back and there is room to wait for them.
    #[serde(default)]
    pub can_wait: bool,
    /// The sale has ended because the merchant called it off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub called_off: bool,
    /// While more would begin here than can: who may now, by lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission: Option<Admission>,
    /// Of a sale by draw: how far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw: Option<SaleDraw>,
    /// Of a sale with SKUs: how each stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skus: Vec<SkuState>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SkuState {
    pub sku: String,
    pub price_minor: i64,
    pub sold_out: bool,
    pub can_wait: bool,
}

/// `GET /csi/recommendations?item={slug}`: an extra; a page is whole without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recommendations {
    pub items: Vec<Recommendation>,
}

/// One other item whose sale is on or soon to start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recommendation {
    pub slug: String,
    pub title: String,
    pub image_url: String,
    pub price_minor: i64,
    pub currency: String,
    pub starts_at_ms: i64,
    pub phase: SalePhase,
}
