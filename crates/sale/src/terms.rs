//! What a sale promises, apart from its start.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::draw_terms::DrawTerms;
use crate::strikes::StrikeTerms;

/// When a unit leaves the free stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockPolicy {
    /// Reserved for `hold_seconds`, then back. Risk: units that nobody pays for come back late.
    Hold,
    /// Taken when ordered, and kept until it is paid, cancelled or released by the merchant. Risk: orders that are
    /// never paid keep units from others.
    OnOrder,
    /// Taken when paid; an order reserves nothing. Risk: more orders than units, so that some payments go back.
    OnPayment,
}

impl StockPolicy {
    pub const ALL: [Self; 3] = [Self::Hold, Self::OnOrder, Self::OnPayment];

    /// The policy's name on the wire and in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::OnOrder => "on_order",
            Self::OnPayment => "on_payment",
        }
    }

    /// The policy of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == name)
    }
}

/// The terms that an order is decided by. A hold freezes its price: later changes leave it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub price_minor: i64,
    /// Each SKU's price, where the sale has SKUs.
    pub sku_prices_minor: BTreeMap<String, i64>,
    pub currency: String,
    pub per_shopper_limit: u32,
    pub hold_seconds: u32,
    pub stock_policy: StockPolicy,
    /// Orders that may wait for units that come back.
    pub waitlist_units: u32,
    pub strikes: StrikeTerms,
    /// From this moment on nobody waits any more.
    pub ends_at_ms: i64,
    /// None: first come, first served.
    pub draw: Option<DrawTerms>,
}

impl Terms {
    /// When a hold, or the time to claim by paying, is over. None where it lasts until it is paid or given up.
    #[must_use]
    pub fn expires_at_ms(&self, reserved: bool, now_ms: i64) -> Option<i64> {
        let forever = reserved && self.stock_policy == StockPolicy::OnOrder;
        (!forever).then(|| now_ms.saturating_add(i64::from(self.hold_seconds) * 1_000))
    }

    /// What `quantity` units cost now. None for a SKU without a price.
    #[must_use]
    pub fn amount_minor(&self, sku: Option<&str>, quantity: u32) -> Option<i64> {
        let price_minor = match sku {
            None => self.price_minor,
            Some(sku) => *self.sku_prices_minor.get(sku)?,
        };
        Some(price_minor.saturating_mul(i64::from(quantity)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(stock_policy: StockPolicy) -> Terms {
        Terms {
            price_minor: 500,
            sku_prices_minor: BTreeMap::from([("xl".to_owned(), 700)]),
            currency: "CNY".to_owned(),
            per_shopper_limit: 1,
            hold_seconds: 10,
            stock_policy,
            waitlist_units: 0,
            strikes: StrikeTerms::OFF,
            ends_at_ms: i64::MAX,
            draw: None,
        }
    }

    #[test]
    fn only_what_is_taken_on_order_never_expires() {
        assert_eq!(terms(StockPolicy::Hold).expires_at_ms(true, 5), Some(10_005));
        assert_eq!(terms(StockPolicy::OnPayment).expires_at_ms(false, 5), Some(10_005));
        assert_eq!(terms(StockPolicy::OnOrder).expires_at_ms(true, 5), None);
        assert_eq!(terms(StockPolicy::OnOrder).expires_at_ms(false, 5), Some(10_005));
    }

    #[test]
    fn a_sku_has_its_own_price() {
        let terms = terms(StockPolicy::Hold);
        assert_eq!(terms.amount_minor(None, 2), Some(1_000));
        assert_eq!(terms.amount_minor(Some("xl"), 2), Some(1_400));
        assert_eq!(terms.amount_minor(Some("s"), 2), None);
    }

    #[test]
    fn policies_have_the_names_of_the_wire() {
        for policy in StockPolicy::ALL {
            assert_eq!(serde_json::to_string(&policy).unwrap(), format!("\"{}\"", policy.as_str()));
            assert_eq!(StockPolicy::parse(policy.as_str()), Some(policy));
        }
    }
}
