//! Facts into the book's state. Whatever changes a book changes it here.

use crate::book::{Book, Ended, Payment, PaymentState, Turn};
use crate::decision::{BookOrder, Intent, Waiter};
use crate::event::{Change, Event, ReleaseCause};
use crate::ids::{OrderId, PaymentId, ShopperId};
use crate::order::{OrderState, Rejection};
use crate::shelf::Units;
use crate::stock::{Stock, StockError};

/// A fact that cannot follow from what came before it: such a log is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenLog {
    #[error(transparent)]
    Units(#[from] StockError),
    #[error("order {0} is not where this fact finds it")]
    Order(OrderId),
    #[error("payment {0} is not where this fact finds it")]
    Payment(PaymentId),
    #[error("the sale had been called off before")]
    CalledOff,
    #[error("the draw is not where this fact finds it, or does not come out like this")]
    Draw,
}

impl Book {
    /// Makes a fact so. A fact that cannot follow from this state is refused, and such a book is not to be used.
    pub fn apply(&mut self, event: &Event) -> Result<(), BrokenLog> {
        match &event.change {
            Change::OrderHeld { intent, amount_minor, currency, hold_expires_at_ms } => {
                self.offer(intent, *amount_minor, currency, true, *hold_expires_at_ms)
            }
            Change::OrderToClaim { intent, amount_minor, currency, pay_by_ms } => {
                self.offer(intent, *amount_minor, currency, false, Some(*pay_by_ms))
            }
            Change::OrderWaits { intent } => self.wait(intent),
            Change::WaitingHeld { order_id, amount_minor, currency, hold_expires_at_ms } => {
                self.hold_waiting(*order_id, *amount_minor, currency, *hold_expires_at_ms)
            }
            Change::WaitingEnded { order_id, reason } => self.end_waiting(*order_id, *reason),
            Change::OrderRejected { intent, reason } => {
                self.take_pass(intent)?;
                let ended = Ended { shopper_id: intent.shopper_id, reason: Some(*reason) };
                self.ended.insert(intent.order_id, ended);
                Ok(())
            }
            Change::DrawEntered { intent, number, reserves } => self.enter(intent, *number, *reserves),
            Change::EntriesClosed { root, entries } => self.apply_close(*root, *entries, event.at_ms),
            Change::Drawn { seed, beacon, units, skus, waitlist_units } => {
                let units = draw::Units { total: *units, skus: skus.clone() };
                self.apply_drawn(*seed, beacon.as_deref(), units, *waitlist_units)
            }
            Change::EntryHeld { order_id, rank, amount_minor, currency, hold_expires_at_ms } => {
                self.offer_entry((*order_id, *rank), *amount_minor, currency, true, *hold_expires_at_ms)
            }
            Change::EntryToClaim { order_id, rank, amount_minor, currency, pay_by_ms } => {
                self.offer_entry((*order_id, *rank), *amount_minor, currency, false, Some(*pay_by_ms))
            }
            Change::EntryWaits { order_id, rank } => self.wait_as_entry(*order_id, *rank),
            Change::EntryEnded { order_id, rank, reason } => self.end_entry(*order_id, *rank, *reason),
            Change::PaymentOpened { order_id, payment_id } => self.open(*order_id, *payment_id),
            Change::PaymentDeclined { order_id, payment_id, provider_event_id } => {
                self.end_payment(*order_id, *payment_id, provider_event_id, PaymentState::Declined)?;
                let order = self.order_mut(*order_id)?;
                if order.state == OrderState::AwaitingPayment && order.reserved {
                    order.state = OrderState::Held;
                }
                Ok(())
            }
            Change::OrderPaid { order_id, payment_id, provider_event_id, reseated } => {
                self.end_payment(*order_id, *payment_id, provider_event_id, PaymentState::Charged)?;
                self.sell(*order_id, *payment_id, *reseated)
            }
            Change::PaymentRefunded { order_id, payment_id, provider_event_id, order_state, .. } => {
                self.end_payment(*order_id, *payment_id, provider_event_id, PaymentState::Charged)?;
                self.after_refund(*order_id, *order_state)
            }
            Change::OrderRefunded { order_id, payment_id, .. } => self.refund(*order_id, *payment_id),
            Change::OrderReleased { order_id, cause } => self.release(*order_id, *cause),
            Change::StockResized { stock_units, skus } => {
                Ok(self.shelf.resize(&Units { total: *stock_units, skus: skus.clone() })?)
            }
            Change::SaleCalledOff => self.set_called_off(),
        }
    }

