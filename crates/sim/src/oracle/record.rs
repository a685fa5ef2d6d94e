//! The record, read by SQL of the oracle's own, against its account.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use sale::{Change, Event, OrderId, OrderState, PaymentId, ReleaseCause, SaleId, ShopperId};
use uuid::Uuid;

use crate::coverage::Coverage;
use crate::disk::Disk;
use crate::oracle::Oracle;
use crate::oracle::account::{Account, Counts, Moment, Money, State};
use crate::parts::{Ask, Checked, Message, Violation, ensure};

/// What SQLite cannot answer is the simulator's own mistake.
const READ: &str = "the oracle's query is answered";

fn id(row: &Row<'_>, index: usize) -> rusqlite::Result<Uuid> {
    row.get::<_, [u8; 16]>(index).map(Uuid::from_bytes)
}

/// An event's number, sale, time, change and name.
type EventRow = (i64, SaleId, i64, String, String);

fn new_events(connection: &Connection, after: i64) -> rusqlite::Result<Vec<EventRow>> {
    let sql = "SELECT event_id, sale_id, at_ms, change, name FROM events WHERE event_id > ?1 ORDER BY event_id";
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, SaleId(id(row, 1)?), row.get(2)?, row.get(3)?, row.get(4)?));
    statement.query_map([after], read)?.collect()
}

const fn state_name(state: State) -> &'static str {
    match state {
        State::Order(state) => state.as_str(),
        State::Entered => "entered",
        State::Waiting => "waiting",
        State::SoldOut => "sold_out",
        State::Rejected(_) => "rejected",
    }
}

const fn money_name(money: Money) -> &'static str {
    match money {
        Money::Open => "open",
        Money::Declined => "declined",
        Money::Paid => "paid",
        Money::Refunded => "refunded",
    }
}

impl Oracle {
    /// Takes what the record has new, each fact for itself, and holds the rows against the account.
    pub(crate) fn read_record(
        &mut self,
        disk: &Disk,
        now_ms: i64,
        asks: &[Ask],
        messages: &[Message],
        cover: &mut Coverage,
    ) -> Checked {
        self.round += 1;
        for (sale, known) in self.sales.iter_mut().enumerate() {
            known.account.terms = vec![known.account.row.clone()];
            known.account.terms.extend(asks.iter().filter_map(|ask| match ask {
                Ask::Change { sale: of, row, .. } if *of == sale => Some(row.as_ref().clone()),
                _ => None,
            }));
            known.touched = false;
        }
        disk.with(|connection| {
            let events = new_events(connection, self.last_event).expect(READ);
            let mut orders = BTreeSet::new();
            let mut payments = BTreeSet::new();
            for (event_id, sale_id, at_ms, change, name) in events {
                self.last_event = event_id;
                let change: Change = serde_json::from_str(&change)
                    .map_err(|error| Violation { rule: "10", sentence: format!("an event cannot be read: {error}") })?;
                ensure!(change.name() == name, "10", "an event is filed as {name}: {change:?}");
                let event = Event { sale_id, at_ms, change };
                let sale = self.take(&event, now_ms, asks, messages, cover)?;
                orders.extend(event.change.order_id().map(|order_id| (sale, order_id)));
                payments.extend(payment_of(&event.change).map(|payment_id| (sale, payment_id)));
            }
            for sale in 0..self.sales.len() {
                self.read_sale(connection, sale)?;
            }
            for (sale, order_id) in orders {
                check_order(connection, &self.sales[sale].account, order_id)?;
            }
            for (sale, payment_id) in payments {
                check_payment(connection, &self.sales[sale].account, payment_id)?;
            }
            self.check_marks(connection, now_ms, cover)
        })
    }

