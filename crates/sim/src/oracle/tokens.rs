//! What queue tokens say, and what stands after a round.

use intake::Status;
use sale::{Outcome, StockPolicy};

use crate::coverage::Coverage;
use crate::disk::Disk;
use crate::oracle::account::State;
use crate::oracle::record::live_strikes;
use crate::oracle::{Known, Oracle, Token};
use crate::parts::{Checked, ensure};

/// How a round went, as far as its checks depend on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Went {
    pub(crate) now_ms: i64,
    /// It was committed or had nothing to commit.
    pub(crate) well: bool,
    /// It took all that was there, and not one thing only.
    pub(crate) whole: bool,
}

impl Oracle {
    /// A token was polled. What it says goes one way only.
    pub(crate) fn polled(&mut self, sale: usize, turn: (u64, u64), status: Status, cover: &mut Coverage) -> Checked {
        let lags = self.lags;
        let known = &mut self.sales[sale];
        let Some(token) = known.tokens.get_mut(&turn) else { return Ok(()) };
        let before = token.status;
        if before == status {
            return Ok(());
        }
        let forward = match (before, status) {
            (Status::Queued { position: before, .. }, Status::Queued { position, .. }) => position <= before,
            (Status::Entered { number: before, .. }, Status::Entered { number, .. }) => number == before,
            (Status::Entered { .. }, Status::Waiting { .. } | Status::Ended(_)) => true,
            (Status::Queued { .. }, _) | (Status::Waiting { .. }, Status::Waiting { .. } | Status::Ended(_)) => true,
            _ => false,
        };
        ensure!(forward, "4", "a token said {before:?} and now says {status:?}: {:?}", token.claims);
        let lost = status == Status::LostInRestart;
        ensure!(!lost || token.process < self.process, "4", "a token is lost without a restart: {:?}", token.claims);
        if std::mem::discriminant(&before) != std::mem::discriminant(&status) {
            cover.hit(crate::names::of_status(&status));
        }
        token.status = status;
        let token = token.clone();
        known.agrees(&token, lags)
    }

    /// What stands after every round that went well.
    pub(crate) fn after_round(&mut self, disk: &Disk, went: Went, was_queued: &[(usize, (u64, u64))]) -> Checked {
        let Went { now_ms, well, whole } = went;
        let process = self.process;
        let was_published: Vec<bool> = self.sales.iter().map(|known| known.told[0].published).collect();
        for known in &mut self.sales {
            if well && whole {
                known.told = vec![known.account.row.clone()];
            } else {
                known.told.push(known.account.row.clone());
            }
        }
        self.lags = !well;
        if !well {
            return Ok(());
        }
        let poisoned = disk.poisoned();
        for &(sale, turn) in was_queued {
            let known = &mut self.sales[sale];
            let token = known.tokens[&turn].clone();
            let was_placed = matches!(token.status, Status::Ended(Outcome::SoldOut));
            if !was_placed || token.barred_by.is_some() || token.may_be_barred || token.process != process {
                continue;
            }
            if Some(token.claims.order_id) == poisoned {
                known.may_bar_later(turn, &token);
                continue;
            }
            known.was_sold_out(disk, &token, went)?;
            known.bar_later(turn, &token)?;
        }
        for (known, was_published) in self.sales.iter().zip(was_published) {
            known.agree_all(process, self.lags)?;
            known.account_stands(now_ms, whole, was_published)?;
        }
        Ok(())
    }

    /// At the very end every token has ended.
    pub(crate) fn all_ended(&self) -> Checked {
        for token in self.sales.iter().flat_map(|known| known.tokens.values()) {
            ensure!(token.is_final(), "4", "at the end a token still says {:?}: {:?}", token.status, token.claims);
        }
        Ok(())
    }
}

impl Known {
    /// What a token says and what the record has are one.
    fn agrees(&self, token: &Token, lags: bool) -> Checked {
        let turn = (token.claims.queue_life, token.claims.queue_seq);
        let fact = self.account.orders.get(&token.claims.order_id).filter(|fact| fact.turn == turn);
        let state = fact.map(|fact| fact.state);
        let agrees = match token.status {
            Status::Ended(Outcome::Held { expires_at_ms, reserved }) => {
                let alike = fact.is_some_and(|fact| (fact.expires, fact.reserved) == (expires_at_ms, reserved));
                alike && matches!(state, Some(State::Order(_)))
            }
            Status::Ended(Outcome::SoldOut) => matches!(state, None | Some(State::SoldOut)),
            Status::Ended(Outcome::Rejected(reason)) => state == Some(State::Rejected(reason)),
            Status::LostInRestart => fact.is_none(),
            Status::Waiting { .. } => state == Some(State::Waiting) || lags,
            Status::Queued { .. } => fact.is_none() || lags,
            Status::Entered { .. } => state == Some(State::Entered) || lags,
            Status::Ended(Outcome::Waiting | Outcome::Entered { .. }) => false,
        };
        ensure!(agrees, "5", "a token says {:?}, and the record has {fact:?}: {:?}", token.status, token.claims);
        ensure!(
            token.barred_by.is_none() || !matches!(token.status, Status::Ended(Outcome::Held { .. })),
            "11",
            "order {} was served, and {:?}, before it in the line, had heard sold out",
            token.claims.order_id,
            token.barred_by
        );
        Ok(())
    }

