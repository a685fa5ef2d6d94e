//! Facts into rows: the event itself, and what follows from it for orders, payments, refunds, strikes and stock.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use sale::{
    Change, Charge, Event, Intent, OrderId, OrderState, PaymentId, RefundCause, Rejection, ReleaseCause, SaleId,
};

use crate::batch::{Drained, LedgerError};
use crate::sqlite_draws::{close_draw, hold_draw, rank_entry};

/// Writes the facts and what follows from them. Stock moves once a sale (and SKU) and batch, by the sum of its facts.
pub(crate) fn record(connection: &Connection, events: &[Event]) -> Result<(), LedgerError> {
    let mut moves = Moves::default();
    for event in events {
        project(connection, event, &mut moves)?;
        connection
            .prepare_cached("INSERT INTO events (sale_id, at_ms, name, change) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                event.sale_id.0.as_bytes(),
                event.at_ms,
                event.change.name(),
                serde_json::to_string(&event.change)?
            ])?;
    }
    moves.make(connection)
}

pub(crate) fn record_drained(connection: &Connection, drained: &[Drained]) -> Result<(), LedgerError> {
    for Drained { sale_id, queue_life, queue_seq } in drained {
        connection
            .prepare_cached(
                "INSERT INTO queue_lives (sale_id, queue_life, queue_seq) VALUES (?1, ?2, ?3)
                 ON CONFLICT (sale_id, queue_life) DO UPDATE SET queue_seq = max(queue_seq, excluded.queue_seq)",
            )?
            .execute(params![sale_id.0.as_bytes(), *queue_life as i64, *queue_seq as i64])?;
    }
    Ok(())
}

/// How many units change their column; `stock` itself is set by a resize.
#[derive(Clone, Copy, Debug, Default)]
struct StockMove {
    free: i64,
    held: i64,
    sold: i64,
    stock: Option<i64>,
}

/// What a batch does to the counts of sales, and of their SKUs.
#[derive(Default)]
struct Moves {
    sums: BTreeMap<(SaleId, Option<String>), StockMove>,
}

/// An order's units, as its row has them.
struct Units {
    quantity: i64,
    sku: Option<String>,
    reserved: bool,
}

impl Moves {
    fn add(&mut self, sale_id: SaleId, units: &Units, (free, held, sold): (i64, i64, i64)) {
        let own = units.sku.is_some().then(|| units.sku.clone());
        for shelf in [None].into_iter().chain(own) {
            let sum = self.sums.entry((sale_id, shelf)).or_default();
            sum.free += free * units.quantity;
            sum.held += held * units.quantity;
            sum.sold += sold * units.quantity;
        }
    }

    fn resize(&mut self, sale_id: SaleId, sku: Option<&str>, stock_units: u64) {
        self.sums.entry((sale_id, sku.map(str::to_owned))).or_default().stock = Some(stock_units as i64);
    }

    fn make(self, connection: &Connection) -> Result<(), LedgerError> {
        for ((sale_id, sku), moved) in self.sums {
            // A resize says the new total; the free units are then what is neither held nor sold.
            let sql = match (&sku, moved.stock) {
                (None, Some(_)) => {
                    "UPDATE stock SET stock = ?2, held = held + ?3, sold = sold + ?4,
                                      free = ?2 - (held + ?3) - (sold + ?4)
                     WHERE sale_id = ?1 AND ?5 IS NULL"
                }
                (None, None) => {
                    "UPDATE stock SET free = free + ?2, held = held + ?3, sold = sold + ?4
                     WHERE sale_id = ?1 AND ?5 IS NULL"
                }
                (Some(_), Some(_)) => {
                    "UPDATE skus SET stock = ?2, held = held + ?3, sold = sold + ?4,
                                     free = ?2 - (held + ?3) - (sold + ?4)
                     WHERE sale_id = ?1 AND sku = ?5"
                }
                (Some(_), None) => {
                    "UPDATE skus SET free = free + ?2, held = held + ?3, sold = sold + ?4
                     WHERE sale_id = ?1 AND sku = ?5"
                }
            };
            let first = moved.stock.unwrap_or(moved.free);
            let values = params![sale_id.0.as_bytes(), first, moved.held, moved.sold, sku];
            if connection.prepare_cached(sql)?.execute(values)? != 1 {
                return Err(LedgerError::Constraint("a sale has no stock row".to_owned()));
            }
        }
        Ok(())
    }
}

