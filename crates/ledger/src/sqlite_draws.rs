//! Draws: what is kept of them, and what is read of it.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use sale::{DrawSeed, Hex32, OrderId, SaleId, ShopperId};

use crate::batch::LedgerError;
use crate::rows::{BeaconRow, ClosedDraw, DrawEntryRow, DrawRow, DrawState, HeldDraw, SaleRow};
use crate::sqlite_read::{Reader, unsigned, uuid};

pub(crate) fn add_draw(connection: &Connection, row: &SaleRow, seed: &DrawSeed) -> Result<usize, LedgerError> {
    let Some(draw) = &row.draw else { return Err(LedgerError::Constraint("a draw without its terms".to_owned())) };
    Ok(connection
        .prepare_cached(
            "INSERT INTO draws (sale_id, entries_close_at_ms, seed, commitment, beacon_description, beacon_due_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            row.sale_id.0.as_bytes(),
            draw.entries_close_at_ms,
            seed.0,
            draw.commitment.0,
            draw.beacon.as_ref().map(|beacon| &beacon.description),
            draw.beacon.as_ref().map(|beacon| beacon.due_at_ms)
        ])?)
}

/// The times and the beacon; seed and commitment stay what they were from the outset.
pub(crate) fn set_draw(connection: &Connection, row: &SaleRow) -> Result<(), LedgerError> {
    let Some(draw) = &row.draw else { return Ok(()) };
    connection
        .prepare_cached(
            "UPDATE draws SET entries_close_at_ms = ?2, beacon_description = ?3, beacon_due_at_ms = ?4
             WHERE sale_id = ?1",
        )?
        .execute(params![
            row.sale_id.0.as_bytes(),
            draw.entries_close_at_ms,
            draw.beacon.as_ref().map(|beacon| &beacon.description),
            draw.beacon.as_ref().map(|beacon| beacon.due_at_ms)
        ])?;
    Ok(())
}

pub(crate) fn close_draw(
    connection: &Connection,
    sale_id: SaleId,
    root: Hex32,
    entries: u64,
    at_ms: i64,
) -> Result<(), LedgerError> {
    let changed = connection
        .prepare_cached(
            "UPDATE draws SET root = ?2, entries = ?3, closed_at_ms = ?4 WHERE sale_id = ?1 AND closed_at_ms IS NULL",
        )?
        .execute(params![sale_id.0.as_bytes(), root.0, entries as i64, at_ms])?;
    one_draw(changed)
}

pub(crate) fn hold_draw(
    connection: &Connection,
    sale_id: SaleId,
    seed: Hex32,
    beacon: Option<&str>,
    (units, skus): (u64, &BTreeMap<String, u64>),
    at_ms: i64,
) -> Result<(), LedgerError> {
    let changed = connection
        .prepare_cached(
            "UPDATE draws SET beacon = ?3, units = ?4, sku_units = ?5, drawn_at_ms = ?6
             WHERE sale_id = ?1 AND seed = ?2 AND closed_at_ms IS NOT NULL AND drawn_at_ms IS NULL",
        )?
        .execute(params![sale_id.0.as_bytes(), seed.0, beacon, units as i64, serde_json::to_string(skus)?, at_ms])?;
    one_draw(changed)
}

fn one_draw(changed: usize) -> Result<(), LedgerError> {
    if changed == 1 {
        Ok(())
    } else {
        Err(LedgerError::Constraint("a draw is not where this fact finds it".to_owned()))
    }
}

/// The place that the draw gave an entry, and whether it won.
pub(crate) fn rank_entry(connection: &Connection, order_id: OrderId, rank: u64, won: bool) -> Result<(), LedgerError> {
    connection
        .prepare_cached("UPDATE orders SET draw_rank = ?2, draw_won = ?3 WHERE order_id = ?1")?
        .execute(params![order_id.0.as_bytes(), rank as i64, won])?;
    Ok(())
}

/// A sale's seed: for the committer alone.
pub(crate) fn seed_of(connection: &Connection, sale_id: SaleId) -> Result<Option<DrawSeed>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT seed FROM draws WHERE sale_id = ?1")?;
    Ok(statement.query_row(params![sale_id.0.as_bytes()], |row| Ok(DrawSeed(row.get(0)?))).optional()?)
}

pub(crate) fn draw_row(connection: &Connection, sale_id: SaleId) -> rusqlite::Result<Option<DrawRow>> {
    let sql =
        "SELECT entries_close_at_ms, commitment, beacon_description, beacon_due_at_ms FROM draws WHERE sale_id = ?1";
    connection.prepare_cached(sql)?.query_row(params![sale_id.0.as_bytes()], terms_of).optional()
}

