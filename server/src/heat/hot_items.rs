//! What is hot, why, and since when.

use std::collections::HashMap;
use std::sync::Arc;

use api::HeatCause;
use heat::{Detector, Key};
use sale::ItemId;

use super::isolation::Isolation;
use super::key_of;
use crate::catalog::Catalog;

/// A published sale makes its item hot from so long before its start until its end.
pub(crate) const ENROLLED_AHEAD_MS: i64 = 15 * 60_000;

/// Items that are hot at a time, at most. What the crowd is at comes first, then what starts soonest.
pub(crate) const MAX_HOT_ITEMS: usize = 1_000;

#[derive(Clone, Debug)]
pub(crate) struct HotItem {
    pub(crate) item_id: ItemId,
    pub(crate) cause: HeatCause,
    pub(crate) since_ms: i64,
    /// Since when the crowd is at it, by the detector.
    pub(crate) crowded_since_ms: Option<i64>,
    /// Of all items' requests, 0 to 1.
    pub(crate) share: f64,
    pub(crate) per_second: f64,
    pub(super) isolation: Arc<Isolation>,
}

/// One moment's hot items.
#[derive(Debug, Default)]
pub(crate) struct HotItems {
    items: HashMap<Key, HotItem>,
    pub(crate) read_at_ms: i64,
}

impl HotItems {
    pub(crate) fn get(&self, item_id: ItemId) -> Option<&HotItem> {
        self.items.get(&key_of(item_id))
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &HotItem> {
        self.items.values()
    }

    pub(crate) fn count(&self, cause: HeatCause) -> usize {
        self.iter().filter(|item| item.cause == cause).count()
    }

    /// What is hot now, after what was. `predicted` are the likely ones.
    pub(super) fn after(
        &self,
        catalog: &Catalog,
        detector: &Detector,
        predicted: &[Key],
        now_ms: i64,
        monotonic_to_epoch_ms: impl Fn(std::time::Duration) -> i64,
    ) -> Self {
        let readings: HashMap<Key, heat::Reading> = detector.readings().map(|reading| (reading.key, reading)).collect();
        let mut next = Self { items: HashMap::new(), read_at_ms: now_ms };
        let found = readings.values().filter(|reading| reading.hot_since.is_some()).map(|reading| reading.key);
        let found: Vec<Key> = found.collect();
        let enrolled = enrolled(catalog, now_ms);
        let mut add = |key: Key, cause: HeatCause| {
            if next.items.len() >= MAX_HOT_ITEMS || next.items.contains_key(&key) {
                return;
            }
            let Some(item) = catalog.item_by_heat(key) else { return };
            let before = self.items.get(&key);
            let reading = readings.get(&key);
            let crowded_since_ms = reading.and_then(|reading| reading.hot_since).map(&monotonic_to_epoch_ms);
            next.items.insert(
                key,
                HotItem {
                    item_id: item.item_id,
                    cause,
                    since_ms: before.filter(|before| before.cause == cause).map_or(now_ms, |before| before.since_ms),
                    crowded_since_ms,
                    share: reading.map_or(0.0, |reading| reading.share),
                    per_second: reading.map_or(0.0, |reading| reading.per_second),
                    // Who waits for a turn goes on waiting in the same line.
                    isolation: before.map(|before| Arc::clone(&before.isolation)).unwrap_or_default(),
                },
            );
        };
        for key in found {
            let cause = if enrolled.contains(&key) { HeatCause::Enrolled } else { HeatCause::Found };
            add(key, cause);
        }
        for key in enrolled {
            add(key, HeatCause::Enrolled);
        }
        for &key in predicted {
            add(key, HeatCause::Predicted);
        }
        next
    }
}

/// Items of which a published sale is on or starts soon, by its start.
fn enrolled(catalog: &Catalog, now_ms: i64) -> Vec<Key> {
    let mut sales: Vec<_> = catalog
        .sales()
        .filter(|sale| sale.called_off_at_ms.is_none())
        .filter(|sale| sale.starts_at_ms - ENROLLED_AHEAD_MS <= now_ms && now_ms < sale.ends_at_ms)
        .map(|sale| (sale.starts_at_ms, key_of(sale.item_id)))
        .collect();
    sales.sort_unstable();
    sales.into_iter().map(|(_, key)| key).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ledger::ItemRow;
    use sale::MerchantId;
    use uuid::Uuid;

    use super::*;

    fn catalog_of(item_ids: &[ItemId]) -> Catalog {
        let item = |&item_id: &ItemId| ItemRow {
            item_id,
            merchant_id: MerchantId(Uuid::nil()),
            slug: item_id.to_string(),
            title: String::new(),
            description: String::new(),
            image_url: String::new(),
            list_price_minor: 1,
            currency: "CNY".to_owned(),
            updated_at_ms: 0,
        };
        Catalog::of(item_ids.iter().map(item), [])
    }

    fn crowd_at(detector: &mut Detector, key: Key) {
        assert_eq!(detector.tick(Duration::from_millis(2), &[key; 100]), [heat::Change::Found(key)]);
    }

    #[test]
    fn what_was_predicted_is_found_once_the_crowd_comes_and_keeps_its_line() {
        let item_id = ItemId(Uuid::now_v7());
        let (catalog, key) = (catalog_of(&[item_id]), key_of(item_id));
        let mut detector = Detector::default();
        let epoch_ms = |moment: Duration| 5_000 + moment.as_millis() as i64;
        let first = HotItems::default().after(&catalog, &detector, &[key], 1_000, epoch_ms);
        let predicted = first.get(item_id).unwrap();
        assert_eq!((predicted.cause, predicted.since_ms), (HeatCause::Predicted, 1_000));
        crowd_at(&mut detector, key);
        let second = first.after(&catalog, &detector, &[key], 2_000, epoch_ms);
        let third = second.after(&catalog, &detector, &[], 3_000, epoch_ms);
        let found = third.get(item_id).unwrap();
        assert_eq!((found.cause, found.since_ms, found.crowded_since_ms), (HeatCause::Found, 2_000, Some(5_002)));
        assert!(Arc::ptr_eq(&found.isolation, &predicted.isolation), "who waits goes on waiting");
        assert!(found.share > 0.99, "{found:?}");
    }

    #[test]
    fn what_is_no_item_of_ours_is_not_told() {
        let mut detector = Detector::default();
        crowd_at(&mut detector, Key(1));
        let told = HotItems::default().after(&catalog_of(&[]), &detector, &[Key(2)], 0, |_| 0);
        assert_eq!(told.iter().count(), 0);
    }

    #[test]
    fn there_are_only_so_many_hot_items_and_the_crowds_is_among_them() {
        let item_ids: Vec<ItemId> = (0..MAX_HOT_ITEMS + 10).map(|_| ItemId(Uuid::now_v7())).collect();
        let predicted: Vec<Key> = item_ids.iter().copied().map(key_of).collect();
        let mut detector = Detector::default();
        let crowded = item_ids[MAX_HOT_ITEMS + 5];
        crowd_at(&mut detector, key_of(crowded));
        let told = HotItems::default().after(&catalog_of(&item_ids), &detector, &predicted, 0, |_| 0);
        assert_eq!(told.iter().count(), MAX_HOT_ITEMS);
        assert!(told.get(crowded).is_some());
    }
}
