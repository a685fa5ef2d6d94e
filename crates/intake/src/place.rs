//! What goes into a line and what comes out of it.

use sale::{AdmissionRefusal, DrawOutlook, OrderId, Outcome, Outlooks, PassId, QueueClaims, ShopperId, Window};

/// Orders waiting in one line, at most. Past that the answer is `busy`, at once.
pub const MAX_QUEUED_ORDERS: usize = 1_000_000;

/// Orders that one line remembers in one life, decided ones included.
pub const MAX_SEATS: usize = 4_000_000;

/// Shoppers that one line gives quizzes to in one life.
pub const MAX_SHOPPERS: usize = 4_000_000;

/// What admission is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTerms {
    pub window: Window,
    pub per_shopper_limit: u32,
}

/// Somebody who asks to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    pub order_id: OrderId,
    pub shopper_id: ShopperId,
    pub pass_id: PassId,
    /// The life of the queue that gave the pass out.
    pub pass_life: u64,
    pub idempotency_key: String,
    pub body_hash: u64,
    pub sku: Option<String>,
    pub quantity: u32,
}

/// A place in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub queue_life: u64,
    pub queue_seq: u64,
    /// 1 is the head of the line; 1 too for what has been decided already.
    pub position: u64,
    /// Whether this call took the place, or an earlier one had.
    pub fresh: bool,
}

/// The same idempotency key came with another body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch;

/// Why somebody may not join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdmitRefused {
    Mismatch,
    Admission(AdmissionRefusal),
    PassInvalid,
    /// The sale has no such SKU, or has SKUs and none was named.
    SkuUnknown,
    /// The line is full or closing.
    Busy,
}

/// Where a queue token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Queued {
        position: u64,
        free_units: u64,
    },
    /// In the record as an entry, the `number`th, of a draw that has not been held.
    Entered {
        number: u64,
        draw: DrawOutlook,
        free_units: u64,
    },
    /// In the waiting line, for units that come back.
    Waiting {
        position: u64,
    },
    Ended(Outcome),
    LostInRestart,
}

impl Status {
    /// Where a token of a life that is over stands, by what the record says of its order and its life.
    #[must_use]
    pub fn of_the_past(claims: &QueueClaims, seat: Option<&PastSeat>, decided_seq: Option<u64>) -> Self {
        let own = |seat: &&PastSeat| seat.queue_life == claims.queue_life && seat.queue_seq == claims.queue_seq;
        match seat.filter(own).map(|seat| seat.outcome) {
            // A sale in which somebody waits stays in memory, unless its record is wrong: then nobody can tell more.
            Some(Outcome::Waiting) => return Self::Waiting { position: 1 },
            Some(Outcome::Entered { number }) => {
                return Self::Entered { number, draw: DrawOutlook::default(), free_units: 0 };
            }
            Some(outcome) => return Self::Ended(outcome),
            None => {}
        }
        match decided_seq {
            Some(decided_seq) if claims.queue_seq <= decided_seq => Self::Ended(Outcome::SoldOut),
            _ => Self::LostInRestart,
        }
    }
}

/// A seat that the record remembers from an earlier life.
#[derive(Clone, Copy, Debug)]
pub struct PastSeat {
    pub order_id: OrderId,
    pub shopper_id: ShopperId,
    pub pass_id: PassId,
    pub body_hash: u64,
    pub queue_life: u64,
    pub queue_seq: u64,
    pub outcome: Outcome,
    /// Of an entry in a draw: its place, by which it waits.
    pub draw_rank: Option<u64>,
}

/// What one commit did to the line and to those in it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Orders up to this number are decided; none where the line did not move.
    pub through_seq: Option<u64>,
    /// What became of orders: of those at the head, and of those that waited. Who is at the head and is not named is
    /// sold out.
    pub outcomes: Vec<(OrderId, Outcome)>,
    /// Of entries in a draw that wait from now on: their places.
    pub draw_ranks: Vec<(OrderId, u64)>,
    /// How many units each shopper whom it touched now holds, may claim, waits for, has entered for or has paid for.
    pub kept: Vec<(ShopperId, u32)>,
    pub outlooks: Outlooks,
}
