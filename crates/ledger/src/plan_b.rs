//! Switches with their audit lines, and versions of the settings: rows, writes and reads.
//!
//! What a switch is called and what it may be set to is for others to say; here names and values are text.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sale::{MerchantId, SaleId};
use uuid::Uuid;

use crate::batch::{LedgerError, Refusal};
use crate::rows::PAGE_ROWS_MAX;
use crate::sqlite_read::Reader;

/// Who is named in the audit line of an expiry.
pub const BY_THE_CLOCK: &str = "the clock";

/// What a switch is set for: nothing named, the whole shop; a merchant alone, all of the merchant's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SwitchOwner {
    pub merchant_id: Option<MerchantId>,
    pub sale_id: Option<SaleId>,
}

/// A switch that is not at its ordinary value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchRow {
    pub owner: SwitchOwner,
    pub name: String,
    pub value: String,
    pub until_ms: Option<i64>,
    pub who: String,
    pub why: String,
    pub at_ms: i64,
}

/// One change of one switch, as it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchLine {
    pub number: i64,
    pub owner: SwitchOwner,
    pub name: String,
    pub from: String,
    pub to: String,
    pub until_ms: Option<i64>,
    pub who: String,
    pub why: String,
    pub at_ms: i64,
}

/// One switch's new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchChange {
    pub name: String,
    pub value: String,
    /// The value that it has when nobody sets it.
    pub ordinary: String,
    pub until_ms: Option<i64>,
}

/// Switches that change together, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchChanges {
    pub owner: SwitchOwner,
    pub changes: Vec<SwitchChange>,
    pub who: String,
    pub why: String,
    pub at_ms: i64,
}

/// A version of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsVersion {
    pub version: i64,
    /// All settings, as JSON.
    pub document: String,
    /// What differs from the version before, in words.
    pub change: String,
    pub who: String,
    pub why: String,
    pub at_ms: i64,
}

/// Sets switches, each with its audit line. What is as it was leaves no line.
pub(crate) fn set_switches(connection: &Connection, changes: &SwitchChanges) -> Result<usize, LedgerError> {
    let SwitchChanges { owner, changes, who, why, at_ms } = changes;
    // What has run out gets its own line first.
    expire_switches(connection, *at_ms)?;
    let (merchant, sale) = keys(*owner);
    for SwitchChange { name, value, ordinary, until_ms } in changes {
        let sql = "SELECT value, until_ms FROM switches WHERE merchant_id = ?1 AND sale_id = ?2 AND name = ?3";
        let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?));
        let before = connection.prepare_cached(sql)?.query_row(params![merchant, sale, name], read).optional()?;
        let is_set = value != ordinary;
        let before = before.unwrap_or_else(|| (ordinary.clone(), None));
        let until_ms = until_ms.filter(|_| is_set);
        if before == (value.clone(), until_ms) {
            continue;
        }
        if is_set {
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO switches
                         (merchant_id, sale_id, name, value, ordinary, until_ms, who, why, at_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                )?
                .execute(params![merchant, sale, name, value, ordinary, until_ms, who, why, at_ms])?;
        } else {
            connection
                .prepare_cached("DELETE FROM switches WHERE merchant_id = ?1 AND sale_id = ?2 AND name = ?3")?
                .execute(params![merchant, sale, name])?;
        }
        connection
            .prepare_cached(
                "INSERT INTO switch_audit
                     (merchant_id, sale_id, name, from_value, to_value, until_ms, who, why, at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![merchant, sale, name, before.0, value, until_ms, who, why, at_ms])?;
    }
    Ok(1)
}

/// Puts back what has run out, each with an audit line of its own.
pub(crate) fn expire_switches(connection: &Connection, now_ms: i64) -> Result<usize, LedgerError> {
    connection
        .prepare_cached(
            "INSERT INTO switch_audit (merchant_id, sale_id, name, from_value, to_value, until_ms, who, why, at_ms)
             SELECT merchant_id, sale_id, name, value, ordinary, NULL, ?2, 'its time was over', ?1
             FROM switches WHERE until_ms <= ?1 ORDER BY until_ms, merchant_id, sale_id, name",
        )?
        .execute(params![now_ms, BY_THE_CLOCK])?;
    connection.prepare_cached("DELETE FROM switches WHERE until_ms <= ?1")?.execute(params![now_ms])?;
    // None due is no refusal: somebody else was faster.
    Ok(1)
}

