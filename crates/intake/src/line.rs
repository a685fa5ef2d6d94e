//! One sale's line.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use sale::{Intent, OrderId, PassId, QueueClaims, QuizId, SaleId, ShopperId, judge_admission};

use crate::place::{
    AdmitRefused, Application, Concluded, LineTerms, MAX_QUEUED_ORDERS, MAX_SEATS, MAX_SHOPPERS, Mismatch, Outcome,
    PastSeat, Place, Status,
};

#[derive(Clone, Copy, Debug)]
struct Seat {
    body_hash: u64,
    queue_life: u64,
    queue_seq: u64,
    outcome: Option<Outcome>,
}

/// What one shopper has going on in this sale.
#[derive(Clone, Debug, Default)]
struct Desk {
    live_quiz: Option<QuizId>,
    live_pass: Option<PassId>,
    /// Of all passes of earlier lives one may be used, and none once this life has given one out.
    past_pass_spent: bool,
    /// In the line, held or paid.
    units: u32,
    orders: Vec<OrderId>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Intent>,
    seats: HashMap<OrderId, Seat>,
    desks: HashMap<ShopperId, Desk>,
    /// Passes of earlier lives that have been used.
    used_passes: HashSet<PassId>,
    issued_seq: u64,
}

/// One sale's line in one life of the process.
pub struct Line {
    sale_id: SaleId,
    queue_life: u64,
    terms: ArcSwap<LineTerms>,
    state: Mutex<State>,
    /// For each earlier life, the last number that was decided in it.
    past_lives: HashMap<u64, u64>,
    decided_seq: AtomicU64,
    free_units: AtomicU64,
    closed: AtomicBool,
}

impl Line {
    /// A line as the record has it: what was decided in earlier lives is remembered, what was only queued is lost.
    #[must_use]
    pub fn new(
        sale_id: SaleId,
        queue_life: u64,
        terms: LineTerms,
        free_units: u64,
        past_seats: &[PastSeat],
        past_lives: HashMap<u64, u64>,
        units_of: impl Fn(ShopperId) -> u32,
    ) -> Self {
        let mut state = State::default();
        for past in past_seats {
            let seat = Seat {
                body_hash: past.body_hash,
                queue_life: past.queue_life,
                queue_seq: past.queue_seq,
                outcome: Some(past.outcome),
            };
            state.seats.insert(past.order_id, seat);
            state.used_passes.insert(past.pass_id);
            let desk = state.desks.entry(past.shopper_id).or_default();
            desk.orders.push(past.order_id);
            desk.units = units_of(past.shopper_id);
        }
        Self {
            sale_id,
            queue_life,
            terms: ArcSwap::from_pointee(terms),
            state: Mutex::new(state),
            past_lives,
            decided_seq: AtomicU64::new(0),
            free_units: AtomicU64::new(free_units),
            closed: AtomicBool::new(false),
        }
    }

    #[must_use]
    pub const fn sale_id(&self) -> SaleId {
        self.sale_id
    }

    #[must_use]
    pub const fn queue_life(&self) -> u64 {
        self.queue_life
    }

    #[must_use]
    pub fn terms(&self) -> LineTerms {
        **self.terms.load()
    }

    pub fn set_terms(&self, terms: LineTerms) {
        self.terms.store(std::sync::Arc::new(terms));
    }

    /// Units that were free after the last commit.
    #[must_use]
    pub fn free_units(&self) -> u64 {
        self.free_units.load(Ordering::Acquire)
    }