    fn take(
        &mut self,
        event: &Event,
        now_ms: i64,
        asks: &[Ask],
        messages: &[Message],
        cover: &mut Coverage,
    ) -> Result<usize, Violation> {
        let found = self.sales.iter().position(|known| known.account.row.sale_id == event.sale_id);
        let sale = found.ok_or_else(|| Violation { rule: "10", sentence: format!("of no sale: {event:?}") })?;
        let known = &mut self.sales[sale];
        known.touched = true;
        cover.hit(crate::names::of_change(&event.change));
        let moment = Moment { now_ms, sale, asks, messages, tokens: &known.tokens, taken: &self.taken };
        let account = &mut known.account;
        account.take(event, &moment)?;
        match &event.change {
            Change::OrderReleased { order_id, cause: ReleaseCause::Lapsed } => {
                if let Some(fact) = account.orders.get(order_id).filter(|fact| fact.reserved) {
                    self.strikes.insert(*order_id, (account.row.merchant_id, fact.shopper, event.at_ms));
                }
            }
            Change::PaymentDeclined { payment_id, provider_event_id, .. }
            | Change::OrderPaid { payment_id, provider_event_id, .. }
            | Change::PaymentRefunded { payment_id, provider_event_id, .. } => {
                self.taken.insert(provider_event_id.clone(), (*payment_id, self.round));
            }
            Change::OrderHeld { intent, .. }
            | Change::OrderToClaim { intent, .. }
            | Change::OrderWaits { intent }
            | Change::DrawEntered { intent, .. }
            | Change::OrderRejected { intent, .. } => {
                known.used_passes.insert(intent.pass_id);
            }
            _ => {}
        }
        let mirrored = account.mirror.apply(event);
        ensure!(mirrored.is_ok(), "10", "replaying the log fails at {event:?}: {mirrored:?}");
        Ok(sale)
    }

    /// The sale's row, its counts, and what its orders add up to.
    fn read_sale(&mut self, connection: &Connection, sale: usize) -> Checked {
        let known = &mut self.sales[sale];
        let account = &mut known.account;
        let sale_id = account.row.sale_id;
        let sql = "SELECT revision, opened_at_ms, called_off_at_ms FROM sales WHERE sale_id = ?1";
        let mut statement = connection.prepare_cached(sql).expect(READ);
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?, row.get::<_, Option<i64>>(2)?));
        let (revision, opened, off): (i64, _, _) = statement.query_row([sale_id.0.as_bytes()], read).expect(READ);
        let latched = account.opened_at_ms;
        ensure!(latched.is_none() || opened == latched, "6", "the opening was latched at {latched:?}, now {opened:?}");
        let called_off = account.called_off_at_ms;
        ensure!(off == called_off, "10", "called off at {called_off:?} by the events, at {off:?} by the row");
        let changed = account.row.revision != revision;
        let sentence = || format!("the sale's row has revision {revision}, which nobody asked for");
        let row = known.rows.get(&revision).ok_or_else(|| Violation { rule: "10", sentence: sentence() })?;
        account.opened_at_ms = opened;
        account.row = row.clone();
        (account.row.opened_at_ms, account.row.called_off_at_ms) = (opened, off);
        if changed {
            account.mirror.set_terms(account.row.terms());
            for sku in &account.row.skus {
                account.skus.entry(sku.sku.clone()).or_default();
            }
        }
        if known.touched || changed { check_counts(connection, &known.account) } else { Ok(()) }
    }

    /// Everything that the record has, against everything that the oracle knows.
    pub(crate) fn check_whole_record(&mut self, connection: &Connection) -> Checked {
        let count = |sql: &str| connection.prepare_cached(sql).and_then(|mut all| all.query_row([], |row| row.get(0)));
        let counted = |table: &str| -> i64 { count(&format!("SELECT count(*) FROM {table}")).expect(READ) };
        let mut refunds = 0;
        for sale in 0..self.sales.len() {
            self.read_sale(connection, sale)?;
            let account = &self.sales[sale].account;
            check_counts(connection, account)?;
            for &order_id in account.orders.keys() {
                check_order(connection, account, order_id)?;
            }
            for &payment_id in account.payments.keys() {
                check_payment(connection, account, payment_id)?;
            }
            refunds += account.payments.values().filter(|payment| payment.money == Money::Refunded).count();
        }
        let orders: usize = self.sales.iter().map(|known| known.account.orders.len()).sum();
        let payments: usize = self.sales.iter().map(|known| known.account.payments.len()).sum();
        for (table, expected) in [
            ("orders", orders),
            ("payments", payments),
            ("refunds", refunds),
            ("provider_events", self.taken.len()),
            ("strikes", self.strikes.len()),
        ] {
            let rows = counted(table);
            ensure!(rows == expected as i64, "10", "{table} has {rows} rows, and the events make {expected}");
        }
        let doubled: i64 = count(
            "SELECT count(*) FROM (SELECT 1 FROM orders GROUP BY sale_id, shopper_id, idempotency_key HAVING count(*) > 1)",
        )
        .expect(READ);
        ensure!(doubled == 0, "3", "{doubled} keys have more than one order");
        self.check_strikes(connection)
    }

    fn check_strikes(&self, connection: &Connection) -> Checked {
        let sql = "SELECT order_id, merchant_id, shopper_id, at_ms, lifted_at_ms IS NOT NULL FROM strikes";
        let mut statement = connection.prepare_cached(sql).expect(READ);
        let mut rows = statement.query([]).expect(READ);
        while let Some(row) = rows.next().expect(READ) {
            let order_id = OrderId(id(row, 0).expect(READ));
            let strike = (
                sale::MerchantId(id(row, 1).expect(READ)),
                ShopperId(id(row, 2).expect(READ)),
                row.get(3).expect(READ),
            );
            ensure!(
                self.strikes.get(&order_id) == Some(&strike),
                "strikes",
                "a strike that is no lapsed hold: {strike:?}"
            );
            let lifted: bool = row.get(4).expect(READ);
            let asked = self.lifts_asked.contains(&(strike.0, strike.1));
            ensure!(!lifted || asked, "strikes", "a strike was lifted, and nobody asked: {strike:?}");
        }
        Ok(())
    }

    /// Marked shoppers get no hold, and others are not taken for marked.
    fn check_marks(&mut self, connection: &Connection, now_ms: i64, cover: &mut Coverage) -> Checked {
        for known in &mut self.sales {
            let account = &mut known.account;
            for (order_id, as_marked) in std::mem::take(&mut account.placed) {
                let fact = &account.orders[&order_id];
                let on = account.terms.iter().any(|row| row.strikes.limit > 0);
                if !on {
                    ensure!(!as_marked, "strikes", "an order was taken for a marked shopper's: {fact:?}");
                    continue;
                }
                let strikes = live_strikes(connection, account.row.merchant_id, fact.shopper).expect(READ);
                let is_right = account.terms.iter().any(|row| {
                    let since_ms = now_ms - i64::from(row.strikes.strike_seconds) * 1_000;
                    let counting = strikes.iter().filter(|at_ms| **at_ms > since_ms).count();
                    (row.strikes.limit > 0 && counting >= row.strikes.limit as usize) == as_marked
                });
                cover.hit(if as_marked {
                    "branch: an order of a marked shopper"
                } else {
                    "branch: an order where strikes count"
                });
                ensure!(
                    is_right,
                    "strikes",
                    "marked: {as_marked}, by strikes at {strikes:?} and the time {now_ms}: {fact:?}"
                );
            }
        }
        Ok(())
    }
}

