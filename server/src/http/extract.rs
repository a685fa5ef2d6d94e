//! What handlers ask of a request. Each says with a code of its own what is wrong.

use api::Code;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use cookie::Cookie;
use sale::{MerchantId, ShopperId};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::App;
use super::error::ApiError;

/// The shopper's session.
pub(crate) const SESSION_COOKIE: &str = "stampede_session";

/// The merchant's session in the admin view.
pub(crate) const MERCHANT_COOKIE: &str = "stampede_merchant";

/// `Authorization: Bearer` tokens of merchants begin with this, so that one that leaks is known for what it is.
pub(crate) const MERCHANT_TOKEN_PREFIX: &str = "stm_";

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let whole = Request::from_parts(parts.clone(), body);
        let bytes = Bytes::from_request(whole, app).await.map_err(|rejection| bytes_error(&rejection))?;
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            // A struct could be read from an array too, field after field.
            return Err(ApiError::new(Code::FieldInvalid, "Send an object, not an array."));
        }
        match axum::Json::<T>::from_request(Request::from_parts(parts, bytes.into()), app).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(body_error(&rejection)),
        }
    }
}

/// A JSON body that may be left out.
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let whole = Request::from_parts(parts.clone(), body);
        let bytes = Bytes::from_request(whole, app).await.map_err(|rejection| bytes_error(&rejection))?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        let request = Request::from_parts(parts, bytes.into());
        Json::from_request(request, app).await.map(|Json(value)| Self(value))
    }
}

fn body_error(rejection: &JsonRejection) -> ApiError {
    match rejection {
        JsonRejection::JsonDataError(error) => ApiError::new(Code::FieldInvalid, error.body_text()),
        JsonRejection::JsonSyntaxError(error) => ApiError::new(Code::BodyInvalid, error.body_text()),
        JsonRejection::MissingJsonContentType(_) => ApiError::new(Code::MediaTypeUnsupported, "Send application/json."),
        JsonRejection::BytesRejection(error) => bytes_error(error),
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
        if bearer(&parts.headers).is_some() {
            // A Bearer request ignores cookies, and so it passes the cross-site rule for good reason.
            return Ok(Self(None));
        }
        let now_ms = app.clock.now_ms();
        let claims = cookie_named(&parts.headers, SESSION_COOKIE).and_then(|text| app.tokens.session.open(&text).ok());
        let shopper = claims
            .filter(|claims| claims.is_live(now_ms))
            .map(|claims| Shopper { id: claims.shopper_id, display_name: claims.display_name });
        Ok(Self(shopper))
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
                let claims = cookie_named(&parts.headers, MERCHANT_COOKIE)
                    .and_then(|text| app.tokens.merchant.open(&text).ok())
                    .filter(|claims| claims.is_live(now_ms))
                    .ok_or_else(signed_out)?;
                app.store.read(move |reader| reader.merchant(claims.merchant_id)).await?
            }
        };
        row.map(|row| Self { id: row.merchant_id, email: row.email }).ok_or_else(signed_out)
    }
}

/// The Bearer token of a request (RFC 6750), if it has one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

pub(crate) fn cookie_named(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}
