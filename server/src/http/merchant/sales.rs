//! A merchant's sales.

use api::{
    Code, CreateSale, CreatedSale, EligibilityRule, LedgerState, MarkedOrders, PatchSale, Published, QuestionInput,
    QuizInput, Sale, SaleList, SaleMode, SkuCounts, SkuInput, StrikeRule,
};
use axum::extract::State;
use axum::http::StatusCode;
use ledger::{DrawRow, DrawState, LedgerCounts, LedgerError, Reader, SaleRow, Write};
use sale::{DrawSeed, ItemId, SaleId, Units};
use uuid::Uuid;

use super::super::error::{ApiError, ApiResult};
use super::super::extract::{Json, Merchant, PathId};
use super::super::view::{phase_of, stock_policy};
use super::super::{App, plan_b, to_the_end};
use super::items::own_item;
use super::{draw_input, input, sale_input};

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
    let draw = draw_input::terms(&wanted)?;
    let stock_units = input::stock_units(wanted.stock_units)?;
    let (quiz_kind, questions, min_answer_ms, max_answer_ms) = input::quiz(wanted.quiz)?;
    let item = own_item(&app, &merchant, item_id).await?;
    let sale_id = SaleId(Uuid::now_v7());
    // From the system: nobody chooses it, and nobody is told before the draw.
    let seed = DrawSeed(random_seed()?);
    let row = SaleRow {
        sale_id,
        item_id,
        merchant_id: merchant.id,
        price_minor: wanted.price_minor,
        currency: item.currency,
        starts_at_ms: wanted.starts_at_ms,
        ends_at_ms: wanted.ends_at_ms,
        opened_at_ms: None,
        stock_units,
        per_shopper_limit: input::per_shopper_limit(wanted.per_shopper_limit)?,
        stock_policy: sale_input::stock_policy(wanted.stock_policy),
        hold_seconds: input::hold_seconds(wanted.hold_seconds)?,
        waitlist_units: sale_input::waitlist_units(wanted.waitlist_units)?,
        skus: sale_input::skus(wanted.skus, stock_units)?,
        strikes: sale_input::strikes(wanted.strikes.as_ref())?,
        eligibility: sale_input::eligibility(&wanted.eligibility.unwrap_or_default())?,
        draw: draw.map(|draw| DrawRow { commitment: seed.commitment(sale_id), ..draw }),
        called_off_at_ms: None,
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
    let write = if row.draw.is_some() { Write::AddDrawSale(row, seed) } else { Write::AddSale(row) };
    app.writer.write(write).await?;
    Ok((StatusCode::CREATED, axum::Json(CreatedSale { sale_id })))
}

/// The merchant's sales, newest start first.
#[utoipa::path(get, path = "/api/merchant/sales", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])),
    responses((status = 200, body = SaleList), (status = 401, body = api::Problem)))]
pub(in super::super) async fn list(State(app): State<App>, merchant: Merchant) -> ApiResult<axum::Json<SaleList>> {
    let read = move |reader: &Reader| -> Result<Vec<SaleInRecord>, LedgerError> {
        reader.sales(Some(merchant.id))?.into_iter().map(|row| in_record(reader, row)).collect()
    };
    let sales = app.store.read(read).await?;
    Ok(axum::Json(SaleList { sales: sales.iter().map(|sale| view(&app, sale)).collect() }))
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

/// Changes a sale. Of a published one the change counts at once, and its page follows before the answer; where an edge
/// could not be told, that answer is 503 `purge_pending`, and the change counts all the same.
#[utoipa::path(patch, path = "/api/merchant/sales/{sale_id}", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])), params(("sale_id" = String, Path)),
    request_body = PatchSale,
    responses((status = 200, body = Sale), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 409, body = api::Problem), (status = 422, body = api::Problem), (status = 503, body = api::Problem)))]
pub(in super::super) async fn patch(
    State(app): State<App>,
    merchant: Merchant,
    PathId(sale_id): PathId<SaleId>,
    Json(patch): Json<PatchSale>,
) -> ApiResult<axum::Json<Sale>> {
    to_the_end(async move {
        let edit = app.publisher.edit().await;
        let row = own_sale(&app, &merchant, sale_id).await?;
        plan_b::may_change(&app, sale_id)?;
        let published = row.published;
        let counts = app.store.read(move |reader| reader.counts(sale_id)).await?.ok_or_else(ApiError::not_found)?;
        let (row, units) = patched(row, patch, &counts, app.clock.now_ms())?;
        app.writer.change_sale(row, units).await?;
        if published {
            edit.publish().await?.done().await?;
        }
        shown(&app, &merchant, sale_id).await
    })
    .await
}

