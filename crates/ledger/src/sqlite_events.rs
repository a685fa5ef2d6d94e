//! Facts into rows: the event itself, and what follows from it for orders, payments and stock.

use rusqlite::{Connection, OptionalExtension, params};
use sale::{Change, Event, OrderState, ReleaseCause, SaleId};

use crate::batch::{Drained, LedgerError};

/// Writes the facts and what follows from them. Stock moves once a sale and batch, by the sum of its facts.
pub(crate) fn record(connection: &Connection, events: &[Event]) -> Result<(), LedgerError> {
    let mut moves: Vec<(SaleId, StockMove)> = Vec::new();
    for event in events {
        let moved = project(connection, event)?;
        match moves.iter_mut().find(|(sale_id, _)| *sale_id == event.sale_id) {
            Some((_, sum)) => sum.add(moved),
            None => moves.push((event.sale_id, moved)),
        }
        connection
            .prepare_cached("INSERT INTO events (sale_id, at_ms, name, change) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                event.sale_id.0.as_bytes(),
                event.at_ms,
                event.change.name(),
                serde_json::to_string(&event.change)?
            ])?;
    }
    for (sale_id, moved) in moves {
        move_stock(connection, sale_id, moved)?;
    }
    Ok(())
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

impl StockMove {
    fn add(&mut self, other: Self) {
        self.free += other.free;
        self.held += other.held;
        self.sold += other.sold;
        self.stock = other.stock.or(self.stock);
    }
}

fn move_stock(connection: &Connection, sale_id: SaleId, moved: StockMove) -> Result<(), LedgerError> {
    let sale_id = sale_id.0.as_bytes();
    // A resize says the new total; the free units are then what is neither held nor sold.
    let changed = match moved.stock {
        Some(stock) => connection
            .prepare_cached(
                "UPDATE stock SET stock = ?2, held = held + ?3, sold = sold + ?4,
                                  free = ?2 - (held + ?3) - (sold + ?4)
                 WHERE sale_id = ?1",
            )?
            .execute(params![sale_id, stock, moved.held, moved.sold])?,
        None => connection
            .prepare_cached("UPDATE stock SET free = free + ?2, held = held + ?3, sold = sold + ?4 WHERE sale_id = ?1")?
            .execute(params![sale_id, moved.free, moved.held, moved.sold])?,
    };
    if changed == 1 { Ok(()) } else { Err(LedgerError::Constraint("a sale has no stock row".to_owned())) }
}

fn project(connection: &Connection, event: &Event) -> Result<StockMove, LedgerError> {
    let at_ms = event.at_ms;
    let mut moved = StockMove::default();
    match &event.change {
        Change::OrderHeld { quantity, .. } => {
            insert_order(connection, event)?;
            moved.free -= i64::from(*quantity);
            moved.held += i64::from(*quantity);
        }
        Change::OrderRejected { .. } => insert_order(connection, event)?,
        Change::PaymentOpened { order_id, payment_id } => {
            connection
                .prepare_cached(
                    "INSERT INTO payments (payment_id, order_id, sale_id, state, created_at_ms, updated_at_ms)
                     VALUES (?1, ?2, ?3, 'open', ?4, ?4)",
                )?
                .execute(params![payment_id.0.as_bytes(), order_id.0.as_bytes(), event.sale_id.0.as_bytes(), at_ms])?;
            set_state(connection, *order_id, &[OrderState::Held], OrderState::AwaitingPayment, at_ms)?;
        }
        Change::PaymentDeclined { order_id, payment_id, provider_event_id } => {
            end_payment(connection, *payment_id, "declined", provider_event_id, at_ms)?;
            connection
                .prepare_cached(
                    "UPDATE orders SET state = 'held', updated_at_ms = ?2
                     WHERE order_id = ?1 AND state = 'awaiting_payment'",
                )?
                .execute(params![order_id.0.as_bytes(), at_ms])?;
        }
        Change::OrderPaid { order_id, payment_id, provider_event_id, reseated } => {
            end_payment(connection, *payment_id, "paid", provider_event_id, at_ms)?;
            let from: &[OrderState] = if *reseated { &[OrderState::Released] } else { HOLDING };
            let quantity = set_state(connection, *order_id, from, OrderState::Paid, at_ms)?;
            moved.sold += quantity;
            if *reseated {
                moved.free -= quantity;
            } else {
                moved.held -= quantity;
            }
        }
        Change::PaymentRefunded { order_id, payment_id, provider_event_id, order_state, .. } => {
            end_payment(connection, *payment_id, "refunded", provider_event_id, at_ms)?;
            // The order stays what it was, or was released before: no unit moves.
            set_state(connection, *order_id, &[OrderState::Released, *order_state], *order_state, at_ms)?;
        }
        Change::OrderReleased { order_id, cause } => {
            let quantity = set_state(connection, *order_id, HOLDING, OrderState::Released, at_ms)?;
            if *cause == ReleaseCause::Cancelled {
                connection
                    .prepare_cached("UPDATE orders SET cancelled = 1 WHERE order_id = ?1")?
                    .execute(params![order_id.0.as_bytes()])?;
            }
            moved.held -= quantity;
            moved.free += quantity;
        }
        Change::StockResized { stock_units } => moved.stock = Some(*stock_units as i64),
    }
    Ok(moved)
}

