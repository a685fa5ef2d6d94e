//! Reads about people: who may buy, who let holds lapse, and whose money goes back.

use rusqlite::{OptionalExtension, Row, params};
use sale::{MerchantId, PaymentId, SaleId, ShopperId};

use crate::batch::LedgerError;
use crate::rows::{DueRefund, PAGE_ROWS_MAX, StrikesRow};
use crate::sqlite_read::{Reader, unsigned, uuid};

impl Reader {
    /// When the shopper's account was made, and whether the shopper is on the sale's list.
    pub fn standing(&self, sale_id: SaleId, shopper_id: ShopperId) -> Result<Option<(i64, bool)>, LedgerError> {
        let sql = "SELECT created_at_ms, EXISTS (SELECT 1 FROM listed_shoppers
                                                 WHERE sale_id = ?1 AND email = shoppers.email)
                   FROM shoppers WHERE shopper_id = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(statement.query_row(params![sale_id.0.as_bytes(), shopper_id.0.as_bytes()], read).optional()?)
    }

    /// How many shoppers are on a sale's list.
    pub fn listed_count(&self, sale_id: SaleId) -> Result<u64, LedgerError> {
        let mut statement =
            self.connection.prepare_cached("SELECT count(*) FROM listed_shoppers WHERE sale_id = ?1")?;
        Ok(statement.query_row(params![sale_id.0.as_bytes()], |row| unsigned(row, 0))?)
    }

    /// The e-mail addresses on a sale's list after this one, in the order of the alphabet; at most [`PAGE_ROWS_MAX`].
    pub fn listed_shoppers(&self, sale_id: SaleId, after: &str) -> Result<Vec<String>, LedgerError> {
        let sql = "SELECT email FROM listed_shoppers WHERE sale_id = ?1 AND email > ?2 ORDER BY email LIMIT ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![sale_id.0.as_bytes(), after, PAGE_ROWS_MAX as i64], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whose holds lapsed in the merchant's sales, and was not forgiven; the latest first, at most [`PAGE_ROWS_MAX`].
    pub fn strikes(&self, merchant_id: MerchantId) -> Result<Vec<StrikesRow>, LedgerError> {
        let sql =
            "SELECT strikes.shopper_id, coalesce(display_name, ''), count(*), min(at_ms), max(at_ms) AS last_at_ms
                   FROM strikes LEFT JOIN shoppers USING (shopper_id)
                   WHERE merchant_id = ?1 AND lifted_at_ms IS NULL
                   GROUP BY strikes.shopper_id ORDER BY last_at_ms DESC LIMIT ?2";
        let read = |row: &Row<'_>| {
            Ok(StrikesRow {
                shopper_id: ShopperId(uuid(row, 0)?),
                display_name: row.get(1)?,
                strikes: unsigned(row, 2)?,
                first_at_ms: row.get(3)?,
                last_at_ms: row.get(4)?,
            })
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![merchant_id.0.as_bytes(), PAGE_ROWS_MAX as i64], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Refunds that the provider has not taken yet, the oldest first; at most `most`.
    pub fn due_refunds(&self, most: usize) -> Result<Vec<DueRefund>, LedgerError> {
        let sql = "SELECT payment_id, amount_minor, currency FROM refunds WHERE sent_at_ms IS NULL
                   ORDER BY created_at_ms LIMIT ?1";
        let read = |row: &Row<'_>| {
            Ok(DueRefund { payment_id: PaymentId(uuid(row, 0)?), amount_minor: row.get(1)?, currency: row.get(2)? })
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![most as i64], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
