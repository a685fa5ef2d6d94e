//! What goes into one transaction.

use sale::{DrawSeed, Event, MerchantId, PaymentId, SaleId, ShopperId};

use crate::plan_b::{SettingsVersion, SwitchChanges};
use crate::rows::{ItemRow, MerchantRow, SaleRow, ShopperRow};

/// One transaction's worth.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub writes: Vec<Write>,
    pub events: Vec<Event>,
    pub drained: Vec<Drained>,
}

impl Batch {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.events.is_empty() && self.drained.is_empty()
    }
}

/// All orders of a sale up to this number, in this life of its queue, have been decided. An order among them that
/// has no row was told `sold_out`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    pub sale_id: SaleId,
    pub queue_life: u64,
    pub queue_seq: u64,
}

/// A change that is not about units.
#[derive(Clone, Debug)]
pub enum Write {
    AddShopper(ShopperRow),
    AddMerchant(MerchantRow),
    /// Only the token's SHA-256 is kept.
    AddMerchantToken {
        merchant_id: MerchantId,
        token_sha256: [u8; 32],
        at_ms: i64,
    },
    AddItem(ItemRow),
    /// Replaces the item of that id and merchant.
    SetItem(ItemRow),
    AddSale(SaleRow),
    /// A sale by draw, with the seed that its commitment is to.
    AddDrawSale(SaleRow, DrawSeed),
    /// Replaces the sale's terms; its stock is left to events.
    SetSale(SaleRow),
    /// The sale's start has been reached: from now on it counts as opened, whatever the clock says.
    LatchOpened {
        sale_id: SaleId,
        at_ms: i64,
    },
    /// The merchant forgives a shopper's strikes.
    LiftStrikes {
        merchant_id: MerchantId,
        shopper_id: ShopperId,
        at_ms: i64,
    },
    /// Changes who is on a sale's list, at most `most` in all.
    ListShoppers {
        sale_id: SaleId,
        add: Vec<String>,
        remove: Vec<String>,
        most: u64,
    },
    /// The provider took a refund.
    RefundSent {
        payment_id: PaymentId,
        at_ms: i64,
    },
    /// Sets switches, with their audit lines.
    SetSwitches(SwitchChanges),
    /// Puts back the switches whose time is over.
    ExpireSwitches {
        now_ms: i64,
    },
    /// Adds a version of the settings to follow this one; its own number is not read.
    AddSettings {
        follows: i64,
        version: SettingsVersion,
    },
}

/// Why a write was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the e-mail address is taken")]
    EmailTaken,
    #[error("the slug is taken")]
    SlugTaken,
    #[error("no such row")]
    NotFound,
    #[error("the list would be longer than it may be")]
    ListFull,
    #[error("somebody else was faster")]
    VersionTaken,
}

/// The record could not do it; nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A rule of the schema was broken: our own books are wrong. The batch was undone.
    #[error("the record refused a change that breaks its rules: {0}")]
    Constraint(String),
    #[error("the record cannot be written or read: {0}")]
    Unavailable(String),
    #[error("the record holds what this version cannot read: {0}")]
    Corrupt(String),
    #[error("the store has schema version {found}; this version knows up to {known}")]
    NewerSchema { found: i64, known: i64 },
    #[error("payment {0} belongs to no order, or has ended")]
    UnknownPayment(PaymentId),
    /// Of one write; it never leaves the batch.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{ConstraintViolation, DatabaseCorrupt, NotADatabase, TypeMismatch};
        match error.sqlite_error_code() {
            Some(ConstraintViolation) => Self::Constraint(error.to_string()),
            Some(DatabaseCorrupt | NotADatabase | TypeMismatch) => Self::Corrupt(error.to_string()),
            // Not of the engine's making: what is kept is not what was expected. Trying again does not help.
            None => Self::Corrupt(error.to_string()),
            Some(_) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for LedgerError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}