    fn offer(
        &mut self,
        intent: &Intent,
        amount_minor: i64,
        currency: &str,
        reserved: bool,
        expires_at_ms: Option<i64>,
    ) -> Result<(), BrokenLog> {
        if self.orders.contains_key(&intent.order_id) {
            return Err(BrokenLog::Order(intent.order_id));
        }
        if reserved {
            self.shelf.step(intent.sku.as_deref(), u64::from(intent.quantity), Stock::hold)?;
        }
        self.take_pass(intent)?;
        self.count(intent.shopper_id, i64::from(intent.quantity));
        self.pass_over((intent.queue_life, intent.queue_seq), intent.sku.as_deref());
        let order = BookOrder::open(
            intent.shopper_id,
            intent.sku.clone(),
            intent.quantity,
            (amount_minor, currency),
            reserved,
            expires_at_ms,
        );
        self.insert(intent.order_id, order);
        Ok(())
    }

    pub(crate) fn insert(&mut self, order_id: OrderId, order: BookOrder) {
        if let Some(expires_at_ms) = order.expires_at_ms {
            self.expiries.insert((expires_at_ms, order_id));
        }
        self.orders.insert(order_id, order);
    }

    fn wait(&mut self, intent: &Intent) -> Result<(), BrokenLog> {
        self.take_pass(intent)?;
        self.count(intent.shopper_id, i64::from(intent.quantity));
        let turn = (intent.queue_life, intent.queue_seq);
        let waiter = Waiter {
            order_id: intent.order_id,
            shopper_id: intent.shopper_id,
            sku: intent.sku.clone(),
            quantity: intent.quantity,
            passed_over: false,
        };
        self.waiting.insert(turn, waiter);
        self.turns.insert(intent.order_id, turn);
        Ok(())
    }

    fn hold_waiting(
        &mut self,
        order_id: OrderId,
        amount_minor: i64,
        currency: &str,
        expires_at_ms: Option<i64>,
    ) -> Result<(), BrokenLog> {
        let (turn, waiter) = self.no_longer_waits(order_id)?;
        self.shelf.step(waiter.sku.as_deref(), u64::from(waiter.quantity), Stock::hold)?;
        self.pass_over(turn, waiter.sku.as_deref());
        let price = (amount_minor, currency);
        let order = BookOrder::open(waiter.shopper_id, waiter.sku, waiter.quantity, price, true, expires_at_ms);
        self.insert(order_id, order);
        Ok(())
    }

    fn end_waiting(&mut self, order_id: OrderId, reason: Option<Rejection>) -> Result<(), BrokenLog> {
        let (_, waiter) = self.no_longer_waits(order_id)?;
        self.count(waiter.shopper_id, -i64::from(waiter.quantity));
        self.ended.insert(order_id, Ended { shopper_id: waiter.shopper_id, reason });
        Ok(())
    }

    fn no_longer_waits(&mut self, order_id: OrderId) -> Result<(Turn, Waiter), BrokenLog> {
        let turn = self.turns.remove(&order_id).ok_or(BrokenLog::Order(order_id))?;
        let waiter = self.waiting.remove(&turn).ok_or(BrokenLog::Order(order_id))?;
        Ok((turn, waiter))
    }

    /// Somebody behind them in the line got units of the kind that they wait for.
    pub(crate) fn pass_over(&mut self, turn: Turn, sku: Option<&str>) {
        let before = self.waiting.range_mut(..turn).map(|(_, waiter)| waiter);
        for waiter in before.filter(|waiter| waiter.sku.as_deref() == sku) {
            waiter.passed_over = true;
        }
    }

    fn open(&mut self, order_id: OrderId, payment_id: PaymentId) -> Result<(), BrokenLog> {
        let order = self.order_mut(order_id)?;
        if !order.state.is_open() || order.open_payment.is_some() {
            return Err(BrokenLog::Order(order_id));
        }
        order.state = OrderState::AwaitingPayment;
        order.open_payment = Some(payment_id);
        match self.payments.insert(payment_id, Payment { order_id, state: PaymentState::Open }) {
            Some(_) => Err(BrokenLog::Payment(payment_id)),
            None => Ok(()),
        }
    }

    fn end_payment(
        &mut self,
        order_id: OrderId,
        payment_id: PaymentId,
        provider_event_id: &str,
        state: PaymentState,
    ) -> Result<(), BrokenLog> {
        let payment = self.payments.get_mut(&payment_id).ok_or(BrokenLog::Payment(payment_id))?;
        if payment.order_id != order_id || payment.state == PaymentState::Charged || payment.state == state {
            return Err(BrokenLog::Payment(payment_id));
        }
        payment.state = state;
        if self.settled.insert(provider_event_id.to_owned(), payment_id).is_some() {
            return Err(BrokenLog::Payment(payment_id));
        }
        let order = self.order_mut(order_id)?;
        if order.open_payment == Some(payment_id) {
            order.open_payment = None;
        }
        Ok(())
    }

