//! What happens to a sale's units, as facts. The ledger keeps them; replaying them gives the state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decision::Intent;
use crate::draw_terms::Hex32;
use crate::ids::{OrderId, PaymentId, SaleId};
use crate::order::{OrderState, Rejection};

/// One fact about one sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub sale_id: SaleId,
    pub at_ms: i64,
    pub change: Change,
}

/// Why an order was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseCause {
    /// Its time was over.
    Lapsed,
    /// By the shopper.
    Cancelled,
    /// By the merchant.
    ByMerchant,
    /// The whole sale was called off.
    SaleCalledOff,
}

impl ReleaseCause {
    pub const ALL: [Self; 4] = [Self::Lapsed, Self::Cancelled, Self::ByMerchant, Self::SaleCalledOff];

    /// The cause's name on the wire and in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lapsed => "lapsed",
            Self::Cancelled => "cancelled",
            Self::ByMerchant => "by_merchant",
            Self::SaleCalledOff => "sale_called_off",
        }
    }

    /// The cause of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == name)
    }
}

/// Why money went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundCause {
    /// No unit was free any more.
    NoUnitFree,
    /// The order had been cancelled.
    Cancelled,
    /// The order had been paid, or refunded, by another payment.
    PaidTwice,
    /// Another amount or currency than the order's.
    WrongAmount,
    /// The shopper's limit had been used up by other orders.
    LimitReached,
    /// The whole sale was called off.
    SaleCalledOff,
}

impl RefundCause {
    pub const ALL: [Self; 6] = [
        Self::NoUnitFree,
        Self::Cancelled,
        Self::PaidTwice,
        Self::WrongAmount,
        Self::LimitReached,
        Self::SaleCalledOff,
    ];

    /// The cause's name on the wire and in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoUnitFree => "no_unit_free",
            Self::Cancelled => "cancelled",
            Self::PaidTwice => "paid_twice",
            Self::WrongAmount => "wrong_amount",
            Self::LimitReached => "limit_reached",
            Self::SaleCalledOff => "sale_called_off",
        }
    }

    /// The cause of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == name)
    }
}

/// What a charge was, where it is not the order's own amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub amount_minor: i64,
    pub currency: String,
}

/// The fact itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Change {
    /// free → held.
    OrderHeld {
        #[serde(flatten)]
        intent: Intent,
        amount_minor: i64,
        currency: String,
        /// None where the hold lasts until it is paid or given up.
        hold_expires_at_ms: Option<i64>,
    },
    /// The order may be paid and reserves nothing: its units are taken when it is paid.
    OrderToClaim {
        #[serde(flatten)]
        intent: Intent,
        amount_minor: i64,
        currency: String,
        pay_by_ms: i64,
    },
    /// The order waits for units that come back.
    OrderWaits {
        #[serde(flatten)]
        intent: Intent,
    },
    /// free → held, for an order that waited.
    WaitingHeld { order_id: OrderId, amount_minor: i64, currency: String, hold_expires_at_ms: Option<i64> },
    /// The wait is over without units: sold out, or the reason.
    WaitingEnded { order_id: OrderId, reason: Option<Rejection> },
    /// The order left the line without units. Kept, so that its token says the same after a restart.
    OrderRejected {
        #[serde(flatten)]
        intent: Intent,
        reason: Rejection,
    },
    /// The order is an entry in a draw; `reserves` says whether units would be kept for it.
    DrawEntered {
        #[serde(flatten)]
        intent: Intent,
        number: u64,
        reserves: bool,
    },
    /// No entry comes or goes any more: all are under this root.
    EntriesClosed { root: Hex32, entries: u64 },
    /// The seed, the beacon's value where one was named, and what there is to be had. Who gets what follows.
    Drawn {
        seed: Hex32,
        beacon: Option<String>,
        units: u64,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        skus: BTreeMap<String, u64>,
        waitlist_units: u32,
    },
    /// free → held, for an entry at its place in the draw; 1 is the first.
    EntryHeld { order_id: OrderId, rank: u64, amount_minor: i64, currency: String, hold_expires_at_ms: Option<i64> },
    /// The entry may be paid and reserves nothing.
    EntryToClaim { order_id: OrderId, rank: u64, amount_minor: i64, currency: String, pay_by_ms: i64 },
    /// The entry got nothing in the draw and waits for units that come back.
    EntryWaits { order_id: OrderId, rank: u64 },
    /// The entry is over without units: sold out, or the reason. No rank where there was no draw.
    EntryEnded { order_id: OrderId, rank: Option<u64>, reason: Option<Rejection> },
    /// A payment may now arrive for the order.
    PaymentOpened { order_id: OrderId, payment_id: PaymentId },
    /// The provider says that the shopper did not pay; the hold goes on.
    PaymentDeclined { order_id: OrderId, payment_id: PaymentId, provider_event_id: String },
    /// held → sold; free → sold for an order that reserved nothing, or whose hold had lapsed (`reseated`).
    OrderPaid { order_id: OrderId, payment_id: PaymentId, provider_event_id: String, reseated: bool },
    /// Money came that buys nothing, and goes back; no unit moved. `order_state` is where that leaves the order.
    PaymentRefunded {
        order_id: OrderId,
        payment_id: PaymentId,
        provider_event_id: String,
        cause: RefundCause,
        order_state: OrderState,
        /// Absent where the order's own amount was charged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charge: Option<Charge>,
    },
    /// sold → free: a paid order's money goes back.
    OrderRefunded { order_id: OrderId, payment_id: PaymentId, cause: RefundCause },
    /// held → free; nothing moves for an order that reserved nothing.
    OrderReleased { order_id: OrderId, cause: ReleaseCause },
    /// The sale's total, and that of the SKUs named, was set; only free units came or went.
    StockResized {
        stock_units: u64,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        skus: BTreeMap<String, u64>,
    },
    /// The sale is off: what is unpaid is released, what is paid goes back.
    SaleCalledOff,
}

