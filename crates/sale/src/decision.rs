//! What a book is asked, and what it answers.

use crate::event::Event;
use crate::ids::{OrderId, PassId, PaymentId, ShopperId};
use crate::order::OrderState;

/// An order that was admitted to the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    pub order_id: OrderId,
    pub shopper_id: ShopperId,
    pub pass_id: PassId,
    pub idempotency_key: String,
    /// Tells a repeated request from another one under the same key.
    pub body_hash: u64,
    pub quantity: u32,
    pub queue_life: u64,
    pub queue_seq: u64,
}

/// What becomes of an order at the head of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It has units, or was rejected: a fact for the ledger.
    Recorded(Event),
    /// All units are held or sold. No fact: nothing changed.
    SoldOut,
    /// It was decided before; nothing happens twice.
    Known,
}

/// An order as the book keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookOrder {
    pub shopper_id: ShopperId,
    pub quantity: u32,
    pub amount_minor: i64,
    pub currency: String,
    pub state: OrderState,
    pub hold_expires_at_ms: i64,
    /// The payment that may still arrive.
    pub open_payment: Option<PaymentId>,
    /// Whether the shopper gave it up: a payment that still arrives goes back.
    pub cancelled: bool,
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

/// Why an order cannot be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelRefused {
    UnknownOrder,
    NotHolding(OrderState),
}

/// Why a payment cannot be opened or settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentRefused {
    UnknownOrder,
    NotHolding(OrderState),
    /// The provider's message was about another payment.
    EventOfAnother,
    /// Another amount or currency than the order's.
    WrongAmount,
    /// The payment had ended before.
    AlreadySettled(OrderState),
}

/// Why a sale's total cannot be set so low.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockRefused {
    pub taken_units: u64,
}
