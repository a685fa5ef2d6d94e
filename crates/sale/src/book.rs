//! One sale's units and orders: what is decided, and what follows from it.
//!
//! Deciding and applying are apart: `place`, `elapse`, `cancel`, `open_payment`, `settle`, `resize`, `call_off` and those of a draw say
//! what happens as [`Event`]s and change the book only through [`Book::apply`]. So a book replayed from its events is
//! the same book.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::book_draw::DrawBook;
use crate::decision::{BookOrder, CancelRefused, Decision, Intent, Outlook, Outlooks, StockRefused, Waiter};
use crate::draw_terms::DrawStage;
use crate::event::{Change, Event, RefundCause, ReleaseCause};
use crate::ids::{OrderId, PassId, PaymentId, SaleId, ShopperId};
use crate::order::{Outcome, Rejection};
use crate::shelf::{Left, Shelf, Units};
use crate::stock::Stock;
use crate::strikes::MarkedOrders;
use crate::terms::{StockPolicy, Terms};

/// An order's place in the line: the life of the queue, and the number in it.
pub(crate) type Turn = (u64, u64);

/// What is known of one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) order_id: OrderId,
    pub(crate) state: PaymentState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaymentState {
    Open,
    Declined,
    /// It bought units or went back. Whatever else is said of it later changes nothing.
    Charged,
}

/// An order that has no units: sold out, or rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) shopper_id: ShopperId,
    pub(crate) reason: Option<Rejection>,
}

/// The state of one sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    pub(crate) sale_id: SaleId,
    pub(crate) terms: Terms,
    pub(crate) shelf: Shelf,
    pub(crate) orders: HashMap<OrderId, BookOrder>,
    pub(crate) waiting: BTreeMap<Turn, Waiter>,
    pub(crate) turns: HashMap<OrderId, Turn>,
    /// Orders that ended without units: sold out, or rejected.
    pub(crate) ended: HashMap<OrderId, Ended>,
    pub(crate) passes: HashSet<PassId>,
    pub(crate) units_of: HashMap<ShopperId, u32>,
    pub(crate) expiries: BTreeSet<(i64, OrderId)>,
    pub(crate) payments: HashMap<PaymentId, Payment>,
    /// The provider's messages that were taken, and the payment of each.
    pub(crate) settled: HashMap<String, PaymentId>,
    pub(crate) called_off: bool,
    /// Of a sale that was called off: the orders that are still open or paid.
    pub(crate) to_unwind: BTreeSet<OrderId>,
    /// None: first come, first served.
    pub(crate) draw: Option<Box<DrawBook>>,
}

impl Book {
    #[must_use]
    pub fn new(sale_id: SaleId, terms: Terms, units: &Units) -> Self {
        Self {
            sale_id,
            draw: terms.draw.map(|_| Box::default()),
            terms,
            shelf: Shelf::new(units),
            orders: HashMap::new(),
            waiting: BTreeMap::new(),
            turns: HashMap::new(),
            ended: HashMap::new(),
            passes: HashSet::new(),
            units_of: HashMap::new(),
            expiries: BTreeSet::new(),
            payments: HashMap::new(),
            settled: HashMap::new(),
            called_off: false,
            to_unwind: BTreeSet::new(),
        }
    }

    /// The counts of all units.
    #[must_use]
    pub const fn stock(&self) -> Stock {
        self.shelf.total()
    }

    #[must_use]
    pub const fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// New terms for orders to come; what is held keeps its price and its time.
    pub fn set_terms(&mut self, terms: Terms) {
        self.terms = terms;
    }

    #[must_use]
    pub fn order(&self, order_id: OrderId) -> Option<&BookOrder> {
        self.orders.get(&order_id)
    }

    /// All orders that left the line with units, or to claim some.
    pub fn orders(&self) -> impl Iterator<Item = (&OrderId, &BookOrder)> {
        self.orders.iter()
    }

    /// The orders that wait, the first in line first.
    pub fn waiting(&self) -> impl Iterator<Item = &Waiter> {
        self.waiting.values()
    }

    /// What the order's queue token tells. None for an order that the book does not know: it may have been sold out.
    #[must_use]
    pub fn outcome(&self, order_id: OrderId) -> Option<Outcome> {
        if let Some(order) = self.orders.get(&order_id) {
            return Some(Outcome::Held { expires_at_ms: order.expires_at_ms, reserved: order.reserved });
        }
        if self.turns.contains_key(&order_id) {
            return Some(Outcome::Waiting);
        }
        if let Some(number) = self.draw.as_ref().and_then(|draw| draw.number_of(order_id)) {
            return Some(Outcome::Entered { number });
        }
        self.ended.get(&order_id).map(|ended| ended.reason.map_or(Outcome::SoldOut, Outcome::Rejected))
    }