impl Change {
    /// The fact's name in the ledger.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OrderHeld { .. } => "order_held",
            Self::OrderToClaim { .. } => "order_to_claim",
            Self::OrderWaits { .. } => "order_waits",
            Self::WaitingHeld { .. } => "waiting_held",
            Self::WaitingEnded { .. } => "waiting_ended",
            Self::OrderRejected { .. } => "order_rejected",
            Self::DrawEntered { .. } => "draw_entered",
            Self::EntriesClosed { .. } => "entries_closed",
            Self::Drawn { .. } => "drawn",
            Self::EntryHeld { .. } => "entry_held",
            Self::EntryToClaim { .. } => "entry_to_claim",
            Self::EntryWaits { .. } => "entry_waits",
            Self::EntryEnded { .. } => "entry_ended",
            Self::PaymentOpened { .. } => "payment_opened",
            Self::PaymentDeclined { .. } => "payment_declined",
            Self::OrderPaid { .. } => "order_paid",
            Self::PaymentRefunded { .. } => "payment_refunded",
            Self::OrderRefunded { .. } => "order_refunded",
            Self::OrderReleased { .. } => "order_released",
            Self::StockResized { .. } => "stock_resized",
            Self::SaleCalledOff => "sale_called_off",
        }
    }

    /// The order that the fact is about.
    #[must_use]
    pub const fn order_id(&self) -> Option<OrderId> {
        match self {
            Self::OrderHeld { intent, .. }
            | Self::OrderToClaim { intent, .. }
            | Self::OrderWaits { intent }
            | Self::DrawEntered { intent, .. }
            | Self::OrderRejected { intent, .. } => Some(intent.order_id),
            Self::WaitingHeld { order_id, .. }
            | Self::WaitingEnded { order_id, .. }
            | Self::EntryHeld { order_id, .. }
            | Self::EntryToClaim { order_id, .. }
            | Self::EntryWaits { order_id, .. }
            | Self::EntryEnded { order_id, .. }
            | Self::PaymentOpened { order_id, .. }
            | Self::PaymentDeclined { order_id, .. }
            | Self::OrderPaid { order_id, .. }
            | Self::PaymentRefunded { order_id, .. }
            | Self::OrderRefunded { order_id, .. }
            | Self::OrderReleased { order_id, .. } => Some(*order_id),
            Self::EntriesClosed { .. } | Self::Drawn { .. } | Self::StockResized { .. } | Self::SaleCalledOff => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_about_an_order_names_it() {
        let order_id = OrderId(uuid::Uuid::from_u128(1));
        let released = Change::OrderReleased { order_id, cause: ReleaseCause::Lapsed };
        assert_eq!(released.order_id(), Some(order_id));
        assert_eq!(Change::SaleCalledOff.order_id(), None);
    }

    #[test]
    fn causes_have_the_names_of_the_wire() {
        for cause in RefundCause::ALL {
            assert_eq!(serde_json::to_string(&cause).unwrap(), format!("\"{}\"", cause.as_str()));
            assert_eq!(RefundCause::parse(cause.as_str()), Some(cause));
        }
        for cause in ReleaseCause::ALL {
            assert_eq!(serde_json::to_string(&cause).unwrap(), format!("\"{}\"", cause.as_str()));
            assert_eq!(ReleaseCause::parse(cause.as_str()), Some(cause));
        }
    }

    #[test]
    fn facts_of_the_first_version_are_read_as_they_were_meant() {
        let held = r#"{"type":"order_held","order_id":"00000000-0000-0000-0000-000000000001",
            "shopper_id":"00000000-0000-0000-0000-000000000002","pass_id":"00000000-0000-0000-0000-000000000003",
            "idempotency_key":"k","body_hash":18446744073709551615,"quantity":2,"amount_minor":1000,"currency":"CNY",
            "hold_expires_at_ms":99,"queue_life":18446744073709551614,"queue_seq":7}"#;
        let Change::OrderHeld { intent, hold_expires_at_ms, .. } = serde_json::from_str(held).unwrap() else {
            panic!("not held")
        };
        assert_eq!((intent.body_hash, intent.queue_life, intent.queue_seq), (u64::MAX, u64::MAX - 1, 7));
        assert_eq!((intent.sku, hold_expires_at_ms), (None, Some(99)));
        let resized: Change = serde_json::from_str(r#"{"type":"stock_resized","stock_units":5}"#).unwrap();
        assert_eq!(resized, Change::StockResized { stock_units: 5, skus: BTreeMap::new() });
        let refunded = r#"{"type":"payment_refunded","order_id":"00000000-0000-0000-0000-000000000001",
            "payment_id":"00000000-0000-0000-0000-000000000002","provider_event_id":"e","cause":"no_unit_free",
            "order_state":"refunded"}"#;
        assert!(matches!(
            serde_json::from_str(refunded).unwrap(),
            Change::PaymentRefunded { cause: RefundCause::NoUnitFree, charge: None, .. }
        ));
    }
}
