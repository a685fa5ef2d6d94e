//! One round of the committer: decide, commit, tell.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Instant;

use intake::{Concluded, Outcome};
use ledger::{Batch, Drained, Ledger, LedgerError, Refusal, Write};
use sale::{Book, BookOrder, Change, Decision, Event, OrderId, PaymentRefused, SaleId, Settlement, ShopperId};

use super::command::{Command, Failure, Reply, SaleChange};
use super::{Desk, LAPSES_PER_TURN, ORDERS_PER_TURN, RETRY_AFTER, Writer};
use crate::metrics;

/// Told after the commit: the answers of the command's own writes, or why there was no commit.
pub(super) type Tell = Box<dyn FnOnce(Result<&[Result<(), Refusal>], Failure>)>;

/// A batch on its way, and what is to be told when it has arrived.
#[derive(Default)]
pub(super) struct Round {
    pub(super) batch: Batch,
    pub(super) tells: Vec<(std::ops::Range<usize>, Tell)>,
    pub(super) concluded: Vec<(SaleId, Concluded)>,
    /// Units that came (+) to or went (−) from shoppers outside the line.
    moved: HashMap<SaleId, Vec<(ShopperId, i64)>>,
    latched: Vec<(SaleId, i64)>,
    changed: Vec<SaleChange>,
}

impl Round {
    fn tell<T: 'static>(&mut self, writes: Vec<Write>, reply: Reply<T>, value: T) {
        let first = self.batch.writes.len();
        self.batch.writes.extend(writes);
        let tell: Tell = Box::new(move |answers| {
            let refusal = |answers: &[Result<(), Refusal>]| answers.iter().find_map(|answer| answer.err());
            let answer = match answers.map(refusal) {
                Ok(None) => Ok(value),
                Ok(Some(refusal)) => Err(Failure::Refused(refusal)),
                Err(failure) => Err(failure),
            };
            // Whoever asked may have gone; what was done stays done.
            let _gone = reply.send(answer);
        });
        self.tells.push((first..self.batch.writes.len(), tell));
    }

    fn record(&mut self, event: Event) {
        self.batch.events.push(event);
    }

    /// Nothing to commit and nobody to tell.
    fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.tells.is_empty()
    }

    /// The sales whose books this round has touched.
    pub(super) fn sales(&self) -> HashSet<SaleId> {
        let by_events = self.batch.events.iter().map(|event| event.sale_id);
        let by_latches = self.latched.iter().map(|(sale_id, _)| *sale_id);
        let by_changes = self.changed.iter().map(|change| change.row.sale_id);
        by_events.chain(by_latches).chain(by_changes).collect()
    }

    pub(super) fn refuse(self, error: &LedgerError) {
        for (_, tell) in self.tells {
            tell(Err(Failure::from(error)));
        }
    }
}

impl Writer {
    pub(super) fn round(&mut self, commands: &mut Vec<Command>) {
        if !self.reload_stale() {
            for command in commands.drain(..) {
                refuse(command);
            }
            std::thread::sleep(RETRY_AFTER);
            return;
        }
        let now_ms = self.shared.clock.now_ms();
        let mut round = Round::default();
        for command in commands.drain(..) {
            self.decide(command, now_ms, &mut round);
        }
        if self.one_by_one == 0 {
            self.latch_starts(now_ms, usize::MAX, &mut round);
            self.lapse_holds(now_ms, LAPSES_PER_TURN, &mut round);
            self.place_orders(now_ms, ORDERS_PER_TURN, &mut round);
        } else {
            self.one_thing(now_ms, &mut round);
        }
        if round.batch.is_empty() {
            for (_, tell) in round.tells {
                tell(Ok(&[]));
            }
        } else {
            self.commit(round, now_ms);
        }
        self.forget_ended(now_ms);
    }

    /// After a commit that broke a rule: one command, or one start, or one lapse, or one order of one sale a round, so
    /// that what is wrong stands alone and nothing else pays for it.
    fn one_thing(&mut self, now_ms: i64, round: &mut Round) {
        if round.is_empty() {
            self.latch_starts(now_ms, 1, round);
        }
        if round.is_empty() {
            self.lapse_holds(now_ms, 1, round);
        }
        if round.is_empty() {
            self.place_orders(now_ms, 1, round);
        }
        self.one_by_one = self.one_by_one.saturating_sub(1);
    }

    fn commit(&mut self, round: Round, now_ms: i64) {
        let started = Instant::now();
        match self.ledger.apply(&round.batch) {
            Ok(answers) => {
                metrics::batch_committed(round.batch.events.len(), started.elapsed());
                self.shared.failed_at_ms.store(0, Ordering::Release);
                self.tell(round, &answers);
            }
            Err(error) => self.undo(round, &error, now_ms),
        }
    }

