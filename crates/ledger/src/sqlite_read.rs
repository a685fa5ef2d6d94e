//! Reads, on connections that cannot write.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};
use sale::{
    Eligibility, ItemId, MarkedOrders, MerchantId, OrderId, OrderState, Outcome, PassId, PaymentId, RefundCause,
    Rejection, ReleaseCause, SaleId, ShopperId, StockPolicy, StrikeTerms,
};
use uuid::Uuid;

use crate::batch::LedgerError;
use crate::rows::{
    ItemRow, LedgerCounts, MerchantRow, OrderFilter, OrderRow, PAGE_ROWS_MAX, QuizKind, RefundRow, SaleRow, SeatRow,
    ShopperRow, SkuRow,
};
use crate::sqlite_draws::draw_row;
use crate::{sqlite, sqlite_load};

/// One read-only connection.
pub struct Reader {
    pub(crate) connection: Connection,
}

const ITEM_COLUMNS: &str =
    "item_id, merchant_id, slug, title, description, image_url, list_price_minor, currency, updated_at_ms";
const SALE_COLUMNS: &str = "sale_id, item_id, merchant_id, price_minor, currency, starts_at_ms, ends_at_ms, \
    opened_at_ms, stock_units, per_shopper_limit, stock_policy, hold_seconds, quiz_kind, questions, min_answer_ms, \
    max_answer_ms, published, paused, revision, updated_at_ms, waitlist_units, strike_limit, strike_seconds, \
    marked_orders, account_before_ms, listed_only, called_off_at_ms";

