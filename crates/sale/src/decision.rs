//! What a book is asked, and what it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::draw_terms::DrawStage;
use crate::event::{Event, ReleaseCause};
use crate::ids::{OrderId, PassId, PaymentId, ShopperId};
use crate::order::OrderState;

/// An order that was admitted to the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub order_id: OrderId,
    pub shopper_id: ShopperId,
    pub pass_id: PassId,
    pub idempotency_key: String,
    /// Tells a repeated request from another one under the same key.
    pub body_hash: u64,
    /// Which of the sale's SKUs, where it has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    pub quantity: u32,
    pub queue_life: u64,
    pub queue_seq: u64,
}

/// What becomes of an order at the head of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It has units, may claim some, waits, or was rejected: a fact for the ledger.
    Recorded(Event),
    /// Nothing is left for it. No fact: nothing changed.
    SoldOut,
    /// It was decided before; nothing happens twice.
    Known,
}

/// An order as the book keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookOrder {
    pub shopper_id: ShopperId,
    pub sku: Option<String>,
    pub quantity: u32,
    pub amount_minor: i64,
    pub currency: String,
    pub state: OrderState,
    /// Whether units were kept for it while it was unpaid.
    pub reserved: bool,
    /// When it lapses; None where it does not by itself.
    pub expires_at_ms: Option<i64>,
    /// The payment that may still arrive.
    pub open_payment: Option<PaymentId>,
    /// The payment that bought its units.
    pub paid_by: Option<PaymentId>,
    /// Why it was given up, where it was.
    pub released: Option<ReleaseCause>,
}

impl BookOrder {
    /// One that may be paid from now on: with its units kept for it, or to be claimed by paying.
    pub(crate) fn open(
        shopper_id: ShopperId,
        sku: Option<String>,
        quantity: u32,
        (amount_minor, currency): (i64, &str),
        reserved: bool,
        expires_at_ms: Option<i64>,
    ) -> Self {
        Self {
            shopper_id,
            sku,
            quantity,
            amount_minor,
            currency: currency.to_owned(),
            state: if reserved { OrderState::Held } else { OrderState::AwaitingPayment },
            reserved,
            expires_at_ms,
            open_payment: None,
            paid_by: None,
            released: None,
        }
    }
}

/// An order that waits for units to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiter {
    pub order_id: OrderId,
    pub shopper_id: ShopperId,
    pub sku: Option<String>,
    pub quantity: u32,
    /// Whether somebody behind got units meanwhile, having asked for fewer.
    pub passed_over: bool,
}

/// What a provider says about one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    pub payment_id: PaymentId,
    /// The provider's id of this message; the same id twice is the same message.
    pub provider_event_id: String,
    pub paid: bool,
    pub amount_minor: i64,
    pub currency: String,
}

/// Whether an order of one kind could get anything now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    pub free_units: u64,
    /// Units may come back, and there is room to wait for them.
    pub can_wait: bool,
}

/// How a sale stands for orders to come: over all, and of each SKU where there are some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlooks {
    pub all: Outlook,
    pub skus: BTreeMap<String, Outlook>,
    /// Of a sale by draw: how far it is.
    pub draw: Option<DrawOutlook>,
}

/// How a draw stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrawOutlook {
    pub stage: DrawStage,
    pub called_off: bool,
    /// Entries that have not been decided.
    pub entries: u64,
    /// The units that they ask for.
    pub entered_units: u64,
}

impl Outlooks {
    /// What an order for this SKU meets. None for one that is not sold here, or for none where there are some.
    #[must_use]
    pub fn of(&self, sku: Option<&str>) -> Option<Outlook> {
        match sku {
            None => self.skus.is_empty().then_some(self.all),
            Some(sku) => self.skus.get(sku).copied(),
        }
    }
}

/// Why an order cannot be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelRefused {
    UnknownOrder,
    NotOpen(OrderState),
    /// It is an entry, and the entries are closed.
    EntriesClosed,
}

/// Why a payment cannot be opened or settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentRefused {
    UnknownOrder,
    NotOpen(OrderState),
    /// The order reserves nothing, and nothing is free to be claimed now.
    NothingToClaim,
    /// The provider's message was about another payment.
    EventOfAnother,
}

/// Why a sale's units cannot be set so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockRefused {
    /// Entries are being decided: a second later it can be done.
    DrawUnderWay,
    /// Held and sold units stay; so many are, at the least one of the counts.
    BelowTaken { taken_units: u64 },
    /// The SKUs' own units add up to less than the total.
    SkusBelowTotal,
    /// The sale's units do not come in SKUs.
    NoSkus,
}
