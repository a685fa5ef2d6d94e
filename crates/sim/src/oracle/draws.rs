//! Draws: who entered, what the close fixed, and whether everybody got what the seed gives them.

use std::collections::{BTreeMap, VecDeque};

use draw::{Entry, Tree, Units, draw_key, leaf_hash, ranking};
use sale::{Change, Hex32, OrderId, OrderState, OurSha256, Rejection};

use crate::oracle::account::{Account, Moment, State};
use crate::parts::{Ask, Checked, ensure};

/// What the record says of a sale's draw so far.
#[derive(Default)]
pub(crate) struct DrawFacts {
    root: Option<Hex32>,
    drawn: bool,
    /// Who comes next, and whether the place wins.
    next: VecDeque<(OrderId, bool)>,
    ranks: u64,
    entries: u64,
}

impl Account {
    pub(crate) fn is_draw(&self) -> bool {
        self.row.draw.is_some()
    }

    /// Orders are entries now, or would be if it were early enough.
    pub(crate) fn takes_entries(&self) -> bool {
        self.is_draw() && self.draw.root.is_none()
    }

    /// Nobody may enter or order: between the close and the last entry's outcome.
    pub(crate) fn is_between(&self, now_ms: i64) -> bool {
        let closes = |row: &ledger::SaleRow| row.draw.as_ref().is_some_and(|draw| now_ms >= draw.entries_close_at_ms);
        self.is_draw() && !self.draw_is_over() && (self.draw.root.is_some() || closes(&self.row))
    }

    pub(crate) fn is_deciding(&self) -> bool {
        self.draw.drawn && !self.draw.next.is_empty() && self.called_off_at_ms.is_none()
    }

    /// Within a round of entries being decided, what was free was not to be had.
    pub(crate) fn was_deciding(&self) -> bool {
        self.is_draw() && !self.draw_is_over()
    }

    /// What is left is sold to the first who come.
    pub(crate) fn draw_is_over(&self) -> bool {
        self.draw.drawn && self.draw.next.is_empty()
    }

    /// The draw's beacon was named, its time is over, and it has not come.
    pub(crate) fn beacon_is_missing(&self, now_ms: i64) -> bool {
        let due = self.row.draw.as_ref().and_then(|draw| draw.beacon.as_ref()).map(|beacon| beacon.due_at_ms);
        self.draw.root.is_some() && !self.draw.drawn && due.is_some_and(|due_ms| now_ms >= due_ms)
    }

    fn entered(&self) -> BTreeMap<OrderId, Entry> {
        let entered = self.orders.iter().filter(|(_, fact)| fact.state == State::Entered);
        let entry = entered.map(|(order_id, fact)| {
            let sku = fact.sku.clone();
            let (id, quantity) = (*order_id.0.as_bytes(), fact.quantity as u32);
            (*order_id, Entry { order_id: id, quantity, reserves: fact.reserved, sku })
        });
        entry.collect()
    }

