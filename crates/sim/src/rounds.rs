//! Rounds of the committer, and how a world comes to rest.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;

use crate::disk::Crash;
use crate::oracle::tokens::Went;
use crate::parts::{Answer, Ask, Checked, Inbox, Violation, ensure};
use crate::world::{World, note};

/// Rounds of rest that any world must do with.
const ROUNDS_OF_REST: u32 = 1_400;

impl World {
    pub(crate) fn round(&mut self) -> Checked {
        let Some(committer) = &self.committer else {
            self.cover.hit("action: restart");
            self.oracle.restarted(&self.disk, &mut self.cover)?;
            return self.start();
        };
        self.cover.hit("action: round");
        if self.disk.is_full() && self.dice.percent(25) {
            self.disk.set_full(false);
            self.cover.hit("action: the disk has room again");
            note!(self, "the disk has room again");
        }
        let most = committer.takes_commands();
        let whole = most > 1;
        if !whole {
            self.cover.hit("branch: a round of one thing");
            self.disk.forget_constraint();
        }
        let batch = if self.dice.percent(60) { 256 } else { self.dice.below(6) };
        let taken = self.pending.len().min(most).min(batch);
        let asks: Vec<Ask> = self.pending.drain(..taken).collect();
        let went = self.run_round(&asks)?;
        self.finish_round(&asks, went.map(|well| (well, whole)))
    }

    /// Runs it, through whatever befalls. None when the process died; else whether it went well.
    fn run_round(&mut self, asks: &[Ask]) -> Result<Option<bool>, Violation> {
        let commands = asks.iter().enumerate();
        let mut commands: Vec<_> =
            commands.map(|(number, ask)| ask.command(number, &self.shops, &self.messages, &self.inbox)).collect();
        let now_us = self.now_us;
        let Some(committer) = &mut self.committer else { return Ok(None) };
        let result = catch_unwind(AssertUnwindSafe(|| committer.round(&mut commands, now_us)));
        let (applied, hits) = self.disk.take_applied();
        let broken_on_purpose = asks.iter().any(|ask| matches!(ask, Ask::Write { breaks_a_rule: true, .. }))
            || hits.iter().any(|hit| hit.starts_with("fault: commit"));
        hits.into_iter().for_each(|hit| self.cover.hit(hit));
        let tally = match result {
            Ok(tally) => tally,
            Err(payload) if payload.is::<Crash>() => {
                note!(
                    self,
                    "round of {} commands: the process dies, {} of {} commits written",
                    asks.len(),
                    applied.written,
                    applied.tried
                );
                return Ok(None);
            }
            Err(payload) => {
                let said = payload.downcast_ref::<String>().cloned();
                let said = said.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                return Err(Violation { rule: "panic", sentence: said.unwrap_or_default() });
            }
        };
        note!(
            self,
            "round of {} commands: {:?} events, failed {}, unavailable {}",
            asks.len(),
            tally.committed_events,
            tally.failed,
            tally.unavailable
        );
        ensure!(tally.set_aside == 0, "4", "a sale was set aside, and its record is sound");
        ensure!(broken_on_purpose || !tally.failed, "10", "the record refused a batch, and no fault was injected");
        if tally.failed {
            self.cover.hit("branch: a round failed");
        }
        if tally.unavailable && !tally.failed {
            self.cover.hit("branch: books could not be read anew");
        }
        Ok(Some(!tally.failed && !tally.unavailable))
    }

    fn finish_round(&mut self, asks: &[Ask], went: Option<(bool, bool)>) -> Checked {
        let now_ms = self.now_ms();
        self.oracle.read_record(&self.disk, now_ms, asks, &self.messages, &mut self.cover)?;
        let Some((well, whole)) = went else {
            self.lines.clear();
            return self.after_death();
        };
        self.look_up_lines();
        let queued = |token: &crate::oracle::Token| matches!(token.status, intake::Status::Queued { .. });
        let was_queued: Vec<_> = (0..self.shops.len())
            .flat_map(|sale| {
                let tokens = self.oracle.sales[sale].tokens.iter().filter(|(_, token)| queued(token));
                tokens.map(move |(turn, _)| (sale, *turn))
            })
            .collect();
        self.oracle.lags = !well;
        let all = self.dice.percent(20);
        self.poll_where(|token| all || !token.is_final())?;
        self.oracle.after_round(&self.disk, Went { now_ms, well, whole }, &was_queued)?;
        if well {
            let whole_books = self.dice.percent(10);
            self.compare_books(whole_books)?;
        }
        self.hear(asks)
    }

