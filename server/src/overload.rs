//! Overload, as the server meets it: what a request is for, and how long work waits for a thread.

use std::time::{Duration, Instant};

use axum::http::Method;
use shield::{Class, LOOK_EVERY_MS, Watch};
use tokio::sync::watch;

use crate::http::App;

/// While nothing comes it is looked at no oftener than this.
const IDLE_LOOK_EVERY: Duration = Duration::from_millis(25);

/// What a request is for, by its address alone: it has to be known before anything else is.
pub(crate) fn class_of(method: &Method, path: &str) -> Class {
    let is_under = |folder: &str| path.strip_prefix(folder);
    if let Some(rest) = is_under("/api/sales/") {
        return match rest.split_once('/') {
            Some((_, "quiz")) => Class::Quiz,
            Some((_, "quiz/answer" | "orders")) => Class::Order,
            Some((_, "draw/receipt")) => Class::Poll,
            _ => Class::Read,
        };
    }
    if let Some(rest) = is_under("/api/orders/") {
        return if rest.contains('/') && method == Method::POST { Class::Pay } else { Class::Poll };
    }
    let is_under_any = |folders: &[&str]| folders.iter().any(|folder| path.starts_with(folder));
    if is_under_any(&["/api/payments/", "/sandbox/payments/"]) || matches!(path, "/healthz" | "/readyz" | "/metrics") {
        Class::Pay
    } else if is_under_any(&["/api/queue/", "/api/merchant/", "/admin", "/pay/", "/zh/pay/"]) {
        Class::Poll
    } else if is_under_any(&["/quiz/"]) {
        // A question's picture: somebody has been asked.
        Class::Order
    } else {
        Class::Read
    }
}

/// Looks how long work waits for a thread, and moves the bar.
pub(crate) async fn watch(app: App, mut stopped: watch::Receiver<bool>) {
    let mut watch = Watch::default();
    let mut last = Instant::now();
    let mut came = 0;
    loop {
        let before = came;
        came = Class::ALL.iter().map(|class| app.overload.counts(*class).0).sum::<u64>();
        let wait = if came == before { IDLE_LOOK_EVERY } else { Duration::from_millis(LOOK_EVERY_MS) };
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = tokio::time::sleep(wait) => {}
        }
        let asked = Instant::now();
        // Comes back once what waits now, new connections and requests included, has had its turn.
        tokio::task::yield_now().await;
        let delay_us = u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX);
        let since_last_ms = last.elapsed().as_secs_f64() * 1e3;
        last = Instant::now();
        watch.look(&app.overload, delay_us, app.tuned.thread_wait_us(), since_last_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_further_on_is_more_important() {
        for (class, calls) in [
            (Class::Pay, "POST /api/orders/1/payments|POST /api/orders/1/cancel|POST /api/payments/webhook"),
            (Class::Pay, "POST /sandbox/payments/1/settle|GET /readyz"),
            (Class::Poll, "GET /api/queue/token|GET /api/orders/1|GET /pay/1|GET /zh/pay/1|POST /api/merchant/sales"),
            (Class::Order, "POST /api/sales/1/orders|POST /api/sales/1/quiz/answer|GET /quiz/1.png"),
            (Class::Quiz, "POST /api/sales/1/quiz"),
            (
                Class::Read,
                "GET /api/sales/1/mine|GET /csi/me|GET /csi/sales/1|GET /api/orders|POST /api/sign-up|GET /x",
            ),
        ] {
            for call in calls.split('|') {
                let (method, path) = call.split_once(' ').unwrap();
                assert_eq!(class_of(&method.parse().unwrap(), path), class, "{call}");
            }
        }
    }
}