pub(crate) fn live_strikes(
    connection: &Connection,
    merchant_id: sale::MerchantId,
    shopper_id: ShopperId,
) -> rusqlite::Result<Vec<i64>> {
    let sql = "SELECT at_ms FROM strikes WHERE merchant_id = ?1 AND shopper_id = ?2 AND lifted_at_ms IS NULL";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map(params![merchant_id.0.as_bytes(), shopper_id.0.as_bytes()], |row| row.get(0))?.collect()
}

const fn payment_of(change: &Change) -> Option<PaymentId> {
    match change {
        Change::PaymentOpened { payment_id, .. }
        | Change::PaymentDeclined { payment_id, .. }
        | Change::OrderPaid { payment_id, .. }
        | Change::PaymentRefunded { payment_id, .. }
        | Change::OrderRefunded { payment_id, .. } => Some(*payment_id),
        _ => None,
    }
}

fn check_counts(connection: &Connection, account: &Account) -> Checked {
    let sale = account.row.sale_id.0.as_bytes();
    let sql = "SELECT NULL, stock, free, held, sold FROM stock WHERE sale_id = ?1
               UNION ALL SELECT sku, stock, free, held, sold FROM skus WHERE sale_id = ?1";
    let mut statement = connection.prepare_cached(sql).expect(READ);
    let mut rows = statement.query([sale]).expect(READ);
    let mut shelves = 0;
    while let Some(row) = rows.next().expect(READ) {
        let number = |index: usize| row.get::<_, i64>(index).expect(READ);
        let counts = Counts { stock: number(1), free: number(2), held: number(3), sold: number(4) };
        let sku: Option<String> = row.get(0).expect(READ);
        let own = sku.as_ref().map_or(Some(&account.total), |sku| account.skus.get(sku));
        ensure!(own == Some(&counts), "1", "the record counts {counts:?} of {sku:?}, and the events make {own:?}");
        let Counts { stock, free, held, sold } = counts;
        let balanced = free >= 0 && held >= 0 && sold >= 0 && free + held + sold == stock;
        ensure!(balanced, "1", "out of balance, {sku:?}: {counts:?}");
        shelves += 1;
    }
    ensure!(shelves == account.skus.len() + 1, "1", "the record has {shelves} counts for {:?}", account.skus);
    let sql = "SELECT sku, sum(quantity * (state <> 'paid')), sum(quantity * (state = 'paid')) FROM orders
               WHERE sale_id = ?1 AND (state = 'paid' OR state IN ('held', 'awaiting_payment') AND reserved) GROUP BY sku";
    let mut statement = connection.prepare_cached(sql).expect(READ);
    let mut rows = statement.query([sale]).expect(READ);
    let (mut held, mut sold) = (0, 0);
    while let Some(row) = rows.next().expect(READ) {
        let (own_held, own_sold): (i64, i64) = (row.get(1).expect(READ), row.get(2).expect(READ));
        held += own_held;
        sold += own_sold;
        if let Some(sku) = row.get::<_, Option<String>>(0).expect(READ) {
            let own = account.skus.get(&sku).copied().unwrap_or_default();
            let alike = (own.held, own.sold) == (own_held, own_sold);
            ensure!(alike, "1", "orders of {sku} hold {own_held} and have {own_sold}, and the count says {own:?}");
        }
    }
    let total = account.total;
    let alike = (total.held, total.sold) == (held, sold);
    ensure!(alike, "1", "orders hold {held} and have bought {sold}, and the count says {total:?}");
    ensure!(held + sold <= total.stock, "2", "oversold: {held} held and {sold} sold of {}", total.stock);
    Ok(())
}

