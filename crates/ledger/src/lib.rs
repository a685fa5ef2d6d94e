//! The system of record.
//!
//! [`Ledger::apply`] takes a [`Batch`] and makes it so in one transaction, or fails and leaves everything as it was.
//! There is one writer. Reads go through [`Reader`], on connections of their own.

mod batch;
mod rows;
mod schema;
mod sqlite;
mod sqlite_events;
mod sqlite_read;
mod sqlite_write;

pub use batch::{Batch, Drained, LedgerError, Refusal, Write};
pub use rows::{
    ItemRow, LedgerCounts, LoadedSale, MerchantRow, OrderFilter, OrderRow, PAGE_ROWS_MAX, QuizKind, QuizQuestion,
    SaleRow, SeatOutcome, SeatRow, ShopperRow,
};
pub use schema::SCHEMA_VERSION;
pub use sqlite::{BUSY_TIMEOUT, SqliteLedger, WalState};
pub use sqlite_read::Reader;

/// What the committer needs of a record, whatever the engine.
pub trait Ledger: Send {
    /// One transaction. A write that breaks a rule of its own (a slug taken twice) gets its [`Refusal`] and the rest of
    /// the batch goes on; anything else that fails undoes the whole batch.
    fn apply(&mut self, batch: &Batch) -> Result<Vec<Result<(), Refusal>>, LedgerError>;

    /// A sale's book and seats as the record has them.
    fn load_sale(&mut self, sale_id: sale::SaleId) -> Result<Option<LoadedSale>, LedgerError>;
}
