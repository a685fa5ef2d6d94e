//! Shoppers whose holds lapsed: seen and forgiven.

use api::{ShopperStrikes, StrikeList};
use axum::extract::State;
use sale::ShopperId;

use super::super::App;
use super::super::error::ApiResult;
use super::super::extract::{Merchant, PathId};

/// Whose holds lapsed in the merchant's sales, the latest first.
#[utoipa::path(get, path = "/api/merchant/strikes", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])),
    responses((status = 200, body = StrikeList), (status = 401, body = api::Problem)))]
pub(in super::super) async fn list(State(app): State<App>, merchant: Merchant) -> ApiResult<axum::Json<StrikeList>> {
    let rows = app.store.read(move |reader| reader.strikes(merchant.id)).await?;
    let shoppers = rows.into_iter().map(|row| ShopperStrikes {
        shopper_id: row.shopper_id.to_string(),
        display_name: row.display_name,
        strikes: row.strikes,
        first_at_ms: row.first_at_ms,
        last_at_ms: row.last_at_ms,
    });
    Ok(axum::Json(StrikeList { shoppers: shoppers.collect() }))
}

/// Forgives a shopper's strikes, in all of the merchant's sales.
#[utoipa::path(post, path = "/api/merchant/strikes/{shopper_id}/lift", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])),
    params(("shopper_id" = String, Path)),
    responses((status = 200, body = StrikeList, description = "Who has strikes after it."), (status = 401, body = api::Problem),
        (status = 404, body = api::Problem)))]
pub(in super::super) async fn lift(
    State(app): State<App>,
    merchant: Merchant,
    PathId(shopper_id): PathId<ShopperId>,
) -> ApiResult<axum::Json<StrikeList>> {
    app.writer.lift_strikes(merchant.id, shopper_id).await?;
    list(State(app), merchant).await
}
