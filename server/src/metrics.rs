//! What is counted. The names are fixed: docs/OPERATIONS.md lists them, dashboards rely on them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use ::metrics::{Counter, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use api::{HeatCause, MILLION};
use axum::http::StatusCode;
use committer::Tally;
use foldhash::fast::RandomState;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use shield::{Class, Overload};
use tokio::runtime::RuntimeMetrics;

use crate::funnel::{self, Layer};

pub(crate) const REQUESTS: &str = "stampede_http_requests_total";
pub(crate) const REQUEST_SECONDS: &str = "stampede_http_request_seconds";
pub(crate) const REFUSED: &str = "stampede_refused_total";
pub(crate) const ACCEPTED: &str = "stampede_orders_accepted_total";
pub(crate) const CONCLUDED: &str = "stampede_orders_concluded_total";
pub(crate) const BATCHES: &str = "stampede_batches_total";
pub(crate) const BATCH_FAILURES: &str = "stampede_batch_failures_total";
pub(crate) const BATCH_EVENTS: &str = "stampede_batch_events";
pub(crate) const BATCH_SECONDS: &str = "stampede_batch_seconds";
pub(crate) const SET_ASIDE: &str = "stampede_sales_set_aside_total";
pub(crate) const QUEUED: &str = "stampede_queued_orders";
pub(crate) const PURGE_FAILURES: &str = "stampede_purge_failures_total";
pub(crate) const PURGES_PENDING: &str = "stampede_purges_pending";
pub(crate) const CONNECTIONS: &str = "stampede_connections";
pub(crate) const TASKS: &str = "stampede_tasks";
pub(crate) const SHARED_QUEUE: &str = "stampede_shared_queue_tasks";
pub(crate) const CLOCK_GAP: &str = "stampede_clock_gap_seconds";
pub(crate) const LOG_LINES_LOST: &str = "stampede_log_lines_lost_total";
pub(crate) const LOG_LINES_HELD_BACK: &str = "stampede_log_lines_held_back_total";
pub(crate) const QUIZ_OVERUSED: &str = "stampede_quiz_overused_total";
pub(crate) const QUIZ_FRESH: &str = "stampede_quiz_fresh_share";
pub(crate) const WAL_BYTES: &str = "stampede_wal_bytes";

pub(crate) const OFFERED: &str = "stampede_offered_requests_total";
pub(crate) const SHED: &str = "stampede_shed_requests_total";
pub(crate) const THREAD_WAIT: &str = "stampede_thread_wait_seconds";
pub(crate) const DRAWN_SHARE: &str = "stampede_drawn_share";
pub(crate) const ADMITTED_SHARE: &str = "stampede_admitted_share";

pub(crate) const BREAKER_OPEN: &str = "stampede_breaker_open";

pub(crate) const HOT_ITEMS: &str = "stampede_hot_items";
pub(crate) const HEAT_CHANGES: &str = "stampede_heat_changes_total";
pub(crate) const HEAT_REQUESTS: &str = "stampede_heat_requests_total";
pub(crate) const HEAT_LOST: &str = "stampede_heat_lost_total";
pub(crate) const HEAT_FEED_LINES: &str = "stampede_heat_feed_lines_total";

/// Installs the recorder; its text is what `/metrics` answers.
pub(crate) fn install() -> Result<PrometheusHandle, metrics_exporter_prometheus::BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets(&[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0])?
        .set_buckets_for_metric(
            metrics_exporter_prometheus::Matcher::Full(BATCH_EVENTS.to_owned()),
            &[1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0],
        )?
        .install_recorder()?;
    describe();
    funnel::describe();
    Ok(handle)
}

