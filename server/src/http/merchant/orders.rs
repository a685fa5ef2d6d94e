//! A merchant's orders.

use api::{Code, MerchantOrder, MerchantOrders};
use axum::extract::State;
use ledger::{OrderFilter, OrderRow};
use sale::{OrderId, OrderState, ReleaseCause, SaleId, ShopperId};
use serde::Deserialize;

use super::super::error::{ApiError, ApiResult};
use super::super::extract::{Merchant, PathId, QueryOf};
use super::super::view;
use super::super::{App, plan_b};

/// Orders on one page.
const PAGE_ROWS: usize = 50;

/// How fresh a list must be. The embedded record is read itself either way.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Consistency {
    Cached,
    Strong,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct OrdersQuery {
    sale_id: Option<String>,
    state: Option<String>,
    shopper: Option<String>,
    cursor: Option<String>,
    #[serde(rename = "consistency")]
    _consistency: Option<Consistency>,
}

/// Orders of the merchant's sales, newest first.
#[utoipa::path(get, path = "/api/merchant/orders", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])),
    params(("sale_id" = Option<String>, Query), ("state" = Option<api::OrderState>, Query),
        ("shopper" = Option<String>, Query), ("cursor" = Option<String>, Query),
        ("consistency" = Option<Consistency>, Query)),
    responses((status = 200, body = MerchantOrders), (status = 400, body = api::Problem), (status = 401, body = api::Problem),
        (status = 503, body = api::Problem)))]
pub(in super::super) async fn list(
    State(app): State<App>,
    merchant: Merchant,
    QueryOf(query): QueryOf<OrdersQuery>,
) -> ApiResult<axum::Json<MerchantOrders>> {
    plan_b::may_list(&app, merchant.id)?;
    let wrong = |name: &str| ApiError::new(Code::QueryInvalid, format!("{name}: cannot be read"));
    let filter = OrderFilter {
        merchant_id: Some(merchant.id),
        sale_id: parsed::<SaleId>(query.sale_id.as_deref()).map_err(|()| wrong("sale_id"))?,
        shopper_id: parsed::<ShopperId>(query.shopper.as_deref()).map_err(|()| wrong("shopper"))?,
        state: match query.state.as_deref().filter(|state| !state.is_empty()) {
            Some(state) => Some(OrderState::parse(state).ok_or_else(|| wrong("state"))?),
            None => None,
        },
        before_row: parsed::<i64>(query.cursor.as_deref()).map_err(|()| wrong("cursor"))?,
        limit: PAGE_ROWS + 1,
    };
    let mut rows = app.store.read(move |reader| reader.orders(&filter)).await?;
    let more = rows.len() > PAGE_ROWS;
    rows.truncate(PAGE_ROWS);
    let next_cursor = rows.last().filter(|_| more).map(|row| row.row_number.to_string());
    Ok(axum::Json(MerchantOrders { orders: rows.iter().map(order).collect(), next_cursor }))
}

/// Gives up an order that is not paid: its units are free again, and money that still comes goes back.
#[utoipa::path(post, path = "/api/merchant/orders/{order_id}/release", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])),
    params(("order_id" = String, Path)),
    responses((status = 200, body = MerchantOrder), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 409, body = api::Problem)))]
pub(in super::super) async fn release(
    State(app): State<App>,
    merchant: Merchant,
    PathId(order_id): PathId<OrderId>,
) -> ApiResult<axum::Json<MerchantOrder>> {
    let found =
        app.store.read(move |reader| Ok((reader.merchant_of_order(order_id)?, reader.order(order_id)?))).await?;
    let (Some((merchant_id, sale_id)), Some(_)) = found else { return Err(ApiError::not_found()) };
    if merchant_id != merchant.id {
        return Err(ApiError::not_found());
    }
    plan_b::may_change(&app, sale_id)?;
    app.writer.cancel(sale_id, order_id, ReleaseCause::ByMerchant).await?;
    let row = app.store.read(move |reader| reader.order(order_id)).await?.ok_or_else(ApiError::not_found)?;
    Ok(axum::Json(order(&row)))
}

fn parsed<T: std::str::FromStr>(text: Option<&str>) -> Result<Option<T>, ()> {
    text.filter(|text| !text.is_empty()).map(str::parse).transpose().map_err(|_| ())
}

fn order(row: &OrderRow) -> MerchantOrder {
    MerchantOrder {
        order_id: row.order_id.to_string(),
        sale_id: row.sale_id.to_string(),
        shopper_id: row.shopper_id.to_string(),
        state: view::order_state(row.state),
        sku: row.sku.clone(),
        quantity: row.quantity,
        amount_minor: row.amount_minor,
        currency: row.currency.clone(),
        created_at_ms: row.created_at_ms,
        updated_at_ms: row.updated_at_ms,
        history: view::history(row),
    }
}
