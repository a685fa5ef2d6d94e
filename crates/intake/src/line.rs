//! One sale's line.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use sale::{
    AdmissionRefusal, DrawStage, Intent, MAX_ENTRIES, OrderId, Outcome, Outlooks, PassId, QueueClaims, QuizId, SaleId,
    ShopperId, judge_admission,
};

use crate::place::{
    AdmitRefused, Application, LineTerms, MAX_QUEUED_ORDERS, MAX_SEATS, MAX_SHOPPERS, Mismatch, PastSeat, Place,
    Report, Status,
};
use crate::queue::Queued;
use crate::speed::{ORDERS_PER_TURN, Speed};
use crate::state::{Seat, State};

/// One sale's line in one life of the process.
pub struct Line {
    sale_id: SaleId,
    queue_life: u64,
    terms: ArcSwap<LineTerms>,
    state: Mutex<State>,
    /// For each earlier life, the last number that was decided in it.
    past_lives: HashMap<u64, u64>,
    decided_seq: AtomicU64,
    outlooks: ArcSwap<Outlooks>,
    closed: AtomicBool,
    speed: Speed,
    most_queued: AtomicUsize,
}

impl Line {
    /// A line as the record has it: what was decided in earlier lives is remembered, what was only queued is lost.
    #[must_use]
    pub fn new(
        sale_id: SaleId,
        queue_life: u64,
        terms: LineTerms,
        outlooks: Outlooks,
        past_seats: &[PastSeat],
        past_lives: HashMap<u64, u64>,
        units_of: impl Fn(ShopperId) -> u32,
    ) -> Self {
        Self {
            sale_id,
            queue_life,
            terms: ArcSwap::from_pointee(terms),
            state: Mutex::new(State::of(past_seats, units_of)),
            past_lives,
            decided_seq: AtomicU64::new(0),
            outlooks: ArcSwap::from_pointee(outlooks),
            closed: AtomicBool::new(false),
            speed: Speed::default(),
            most_queued: AtomicUsize::new(MAX_QUEUED_ORDERS),
        }
    }

    #[must_use]
    pub const fn sale_id(&self) -> SaleId {
        self.sale_id
    }

    /// How many may be queued, [`MAX_QUEUED_ORDERS`] at most; who is queued already stays.
    pub fn set_most_queued(&self, orders: usize) {
        self.most_queued.store(orders.min(MAX_QUEUED_ORDERS), Ordering::Relaxed);
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

    /// How the sale stood after the last commit.
    #[must_use]
    pub fn outlooks(&self) -> std::sync::Arc<Outlooks> {
        self.outlooks.load_full()
    }

    /// Units that an order could get after the last commit.
    #[must_use]
    pub fn free_units(&self) -> u64 {
        self.outlooks.load().all.free_units
    }

    /// Orders that are not decided yet.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.state().queue.len() as u64
    }

    /// Orders that it decides a second, as it was last seen to.
    #[must_use]
    pub fn decided_per_second(&self) -> u64 {
        self.speed.per_second()
    }

    /// How long an order that joined now would wait for its decision, as the line was last seen to move: until its turn comes,
    /// and for that turn, and for what is left of the one that is under way.
    #[must_use]
    pub fn expected_wait_ms(&self, now_ms: i64) -> u64 {
        let queued = self.queued();
        // Somebody has to find out how long a turn takes now. And a turn whose commit failed never ends.
        if queued == 0 {
            return 0;
        }
        let turn = self.speed.turn(now_ms);
        let taken =
            turn.through_seq.map_or(0, |through| through.saturating_sub(self.decided_seq.load(Ordering::Acquire)));
        let behind = queued.saturating_sub(taken);
        let as_seen_ms = behind.saturating_mul(1_000) / self.decided_per_second().max(1);
        // No faster than turn by turn, however fast it was before they took so long.
        let by_turns_ms = behind.saturating_mul(turn.ms) / ORDERS_PER_TURN as u64;
        as_seen_ms.max(by_turns_ms).saturating_add(turn.left_ms).saturating_add(turn.ms)
    }

