//! Tells the edges, tier by tier, until each has been told.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::{mpsc, watch};

use super::warm::{self, MAX_WARM_JOBS, Warming};
use super::{Edge, Shared, Stale};
use crate::metrics;

/// Between the two purges of a tier: time for an answer that was being kept to be there and be found.
const SECOND_PURGE_AFTER: Duration = Duration::from_millis(20);

/// An edge that is out of reach is tried again after this long, and ever more seldom up to the longest.
const RETRY: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// An edge and what it still has to forget.
struct Told {
    edge: Edge,
    stale: Stale,
}

/// The one who tells the edges. Run it once.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    tiers: Vec<Vec<Told>>,
    warming: mpsc::Sender<Warming>,
    warmings: Option<mpsc::Receiver<Warming>>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, tiers: Vec<Vec<Edge>>) -> Self {
        let told = |edge| Told { edge, stale: Stale::default() };
        let tiers = tiers.into_iter().map(|tier| tier.into_iter().map(told).collect()).collect();
        let (warming, warmings) = mpsc::channel(MAX_WARM_JOBS);
        Self { shared, tiers, warming, warmings: Some(warmings) }
    }

    /// Runs until the shop goes down.
    pub(crate) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let warmer = self.warmings.take().map(|warmings| tokio::spawn(warm::run(warmings, stopped.clone())));
        let mut retry = RETRY;
        loop {
            let pending = self.tiers.iter().flatten().any(|told| !told.stale.tags.is_empty());
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => break,
                () = self.shared.wake.notified() => {}
                () = tokio::time::sleep(retry), if pending => {}
            }
            let generation = self.take_what_is_wanted();
            if self.tell().await {
                retry = RETRY;
                self.shared.clean_through.send_replace(generation);
                metrics::purges_pending(false);
            } else {
                retry = (retry * 2).min(RETRY_MAX);
                metrics::purges_pending(true);
            }
        }
        drop(self.warming);
        if let Some(warmer) = warmer {
            let _ended_with_the_shop = warmer.await;
        }
    }

    fn take_what_is_wanted(&mut self) -> u64 {
        let (stale, generation) = {
            let mut wanted = self.shared.wanted.lock().unwrap_or_else(PoisonError::into_inner);
            (std::mem::take(&mut wanted.stale), wanted.generation)
        };
        for told in self.tiers.iter_mut().flatten() {
            told.stale.merge(&stale);
        }
        generation
    }

    /// One round over all tiers. Answers whether every edge is clean.
    async fn tell(&mut self) -> bool {
        let mut from_above = Stale::default();
        for tier in &mut self.tiers {
            // What was taken from a tier above only now may have been fetched from there meanwhile.
            let cleaned = join_all(tier.iter_mut().map(|told| async {
                told.stale.merge(&from_above);
                told.tell().await
            }));
            for stale in cleaned.await.into_iter().flatten() {
                from_above.merge(&stale);
            }
        }
        let clean = self.tiers.iter().flatten().all(|told| told.stale.tags.is_empty());
        if clean && !from_above.paths.is_empty() {
            self.warm(from_above);
        }
        clean
    }

    /// Fills the outermost tier again; what it asks for fills the tiers above.
    fn warm(&self, stale: Stale) {
        let outermost = self.tiers.last().into_iter().flatten();
        for edge in outermost.map(|told| &told.edge).filter(|edge| edge.origin().is_some()) {
            let job = Warming { edge: edge.clone(), paths: stale.paths.clone() };
            if self.warming.try_send(job).is_err() {
                tracing::debug!(edge = edge.name(), "enough is being warmed already; its visitors fill this edge");
            }
        }
    }
}

impl Told {
    /// Has the edge forget what it has to; answers with what that was, once it is gone.
    async fn tell(&mut self) -> Option<Stale> {
        if self.stale.tags.is_empty() {
            return None;
        }
        let telling = async {
            self.edge.purge(&self.stale.tags).await?;
            tokio::time::sleep(SECOND_PURGE_AFTER).await;
            self.edge.purge_again(&self.stale.tags).await
        };
        if let Err(error) = telling.await {
            metrics::purge_failed();
            tracing::warn!(%error, edge = self.edge.name(), "an edge could not be purged; it is told again");
            return None;
        }
        Some(std::mem::take(&mut self.stale))
    }
}
