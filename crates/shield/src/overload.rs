//! Which requests are still taken when more come than can be answered in time.
//!
//! After DAGOR (Zhou et al., "Overload Control for Scaling WeChat Microservices", SoCC 2018): the sign of overload is the
//! time that work waits for a thread, and not the time that it takes; what is refused is refused by its priority, least
//! first. Ours differs in two things. It looks every few milliseconds, since a sale is over in seconds. And its bar does not
//! rise and fall by shares: what can be done is measured while work waits, and as many begin as bring that much work with
//! them, so that a crowd that comes or goes meets a limit that is right at once. Pure: no clock, no randomness, no threads.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// What a request is for; the least important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Lists, accounts, states, files: what can be asked again.
    Read,
    /// Somebody begins.
    Quiz,
    /// Somebody has answered, or has a pass.
    Order,
    /// Somebody has a place in a line, or an order.
    Poll,
    /// Money, units that come back, and whoever runs the shop. Never refused.
    Pay,
}

impl Class {
    pub const ALL: [Self; 5] = [Self::Read, Self::Quiz, Self::Order, Self::Poll, Self::Pay];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Quiz => "quiz",
            Self::Order => "order",
            Self::Poll => "poll",
            Self::Pay => "pay",
        }
    }
}

/// Steps within a class: a share of it can be refused.
const STEPS: u32 = 1_024;

/// How often the delay is to be measured.
pub const LOOK_EVERY_MS: u64 = 5;

/// Work may wait so long for a thread on the mean, unless somebody says otherwise.
pub const MOST_DELAY_US: u32 = 10_000;

/// Of the mean delay, what was before so long ago counts for a third. One long delay may be the system's doing, so that it
/// counts for no more than [`MOST_WEIGHT`].
const MEMORY_MS: f64 = 50.0;
const MOST_WEIGHT: f64 = 0.5;

/// While fewer requests come, none is refused, whatever the delay: then it is not they who are too many. Of how many come, what
/// was before so long ago counts for a third: a few dozen at one instant are few.
pub const LEAST_PER_SECOND: u64 = 2_000;
const FEW_MEMORY_MS: f64 = 250.0;

/// What one request is to do, against a question.
const fn work(class: Class) -> f64 {
    match class {
        Class::Read | Class::Quiz | Class::Poll => 1.0,
        Class::Order => 2.0,
        Class::Pay => 5.0 / 3.0,
    }
}

/// The work that one which is taken brings with it, itself included: a question is followed by an answer, an order, a poll, and a
/// payment that takes three. What is let in now is work for later.
const fn brings(class: Class) -> f64 {
    match class {
        Class::Quiz => 12.0,
        Class::Order => 9.0,
        Class::Read | Class::Poll | Class::Pay => work(class),
    }
}

/// What it is to refuse one. Without it what can be done would seem to shrink with a crowd, and to grow only slowly after it.
const REFUSAL: f64 = 0.3;

/// Where work waits too long as much begins as brings this share of what can be done, at a delay of [`FAR_OFF`] times the most
/// and above; below that, more. All that waits was let in before, and is done before long.
const LEAST_SHARE: f64 = 0.4;
const FAR_OFF: f64 = 8.0;

/// However many are to be refused, this share of what can be done is for those who begin.
const LEAST_ROOM: f64 = 0.1;

/// What can be done is known from when work waited. While none waits and some are refused it is taken to be so many times as
/// much after a second, and so many times while hardly anything waits; while nobody is refused it is slowly forgotten.
const RISE: f64 = 1.25;
const RISE_CALM: f64 = 2.0;
const RISE_UNUSED: f64 = 1.05;
const CALM: f64 = 0.25;

/// Who is further on than the beginning is refused only where they alone are so many times what can be done.
const TOO_MANY_FURTHER_ON: f64 = 1.3;

/// Of the rates, what was before so long ago counts for a third; of the work that is done, of what was done for long, and of what
/// can be done likewise.
const RATE_MEMORY_MS: f64 = 15.0;
const DONE_MEMORY_MS: f64 = 50.0;
const LONG_DONE_MEMORY_MS: f64 = 1_000.0;
const POSSIBLE_MEMORY_MS: f64 = 600.0;

/// How much what was measured over so long counts, against all before.
fn weight(since_last_ms: f64, memory_ms: f64) -> f64 {
    1.0 - (-since_last_ms / memory_ms).exp()
}

