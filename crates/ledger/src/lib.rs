//! The system of record.
//!
//! [`Ledger::apply`] takes a [`Batch`] and makes it so in one transaction, or fails and leaves everything as it was.
//! There is one writer. Reads go through [`Reader`], on connections of their own.

mod backup;
mod batch;
mod plan_b;
mod reconcile;
mod reconcile_facts;
mod reconcile_money;
mod rows;
mod schema;
mod sqlite;
mod sqlite_draws;
mod sqlite_events;
mod sqlite_load;
mod sqlite_read;
mod sqlite_read_people;
mod sqlite_write;

pub use backup::{back_up, restore};
pub use batch::{Batch, Drained, LedgerError, Refusal, Write};
pub use plan_b::{BY_THE_CLOCK, SettingsVersion, SwitchChange, SwitchChanges, SwitchLine, SwitchOwner, SwitchRow};
pub use reconcile::{Difference, Reconciler};
pub use rows::{
    BeaconRow, ClosedDraw, DrawEntryRow, DrawRow, DrawState, DueRefund, HeldDraw, ItemRow, LedgerCounts, LoadedSale,
    MerchantRow, OrderFilter, OrderRow, PAGE_ROWS_MAX, QuizKind, QuizQuestion, RefundRow, SaleRow, SeatRow,
    ShelfCounts, ShopperRow, SkuRow, StrikesRow,
};
pub use schema::SCHEMA_VERSION;
pub use sqlite::{BUSY_TIMEOUT, LONG_LOG_BYTES, SqliteLedger, WalState, most_log_bytes};
pub use sqlite_read::Reader;

/// What the committer needs of a record, whatever the engine.
pub trait Ledger: Send {
    /// One transaction. A write that breaks a rule of its own (a slug taken twice) gets its [`Refusal`] and the rest of
    /// the batch goes on; anything else that fails undoes the whole batch.
    fn apply(&mut self, batch: &Batch) -> Result<Vec<Result<(), Refusal>>, LedgerError>;

    /// A sale's book and seats as the record has them.
    fn load_sale(&mut self, sale_id: sale::SaleId) -> Result<Option<LoadedSale>, LedgerError>;

    /// Published sales that may still move: not ended by then, or with orders that are still open or waiting, or being
    /// called off.
    fn lively_sales(&mut self, ended_before_ms: i64) -> Result<Vec<sale::SaleId>, LedgerError>;

    /// The payment that a provider's message was about, where it was taken before.
    fn payment_of_event(&mut self, provider_event_id: &str) -> Result<Option<sale::PaymentId>, LedgerError>;

    /// Moves the log into the store: the last step of a shutdown.
    fn checkpoint(&mut self) -> Result<(), LedgerError>;
}