/// Adds a version of the settings, if nobody else has added one since `follows`.
pub(crate) fn add_settings(
    connection: &Connection,
    follows: i64,
    version: &SettingsVersion,
) -> Result<usize, LedgerError> {
    if newest_settings(connection)? != follows {
        return Err(LedgerError::Refused(Refusal::VersionTaken));
    }
    let SettingsVersion { document, change, who, why, at_ms, .. } = version;
    Ok(connection
        .prepare_cached(
            "INSERT INTO settings_versions (document, change, who, why, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![document, change, who, why, at_ms])?)
}

fn newest_settings(connection: &Connection) -> Result<i64, LedgerError> {
    let sql = "SELECT coalesce(max(version), 0) FROM settings_versions";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

impl Reader {
    /// The versions of the switches and of the settings: two looks at the ends of two tables, cheap enough to ask often.
    pub fn plan_b_versions(&self) -> Result<(i64, i64), LedgerError> {
        let sql = "SELECT coalesce(max(number), 0) FROM switch_audit";
        let switches = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok((switches, newest_settings(&self.connection)?))
    }

    /// All switches that are not at their ordinary value, run out or not.
    pub fn switches(&self) -> Result<Vec<SwitchRow>, LedgerError> {
        let sql = "SELECT merchant_id, sale_id, name, value, until_ms, who, why, at_ms FROM switches";
        let read = |row: &Row<'_>| {
            Ok(SwitchRow {
                owner: owner(row, 0)?,
                name: row.get(2)?,
                value: row.get(3)?,
                until_ms: row.get(4)?,
                who: row.get(5)?,
                why: row.get(6)?,
                at_ms: row.get(7)?,
            })
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What was changed, the latest first: everything, or what a merchant's sales feel. At most [`PAGE_ROWS_MAX`] lines,
    /// from before this number.
    pub fn switch_lines(&self, merchant: Option<MerchantId>, before: i64) -> Result<Vec<SwitchLine>, LedgerError> {
        let sql = "SELECT merchant_id, sale_id, name, from_value, to_value, until_ms, who, why, at_ms, number
                   FROM switch_audit WHERE number < ?1 AND (?2 IS NULL OR merchant_id IN (x'', ?2))
                   ORDER BY number DESC LIMIT ?3";
        let read = |row: &Row<'_>| {
            Ok(SwitchLine {
                owner: owner(row, 0)?,
                name: row.get(2)?,
                from: row.get(3)?,
                to: row.get(4)?,
                until_ms: row.get(5)?,
                who: row.get(6)?,
                why: row.get(7)?,
                at_ms: row.get(8)?,
                number: row.get(9)?,
            })
        };
        let merchant = merchant.map(|id| id.0.as_bytes().to_vec());
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![before, merchant, PAGE_ROWS_MAX as i64], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Versions of the settings, the latest first; at most [`PAGE_ROWS_MAX`].
    pub fn settings_versions(&self) -> Result<Vec<SettingsVersion>, LedgerError> {
        let sql = format!("{SETTINGS_SELECT} ORDER BY version DESC LIMIT ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map([PAGE_ROWS_MAX as i64], settings_version)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One version of the settings.
    pub fn settings_version(&self, version: i64) -> Result<Option<SettingsVersion>, LedgerError> {
        let sql = format!("{SETTINGS_SELECT} WHERE version = ?1");
        Ok(self.connection.prepare_cached(&sql)?.query_row([version], settings_version).optional()?)
    }

    /// The version that counts; none where nobody has changed a setting yet.
    pub fn newest_settings(&self) -> Result<Option<SettingsVersion>, LedgerError> {
        let sql = format!("{SETTINGS_SELECT} ORDER BY version DESC LIMIT 1");
        Ok(self.connection.prepare_cached(&sql)?.query_row([], settings_version).optional()?)
    }
}

const SETTINGS_SELECT: &str = "SELECT version, document, change, who, why, at_ms FROM settings_versions";

fn settings_version(row: &Row<'_>) -> rusqlite::Result<SettingsVersion> {
    Ok(SettingsVersion {
        version: row.get(0)?,
        document: row.get(1)?,
        change: row.get(2)?,
        who: row.get(3)?,
        why: row.get(4)?,
        at_ms: row.get(5)?,
    })
}

fn keys(owner: SwitchOwner) -> (Vec<u8>, Vec<u8>) {
    let merchant = owner.merchant_id.map(|id| id.0.as_bytes().to_vec()).unwrap_or_default();
    (merchant, owner.sale_id.map(|id| id.0.as_bytes().to_vec()).unwrap_or_default())
}

fn owner(row: &Row<'_>, first: usize) -> rusqlite::Result<SwitchOwner> {
    // An id has 16 bytes, and what is empty is none.
    let id = |index: usize| row.get::<_, Vec<u8>>(index).map(|bytes| Uuid::from_slice(&bytes).ok());
    Ok(SwitchOwner { merchant_id: id(first)?.map(MerchantId), sale_id: id(first + 1)?.map(SaleId) })
}

#[cfg(test)]
#[path = "plan_b_tests.rs"]
mod tests;
