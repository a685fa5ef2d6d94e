//! Orders made to be in the way: whose holds lapse again and again is marked for a while.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::ids::ShopperId;

/// Strikes remembered of one shopper, at most: the newest.
pub const MAX_STRIKES_KEPT: usize = 64;

/// What becomes of a marked shopper's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkedOrders {
    /// It takes no hold: units are its own once it is paid.
    PayToClaim,
    /// It is rejected.
    Refuse,
}

impl MarkedOrders {
    /// The name on the wire and in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PayToClaim => "pay_to_claim",
            Self::Refuse => "refuse",
        }
    }

    /// The rule of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::PayToClaim, Self::Refuse].into_iter().find(|rule| rule.as_str() == name)
    }
}

/// How many strikes mark a shopper, and for how long each counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrikeTerms {
    /// 0: nobody is marked.
    pub limit: u32,
    pub strike_seconds: u32,
    pub marked_orders: MarkedOrders,
}

impl StrikeTerms {
    pub const OFF: Self = Self { limit: 0, strike_seconds: 0, marked_orders: MarkedOrders::PayToClaim };
}

/// The strikes of one merchant's shoppers: one for each hold that lapsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strikes {
    at_ms: HashMap<ShopperId, Vec<i64>>,
}

impl Strikes {
    /// A hold lapsed.
    pub fn add(&mut self, shopper_id: ShopperId, at_ms: i64) {
        let strikes = self.at_ms.entry(shopper_id).or_default();
        if strikes.len() == MAX_STRIKES_KEPT {
            strikes.remove(0);
        }
        strikes.push(at_ms);
    }

    /// The merchant forgives all of them.
    pub fn lift(&mut self, shopper_id: ShopperId) {
        self.at_ms.remove(&shopper_id);
    }

    /// Whether enough of them count at `now_ms`. A strike counts for less than `strike_seconds`.
    #[must_use]
    pub fn is_marked(&self, shopper_id: ShopperId, terms: &StrikeTerms, now_ms: i64) -> bool {
        if terms.limit == 0 {
            return false;
        }
        let since_ms = now_ms.saturating_sub(i64::from(terms.strike_seconds) * 1_000);
        let counting = |strikes: &Vec<i64>| strikes.iter().filter(|at_ms| **at_ms > since_ms).count();
        self.at_ms.get(&shopper_id).map_or(0, counting) >= terms.limit as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const TERMS: StrikeTerms = StrikeTerms { limit: 2, strike_seconds: 10, marked_orders: MarkedOrders::PayToClaim };
    const SHOPPER: ShopperId = ShopperId(Uuid::from_u128(1));

    #[test]
    fn a_shopper_is_marked_by_enough_strikes_until_they_expire() {
        let mut strikes = Strikes::default();
        strikes.add(SHOPPER, 1_000);
        assert!(!strikes.is_marked(SHOPPER, &TERMS, 1_000));
        strikes.add(SHOPPER, 3_000);
        assert!(strikes.is_marked(SHOPPER, &TERMS, 3_000));
        assert!(strikes.is_marked(SHOPPER, &TERMS, 10_999));
        assert!(!strikes.is_marked(SHOPPER, &TERMS, 11_000), "the first counts no more");
        assert!(!strikes.is_marked(ShopperId(Uuid::from_u128(2)), &TERMS, 3_000));
    }

    #[test]
    fn strikes_that_are_lifted_are_gone_and_a_limit_of_none_marks_nobody() {
        let mut strikes = Strikes::default();
        strikes.add(SHOPPER, 1);
        strikes.add(SHOPPER, 2);
        assert!(!strikes.is_marked(SHOPPER, &StrikeTerms { limit: 0, ..TERMS }, 3));
        assert!(strikes.is_marked(SHOPPER, &TERMS, 3));
        strikes.lift(SHOPPER);
        assert!(!strikes.is_marked(SHOPPER, &TERMS, 3));
    }

    #[test]
    fn only_the_newest_strikes_are_kept() {
        let mut strikes = Strikes::default();
        let most = MAX_STRIKES_KEPT as i64;
        for at_ms in 0..=most {
            strikes.add(SHOPPER, at_ms);
        }
        let terms = |limit| StrikeTerms { limit, strike_seconds: 1_000, ..TERMS };
        assert!(strikes.is_marked(SHOPPER, &terms(MAX_STRIKES_KEPT as u32), most));
        assert!(!strikes.is_marked(SHOPPER, &terms(MAX_STRIKES_KEPT as u32 + 1), most));
    }

    #[test]
    fn rules_have_the_names_of_the_wire() {
        for rule in [MarkedOrders::PayToClaim, MarkedOrders::Refuse] {
            assert_eq!(serde_json::to_string(&rule).unwrap(), format!("\"{}\"", rule.as_str()));
            assert_eq!(MarkedOrders::parse(rule.as_str()), Some(rule));
        }
    }
}
