//! The page around the islands: its data, its language, its address.

use js_sys::{Date, Object};
use ui::Locale;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Document, Element, EventTarget, HtmlElement, VisibilityState};

use super::js;

pub(crate) fn document() -> Option<Document> {
    web_sys::window().and_then(|window| window.document())
}

pub(crate) fn find(selector: &str) -> Option<Element> {
    document().and_then(|document| document.query_selector(selector).ok().flatten())
}

pub(crate) fn find_as<T: JsCast>(selector: &str) -> Option<T> {
    find(selector).and_then(|element| element.dyn_into().ok())
}

pub(crate) fn find_all(selector: &str) -> Vec<HtmlElement> {
    let Some(list) = document().and_then(|document| document.query_selector_all(selector).ok()) else {
        return Vec::new();
    };
    (0..list.length()).filter_map(|index| list.item(index)?.dyn_into().ok()).collect()
}

/// A `data-` attribute of `<main>`, named as in JavaScript's `dataset`.
pub(crate) fn data(name: &str) -> String {
    find_as::<HtmlElement>("main").and_then(|main| main.dataset().get(name)).unwrap_or_default()
}

/// A whole number in an attribute; 0 where there is none.
pub(crate) fn number(text: &str) -> i64 {
    text.parse().unwrap_or_default()
}

/// The answer to a request that an edge put into the page (ESI), if it did and has not been taken yet.
pub(crate) fn take_fragment(path: &str) -> Option<JsValue> {
    let holder = find(&["[data-fragment=\"", path, "\"]"].concat())?;
    holder.remove();
    let value = js::parse(&holder.text_content()?);
    value.is_object().then_some(value)
}

pub(crate) fn locale() -> Locale {
    Locale::of_tag(&find("html").and_then(|html| html.get_attribute("lang")).unwrap_or_default())
}

pub(crate) fn visible() -> bool {
    document().is_some_and(|document| document.visibility_state() == VisibilityState::Visible)
}

/// Runs `act` whenever the page comes back into view. Phones stop timers in pages that nobody sees.
pub(crate) fn on_visible(act: impl Fn() + 'static) {
    if let Some(document) = document() {
        listen(&document, "visibilitychange", move || {
            if visible() {
                act();
            }
        });
    }
}

/// Runs `act` whenever the device loses its network.
pub(super) fn on_offline(act: impl Fn() + 'static) {
    if let Some(window) = web_sys::window() {
        listen(&window, "offline", act);
    }
}

fn listen(target: &EventTarget, event: &str, act: impl Fn() + 'static) {
    let listener = Closure::<dyn Fn()>::new(act);
    let _ = target.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref());
    // It lives as long as the page.
    listener.forget();
}

pub(crate) fn go(path: &str) {
    if let Some(window) = web_sys::window() {
        let _ = window.location().assign(path);
    }
}

/// Goes to where an order is paid. A page of ours is gone to in the shopper's language; a provider's has its own.
pub(crate) fn go_to_payment(locale: Locale, opened: &JsValue) {
    let url = js::text(opened, "payment_url").unwrap_or_default();
    go(&if url.starts_with('/') { locale.path(&url) } else { url });
}

/// The sign-in page that leads back here.
pub(crate) fn sign_in_path(locale: Locale) -> String {
    let here = web_sys::window().and_then(|window| {
        let location = window.location();
        Some([location.pathname().ok()?, location.search().ok()?].concat())
    });
    let next: String = js_sys::encode_uri_component(&here.unwrap_or_default()).into();
    [&locale.path("/sign-in"), "?next=", &next].concat()
}

fn date(at_ms: f64) -> Date {
    Date::new(&JsValue::from_f64(at_ms))
}

/// The time of day on the shopper's own wall, with seconds: `20:15:03`.
pub(crate) fn local_time(at_ms: f64) -> String {
    let options: Object = js::object(&[("hour12", JsValue::FALSE), ("timeStyle", "medium".into())]).into();
    date(at_ms).to_locale_time_string_with_options("en-GB", &options).into()
}

/// Day and time on the shopper's own wall: `Sat 22 Nov, 20:00`.
fn local_day_and_time(locale: Locale, at_ms: f64) -> String {
    let options = js::object(&[
        ("weekday", "short".into()),
        ("day", "numeric".into()),
        ("month", "short".into()),
        ("hour", "2-digit".into()),
        ("minute", "2-digit".into()),
        ("hour12", JsValue::FALSE),
    ]);
    let tag = match locale {
        Locale::En => "en-GB",
        Locale::Zh => "zh-CN",
    };
    date(at_ms).to_locale_string(tag, &options).into()
}

/// Static pages tell times in UTC; here they become those of the shopper's own wall.
pub(crate) fn show_local_times(locale: Locale) {
    for element in find_all("time[datetime]") {
        let at_ms = Date::parse(&element.get_attribute("datetime").unwrap_or_default());
        if at_ms.is_finite() {
            element.set_text_content(Some(&local_day_and_time(locale, at_ms)));
        }
    }
}

/// What a form's field holds.
pub(crate) fn field(selector: &str) -> String {
    find_as::<web_sys::HtmlInputElement>(selector).map(|input| input.value()).unwrap_or_default()
}

pub(crate) fn set_disabled(selector: &str, disabled: bool) {
    if let Some(element) = find(selector) {
        let _ = element.toggle_attribute_with_force("disabled", disabled);
    }
}

pub(crate) fn focus(selector: &str) {
    if let Some(element) = find_as::<HtmlElement>(selector) {
        let _ = element.focus();
    }
}
