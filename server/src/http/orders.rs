//! The order's path at the edge: everything that can be refused without I/O is, then it joins the line.

use api::{Accepted, Cancelled, Chance, Code, Mine, Order, OrderList, PlaceOrder, QueueState, QueueStatus};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use committer::past_seat;
use intake::{AdmitRefused, Application, FIRST_GUESS_PER_SECOND, Place, Status, entered_poll_after_ms, poll_after_ms};
use ledger::{OrderFilter, OrderRow, PAGE_ROWS_MAX, Reader, SeatRow};
use sale::{
    AdmissionRefusal, DRAW_PAUSE_MS, DrawStage, OrderId, Outcome, QueueClaims, ReleaseCause, SaleId, order_id_of,
};
use sha2::{Digest, Sha256};

use super::error::{ApiError, ApiResult};
use super::extract::{Json, PathId, Shopper};
use super::long_lines::is_short_enough;
use super::quiz::{limit_writes, line_of};
use super::view;
use super::{App, plan_b};
use crate::funnel::{self, Layer};
use crate::metrics;

pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_KEY_CHARS: std::ops::RangeInclusive<usize> = 1..=64;

/// Units that come back in a second, as far as polls are concerned: holds lapse slowly.
const WAITING_PER_SECOND: u64 = 1;

/// Joins the line.
#[utoipa::path(post, path = "/api/sales/{sale_id}/orders", tag = "orders", security(("session" = [])),
    params(("sale_id" = String, Path), ("Idempotency-Key" = String, Header, description = "1 to 64 visible ASCII characters")),
    request_body = PlaceOrder,
    responses((status = 202, body = Accepted), (status = 400, body = api::Problem), (status = 401, body = api::Problem),
        (status = 403, body = api::Problem), (status = 409, body = api::Problem), (status = 422, body = api::Problem),
        (status = 429, body = api::Problem), (status = 503, body = api::Problem)))]
pub(super) async fn place(
    State(app): State<App>,
    shopper: Shopper,
    PathId(sale_id): PathId<SaleId>,
    headers: HeaderMap,
    Json(wanted): Json<PlaceOrder>,
) -> ApiResult<(StatusCode, axum::Json<Accepted>)> {
    let key = idempotency_key(&headers)?;
    let order_id = order_id_of(sale_id, shopper.id, key);
    let body_hash = hash_of(&wanted);
    let accepted = |place: Place| {
        let Place { queue_life, queue_seq, position, .. } = place;
        let claims = QueueClaims { sale_id, shopper_id: shopper.id, order_id, queue_life, queue_seq };
        let body = Accepted {
            queue_token: app.tokens.queue.seal(&claims),
            order_id: order_id.to_string(),
            position,
            poll_after_ms: app.tuned.pace(shopper.id, poll_after_ms(position, per_second(&app, sale_id), queue_seq)),
        };
        (StatusCode::ACCEPTED, axum::Json(body))
    };
    let line = match line_of(&app, sale_id) {
        Ok(line) => line,
        Err(error) => {
            // Out of memory, or never there: the record knows whether this order was.
            let seat = app.store.read(move |reader| reader.seat(order_id)).await?.ok_or(error)?;
            if seat.body_hash != body_hash {
                return Err(mismatch());
            }
            let SeatRow { queue_life, queue_seq, .. } = seat;
            return Ok(accepted(Place { queue_life, queue_seq, position: 1, fresh: false }));
        }
    };
    if let Some(recalled) = line.recall(order_id, body_hash) {
        return recalled.map(accepted).map_err(|_| mismatch());
    }
    plan_b::may_order(&app, sale_id)?;
    limit_writes(&app, &shopper, sale_id)?;
    let now_ms = app.clock.now_ms();
    line.terms().window.judge(now_ms)?;
    if wanted.quantity == 0 {
        return Err(ApiError::field("quantity", "at least 1"));
    }
    let opened = app.tokens.pass.open(&wanted.pass).ok();
    let Some(pass) = opened.filter(|pass| pass.is_good_for(sale_id, shopper.id, now_ms)) else {
        funnel::refused(Layer::Pass, 1);
        return Err(pass_is_invalid());
    };
    if !app.can_write() {
        return Err(ApiError::busy());
    }
    is_short_enough(&app, &line, body_hash)?;
    let application = Application {
        order_id,
        shopper_id: shopper.id,
        pass_id: pass.pass_id,
        pass_life: pass.queue_life,
        idempotency_key: key.to_owned(),
        body_hash,
        sku: wanted.sku,
        quantity: wanted.quantity,
    };
    let place = line.admit(application, now_ms).map_err(refused)?;
    if place.fresh {
        for layer in [Layer::Pass, Layer::SoldOutGate, Layer::Queue] {
            funnel::passed(layer, 1);
        }
        metrics::order_accepted();
        app.writer.ring();
    }
    Ok(accepted(place))
}

