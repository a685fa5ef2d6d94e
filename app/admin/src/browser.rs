//! The few things that the view asks the browser itself.

use leptos::{
    prelude::{document, window},
    task::{spawn_local, tick},
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, VisibilityState};

/// Where the shell page wants the view: `#app`, or the body where a page has none.
pub(crate) fn app_element() -> HtmlElement {
    document()
        .get_element_by_id("app")
        .and_then(|element| element.dyn_into().ok())
        .or_else(|| document().body())
        .expect("a page has a body")
}

/// Microseconds by the monotonic clock of this page.
pub(crate) fn monotonic_us() -> f64 {
    window().performance().map_or_else(|| js_sys::Date::now() * 1e3, |performance| performance.now() * 1e3)
}

/// Whether anybody can see this page now. What nobody sees need not be asked for.
pub(crate) fn is_visible() -> bool {
    document().visibility_state() == VisibilityState::Visible
}

/// Moves the keyboard to the page's content, where the link that led here is gone and nothing else has the focus.
pub(crate) fn focus_content_if_lost() {
    let is_lost = document().active_element().is_none_or(|element| element.tag_name() == "BODY");
    if is_lost {
        focus("main");
    }
}

/// Moves the keyboard to the element with this id as soon as the view has taken in what was changed, and before
/// anybody can press the next key.
pub(crate) fn focus(id: &str) {
    let id = id.to_owned();
    spawn_local(async move {
        tick().await;
        let element = document().get_element_by_id(&id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
        if let Some(element) = element {
            // A refusal leaves the focus where it was, which is as good as can be.
            let _ = element.focus();
        }
    });
}

/// Whether text can be copied for the reader: a page without TLS has no clipboard.
pub(crate) fn can_copy() -> bool {
    !JsValue::from(window().navigator().clipboard()).is_undefined()
}

/// Copies text where that is possible. Answers whether it was; a browser may refuse.
pub(crate) async fn copy(text: &str) -> bool {
    can_copy() && JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok()
}
