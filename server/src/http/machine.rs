//! For machines: whether the process lives, whether it may take traffic, and what it counts.

use std::sync::atomic::Ordering;

use api::Code;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use ledger::SqliteLedger;
use serde::Serialize;

use super::App;
use super::error::ApiError;
use crate::clock::SANE_GAP_US;
use crate::metrics;

/// A write-ahead log larger than this is not being moved into the store.
const MAX_SANE_WAL_BYTES: u64 = 1 << 30;

/// Room that the record needs on its disk.
pub(crate) const MIN_FREE_DISK_BYTES: u64 = 64 << 20;

pub(super) fn routes(with_metrics: bool) -> Router<App> {
    let router = Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz));
    if with_metrics { router.route("/metrics", get(render_metrics)) } else { router }
}

async fn healthz() -> &'static str {
    "alive\n"
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    writer: bool,
    record: bool,
    disk: bool,
    wal: bool,
    clock: bool,
    going_down: bool,
}

/// Whether this process may take traffic: each condition by name.
async fn readyz(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let path = app.store.path();
    let going_down = app.going_down.load(Ordering::Acquire);
    let record = app.store.read(|reader| reader.stock_units().map(drop)).await.is_ok();
    let writer = app.writer.is_well();
    // As orders have it: asked here it could be said a second before they are refused.
    let disk = !app.disk_is_low.load(Ordering::Acquire);
    let wal = SqliteLedger::wal_state(path).wal_bytes <= MAX_SANE_WAL_BYTES;
    let clock = app.clock.gap_us().abs() <= SANE_GAP_US;
    let ready = writer && record && disk && wal && clock && !going_down;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, writer, record, disk, wal, clock, going_down }))
}

async fn render_metrics(State(app): State<App>) -> impl IntoResponse {
    let queued = app.writer.lines().iter().map(|line| line.queued()).sum();
    let wal_bytes = SqliteLedger::wal_state(app.store.path()).wal_bytes;
    let runtime = tokio::runtime::Handle::current().metrics();
    metrics::sample(queued, app.connections.load(Ordering::Relaxed), &runtime, app.clock.gap_us(), wal_bytes);
    metrics::overload(&app.overload);
    metrics::quiz_fresh(app.publisher.quizzes().least_fresh(app.clock.now_ms()));
    metrics::breaker("record_reads", app.store.is_left_alone());
    metrics::breaker("record_writes", !app.writer.is_well());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
}

pub(super) async fn method_not_allowed() -> ApiError {
    ApiError::new(Code::MethodNotAllowed, "This address takes other methods; see the Allow header.")
}

pub(super) fn panicked() -> Response {
    ApiError::our_mistake().into_response()
}
