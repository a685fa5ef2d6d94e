//! Requests to the shop, their refusals, and the quiet retry.

use api::Code;
use ui::Locale;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, Request, RequestInit, Response};

use super::{clock, jittered, js, link, page, reloads, sleep_ms};

/// A request that has no answer by then is given up, mostly.
pub(crate) const TIMEOUT_MS: u32 = 10_000;
/// Waits for a retry where the server names none, and the longest that a page waits by itself.
const RETRY_MS: f64 = 1_000.0;
const RETRY_MAX_MS: f64 = 15_000.0;

pub(crate) enum Trouble {
    /// No answer at all.
    Offline,
    Refused(Code),
    /// An answer that is not one of the shop's, such as a proxy's error page.
    Foreign,
}

pub(crate) struct Failure {
    pub trouble: Trouble,
    detail: String,
    retry_after_ms: Option<f64>,
}

impl Failure {
    fn new(trouble: Trouble) -> Self {
        Self { trouble, detail: String::new(), retry_after_ms: None }
    }

    pub(crate) fn code(&self) -> Option<Code> {
        if let Trouble::Refused(code) = self.trouble { Some(code) } else { None }
    }

    /// Worth the same request again, later.
    pub(crate) fn will_pass(&self) -> bool {
        match self.trouble {
            Trouble::Offline | Trouble::Foreign => true,
            // What somebody has switched off comes back when somebody says so, not by asking.
            Trouble::Refused(Code::OrdersPaused | Code::QueueOnly | Code::ReadOnly) => false,
            Trouble::Refused(code) => matches!(code.status(), 429 | 503),
        }
    }

    pub(crate) fn wait_ms(&self) -> f64 {
        jittered(self.retry_after_ms.unwrap_or(RETRY_MS).clamp(RETRY_MS, RETRY_MAX_MS))
    }

    /// What to tell the shopper.
    pub(crate) fn sentence(self, locale: Locale) -> String {
        match self.trouble {
            Trouble::Offline => locale.offline().to_owned(),
            Trouble::Refused(code) => match locale.problem(code) {
                Some(sentence) => sentence.to_owned(),
                None if self.detail.is_empty() => locale.something_failed().to_owned(),
                None => self.detail,
            },
            Trouble::Foreign => locale.something_failed().to_owned(),
        }
    }
}

pub(crate) struct Call<'a> {
    pub path: &'a str,
    /// Present for a POST; `undefined` for one without a body.
    pub body: Option<JsValue>,
    pub idempotency_key: Option<&'a str>,
    /// How often to try where a failure passes by itself.
    pub tries: u32,
    /// A try that has no answer by then is given up.
    pub timeout_ms: u32,
}

pub(crate) async fn get(path: &str) -> Result<JsValue, Failure> {
    get_within(path, TIMEOUT_MS).await
}

/// What an edge has put into the page already is taken from there, once.
pub(crate) async fn get_within(path: &str, timeout_ms: u32) -> Result<JsValue, Failure> {
    if let Some(value) = page::take_fragment(path) {
        return Ok(value);
    }
    send(Call { path, body: None, idempotency_key: None, tries: 1, timeout_ms }).await
}

/// A POST, tried once more where the server asks for patience or the network fails.
pub(crate) async fn post(path: &str, body: JsValue) -> Result<JsValue, Failure> {
    send(Call { path, body: Some(body), idempotency_key: None, tries: 2, timeout_ms: TIMEOUT_MS }).await
}

/// A POST to somebody who has patience of their own.
pub(crate) async fn post_once(path: &str, body: JsValue) -> Result<JsValue, Failure> {
    once(&Call { path, body: Some(body), idempotency_key: None, tries: 1, timeout_ms: TIMEOUT_MS }).await
}

pub(crate) async fn send(call: Call<'_>) -> Result<JsValue, Failure> {
    let mut tries_left = call.tries;
    loop {
        tries_left -= 1;
        match once(&call).await {
            Err(failure) if tries_left > 0 && failure.will_pass() => sleep_ms(failure.wait_ms()).await,
            outcome => return outcome,
        }
    }
}

async fn once(call: &Call<'_>) -> Result<JsValue, Failure> {
    let response = fetch(call).await.map_err(|_| Failure::new(Trouble::Offline))?;
    let json = body(&response).await;
    if response.ok() {
        return Ok(json);
    }
    let code = js::text(&json, "code");
    let code = code.and_then(|code| Code::ALL.iter().copied().find(|known| known.as_str() == code));
    let retry_after_s = response.headers().get("retry-after").ok().flatten().and_then(|text| text.parse::<u32>().ok());
    Err(Failure {
        trouble: code.map_or(Trouble::Foreign, Trouble::Refused),
        detail: js::text(&json, "detail").unwrap_or_default(),
        retry_after_ms: retry_after_s.map(|seconds| f64::from(seconds) * 1_000.0),
    })
}

/// The answer as soon as its head is here; the clock wants that moment, not the body's.
pub(crate) async fn fetch(call: &Call<'_>) -> Result<Response, JsValue> {
    let options = RequestInit::new();
    options.set_signal(Some(&AbortSignal::timeout_with_u32(call.timeout_ms)));
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    if let Some(body) = &call.body {
        options.set_method("POST");
        if !body.is_undefined() {
            headers.set("content-type", "application/json")?;
            options.set_body(&js::stringify(body).into());
        }
    }
    if let Some(key) = call.idempotency_key {
        headers.set("idempotency-key", key)?;
    }
    options.set_headers(&headers);
    let request = Request::new_with_str_and_init(call.path, &options)?;
    let window = web_sys::window().ok_or(JsValue::UNDEFINED)?;
    let rest_ms = reloads::rest_ms() - clock::monotonic_ms();
    if rest_ms > 0.0 {
        sleep_ms(rest_ms).await;
    }
    let answer = JsFuture::from(window.fetch_with_request(&request)).await;
    let outcome = answer.and_then(JsCast::dyn_into);
    link::note(&outcome);
    outcome
}

/// `undefined` where the body is not JSON.
pub(crate) async fn body(response: &Response) -> JsValue {
    match response.json() {
        Ok(promise) => JsFuture::from(promise).await.unwrap_or(JsValue::UNDEFINED),
        Err(_) => JsValue::UNDEFINED,
    }
}