    /// Whose order it is.
    #[must_use]
    pub fn shopper_of(&self, order_id: OrderId) -> Option<ShopperId> {
        let of_order = self.orders.get(&order_id).map(|order| order.shopper_id);
        let of_waiter = || self.turns.get(&order_id).and_then(|turn| self.waiting.get(turn));
        let of_ended = || self.ended.get(&order_id).map(|ended| ended.shopper_id);
        let of_entrant = || self.draw.as_ref().and_then(|draw| draw.shopper_of(order_id));
        of_order.or_else(|| of_waiter().map(|waiter| waiter.shopper_id)).or_else(of_entrant).or_else(of_ended)
    }

    /// Units that the shopper holds, may claim, waits for, has entered for or has paid for.
    #[must_use]
    pub fn units_of(&self, shopper_id: ShopperId) -> u32 {
        self.units_of.get(&shopper_id).copied().unwrap_or(0)
    }

    /// The order that a payment is for.
    #[must_use]
    pub fn order_of_payment(&self, payment_id: PaymentId) -> Option<OrderId> {
        self.payments.get(&payment_id).map(|payment| payment.order_id)
    }

    #[must_use]
    pub const fn is_called_off(&self) -> bool {
        self.called_off
    }

    /// Whether an order for this SKU could get anything now.
    fn outlook(&self, sku: Option<&str>) -> Outlook {
        let Some(Left { free, unsold }) = self.shelf.left(sku).filter(|_| !self.called_off) else {
            return Outlook::default();
        };
        // While orders are entries, how many there are is no obstacle: all have the same chance.
        let enters = self.draw_stage() == Some(DrawStage::Entering);
        Outlook { free_units: free, can_wait: enters || unsold > 0 && self.has_room_to_wait() }
    }

    /// How the sale stands for orders to come.
    #[must_use]
    pub fn outlooks(&self) -> Outlooks {
        let of = |sku: &String| (sku.clone(), self.outlook(Some(sku)));
        let skus: BTreeMap<_, _> = self.shelf.skus().keys().map(of).collect();
        let all = if skus.is_empty() {
            self.outlook(None)
        } else {
            skus.values().fold(Outlook::default(), |all, sku| Outlook {
                free_units: all.free_units.max(sku.free_units),
                can_wait: all.can_wait || sku.can_wait,
            })
        };
        Outlooks { all, skus, draw: self.draw_outlook() }
    }

    /// When something next happens by itself: an order lapses, or the wait ends with the sale.
    #[must_use]
    pub fn next_due_ms(&self) -> Option<i64> {
        if !self.to_unwind.is_empty() || self.is_deciding() || self.called_off && self.has_entries() {
            return Some(i64::MIN);
        }
        let expiry_ms = self.expiries.first().map(|(at_ms, _)| *at_ms);
        let end_ms = (!self.waiting.is_empty()).then_some(self.terms.ends_at_ms);
        [expiry_ms, end_ms].into_iter().flatten().min()
    }

    /// Decides about the order at the head of the line. A marked shopper's order takes no hold.
    pub fn place(&mut self, intent: &Intent, is_marked: bool, now_ms: i64) -> Decision {
        if self.outcome(intent.order_id).is_some() {
            return Decision::Known;
        }
        let intent_of = || intent.clone();
        let change = match self.verdict(intent, is_marked, now_ms) {
            Verdict::SoldOut => return Decision::SoldOut,
            Verdict::Rejected(reason) => Change::OrderRejected { intent: intent_of(), reason },
            Verdict::Waits => Change::OrderWaits { intent: intent_of() },
            Verdict::Enters { reserves } => {
                Change::DrawEntered { intent: intent_of(), number: self.next_entry_number(), reserves }
            }
            Verdict::Offered { reserved: true, amount_minor } => Change::OrderHeld {
                intent: intent_of(),
                amount_minor,
                currency: self.terms.currency.clone(),
                hold_expires_at_ms: self.terms.expires_at_ms(true, now_ms),
            },
            Verdict::Offered { reserved: false, amount_minor } => Change::OrderToClaim {
                intent: intent_of(),
                amount_minor,
                currency: self.terms.currency.clone(),
                pay_by_ms: self.terms.expires_at_ms(false, now_ms).unwrap_or(i64::MAX),
            },
        };
        Decision::Recorded(self.recorded(now_ms, change))
    }

