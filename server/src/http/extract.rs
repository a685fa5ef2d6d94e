//! What handlers ask of a request. Each says with a code of its own what is wrong.

use api::Code;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use cookie::Cookie;
use sale::{MerchantId, ShopperId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::App;
use super::error::ApiError;
use super::plan_b;

/// The shopper's session.
pub(crate) const SESSION_COOKIE: &str = "stampede_session";

/// The merchant's session in the admin view.
pub(crate) const MERCHANT_COOKIE: &str = "stampede_merchant";

/// `Authorization: Bearer` tokens of merchants begin with this, so that one that leaks is known for what it is.
pub(crate) const MERCHANT_TOKEN_PREFIX: &str = "stm_";

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned + Serialize> FromRequest<App> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, app).await.map_err(|rejection| bytes_error(&rejection))?;
        read(is_json, &bytes).map(Self)
    }
}

/// A JSON body that may be left out.
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<T: DeserializeOwned + Serialize + Default> FromRequest<App> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, app).await.map_err(|rejection| bytes_error(&rejection))?;
        if bytes.is_empty() { Ok(Self(T::default())) } else { read(is_json, &bytes).map(Self) }
    }
}

fn read<T: DeserializeOwned + Serialize>(is_json: bool, bytes: &[u8]) -> Result<T, ApiError> {
    if !is_json {
        return Err(ApiError::new(Code::MediaTypeUnsupported, "Send application/json."));
    }
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        // A struct could be read from an array too, field after field.
        return Err(ApiError::new(Code::FieldInvalid, "Send an object, not an array."));
    }
    match axum::Json::<T>::from_bytes(bytes) {
        Ok(axum::Json(value)) => match array_for_object(bytes, &value) {
            Some(place) => Err(ApiError::field(place.trim_start_matches('.'), "an object, not an array")),
            None => Ok(value),
        },
        Err(rejection) => Err(body_error(&rejection)),
    }
}

/// Whether a body says that it is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// Where in a body an array was read as an object, field after field: serde takes one for the other at any depth, and the
/// description of the API does not.
fn array_for_object<T: Serialize>(body: &[u8], read: &T) -> Option<String> {
    if !body.contains(&b'[') {
        // Most bodies, and all on the order's path.
        return None;
    }
    let given = serde_json::from_slice(body).ok()?;
    let read = serde_json::to_value(read).ok()?;
    first_difference(&given, &read)
}

fn first_difference(given: &Value, read: &Value) -> Option<String> {
    match (given, read) {
        (Value::Array(_), Value::Object(_)) => Some(String::new()),
        (Value::Array(given), Value::Array(read)) => {
            let mut pairs = given.iter().zip(read).enumerate();
            pairs.find_map(|(index, (given, read))| Some(format!("[{index}]{}", first_difference(given, read)?)))
        }
        (Value::Object(given), Value::Object(read)) => {
            given.iter().find_map(|(name, given)| Some(format!(".{name}{}", first_difference(given, read.get(name)?)?)))
        }
        _ => None,
    }
}

fn body_error(rejection: &JsonRejection) -> ApiError {
    match rejection {
        JsonRejection::JsonDataError(error) => ApiError::new(Code::FieldInvalid, error.body_text()),
        JsonRejection::JsonSyntaxError(error) => ApiError::new(Code::BodyInvalid, error.body_text()),
        _ => ApiError::new(Code::BodyInvalid, "The body could not be read."),
    }
}

pub(crate) fn too_large() -> ApiError {
    ApiError::new(Code::BodyTooLarge, format!("At most {} bytes.", super::MAX_BODY_BYTES))
}

pub(crate) fn bytes_error(rejection: &BytesRejection) -> ApiError {
    if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        too_large()
    } else {
        ApiError::new(Code::BodyInvalid, "The body could not be read.")
    }
}

/// A UUID in the path. What cannot be one cannot exist.
pub(crate) struct PathId<T>(pub(crate) T);

impl<T: From<Uuid>> FromRequestParts<App> for PathId<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match Path::<Uuid>::from_request_parts(parts, app).await {
            Ok(Path(id)) => Ok(Self(id.into())),
            Err(_) => Err(ApiError::not_found()),
        }
    }
}

/// Query parameters; unknown ones are told.
pub(crate) struct QueryOf<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for QueryOf<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, app).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(QueryRejection::FailedToDeserializeQueryString(error)) => {
                Err(ApiError::new(Code::QueryInvalid, error.body_text()))
            }
            Err(_) => Err(ApiError::new(Code::QueryInvalid, "The query could not be read.")),
        }
    }
}

/// Who is signed in, if anybody. Never fails: a bad cookie is no cookie.
pub(crate) struct Visitor(pub(crate) Option<Shopper>);

