//! Reads, on connections that cannot write.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};
use sale::{
    Book, Change, Event, ItemId, MerchantId, OrderId, OrderState, PassId, PaymentId, Rejection, SaleId, ShopperId,
    StockPolicy,
};
use uuid::Uuid;

use crate::batch::LedgerError;
use crate::rows::{
    ItemRow, LedgerCounts, LoadedSale, MerchantRow, OrderFilter, OrderRow, PAGE_ROWS_MAX, QuizKind, SaleRow,
    SeatOutcome, SeatRow, ShopperRow,
};
use crate::sqlite;

/// One read-only connection.
pub struct Reader {
    connection: Connection,
}

const ITEM_COLUMNS: &str =
    "item_id, merchant_id, slug, title, description, image_url, list_price_minor, currency, updated_at_ms";
const SALE_COLUMNS: &str = "sale_id, item_id, merchant_id, price_minor, currency, starts_at_ms, ends_at_ms, \
    opened_at_ms, stock_units, per_shopper_limit, stock_policy, hold_seconds, quiz_kind, questions, min_answer_ms, \
    max_answer_ms, published, paused, revision, updated_at_ms";

impl Reader {
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Ok(Self { connection: sqlite::open_read_only(path)? })
    }

    pub fn shopper_by_email(&self, email: &str) -> Result<Option<ShopperRow>, LedgerError> {
        let sql = "SELECT shopper_id, email, display_name, password_hash, created_at_ms FROM shoppers WHERE email = ?1";
        let read = |row: &Row<'_>| {
            Ok(ShopperRow {
                shopper_id: ShopperId(uuid(row, 0)?),
                email: row.get(1)?,
                display_name: row.get(2)?,
                password_hash: row.get(3)?,
                created_at_ms: row.get(4)?,
            })
        };
        Ok(self.connection.prepare_cached(sql)?.query_row(params![email], read).optional()?)
    }

    pub fn merchant_by_email(&self, email: &str) -> Result<Option<MerchantRow>, LedgerError> {
        self.merchant_where("email = ?1", &email)
    }

    pub fn merchant(&self, merchant_id: MerchantId) -> Result<Option<MerchantRow>, LedgerError> {
        self.merchant_where("merchant_id = ?1", &merchant_id.0.as_bytes())
    }

    pub fn merchant_of_token(&self, token_sha256: &[u8; 32]) -> Result<Option<MerchantRow>, LedgerError> {
        let clause = "merchant_id = (SELECT merchant_id FROM merchant_tokens WHERE token_sha256 = ?1)";
        self.merchant_where(clause, token_sha256)
    }

    fn merchant_where(&self, clause: &str, value: &dyn ToSql) -> Result<Option<MerchantRow>, LedgerError> {
        let sql = format!("SELECT merchant_id, email, password_hash, created_at_ms FROM merchants WHERE {clause}");
        let read = |row: &Row<'_>| {
            Ok(MerchantRow {
                merchant_id: MerchantId(uuid(row, 0)?),
                email: row.get(1)?,
                password_hash: row.get(2)?,
                created_at_ms: row.get(3)?,
            })
        };
        Ok(self.connection.prepare_cached(&sql)?.query_row([value], read).optional()?)
    }

    /// All items, or one merchant's, in the order of their titles.
    pub fn items(&self, merchant_id: Option<MerchantId>) -> Result<Vec<ItemRow>, LedgerError> {
        let sql =
            format!("SELECT {ITEM_COLUMNS} FROM items WHERE ?1 IS NULL OR merchant_id = ?1 ORDER BY title, item_id");
        let merchant = merchant_id.map(|id| *id.0.as_bytes());
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![merchant], item_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn item(&self, item_id: ItemId) -> Result<Option<ItemRow>, LedgerError> {
        let sql = format!("SELECT {ITEM_COLUMNS} FROM items WHERE item_id = ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![item_id.0.as_bytes()], item_row).optional()?)
    }

    /// All sales, or one merchant's, newest start first.
    pub fn sales(&self, merchant_id: Option<MerchantId>) -> Result<Vec<SaleRow>, LedgerError> {
        sales(&self.connection, "?1 IS NULL OR merchant_id = ?1", &merchant_id.map(|id| *id.0.as_bytes()))
    }

    pub fn sale(&self, sale_id: SaleId) -> Result<Option<SaleRow>, LedgerError> {
        Ok(sales(&self.connection, "sale_id = ?1", sale_id.0.as_bytes())?.pop())
    }

    /// Sales that may still move: not ended by `ended_before_ms`, or with units still held.
    pub fn lively_sales(&self, ended_before_ms: i64) -> Result<Vec<SaleRow>, LedgerError> {
        let clause = "ends_at_ms > ?1 OR sale_id IN (SELECT sale_id FROM stock WHERE held > 0)";
        sales(&self.connection, clause, &ended_before_ms)
    }

    pub fn counts(&self, sale_id: SaleId) -> Result<Option<LedgerCounts>, LedgerError> {
        let sql = "SELECT stock, free, held, sold,
                (SELECT coalesce(sum(quantity), 0) FROM orders
                 WHERE sale_id = ?1 AND state IN ('held', 'awaiting_payment')),
                (SELECT coalesce(sum(quantity), 0) FROM orders WHERE sale_id = ?1 AND state = 'paid')
             FROM stock WHERE sale_id = ?1";
        let read = |row: &Row<'_>| {
            Ok(LedgerCounts {
                stock: unsigned(row, 0)?,
                free: unsigned(row, 1)?,
                held: unsigned(row, 2)?,
                sold: unsigned(row, 3)?,
                held_by_orders: unsigned(row, 4)?,
                sold_by_orders: unsigned(row, 5)?,
            })
        };
        Ok(self.connection.prepare_cached(sql)?.query_row(params![sale_id.0.as_bytes()], read).optional()?)
    }

    /// Each sale's present total.
    pub fn stock_units(&self) -> Result<HashMap<SaleId, u64>, LedgerError> {
        let mut statement = self.connection.prepare_cached("SELECT sale_id, stock FROM stock")?;
        let rows = statement.query_map([], |row| Ok((SaleId(uuid(row, 0)?), unsigned(row, 1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How and where an order left the line; none for one that is unknown or was told `sold_out`.
    pub fn seat(&self, order_id: OrderId) -> Result<Option<SeatRow>, LedgerError> {
        let mut statement = self.connection.prepare_cached(&format!("{SEAT_SELECT} WHERE order_id = ?1"))?;
        Ok(statement.query_row(params![order_id.0.as_bytes()], seat_row).optional()?)
    }

    /// The last number that was decided in one life of a sale's queue.
    pub fn decided_seq(&self, sale_id: SaleId, queue_life: u64) -> Result<Option<u64>, LedgerError> {
        let sql = "SELECT queue_seq FROM queue_lives WHERE sale_id = ?1 AND queue_life = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let read = |row: &Row<'_>| unsigned(row, 0);
        Ok(statement.query_row(params![sale_id.0.as_bytes(), queue_life as i64], read).optional()?)
    }

    pub fn order(&self, order_id: OrderId) -> Result<Option<OrderRow>, LedgerError> {
        let sql = format!("{ORDER_SELECT} WHERE orders.order_id = ?1 AND orders.state <> 'rejected'");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![order_id.0.as_bytes()], order_row).optional()?)
    }

    /// Orders that left the line with units, newest first; at most [`PAGE_ROWS_MAX`].
    pub fn orders(&self, filter: &OrderFilter) -> Result<Vec<OrderRow>, LedgerError> {
        let mut clauses = vec!["orders.state <> 'rejected'".to_owned()];
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        let mut restrict = |column: &str, comparison: &str, value: Option<Box<dyn ToSql>>| {
            if let Some(value) = value {
                values.push(value);
                clauses.push(format!("{column} {comparison} ?{}", values.len()));
            }
        };
        let boxed = |id: Uuid| -> Box<dyn ToSql> { Box::new(*id.as_bytes()) };
        restrict("sales.merchant_id", "=", filter.merchant_id.map(|id| boxed(id.0)));
        restrict("orders.sale_id", "=", filter.sale_id.map(|id| boxed(id.0)));
        restrict("orders.shopper_id", "=", filter.shopper_id.map(|id| boxed(id.0)));
        restrict("orders.state", "=", filter.state.map(|state| Box::new(state.as_str()) as Box<dyn ToSql>));
        restrict("orders.row_number", "<", filter.before_row.map(|row| Box::new(row) as Box<dyn ToSql>));
        let sql = format!(
            "{ORDER_SELECT} JOIN sales ON sales.sale_id = orders.sale_id WHERE {} ORDER BY row_number DESC LIMIT {}",
            clauses.join(" AND "),
            filter.limit.min(PAGE_ROWS_MAX)
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(values), order_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The order and the sale that a payment is for.
    pub fn payment(&self, payment_id: PaymentId) -> Result<Option<(OrderId, SaleId)>, LedgerError> {
        let sql = "SELECT order_id, sale_id FROM payments WHERE payment_id = ?1";
        let read = |row: &Row<'_>| Ok((OrderId(uuid(row, 0)?), SaleId(uuid(row, 1)?)));
        Ok(self.connection.prepare_cached(sql)?.query_row(params![payment_id.0.as_bytes()], read).optional()?)
    }

    /// The payment that may still arrive for an order.
    pub fn open_payment(&self, order_id: OrderId) -> Result<Option<PaymentId>, LedgerError> {
        let sql = "SELECT payment_id FROM payments WHERE order_id = ?1 AND state = 'open'";
        let read = |row: &Row<'_>| Ok(PaymentId(uuid(row, 0)?));
        Ok(self.connection.prepare_cached(sql)?.query_row(params![order_id.0.as_bytes()], read).optional()?)
    }
}

const ORDER_SELECT: &str = "SELECT orders.order_id, orders.sale_id, orders.shopper_id, orders.state, orders.quantity, \
    orders.amount_minor, orders.currency, orders.hold_expires_at_ms, orders.created_at_ms, orders.updated_at_ms, \
    orders.row_number FROM orders";

const SEAT_SELECT: &str = "SELECT order_id, shopper_id, pass_id, body_hash, quantity, queue_life, queue_seq, reason, \
    hold_expires_at_ms FROM orders";

/// A sale's book, replayed from its events and held against the stock that the record keeps.
pub(crate) fn load_sale(connection: &Connection, sale_id: SaleId) -> Result<Option<LoadedSale>, LedgerError> {
    let Some(row) = sales(connection, "sale_id = ?1", sale_id.0.as_bytes())?.pop() else { return Ok(None) };
    let mut book = Book::new(sale_id, row.terms(), row.stock_units);
    let mut statement =
        connection.prepare_cached("SELECT at_ms, change FROM events WHERE sale_id = ?1 ORDER BY event_id")?;
    let mut rows = statement.query(params![sale_id.0.as_bytes()])?;
    while let Some(fields) = rows.next()? {
        let change: Change = serde_json::from_str(fields.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
        let event = Event { sale_id, at_ms: fields.get(0)?, change };
        book.apply(&event).map_err(|error| LedgerError::Corrupt(format!("the log of sale {sale_id}: {error}")))?;
    }
    let stock = book.stock();
    let kept: (u64, u64, u64, u64) = connection
        .prepare_cached("SELECT stock, free, held, sold FROM stock WHERE sale_id = ?1")?
        .query_row(params![sale_id.0.as_bytes()], |row| {
            Ok((unsigned(row, 0)?, unsigned(row, 1)?, unsigned(row, 2)?, unsigned(row, 3)?))
        })?;
    if kept != (stock.stock(), stock.free(), stock.held(), stock.sold()) {
        return Err(LedgerError::Corrupt(format!("sale {sale_id}: the log gives {stock:?}, the stock is {kept:?}")));
    }
    let mut orders = connection.prepare_cached(&format!("{SEAT_SELECT} WHERE sale_id = ?1 ORDER BY row_number"))?;
    let seats = orders.query_map(params![sale_id.0.as_bytes()], seat_row)?.collect::<Result<_, _>>()?;
    let mut lives = connection.prepare_cached("SELECT queue_life, queue_seq FROM queue_lives WHERE sale_id = ?1")?;
    let drained = lives
        .query_map(params![sale_id.0.as_bytes()], |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(Some(LoadedSale { row, book, seats, drained }))
}

fn sales(connection: &Connection, clause: &str, value: &dyn ToSql) -> Result<Vec<SaleRow>, LedgerError> {
    let sql = format!("SELECT {SALE_COLUMNS} FROM sales WHERE {clause} ORDER BY starts_at_ms DESC, sale_id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([value], sale_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn uuid(row: &Row<'_>, index: usize) -> rusqlite::Result<Uuid> {
    row.get::<_, [u8; 16]>(index).map(Uuid::from_bytes)
}

fn unsigned(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index).map(|value| value as u64)
}

fn item_row(row: &Row<'_>) -> rusqlite::Result<ItemRow> {
    Ok(ItemRow {
        item_id: ItemId(uuid(row, 0)?),
        merchant_id: MerchantId(uuid(row, 1)?),
        slug: row.get(2)?,
        title: row.get(3)?,
        description: row.get(4)?,
        image_url: row.get(5)?,
        list_price_minor: row.get(6)?,
        currency: row.get(7)?,
        updated_at_ms: row.get(8)?,
    })
}

fn sale_row(row: &Row<'_>) -> rusqlite::Result<SaleRow> {
    let policy: String = row.get(10)?;
    let kind: String = row.get(12)?;
    let questions: String = row.get(13)?;
    Ok(SaleRow {
        sale_id: SaleId(uuid(row, 0)?),
        item_id: ItemId(uuid(row, 1)?),
        merchant_id: MerchantId(uuid(row, 2)?),
        price_minor: row.get(3)?,
        currency: row.get(4)?,
        starts_at_ms: row.get(5)?,
        ends_at_ms: row.get(6)?,
        opened_at_ms: row.get(7)?,
        stock_units: unsigned(row, 8)?,
        per_shopper_limit: row.get(9)?,
        stock_policy: match policy.as_str() {
            "hold" => StockPolicy::Hold,
            _ => return Err(unknown(10, "stock policy", &policy)),
        },
        hold_seconds: row.get(11)?,
        quiz_kind: match kind.as_str() {
            "bank" => QuizKind::Bank,
            "arithmetic" => QuizKind::Arithmetic,
            _ => return Err(unknown(12, "quiz kind", &kind)),
        },
        questions: serde_json::from_str(&questions).map_err(|error| unreadable(13, error))?,
        min_answer_ms: row.get(14)?,
        max_answer_ms: row.get(15)?,
        published: row.get(16)?,
        paused: row.get(17)?,
        revision: row.get(18)?,
        updated_at_ms: row.get(19)?,
    })
}

fn seat_row(row: &Row<'_>) -> rusqlite::Result<SeatRow> {
    let outcome = match row.get::<_, Option<String>>(7)? {
        None => SeatOutcome::Held { hold_expires_at_ms: row.get(8)? },
        Some(reason) => SeatOutcome::Rejected(Rejection::parse(&reason).ok_or_else(|| unknown(7, "reason", &reason))?),
    };
    Ok(SeatRow {
        order_id: OrderId(uuid(row, 0)?),
        shopper_id: ShopperId(uuid(row, 1)?),
        pass_id: PassId(uuid(row, 2)?),
        body_hash: unsigned(row, 3)?,
        quantity: row.get(4)?,
        queue_life: unsigned(row, 5)?,
        queue_seq: unsigned(row, 6)?,
        outcome,
    })
}

fn order_row(row: &Row<'_>) -> rusqlite::Result<OrderRow> {
    let state: String = row.get(3)?;
    Ok(OrderRow {
        order_id: OrderId(uuid(row, 0)?),
        sale_id: SaleId(uuid(row, 1)?),
        shopper_id: ShopperId(uuid(row, 2)?),
        state: OrderState::parse(&state).ok_or_else(|| unknown(3, "order state", &state))?,
        quantity: row.get(4)?,
        amount_minor: row.get(5)?,
        currency: row.get(6)?,
        hold_expires_at_ms: row.get(7)?,
        created_at_ms: row.get(8)?,
        updated_at_ms: row.get(9)?,
        row_number: row.get(10)?,
    })
}

fn unknown(column: usize, what: &str, value: &str) -> rusqlite::Error {
    unreadable(column, format!("unknown {what} {value:?}"))
}

fn unreadable(column: usize, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
}
