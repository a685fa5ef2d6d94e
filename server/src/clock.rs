//! The server's one clock, shared by all who ask for the time.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use clock::Slewed;
use uuid::Uuid;

/// How often the clock is led towards the system's.
pub(crate) const DISCIPLINE_INTERVAL: Duration = Duration::from_secs(1);

/// A system clock further off than this means that one of the two is wrong: not ready.
pub(crate) const SANE_GAP_US: i64 = 2_000_000;

/// Wall time at boot plus monotonic time, slewed, never stepped back.
#[derive(Clone)]
pub(crate) struct ServerClock {
    shared: Arc<Shared>,
}

struct Shared {
    boot: Instant,
    slewed: ArcSwap<Slewed>,
    clock_id: String,
}

impl ServerClock {
    pub(crate) fn start() -> Self {
        let slewed = ArcSwap::from_pointee(Slewed::new(0, system_us()));
        let clock_id = Uuid::new_v4().simple().to_string();
        Self { shared: Arc::new(Shared { boot: Instant::now(), slewed, clock_id }) }
    }

    /// Epoch microseconds.
    pub(crate) fn now_us(&self) -> i64 {
        self.shared.slewed.load().now_us(self.monotonic_us())
    }

    /// Epoch milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now_us().div_euclid(1_000)
    }

    /// Names this life of the clock.
    pub(crate) fn id(&self) -> &str {
        &self.shared.clock_id
    }

    /// How far the system's clock is ahead.
    pub(crate) fn gap_us(&self) -> i64 {
        self.shared.slewed.load().gap_us(self.monotonic_us(), system_us())
    }

    /// Leads the clock towards the system's; to be called every [`DISCIPLINE_INTERVAL`].
    pub(crate) fn discipline(&self) {
        let horizon_us = DISCIPLINE_INTERVAL.as_micros() as i64;
        let next = self.shared.slewed.load().disciplined(self.monotonic_us(), system_us(), horizon_us);
        self.shared.slewed.store(Arc::new(next));
    }

    fn monotonic_us(&self) -> i64 {
        self.shared.boot.elapsed().as_micros() as i64
    }
}

/// The system's wall clock. Only this file reads it.
fn system_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}
