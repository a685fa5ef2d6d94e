//! Money between the people, who write major units, and the wire, which carries minor ones.

/// What the forms offer. The server takes any ISO 4217 code.
pub(crate) const CURRENCIES: &[&str] = &["CNY", "USD", "EUR", "GBP", "HKD", "SGD", "JPY", "KRW"];

/// How many decimals a currency has (ISO 4217, the exponent of the minor unit).
pub(crate) fn decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// The amount alone, as it is written into a field: `1299.00`.
pub(crate) fn major(minor: i64, currency: &str) -> String {
    let decimals = decimals(currency);
    let unit = 10_u64.pow(decimals);
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    if decimals == 0 {
        return format!("{sign}{minor}");
    }
    format!("{sign}{}.{:0width$}", minor / unit, minor % unit, width = decimals as usize)
}

/// The amount with its currency, grouped by thousands: `CNY 1,299.00`.
pub(crate) fn shown(minor: i64, currency: &str) -> String {
    let plain = major(minor, currency);
    let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), None), |(w, f)| (w, Some(f)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("−", digits));
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let fraction = fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default();
    format!("{currency}\u{a0}{sign}{grouped}{fraction}")
}

/// What somebody wrote, in minor units. Commas group thousands; too many decimals are refused rather than rounded.
pub(crate) fn minor(text: &str, currency: &str) -> Result<i64, String> {
    let text = text.trim().replace([',', ' ', '\u{a0}'], "");
    let decimals = decimals(currency);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return Err(format!("Write an amount such as {}.", major(129 * 10_i64.pow(decimals), currency)));
    }
    if fraction.len() > decimals as usize {
        return Err(match decimals {
            0 => format!("{currency} has no decimals."),
            decimals => format!("{currency} has {decimals} decimals."),
        });
    }
    format!("{whole}{fraction:0<width$}", width = decimals as usize)
        .parse()
        .map_err(|_| "That is more than this shop can count.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_survives_being_written_and_read() {
        for (minor_units, currency, text) in
            [(129_900, "CNY", "1299.00"), (5, "EUR", "0.05"), (4_800, "JPY", "4800"), (1_500, "KWD", "1.500")]
        {
            assert_eq!(major(minor_units, currency), text);
            assert_eq!(minor(text, currency), Ok(minor_units));
        }
    }

    #[test]
    fn shorter_decimals_are_filled_up_and_longer_ones_are_refused() {
        assert_eq!(minor("12.5", "CNY"), Ok(1_250));
        assert_eq!(minor(" 1,299 ", "CNY"), Ok(129_900));
        assert!(minor("12.345", "CNY").is_err());
        assert!(minor("12.5", "JPY").is_err());
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".", "-5", "12a", "1e3", "99999999999999999999"] {
            assert!(minor(text, "CNY").is_err(), "{text}");
        }
    }

    #[test]
    fn thousands_are_grouped_where_people_read() {
        assert_eq!(shown(123_456_700, "CNY"), "CNY\u{a0}1,234,567.00");
        assert_eq!(shown(100, "JPY"), "JPY\u{a0}100");
        assert_eq!(shown(-5_000, "EUR"), "EUR\u{a0}−50.00");
    }
}
