//! What the record keeps, as its readers see it.

use sale::{
    Book, ItemId, MerchantId, OrderId, OrderState, PassId, Rejection, SaleId, ShopperId, StockPolicy, Terms, Window,
};
use serde::{Deserialize, Serialize};

/// Rows in one page of a list, at most.
pub const PAGE_ROWS_MAX: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopperRow {
    pub shopper_id: ShopperId,
    /// None for shoppers made for a load test: they have no way to sign in but their cookie.
    pub email: Option<String>,
    pub display_name: String,
    /// PHC string.
    pub password_hash: Option<String>,
    pub created_at_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantRow {
    pub merchant_id: MerchantId,
    pub email: String,
    /// PHC string.
    pub password_hash: String,
    pub created_at_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    pub item_id: ItemId,
    pub merchant_id: MerchantId,
    pub slug: String,
    pub title: String,
    pub description: String,
    pub image_url: String,
    pub list_price_minor: i64,
    pub currency: String,
    pub updated_at_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuizKind {
    Bank,
    Arithmetic,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuizQuestion {
    pub prompt: String,
    pub answer: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleRow {
    pub sale_id: SaleId,
    pub item_id: ItemId,
    pub merchant_id: MerchantId,
    pub price_minor: i64,
    pub currency: String,
    pub starts_at_ms: i64,
    pub ends_at_ms: i64,
    pub opened_at_ms: Option<i64>,
    /// As of the sale's making; the present count is the stock's.
    pub stock_units: u64,
    pub per_shopper_limit: u32,
    pub stock_policy: StockPolicy,
    pub hold_seconds: u32,
    pub quiz_kind: QuizKind,
    pub questions: Vec<QuizQuestion>,
    pub min_answer_ms: i64,
    pub max_answer_ms: i64,
    pub published: bool,
    pub paused: bool,
    pub revision: i64,
    pub updated_at_ms: i64,
}

impl SaleRow {
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            price_minor: self.price_minor,
            currency: self.currency.clone(),
            per_shopper_limit: self.per_shopper_limit,
            hold_seconds: self.hold_seconds,
            stock_policy: self.stock_policy,
        }
    }

    #[must_use]
    pub fn window(&self) -> Window {
        Window {
            starts_at_ms: self.starts_at_ms,
            ends_at_ms: self.ends_at_ms,
            opened: self.opened_at_ms.is_some(),
            paused: self.paused,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    pub order_id: OrderId,
    pub sale_id: SaleId,
    pub shopper_id: ShopperId,
    pub state: OrderState,
    pub quantity: u32,
    pub amount_minor: i64,
    pub currency: String,
    pub hold_expires_at_ms: i64,
    pub created_at_ms: i64,
    pub updated_at_ms: i64,
    /// The place in the whole list: the row's number, for cursors.
    pub row_number: i64,
}

/// Which orders a list is to hold; what is none does not restrict.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    pub merchant_id: Option<MerchantId>,
    pub sale_id: Option<SaleId>,
    pub shopper_id: Option<ShopperId>,
    pub state: Option<OrderState>,
    /// Only rows before this number (newest first).
    pub before_row: Option<i64>,
    pub limit: usize,
}

/// The four counts of a sale, and what its orders add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerCounts {
    pub stock: u64,
    pub free: u64,
    pub held: u64,
    pub sold: u64,
    pub held_by_orders: u64,
    pub sold_by_orders: u64,
}

/// How an order left the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatOutcome {
    Held { hold_expires_at_ms: i64 },
    Rejected(Rejection),
}

/// An order's place in the line, for the queue of the next life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatRow {
    pub order_id: OrderId,
    pub shopper_id: ShopperId,
    pub pass_id: PassId,
    pub body_hash: u64,
    pub quantity: u32,
    pub queue_life: u64,
    pub queue_seq: u64,
    pub outcome: SeatOutcome,
}

/// All that the server keeps in memory of a sale.
#[derive(Clone, Debug)]
pub struct LoadedSale {
    pub row: SaleRow,
    pub book: Book,
    pub seats: Vec<SeatRow>,
    /// For each life of the queue, the last number that was decided.
    pub drained: Vec<(u64, u64)>,
}
