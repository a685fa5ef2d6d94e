//! Money for a sale's orders: what a payment buys, and why it goes back.

use crate::book::{Book, Payment, PaymentState};
use crate::decision::{BookOrder, PaymentRefused, Settlement};
use crate::event::{Change, Charge, Event, RefundCause, ReleaseCause};
use crate::ids::{OrderId, PaymentId};
use crate::order::OrderState;

impl Book {
    /// Opens a payment for an unpaid order. One is open at a time: the one that is open already is answered again,
    /// with no new fact.
    pub fn open_payment(
        &mut self,
        order_id: OrderId,
        fresh_payment_id: PaymentId,
        now_ms: i64,
    ) -> Result<(PaymentId, Option<Event>), PaymentRefused> {
        let order = self.orders.get(&order_id).ok_or(PaymentRefused::UnknownOrder)?;
        let is_over = order.expires_at_ms.is_some_and(|expires_at_ms| expires_at_ms <= now_ms);
        if !order.state.is_open() || is_over || self.called_off {
            return Err(PaymentRefused::NotOpen(order.state));
        }
        if let Some(payment_id) = order.open_payment {
            return Ok((payment_id, None));
        }
        if !order.reserved && !self.has_free_for(order) {
            return Err(PaymentRefused::NothingToClaim);
        }
        let change = Change::PaymentOpened { order_id, payment_id: fresh_payment_id };
        Ok((fresh_payment_id, Some(self.recorded(now_ms, change))))
    }

    /// Takes a provider's word. A message that was taken before gives no new fact, and neither does one about money
    /// that has arrived already. A message's id on another payment's is refused.
    ///
    /// Money buys the order's units, or free ones where none are kept for it any more; else it goes back.
    pub fn settle(&mut self, settlement: &Settlement, now_ms: i64) -> Result<(OrderId, Vec<Event>), PaymentRefused> {
        let payment_id = settlement.payment_id;
        let Payment { order_id, state } = *self.payments.get(&payment_id).ok_or(PaymentRefused::UnknownOrder)?;
        match self.settled.get(&settlement.provider_event_id) {
            Some(&taken_for) if taken_for != payment_id => return Err(PaymentRefused::EventOfAnother),
            Some(_) => return Ok((order_id, Vec::new())),
            None => {}
        }
        let mut events = Vec::new();
        if settlement.paid && state != PaymentState::Charged && self.to_unwind.contains(&order_id) {
            // Of a sale that was called off: what the order had is undone first, then the money goes back.
            events.push(self.unwind(order_id, now_ms));
        }
        let order = self.orders.get(&order_id).ok_or(PaymentRefused::UnknownOrder)?;
        let provider_event_id = settlement.provider_event_id.clone();
        let change = match (state, settlement.paid) {
            (PaymentState::Charged, _) | (PaymentState::Declined, false) => return Ok((order_id, Vec::new())),
            (PaymentState::Open, false) => Change::PaymentDeclined { order_id, payment_id, provider_event_id },
            (PaymentState::Open | PaymentState::Declined, true) => match self.purchase(order, settlement) {
                Ok(reseated) => Change::OrderPaid { order_id, payment_id, provider_event_id, reseated },
                Err(cause) => Change::PaymentRefunded {
                    order_id,
                    payment_id,
                    provider_event_id,
                    cause,
                    order_state: state_after_refund(order, payment_id, cause),
                    charge: charge_unlike(order, settlement),
                },
            },
        };
        events.push(self.recorded(now_ms, change));
        self.follow(now_ms, &mut events);
        Ok((order_id, events))
    }

    /// Whether the money buys the order's units (true: free ones, after its own had been given up), or why it goes back.
    fn purchase(&self, order: &BookOrder, settlement: &Settlement) -> Result<bool, RefundCause> {
        if charge_unlike(order, settlement).is_some() {
            return Err(RefundCause::WrongAmount);
        }
        if self.called_off {
            return Err(RefundCause::SaleCalledOff);
        }
        match order.state {
            OrderState::Held | OrderState::AwaitingPayment if order.reserved => Ok(false),
            OrderState::Held | OrderState::AwaitingPayment if self.has_free_for(order) => Ok(false),
            OrderState::Held | OrderState::AwaitingPayment => Err(RefundCause::NoUnitFree),
            OrderState::Paid | OrderState::Refunded => Err(RefundCause::PaidTwice),
            OrderState::Released if order.released != Some(ReleaseCause::Lapsed) => Err(RefundCause::Cancelled),
            OrderState::Released if !self.limit_allows(order) => Err(RefundCause::LimitReached),
            OrderState::Released if self.has_free_for(order) => Ok(true),
            OrderState::Released => Err(RefundCause::NoUnitFree),
        }
    }

    /// While a draw is under way, what is free belongs to the places that are still to come.
    fn has_free_for(&self, order: &BookOrder) -> bool {
        !self.is_deciding()
            && self.shelf.left(order.sku.as_deref()).is_some_and(|left| left.free >= u64::from(order.quantity))
    }

    fn limit_allows(&self, order: &BookOrder) -> bool {
        self.units_of(order.shopper_id).saturating_add(order.quantity) <= self.terms.per_shopper_limit
    }
}

/// What was charged, where it is not what the order costs.
fn charge_unlike(order: &BookOrder, settlement: &Settlement) -> Option<Charge> {
    let Settlement { amount_minor, currency, .. } = settlement;
    let is_alike = *amount_minor == order.amount_minor && *currency == order.currency;
    (!is_alike).then(|| Charge { amount_minor: *amount_minor, currency: currency.clone() })
}

/// Where money that goes back leaves the order: a wrong amount leaves an open order open.
fn state_after_refund(order: &BookOrder, payment_id: PaymentId, cause: RefundCause) -> OrderState {
    match order.state {
        OrderState::Paid => OrderState::Paid,
        OrderState::AwaitingPayment if cause == RefundCause::WrongAmount => {
            if order.reserved && order.open_payment == Some(payment_id) {
                OrderState::Held
            } else {
                OrderState::AwaitingPayment
            }
        }
        // Its units are kept, so nothing but a wrong amount goes back.
        OrderState::Held => OrderState::Held,
        OrderState::Released if cause == RefundCause::WrongAmount => OrderState::Released,
        _ => OrderState::Refunded,
    }
}