    /// Answers arrive, most of them.
    fn hear(&mut self, asks: &[Ask]) -> Checked {
        let heard: Vec<(usize, Answer)> =
            std::mem::take(&mut *self.inbox.lock().unwrap_or_else(PoisonError::into_inner));
        ensure!(heard.len() == asks.len(), "answer", "{} of {} commands were answered", heard.len(), asks.len());
        let mut settled = vec![false; asks.len()];
        for (number, answer) in &heard {
            settled[*number] = matches!(answer, Answer::Settled(Ok(_)));
        }
        for (number, answer) in heard {
            if self.dice.percent(10) {
                self.cover.hit("fault: an answer is lost");
                continue;
            }
            let ask = &asks[number];
            note!(self, "answered: {answer:?}");
            let now_ms = self.now_us.div_euclid(1_000);
            self.oracle.answered((asks, number), &settled, &answer, &self.messages, now_ms, &mut self.cover)?;
            if let (Ask::Settle { message }, Answer::Settled(result)) = (ask, &answer) {
                use committer::Failure::{Broken, Busy};
                // Refused for good is heard, too.
                self.messages[*message].acknowledged |= !matches!(result, Err(Busy | Broken));
            }
        }
        Ok(())
    }

    /// Nothing fails any more: all messages arrive, all time passes, and everything must have ended.
    pub(crate) fn come_to_rest(&mut self) -> Checked {
        self.disk.heal();
        note!(self, "all faults are over");
        if self.committer.is_none() {
            self.oracle.restarted(&self.disk, &mut self.cover)?;
            self.start()?;
        }
        for past_end_ms in [0, 400_000] {
            self.now_us += past_end_ms * 1_000;
            self.run_dry()?;
        }
        let ends = self.shops.iter().map(|shop| shop.asked.ends_at_ms).max().unwrap_or(0);
        self.now_us = self.now_us.max((ends + 60_000) * 1_000);
        // Entries that close only now are drawn a little later, and what they hold lapses later still.
        for later_ms in [0, 5_000, 400_000] {
            self.now_us += later_ms * 1_000;
            self.run_dry()?;
        }
        self.poll_where(|_| true)?;
        self.oracle.all_ended()?;
        self.all_heard()?;
        self.compare_books(true)?;
        self.restart_in_peace()?;
        // Long after, the sales have left the memory, and the record still answers; a last message comes late.
        self.now_us += 3 * committer::KEEP_ENDED_MS * 1_000;
        self.run_dry()?;
        self.poll_where(|_| true)?;
        if !self.messages.is_empty() {
            let last = self.dice.below(self.messages.len());
            self.deliver(last);
            self.run_dry()?;
            self.poll_where(|_| true)?;
        }
        self.disk.with(|connection| self.oracle.check_whole_record(connection))
    }

    fn restart_in_peace(&mut self) -> Checked {
        self.committer = None;
        self.inbox = Inbox::default();
        self.oracle.restarted(&self.disk, &mut self.cover)?;
        self.start()
    }

    /// Rounds until nothing is left to do.
    fn run_dry(&mut self) -> Checked {
        for _ in 0..ROUNDS_OF_REST {
            let unheard = self.messages.iter().position(|message| message.settlement.paid && !message.acknowledged);
            if self.pending.is_empty()
                && let Some(message) = unheard
            {
                self.deliver(message);
            }
            self.round()?;
            let committer = self.committer.as_ref();
            let idle = committer.is_some_and(|committer| committer.takes_commands() > 1 && !committer.has_queued());
            if idle && self.pending.is_empty() && unheard.is_none() {
                return Ok(());
            }
        }
        Err(Violation { rule: "4", sentence: "the world does not come to rest".to_owned() })
    }

    /// Every charge was heard of, and is in the record.
    fn all_heard(&self) -> Checked {
        for message in self.messages.iter().filter(|message| message.settlement.paid) {
            ensure!(message.acknowledged, "7", "a charge was never acknowledged: {message:?}");
        }
        Ok(())
    }
}