    pub(crate) fn take_of_draw(&mut self, change: &Change, at: i64, moment: &Moment<'_>) -> Checked {
        match change {
            Change::DrawEntered { intent, number, reserves } => {
                self.placed(intent, moment)?;
                ensure!(self.takes_entries(), "draw", "an entry after the close: {intent:?}");
                ensure!(*number == self.draw.entries + 1, "draw", "entry {number} after {}", self.draw.entries);
                self.draw.entries = *number;
                ensure!(self.called_off_at_ms.is_none(), "6", "an entry in a sale that is off: {intent:?}");
                ensure!(!self.passes.contains_key(&intent.pass_id), "pass", "a pass served two orders: {intent:?}");
                let units = self.units_of(intent.shopper_id) + i64::from(intent.quantity);
                let allowed = self.any_terms(|row| units <= i64::from(row.per_shopper_limit));
                ensure!(allowed, "3", "a shopper enters for {units} units, past the limit: {intent:?}");
                self.placed.push((intent.order_id, !reserves));
                self.insert(intent, State::Entered, *reserves, 0, "", None)
            }
            Change::EntriesClosed { root, entries } => {
                let close_ms = self.row.draw.as_ref().map_or(i64::MAX, |draw| draw.entries_close_at_ms);
                ensure!(at >= close_ms, "draw", "entries closed at {at}, before their time");
                let all = self.entered();
                let leaves = all.values().map(|entry| leaf_hash::<OurSha256>(self.row.sale_id.0.as_bytes(), entry));
                let expected = Tree::of::<OurSha256>(leaves.collect()).root::<OurSha256>();
                let alike = root.0 == expected && *entries == all.len() as u64;
                ensure!(alike, "draw", "{entries} entries under {root}, and the record has {}", all.len());
                ensure!(self.draw.root.replace(*root).is_none(), "draw", "the entries closed twice");
                Ok(())
            }
            Change::Drawn { seed, beacon, units, skus, .. } => self.drawn(*seed, beacon.as_deref(), (*units, skus), at),
            Change::EntryHeld { order_id, rank, amount_minor, currency, hold_expires_at_ms } => {
                self.comes_next(*order_id, *rank, true)?;
                let fact = self.orders[order_id].clone();
                ensure!(fact.reserved, "draw", "a hold for one who pays to claim: {fact:?}");
                self.priced(fact.sku.as_deref(), fact.quantity as u32, *amount_minor, currency)?;
                self.expires(true, at, *hold_expires_at_ms)?;
                self.shift_order(*order_id, -1, 1, 0)?;
                self.offered(*order_id, OrderState::Held, (*amount_minor, currency), *hold_expires_at_ms)
            }
            Change::EntryToClaim { order_id, rank, amount_minor, currency, pay_by_ms } => {
                self.comes_next(*order_id, *rank, true)?;
                let fact = self.orders[order_id].clone();
                ensure!(!fact.reserved, "draw", "no hold for one who gets one: {fact:?}");
                self.priced(fact.sku.as_deref(), fact.quantity as u32, *amount_minor, currency)?;
                self.expires(false, at, Some(*pay_by_ms))?;
                self.offered(*order_id, OrderState::AwaitingPayment, (*amount_minor, currency), Some(*pay_by_ms))
            }
            Change::EntryWaits { order_id, rank } => {
                self.comes_next(*order_id, *rank, false)?;
                self.line.push(*order_id);
                self.order(*order_id)?.state = State::Waiting;
                Ok(())
            }
            Change::EntryEnded { order_id, rank: Some(rank), reason } => {
                self.comes_next(*order_id, *rank, false)?;
                self.order(*order_id)?.state = reason.map_or(State::SoldOut, State::Rejected);
                Ok(())
            }
            Change::EntryEnded { order_id, reason, .. } => {
                let asked = |ask: &Ask| matches!(ask, Ask::Cancel { order_id: asked, .. } if asked == order_id);
                let is_right = match reason {
                    Some(Rejection::Cancelled) => self.takes_entries() && moment.asks.iter().any(asked),
                    Some(Rejection::SaleCalledOff) => self.called_off_at_ms.is_some(),
                    _ => false,
                };
                ensure!(is_right, "draw", "an entry ended as {reason:?}, and not rightly: {order_id}");
                self.order(*order_id)?.state = reason.map_or(State::SoldOut, State::Rejected);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn drawn(&mut self, seed: Hex32, beacon: Option<&str>, units: (u64, &BTreeMap<String, u64>), at: i64) -> Checked {
        let terms = self.row.draw.clone();
        let terms = terms.as_ref();
        let committed = sale::DrawSeed(seed.0).commitment(self.row.sale_id);
        ensure!(terms.is_some_and(|terms| terms.commitment == committed), "draw", "another seed than was committed to");
        let named = terms.and_then(|terms| terms.beacon.as_ref());
        let in_time = named.is_none_or(|named| at < named.due_at_ms);
        ensure!(named.is_some() == beacon.is_some() && in_time, "draw", "beacon {beacon:?} at {at} for {named:?}");
        ensure!(self.called_off_at_ms.is_none() && !self.draw.drawn, "draw", "a draw twice, or of a sale that is off");
        let root = self.draw.root;
        ensure!(root.is_some(), "draw", "a draw before the close");
        let key = draw_key::<OurSha256>(&seed.0, &root.map_or([0; 32], |root| root.0), beacon);
        ensure!(units.0 as i64 == self.total.free, "draw", "a draw over {units:?}, and {:?}", self.total);
        let all: Vec<(OrderId, Entry)> = self.entered().into_iter().collect();
        let sale_id = self.row.sale_id;
        let leaf = |(_, entry): &(OrderId, Entry)| leaf_hash::<OurSha256>(sale_id.0.as_bytes(), entry);
        let leaves: Vec<_> = all.iter().map(leaf).collect();
        let mut left = Units { total: units.0, skus: units.1.clone() };
        let places = ranking::<OurSha256>(&key, &leaves).into_iter();
        self.draw.next = places.map(|at| (all[at].0, left.take(&all[at].1))).collect();
        self.draw.drawn = true;
        Ok(())
    }

    /// Places are given in the order of the draw, to those to whom they belong.
    fn comes_next(&mut self, order_id: OrderId, rank: u64, wins: bool) -> Checked {
        let next = self.draw.next.pop_front();
        let expected = next == Some((order_id, wins)) && rank == self.draw.ranks + 1;
        ensure!(expected, "draw", "place {rank} went to {order_id}, winning: {wins}; by the seed it is {next:?}");
        self.draw.ranks = rank;
        Ok(())
    }

    fn offered(
        &mut self,
        order_id: OrderId,
        state: OrderState,
        (amount, currency): (i64, &str),
        expires: Option<i64>,
    ) -> Checked {
        let sku = self.orders[&order_id].sku.clone();
        self.pass_over(None, sku.as_deref());
        let fact = self.order(order_id)?;
        fact.state = State::Order(state);
        (fact.amount, fact.currency, fact.expires) = (amount, currency.to_owned(), expires);
        Ok(())
    }
}
