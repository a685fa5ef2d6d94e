//! `/openapi.json`: made from the handlers' own descriptions.

use axum::Router;
use axum::http::header;
use axum::routing::get;
use bytes::Bytes;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::App;
use super::extract::{MERCHANT_COOKIE, SESSION_COOKIE};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Stampede",
        description = "A flash-sale shop. Times are integers with their unit in the name; money is minor units beside an \
            ISO 4217 code; errors are application/problem+json (RFC 9457) with a stable code.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(api::Problem, api::Code)),
    tags(
        (name = "fragments", description = "What static pages fetch for themselves"),
        (name = "accounts", description = "Shoppers' accounts"),
        (name = "orders", description = "Quiz, pass, line and orders; by session cookie"),
        (name = "draws", description = "Sales by draw: what anyone can check, and each entrant's receipt"),
        (name = "payments", description = "Paying, and the provider's word"),
        (name = "merchant", description = "Items, sales and their orders; by Bearer token or admin session"),
    )
)]
struct Base;

pub(super) fn base() -> utoipa::openapi::OpenApi {
    let mut description = Base::openapi();
    let components = description.components.get_or_insert_default();
    let cookie = |name: &str| SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(name)));
    components.add_security_scheme("session", cookie(SESSION_COOKIE));
    components.add_security_scheme("merchant_session", cookie(MERCHANT_COOKIE));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("merchant_token", SecurityScheme::Http(bearer));
    description
}

pub(super) fn routes(description: &utoipa::openapi::OpenApi) -> Router<App> {
    let json = Bytes::from(description.to_pretty_json().unwrap_or_default());
    let answer = move || {
        let json = json.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], json) }
    };
    Router::new().route("/openapi.json", get(answer))
}
