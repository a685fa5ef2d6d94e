//! Moves the bar of [`Overload`] at each look: what can be done is measured, and as many begin as bring that much work with them.

use std::sync::atomic::Ordering;

use crate::overload::{Class, LOOK_EVERY_MS, Overload, STEPS};
use crate::room::Rooms;

/// Of the mean delay, what was before so long ago counts for a third. One long delay may be the system's doing, so that it
/// counts for no more than [`MOST_WEIGHT`].
const MEMORY_MS: f64 = 50.0;
const MOST_WEIGHT: f64 = 0.5;

/// While fewer requests come, none is refused for the delay: then it is not they who are too many. Of how many come, what
/// was before so long ago counts for a third: a few dozen at one instant are few.
pub const LEAST_PER_SECOND: u64 = 2_000;
const FEW_MEMORY_MS: f64 = 250.0;

/// What one request is to do, against a question. A third of a payment is a transaction, and a call by a provider.
pub(crate) const fn work(class: Class) -> f64 {
    match class {
        Class::Read | Class::Crowd | Class::Quiz | Class::Poll => 1.0,
        Class::Order => 2.0,
        Class::Pay => 4.5,
    }
}

/// The work that one which is taken brings with it, itself included: a question is followed by an answer, an order, a poll, and a
/// payment that takes three. What is let in now is work for later.
const fn brings(class: Class) -> f64 {
    match class {
        Class::Crowd | Class::Quiz => work(Class::Quiz) + work(Class::Order) + brings(Class::Order),
        Class::Order => work(Class::Order) + work(Class::Poll) + 3.0 * work(Class::Pay),
        Class::Read | Class::Poll | Class::Pay => work(class),
    }
}

/// What it is to refuse one. Without it what can be done would seem to shrink with a crowd, and to grow only slowly after it.
const REFUSAL: f64 = 0.3;

/// So many more could begin for each that is not to be refused any more.
pub(crate) const fn begins_for_a_refusal() -> f64 {
    REFUSAL / brings(Class::Quiz)
}

/// Where work waits too long as much begins as brings this share of what can be done, at a delay of [`FAR_OFF`] times the most
/// and above; below that, more. All that waits was let in before, and is done before long.
const LEAST_SHARE: f64 = 0.4;
const FAR_OFF: f64 = 8.0;

/// However many are to be refused, this share of what can be done is for those who begin.
const LEAST_ROOM: f64 = 0.1;

/// Who begins where no crowd is goes before the crowd while they are no more than this share of those who can begin. So the crowd keeps
/// the rest, whatever anybody asks for elsewhere.
const MOST_ELSEWHERE: f64 = 0.5;

/// The processor is full from this share of its time on.
const FULL: f64 = 0.85;

/// Nobody is refused unless work waits too long, or the processor is full and a flood has come: so many times what is done, by
/// what it brings with it.
const FLOOD: f64 = 2.0;

/// What can be done is what is done while work waits too long. While the processor is full and nothing waits it is a little more
/// than that, to find out; and never more than so many times as much, whatever was known before.
const A_LITTLE_MORE: f64 = 1.05;
const MOST_BEYOND: f64 = 1.25;

/// Where some are refused, nothing waits and the processor has time left, who was let in brought less than was thought: then it is
/// so many times as much after a second; while hardly anything waits; and while that much time is left.
const RISE: f64 = 1.25;
const RISE_CALM: f64 = 2.0;
const RISE_IDLE: f64 = 5.0;
const CALM: f64 = 0.25;
const IDLE: f64 = 0.25;

/// Who is further on than the beginning is refused only where work waits [`FAR_OFF`], and they alone are so much of what can be done; from then on
/// until they are less, or all who come have room. Of how many they are, what was before so long ago counts for a third: a disk that was slow lets a thousand
/// go on at one instant, and these are done before long.
const TOO_MANY_FURTHER_ON: f64 = 0.9;
const FURTHER_ON_MEMORY_MS: f64 = 500.0;

/// Of the rates, what was before so long ago counts for a third; of the work that is done, of what was done for long, and of what
/// can be done likewise.
const RATE_MEMORY_MS: f64 = 15.0;
const BUSY_MEMORY_MS: f64 = 5.0;
const DONE_MEMORY_MS: f64 = 50.0;
const LONG_DONE_MEMORY_MS: f64 = 1_000.0;
const POSSIBLE_MEMORY_MS: f64 = 600.0;
const POSSIBLE_WHEN_FULL_MEMORY_MS: f64 = 300.0;

