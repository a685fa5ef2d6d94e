//! Who may buy in a sale, judged before the quiz.

/// A sale's own rule. The default lets everybody in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Eligibility {
    /// Only accounts that were made before this moment.
    pub account_before_ms: Option<i64>,
    /// Only shoppers on the sale's list.
    pub listed_only: bool,
}

/// Why a shopper may not buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ineligible {
    AccountTooNew,
    NotListed,
}

impl Eligibility {
    /// Whether anything about the shopper has to be known.
    #[must_use]
    pub const fn is_open_to_all(&self) -> bool {
        self.account_before_ms.is_none() && !self.listed_only
    }

    pub const fn judge(&self, account_created_at_ms: i64, is_listed: bool) -> Result<(), Ineligible> {
        if let Some(before_ms) = self.account_before_ms
            && account_created_at_ms >= before_ms
        {
            return Err(Ineligible::AccountTooNew);
        }
        if self.listed_only && !is_listed {
            return Err(Ineligible::NotListed);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sale_without_rules_is_for_everybody() {
        let anybody = Eligibility::default();
        assert!(anybody.is_open_to_all());
        assert_eq!(anybody.judge(i64::MAX, false), Ok(()));
    }

    #[test]
    fn an_account_must_be_older_than_the_date_and_on_the_list_where_there_is_one() {
        let rule = Eligibility { account_before_ms: Some(100), listed_only: true };
        assert!(!rule.is_open_to_all());
        assert!(!Eligibility { account_before_ms: None, ..rule }.is_open_to_all());
        assert!(!Eligibility { listed_only: false, ..rule }.is_open_to_all());
        assert_eq!(rule.judge(100, true), Err(Ineligible::AccountTooNew));
        assert_eq!(rule.judge(99, false), Err(Ineligible::NotListed));
        assert_eq!(rule.judge(99, true), Ok(()));
    }
}
