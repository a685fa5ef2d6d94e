//! What the check asks of the shop.

use api::Draw;
use js_sys::{Reflect, Uint8Array};
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStreamDefaultReader, RequestInit, Response};

/// A short answer that takes longer is given up.
const TIMEOUT_MS: u32 = 15_000;

/// The largest file takes 20 s at 10 Mbit/s.
const FILE_TIMEOUT_MS: u32 = 300_000;

/// Why there is nothing to check.
pub(crate) enum Trouble {
    /// No answer, or one that broke off.
    Offline,
    /// Not now.
    Refused,
    /// The draw has not been held.
    TooEarly(Box<Draw>),
}

async fn asked(path: &str, timeout_ms: u32) -> Result<Response, Trouble> {
    let window = web_sys::window().ok_or(Trouble::Offline)?;
    let init = RequestInit::new();
    init.set_signal(Some(&AbortSignal::timeout_with_u32(timeout_ms)));
    let answer = JsFuture::from(window.fetch_with_str_and_init(path, &init)).await.map_err(|_| Trouble::Offline)?;
    let response: Response = answer.dyn_into().map_err(|_| Trouble::Refused)?;
    if response.ok() { Ok(response) } else { Err(Trouble::Refused) }
}

/// A short answer, read from bytes as the record is: one reader is enough. One that is none of the shop's, such as a proxy's page, is as good as a refusal.
pub(crate) async fn get<Answer: DeserializeOwned>(path: &str) -> Result<Answer, Trouble> {
    let response = asked(path, TIMEOUT_MS).await?;
    let text = JsFuture::from(response.text().map_err(|_| Trouble::Offline)?).await.map_err(|_| Trouble::Offline)?;
    serde_json::from_slice(text.as_string().unwrap_or_default().as_bytes()).map_err(|_| Trouble::Refused)
}

/// A long answer, as it comes in.
pub(crate) struct Stream(ReadableStreamDefaultReader);

impl Stream {
    pub(crate) async fn open(path: &str) -> Result<Self, Trouble> {
        let body = asked(path, FILE_TIMEOUT_MS).await?.body().ok_or(Trouble::Offline)?;
        body.get_reader().dyn_into().map(Self).map_err(|_| Trouble::Offline)
    }

    /// None at the end.
    pub(crate) async fn next(&self) -> Result<Option<Vec<u8>>, Trouble> {
        let part = JsFuture::from(self.0.read()).await.map_err(|_| Trouble::Offline)?;
        let bytes = Reflect::get(&part, &JsValue::from_str("value")).ok();
        Ok(bytes.and_then(|bytes| bytes.dyn_into::<Uint8Array>().ok()).map(|bytes| bytes.to_vec()))
    }
}
