//! Whether facts about orders' payments and releases may be.

use sale::{Change, Event, OrderId, OrderState, PaymentId, RefundCause, ReleaseCause};

use crate::oracle::account::{Account, Fact, Moment, Money, Payment, State};
use crate::parts::{Ask, Checked, Message, Violation, ensure};

impl Account {
    pub(crate) fn take_of_order(&mut self, event: &Event, moment: &Moment<'_>) -> Checked {
        match &event.change {
            Change::PaymentOpened { order_id, payment_id } => self.opened(*order_id, *payment_id, moment),
            Change::PaymentDeclined { order_id, payment_id, provider_event_id } => {
                self.message(*payment_id, provider_event_id, false, moment)?;
                let payment = self.payment(*payment_id)?;
                let was = std::mem::replace(&mut payment.money, Money::Declined);
                ensure!(was == Money::Open, "7", "a payment was declined after it was {was:?}: {event:?}");
                let fact = self.order(*order_id)?;
                fact.open_payment = None;
                if fact.state == State::Order(OrderState::AwaitingPayment) && fact.reserved {
                    fact.state = State::Order(OrderState::Held);
                }
                Ok(())
            }
            Change::OrderPaid { order_id, payment_id, provider_event_id, reseated } => {
                self.charged(*order_id, *payment_id, provider_event_id, Money::Paid, moment)?;
                self.paid(*order_id, *payment_id, *reseated)
            }
            Change::PaymentRefunded { order_id, payment_id, provider_event_id, cause, order_state, .. } => {
                self.may_go_back(*order_id, *payment_id, *cause, moment, provider_event_id)?;
                let expected = self.after_refund(*order_id, *payment_id, *cause)?;
                ensure!(
                    expected == *order_state,
                    "7",
                    "money that went back leaves the order {order_state:?} instead of {expected:?}: {event:?}"
                );
                self.charged(*order_id, *payment_id, provider_event_id, Money::Refunded, moment)?;
                let fact = self.order(*order_id)?;
                fact.state = State::Order(expected);
                fact.refunds += 1;
                Ok(())
            }
            Change::OrderRefunded { order_id, payment_id, .. } => {
                ensure!(self.called_off_at_ms.is_some(), "7", "a paid order was refunded, and the sale is not off");
                let fact = self.order(*order_id)?;
                let is_paid = fact.state == State::Order(OrderState::Paid) && fact.paid_by == Some(*payment_id);
                ensure!(is_paid, "7", "an order was refunded that is not paid by that payment: {event:?}");
                fact.state = State::Order(OrderState::Refunded);
                fact.refunds += 1;
                self.payment(*payment_id)?.money = Money::Refunded;
                self.shift_order(*order_id, 1, 0, -1)
            }
            Change::OrderReleased { order_id, cause } => self.released(*order_id, *cause, moment),
            _ => Ok(()),
        }
    }

    fn payment(&mut self, payment_id: PaymentId) -> Result<&mut Payment, Violation> {
        self.payments.get_mut(&payment_id).ok_or_else(|| Violation {
            rule: "10",
            sentence: format!("a fact about payment {payment_id}, which is not there"),
        })
    }

    fn opened(&mut self, order_id: OrderId, payment_id: PaymentId, moment: &Moment<'_>) -> Checked {
        let asked = moment.asks.iter().any(|ask| {
            matches!(ask, Ask::OpenPayment { order_id: asked, fresh_payment_id, .. }
                if *asked == order_id && *fresh_payment_id == payment_id)
        });
        ensure!(asked, "10", "a payment was opened as nobody asked: {payment_id} for order {order_id}");
        let is_off = self.called_off_at_ms.is_some();
        let fact = self.order(order_id)?;
        let in_time = fact.expires.is_none_or(|expires| expires > moment.now_ms);
        let may = fact.is_open() && fact.open_payment.is_none() && in_time && !is_off;
        ensure!(may, "7", "a payment was opened for an order that cannot be paid: {fact:?}");
        fact.open_payment = Some(payment_id);
        fact.state = State::Order(OrderState::AwaitingPayment);
        let known = self.payments.insert(payment_id, Payment { order_id, money: Money::Open, charge: None });
        ensure!(known.is_none(), "7", "one payment was opened twice: {payment_id}");
        Ok(())
    }

