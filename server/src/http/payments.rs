//! Paying: opening a payment, and hearing from the provider what became of it.

use api::{Code, OrderState, PaymentOpened, SettlePayment, WebhookEvent, WebhookReceipt};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use ledger::OrderRow;
use sale::{OrderId, PaymentId};
use uuid::Uuid;

use super::error::{ApiError, ApiResult};
use super::extract::{Json, PathId, Shopper, bytes_error};
use super::view;
use super::{App, plan_b};
use crate::payments::{SandboxCharge, SignatureError, WebhookRefused};

/// Opens a payment for a held order, or answers with the one that is open.
#[utoipa::path(post, path = "/api/orders/{order_id}/payments", tag = "payments", security(("session" = [])), params(("order_id" = String, Path)),
    responses((status = 200, body = PaymentOpened), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 409, body = api::Problem), (status = 503, body = api::Problem)))]
pub(super) async fn open(
    State(app): State<App>,
    shopper: Shopper,
    PathId(order_id): PathId<OrderId>,
) -> ApiResult<axum::Json<PaymentOpened>> {
    let row = own_row_first(&app, &shopper, order_id).await?;
    plan_b::may_change(&app, row.sale_id)?;
    let Some(provider) = &app.provider else {
        return Err(ApiError::new(Code::OrderNotPayable, "This shop takes no payments: it has no provider."));
    };
    let payment_id = app.writer.open_payment(row.sale_id, order_id, PaymentId(Uuid::now_v7())).await?;
    Ok(axum::Json(PaymentOpened { payment_id: payment_id.to_string(), payment_url: provider.payment_url(order_id) }))
}

/// What the provider says of a payment, signed over the raw bytes. The same event twice gets the same answer.
#[utoipa::path(post, path = "/api/payments/webhook", tag = "payments", request_body = WebhookEvent,
    params(("Stampede-Signature" = String, Header, description = "t=<unix seconds>,v1=<hex HMAC-SHA256 of \"t.body\">")),
    responses((status = 200, body = WebhookReceipt), (status = 400, body = api::Problem), (status = 401, body = api::Problem),
        (status = 404, body = api::Problem), (status = 409, body = api::Problem), (status = 422, body = api::Problem)))]
pub(super) async fn webhook(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> ApiResult<axum::Json<WebhookReceipt>> {
    let provider = app.provider.as_ref().ok_or_else(ApiError::not_found)?;
    let body = body.map_err(|rejection| bytes_error(&rejection))?;
    let settlement = provider.heard(&headers, &body, app.clock.now_ms().div_euclid(1_000)).map_err(refused)?;
    let payment_id = settlement.payment_id;
    let payment = app.store.read_first(move |reader| reader.payment(payment_id)).await?;
    let (_, sale_id) = payment.ok_or_else(ApiError::not_found)?;
    let (order_id, state) = app.writer.settle(sale_id, settlement).await?;
    Ok(axum::Json(WebhookReceipt { order_id: order_id.to_string(), order_state: view::order_state(state) }))
}

/// The sandbox provider's button: has it send its webhook. By the order's owner only.
#[utoipa::path(post, path = "/sandbox/payments/{payment_id}/settle", tag = "payments", security(("session" = [])),
    params(("payment_id" = String, Path)), request_body = SettlePayment,
    responses((status = 200, body = WebhookReceipt), (status = 202, body = WebhookReceipt, description = "No message has come yet."),
        (status = 400, body = api::Problem), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 409, body = api::Problem), (status = 503, body = api::Problem)))]
pub(super) async fn settle(
    State(app): State<App>,
    shopper: Shopper,
    PathId(payment_id): PathId<PaymentId>,
    Json(wanted): Json<SettlePayment>,
) -> ApiResult<(StatusCode, axum::Json<WebhookReceipt>)> {
    let sandbox = app.sandbox.as_ref().ok_or_else(ApiError::not_found)?;
    let payment = app.store.read_first(move |reader| reader.payment(payment_id)).await?;
    let (order_id, _) = payment.ok_or_else(ApiError::not_found)?;
    let row = own_row_first(&app, &shopper, order_id).await?;
    let charge = SandboxCharge {
        payment_id: payment_id.to_string(),
        outcome: wanted.outcome,
        amount_minor: row.amount_minor,
        currency: row.currency.clone(),
    };
    let now_seconds = app.clock.now_ms().div_euclid(1_000);
    let settled = sandbox.settle(&charge, wanted.trick, wanted.delay_ms.unwrap_or(0), now_seconds);
    let response = settled.await.map_err(|error| {
        tracing::warn!(%error, "the sandbox's webhook");
        ApiError::busy()
    })?;
    let Some(response) = response else {
        let receipt = WebhookReceipt { order_id: order_id.to_string(), order_state: view::order_state(row.state) };
        return Ok((StatusCode::ACCEPTED, axum::Json(receipt)));
    };
    let status = response.status();
    if status.is_success() {
        let receipt: WebhookReceipt = response.json().await.map_err(|error| ApiError::internal(&error))?;
        return Ok((StatusCode::OK, axum::Json(receipt)));
    }
    match response.json::<api::Problem>().await {
        Ok(problem) if problem.code != Code::Internal => Err(ApiError::new(problem.code, problem.detail)),
        _ => Err(ApiError::internal(&format!("the shop answered its sandbox with {status}"))),
    }
}

/// The order, if it is this shopper's, read before all that is not about money.
async fn own_row_first(app: &App, shopper: &Shopper, order_id: OrderId) -> ApiResult<OrderRow> {
    let row = app.store.read_first(move |reader| reader.order(order_id)).await?;
    row.filter(|row| row.shopper_id == shopper.id).ok_or_else(ApiError::not_found)
}

fn refused(refusal: WebhookRefused) -> ApiError {
    match refusal {
        WebhookRefused::Signature(SignatureError::Invalid) => {
            ApiError::new(Code::SignatureInvalid, "The signature is not the provider's.")
        }
        WebhookRefused::Signature(SignatureError::OutsideTolerance) => {
            ApiError::new(Code::EventTooOld, "The signature's time is too far off.")
        }
        WebhookRefused::Unreadable(why) => ApiError::new(Code::BodyInvalid, why),
        WebhookRefused::EventIdInvalid => ApiError::field("event_id", "1 to 128 characters"),
        WebhookRefused::ChargeInvalid => {
            ApiError::field("amount_minor", "0 or more, with a currency of three capital letters")
        }
        WebhookRefused::UnknownPayment => ApiError::not_found(),
    }
}

/// Whether a payment can still be made for an order in this state.
pub(super) const fn is_payable(state: OrderState) -> bool {
    matches!(state, OrderState::Held | OrderState::AwaitingPayment)
}
