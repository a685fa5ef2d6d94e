//! How a world begins: merchants, items, sales of all kinds, shoppers.

use ledger::{Batch, BeaconRow, DrawRow, ItemRow, Ledger, MerchantRow, QuizKind, SaleRow, SkuRow, SqliteLedger, Write};
use rusqlite::Connection;
use sale::{DrawSeed, Eligibility, ItemId, MarkedOrders, MerchantId, SaleId, ShopperId, StockPolicy, StrikeTerms};
use uuid::Uuid;

use crate::dice::Dice;
use crate::parts::Shop;

/// When every world begins.
pub(crate) const BEGIN_MS: i64 = 1_800_000_000_000;

pub(crate) const SKUS: [&str; 4] = ["s", "m", "l", "xl"];

pub(crate) fn shopper_id(number: usize) -> ShopperId {
    ShopperId(Uuid::from_u128(0x5000 + number as u128))
}

fn merchant_id(number: usize) -> MerchantId {
    MerchantId(Uuid::from_u128(0x1000 + number as u128))
}

pub(crate) fn any_strikes(dice: &mut Dice) -> StrikeTerms {
    if dice.percent(55) {
        return StrikeTerms::OFF;
    }
    StrikeTerms {
        limit: dice.between(1, 2) as u32,
        strike_seconds: dice.between(5, 120) as u32,
        marked_orders: if dice.percent(50) { MarkedOrders::PayToClaim } else { MarkedOrders::Refuse },
    }
}

fn any_skus(dice: &mut Dice, total: u64) -> Vec<SkuRow> {
    let kinds = 2 + dice.below(2);
    let mut skus: Vec<SkuRow> = SKUS[..kinds]
        .iter()
        .map(|sku| SkuRow {
            sku: (*sku).to_owned(),
            title: String::new(),
            price_minor: dice.between(1, 9) * 100,
            made_units: Some(dice.between(0, 6) as u64),
        })
        .collect();
    let own: u64 = skus.iter().filter_map(|sku| sku.made_units).sum();
    if let Some(first) = skus.first_mut().filter(|_| own < total) {
        first.made_units = first.made_units.map(|units| units + total - own);
    }
    skus
}

fn any_sale(dice: &mut Dice, number: usize, merchant_id: MerchantId) -> SaleRow {
    let starts_at_ms = BEGIN_MS + dice.between(0, 15_000);
    let stock_units = dice.between(0, 12) as u64;
    let skus = if dice.percent(40) { any_skus(dice, stock_units) } else { Vec::new() };
    let sale_id = SaleId(Uuid::from_u128(0x3000 + number as u128));
    SaleRow {
        sale_id,
        item_id: ItemId(Uuid::from_u128(0x2000 + merchant_id.0.as_u128())),
        merchant_id,
        price_minor: dice.between(1, 9) * 100,
        currency: "CNY".to_owned(),
        starts_at_ms,
        ends_at_ms: starts_at_ms + dice.between(30_000, 400_000),
        opened_at_ms: None,
        stock_units,
        per_shopper_limit: dice.between(1, 3) as u32,
        stock_policy: dice.weighted(&[(5, StockPolicy::Hold), (2, StockPolicy::OnOrder), (2, StockPolicy::OnPayment)]),
        hold_seconds: if dice.percent(50) { dice.between(1, 8) as u32 } else { dice.between(8, 60) as u32 },
        waitlist_units: if dice.percent(40) { 0 } else { dice.between(1, 6) as u32 },
        skus,
        strikes: any_strikes(dice),
        eligibility: Eligibility::default(),
        draw: None,
        called_off_at_ms: None,
        quiz_kind: QuizKind::Arithmetic,
        questions: Vec::new(),
        min_answer_ms: 0,
        max_answer_ms: 1,
        published: dice.percent(85),
        paused: false,
        revision: 1,
        updated_at_ms: BEGIN_MS,
    }
}

fn seed_of(sale_id: SaleId) -> DrawSeed {
    DrawSeed([sale_id.0.as_u128() as u8; 32])
}

/// The same sale, by draw: some with a beacon that may or may not come.
fn by_draw(dice: &mut Dice, row: SaleRow) -> SaleRow {
    let entries_close_at_ms = row.starts_at_ms + dice.between(1_000, 25_000);
    let beacon = dice.percent(35).then(|| {
        let due_at_ms = (entries_close_at_ms + dice.between(500, 60_000)).min(row.ends_at_ms);
        BeaconRow { description: String::new(), due_at_ms }
    });
    let draw = Some(DrawRow { entries_close_at_ms, commitment: seed_of(row.sale_id).commitment(row.sale_id), beacon });
    // Where payment decides nothing is kept for a place in a draw, so there is none.
    let stock_policy = if row.stock_policy == StockPolicy::OnPayment { StockPolicy::Hold } else { row.stock_policy };
    SaleRow { draw, stock_policy, ..row }
}

/// Puts the world's beginning into an empty record.
pub(crate) fn begin(dice: &mut Dice, store: &mut SqliteLedger) -> Vec<Shop> {
    let merchants = 1 + dice.below(2);
    let sales = 1 + dice.below(3);
    let mut writes = Vec::new();
    for number in 0..merchants {
        let merchant_id = merchant_id(number);
        writes.push(Write::AddMerchant(MerchantRow {
            merchant_id,
            email: format!("{number}@merchants"),
            password_hash: String::new(),
            created_at_ms: BEGIN_MS,
        }));
        writes.push(Write::AddItem(ItemRow {
            item_id: ItemId(Uuid::from_u128(0x2000 + merchant_id.0.as_u128())),
            merchant_id,
            slug: format!("item-{number}"),
            title: String::new(),
            description: String::new(),
            image_url: String::new(),
            list_price_minor: 900,
            currency: "CNY".to_owned(),
            updated_at_ms: BEGIN_MS,
        }));
    }
    let mut shops = Vec::new();
    for number in 0..sales {
        let merchant_id = merchant_id(dice.below(merchants));
        let row = any_sale(dice, number, merchant_id);
        let row = if dice.percent(40) { by_draw(dice, row) } else { row };
        writes.push(match row.draw {
            Some(_) => Write::AddDrawSale(row.clone(), seed_of(row.sale_id)),
            None => Write::AddSale(row.clone()),
        });
        shops.push(Shop { sale_id: row.sale_id, merchant_id, units: row.made_units(), asked: row });
    }
    let answers = store.apply(&Batch { writes, ..Batch::default() }).expect("an empty record takes them");
    assert!(answers.iter().all(Result::is_ok), "an empty record takes them: {answers:?}");
    shops
}

/// Empties the record, so that the next world need not make the schema anew.
pub(crate) fn clear(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "BEGIN; PRAGMA defer_foreign_keys = ON;
         DELETE FROM strikes; DELETE FROM refunds; DELETE FROM provider_events; DELETE FROM payments;
         DELETE FROM orders; DELETE FROM events; DELETE FROM queue_lives; DELETE FROM skus; DELETE FROM stock;
         DELETE FROM draws;
         DELETE FROM sales; DELETE FROM items; DELETE FROM merchants; DELETE FROM sqlite_sequence; COMMIT;",
    )
}
