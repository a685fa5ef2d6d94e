//! Overload, as the server meets it: what a request is for, and how long work waits for a thread.

use std::io::{ErrorKind, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::http::Method;
use sale::{ItemId, SaleId, ShopperId};
use shield::{Class, LOOK_EVERY_MS, Look, Rounds, Watch};
use tokio::io::AsyncReadExt as _;
use tokio::sync::watch;
use uuid::Uuid;

use crate::http::App;

/// While nothing comes it is looked at no oftener than this.
const IDLE_LOOK_EVERY: Duration = Duration::from_millis(10);

/// A probe is the time at which it was sent.
const PROBE_BYTES: usize = size_of::<u64>();

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

/// The same, of a request to this shop: who begins where the crowd is comes after who begins elsewhere, and nobody begins at a sale
/// that there is not.
pub(crate) fn class_in(app: &App, method: &Method, path: &str) -> Class {
    let class = class_of(method, path);
    if class != Class::Quiz {
        // What holds a crowd back is told in it, to edges once a second.
        let is_told = app.overload.lottery.is_on() && sale_of_state(path).is_some();
        return if is_told { Class::Poll } else { class };
    }
    let catalog = app.publisher.catalog();
    let sale = sale_of(path).and_then(|(sale_id, _)| catalog.sale(sale_id)).filter(|_| *method == Method::POST);
    match sale {
        None => Class::Read,
        Some(sale) if is_crowded(app, sale.item_id) => Class::Crowd,
        Some(_) => Class::Quiz,
    }
}

pub(crate) fn is_crowded(app: &App, item_id: ItemId) -> bool {
    app.heat.hot().get(item_id).is_some_and(|item| item.crowded_since_ms.is_some())
}

/// A shopper's lot in every round ([`shield::Lottery`]): it says nothing else of the shopper.
pub(crate) const fn lot_of(shopper_id: ShopperId) -> u32 {
    shopper_id.0.as_u128() as u32
}

/// The sale that a path is under, and what it names there.
pub(crate) fn sale_of(path: &str) -> Option<(SaleId, &str)> {
    let (sale_id, what) = path.strip_prefix("/api/sales/")?.split_once('/')?;
    Some((SaleId(Uuid::try_parse(sale_id).ok()?), what))
}

/// The sale that a path asks the state of.
pub(crate) fn sale_of_state(path: &str) -> Option<SaleId> {
    Some(SaleId(Uuid::try_parse(path.strip_prefix("/csi/sales/")?).ok()?))
}

/// Looks how long work waits for a thread, and moves the bar. What waits is measured as a request would be: something comes by a
/// socket, at a time that is known, and is read when its turn is.
pub(crate) async fn watch(app: App, mut stopped: watch::Receiver<bool>) -> std::io::Result<()> {
    let (ours, probe) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    probe.set_nonblocking(true)?;
    let began = Instant::now();
    let is_busy = Arc::new(AtomicBool::new(false));
    std::thread::Builder::new().name("overload probe".to_owned()).spawn({
        let is_busy = Arc::clone(&is_busy);
        move || send_probes(probe, began, &is_busy)
    })?;
    let mut ours = tokio::net::UnixStream::from_std(ours)?;
    let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
    let (mut watch, mut rounds) = (Watch::new(cores), Rounds::default());
    let (mut last_us, mut came) = (0, 0);
    let mut used_before = processor_time();
    let mut probes = [0; PROBE_BYTES * 64];
    loop {
        let read = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
            read = ours.read(&mut probes) => read?,
        };
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let now_us = began.elapsed().as_micros() as u64;
        // Of several that came together the first waited longest, as long as whatever was behind it had to.
        let Some(sent_us) = probes[..read].first_chunk().map(|sent_us| u64::from_ne_bytes(*sent_us)) else { continue };
        let since_last_ms = (now_us - std::mem::replace(&mut last_us, now_us)) as f64 / 1e3;
        // Reads of the record wait for threads of their own.
        let waited_us = now_us.saturating_sub(sent_us).max(app.store.longest_wait().as_micros() as u64);
        let used = processor_time();
        let used_ms = used.saturating_sub(std::mem::replace(&mut used_before, used)).as_secs_f64() * 1e3;
        let busy = if since_last_ms > 0.0 { used_ms / (since_last_ms * cores) } else { 0.0 };
        let busy = busy.min(1.0);
        let look = Look { waited_us, most_delay_us: app.tuned.thread_wait_us(), busy, since_last_ms };
        watch.look(&app.overload, look);
        rounds.look(&app.overload, &watch, busy, since_last_ms, || Uuid::new_v4().as_u128() as u32);
        let so_far = Class::ALL.iter().map(|class| app.overload.counts(*class).0).sum::<u64>();
        let came_some = so_far != std::mem::replace(&mut came, so_far);
        is_busy.store(came_some || app.overload.is_overrun(), Ordering::Relaxed);
    }
}

/// Used by all of this process, since it began.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// Sends the time until nobody reads it any more. One that finds no room is left out: those before it wait already.
fn send_probes(mut probe: UnixStream, began: Instant, is_busy: &AtomicBool) {
    loop {
        let busy = is_busy.load(Ordering::Relaxed);
        std::thread::sleep(if busy { Duration::from_millis(LOOK_EVERY_MS) } else { IDLE_LOOK_EVERY });
        let now_us = began.elapsed().as_micros() as u64;
        match probe.write_all(&now_us.to_ne_bytes()) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => return,
            _ => {}
        }
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
