//! What a line knows under its lock: orders, shoppers, and who waits.

use std::collections::HashSet;
use std::sync::Arc;

use sale::{Intent, OrderId, Outcome, PassId, QuizId, ShopperId};

use crate::place::PastSeat;
use crate::queue::{Queue, Queued};
use crate::register::{Entry, Register};

/// An order, in the line or decided.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) order_id: OrderId,
    pub(crate) body_hash: u64,
    pub(crate) sku: Option<Arc<str>>,
    pub(crate) queue_life: u64,
    pub(crate) queue_seq: u64,
    pub(crate) outcome: Option<Outcome>,
    /// Of an entry in a draw: its place, by which it waits.
    pub(crate) draw_rank: Option<u64>,
    /// The number of its shopper's desk.
    pub(crate) desk: u32,
    /// The same shopper's order before it.
    pub(crate) before: Option<u32>,
}

impl Entry for Seat {
    type Id = OrderId;

    fn id(&self) -> OrderId {
        self.order_id
    }
}

impl Seat {
    /// Where it waits: entries of a draw in its order and before all others, the others as they came.
    pub(crate) fn turn(&self) -> (u64, u64) {
        self.draw_rank.map_or((self.queue_life, self.queue_seq), |rank| (0, rank))
    }
}

/// What one shopper has going on in this sale.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) shopper_id: ShopperId,
    pub(crate) live_quiz: Option<QuizId>,
    pub(crate) live_pass: Option<PassId>,
    /// Of all passes of earlier lives one may be used, and none once this life has given one out.
    pub(crate) past_pass_spent: bool,
    /// In the line.
    pub(crate) queued_units: u32,
    /// Held, to be claimed, waited for or paid, as the book has it.
    pub(crate) kept_units: u32,
    last_seat: Option<u32>,
}

impl Entry for Desk {
    type Id = ShopperId;

    fn id(&self) -> ShopperId {
        self.shopper_id
    }
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) queue: Queue,
    pub(crate) seats: Register<Seat>,
    pub(crate) desks: Register<Desk>,
    /// Each SKU that was ever ordered, once.
    skus: HashSet<Arc<str>>,
    /// Passes of earlier lives that have been used.
    pub(crate) used_passes: HashSet<PassId>,
    pub(crate) issued_seq: u64,
    /// Life and number of the orders that wait for units to come back, the first first.
    pub(crate) waiting: Vec<(u64, u64)>,
    /// Nobody enters the draw any more, whenever the request came.
    pub(crate) entries_sealed: bool,
}

impl State {
    /// As the record has it.
    pub(crate) fn of(past_seats: &[PastSeat], units_of: impl Fn(ShopperId) -> u32) -> Self {
        let mut state = Self::default();
        for past in past_seats {
            let desk = state.desk_of(past.shopper_id);
            state.desks[desk].kept_units = units_of(past.shopper_id);
            state.sit_down(Seat {
                order_id: past.order_id,
                body_hash: past.body_hash,
                sku: None,
                queue_life: past.queue_life,
                queue_seq: past.queue_seq,
                outcome: None,
                draw_rank: past.draw_rank,
                desk,
                before: None,
            });
            state.conclude(past.order_id, past.outcome);
            state.used_passes.insert(past.pass_id);
        }
        state
    }

    /// The number of the shopper's desk, which is put there if need be.
    pub(crate) fn desk_of(&mut self, shopper_id: ShopperId) -> u32 {
        self.desks.number_of(shopper_id).unwrap_or_else(|| {
            self.desks.push(Desk {
                shopper_id,
                live_quiz: None,
                live_pass: None,
                past_pass_spent: false,
                queued_units: 0,
                kept_units: 0,
                last_seat: None,
            })
        })
    }

    /// Gives a new order its seat, the last of its desk's, and answers the seat's number.
    pub(crate) fn sit_down(&mut self, seat: Seat) -> u32 {
        let desk = seat.desk;
        let before = self.desks[desk].last_seat;
        let number = self.seats.push(Seat { before, ..seat });
        self.desks[desk].last_seat = Some(number);
        number
    }

    /// The shopper's orders, the first first.
    pub(crate) fn seats_of(&self, shopper_id: ShopperId) -> Vec<&Seat> {
        let last = self.desks.get(shopper_id).and_then(|desk| desk.last_seat);
        let seat_of = |number: u32| &self.seats[number];
        let mut seats: Vec<&Seat> = std::iter::successors(last.map(seat_of), |seat| seat.before.map(seat_of)).collect();
        seats.reverse();
        seats
    }

    /// The one copy of a SKU's name.
    pub(crate) fn sku(&mut self, name: &str) -> Arc<str> {
        if let Some(sku) = self.skus.get(name) {
            return Arc::clone(sku);
        }
        let sku: Arc<str> = name.into();
        self.skus.insert(Arc::clone(&sku));
        sku
    }

    pub(crate) fn intent_of(&self, queued: &Queued) -> Intent {
        let seat = &self.seats[queued.seat];
        Intent {
            order_id: seat.order_id,
            shopper_id: self.desks[seat.desk].shopper_id,
            pass_id: queued.pass_id,
            idempotency_key: queued.idempotency_key.as_ref().to_owned(),
            body_hash: seat.body_hash,
            sku: seat.sku.as_deref().map(str::to_owned),
            quantity: queued.quantity,
            queue_life: seat.queue_life,
            queue_seq: seat.queue_seq,
        }
    }

    /// Notes what became of an order.
    pub(crate) fn conclude(&mut self, order_id: OrderId, outcome: Outcome) {
        let Some(seat) = self.seats.get_mut(order_id) else { return };
        let turn = seat.turn();
        seat.outcome = Some(outcome);
        match (self.waiting.binary_search(&turn), outcome) {
            (Err(place), Outcome::Waiting) => self.waiting.insert(place, turn),
            (Ok(place), outcome) if outcome.is_final() => {
                self.waiting.remove(place);
            }
            _ => {}
        }
    }
}
