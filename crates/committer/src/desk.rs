//! One sale on the committer's table: its row, its book, its line.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use intake::{Line, LineTerms, PastSeat};
use ledger::{LoadedSale, SaleRow, SeatRow};
use sale::{Book, DrawSeed, DrawStage, Event, Intent, Units};

use crate::command::SaleChange;

pub(crate) struct Desk {
    pub(crate) row: SaleRow,
    pub(crate) book: Book,
    pub(crate) line: Option<Arc<Line>>,
    /// Of a sale by draw. It leaves this table in the fact that the draw is held, and in no other way.
    pub(crate) draw_seed: Option<DrawSeed>,
    seats: Vec<SeatRow>,
    past_lives: HashMap<u64, u64>,
    /// Of each kind, the last number in the line when an order was told that all is sold: nobody up to there is served
    /// any more, whatever comes back.
    sold_out_through: BTreeMap<Option<String>, u64>,
}

impl Desk {
    /// From the record. A line that is open already stays, with its life and its places.
    pub(crate) fn of(loaded: LoadedSale, before: Option<Self>) -> Self {
        let past_lives = loaded.drained.into_iter().collect();
        let (line, sold_out_through) = before.map(|desk| (desk.line, desk.sold_out_through)).unwrap_or_default();
        let draw_seed = loaded.draw_seed;
        Self { row: loaded.row, book: loaded.book, line, draw_seed, seats: loaded.seats, past_lives, sold_out_through }
    }

    /// Somebody before this order in the line was told that all of its kind is sold.
    pub(crate) fn is_sold_out_for(&self, intent: &Intent) -> bool {
        self.sold_out_through.get(&intent.sku).is_some_and(|through_seq| intent.queue_seq <= *through_seq)
            && self.book.outcome(intent.order_id).is_none()
    }

    /// An order for this kind was told that all is sold while the line went to `last_seq`.
    pub(crate) fn sold_out(&mut self, sku: Option<String>, last_seq: u64) {
        let through_seq = self.sold_out_through.entry(sku).or_default();
        *through_seq = last_seq.max(*through_seq);
    }

    /// The sale's line, opened from what the record says where it is not open yet. Each opening is a life of its own.
    /// Its turns are taken to be as long as the last commit.
    pub(crate) fn open_line(&mut self, fresh_life: u64, last_commit: Duration) -> Arc<Line> {
        if let Some(line) = &self.line {
            return Arc::clone(line);
        }
        let seats: Vec<PastSeat> = std::mem::take(&mut self.seats).iter().map(past_seat).collect();
        let line = Arc::new(Line::new(
            self.row.sale_id,
            fresh_life,
            self.line_terms(),
            self.book.outlooks(),
            &seats,
            std::mem::take(&mut self.past_lives),
            |shopper_id| self.book.units_of(shopper_id),
        ));
        line.turn_ended(last_commit);
        self.line = Some(Arc::clone(&line));
        line
    }

    pub(crate) fn line_terms(&self) -> LineTerms {
        let stage = self.book.draw_stage().unwrap_or_default();
        LineTerms { window: self.row.window_at(stage), per_shopper_limit: self.row.per_shopper_limit }
    }

    /// The units that a change sets. A SKU that comes new without any begins with none, in the book as in the record.
    pub(crate) fn units_of(&self, change: &SaleChange) -> Option<Units> {
        let known = self.book.shelf().skus();
        let new = change.row.skus.iter().map(|sku| &sku.sku).filter(|sku| !known.contains_key(*sku));
        let mut new = new.peekable();
        if new.peek().is_none() {
            return change.units.clone();
        }
        let mut units = change.units.clone().unwrap_or_else(|| Units::plain(self.book.stock().stock()));
        for sku in new {
            units.skus.entry(sku.clone()).or_insert(0);
        }
        Some(units)
    }

    /// When the sale next needs the committer without being asked: an order lapses, the wait ends, the start is to be
    /// latched, or the draw has something to do.
    pub(crate) fn next_due_ms(&self) -> Option<i64> {
        let start_ms = self.start_is_to_be_latched().then_some(self.row.starts_at_ms);
        let draw_ms = self.row.published.then(|| self.book.draw_due_ms()).flatten();
        [self.book.next_due_ms(), start_ms, draw_ms].into_iter().flatten().min()
    }

    pub(crate) const fn start_is_to_be_latched(&self) -> bool {
        self.row.published && self.row.opened_at_ms.is_none()
    }

    /// What a draw has to do now: close, or be held. An order that was admitted in time is taken in before the close.
    pub(crate) fn draw_step(&mut self, now_ms: i64) -> Vec<Event> {
        let is_due = self.row.published && self.book.draw_due_ms().is_some_and(|due_ms| due_ms <= now_ms);
        match self.book.draw_stage().filter(|_| is_due) {
            Some(DrawStage::Entering) => match self.line.as_ref().map_or(0, |line| line.seal_entries()) {
                0 => self.book.close_entries(now_ms),
                _ => Vec::new(),
            },
            // With a beacon it waits for the beacon, and is called off by time alone.
            Some(DrawStage::Closed) => {
                self.draw_seed.and_then(|seed| self.book.hold_draw(&seed, None, now_ms).ok()).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// Tells the line how far the draw is.
    pub(crate) fn tell_draw_stage(&self) {
        if let (Some(stage), Some(line)) = (self.book.draw_stage(), &self.line) {
            line.set_terms(self.line_terms());
            if stage == DrawStage::Drawn {
                line.unseal_entries();
            }
        }
    }

    /// Whether it may leave the memory: long over, and nothing open in it.
    pub(crate) fn may_be_forgotten(&self, ended_before_ms: i64) -> bool {
        self.row.ends_at_ms <= ended_before_ms
            && self.book.next_due_ms().is_none()
            && self.book.draw_due_ms().is_none()
            && self.book.stock().held() == 0
            && self.line.as_ref().is_none_or(|line| line.queued() == 0)
    }
}

/// An order's place as a line of a later life remembers it.
#[must_use]
pub fn past_seat(seat: &SeatRow) -> PastSeat {
    PastSeat {
        order_id: seat.order_id,
        shopper_id: seat.shopper_id,
        pass_id: seat.pass_id,
        body_hash: seat.body_hash,
        queue_life: seat.queue_life,
        queue_seq: seat.queue_seq,
        outcome: seat.outcome,
        draw_rank: seat.draw_rank,
    }
}
