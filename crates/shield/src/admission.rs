//! Who of a crowd may begin while more would than can: by lot, a round a second.
//!
//! Whom [`Overload`] refuses has cost a request. Whom a round holds back need not: it is told with the sale's state, which an edge
//! keeps for a second, so that a page knows without asking the shop. It is judged here as well, so that a client that asks all
//! the same is no better off: everybody has one lot a round, however often they ask. Pure: no clock, no randomness, no threads.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api::{Admission, MILLION};
use arc_swap::ArcSwap;

use crate::overload::{Class, LOOK_EVERY_MS, Overload, Refusal, STEPS};
use crate::watch::{Watch, begins_for_a_refusal};

const ROUND_MS: f64 = 1_000.0;

/// While everybody may begin it is looked so often whether that can go on. It cannot where the crowd is more than so many a second,
/// and this share of it is refused.
const NEEDED_EVERY_MS: f64 = 100.0;
const LEAST_CROWD_PER_SECOND: f64 = 1_000.0;
const MOST_REFUSED: f64 = 0.5;

/// A round is good while it is the newest and while the next is: an edge may have it from its last moment, and keep it for a second. So
/// who asks all the time has one draw more than who looks at the edge, the first.
const KEPT_ROUNDS: usize = 2;

/// More are drawn than could begin in the round before, by so much: to refuse a few is cheap, and to want for them is not. Where the
/// processor has time left, more by that as well; but never more than so many times as many.
const A_FEW_MORE: f64 = 1.3;
const RISE: f64 = 10.0;
/// And never less than this share of them: it may have been the machine that stood still for a moment.
const FALL: f64 = 0.1;
/// Of a million.
const LEAST_DRAWN: f64 = 1_000.0;

/// The crowd has gone where those who come are fewer than this share of those who can begin. That is looked at over so long that
/// so many of them would be seen, and not only when a round is over; but not in the first, which edges do not know yet, and in which
/// those who were refused have not come again.
const GONE: f64 = 0.75;
/// Or, where they have fallen to this share of those of the round before, fewer than lots would be begun for: while a great crowd was refused less
/// was seen to begin than can, by what refusals take beyond what they are taken for.
const FALLEN: f64 = 0.25;
const GONE_WHERE_FALLEN: f64 = 1.0 / MOST_REFUSED;
const ENOUGH_TO_KNOW: f64 = 3.0;
const LEAST_WATCHED_MS: f64 = 40.0;
const LEAST_WATCHED_FALLEN_MS: f64 = 20.0;
/// Where it seems so when a round is over, the next, in which all would have to be seen anew, waits for so long.
const KNOWN_WITHIN_MS: f64 = 100.0;
/// However late a look is: with two of 10 ms in place of four a great crowd was taken for gone, where it had only not been read for a moment.
const MOST_PER_LOOK_MS: f64 = LOOK_EVERY_MS as f64;
/// Where nearly all are drawn, one who is not says too much.
const LEAST_NOT_DRAWN: f64 = 0.2;
/// Looks; five seconds of them.
const MOST_WATCHED: usize = 1_000;

/// The rounds that are good, the newest first; none while everybody may begin.
#[derive(Debug, Default)]
pub struct Lottery {
    rounds: ArcSwap<Vec<Round>>,
    /// How many came who were drawn in the round before, and not in the newest; and how many who were in neither.
    drawn_before: AtomicU64,
    not_drawn: AtomicU64,
}

#[derive(Clone, Debug)]
struct Round {
    told: Admission,
    refused: Arc<Refused>,
}

impl Round {
    fn new(told: Admission) -> Self {
        Self { told, refused: Arc::default() }
    }
}

/// Whom overload has refused in a round although they were drawn, by a part of their lot. They are told the same for the rest of it: the bar
/// moves, and who asks a hundred times would meet it at its lowest. Where a thousand were, another of the drawn meets one of their bits once in a thousand times.
#[derive(Debug)]
struct Refused(Box<[AtomicU64]>);

const REFUSED_BITS: u32 = 1 << 20;

