//! A sale's units: its total, and under it each SKU's own.

use std::collections::BTreeMap;

use crate::stock::{Stock, StockError};

/// What one shelf could still give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Units that nobody holds.
    pub free: u64,
    /// Free ones, and held ones that may come back.
    pub unsold: u64,
}

/// The total and the SKUs under it. A step moves both or neither.
///
/// The SKUs' units may add up to more than the total (whichever sells first), never to less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    total: Stock,
    skus: BTreeMap<String, Stock>,
}

/// A sale's size: its total, and each SKU's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    pub total: u64,
    pub skus: BTreeMap<String, u64>,
}

impl Units {
    /// Units that do not come in SKUs.
    #[must_use]
    pub const fn plain(total: u64) -> Self {
        Self { total, skus: BTreeMap::new() }
    }
}

impl Shelf {
    /// All units free.
    #[must_use]
    pub fn new(units: &Units) -> Self {
        let skus = units.skus.iter().map(|(sku, &units)| (sku.clone(), Stock::new(units))).collect();
        Self { total: Stock::new(units.total), skus }
    }

    #[must_use]
    pub const fn total(&self) -> Stock {
        self.total
    }

    /// Each SKU's own counts.
    #[must_use]
    pub const fn skus(&self) -> &BTreeMap<String, Stock> {
        &self.skus
    }

    /// What an order for this SKU could get. None for a SKU that is not sold here, or for none where there are some.
    #[must_use]
    pub fn left(&self, sku: Option<&str>) -> Option<Left> {
        let of = |stock: Stock| Left { free: stock.free(), unsold: stock.free() + stock.held() };
        let total = of(self.total);
        match sku {
            None => self.skus.is_empty().then_some(total),
            Some(sku) => self.skus.get(sku).map(|stock| {
                let own = of(*stock);
                Left { free: own.free.min(total.free), unsold: own.unsold.min(total.unsold) }
            }),
        }
    }

    /// Moves units by one of [`Stock`]'s steps: of the SKU and of the total, or not at all.
    pub fn step(
        &mut self,
        sku: Option<&str>,
        units: u64,
        step: fn(&mut Stock, u64) -> Result<(), StockError>,
    ) -> Result<(), StockError> {
        let mut total = self.total;
        step(&mut total, units)?;
        match (sku, self.skus.is_empty()) {
            (None, true) => {}
            (Some(sku), false) => {
                let own = self.skus.get_mut(sku).ok_or(StockError { asked: units, there: 0 })?;
                step(own, units)?;
            }
            _ => return Err(StockError { asked: units, there: 0 }),
        }
        self.total = total;
        Ok(())
    }

    /// Sets the total, and the units of the SKUs that are named; a new name is a new SKU. Only free units come and go.
    pub fn resize(&mut self, units: &Units) -> Result<(), StockError> {
        let mut next = self.clone();
        next.total.resize(units.total)?;
        for (sku, &units) in &units.skus {
            match next.skus.get_mut(sku) {
                Some(own) => own.resize(units)?,
                None => {
                    next.skus.insert(sku.clone(), Stock::new(units));
                }
            }
        }
        let own_units: u64 = next.skus.values().map(Stock::stock).sum();
        if !next.skus.is_empty() && own_units < units.total {
            return Err(StockError { asked: units.total, there: own_units });
        }
        *self = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(total: u64, skus: &[(&str, u64)]) -> Shelf {
        Shelf::new(&units(total, skus))
    }

    fn units(total: u64, skus: &[(&str, u64)]) -> Units {
        Units { total, skus: skus.iter().map(|&(sku, units)| (sku.to_owned(), units)).collect() }
    }

    #[test]
    fn an_order_can_get_what_both_its_sku_and_the_total_have() {
        let mut shelf = shelf(5, &[("s", 3), ("m", 4)]);
        shelf.step(Some("m"), 4, Stock::hold).unwrap();
        assert_eq!(shelf.left(Some("s")), Some(Left { free: 1, unsold: 3 }));
        assert_eq!(shelf.left(Some("m")), Some(Left { free: 0, unsold: 4 }));
        assert_eq!(shelf.left(Some("l")), None);
        assert_eq!(shelf.left(None), None);
    }

    #[test]
    fn a_step_moves_the_sku_and_the_total_or_neither() {
        let mut shelf = shelf(5, &[("s", 3), ("m", 4)]);
        let before = shelf.clone();
        assert!(shelf.step(Some("s"), 4, Stock::hold).is_err());
        assert!(shelf.step(Some("l"), 1, Stock::hold).is_err());
        assert!(shelf.step(None, 1, Stock::hold).is_err());
        assert_eq!(shelf, before);
        shelf.step(Some("s"), 2, Stock::hold).unwrap();
        assert_eq!((shelf.total().held(), shelf.skus()["s"].held()), (2, 2));
    }

    #[test]
    fn units_without_skus_know_no_sku() {
        let mut shelf = shelf(2, &[]);
        assert!(shelf.step(Some("s"), 1, Stock::hold).is_err());
        assert_eq!(shelf.left(Some("s")), None);
        assert_eq!(shelf.left(None), Some(Left { free: 2, unsold: 2 }));
    }

    #[test]
    fn a_new_size_may_add_skus_and_never_leaves_units_that_no_sku_has() {
        let mut shelf = shelf(5, &[("s", 3), ("m", 2)]);
        shelf.step(Some("s"), 3, Stock::hold).unwrap();
        let before = shelf.clone();
        assert!(shelf.resize(&units(5, &[("s", 2)])).is_err(), "three are held");
        assert!(shelf.resize(&units(6, &[])).is_err(), "the sixth has no SKU");
        assert_eq!(shelf, before);
        shelf.resize(&units(6, &[("l", 1)])).unwrap();
        assert_eq!(shelf.left(Some("l")), Some(Left { free: 1, unsold: 1 }));
        assert_eq!(shelf.total().free(), 3);
        shelf.resize(&units(6, &[])).unwrap();
    }
}
