//! Reading and making plain JavaScript objects. A JSON parser in the bundle would cost a tenth of its budget.

use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::JsValue;

pub(crate) fn get(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED)
}

pub(crate) fn text(value: &JsValue, key: &str) -> Option<String> {
    get(value, key).as_string()
}

pub(crate) fn number(value: &JsValue, key: &str) -> Option<f64> {
    get(value, key).as_f64()
}

pub(crate) fn integer(value: &JsValue, key: &str) -> Option<i64> {
    number(value, key).map(|number| number as i64)
}

pub(crate) fn count(value: &JsValue, key: &str) -> Option<u64> {
    number(value, key).map(|number| number as u64)
}

pub(crate) fn truth(value: &JsValue, key: &str) -> bool {
    get(value, key).is_truthy()
}

/// The elements of an array in a field; none where there is no array.
pub(crate) fn list(value: &JsValue, key: &str) -> Vec<JsValue> {
    elements(&get(value, key))
}

/// The elements of an array; none where it is no array.
pub(crate) fn elements(value: &JsValue) -> Vec<JsValue> {
    if js_sys::Array::is_array(value) { js_sys::Array::from(value).to_vec() } else { Vec::new() }
}

/// `undefined` where the text is not JSON.
pub(crate) fn parse(text: &str) -> JsValue {
    JSON::parse(text).unwrap_or(JsValue::UNDEFINED)
}

/// Empty where the value cannot be told as JSON.
pub(crate) fn stringify(value: &JsValue) -> String {
    JSON::stringify(value).map(String::from).unwrap_or_default()
}

pub(crate) fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in fields {
        // Setting a field of a plain object cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(key), value);
    }
    object.into()
}
