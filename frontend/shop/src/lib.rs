//! The shopper's WebAssembly entry. The islands export themselves; the boot module finds them by name.

use shop as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// The source that this bundle was built from. The boot module compares it with the page's.
#[wasm_bindgen]
#[must_use]
pub fn build_id() -> String {
    shop::BUILD_ID.to_owned()
}

/// Makes the page ready for its islands. Called once, before the first of them.
#[wasm_bindgen]
pub fn hydrate() {
    #[cfg(debug_assertions)]
    std::panic::set_hook(Box::new(|info| leptos::logging::error!("{info}")));
    // What `leptos::mount::hydrate_islands` does, without its reader of resources and errors that a streaming server
    // leaves in a page: these pages have neither.
    let _ = any_spawner::Executor::init_wasm_bindgen();
    let root = leptos::prelude::Owner::new_root(None);
    root.set();
    // It lives as long as the page.
    std::mem::forget(root);
}
