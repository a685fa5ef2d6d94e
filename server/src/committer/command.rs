//! What the committer is asked to do, beside the orders in the lines.

use ledger::{LedgerError, Refusal, SaleRow, Write};
use sale::{CancelRefused, OrderId, OrderState, PaymentId, PaymentRefused, SaleId, Settlement, StockRefused};
use tokio::sync::oneshot;

use super::Committer;

/// Why a command was not done. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
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
    #[error("{} units are held or sold", .0.taken_units)]
    Stock(StockRefused),
}

impl From<&LedgerError> for Failure {
    fn from(error: &LedgerError) -> Self {
        match error {
            LedgerError::Unavailable(_) => Self::Busy,
            _ => Self::Broken,
        }
    }
}

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Failure>>;

/// A sale's new row, and its new total where that changes.
#[derive(Debug)]
pub(crate) struct SaleChange {
    pub(crate) row: SaleRow,
    pub(crate) stock_units: Option<u64>,
}

pub(crate) enum Command {
    Write { write: Write, reply: Reply<()> },
    ChangeSale { change: Box<SaleChange>, reply: Reply<()> },
    Cancel { sale_id: SaleId, order_id: OrderId, reply: Reply<()> },
    OpenPayment { sale_id: SaleId, order_id: OrderId, fresh_payment_id: PaymentId, reply: Reply<PaymentId> },
    Settle { sale_id: SaleId, settlement: Settlement, reply: Reply<(OrderId, OrderState)> },
}

impl Committer {
    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Failure> {
        let (reply, answer) = oneshot::channel();
        self.send(command(reply))?;
        // The committer answers every command or goes down; then so does the process.
        answer.await.unwrap_or(Err(Failure::Busy))
    }

    pub(crate) async fn write(&self, write: Write) -> Result<(), Failure> {
        self.ask(|reply| Command::Write { write, reply }).await
    }

    pub(crate) async fn change_sale(&self, row: SaleRow, stock_units: Option<u64>) -> Result<(), Failure> {
        let change = Box::new(SaleChange { row, stock_units });
        self.ask(|reply| Command::ChangeSale { change, reply }).await
    }

    pub(crate) async fn cancel(&self, sale_id: SaleId, order_id: OrderId) -> Result<(), Failure> {
        self.ask(|reply| Command::Cancel { sale_id, order_id, reply }).await
    }

    pub(crate) async fn open_payment(
        &self,
        sale_id: SaleId,
        order_id: OrderId,
        fresh_payment_id: PaymentId,
    ) -> Result<PaymentId, Failure> {
        self.ask(|reply| Command::OpenPayment { sale_id, order_id, fresh_payment_id, reply }).await
    }

    pub(crate) async fn settle(
        &self,
        sale_id: SaleId,
        settlement: Settlement,
    ) -> Result<(OrderId, OrderState), Failure> {
        self.ask(|reply| Command::Settle { sale_id, settlement, reply }).await
    }
}