fn insert_order(connection: &Connection, event: &Event) -> Result<(), LedgerError> {
    let (order_id, shopper_id, pass_id, key, body_hash, quantity, life, seq) = match &event.change {
        Change::OrderHeld {
            order_id,
            shopper_id,
            pass_id,
            idempotency_key,
            body_hash,
            quantity,
            queue_life,
            queue_seq,
            ..
        }
        | Change::OrderRejected {
            order_id,
            shopper_id,
            pass_id,
            idempotency_key,
            body_hash,
            quantity,
            queue_life,
            queue_seq,
            ..
        } => (order_id, shopper_id, pass_id, idempotency_key, *body_hash, quantity, *queue_life, *queue_seq),
        _ => return Ok(()),
    };
    let (state, reason, amount_minor, currency, hold_expires_at_ms) = match &event.change {
        Change::OrderHeld { amount_minor, currency, hold_expires_at_ms, .. } => {
            (OrderState::Held.as_str(), None, *amount_minor, currency.as_str(), *hold_expires_at_ms)
        }
        Change::OrderRejected { reason, .. } => ("rejected", Some(reason.as_str()), 0, "", 0),
        _ => return Ok(()),
    };
    connection
        .prepare_cached(
            "INSERT INTO orders (order_id, sale_id, shopper_id, pass_id, idempotency_key, body_hash, quantity,
                                 amount_minor, currency, state, reason, hold_expires_at_ms, queue_life, queue_seq,
                                 created_at_ms, updated_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15)",
        )?
        .execute(params![
            order_id.0.as_bytes(),
            event.sale_id.0.as_bytes(),
            shopper_id.0.as_bytes(),
            pass_id.0.as_bytes(),
            key,
            body_hash as i64,
            quantity,
            amount_minor,
            currency,
            state,
            reason,
            hold_expires_at_ms,
            life as i64,
            seq as i64,
            event.at_ms
        ])?;
    Ok(())
}

/// The states in which an order keeps units unpaid.
const HOLDING: &[OrderState] = &[OrderState::Held, OrderState::AwaitingPayment];

/// Sets an order's state, where it is one of `from`, and answers with the quantity. An order in another state is a
/// broken rule: its units have moved already.
fn set_state(
    connection: &Connection,
    order_id: sale::OrderId,
    from: &[OrderState],
    state: OrderState,
    at_ms: i64,
) -> Result<i64, LedgerError> {
    let (first, last) = (from.first().copied().unwrap_or(state), from.last().copied().unwrap_or(state));
    connection
        .prepare_cached(
            "UPDATE orders SET state = ?2, updated_at_ms = ?3
             WHERE order_id = ?1 AND state IN (?4, ?5) RETURNING quantity",
        )?
        .query_row(params![order_id.0.as_bytes(), state.as_str(), at_ms, first.as_str(), last.as_str()], |row| {
            row.get(0)
        })
        .optional()?
        .ok_or_else(|| LedgerError::Constraint(format!("order {order_id} is not {}", first.as_str())))
}

fn end_payment(
    connection: &Connection,
    payment_id: sale::PaymentId,
    state: &str,
    provider_event_id: &str,
    at_ms: i64,
) -> Result<(), LedgerError> {
    let changed = connection
        .prepare_cached(
            "UPDATE payments SET state = ?2, provider_event_id = ?3, updated_at_ms = ?4
             WHERE payment_id = ?1 AND state = 'open'",
        )?
        .execute(params![payment_id.0.as_bytes(), state, provider_event_id, at_ms])?;
    if changed == 1 { Ok(()) } else { Err(LedgerError::UnknownPayment(payment_id)) }
}
