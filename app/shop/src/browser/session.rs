//! Who is asking, fetched once for all islands of a page, and what a tab keeps until an order's outcome.

use std::cell::RefCell;

use api::Me;
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::Storage;

use super::{http, js};

thread_local! {
    static ME: RefCell<Option<Promise>> = const { RefCell::new(None) };
}

/// None where the fragment failed; the page is whole without it.
pub(crate) async fn me() -> Option<Me> {
    let promise = ME.with_borrow_mut(|me| {
        me.get_or_insert_with(|| {
            future_to_promise(async { http::get("/csi/me").await.map_err(|_| JsValue::UNDEFINED) })
        })
        .clone()
    });
    let value = JsFuture::from(promise).await.ok()?;
    Some(Me {
        signed_in: js::truth(&value, "signed_in"),
        display_name: js::text(&value, "display_name").unwrap_or_default(),
        lot: js::count(&value, "lot").map(|lot| lot as u32),
    })
}

/// An order on its way: sent again with the same key and pass until there is an answer, so that it counts once.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub key: String,
    pub pass: String,
    pub quantity: u32,
    /// Of a sale with SKUs: which.
    pub sku: Option<String>,
}

pub(super) fn storage() -> Option<Storage> {
    web_sys::window().and_then(|window| window.session_storage().ok().flatten())
}

fn slot(sale_id: &str) -> String {
    ["stampede.order.", sale_id].concat()
}

impl Attempt {
    /// A new attempt under a random key, kept at once.
    pub(crate) fn begin(sale_id: &str, pass: String, quantity: u32, sku: Option<String>) -> Self {
        let attempt = Self { key: random_key(), pass, quantity, sku };
        if let Some(storage) = storage() {
            let mut fields = vec![
                ("key", attempt.key.as_str().into()),
                ("pass", attempt.pass.as_str().into()),
                ("quantity", quantity.into()),
            ];
            fields.extend(attempt.sku.as_deref().map(|sku| ("sku", sku.into())));
            let _ = storage.set_item(&slot(sale_id), &js::stringify(&js::object(&fields)));
        }
        attempt
    }

    /// The attempt that a reload or a crash has left open.
    pub(crate) fn left_open(sale_id: &str) -> Option<Self> {
        let text = storage()?.get_item(&slot(sale_id)).ok().flatten()?;
        let kept = js::parse(&text);
        Some(Self {
            key: js::text(&kept, "key")?,
            pass: js::text(&kept, "pass")?,
            quantity: js::count(&kept, "quantity")? as u32,
            sku: js::text(&kept, "sku"),
        })
    }

    pub(crate) fn forget(sale_id: &str) {
        if let Some(storage) = storage() {
            let _ = storage.remove_item(&slot(sale_id));
        }
    }
}

const SEEN_SLOT: &str = "stampede.seen";
/// As many items are remembered as looked at.
const SEEN_MAX: usize = 6;

/// Remembers that this visitor looks at an item. Answers with the slugs of those before it, the latest first, with a
/// comma between.
pub(crate) fn looked_at(slug: &str) -> String {
    let storage = web_sys::window().and_then(|window| window.local_storage().ok().flatten());
    let Some(storage) = storage else { return String::new() };
    let kept = storage.get_item(SEEN_SLOT).ok().flatten().unwrap_or_default();
    let mut slugs: Vec<&str> = kept.split(',').filter(|seen| *seen != slug && !seen.is_empty()).collect();
    slugs.truncate(SEEN_MAX);
    let before = slugs.join(",");
    let _ = storage.set_item(SEEN_SLOT, &[slug, ",", &before].concat());
    before
}

/// 128 random bits in hexadecimal. `randomUUID` is kept from pages without TLS; this is not.
fn random_key() -> String {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut bytes = [0; 16];
    if let Some(crypto) = web_sys::window().and_then(|window| window.crypto().ok()) {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes.iter().flat_map(|byte| [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]).collect()
}
