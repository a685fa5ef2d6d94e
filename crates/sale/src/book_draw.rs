//! A sale by draw: orders are entries until the close; then the seed is shown, and each entry gets what its place gives it.
//!
//! Everything about a draw follows from three facts: who entered, the close with its root, and the draw with its seed. What
//! each entry gets is planned when the seed is known and made so a batch at a time, so that a process that dies between two
//! batches goes on where it was, to the same end.

use std::collections::{BTreeMap, HashMap, VecDeque};

use draw::{Entry, Tree, draw_key, leaf_hash, ranking};

use crate::book::{Book, Ended};
use crate::book_apply::BrokenLog;
use crate::decision::{BookOrder, DrawOutlook, Intent, Waiter};
use crate::draw_terms::{DrawRefused, DrawSeed, DrawStage, Hex32, OurSha256};
use crate::event::{Change, Event};
use crate::ids::{OrderId, SaleId, ShopperId};
use crate::order::Rejection;
use crate::stock::Stock;

/// Entries of one draw, at most; past that the answer is `busy`. All are ranked at one go.
pub const MAX_ENTRIES: u64 = 200_000;

/// For so long the root stands alone before the seed is shown, so that whoever wants to can keep it.
pub const DRAW_PAUSE_MS: i64 = 2_000;

/// One order that takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entrant {
    order_id: OrderId,
    shopper_id: ShopperId,
    quantity: u32,
    reserves: bool,
    sku: Option<String>,
}

impl Entrant {
    fn entry(&self) -> Entry {
        Entry {
            order_id: *self.order_id.0.as_bytes(),
            quantity: self.quantity,
            reserves: self.reserves,
            sku: self.sku.clone(),
        }
    }
}

/// What an entry's place gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Wins,
    Waits,
    Ends(Option<Rejection>),
}

/// A sale's draw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DrawBook {
    stage: DrawStage,
    /// Those that are not decided, by their numbers.
    entrants: BTreeMap<u64, Entrant>,
    numbers: HashMap<OrderId, u64>,
    last_number: u64,
    entered_units: u64,
    closed: Option<(Hex32, i64)>,
    beacon: Option<String>,
    /// Entries by number, the next in the draw first.
    plan: VecDeque<(u64, Fate)>,
    last_rank: u64,
}

impl DrawBook {
    pub(crate) fn number_of(&self, order_id: OrderId) -> Option<u64> {
        self.numbers.get(&order_id).copied()
    }

    pub(crate) fn shopper_of(&self, order_id: OrderId) -> Option<ShopperId> {
        self.entrants.get(&self.number_of(order_id)?).map(|entrant| entrant.shopper_id)
    }

    fn leaves(&self, sale_id: SaleId) -> Vec<draw::Digest> {
        let leaf = |entrant: &Entrant| leaf_hash::<OurSha256>(sale_id.0.as_bytes(), &entrant.entry());
        self.entrants.values().map(leaf).collect()
    }

    fn outlook(&self, called_off: bool) -> DrawOutlook {
        DrawOutlook {
            stage: self.stage,
            called_off,
            entries: self.entrants.len() as u64,
            entered_units: self.entered_units,
        }
    }

    /// What every entry is to get, the first in the draw first.
    fn planned(&self, key: &draw::Digest, sale_id: SaleId, units: &draw::Units, places: u32) -> VecDeque<(u64, Fate)> {
        let numbers: Vec<u64> = self.entrants.keys().copied().collect();
        let mut left = units.clone();
        let mut waiting = 0;
        let ranked = ranking::<OurSha256>(key, &self.leaves(sale_id)).into_iter().map(|at| numbers[at]);
        let fate = |number: u64| {
            let entry = self.entrants[&number].entry();
            let (sku, wanted) = (entry.sku.as_deref(), u64::from(entry.quantity));
            if left.take(&entry) {
                return (number, Fate::Wins);
            }
            let (free, may_come_back) = (left.left(sku), units.left(sku));
            let fate = match (free, waiting < places && may_come_back > 0) {
                (_, true) if entry.reserves && may_come_back >= wanted => {
                    waiting += 1;
                    Fate::Waits
                }
                (0, true) if !entry.reserves => Fate::Ends(Some(Rejection::Marked)),
                (0, false) => Fate::Ends(None),
                _ => Fate::Ends(Some(Rejection::NotEnoughUnits)),
            };
            (number, fate)
        };
        ranked.map(fate).collect()
    }
}