fn project(connection: &Connection, event: &Event, moves: &mut Moves) -> Result<(), LedgerError> {
    let Event { sale_id, at_ms, change } = event;
    let (sale_id, at_ms) = (*sale_id, *at_ms);
    match change {
        Change::OrderHeld { intent, amount_minor, currency, hold_expires_at_ms } => {
            let price = (*amount_minor, currency.as_str());
            insert_order(connection, sale_id, at_ms, intent, "held", None, price, *hold_expires_at_ms, true)?;
            let units = Units { quantity: intent.quantity.into(), sku: intent.sku.clone(), reserved: true };
            moves.add(sale_id, &units, (-1, 1, 0));
        }
        Change::OrderToClaim { intent, amount_minor, currency, pay_by_ms } => {
            let price = (*amount_minor, currency.as_str());
            let state = OrderState::AwaitingPayment.as_str();
            insert_order(connection, sale_id, at_ms, intent, state, None, price, Some(*pay_by_ms), false)?;
        }
        Change::OrderWaits { intent } => {
            insert_order(connection, sale_id, at_ms, intent, "waiting", None, (0, ""), None, true)?;
        }
        Change::OrderRejected { intent, reason } => {
            insert_order(connection, sale_id, at_ms, intent, "rejected", Some(*reason), (0, ""), None, false)?;
        }
        Change::WaitingHeld { order_id, amount_minor, currency, hold_expires_at_ms } => {
            let price = (*amount_minor, currency.as_str());
            let units = offer(connection, *order_id, "waiting", "held", price, *hold_expires_at_ms, at_ms)?;
            moves.add(sale_id, &units, (-1, 1, 0));
        }
        Change::WaitingEnded { order_id, reason } => {
            end_unserved(connection, *order_id, "waiting", *reason, at_ms)?;
        }
        Change::DrawEntered { intent, number, reserves } => {
            insert_order(connection, sale_id, at_ms, intent, "entered", None, (0, ""), None, *reserves)?;
            connection
                .prepare_cached("UPDATE orders SET entry_number = ?2 WHERE order_id = ?1")?
                .execute(params![intent.order_id.0.as_bytes(), *number as i64])?;
        }
        Change::EntriesClosed { root, entries } => close_draw(connection, sale_id, *root, *entries, at_ms)?,
        Change::Drawn { seed, beacon, units, skus, .. } => {
            hold_draw(connection, sale_id, *seed, beacon.as_deref(), (*units, skus), at_ms)?;
        }
        Change::EntryHeld { order_id, rank, amount_minor, currency, hold_expires_at_ms } => {
            let price = (*amount_minor, currency.as_str());
            let units = offer(connection, *order_id, "entered", "held", price, *hold_expires_at_ms, at_ms)?;
            rank_entry(connection, *order_id, *rank, true)?;
            moves.add(sale_id, &units, (-1, 1, 0));
        }
        Change::EntryToClaim { order_id, rank, amount_minor, currency, pay_by_ms } => {
            let (price, state) = ((*amount_minor, currency.as_str()), OrderState::AwaitingPayment.as_str());
            offer(connection, *order_id, "entered", state, price, Some(*pay_by_ms), at_ms)?;
            rank_entry(connection, *order_id, *rank, true)?;
        }
        Change::EntryWaits { order_id, rank } => {
            set_state(connection, *order_id, &["entered"], "waiting", at_ms)?;
            rank_entry(connection, *order_id, *rank, false)?;
        }
        Change::EntryEnded { order_id, rank, reason } => {
            end_unserved(connection, *order_id, "entered", *reason, at_ms)?;
            if let Some(rank) = rank {
                rank_entry(connection, *order_id, *rank, false)?;
            }
        }
        Change::PaymentOpened { order_id, payment_id } => {
            connection
                .prepare_cached(
                    "INSERT INTO payments (payment_id, order_id, sale_id, state, created_at_ms, updated_at_ms)
                     VALUES (?1, ?2, ?3, 'open', ?4, ?4)",
                )?
                .execute(params![payment_id.0.as_bytes(), order_id.0.as_bytes(), sale_id.0.as_bytes(), at_ms])?;
            set_state(connection, *order_id, OPEN, OrderState::AwaitingPayment.as_str(), at_ms)?;
        }
        Change::PaymentDeclined { order_id, payment_id, provider_event_id } => {
            end_payment(connection, event, *payment_id, &["open"], "declined")?;
            take_message(connection, event, *order_id, *payment_id, provider_event_id, "declined", None)?;
            connection
                .prepare_cached(
                    "UPDATE orders SET state = 'held', updated_at_ms = ?2
                     WHERE order_id = ?1 AND state = 'awaiting_payment' AND reserved = 1",
                )?
                .execute(params![order_id.0.as_bytes(), at_ms])?;
        }
        Change::OrderPaid { order_id, payment_id, provider_event_id, reseated } => {
            end_payment(connection, event, *payment_id, &["open", "declined"], "paid")?;
            take_message(connection, event, *order_id, *payment_id, provider_event_id, "paid", None)?;
            let from: &[&str] = if *reseated { &["released"] } else { OPEN };
            let units = set_state(connection, *order_id, from, "paid", at_ms)?;
            if *reseated {
                connection
                    .prepare_cached("UPDATE orders SET reseated = 1 WHERE order_id = ?1")?
                    .execute(params![order_id.0.as_bytes()])?;
            }
            let from_held = units.reserved && !reseated;
            moves.add(sale_id, &units, if from_held { (0, -1, 1) } else { (-1, 0, 1) });
        }
        Change::PaymentRefunded { order_id, payment_id, provider_event_id, cause, order_state, charge } => {
            end_payment(connection, event, *payment_id, &["open", "declined"], "refunded")?;
            let charge = charge.as_ref();
            take_message(connection, event, *order_id, *payment_id, provider_event_id, "paid", charge)?;
            add_refund(connection, event, *order_id, *payment_id, *cause, charge)?;
            after_refund(connection, *order_id, *order_state, at_ms)?;
        }
        Change::OrderRefunded { order_id, payment_id, cause } => {
            end_payment(connection, event, *payment_id, &["paid"], "refunded")?;
            add_refund(connection, event, *order_id, *payment_id, *cause, None)?;
            let units = set_state(connection, *order_id, &["paid"], "refunded", at_ms)?;
            moves.add(sale_id, &units, (1, 0, -1));
        }
        Change::OrderReleased { order_id, cause } => {
            let units = set_state(connection, *order_id, OPEN, OrderState::Released.as_str(), at_ms)?;
            connection
                .prepare_cached("UPDATE orders SET release_cause = ?2 WHERE order_id = ?1")?
                .execute(params![order_id.0.as_bytes(), cause.as_str()])?;
            if units.reserved {
                moves.add(sale_id, &units, (1, -1, 0));
            }
            if units.reserved && *cause == ReleaseCause::Lapsed {
                add_strike(connection, *order_id, at_ms)?;
            }
        }
        Change::StockResized { stock_units, skus } => {
            moves.resize(sale_id, None, *stock_units);
            for (sku, &units) in skus {
                moves.resize(sale_id, Some(sku), units);
            }
        }
        Change::SaleCalledOff => {
            connection
                .prepare_cached(
                    "UPDATE sales SET called_off_at_ms = coalesce(called_off_at_ms, ?2) WHERE sale_id = ?1",
                )?
                .execute(params![sale_id.0.as_bytes(), at_ms])?;
        }
    }
    Ok(())
}