/// A signed-in shopper.
#[derive(Clone, Debug)]
pub(crate) struct Shopper {
    pub(crate) id: ShopperId,
    pub(crate) display_name: String,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self(Shopper::of(app, &parts.headers)))
    }
}

/// What says who asks.
pub(super) const SHOPPERS_FIELDS: [HeaderName; 3] =
    [header::AUTHORIZATION, header::COOKIE, HeaderName::from_static("sec-fetch-site")];

impl Shopper {
    /// Who is signed in, by [`SHOPPERS_FIELDS`].
    pub(super) fn of(app: &App, headers: &HeaderMap) -> Option<Self> {
        if bearer(headers).is_some() {
            // A Bearer request ignores cookies, and so it passes the cross-site rule for good reason.
            return None;
        }
        let now_ms = app.clock.now_ms();
        let claims = session(app, headers, SESSION_COOKIE).and_then(|text| app.tokens.session.open(&text).ok());
        let live = claims.filter(|claims| claims.is_live(now_ms));
        live.map(|claims| Self { id: claims.shopper_id, display_name: claims.display_name })
    }
}

impl FromRequestParts<App> for Shopper {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Ok(Visitor(shopper)) = Visitor::from_request_parts(parts, app).await;
        shopper.ok_or_else(|| ApiError::new(Code::SignedOut, "Sign in first."))
    }
}

/// A merchant, by Bearer token or by session. A request with a Bearer token is judged by it alone.
#[derive(Clone, Debug)]
pub(crate) struct Merchant {
    pub(crate) id: MerchantId,
    pub(crate) email: String,
}

impl FromRequestParts<App> for Merchant {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let signed_out = || ApiError::new(Code::SignedOut, "Give a merchant's Bearer token, or sign in at /admin.");
        let row = match bearer(&parts.headers) {
            Some(token) => {
                let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
                app.store.read(move |reader| reader.merchant_of_token(&digest)).await?
            }
            None => {
                let now_ms = app.clock.now_ms();
                let claims = session(app, &parts.headers, MERCHANT_COOKIE)
                    .and_then(|text| app.tokens.merchant.open(&text).ok())
                    .filter(|claims| claims.is_live(now_ms))
                    .ok_or_else(signed_out)?;
                app.store.read(move |reader| reader.merchant(claims.merchant_id)).await?
            }
        };
        let merchant = row.map(|row| Self { id: row.merchant_id, email: row.email }).ok_or_else(signed_out)?;
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            plan_b::may_merchant_change(app, merchant.id, parts.uri.path())?;
        }
        Ok(merchant)
    }
}

/// The Bearer token of a request (RFC 6750), if it has one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A session cookie's name in browsers. Over TLS it has the prefix that binds it to this very host (RFC 6265bis, section
/// 4.1.3.2): without it, any host of the same domain could plant a session of its own here.
pub(super) fn session_name(app: &App, name: &str) -> String {
    if app.is_https() { format!("__Host-{name}") } else { name.to_owned() }
}

/// A session's token. Over TLS the plain name is good for clients at a shell only, to whom nobody plants cookies; a browser
/// says with each request over TLS that it is one (Fetch Metadata).
fn session(app: &App, headers: &HeaderMap, name: &str) -> Option<String> {
    let plain_counts = !app.is_https() || !headers.contains_key("sec-fetch-site");
    let bound = cookie_named(headers, &session_name(app, name));
    bound.or_else(|| cookie_named(headers, name).filter(|_| plain_counts))
}

fn cookie_named(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

#[cfg(test)]
mod tests {
    use api::{CreateSale, PatchSale};
    use serde_json::json;

    use super::*;

    #[test]
    fn an_array_that_was_read_as_an_object_is_found_at_any_depth() {
        let check = |body: Value, expected: Option<&str>| {
            let read: PatchSale = serde_json::from_value(body.clone()).unwrap();
            assert_eq!(array_for_object(body.to_string().as_bytes(), &read).as_deref(), expected, "{body}");
        };
        let question = json!({ "prompt": "Say yes", "answer": "yes" });
        let quiz = |questions: Value| json!({ "kind": "bank", "questions": questions, "min_answer_ms": 0, "max_answer_ms": 9 });
        check(json!({ "quiz": quiz(json!([question])) }), None);
        check(json!({ "quiz": quiz(json!([question, ["Say no", "no"]])) }), Some(".quiz.questions[1]"));
        check(json!({ "quiz": ["bank", [question], 0, 9] }), Some(".quiz"));
        check(json!({ "eligibility": [1, true] }), Some(".eligibility"));
        check(json!({ "paused": true }), None);
        assert!(serde_json::from_value::<CreateSale>(json!([])).is_err());
    }
}
