//! When a commit fails: undoing, finding what was wrong, reading the books anew.

use std::sync::atomic::Ordering;

use intake::Concluded;
use ledger::{Batch, Drained, Ledger, LedgerError};
use sale::SaleId;

use super::round::Round;
use super::{ORDERS_PER_TURN, RETRY_AFTER, Writer};
use crate::metrics;

impl Writer {
    /// The commit failed and nothing of it was written. The books ran ahead, so they are read anew; orders are still
    /// in their lines and come again.
    pub(super) fn undo(&mut self, round: Round, error: &LedgerError, now_ms: i64) {
        tracing::error!(%error, events = round.batch.events.len(), "a batch could not be committed");
        metrics::batch_failed();
        self.stale.extend(round.sales());
        if matches!(error, LedgerError::Unavailable(_)) {
            self.shared.failed_at_ms.store(now_ms, Ordering::Release);
            round.refuse(error);
            std::thread::sleep(RETRY_AFTER);
            return;
        }
        if self.one_by_one == 0 {
            self.one_by_one = ORDERS_PER_TURN as u32;
        } else if round.tells.is_empty() {
            // It stood alone, and no command: one order, or a start or a lapse of one sale.
            match round.concluded.first() {
                Some((sale_id, concluded)) => self.give_up_order(*sale_id, concluded),
                None => round.sales().into_iter().for_each(|sale_id| self.set_aside(sale_id, error)),
            }
        }
        round.refuse(error);
    }

    /// An order that alone breaks a rule of the record can never be committed: its token ends without units.
    fn give_up_order(&mut self, sale_id: SaleId, concluded: &Concluded) {
        let Some(line) = self.desks.get(&sale_id).and_then(|desk| desk.line.clone()) else { return };
        let drained = Drained { sale_id, queue_life: line.queue_life(), queue_seq: concluded.through_seq };
        match self.ledger.apply(&Batch { drained: vec![drained], ..Batch::default() }) {
            Ok(_) => {
                tracing::error!(%sale_id, seq = concluded.through_seq, "an order was given up");
                let free_units = line.free_units();
                metrics::orders_sold_out(line.conclude(Concluded {
                    outcomes: Vec::new(),
                    free_units,
                    ..concluded.clone()
                }));
            }
            Err(error) => self.set_aside(sale_id, &error),
        }
    }

    /// Reads the books anew that ran ahead. False while the record cannot be read at all.
    pub(super) fn reload_stale(&mut self) -> bool {
        for sale_id in self.stale.clone() {
            match self.load(sale_id) {
                Err(LedgerError::Unavailable(reason)) => {
                    tracing::error!(reason, %sale_id, "a sale could not be read anew");
                    return false;
                }
                Err(error) => self.set_aside(sale_id, &error),
                Ok(_) => {
                    if let Some(desk) = self.desks.get(&sale_id)
                        && let Some(line) = &desk.line
                    {
                        line.units_moved(desk.book.stock().free(), []);
                    }
                }
            }
            self.stale.remove(&sale_id);
        }
        true
    }

    /// One sale that is wrong must not stop the others. Its line closes, and its book is not read again.
    pub(super) fn set_aside(&mut self, sale_id: SaleId, error: &LedgerError) {
        tracing::error!(%sale_id, %error, "a sale is set aside: its record is wrong; nobody can buy in it");
        metrics::sale_set_aside();
        if let Some(line) = self.desks.remove(&sale_id).and_then(|desk| desk.line) {
            line.close();
        }
        self.stale.remove(&sale_id);
        self.set_aside.insert(sale_id);
    }
}
