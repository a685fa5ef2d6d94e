//! Who would join a line that takes longer than anybody is let in for is told so, and when to come again: in the express lane if it
//! can be, before the body is parsed and the pass opened, and once more where the line is joined.

use std::time::Duration;

use intake::Line;
use sale::{SaleId, order_id_of};

use super::error::{ApiError, ApiResult};
use super::extract::{SHOPPERS_FIELDS, Shopper};
use super::orders::{IDEMPOTENCY_KEY, idempotency_key};
use super::{App, plan_b};
use crate::express::Addressed;
use crate::funnel::{self, Layer};
use crate::overload::sale_of;

const QUIZ_ROUTE: &str = "/api/sales/{sale_id}/quiz";
const ORDERS_ROUTE: &str = "/api/sales/{sale_id}/orders";

/// Whether the line takes no longer than anybody is let in for. `random` says when to come again.
pub(super) fn is_short_enough(app: &App, line: &Line, random: u64) -> ApiResult<()> {
    let Some(wait_ms) = too_long_ms(app, line) else { return Ok(()) };
    funnel::refused(Layer::Queue, 1);
    Err(ApiError::overloaded(again_after(wait_ms, random)))
}

/// How long the line takes, if that is too long.
fn too_long_ms(app: &App, line: &Line) -> Option<u64> {
    let wait_ms = line.expected_wait_ms(app.clock.now_ms());
    (app.settings.overload_control && wait_ms > app.tuned.line_wait_ms()).then_some(wait_ms)
}

/// Nobody is told to come again after more than twice that.
pub(super) const LONGEST_HALF_MS: u64 = 15_000;

/// They come again while the line's second half is decided, each at a time of their own.
fn again_after(wait_ms: u64, random: u64) -> Duration {
    let half_ms = (wait_ms / 2).min(LONGEST_HALF_MS);
    Duration::from_millis(half_ms + random % half_ms.max(1))
}

/// A request that is refused for its line, before it goes to its handler: which route it is for, and when to come again. Whatever else may be said of
/// it, and whoever has a place in the line already, is the handler's.
pub(super) fn refused(app: &App, request: &Addressed<'_, '_>, random: u64) -> Option<(&'static str, Duration)> {
    if request.method != "POST" {
        return None;
    }
    let (sale_id, what) = sale_of(request.path)?;
    let route = match what {
        "quiz" => QUIZ_ROUTE,
        "orders" => ORDERS_ROUTE,
        _ => return None,
    };
    let line = app.writer.line(sale_id)?;
    let wait_ms = too_long_ms(app, &line)?;
    let is_open = line.terms().window.judge(app.clock.now_ms()).is_ok() && plan_b::may_order(app, sale_id).is_ok();
    if !is_open || !is_new(app, &line, sale_id, request, route)? {
        return None;
    }
    app.heat.record_sale(&app.publisher, sale_id);
    funnel::refused(Layer::Queue, 1);
    Some((route, again_after(wait_ms, random)))
}

/// Whether somebody begins, or an order has no place in the line yet; none where it does not say whose it is, or which.
fn is_new(app: &App, line: &Line, sale_id: SaleId, request: &Addressed<'_, '_>, route: &str) -> Option<bool> {
    let [authorization, cookie, site] = SHOPPERS_FIELDS;
    let headers = request.headers(&[authorization, cookie, site, IDEMPOTENCY_KEY]);
    let shopper = Shopper::of(app, &headers)?;
    if route == QUIZ_ROUTE {
        return Some(true);
    }
    let order_id = order_id_of(sale_id, shopper.id, idempotency_key(&headers).ok()?);
    Some(line.recall(order_id, 0).is_none())
}