/// How much what was measured over so long counts, against all before.
fn weight(since_last_ms: f64, memory_ms: f64) -> f64 {
    1.0 - (-since_last_ms / memory_ms).exp()
}

/// Moves the bar. One task has it, and looks every [`LOOK_EVERY_MS`].
#[derive(Debug)]
pub struct Watch {
    rooms: Rooms,
    counted: [(u64, u64); 6],
    counted_beside: u64,
    /// Those that something else refused in a look's time, smoothed.
    beside: f64,
    /// Requests of each class in a look's time, smoothed.
    offered: [f64; 6],
    /// The same, smoothed over longer.
    long_offered: [f64; 6],
    /// All requests in a look's time, smoothed over longer.
    come: f64,
    /// What is done in a look's time, smoothed, and over a longer time.
    done: f64,
    long_done: f64,
    pub(crate) delay_us: f64,
    refuses_further_on: bool,
    /// The share of its processors' time that was used, smoothed.
    busy: f64,
    /// What can be done in a look's time, as far as it is known.
    possible: Option<f64>,
}

/// What one look saw.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// How long work that comes to its turn now has waited for a thread.
    pub waited_us: u64,
    /// How long it may wait.
    pub most_delay_us: u32,
    /// The processor time that was used since the last look, of all that there was, 0 to 1.
    pub busy: f64,
    pub since_last_ms: f64,
}

impl Watch {
    /// Of a process that has so many cores.
    #[must_use]
    pub fn new(cores: f64) -> Self {
        Self {
            rooms: Rooms::new(cores),
            counted: [(0, 0); 6],
            counted_beside: 0,
            beside: 0.0,
            offered: [0.0; 6],
            long_offered: [0.0; 6],
            come: 0.0,
            done: 0.0,
            long_done: 0.0,
            delay_us: 0.0,
            refuses_further_on: false,
            busy: 0.0,
            possible: None,
        }
    }

    /// Takes one look, and moves the bar.
    pub fn look(&mut self, overload: &Overload, Look { waited_us, most_delay_us, busy, since_last_ms }: Look) {
        let looks = (since_last_ms / LOOK_EVERY_MS as f64).max(0.1);
        let (mut come, mut done) = (0.0, 0.0);
        for class in Class::ALL {
            let (offered, shed) = overload.counts(class);
            let (offered_before, shed_before) = std::mem::replace(&mut self.counted[class as usize], (offered, shed));
            let (offered, shed) = (offered - offered_before, shed - shed_before);
            for (rates, memory_ms) in
                [(&mut self.offered, RATE_MEMORY_MS), (&mut self.long_offered, FURTHER_ON_MEMORY_MS)]
            {
                let rate = &mut rates[class as usize];
                *rate += (offered as f64 / looks - *rate) * weight(since_last_ms, memory_ms);
            }
            come += offered as f64 / looks;
            done += (offered.saturating_sub(shed) as f64 * work(class) + shed as f64 * REFUSAL) / looks;
        }
        let beside = overload.counts_beside();
        let refused_beside = (beside - std::mem::replace(&mut self.counted_beside, beside)) as f64 / looks;
        self.beside += (refused_beside - self.beside) * weight(since_last_ms, RATE_MEMORY_MS);
        come += refused_beside;
        done += refused_beside * REFUSAL;
        self.come += (come - self.come) * weight(since_last_ms, FEW_MEMORY_MS);
        self.done += (done - self.done) * weight(since_last_ms, DONE_MEMORY_MS);
        self.long_done += (done - self.long_done) * weight(since_last_ms, LONG_DONE_MEMORY_MS);
        self.busy += (busy - self.busy) * weight(since_last_ms, BUSY_MEMORY_MS);
        self.delay_us += (waited_us as f64 - self.delay_us) * weight(since_last_ms, MEMORY_MS).min(MOST_WEIGHT);
        overload.delay_us.store(self.delay_us as u32, Ordering::Relaxed);
        let delay = self.delay_us / f64::from(most_delay_us);
        let is_few = self.come < (LEAST_PER_SECOND * LOOK_EVERY_MS) as f64 / 1e3;
        let is_flood = self.busy > FULL && self.begin() > FLOOD * self.done.max(done);
        let is_shedding = !is_few && (overload.is_shedding() || is_flood || delay > 1.0);
        if !is_few {
            self.possible = self.learnt(done, delay, is_shedding, since_last_ms);
        }
        let bar = self.possible.filter(|_| is_shedding).map_or(0, |possible| self.bar(possible, delay));
        self.refuses_further_on = bar > Class::Order as u32 * STEPS;
        overload.bar.store(bar, Ordering::Relaxed);
        let known = self.can_begin().filter(|_| is_shedding);
        self.rooms.look(&overload.room, known, delay < CALM && self.busy < FULL, since_last_ms);
    }

