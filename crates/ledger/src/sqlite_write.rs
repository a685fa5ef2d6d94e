//! Writes that are not about units: accounts, items, sales.

use rusqlite::{Transaction, params};

use crate::batch::{LedgerError, Refusal, Write};
use crate::rows::{ItemRow, QuizKind, SaleRow};

/// Makes one write, in a savepoint of its own: a refused write leaves no trace.
pub(crate) fn write(transaction: &mut Transaction<'_>, write: &Write) -> Result<Result<(), Refusal>, LedgerError> {
    let savepoint = transaction.savepoint()?;
    let done = perform(&savepoint, write);
    let answer = match done {
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
        Write::SetSale(row) => set_sale(connection, row)?,
        Write::LatchOpened { sale_id, at_ms } => connection
            .prepare_cached("UPDATE sales SET opened_at_ms = coalesce(opened_at_ms, ?2) WHERE sale_id = ?1")?
            .execute(params![sale_id.0.as_bytes(), at_ms])?,
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
                                questions, min_answer_ms, max_answer_ms, published, paused, revision, updated_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
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
            policy_name(row.stock_policy),
            row.hold_seconds,
            quiz_kind_name(row.quiz_kind),
            serde_json::to_string(&row.questions)?,
            row.min_answer_ms,
            row.max_answer_ms,
            row.published,
            row.paused,
            row.revision,
            row.updated_at_ms
        ])?;
    connection
        .prepare_cached("INSERT INTO stock (sale_id, stock, free, held, sold) VALUES (?1, ?2, ?2, 0, 0)")?
        .execute(params![row.sale_id.0.as_bytes(), row.stock_units as i64])?;
    Ok(added)
}

fn set_sale(connection: &rusqlite::Connection, row: &SaleRow) -> Result<usize, LedgerError> {
    Ok(connection
        .prepare_cached(
            "UPDATE sales SET price_minor = ?3, starts_at_ms = ?4, ends_at_ms = ?5, per_shopper_limit = ?6,
                              hold_seconds = ?7, quiz_kind = ?8, questions = ?9, min_answer_ms = ?10,
                              max_answer_ms = ?11, published = ?12, paused = ?13, revision = ?14, updated_at_ms = ?15
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
            row.updated_at_ms
        ])?)
}

pub(crate) const fn policy_name(policy: sale::StockPolicy) -> &'static str {
    match policy {
        sale::StockPolicy::Hold => "hold",
    }
}

pub(crate) const fn quiz_kind_name(kind: QuizKind) -> &'static str {
    match kind {
        QuizKind::Bank => "bank",
        QuizKind::Arithmetic => "arithmetic",
    }
}