    /// To be called at the beginning of a turn that takes up to the order of this number.
    pub fn turn_begins(&self, now_ms: i64, through_seq: u64, last_seq: u64) {
        self.speed.look(now_ms, self.decided_seq.load(Ordering::Acquire), through_seq, through_seq < last_seq);
    }

    /// To be called when what was decided in a turn has been committed, with the time that it took.
    pub fn turn_ended(&self, took: Duration) {
        self.speed.turn_ended(took);
    }

    /// Orders that wait for units to come back.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.state().waiting.len() as u64
    }

    /// From now on nobody enters the draw, however early the request was judged to be. What is in the line already is for the
    /// committer to take in; then the entries can close. Answers with how many that are.
    pub fn seal_entries(&self) -> u64 {
        let mut state = self.state();
        state.entries_sealed = true;
        state.queue.len() as u64
    }

    /// The draw is over: what is left is sold to the first who come.
    pub fn unseal_entries(&self) {
        self.state().entries_sealed = false;
    }

    /// From now on nobody joins: the process is going down.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Makes this the shopper's one live quiz. False when the line knows too many shoppers.
    #[must_use]
    pub fn open_quiz(&self, shopper_id: ShopperId, quiz_id: QuizId) -> bool {
        let mut state = self.state();
        if state.desks.len() >= MAX_SHOPPERS && state.desks.get(shopper_id).is_none() {
            return false;
        }
        let desk = state.desk_of(shopper_id);
        state.desks[desk].live_quiz = Some(quiz_id);
        true
    }

    /// Burns the quiz. False when it was not the live one: used, replaced, or asked in another life.
    #[must_use]
    pub fn burn_quiz(&self, shopper_id: ShopperId, quiz_id: QuizId) -> bool {
        let mut state = self.state();
        let Some(desk) = state.desks.get_mut(shopper_id) else { return false };
        let was_live = desk.live_quiz == Some(quiz_id);
        if was_live {
            desk.live_quiz = None;
        }
        was_live
    }

    /// Makes this the shopper's one live pass.
    pub fn grant_pass(&self, shopper_id: ShopperId, pass_id: PassId) {
        let mut state = self.state();
        let desk = state.desk_of(shopper_id);
        let desk = &mut state.desks[desk];
        desk.live_pass = Some(pass_id);
        desk.past_pass_spent = true;
    }

    /// The place that an earlier request of the same order took. Comes before every other check.
    pub fn recall(&self, order_id: OrderId, body_hash: u64) -> Option<Result<Place, Mismatch>> {
        let state = self.state();
        state.seats.get(order_id).map(|seat| self.place_of(seat, body_hash))
    }

    /// Lets an order join, judged at `now_ms`. All checks and the joining are one step.
    pub fn admit(&self, application: Application, now_ms: i64) -> Result<Place, AdmitRefused> {
        let terms = self.terms();
        let mut state = self.state();
        if let Some(seat) = state.seats.get(application.order_id) {
            return self.place_of(seat, application.body_hash).map_err(|Mismatch| AdmitRefused::Mismatch);
        }
        terms.window.judge(now_ms).map_err(AdmitRefused::Admission)?;
        if state.entries_sealed {
            return Err(AdmitRefused::Admission(AdmissionRefusal::EntriesClosed));
        }
        let desk = state.desks.get(application.shopper_id);
        let pass_is_good = if application.pass_life == self.queue_life {
            desk.is_some_and(|desk| desk.live_pass == Some(application.pass_id))
        } else {
            !state.used_passes.contains(&application.pass_id) && !desk.is_some_and(|desk| desk.past_pass_spent)
        };
        if !pass_is_good {
            return Err(AdmitRefused::PassInvalid);
        }
        let had_units = desk.map_or(0, |desk| desk.queued_units.saturating_add(desk.kept_units));
        let quantity = application.quantity;
        let outlooks = self.outlooks.load();
        let outlook = outlooks.of(application.sku.as_deref()).ok_or(AdmitRefused::SkuUnknown)?;
        let entering = outlooks.draw.filter(|draw| draw.stage == DrawStage::Entering);
        let entries = entering.map_or(0, |draw| draw.entries.saturating_add(state.queue.len() as u64));
        judge_admission(&terms.window, now_ms, outlook, had_units, quantity, terms.per_shopper_limit)
            .map_err(AdmitRefused::Admission)?;
        let full = state.queue.len() >= self.most_queued.load(Ordering::Relaxed)
            || state.seats.len() >= MAX_SEATS
            || entries >= MAX_ENTRIES;
        if full || self.closed.load(Ordering::Acquire) {
            return Err(AdmitRefused::Busy);
        }
        Ok(self.seat(&mut state, application))
    }

    fn seat(&self, state: &mut State, application: Application) -> Place {
        state.issued_seq += 1;
        let queue_seq = state.issued_seq;
        let Application { order_id, shopper_id, pass_id, pass_life, idempotency_key, body_hash, sku, quantity } =
            application;
        let queue_life = self.queue_life;
        let desk_number = state.desk_of(shopper_id);
        let desk = &mut state.desks[desk_number];
        desk.queued_units = desk.queued_units.saturating_add(quantity);
        if pass_life == queue_life {
            desk.live_pass = None;
        } else {
            desk.past_pass_spent = true;
            state.used_passes.insert(pass_id);
        }
        let sku = sku.map(|name| state.sku(&name));
        let seat = state.sit_down(Seat {
            order_id,
            body_hash,
            sku,
            queue_life,
            queue_seq,
            outcome: None,
            draw_rank: None,
            desk: desk_number,
            before: None,
        });
        state.queue.push(Queued { seat, quantity, pass_id, idempotency_key: idempotency_key.into_boxed_str() });
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
        // All in one look: between two, a commit could tell the number without its outcome.
        let state = self.state();
        let decided_seq = self.decided_seq.load(Ordering::Acquire);
        let own = |seat: &&Seat| seat.queue_life == claims.queue_life && seat.queue_seq == claims.queue_seq;
        let seat = state.seats.get(claims.order_id).filter(own);
        match seat.and_then(|seat| seat.outcome) {
            Some(Outcome::Waiting) => {
                let turn = seat.map_or((claims.queue_life, claims.queue_seq), Seat::turn);
                let ahead = state.waiting.binary_search(&turn).unwrap_or_else(|place| place);
                return Status::Waiting { position: ahead as u64 + 1 };
            }
            Some(Outcome::Entered { number }) => {
                let outlooks = self.outlooks.load();
                let free_units =
                    outlooks.of(seat.and_then(|seat| seat.sku.as_deref())).unwrap_or(outlooks.all).free_units;
                return Status::Entered { number, draw: outlooks.draw.unwrap_or_default(), free_units };
            }
            Some(outcome) => return Status::Ended(outcome),
            None => {}
        }
        if claims.queue_life == self.queue_life {
            if claims.queue_seq > decided_seq {
                let position = claims.queue_seq - decided_seq;
                let outlook = self.outlooks.load().of(seat.and_then(|seat| seat.sku.as_deref())).unwrap_or_default();
                return Status::Queued { position, free_units: outlook.free_units };
            }
            return Status::Ended(Outcome::SoldOut);
        }
        Status::of_the_past(claims, None, self.past_lives.get(&claims.queue_life).copied())
    }

    /// This shopper's orders in this sale: those still in the line, or waiting, as tokens' claims, the others by id.
    #[must_use]
    pub fn mine(&self, shopper_id: ShopperId) -> (Vec<QueueClaims>, Vec<OrderId>) {
        let state = self.state();
        let decided_seq = self.decided_seq.load(Ordering::Acquire);
        let is_on = |seat: &Seat| match seat.outcome {
            Some(outcome) => !outcome.is_final(),
            None => seat.queue_seq > decided_seq,
        };
        let (mut queued, mut decided) = (Vec::new(), Vec::new());
        for seat in state.seats_of(shopper_id) {
            let Seat { order_id, queue_life, queue_seq, .. } = *seat;
            if is_on(seat) {
                queued.push(QueueClaims { sale_id: self.sale_id, shopper_id, order_id, queue_life, queue_seq });
            } else if matches!(seat.outcome, Some(Outcome::Held { .. })) {
                decided.push(order_id);
            }
        }
        (queued, decided)
    }

    /// The orders at the head, at most `most`, and the number of the last that waits. They stay in the line until
    /// [`Line::conclude`].
    #[must_use]
    pub fn head(&self, most: usize) -> (Vec<Intent>, u64) {
        let state = self.state();
        (state.queue.iter().take(most).map(|queued| state.intent_of(queued)).collect(), state.issued_seq)
    }

    /// Reports a commit. From here on, and not before, tokens tell the outcome. Answers how many were sold out.
    pub fn report(&self, report: Report) -> u64 {
        let mut state = self.state();
        for (order_id, rank) in report.draw_ranks {
            if let Some(seat) = state.seats.get_mut(order_id) {
                seat.draw_rank = Some(rank);
            }
        }
        for (order_id, outcome) in report.outcomes {
            state.conclude(order_id, outcome);
        }
        for (shopper_id, units) in report.kept {
            let desk = state.desk_of(shopper_id);
            state.desks[desk].kept_units = units;
        }
        let State { queue, seats, desks, .. } = &mut *state;
        let mut sold_out = 0;
        let through_seq = report.through_seq.unwrap_or(0);
        while let Some(queued) = queue.pop_if(|queued| seats[queued.seat].queue_seq <= through_seq) {
            let seat = &seats[queued.seat];
            sold_out += u64::from(matches!(seat.outcome, None | Some(Outcome::SoldOut)));
            let desk = &mut desks[seat.desk];
            desk.queued_units = desk.queued_units.saturating_sub(queued.quantity);
        }
        self.outlooks.store(std::sync::Arc::new(report.outlooks));
        self.decided_seq.fetch_max(through_seq, Ordering::AcqRel);
        sold_out
    }

    /// Brings the line to what the record says, after a commit of which nobody knows whether it went through: what became
    /// of who is in the line and of who waits, and how many units each shopper has.
    pub fn resync(
        &self,
        outcome_of: impl Fn(OrderId) -> Option<Outcome>,
        draw_rank_of: impl Fn(OrderId) -> Option<u64>,
        units_of: impl Fn(ShopperId) -> u32,
        outlooks: Outlooks,
    ) {
        let mut state = self.state();
        let is_waiting = |seat: &&Seat| seat.outcome.is_some_and(|outcome| !outcome.is_final());
        let queued = state.queue.iter().map(|queued| &state.seats[queued.seat]);
        let open: Vec<OrderId> =
            state.seats.iter().filter(is_waiting).chain(queued).map(|seat| seat.order_id).collect();
        for order_id in open {
            if let Some(outcome) = outcome_of(order_id) {
                if let Some(seat) = state.seats.get_mut(order_id).filter(|_| outcome == Outcome::Waiting) {
                    seat.draw_rank = draw_rank_of(order_id).or(seat.draw_rank);
                }
                state.conclude(order_id, outcome);
            }
        }
        let State { queue, seats, desks, .. } = &mut *state;
        queue.retain(|queued| {
            let seat = &seats[queued.seat];
            let is_decided = seat.outcome.is_some();
            if is_decided {
                let desk = &mut desks[seat.desk];
                desk.queued_units = desk.queued_units.saturating_sub(queued.quantity);
            }
            !is_decided
        });
        for desk in desks.iter_mut() {
            desk.kept_units = units_of(desk.shopper_id);
        }
        self.outlooks.store(std::sync::Arc::new(outlooks));
    }

    /// No step leaves the state half-changed, so a panic elsewhere does not make it wrong.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
