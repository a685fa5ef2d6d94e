//! The server's clock, estimated once for all islands of a page, read on the monotonic clock.
//!
//! Whoever shows the time calls [`turn`] a few times a second; nothing else runs. The device's wall clock is looked at to
//! notice a sleep, and to tell how far it is off; nothing is timed by it.

use std::cell::RefCell;

use clock::{EXCHANGE_TIMEOUT_MS, Exchange, Heard, Pace, Shown, Visitor};
use wasm_bindgen::JsValue;
use web_sys::Performance;

use super::{
    http::{self, Call},
    jittered, js, page, spawn,
};

struct Clock {
    visitor: Visitor,
    pace: Pace,
    /// When to ask next, on the monotonic clock; infinite while an answer is awaited.
    due_ms: f64,
    /// What the page counts to, in the server's epoch milliseconds.
    target_ms: f64,
}

thread_local! {
    static CLOCK: RefCell<Clock> = RefCell::new(Clock {
        visitor: Visitor::new(),
        pace: Pace::new(),
        due_ms: 0.0,
        target_ms: f64::INFINITY,
    });
}

fn performance() -> Option<Performance> {
    web_sys::window().and_then(|window| window.performance())
}

/// Monotonic milliseconds since the page began.
pub(crate) fn monotonic_ms() -> f64 {
    performance().map_or(0.0, |performance| performance.now())
}

fn whole_us(ms: f64) -> f64 {
    (ms * 1e3 + 0.5).floor()
}

/// The clock, with a reading of now. After a sleep it knows nothing and asks at once.
fn with_clock<T>(act: impl FnOnce(&mut Clock, f64) -> T) -> T {
    let now_ms = monotonic_ms();
    CLOCK.with_borrow_mut(|clock| {
        if clock.visitor.look(whole_us(now_ms), js_sys::Date::now() * 1e3) {
            clock.pace = Pace::new();
            clock.due_ms = now_ms;
        }
        act(clock, now_ms)
    })
}

/// Asks the server again where that is due. `target_ms` is the moment that the page counts to. Answers with the milliseconds
/// until the next turn is due.
pub(crate) fn turn(target_ms: f64) -> f64 {
    let wait_ms = with_clock(|clock, now_ms| {
        clock.target_ms = target_ms;
        clock.due_ms - now_ms
    });
    if wait_ms > 0.0 {
        return wait_ms;
    }
    if page::visible() {
        spawn(sample());
    }
    f64::INFINITY
}

/// One exchange with the server, unless one is on its way.
pub(crate) async fn sample() {
    let life = with_clock(|clock, _| {
        let idle = clock.due_ms.is_finite();
        clock.due_ms = f64::INFINITY;
        idle.then(|| clock.visitor.life())
    });
    let Some(life) = life else { return };
    let answer = exchange().await;
    with_clock(|clock, now_ms| {
        if clock.visitor.life() != life {
            // The device slept meanwhile, and another exchange is due or on its way.
            return;
        }
        let trip_ms = answer.as_ref().map_or(0.0, |(exchange, _)| (exchange.received_us - exchange.sent_us) / 1e3);
        let usable = answer.is_some_and(|(exchange, clock_id)| clock.visitor.exchange(life, exchange, &clock_id));
        let shown = clock.visitor.show(whole_us(now_ms)).filter(|_| usable);
        let to_target_ms = shown.map_or(f64::INFINITY, |shown| clock.target_ms - shown.server_us / 1e3);
        let pause_ms =
            clock.pace.pause_ms(shown.map(|shown| Heard { trip_ms, bound_ms: shown.bound_us / 1e3 }), to_target_ms);
        clock.due_ms = now_ms + jittered(pause_ms);
    });
}

async fn exchange() -> Option<(Exchange, String)> {
    let call = Call { path: "/csi/time", body: None, idempotency_key: None, tries: 1, timeout_ms: EXCHANGE_TIMEOUT_MS };
    let began_ms = monotonic_ms();
    let response = http::fetch(&call).await.ok()?;
    let ended_ms = monotonic_ms();
    let json = http::body(&response).await;
    let (sent_ms, received_ms) = on_the_wire(&response.url(), began_ms).unwrap_or((began_ms, ended_ms));
    let exchange = Exchange {
        sent_us: whole_us(sent_ms),
        server_received_us: js::integer(&json, "received_us")?,
        server_sent_us: js::integer(&json, "sent_us")?,
        received_us: whole_us(received_ms),
    };
    Some((exchange, js::text(&json, "clock_id")?))
}

/// When the request left the browser and the answer's first byte came, by the browser's own notes: they leave out the
/// connection's setup and what the page was busy with.
fn on_the_wire(url: &str, began_ms: f64) -> Option<(f64, f64)> {
    let performance = performance()?;
    let entries = performance.get_entries_by_name(url);
    // The browser keeps a few hundred notes and then no more.
    performance.clear_resource_timings();
    let at = |entry: &JsValue, key: &str| js::number(entry, key).unwrap_or_default();
    let entry = entries.iter().find(|entry| at(entry, "startTime") >= began_ms)?;
    let (sent_ms, received_ms) = (at(&entry, "requestStart"), at(&entry, "responseStart"));
    (sent_ms >= began_ms && received_ms >= sent_ms).then_some((sent_ms, received_ms))
}

fn shown() -> Option<Shown> {
    with_clock(|clock, now_ms| clock.visitor.show(whole_us(now_ms)))
}

/// The server's epoch milliseconds; none before the first exchange, and after a sleep until the next.
pub(crate) fn server_now_ms() -> Option<f64> {
    shown().map(|shown| shown.server_us / 1e3)
}

/// How wrong [`server_now_ms`] may be, rounded up, and how far the server's clock is ahead of the device's own.
pub(crate) struct Certainty {
    pub bound_ms: i64,
    pub offset_ms: i64,
}

/// None, too, where the page was kept waiting between two readings: the offset would be wrong by that.
pub(crate) fn certainty() -> Option<Certainty> {
    let before_ms = js_sys::Date::now();
    let shown = shown()?;
    let device_ms = js_sys::Date::now();
    (device_ms - before_ms <= 1.0).then(|| Certainty {
        bound_ms: (shown.bound_us / 1e3).ceil() as i64,
        offset_ms: (shown.server_us / 1e3 - device_ms).round() as i64,
    })
}