/// Where a place in the line stands. Answered to its shopper only, in any session.
#[utoipa::path(get, path = "/api/queue/{queue_token}", tag = "orders", security(("session" = [])), params(("queue_token" = String, Path)),
    responses((status = 200, body = QueueStatus), (status = 401, body = api::Problem), (status = 404, body = api::Problem)))]
pub(super) async fn queue_status(
    State(app): State<App>,
    shopper: Shopper,
    queue_token: Result<Path<String>, PathRejection>,
) -> ApiResult<axum::Json<QueueStatus>> {
    let Path(queue_token) = queue_token.map_err(|_| ApiError::not_found())?;
    let claims = app.tokens.queue.open(&queue_token).map_err(|_| ApiError::not_found())?;
    if claims.shopper_id != shopper.id {
        return Err(ApiError::not_found());
    }
    let order_id = claims.order_id;
    let status = match app.writer.line(claims.sale_id) {
        Some(line) => line.status(&claims),
        // The sale is long over and out of memory: the record knows.
        None => {
            let (sale_id, queue_life) = (claims.sale_id, claims.queue_life);
            let read = move |reader: &Reader| Ok((reader.seat(order_id)?, reader.decided_seq(sale_id, queue_life)?));
            let (seat, decided_seq) = app.store.read(read).await?;
            Status::of_the_past(&claims, seat.as_ref().map(past_seat).as_ref(), decided_seq)
        }
    };
    let mut answer = told(status, &claims, per_second(&app, claims.sale_id));
    answer.poll_after_ms = answer.poll_after_ms.map(|wait_ms| app.tuned.pace(shopper.id, wait_ms));
    // An entry waits for a moment that is known, outside the bounds of a line's polls.
    if let Status::Entered { draw, .. } = status {
        let now_ms = app.clock.now_ms();
        let catalog = app.publisher.catalog();
        let terms = catalog.sale(claims.sale_id).and_then(|sale| sale.draw.as_ref());
        let close_ms = terms.map_or(0, |draw| draw.entries_close_at_ms);
        let draw_in_ms = match draw.stage {
            DrawStage::Entering => close_ms + DRAW_PAUSE_MS - now_ms,
            // A beacon may come at any moment, and may take hours.
            DrawStage::Closed if terms.is_some_and(|draw| draw.beacon.is_some()) => i64::MAX,
            _ => 0,
        };
        answer.poll_after_ms = Some(entered_poll_after_ms(draw_in_ms, claims.queue_seq));
    }
    Ok(axum::Json(answer))
}

