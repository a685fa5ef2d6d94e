//! The rules that a sale may have beyond price, units and time: kinds, strikes, and who may buy.

use api::{EligibilityRule, MarkedOrders, SkuInput, StrikeRule};

use super::reader::Reader;
use crate::money;

const MAX_KINDS: usize = 50;
const MAX_CODE_CHARS: usize = 32;
const MAX_TITLE_CHARS: usize = 60;
const MAX_STRIKES: i64 = 64;
const MAX_STRIKE_HOURS: f64 = 8_760.0;

/// One row of the kinds, as it was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct KindDraft {
    pub(crate) sku: String,
    pub(crate) title: String,
    pub(crate) units: String,
    /// Blank: the sale's own price.
    pub(crate) price: String,
}

impl KindDraft {
    fn is_blank(&self) -> bool {
        [&self.sku, &self.title, &self.units, &self.price].into_iter().all(|text| text.trim().is_empty())
    }

    fn read(&self, currency: &str, sale_price_minor: i64) -> Result<SkuInput, String> {
        let (sku, title) = (self.sku.trim(), self.title.trim());
        if !is_code(sku) {
            return Err(format!("a code of up to {MAX_CODE_CHARS} of a–z, 0–9 and inner hyphens"));
        }
        if !(1..=MAX_TITLE_CHARS).contains(&title.chars().count()) {
            return Err(format!("a name of up to {MAX_TITLE_CHARS} characters"));
        }
        let stock_units = self.units.trim().parse::<u32>().map_err(|_| "a whole number of units".to_owned())?;
        let price_minor = match self.price.trim() {
            "" => sale_price_minor,
            price => money::minor(price, currency)
                .ok()
                .filter(|minor| *minor > 0)
                .ok_or_else(|| "a price, or none for the sale's own".to_owned())?,
        };
        Ok(SkuInput { sku: sku.to_owned(), title: title.to_owned(), stock_units: i64::from(stock_units), price_minor })
    }
}

fn is_code(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_CODE_CHARS).contains(&text.len())
        && text.bytes().all(letters)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The kinds that have anything in them. A row that was left blank is no mistake.
pub(super) fn kinds(
    rows: &[KindDraft],
    currency: &str,
    sale_price_minor: i64,
    stock_units: i64,
    reader: &mut Reader,
) -> Vec<SkuInput> {
    let mut found: Vec<SkuInput> = Vec::new();
    let rows = rows.iter().enumerate().filter(|(_, row)| !row.is_blank());
    for (index, row) in rows {
        match row.read(currency, sale_price_minor) {
            Err(wants) => {
                reader.fault("kinds", &format!("Kind {} needs {wants}.", index + 1));
                return found;
            }
            Ok(kind) if found.iter().any(|other| other.sku == kind.sku) => {
                reader.fault("kinds", &format!("Two kinds have the code {}.", kind.sku));
                return found;
            }
            Ok(kind) => found.push(kind),
        }
    }
    if found.len() > MAX_KINDS {
        reader.fault("kinds", &format!("At most {MAX_KINDS} kinds."));
    } else if !found.is_empty() {
        let sum = found.iter().map(|kind| kind.stock_units).sum();
        let (sentence, enough) = sum_told(sum, stock_units);
        if !enough {
            reader.fault("kinds", &sentence);
        }
    }
    found
}

/// How the kinds' units stand to the sale's total, and whether they are enough for it.
pub(crate) fn sum_told(sum: i64, total: i64) -> (String, bool) {
    match sum - total {
        0 => (format!("The kinds add up to the sale's {total} units."), true),
        more @ 1.. => (
            format!(
                "The kinds have {sum} units, {more} more than the sale's {total}: whichever sells first, up to {total}."
            ),
            true,
        ),
        fewer => (format!("The kinds have {sum} units, the sale {total}: add {} or lower the stock.", -fewer), false),
    }
}

/// Whose holds lapse again and again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StrikesDraft {
    pub(crate) on: bool,
    pub(crate) limit: String,
    pub(crate) hours: String,
    pub(crate) marked_orders: MarkedOrders,
}

impl StrikesDraft {
    pub(super) fn read(&self, reader: &mut Reader) -> Option<StrikeRule> {
        if !self.on {
            return None;
        }
        let limit = reader.count("strike_limit", &self.limit);
        if limit > MAX_STRIKES {
            reader.fault("strike_limit", &format!("At most {MAX_STRIKES}."));
        }
        let strike_seconds = match self.hours.trim().parse::<f64>() {
            Ok(hours) if hours * 3_600.0 >= 1.0 && hours <= MAX_STRIKE_HOURS => (hours * 3_600.0).round() as i64,
            _ => reader.fault("strike_hours", "Write hours, such as 24; a year at most."),
        };
        Some(StrikeRule { limit, strike_seconds, marked_orders: self.marked_orders })
    }
}

/// Who may buy.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EligibilityDraft {
    pub(crate) by_age: bool,
    pub(crate) account_before_ms: Option<i64>,
    pub(crate) listed_only: bool,
}

impl EligibilityDraft {
    pub(super) fn read(&self, reader: &mut Reader) -> Option<EligibilityRule> {
        if self.by_age && self.account_before_ms.is_none() {
            reader.fault("account_before", "Choose a date and a time.");
        }
        let account_before_ms = self.account_before_ms.filter(|_| self.by_age);
        let rule = EligibilityRule { account_before_ms, listed_only: self.listed_only };
        (rule != EligibilityRule::default()).then_some(rule)
    }
}
