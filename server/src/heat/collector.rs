//! The thread that counts: it empties the lanes every few milliseconds and tells what has become hot.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use api::HeatCause;
use heat::{Change, Detector, Key, TICK};

use super::foresight::Foresight;
use super::{Heat, HotItems};
use crate::catalog::Catalog;
use crate::http::App;
use crate::metrics;

/// The pace while there is little to do: too few requests to find anything in 20 ms, however often one looks.
const IDLE_TICK: Duration = Duration::from_millis(8);

/// Requests a second from which on the pace is [`TICK`].
const BUSY_PER_SECOND: f64 = 1_000.0;

/// How often shares and rates are told anew. What changes is told at once.
const TELL_INTERVAL: Duration = Duration::from_millis(250);

/// How often the likely items are thought of anew.
const FORESEE_INTERVAL: Duration = Duration::from_secs(5);

/// The thread, until it is stopped.
pub(crate) struct Collector {
    stopped: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Collector {
    pub(crate) fn start(app: App) -> std::io::Result<Self> {
        let stopped = Arc::new(AtomicBool::new(false));
        let mut counting = Counting::new(app);
        counting.tell();
        let told = Arc::clone(&stopped);
        let thread = std::thread::Builder::new().name("heat".to_owned()).spawn(move || {
            while !told.load(Ordering::Acquire) {
                std::thread::sleep(counting.pace());
                counting.round();
            }
        })?;
        Ok(Self { stopped, thread })
    }

    /// Blocks for a tick at most.
    pub(crate) fn stop(self) {
        self.stopped.store(true, Ordering::Release);
        if self.thread.join().is_err() {
            tracing::error!("the thread that counts the requests for items had panicked");
        }
    }
}

struct Counting {
    app: App,
    heat: Heat,
    began: Instant,
    detector: Detector,
    foresight: Foresight,
    likely: Vec<Key>,
    samples: Vec<Key>,
    lost: u64,
    told_at: Duration,
    foreseen_at: Duration,
}

impl Counting {
    fn new(app: App) -> Self {
        let heat = app.heat.clone();
        metrics::heat_begins();
        Self {
            app,
            heat,
            began: Instant::now(),
            detector: Detector::default(),
            foresight: Foresight::default(),
            likely: Vec::new(),
            samples: Vec::new(),
            lost: 0,
            told_at: Duration::ZERO,
            foreseen_at: Duration::ZERO,
        }
    }

    fn pace(&self) -> Duration {
        if self.detector.per_second() >= BUSY_PER_SECOND { TICK } else { IDLE_TICK }
    }

    fn round(&mut self) {
        self.samples.clear();
        self.heat.shared.lanes.drain(&mut self.samples);
        let now = self.began.elapsed();
        let changes = self.detector.tick(now, &self.samples);
        self.foresight.visited(&self.samples);
        if !self.samples.is_empty() {
            metrics::heat_counted(self.samples.len() as u64);
        }
        if now - self.foreseen_at >= FORESEE_INTERVAL {
            self.foreseen_at = now;
            let (catalog, now_ms) = (self.app.publisher.catalog(), self.app.clock.now_ms());
            self.likely = self.foresight.likely(now, |key| has_a_sale_to_come(&catalog, key, now_ms));
        }
        if !changes.is_empty() || now - self.told_at >= TELL_INTERVAL {
            self.tell();
            changes.iter().for_each(|change| self.note(*change));
        }
    }

    /// Tells everybody what is hot now.
    fn tell(&mut self) {
        let (now, now_ms) = (self.began.elapsed(), self.app.clock.now_ms());
        self.told_at = now;
        let catalog = self.app.publisher.catalog();
        let epoch_ms = |moment: Duration| now_ms - now.saturating_sub(moment).as_millis() as i64;
        let next = self.heat.hot().after(&catalog, &self.detector, &self.likely, now_ms, epoch_ms);
        for cause in [HeatCause::Enrolled, HeatCause::Predicted, HeatCause::Found] {
            metrics::hot_items(cause, next.count(cause));
        }
        let lost = self.heat.lost();
        metrics::heat_lost(lost - self.lost);
        self.lost = lost;
        self.heat.shared.hot.store(Arc::<HotItems>::new(next));
    }

    fn note(&self, change: Change) {
        let (Change::Found(key) | Change::Cooled(key)) = change;
        let item_id = self.app.publisher.catalog().item_by_heat(key).map(|item| item.item_id.to_string());
        let reading = self.detector.reading(key);
        let per_second = reading.map_or(0.0, |reading| reading.per_second).round();
        let is_hot = matches!(change, Change::Found(_));
        metrics::heat_changed(is_hot);
        if is_hot {
            tracing::info!(item_id, per_second, "the crowd is at an item");
        } else {
            tracing::info!(item_id, per_second, "the crowd has left an item");
        }
    }
}

/// Of the items that were visited, only those can be wanted that can be bought some day.
fn has_a_sale_to_come(catalog: &Catalog, key: Key, now_ms: i64) -> bool {
    let sale = catalog.item_by_heat(key).and_then(|item| catalog.shown_sale(item.item_id, now_ms));
    sale.is_some_and(|sale| sale.called_off_at_ms.is_none() && now_ms < sale.ends_at_ms)
}