    fn verdict(&self, intent: &Intent, is_marked: bool, now_ms: i64) -> Verdict {
        let terms = &self.terms;
        let sku = intent.sku.as_deref();
        if self.called_off {
            return Verdict::Rejected(Rejection::SaleCalledOff);
        }
        if self.passes.contains(&intent.pass_id) {
            return Verdict::Rejected(Rejection::PassInvalid);
        }
        let (Some(Left { free, unsold }), Some(amount_minor)) =
            (self.shelf.left(sku), terms.amount_minor(sku, intent.quantity))
        else {
            return Verdict::Rejected(Rejection::SkuUnknown);
        };
        if self.units_of(intent.shopper_id).saturating_add(intent.quantity) > terms.per_shopper_limit {
            return Verdict::Rejected(Rejection::LimitReached);
        }
        if is_marked && terms.strikes.marked_orders == MarkedOrders::Refuse {
            return Verdict::Rejected(Rejection::Marked);
        }
        let reserved = terms.stock_policy != StockPolicy::OnPayment && !is_marked;
        let wanted = u64::from(intent.quantity);
        match self.draw_stage() {
            Some(DrawStage::Entering) if unsold < wanted => return Verdict::Rejected(Rejection::NotEnoughUnits),
            Some(DrawStage::Entering) => return Verdict::Enters { reserves: reserved },
            Some(DrawStage::Closed | DrawStage::Deciding) => return Verdict::Rejected(Rejection::EntriesClosed),
            Some(DrawStage::Drawn) | None => {}
        }
        if free >= wanted {
            return Verdict::Offered { reserved, amount_minor };
        }
        let others_may_wait = unsold > 0
            && terms.stock_policy != StockPolicy::OnPayment
            && self.has_room_to_wait()
            && now_ms < terms.ends_at_ms;
        // Whoever comes next may wait, and be served: then this one is not told that all is sold.
        match (free, others_may_wait) {
            (_, true) if reserved && unsold >= wanted => Verdict::Waits,
            (0, true) if !reserved => Verdict::Rejected(Rejection::Marked),
            (0, false) => Verdict::SoldOut,
            _ => Verdict::Rejected(Rejection::NotEnoughUnits),
        }
    }

    fn has_room_to_wait(&self) -> bool {
        self.waiting.len() < self.terms.waitlist_units as usize
    }

    /// One thing that time alone brings about, and what follows from it: the wait ends with the sale, an order lapses
    /// (the oldest first), or an order of a sale that was called off is undone. A draw that is under way comes before all of
    /// it. Nothing is left to do when it answers with no events.
    pub fn elapse(&mut self, now_ms: i64) -> Vec<Event> {
        let drawn = self.elapse_draw(now_ms);
        if !drawn.is_empty() {
            return drawn;
        }
        if now_ms >= self.terms.ends_at_ms && !self.waiting.is_empty() {
            let mut events = Vec::new();
            self.follow(now_ms, &mut events);
            return events;
        }
        if let Some(&order_id) = self.to_unwind.first() {
            return vec![self.unwind(order_id, now_ms)];
        }
        match self.expiries.first() {
            Some(&(expires_at_ms, order_id)) if expires_at_ms <= now_ms => {
                self.released(order_id, ReleaseCause::Lapsed, now_ms)
            }
            _ => Vec::new(),
        }
    }

    /// Gives an unpaid order's units back, or takes an order out of the waiting line.
    pub fn cancel(&mut self, order_id: OrderId, cause: ReleaseCause, now_ms: i64) -> Result<Vec<Event>, CancelRefused> {
        if self.turns.contains_key(&order_id) {
            let change = Change::WaitingEnded { order_id, reason: Some(Rejection::Cancelled) };
            return Ok(vec![self.recorded(now_ms, change)]);
        }
        if self.draw.as_ref().is_some_and(|draw| draw.number_of(order_id).is_some()) {
            let is_late = self.terms.draw.as_ref().is_some_and(|draw| now_ms >= draw.entries_close_at_ms);
            if is_late || self.draw_stage() != Some(DrawStage::Entering) {
                return Err(CancelRefused::EntriesClosed);
            }
            let change = Change::EntryEnded { order_id, rank: None, reason: Some(Rejection::Cancelled) };
            return Ok(vec![self.recorded(now_ms, change)]);
        }
        let order = self.orders.get(&order_id).ok_or(CancelRefused::UnknownOrder)?;
        if !order.state.is_open() {
            return Err(CancelRefused::NotOpen(order.state));
        }
        Ok(self.released(order_id, cause, now_ms))
    }

