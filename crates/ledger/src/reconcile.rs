//! Ledger, events, payments and counters, compared: each difference in a sentence, and mended where there is one right
//! answer.
//!
//! Three witnesses tell how many units are held and sold: the log, the orders and the counters. Where two of them agree,
//! the third is wrong. What the log alone tells (payments, refunds, messages, strikes) is put back where a row is
//! missing; a row that the log knows nothing of is only listed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};
use sale::{Book, BookOrder, Change, Event, OrderId, Outcome, SaleId, ShopperId};
use serde::Serialize;

use crate::batch::LedgerError;
use crate::reconcile_facts::Facts;
use crate::reconcile_money::{check_money, check_strikes};
use crate::rows::SaleRow;
use crate::sqlite_read::{sales, uuid};
use crate::{backup, schema, sqlite, sqlite_load};

/// One thing that does not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub sale_id: SaleId,
    /// Stable; programs may branch on it.
    pub code: &'static str,
    /// For a person.
    pub sentence: String,
    /// Whether there is one right answer.
    pub mendable: bool,
    /// Whether it was mended.
    pub mended: bool,
}

/// A store that is being looked at. It may run beside a live server: each sale is read in one snapshot, and mended in one
/// transaction.
pub struct Reconciler {
    connection: Connection,
}

