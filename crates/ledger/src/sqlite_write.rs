//! Writes that are not about units: accounts, items, sales.

use rusqlite::{Transaction, params};

use crate::batch::{LedgerError, Refusal, Write};
use crate::plan_b;
use crate::rows::{ItemRow, QuizKind, SaleRow};
use crate::sqlite_draws::{add_draw, set_draw};

/// Makes one write, in a savepoint of its own: a refused write leaves no trace.
pub(crate) fn write(transaction: &mut Transaction<'_>, write: &Write) -> Result<Result<(), Refusal>, LedgerError> {
    let savepoint = transaction.savepoint()?;
    let done = perform(&savepoint, write);
    let answer = match done {
        Err(LedgerError::Refused(refusal)) => Err(refusal),
        Ok(0) => Err(Refusal::NotFound),
        Ok(_) => Ok(()),
        Err(error) => Err(refusal_of(error)?),
    };
    if answer.is_ok() {
        savepoint.commit()?;
    }
    Ok(answer)
}

/// The refusal behind a broken rule; any other error goes on as it is.
fn refusal_of(error: LedgerError) -> Result<Refusal, LedgerError> {
    let LedgerError::Constraint(text) = &error else { return Err(error) };
    if text.contains("shoppers.email") || text.contains("merchants.email") {
        Ok(Refusal::EmailTaken)
    } else if text.contains("items.slug") {
        Ok(Refusal::SlugTaken)
    } else {
        Err(error)
    }
}

fn perform(connection: &rusqlite::Connection, write: &Write) -> Result<usize, LedgerError> {
    let changed = match write {
        Write::AddShopper(row) => connection
            .prepare_cached(
                "INSERT INTO shoppers (shopper_id, email, display_name, password_hash, created_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                row.shopper_id.0.as_bytes(),
                row.email,
                row.display_name,
                row.password_hash,
                row.created_at_ms
            ])?,
        Write::AddMerchant(row) => connection
            .prepare_cached(
                "INSERT INTO merchants (merchant_id, email, password_hash, created_at_ms) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![row.merchant_id.0.as_bytes(), row.email, row.password_hash, row.created_at_ms])?,
        Write::AddMerchantToken { merchant_id, token_sha256, at_ms } => connection
            .prepare_cached(
                "INSERT INTO merchant_tokens (token_sha256, merchant_id, created_at_ms) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![token_sha256, merchant_id.0.as_bytes(), at_ms])?,
        Write::AddItem(row) => add_item(connection, row)?,
        Write::SetItem(row) => set_item(connection, row)?,
        Write::AddSale(row) => add_sale(connection, row)?,
        Write::AddDrawSale(row, seed) => {
            add_sale(connection, row)?;
            add_draw(connection, row, seed)?
        }
        Write::SetSale(row) => set_sale(connection, row)?,
        Write::LatchOpened { sale_id, at_ms } => connection
            .prepare_cached("UPDATE sales SET opened_at_ms = coalesce(opened_at_ms, ?2) WHERE sale_id = ?1")?
            .execute(params![sale_id.0.as_bytes(), at_ms])?,
        Write::LiftStrikes { merchant_id, shopper_id, at_ms } => connection
            .prepare_cached(
                "UPDATE strikes SET lifted_at_ms = ?3
                 WHERE merchant_id = ?1 AND shopper_id = ?2 AND lifted_at_ms IS NULL",
            )?
            .execute(params![merchant_id.0.as_bytes(), shopper_id.0.as_bytes(), at_ms])?,
        Write::ListShoppers { sale_id, add, remove, most } => list_shoppers(connection, *sale_id, add, remove, *most)?,
        Write::RefundSent { payment_id, at_ms } => connection
            .prepare_cached("UPDATE refunds SET sent_at_ms = coalesce(sent_at_ms, ?2) WHERE payment_id = ?1")?
            .execute(params![payment_id.0.as_bytes(), at_ms])?,
        Write::SetSwitches(changes) => plan_b::set_switches(connection, changes)?,
        Write::ExpireSwitches { now_ms } => plan_b::expire_switches(connection, *now_ms)?,
        Write::AddSettings { follows, version } => plan_b::add_settings(connection, *follows, version)?,
    };
    Ok(changed)
}

fn add_item(connection: &rusqlite::Connection, row: &ItemRow) -> Result<usize, LedgerError> {
    Ok(connection
        .prepare_cached(
            "INSERT INTO items (item_id, merchant_id, slug, title, description, image_url, list_price_minor,
                                currency, updated_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            row.item_id.0.as_bytes(),
            row.merchant_id.0.as_bytes(),
            row.slug,
            row.title,
            row.description,
            row.image_url,
            row.list_price_minor,
            row.currency,
            row.updated_at_ms
        ])?)
}

fn set_item(connection: &rusqlite::Connection, row: &ItemRow) -> Result<usize, LedgerError> {
    Ok(connection
        .prepare_cached(
            "UPDATE items SET title = ?3, description = ?4, image_url = ?5, list_price_minor = ?6, updated_at_ms = ?7
             WHERE item_id = ?1 AND merchant_id = ?2",
        )?
        .execute(params![
            row.item_id.0.as_bytes(),
            row.merchant_id.0.as_bytes(),
            row.title,
            row.description,
            row.image_url,
            row.list_price_minor,
            row.updated_at_ms
        ])?)
}

