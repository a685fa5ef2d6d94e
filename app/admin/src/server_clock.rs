//! The server's clock, which alone decides when a sale opens.

use api::ServerTime;
use clock::{Estimator, Exchange};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use crate::{browser, http};

/// Exchanges made at once when the page opens; the shortest of them sets the bound.
const FIRST_EXCHANGES: u32 = 4;
const FIRST_PAUSE_MS: u32 = 150;
/// After that the clocks drift by at most a millisecond in ten seconds.
const LATER_PAUSE_MS: u32 = 20_000;
/// How often the shown time is looked at. The signal changes once a second.
const TICK_MS: u32 = 100;

/// A handle to the one estimator of the page.
#[derive(Clone, Copy)]
pub(crate) struct ServerClock {
    estimator: StoredValue<Estimator>,
    second_ms: RwSignal<Option<i64>>,
}

impl ServerClock {
    pub(crate) fn start() -> Self {
        let clock = Self { estimator: StoredValue::new(Estimator::new()), second_ms: RwSignal::new(None) };
        spawn_local(async move {
            for exchanged in 1_u32.. {
                clock.exchange().await;
                TimeoutFuture::new(if exchanged < FIRST_EXCHANGES { FIRST_PAUSE_MS } else { LATER_PAUSE_MS }).await;
            }
        });
        spawn_local(async move {
            loop {
                let second_ms = clock.now_ms().map(|now_ms| now_ms - now_ms.rem_euclid(1_000));
                if clock.second_ms.get_untracked() != second_ms {
                    clock.second_ms.set(second_ms);
                }
                TimeoutFuture::new(TICK_MS).await;
            }
        });
        clock
    }

    /// The server's time in Unix epoch milliseconds; none until the server has answered once.
    pub(crate) fn now_ms(self) -> Option<i64> {
        let now_us = browser::monotonic_us();
        let estimate = self.estimator.with_value(|estimator| estimator.estimate(now_us))?;
        Some(((now_us + estimate.offset_us) / 1e3) as i64)
    }

    /// The server's time, or this machine's while the server has not answered yet.
    pub(crate) fn now_or_local_ms(self) -> i64 {
        self.now_ms().unwrap_or_else(|| js_sys::Date::now() as i64)
    }

    /// The server's time in whole seconds; whoever reads it is told of every new second.
    pub(crate) fn second_ms(self) -> Option<i64> {
        self.second_ms.get()
    }

    /// How far off the shown time may be, in milliseconds.
    pub(crate) fn bound_ms(self) -> Option<f64> {
        let now_us = browser::monotonic_us();
        self.estimator.with_value(|estimator| estimator.estimate(now_us)).map(|estimate| estimate.bound_us / 1e3)
    }

    async fn exchange(self) {
        let sent_us = browser::monotonic_us();
        // A missed exchange costs accuracy only; the next one comes soon.
        if let Ok(time) = http::get::<ServerTime>("/csi/time").await {
            let exchange = Exchange {
                sent_us,
                server_received_us: time.received_us,
                server_sent_us: time.sent_us,
                received_us: browser::monotonic_us(),
            };
            self.estimator.update_value(|estimator| {
                estimator.exchange(exchange, &time.clock_id);
            });
        }
    }
}