impl Book {
    /// How far the sale's draw is. None for one that is first come, first served.
    #[must_use]
    pub fn draw_stage(&self) -> Option<DrawStage> {
        self.draw.as_ref().map(|draw| draw.stage)
    }

    pub(crate) fn draw_outlook(&self) -> Option<DrawOutlook> {
        self.draw.as_ref().map(|draw| draw.outlook(self.called_off))
    }

    /// Entries are being decided: what is free is theirs by the plan, and nobody else's.
    pub(crate) fn is_deciding(&self) -> bool {
        self.draw_stage() == Some(DrawStage::Deciding) && !self.called_off
    }

    /// Of an order that entered a draw and waits: its place in the draw.
    #[must_use]
    pub fn waits_at_rank(&self, order_id: OrderId) -> Option<u64> {
        self.turns.get(&order_id).filter(|(life, _)| *life == 0).map(|(_, rank)| *rank)
    }

    /// The entries that have not been decided.
    pub fn entries(&self) -> impl Iterator<Item = OrderId> {
        self.draw.iter().flat_map(|draw| draw.numbers.keys().copied())
    }

    /// When the draw is next due, for a sale that is published: the close, the draw itself, or the end of the wait for a
    /// beacon.
    #[must_use]
    pub fn draw_due_ms(&self) -> Option<i64> {
        let (draw, terms) = (self.draw.as_ref()?, self.terms.draw?);
        match (draw.stage, draw.closed) {
            _ if self.called_off => None,
            (DrawStage::Entering, _) => Some(terms.entries_close_at_ms),
            (DrawStage::Closed, Some((_, at_ms))) => {
                Some(terms.beacon_due_at_ms.unwrap_or(at_ms.saturating_add(DRAW_PAUSE_MS)))
            }
            _ => None,
        }
    }

    /// Fixes the entries, once their time is over. To be called when no order that was admitted in time is still in the
    /// line.
    pub fn close_entries(&mut self, now_ms: i64) -> Vec<Event> {
        let is_due = self.draw_due_ms().is_some_and(|due_ms| due_ms <= now_ms);
        let Some(draw) = self.draw.as_ref().filter(|draw| is_due && draw.stage == DrawStage::Entering) else {
            return Vec::new();
        };
        let root = Hex32(Tree::of::<OurSha256>(draw.leaves(self.sale_id)).root::<OurSha256>());
        let entries = draw.entrants.len() as u64;
        vec![self.recorded(now_ms, Change::EntriesClosed { root, entries })]
    }

    /// Holds the draw. Where a beacon was named it is not held without its value, and nobody's choice replaces it.
    pub fn hold_draw(&mut self, seed: &DrawSeed, beacon: Option<&str>, now_ms: i64) -> Result<Vec<Event>, DrawRefused> {
        let (draw, terms) = self.draw.as_ref().zip(self.terms.draw).ok_or(DrawRefused::NoDraw)?;
        if beacon.is_some() != terms.beacon_due_at_ms.is_some() {
            return Err(DrawRefused::NoBeacon);
        }
        match draw.stage {
            _ if self.called_off => return Err(DrawRefused::CalledOff),
            DrawStage::Entering => return Err(DrawRefused::EntriesOpen),
            DrawStage::Closed => {}
            // Said again: nothing new.
            _ if beacon.is_some() && draw.beacon.as_deref() == beacon => return Ok(Vec::new()),
            _ => return Err(DrawRefused::Held),
        }
        let due_ms = self.draw_due_ms().unwrap_or(i64::MAX);
        match beacon {
            Some(_) if now_ms >= due_ms => return Err(DrawRefused::TooLate),
            None if now_ms < due_ms => return Err(DrawRefused::EntriesOpen),
            _ => {}
        }
        let free = |stock: &Stock| stock.free();
        let change = Change::Drawn {
            seed: Hex32(seed.0),
            beacon: beacon.map(str::to_owned),
            units: self.stock().free(),
            skus: self.shelf.skus().iter().map(|(sku, stock)| (sku.clone(), free(stock))).collect(),
            waitlist_units: self.terms.waitlist_units,
        };
        Ok(vec![self.recorded(now_ms, change)])
    }

