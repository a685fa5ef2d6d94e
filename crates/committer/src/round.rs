//! One round of the committer: decide, commit, tell.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Instant;

use intake::Report;
use ledger::{Batch, Drained, Ledger, LedgerError, Refusal, Write};
use sale::{
    Change, Decision, DrawRefused, DrawStage, Event, OrderId, Outcome, PaymentRefused, ReleaseCause, SaleId,
    Settlement, StockRefused,
};

use crate::command::{Command, Failure, Reply, SaleChange};
use crate::desk::Desk;
use crate::under_way::Round;
use crate::{Committer, LAPSES_PER_TURN, ORDERS_PER_TURN, Tally};

impl<L: Ledger> Committer<L> {
    /// Decides all commands and what is due, gives each line its turn, commits, and tells.
    pub fn round(&mut self, commands: &mut Vec<Command>, now_us: i64) -> Tally {
        let mut tally = Tally::default();
        if !self.reload_stale(now_us, &mut tally) {
            commands.drain(..).for_each(Command::refuse);
            tally.unavailable = true;
            return tally;
        }
        let now_ms = now_us.div_euclid(1_000);
        let mut round = Round::default();
        for command in commands.drain(..) {
            self.decide(command, now_us, &mut round);
        }
        if self.one_by_one == 0 {
            self.latch_starts(now_ms, usize::MAX, &mut round);
            self.elapse(now_ms, LAPSES_PER_TURN, &mut round);
            self.draw_steps(now_ms, usize::MAX, &mut round);
            self.place_orders(now_ms, ORDERS_PER_TURN, &mut round);
        } else {
            self.one_thing(now_ms, &mut round);
        }
        if round.batch.is_empty() {
            for (_, tell) in round.tells {
                tell(Ok(&[]));
            }
        } else {
            self.commit(round, now_us, &mut tally);
        }
        self.forget_ended(now_ms);
        tally
    }

    /// After a commit that broke a rule: one command, or one start, or one lapse, or one step of a draw, or one order of one sale a round, so
    /// that what is wrong stands alone and nothing else pays for it.
    fn one_thing(&mut self, now_ms: i64, round: &mut Round) {
        if round.is_empty() {
            self.latch_starts(now_ms, 1, round);
        }
        if round.is_empty() {
            self.elapse(now_ms, 1, round);
        }
        if round.is_empty() {
            self.draw_steps(now_ms, 1, round);
        }
        if round.is_empty() {
            self.place_orders(now_ms, 1, round);
        }
        self.one_by_one = self.one_by_one.saturating_sub(1);
    }

    fn commit(&mut self, round: Round, now_us: i64, tally: &mut Tally) {
        let started = Instant::now();
        match self.ledger.apply(&round.batch) {
            Ok(answers) => {
                tally.committed_events = Some(round.batch.events.len());
                tally.commit_time = started.elapsed();
                self.last_commit = tally.commit_time;
                self.tell(round, &answers, now_us, tally);
            }
            Err(error) => self.undo(round, &error, tally),
        }
    }

    /// After the commit, and never before: lines, shoppers and askers hear of it.
    fn tell(&mut self, round: Round, answers: &[Result<(), Refusal>], now_us: i64, tally: &mut Tally) {
        for change in round.changed {
            self.changed(change, now_us);
        }
        for (sale_id, at_ms) in round.latched {
            if let Some(desk) = self.desks.get_mut(&sale_id) {
                desk.row.opened_at_ms = Some(at_ms);
                desk.line.iter().for_each(|line| line.set_terms(desk.line_terms()));
            }
        }
        for (sale_id, sku, last_seq) in round.sold_out {
            if let Some(desk) = self.desks.get_mut(&sale_id) {
                desk.sold_out(sku, last_seq);
            }
        }
        self.report(&round.batch, &round.known, tally);
        for (writes, tell) in round.tells {
            tell(Ok(&answers[writes]));
        }
    }

