//! A batch on its way to the record.

use std::collections::{BTreeSet, HashMap};

use ledger::{Batch, LedgerError, Refusal, Write};
use sale::{MerchantId, OrderId, PaymentId, SaleId};

use crate::command::{Failure, Reply, SaleChange};

/// Told after the commit: the answers of the command's own writes, or why there was no commit.
pub(crate) type Tell = Box<dyn FnOnce(Result<&[Result<(), Refusal>], Failure>)>;

/// A batch on its way, and what is to be told when it has arrived.
#[derive(Default)]
pub(crate) struct Round {
    pub(crate) batch: Batch,
    pub(crate) tells: Vec<(std::ops::Range<usize>, Tell)>,
    /// Orders that were decided before and are at a line's head again.
    pub(crate) known: Vec<(SaleId, OrderId)>,
    /// Sales whose terms ran ahead, beside those with events.
    pub(crate) touched: BTreeSet<SaleId>,
    pub(crate) latched: Vec<(SaleId, i64)>,
    pub(crate) changed: Vec<SaleChange>,
    /// Merchants who lifted strikes.
    pub(crate) lifted: BTreeSet<MerchantId>,
    /// Of which sale and kind somebody is told that all is sold, and the line's last number then.
    pub(crate) sold_out: Vec<(SaleId, Option<String>, u64)>,
    /// The provider's messages that this batch takes, and the payment of each.
    pub(crate) taken: HashMap<String, PaymentId>,
}

impl Round {
    pub(crate) fn tell<T: 'static>(&mut self, writes: Vec<Write>, reply: Reply<T>, value: T) {
        let first = self.batch.writes.len();
        self.batch.writes.extend(writes);
        let tell: Tell = Box::new(move |answers| {
            let refusal = |answers: &[Result<(), Refusal>]| answers.iter().find_map(|answer| answer.err());
            reply(match answers.map(refusal) {
                Ok(None) => Ok(value),
                Ok(Some(refusal)) => Err(Failure::Refused(refusal)),
                Err(failure) => Err(failure),
            });
        });
        self.tells.push((first..self.batch.writes.len(), tell));
    }

    /// A refusal may follow from what the same batch does: it is told when that is committed, and not before.
    pub(crate) fn tell_refusal<T: 'static>(&mut self, reply: Reply<T>, failure: Failure) {
        let last = self.batch.writes.len();
        self.tells.push((last..last, Box::new(move |answers| reply(Err(answers.err().unwrap_or(failure))))));
    }

    /// Nothing to commit and nobody to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.tells.is_empty()
    }

    /// The sales whose books this round has touched.
    pub(crate) fn sales(&self) -> BTreeSet<SaleId> {
        let by_events = self.batch.events.iter().map(|event| event.sale_id);
        let by_latches = self.latched.iter().map(|(sale_id, _)| *sale_id);
        by_events.chain(by_latches).chain(self.touched.iter().copied()).collect()
    }

    pub(crate) fn refuse(self, error: &LedgerError) {
        for (_, tell) in self.tells {
            tell(Err(Failure::from(error)));
        }
    }
}
