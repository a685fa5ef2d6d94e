//! "Check the draw": a button, and the place where the check tells what came of it. The boot module and a bundle of its own
//! (`app/check`) do the rest, once it is pressed.

use leptos::prelude::*;
use ui::{Assets, Locale};

pub(super) fn check_draw(locale: Locale, assets: &Assets, sale_id: &str, commitment: &str) -> impl IntoView + use<> {
    let bundle = assets.draw.clone();
    view! {
        <div
            class="check-draw"
            id="check-draw"
            data-sale-id=sale_id.to_owned()
            data-commitment=commitment.to_owned()
            data-js=bundle.js_url
            data-js-integrity=bundle.js_integrity
            data-wasm=bundle.wasm_url
            data-wasm-integrity=bundle.wasm_integrity
            data-unreachable=locale.check_unreachable()
        >
            <p>
                <button class="secondary" type="button" aria-describedby="check-draw-hint">{locale.check_draw()}</button>
            </p>
            <p class="hint" id="check-draw-hint">{locale.check_draw_hint()}</p>
            <div class="told" aria-live="polite"></div>
        </div>
    }
}
