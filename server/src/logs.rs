//! Logs that never hold a request up: lines go into a bounded buffer, and a thread of their own writes them. Where it
//! cannot keep up, lines are lost and counted. What is said over and over is written once a window, with a count at its end.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::metrics;

/// Lines that wait for their writer, at most. One more is lost.
const MAX_LINES_WAITING: usize = 2_048;

/// The same line again within this time is only counted.
const REPEAT_WINDOW: Duration = Duration::from_secs(10);

/// Different lines that are remembered at a time. With more, new ones are written without being remembered.
const MAX_LINES_REMEMBERED: usize = 512;

/// The lines that say how often another was repeated.
const REPEATS_TARGET: &str = "stampede::repeats";

/// Of a line that was repeated, so much is told again.
const MAX_TOLD_CHARS: usize = 200;

static LOGS: OnceLock<Logs> = OnceLock::new();

struct Logs {
    /// Writes what is left when it is dropped, for about a second at most.
    guard: Mutex<Option<WorkerGuard>>,
    lost: ErrorCounter,
    repeats: Repeats,
}

/// Text at a terminal, JSON for machines; `RUST_LOG` says how much.
pub(crate) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let (writer, guard) = off_the_path(std::io::stderr());
    let repeats = Repeats::default();
    let logs = Logs { guard: Mutex::new(Some(guard)), lost: writer.error_counter(), repeats: repeats.clone() };
    if LOGS.set(logs).is_err() {
        return;
    }
    // A panic is told where everything else is, once, and in the same form.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic")));
    let subscriber = tracing_subscriber::registry().with(filter).with(repeats);
    if std::io::stderr().is_terminal() {
        subscriber.with(fmt::layer().with_target(false).with_writer(writer)).init();
    } else {
        subscriber.with(fmt::layer().json().flatten_event(true).with_writer(writer)).init();
    }
}

