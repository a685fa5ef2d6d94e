//! The WebAssembly entry of the check of a draw. The boot module loads it when the button is pressed.

use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::HtmlElement;

/// Checks the draw that this place in the page names, and tells there what came of it.
#[wasm_bindgen]
pub async fn check(place: HtmlElement) {
    check::check(place).await;
}
