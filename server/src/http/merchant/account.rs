//! Merchants sign in to the admin view.

use api::{MerchantMe, SignIn, SignedIn};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use cookie::SameSite;
use sale::MerchantClaims;

use super::super::App;
use super::super::account::{check_password, email_is_wrong, limit_account, removal, setting, wrong_credentials};
use super::super::error::ApiResult;
use super::super::extract::{Json, MERCHANT_COOKIE, Merchant};
use crate::passwords;

/// A merchant's session: a working day.
const MERCHANT_SESSION_LIFETIME_MS: i64 = 12 * 3_600_000;

/// Signs a merchant in.
#[utoipa::path(post, path = "/api/merchant/sign-in", tag = "merchant", request_body = SignIn,
    responses((status = 200, body = SignedIn), (status = 401, body = api::Problem)))]
pub(in super::super) async fn sign_in(
    State(app): State<App>,
    Json(form): Json<SignIn>,
) -> ApiResult<impl IntoResponse> {
    let email = passwords::normalised_email(&form.email).ok_or_else(email_is_wrong)?;
    limit_account(&app, &email)?;
    let row = app.store.read(move |reader| reader.merchant_by_email(&email)).await?;
    let phc = row.as_ref().map(|row| row.password_hash.clone());
    check_password(&app, form.password, phc).await?;
    let row = row.ok_or_else(wrong_credentials)?;
    let expires_at_ms = app.clock.now_ms() + MERCHANT_SESSION_LIFETIME_MS;
    let token = app.tokens.merchant.seal(&MerchantClaims { merchant_id: row.merchant_id, expires_at_ms });
    let cookie = setting(&app, MERCHANT_COOKIE, token, MERCHANT_SESSION_LIFETIME_MS, SameSite::Strict);
    Ok((cookie, axum::Json(SignedIn { display_name: row.email })))
}

/// Signs out of this browser.
#[utoipa::path(post, path = "/api/merchant/sign-out", tag = "merchant", responses((status = 204)))]
pub(in super::super) async fn sign_out(State(app): State<App>) -> impl IntoResponse {
    (StatusCode::NO_CONTENT, removal(&app, MERCHANT_COOKIE))
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/merchant/me", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])),
    responses((status = 200, body = MerchantMe), (status = 401, body = api::Problem)))]
pub(in super::super) async fn me(merchant: Merchant) -> axum::Json<MerchantMe> {
    axum::Json(MerchantMe { merchant_id: merchant.id.to_string(), email: merchant.email })
}
