//! The browser's own things, as small as the islands need them.

pub(crate) mod clock;
pub(crate) mod http;
pub(crate) mod js;
pub(crate) mod link;
pub(crate) mod page;
pub(crate) mod proof;
pub(crate) mod reloads;
pub(crate) mod session;
pub(crate) mod wire;

use std::{pin::Pin, time::Duration};

/// Lets `ms` milliseconds pass.
pub(crate) async fn sleep_ms(ms: f64) {
    gloo_timers::future::sleep(Duration::from_millis(ms.max(0.0).ceil() as u64)).await;
}

/// `ms`, up to a fifth more or less, so that many visitors do not ask at one instant.
pub(crate) fn jittered(ms: f64) -> f64 {
    ms * (0.8 + 0.4 * js_sys::Math::random())
}

/// Starts a task. One box for all of them: the machinery behind a task is made once, not for each.
pub(crate) fn spawn(task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    wasm_bindgen_futures::spawn_local(task);
}
