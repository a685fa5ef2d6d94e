//! One sale's units and orders: what is decided, and what follows from it.
//!
//! Deciding and applying are apart: `place`, `lapse`, `cancel`, `open_payment`, `settle` and `resize` say what
//! happens as [`Event`]s and change the book only through [`Book::apply`]. So a book replayed from its events is the
//! same book.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::decision::{BookOrder, CancelRefused, Decision, Intent, PaymentRefused, Settlement, StockRefused};
use crate::event::{Change, Event, RefundCause, ReleaseCause};
use crate::ids::{OrderId, PassId, PaymentId, SaleId, ShopperId};
use crate::order::{OrderState, Rejection};
use crate::stock::{Stock, StockError};
use crate::terms::Terms;

/// The state of one sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    sale_id: SaleId,
    terms: Terms,
    stock: Stock,
    orders: HashMap<OrderId, BookOrder>,
    rejected: HashMap<OrderId, Rejection>,
    passes: HashSet<PassId>,
    units_of: HashMap<ShopperId, u32>,
    expiries: BTreeSet<(i64, OrderId)>,
    payments: HashMap<PaymentId, OrderId>,
    settled: HashMap<String, OrderId>,
    ended_payments: HashSet<PaymentId>,
}

impl Book {
    #[must_use]
    pub fn new(sale_id: SaleId, terms: Terms, stock_units: u64) -> Self {
        Self {
            sale_id,
            terms,
            stock: Stock::new(stock_units),
            orders: HashMap::new(),
            rejected: HashMap::new(),
            passes: HashSet::new(),
            units_of: HashMap::new(),
            expiries: BTreeSet::new(),
            payments: HashMap::new(),
            settled: HashMap::new(),
            ended_payments: HashSet::new(),
        }
    }