/// Publishes a sale: its page is rendered and swapped in, and every edge has forgotten the older one, before the answer.
/// 503 `purge_pending` says that it is published and that an edge is out of reach, which is told until it has forgotten.
#[utoipa::path(post, path = "/api/merchant/sales/{sale_id}/publish", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])), params(("sale_id" = String, Path)),
    responses((status = 200, body = Published), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 409, body = api::Problem), (status = 503, body = api::Problem)))]
pub(in super::super) async fn publish(
    State(app): State<App>,
    merchant: Merchant,
    PathId(sale_id): PathId<SaleId>,
) -> ApiResult<axum::Json<Published>> {
    to_the_end(async move {
        let edit = app.publisher.edit().await;
        let mut row = own_sale(&app, &merchant, sale_id).await?;
        plan_b::may_change(&app, sale_id)?;
        let now_ms = app.clock.now_ms();
        refuse_called_off(&row)?;
        if !row.published {
            if row.window().has_ended(now_ms) {
                return Err(ApiError::new(Code::SaleEnded, "The sale's end has passed; move it before publishing."));
            }
            if row.draw.as_ref().is_some_and(|draw| now_ms >= draw.entries_close_at_ms) {
                return Err(ApiError::new(
                    Code::SaleEnded,
                    "The close of the entries has passed; move it before publishing.",
                ));
            }
            row.published = true;
            row.revision += 1;
            row.updated_at_ms = now_ms;
            app.writer.change_sale(row.clone(), None).await?;
        }
        edit.publish().await?.done().await?;
        Ok(axum::Json(Published { revision: row.revision }))
    })
    .await
}

/// Calls the sale off, for good: nobody gets anything any more, what is not paid is released, and what is paid goes back.
#[utoipa::path(post, path = "/api/merchant/sales/{sale_id}/call-off", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])), params(("sale_id" = String, Path)),
    responses((status = 200, body = Sale), (status = 401, body = api::Problem), (status = 404, body = api::Problem)))]
pub(in super::super) async fn call_off(
    State(app): State<App>,
    merchant: Merchant,
    PathId(sale_id): PathId<SaleId>,
) -> ApiResult<axum::Json<Sale>> {
    to_the_end(async move {
        let edit = app.publisher.edit().await;
        let row = own_sale(&app, &merchant, sale_id).await?;
        plan_b::may_change(&app, sale_id)?;
        app.writer.call_off(sale_id).await?;
        if row.published {
            edit.publish().await?.done().await?;
        }
        shown(&app, &merchant, sale_id).await
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
    let skus = counts.skus.iter().map(|(sku, own)| SkuCounts {
        sku: sku.clone(),
        stock: number(own.stock),
        free: number(own.free),
        held: number(own.held),
        sold: number(own.sold),
    });
    Ok(axum::Json(LedgerState {
        stock: number(counts.total.stock),
        free: number(counts.total.free),
        held: number(counts.total.held),
        sold: number(counts.total.sold),
        balanced: counts.is_balanced(),
        skus: skus.collect(),
    }))
}

fn random_seed() -> ApiResult<[u8; 32]> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| ApiError::internal(&error))?;
    Ok(seed)
}

fn number(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}

fn refuse_called_off(row: &SaleRow) -> ApiResult<()> {
    match row.called_off_at_ms {
        Some(_) => Err(ApiError::new(Code::SaleCalledOff, "The sale was called off, for good.")),
        None => Ok(()),
    }
}