    fn agree_all(&self, process: u32, lags: bool) -> Checked {
        let may_move = |token: &&Token| !token.is_final() && token.process <= process;
        self.tokens.values().filter(may_move).try_for_each(|token| self.agrees(token, lags))
    }

    /// Nobody hears `sold_out` from the head of the line while there is something for that order.
    fn was_sold_out(&self, disk: &Disk, token: &Token, went: Went) -> Checked {
        let account = &self.account;
        if account.orders.get(&token.claims.order_id).is_some_and(|fact| fact.state == State::SoldOut) {
            return Ok(());
        }
        let sku = token.sku.as_deref();
        let free = account.free(sku).unwrap_or(0);
        ensure!(free == 0, "2", "sold out with {free} units free: {:?}", token.claims);
        let waits = account.line.len();
        let strikes =
            disk.with(|connection| live_strikes(connection, account.row.merchant_id, token.claims.shopper_id));
        let could_wait = strikes.is_ok_and(|strikes| strikes.is_empty())
            && !account.is_over(went.now_ms)
            && account.unsold(sku).unwrap_or(0) >= i64::from(token.quantity)
            && account
                .terms
                .iter()
                .all(|row| row.stock_policy != StockPolicy::OnPayment && waits < row.waitlist_units as usize);
        ensure!(!could_wait, "2", "sold out, and there was room to wait: {:?}", token.claims);
        Ok(())
    }

    /// Who came later and asks for the same is not served while this one is not.
    fn bar_later(&mut self, turn: (u64, u64), sold_out: &Token) -> Checked {
        if self.account.orders.get(&sold_out.claims.order_id).is_some_and(|fact| fact.turn == turn) {
            return Ok(());
        }
        let later = self.tokens.range_mut((turn.0, turn.1 + 1)..=(turn.0, u64::MAX));
        for (_, token) in later.filter(|(_, token)| token.sku == sold_out.sku) {
            let served = matches!(token.status, Status::Waiting { .. } | Status::Ended(Outcome::Held { .. }));
            ensure!(
                !served,
                "11",
                "{:?} heard sold out, and a later order is served: {:?} {:?}",
                sold_out.claims,
                token.claims,
                token.status
            );
            if matches!(token.status, Status::Queued { .. }) {
                token.barred_by.get_or_insert(sold_out.claims.order_id);
            }
        }
        Ok(())
    }

    /// Of an order that no commit takes it is not known whether it was given up or heard that all is sold. If the latter, who
    /// is behind it hears the same.
    fn may_bar_later(&mut self, turn: (u64, u64), ended: &Token) {
        if self.account.free(ended.sku.as_deref()).unwrap_or(0) > 0 {
            return;
        }
        let later = self.tokens.range_mut((turn.0, turn.1 + 1)..=(turn.0, u64::MAX));
        for (_, token) in later.filter(|(_, token)| token.sku == ended.sku) {
            token.may_be_barred |= matches!(token.status, Status::Queued { .. });
        }
    }

    /// Nothing is left undone that the round should have done.
    fn account_stands(&self, now_ms: i64, whole: bool, was_published: bool) -> Checked {
        let account = &self.account;
        // While a draw is under way, what is free belongs to the places that are still to come, and nothing else happens.
        if account.is_deciding() {
            return Ok(());
        }
        let waits = account.first_who_fits();
        ensure!(waits.is_none(), "2", "units are free that {waits:?} waits for");
        if !whole {
            return Ok(());
        }
        for (order_id, fact) in &account.orders {
            let late = fact.is_open() && fact.expires.is_some_and(|expires| expires <= now_ms);
            ensure!(!late, "hold", "order {order_id} should have lapsed by {now_ms}: {fact:?}");
            let off = account.called_off_at_ms.is_some();
            let on = fact.is_open() || fact.state == State::Order(sale::OrderState::Paid);
            ensure!(
                !off || fact.state != State::Entered,
                "4",
                "the sale is off, and order {order_id} is still an entry"
            );
            ensure!(!off || !on, "7", "the sale is off, and order {order_id} goes on: {fact:?}");
            if fact.state == State::Waiting {
                let unsold = account.unsold(fact.sku.as_deref()).unwrap_or(0);
                ensure!(unsold >= fact.quantity, "4", "order {order_id} waits for units that cannot come back");
                ensure!(!off && now_ms < account.row.ends_at_ms, "4", "order {order_id} waits in a sale that is over");
            }
        }
        let latched = !was_published || account.opened_at_ms.is_some() || now_ms < account.row.starts_at_ms;
        ensure!(latched, "6", "the start was reached by {now_ms}, and is not latched: {:?}", account.row);
        let left = self.tokens.values().filter(|token| matches!(token.status, Status::Queued { .. })).count();
        ensure!(left == 0, "4", "{left} tokens are still queued after a round that takes all");
        Ok(())
    }
}
