//! The server's clock, estimated once for all islands of a page, read on the monotonic clock.

use std::cell::RefCell;

use clock::{Estimate, Estimator, Exchange};

use super::{
    http::{self, Call},
    js,
};

thread_local! {
    static ESTIMATOR: RefCell<Estimator> = RefCell::new(Estimator::new());
}

/// Monotonic milliseconds since the page began.
pub(crate) fn monotonic_ms() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}

/// The device's wall clock as it stood when the page began, led on by the monotonic clock. Only the told offset is
/// measured against it; nothing is timed by it.
fn time_origin_ms() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.time_origin())
}

/// One exchange with the server.
pub(crate) async fn sample() {
    let call = Call { path: "/csi/time", body: None, idempotency_key: None, tries: 1 };
    let sent_us = monotonic_ms() * 1e3;
    let Ok(response) = http::fetch(&call).await else { return };
    let received_us = monotonic_ms() * 1e3;
    let json = http::body(&response).await;
    let (Some(server_received_us), Some(server_sent_us), Some(clock_id)) =
        (js::integer(&json, "received_us"), js::integer(&json, "sent_us"), js::text(&json, "clock_id"))
    else {
        return;
    };
    let exchange = Exchange { sent_us, server_received_us, server_sent_us, received_us };
    ESTIMATOR.with_borrow_mut(|estimator| estimator.exchange(exchange, &clock_id));
}

fn estimate() -> Option<Estimate> {
    let now_us = monotonic_ms() * 1e3;
    ESTIMATOR.with_borrow(|estimator| estimator.estimate(now_us))
}

/// The server's epoch milliseconds; none before the first exchange.
pub(crate) fn server_now_ms() -> Option<f64> {
    estimate().map(|estimate| monotonic_ms() + estimate.offset_us / 1e3)
}

/// How wrong [`server_now_ms`] may be, rounded up, and how far the device's own clock is off.
pub(crate) struct Certainty {
    pub bound_ms: i64,
    pub offset_ms: i64,
}

pub(crate) fn certainty() -> Option<Certainty> {
    estimate().map(|estimate| Certainty {
        bound_ms: (estimate.bound_us / 1e3).ceil() as i64,
        offset_ms: (estimate.offset_us / 1e3 - time_origin_ms()).round() as i64,
    })
}