    /// Tells the lines what became of their orders.
    fn report(&mut self, batch: &Batch, known: &[(SaleId, OrderId)], tally: &mut Tally) {
        let mut orders: BTreeMap<SaleId, Vec<OrderId>> = BTreeMap::new();
        for event in &batch.events {
            let touched = orders.entry(event.sale_id).or_default();
            touched.extend(event.change.order_id());
            if matches!(event.change, Change::SaleCalledOff)
                && let Some(desk) = self.desks.get_mut(&event.sale_id)
            {
                desk.row.called_off_at_ms = Some(event.at_ms);
                desk.line.iter().for_each(|line| line.set_terms(desk.line_terms()));
            }
            match &event.change {
                Change::OrderHeld { .. }
                | Change::OrderToClaim { .. }
                | Change::WaitingHeld { .. }
                | Change::EntryHeld { .. }
                | Change::EntryToClaim { .. } => tally.held += 1,
                Change::DrawEntered { .. } => tally.entered += 1,
                Change::OrderWaits { .. } | Change::EntryWaits { .. } => tally.waiting += 1,
                Change::OrderRejected { .. }
                | Change::WaitingEnded { reason: Some(_), .. }
                | Change::EntryEnded { reason: Some(_), .. } => tally.rejected += 1,
                Change::WaitingEnded { reason: None, .. } | Change::EntryEnded { reason: None, .. } => {
                    tally.sold_out += 1
                }
                _ => {}
            }
        }
        for &(sale_id, order_id) in known {
            orders.entry(sale_id).or_default().push(order_id);
        }
        let through: BTreeMap<SaleId, u64> =
            batch.drained.iter().map(|drained| (drained.sale_id, drained.queue_seq)).collect();
        let sales: BTreeSet<SaleId> = orders.keys().chain(through.keys()).copied().collect();
        for sale_id in sales {
            let Some(desk) = self.desks.get(&sale_id) else { continue };
            let Some(line) = &desk.line else { continue };
            desk.tell_draw_stage();
            if through.contains_key(&sale_id) {
                line.turn_ended(tally.commit_time);
            }
            let touched = orders.remove(&sale_id).unwrap_or_default();
            let report = desk.report(through.get(&sale_id).copied(), touched);
            tally.sold_out += line.report(report);
        }
    }

    /// The committer's table has the sale, or gets it now.
    fn has(&mut self, sale_id: SaleId, now_us: i64) -> Result<bool, LedgerError> {
        if self.set_aside.contains(&sale_id) {
            return Err(LedgerError::Corrupt(format!("sale {sale_id} is set aside")));
        }
        Ok(self.desks.contains_key(&sale_id) || self.load(sale_id, now_us)?)
    }

    fn decide(&mut self, command: Command, now_us: i64, round: &mut Round) {
        let now_ms = now_us.div_euclid(1_000);
        match command {
            Command::Write { write, reply } => round.tell(vec![*write], reply, ()),
            Command::ChangeSale { change, reply } => self.change_sale(*change, reply, now_us, round),
            Command::CallOff { sale_id, reply } => {
                let events = self.on(sale_id, now_us, |desk| Ok(desk.book.call_off(now_ms)));
                self.record_and_tell(events.map(|events| (events, ())), reply, round);
            }
            Command::Cancel { sale_id, order_id, cause, reply } => {
                let events =
                    self.on(sale_id, now_us, |desk| desk.book.cancel(order_id, cause, now_ms).map_err(Failure::Cancel));
                self.record_and_tell(events.map(|events| (events, ())), reply, round);
            }
            Command::OpenPayment { sale_id, order_id, fresh_payment_id, reply } => {
                let opened = self.on(sale_id, now_us, |desk| {
                    desk.book.open_payment(order_id, fresh_payment_id, now_ms).map_err(Failure::Payment)
                });
                let opened = opened.map(|(payment_id, event)| (event.into_iter().collect(), payment_id));
                self.record_and_tell(opened, reply, round);
            }
            Command::Settle { sale_id, settlement, reply } => {
                let settled = self.event_is_for(&settlement, round).and_then(|()| {
                    self.on(sale_id, now_us, |desk| {
                        let (order_id, events) = desk.book.settle(&settlement, now_ms).map_err(Failure::Payment)?;
                        let order = desk.book.order(order_id).ok_or(Failure::NotFound)?;
                        Ok((events, (order_id, order.state)))
                    })
                });
                if settled.as_ref().is_ok_and(|(events, _)| !events.is_empty()) {
                    round.taken.insert(settlement.provider_event_id, settlement.payment_id);
                }
                self.record_and_tell(settled, reply, round);
            }
            Command::HoldDraw { sale_id, beacon, reply } => {
                let events = self.on(sale_id, now_us, |desk| {
                    let seed = desk.draw_seed.ok_or(Failure::Draw(DrawRefused::NoDraw))?;
                    desk.book.hold_draw(&seed, Some(&beacon), now_ms).map_err(Failure::Draw)
                });
                self.record_and_tell(events.map(|events| (events, ())), reply, round);
            }
            Command::LiftStrikes { merchant_id, shopper_id, reply } => {
                let write = Write::LiftStrikes { merchant_id, shopper_id, at_ms: now_ms };
                // What lapses later in this batch is a strike again. Of a merchant who is not in memory the record knows.
                if let Some(strikes) = self.strikes.get_mut(&merchant_id) {
                    strikes.lift(shopper_id);
                }
                round.lifted.insert(merchant_id);
                round.tell(vec![write], reply, ());
            }
        }
    }

