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

/// 32 bytes in hexadecimal, one spelling of each: were `A` as good as `a`, whoever knows the seed could try which of a
/// value's spellings pleases them.
const VALUE_CHARS: usize = 64;

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
    let good = value.len() == VALUE_CHARS && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    told(good, "value", "32 bytes as 64 hexadecimal digits in lower case")?;
    app.writer.hold_draw(sale_id, value).await?;
    let state = app.store.read(move |reader| reader.draw(sale_id)).await?.ok_or_else(ApiError::not_found)?;
    Ok(axum::Json(view(&row, &state)))
}