impl Default for Refused {
    fn default() -> Self {
        Self((0..REFUSED_BITS / u64::BITS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Refused {
    const fn place(lot: u32) -> (usize, u64) {
        let place = lot % REFUSED_BITS;
        ((place / u64::BITS) as usize, 1 << (place % u64::BITS))
    }

    fn has(&self, lot: u32) -> bool {
        let (word, bit) = Self::place(lot);
        self.0.get(word).is_some_and(|word| word.load(Ordering::Relaxed) & bit != 0)
    }

    fn add(&self, lot: u32) {
        let (word, bit) = Self::place(lot);
        self.0.get(word).into_iter().for_each(|word| _ = word.fetch_or(bit, Ordering::Relaxed));
    }
}

/// What becomes of somebody who would begin where a crowd is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByLot {
    Begins,
    /// Drawn, but more were than can begin.
    Refused,
    /// Another time; or refused in this round before.
    NotDrawn,
}

impl Lottery {
    /// What is told to everybody.
    #[must_use]
    pub fn newest(&self) -> Option<Admission> {
        self.rounds.load().first().map(|round| round.told)
    }

    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.rounds.load().is_empty()
    }
}

impl Overload {
    /// Whether one of the crowd begins, counted either way. Between those who are drawn the lot decides as well; `random` does while there is
    /// no round. Who has no lot is not drawn.
    pub fn admits_by_lot(&self, lot: Option<u32>, random: u32) -> ByLot {
        let rounds = self.lottery.rounds.load();
        if rounds.is_empty() {
            return if self.admits(Class::Crowd, random) { ByLot::Begins } else { ByLot::Refused };
        }
        let drawn = lot.and_then(|lot| {
            let (place, round) = rounds.iter().enumerate().find(|(_, round)| round.told.lets_in(lot))?;
            Some((lot, round, place == 0))
        });
        let Some((lot, round, is_newest)) = drawn else {
            self.lottery.not_drawn.fetch_add(u64::from(lot.is_some()), Ordering::Relaxed);
            self.refused_beside();
            return ByLot::NotDrawn;
        };
        if round.refused.has(lot) {
            self.refused_beside();
            return ByLot::NotDrawn;
        }
        if !is_newest {
            self.lottery.drawn_before.fetch_add(1, Ordering::Relaxed);
        }
        let share = u64::from(round.told.number(lot)) * u64::from(STEPS) / u64::from(round.told.per_million);
        let judged = self.judge(Class::Crowd, share as u32);
        if judged == Err(Refusal::ByTheBar) {
            round.refused.add(lot);
        }
        if judged.is_ok() { ByLot::Begins } else { ByLot::Refused }
    }
}

/// Begins each round. One task has it.
#[derive(Debug, Default)]
pub struct Rounds {
    /// Since the last round began.
    round: Span,
    /// The last looks, as many as say whether the crowd has gone.
    watched: VecDeque<(f64, Counts)>,
    /// As many of the crowd can begin in a millisecond, as far as it is known.
    possible: f64,
    /// As many came in a millisecond of the round before; 0 where that is not known.
    crowd: f64,
    /// The share of them that asked without looking at an edge.
    ask_at_once: f64,
}

/// What was seen for a while.
#[derive(Debug, Default)]
struct Span {
    lasted_ms: f64,
    busy_ms: f64,
    began: Counts,
}

/// How many of those who were drawn came, how many of them by the round before, how many were refused; how many came who were not drawn; and
/// how many were refused as cheaply as these, for whatever reason.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    come: u64,
    drawn_before: u64,
    refused: u64,
    not_drawn: u64,
    beside: u64,
}

impl Counts {
    fn of(overload: &Overload) -> Self {
        let (come, refused) = overload.counts(Class::Crowd);
        let [drawn_before, not_drawn] =
            [&overload.lottery.drawn_before, &overload.lottery.not_drawn].map(|count| count.load(Ordering::Relaxed));
        Self { come, drawn_before, refused, not_drawn, beside: overload.counts_beside() }
    }

    const fn since(self, before: Self) -> Self {
        Self {
            come: self.come - before.come,
            drawn_before: self.drawn_before - before.drawn_before,
            refused: self.refused - before.refused,
            not_drawn: self.not_drawn - before.not_drawn,
            beside: self.beside - before.beside,
        }
    }