fn patched(
    mut row: SaleRow,
    patch: PatchSale,
    counts: &LedgerCounts,
    now_ms: i64,
) -> ApiResult<(SaleRow, Option<Units>)> {
    refuse_called_off(&row)?;
    let has_opened = row.published && row.window().has_opened(now_ms);
    if let Some(name) = input::fixed_by_the_start(&patch).filter(|_| has_opened) {
        return Err(ApiError::new(Code::SaleHasStarted, format!("{name}: the sale has opened")));
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
    if let Some(policy) = patch.stock_policy {
        row.stock_policy = sale_input::stock_policy(policy);
    }
    draw_input::patch(&mut row, patch.entries_close_at_ms, patch.beacon.as_ref())?;
    if let Some(units) = patch.waitlist_units {
        row.waitlist_units = sale_input::waitlist_units(units)?;
    }
    if let Some(rule) = &patch.strikes {
        row.strikes = sale_input::strikes(Some(rule))?;
    }
    if let Some(rule) = &patch.eligibility {
        row.eligibility = sale_input::eligibility(rule)?;
    }
    let skus = sale_input::patch_skus(&mut row, patch.skus.unwrap_or_default())?;
    row.paused = patch.paused.unwrap_or(row.paused);
    row.revision += 1;
    row.updated_at_ms = now_ms;
    let total = patch.stock_units.map(input::stock_units).transpose()?;
    Ok((row, sale_input::resized(counts, total, skus)))
}

/// The sale, if it is this merchant's; another's is as if it were not there.
pub(super) async fn own_sale(app: &App, merchant: &Merchant, sale_id: SaleId) -> ApiResult<SaleRow> {
    let row = app.store.read(move |reader| reader.sale(sale_id)).await?;
    row.filter(|row| row.merchant_id == merchant.id).ok_or_else(ApiError::not_found)
}

/// A sale with what the record says of its units and its list.
struct SaleInRecord {
    row: SaleRow,
    counts: LedgerCounts,
    listed_shoppers: u64,
    draw: Option<DrawState>,
}

fn in_record(reader: &Reader, row: SaleRow) -> Result<SaleInRecord, LedgerError> {
    let counts = reader.counts(row.sale_id)?.unwrap_or_default();
    let listed_shoppers = reader.listed_count(row.sale_id)?;
    let draw = reader.draw(row.sale_id)?;
    Ok(SaleInRecord { row, counts, listed_shoppers, draw })
}

async fn shown(app: &App, merchant: &Merchant, sale_id: SaleId) -> ApiResult<axum::Json<Sale>> {
    let row = own_sale(app, merchant, sale_id).await?;
    let sale = app.store.read(move |reader| in_record(reader, row)).await?;
    Ok(axum::Json(view(app, &sale)))
}

fn view(app: &App, SaleInRecord { row, counts, listed_shoppers, draw }: &SaleInRecord) -> Sale {
    let question = |question: &ledger::QuizQuestion| QuestionInput {
        prompt: question.prompt.clone(),
        answer: question.answer.clone(),
    };
    let units_of = |name: &str| counts.skus.iter().find(|(sku, _)| sku == name).map_or(0, |(_, own)| own.stock);
    let sku = |sku: &ledger::SkuRow| SkuInput {
        sku: sku.sku.clone(),
        title: sku.title.clone(),
        stock_units: number(units_of(&sku.sku)),
        price_minor: sku.price_minor,
    };
    Sale {
        sale_id: row.sale_id.to_string(),
        item_id: row.item_id.to_string(),
        price_minor: row.price_minor,
        currency: row.currency.clone(),
        starts_at_ms: row.starts_at_ms,
        ends_at_ms: row.ends_at_ms,
        stock_units: number(counts.total.stock),
        per_shopper_limit: i64::from(row.per_shopper_limit),
        stock_policy: stock_policy(row.stock_policy),
        hold_seconds: i64::from(row.hold_seconds),
        waitlist_units: i64::from(row.waitlist_units),
        mode: if row.draw.is_some() { SaleMode::Draw } else { SaleMode::FirstCome },
        draw: draw.as_ref().map(|draw| super::super::draw::view(row, draw)),
        quiz: QuizInput {
            kind: match row.quiz_kind {
                ledger::QuizKind::Bank => api::QuizKind::Bank,
                ledger::QuizKind::Arithmetic => api::QuizKind::Arithmetic,
            },
            questions: row.questions.iter().map(question).collect(),
            min_answer_ms: row.min_answer_ms,
            max_answer_ms: row.max_answer_ms,
        },
        skus: row.skus.iter().map(sku).collect(),
        strikes: (row.strikes.limit > 0).then(|| StrikeRule {
            limit: i64::from(row.strikes.limit),
            strike_seconds: i64::from(row.strikes.strike_seconds),
            marked_orders: match row.strikes.marked_orders {
                sale::MarkedOrders::PayToClaim => MarkedOrders::PayToClaim,
                sale::MarkedOrders::Refuse => MarkedOrders::Refuse,
            },
        }),
        eligibility: EligibilityRule {
            account_before_ms: row.eligibility.account_before_ms,
            listed_only: row.eligibility.listed_only,
        },
        listed_shoppers: *listed_shoppers,
        called_off: row.called_off_at_ms.is_some(),
        published: row.published,
        paused: row.paused,
        revision: row.revision,
        phase: row.published.then(|| phase_of(app, row)),
        queued: app.writer.line(row.sale_id).map_or(0, |line| line.queued()),
        waiting: counts.waiting,
    }
}