    /// Sets the sale's total, and that of the SKUs named. Free units come and go; held and sold ones stay.
    pub fn resize(&mut self, units: &Units, now_ms: i64) -> Result<Vec<Event>, StockRefused> {
        // Who knows the seed knows from the close on whom one unit more would serve.
        let is_closed = self.draw_stage() == Some(DrawStage::Closed) && !self.called_off;
        if is_closed || self.is_deciding() {
            return Err(StockRefused::DrawUnderWay);
        }
        let taken = |stock: Stock| stock.held() + stock.sold();
        let owns = self.shelf.skus();
        if owns.is_empty() && !units.skus.is_empty() {
            return Err(StockRefused::NoSkus);
        }
        let too_low = |stock: Stock, units: u64| (units < taken(stock)).then_some(taken(stock));
        let skus_too_low = || units.skus.iter().find_map(|(sku, &units)| too_low(*owns.get(sku)?, units));
        if let Some(taken_units) = too_low(self.stock(), units.total).or_else(skus_too_low) {
            return Err(StockRefused::BelowTaken { taken_units });
        }
        if self.shelf.clone().resize(units).is_err() {
            return Err(StockRefused::SkusBelowTotal);
        }
        let change = Change::StockResized { stock_units: units.total, skus: units.skus.clone() };
        let mut events = vec![self.recorded(now_ms, change)];
        self.follow(now_ms, &mut events);
        Ok(events)
    }

    /// Calls the sale off: from now on nobody gets anything, and [`Book::elapse`] undoes what there is, order by order.
    pub fn call_off(&mut self, now_ms: i64) -> Vec<Event> {
        if self.called_off {
            return Vec::new();
        }
        let mut events = vec![self.recorded(now_ms, Change::SaleCalledOff)];
        self.follow(now_ms, &mut events);
        events
    }

    pub(crate) fn unwind(&mut self, order_id: OrderId, now_ms: i64) -> Event {
        let paid_by = self.orders.get(&order_id).and_then(|order| order.paid_by);
        let change = match paid_by {
            Some(payment_id) => Change::OrderRefunded { order_id, payment_id, cause: RefundCause::SaleCalledOff },
            None => Change::OrderReleased { order_id, cause: ReleaseCause::SaleCalledOff },
        };
        self.recorded(now_ms, change)
    }

    fn released(&mut self, order_id: OrderId, cause: ReleaseCause, now_ms: i64) -> Vec<Event> {
        let mut events = vec![self.recorded(now_ms, Change::OrderReleased { order_id, cause })];
        self.follow(now_ms, &mut events);
        events
    }

    /// What a change means for who waits: free units go to the first whom they suffice, and who can get none any more is
    /// told so. After it no unit is free that somebody waiting could have; but for a draw that is under way: until its end
    /// what is free belongs to the places that are still to come.
    pub(crate) fn follow(&mut self, now_ms: i64, events: &mut Vec<Event>) {
        if self.is_deciding() {
            return;
        }
        while let Some(change) = self.next_for_waiting(now_ms) {
            events.push(self.recorded(now_ms, change));
        }
    }

    fn next_for_waiting(&self, now_ms: i64) -> Option<Change> {
        let is_over = self.called_off || now_ms >= self.terms.ends_at_ms;
        self.waiting.values().find_map(|waiter| {
            let sku = waiter.sku.as_deref();
            let wanted = u64::from(waiter.quantity);
            let left = self.shelf.left(sku)?;
            let order_id = waiter.order_id;
            if self.called_off {
                return Some(Change::WaitingEnded { order_id, reason: Some(Rejection::SaleCalledOff) });
            }
            if is_over || left.unsold < wanted {
                let reason = waiter.passed_over.then_some(Rejection::NotEnoughUnits);
                return Some(Change::WaitingEnded { order_id, reason });
            }
            let amount_minor = self.terms.amount_minor(sku, waiter.quantity).filter(|_| left.free >= wanted)?;
            Some(Change::WaitingHeld {
                order_id,
                amount_minor,
                currency: self.terms.currency.clone(),
                hold_expires_at_ms: self.terms.expires_at_ms(true, now_ms),
            })
        })
    }

    pub(crate) fn recorded(&mut self, now_ms: i64, change: Change) -> Event {
        let event = Event { sale_id: self.sale_id, at_ms: now_ms, change };
        self.apply(&event).expect("what the book decides follows from its own state");
        event
    }
}

/// What is decided of an order, before it is a fact.
enum Verdict {
    Offered {
        reserved: bool,
        amount_minor: i64,
    },
    Waits,
    /// Orders are entries in a draw.
    Enters {
        reserves: bool,
    },
    SoldOut,
    Rejected(Rejection),
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