fn describe() {
    describe_counter!(REQUESTS, "Requests answered, by route and status.");
    describe_histogram!(REQUEST_SECONDS, "From the request's head to the answer's head, by route.");
    describe_counter!(REFUSED, "Requests refused, by code.");
    describe_counter!(ACCEPTED, "Orders that joined a line.");
    describe_counter!(CONCLUDED, "Orders that left a line, by outcome.");
    describe_counter!(BATCHES, "Transactions committed.");
    describe_counter!(BATCH_FAILURES, "Transactions that failed and were undone.");
    describe_histogram!(BATCH_EVENTS, "Events in a transaction.");
    describe_histogram!(BATCH_SECONDS, "A transaction's time, fsync included.");
    describe_counter!(SET_ASIDE, "Sales whose record is wrong and in which nobody can buy.");
    describe_gauge!(QUEUED, "Orders in all lines now.");
    describe_counter!(PURGE_FAILURES, "Purges that an edge did not take; they are tried again.");
    describe_gauge!(PURGES_PENDING, "1 while an edge is out of reach and may show older pages, else 0.");
    describe_gauge!(CONNECTIONS, "Connections open now.");
    describe_gauge!(TASKS, "Tasks alive now, one or more for each connection.");
    describe_gauge!(SHARED_QUEUE, "Tasks ready to run that wait in the queue that all threads share.");
    describe_gauge!(CLOCK_GAP, "How far the system's clock is ahead of the shop's.");
    describe_counter!(LOG_LINES_LOST, "Log lines that found the buffer full.");
    describe_counter!(LOG_LINES_HELD_BACK, "Log lines that had just been written and were only counted.");
    describe_counter!(
        QUIZ_OVERUSED,
        "Questions asked with a picture beyond its bound: all of the sale's were used up."
    );
    describe_gauge!(
        QUIZ_FRESH,
        "The share of a sale's pictures that are drawn and have a use left, of the sale with least."
    );
    describe_gauge!(WAL_BYTES, "Size of the record's write-ahead log.");
    describe_counter!(OFFERED, "Requests that overload judged, by class; pages and the time are never judged.");
    describe_counter!(SHED, "Requests that overload refused, by class.");
    describe_gauge!(
        DRAWN_SHARE,
        "Of the lots of those who would begin where the crowd is, the share that is drawn this second, 0 to 1."
    );
    describe_gauge!(ADMITTED_SHARE, "The share of each class that overload lets in now, 0 to 1.");
    describe_gauge!(THREAD_WAIT, "How long work waits for a thread, on the mean.");
    describe_gauge!(BREAKER_OPEN, "1 while what failed again and again is left alone, else 0.");
    describe_gauge!(HOT_ITEMS, "Items that are hot now, by cause.");
    describe_counter!(HEAT_CHANGES, "Items that the crowd came to or left, by what happened.");
    describe_counter!(HEAT_REQUESTS, "Requests for items that were counted, those that the edges told of among them.");
    describe_counter!(HEAT_LOST, "Requests for items that were not counted for want of room.");
    describe_counter!(HEAT_FEED_LINES, "Lines of the edges' feed, by what became of them.");
}

/// What is counted of one route. Looked up by the recorder once a thread, and not for every request.
struct OfRoute {
    seconds: Histogram,
    by_status: Vec<(StatusCode, Counter)>,
}

thread_local! {
    /// Routes are as many as the router has.
    static OF_ROUTES: RefCell<HashMap<String, OfRoute, RandomState>> = RefCell::default();
}

pub(crate) fn request_answered(route: &str, status: StatusCode, elapsed: Duration) {
    OF_ROUTES.with_borrow_mut(|routes| {
        if !routes.contains_key(route) {
            let seconds = histogram!(REQUEST_SECONDS, "route" => route.to_owned());
            routes.insert(route.to_owned(), OfRoute { seconds, by_status: Vec::new() });
        }
        let Some(OfRoute { seconds, by_status }) = routes.get_mut(route) else { return };
        seconds.record(elapsed.as_secs_f64());
        if let Some((_, requests)) = by_status.iter().find(|(known, _)| *known == status) {
            requests.increment(1);
        } else {
            let requests = counter!(REQUESTS, "route" => route.to_owned(), "status" => status.as_str().to_owned());
            requests.increment(1);
            by_status.push((status, requests));
        }
    });
}

pub(crate) fn refused(code: &'static str) {
    counter!(REFUSED, "code" => code).increment(1);
}

pub(crate) fn order_accepted() {
    counter!(ACCEPTED).increment(1);
}

/// What one round of the committer did.
pub(crate) fn round_done(tally: &Tally) {
    if let Some(events) = tally.committed_events {
        counter!(BATCHES).increment(1);
        histogram!(BATCH_EVENTS).record(events as f64);
        histogram!(BATCH_SECONDS).record(tally.commit_time.as_secs_f64());
    }
    if tally.failed {
        counter!(BATCH_FAILURES).increment(1);
    }
    counter!(SET_ASIDE).increment(tally.set_aside);
    funnel::passed(Layer::Ledger, tally.held + tally.entered + tally.waiting);
    funnel::refused(Layer::Ledger, tally.rejected + tally.sold_out);
    let outcomes = [
        ("held", tally.held),
        ("entered", tally.entered),
        ("waiting", tally.waiting),
        ("rejected", tally.rejected),
        ("sold_out", tally.sold_out),
    ];
    for (outcome, count) in outcomes {
        if count > 0 {
            counter!(CONCLUDED, "outcome" => outcome).increment(count);
        }
    }
}