#[allow(clippy::too_many_arguments)]
fn insert_order(
    connection: &Connection,
    sale_id: SaleId,
    at_ms: i64,
    intent: &Intent,
    state: &str,
    reason: Option<Rejection>,
    (amount_minor, currency): (i64, &str),
    expires_at_ms: Option<i64>,
    reserved: bool,
) -> Result<(), LedgerError> {
    connection
        .prepare_cached(
            "INSERT INTO orders (order_id, sale_id, shopper_id, pass_id, idempotency_key, body_hash, sku, quantity,
                                 amount_minor, currency, state, reason, hold_expires_at_ms, reserved, queue_life,
                                 queue_seq, created_at_ms, updated_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?17)",
        )?
        .execute(params![
            intent.order_id.0.as_bytes(),
            sale_id.0.as_bytes(),
            intent.shopper_id.0.as_bytes(),
            intent.pass_id.0.as_bytes(),
            intent.idempotency_key,
            intent.body_hash as i64,
            intent.sku,
            intent.quantity,
            amount_minor,
            currency,
            state,
            reason.map(Rejection::as_str),
            expires_at_ms.unwrap_or_default(),
            reserved,
            intent.queue_life as i64,
            intent.queue_seq as i64,
            at_ms
        ])?;
    Ok(())
}

