//! The schema, as migrations: `user_version` says how many have been made.

use rusqlite::Connection;

use crate::batch::LedgerError;

/// The newest schema that this version knows.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

const MIGRATIONS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
];

/// Brings the store up to date. A store of a newer version is refused and left alone.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), LedgerError> {
    // A table that is made anew is dropped while others refer to it; what refers to nothing in the end undoes it all.
    connection.pragma_update(None, "foreign_keys", false)?;
    let migrated = make(connection);
    connection.pragma_update(None, "foreign_keys", true)?;
    migrated
}

fn make(connection: &mut Connection) -> Result<(), LedgerError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > SCHEMA_VERSION {
        return Err(LedgerError::NewerSchema { found, known: SCHEMA_VERSION });
    }
    for (version, migration) in (1..).zip(MIGRATIONS) {
        if version > found {
            transaction.execute_batch(migration)?;
            transaction.pragma_update(None, "user_version", version)?;
        }
    }
    if found < SCHEMA_VERSION && transaction.prepare("PRAGMA foreign_key_check")?.exists([])? {
        return Err(LedgerError::Corrupt("the older store has rows that refer to nothing".to_owned()));
    }
    transaction.commit()?;
    Ok(())
}