/// Writes what waits, in bounded time. Nothing is written after it: for the end of the process.
pub(crate) fn finish() {
    let Some(logs) = LOGS.get() else { return };
    tell_repeats(&logs.repeats, Instant::now() + REPEAT_WINDOW);
    drop(logs.guard.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// Says what was repeated in windows that have ended, and counts what was lost. To be called every second.
pub(crate) fn tend() {
    let Some(logs) = LOGS.get() else { return };
    tell_repeats(&logs.repeats, Instant::now());
    metrics::log_lines(logs.lost.dropped_lines() as u64, logs.repeats.held_back.load(Ordering::Relaxed));
}

fn off_the_path(writer: impl Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default().lossy(true).buffered_lines_limit(MAX_LINES_WAITING).thread_name("logs").finish(writer)
}

fn tell_repeats(repeats: &Repeats, now: Instant) {
    for Repeat { level, text, times } in repeats.ended(now) {
        let within_seconds = REPEAT_WINDOW.as_secs();
        match level {
            Level::ERROR => tracing::error!(target: REPEATS_TARGET, times, within_seconds, text, "said again"),
            Level::WARN => tracing::warn!(target: REPEATS_TARGET, times, within_seconds, text, "said again"),
            _ => tracing::info!(target: REPEATS_TARGET, times, within_seconds, text, "said again"),
        }
    }
}

/// Holds back lines that were written moments ago. Those for debugging are left alone: each is about one request.
#[derive(Clone, Default)]
struct Repeats {
    heard: Arc<Mutex<HashMap<u64, Heard>>>,
    held_back: Arc<AtomicU64>,
}

struct Heard {
    since: Instant,
    repeated: u64,
    level: Level,
    text: String,
}

/// A line that was held back in a window that has ended.
#[derive(Debug, PartialEq, Eq)]
struct Repeat {
    level: Level,
    text: String,
    times: u64,
}

impl Repeats {
    /// Whether a line is to be written. Never waits: where another thread is looking, it is.
    fn is_new(&self, key: u64, level: Level, now: Instant, text: impl FnOnce() -> String) -> bool {
        let Ok(mut heard) = self.heard.try_lock() else { return true };
        if let Some(before) = heard.get_mut(&key).filter(|before| now.duration_since(before.since) < REPEAT_WINDOW) {
            before.repeated += 1;
            self.held_back.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        // One whose window has ended with repeats is told of before it begins anew.
        let is_untold = heard.get(&key).is_some_and(|before| before.repeated > 0);
        if !is_untold && (heard.len() < MAX_LINES_REMEMBERED || heard.contains_key(&key)) {
            heard.insert(key, Heard { since: now, repeated: 0, level, text: text() });
        }
        true
    }

    /// Takes out what is over.
    fn ended(&self, now: Instant) -> Vec<Repeat> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |heard: &Heard| now.duration_since(heard.since) >= REPEAT_WINDOW;
        let ended = heard.extract_if(|_, heard| over(heard)).map(|(_, heard)| heard);
        let repeated = ended.filter(|heard| heard.repeated > 0);
        repeated.map(|Heard { level, text, repeated, .. }| Repeat { level, text, times: repeated }).collect()
    }
}

impl<S: Subscriber> Layer<S> for Repeats {
    fn event_enabled(&self, event: &Event<'_>, _context: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO || metadata.target() == REPEATS_TARGET {
            return true;
        }
        let mut line = Line::default();
        event.record(&mut line);
        // The same words from another place are another line.
        line.hasher.write(metadata.target().as_bytes());
        line.hasher.write_u32(metadata.line().unwrap_or_default());
        self.is_new(line.hasher.finish(), *metadata.level(), Instant::now(), || line.text)
    }
}

/// A line's fields: all of them as a hash, and the beginning as text.
#[derive(Default)]
struct Line {
    hasher: DefaultHasher,
    text: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let before = self.text.len();
        // Into a string nothing fails.
        let _never = write!(self.text, "{}{}={value:?}", if before == 0 { "" } else { " " }, field.name());
        self.hasher.write(&self.text.as_bytes()[before..]);
        if let Some((end, _)) = self.text.char_indices().nth(MAX_TOLD_CHARS) {
            self.text.truncate(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> String {
        "a line".to_owned()
    }

    #[test]
    fn what_is_said_again_within_the_window_is_counted_and_told_once_at_its_end() {
        let (repeats, start) = (Repeats::default(), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        assert!(repeats.is_new(1, Level::WARN, start, text));
        assert!((0..1_000).all(|_| !repeats.is_new(1, Level::WARN, at(9), text)));
        assert!(repeats.is_new(2, Level::WARN, at(9), text), "another line is not held back");
        assert_eq!(repeats.ended(at(9)), []);
        let told = Repeat { level: Level::WARN, text: text(), times: 1_000 };
        assert_eq!(repeats.ended(at(10)), [told]);
        assert_eq!(repeats.ended(at(20)), [], "told once, and one that was not repeated not at all");
        assert!(repeats.is_new(1, Level::WARN, at(21), text));
        assert_eq!(repeats.held_back.load(Ordering::Relaxed), 1_000);
    }

    #[test]
    fn a_flood_of_different_lines_takes_bounded_room() {
        let (repeats, start) = (Repeats::default(), Instant::now());
        assert!((0..10_000).all(|key| repeats.is_new(key, Level::ERROR, start, text)));
        assert_eq!(repeats.heard.lock().unwrap().len(), MAX_LINES_REMEMBERED);
    }

    #[test]
    fn a_writer_that_never_comes_back_loses_lines_and_holds_nobody_up() {
        /// Waits for ever, as a full pipe does.
        struct Stuck(std::sync::mpsc::Receiver<()>);
        impl Write for Stuck {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                let _released = self.0.recv();
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let (release, stuck) = std::sync::mpsc::channel();
        let (mut writer, guard) = off_the_path(Stuck(stuck));
        let lines = MAX_LINES_WAITING * 3;
        for _ in 0..lines {
            writer.write_all(b"a line\n").unwrap();
        }
        // The writer has one in its hands.
        assert!(writer.error_counter().dropped_lines() >= lines - MAX_LINES_WAITING - 1);
        drop(release);
        drop(guard);
    }

    #[test]
    fn lines_differ_by_what_they_say() {
        #[derive(Clone, Default)]
        struct Counted(Arc<AtomicU64>);
        impl<S: Subscriber> Layer<S> for Counted {
            fn on_event(&self, _event: &Event<'_>, _context: Context<'_, S>) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let written = Counted::default();
        let subscriber = tracing_subscriber::registry().with(Repeats::default()).with(written.clone());
        tracing::subscriber::with_default(subscriber, || {
            for number in [1, 2, 2, 2, 1, 3] {
                tracing::warn!(number, "a line");
                tracing::debug!(number, "each request");
            }
        });
        assert_eq!(written.0.load(Ordering::Relaxed), 3 + 6);
    }
}
