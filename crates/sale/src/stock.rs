//! Units: every one of them is free, held or sold.

use serde::{Deserialize, Serialize};

/// `free + held + sold = stock`, each at least 0: checked after every step, in release builds too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    stock: u64,
    free: u64,
    held: u64,
    sold: u64,
}

/// A step that would have made a count negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{asked} units asked where {there} are")]
pub struct StockError {
    pub asked: u64,
    pub there: u64,
}

impl Stock {
    /// All units free.
    #[must_use]
    pub const fn new(units: u64) -> Self {
        Self { stock: units, free: units, held: 0, sold: 0 }
    }

    /// From counts that were kept elsewhere; none when they do not balance.
    #[must_use]
    pub fn from_counts(stock: u64, free: u64, held: u64, sold: u64) -> Option<Self> {
        let sum = free.checked_add(held)?.checked_add(sold)?;
        (sum == stock).then_some(Self { stock, free, held, sold })
    }

    #[must_use]
    pub const fn stock(&self) -> u64 {
        self.stock
    }

    #[must_use]
    pub const fn free(&self) -> u64 {
        self.free
    }

    #[must_use]
    pub const fn held(&self) -> u64 {
        self.held
    }

    #[must_use]
    pub const fn sold(&self) -> u64 {
        self.sold
    }

    /// free → held.
    pub fn hold(&mut self, units: u64) -> Result<(), StockError> {
        let (free, held) = moved(self.free, self.held, units)?;
        self.become_balanced(Self { free, held, ..*self });
        Ok(())
    }

    /// held → free.
    pub fn release(&mut self, units: u64) -> Result<(), StockError> {
        let (held, free) = moved(self.held, self.free, units)?;
        self.become_balanced(Self { free, held, ..*self });
        Ok(())
    }

    /// held → sold.
    pub fn sell(&mut self, units: u64) -> Result<(), StockError> {
        let (held, sold) = moved(self.held, self.sold, units)?;
        self.become_balanced(Self { held, sold, ..*self });
        Ok(())
    }

    /// free → sold: a payment that arrived after its hold had lapsed.
    pub fn sell_free(&mut self, units: u64) -> Result<(), StockError> {
        let (free, sold) = moved(self.free, self.sold, units)?;
        self.become_balanced(Self { free, sold, ..*self });
        Ok(())
    }

    /// sold → free: a paid order was refunded.
    pub fn unsell(&mut self, units: u64) -> Result<(), StockError> {
        let (sold, free) = moved(self.sold, self.free, units)?;
        self.become_balanced(Self { free, sold, ..*self });
        Ok(())
    }

    /// Sets the total. Only free units come and go.
    pub fn resize(&mut self, units: u64) -> Result<(), StockError> {
        let taken = self.held + self.sold;
        let free = units.checked_sub(taken).ok_or(StockError { asked: taken, there: units })?;
        self.become_balanced(Self { stock: units, free, ..*self });
        Ok(())
    }

    fn become_balanced(&mut self, next: Self) {
        let sum = u128::from(next.free) + u128::from(next.held) + u128::from(next.sold);
        assert_eq!(sum, u128::from(next.stock), "units out of balance: {next:?}");
        *self = next;
    }
}

fn moved(from: u64, to: u64, units: u64) -> Result<(u64, u64), StockError> {
    let left = from.checked_sub(units).ok_or(StockError { asked: units, there: from })?;
    let grown = to.checked_add(units).ok_or(StockError { asked: units, there: from })?;
    Ok((left, grown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_unit_goes_from_free_to_held_to_sold_or_back() {
        let mut stock = Stock::new(3);
        stock.hold(2).unwrap();
        stock.sell(1).unwrap();
        stock.release(1).unwrap();
        assert_eq!(stock, Stock::from_counts(3, 2, 0, 1).unwrap());
    }

    #[test]
    fn what_is_not_there_cannot_be_moved() {
        let mut stock = Stock::new(1);
        assert_eq!(stock.hold(2), Err(StockError { asked: 2, there: 1 }));
        assert_eq!(stock.release(1), Err(StockError { asked: 1, there: 0 }));
        assert_eq!(stock.sell(1), Err(StockError { asked: 1, there: 0 }));
        stock.hold(1).unwrap();
        assert_eq!(stock.resize(0), Err(StockError { asked: 1, there: 0 }));
        assert_eq!(stock, Stock::from_counts(1, 0, 1, 0).unwrap());
    }

    #[test]
    fn a_sold_unit_comes_back_only_where_one_was_sold() {
        let mut stock = Stock::from_counts(3, 0, 1, 2).unwrap();
        stock.unsell(2).unwrap();
        assert_eq!(stock, Stock::from_counts(3, 2, 1, 0).unwrap());
        assert_eq!(stock.unsell(1), Err(StockError { asked: 1, there: 0 }));
        stock.sell_free(2).unwrap();
        assert_eq!(stock.sell_free(1), Err(StockError { asked: 1, there: 0 }));
        assert_eq!(stock, Stock::from_counts(3, 0, 1, 2).unwrap());
    }

    #[test]
    fn counts_that_do_not_balance_are_no_stock() {
        assert_eq!(Stock::from_counts(3, 1, 1, 0), None);
        assert_eq!(Stock::from_counts(3, u64::MAX, 4, 0), None);
    }

    proptest! {
        #[test]
        fn no_sequence_of_steps_unbalances_it(units in 0_u64..50, steps in prop::collection::vec((0_u8..6, 0_u64..60), 0..100)) {
            let mut stock = Stock::new(units);
            for (step, units) in steps {
                let before = stock;
                let done = match step {
                    0 => stock.hold(units),
                    1 => stock.release(units),
                    2 => stock.sell(units),
                    3 => stock.sell_free(units),
                    4 => stock.unsell(units),
                    _ => stock.resize(units),
                };
                prop_assert_eq!(stock.free + stock.held + stock.sold, stock.stock);
                if done.is_err() {
                    prop_assert_eq!(stock, before);
                }
            }
        }
    }
}
