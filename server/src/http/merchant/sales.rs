//! A merchant's sales.

use api::{
    Code, CreateSale, CreatedSale, LedgerState, PatchSale, Published, QuestionInput, QuizInput, Sale, SaleList,
    SaleMode,
};
use axum::extract::State;
use axum::http::StatusCode;
use ledger::{LedgerCounts, LedgerError, Reader, SaleRow, Write};
use sale::{ItemId, SaleId};
use uuid::Uuid;

use super::super::App;
use super::super::error::{ApiError, ApiResult};
use super::super::extract::{Json, Merchant, PathId};
use super::super::to_the_end;
use super::super::view::phase_of;
use super::input;
use super::items::own_item;

/// Makes a sale as a draft: nobody sees it before it is published.
#[utoipa::path(post, path = "/api/merchant/sales", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])), request_body = CreateSale,
    responses((status = 201, body = CreatedSale), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 422, body = api::Problem)))]
pub(in super::super) async fn create(
    State(app): State<App>,
    merchant: Merchant,
    Json(wanted): Json<CreateSale>,
) -> ApiResult<(StatusCode, axum::Json<CreatedSale>)> {
    let now_ms = app.clock.now_ms();
    let item_id: ItemId = wanted.item_id.parse().map_err(|_| ApiError::field("item_id", "not a UUID"))?;
    input::price("price_minor", wanted.price_minor)?;
    input::window(wanted.starts_at_ms, wanted.ends_at_ms)?;
    input::start_to_come(wanted.starts_at_ms, now_ms)?;
    input::offered(wanted.stock_policy, wanted.mode, wanted.waitlist_units)?;
    let (quiz_kind, questions, min_answer_ms, max_answer_ms) = input::quiz(wanted.quiz)?;
    let item = own_item(&app, &merchant, item_id).await?;
    let row = SaleRow {
        sale_id: SaleId(Uuid::now_v7()),
        item_id,
        merchant_id: merchant.id,
        price_minor: wanted.price_minor,
        currency: item.currency,
        starts_at_ms: wanted.starts_at_ms,
        ends_at_ms: wanted.ends_at_ms,
        opened_at_ms: None,
        stock_units: input::stock_units(wanted.stock_units)?,
        per_shopper_limit: input::per_shopper_limit(wanted.per_shopper_limit)?,
        stock_policy: sale::StockPolicy::Hold,
        hold_seconds: input::hold_seconds(wanted.hold_seconds)?,
        quiz_kind,
        questions,
        min_answer_ms,
        max_answer_ms,
        published: false,
        paused: false,
        revision: 1,
        updated_at_ms: now_ms,
    };
    let sale_id = row.sale_id.to_string();
    app.committer.write(Write::AddSale(row)).await?;
    Ok((StatusCode::CREATED, axum::Json(CreatedSale { sale_id })))
}

/// The merchant's sales, newest start first.
#[utoipa::path(get, path = "/api/merchant/sales", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])),
    responses((status = 200, body = SaleList), (status = 401, body = api::Problem)))]
pub(in super::super) async fn list(State(app): State<App>, merchant: Merchant) -> ApiResult<axum::Json<SaleList>> {
    let read = move |reader: &Reader| -> Result<Vec<(SaleRow, Option<LedgerCounts>)>, LedgerError> {
        let rows = reader.sales(Some(merchant.id))?;
        rows.into_iter().map(|row| Ok((row.clone(), reader.counts(row.sale_id)?))).collect()
    };
    let rows = app.store.read(read).await?;
    Ok(axum::Json(SaleList { sales: rows.iter().map(|(row, counts)| view(&app, row, *counts)).collect() }))
}

/// One sale.
#[utoipa::path(get, path = "/api/merchant/sales/{sale_id}", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])), params(("sale_id" = String, Path)),
    responses((status = 200, body = Sale), (status = 401, body = api::Problem), (status = 404, body = api::Problem)))]
pub(in super::super) async fn show(
    State(app): State<App>,
    merchant: Merchant,
    PathId(sale_id): PathId<SaleId>,
) -> ApiResult<axum::Json<Sale>> {
    shown(&app, &merchant, sale_id).await
}

/// Changes a sale. Of a published one the change counts at once, and its page follows before the answer.
#[utoipa::path(patch, path = "/api/merchant/sales/{sale_id}", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])), params(("sale_id" = String, Path)),
    request_body = PatchSale,
    responses((status = 200, body = Sale), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 409, body = api::Problem), (status = 422, body = api::Problem)))]
pub(in super::super) async fn patch(
    State(app): State<App>,
    merchant: Merchant,
    PathId(sale_id): PathId<SaleId>,
    Json(patch): Json<PatchSale>,
) -> ApiResult<axum::Json<Sale>> {
    to_the_end(async move {
        let edit = app.publisher.edit().await;
        let row = own_sale(&app, &merchant, sale_id).await?;
        let published = row.published;
        let (row, stock_units) = patched(row, patch, app.clock.now_ms())?;
        app.committer.change_sale(row, stock_units).await?;
        if published {
            edit.publish().await?;
        }
        shown(&app, &merchant, sale_id).await
    })
    .await
}

/// Publishes a sale: its page is rendered and swapped in before the answer.
#[utoipa::path(post, path = "/api/merchant/sales/{sale_id}/publish", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])), params(("sale_id" = String, Path)),
    responses((status = 200, body = Published), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 409, body = api::Problem)))]
