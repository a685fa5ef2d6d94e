//! An order's states.

use serde::{Deserialize, Serialize};

/// Where an order stands once it has left the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Its units are kept for it.
    Held,
    /// Unpaid, and a payment is open, or it reserves nothing until it is paid.
    AwaitingPayment,
    /// Its units are sold.
    Paid,
    /// Given up: lapsed or cancelled.
    Released,
    /// Paid, and the money went back.
    Refunded,
}

impl OrderState {
    pub const ALL: [Self; 5] = [Self::Held, Self::AwaitingPayment, Self::Paid, Self::Released, Self::Refunded];

    /// The state's name on the wire and in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::AwaitingPayment => "awaiting_payment",
            Self::Paid => "paid",
            Self::Released => "released",
            Self::Refunded => "refunded",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether it may still be paid, within its time.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Held | Self::AwaitingPayment)
    }

    /// Whether its units count towards the shopper's limit.
    #[must_use]
    pub const fn counts_towards_limit(self) -> bool {
        matches!(self, Self::Held | Self::AwaitingPayment | Self::Paid)
    }
}

/// What became of an order that has left the line, as its queue token tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It may be paid: until `expires_at_ms` where it has a time, with units kept for it where `reserved`.
    Held {
        expires_at_ms: Option<i64>,
        reserved: bool,
    },
    /// It is an entry, the `number`th, in a draw that has not been held: not the end.
    Entered {
        number: u64,
    },
    /// It waits for units that come back: not the end.
    Waiting,
    SoldOut,
    Rejected(Rejection),
}

impl Outcome {
    /// Whether the token has ended: nothing else can become of it.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Waiting | Self::Entered { .. })
    }
}

/// Why a queued order ended without units although some may be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// The shopper's limit is used up.
    LimitReached,
    /// The pass had been used by another order.
    PassInvalid,
    /// Fewer units are left than the order asks for.
    NotEnoughUnits,
    /// The sale has no such SKU.
    SkuUnknown,
    /// Too many of the shopper's holds lapsed, and the sale refuses such orders; or nothing is free, and such an order
    /// may not wait.
    Marked,
    /// The shopper left the waiting line.
    Cancelled,
    /// The whole sale was called off.
    SaleCalledOff,
    /// The draw takes no entries any more, and has not been held.
    EntriesClosed,
}

impl Rejection {
    pub const ALL: [Self; 8] = [
        Self::LimitReached,
        Self::PassInvalid,
        Self::NotEnoughUnits,
        Self::SkuUnknown,
        Self::Marked,
        Self::Cancelled,
        Self::SaleCalledOff,
        Self::EntriesClosed,
    ];

    /// The reason's name on the wire and in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LimitReached => "limit_reached",
            Self::PassInvalid => "pass_invalid",
            Self::NotEnoughUnits => "not_enough_units",
            Self::SkuUnknown => "sku_unknown",
            Self::Marked => "marked",
            Self::Cancelled => "cancelled",
            Self::SaleCalledOff => "sale_called_off",
            Self::EntriesClosed => "entries_closed",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_json_and_in_the_ledger() {
        for state in OrderState::ALL {
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{}\"", state.as_str()));
            assert_eq!(OrderState::parse(state.as_str()), Some(state));
        }
        for reason in Rejection::ALL {
            assert_eq!(serde_json::to_string(&reason).unwrap(), format!("\"{}\"", reason.as_str()));
            assert_eq!(Rejection::parse(reason.as_str()), Some(reason));
        }
    }
}