/// An order that was entered, or waited, may now be paid.
fn offer(
    connection: &Connection,
    order_id: OrderId,
    from: &str,
    state: &str,
    (amount_minor, currency): (i64, &str),
    expires_at_ms: Option<i64>,
    at_ms: i64,
) -> Result<Units, LedgerError> {
    let units = set_state(connection, order_id, &[from], state, at_ms)?;
    connection
        .prepare_cached(
            "UPDATE orders SET amount_minor = ?2, currency = ?3, hold_expires_at_ms = ?4 WHERE order_id = ?1",
        )?
        .execute(params![order_id.0.as_bytes(), amount_minor, currency, expires_at_ms.unwrap_or_default()])?;
    Ok(units)
}

/// An order that was entered, or waited, ends without units.
fn end_unserved(
    connection: &Connection,
    order_id: OrderId,
    from: &str,
    reason: Option<Rejection>,
    at_ms: i64,
) -> Result<(), LedgerError> {
    let state = if reason.is_some() { "rejected" } else { "sold_out" };
    set_state(connection, order_id, &[from], state, at_ms)?;
    connection
        .prepare_cached("UPDATE orders SET reason = ?2 WHERE order_id = ?1")?
        .execute(params![order_id.0.as_bytes(), reason.map(Rejection::as_str)])?;
    Ok(())
}

/// The states in which an order may still be paid within its time.
const OPEN: &[&str] = &["held", "awaiting_payment"];

/// Sets an order's state, where it is one of `from`, and answers with its units. An order in another state is a broken
/// rule: its units have moved already.
fn set_state(
    connection: &Connection,
    order_id: OrderId,
    from: &[&str],
    state: &str,
    at_ms: i64,
) -> Result<Units, LedgerError> {
    let (first, last) = (from.first().copied().unwrap_or(state), from.last().copied().unwrap_or(state));
    connection
        .prepare_cached(
            "UPDATE orders SET state = ?2, updated_at_ms = ?3
             WHERE order_id = ?1 AND state IN (?4, ?5) RETURNING quantity, sku, reserved",
        )?
        .query_row(params![order_id.0.as_bytes(), state, at_ms, first, last], |row| {
            Ok(Units { quantity: row.get(0)?, sku: row.get(1)?, reserved: row.get(2)? })
        })
        .optional()?
        .ok_or_else(|| LedgerError::Constraint(format!("order {order_id} is not {first}")))
}