impl Reader {
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Ok(Self { connection: sqlite::open_read_only(path)? })
    }

    /// Everything that `read` reads stood in the record at one moment. Otherwise a commit may fall between two questions.
    pub fn in_one_snapshot<T>(&self, read: impl FnOnce(&Self) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        let snapshot = self.connection.unchecked_transaction()?;
        let answer = read(self)?;
        snapshot.commit()?;
        Ok(answer)
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

    pub fn counts(&self, sale_id: SaleId) -> Result<Option<LedgerCounts>, LedgerError> {
        sqlite_load::counts(&self.connection, sale_id)
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
        let sql = format!("{ORDER_SELECT} WHERE orders.order_id = ?1 AND orders.state NOT IN {NOT_ORDERS}");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_row(params![order_id.0.as_bytes()], order_row).optional()?;
        found.map(|(row, refunds)| self.with_refunds(row, refunds)).transpose()
    }

    /// Orders that left the line with units, newest first; at most [`PAGE_ROWS_MAX`].
    pub fn orders(&self, filter: &OrderFilter) -> Result<Vec<OrderRow>, LedgerError> {
        let mut clauses = vec![format!("orders.state NOT IN {NOT_ORDERS}")];
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
        let rows = statement.query_map(params_from_iter(values), order_row)?.collect::<Result<Vec<_>, _>>()?;
        rows.into_iter().map(|(row, refunds)| self.with_refunds(row, refunds)).collect()
    }

    fn with_refunds(&self, row: OrderRow, refunds: u32) -> Result<OrderRow, LedgerError> {
        if refunds == 0 {
            return Ok(row);
        }
        let sql = "SELECT cause, amount_minor, currency, sent_at_ms IS NOT NULL FROM refunds WHERE order_id = ?1
                   ORDER BY created_at_ms DESC, payment_id DESC";
        let read = |row: &Row<'_>| {
            let cause: String = row.get(0)?;
            Ok(RefundRow {
                cause: RefundCause::parse(&cause).ok_or_else(|| unknown(0, "refund cause", &cause))?,
                amount_minor: row.get(1)?,
                currency: row.get(2)?,
                is_sent: row.get(3)?,
            })
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        let refunds = statement.query_map(params![row.order_id.0.as_bytes()], read)?.collect::<Result<_, _>>()?;
        Ok(OrderRow { refunds, ..row })
    }

    /// The merchant and the sale of an order.
    pub fn merchant_of_order(&self, order_id: OrderId) -> Result<Option<(MerchantId, SaleId)>, LedgerError> {
        let sql = "SELECT merchant_id, sale_id FROM orders JOIN sales USING (sale_id) WHERE order_id = ?1";
        let read = |row: &Row<'_>| Ok((MerchantId(uuid(row, 0)?), SaleId(uuid(row, 1)?)));
        Ok(self.connection.prepare_cached(sql)?.query_row(params![order_id.0.as_bytes()], read).optional()?)
    }

    /// Whose order it is and in which sale, whether it has left the waiting line or not.
    pub fn owner_of_order(&self, order_id: OrderId) -> Result<Option<(ShopperId, SaleId)>, LedgerError> {
        let sql = "SELECT shopper_id, sale_id FROM orders WHERE order_id = ?1";
        let read = |row: &Row<'_>| Ok((ShopperId(uuid(row, 0)?), SaleId(uuid(row, 1)?)));
        Ok(self.connection.prepare_cached(sql)?.query_row(params![order_id.0.as_bytes()], read).optional()?)
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

/// Rows that never were, or are not yet, orders to their shoppers.
const NOT_ORDERS: &str = "('rejected', 'waiting', 'sold_out', 'entered')";

const ORDER_SELECT: &str = "SELECT orders.order_id, orders.sale_id, orders.shopper_id, orders.state, orders.quantity, \
    orders.amount_minor, orders.currency, orders.hold_expires_at_ms, orders.created_at_ms, orders.updated_at_ms, \
    orders.row_number, orders.sku, orders.reserved, orders.release_cause, orders.reseated, orders.refunds FROM orders";

pub(crate) const SEAT_SELECT: &str = "SELECT order_id, shopper_id, pass_id, body_hash, quantity, queue_life, queue_seq, reason, \
    hold_expires_at_ms, state, reserved, entry_number, draw_rank FROM orders";

pub(crate) fn sales(connection: &Connection, clause: &str, value: &dyn ToSql) -> Result<Vec<SaleRow>, LedgerError> {
    let sql = format!("SELECT {SALE_COLUMNS} FROM sales WHERE {clause} ORDER BY starts_at_ms DESC, sale_id");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query_map([value], sale_row)?.collect::<Result<Vec<_>, _>>()?;
    let sql = "SELECT sku, title, price_minor, made_units FROM skus WHERE sale_id = ?1 ORDER BY position, sku";
    let mut skus = connection.prepare_cached(sql)?;
    let read = |row: &Row<'_>| {
        let made_units: Option<i64> = row.get(3)?;
        Ok(SkuRow {
            sku: row.get(0)?,
            title: row.get(1)?,
            price_minor: row.get(2)?,
            made_units: made_units.map(|units| units as u64),
        })
    };
    for row in &mut rows {
        row.draw = draw_row(connection, row.sale_id)?;
        row.skus = skus.query_map(params![row.sale_id.0.as_bytes()], read)?.collect::<Result<_, _>>()?;
    }
    Ok(rows)
}

pub(crate) fn uuid(row: &Row<'_>, index: usize) -> rusqlite::Result<Uuid> {
    row.get::<_, [u8; 16]>(index).map(Uuid::from_bytes)
}

pub(crate) fn unsigned(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
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
    let marked: String = row.get(23)?;
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
        stock_policy: StockPolicy::parse(&policy).ok_or_else(|| unknown(10, "stock policy", &policy))?,
        hold_seconds: row.get(11)?,
        waitlist_units: row.get(20)?,
        skus: Vec::new(),
        strikes: StrikeTerms {
            limit: row.get(21)?,
            strike_seconds: row.get(22)?,
            marked_orders: MarkedOrders::parse(&marked)
                .ok_or_else(|| unknown(23, "rule for marked orders", &marked))?,
        },
        eligibility: Eligibility { account_before_ms: row.get(24)?, listed_only: row.get(25)? },
        draw: None,
        called_off_at_ms: row.get(26)?,
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

pub(crate) fn seat_row(row: &Row<'_>) -> rusqlite::Result<SeatRow> {
    let reason: Option<String> = row.get(7)?;
    let outcome = match row.get_ref(9)?.as_str()? {
        "waiting" => Outcome::Waiting,
        "entered" => Outcome::Entered { number: unsigned(row, 11)? },
        "sold_out" => Outcome::SoldOut,
        "rejected" => {
            let reason = reason.unwrap_or_default();
            Outcome::Rejected(Rejection::parse(&reason).ok_or_else(|| unknown(7, "reason", &reason))?)
        }
        _ => Outcome::Held { expires_at_ms: expiry(row, 8)?, reserved: row.get(10)? },
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
        draw_rank: row.get::<_, Option<i64>>(12)?.map(|rank| rank as u64),
    })
}

/// The record writes 0 for an order that does not lapse.
fn expiry(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<i64>> {
    row.get(index).map(|at_ms: i64| (at_ms != 0).then_some(at_ms))
}

/// The order, and how many refunds it has.
fn order_row(row: &Row<'_>) -> rusqlite::Result<(OrderRow, u32)> {
    let state: String = row.get(3)?;
    let cause: Option<String> = row.get(13)?;
    let release_cause = match cause {
        None => None,
        Some(cause) => Some(ReleaseCause::parse(&cause).ok_or_else(|| unknown(13, "release cause", &cause))?),
    };
    let order = OrderRow {
        order_id: OrderId(uuid(row, 0)?),
        sale_id: SaleId(uuid(row, 1)?),
        shopper_id: ShopperId(uuid(row, 2)?),
        state: OrderState::parse(&state).ok_or_else(|| unknown(3, "order state", &state))?,
        sku: row.get(11)?,
        quantity: row.get(4)?,
        amount_minor: row.get(5)?,
        currency: row.get(6)?,
        reserved: row.get(12)?,
        hold_expires_at_ms: expiry(row, 7)?,
        release_cause,
        reseated: row.get(14)?,
        refunds: Vec::new(),
        created_at_ms: row.get(8)?,
        updated_at_ms: row.get(9)?,
        row_number: row.get(10)?,
    };
    Ok((order, row.get(15)?))
}

fn unknown(column: usize, what: &str, value: &str) -> rusqlite::Error {
    unreadable(column, format!("unknown {what} {value:?}"))
}

fn unreadable(column: usize, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
}