    /// The message of the batch that a fact says it follows from.
    fn message<'a>(
        &self,
        payment_id: PaymentId,
        provider_event_id: &str,
        paid: bool,
        moment: &Moment<'a>,
    ) -> Result<&'a Message, Violation> {
        let mut asked = moment.asks.iter().filter_map(|ask| match ask {
            Ask::Settle { message } => Some(&moment.messages[*message]),
            _ => None,
        });
        let found = asked.find(|message| {
            let settlement = &message.settlement;
            settlement.payment_id == payment_id
                && settlement.provider_event_id == provider_event_id
                && settlement.paid == paid
        });
        let sentence = || format!("payment {payment_id} ended by {provider_event_id}, which the provider never said");
        let found = found.ok_or_else(|| Violation { rule: "7", sentence: sentence() })?;
        let taken_by = moment.taken.get(provider_event_id);
        ensure!(
            taken_by.is_none(),
            "7",
            "a message was believed again, or for another payment: {found:?}, {taken_by:?}"
        );
        Ok(found)
    }

    fn charged(
        &mut self,
        order_id: OrderId,
        payment_id: PaymentId,
        provider_event_id: &str,
        money: Money,
        moment: &Moment<'_>,
    ) -> Checked {
        let settlement = self.message(payment_id, provider_event_id, true, moment)?.settlement.clone();
        let charge = (settlement.amount_minor, settlement.currency);
        let fact = self.order(order_id)?;
        let is_exact = charge.0 == fact.amount && charge.1 == fact.currency;
        ensure!(is_exact || money == Money::Refunded, "7", "{charge:?} bought an order of another price: {fact:?}");
        if fact.open_payment == Some(payment_id) {
            fact.open_payment = None;
        }
        let payment = self.payment(payment_id)?;
        let first = matches!(payment.money, Money::Open | Money::Declined) && payment.order_id == order_id;
        ensure!(first, "7", "a charge counted twice, or for another order: {payment:?}, now {money:?}");
        (payment.money, payment.charge) = (money, Some(charge));
        Ok(())
    }

    fn paid(&mut self, order_id: OrderId, payment_id: PaymentId, reseated: bool) -> Checked {
        ensure!(self.called_off_at_ms.is_none(), "7", "an order was paid in a sale that is off: {order_id}");
        let fact = self.order(order_id)?.clone();
        let lapsed = fact.state == State::Order(OrderState::Released) && fact.released == Some(ReleaseCause::Lapsed);
        let may = if reseated { lapsed } else { fact.is_open() };
        ensure!(may, "7", "a payment bought an order that could not be paid (reseated: {reseated}): {fact:?}");
        let takes_free = reseated || !fact.reserved;
        if takes_free {
            let free = self.free(fact.sku.as_deref()).unwrap_or(0);
            ensure!(free >= fact.quantity, "2", "a payment took units with {free} free: {fact:?}");
            let waits = self.first_who_fits();
            ensure!(waits.is_none(), "11", "a payment took free units past {waits:?}, which waits");
        }
        if reseated {
            let units = self.units_of(fact.shopper) + fact.quantity;
            let allowed = self.any_terms(|row| units <= i64::from(row.per_shopper_limit));
            ensure!(allowed, "3", "a late payment got its shopper to {units} units, past the limit");
        }
        self.shift_order(order_id, -i64::from(takes_free), -i64::from(!takes_free), 1)?;
        let fact = self.order(order_id)?;
        fact.state = State::Order(OrderState::Paid);
        fact.paid_by = Some(payment_id);
        fact.reseated |= reseated;
        Ok(())
    }

    fn may_go_back(
        &mut self,
        order_id: OrderId,
        payment_id: PaymentId,
        cause: RefundCause,
        moment: &Moment<'_>,
        provider_event_id: &str,
    ) -> Checked {
        let settlement = self.message(payment_id, provider_event_id, true, moment)?.settlement.clone();
        let fact = self.order(order_id)?.clone();
        let is_exact = settlement.amount_minor == fact.amount && settlement.currency == fact.currency;
        let lapsed = fact.state == State::Order(OrderState::Released) && fact.released == Some(ReleaseCause::Lapsed);
        let none_free = self.free(fact.sku.as_deref()).unwrap_or(0) < fact.quantity;
        let is_right = match cause {
            RefundCause::WrongAmount => !is_exact,
            _ if !is_exact => false,
            RefundCause::SaleCalledOff => self.called_off_at_ms.is_some(),
            _ if self.called_off_at_ms.is_some() => false,
            RefundCause::PaidTwice => {
                matches!(fact.state, State::Order(OrderState::Paid | OrderState::Refunded))
            }
            RefundCause::Cancelled => fact.state == State::Order(OrderState::Released) && !lapsed,
            RefundCause::NoUnitFree => {
                (none_free || self.was_deciding()) && (lapsed || fact.is_open() && !fact.reserved)
            }
            RefundCause::LimitReached => {
                let units = self.units_of(fact.shopper) + fact.quantity;
                lapsed && self.any_terms(|row| units > i64::from(row.per_shopper_limit))
            }
        };
        ensure!(is_right, "7", "money went back as {cause:?} without that reason: {settlement:?} for {fact:?}");
        Ok(())
    }

    fn after_refund(
        &mut self,
        order_id: OrderId,
        payment_id: PaymentId,
        cause: RefundCause,
    ) -> Result<OrderState, Violation> {
        let Fact { state, reserved, open_payment, .. } = self.order(order_id)?.clone();
        let wrong = cause == RefundCause::WrongAmount;
        Ok(match state {
            State::Order(OrderState::Paid) => OrderState::Paid,
            State::Order(OrderState::AwaitingPayment) if wrong && reserved && open_payment == Some(payment_id) => {
                OrderState::Held
            }
            State::Order(state) if wrong => state,
            _ => OrderState::Refunded,
        })
    }

    fn released(&mut self, order_id: OrderId, cause: ReleaseCause, moment: &Moment<'_>) -> Checked {
        let is_off = self.called_off_at_ms.is_some();
        let fact = self.order(order_id)?;
        let first = fact.is_open() && fact.released.is_none();
        ensure!(first, "7", "a hold was released that was not open: {cause:?} of {fact:?}");
        let is_right = match cause {
            ReleaseCause::Lapsed => fact.expires.is_some_and(|expires| expires <= moment.now_ms),
            ReleaseCause::SaleCalledOff => is_off,
            ReleaseCause::Cancelled | ReleaseCause::ByMerchant => moment.asks.iter().any(|ask| {
                matches!(ask, Ask::Cancel { order_id: asked, cause: why, .. } if *asked == order_id && *why == cause)
            }),
        };
        ensure!(is_right, "hold", "a hold was released as {cause:?} at {}, not rightly: {fact:?}", moment.now_ms);
        fact.state = State::Order(OrderState::Released);
        fact.released = Some(cause);
        if fact.reserved {
            self.shift_order(order_id, 1, -1, 0)?;
        }
        Ok(())
    }
}