fn check_order(connection: &Connection, account: &Account, order_id: OrderId) -> Checked {
    let sql = "SELECT state, reserved, amount_minor, hold_expires_at_ms, release_cause, reseated, refunds, reason,
                      queue_life, queue_seq, quantity FROM orders WHERE order_id = ?1";
    let read = |row: &Row<'_>| {
        Ok((
            (row.get::<_, String>(0)?, row.get::<_, bool>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?),
            (row.get::<_, Option<String>>(4)?, row.get::<_, bool>(5)?, row.get::<_, i64>(6)?),
            (row.get::<_, Option<String>>(7)?, row.get::<_, i64>(8)?, row.get::<_, i64>(9)?, row.get::<_, i64>(10)?),
        ))
    };
    let mut statement = connection.prepare_cached(sql).expect(READ);
    let found = statement.query_row([order_id.0.as_bytes()], read).optional().expect(READ);
    let fact = &account.orders[&order_id];
    let reason = match fact.state {
        State::Rejected(reason) => Some(reason.as_str().to_owned()),
        _ => None,
    };
    let expected = (
        (state_name(fact.state).to_owned(), fact.reserved, fact.amount, fact.expires.unwrap_or(0)),
        (fact.released.map(|cause| cause.as_str().to_owned()), fact.reseated, fact.refunds),
        (reason, fact.turn.0 as i64, fact.turn.1 as i64, fact.quantity),
    );
    ensure!(
        found.as_ref() == Some(&expected),
        "10",
        "order {order_id} is {found:?} in its row, and {expected:?} by the events"
    );
    Ok(())
}

/// A charge bought units or goes back: one of them, and in full.
fn check_payment(connection: &Connection, account: &Account, payment_id: PaymentId) -> Checked {
    let sql = "SELECT payments.state, payments.order_id, refunds.amount_minor, refunds.currency
               FROM payments LEFT JOIN refunds USING (payment_id) WHERE payment_id = ?1";
    let read = |row: &Row<'_>| {
        let refund = row.get::<_, Option<i64>>(2)?.zip(row.get::<_, Option<String>>(3)?);
        Ok((row.get::<_, String>(0)?, OrderId(id(row, 1)?), refund))
    };
    let mut statement = connection.prepare_cached(sql).expect(READ);
    let found = statement.query_row([payment_id.0.as_bytes()], read).optional().expect(READ);
    let payment = &account.payments[&payment_id];
    let refund = (payment.money == Money::Refunded).then(|| payment.charge.clone()).flatten();
    let expected = (money_name(payment.money).to_owned(), payment.order_id, refund);
    ensure!(
        found.as_ref() == Some(&expected),
        "7",
        "payment {payment_id} is {found:?} in its rows, and {expected:?} by the events"
    );
    if payment.money == Money::Paid {
        let fact = &account.orders[&payment.order_id];
        let buys = fact.paid_by == Some(payment_id) && fact.state == State::Order(OrderState::Paid);
        ensure!(buys, "7", "payment {payment_id} is kept, and its order is not paid by it: {fact:?}");
    }
    Ok(())
}
