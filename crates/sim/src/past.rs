//! Tokens of sales that are out of memory, as the server's edge answers them: by the record.

use committer::past_seat;
use intake::Status;
use ledger::SeatRow;
use rusqlite::{Connection, OptionalExtension, params};
use sale::{OrderId, Outcome, PassId, QueueClaims, Rejection, ShopperId};
use uuid::Uuid;

/// The seat of an order, read as `ledger::Reader::seat` does; a record in memory has no second connection for it.
pub(crate) fn seat(connection: &Connection, order_id: OrderId) -> rusqlite::Result<Option<SeatRow>> {
    let sql =
        "SELECT shopper_id, pass_id, body_hash, quantity, queue_life, queue_seq, reason, hold_expires_at_ms, state,
                      reserved, entry_number, draw_rank FROM orders WHERE order_id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row([order_id.0.as_bytes()], |row| {
        let expires: i64 = row.get(7)?;
        let outcome = match row.get_ref(8)?.as_str()? {
            "waiting" => Outcome::Waiting,
            "entered" => Outcome::Entered { number: row.get::<_, i64>(10)? as u64 },
            "sold_out" => Outcome::SoldOut,
            "rejected" => {
                let reason: String = row.get(6)?;
                Outcome::Rejected(Rejection::parse(&reason).expect("a reason that there is"))
            }
            _ => Outcome::Held { expires_at_ms: (expires != 0).then_some(expires), reserved: row.get(9)? },
        };
        Ok(SeatRow {
            order_id,
            shopper_id: ShopperId(Uuid::from_bytes(row.get(0)?)),
            pass_id: PassId(Uuid::from_bytes(row.get(1)?)),
            body_hash: row.get::<_, i64>(2)? as u64,
            quantity: row.get(3)?,
            queue_life: row.get::<_, i64>(4)? as u64,
            queue_seq: row.get::<_, i64>(5)? as u64,
            outcome,
            draw_rank: row.get::<_, Option<i64>>(11)?.map(|rank| rank as u64),
        })
    });
    found.optional()
}

pub(crate) fn status(connection: &Connection, claims: &QueueClaims) -> rusqlite::Result<Status> {
    let sql = "SELECT queue_seq FROM queue_lives WHERE sale_id = ?1 AND queue_life = ?2";
    let values = params![claims.sale_id.0.as_bytes(), claims.queue_life as i64];
    let decided: Option<i64> = connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
    let seat = seat(connection, claims.order_id)?;
    Ok(Status::of_the_past(claims, seat.as_ref().map(past_seat).as_ref(), decided.map(|seq| seq as u64)))
}
