//! The embedded record: SQLite with a write-ahead log, fsynced at every commit.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};
use sale::{PaymentId, SaleId};

use crate::batch::{Batch, LedgerError, Refusal};
use crate::rows::LoadedSale;
use crate::sqlite_read::Reader;
use crate::{Ledger, schema, sqlite_events, sqlite_load, sqlite_write};

/// How long a writer waits for another process (the command line beside a server).
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Prepared statements kept a connection; more than there are different ones.
const STATEMENTS_KEPT: usize = 64;

/// The one connection that writes.
pub struct SqliteLedger {
    connection: Connection,
    path: PathBuf,
    log_pages: Arc<AtomicU32>,
}

/// The log is moved into the store when it is so long and nobody waits for a commit. A page that many commits change is moved once.
pub const LONG_LOG_BYTES: u64 = 32 << 20;

/// So long, it is moved whoever waits: the store's disk must have room for it.
const LONGEST_LOG_BYTES: u64 = 2 * LONG_LOG_BYTES;

/// In its place while the disk has plenty of room: the orders and payments of a crowd of 60,000.
const LONGEST_LOG_BYTES_WITH_ROOM: u64 = 8 * LONG_LOG_BYTES;

/// A disk with so much room may have the longest log.
const PLENTY_OF_ROOM_BYTES: u64 = 4 * LONGEST_LOG_BYTES_WITH_ROOM;

/// What SQLite calls a frame of the log, without its header of 24 bytes.
const LOG_PAGE_BYTES: u64 = 4_096;

/// What the writer keeps of the store in memory, in KiB, as it comes to need it: the indexes of a large sale.
const WRITER_CACHE_KIB: i64 = 32 * 1024;

/// How large the write-ahead log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalState {
    pub wal_bytes: u64,
}

impl SqliteLedger {
    /// Opens the store at `path`, makes it where there is none, and brings its schema up to date.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|error| LedgerError::Unavailable(format!("{}: {error}", folder.display())))?;
        }
        make_private(path)?;
        // Without URI: a name is a name, whatever it looks like.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        configure(&connection)?;
        let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            return Err(LedgerError::Unavailable(format!("this file system cannot keep a write-ahead log ({mode})")));
        }
        connection.pragma_update(None, "synchronous", "FULL")?;
        // In the place of SQLite's own way, which moves the log in the middle of a crowd (`move_log_longer_than`).
        let log_pages = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&log_pages);
        connection.wal_hook(Some(move |_: &mut Wal, pages: i32| {
            seen.store(pages.unsigned_abs(), Ordering::Relaxed);
            Ok(())
        }))?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        schema::migrate(&mut connection)?;
        Ok(Self { connection, path: path.to_owned(), log_pages })
    }

    /// A record that lives as long as this process: for simulations.
    pub fn in_memory() -> Result<Self, LedgerError> {
        let mut connection = Connection::open_in_memory()?;
        configure(&connection)?;
        schema::migrate(&mut connection)?;
        Ok(Self { connection, path: PathBuf::new(), log_pages: Arc::default() })
    }

    /// The writer's own connection, for checks that go past what is offered here.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// To be called after each batch, and now and then: moves the log into the store where it is longer than is said. This takes two syncs, and one more
    /// of the next commit. What a reader still needs is left for the next time.
    pub fn move_log_longer_than(&mut self, bytes: u64) -> Result<(), LedgerError> {
        if self.log_bytes() < bytes {
            return Ok(());
        }
        self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        self.log_pages.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// How long the log is, as of the last commit; 0 once it has been moved, as far as readers let it.
    #[must_use]
    pub fn log_bytes(&self) -> u64 {
        u64::from(self.log_pages.load(Ordering::Relaxed)) * LOG_PAGE_BYTES
    }

    /// What the record counts, and what its orders add up to.
    pub fn counts(&self, sale_id: SaleId) -> Result<Option<crate::LedgerCounts>, LedgerError> {
        sqlite_load::counts(&self.connection, sale_id)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A reader of the same store.
    pub fn reader(&self) -> Result<Reader, LedgerError> {
        Reader::open(&self.path)
    }

    /// For readiness: how much of the log has not been moved into the store.
    #[must_use]
    pub fn wal_state(path: &Path) -> WalState {
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        WalState { wal_bytes: std::fs::metadata(wal).map_or(0, |metadata| metadata.len()) }
    }
}

/// How long the log may be. A disk of which nobody can tell how much is free has little room.
#[must_use]
pub fn most_log_bytes(somebody_waits: bool, free_disk_bytes: Option<u64>) -> u64 {
    if !somebody_waits {
        LONG_LOG_BYTES
    } else if free_disk_bytes.is_some_and(|bytes| bytes >= PLENTY_OF_ROOM_BYTES) {
        LONGEST_LOG_BYTES_WITH_ROOM
    } else {
        LONGEST_LOG_BYTES
    }
}

/// A new store is its owner's only: it keeps password hashes. SQLite gives its other files the same mode.
fn make_private(path: &Path) -> Result<(), LedgerError> {
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(LedgerError::Unavailable(format!("{}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

pub(crate) fn configure(connection: &Connection) -> Result<(), LedgerError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(())
}

pub(crate) fn open_read_only(path: &Path) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

impl Ledger for SqliteLedger {
    fn apply(&mut self, batch: &Batch) -> Result<Vec<Result<(), Refusal>>, LedgerError> {
        let mut transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut answers = Vec::with_capacity(batch.writes.len());
        for write in &batch.writes {
            answers.push(sqlite_write::write(&mut transaction, write)?);
        }
        sqlite_events::record(&transaction, &batch.events)?;
        sqlite_events::record_drained(&transaction, &batch.drained)?;
        transaction.commit()?;
        Ok(answers)
    }

    fn load_sale(&mut self, sale_id: SaleId) -> Result<Option<LoadedSale>, LedgerError> {
        sqlite_load::load_sale(&self.connection, sale_id)
    }

    fn lively_sales(&mut self, ended_before_ms: i64) -> Result<Vec<SaleId>, LedgerError> {
        sqlite_load::lively_sales(&self.connection, ended_before_ms)
    }

    fn payment_of_event(&mut self, provider_event_id: &str) -> Result<Option<PaymentId>, LedgerError> {
        let sql = "SELECT payment_id FROM provider_events WHERE provider_event_id = ?1";
        let read = |row: &rusqlite::Row<'_>| Ok(PaymentId(row.get::<_, [u8; 16]>(0).map(uuid::Uuid::from_bytes)?));
        Ok(self.connection.prepare_cached(sql)?.query_row([provider_event_id], read).optional()?)
    }

    fn checkpoint(&mut self) -> Result<(), LedgerError> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }
}

#[cfg(test)]
#[path = "sqlite_tests.rs"]
mod tests;
