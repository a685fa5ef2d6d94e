//! A merchant's items.

use api::{CreateItem, CreatedItem, Item, ItemList, PatchItem};
use axum::extract::State;
use axum::http::StatusCode;
use ledger::{ItemRow, Write};
use sale::ItemId;
use uuid::Uuid;

use super::super::App;
use super::super::error::{ApiError, ApiResult};
use super::super::extract::{Json, Merchant, PathId};
use super::super::to_the_end;
use super::input;
use crate::catalog::MAX_ITEMS;

/// Makes an item. It gets a page with its first published sale.
#[utoipa::path(post, path = "/api/merchant/items", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])), request_body = CreateItem,
    responses((status = 201, body = CreatedItem), (status = 401, body = api::Problem), (status = 409, body = api::Problem),
        (status = 422, body = api::Problem)))]
pub(in super::super) async fn create(
    State(app): State<App>,
    merchant: Merchant,
    Json(wanted): Json<CreateItem>,
) -> ApiResult<(StatusCode, axum::Json<CreatedItem>)> {
    input::slug(&wanted.slug)?;
    input::title(&wanted.title)?;
    input::description(&wanted.description)?;
    input::image_url(&wanted.image_url)?;
    input::price("list_price_minor", wanted.list_price_minor)?;
    input::currency(&wanted.currency)?;
    let edit = app.publisher.edit().await;
    if app.store.read(|reader| reader.items(None)).await?.len() >= MAX_ITEMS {
        return Err(ApiError::field("slug", "the shop has as many items as it can keep"));
    }
    let row = ItemRow {
        item_id: ItemId(Uuid::now_v7()),
        merchant_id: merchant.id,
        slug: wanted.slug,
        title: wanted.title.trim().to_owned(),
        description: wanted.description,
        image_url: wanted.image_url,
        list_price_minor: wanted.list_price_minor,
        currency: wanted.currency,
        updated_at_ms: app.clock.now_ms(),
    };
    let item_id = row.item_id.to_string();
    app.writer.write(Write::AddItem(row)).await?;
    drop(edit);
    Ok((StatusCode::CREATED, axum::Json(CreatedItem { item_id })))
}

/// The merchant's items, by title.
#[utoipa::path(get, path = "/api/merchant/items", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])),
    responses((status = 200, body = ItemList), (status = 401, body = api::Problem)))]
pub(in super::super) async fn list(State(app): State<App>, merchant: Merchant) -> ApiResult<axum::Json<ItemList>> {
    let rows = app.store.read(move |reader| reader.items(Some(merchant.id))).await?;
    Ok(axum::Json(ItemList { items: rows.iter().map(view).collect() }))
}

/// One item.
#[utoipa::path(get, path = "/api/merchant/items/{item_id}", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])), params(("item_id" = String, Path)),
    responses((status = 200, body = Item), (status = 401, body = api::Problem), (status = 404, body = api::Problem)))]
pub(in super::super) async fn show(
    State(app): State<App>,
    merchant: Merchant,
    PathId(item_id): PathId<ItemId>,
) -> ApiResult<axum::Json<Item>> {
    Ok(axum::Json(view(&own_item(&app, &merchant, item_id).await?)))
}

/// Changes an item; its page follows before the answer.
#[utoipa::path(patch, path = "/api/merchant/items/{item_id}", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])), params(("item_id" = String, Path)),
    request_body = PatchItem,
    responses((status = 200, body = Item), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 422, body = api::Problem)))]
pub(in super::super) async fn patch(
    State(app): State<App>,
    merchant: Merchant,
    PathId(item_id): PathId<ItemId>,
    Json(patch): Json<PatchItem>,
) -> ApiResult<axum::Json<Item>> {
    to_the_end(async move {
        let edit = app.publisher.edit().await;
        let mut row = own_item(&app, &merchant, item_id).await?;
        if let Some(title) = patch.title {
            input::title(&title)?;
            row.title = title.trim().to_owned();
        }
        if let Some(description) = patch.description {
            input::description(&description)?;
            row.description = description;
        }
        if let Some(image_url) = patch.image_url {
            input::image_url(&image_url)?;
            row.image_url = image_url;
        }
        if let Some(list_price_minor) = patch.list_price_minor {
            input::price("list_price_minor", list_price_minor)?;
            row.list_price_minor = list_price_minor;
        }
        row.updated_at_ms = app.clock.now_ms();
        app.writer.write(Write::SetItem(row.clone())).await?;
        edit.publish().await?.done().await?;
        Ok(axum::Json(view(&row)))
    })
    .await
}

/// The item, if it is this merchant's; another's is as if it were not there.
pub(super) async fn own_item(app: &App, merchant: &Merchant, item_id: ItemId) -> ApiResult<ItemRow> {
    let row = app.store.read(move |reader| reader.item(item_id)).await?;
    row.filter(|row| row.merchant_id == merchant.id).ok_or_else(ApiError::not_found)
}

fn view(row: &ItemRow) -> Item {
    Item {
        item_id: row.item_id.to_string(),
        slug: row.slug.clone(),
        title: row.title.clone(),
        description: row.description.clone(),
        image_url: row.image_url.clone(),
        list_price_minor: row.list_price_minor,
        currency: row.currency.clone(),
    }
}