fn told(status: Status, claims: &QueueClaims, per_second: u64) -> QueueStatus {
    let mut answer = QueueStatus {
        state: QueueState::Queued,
        reason: None,
        position: None,
        entered: false,
        entries: None,
        units_left: None,
        chance: None,
        poll_after_ms: None,
        order_id: claims.order_id.to_string(),
        hold_expires_at_ms: None,
        reserved: None,
    };
    match status {
        Status::Queued { position, free_units } => {
            answer.position = Some(position);
            answer.units_left = Some(free_units);
            answer.chance = Some(if position <= free_units { Chance::Likely } else { Chance::Unlikely });
            answer.poll_after_ms = Some(poll_after_ms(position, per_second, claims.queue_seq));
        }
        Status::Entered { number, draw, free_units } => {
            answer.entered = true;
            answer.position = Some(number);
            answer.entries = Some(draw.entries);
            answer.units_left = Some(free_units);
            let likely = free_units.saturating_mul(2) >= draw.entered_units;
            answer.chance = Some(if likely { Chance::Likely } else { Chance::Unlikely });
        }
        Status::Waiting { position } => {
            answer.state = QueueState::Waiting;
            answer.position = Some(position);
            answer.poll_after_ms = Some(poll_after_ms(position, WAITING_PER_SECOND, claims.queue_seq));
        }
        Status::Ended(Outcome::Held { expires_at_ms, reserved }) => {
            answer.state = QueueState::Held;
            answer.hold_expires_at_ms = expires_at_ms;
            answer.reserved = Some(reserved);
        }
        Status::Ended(Outcome::Entered { .. }) => answer.entered = true,
        Status::Ended(Outcome::Waiting) => answer.state = QueueState::Waiting,
        Status::Ended(Outcome::SoldOut) => answer.state = QueueState::SoldOut,
        Status::Ended(Outcome::Rejected(reason)) => {
            answer.state = QueueState::Rejected;
            answer.reason = Some(reason.as_str().to_owned());
        }
        Status::LostInRestart => {
            answer.state = QueueState::Rejected;
            answer.reason = Some("lost_in_restart".to_owned());
        }
    }
    answer
}

/// How fast the sale's line moves.
fn per_second(app: &App, sale_id: SaleId) -> u64 {
    app.writer.line(sale_id).map_or(FIRST_GUESS_PER_SECOND, |line| line.decided_per_second())
}

/// This shopper's places and orders in the sale.
#[utoipa::path(get, path = "/api/sales/{sale_id}/mine", tag = "orders", security(("session" = [])), params(("sale_id" = String, Path)),
    responses((status = 200, body = Mine), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 503, body = api::Problem)))]
pub(super) async fn mine(
    State(app): State<App>,
    shopper: Shopper,
    PathId(sale_id): PathId<SaleId>,
) -> ApiResult<axum::Json<Mine>> {
    let item_id = app.publisher.catalog().sale(sale_id).ok_or_else(ApiError::not_found)?.item_id;
    let queued = app.writer.line(sale_id).map(|line| line.mine(shopper.id).0).unwrap_or_default();
    let filter = OrderFilter {
        sale_id: Some(sale_id),
        shopper_id: Some(shopper.id),
        limit: PAGE_ROWS_MAX,
        ..OrderFilter::default()
    };
    let turn = app.heat.turn(item_id).await?;
    let rows = app.store.read(move |reader| reader.orders(&filter)).await?;
    drop(turn);
    // What left the line between the two looks is an order now, and only that.
    let waits = |claims: &&QueueClaims| rows.iter().all(|row| row.order_id != claims.order_id);
    Ok(axum::Json(Mine {
        queue_tokens: queued.iter().filter(waits).map(|claims| app.tokens.queue.seal(claims)).collect(),
        orders: rows.iter().map(view::order).collect(),
    }))
}

/// The shopper's own orders, newest first; the latest 200.
#[utoipa::path(get, path = "/api/orders", tag = "orders", security(("session" = [])),
    responses((status = 200, body = OrderList), (status = 401, body = api::Problem), (status = 503, body = api::Problem)))]
pub(super) async fn list(State(app): State<App>, shopper: Shopper) -> ApiResult<axum::Json<OrderList>> {
    plan_b::may_wander(&app)?;
    let rows = rows_of(&app, &shopper).await?;
    Ok(axum::Json(OrderList { orders: rows.iter().map(view::order).collect() }))
}

pub(super) async fn rows_of(app: &App, shopper: &Shopper) -> ApiResult<Vec<OrderRow>> {
    let filter = OrderFilter { shopper_id: Some(shopper.id), limit: PAGE_ROWS_MAX, ..OrderFilter::default() };
    Ok(app.store.read(move |reader| reader.orders(&filter)).await?)
}

/// One order.
#[utoipa::path(get, path = "/api/orders/{order_id}", tag = "orders", security(("session" = [])), params(("order_id" = String, Path)),
    responses((status = 200, body = Order), (status = 401, body = api::Problem), (status = 404, body = api::Problem)))]
