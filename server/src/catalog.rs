//! Items and published sales, as the pages and the fragments need them: read from the record at each change.

use std::collections::HashMap;

use api::{DrawSummary, ItemCard, ItemPage, SalePhase, SaleSummary, SkuSummary, StockPolicy};
use heat::Key;
use ledger::{ItemRow, LedgerError, Reader, SaleRow};
use sale::{ItemId, SaleId};

use crate::heat::key_of;

/// Items in the shop, at most.
pub(crate) const MAX_ITEMS: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Catalog {
    items: HashMap<ItemId, ItemRow>,
    slugs: HashMap<String, ItemId>,
    /// By what requests for them are counted under.
    heat_keys: HashMap<Key, ItemId>,
    sales: HashMap<SaleId, SaleRow>,
    /// Each item's published sales, earliest start first.
    sales_of: HashMap<ItemId, Vec<SaleId>>,
}

impl Catalog {
    pub(crate) fn read(reader: &Reader) -> Result<Self, LedgerError> {
        let mut catalog = Self::default();
        for item in reader.items(None)? {
            catalog.add(item);
        }
        // The record gives the newest first.
        let stock_units = reader.stock_units()?;
        for mut sale in reader.sales(None)?.into_iter().rev().filter(|sale| sale.published) {
            sale.stock_units = stock_units.get(&sale.sale_id).copied().unwrap_or(sale.stock_units);
            catalog.sales_of.entry(sale.item_id).or_default().push(sale.sale_id);
            catalog.sales.insert(sale.sale_id, sale);
        }
        Ok(catalog)
    }

    fn add(&mut self, item: ItemRow) {
        self.slugs.insert(item.slug.clone(), item.item_id);
        self.heat_keys.insert(key_of(item.item_id), item.item_id);
        self.items.insert(item.item_id, item);
    }

    #[cfg(test)]
    pub(crate) fn of(items: impl IntoIterator<Item = ItemRow>, sales: impl IntoIterator<Item = SaleRow>) -> Self {
        let mut catalog = Self::default();
        items.into_iter().for_each(|item| catalog.add(item));
        for sale in sales {
            catalog.sales_of.entry(sale.item_id).or_default().push(sale.sale_id);
            catalog.sales.insert(sale.sale_id, sale);
        }
        catalog
    }

    pub(crate) fn sale(&self, sale_id: SaleId) -> Option<&SaleRow> {
        self.sales.get(&sale_id)
    }

    pub(crate) fn sales(&self) -> impl Iterator<Item = &SaleRow> {
        self.sales.values()
    }

    pub(crate) fn item(&self, item_id: ItemId) -> Option<&ItemRow> {
        self.items.get(&item_id)
    }

    pub(crate) fn item_by_slug(&self, slug: &str) -> Option<&ItemRow> {
        self.slugs.get(slug).and_then(|item_id| self.items.get(item_id))
    }

    pub(crate) fn item_by_heat(&self, key: Key) -> Option<&ItemRow> {
        self.heat_keys.get(&key).and_then(|item_id| self.items.get(item_id))
    }

    /// The sale that an item's page is about: the first that has not ended, else the last that has.
    pub(crate) fn shown_sale(&self, item_id: ItemId, now_ms: i64) -> Option<&SaleRow> {
        let sales = || self.sales_of.get(&item_id).into_iter().flatten().filter_map(|id| self.sales.get(id));
        sales().find(|sale| !sale.window().has_ended(now_ms)).or_else(|| sales().next_back())
    }

    /// When the next shown sale ends, and so a page may have to be about another one.
    pub(crate) fn next_end_ms(&self, now_ms: i64) -> Option<i64> {
        self.sales.values().map(|sale| sale.window().ends_at_ms).filter(|&ends_at_ms| ends_at_ms > now_ms).min()
    }

    /// The catalogue: what has a sale on or to come first, by its start; then what had one.
    pub(crate) fn cards(&self, now_ms: i64) -> Vec<ItemCard> {
        let mut cards: Vec<ItemCard> = self
            .items
            .values()
            .filter_map(|item| {
                let card = self.card(item, now_ms);
                card.sale.is_some().then_some(card)
            })
            .collect();
        cards.sort_by(|a, b| order_of(a).cmp(&order_of(b)));
        cards
    }

    pub(crate) fn page(&self, item: &ItemRow, now_ms: i64) -> ItemPage {
        ItemPage { card: self.card(item, now_ms), description: item.description.clone() }
    }

    /// Items that have a page: those with a published sale.
    pub(crate) fn items_on_show(&self) -> impl Iterator<Item = &ItemRow> {
        self.sales_of.keys().filter_map(|item_id| self.items.get(item_id))
    }

    fn card(&self, item: &ItemRow, now_ms: i64) -> ItemCard {
        ItemCard {
            slug: item.slug.clone(),
            title: item.title.clone(),
            image_url: item.image_url.clone(),
            list_price_minor: item.list_price_minor,
            currency: item.currency.clone(),
            sale: self.shown_sale(item.item_id, now_ms).map(|sale| summary(sale, now_ms)),
        }
    }
}

fn order_of(card: &ItemCard) -> (bool, i64, &str) {
    let sale = card.sale.as_ref();
    let ended = sale.is_none_or(|sale| sale.phase == SalePhase::Ended);
    (ended, sale.map_or(i64::MAX, |sale| sale.starts_at_ms), &card.slug)
}

/// A static page says `upcoming` until the sale has ended: were it rendered anew at the start, every copy of it would
/// go stale in the very second in which most people ask for it.
fn summary(sale: &SaleRow, now_ms: i64) -> SaleSummary {
    let ended = sale.window().has_ended(now_ms);
    SaleSummary {
        sale_id: sale.sale_id.to_string(),
        price_minor: sale.price_minor,
        starts_at_ms: sale.starts_at_ms,
        ends_at_ms: sale.ends_at_ms,
        stock_units: i64::try_from(sale.stock_units).unwrap_or(i64::MAX),
        per_shopper_limit: i64::from(sale.per_shopper_limit),
        hold_seconds: i64::from(sale.hold_seconds),
        stock_policy: match sale.stock_policy {
            sale::StockPolicy::Hold => StockPolicy::Hold,
            sale::StockPolicy::OnOrder => StockPolicy::OnOrder,
            sale::StockPolicy::OnPayment => StockPolicy::OnPayment,
        },
        waitlist_units: i64::from(sale.waitlist_units),
        skus: sale.skus.iter().map(sku_summary).collect(),
        is_restricted: !sale.eligibility.is_open_to_all(),
        draw: sale.draw.as_ref().map(|draw| DrawSummary {
            entries_close_at_ms: draw.entries_close_at_ms,
            commitment: draw.commitment.to_string(),
            beacon: draw.beacon.as_ref().map(|beacon| beacon.description.clone()),
        }),
        revision: sale.revision,
        phase: if ended { SalePhase::Ended } else { SalePhase::Upcoming },
    }
}

fn sku_summary(sku: &ledger::SkuRow) -> SkuSummary {
    SkuSummary { sku: sku.sku.clone(), title: sku.title.clone(), price_minor: sku.price_minor }
}