    /// What can be done in a look's time, by what was done in this one, and what was known before.
    fn learnt(&self, done: f64, delay: f64, is_shedding: bool, since_last_ms: f64) -> Option<f64> {
        // After a moment in which nothing was done, for whatever reason, it can do what it did before all the same.
        let steady = self.done.max(self.long_done);
        let now = steady.max(done);
        let is_full = self.busy > FULL;
        // The crowd is new: what was done before it came says nothing.
        let Some(before) = self.possible else { return is_shedding.then_some(if is_full { now } else { steady }) };
        let most = if is_full { MOST_BEYOND * now } else { f64::MAX };
        let towards =
            |is: f64, memory_ms| before.min(most) + (is - before.min(most)) * weight(since_last_ms, memory_ms);
        if delay > 1.0 {
            return Some(towards(steady, POSSIBLE_MEMORY_MS));
        }
        if is_full {
            return Some(towards(steady * A_LITTLE_MORE, POSSIBLE_WHEN_FULL_MEMORY_MS));
        }
        let rise = match is_shedding {
            false => 1.0,
            true if delay < CALM && self.busy < 1.0 - IDLE => RISE_IDLE,
            true if delay < CALM => RISE_CALM,
            true => RISE,
        };
        // More than anything that is done, and none is refused any more.
        Some(before * rise.powf(since_last_ms / 1e3)).filter(|possible| possible.is_finite())
    }

    /// How many can begin in a millisecond, as far as it is known, if nobody else is to be refused.
    #[must_use]
    pub fn can_begin(&self) -> Option<f64> {
        self.possible.map(|possible| possible / brings(Class::Quiz) / LOOK_EVERY_MS as f64)
    }

    /// The work that those bring with them who begin in a look's time.
    fn begin(&self) -> f64 {
        let work_of = |class: Class| self.offered[class as usize] * brings(class);
        work_of(Class::Read) + work_of(Class::Crowd) + work_of(Class::Quiz)
    }

    /// Where the bar stands if so much can be done in a look's time: as many of the least important go on as leave room for the
    /// rest, and for what they bring with them.
    fn bar(&self, possible: f64, delay: f64) -> u32 {
        let work_of = |rates: &[f64; 6], class: Class| rates[class as usize] * work(class);
        let further_on =
            |rates| work_of(rates, Class::Pay) + work_of(rates, Class::Poll) + work_of(rates, Class::Order);
        let for_long = further_on(&self.long_offered);
        if (delay > FAR_OFF || self.refuses_further_on) && for_long > possible * TOO_MANY_FURTHER_ON {
            let have_orders = for_long - work_of(&self.long_offered, Class::Order);
            let class = if have_orders < possible { Class::Order } else { Class::Poll };
            return self.bar_at(class, possible / brings(class));
        }
        let share = ((FAR_OFF - delay) / (FAR_OFF - 1.0)).clamp(0.0, 1.0);
        let [reads, crowd, others] = [Class::Read, Class::Crowd, Class::Quiz].map(|class| self.offered[class as usize]);
        let questions = crowd + others;
        // Who does not begin is refused, and so are all that only read.
        let refused = reads + questions + self.beside;
        let room = possible * (LEAST_SHARE + (1.0 - LEAST_SHARE) * share) - refused * REFUSAL;
        let to_begin = room / (brings(Class::Quiz) - REFUSAL);
        if questions > to_begin {
            let to_begin = to_begin.max(possible * LEAST_ROOM / brings(Class::Quiz));
            // What the crowd is at is not the others' loss, unless they are so many themselves.
            if others <= to_begin * MOST_ELSEWHERE {
                return self.bar_at(Class::Crowd, to_begin - others);
            }
            let refused = (1.0 - to_begin / questions) * f64::from(STEPS);
            return Class::Quiz as u32 * STEPS + refused.round().max(1.0) as u32;
        }
        let room = possible * share
            - further_on(&self.offered)
            - questions * work(Class::Quiz)
            - (reads + self.beside) * REFUSAL;
        self.bar_at(Class::Read, room.max(0.0) / (work(Class::Read) - REFUSAL))
    }

    /// As many of one class are let in as that in a look's time; all of the classes above, none of those below.
    fn bar_at(&self, class: Class, most: f64) -> u32 {
        let offered = self.offered[class as usize];
        let share = if offered > most { most / offered } else { 1.0 };
        class as u32 * STEPS + ((1.0 - share) * f64::from(STEPS)).round() as u32
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