/// Money went back and no unit moved: an order that keeps units stays open, or had been given up before.
fn after_refund(connection: &Connection, order_id: OrderId, state: OrderState, at_ms: i64) -> Result<(), LedgerError> {
    let changed = connection
        .prepare_cached(
            "UPDATE orders SET state = ?2, updated_at_ms = ?3
             WHERE order_id = ?1
               AND CASE ?2 WHEN 'refunded' THEN state IN ('released', 'refunded')
                                                OR reserved = 0 AND state IN ('held', 'awaiting_payment')
                           WHEN 'held' THEN state IN ('held', 'awaiting_payment')
                           ELSE state = ?2 END",
        )?
        .execute(params![order_id.0.as_bytes(), state.as_str(), at_ms])?;
    if changed == 1 { Ok(()) } else { Err(LedgerError::Constraint(format!("order {order_id} cannot be refunded"))) }
}

fn end_payment(
    connection: &Connection,
    event: &Event,
    payment_id: PaymentId,
    from: &[&str],
    state: &str,
) -> Result<(), LedgerError> {
    let (first, last) = (from.first().copied().unwrap_or(state), from.last().copied().unwrap_or(state));
    let changed = connection
        .prepare_cached(
            "UPDATE payments SET state = ?2, updated_at_ms = ?3 WHERE payment_id = ?1 AND state IN (?4, ?5)",
        )?
        .execute(params![payment_id.0.as_bytes(), state, event.at_ms, first, last])?;
    if changed == 1 { Ok(()) } else { Err(LedgerError::UnknownPayment(payment_id)) }
}

/// Keeps the provider's message, so that it is not taken twice.
fn take_message(
    connection: &Connection,
    event: &Event,
    order_id: OrderId,
    payment_id: PaymentId,
    provider_event_id: &str,
    outcome: &str,
    charge: Option<&Charge>,
) -> Result<(), LedgerError> {
    connection
        .prepare_cached(
            "INSERT INTO provider_events (provider_event_id, payment_id, sale_id, outcome, amount_minor, currency, at_ms)
             SELECT ?1, ?2, sale_id, ?4, coalesce(?5, amount_minor), coalesce(?6, currency), ?7
             FROM orders WHERE order_id = ?3",
        )?
        .execute(params![
            provider_event_id,
            payment_id.0.as_bytes(),
            order_id.0.as_bytes(),
            outcome,
            charge.map(|charge| charge.amount_minor),
            charge.map(|charge| charge.currency.as_str()),
            event.at_ms
        ])?;
    Ok(())
}

fn add_refund(
    connection: &Connection,
    event: &Event,
    order_id: OrderId,
    payment_id: PaymentId,
    cause: RefundCause,
    charge: Option<&Charge>,
) -> Result<(), LedgerError> {
    connection
        .prepare_cached(
            "INSERT INTO refunds (payment_id, order_id, sale_id, amount_minor, currency, cause, created_at_ms)
             SELECT ?1, order_id, sale_id, coalesce(?3, amount_minor), coalesce(?4, currency), ?5, ?6
             FROM orders WHERE order_id = ?2",
        )?
        .execute(params![
            payment_id.0.as_bytes(),
            order_id.0.as_bytes(),
            charge.map(|charge| charge.amount_minor),
            charge.map(|charge| charge.currency.as_str()),
            cause.as_str(),
            event.at_ms
        ])?;
    connection
        .prepare_cached("UPDATE orders SET refunds = refunds + 1 WHERE order_id = ?1")?
        .execute(params![order_id.0.as_bytes()])?;
    Ok(())
}

pub(crate) fn add_strike(connection: &Connection, order_id: OrderId, at_ms: i64) -> Result<(), LedgerError> {
    connection
        .prepare_cached(
            "INSERT INTO strikes (order_id, merchant_id, shopper_id, at_ms)
             SELECT order_id, sales.merchant_id, shopper_id, ?2
             FROM orders JOIN sales USING (sale_id) WHERE order_id = ?1",
        )?
        .execute(params![order_id.0.as_bytes(), at_ms])?;
    Ok(())
}