    fn sell(&mut self, order_id: OrderId, payment_id: PaymentId, reseated: bool) -> Result<(), BrokenLog> {
        let order = self.orders.get_mut(&order_id).ok_or(BrokenLog::Order(order_id))?;
        let in_place = if reseated { order.state == OrderState::Released } else { order.state.is_open() };
        if !in_place {
            return Err(BrokenLog::Order(order_id));
        }
        let step = if order.reserved && !reseated { Stock::sell } else { Stock::sell_free };
        self.shelf.step(order.sku.as_deref(), u64::from(order.quantity), step)?;
        order.state = OrderState::Paid;
        order.paid_by = Some(payment_id);
        if let Some(expires_at_ms) = order.expires_at_ms {
            self.expiries.remove(&(expires_at_ms, order_id));
        }
        if reseated {
            let (shopper_id, quantity) = (order.shopper_id, order.quantity);
            self.count(shopper_id, i64::from(quantity));
        }
        Ok(())
    }

    /// The order's state after money for it went back, unsold. An order that ends by it no longer counts.
    fn after_refund(&mut self, order_id: OrderId, state: OrderState) -> Result<(), BrokenLog> {
        let order = self.order_mut(order_id)?;
        let was_open = order.state.is_open();
        if was_open && !state.is_open() && (order.reserved || state != OrderState::Refunded) {
            return Err(BrokenLog::Order(order_id));
        }
        order.state = state;
        if was_open && !state.is_open() {
            self.no_longer_open(order_id)?;
        }
        Ok(())
    }

    fn refund(&mut self, order_id: OrderId, payment_id: PaymentId) -> Result<(), BrokenLog> {
        let order = self.orders.get_mut(&order_id).ok_or(BrokenLog::Order(order_id))?;
        if order.state != OrderState::Paid || order.paid_by != Some(payment_id) {
            return Err(BrokenLog::Order(order_id));
        }
        self.shelf.step(order.sku.as_deref(), u64::from(order.quantity), Stock::unsell)?;
        order.state = OrderState::Refunded;
        self.no_longer_open(order_id)
    }

    fn release(&mut self, order_id: OrderId, cause: ReleaseCause) -> Result<(), BrokenLog> {
        let order = self.orders.get_mut(&order_id).ok_or(BrokenLog::Order(order_id))?;
        if !order.state.is_open() {
            return Err(BrokenLog::Order(order_id));
        }
        if order.reserved {
            self.shelf.step(order.sku.as_deref(), u64::from(order.quantity), Stock::release)?;
        }
        order.state = OrderState::Released;
        order.released = Some(cause);
        self.no_longer_open(order_id)
    }

    /// The order has ended without units: it does not lapse, does not count, and is not to be undone.
    fn no_longer_open(&mut self, order_id: OrderId) -> Result<(), BrokenLog> {
        let order = self.order_mut(order_id)?;
        let (shopper_id, quantity, expires_at_ms) = (order.shopper_id, order.quantity, order.expires_at_ms);
        if let Some(expires_at_ms) = expires_at_ms {
            self.expiries.remove(&(expires_at_ms, order_id));
        }
        self.to_unwind.remove(&order_id);
        self.count(shopper_id, -i64::from(quantity));
        Ok(())
    }

    fn set_called_off(&mut self) -> Result<(), BrokenLog> {
        if self.called_off {
            return Err(BrokenLog::CalledOff);
        }
        self.called_off = true;
        let unfinished = |state: OrderState| state.is_open() || state == OrderState::Paid;
        self.to_unwind =
            self.orders.iter().filter(|(_, order)| unfinished(order.state)).map(|(order_id, _)| *order_id).collect();
        Ok(())
    }

    pub(crate) fn take_pass(&mut self, intent: &Intent) -> Result<(), BrokenLog> {
        if self.outcome(intent.order_id).is_some() {
            return Err(BrokenLog::Order(intent.order_id));
        }
        self.passes.insert(intent.pass_id);
        Ok(())
    }

    pub(crate) fn count(&mut self, shopper_id: ShopperId, units: i64) {
        let counted = self.units_of.entry(shopper_id).or_default();
        *counted = u32::try_from(i64::from(*counted) + units).unwrap_or(0);
    }

    fn order_mut(&mut self, order_id: OrderId) -> Result<&mut BookOrder, BrokenLog> {
        self.orders.get_mut(&order_id).ok_or(BrokenLog::Order(order_id))
    }
}