    /// How many of those who are drawn came by the newest round, and by the one before. The counters are read one after the other.
    fn drawn(self) -> [f64; 2] {
        [self.come.saturating_sub(self.drawn_before) as f64, self.drawn_before.min(self.come) as f64]
    }
}

impl Span {
    fn goes_on(&mut self, since_last_ms: f64, busy: f64) {
        self.lasted_ms += since_last_ms;
        self.busy_ms += busy * since_last_ms;
    }

    fn begins_anew(&mut self, began: Counts) {
        *self = Self { began, ..Self::default() };
    }
}

impl Rounds {
    /// To be called after each look of `watch`, with the share of the processors' time that was used since the last, and how long that was.
    /// `seed` makes the next round's, which nobody can guess.
    pub fn look(
        &mut self,
        overload: &Overload,
        watch: &Watch,
        busy: f64,
        since_last_ms: f64,
        seed: impl FnOnce() -> u32,
    ) {
        self.round.goes_on(since_last_ms, busy);
        let now = Counts::of(overload);
        if self.watched.len() == MOST_WATCHED {
            self.watched.pop_front();
        }
        // A look that is late says no more: what came meanwhile is not read yet.
        self.watched.push_back((since_last_ms.min(MOST_PER_LOOK_MS), now));
        let mut rounds = overload.lottery.rounds.load().as_ref().clone();
        if self.has_gone(&rounds, now) {
            self.round.begins_anew(now);
            overload.lottery.rounds.store(Arc::default());
            return;
        }
        let most_ms = match rounds.is_empty() {
            true => NEEDED_EVERY_MS,
            false if self.seems_to_go(&rounds, now) => ROUND_MS + KNOWN_WITHIN_MS,
            false => ROUND_MS,
        };
        if self.round.lasted_ms < most_ms {
            return;
        }
        let drawn = self.drawn_next(&rounds, now, watch.can_begin());
        self.round.begins_anew(now);
        match drawn {
            None => return,
            Some(drawn) if drawn < f64::from(MILLION) => {
                let told = Admission { seed: seed(), per_million: drawn.max(LEAST_DRAWN) as u32 };
                rounds.insert(0, Round::new(told));
                rounds.truncate(KEPT_ROUNDS);
                // Who came before it was drawn says nothing by its shares.
                self.watched.clear();
                self.watched.push_back((0.0, now));
            }
            Some(_) => rounds.clear(),
        }
        overload.lottery.rounds.store(Arc::new(rounds));
    }

    /// Of a million lots, as many as are drawn in the next round; none where none are, as before.
    fn drawn_next(&mut self, rounds: &[Round], now: Counts, can_begin: Option<f64>) -> Option<f64> {
        let Span { lasted_ms, busy_ms, .. } = self.round;
        let seen = now.since(self.round.began);
        let [come, beside] = [seen.come, seen.beside].map(|count| count as f64);
        // The two are counted one after the other.
        let refused_share = if come > 0.0 { (seen.refused as f64 / come).min(1.0) } else { 0.0 };
        if rounds.is_empty() {
            let is_needed = refused_share > MOST_REFUSED && come * 1e3 > LEAST_CROWD_PER_SECOND * lasted_ms;
            // How many were let in says nothing yet: too many before the crowd was seen, and then hardly anybody.
            self.possible = can_begin.filter(|_| is_needed)?;
            return Some(f64::from(MILLION) * A_FEW_MORE * self.possible * lasted_ms / come);
        }
        // Whoever came without being drawn took time as well; once the edges know the round they come no more.
        let could_begin = come * (1.0 - refused_share) + beside * begins_for_a_refusal();
        self.possible = could_begin / busy_ms.max(1.0);
        // Of the first it is not known: who was not drawn in it had no round before.
        let [ask_at_once, look_first] = if rounds.len() > 1 { all_who_come(rounds, seen) } else { [0.0; 2] };
        let all = ask_at_once + look_first;
        self.crowd = all / lasted_ms;
        self.ask_at_once = if all > 0.0 { ask_at_once / all } else { 0.0 };
        let let_in_share = if come > 0.0 { (could_begin / come).min(1.0) } else { 1.0 };
        let factor = (A_FEW_MORE * lasted_ms / busy_ms).min(RISE) * let_in_share;
        let crowd = those_who_look(rounds, seen.drawn());
        let drawn_of_them = if crowd > 0.0 { come / crowd } else { least_drawn(rounds) };
        Some(f64::from(MILLION) * drawn_of_them * factor.max(FALL))
    }

