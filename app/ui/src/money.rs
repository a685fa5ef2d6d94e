//! Money as people read it, from integer minor units.

/// Decimals of the minor unit (ISO 4217); two unless listed.
fn decimals(currency: &str) -> usize {
    match currency {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "PYG" | "UGX" | "RWF" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

fn symbol(currency: &str) -> Option<&'static str> {
    Some(match currency {
        "CNY" => "¥",
        "JPY" => "JP¥",
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "KRW" => "₩",
        "INR" => "₹",
        "HKD" => "HK$",
        "TWD" => "NT$",
        "SGD" => "S$",
        "AUD" => "A$",
        "CAD" => "CA$",
        _ => return None,
    })
}

/// `1280000` and `CNY` give `¥12,800.00`. A currency without a symbol here is named: `CHF 12.50`.
#[must_use]
pub fn format_money(minor: i64, currency: &str) -> String {
    let mut text = String::new();
    if minor < 0 {
        text.push('−');
    }
    match symbol(currency) {
        Some(symbol) => text.push_str(symbol),
        None => {
            text.push_str(currency);
            text.push('\u{a0}');
        }
    }
    push_amount(&mut text, minor.unsigned_abs(), decimals(currency), Some(','));
    text
}

/// `12800.00`: for machines, such as schema.org's `price`.
#[must_use]
pub fn decimal_amount(minor: i64, currency: &str) -> String {
    let mut text = String::new();
    if minor < 0 {
        text.push('-');
    }
    push_amount(&mut text, minor.unsigned_abs(), decimals(currency), None);
    text
}

fn push_amount(text: &mut String, minor: u64, decimals: usize, group: Option<char>) {
    let digits = minor.to_string();
    // At least one digit stands before the point.
    let digits = ["0".repeat((decimals + 1).saturating_sub(digits.len())), digits].concat();
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    for (index, digit) in whole.chars().enumerate() {
        if let Some(group) = group
            && index > 0
            && (whole.len() - index).is_multiple_of(3)
        {
            text.push(group);
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
}

#[cfg(test)]
mod tests {
    use super::{decimal_amount, format_money};

    #[test]
    fn money_reads_as_its_currency_writes_it() {
        for (minor, currency, text) in [
            (19_900, "CNY", "¥199.00"),
            (128_000_000, "CNY", "¥1,280,000.00"),
            (5, "USD", "$0.05"),
            (0, "EUR", "€0.00"),
            (1_280, "JPY", "JP¥1,280"),
            (100, "KRW", "₩100"),
            (12_345, "KWD", "KWD\u{a0}12.345"),
            (-1_250, "GBP", "−£12.50"),
        ] {
            assert_eq!(format_money(minor, currency), text);
        }
    }

    #[test]
    fn machines_get_a_plain_decimal() {
        assert_eq!(decimal_amount(128_000_000, "CNY"), "1280000.00");
        assert_eq!(decimal_amount(1_280, "JPY"), "1280");
    }
}
