//! Orders, their place in the line, and their payment.

use serde::{Deserialize, Serialize};

/// `POST /api/sales/{sale_id}/orders`, with an `Idempotency-Key` header of 1 to 64 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    pub pass: String,
    pub quantity: u32,
    /// Of a sale with SKUs: which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
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
    /// Why, where the state is `rejected`: `lost_in_restart`, `limit_reached`, `pass_invalid`, `not_enough_units`,
    /// `sku_unknown`, `marked`, `cancelled`, `sale_called_off`, `entries_closed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// While queued or waiting: 1 is the head of that line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// In a sale by draw, while queued: the order is in the record as an entry, and `position` says the how manieth it was,
    /// which has no bearing on the draw. It survives a restart.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub entered: bool,
    /// In a sale by draw, where entered: entries so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// While queued: units that nobody ahead or behind holds yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units_left: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance: Option<Chance>,
    /// While the state may still change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll_after_ms: Option<u64>,
    pub order_id: String,
    /// Where held: pay by then. Absent where the hold lasts until it is paid or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_expires_at_ms: Option<i64>,
    /// Where held: whether units are kept for the order. False: payment decides, the first who pay get them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<bool>,
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

/// Why an order was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReleaseCause {
    /// Its time was over.
    Lapsed,
    /// By the shopper.
    Cancelled,
    ByMerchant,
    SaleCalledOff,
}

/// Why money went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefundCause {
    /// No unit was free any more.
    NoUnitFree,
    /// The order had been cancelled.
    Cancelled,
    /// The order had been paid, or refunded, by another payment.
    PaidTwice,
    /// Another amount or currency than the order's.
    WrongAmount,
    /// The shopper's limit had been used up by other orders.
    LimitReached,
    SaleCalledOff,
}

/// Money on its way back to the shopper, or there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Refund {
    pub cause: RefundCause,
    pub amount_minor: i64,
    pub currency: String,
    /// Whether the provider has taken the refund.
    pub sent: bool,
}

/// How an order came to where it is; shown to its shopper and to its merchant alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderHistory {
    /// Whether units are, or were, kept for it while it was unpaid. False: payment decides.
    pub reserved: bool,
    /// While `held` or `awaiting_payment`: pay by then. Absent where that lasts until it is paid or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_expires_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_cause: Option<ReleaseCause>,
    /// Paid after its units had gone back, and given free ones.
    pub reseated: bool,
    /// Money that went back, the latest first. An order that stands may have some: paid twice, or a wrong amount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<Refund>,
}

/// `GET /api/orders/{order_id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Order {
    pub order_id: String,
    pub sale_id: String,
    pub state: OrderState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    pub quantity: u32,
    pub amount_minor: i64,
    pub currency: String,
    pub created_at_ms: i64,
    #[serde(flatten)]
    pub history: OrderHistory,
}

/// The answer to `POST /api/orders/{order_id}/cancel`: the order, or nothing of one that was only waiting for units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cancelled {
    #[serde(flatten)]
    pub order: Option<Order>,
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
    /// Tokens of orders still in the line, or waiting for units that come back, oldest first.
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
    /// How the provider misbehaves this time; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trick: Option<SandboxTrick>,
    /// For `late`: after how long the message comes; at most 600,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<i64>,
}

/// What real providers do now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SandboxTrick {
    /// The message comes after `delay_ms`; the call answers 202 at once.
    Late,
    /// The same message, twice.
    Twice,
    /// Both outcomes, the other one first.
    OutOfOrder,
    /// No message comes at all: 202.
    Never,
    /// One minor unit more than the order costs.
    WrongAmount,
    WrongCurrency,
    BadSignature,
    /// A message as it was signed an hour ago.
    OldTimestamp,
    /// The message, and then the very same bytes under another event id with the first one's signature.
    Replayed,
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
