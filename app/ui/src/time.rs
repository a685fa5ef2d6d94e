//! Dates for pages that know no visitor and so no time zone: Coordinated Universal Time.

use crate::Locale;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

/// Days to a date of the proleptic Gregorian calendar, by eras of 400 years that begin in March
/// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(at_ms: i64) -> Civil {
    let seconds = at_ms.div_euclid(1_000);
    let second_of_day = seconds.rem_euclid(86_400);
    let days = seconds.div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    Civil {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * march_month + 2) / 5 + 1,
        hour: second_of_day / 3_600,
        minute: second_of_day / 60 % 60,
        second: second_of_day % 60,
    }
}

/// `22 Nov 2025, 12:00 UTC`, or `2025年11月22日 12:00 UTC`. Seconds are told where there are any.
#[must_use]
pub fn format_utc(locale: Locale, at_ms: i64) -> String {
    let Civil { year, month, day, hour, minute, second } = civil(at_ms);
    let seconds = if second == 0 { String::new() } else { format!(":{second:02}") };
    match locale {
        Locale::En => {
            let month = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
            format!("{day} {month} {year}, {hour:02}:{minute:02}{seconds} UTC")
        }
        Locale::Zh => format!("{year}年{month}月{day}日 {hour:02}:{minute:02}{seconds} UTC"),
    }
}

/// `2025-11-22T12:00:00Z`, for `<time datetime>` and schema.org.
#[must_use]
pub fn iso_utc(at_ms: i64) -> String {
    let Civil { year, month, day, hour, minute, second } = civil(at_ms);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::{format_utc, iso_utc};
    use crate::Locale;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (at_ms, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_763_812_803_500, "2025-11-22T12:00:03Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(iso_utc(at_ms), text);
        }
    }

    #[test]
    fn people_read_them_in_their_own_language() {
        assert_eq!(format_utc(Locale::En, 1_763_812_800_000), "22 Nov 2025, 12:00 UTC");
        assert_eq!(format_utc(Locale::Zh, 1_763_812_803_000), "2025年11月22日 12:00:03 UTC");
    }
}
