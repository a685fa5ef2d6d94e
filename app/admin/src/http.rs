//! Calls to the merchant API: JSON both ways, problem details on refusal.

use api::{Code, Problem};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestCache, RequestInit, Response};

/// A call that takes longer than this is given up.
const TIMEOUT_MS: u32 = 15_000;

/// Publishing waits until every edge has let go of the old page.
const PUBLISH_TIMEOUT_MS: u32 = 60_000;

/// Why a call brought nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// The session is over, or never was.
    SignedOut,
    /// The server said no, and why.
    Refused(Problem),
    /// No answer: the network, the server, or the time limit.
    Unreachable,
    /// An answer that this view does not understand, with its HTTP status.
    Unreadable(u16),
}

impl Failure {
    /// The failure in a sentence, for the person at the desk.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Failure::SignedOut => "You are signed out. Sign in again to go on.".to_owned(),
            Failure::Refused(problem) if problem.detail.is_empty() => problem.title.clone(),
            Failure::Refused(problem) => problem.detail.clone(),
            Failure::Unreachable => {
                "The server did not answer. Nothing is known to have changed; try again.".to_owned()
            }
            Failure::Unreadable(status) => {
                format!("The server answered something unexpected (HTTP {status}). Reload the page and try again.")
            }
        }
    }

    /// The stable code, where the server gave one.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Failure::Refused(problem) => Some(problem.code),
            _ => None,
        }
    }
}

pub(crate) async fn get<Answer: DeserializeOwned>(path: &str) -> Result<Answer, Failure> {
    decode(call("GET", path, None, TIMEOUT_MS).await?)
}

pub(crate) async fn post<Body: Serialize, Answer: DeserializeOwned>(
    path: &str,
    body: &Body,
) -> Result<Answer, Failure> {
    decode(call("POST", path, Some(encode(body)?), TIMEOUT_MS).await?)
}

/// A POST whose path says it all, such as signing out.
pub(crate) async fn post_bare(path: &str) -> Result<(), Failure> {
    call("POST", path, None, TIMEOUT_MS).await.map(drop)
}

/// A POST without a body that may wait for edges to let go of a page, such as publishing.
pub(crate) async fn post_patiently<Answer: DeserializeOwned>(path: &str) -> Result<Answer, Failure> {
    decode(call("POST", path, None, PUBLISH_TIMEOUT_MS).await?)
}

/// A change. What the server answers is read again anyhow, so that one reading shows what the record says.
pub(crate) async fn patch<Body: Serialize>(path: &str, body: &Body) -> Result<(), Failure> {
    call("PATCH", path, Some(encode(body)?), PUBLISH_TIMEOUT_MS).await.map(drop)
}

/// Puts something in the place of what is there. It may wait for edges to let go of a page.
pub(crate) async fn put<Body: Serialize, Answer: DeserializeOwned>(path: &str, body: &Body) -> Result<Answer, Failure> {
    decode(call("PUT", path, Some(encode(body)?), PUBLISH_TIMEOUT_MS).await?)
}

/// One part of a path or a query, so that no value can reach beyond its place.
pub(crate) fn escaped(part: &str) -> String {
    js_sys::encode_uri_component(part).into()
}

struct Answered {
    status: u16,
    text: String,
}

async fn call(method: &str, path: &str, body: Option<String>, timeout_ms: u32) -> Result<Answered, Failure> {
    let response = fetch(method, path, body, timeout_ms).await.map_err(|_| Failure::Unreachable)?;
    let status = response.status();
    let text = text_of(&response).await.map_err(|_| Failure::Unreachable)?;
    if response.ok() {
        return Ok(Answered { status, text });
    }
    match serde_json::from_str::<Problem>(&text) {
        Ok(problem) if problem.code == Code::SignedOut => Err(Failure::SignedOut),
        Ok(problem) => Err(Failure::Refused(problem)),
        Err(_) if status == 401 => Err(Failure::SignedOut),
        Err(_) => Err(Failure::Unreadable(status)),
    }
}

async fn fetch(method: &str, path: &str, body: Option<String>, timeout_ms: u32) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    let init = RequestInit::new();
    init.set_method(method);
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(timeout_ms)));
    if let Some(body) = body {
        headers.set("content-type", "application/json")?;
        init.set_body(&JsValue::from_str(&body));
    }
    init.set_headers(&headers);
    let response = JsFuture::from(leptos::prelude::window().fetch_with_str_and_init(path, &init)).await?;
    response.dyn_into()
}

async fn text_of(response: &Response) -> Result<String, JsValue> {
    Ok(JsFuture::from(response.text()?).await?.as_string().unwrap_or_default())
}

fn encode<Body: Serialize>(body: &Body) -> Result<String, Failure> {
    serde_json::to_string(body).map_err(|_| Failure::Unreadable(0))
}

fn decode<Answer: DeserializeOwned>(answered: Answered) -> Result<Answer, Failure> {
    serde_json::from_str(&answered.text).map_err(|_| Failure::Unreadable(answered.status))
}
