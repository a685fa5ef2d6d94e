//! A record that fails when it is told to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger::{Batch, Ledger, LedgerError, LoadedSale, Refusal, SqliteLedger};
use rusqlite::Connection;
use sale::{OrderId, PaymentId, SaleId};

/// What is thrown where the process is to die.
pub(crate) struct Crash;

/// What the next commit meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApplyFault {
    /// The disk is full or busy: nothing is written.
    Before,
    /// It is written, and the answer is lost.
    After,
    /// A rule of the schema is said to be broken.
    Constraint,
    CrashBefore,
    CrashAfter,
}

/// What became of the last commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    /// Commits that were tried, and those that are in the record.
    pub(crate) tried: u32,
    pub(crate) written: u32,
}

struct Inner {
    store: SqliteLedger,
    next_apply: Option<ApplyFault>,
    next_read_fails: bool,
    is_full: bool,
    /// Whatever would commit a first decision about this order is refused, always.
    poisoned: Option<OrderId>,
    applied: Applied,
    hits: Vec<&'static str>,
}

/// The disk. It outlives the processes that write to it.
#[derive(Clone)]
pub(crate) struct Disk(Arc<Mutex<Inner>>);

impl Disk {
    pub(crate) fn of(store: SqliteLedger) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            store,
            next_apply: None,
            next_read_fails: false,
            is_full: false,
            poisoned: None,
            applied: Applied::default(),
            hits: Vec::new(),
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn fail_next_apply(&self, fault: ApplyFault) {
        self.inner().next_apply = Some(fault);
    }

    pub(crate) fn fail_next_read(&self) {
        self.inner().next_read_fails = true;
    }

    pub(crate) fn set_full(&self, is_full: bool) {
        self.inner().is_full = is_full;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.inner().is_full
    }

    pub(crate) fn poison(&self, order_id: OrderId) {
        self.inner().poisoned = Some(order_id);
    }

    pub(crate) fn poisoned(&self) -> Option<OrderId> {
        self.inner().poisoned
    }

    /// A rule is said to be broken once, and not while the committer looks for what broke it.
    pub(crate) fn forget_constraint(&self) {
        let mut inner = self.inner();
        if inner.next_apply == Some(ApplyFault::Constraint) {
            inner.next_apply = None;
        }
    }

    /// From now on nothing fails any more.
    pub(crate) fn heal(&self) {
        let mut inner = self.inner();
        (inner.next_apply, inner.next_read_fails, inner.is_full) = (None, false, false);
    }

    /// What was committed since the last look, and what failed as it was told to.
    pub(crate) fn take_applied(&self) -> (Applied, Vec<&'static str>) {
        let mut inner = self.inner();
        (std::mem::take(&mut inner.applied), std::mem::take(&mut inner.hits))
    }

    /// A look at the rows, past all faults.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&Connection) -> T) -> T {
        look(self.inner().store.connection())
    }

    /// The store itself, when nobody else has it any more.
    pub(crate) fn into_store(self) -> Option<SqliteLedger> {
        let inner = Arc::into_inner(self.0)?.into_inner().unwrap_or_else(PoisonError::into_inner);
        Some(inner.store)
    }
}

impl Inner {
    fn read<T>(
        &mut self,
        what: &'static str,
        read: impl FnOnce(&mut SqliteLedger) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        if std::mem::take(&mut self.next_read_fails) {
            self.hits.push(what);
            return Err(LedgerError::Unavailable("simulated: the record cannot be read".to_owned()));
        }
        read(&mut self.store)
    }

    fn is_poisoned(&self, batch: &Batch) -> bool {
        use sale::Change::{DrawEntered, OrderHeld, OrderRejected, OrderToClaim, OrderWaits};
        self.poisoned.is_some_and(|poisoned| {
            batch.events.iter().any(|event| match &event.change {
                OrderHeld { intent, .. }
                | OrderToClaim { intent, .. }
                | OrderWaits { intent }
                | DrawEntered { intent, .. }
                | OrderRejected { intent, .. } => intent.order_id == poisoned,
                _ => false,
            })
        })
    }

    /// Whether the process dies of it, beside the answer.
    fn apply(&mut self, batch: &Batch) -> (bool, Result<Vec<Result<(), Refusal>>, LedgerError>) {
        let unavailable = |why: &str| Err(LedgerError::Unavailable(format!("simulated: {why}")));
        self.applied.tried += 1;
        if self.is_full {
            self.hits.push("fault: commit on a full disk");
            return (false, unavailable("the disk is full"));
        }
        if self.is_poisoned(batch) {
            self.hits.push("fault: commit of an order that breaks a rule");
            return (false, Err(LedgerError::Constraint("simulated: an order that cannot be kept".to_owned())));
        }
        let fault = self.next_apply.take();
        match fault {
            Some(ApplyFault::Before) => {
                self.hits.push("fault: commit fails, nothing written");
                return (false, unavailable("the disk is busy"));
            }
            Some(ApplyFault::Constraint) => {
                self.hits.push("fault: commit refused by a rule, once");
                return (false, Err(LedgerError::Constraint("simulated: once".to_owned())));
            }
            Some(ApplyFault::CrashBefore) => {
                self.hits.push("fault: crash before the commit");
                return (true, unavailable("crash"));
            }
            _ => {}
        }
        let answers = self.store.apply(batch);
        self.applied.written += u32::from(answers.is_ok());
        match fault {
            Some(ApplyFault::After) if answers.is_ok() => {
                self.hits.push("fault: commit written, answer lost");
                (false, unavailable("the answer was lost"))
            }
            Some(ApplyFault::CrashAfter) => {
                self.hits.push("fault: crash after the commit, before it is told");
                (true, answers)
            }
            _ => (false, answers),
        }
    }
}

impl Ledger for Disk {
    fn apply(&mut self, batch: &Batch) -> Result<Vec<Result<(), Refusal>>, LedgerError> {
        let (dies, answers) = self.inner().apply(batch);
        if dies {
            // Not a panic: no hook hears of it.
            std::panic::resume_unwind(Box::new(Crash));
        }
        answers
    }

    fn load_sale(&mut self, sale_id: SaleId) -> Result<Option<LoadedSale>, LedgerError> {
        self.inner().read("fault: a sale cannot be read", |store| store.load_sale(sale_id))
    }

    fn lively_sales(&mut self, ended_before_ms: i64) -> Result<Vec<SaleId>, LedgerError> {
        self.inner().read("fault: the sales cannot be listed", |store| store.lively_sales(ended_before_ms))
    }

    fn payment_of_event(&mut self, provider_event_id: &str) -> Result<Option<PaymentId>, LedgerError> {
        self.inner()
            .read("fault: a provider's message cannot be looked up", |store| store.payment_of_event(provider_event_id))
    }

    fn checkpoint(&mut self) -> Result<(), LedgerError> {
        self.inner().store.checkpoint()
    }
}
