//! The list of shoppers whom a sale is for.

use api::{ChangeShoppers, ListedShoppers};
use axum::extract::State;
use ledger::{PAGE_ROWS_MAX, Write};
use sale::SaleId;
use serde::Deserialize;

use super::super::error::{ApiError, ApiResult};
use super::super::extract::{Json, Merchant, PathId, QueryOf};
use super::super::{App, plan_b};
use super::sales::own_sale;
use crate::passwords;

/// Addresses in one call, at most.
const ADDRESSES_PER_CALL: usize = 2_000;

/// Addresses on one list, at most.
const ADDRESSES_MAX: u64 = 100_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ListQuery {
    after: Option<String>,
}

/// Who is on the sale's list, page by page.
#[utoipa::path(get, path = "/api/merchant/sales/{sale_id}/shoppers", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])),
    params(("sale_id" = String, Path), ("after" = Option<String>, Query)),
    responses((status = 200, body = ListedShoppers), (status = 400, body = api::Problem), (status = 401, body = api::Problem),
        (status = 404, body = api::Problem)))]
pub(in super::super) async fn list(
    State(app): State<App>,
    merchant: Merchant,
    PathId(sale_id): PathId<SaleId>,
    QueryOf(query): QueryOf<ListQuery>,
) -> ApiResult<axum::Json<ListedShoppers>> {
    own_sale(&app, &merchant, sale_id).await?;
    page(&app, sale_id, query.after.unwrap_or_default()).await
}

/// Puts addresses on the sale's list and takes others off it, all or none.
#[utoipa::path(post, path = "/api/merchant/sales/{sale_id}/shoppers", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])),
    params(("sale_id" = String, Path)), request_body = ChangeShoppers,
    responses((status = 200, body = ListedShoppers), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 422, body = api::Problem)))]
pub(in super::super) async fn change(
    State(app): State<App>,
    merchant: Merchant,
    PathId(sale_id): PathId<SaleId>,
    Json(wanted): Json<ChangeShoppers>,
) -> ApiResult<axum::Json<ListedShoppers>> {
    own_sale(&app, &merchant, sale_id).await?;
    plan_b::may_change(&app, sale_id)?;
    if wanted.add.len() + wanted.remove.len() > ADDRESSES_PER_CALL {
        return Err(ApiError::field("add", "at most 2,000 addresses a call, with those of remove"));
    }
    let (add, remove) = (addresses("add", wanted.add)?, addresses("remove", wanted.remove)?);
    app.writer.write(Write::ListShoppers { sale_id, add, remove, most: ADDRESSES_MAX }).await?;
    page(&app, sale_id, String::new()).await
}

fn addresses(field: &str, given: Vec<String>) -> ApiResult<Vec<String>> {
    let checked = given.iter().enumerate().map(|(number, email)| {
        let name = format!("{field}[{number}]");
        passwords::normalised_email(email).ok_or_else(|| ApiError::field(&name, "not an e-mail address"))
    });
    checked.collect()
}

async fn page(app: &App, sale_id: SaleId, after: String) -> ApiResult<axum::Json<ListedShoppers>> {
    let read =
        move |reader: &ledger::Reader| Ok((reader.listed_count(sale_id)?, reader.listed_shoppers(sale_id, &after)?));
    let (listed_shoppers, emails) = app.store.read(read).await?;
    let next_after = emails.last().filter(|_| emails.len() == PAGE_ROWS_MAX).cloned();
    Ok(axum::Json(ListedShoppers { listed_shoppers, emails, next_after }))
}
