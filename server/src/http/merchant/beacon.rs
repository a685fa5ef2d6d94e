//! The value of a draw's beacon, from the merchant.

use api::{Draw, GiveBeacon};
use axum::extract::State;
use sale::SaleId;

use super::super::App;
use super::super::draw::view;
use super::super::error::{ApiError, ApiResult};
use super::super::extract::{Json, Merchant, PathId};
use super::input::told;
use super::sales::own_sale;

const VALUE_CHARS: std::ops::RangeInclusive<usize> = 1..=256;

/// Gives the value that was named before the start: after the close, once, and before it is due. The draw is held with it.
#[utoipa::path(post, path = "/api/merchant/sales/{sale_id}/beacon", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])), params(("sale_id" = String, Path)),
    request_body = GiveBeacon,
    responses((status = 200, body = Draw), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 409, body = api::Problem), (status = 422, body = api::Problem)))]
pub(in super::super) async fn give(
    State(app): State<App>,
    merchant: Merchant,
    PathId(sale_id): PathId<SaleId>,
    Json(given): Json<GiveBeacon>,
) -> ApiResult<axum::Json<Draw>> {
    let row = own_sale(&app, &merchant, sale_id).await?;
    let value = given.value;
    let good = VALUE_CHARS.contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
    told(good, "value", "1 to 256 visible ASCII characters")?;
    app.writer.hold_draw(sale_id, value).await?;
    let state = app.store.read(move |reader| reader.draw(sale_id)).await?.ok_or_else(ApiError::not_found)?;
    Ok(axum::Json(view(&row, &state)))
}
