//! What a sale promises, apart from its times.

use serde::{Deserialize, Serialize};

/// When a unit leaves the free stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockPolicy {
    /// Reserved for `hold_seconds`, then back.
    Hold,
}

/// The terms that an order is decided by. A hold freezes its price: later changes leave it alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub price_minor: i64,
    pub currency: String,
    pub per_shopper_limit: u32,
    pub hold_seconds: u32,
    pub stock_policy: StockPolicy,
}

impl Terms {
    /// When a hold that begins at `now_ms` lapses.
    #[must_use]
    pub fn hold_expires_at_ms(&self, now_ms: i64) -> i64 {
        now_ms.saturating_add(i64::from(self.hold_seconds) * 1_000)
    }

    /// What `quantity` units cost now.
    #[must_use]
    pub fn amount_minor(&self, quantity: u32) -> i64 {
        self.price_minor.saturating_mul(i64::from(quantity))
    }
}
