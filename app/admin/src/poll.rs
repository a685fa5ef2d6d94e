//! Reading again and again, for as long as somebody looks.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::on_cleanup, task::spawn_local};

use crate::browser;

/// Calls `read` now and then `period_ms` after each answer, while the page is visible, until the view that asked is
/// gone. `take` gets what was read; it is not called once the view is gone.
pub(crate) fn every<Read, Reading, Take>(period_ms: u32, read: Read, take: Take)
where
    Read: AsyncFn() -> Reading + 'static,
    Take: Fn(Reading) + 'static,
{
    let gone = Arc::new(AtomicBool::new(false));
    on_cleanup({
        let gone = Arc::clone(&gone);
        move || gone.store(true, Ordering::Relaxed)
    });
    spawn_local(async move {
        while !gone.load(Ordering::Relaxed) {
            if browser::is_visible() {
                let reading = read().await;
                if gone.load(Ordering::Relaxed) {
                    return;
                }
                take(reading);
            }
            TimeoutFuture::new(period_ms).await;
        }
    });
}