fn add_sale(connection: &rusqlite::Connection, row: &SaleRow) -> Result<usize, LedgerError> {
    let added = connection
        .prepare_cached(
            "INSERT INTO sales (sale_id, item_id, merchant_id, price_minor, currency, starts_at_ms, ends_at_ms,
                                opened_at_ms, stock_units, per_shopper_limit, stock_policy, hold_seconds, quiz_kind,
                                questions, min_answer_ms, max_answer_ms, published, paused, revision, updated_at_ms,
                                waitlist_units, strike_limit, strike_seconds, marked_orders, account_before_ms,
                                listed_only)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                     ?22, ?23, ?24, ?25, ?26)",
        )?
        .execute(params![
            row.sale_id.0.as_bytes(),
            row.item_id.0.as_bytes(),
            row.merchant_id.0.as_bytes(),
            row.price_minor,
            row.currency,
            row.starts_at_ms,
            row.ends_at_ms,
            row.opened_at_ms,
            row.stock_units as i64,
            row.per_shopper_limit,
            row.stock_policy.as_str(),
            row.hold_seconds,
            quiz_kind_name(row.quiz_kind),
            serde_json::to_string(&row.questions)?,
            row.min_answer_ms,
            row.max_answer_ms,
            row.published,
            row.paused,
            row.revision,
            row.updated_at_ms,
            row.waitlist_units,
            row.strikes.limit,
            row.strikes.strike_seconds,
            row.strikes.marked_orders.as_str(),
            row.eligibility.account_before_ms,
            row.eligibility.listed_only
        ])?;
    set_skus(connection, row)?;
    connection
        .prepare_cached("INSERT INTO stock (sale_id, stock, free, held, sold) VALUES (?1, ?2, ?2, 0, 0)")?
        .execute(params![row.sale_id.0.as_bytes(), row.stock_units as i64])?;
    Ok(added)
}

fn set_sale(connection: &rusqlite::Connection, row: &SaleRow) -> Result<usize, LedgerError> {
    set_skus(connection, row)?;
    set_draw(connection, row)?;
    Ok(connection
        .prepare_cached(
            "UPDATE sales SET price_minor = ?3, starts_at_ms = ?4, ends_at_ms = ?5, per_shopper_limit = ?6,
                              hold_seconds = ?7, quiz_kind = ?8, questions = ?9, min_answer_ms = ?10,
                              max_answer_ms = ?11, published = ?12, paused = ?13, revision = ?14, updated_at_ms = ?15,
                              stock_policy = ?16, waitlist_units = ?17, strike_limit = ?18, strike_seconds = ?19,
                              marked_orders = ?20, account_before_ms = ?21, listed_only = ?22
             WHERE sale_id = ?1 AND merchant_id = ?2",
        )?
        .execute(params![
            row.sale_id.0.as_bytes(),
            row.merchant_id.0.as_bytes(),
            row.price_minor,
            row.starts_at_ms,
            row.ends_at_ms,
            row.per_shopper_limit,
            row.hold_seconds,
            quiz_kind_name(row.quiz_kind),
            serde_json::to_string(&row.questions)?,
            row.min_answer_ms,
            row.max_answer_ms,
            row.published,
            row.paused,
            row.revision,
            row.updated_at_ms,
            row.stock_policy.as_str(),
            row.waitlist_units,
            row.strikes.limit,
            row.strikes.strike_seconds,
            row.strikes.marked_orders.as_str(),
            row.eligibility.account_before_ms,
            row.eligibility.listed_only
        ])?)
}

/// The SKUs' names and prices; their units are left to events. One that comes new begins with none.
fn set_skus(connection: &rusqlite::Connection, row: &SaleRow) -> Result<(), LedgerError> {
    for (position, sku) in row.skus.iter().enumerate() {
        connection
            .prepare_cached(
                "INSERT INTO skus (sale_id, sku, position, title, price_minor, made_units, stock, free, held, sold)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, 0, 0)
                 ON CONFLICT (sale_id, sku)
                 DO UPDATE SET position = excluded.position, title = excluded.title, price_minor = excluded.price_minor",
            )?
            .execute(params![
                row.sale_id.0.as_bytes(),
                sku.sku,
                position as i64,
                sku.title,
                sku.price_minor,
                sku.made_units.map(|units| units as i64),
                sku.made_units.unwrap_or(0) as i64
            ])?;
    }
    Ok(())
}

fn list_shoppers(
    connection: &rusqlite::Connection,
    sale_id: sale::SaleId,
    add: &[String],
    remove: &[String],
    most: u64,
) -> Result<usize, LedgerError> {
    let sale = sale_id.0.as_bytes();
    for email in remove {
        connection
            .prepare_cached("DELETE FROM listed_shoppers WHERE sale_id = ?1 AND email = ?2")?
            .execute(params![sale, email])?;
    }
    for email in add {
        connection
            .prepare_cached("INSERT INTO listed_shoppers (sale_id, email) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![sale, email])?;
    }
    let listed: i64 = connection
        .prepare_cached("SELECT count(*) FROM listed_shoppers WHERE sale_id = ?1")?
        .query_row(params![sale], |row| row.get(0))?;
    if listed as u64 > most { Err(LedgerError::Refused(Refusal::ListFull)) } else { Ok(1) }
}

pub(crate) const fn quiz_kind_name(kind: QuizKind) -> &'static str {
    match kind {
        QuizKind::Bank => "bank",
        QuizKind::Arithmetic => "arithmetic",
    }
}
