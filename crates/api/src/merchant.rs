//! The merchant API: items, sales, and what became of them.

use serde::{Deserialize, Serialize};

use crate::{OrderState, SalePhase};

/// `POST /api/merchant/items`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateItem {
    /// 1 to 64 of `a-z`, `0-9` and inner `-`; unique in the shop.
    pub slug: String,
    /// 1 to 120 characters.
    pub title: String,
    /// At most 4,000 characters of plain text.
    pub description: String,
    /// A path on this shop (`/images/…`) or an https address.
    pub image_url: String,
    pub list_price_minor: i64,
    /// ISO 4217.
    pub currency: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedItem {
    pub item_id: String,
}

/// `PATCH /api/merchant/items/{item_id}`: what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PatchItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price_minor: Option<i64>,
}

/// An item as its merchant sees it. `GET /api/merchant/items/{item_id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Item {
    pub item_id: String,
    pub slug: String,
    pub title: String,
    pub description: String,
    pub image_url: String,
    pub list_price_minor: i64,
    pub currency: String,
}

/// `GET /api/merchant/items`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemList {
    pub items: Vec<Item>,
}

/// When a unit leaves the free stock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StockPolicy {
    /// Reserved for `hold_seconds`, then back.
    #[default]
    Hold,
    /// Taken when ordered.
    OnOrder,
    /// Taken when paid.
    OnPayment,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SaleMode {
    #[default]
    FirstCome,
    Draw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum QuizKind {
    /// The merchant's own questions.
    Bank,
    /// Small sums, made by the server.
    Arithmetic,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct QuestionInput {
    /// 1 to 80 characters.
    pub prompt: String,
    /// 1 to 40 characters; compared without regard to case, width and outer spaces.
    pub answer: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct QuizInput {
    pub kind: QuizKind,
    /// For `bank`: 1 to 200 questions. For `arithmetic`: none.
    #[serde(default)]
    pub questions: Vec<QuestionInput>,
    /// Least 0.
    pub min_answer_ms: i64,
    /// At most 600,000, and more than `min_answer_ms`.
    pub max_answer_ms: i64,
}

/// `POST /api/merchant/sales`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateSale {
    pub item_id: String,
    pub price_minor: i64,
    pub starts_at_ms: i64,
    pub ends_at_ms: i64,
    pub stock_units: i64,
    pub per_shopper_limit: i64,
    #[serde(default)]
    pub stock_policy: StockPolicy,
    /// Least 1.
    pub hold_seconds: i64,
    #[serde(default)]
    pub waitlist_units: i64,
    #[serde(default)]
    pub mode: SaleMode,
    pub quiz: QuizInput,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedSale {
    pub sale_id: String,
}

/// `PATCH /api/merchant/sales/{sale_id}`: what is absent stays. The start can move until the sale has opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PatchSale {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_minor: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at_ms: Option<i64>,
    /// The sale's whole stock. Lowering it takes free units away, never held or sold ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_units: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_shopper_limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiz: Option<QuizInput>,
    /// A paused sale admits nobody; what is queued, held or being paid goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
}

/// A sale as its merchant sees it. `GET /api/merchant/sales/{sale_id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sale {
    pub sale_id: String,
    pub item_id: String,
    pub price_minor: i64,
    pub currency: String,
    pub starts_at_ms: i64,
    pub ends_at_ms: i64,
    pub stock_units: i64,
    pub per_shopper_limit: i64,
    pub stock_policy: StockPolicy,
    pub hold_seconds: i64,
    pub waitlist_units: i64,
    pub mode: SaleMode,
    pub quiz: QuizInput,
    pub published: bool,
    pub paused: bool,
    pub revision: i64,
    /// Absent while the sale is a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<SalePhase>,
    /// Orders waiting in the queue now.
    pub queued: u64,
}

/// `GET /api/merchant/sales`, newest start first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SaleList {
    pub sales: Vec<Sale>,
}

/// `POST /api/merchant/sales/{sale_id}/publish`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Published {
    pub revision: i64,
}

/// `GET /api/merchant/sales/{sale_id}/ledger`: read from the record, never a cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerState {
    pub stock: i64,
    pub free: i64,
    pub held: i64,
    pub sold: i64,
    /// `free + held + sold = stock`, and held and sold are what the orders say.
    pub balanced: bool,
}

/// One order in the merchant's list. The shopper is named by id only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MerchantOrder {
    pub order_id: String,
    pub sale_id: String,
    pub shopper_id: String,
    pub state: OrderState,
    pub quantity: u32,
    pub amount_minor: i64,
    pub currency: String,
    pub created_at_ms: i64,
    pub updated_at_ms: i64,
}

/// `GET /api/merchant/orders?sale_id&state&shopper&cursor&consistency`, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MerchantOrders {
    pub orders: Vec<MerchantOrder>,
    /// Hand it back as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
