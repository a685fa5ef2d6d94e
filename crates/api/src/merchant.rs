//! The merchant API: items, sales, and what became of them.

use serde::{Deserialize, Serialize};

use crate::{BeaconInput, Draw, OrderHistory, OrderState, SalePhase};

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
    /// Reserved for `hold_seconds`, then back. Units that nobody pays for come back late.
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

/// One kind of the item, with units and a price of its own under the sale's total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SkuInput {
    /// 1 to 32 of `a-z`, `0-9` and inner `-`; unique in the sale.
    pub sku: String,
    /// 1 to 60 characters, such as `Size M`.
    pub title: String,
    /// The SKUs' units add up to the sale's total or to more (whichever sells first).
    pub stock_units: i64,
    pub price_minor: i64,
}

/// What becomes of an order by a shopper with too many strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[derive(Default)]
pub enum MarkedOrders {
    /// It takes no hold: units are its own once it is paid.
    #[default]
    PayToClaim,
    /// It is rejected: `marked`.
    Refuse,
}

/// A hold that lapses is a strike; so many of them within the time mark a shopper, in all of the merchant's sales.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StrikeRule {
    /// 0 (nobody is marked) to 64.
    pub limit: i64,
    /// For how long a strike counts: 1 to 31,536,000.
    pub strike_seconds: i64,
    pub marked_orders: MarkedOrders,
}

/// Who may buy, judged before the quiz.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Default)]
#[serde(deny_unknown_fields)]
pub struct EligibilityRule {
    /// Only accounts made before this moment; absent: accounts of any age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_before_ms: Option<i64>,
    /// Only the shoppers on the sale's list; see `POST …/shoppers`.
    #[serde(default)]
    pub listed_only: bool,
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
    /// For `draw`, and only there: between the start and the end. Orders before it are entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries_close_at_ms: Option<i64>,
    /// For `draw`: a public value to be mixed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon: Option<BeaconInput>,
    pub quiz: QuizInput,
    /// At most 50. None: the units are all alike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skus: Vec<SkuInput>,
    /// Absent: nobody is marked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strikes: Option<StrikeRule>,
    /// Absent: everybody may buy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligibility: Option<EligibilityRule>,
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
    /// Until the sale has opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_policy: Option<StockPolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waitlist_units: Option<i64>,
    /// Of a sale by draw, until it has opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries_close_at_ms: Option<i64>,
    /// Of a sale by draw, until it has opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon: Option<BeaconInput>,
    /// Of a sale with SKUs: those named change, a new name is a new SKU, the others stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skus: Option<Vec<SkuInput>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strikes: Option<StrikeRule>,
    /// As a whole: what is absent in it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eligibility: Option<EligibilityRule>,
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
    /// Of a sale by draw: how it stands. The seed is not in it before the draw, for its merchant neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw: Option<Draw>,
    pub quiz: QuizInput,
    pub skus: Vec<SkuInput>,
    /// Absent: nobody is marked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strikes: Option<StrikeRule>,
    pub eligibility: EligibilityRule,
    /// Shoppers on the sale's list.
    pub listed_shoppers: u64,
    pub called_off: bool,
    pub published: bool,
    pub paused: bool,
    pub revision: i64,
    /// Absent while the sale is a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<SalePhase>,
    /// Orders in the queue now.
    pub queued: u64,
    /// Orders in the waiting line now.
    pub waiting: u64,
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
    /// `free + held + sold = stock`, of the total and of each SKU, and held and sold are what the orders say.
    pub balanced: bool,
    /// Of a sale with SKUs: each one's own counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skus: Vec<SkuCounts>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SkuCounts {
    pub sku: String,
    pub stock: i64,
    pub free: i64,
    pub held: i64,
    pub sold: i64,
}

/// One order in the merchant's list. The shopper is named by id only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MerchantOrder {
    pub order_id: String,
    pub sale_id: String,
    pub shopper_id: String,
    pub state: OrderState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    pub quantity: u32,
    pub amount_minor: i64,
    pub currency: String,
    pub created_at_ms: i64,
    pub updated_at_ms: i64,
    #[serde(flatten)]
    pub history: OrderHistory,
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

/// `POST /api/merchant/sales/{sale_id}/shoppers`: changes the list of shoppers who may buy. At most 2,000 a call, 100,000 in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Default)]
#[serde(deny_unknown_fields)]
pub struct ChangeShoppers {
    /// E-mail addresses.
    #[serde(default)]
    pub add: Vec<String>,
    #[serde(default)]
    pub remove: Vec<String>,
}

/// The list after it, and the first of those on it: `GET …/shoppers?after={email}` for the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListedShoppers {
    pub listed_shoppers: u64,
    /// At most 200, in the order of the alphabet.
    pub emails: Vec<String>,
    /// Hand it back as `after` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<String>,
}

/// `GET /api/merchant/strikes`: whose holds lapsed in the merchant's sales, the latest first; at most 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StrikeList {
    pub shoppers: Vec<ShopperStrikes>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopperStrikes {
    pub shopper_id: String,
    pub display_name: String,
    /// Not lifted; each counts for as long as the sale that asks says.
    pub strikes: u64,
    pub first_at_ms: i64,
    pub last_at_ms: i64,
}
