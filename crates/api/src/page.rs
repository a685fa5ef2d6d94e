//! What the server hands to the pages that it renders. These never cross the wire by themselves.

use crate::{Order, SalePhase, StockPolicy};

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
    pub stock_policy: StockPolicy,
    pub waitlist_units: i64,
    /// None: the units are all alike.
    pub skus: Vec<SkuSummary>,
    /// Not everybody may buy: an old enough account, or a place on a list, is asked for.
    pub is_restricted: bool,
    /// None: first come, first served.
    pub draw: Option<DrawSummary>,
    pub revision: i64,
    /// As of the rendering; the page asks for the present one.
    pub phase: SalePhase,
}

/// What an item's page says of its sale's draw before the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrawSummary {
    pub entries_close_at_ms: i64,
    /// 64 hexadecimal digits.
    pub commitment: String,
    /// Which public value is mixed in; none: none is.
    pub beacon: Option<String>,
}

/// One kind of the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkuSummary {
    pub sku: String,
    pub title: String,
    pub price_minor: i64,
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
    /// In a sale by draw: the fingerprint of its seed, 64 hexadecimal digits.
    pub draw_commitment: Option<String>,
    pub order: Order,
    /// Of the SKU, where it is one.
    pub sku_title: Option<String>,
    pub slug: String,
    pub title: String,
    pub image_url: String,
}
