//! What the record keeps, as its readers see it.

use std::collections::BTreeMap;

use sale::{
    Book, DrawSeed, DrawStage, DrawTerms, Eligibility, EntryWindow, Hex32, ItemId, MerchantId, OrderId, OrderState,
    Outcome, PassId, PaymentId, RefundCause, ReleaseCause, SaleId, ShopperId, StockPolicy, StrikeTerms, Terms, Units,
    Window,
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

/// One kind of an item in a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkuRow {
    pub sku: String,
    pub title: String,
    pub price_minor: i64,
    /// As of the sale's making; none for one that came later. The present count is the stock's.
    pub made_units: Option<u64>,
}

/// A public value that is mixed into a draw, named before the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeaconRow {
    /// For people: which value of which source.
    pub description: String,
    /// Without its value by then the sale is called off.
    pub due_at_ms: i64,
}

/// What makes a sale a sale by draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawRow {
    pub entries_close_at_ms: i64,
    /// To the seed, which is in no row.
    pub commitment: Hex32,
    pub beacon: Option<BeaconRow>,
}

/// How far a draw is, as the record has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawState {
    pub row: DrawRow,
    pub closed: Option<ClosedDraw>,
    pub held: Option<HeldDraw>,
    /// Entries that do not know yet what they get.
    pub undecided: u64,
    /// Places of which it has been told what they get.
    pub told: u64,
}

/// The entries are fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedDraw {
    pub root: Hex32,
    pub entries: u64,
    pub at_ms: i64,
}

/// The seed is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldDraw {
    pub seed: Hex32,
    pub beacon: Option<String>,
    /// What there was to be had.
    pub units: u64,
    pub sku_units: BTreeMap<String, u64>,
    pub at_ms: i64,
    /// Entries that got units, as far as they are decided.
    pub winners: u64,
}

/// One entry, as the public may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawEntryRow {
    pub order_id: OrderId,
    pub quantity: u32,
    pub reserves: bool,
    pub sku: Option<String>,
    /// 1 is the first; none before the draw.
    pub rank: Option<u64>,
    pub won: bool,
}

impl DrawEntryRow {
    /// As the draw computes with it.
    #[must_use]
    pub fn entry(&self) -> draw::Entry {
        draw::Entry {
            order_id: *self.order_id.0.as_bytes(),
            quantity: self.quantity,
            reserves: self.reserves,
            sku: self.sku.clone(),
        }
    }
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
    pub waitlist_units: u32,
    pub skus: Vec<SkuRow>,
    pub strikes: StrikeTerms,
    pub eligibility: Eligibility,
    /// None: first come, first served.
    pub draw: Option<DrawRow>,
    /// Set by the event, not by a write of the row.
    pub called_off_at_ms: Option<i64>,
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
            sku_prices_minor: self.skus.iter().map(|sku| (sku.sku.clone(), sku.price_minor)).collect(),
            currency: self.currency.clone(),
            per_shopper_limit: self.per_shopper_limit,
            hold_seconds: self.hold_seconds,
            stock_policy: self.stock_policy,
            waitlist_units: self.waitlist_units,
            strikes: self.strikes,
            ends_at_ms: self.ends_at_ms,
            draw: self.draw.as_ref().map(|draw| DrawTerms {
                entries_close_at_ms: draw.entries_close_at_ms,
                beacon_due_at_ms: draw.beacon.as_ref().map(|beacon| beacon.due_at_ms),
            }),
        }
    }

    /// The units that the sale was made with.
    #[must_use]
    pub fn made_units(&self) -> Units {
        let skus = self.skus.iter().filter_map(|sku| Some((sku.sku.clone(), sku.made_units?))).collect();
        Units { total: self.stock_units, skus }
    }

    /// A sale that was called off ended then. How far a draw is, the row does not know: see [`SaleRow::window_at`].
    #[must_use]
    pub fn window(&self) -> Window {
        self.window_at(DrawStage::Entering)
    }

    /// The window of a sale whose draw, where it has one, is so far.
    #[must_use]
    pub fn window_at(&self, stage: DrawStage) -> Window {
        Window {
            starts_at_ms: self.starts_at_ms,
            ends_at_ms: self.called_off_at_ms.map_or(self.ends_at_ms, |at_ms| at_ms.min(self.ends_at_ms)),
            opened: self.opened_at_ms.is_some(),
            paused: self.paused,
            entries: self.draw.as_ref().map(|draw| EntryWindow { close_at_ms: draw.entries_close_at_ms, stage }),
        }
    }
}

/// Money that went back, or is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRow {
    pub cause: RefundCause,
    pub amount_minor: i64,
    pub currency: String,
    pub is_sent: bool,
}

/// A refund that the provider has not taken yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRefund {
    pub payment_id: PaymentId,
    pub amount_minor: i64,
    pub currency: String,
}

/// A shopper's strikes with one merchant that have not been lifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrikesRow {
    pub shopper_id: ShopperId,
    pub display_name: String,
    pub strikes: u64,
    pub first_at_ms: i64,
    pub last_at_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    pub order_id: OrderId,
    pub sale_id: SaleId,
    pub shopper_id: ShopperId,
    pub state: OrderState,
    pub sku: Option<String>,
    pub quantity: u32,
    pub amount_minor: i64,
    pub currency: String,
    pub reserved: bool,
    pub hold_expires_at_ms: Option<i64>,
    pub release_cause: Option<ReleaseCause>,
    pub reseated: bool,
    /// The latest first.
    pub refunds: Vec<RefundRow>,
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

/// The four counts of a sale or of one of its SKUs, and what its orders add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShelfCounts {
    pub stock: u64,
    pub free: u64,
    pub held: u64,
    pub sold: u64,
    pub held_by_orders: u64,
    pub sold_by_orders: u64,
}

impl ShelfCounts {
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.free + self.held + self.sold == self.stock
            && self.held == self.held_by_orders
            && self.sold == self.sold_by_orders
    }
}

/// A sale's counts as the record has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerCounts {
    pub total: ShelfCounts,
    pub skus: Vec<(String, ShelfCounts)>,
    /// Orders in the waiting line.
    pub waiting: u64,
    /// Entries in a draw that have not been decided.
    pub entered: u64,
}

impl LedgerCounts {
    /// The total and each SKU balance, and the SKUs' held and sold units add up to the total's.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        let sum = |of: fn(&ShelfCounts) -> u64| self.skus.iter().map(|(_, counts)| of(counts)).sum::<u64>();
        let adds_up = self.skus.is_empty()
            || sum(|counts| counts.held) == self.total.held && sum(|counts| counts.sold) == self.total.sold;
        adds_up && self.total.is_balanced() && self.skus.iter().all(|(_, counts)| counts.is_balanced())
    }
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
    pub outcome: Outcome,
    /// Of an entry: its place in the draw, by which it waits.
    pub draw_rank: Option<u64>,
}

/// All that the server keeps in memory of a sale.
#[derive(Clone, Debug)]
pub struct LoadedSale {
    pub row: SaleRow,
    pub book: Book,
    pub seats: Vec<SeatRow>,
    /// For each life of the queue, the last number that was decided.
    pub drained: Vec<(u64, u64)>,
    /// Of a sale by draw.
    pub draw_seed: Option<DrawSeed>,
    /// Of all the merchant's sales: who let a hold lapse and when, not lifted, oldest first.
    pub strikes: Vec<(ShopperId, i64)>,
}
