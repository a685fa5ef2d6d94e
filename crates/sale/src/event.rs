//! What happens to a sale's units, as facts. The ledger keeps them; replaying them gives the state.

use serde::{Deserialize, Serialize};

use crate::ids::{OrderId, PassId, PaymentId, SaleId, ShopperId};
use crate::order::{OrderState, Rejection};

/// One fact about one sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub sale_id: SaleId,
    pub at_ms: i64,
    pub change: Change,
}

/// Why units went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseCause {
    Lapsed,
    Cancelled,
}

/// Why money went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundCause {
    /// The hold had lapsed and no unit was free any more.
    NoUnitFree,
    /// The shopper had cancelled.
    Cancelled,
    /// The order had been paid by another payment.
    PaidTwice,
}

/// The fact itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Change {
    /// free → held.
    OrderHeld {
        order_id: OrderId,
        shopper_id: ShopperId,
        pass_id: PassId,
        idempotency_key: String,
        body_hash: u64,
        quantity: u32,
        amount_minor: i64,
        currency: String,
        hold_expires_at_ms: i64,
        queue_life: u64,
        queue_seq: u64,
    },
    /// The order left the line without units. Kept, so that its token says the same after a restart.
    OrderRejected {
        order_id: OrderId,
        shopper_id: ShopperId,
        pass_id: PassId,
        idempotency_key: String,
        body_hash: u64,
        quantity: u32,
        reason: Rejection,
        queue_life: u64,
        queue_seq: u64,
    },
    /// A payment may now arrive for the order.
    PaymentOpened { order_id: OrderId, payment_id: PaymentId },
    /// The provider says that the shopper did not pay; the hold goes on.
    PaymentDeclined { order_id: OrderId, payment_id: PaymentId, provider_event_id: String },
    /// held → sold, or free → sold where the hold had lapsed (`reseated`).
    OrderPaid { order_id: OrderId, payment_id: PaymentId, provider_event_id: String, reseated: bool },
    /// Money came too late and went back; no unit moved. `order_state` is where that leaves the order.
    PaymentRefunded {
        order_id: OrderId,
        payment_id: PaymentId,
        provider_event_id: String,
        cause: RefundCause,
        order_state: OrderState,
    },
    /// held → free.
    OrderReleased { order_id: OrderId, cause: ReleaseCause },
    /// The sale's total was set; only free units came or went.
    StockResized { stock_units: u64 },
}

impl Change {
    /// The fact's name in the ledger.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OrderHeld { .. } => "order_held",
            Self::OrderRejected { .. } => "order_rejected",
            Self::PaymentOpened { .. } => "payment_opened",
            Self::PaymentDeclined { .. } => "payment_declined",
            Self::OrderPaid { .. } => "order_paid",
            Self::PaymentRefunded { .. } => "payment_refunded",
            Self::OrderReleased { .. } => "order_released",
            Self::StockResized { .. } => "stock_resized",
        }
    }
}
