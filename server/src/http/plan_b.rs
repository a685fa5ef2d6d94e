//! What the switches do at the edge: short questions that handlers ask, each answered from memory.

use api::Code;
use ledger::SaleRow;
use sale::SaleId;
use shield::Switch;

use super::App;
use super::error::{ApiError, ApiResult};
use crate::quiz::Difficulty;

/// With `quiz: harder`, no answer counts before.
const HARDER_MIN_ANSWER_MS: i64 = 3_000;

/// With `quiz: harder`, the equal route's proof has so many bits more: four times the work.
const HARDER_PROOF_BITS: u8 = 2;

/// How a sale's quiz is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QuizMode {
    AsEver,
    Harder,
    Off,
}

impl QuizMode {
    pub(super) fn min_answer_ms(self, of_sale_ms: i64) -> i64 {
        match self {
            Self::AsEver => of_sale_ms,
            Self::Harder => of_sale_ms.max(HARDER_MIN_ANSWER_MS),
            Self::Off => 0,
        }
    }

    /// Of the question itself.
    pub(super) const fn difficulty(self) -> Difficulty {
        match self {
            Self::AsEver | Self::Off => Difficulty::Ordinary,
            Self::Harder => Difficulty::Harder,
        }
    }

    pub(super) const fn proof_bits(self, bits: u8) -> u8 {
        match self {
            Self::AsEver => bits,
            Self::Harder => bits + HARDER_PROOF_BITS,
            Self::Off => 0,
        }
    }
}

/// What a switch is at for a sale. A sale that the catalogue does not know is under the shop's own switches.
fn of_sale(app: &App, switch: Switch, sale_id: SaleId) -> &'static str {
    let now_ms = app.clock.now_ms();
    match app.publisher.catalog().sale(sale_id) {
        Some(sale) => app.switches.of_sale(switch, sale.merchant_id, sale_id, now_ms),
        None => app.switches.of_shop(switch, now_ms),
    }
}

/// Whether a new order may be taken, or what leads to one be asked for.
pub(super) fn may_order(app: &App, sale_id: SaleId) -> ApiResult<()> {
    if of_sale(app, Switch::Orders, sale_id) == "paused" {
        return Err(ApiError::switched_off(
            Code::OrdersPaused,
            "No orders are taken for a while. What was taken goes on.",
        ));
    }
    may_change(app, sale_id)
}

/// Whether what hangs on a sale may be changed.
pub(super) fn may_change(app: &App, sale_id: SaleId) -> ApiResult<()> {
    if of_sale(app, Switch::ReadOnly, sale_id) == "on" { Err(read_only()) } else { Ok(()) }
}

/// Whether new orders are refused, for the sale's phase.
pub(super) fn are_orders_paused(app: &App, sale: &SaleRow) -> bool {
    let is = |switch: Switch, value: &str| {
        app.switches.of_sale(switch, sale.merchant_id, sale.sale_id, app.clock.now_ms()) == value
    };
    is(Switch::Orders, "paused") || is(Switch::ReadOnly, "on")
}

pub(super) fn quiz_mode(app: &App, sale: &SaleRow) -> QuizMode {
    match app.switches.of_sale(Switch::Quiz, sale.merchant_id, sale.sale_id, app.clock.now_ms()) {
        "harder" => QuizMode::Harder,
        "off" => QuizMode::Off,
        _ => QuizMode::AsEver,
    }
}

/// Whether the page of this item goes without its extras.
pub(super) fn are_extras_off(app: &App, slug: &str) -> bool {
    let now_ms = app.clock.now_ms();
    let catalog = app.publisher.catalog();
    let item = catalog.item_by_slug(slug);
    let sale = item.and_then(|item| catalog.shown_sale(item.item_id, now_ms));
    let at = |switch: Switch| match (sale, item) {
        (Some(sale), _) => app.switches.of_sale(switch, sale.merchant_id, sale.sale_id, now_ms),
        (None, Some(item)) => app.switches.of_merchant(switch, item.merchant_id, now_ms),
        (None, None) => app.switches.of_shop(switch, now_ms),
    };
    at(Switch::Extras) == "off" || at(Switch::QueueOnly) == "on"
}

/// Whether shoppers may ask for what is not on the way of an order: their own lists, new accounts.
pub(super) fn may_wander(app: &App) -> ApiResult<()> {
    if app.switches.of_shop(Switch::QueueOnly, app.clock.now_ms()) == "on" { Err(queue_only()) } else { Ok(()) }
}

/// Whether a merchant's lists of orders are read.
pub(super) fn may_list(app: &App, merchant_id: sale::MerchantId) -> ApiResult<()> {
    let at = app.switches.of_merchant(Switch::QueueOnly, merchant_id, app.clock.now_ms());
    if at == "on" { Err(queue_only()) } else { Ok(()) }
}

/// Whether the whole shop may be changed. `path` and the order's own call are judged where they know more: a key that was
/// used still answers. Signing in and out changes nothing in the record; the sandbox's button is the provider's.
pub(super) fn may_change_shop(app: &App, path: &str) -> ApiResult<()> {
    const STILL_TAKEN: [&str; 6] = [
        "/api/sign-in",
        "/api/sign-out",
        "/api/merchant/sign-in",
        "/api/merchant/sign-out",
        "/api/merchant/switches",
        "/api/payments/webhook",
    ];
    let is_read_only = app.switches.of_shop(Switch::ReadOnly, app.clock.now_ms()) == "on";
    let is_taken = STILL_TAKEN.contains(&path)
        || (path.starts_with("/api/sales/") && path.ends_with("/orders"))
        || is_beacon(path)
        || (path.starts_with("/sandbox/payments/") && path.ends_with("/settle"));
    if is_read_only && !is_taken { Err(read_only()) } else { Ok(()) }
}

/// Whether a merchant may change anything. The switches themselves always, or nobody could put them back.
pub(super) fn may_merchant_change(app: &App, merchant_id: sale::MerchantId, path: &str) -> ApiResult<()> {
    let at = app.switches.of_merchant(Switch::ReadOnly, merchant_id, app.clock.now_ms());
    let is_taken = path == "/api/merchant/switches" || is_beacon(path);
    if at == "on" && !is_taken { Err(read_only()) } else { Ok(()) }
}

/// A draw without its beacon is called off for good: the value is taken whatever else waits.
fn is_beacon(path: &str) -> bool {
    path.starts_with("/api/merchant/sales/") && path.ends_with("/beacon")
}

fn read_only() -> ApiError {
    ApiError::switched_off(Code::ReadOnly, "Nothing is changed for a while. What is paid is still taken.")
}

fn queue_only() -> ApiError {
    ApiError::switched_off(Code::QueueOnly, "Nothing but orders is served for a while.")
}