pub(crate) fn quiz_overused(questions: u64) {
    counter!(QUIZ_OVERUSED).increment(questions);
}

pub(crate) fn purge_failed() {
    counter!(PURGE_FAILURES).increment(1);
}

pub(crate) fn purges_pending(pending: bool) {
    gauge!(PURGES_PENDING).set(f64::from(u8::from(pending)));
}

/// What became of the log's lines, since the start.
pub(crate) fn log_lines(lost: u64, held_back: u64) {
    counter!(LOG_LINES_LOST).absolute(lost);
    counter!(LOG_LINES_HELD_BACK).absolute(held_back);
}

/// So that the first of each is seen as a rise from zero.
pub(crate) fn heat_begins() {
    heat_counted(0);
    heat_lost(0);
    for happened in ["found", "cooled"] {
        counter!(HEAT_CHANGES, "happened" => happened).increment(0);
    }
    for line in [FeedLine::Counted, FeedLine::PassedOver, FeedLine::Refused, FeedLine::Lost] {
        feed_lines(line, 0);
    }
}

pub(crate) fn heat_counted(requests: u64) {
    counter!(HEAT_REQUESTS).increment(requests);
}

pub(crate) fn heat_lost(requests: u64) {
    counter!(HEAT_LOST).increment(requests);
}

pub(crate) fn heat_changed(is_hot: bool) {
    counter!(HEAT_CHANGES, "happened" => if is_hot { "found" } else { "cooled" }).increment(1);
}

pub(crate) fn hot_items(cause: HeatCause, items: usize) {
    let cause = match cause {
        HeatCause::Enrolled => "enrolled",
        HeatCause::Predicted => "predicted",
        HeatCause::Found => "found",
    };
    gauge!(HOT_ITEMS, "cause" => cause).set(items as f64);
}

/// What became of a line of an edge's feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeedLine {
    Counted,
    PassedOver,
    Refused,
    Lost,
}

pub(crate) fn feed_lines(line: FeedLine, count: u64) {
    let outcome = match line {
        FeedLine::Counted => "counted",
        FeedLine::PassedOver => "passed_over",
        FeedLine::Refused => "refused",
        FeedLine::Lost => "lost",
    };
    counter!(HEAT_FEED_LINES, "outcome" => outcome).increment(count);
}

/// Whether what one breaker stands before is left alone now.
pub(crate) fn breaker(of: &'static str, is_open: bool) {
    gauge!(BREAKER_OPEN, "of" => of).set(f64::from(u8::from(is_open)));
}

/// Of the quiz's pictures, the share that is drawn and has a use left, for the sale that has least.
pub(crate) fn quiz_fresh(share: f64) {
    gauge!(QUIZ_FRESH).set(share);
}

/// What overload did, since the start.
pub(crate) fn overload(overload: &Overload) {
    gauge!(THREAD_WAIT).set(f64::from(overload.delay_us()) / 1e6);
    let drawn = overload.lottery.newest().map_or(1.0, |round| f64::from(round.per_million) / f64::from(MILLION));
    gauge!(DRAWN_SHARE).set(drawn);
    for class in Class::ALL {
        let (offered, shed) = overload.counts(class);
        counter!(OFFERED, "class" => class.as_str()).absolute(offered);
        counter!(SHED, "class" => class.as_str()).absolute(shed);
        gauge!(ADMITTED_SHARE, "class" => class.as_str()).set(overload.share_of(class));
    }
}

/// What is read when it is asked for.
pub(crate) fn sample(queued: u64, connections: usize, runtime: &RuntimeMetrics, clock_gap_us: i64, wal_bytes: u64) {
    gauge!(QUEUED).set(queued as f64);
    gauge!(CONNECTIONS).set(connections as f64);
    gauge!(TASKS).set(runtime.num_alive_tasks() as f64);
    gauge!(SHARED_QUEUE).set(runtime.global_queue_depth() as f64);
    gauge!(CLOCK_GAP).set(clock_gap_us as f64 / 1e6);
    gauge!(WAL_BYTES).set(wal_bytes as f64);
}
