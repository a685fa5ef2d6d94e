//! Plan B: switches that work at once.

use serde::{Deserialize, Serialize};

/// Whether orders are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", try_from = "String")]
pub enum OrdersSwitch {
    On,
    /// New orders and questions answer 503 `orders_paused`; the sale's phase is `paused`. Places in the line, holds and
    /// payments go on, and an idempotency key that was used still answers.
    Paused,
}

/// How hard the way to a pass is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", try_from = "String")]
pub enum QuizSwitch {
    On,
    /// No answer counts within the first 3 seconds, and the equal route asks for four times the proof of work.
    Harder,
    /// The quiz call answers with a `pass` at once.
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", try_from = "String")]
pub enum OnOff {
    On,
    Off,
}

/// Read from a text, so that what is no text at all is told like any other wrong value.
macro_rules! read_from_text {
    ($kind:ident, $($text:literal => $value:ident),+) => {
        impl TryFrom<String> for $kind {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                match text.as_str() {
                    $($text => Ok(Self::$value),)+
                    _ => Err(format!("unknown value `{text}`, expected one of {}", [$($text),+].join(", "))),
                }
            }
        }
    };
}

read_from_text!(OrdersSwitch, "on" => On, "paused" => Paused);
read_from_text!(QuizSwitch, "on" => On, "harder" => Harder, "off" => Off);
read_from_text!(OnOff, "on" => On, "off" => Off);

/// The values of all switches, for the whole shop, a merchant or a sale. The first value of each is the ordinary one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SwitchValues {
    pub orders: OrdersSwitch,
    pub quiz: QuizSwitch,
    /// `off`: recommendations answer an empty list from memory, and pages leave no trace of them.
    pub extras: OnOff,
    /// `on`: item pages are a small waiting page that comes back to life by itself. What is open in a browser goes on.
    pub waiting_page: OnOff,
    /// `on`: nothing but the way of an order. Extras are off and lists of orders answer 503 `queue_only`; for the whole shop
    /// so do shoppers' own lists and sign-ups.
    pub queue_only: OnOff,
    /// `on`: every change answers 503 `read_only`. The payment provider's webhooks are still taken.
    pub read_only: OnOff,
}

/// `PUT /api/merchant/switches`. What is not named stays as it is; all that is named changes together, or nothing does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PutSwitches {
    /// One sale; without it, all of the merchant's sales and items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<OrdersSwitch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiz: Option<QuizSwitch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<OnOff>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_page: Option<OnOff>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_only: Option<OnOff>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<OnOff>,
    /// By the server's clock; what is named goes back to its ordinary value then. Later than now, by 31 days at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// The same, counted from now: 1 to 2,678,400. Not beside `until_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_seconds: Option<i64>,
    /// For the audit line: at most 200 characters, on one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Whose hand a switch is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SwitchScope {
    /// The operator's, over everything.
    Shop,
    Merchant,
    Sale,
}

/// A switch that is not at its ordinary value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SwitchSet {
    pub scope: SwitchScope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_id: Option<String>,
    pub name: String,
    pub value: String,
    /// None: until it is put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    pub by: String,
    pub reason: String,
    pub at_ms: i64,
}

/// `GET /api/merchant/switches`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Switches {
    /// What holds now: the operator's word first, then the sale's own, then the merchant's.
    #[serde(flatten)]
    pub values: SwitchValues,
    /// Grows with every change.
    pub version: i64,
    /// What is set: the operator's, the merchant's, and each sale's of the merchant.
    pub set: Vec<SwitchSet>,
}

/// One change, as it happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SwitchLine {
    pub number: i64,
    pub scope: SwitchScope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_id: Option<String>,
    pub name: String,
    pub from: String,
    pub to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// A merchant's e-mail address, `the operator`, or `the clock` for what ran out.
    pub by: String,
    pub reason: String,
    pub at_ms: i64,
}

/// `GET /api/merchant/switches/audit`: the latest first, at most 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SwitchAudit {
    pub lines: Vec<SwitchLine>,
    /// Give it as `before` to go on; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_before: Option<i64>,
}
