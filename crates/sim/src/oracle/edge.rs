//! Whether somebody was rightly let into a line, or rightly not.

use intake::{AdmitRefused, Place, Status};
use ledger::SaleRow;
use sale::{AdmissionRefusal, OrderId, QueueClaims};

use crate::oracle::{Known, Oracle, Token};
use crate::parts::{Checked, Request, ensure};

/// One request at the edge, and when it was judged.
pub(crate) struct Knock<'a> {
    pub(crate) request: &'a Request,
    pub(crate) order_id: OrderId,
    pub(crate) now_ms: i64,
    /// The line's life.
    pub(crate) life: u64,
}

fn has_opened(row: &SaleRow, now_ms: i64) -> bool {
    row.opened_at_ms.is_some() || now_ms >= row.starts_at_ms
}

fn has_ended(row: &SaleRow, now_ms: i64) -> bool {
    now_ms >= row.called_off_at_ms.map_or(row.ends_at_ms, |at_ms| at_ms.min(row.ends_at_ms))
}

impl Known {
    /// Whether the shopper may still use this pass in this line.
    fn pass_is_good(&self, knock: &Knock<'_>) -> bool {
        let Request { pass, shopper, .. } = knock.request;
        if pass.queue_life == knock.life {
            return self.live_passes.get(shopper) == Some(&pass.pass_id);
        }
        !self.past_spent.contains(shopper) && !self.used_passes.contains(&pass.pass_id)
    }

    /// Units that the shopper has in the line.
    fn queued_units(&self, shopper: usize) -> i64 {
        let queued = |token: &&Token| token.shopper == shopper && matches!(token.status, Status::Queued { .. });
        self.tokens.values().filter(queued).map(|token| i64::from(token.quantity)).sum()
    }
}

impl Oracle {
    /// Somebody is at the edge: with an order of their own.
    pub(crate) fn knocked(&mut self, knock: &Knock<'_>) -> Checked {
        let Request { sale, shopper, key, .. } = knock.request;
        let own = (*shopper, key.clone());
        let owner = self.sales[*sale].owners.entry(knock.order_id).or_insert_with(|| own.clone());
        ensure!(*owner == own, "3", "{own:?} and {owner:?} have one order, {}", knock.order_id);
        Ok(())
    }

    /// A place was given out. It may have been the answer to an earlier request of the same order.
    pub(crate) fn admitted(&mut self, knock: &Knock<'_>, place: Place) -> Checked {
        let process = self.process;
        let Knock { request, order_id, now_ms, life } = *knock;
        let known = &mut self.sales[request.sale];
        let turn = (place.queue_life, place.queue_seq);
        let body_hash = request.body_hash();
        if !place.fresh {
            let seat = known.seats.get(&order_id);
            ensure!(seat == Some(&turn), "3", "the same key has the place {turn:?}, and had {seat:?}");
            let same = known.tokens.get(&turn).is_some_and(|token| token.body_hash == body_hash);
            ensure!(same, "3", "a key that came with another body was answered with the first one's place");
            return Ok(());
        }
        let open = |row: &SaleRow| row.published && !row.paused && has_opened(row, now_ms) && !has_ended(row, now_ms);
        ensure!(known.told.iter().any(open), "6", "an order was admitted at {now_ms} to {:?}", known.told);
        let between = known.account.is_between(now_ms);
        ensure!(!between, "6", "an order was admitted at {now_ms}, after the close of its draw: {request:?}");
        ensure!(known.pass_is_good(knock), "pass", "an order was admitted with a pass that is not good: {request:?}");
        if let Some(before) = known.seats.get(&order_id) {
            let token = &known.tokens[before];
            let over = token.process < process && token.is_final();
            let took_units = known.account.orders.contains_key(&order_id);
            ensure!(over && !took_units, "3", "an order has a second place {turn:?} beside {token:?}");
        }
        let claims = QueueClaims {
            sale_id: pass_sale(knock),
            shopper_id: request.pass.shopper_id,
            order_id,
            queue_life: place.queue_life,
            queue_seq: place.queue_seq,
        };
        let token = Token {
            claims,
            shopper: request.shopper,
            quantity: request.quantity,
            sku: request.sku.clone(),
            pass_id: request.pass.pass_id,
            body_hash,
            process,
            status: Status::Queued { position: place.position, free_units: 0 },
            barred_by: None,
            may_be_barred: false,
        };
        let same_place = known.tokens.insert(turn, token);
        ensure!(same_place.is_none(), "4", "two orders have one place, {turn:?}: {same_place:?} and {request:?}");
        known.seats.insert(order_id, turn);
        if request.pass.queue_life == life {
            known.live_passes.remove(&request.shopper);
        } else {
            known.past_spent.insert(request.shopper);
        }
        Ok(())
    }

    pub(crate) fn pass_granted(&mut self, sale: usize, shopper: usize, pass_id: sale::PassId) {
        let known = &mut self.sales[sale];
        known.live_passes.insert(shopper, pass_id);
        known.past_spent.insert(shopper);
    }

    /// Somebody was not let in: for a reason that is one.
    pub(crate) fn refused(&self, knock: &Knock<'_>, refusal: AdmitRefused) -> Checked {
        let Knock { request, order_id, now_ms, .. } = *knock;
        let known = &self.sales[request.sale];
        let account = &known.account;
        let sku = request.sku.as_deref();
        let is_right = match refusal {
            AdmitRefused::Mismatch => {
                let token = known.seats.get(&order_id).and_then(|turn| known.tokens.get(turn));
                token.is_some_and(|token| token.body_hash != request.body_hash())
            }
            AdmitRefused::Admission(AdmissionRefusal::NotOpen) => known.told.iter().any(|row| !has_opened(row, now_ms)),
            AdmitRefused::Admission(AdmissionRefusal::Ended) => known.told.iter().any(|row| has_ended(row, now_ms)),
            AdmitRefused::Admission(AdmissionRefusal::EntriesClosed) => account.is_between(now_ms) || self.lags,
            AdmitRefused::Admission(AdmissionRefusal::Paused) => known.told.iter().any(|row| row.paused),
            AdmitRefused::PassInvalid => !known.pass_is_good(knock),
            AdmitRefused::Busy => false,
            // What the line knows of units and orders is what the last commit told it.
            _ if self.lags => true,
            AdmitRefused::Admission(AdmissionRefusal::SoldOut) => {
                let waits = account.line.len();
                let none = account.free(sku).unwrap_or(0) == 0;
                let room = known.told.iter().all(|row| waits < row.waitlist_units as usize);
                let off = account.called_off_at_ms.is_some();
                off || none && (!room || account.unsold(sku).unwrap_or(0) == 0)
            }
            AdmitRefused::Admission(AdmissionRefusal::LimitReached) => {
                let units = account.units_of(request.pass.shopper_id) + known.queued_units(request.shopper);
                let wanted = units + i64::from(request.quantity);
                known.told.iter().any(|row| wanted > i64::from(row.per_shopper_limit))
            }
            AdmitRefused::SkuUnknown => account.free(sku).is_none(),
        };
        ensure!(is_right, "2", "an order was refused as {refusal:?} without that reason at {now_ms}: {request:?}");
        Ok(())
    }
}

fn pass_sale(knock: &Knock<'_>) -> sale::SaleId {
    knock.request.pass.sale_id
}
