//! A sale as the committer needs it: its book replayed, its seats, its counts.

use std::collections::HashMap;

use rusqlite::{Connection, Row, params};
use sale::{Book, Change, Event, SaleId, ShopperId};

use crate::batch::LedgerError;
use crate::rows::{LedgerCounts, LoadedSale, SaleRow, ShelfCounts};
use crate::sqlite_draws::seed_of;
use crate::sqlite_read::{SEAT_SELECT, sales, seat_row, unsigned, uuid};

/// A sale's book, replayed from its events and held against the stock that the record keeps.
pub(crate) fn load_sale(connection: &Connection, sale_id: SaleId) -> Result<Option<LoadedSale>, LedgerError> {
    let Some(row) = sales(connection, "sale_id = ?1", sale_id.0.as_bytes())?.pop() else { return Ok(None) };
    let book = replayed(connection, &row)?;
    let shelves = [("".to_owned(), book.stock())].into_iter();
    let shelves = shelves.chain(book.shelf().skus().iter().map(|(sku, stock)| (sku.clone(), *stock)));
    let by_log: Vec<_> =
        shelves.map(|(sku, stock)| (sku, stock.stock(), stock.free(), stock.held(), stock.sold())).collect();
    let kept = kept_counts(connection, sale_id)?;
    if kept != by_log {
        return Err(LedgerError::Corrupt(format!("sale {sale_id}: the log gives {by_log:?}, the stock is {kept:?}")));
    }
    let mut orders = connection.prepare_cached(&format!("{SEAT_SELECT} WHERE sale_id = ?1 ORDER BY row_number"))?;
    let seats = orders.query_map(params![sale_id.0.as_bytes()], seat_row)?.collect::<Result<_, _>>()?;
    let mut lives = connection.prepare_cached("SELECT queue_life, queue_seq FROM queue_lives WHERE sale_id = ?1")?;
    let drained = lives
        .query_map(params![sale_id.0.as_bytes()], |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?)))?
        .collect::<Result<_, _>>()?;
    let mut strikes = connection.prepare_cached(
        "SELECT shopper_id, at_ms FROM strikes WHERE merchant_id = ?1 AND lifted_at_ms IS NULL ORDER BY at_ms",
    )?;
    let strikes = strikes
        .query_map(params![row.merchant_id.0.as_bytes()], |row| Ok((ShopperId(uuid(row, 0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let draw_seed = seed_of(connection, sale_id)?;
    let is_whole = match (&row.draw, &draw_seed) {
        (Some(draw), Some(seed)) => seed.commitment(sale_id) == draw.commitment,
        (draw, seed) => draw.is_none() && seed.is_none(),
    };
    if !is_whole {
        return Err(LedgerError::Corrupt(format!(
            "sale {sale_id}: the draw's seed is not the one that was committed to"
        )));
    }
    Ok(Some(LoadedSale { row, book, seats, drained, draw_seed, strikes }))
}

/// The book as its events make it.
pub(crate) fn replayed(connection: &Connection, row: &SaleRow) -> Result<Book, LedgerError> {
    let sale_id = row.sale_id;
    let mut book = Book::new(sale_id, row.terms(), &row.made_units());
    let mut statement =
        connection.prepare_cached("SELECT at_ms, change FROM events WHERE sale_id = ?1 ORDER BY event_id")?;
    let mut rows = statement.query(params![sale_id.0.as_bytes()])?;
    while let Some(fields) = rows.next()? {
        let change: Change = serde_json::from_str(fields.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
        let event = Event { sale_id, at_ms: fields.get(0)?, change };
        book.apply(&event).map_err(|error| LedgerError::Corrupt(format!("the log of sale {sale_id}: {error}")))?;
    }
    Ok(book)
}

pub(crate) type KeptCounts = Vec<(String, u64, u64, u64, u64)>;

/// The counts as the record keeps them: the total under no name, then the SKUs by name.
pub(crate) fn kept_counts(connection: &Connection, sale_id: SaleId) -> Result<KeptCounts, LedgerError> {
    let sql = "SELECT '', stock, free, held, sold FROM stock WHERE sale_id = ?1
               UNION ALL SELECT * FROM (SELECT sku, stock, free, held, sold FROM skus WHERE sale_id = ?1 ORDER BY sku)";
    let read =
        |row: &Row<'_>| Ok((row.get(0)?, unsigned(row, 1)?, unsigned(row, 2)?, unsigned(row, 3)?, unsigned(row, 4)?));
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_map(params![sale_id.0.as_bytes()], read)?.collect::<Result<_, _>>()?)
}

/// What the record counts, and what its orders add up to.
pub(crate) fn counts(connection: &Connection, sale_id: SaleId) -> Result<Option<LedgerCounts>, LedgerError> {
    let mut by_orders: HashMap<String, (u64, u64)> = HashMap::new();
    let (mut waiting, mut entered) = (0, 0);
    let sql = "SELECT coalesce(sku, ''), state, sum(quantity), count(*) FROM orders
               WHERE sale_id = ?1 AND (state IN ('paid', 'waiting', 'entered') OR state IN ('held', 'awaiting_payment') AND reserved)
               GROUP BY sku, state";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![sale_id.0.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let sku: String = row.get(0)?;
        let units = unsigned(row, 2)?;
        let sums = by_orders.entry(sku).or_default();
        match row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)? {
            "paid" => sums.1 += units,
            "waiting" => waiting += unsigned(row, 3)?,
            "entered" => entered += unsigned(row, 3)?,
            _ => sums.0 += units,
        }
    }
    let mut counts = LedgerCounts { waiting, entered, ..LedgerCounts::default() };
    let mut kept = kept_counts(connection, sale_id)?.into_iter();
    let Some((_, stock, free, held, sold)) = kept.next() else { return Ok(None) };
    let sum = by_orders.values().fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
    let shelf = |stock, free, held, sold, (held_by_orders, sold_by_orders)| ShelfCounts {
        stock,
        free,
        held,
        sold,
        held_by_orders,
        sold_by_orders,
    };
    counts.total = shelf(stock, free, held, sold, sum);
    for (sku, stock, free, held, sold) in kept {
        let own = by_orders.get(&sku).copied().unwrap_or_default();
        counts.skus.push((sku, shelf(stock, free, held, sold, own)));
    }
    Ok(Some(counts))
}

pub(crate) fn lively_sales(connection: &Connection, ended_before_ms: i64) -> Result<Vec<SaleId>, LedgerError> {
    let sql = "SELECT sale_id FROM sales
               WHERE published = 1
                 AND (ends_at_ms > ?1
                      OR EXISTS (SELECT 1 FROM orders WHERE orders.sale_id = sales.sale_id
                                 AND (state IN ('held', 'awaiting_payment', 'waiting', 'entered')
                                      OR called_off_at_ms IS NOT NULL AND state = 'paid')))";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![ended_before_ms], |row| Ok(SaleId(uuid(row, 0)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