fn terms_of(row: &Row<'_>) -> rusqlite::Result<DrawRow> {
    let description: Option<String> = row.get(2)?;
    let due_at_ms: Option<i64> = row.get(3)?;
    let beacon = description.zip(due_at_ms).map(|(description, due_at_ms)| BeaconRow { description, due_at_ms });
    Ok(DrawRow { entries_close_at_ms: row.get(0)?, commitment: Hex32(row.get(1)?), beacon })
}

impl Reader {
    /// How far a sale's draw is. The seed is in it once it has been shown, and not before.
    pub fn draw(&self, sale_id: SaleId) -> Result<Option<DrawState>, LedgerError> {
        let sql = "SELECT entries_close_at_ms, commitment, beacon_description, beacon_due_at_ms, root, entries,
                          closed_at_ms, iif(drawn_at_ms IS NULL, NULL, seed), beacon, units, sku_units, drawn_at_ms,
                          (SELECT count(*) FROM orders WHERE orders.sale_id = draws.sale_id AND state = 'entered'),
                          (SELECT count(*) FROM orders WHERE orders.sale_id = draws.sale_id AND draw_rank IS NOT NULL AND draw_won),
                          (SELECT max(draw_rank) FROM orders WHERE orders.sale_id = draws.sale_id AND draw_rank IS NOT NULL)
                   FROM draws WHERE sale_id = ?1";
        let read = |row: &Row<'_>| {
            let root: Option<[u8; 32]> = row.get(4)?;
            let seed: Option<[u8; 32]> = row.get(7)?;
            let skus: Option<String> = row.get(10)?;
            let closed = match root {
                None => None,
                Some(root) => Some(ClosedDraw { root: Hex32(root), entries: unsigned(row, 5)?, at_ms: row.get(6)? }),
            };
            let held = match seed {
                None => None,
                Some(seed) => Some(HeldDraw {
                    seed: Hex32(seed),
                    beacon: row.get(8)?,
                    units: unsigned(row, 9)?,
                    sku_units: serde_json::from_str(&skus.unwrap_or_default()).unwrap_or_default(),
                    at_ms: row.get(11)?,
                    winners: unsigned(row, 13)?,
                }),
            };
            let told = row.get::<_, Option<i64>>(14)?.unwrap_or_default().unsigned_abs();
            Ok(DrawState { row: terms_of(row)?, closed, held, undecided: unsigned(row, 12)?, told })
        };
        Ok(self.connection.prepare_cached(sql)?.query_row(params![sale_id.0.as_bytes()], read).optional()?)
    }

    /// Entries in the order of the draw, those after a place, at most so many. Only what has been decided.
    pub fn draw_entries(
        &self,
        sale_id: SaleId,
        after_rank: u64,
        limit: usize,
    ) -> Result<Vec<DrawEntryRow>, LedgerError> {
        let sql = "SELECT order_id, quantity, reserved, sku, draw_rank, draw_won FROM orders
                   WHERE sale_id = ?1 AND draw_rank > ?2 ORDER BY draw_rank LIMIT ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![sale_id.0.as_bytes(), after_rank as i64, limit as i64], entry_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// All entries that a draw's root stands for, in no order: those that were not withdrawn before the close.
    pub fn entries_under_root(&self, sale_id: SaleId) -> Result<Vec<DrawEntryRow>, LedgerError> {
        let sql = "SELECT order_id, quantity, reserved, sku, draw_rank, draw_won FROM orders
                   WHERE sale_id = ?1 AND entry_number IS NOT NULL AND (draw_rank IS NOT NULL OR reason IS NOT 'cancelled')";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![sale_id.0.as_bytes()], entry_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One shopper's entries under a draw's root, and the number of each.
    pub fn entries_of(&self, sale_id: SaleId, shopper_id: ShopperId) -> Result<Vec<(DrawEntryRow, u64)>, LedgerError> {
        let sql = "SELECT order_id, quantity, reserved, sku, draw_rank, draw_won, entry_number FROM orders
                   WHERE shopper_id = ?2 AND sale_id = ?1 AND entry_number IS NOT NULL
                     AND (draw_rank IS NOT NULL OR reason IS NOT 'cancelled')
                   ORDER BY row_number LIMIT 200";
        let mut statement = self.connection.prepare_cached(sql)?;
        let values = params![sale_id.0.as_bytes(), shopper_id.0.as_bytes()];
        let rows = statement.query_map(values, |row| Ok((entry_row(row)?, unsigned(row, 6)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn entry_row(row: &Row<'_>) -> rusqlite::Result<DrawEntryRow> {
    let rank: Option<i64> = row.get(4)?;
    Ok(DrawEntryRow {
        order_id: OrderId(uuid(row, 0)?),
        quantity: row.get(1)?,
        reserves: row.get(2)?,
        sku: row.get(3)?,
        rank: rank.map(|rank| rank as u64),
        won: row.get(5)?,
    })
}
