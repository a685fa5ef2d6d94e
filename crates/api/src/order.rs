//! Orders, their place in the line, and their payment.

use serde::{Deserialize, Serialize};

/// `POST /api/sales/{sale_id}/orders`, with an `Idempotency-Key` header of 1 to 64 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    pub pass: String,
    pub quantity: u32,
}

/// 202: the order is in the queue. Nothing is promised yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Accepted {
    pub queue_token: String,
    pub order_id: String,
    /// 1 is the head of the line.
    pub position: u64,
    pub poll_after_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum QueueState {
    Queued,
    Waiting,
    Held,
    SoldOut,
    Rejected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Chance {
    Likely,
    Unlikely,
}

/// `GET /api/queue/{queue_token}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueStatus {
    pub state: QueueState,
    /// Why, where the state is `rejected`: `lost_in_restart`, `limit_reached`, `pass_invalid`, `not_enough_units`, `sale_ended`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// While queued: 1 is the head of the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// While queued: units that nobody ahead or behind holds yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units_left: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance: Option<Chance>,
    /// While the state may still change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll_after_ms: Option<u64>,
    pub order_id: String,
    /// Where held: pay by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_expires_at_ms: Option<i64>,
}

/// The order's state once it has left the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    Held,
    AwaitingPayment,
    Paid,
    Released,
    Refunded,
}

/// `GET /api/orders/{order_id}`, and the answer to `POST …/cancel`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Order {
    pub order_id: String,
    pub sale_id: String,
    pub state: OrderState,
    pub quantity: u32,
    pub amount_minor: i64,
    pub currency: String,
    pub created_at_ms: i64,
    /// While `held` or `awaiting_payment`: the units are kept until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_expires_at_ms: Option<i64>,
}

/// `GET /api/orders`: the shopper's own, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderList {
    pub orders: Vec<Order>,
}

/// `GET /api/sales/{sale_id}/mine`: what a reload or a second device needs to find its place again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mine {
    /// Tokens of orders still in the line, oldest first.
    pub queue_tokens: Vec<String>,
    pub orders: Vec<Order>,
}

/// `POST /api/orders/{order_id}/payments`: one open payment an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaymentOpened {
    pub payment_id: String,
    pub payment_url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SettleOutcome {
    Paid,
    Declined,
}

/// `POST /sandbox/payments/{payment_id}/settle`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SettlePayment {
    pub outcome: SettleOutcome,
}

/// `POST /api/payments/webhook`: what the provider says of a payment. The signature is in the
/// `Stampede-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 over "t" + "." + raw body>` header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WebhookEvent {
    pub event_id: String,
    pub payment_id: String,
    pub outcome: SettleOutcome,
    pub amount_minor: i64,
    pub currency: String,
}

/// What became of a webhook: the order's state after it. The same event twice gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookReceipt {
    pub order_id: String,
    pub order_state: OrderState,
}
