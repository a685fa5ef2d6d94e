//! What is read of the sale, again and again, and kept for the plot.

use api::{Item, LedgerState, Sale};
use leptos::{prelude::*, task::spawn_local};

use super::geometry::{self, Sample};
use crate::{
    desk::Desk,
    http::{self, Failure},
    poll,
};

const PERIOD_MS: u32 = 1_000;

/// A reading of the stock, and when it was made by the server's clock.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) ledger: LedgerState,
    pub(crate) queued: u64,
    pub(crate) waiting: u64,
    pub(crate) at_ms: i64,
}

#[derive(Clone, Copy)]
pub(crate) struct Watch {
    pub(crate) sale: RwSignal<Option<Sale>>,
    pub(crate) item: RwSignal<Option<Item>>,
    pub(crate) reading: RwSignal<Option<Reading>>,
    pub(crate) samples: RwSignal<Vec<Sample>>,
    /// Why the last reading failed; none while readings come in.
    pub(crate) failure: RwSignal<Option<Failure>>,
    sale_id: StoredValue<String>,
    desk: Desk,
}

impl Watch {
    /// Watches until the view that asked is gone.
    pub(crate) fn start(sale_id: String) -> Self {
        let watch = Self {
            sale: RwSignal::new(None),
            item: RwSignal::new(None),
            reading: RwSignal::new(None),
            samples: RwSignal::new(Vec::new()),
            failure: RwSignal::new(None),
            sale_id: StoredValue::new(sale_id),
            desk: Desk::here(),
        };
        poll::every(PERIOD_MS, async move || watch.read().await, move |answer| watch.take(answer));
        watch
    }

    pub(crate) fn sale_id(self) -> String {
        self.sale_id.get_value()
    }

    /// The path of a call about this sale: `/ledger`, `/publish`, or nothing more.
    pub(crate) fn path(self, tail: &str) -> String {
        format!("/api/merchant/sales/{}{tail}", http::escaped(&self.sale_id.try_get_value().unwrap_or_default()))
    }

    /// Reads at once, after a change.
    pub(crate) fn read_now(self) {
        spawn_local(async move {
            let answer = self.read().await;
            self.take(answer);
        });
    }

    async fn read(self) -> Result<(Sale, Option<Reading>), Failure> {
        let sale: Sale = http::get(&self.path("")).await?;
        let ledger = match http::get::<LedgerState>(&self.path("/ledger")).await {
            Ok(ledger) => Some(ledger),
            // A draft may have no stock on record yet.
            Err(Failure::Refused(_)) if !sale.published => None,
            Err(failure) => return Err(failure),
        };
        let at_ms = self.desk.clock.now_or_local_ms();
        let reading = ledger.map(|ledger| Reading { ledger, queued: sale.queued, waiting: sale.waiting, at_ms });
        if self.item.try_with_untracked(Option::is_none) == Some(true) {
            // The page stands without its picture and title; the next round asks again.
            let path = format!("/api/merchant/items/{}", http::escaped(&sale.item_id));
            if let Ok(item) = http::get::<Item>(&path).await {
                self.item.set(Some(item));
            }
        }
        Ok((sale, reading))
    }

    fn take(self, answer: Result<(Sale, Option<Reading>), Failure>) {
        match answer {
            Ok((sale, reading)) => {
                if let Some(reading) = &reading {
                    let (ledger, at_ms) = (&reading.ledger, reading.at_ms);
                    let sample = Sample { at_ms, sold: ledger.sold, held: ledger.held, free: ledger.free };
                    self.samples.update(|samples| geometry::keep(samples, sample));
                }
                self.sale.set(Some(sale));
                self.reading.set(reading);
                self.failure.set(None);
            }
            Err(failure) => {
                self.desk.note(&failure);
                self.failure.set(Some(failure));
            }
        }
    }
}
