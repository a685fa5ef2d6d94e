//! Money, compared: payments, the provider's messages, refunds and strikes against the log.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use sale::{Book, OrderId, OrderState, PaymentId};
use uuid::Uuid;

use crate::batch::LedgerError;
use crate::reconcile::{Findings, Remedy};
use crate::reconcile_facts::{Facts, Message, RefundFact};
use crate::sqlite_read::uuid;

/// Payments, the provider's messages and refunds against the log, and every charge against a unit or a refund.
pub(crate) fn check_money(
    connection: &Connection,
    facts: &Facts,
    book: &Book,
    findings: &mut Findings,
) -> Result<(), LedgerError> {
    let sale = findings.sale_id.0.into_bytes();
    let mut statement =
        connection.prepare_cached("SELECT payment_id, state, order_id FROM payments WHERE sale_id = ?1")?;
    let payments = statement
        .query_map(params![sale], |row| Ok((uuid(row, 0)?, (row.get::<_, String>(1)?, OrderId(uuid(row, 2)?)))))?
        .collect::<Result<BTreeMap<Uuid, _>, _>>()?;
    for (payment_id, expected) in &facts.payments {
        let found = payments.get(&payment_id.0).map(|(state, _)| state);
        if let Some((_, order_id)) = payments.get(&payment_id.0)
            && book.order_of_payment(*payment_id) != Some(*order_id)
        {
            let sentence =
                format!("Payment {payment_id} is for order {order_id} by its row, and for another by the log.");
            findings.add("payment_of_another_order", sentence, None);
        }
        if found.map(String::as_str) == Some(expected) {
            continue;
        }
        let sentence = match found {
            Some(found) => format!("Payment {payment_id} is {found} by its row and {expected} by the log."),
            None => format!("The log has payment {payment_id}, and it has no row."),
        };
        let (payment_id, state) = (*payment_id, *expected);
        let remedy: Remedy = Box::new(move |transaction| {
            transaction.execute(
                "UPDATE payments SET state = ?2 WHERE payment_id = ?1",
                params![payment_id.0.as_bytes(), state],
            )?;
            Ok(())
        });
        findings.add("payment_differs", sentence, found.map(|_| remedy));
    }
    for payment_id in payments.keys().filter(|id| !facts.payments.contains_key(&PaymentId(**id))) {
        findings.add("payment_unknown_to_log", format!("The log knows nothing of payment {payment_id}."), None);
    }
    check_refunds(connection, facts, findings)?;
    check_messages(connection, facts, findings)?;
    for (order_id, order) in book.orders().filter(|(_, order)| order.state == OrderState::Paid) {
        let charge = order.paid_by.map(|payment_id| facts.payments.get(&payment_id).copied());
        if charge != Some(Some("paid")) {
            findings.add("unit_without_charge", format!("Order {order_id} is paid, and no payment paid it."), None);
        }
    }
    Ok(())
}

fn check_refunds(connection: &Connection, facts: &Facts, findings: &mut Findings) -> Result<(), LedgerError> {
    let sale_id = findings.sale_id;
    let mut statement = connection
        .prepare_cached("SELECT payment_id, order_id, amount_minor, currency, cause FROM refunds WHERE sale_id = ?1")?;
    let found = statement
        .query_map(params![sale_id.0.as_bytes()], |row| {
            let refund =
                (OrderId(uuid(row, 1)?), row.get::<_, i64>(2)?, row.get::<_, String>(3)?, row.get::<_, String>(4)?);
            Ok((PaymentId(uuid(row, 0)?), refund))
        })?
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    for (&payment_id, expected) in &facts.refunds {
        let RefundFact { order_id, amount_minor, currency, cause, .. } = expected;
        match found.get(&payment_id) {
            Some((order, amount, code, why))
                if (order, amount, code, why.as_str()) == (order_id, amount_minor, currency, cause.as_str()) => {}
            Some((_, amount, code, why)) => {
                let sentence = format!(
                    "The refund of payment {payment_id} is {amount} {code} ({why}) by its row and {amount_minor} {currency} \
                     ({}) by the log.",
                    cause.as_str()
                );
                findings.add("refund_differs", sentence, None);
            }
            None => {
                let sentence = format!("Payment {payment_id} goes back by the log, and no refund is written down.");
                let refund = expected.clone();
                let remedy: Remedy = Box::new(move |transaction| refund.insert(transaction, sale_id, payment_id));
                findings.add("refund_missing", sentence, Some(remedy));
            }
        }
    }
    for payment_id in found.keys().filter(|payment_id| !facts.refunds.contains_key(payment_id)) {
        let sentence = format!("Payment {payment_id} has a refund that the log knows nothing of.");
        findings.add("refund_unknown_to_log", sentence, None);
    }
    Ok(())
}

fn check_messages(connection: &Connection, facts: &Facts, findings: &mut Findings) -> Result<(), LedgerError> {
    let sale_id = findings.sale_id;
    let sql =
        "SELECT provider_event_id, payment_id, outcome, amount_minor, currency FROM provider_events WHERE sale_id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement
        .query_map(params![sale_id.0.as_bytes()], |row| {
            let told = (row.get::<_, String>(2)?, row.get::<_, i64>(3)?, row.get::<_, String>(4)?);
            Ok((row.get::<_, String>(0)?, (PaymentId(uuid(row, 1)?), told)))
        })?
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    for (event_id, message) in &facts.messages {
        let Message { payment_id, outcome, amount_minor, currency, .. } = message;
        match found.get(event_id) {
            Some((payment, (told, amount, code)))
                if payment == payment_id && (told.as_str(), amount, code) == (*outcome, amount_minor, currency) => {}
            Some(_) => {
                let sentence = format!("The provider's message {event_id} is another by its row than by the log.");
                findings.add("message_differs", sentence, None);
            }
            None => {
                let sentence = format!("The provider's message {event_id} is in the log, and could be taken twice.");
                let (event_id, message) = (event_id.clone(), message.clone());
                let remedy: Remedy = Box::new(move |transaction| message.insert(transaction, sale_id, &event_id));
                findings.add("message_missing", sentence, Some(remedy));
            }
        }
    }
    for event_id in found.keys().filter(|event_id| !facts.messages.contains_key(*event_id)) {
        let sentence = format!("The log knows nothing of the provider's message {event_id}.");
        findings.add("message_unknown_to_log", sentence, None);
    }
    Ok(())
}

pub(crate) fn check_strikes(
    connection: &Connection,
    facts: &Facts,
    findings: &mut Findings,
) -> Result<(), LedgerError> {
    let mut statement = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM strikes WHERE order_id = ?1)")?;
    for (&order_id, &at_ms) in &facts.strikes {
        let is_there: bool = statement.query_row(params![order_id.0.as_bytes()], |row| row.get(0))?;
        if !is_there {
            let remedy: Remedy =
                Box::new(move |transaction| crate::sqlite_events::add_strike(transaction, order_id, at_ms));
            let sentence = format!("Order {order_id} lapsed by the log, and no strike is written down.");
            findings.add("strike_missing", sentence, Some(remedy));
        }
    }
    let sql = "SELECT strikes.order_id FROM strikes JOIN orders USING (order_id) WHERE sale_id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement
        .query_map(params![findings.sale_id.0.as_bytes()], |row| Ok(OrderId(uuid(row, 0)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    for order_id in found.into_iter().filter(|order_id| !facts.strikes.contains_key(order_id)) {
        let sentence = format!("Order {order_id} is a strike, and by the log no hold of it lapsed.");
        findings.add("strike_unknown_to_log", sentence, None);
    }
    Ok(())
}
