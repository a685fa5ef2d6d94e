//! What the committer is asked to do, beside the orders in the lines.

use std::fmt;

use ledger::{LedgerError, Refusal, SaleRow, Write};
use sale::{
    CancelRefused, DrawRefused, MerchantId, OrderId, OrderState, PaymentId, PaymentRefused, ReleaseCause, SaleId,
    Settlement, ShopperId, StockRefused, Units,
};

/// Why a command was not done. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the writer is busy or cannot write now")]
    Busy,
    #[error("a rule of the record was broken")]
    Broken,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("no such sale or order")]
    NotFound,
    #[error("the order cannot be cancelled: {0:?}")]
    Cancel(CancelRefused),
    #[error("the payment cannot be taken: {0:?}")]
    Payment(PaymentRefused),
    #[error("the units cannot be set so: {0:?}")]
    Stock(StockRefused),
    #[error("the draw cannot be held: {0:?}")]
    Draw(DrawRefused),
}

impl From<&LedgerError> for Failure {
    fn from(error: &LedgerError) -> Self {
        match error {
            LedgerError::Unavailable(_) => Self::Busy,
            _ => Self::Broken,
        }
    }
}

/// Called once: after the commit, or when it is known that there will be none.
pub type Reply<T> = Box<dyn FnOnce(Result<T, Failure>) + Send>;

/// A sale's new row, and its new units where they change.
#[derive(Debug)]
pub struct SaleChange {
    pub row: SaleRow,
    /// The total, and the SKUs that are to have another number.
    pub units: Option<Units>,
}

/// One thing to do.
pub enum Command {
    /// Boxed: a sale's row is far larger than all else.
    Write {
        write: Box<Write>,
        reply: Reply<()>,
    },
    ChangeSale {
        change: Box<SaleChange>,
        reply: Reply<()>,
    },
    CallOff {
        sale_id: SaleId,
        reply: Reply<()>,
    },
    Cancel {
        sale_id: SaleId,
        order_id: OrderId,
        cause: ReleaseCause,
        reply: Reply<()>,
    },
    OpenPayment {
        sale_id: SaleId,
        order_id: OrderId,
        fresh_payment_id: PaymentId,
        reply: Reply<PaymentId>,
    },
    Settle {
        sale_id: SaleId,
        settlement: Settlement,
        reply: Reply<(OrderId, OrderState)>,
    },
    /// The value of the beacon that was named has come.
    HoldDraw {
        sale_id: SaleId,
        beacon: String,
        reply: Reply<()>,
    },
    LiftStrikes {
        merchant_id: MerchantId,
        shopper_id: ShopperId,
        reply: Reply<()>,
    },
}

impl Command {
    /// Answers without doing it.
    pub fn refuse(self) {
        match self {
            Self::Write { reply, .. }
            | Self::ChangeSale { reply, .. }
            | Self::CallOff { reply, .. }
            | Self::Cancel { reply, .. }
            | Self::HoldDraw { reply, .. }
            | Self::LiftStrikes { reply, .. } => reply(Err(Failure::Busy)),
            Self::OpenPayment { reply, .. } => reply(Err(Failure::Busy)),
            Self::Settle { reply, .. } => reply(Err(Failure::Busy)),
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Write { .. } => "Write",
            Self::ChangeSale { .. } => "ChangeSale",
            Self::CallOff { .. } => "CallOff",
            Self::Cancel { .. } => "Cancel",
            Self::OpenPayment { .. } => "OpenPayment",
            Self::Settle { .. } => "Settle",
            Self::HoldDraw { .. } => "HoldDraw",
            Self::LiftStrikes { .. } => "LiftStrikes",
        })
    }
}
