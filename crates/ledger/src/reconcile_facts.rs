//! What the log says of money, apart from the book: for rows that the book itself does not need.

use std::collections::BTreeMap;

use rusqlite::{Transaction, params};
use sale::{Book, Change, Charge, Event, OrderId, PaymentId, RefundCause, ReleaseCause, SaleId};

use crate::batch::LedgerError;

#[derive(Clone, Debug)]
pub(crate) struct RefundFact {
    pub(crate) order_id: OrderId,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
    pub(crate) cause: RefundCause,
    at_ms: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) payment_id: PaymentId,
    pub(crate) outcome: &'static str,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
    at_ms: i64,
}

/// Rows as they must be.
#[derive(Default)]
pub(crate) struct Facts {
    /// Each payment's state.
    pub(crate) payments: BTreeMap<PaymentId, &'static str>,
    pub(crate) refunds: BTreeMap<PaymentId, RefundFact>,
    pub(crate) messages: BTreeMap<String, Message>,
    pub(crate) strikes: BTreeMap<OrderId, i64>,
    pub(crate) called_off_at_ms: Option<i64>,
}

impl Facts {
    /// Notes one event; `book` is as it was before it.
    pub(crate) fn note(&mut self, book: &Book, event: &Event) {
        let at_ms = event.at_ms;
        match &event.change {
            Change::PaymentOpened { payment_id, .. } => {
                self.payments.insert(*payment_id, "open");
            }
            Change::PaymentDeclined { order_id, payment_id, provider_event_id } => {
                self.payments.insert(*payment_id, "declined");
                self.message(book, *order_id, *payment_id, provider_event_id, "declined", None, at_ms);
            }
            Change::OrderPaid { order_id, payment_id, provider_event_id, .. } => {
                self.payments.insert(*payment_id, "paid");
                self.message(book, *order_id, *payment_id, provider_event_id, "paid", None, at_ms);
            }
            Change::PaymentRefunded { order_id, payment_id, provider_event_id, cause, charge, .. } => {
                self.payments.insert(*payment_id, "refunded");
                self.message(book, *order_id, *payment_id, provider_event_id, "paid", charge.as_ref(), at_ms);
                self.refund(book, *order_id, *payment_id, *cause, charge.as_ref(), at_ms);
            }
            Change::OrderRefunded { order_id, payment_id, cause } => {
                self.payments.insert(*payment_id, "refunded");
                self.refund(book, *order_id, *payment_id, *cause, None, at_ms);
            }
            Change::OrderReleased { order_id, cause: ReleaseCause::Lapsed }
                if book.order(*order_id).is_some_and(|order| order.reserved) =>
            {
                self.strikes.insert(*order_id, at_ms);
            }
            Change::SaleCalledOff => self.called_off_at_ms = Some(at_ms),
            _ => {}
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn message(
        &mut self,
        book: &Book,
        order_id: OrderId,
        payment_id: PaymentId,
        provider_event_id: &str,
        outcome: &'static str,
        charge: Option<&Charge>,
        at_ms: i64,
    ) {
        let Charge { amount_minor, currency } = charged(book, order_id, charge);
        let message = Message { payment_id, outcome, amount_minor, currency, at_ms };
        self.messages.insert(provider_event_id.to_owned(), message);
    }

    fn refund(
        &mut self,
        book: &Book,
        order_id: OrderId,
        payment_id: PaymentId,
        cause: RefundCause,
        charge: Option<&Charge>,
        at_ms: i64,
    ) {
        let Charge { amount_minor, currency } = charged(book, order_id, charge);
        self.refunds.insert(payment_id, RefundFact { order_id, amount_minor, currency, cause, at_ms });
    }
}

/// What was charged: the order's own amount, unless the fact says another.
fn charged(book: &Book, order_id: OrderId, charge: Option<&Charge>) -> Charge {
    let own = || book.order(order_id).map(|order| (order.amount_minor, order.currency.clone())).unwrap_or_default();
    charge.cloned().unwrap_or_else(|| {
        let (amount_minor, currency) = own();
        Charge { amount_minor, currency }
    })
}

impl RefundFact {
    /// Writes the refund down again; it is due to be sent.
    pub(crate) fn insert(
        &self,
        transaction: &Transaction<'_>,
        sale_id: SaleId,
        payment_id: PaymentId,
    ) -> Result<(), LedgerError> {
        transaction.execute(
            "INSERT INTO refunds (payment_id, order_id, sale_id, amount_minor, currency, cause, created_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                payment_id.0.as_bytes(),
                self.order_id.0.as_bytes(),
                sale_id.0.as_bytes(),
                self.amount_minor,
                self.currency,
                self.cause.as_str(),
                self.at_ms
            ],
        )?;
        transaction.execute(
            "UPDATE orders SET refunds = (SELECT count(*) FROM refunds WHERE refunds.order_id = orders.order_id)
             WHERE order_id = ?1",
            params![self.order_id.0.as_bytes()],
        )?;
        Ok(())
    }
}

impl Message {
    pub(crate) fn insert(
        &self,
        transaction: &Transaction<'_>,
        sale_id: SaleId,
        provider_event_id: &str,
    ) -> Result<(), LedgerError> {
        transaction.execute(
            "INSERT INTO provider_events (provider_event_id, payment_id, sale_id, outcome, amount_minor, currency, at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                provider_event_id,
                self.payment_id.0.as_bytes(),
                sale_id.0.as_bytes(),
                self.outcome,
                self.amount_minor,
                self.currency,
                self.at_ms
            ],
        )?;
        Ok(())
    }
}