pub(in super::super) async fn publish(
    State(app): State<App>,
    merchant: Merchant,
    PathId(sale_id): PathId<SaleId>,
) -> ApiResult<axum::Json<Published>> {
    to_the_end(async move {
        let edit = app.publisher.edit().await;
        let mut row = own_sale(&app, &merchant, sale_id).await?;
        let now_ms = app.clock.now_ms();
        if !row.published {
            if row.window().has_ended(now_ms) {
                return Err(ApiError::new(Code::SaleEnded, "The sale's end has passed; move it before publishing."));
            }
            row.published = true;
            row.revision += 1;
            row.updated_at_ms = now_ms;
            app.committer.change_sale(row.clone(), None).await?;
        }
        edit.publish().await?;
        Ok(axum::Json(Published { revision: row.revision }))
    })
    .await
}

/// The sale's units, read from the record.
#[utoipa::path(get, path = "/api/merchant/sales/{sale_id}/ledger", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])), params(("sale_id" = String, Path)),
    responses((status = 200, body = LedgerState), (status = 401, body = api::Problem), (status = 404, body = api::Problem)))]
pub(in super::super) async fn ledger(
    State(app): State<App>,
    merchant: Merchant,
    PathId(sale_id): PathId<SaleId>,
) -> ApiResult<axum::Json<LedgerState>> {
    own_sale(&app, &merchant, sale_id).await?;
    let counts = app.store.read(move |reader| reader.counts(sale_id)).await?.ok_or_else(ApiError::not_found)?;
    let number = |units: u64| i64::try_from(units).unwrap_or(i64::MAX);
    Ok(axum::Json(LedgerState {
        stock: number(counts.stock),
        free: number(counts.free),
        held: number(counts.held),
        sold: number(counts.sold),
        balanced: counts.free + counts.held + counts.sold == counts.stock
            && counts.held == counts.held_by_orders
            && counts.sold == counts.sold_by_orders,
    }))
}

fn patched(mut row: SaleRow, patch: PatchSale, now_ms: i64) -> ApiResult<(SaleRow, Option<u64>)> {
    if input::moves_start(&patch) && row.published && row.window().has_opened(now_ms) {
        return Err(ApiError::new(Code::SaleHasStarted, "starts_at_ms: the sale has opened"));
    }
    if let Some(starts_at_ms) = patch.starts_at_ms {
        input::start_to_come(starts_at_ms, now_ms)?;
        row.starts_at_ms = starts_at_ms;
    }
    row.ends_at_ms = patch.ends_at_ms.unwrap_or(row.ends_at_ms);
    input::window(row.starts_at_ms, row.ends_at_ms)?;
    if let Some(price_minor) = patch.price_minor {
        input::price("price_minor", price_minor)?;
        row.price_minor = price_minor;
    }
    if let Some(limit) = patch.per_shopper_limit {
        row.per_shopper_limit = input::per_shopper_limit(limit)?;
    }
    if let Some(seconds) = patch.hold_seconds {
        row.hold_seconds = input::hold_seconds(seconds)?;
    }
    if let Some(quiz) = patch.quiz {
        (row.quiz_kind, row.questions, row.min_answer_ms, row.max_answer_ms) = input::quiz(quiz)?;
    }
    row.paused = patch.paused.unwrap_or(row.paused);
    row.revision += 1;
    row.updated_at_ms = now_ms;
    Ok((row, patch.stock_units.map(input::stock_units).transpose()?))
}

/// The sale, if it is this merchant's; another's is as if it were not there.
pub(super) async fn own_sale(app: &App, merchant: &Merchant, sale_id: SaleId) -> ApiResult<SaleRow> {
    let row = app.store.read(move |reader| reader.sale(sale_id)).await?;
    row.filter(|row| row.merchant_id == merchant.id).ok_or_else(ApiError::not_found)
}

async fn shown(app: &App, merchant: &Merchant, sale_id: SaleId) -> ApiResult<axum::Json<Sale>> {
    let row = own_sale(app, merchant, sale_id).await?;
    let counts = app.store.read(move |reader| reader.counts(sale_id)).await?;
    Ok(axum::Json(view(app, &row, counts)))
}

fn view(app: &App, row: &SaleRow, counts: Option<LedgerCounts>) -> Sale {
    let stock_units = counts.map_or(row.stock_units, |counts| counts.stock);
    let question = |question: &ledger::QuizQuestion| QuestionInput {
        prompt: question.prompt.clone(),
        answer: question.answer.clone(),
    };
    Sale {
        sale_id: row.sale_id.to_string(),
        item_id: row.item_id.to_string(),
        price_minor: row.price_minor,
        currency: row.currency.clone(),
        starts_at_ms: row.starts_at_ms,
        ends_at_ms: row.ends_at_ms,
        stock_units: i64::try_from(stock_units).unwrap_or(i64::MAX),
        per_shopper_limit: i64::from(row.per_shopper_limit),
        stock_policy: api::StockPolicy::Hold,
        hold_seconds: i64::from(row.hold_seconds),
        waitlist_units: 0,
        mode: SaleMode::FirstCome,
        quiz: QuizInput {
            kind: match row.quiz_kind {
                ledger::QuizKind::Bank => api::QuizKind::Bank,
                ledger::QuizKind::Arithmetic => api::QuizKind::Arithmetic,
            },
            questions: row.questions.iter().map(question).collect(),
            min_answer_ms: row.min_answer_ms,
            max_answer_ms: row.max_answer_ms,
        },
        published: row.published,
        paused: row.paused,
        revision: row.revision,
        phase: row.published.then(|| phase_of(app, row)),
        queued: app.committer.line(row.sale_id).map_or(0, |line| line.queued()),
    }
}