    fn record_and_tell<T: 'static>(
        &mut self,
        decided: Result<(Vec<Event>, T), Failure>,
        reply: Reply<T>,
        round: &mut Round,
    ) {
        match decided {
            Ok((events, value)) => {
                self.record(events, round);
                round.tell(Vec::new(), reply, value);
            }
            Err(failure) => round.tell_refusal(reply, failure),
        }
    }

    /// Puts facts into the batch. A hold that lapsed is a strike from now on.
    fn record(&mut self, events: Vec<Event>, round: &mut Round) {
        for event in &events {
            if let Change::OrderReleased { order_id, cause: ReleaseCause::Lapsed } = &event.change
                && let Some(desk) = self.desks.get(&event.sale_id)
                && let Some(order) = desk.book.order(*order_id).filter(|order| order.reserved)
            {
                self.strikes.entry(desk.row.merchant_id).or_default().add(order.shopper_id, event.at_ms);
            }
        }
        round.batch.events.extend(events);
    }

    /// A provider's message is about one payment: its id on another's is refused, whichever sale that is in.
    fn event_is_for(&mut self, settlement: &Settlement, round: &Round) -> Result<(), Failure> {
        let event_id = &settlement.provider_event_id;
        let taken_for = match round.taken.get(event_id) {
            Some(&payment_id) => Some(payment_id),
            None => self.ledger.payment_of_event(event_id).map_err(|error| Failure::from(&error))?,
        };
        match taken_for {
            Some(payment_id) if payment_id != settlement.payment_id => {
                Err(Failure::Payment(PaymentRefused::EventOfAnother))
            }
            _ => Ok(()),
        }
    }

    fn on<T>(
        &mut self,
        sale_id: SaleId,
        now_us: i64,
        act: impl FnOnce(&mut Desk) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match self.has(sale_id, now_us) {
            Ok(true) => self.desks.get_mut(&sale_id).map_or(Err(Failure::NotFound), act),
            Ok(false) => Err(Failure::NotFound),
            Err(error) => {
                tracing::error!(%error, %sale_id, "a sale could not be read");
                Err(Failure::from(&error))
            }
        }
    }

    fn change_sale(&mut self, change: SaleChange, reply: Reply<()>, now_us: i64, round: &mut Round) {
        let sale_id = change.row.sale_id;
        let decided = self.on(sale_id, now_us, |desk| {
            // What entries get follows from the terms of the draw's moment; it takes a second.
            if desk.book.draw_stage() == Some(DrawStage::Deciding) && !desk.book.is_called_off() {
                return Err(Failure::Busy);
            }
            let is_closed = desk.book.draw_stage() == Some(DrawStage::Closed) && !desk.book.is_called_off();
            if is_closed && change.row.waitlist_units != desk.row.waitlist_units {
                return Err(Failure::Stock(StockRefused::DrawUnderWay));
            }
            let before = desk.book.terms().clone();
            desk.book.set_terms(change.row.terms());
            let resized = match desk.units_of(&change) {
                Some(units) => desk.book.resize(&units, now_us.div_euclid(1_000)),
                None => Ok(Vec::new()),
            };
            resized.map_err(|refused| {
                desk.book.set_terms(before);
                Failure::Stock(refused)
            })
        });
        match decided {
            Ok(events) => {
                round.touched.insert(sale_id);
                self.record(events, round);
                round.tell(vec![Write::SetSale(change.row.clone())], reply, ());
                round.changed.push(change);
            }
            Err(failure) => round.tell_refusal(reply, failure),
        }
    }

    fn changed(&mut self, change: SaleChange, now_us: i64) {
        let sale_id = change.row.sale_id;
        let fresh_life = self.fresh_life(now_us);
        let Some(desk) = self.desks.get_mut(&sale_id) else { return };
        let (opened_at_ms, called_off_at_ms) = (desk.row.opened_at_ms, desk.row.called_off_at_ms);
        desk.row = ledger::SaleRow { opened_at_ms, called_off_at_ms, ..change.row };
        if desk.row.published {
            let line = desk.open_line(fresh_life, self.last_commit);
            line.set_terms(desk.line_terms());
            line.report(desk.report(None, Vec::new()));
            self.lines.write().unwrap_or_else(PoisonError::into_inner).insert(sale_id, line);
        }
    }

    fn latch_starts(&self, now_ms: i64, most: usize, round: &mut Round) {
        let due = |desk: &Desk| desk.start_is_to_be_latched() && desk.row.window().has_opened(now_ms);
        for (&sale_id, _) in self.desks.iter().filter(|(_, desk)| due(desk)).take(most) {
            round.batch.writes.push(Write::LatchOpened { sale_id, at_ms: now_ms });
            round.latched.push((sale_id, now_ms));
        }
    }

    /// What time alone brings: `most` of each sale; of one sale only where one thing at a time is wanted.
    fn elapse(&mut self, now_ms: i64, most: usize, round: &mut Round) {
        let mut all = Vec::new();
        for desk in self.desks.values_mut() {
            for _ in 0..most {
                let events = desk.book.elapse(now_ms);
                if events.is_empty() {
                    break;
                }
                all.extend(events);
            }
            if most == 1 && !all.is_empty() {
                break;
            }
        }
        self.record(all, round);
    }

    /// What the draws have to do, of at most so many sales.
    fn draw_steps(&mut self, now_ms: i64, most: usize, round: &mut Round) {
        let steps = self.desks.values_mut().map(|desk| desk.draw_step(now_ms)).filter(|events| !events.is_empty());
        let events: Vec<Event> = steps.take(most).flatten().collect();
        self.record(events, round);
    }

    /// `turn` of each sale; of one sale only where one thing at a time is wanted.
    fn place_orders(&mut self, now_ms: i64, turn: usize, round: &mut Round) {
        for (&sale_id, desk) in &mut self.desks {
            if turn == 1 && !round.batch.drained.is_empty() {
                break;
            }
            let Some(line) = &desk.line else { continue };
            let (intents, last_seq) = line.head(turn);
            let Some(last) = intents.last() else { continue };
            let mut through_seq = last.queue_seq;
            line.turn_begins(now_ms, through_seq, last_seq);
            let strikes = self.strikes.get(&desk.row.merchant_id);
            let sold_out_before = round.sold_out.len();
            for intent in &intents {
                let terms = &desk.book.terms().strikes;
                let is_marked = strikes.is_some_and(|strikes| strikes.is_marked(intent.shopper_id, terms, now_ms));
                if desk.is_sold_out_for(intent) {
                    continue;
                }
                match desk.book.place(intent, is_marked, now_ms) {
                    Decision::SoldOut => round.sold_out.push((sale_id, intent.sku.clone(), last_seq)),
                    // A commit that went through although it was reported as failed.
                    Decision::Known => round.known.push((sale_id, intent.order_id)),
                    Decision::Recorded(event) => round.batch.events.push(event),
                }
            }
            let outlook = desk.book.outlooks().all;
            // A fact that stands alone may be what the record refuses, and who is behind it is not to be given up with it.
            let is_to_be_told = turn > 1 || round.sold_out.len() > sold_out_before;
            if outlook.free_units == 0 && !outlook.can_wait && is_to_be_told {
                // Nobody behind them can get any: they hear it now, not when their turn would have come.
                through_seq = last_seq;
            }
            round.batch.drained.push(Drained { sale_id, queue_life: line.queue_life(), queue_seq: through_seq });
        }
    }
}

impl Desk {
    /// What a commit that touched these orders did to the line.
    fn report(&self, through_seq: Option<u64>, touched: Vec<OrderId>) -> Report {
        let mut report = Report { through_seq, outlooks: self.book.outlooks(), ..Report::default() };
        for order_id in touched {
            let outcome: Option<Outcome> = self.book.outcome(order_id);
            report.outcomes.extend(outcome.map(|outcome| (order_id, outcome)));
            report.draw_ranks.extend(self.book.waits_at_rank(order_id).map(|rank| (order_id, rank)));
            if let Some(shopper_id) = self.book.shopper_of(order_id) {
                report.kept.push((shopper_id, self.book.units_of(shopper_id)));
            }
        }
        report
    }
}