pub(super) async fn show(
    State(app): State<App>,
    shopper: Shopper,
    PathId(order_id): PathId<OrderId>,
) -> ApiResult<axum::Json<Order>> {
    Ok(axum::Json(view::order(&own_row(&app, &shopper, order_id).await?)))
}

/// Gives an unpaid order's units back, or leaves the waiting line.
#[utoipa::path(post, path = "/api/orders/{order_id}/cancel", tag = "orders", security(("session" = [])), params(("order_id" = String, Path)),
    responses((status = 200, body = Cancelled), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 409, body = api::Problem), (status = 503, body = api::Problem)))]
pub(super) async fn cancel(
    State(app): State<App>,
    shopper: Shopper,
    PathId(order_id): PathId<OrderId>,
) -> ApiResult<axum::Json<Cancelled>> {
    let owner = app.store.read_first(move |reader| reader.owner_of_order(order_id)).await?;
    let own = owner.filter(|(shopper_id, _)| *shopper_id == shopper.id);
    let (_, sale_id) = own.ok_or_else(ApiError::not_found)?;
    plan_b::may_change(&app, sale_id)?;
    app.writer.cancel(sale_id, order_id, ReleaseCause::Cancelled).await?;
    let row = app.store.read_first(move |reader| reader.order(order_id)).await?;
    Ok(axum::Json(Cancelled { order: row.as_ref().map(view::order) }))
}

/// The order, if it is this shopper's; another's is as if it were not there.
pub(super) async fn own_row(app: &App, shopper: &Shopper, order_id: OrderId) -> ApiResult<OrderRow> {
    let row = app.store.read(move |reader| reader.order(order_id)).await?;
    row.filter(|row| row.shopper_id == shopper.id).ok_or_else(ApiError::not_found)
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> ApiResult<&str> {
    let wrong = || ApiError::new(Code::IdempotencyKeyInvalid, "Idempotency-Key: 1 to 64 visible ASCII characters");
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = values.next().and_then(|value| value.to_str().ok()).ok_or_else(wrong)?;
    let good = IDEMPOTENCY_KEY_CHARS.contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if good && values.next().is_none() { Ok(key) } else { Err(wrong()) }
}

/// Tells one body from another under the same key. Its parts, not its bytes: white space is no difference. It is kept
/// in the record, so it is a hash that means the same in every build.
fn hash_of(wanted: &PlaceOrder) -> u64 {
    let plain = Sha256::new().chain_update(wanted.quantity.to_be_bytes()).chain_update(&wanted.pass).finalize();
    let digest = match &wanted.sku {
        None => plain,
        // Over the digest of the rest, so that no pass can end in a SKU's name.
        Some(sku) => Sha256::new().chain_update(plain).chain_update(sku).finalize(),
    };
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

fn refused(refusal: AdmitRefused) -> ApiError {
    match refusal {
        AdmitRefused::PassInvalid => funnel::refused(Layer::Pass, 1),
        AdmitRefused::Admission(AdmissionRefusal::SoldOut) => funnel::refused(Layer::SoldOutGate, 1),
        AdmitRefused::Busy => funnel::refused(Layer::Queue, 1),
        AdmitRefused::Mismatch | AdmitRefused::Admission(_) | AdmitRefused::SkuUnknown => {}
    }
    match refusal {
        AdmitRefused::Mismatch => mismatch(),
        AdmitRefused::Admission(refusal) => refusal.into(),
        AdmitRefused::PassInvalid => pass_is_invalid(),
        AdmitRefused::SkuUnknown => ApiError::field("sku", "one of the sale's, and none where it has none"),
        AdmitRefused::Busy => ApiError::busy(),
    }
}

fn mismatch() -> ApiError {
    ApiError::new(Code::IdempotencyMismatch, "This Idempotency-Key came before with another body.")
}

fn pass_is_invalid() -> ApiError {
    ApiError::new(Code::PassInvalid, "The pass is not yours, not for this sale, used, replaced or expired.")
}
