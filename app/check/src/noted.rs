//! The fingerprint that this browser noted when it first saw the draw's page. The boot module writes it.

use js_sys::{Date, Object, Reflect};
use wasm_bindgen::JsValue;

const SLOT: &str = "stampede-fingerprints";

/// What stands in the slot of one sale: `{sale_id} {commitment} {first seen, epoch milliseconds}`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Noted {
    pub(crate) commitment: String,
    /// In the words of the visitor's own wall.
    pub(crate) at: String,
    pub(crate) before_the_close: bool,
}

pub(crate) fn of(sale_id: &str, closed_at_ms: Option<i64>) -> Option<Noted> {
    let storage = web_sys::window()?.local_storage().ok()??;
    let text = storage.get_item(SLOT).ok()??;
    let (commitment, at_ms) = line_of(&text, sale_id)?;
    let before_the_close = closed_at_ms.is_some_and(|closed_at_ms| at_ms < closed_at_ms);
    Some(Noted { commitment, at: day_and_time(at_ms), before_the_close })
}

fn line_of(text: &str, sale_id: &str) -> Option<(String, i64)> {
    let mut words = text.lines().map(|line| line.split(' ')).find_map(|mut words| {
        let is_it = words.next() == Some(sale_id);
        is_it.then_some(words)
    })?;
    let (commitment, at_ms) = (words.next()?, words.next()?.parse().ok()?);
    Some((commitment.to_owned(), at_ms))
}

fn day_and_time(at_ms: i64) -> String {
    let options = Object::new();
    for (name, value) in [("dateStyle", "medium"), ("timeStyle", "medium")] {
        // Setting a field of a plain object cannot fail.
        let _ = Reflect::set(&options, &name.into(), &value.into());
    }
    let lang = web_sys::window().and_then(|window| window.document()?.document_element()?.get_attribute("lang"));
    let tag = if lang.as_deref() == Some("en") { "en-GB".to_owned() } else { lang.unwrap_or_default() };
    Date::new(&JsValue::from_f64(at_ms as f64)).to_locale_string(&tag, &options).into()
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn a_sales_own_line_is_found_and_a_broken_one_is_none() {
        let text = "aa f1 1700000000000\nbb f2 1800000000000\ncc f3 soon";
        assert_eq!(line_of(text, "bb"), Some(("f2".to_owned(), 1_800_000_000_000)));
        for missing in ["b", "cc", "", "dd"] {
            assert_eq!(line_of(text, missing), None, "{missing}");
        }
    }
}
