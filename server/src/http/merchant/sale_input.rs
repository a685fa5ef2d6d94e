//! What a merchant may write of a sale's rules: policy, SKUs, waiting line, strikes, eligibility.

use std::collections::BTreeSet;

use api::{EligibilityRule, MarkedOrders, SkuInput, StockPolicy, StrikeRule};
use ledger::{SaleRow, SkuRow};
use sale::{Eligibility, MAX_STRIKES_KEPT, StrikeTerms, Units};

use super::super::error::ApiResult;
use super::input::{LATEST_MS, chars, price, stock_units, told};

/// Orders in a sale's waiting line, at most: they are served in one transaction when units come.
const WAITLIST_UNITS: std::ops::RangeInclusive<i64> = 0..=10_000;
const SKUS_MAX: usize = 50;
const SKU_CHARS: std::ops::RangeInclusive<usize> = 1..=32;
const SKU_TITLE_CHARS: std::ops::RangeInclusive<usize> = 1..=60;
/// A year at most.
const STRIKE_SECONDS: std::ops::RangeInclusive<i64> = 1..=31_536_000;

pub(super) const fn stock_policy(policy: StockPolicy) -> sale::StockPolicy {
    match policy {
        StockPolicy::Hold => sale::StockPolicy::Hold,
        StockPolicy::OnOrder => sale::StockPolicy::OnOrder,
        StockPolicy::OnPayment => sale::StockPolicy::OnPayment,
    }
}

pub(super) fn waitlist_units(units: i64) -> ApiResult<u32> {
    told(WAITLIST_UNITS.contains(&units), "waitlist_units", "0 to 10,000")?;
    Ok(units as u32)
}

pub(super) fn strikes(rule: Option<&StrikeRule>) -> ApiResult<StrikeTerms> {
    let Some(rule) = rule else { return Ok(StrikeTerms::OFF) };
    let most = MAX_STRIKES_KEPT as i64;
    told((0..=most).contains(&rule.limit), "strikes.limit", "0 (nobody is marked) to 64")?;
    told(STRIKE_SECONDS.contains(&rule.strike_seconds), "strikes.strike_seconds", "1 to 31,536,000")?;
    Ok(StrikeTerms {
        limit: rule.limit as u32,
        strike_seconds: rule.strike_seconds as u32,
        marked_orders: match rule.marked_orders {
            MarkedOrders::PayToClaim => sale::MarkedOrders::PayToClaim,
            MarkedOrders::Refuse => sale::MarkedOrders::Refuse,
        },
    })
}

pub(super) fn eligibility(rule: &EligibilityRule) -> ApiResult<Eligibility> {
    let before_ms = rule.account_before_ms;
    let in_range = before_ms.is_none_or(|before_ms| (0..=LATEST_MS).contains(&before_ms));
    told(in_range, "eligibility.account_before_ms", "milliseconds since 1970, before the year 2286")?;
    Ok(Eligibility { account_before_ms: before_ms, listed_only: rule.listed_only })
}

/// The SKUs of a sale that is being made.
pub(super) fn skus(skus: Vec<SkuInput>, total: u64) -> ApiResult<Vec<SkuRow>> {
    check_skus(&skus)?;
    let rows: Vec<SkuRow> = skus.into_iter().map(|sku| row_of(sku, true)).collect();
    let sum: u64 = rows.iter().filter_map(|sku| sku.made_units).sum();
    told(rows.is_empty() || sum >= total, "skus", "their units add up to fewer than the sale's total")?;
    Ok(rows)
}

/// Puts changed and new SKUs into a sale's row, and answers with their units.
pub(super) fn patch_skus(row: &mut SaleRow, skus: Vec<SkuInput>) -> ApiResult<Vec<(String, u64)>> {
    check_skus(&skus)?;
    let mut units = Vec::with_capacity(skus.len());
    for sku in skus {
        units.push((sku.sku.clone(), sku.stock_units.unsigned_abs()));
        let next = row_of(sku, false);
        match row.skus.iter_mut().find(|known| known.sku == next.sku) {
            Some(known) => *known = SkuRow { made_units: known.made_units, ..next },
            None => row.skus.push(next),
        }
    }
    told(row.skus.len() <= SKUS_MAX, "skus", "at most 50")?;
    Ok(units)
}

