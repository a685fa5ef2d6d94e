//! When a commit fails: undoing, finding what was wrong, reading the books anew.

use intake::Report;
use ledger::{Batch, Drained, Ledger, LedgerError};
use sale::SaleId;

use crate::desk::Desk;
use crate::under_way::Round;
use crate::{Committer, ORDERS_PER_TURN, Tally};

impl<L: Ledger> Committer<L> {
    /// The commit failed, as far as is known. The books ran ahead, so they are read anew; orders are still in their lines
    /// and come again.
    pub(crate) fn undo(&mut self, round: Round, error: &LedgerError, tally: &mut Tally) {
        tracing::error!(%error, events = round.batch.events.len(), "a batch could not be committed");
        tally.failed = true;
        self.stale.extend(round.sales());
        let lifted = |desk: &Desk| round.lifted.contains(&desk.row.merchant_id);
        self.stale.extend(self.desks.iter().filter(|(_, desk)| lifted(desk)).map(|(sale_id, _)| *sale_id));
        if matches!(error, LedgerError::Unavailable(_)) {
            tally.unavailable = true;
            round.refuse(error);
            return;
        }
        if self.one_by_one == 0 {
            self.one_by_one = ORDERS_PER_TURN as u32;
        } else if round.tells.is_empty() {
            // It stood alone, and no command: one order, or a start or a lapse of one sale.
            match round.batch.drained.first() {
                Some(drained) => self.give_up_order(*drained, tally),
                None => round.sales().into_iter().for_each(|sale_id| self.set_aside(sale_id, error, tally)),
            }
        }
        round.refuse(error);
    }

    /// An order that alone breaks a rule of the record can never be committed: its token ends without units.
    fn give_up_order(&mut self, drained: Drained, tally: &mut Tally) {
        let Drained { sale_id, queue_seq, .. } = drained;
        let Some(line) = self.desks.get(&sale_id).and_then(|desk| desk.line.clone()) else { return };
        match self.ledger.apply(&Batch { drained: vec![drained], ..Batch::default() }) {
            Ok(_) => {
                tracing::error!(%sale_id, seq = queue_seq, "an order was given up");
                let outlooks = line.outlooks().as_ref().clone();
                tally.sold_out += line.report(Report { through_seq: Some(queue_seq), outlooks, ..Report::default() });
            }
            // It comes again, and is given up then.
            Err(LedgerError::Unavailable(_)) => tally.unavailable = true,
            Err(error) => self.set_aside(sale_id, &error, tally),
        }
    }

    /// Reads the books anew that ran ahead. False while the record cannot be read at all.
    pub(crate) fn reload_stale(&mut self, now_us: i64, tally: &mut Tally) -> bool {
        for sale_id in self.stale.clone() {
            // Nothing is on its way: what the record says of strikes is all there is.
            if let Some(desk) = self.desks.get(&sale_id) {
                self.strikes.remove(&desk.row.merchant_id);
            }
            match self.load(sale_id, now_us) {
                Err(LedgerError::Unavailable(reason)) => {
                    tracing::error!(reason, %sale_id, "a sale could not be read anew");
                    return false;
                }
                Err(error) => self.set_aside(sale_id, &error, tally),
                Ok(_) => {
                    if let Some(desk) = self.desks.get(&sale_id)
                        && let Some(line) = &desk.line
                    {
                        let book = &desk.book;
                        line.set_terms(desk.line_terms());
                        desk.tell_draw_stage();
                        line.resync(
                            |order| book.outcome(order),
                            |order| book.waits_at_rank(order),
                            |shopper| book.units_of(shopper),
                            book.outlooks(),
                        );
                    }
                }
            }
            self.stale.remove(&sale_id);
        }
        true
    }

    /// One sale that is wrong must not stop the others. Its line closes, and its book is not read again.
    pub(crate) fn set_aside(&mut self, sale_id: SaleId, error: &LedgerError, tally: &mut Tally) {
        tracing::error!(%sale_id, %error, "a sale is set aside: its record is wrong; nobody can buy in it");
        tally.set_aside += 1;
        if let Some(line) = self.desks.remove(&sale_id).and_then(|desk| desk.line) {
            line.close();
        }
        self.stale.remove(&sale_id);
        self.set_aside.insert(sale_id);
    }
}