    /// After the commit, and never before: lines, shoppers and askers hear of it.
    fn tell(&mut self, round: Round, answers: &[Result<(), Refusal>]) {
        for change in round.changed {
            self.changed(change);
        }
        for (sale_id, at_ms) in round.latched {
            if let Some(desk) = self.desks.get_mut(&sale_id) {
                desk.row.opened_at_ms = Some(at_ms);
                if let Some(line) = &desk.line {
                    line.set_terms(desk.line_terms());
                }
            }
        }
        for (sale_id, shoppers) in round.moved {
            if let Some(desk) = self.desks.get(&sale_id)
                && let Some(line) = &desk.line
            {
                line.units_moved(desk.book.stock().free(), shoppers);
            }
        }
        for (sale_id, concluded) in round.concluded {
            metrics::orders_concluded(&concluded);
            if let Some(line) = self.desks.get(&sale_id).and_then(|desk| desk.line.as_ref()) {
                metrics::orders_sold_out(line.conclude(concluded));
            }
        }
        for (writes, tell) in round.tells {
            tell(Ok(&answers[writes]));
        }
    }

    /// The committer's table has the sale, or gets it now.
    fn has(&mut self, sale_id: SaleId) -> Result<bool, LedgerError> {
        if self.set_aside.contains(&sale_id) {
            return Err(LedgerError::Corrupt(format!("sale {sale_id} is set aside")));
        }
        Ok(self.desks.contains_key(&sale_id) || self.load(sale_id)?)
    }

    fn decide(&mut self, command: Command, now_ms: i64, round: &mut Round) {
        match command {
            Command::Write { write, reply } => round.tell(vec![write], reply, ()),
            Command::ChangeSale { change, reply } => self.change_sale(*change, reply, now_ms, round),
            Command::Cancel { sale_id, order_id, reply } => {
                let cancelled = self.on(sale_id, |desk| desk.book.cancel(order_id, now_ms).map_err(Failure::Cancel));
                match cancelled {
                    Ok(event) => {
                        self.note_release(&event, round);
                        round.record(event);
                        round.tell(Vec::new(), reply, ());
                    }
                    Err(failure) => answer(reply, Err(failure)),
                }
            }
            Command::OpenPayment { sale_id, order_id, fresh_payment_id, reply } => {
                let opened = self.on(sale_id, |desk| {
                    desk.book.open_payment(order_id, fresh_payment_id, now_ms).map_err(Failure::Payment)
                });
                match opened {
                    Ok((payment_id, event)) => {
                        round.batch.events.extend(event);
                        round.tell(Vec::new(), reply, payment_id);
                    }
                    Err(failure) => answer(reply, Err(failure)),
                }
            }
            Command::Settle { sale_id, settlement, reply } => {
                if let Err(failure) = self.event_is_for(&settlement) {
                    return answer(reply, Err(failure));
                }
                let settled = self.on(sale_id, |desk| {
                    let (order_id, event) = desk.book.settle(&settlement, now_ms).map_err(Failure::Payment)?;
                    let order = desk.book.order(order_id).ok_or(Failure::NotFound)?;
                    Ok((order_id, order.state, order.shopper_id, i64::from(order.quantity), event))
                });
                match settled {
                    Ok((order_id, state, shopper_id, quantity, event)) => {
                        if let Some(Event { change: Change::OrderPaid { reseated: true, .. }, .. }) = &event {
                            round.moved.entry(sale_id).or_default().push((shopper_id, quantity));
                        }
                        round.batch.events.extend(event);
                        round.tell(Vec::new(), reply, (order_id, state));
                    }
                    Err(failure) => answer(reply, Err(failure)),
                }
            }
        }
    }

    /// A provider's message is about one payment: its id on another's is refused, whichever sale that is in.
    fn event_is_for(&self, settlement: &Settlement) -> Result<(), Failure> {
        match self.ledger.payment_of_event(&settlement.provider_event_id) {
            Ok(Some(payment_id)) if payment_id != settlement.payment_id => {
                Err(Failure::Payment(PaymentRefused::EventOfAnother))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::from(&error)),
        }
    }

    fn on<T>(&mut self, sale_id: SaleId, act: impl FnOnce(&mut Desk) -> Result<T, Failure>) -> Result<T, Failure> {
        match self.has(sale_id) {
            Ok(true) => self.desks.get_mut(&sale_id).map_or(Err(Failure::NotFound), act),
            Ok(false) => Err(Failure::NotFound),
            Err(error) => {
                tracing::error!(%error, %sale_id, "a sale could not be read");
                Err(Failure::from(&error))
            }
        }
    }