    /// One thing that a draw brings about by itself: the next entry gets what its place gives it, an entry of a sale that was
    /// called off ends, or a sale whose beacon did not come is called off.
    pub(crate) fn elapse_draw(&mut self, now_ms: i64) -> Vec<Event> {
        let Some(draw) = &self.draw else { return Vec::new() };
        if self.called_off {
            let Some(entrant) = draw.entrants.values().next() else { return Vec::new() };
            let (order_id, reason) = (entrant.order_id, Some(Rejection::SaleCalledOff));
            return vec![self.recorded(now_ms, Change::EntryEnded { order_id, rank: None, reason })];
        }
        if let Some(&(number, fate)) = draw.plan.front() {
            let change = self.fulfilled(number, fate, now_ms);
            let mut events = vec![self.recorded(now_ms, change)];
            self.follow(now_ms, &mut events);
            return events;
        }
        let has_beacon = self.terms.draw.is_some_and(|terms| terms.beacon_due_at_ms.is_some());
        let is_late = self.draw_due_ms().is_some_and(|due_ms| due_ms <= now_ms);
        if has_beacon && is_late && self.draw_stage() == Some(DrawStage::Closed) {
            return self.call_off(now_ms);
        }
        Vec::new()
    }

    fn fulfilled(&self, number: u64, fate: Fate, now_ms: i64) -> Change {
        let draw = self.draw.as_ref();
        let entrant = draw.and_then(|draw| draw.entrants.get(&number)).expect("who is in the plan has entered");
        let rank = draw.map_or(0, |draw| draw.last_rank) + 1;
        let order_id = entrant.order_id;
        let sku = entrant.sku.as_deref();
        let is_free = self.shelf.left(sku).is_some_and(|left| left.free >= u64::from(entrant.quantity));
        let amount_minor = self.terms.amount_minor(sku, entrant.quantity).filter(|_| is_free);
        let currency = self.terms.currency.clone();
        match (fate, amount_minor) {
            (Fate::Wins, Some(amount_minor)) if entrant.reserves => {
                let hold_expires_at_ms = self.terms.expires_at_ms(true, now_ms);
                Change::EntryHeld { order_id, rank, amount_minor, currency, hold_expires_at_ms }
            }
            (Fate::Wins, Some(amount_minor)) => {
                let pay_by_ms = self.terms.expires_at_ms(false, now_ms).unwrap_or(i64::MAX);
                Change::EntryToClaim { order_id, rank, amount_minor, currency, pay_by_ms }
            }
            // What is planned stays free until it is given: nothing but the plan takes units meanwhile.
            (Fate::Wins, None) => {
                Change::EntryEnded { order_id, rank: Some(rank), reason: Some(Rejection::NotEnoughUnits) }
            }
            (Fate::Waits, _) => Change::EntryWaits { order_id, rank },
            (Fate::Ends(reason), _) => Change::EntryEnded { order_id, rank: Some(rank), reason },
        }
    }

    pub(crate) fn enter(&mut self, intent: &Intent, number: u64, reserves: bool) -> Result<(), BrokenLog> {
        self.take_pass(intent)?;
        let draw = self.draw.as_mut().ok_or(BrokenLog::Draw)?;
        if draw.stage != DrawStage::Entering || number != draw.last_number + 1 {
            return Err(BrokenLog::Draw);
        }
        draw.last_number = number;
        draw.entered_units += u64::from(intent.quantity);
        draw.numbers.insert(intent.order_id, number);
        let entrant = Entrant {
            order_id: intent.order_id,
            shopper_id: intent.shopper_id,
            quantity: intent.quantity,
            reserves,
            sku: intent.sku.clone(),
        };
        draw.entrants.insert(number, entrant);
        self.count(intent.shopper_id, i64::from(intent.quantity));
        Ok(())
    }

    pub(crate) fn next_entry_number(&self) -> u64 {
        self.draw.as_ref().map_or(0, |draw| draw.last_number) + 1
    }

