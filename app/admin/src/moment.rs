//! Moments and spans in words. Moments are shown in the merchant's own time zone, and the zone is named beside them.

use js_sys::{Date, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn date(at_ms: i64) -> Date {
    Date::new(&JsValue::from_f64(at_ms as f64))
}

/// `20:00:05`.
pub(crate) fn time_of_day(at_ms: i64) -> String {
    let date = date(at_ms);
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

/// `22 Nov 20:00:05`; the year is told where it is another than now's.
pub(crate) fn stamp(at_ms: i64) -> String {
    let day = date(at_ms);
    let month = MONTHS[day.get_month() as usize % 12];
    let year = match day.get_full_year() {
        year if year == Date::new_0().get_full_year() => String::new(),
        year => format!(" {year}"),
    };
    format!("{} {month}{year} {}", day.get_date(), time_of_day(at_ms))
}

/// What a `datetime-local` field holds: `2026-11-22T20:00:05`.
pub(crate) fn to_field(at_ms: i64) -> String {
    let day = date(at_ms);
    let (year, month) = (day.get_full_year(), day.get_month() + 1);
    format!("{year:04}-{month:02}-{:02}T{}", day.get_date(), time_of_day(at_ms))
}

/// The moment that a `datetime-local` field names, in the zone of this browser.
pub(crate) fn from_field(text: &str) -> Option<i64> {
    let at_ms = Date::new(&JsValue::from_str(text)).get_time();
    (!text.is_empty() && at_ms.is_finite()).then_some(at_ms as i64)
}

/// The next time that a clock in this zone shows this hour.
pub(crate) fn next_hour_of_day(now_ms: i64, hour: u32) -> i64 {
    let day = date(now_ms);
    day.set_hours(hour);
    day.set_minutes(0);
    day.set_seconds(0);
    day.set_milliseconds(0);
    if day.get_time() <= now_ms as f64 {
        day.set_date(day.get_date() + 1);
    }
    day.get_time() as i64
}

/// `Europe/Berlin, UTC+01:00`, as of that moment (summer time may differ).
pub(crate) fn zone(at_ms: i64) -> String {
    let ahead_minutes = -(date(at_ms).get_timezone_offset() as i64);
    let offset = utc_offset(ahead_minutes);
    let options = Intl::DateTimeFormat::new(&js_sys::Array::new(), &Object::new()).resolved_options();
    let name = Reflect::get(&options, &JsValue::from_str("timeZone")).ok().and_then(|name| name.as_string());
    name.map_or(offset.clone(), |name| format!("{name}, {offset}"))
}

fn utc_offset(ahead_minutes: i64) -> String {
    let sign = if ahead_minutes < 0 { '−' } else { '+' };
    let minutes = ahead_minutes.abs();
    format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// `00:59`, `3:04:05`, `2 d 03:04:05`: how long until, or how long it lasts.
pub(crate) fn span(span_ms: i64) -> String {
    let seconds = span_ms.max(0) / 1_000;
    let (days, hours, minutes, seconds) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes:02}:{seconds:02}"),
        (0, _) => format!("{hours}:{minutes:02}:{seconds:02}"),
        _ => format!("{days} d {hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// `0.4 s`, `12 s`, `3 min`: how old a reading is.
pub(crate) fn age(age_ms: i64) -> String {
    match age_ms.max(0) {
        young @ 0..10_000 => format!("{}.{} s", young / 1_000, young % 1_000 / 100),
        seconds @ 10_000..120_000 => format!("{} s", seconds / 1_000),
        minutes => format!("{} min", minutes / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_as_short_as_it_can_be_told() {
        assert_eq!(span(59_999), "00:59");
        assert_eq!(span(-5), "00:00");
        assert_eq!(span(3 * 3_600_000 + 4 * 60_000 + 5_000), "3:04:05");
        assert_eq!(span(2 * 86_400_000 + 3_600_000), "2 d 01:00:00");
    }

    #[test]
    fn an_age_loses_its_tenths_as_it_grows() {
        assert_eq!(age(430), "0.4 s");
        assert_eq!(age(12_900), "12 s");
        assert_eq!(age(190_000), "3 min");
    }

    #[test]
    fn zones_are_ahead_or_behind() {
        assert_eq!(utc_offset(480), "UTC+08:00");
        assert_eq!(utc_offset(-210), "UTC−03:30");
    }
}