/// A new size for the sale, where it is one.
pub(super) fn resized(counts: &ledger::LedgerCounts, total: Option<u64>, skus: Vec<(String, u64)>) -> Option<Units> {
    let known = |name: &str| counts.skus.iter().find(|(sku, _)| sku == name).map(|(_, own)| own.stock);
    let changed: std::collections::BTreeMap<String, u64> =
        skus.into_iter().filter(|(sku, units)| known(sku) != Some(*units)).collect();
    let total = total.unwrap_or(counts.total.stock);
    (total != counts.total.stock || !changed.is_empty()).then_some(Units { total, skus: changed })
}

fn check_skus(skus: &[SkuInput]) -> ApiResult<()> {
    told(skus.len() <= SKUS_MAX, "skus", "at most 50")?;
    let mut names = BTreeSet::new();
    for (number, sku) in skus.iter().enumerate() {
        let name = |field: &str| format!("skus[{number}].{field}");
        let letters = sku.sku.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let inner = !sku.sku.starts_with('-') && !sku.sku.ends_with('-');
        told(chars(&sku.sku, &SKU_CHARS) && letters && inner, &name("sku"), "1 to 32 of a-z, 0-9 and inner -")?;
        told(names.insert(sku.sku.as_str()), &name("sku"), "named twice")?;
        let title = chars(&sku.title, &SKU_TITLE_CHARS) && !sku.title.trim().is_empty();
        told(title && !sku.title.chars().any(char::is_control), &name("title"), "1 to 60 characters, on one line")?;
        price(&name("price_minor"), sku.price_minor)?;
        stock_units(sku.stock_units)?;
    }
    Ok(())
}

fn row_of(sku: SkuInput, is_new_sale: bool) -> SkuRow {
    let made_units = is_new_sale.then_some(sku.stock_units.unsigned_abs());
    SkuRow { sku: sku.sku, title: sku.title, price_minor: sku.price_minor, made_units }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sku(name: &str, units: i64) -> SkuInput {
        SkuInput { sku: name.to_owned(), title: "Size".to_owned(), stock_units: units, price_minor: 1 }
    }

    #[test]
    fn skus_are_named_once_and_add_up_to_the_total_or_more() {
        assert!(skus(vec![sku("m", 2), sku("s-1", 3)], 5).is_ok());
        assert!(skus(vec![sku("m", 4), sku("s", 4)], 5).is_ok());
        assert!(skus(vec![], 5).is_ok());
        assert!(skus(vec![sku("m", 2), sku("s", 2)], 5).is_err());
        for wrong in [vec![sku("m", 5), sku("m", 5)], vec![sku("M", 5)], vec![sku("", 5)], vec![sku("m", -1)]] {
            assert!(skus(wrong, 0).is_err());
        }
        assert!(skus((0..51).map(|number| sku(&format!("s{number}"), 1)).collect(), 1).is_err());
    }

    #[test]
    fn strikes_have_limits_of_their_own() {
        let rule = |limit, strike_seconds| StrikeRule { limit, strike_seconds, marked_orders: MarkedOrders::Refuse };
        assert_eq!(strikes(None).unwrap(), StrikeTerms::OFF);
        assert!(strikes(Some(&rule(3, 86_400))).is_ok());
        for wrong in [rule(-1, 1), rule(65, 1), rule(1, 0), rule(1, 31_536_001)] {
            assert!(strikes(Some(&wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_size_is_a_change_only_where_a_number_differs() {
        let own = |stock| ledger::ShelfCounts { stock, ..ledger::ShelfCounts::default() };
        let counts =
            ledger::LedgerCounts { total: own(5), skus: vec![("m".to_owned(), own(5))], waiting: 0, entered: 0 };
        let named = |units| vec![("m".to_owned(), units)];
        assert_eq!(resized(&counts, None, named(5)), None);
        assert_eq!(resized(&counts, Some(5), vec![]), None);
        assert_eq!(resized(&counts, Some(6), named(5)), Some(Units::plain(6)));
        assert_eq!(resized(&counts, None, named(7)).unwrap().skus["m"], 7);
    }
}
