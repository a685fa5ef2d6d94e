//! What keeps one hot item from taking what all share.

use std::sync::{Arc, Weak};

use api::Recommendation;
use arc_swap::ArcSwapOption;
use sale::{ItemId, SaleId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Heat, HotItem};
use crate::catalog::Catalog;

/// Reads of the record at a time for one hot item: half of the connections that there are.
pub(crate) const READS_PER_HOT_ITEM: usize = 2;

/// Requests for one hot item that wait for such a read, at most; the next is told that the shop is busy.
pub(crate) const WAITING_PER_HOT_ITEM: usize = 2_000;

/// What is recommended beside a hot item is worked out anew after so long.
const PINNED_MS: i64 = 1_000;

/// And what its sale is doing, after so long, or when the merchant has changed anything.
const PINNED_STATE_MS: i64 = 20;

/// One hot item's own line for slow work, and what is worked out for it once and not for each of the crowd.
#[derive(Debug)]
pub(super) struct Isolation {
    running: Arc<Semaphore>,
    inside: Arc<Semaphore>,
    recommended: ArcSwapOption<Pinned>,
    state: ArcSwapOption<PinnedState>,
}

/// What a sale is doing, as it is told to everybody.
#[derive(Debug)]
struct PinnedState {
    sale_id: SaleId,
    made_at_ms: i64,
    /// What merchants had said by then.
    catalog: Weak<Catalog>,
    json: Vec<u8>,
}

#[derive(Debug)]
struct Pinned {
    made_at_ms: i64,
    recommended: Arc<Vec<Recommendation>>,
}

impl Default for Isolation {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(READS_PER_HOT_ITEM)),
            inside: Arc::new(Semaphore::new(READS_PER_HOT_ITEM + WAITING_PER_HOT_ITEM)),
            recommended: ArcSwapOption::empty(),
            state: ArcSwapOption::empty(),
        }
    }
}

/// The leave to do slow work for an item, until it is dropped. Empty for an item that is not hot.
pub(crate) struct Turn {
    _held: Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
}

/// As many wait as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Isolation {
    async fn turn(&self) -> Result<Turn, TooMany> {
        let inside = Arc::clone(&self.inside).try_acquire_owned().map_err(|_| TooMany)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| TooMany)?;
        Ok(Turn { _held: Some((inside, running)) })
    }

    fn pinned(&self, now_ms: i64, work_out: impl FnOnce() -> Vec<Recommendation>) -> Arc<Vec<Recommendation>> {
        if let Some(pinned) = self.recommended.load().as_ref()
            && now_ms - pinned.made_at_ms < PINNED_MS
        {
            return Arc::clone(&pinned.recommended);
        }
        let recommended = Arc::new(work_out());
        self.recommended.store(Some(Arc::new(Pinned { made_at_ms: now_ms, recommended: Arc::clone(&recommended) })));
        recommended
    }
}

impl HotItem {
    /// Writes what a sale of this item is doing.
    pub(crate) fn write_state(
        &self,
        sale_id: SaleId,
        now_ms: i64,
        catalog: &Arc<Catalog>,
        work_out: impl FnOnce() -> Option<Vec<u8>>,
        write: impl FnOnce(&[u8]),
    ) -> Option<()> {
        if let Some(pinned) = self.isolation.state.load().as_ref()
            && (pinned.sale_id, now_ms - pinned.made_at_ms < PINNED_STATE_MS) == (sale_id, true)
            && pinned.catalog.as_ptr() == Arc::as_ptr(catalog)
        {
            write(&pinned.json);
            return Some(());
        }
        let json = work_out()?;
        write(&json);
        let pinned = PinnedState { sale_id, made_at_ms: now_ms, catalog: Arc::downgrade(catalog), json };
        self.isolation.state.store(Some(Arc::new(pinned)));
        Some(())
    }
}

impl Heat {
    /// Waits for an item's turn to ask the record. At once, where the item is not hot.
    pub(crate) async fn turn(&self, item_id: ItemId) -> Result<Turn, TooMany> {
        let isolation = self.hot().get(item_id).map(|item| Arc::clone(&item.isolation));
        match isolation {
            Some(isolation) => isolation.turn().await,
            None => Ok(Turn { _held: None }),
        }
    }

    /// What is recommended beside an item: for a hot one as it was worked out within the last second.
    pub(crate) fn pinned(
        &self,
        item_id: Option<ItemId>,
        now_ms: i64,
        work_out: impl FnOnce() -> Vec<Recommendation>,
    ) -> Arc<Vec<Recommendation>> {
        match item_id.and_then(|item_id| self.hot().get(item_id).map(|item| Arc::clone(&item.isolation))) {
            Some(isolation) => isolation.pinned(now_ms, work_out),
            None => Arc::new(work_out()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hot_item_has_so_many_turns_and_so_many_who_wait_and_gives_them_back() {
        let isolation = Arc::new(Isolation::default());
        let mut held = Vec::new();
        for _ in 0..READS_PER_HOT_ITEM {
            held.push(isolation.turn().await.unwrap());
        }
        let waiting: Vec<_> = (0..WAITING_PER_HOT_ITEM)
            .map(|_| {
                let isolation = Arc::clone(&isolation);
                tokio::spawn(async move { isolation.turn().await.map(drop) })
            })
            .collect();
        while isolation.inside.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(isolation.turn().await.err(), Some(TooMany));
        held.clear();
        for waiter in waiting {
            assert_eq!(waiter.await.unwrap(), Ok(()));
        }
        assert_eq!(isolation.inside.available_permits(), READS_PER_HOT_ITEM + WAITING_PER_HOT_ITEM);
    }

    #[test]
    fn what_is_recommended_beside_a_hot_item_is_worked_out_once_a_second() {
        let (isolation, mut worked_out) = (Isolation::default(), 0);
        for now_ms in [5_000, 5_001, 5_999, 6_000, 6_500] {
            isolation.pinned(now_ms, || {
                worked_out += 1;
                Vec::new()
            });
        }
        assert_eq!(worked_out, 2);
    }

    #[tokio::test]
    async fn an_item_that_is_not_hot_waits_for_nobody() {
        let heat = Heat::default();
        let item_id = ItemId(uuid::Uuid::now_v7());
        let mut held = Vec::new();
        for _ in 0..READS_PER_HOT_ITEM * 3 {
            held.push(heat.turn(item_id).await.unwrap());
        }
    }
}
