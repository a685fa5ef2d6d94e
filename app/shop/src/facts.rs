//! What the sale's island knows from the page itself: the server gives it through a context and writes it into the
//! `data-` attributes of `<main>`, the browser reads it back from there.

use api::{SalePhase, SkuSummary};
use leptos::prelude::*;
use ui::Locale;

use crate::browser::{page, wire};

/// What `data-stock-policy` says where an order keeps nothing.
const PAYS_TO_CLAIM: &str = "on_payment";
/// What `data-is-restricted` says where not everybody may buy.
const RESTRICTED: &str = "true";

#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub locale: Locale,
    pub sale_id: String,
    pub starts_at_ms: i64,
    pub ends_at_ms: i64,
    pub price_minor: i64,
    pub list_price_minor: i64,
    pub currency: String,
    pub stock_units: i64,
    pub per_shopper_limit: i64,
    /// Nothing is kept before it is paid.
    pub pays_to_claim: bool,
    pub is_restricted: bool,
    /// Of a sale by draw: until when orders are entries; else 0.
    pub entries_close_at_ms: i64,
    pub skus: Vec<SkuSummary>,
    pub phase: Option<SalePhase>,
}

impl Facts {
    pub(crate) fn of_page() -> Self {
        if cfg!(feature = "hydrate") { Self::read() } else { use_context().unwrap_or_default() }
    }

    fn read() -> Self {
        let text = page::data;
        let number = |name: &str| page::number(&text(name));
        Self {
            locale: page::locale(),
            sale_id: text("saleId"),
            starts_at_ms: number("startsAtMs"),
            ends_at_ms: number("endsAtMs"),
            price_minor: number("priceMinor"),
            list_price_minor: number("listPriceMinor"),
            currency: text("currency"),
            stock_units: number("stockUnits"),
            per_shopper_limit: number("perShopperLimit"),
            pays_to_claim: text("stockPolicy") == PAYS_TO_CLAIM,
            is_restricted: text("isRestricted") == RESTRICTED,
            entries_close_at_ms: number("entriesCloseAtMs"),
            skus: wire::sku_summaries(&text("skus")),
            phase: wire::phase(&text("phase")),
        }
    }
}