    #[must_use]
    pub const fn stock(&self) -> Stock {
        self.stock
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

    /// Why an order was rejected, where it was.
    #[must_use]
    pub fn rejection(&self, order_id: OrderId) -> Option<Rejection> {
        self.rejected.get(&order_id).copied()
    }

    /// Units that the shopper holds or has paid for.
    #[must_use]
    pub fn units_of(&self, shopper_id: ShopperId) -> u32 {
        self.units_of.get(&shopper_id).copied().unwrap_or(0)
    }

    /// The order that a payment is for.
    #[must_use]
    pub fn order_of_payment(&self, payment_id: PaymentId) -> Option<OrderId> {
        self.payments.get(&payment_id).copied()
    }

    /// When the next hold lapses.
    #[must_use]
    pub fn next_expiry_ms(&self) -> Option<i64> {
        self.expiries.first().map(|(at_ms, _)| *at_ms)
    }

    /// Decides about the order at the head of the line.
    pub fn place(&mut self, intent: &Intent, now_ms: i64) -> Decision {
        if self.orders.contains_key(&intent.order_id) || self.rejected.contains_key(&intent.order_id) {
            return Decision::Known;
        }
        let free = self.stock.free();
        let wanted = u64::from(intent.quantity);
        let had = self.units_of(intent.shopper_id);
        let change = if self.passes.contains(&intent.pass_id) {
            rejected(intent, Rejection::PassInvalid)
        } else if had.saturating_add(intent.quantity) > self.terms.per_shopper_limit {
            rejected(intent, Rejection::LimitReached)
        } else if free == 0 {
            return Decision::SoldOut;
        } else if free < wanted {
            rejected(intent, Rejection::NotEnoughUnits)
        } else {
            Change::OrderHeld {
                order_id: intent.order_id,
                shopper_id: intent.shopper_id,
                pass_id: intent.pass_id,
                idempotency_key: intent.idempotency_key.clone(),
                body_hash: intent.body_hash,
                quantity: intent.quantity,
                amount_minor: self.terms.amount_minor(intent.quantity),
                currency: self.terms.currency.clone(),
                hold_expires_at_ms: self.terms.hold_expires_at_ms(now_ms),
                queue_life: intent.queue_life,
                queue_seq: intent.queue_seq,
            }
        };
        Decision::Recorded(self.recorded(now_ms, change))
    }

    /// Releases one hold that has lapsed by `now_ms`, the oldest first.
    pub fn lapse(&mut self, now_ms: i64) -> Option<Event> {
        let &(expires_at_ms, order_id) = self.expiries.first()?;
        (expires_at_ms <= now_ms)
            .then(|| self.recorded(now_ms, Change::OrderReleased { order_id, cause: ReleaseCause::Lapsed }))
    }

    /// Gives an unpaid order's units back.
    pub fn cancel(&mut self, order_id: OrderId, now_ms: i64) -> Result<Event, CancelRefused> {
        let order = self.orders.get(&order_id).ok_or(CancelRefused::UnknownOrder)?;
        if !order.state.is_holding() {
            return Err(CancelRefused::NotHolding(order.state));
        }
        Ok(self.recorded(now_ms, Change::OrderReleased { order_id, cause: ReleaseCause::Cancelled }))
    }

    /// Opens a payment for a held order. One is open at a time: the one that is open already is answered again,
    /// with no new fact.
    pub fn open_payment(
        &mut self,
        order_id: OrderId,
        fresh_payment_id: PaymentId,
        now_ms: i64,
    ) -> Result<(PaymentId, Option<Event>), PaymentRefused> {
        let order = self.orders.get(&order_id).ok_or(PaymentRefused::UnknownOrder)?;
        if !order.state.is_holding() || order.hold_expires_at_ms <= now_ms {
            return Err(PaymentRefused::NotHolding(order.state));
        }
        if let Some(payment_id) = order.open_payment {
            return Ok((payment_id, None));
        }
        let change = Change::PaymentOpened { order_id, payment_id: fresh_payment_id };
        Ok((fresh_payment_id, Some(self.recorded(now_ms, change))))
    }

    /// Takes a provider's word. A message that was taken before gives no new fact.
    ///
    /// Money for a lapsed order buys free units where there are any, and goes back where there are none; money for
    /// a cancelled or already paid order goes back.
    pub fn settle(&mut self, settlement: &Settlement, now_ms: i64) -> Result<(OrderId, Option<Event>), PaymentRefused> {
        if let Some(&order_id) = self.settled.get(&settlement.provider_event_id) {
            return Ok((order_id, None));
        }
        let payment_id = settlement.payment_id;
        let order_id = self.order_of_payment(payment_id).ok_or(PaymentRefused::UnknownOrder)?;
        let order = self.orders.get(&order_id).ok_or(PaymentRefused::UnknownOrder)?;
        if settlement.amount_minor != order.amount_minor || settlement.currency != order.currency {
            return Err(PaymentRefused::WrongAmount);
        }
        if self.ended_payments.contains(&payment_id) {
            return Err(PaymentRefused::AlreadySettled(order.state));
        }
        let provider_event_id = settlement.provider_event_id.clone();
        let refund = |cause, order_state| Change::PaymentRefunded {
            order_id,
            payment_id,
            provider_event_id: provider_event_id.clone(),
            cause,
            order_state,
        };
        let paid = |reseated| Change::OrderPaid {
            order_id,
            payment_id,
            provider_event_id: provider_event_id.clone(),
            reseated,
        };
        let change = if !settlement.paid {
            Change::PaymentDeclined { order_id, payment_id, provider_event_id: provider_event_id.clone() }
        } else if order.state.is_holding() {
            paid(false)
        } else if order.state == OrderState::Paid {
            refund(RefundCause::PaidTwice, OrderState::Paid)
        } else if order.cancelled {
            refund(RefundCause::Cancelled, OrderState::Refunded)
        } else if self.stock.free() >= u64::from(order.quantity) && self.limit_allows(order) {
            paid(true)
        } else {
            refund(RefundCause::NoUnitFree, OrderState::Refunded)
        };
        Ok((order_id, Some(self.recorded(now_ms, change))))
    }

    /// Sets the sale's total. Free units come and go; held and sold ones stay.
    pub fn resize(&mut self, stock_units: u64, now_ms: i64) -> Result<Event, StockRefused> {
        let taken_units = self.stock.held() + self.stock.sold();
        if stock_units < taken_units {
            return Err(StockRefused { taken_units });
        }
        Ok(self.recorded(now_ms, Change::StockResized { stock_units }))
    }

    /// Makes a fact so. Fails on a fact that cannot follow from this state: such a log is broken.
    pub fn apply(&mut self, event: &Event) -> Result<(), StockError> {
        match &event.change {
            Change::OrderHeld {
                order_id,
                shopper_id,
                pass_id,
                quantity,
                amount_minor,
                currency,
                hold_expires_at_ms,
                ..
            } => {
                self.stock.hold(u64::from(*quantity))?;
                self.passes.insert(*pass_id);
                *self.units_of.entry(*shopper_id).or_default() += quantity;
                self.expiries.insert((*hold_expires_at_ms, *order_id));
                let order = BookOrder {
                    shopper_id: *shopper_id,
                    quantity: *quantity,
                    amount_minor: *amount_minor,
                    currency: currency.clone(),
                    state: OrderState::Held,
                    hold_expires_at_ms: *hold_expires_at_ms,
                    open_payment: None,
                    cancelled: false,
                };
                self.orders.insert(*order_id, order);
            }
            Change::OrderRejected { order_id, pass_id, reason, .. } => {
                self.rejected.insert(*order_id, *reason);
                self.passes.insert(*pass_id);
            }
            Change::PaymentOpened { order_id, payment_id } => {
                self.payments.insert(*payment_id, *order_id);
                if let Some(order) = self.orders.get_mut(order_id) {
                    order.state = OrderState::AwaitingPayment;
                    order.open_payment = Some(*payment_id);
                }
            }
            Change::PaymentDeclined { order_id, payment_id, provider_event_id } => {
                self.end_payment(*order_id, *payment_id, provider_event_id);
                if let Some(order) = self.orders.get_mut(order_id)
                    && order.state == OrderState::AwaitingPayment
                {
                    order.state = OrderState::Held;
                }
            }
            Change::OrderPaid { order_id, payment_id, provider_event_id, reseated } => {
                self.sell(*order_id, *reseated)?;
                self.end_payment(*order_id, *payment_id, provider_event_id);
            }
            Change::PaymentRefunded { order_id, payment_id, provider_event_id, order_state, .. } => {
                self.end_payment(*order_id, *payment_id, provider_event_id);
                if let Some(order) = self.orders.get_mut(order_id) {
                    order.state = *order_state;
                }
            }
            Change::OrderReleased { order_id, cause } => self.release(*order_id, *cause)?,
            Change::StockResized { stock_units } => self.stock.resize(*stock_units)?,
        }
        Ok(())
    }

    fn recorded(&mut self, now_ms: i64, change: Change) -> Event {
        let event = Event { sale_id: self.sale_id, at_ms: now_ms, change };
        self.apply(&event).expect("what the book decides follows from its own state");
        event
    }

    fn limit_allows(&self, order: &BookOrder) -> bool {
        self.units_of(order.shopper_id).saturating_add(order.quantity) <= self.terms.per_shopper_limit
    }

    fn sell(&mut self, order_id: OrderId, reseated: bool) -> Result<(), StockError> {
        let Some(order) = self.orders.get_mut(&order_id) else { return Ok(()) };
        let units = u64::from(order.quantity);
        if reseated == order.state.is_holding() {
            return Err(StockError { asked: units, there: 0 });
        }
        if reseated {
            self.stock.sell_free(units)?;
            *self.units_of.entry(order.shopper_id).or_default() += order.quantity;
        } else {
            self.stock.sell(units)?;
            self.expiries.remove(&(order.hold_expires_at_ms, order_id));
        }
        order.state = OrderState::Paid;
        Ok(())
    }

    fn release(&mut self, order_id: OrderId, cause: ReleaseCause) -> Result<(), StockError> {
        let Some(order) = self.orders.get_mut(&order_id) else { return Ok(()) };
        if !order.state.is_holding() {
            return Err(StockError { asked: u64::from(order.quantity), there: 0 });
        }
        self.stock.release(u64::from(order.quantity))?;
        self.expiries.remove(&(order.hold_expires_at_ms, order_id));
        order.state = OrderState::Released;
        order.cancelled = cause == ReleaseCause::Cancelled;
        if let Some(units) = self.units_of.get_mut(&order.shopper_id) {
            *units = units.saturating_sub(order.quantity);
        }
        Ok(())
    }

    fn end_payment(&mut self, order_id: OrderId, payment_id: PaymentId, provider_event_id: &str) {
        self.settled.insert(provider_event_id.to_owned(), order_id);
        self.ended_payments.insert(payment_id);
        if let Some(order) = self.orders.get_mut(&order_id)
            && order.open_payment == Some(payment_id)
        {
            order.open_payment = None;
        }
    }
}

fn rejected(intent: &Intent, reason: Rejection) -> Change {
    Change::OrderRejected {
        order_id: intent.order_id,
        shopper_id: intent.shopper_id,
        pass_id: intent.pass_id,
        idempotency_key: intent.idempotency_key.clone(),
        body_hash: intent.body_hash,
        quantity: intent.quantity,
        reason,
        queue_life: intent.queue_life,
        queue_seq: intent.queue_seq,
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