impl Reconciler {
    /// Opens a store that is there and of this version's schema. Nothing is written to one that is only looked at.
    pub fn open(path: &Path, to_fix: bool) -> Result<Self, LedgerError> {
        let access = if to_fix { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        sqlite::configure(&connection)?;
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let known = schema::SCHEMA_VERSION;
        if found > known {
            return Err(LedgerError::NewerSchema { found, known });
        }
        if !backup::is_a_store(&connection)? {
            return Err(LedgerError::Corrupt(format!("{} is no store", path.display())));
        }
        if found < known {
            let why = "a server of this version brings it up to date when it starts";
            return Err(LedgerError::Corrupt(format!("the store has schema version {found}, not {known}; {why}")));
        }
        Ok(Self { connection })
    }

    /// What is damaged in the file itself.
    pub fn damage(&self) -> Result<Option<String>, LedgerError> {
        backup::damage(&self.connection)
    }

    /// Sales that events are about and that are not there.
    pub fn unknown_sales(&self) -> Result<Vec<SaleId>, LedgerError> {
        let sql = "SELECT DISTINCT sale_id FROM events WHERE sale_id NOT IN (SELECT sale_id FROM sales)";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok(SaleId(uuid(row, 0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// All sales, drafts too.
    pub fn sales(&self) -> Result<Vec<SaleId>, LedgerError> {
        let mut statement = self.connection.prepare("SELECT sale_id FROM sales ORDER BY sale_id")?;
        let rows = statement.query_map([], |row| Ok(SaleId(uuid(row, 0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// All events: what there is to replay.
    pub fn events(&self) -> Result<u64, LedgerError> {
        let count: i64 = self.connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0))?;
        Ok(count as u64)
    }

    /// What does not agree in one sale. `progress` hears of events that were replayed.
    pub fn check(&mut self, sale_id: SaleId, mut progress: impl FnMut(u64)) -> Result<Vec<Difference>, LedgerError> {
        let snapshot = self.connection.transaction()?;
        let found = check(&snapshot, sale_id, &mut progress)?;
        snapshot.rollback()?;
        Ok(found.into_iter().map(|finding| finding.difference).collect())
    }

    /// Mends what has one right answer and says what is left; all of it or nothing.
    pub fn fix(&mut self, sale_id: SaleId, mut progress: impl FnMut(u64)) -> Result<Vec<Difference>, LedgerError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut told = Vec::new();
        for finding in check(&transaction, sale_id, &mut progress)? {
            let mended = match &finding.remedy {
                Some(remedy) => {
                    remedy(&transaction)?;
                    true
                }
                None => false,
            };
            told.push(Difference { mended, ..finding.difference });
        }
        if !told.is_empty() {
            // What still differs was not mended, whatever the remedy meant to do.
            let left = check(&transaction, sale_id, &mut |_| {})?;
            for difference in &mut told {
                difference.mended &= !left.iter().any(|still| still.difference.sentence == difference.sentence);
            }
        }
        transaction.commit()?;
        Ok(told)
    }
}

pub(crate) type Remedy = Box<dyn Fn(&Transaction<'_>) -> Result<(), LedgerError>>;

struct Finding {
    difference: Difference,
    remedy: Option<Remedy>,
}

/// What is found, as it is found.
pub(crate) struct Findings {
    pub(crate) sale_id: SaleId,
    all: Vec<Finding>,
}

impl Findings {
    pub(crate) fn add(&mut self, code: &'static str, sentence: String, remedy: Option<Remedy>) {
        let mendable = remedy.is_some();
        let difference = Difference { sale_id: self.sale_id, code, sentence, mendable, mended: false };
        self.all.push(Finding { difference, remedy });
    }
}

/// All comparisons of one sale.
fn check(connection: &Connection, sale_id: SaleId, progress: &mut dyn FnMut(u64)) -> Result<Vec<Finding>, LedgerError> {
    let mut findings = Findings { sale_id, all: Vec::new() };
    let row = match sales(connection, "sale_id = ?1", sale_id.0.as_bytes()) {
        Ok(mut rows) => rows.pop(),
        Err(error @ LedgerError::Unavailable(_)) => return Err(error),
        Err(error) => {
            let sentence = format!("The sale's own row cannot be read, so nothing else can be compared: {error}.");
            findings.add("sale_unreadable", sentence, None);
            return Ok(findings.all);
        }
    };
    let Some(row) = row else {
        findings.add("sale_missing", "Events are about this sale, and it is not there.".to_owned(), None);
        return Ok(findings.all);
    };
    let (book, facts) = match replayed(connection, &row, progress) {
        Ok(replayed) => replayed,
        Err(error @ LedgerError::Unavailable(_)) => return Err(error),
        Err(error) => {
            let sentence = format!("The event log cannot be replayed, so nothing else can be compared: {error}.");
            findings.add("log_broken", sentence, None);
            return Ok(findings.all);
        }
    };
    let orders_agree = check_orders(connection, &book, &mut findings)?;
    check_counters(connection, &book, orders_agree, &mut findings)?;
    check_money(connection, &facts, &book, &mut findings)?;
    check_strikes(connection, &facts, &mut findings)?;
    check_lives(connection, &mut findings)?;
    if book.is_called_off() != row.called_off_at_ms.is_some() {
        let (first, second) = if book.is_called_off() { ("log", "row") } else { ("row", "log") };
        let sentence = format!("The {first} says that the sale was called off, and the {second} does not.");
        let at_ms = facts.called_off_at_ms;
        let remedy: Remedy = Box::new(move |transaction| {
            transaction.execute(
                "UPDATE sales SET called_off_at_ms = ?2 WHERE sale_id = ?1",
                params![sale_id.0.as_bytes(), at_ms],
            )?;
            Ok(())
        });
        findings.add("call_off_missing", sentence, at_ms.map(|_| remedy));
    }
    Ok(findings.all)
}

/// The book as its events make it, and what they say of money.
fn replayed(
    connection: &Connection,
    row: &SaleRow,
    progress: &mut dyn FnMut(u64),
) -> Result<(Book, Facts), LedgerError> {
    let sale_id = row.sale_id;
    let mut book = Book::new(sale_id, row.terms(), &row.made_units());
    let mut facts = Facts::default();
    let sql = "SELECT event_id, at_ms, change FROM events WHERE sale_id = ?1 ORDER BY event_id";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![sale_id.0.as_bytes()])?;
    while let Some(fields) = rows.next()? {
        let event_id: i64 = fields.get(0)?;
        let broken = |why: String| LedgerError::Corrupt(format!("event {event_id}: {why}"));
        let text = fields.get_ref(2)?.as_str().map_err(|error| broken(error.to_string()))?;
        let change: Change = serde_json::from_str(text).map_err(|error| broken(error.to_string()))?;
        let event = Event { sale_id, at_ms: fields.get(1)?, change };
        facts.note(&book, &event);
        book.apply(&event).map_err(|error| broken(error.to_string()))?;
        progress(1);
    }
    Ok((book, facts))
}

/// An order's row, as far as units and money go.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OrderFields {
    state: String,
    shopper_id: ShopperId,
    sku: Option<String>,
    quantity: u32,
    amount_minor: i64,
    currency: String,
    reserved: bool,
    expires_at_ms: i64,
}

impl OrderFields {
    /// Whether it is the order that the book has, its state apart.
    fn is(&self, order: &BookOrder) -> bool {
        (self.shopper_id, &self.sku, self.quantity) == (order.shopper_id, &order.sku, order.quantity)
            && (self.amount_minor, &self.currency) == (order.amount_minor, &order.currency)
            && (self.reserved, self.expires_at_ms) == (order.reserved, order.expires_at_ms.unwrap_or_default())
    }

    /// In a sentence.
    fn told(&self) -> String {
        let sku = self.sku.as_ref().map_or(String::new(), |sku| format!(" of {sku}"));
        let kept = if self.reserved { "kept" } else { "not kept" };
        format!(
            "{} units{sku}, {kept} until {}, for {} {} by shopper {}",
            self.quantity, self.expires_at_ms, self.amount_minor, self.currency, self.shopper_id
        )
    }

    fn of(order: &BookOrder) -> Self {
        Self {
            state: order.state.as_str().to_owned(),
            shopper_id: order.shopper_id,
            sku: order.sku.clone(),
            quantity: order.quantity,
            amount_minor: order.amount_minor,
            currency: order.currency.clone(),
            reserved: order.reserved,
            expires_at_ms: order.expires_at_ms.unwrap_or_default(),
        }
    }
}

fn expected_state(book: &Book, order_id: OrderId) -> Option<String> {
    Some(match book.outcome(order_id)? {
        Outcome::Held { .. } => book.order(order_id)?.state.as_str().to_owned(),
        Outcome::Waiting => "waiting".to_owned(),
        Outcome::Entered { .. } => "entered".to_owned(),
        Outcome::SoldOut => "sold_out".to_owned(),
        Outcome::Rejected(_) => "rejected".to_owned(),
    })
}

/// Orders against the log. Answers whether their sums are the log's.
fn check_orders(connection: &Connection, book: &Book, findings: &mut Findings) -> Result<bool, LedgerError> {
    let sale_id = findings.sale_id;
    let sql = "SELECT order_id, state, sku, quantity, reserved, shopper_id, amount_minor, currency, hold_expires_at_ms
               FROM orders WHERE sale_id = ?1 ORDER BY row_number";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement
        .query_map(params![sale_id.0.as_bytes()], |row| {
            let fields = OrderFields {
                state: row.get(1)?,
                sku: row.get(2)?,
                quantity: row.get(3)?,
                reserved: row.get(4)?,
                shopper_id: ShopperId(uuid(row, 5)?),
                amount_minor: row.get(6)?,
                currency: row.get(7)?,
                expires_at_ms: row.get(8)?,
            };
            Ok((OrderId(uuid(row, 0)?), fields))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    // The log and the counters against the orders: only then is it the order's row that is wrong.
    let counters_agree = kept(connection, sale_id)? == by_book(book);
    let mut agree = true;
    let mut seen = BTreeSet::new();
    for (order_id, found) in rows {
        seen.insert(order_id);
        let Some(state) = expected_state(book, order_id) else {
            agree = false;
            let sentence = format!("Order {order_id} is {} and the log knows nothing of it.", found.state);
            findings.add("order_unknown_to_log", sentence, None);
            continue;
        };
        if let Some(order) = book.order(order_id).filter(|order| !found.is(order)) {
            agree = false;
            let expected = OrderFields::of(order).told();
            let sentence = format!("Order {order_id} is {} by its row, and {expected} by the log.", found.told());
            findings.add("order_differs", sentence, None);
        }
        if state != found.state {
            agree = false;
            let sentence = format!("Order {order_id} is {} by its row and {state} by the log.", found.state);
            let remedy: Remedy = Box::new(move |transaction| {
                transaction.execute(
                    "UPDATE orders SET state = ?2 WHERE order_id = ?1",
                    params![order_id.0.as_bytes(), state],
                )?;
                Ok(())
            });
            findings.add("order_state_differs", sentence, counters_agree.then_some(remedy));
        }
    }
    let by_log = book.orders().map(|(order_id, _)| *order_id);
    let waiting = book.waiting().map(|waiter| waiter.order_id);
    for order_id in
        by_log.chain(waiting).chain(book.entries()).filter(|order_id| !seen.contains(order_id)).collect::<BTreeSet<_>>()
    {
        agree = false;
        findings.add("order_missing", format!("The log has order {order_id}, and it has no row."), None);
    }
    Ok(agree)
}

type Counters = BTreeMap<String, (u64, u64, u64, u64)>;

fn kept(connection: &Connection, sale_id: SaleId) -> Result<Counters, LedgerError> {
    let kept = sqlite_load::kept_counts(connection, sale_id)?;
    Ok(kept.into_iter().map(|(sku, stock, free, held, sold)| (sku, (stock, free, held, sold))).collect())
}

fn by_book(book: &Book) -> Counters {
    let counts = |stock: sale::Stock| (stock.stock(), stock.free(), stock.held(), stock.sold());
    let skus = book.shelf().skus().iter().map(|(sku, stock)| (sku.clone(), counts(*stock)));
    std::iter::once((String::new(), counts(book.stock()))).chain(skus).collect()
}

/// Counters against the log. They are mended where the orders agree with the log.
fn check_counters(
    connection: &Connection,
    book: &Book,
    orders_agree: bool,
    findings: &mut Findings,
) -> Result<(), LedgerError> {
    let sale_id = findings.sale_id;
    let kept = kept(connection, sale_id)?;
    let by_log = by_book(book);
    let names: BTreeSet<&String> = kept.keys().chain(by_log.keys()).collect();
    for name in names {
        let (found, expected) = (kept.get(name), by_log.get(name));
        if found == expected {
            continue;
        }
        let what = if name.is_empty() { "The sale".to_owned() } else { format!("SKU {name}") };
        let told = |counts: Option<&(u64, u64, u64, u64)>| match counts {
            Some((stock, free, held, sold)) => format!("{stock} units ({free} free, {held} held, {sold} sold)"),
            None => "nothing".to_owned(),
        };
        let sentence = format!("{what} has {} by its counters and {} by the log.", told(found), told(expected));
        // Orders witness what is held and sold, and nothing but the counter what there is in all.
        let same_size = found.zip(expected).is_some_and(|(found, expected)| found.0 == expected.0);
        let remedy = expected.copied().filter(|_| orders_agree && same_size).map(|(stock, free, held, sold)| {
            let sku = name.clone();
            let remedy: Remedy = Box::new(move |transaction| {
                let table = if sku.is_empty() { "stock" } else { "skus" };
                let which = if sku.is_empty() { "?6 = ''" } else { "sku = ?6" };
                let sql = format!(
                    "UPDATE {table} SET stock = ?2, free = ?3, held = ?4, sold = ?5 WHERE sale_id = ?1 AND {which}"
                );
                let values = params![sale_id.0.as_bytes(), stock as i64, free as i64, held as i64, sold as i64, sku];
                transaction.execute(&sql, values)?;
                Ok(())
            });
            remedy
        });
        findings.add("counters_differ", sentence, remedy);
    }
    Ok(())
}

/// A life of the queue that is said to have got less far than an order that it decided.
fn check_lives(connection: &Connection, findings: &mut Findings) -> Result<(), LedgerError> {
    let sale_id = findings.sale_id;
    let sql = "SELECT orders.queue_life, max(orders.queue_seq), queue_lives.queue_seq
               FROM orders LEFT JOIN queue_lives USING (sale_id, queue_life)
               WHERE sale_id = ?1 GROUP BY orders.queue_life
               HAVING queue_lives.queue_seq IS NULL OR max(orders.queue_seq) > queue_lives.queue_seq";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement
        .query_map(params![sale_id.0.as_bytes()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?
        .collect::<Result<Vec<_>, _>>()?;
    for (life, seq) in rows {
        let sentence = format!("Life {life} of the queue decided number {seq} and is written down as less far.");
        let remedy: Remedy = Box::new(move |transaction| {
            transaction.execute(
                "INSERT INTO queue_lives (sale_id, queue_life, queue_seq) VALUES (?1, ?2, ?3)
                 ON CONFLICT (sale_id, queue_life) DO UPDATE SET queue_seq = excluded.queue_seq",
                params![sale_id.0.as_bytes(), life, seq],
            )?;
            Ok(())
        });
        findings.add("queue_life_behind", sentence, Some(remedy));
    }
    Ok(())
}

#[cfg(test)]
#[path = "reconcile_tests.rs"]
mod tests;
