//! Shoppers' accounts: signing up, in and out.

use api::{Code, SignIn, SignUp, SignedIn};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use cookie::{Cookie, SameSite};
use ledger::{ShopperRow, Write};
use sale::{SESSION_LIFETIME_MS, SessionClaims, ShopperId};
use uuid::Uuid;

use super::error::{ApiError, ApiResult};
use super::extract::{Json, SESSION_COOKIE, session_name};
use super::{App, plan_b};
use crate::passwords;

/// Characters of a name that others may see.
const DISPLAY_NAME_CHARS: std::ops::RangeInclusive<usize> = 1..=40;

/// Makes an account and signs in.
#[utoipa::path(post, path = "/api/sign-up", tag = "accounts", request_body = SignUp,
    responses((status = 201, body = SignedIn), (status = 409, body = api::Problem), (status = 422, body = api::Problem),
        (status = 503, body = api::Problem)))]
pub(super) async fn sign_up(State(app): State<App>, Json(form): Json<SignUp>) -> ApiResult<impl IntoResponse> {
    plan_b::may_wander(&app)?;
    let email = passwords::normalised_email(&form.email).ok_or_else(email_is_wrong)?;
    if !passwords::PASSWORD_CHARS.contains(&form.password.chars().count()) {
        return Err(ApiError::field("password", "8 to 200 characters"));
    }
    let display_name = form.display_name.trim().to_owned();
    let length = display_name.chars().count();
    if !DISPLAY_NAME_CHARS.contains(&length) || display_name.chars().any(char::is_control) {
        return Err(ApiError::field("display_name", "1 to 40 characters, on one line"));
    }
    let password = form.password;
    let hashed = app.password_pool.run(move || passwords::hash(&password)).await?;
    let row = ShopperRow {
        shopper_id: ShopperId(Uuid::now_v7()),
        email: Some(email),
        display_name: display_name.clone(),
        password_hash: Some(hashed.map_err(|error| ApiError::internal(&error))?),
        created_at_ms: app.clock.now_ms(),
    };
    let shopper_id = row.shopper_id;
    app.writer.write(Write::AddShopper(row)).await?;
    let cookie = session_cookie(&app, shopper_id, &display_name);
    Ok((StatusCode::CREATED, cookie, axum::Json(SignedIn { display_name })))
}

/// Signs in.
#[utoipa::path(post, path = "/api/sign-in", tag = "accounts", request_body = SignIn,
    responses((status = 200, body = SignedIn), (status = 401, body = api::Problem)))]
pub(super) async fn sign_in(State(app): State<App>, Json(form): Json<SignIn>) -> ApiResult<impl IntoResponse> {
    let email = passwords::normalised_email(&form.email).ok_or_else(email_is_wrong)?;
    limit_account(&app, &email)?;
    let row = app.store.read(move |reader| reader.shopper_by_email(&email)).await?;
    let phc = row.as_ref().and_then(|row| row.password_hash.clone());
    check_password(&app, form.password, phc).await?;
    let row = row.ok_or_else(wrong_credentials)?;
    let cookie = session_cookie(&app, row.shopper_id, &row.display_name);
    Ok((cookie, axum::Json(SignedIn { display_name: row.display_name })))
}

/// Signs out of this browser.
#[utoipa::path(post, path = "/api/sign-out", tag = "accounts", responses((status = 204)))]
pub(super) async fn sign_out(State(app): State<App>) -> impl IntoResponse {
    (StatusCode::NO_CONTENT, removal(&app, SESSION_COOKIE))
}

/// Counts a try against the account, so that its password cannot be guessed from many addresses.
pub(super) fn limit_account(app: &App, email: &str) -> ApiResult<()> {
    app.limits.sign_ins_per_account.check(&email.to_owned()).map_err(ApiError::rate_limited)
}

/// Checks a password on the bounded pool. Takes as long where there is no account.
pub(super) async fn check_password(app: &App, password: String, phc: Option<String>) -> ApiResult<()> {
    if password.chars().count() > *passwords::PASSWORD_CHARS.end() {
        return Err(wrong_credentials());
    }
    let right = app.password_pool.run(move || passwords::matches(&password, phc.as_deref())).await?;
    if right { Ok(()) } else { Err(wrong_credentials()) }
}

pub(super) fn wrong_credentials() -> ApiError {
    ApiError::new(Code::CredentialsInvalid, "The e-mail address or the password is wrong.")
}

pub(super) fn email_is_wrong() -> ApiError {
    ApiError::field("email", "not an e-mail address")
}

fn session_cookie(app: &App, shopper_id: ShopperId, display_name: &str) -> SetCookie {
    let expires_at_ms = app.clock.now_ms() + SESSION_LIFETIME_MS;
    let claims = SessionClaims { shopper_id, display_name: display_name.to_owned(), expires_at_ms };
    setting(app, SESSION_COOKIE, app.tokens.session.seal(&claims), SESSION_LIFETIME_MS, SameSite::Lax)
}

/// A `Set-Cookie` header.
pub(super) type SetCookie = AppendHeaders<[(header::HeaderName, HeaderValue); 1]>;

/// A session's cookie for this host, out of scripts' reach.
pub(super) fn setting(app: &App, name: &str, value: String, lifetime_ms: i64, same_site: SameSite) -> SetCookie {
    let cookie = Cookie::build((session_name(app, name), value))
        .path("/")
        .http_only(true)
        .secure(app.is_https())
        .same_site(same_site)
        .max_age(cookie::time::Duration::milliseconds(lifetime_ms))
        .build();
    let value = HeaderValue::from_str(&cookie.to_string()).expect("names and tokens are visible ASCII");
    AppendHeaders([(header::SET_COOKIE, value)])
}

pub(super) fn removal(app: &App, name: &str) -> SetCookie {
    setting(app, name, String::new(), 0, SameSite::Lax)
}