    fn change_sale(&mut self, change: SaleChange, reply: Reply<()>, now_ms: i64, round: &mut Round) {
        let sale_id = change.row.sale_id;
        let resized = self.on(sale_id, |desk| {
            let units = change.stock_units.filter(|&units| units != desk.book.stock().stock());
            let event = units.map(|units| desk.book.resize(units, now_ms)).transpose().map_err(Failure::Stock)?;
            desk.book.set_terms(change.row.terms());
            Ok(event)
        });
        match resized {
            Ok(event) => {
                if event.is_some() {
                    round.moved.entry(sale_id).or_default();
                }
                round.batch.events.extend(event);
                round.tell(vec![Write::SetSale(change.row.clone())], reply, ());
                round.changed.push(change);
            }
            Err(failure) => answer(reply, Err(failure)),
        }
    }

    fn changed(&mut self, change: SaleChange) {
        let sale_id = change.row.sale_id;
        let fresh_life = self.fresh_life();
        let Some(desk) = self.desks.get_mut(&sale_id) else { return };
        let opened_at_ms = desk.row.opened_at_ms;
        desk.row = ledger::SaleRow { opened_at_ms, ..change.row };
        if desk.row.published {
            let line = desk.open_line(fresh_life);
            line.set_terms(desk.line_terms());
            self.shared.lines.write().unwrap_or_else(PoisonError::into_inner).insert(sale_id, line);
        }
    }

    fn latch_starts(&self, now_ms: i64, most: usize, round: &mut Round) {
        let due = |desk: &Desk| desk.start_is_to_be_latched() && desk.row.window().has_opened(now_ms);
        for (&sale_id, _) in self.desks.iter().filter(|(_, desk)| due(desk)).take(most) {
            round.batch.writes.push(Write::LatchOpened { sale_id, at_ms: now_ms });
            round.latched.push((sale_id, now_ms));
        }
    }

    /// `most` of each sale; of one sale only where one thing at a time is wanted.
    fn lapse_holds(&mut self, now_ms: i64, most: usize, round: &mut Round) {
        let mut events = Vec::new();
        for desk in self.desks.values_mut() {
            events.extend(std::iter::from_fn(|| desk.book.lapse(now_ms)).take(most));
            if most == 1 && !events.is_empty() {
                break;
            }
        }
        for event in events {
            self.note_release(&event, round);
            round.record(event);
        }
    }

    /// The shopper's units went back to the free ones.
    fn note_release(&self, event: &Event, round: &mut Round) {
        if let Change::OrderReleased { order_id, .. } = &event.change
            && let Some(order) = self.desks.get(&event.sale_id).and_then(|desk| desk.book.order(*order_id))
        {
            let back = (order.shopper_id, -i64::from(order.quantity));
            round.moved.entry(event.sale_id).or_default().push(back);
        }
    }

    /// `turn` of each sale; of one sale only where one thing at a time is wanted.
    fn place_orders(&mut self, now_ms: i64, turn: usize, round: &mut Round) {
        for (&sale_id, desk) in &mut self.desks {
            if turn == 1 && !round.concluded.is_empty() {
                break;
            }
            let Some(line) = &desk.line else { continue };
            let (intents, last_seq) = line.head(turn);
            let Some(last) = intents.last() else { continue };
            let mut through_seq = last.queue_seq;
            let mut outcomes = Vec::with_capacity(intents.len());
            for intent in &intents {
                match desk.book.place(intent, now_ms) {
                    Decision::SoldOut => continue,
                    // A commit that went through although it was reported as failed.
                    Decision::Known => {}
                    Decision::Recorded(event) => round.record(event),
                }
                outcomes.extend(outcome_of(&desk.book, intent.order_id).map(|outcome| (intent.order_id, outcome)));
            }
            let free_units = desk.book.stock().free();
            if free_units == 0 && turn > 1 {
                // Nobody behind them can get any: they hear it now, not when their turn would have come.
                through_seq = last_seq;
            }
            round.batch.drained.push(Drained { sale_id, queue_life: line.queue_life(), queue_seq: through_seq });
            round.concluded.push((sale_id, Concluded { through_seq, outcomes, free_units }));
        }
    }
}

/// How the book says that an order left the line.
fn outcome_of(book: &Book, order_id: OrderId) -> Option<Outcome> {
    let held = |order: &BookOrder| Outcome::Held { hold_expires_at_ms: order.hold_expires_at_ms };
    book.order(order_id).map(held).or_else(|| book.rejection(order_id).map(Outcome::Rejected))
}

fn answer<T>(reply: Reply<T>, answer: Result<T, Failure>) {
    // Whoever asked may have gone.
    let _gone = reply.send(answer);
}

fn refuse(command: Command) {
    match command {
        Command::Write { reply, .. } | Command::ChangeSale { reply, .. } | Command::Cancel { reply, .. } => {
            answer(reply, Err(Failure::Busy))
        }
        Command::OpenPayment { reply, .. } => answer(reply, Err(Failure::Busy)),
        Command::Settle { reply, .. } => answer(reply, Err(Failure::Busy)),
    }
}
