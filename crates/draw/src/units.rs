//! What a place in the draw is worth.

use std::collections::BTreeMap;

use crate::entry::Entry;

/// The units that were there when the draw was held: the total, and each SKU's own under it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    pub total: u64,
    pub skus: BTreeMap<String, u64>,
}

impl Units {
    /// What is left for entries of this kind.
    #[must_use]
    pub fn left(&self, sku: Option<&str>) -> u64 {
        match sku {
            None => self.total,
            Some(sku) => self.total.min(self.skus.get(sku).copied().unwrap_or(0)),
        }
    }

    /// Whether the entry whose turn it is gets units: all that it asks for, or none. Called in the order of the draw.
    pub fn take(&mut self, entry: &Entry) -> bool {
        let wanted = u64::from(entry.quantity);
        if wanted > self.left(entry.sku.as_deref()) {
            return false;
        }
        if entry.reserves {
            self.total -= wanted;
            if let Some(own) = entry.sku.as_ref().and_then(|sku| self.skus.get_mut(sku)) {
                *own -= wanted;
            }
        }
        true
    }
}