    /// Whether all who come now could begin.
    fn has_gone(&mut self, rounds: &[Round], now: Counts) -> bool {
        if rounds.len() <= 1 {
            self.watched.clear();
            return false;
        }
        let fallen = (self.crowd * FALLEN).min(self.possible * GONE_WHERE_FALLEN);
        self.are_fewer_than(fallen, LEAST_WATCHED_FALLEN_MS, rounds, now)
            || self.are_fewer_than(self.possible * GONE, LEAST_WATCHED_MS, rounds, now)
    }

    /// Whether it seems so, by as few looks as can say that fewer come: the round goes on until it is known.
    fn seems_to_go(&self, rounds: &[Round], now: Counts) -> bool {
        rounds.len() > 1 && self.are_fewer_than(self.crowd * FALLEN, 0.0, rounds, now)
    }

    /// Whether fewer than so many come in a millisecond, seen for so long at the least, and no more than half of the drawn are refused.
    fn are_fewer_than(&self, most: f64, least_ms: f64, rounds: &[Round], now: Counts) -> bool {
        // Of a crowd as the last was these come to the shop.
        let come_share = self.ask_at_once + (1.0 - self.ask_at_once) * least_drawn(rounds);
        let is_enough = |lasted_ms: f64| lasted_ms >= least_ms && most * come_share * lasted_ms >= ENOUGH_TO_KNOW;
        self.last(now, is_enough).is_some_and(|(lasted_ms, seen)| {
            let crowd: f64 = all_who_come(rounds, seen).iter().sum();
            seen.refused * 2 <= seen.come && crowd < most * lasted_ms
        })
    }

    /// What was seen in the last looks, as few of them as are enough.
    fn last(&self, now: Counts, is_enough: impl Fn(f64) -> bool) -> Option<(f64, Counts)> {
        let mut lasted_ms = 0.0;
        let looks = self.watched.iter().zip(self.watched.iter().skip(1)).rev();
        for ((_, began), (look_ms, _)) in looks {
            lasted_ms += look_ms;
            if is_enough(lasted_ms) {
                return Some((lasted_ms, now.since(*began)));
            }
        }
        None
    }
}

/// The shares that are drawn of all who come, in the newest round and in the one before.
fn drawn_in(rounds: &[Round]) -> [f64; 2] {
    let share = |round: &Round| f64::from(round.told.per_million) / f64::from(MILLION);
    let newest = rounds.first().map_or(1.0, share);
    [newest, rounds.get(1).map_or(newest, share)]
}

fn least_drawn(rounds: &[Round]) -> f64 {
    let [newest, before] = drawn_in(rounds);
    newest.min(before)
}

/// How many there are, by those who come by each round, if each of them looks at an edge first, which knows one or the other; who is drawn in
/// both counts as of the newest. (Whoever asks without looking counts for two or less: they have two lots.)
fn those_who_look(rounds: &[Round], [by_newest, by_before]: [f64; 2]) -> f64 {
    let [newest, before] = drawn_in(rounds);
    by_newest / newest + by_before / before * (1.0 - before) / (1.0 - newest).max(LEAST_NOT_DRAWN)
}

/// How many there are, of whom all who ask without looking at an edge are seen, and how many look there first, of whom only the drawn are.
fn all_who_come(rounds: &[Round], seen: Counts) -> [f64; 2] {
    let [newest, before] = drawn_in(rounds);
    let ask_at_once = seen.not_drawn as f64 / ((1.0 - newest) * (1.0 - before)).max(LEAST_NOT_DRAWN * LEAST_NOT_DRAWN);
    let [by_newest, by_before] = seen.drawn();
    let look_first = [by_newest - ask_at_once * newest, by_before - ask_at_once * (1.0 - newest) * before];
    [ask_at_once, those_who_look(rounds, look_first.map(|come| come.max(0.0)))]
}

#[cfg(test)]
#[path = "admission_tests.rs"]
mod tests;