/// The bar, as requests meet it, and what they were.
#[derive(Debug, Default)]
pub struct Overload {
    bar: AtomicU32,
    delay_us: AtomicU32,
    met: [Met; 5],
}

/// Apart from each other in memory: every request of every thread counts here.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Met {
    offered: AtomicU64,
    shed: AtomicU64,
}

impl Overload {
    /// Whether a request is taken, counted either way. `random` decides within its class.
    pub fn admits(&self, class: Class, random: u32) -> bool {
        let met = &self.met[class as usize];
        met.offered.fetch_add(1, Ordering::Relaxed);
        let bar = self.bar.load(Ordering::Relaxed);
        let admits = bar == 0 || class == Class::Pay || class as u32 * STEPS + random % STEPS >= bar;
        if !admits {
            met.shed.fetch_add(1, Ordering::Relaxed);
        }
        admits
    }

    /// Whether any request may be refused now.
    #[must_use]
    pub fn is_shedding(&self) -> bool {
        self.bar.load(Ordering::Relaxed) > 0
    }

    /// How long work waits for a thread now, on the mean.
    #[must_use]
    pub fn delay_us(&self) -> u32 {
        self.delay_us.load(Ordering::Relaxed)
    }

    /// The share of a class that is let in now, 0 to 1.
    #[must_use]
    pub fn share_of(&self, class: Class) -> f64 {
        share_above(self.bar.load(Ordering::Relaxed), class)
    }

    /// How many of a class came so far, and how many of them were refused.
    #[must_use]
    pub fn counts(&self, class: Class) -> (u64, u64) {
        let met = &self.met[class as usize];
        (met.offered.load(Ordering::Relaxed), met.shed.load(Ordering::Relaxed))
    }
}

fn share_above(bar: u32, class: Class) -> f64 {
    let refused = bar.saturating_sub(class as u32 * STEPS).min(STEPS);
    if class == Class::Pay { 1.0 } else { 1.0 - f64::from(refused) / f64::from(STEPS) }
}

/// Moves the bar. One task has it, and looks every [`LOOK_EVERY_MS`].
#[derive(Debug, Default)]
pub struct Watch {
    counted: [(u64, u64); 5],
    /// Requests of each class in a look's time, smoothed.
    offered: [f64; 5],
    /// All requests in a look's time, smoothed over longer.
    come: f64,
    /// What is done in a look's time, smoothed, and over a longer time.
    done: f64,
    long_done: f64,
    delay_us: f64,
    /// What can be done in a look's time, as far as it is known.
    possible: Option<f64>,
}

impl Watch {
    /// Takes one look: how long work that comes to its turn now has waited for a thread, how long it may wait, and how long ago
    /// the last look was.
    pub fn look(&mut self, overload: &Overload, waited_us: u64, most_delay_us: u32, since_last_ms: f64) {
        let looks = (since_last_ms / LOOK_EVERY_MS as f64).max(0.1);
        let (mut come, mut done) = (0.0, 0.0);
        for class in Class::ALL {
            let (offered, shed) = overload.counts(class);
            let (offered_before, shed_before) = std::mem::replace(&mut self.counted[class as usize], (offered, shed));
            let (offered, shed) = (offered - offered_before, shed - shed_before);
            let rate = &mut self.offered[class as usize];
            *rate += (offered as f64 / looks - *rate) * weight(since_last_ms, RATE_MEMORY_MS);
            come += offered as f64 / looks;
            done += (offered.saturating_sub(shed) as f64 * work(class) + shed as f64 * REFUSAL) / looks;
        }
        self.come += (come - self.come) * weight(since_last_ms, FEW_MEMORY_MS);
        self.done += (done - self.done) * weight(since_last_ms, DONE_MEMORY_MS);
        self.long_done += (done - self.long_done) * weight(since_last_ms, LONG_DONE_MEMORY_MS);
        self.delay_us += (waited_us as f64 - self.delay_us) * weight(since_last_ms, MEMORY_MS).min(MOST_WEIGHT);
        overload.delay_us.store(self.delay_us as u32, Ordering::Relaxed);
        let delay = self.delay_us / f64::from(most_delay_us);
        let is_few = self.come < (LEAST_PER_SECOND * LOOK_EVERY_MS) as f64 / 1e3;
        // After a moment in which nothing was done, for whatever reason, it can do what it did before all the same.
        let done = self.done.max(self.long_done);
        self.possible = match self.possible {
            None => (delay > 1.0 && !is_few).then_some(done),
            Some(possible) if delay > 1.0 && !is_few => {
                Some(possible + (done - possible) * weight(since_last_ms, POSSIBLE_MEMORY_MS))
            }
            Some(possible) => {
                let rise = match overload.is_shedding() {
                    false => RISE_UNUSED,
                    true if delay < CALM => RISE_CALM,
                    true => RISE,
                };
                Some(possible * rise.powf(since_last_ms / 1e3)).filter(|possible| possible.is_finite())
            }
        };
        let bar = self.possible.filter(|_| !is_few).map_or(0, |possible| self.bar(possible, delay));
        overload.bar.store(bar, Ordering::Relaxed);
    }