    pub(crate) fn apply_close(&mut self, root: Hex32, entries: u64, at_ms: i64) -> Result<(), BrokenLog> {
        let sale_id = self.sale_id;
        let draw = self.draw.as_mut().filter(|draw| draw.stage == DrawStage::Entering).ok_or(BrokenLog::Draw)?;
        let found = Tree::of::<OurSha256>(draw.leaves(sale_id)).root::<OurSha256>();
        if found != root.0 || entries != draw.entrants.len() as u64 {
            return Err(BrokenLog::Draw);
        }
        draw.stage = DrawStage::Closed;
        draw.closed = Some((root, at_ms));
        Ok(())
    }

    pub(crate) fn apply_drawn(
        &mut self,
        seed: Hex32,
        beacon: Option<&str>,
        units: draw::Units,
        waitlist_units: u32,
    ) -> Result<(), BrokenLog> {
        let sale_id = self.sale_id;
        let draw = self.draw.as_mut().filter(|draw| draw.stage == DrawStage::Closed).ok_or(BrokenLog::Draw)?;
        let (root, _) = draw.closed.ok_or(BrokenLog::Draw)?;
        let key = draw_key::<OurSha256>(&seed.0, &root.0, beacon);
        draw.plan = draw.planned(&key, sale_id, &units, waitlist_units);
        draw.beacon = beacon.map(str::to_owned);
        draw.stage = if draw.plan.is_empty() { DrawStage::Drawn } else { DrawStage::Deciding };
        Ok(())
    }

    pub(crate) fn offer_entry(
        &mut self,
        (order_id, rank): (OrderId, u64),
        amount_minor: i64,
        currency: &str,
        reserved: bool,
        expires_at_ms: Option<i64>,
    ) -> Result<(), BrokenLog> {
        let entrant = self.no_longer_entered(order_id, Some(rank))?;
        if reserved {
            self.shelf.step(entrant.sku.as_deref(), u64::from(entrant.quantity), Stock::hold)?;
        }
        self.pass_over((0, rank), entrant.sku.as_deref());
        let order = BookOrder::open(
            entrant.shopper_id,
            entrant.sku,
            entrant.quantity,
            (amount_minor, currency),
            reserved,
            expires_at_ms,
        );
        self.insert(order_id, order);
        Ok(())
    }

    /// Entries that wait come before whoever orders later: life 0 is before all lives of the line.
    pub(crate) fn wait_as_entry(&mut self, order_id: OrderId, rank: u64) -> Result<(), BrokenLog> {
        let entrant = self.no_longer_entered(order_id, Some(rank))?;
        let Entrant { shopper_id, quantity, sku, .. } = entrant;
        self.waiting.insert((0, rank), Waiter { order_id, shopper_id, sku, quantity, passed_over: false });
        self.turns.insert(order_id, (0, rank));
        Ok(())
    }

    pub(crate) fn end_entry(
        &mut self,
        order_id: OrderId,
        rank: Option<u64>,
        reason: Option<Rejection>,
    ) -> Result<(), BrokenLog> {
        let entrant = self.no_longer_entered(order_id, rank)?;
        self.count(entrant.shopper_id, -i64::from(entrant.quantity));
        self.ended.insert(order_id, Ended { shopper_id: entrant.shopper_id, reason });
        Ok(())
    }

    /// With a rank it is the plan's next; without one it left before the draw, or there is none.
    fn no_longer_entered(&mut self, order_id: OrderId, rank: Option<u64>) -> Result<Entrant, BrokenLog> {
        let called_off = self.called_off;
        let draw = self.draw.as_mut().ok_or(BrokenLog::Draw)?;
        let number = draw.numbers.remove(&order_id).ok_or(BrokenLog::Order(order_id))?;
        let entrant = draw.entrants.remove(&number).ok_or(BrokenLog::Order(order_id))?;
        draw.entered_units -= u64::from(entrant.quantity);
        match rank {
            Some(rank) => {
                let next = draw.plan.pop_front().map(|(number, _)| number);
                if next != Some(number) || rank != draw.last_rank + 1 {
                    return Err(BrokenLog::Draw);
                }
                draw.last_rank = rank;
                if draw.plan.is_empty() {
                    draw.stage = DrawStage::Drawn;
                }
            }
            None if called_off || draw.stage == DrawStage::Entering => {}
            None => return Err(BrokenLog::Draw),
        }
        Ok(entrant)
    }

    pub(crate) fn has_entries(&self) -> bool {
        self.draw.as_ref().is_some_and(|draw| !draw.entrants.is_empty())
    }
}
