//! What the server hands to the pages that it renders. These never cross the wire by themselves.

use crate::{Order, SalePhase};

/// The sale that an item's page is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleSummary {
    pub sale_id: String,
    pub price_minor: i64,
    pub starts_at_ms: i64,
    pub ends_at_ms: i64,
    pub stock_units: i64,
    pub per_shopper_limit: i64,
    pub hold_seconds: i64,
    pub revision: i64,
    /// As of the rendering; the page asks for the present one.
    pub phase: SalePhase,
}

/// One item in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemCard {
    pub slug: String,
    pub title: String,
    pub image_url: String,
    pub list_price_minor: i64,
    pub currency: String,
    pub sale: Option<SaleSummary>,
}

/// One item's own page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemPage {
    pub card: ItemCard,
    /// Plain text; a blank line parts paragraphs.
    pub description: String,
}

/// An order with what its page needs to tell the shopper what was bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderDetail {
    pub order: Order,
    pub slug: String,
    pub title: String,
    pub image_url: String,
}