    /// Where the bar stands if so much can be done in a look's time: as many of the least important go on as leave room for the
    /// rest, and for what they bring with them.
    fn bar(&self, possible: f64, delay: f64) -> u32 {
        let work_of = |class: Class| self.offered[class as usize] * work(class);
        let already = [Class::Pay, Class::Poll].into_iter().map(work_of).sum::<f64>();
        let further_on = already + work_of(Class::Order);
        if further_on > possible * TOO_MANY_FURTHER_ON {
            let class = if already < possible { Class::Order } else { Class::Poll };
            return self.bar_at(class, possible / brings(class));
        }
        let share = ((FAR_OFF - delay) / (FAR_OFF - 1.0)).clamp(0.0, 1.0);
        let [reads, questions] = [Class::Read, Class::Quiz].map(|class| self.offered[class as usize]);
        // Who does not begin is refused, and so are all that only read.
        let room = possible * (LEAST_SHARE + (1.0 - LEAST_SHARE) * share) - (reads + questions) * REFUSAL;
        let to_begin = room / (brings(Class::Quiz) - REFUSAL);
        if questions > to_begin {
            return self.bar_at(Class::Quiz, to_begin.max(possible * LEAST_ROOM / brings(Class::Quiz)));
        }
        let room = possible * share - further_on - work_of(Class::Quiz) - reads * REFUSAL;
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
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Requests that are refused in the time that one takes.
    const REFUSALS: f64 = 7.0;

    /// Looks between one step of a shopper and the next.
    const THINKING: usize = 20;

    /// A server that does `capacity` requests in a look's time and refuses [`REFUSALS`] in the time of one. A request is judged when
    /// it is read; until then it waits. Who is let in goes on after a while: question, answer, order, poll, payment.
    struct Simulated {
        overload: Overload,
        watch: Watch,
        capacity: f64,
        waiting: VecDeque<Class>,
        /// By the look in which they come.
        to_come: VecDeque<Vec<Class>>,
        random: u32,
    }

    impl Simulated {
        fn new(capacity: f64) -> Self {
            let to_come = (0..THINKING).map(|_| Vec::new()).collect();
            let (overload, watch) = (Overload::default(), Watch::default());
            Self { overload, watch, capacity, waiting: VecDeque::new(), to_come, random: 0 }
        }

        /// The time of one look, in which so many shoppers come. As many were done with their way.
        fn step(&mut self, come: u32) -> f64 {
            self.waiting.extend(self.to_come.pop_front().into_iter().flatten());
            self.waiting.extend((0..come).map(|_| Class::Quiz));
            let (mut done, mut time, mut next) = (0.0, self.capacity, Vec::new());
            while time >= 1.0
                && let Some(class) = self.waiting.pop_front()
            {
                self.random = self.random.wrapping_add(0x9E37_79B9);
                let is_admitted = self.overload.admits(class, self.random.rotate_left(11));
                time -= if is_admitted { 1.0 } else { 1.0 / REFUSALS };
                match class {
                    _ if !is_admitted => {}
                    Class::Quiz => next.push(Class::Order),
                    Class::Order => next.push(Class::Poll),
                    Class::Poll => next.push(Class::Pay),
                    Class::Pay | Class::Read => done += 1.0,
                }
            }
            self.to_come.push_back(next);
            let delay_us = self.waiting.len() as f64 / self.capacity * LOOK_EVERY_MS as f64 * 1e3;
            self.watch.look(&self.overload, delay_us as u64, MOST_DELAY_US, LOOK_EVERY_MS as f64);
            done
        }

        fn steps(&mut self, looks: u32, come: u32) -> f64 {
            (0..looks).map(|_| self.step(come)).sum()
        }
    }

    #[test]
    fn at_many_times_the_capacity_as_many_are_served_as_refusing_leaves_time_for() {
        for (times, share) in [(2, 0.9), (5, 0.9), (10, 0.85), (20, 0.75)] {
            // 25 shoppers of four requests each are all that it can do in a look.
            let mut server = Simulated::new(100.0);
            server.steps(400, 25 * times);
            let (mut served, mut waits) = (0.0, Vec::new());
            for _ in 0..2_000 {
                served += server.step(25 * times) / 2_000.0;
                waits.push(server.waiting.len());
            }
            waits.sort_unstable();
            // Four requests of each who is served, and a refusal for each who is not.
            let possible = (100.0 - f64::from(25 * times) / REFUSALS) / (4.0 - 1.0 / REFUSALS);
            assert!(served > share * possible, "{times}: {served} of {possible}");
            // A hundred is what it does in a look's time, 5 ms.
            let (middle, most) = (waits[1_000], waits[1_950]);
            assert!(middle < 400 && most < 1_500, "{times}: {middle} wait in the middle, {most} at the worst");
        }
    }

    #[test]
    fn within_a_tenth_of_a_second_after_the_crowd_has_gone_everybody_is_let_in() {
        let mut server = Simulated::new(100.0);
        server.steps(1_000, 300);
        assert!(server.overload.share_of(Class::Quiz) < 0.2);
        server.steps(20, 12);
        assert!(server.overload.share_of(Class::Quiz) > 0.99, "{:?}", server.watch);
    }

    #[test]
    fn the_least_important_are_refused_first_and_payments_never() {
        let overload = Overload::default();
        let mut watch = Watch::default();
        for look in 1..=2_000_u32 {
            for request in 0..200_u32 {
                let class = Class::ALL[request as usize % 5];
                overload.admits(class, request.wrapping_mul(0x9E37_79B9).rotate_left(look));
            }
            watch.look(&overload, 40_000, MOST_DELAY_US, LOOK_EVERY_MS as f64);
        }
        let share = |class: Class| overload.share_of(class);
        assert_eq!([share(Class::Read), share(Class::Pay)], [0.0, 1.0]);
        assert!(share(Class::Quiz) < 0.5, "{watch:?}");
        assert!(share(Class::Order) > share(Class::Quiz) && share(Class::Poll) >= share(Class::Order), "{watch:?}");
        let (came, refused) = overload.counts(Class::Pay);
        assert!(came > 0 && refused == 0);
    }

    #[test]
    fn few_requests_are_never_refused_and_neither_is_anything_for_one_long_delay() {
        let mut server = Simulated::new(1.0);
        server.steps(1_000, 2);
        assert!(server.waiting.len() > 1_000 && !server.overload.is_shedding());
        let (overload, mut watch) = (Overload::default(), Watch::default());
        for look in 0..1_000 {
            (0..100).for_each(|_| assert!(overload.admits(Class::Read, 0)));
            let delay_us = if look % 100 == 0 { 90_000 } else { 0 };
            watch.look(&overload, delay_us, MOST_DELAY_US, LOOK_EVERY_MS as f64);
        }
    }

    #[test]
    fn a_few_dozen_at_one_instant_are_not_refused_however_slow_the_machine_is() {
        let (overload, mut watch) = (Overload::default(), Watch::default());
        for look in 0..400 {
            let come = if look % 50 == 0 { 100 } else { 1 };
            (0..come).for_each(|request| assert!(overload.admits(Class::Quiz, request * 77), "look {look}"));
            watch.look(&overload, 200_000, MOST_DELAY_US, LOOK_EVERY_MS as f64);
        }
    }

    #[test]
    fn once_it_is_calm_nothing_is_refused_any_more() {
        let mut server = Simulated::new(100.0);
        server.steps(400, 500);
        assert!(server.overload.is_shedding());
        server.steps(400, 12);
        assert!(!server.overload.is_shedding(), "{:?}", server.watch);
    }
}