    /// Orders that wait.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.state().queue.len() as u64
    }

    /// From now on nobody joins: the process is going down.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Makes this the shopper's one live quiz. False when the line knows too many shoppers.
    #[must_use]
    pub fn open_quiz(&self, shopper_id: ShopperId, quiz_id: QuizId) -> bool {
        let mut state = self.state();
        if state.desks.len() >= MAX_SHOPPERS && !state.desks.contains_key(&shopper_id) {
            return false;
        }
        state.desks.entry(shopper_id).or_default().live_quiz = Some(quiz_id);
        true
    }

    /// Burns the quiz. False when it was not the live one: used, replaced, or asked in another life.
    #[must_use]
    pub fn burn_quiz(&self, shopper_id: ShopperId, quiz_id: QuizId) -> bool {
        let mut state = self.state();
        let Some(desk) = state.desks.get_mut(&shopper_id) else { return false };
        let was_live = desk.live_quiz == Some(quiz_id);
        if was_live {
            desk.live_quiz = None;
        }
        was_live
    }

    /// Makes this the shopper's one live pass.
    pub fn grant_pass(&self, shopper_id: ShopperId, pass_id: PassId) {
        let mut state = self.state();
        let desk = state.desks.entry(shopper_id).or_default();
        desk.live_pass = Some(pass_id);
        desk.past_pass_spent = true;
    }

    /// The place that an earlier request of the same order took. Comes before every other check.
    pub fn recall(&self, order_id: OrderId, body_hash: u64) -> Option<Result<Place, Mismatch>> {
        let state = self.state();
        state.seats.get(&order_id).map(|seat| self.place_of(seat, body_hash))
    }

    /// Lets an order join, judged at `now_ms`. All checks and the joining are one step.
    pub fn admit(&self, application: Application, now_ms: i64) -> Result<Place, AdmitRefused> {
        let terms = self.terms();
        let mut state = self.state();
        if let Some(seat) = state.seats.get(&application.order_id) {
            return self.place_of(seat, application.body_hash).map_err(|Mismatch| AdmitRefused::Mismatch);
        }
        terms.window.judge(now_ms).map_err(AdmitRefused::Admission)?;
        let desk = state.desks.get(&application.shopper_id);
        let pass_is_good = if application.pass_life == self.queue_life {
            desk.is_some_and(|desk| desk.live_pass == Some(application.pass_id))
        } else {
            !state.used_passes.contains(&application.pass_id) && !desk.is_some_and(|desk| desk.past_pass_spent)
        };
        if !pass_is_good {
            return Err(AdmitRefused::PassInvalid);
        }
        let had_units = desk.map_or(0, |desk| desk.units);
        let quantity = application.quantity;
        judge_admission(&terms.window, now_ms, self.free_units(), had_units, quantity, terms.per_shopper_limit)
            .map_err(AdmitRefused::Admission)?;
        let full = state.queue.len() >= MAX_QUEUED_ORDERS || state.seats.len() >= MAX_SEATS;
        if full || self.closed.load(Ordering::Acquire) {
            return Err(AdmitRefused::Busy);
        }
        Ok(self.seat(&mut state, application))
    }

    fn seat(&self, state: &mut State, application: Application) -> Place {
        state.issued_seq += 1;
        let queue_seq = state.issued_seq;
        let Application { order_id, shopper_id, pass_id, pass_life, idempotency_key, body_hash, quantity } =
            application;
        let queue_life = self.queue_life;
        let desk = state.desks.entry(shopper_id).or_default();
        desk.units = desk.units.saturating_add(quantity);
        desk.orders.push(order_id);
        if pass_life == queue_life {
            desk.live_pass = None;
        } else {
            desk.past_pass_spent = true;
            state.used_passes.insert(pass_id);
        }
        let seat = Seat { body_hash, queue_life, queue_seq, outcome: None };
        state.seats.insert(order_id, seat);
        state.queue.push_back(Intent {
            order_id,
            shopper_id,
            pass_id,
            idempotency_key,
            body_hash,
            quantity,
            queue_life,
            queue_seq,
        });
        Place { queue_life, queue_seq, position: self.position(queue_seq), fresh: true }
    }

    fn place_of(&self, seat: &Seat, body_hash: u64) -> Result<Place, Mismatch> {
        if seat.body_hash != body_hash {
            return Err(Mismatch);
        }
        let Seat { queue_life, queue_seq, .. } = *seat;
        let position = if queue_life == self.queue_life { self.position(queue_seq) } else { 1 };
        Ok(Place { queue_life, queue_seq, position, fresh: false })
    }

    fn position(&self, queue_seq: u64) -> u64 {
        queue_seq.saturating_sub(self.decided_seq.load(Ordering::Acquire)).max(1)
    }

    /// Where a token stands: arithmetic on its number, and a look at its seat once it has been decided.
    #[must_use]
    pub fn status(&self, claims: &QueueClaims) -> Status {
        // Both in one look: between two, a commit could tell the number without its outcome.
        let (seat, decided_seq) = {
            let state = self.state();
            let seat = state.seats.get(&claims.order_id).copied();
            (seat, self.decided_seq.load(Ordering::Acquire))
        };
        let seat = seat.filter(|seat| seat.queue_life == claims.queue_life && seat.queue_seq == claims.queue_seq);
        if let Some(outcome) = seat.and_then(|seat| seat.outcome) {
            return Status::Ended(outcome);
        }
        if claims.queue_life == self.queue_life {
            if claims.queue_seq > decided_seq {
                let position = claims.queue_seq - decided_seq;
                return Status::Queued { position, free_units: self.free_units() };
            }
            return Status::Ended(Outcome::SoldOut);
        }
        Status::of_the_past(claims, None, self.past_lives.get(&claims.queue_life).copied())
    }

    /// This shopper's orders in this sale: those still in the line as tokens' claims, the others by id.
    #[must_use]
    pub fn mine(&self, shopper_id: ShopperId) -> (Vec<QueueClaims>, Vec<OrderId>) {
        let state = self.state();
        let Some(desk) = state.desks.get(&shopper_id) else { return (Vec::new(), Vec::new()) };
        let decided_seq = self.decided_seq.load(Ordering::Acquire);
        let mut queued = Vec::new();
        let mut decided = Vec::new();
        for &order_id in &desk.orders {
            match state.seats.get(&order_id) {
                Some(seat) if seat.outcome.is_none() && seat.queue_seq > decided_seq => queued.push(QueueClaims {
                    sale_id: self.sale_id,
                    shopper_id,
                    order_id,
                    queue_life: seat.queue_life,
                    queue_seq: seat.queue_seq,
                }),
                Some(Seat { outcome: Some(Outcome::Held { .. }), .. }) => decided.push(order_id),
                _ => {}
            }
        }
        (queued, decided)
    }

    /// The orders at the head, at most `most`, and the number of the last that waits. They stay in the line until
    /// [`Line::conclude`].
    #[must_use]
    pub fn head(&self, most: usize) -> (Vec<Intent>, u64) {
        let state = self.state();
        (state.queue.iter().take(most).cloned().collect(), state.issued_seq)
    }

    /// Reports a commit. From here on, and not before, tokens tell the outcome. Answers how many were sold out.
    pub fn conclude(&self, concluded: Concluded) -> u64 {
        let mut state = self.state();
        let State { queue, seats, desks, .. } = &mut *state;
        let mut sold_out = 0;
        for (order_id, outcome) in concluded.outcomes {
            if let Some(seat) = seats.get_mut(&order_id) {
                seat.outcome = Some(outcome);
            }
        }
        while queue.front().is_some_and(|intent| intent.queue_seq <= concluded.through_seq) {
            let Some(intent) = queue.pop_front() else { break };
            let outcome = seats.get(&intent.order_id).and_then(|seat| seat.outcome);
            sold_out += u64::from(matches!(outcome, None | Some(Outcome::SoldOut)));
            let held = matches!(outcome, Some(Outcome::Held { .. }));
            if !held && let Some(desk) = desks.get_mut(&intent.shopper_id) {
                desk.units = desk.units.saturating_sub(intent.quantity);
            }
        }
        self.free_units.store(concluded.free_units, Ordering::Release);
        self.decided_seq.fetch_max(concluded.through_seq, Ordering::AcqRel);
        sold_out
    }

    /// Reports units that came or went outside the line: lapsed, cancelled, re-seated or restocked.
    pub fn units_moved(&self, free_units: u64, shoppers: impl IntoIterator<Item = (ShopperId, i64)>) {
        let mut state = self.state();
        for (shopper_id, units) in shoppers {
            let desk = state.desks.entry(shopper_id).or_default();
            desk.units = u32::try_from(i64::from(desk.units) + units).unwrap_or(0);
        }
        self.free_units.store(free_units, Ordering::Release);
    }

    /// No step leaves the state half-changed, so a panic elsewhere does not make it wrong.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
