//! Which requests are still taken when more come than can be answered in time.
//!
//! After DAGOR (Zhou et al., "Overload Control for Scaling WeChat Microservices", SoCC 2018): the sign of overload is the
//! time that work waits for a thread, and not the time that it takes; what is refused is refused by its priority, least
//! first; the bar moves by shares of what was let in. Ours differs in two things. It looks every few milliseconds, since a
//! sale is over in seconds. And it limits how many are let in, not which share: whoever is let in brings more requests
//! later, so the limit moves no oftener than that shows, while a crowd that comes or goes meets it at once. Pure: no clock,
//! no randomness, no threads.

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

    fn below(self) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|class| *class < self)
    }

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

/// How much each delay counts for the mean, against all before. One alone may be the system's doing.
const LATEST_DELAY: f64 = 0.1;

/// While fewer requests come, none is refused, whatever the delay: then it is not they who are too many.
pub const LEAST_PER_SECOND: u64 = 2_000;

/// Requests that one which is taken brings with it, itself included: a question is followed by an answer, an order, a poll and
/// a payment of two parts. What is let in now is work for later.
const fn brings(class: Class) -> f64 {
    match class {
        Class::Quiz => 6.0,
        Class::Order => 4.0,
        Class::Read | Class::Poll | Class::Pay => 1.0,
    }
}

/// What was let in shows so much later what it brought: the limit rests that long between two moves.
const REST_MS: f64 = 150.0;

/// It rests so long only where nothing is known yet of what is too much.
const SHORT_REST_MS: f64 = 25.0;

/// A delay of so many times the most is far off.
const FAR_OFF: f64 = 8.0;

/// A delay that is below this share of what it was shrinks.
const SHRINKING: f64 = 0.95;

/// The limit falls to this share, and to this one where the delay is far off.
const FALL: f64 = 0.9;
const FALL_FAR: f64 = 0.7;

/// It rises by this factor near what was too much before, and by this one far below it, or where nothing is known yet.
const RISE: f64 = 1.03;
const RISE_FAR: f64 = 1.3;
const NEAR: f64 = 0.85;

/// What was too much before says less with each rise after it.
const FORGET: f64 = 1.06;

/// How much each look counts for the rates, against all before.
const LATEST: f64 = 0.3;

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

/// As many requests of one class are let in; all of the classes above, none of those below.
#[derive(Clone, Copy, Debug)]
struct Limit {
    class: Class,
    /// In a look's time.
    most: f64,
    /// This was too much; none where that is not known yet.
    too_much: Option<f64>,
    rested_ms: f64,
    /// When it last moved, or might have.
    delay_us: f64,
}

/// Moves the bar. One task has it, and looks every [`LOOK_EVERY_MS`].
#[derive(Debug, Default)]
pub struct Watch {
    counted: [u64; 5],
    /// Requests of each class in a look's time, smoothed.
    offered: [f64; 5],
    delay_us: f64,
    limit: Option<Limit>,
}

impl Watch {
    /// Takes one look: how long work waited for a thread each time since the last, how long it may wait, and how long ago the
    /// last look was.
    pub fn look(
        &mut self,
        overload: &Overload,
        delays_us: impl Iterator<Item = u64>,
        most_delay_us: u32,
        since_last_ms: f64,
    ) {
        let looks = (since_last_ms / LOOK_EVERY_MS as f64).max(0.1);
        for class in Class::ALL {
            let (offered, _) = overload.counts(class);
            let since = offered - std::mem::replace(&mut self.counted[class as usize], offered);
            let rate = &mut self.offered[class as usize];
            *rate += (since as f64 / looks - *rate) * LATEST;
        }
        for delay_us in delays_us {
            self.delay_us += (delay_us as f64 - self.delay_us) * LATEST_DELAY;
        }
        overload.delay_us.store(self.delay_us as u32, Ordering::Relaxed);
        let (delay_us, most_delay_us) = (self.delay_us, f64::from(most_delay_us));
        let is_overload = delay_us > most_delay_us;
        let is_far_off = delay_us > most_delay_us * FAR_OFF;
        let few = self.offered.iter().sum::<f64>() < (LEAST_PER_SECOND * LOOK_EVERY_MS) as f64 / 1e3;
        self.limit = match self.limit {
            _ if few => None,
            None if is_overload => Some(self.first_limit()),
            None => None,
            Some(limit) => {
                let limit = Limit { rested_ms: limit.rested_ms + since_last_ms, ..limit };
                let rest_ms = if limit.too_much.is_none() { SHORT_REST_MS } else { REST_MS };
                if limit.rested_ms < rest_ms {
                    Some(limit)
                } else if is_overload && delay_us > limit.delay_us * SHRINKING {
                    let limit = Limit { delay_us, ..limit };
                    Some(self.lower(limit, if is_far_off { FALL_FAR } else { FALL }))
                } else if is_overload {
                    // What waits gets less: the limit is low enough.
                    Some(Limit { delay_us, rested_ms: 0.0, ..limit })
                } else {
                    self.higher(limit)
                }
            }
        };
        overload.bar.store(self.limit.map_or(0, |limit| self.bar_of(limit)), Ordering::Relaxed);
    }

    /// All that was answered while it was too much is what can be answered: as many of the least important go on as leave
    /// room for the rest, and for what they bring with them.
    fn first_limit(&self) -> Limit {
        let possible = self.offered.iter().sum::<f64>() * FALL;
        let mut room = possible - self.offered[Class::Pay as usize];
        let mut class = Class::Poll;
        while room > self.offered[class as usize]
            && let Some(below) = class.below()
        {
            room -= self.offered[class as usize];
            class = below;
        }
        let most = room.min(possible / brings(class)).max(1.0);
        Limit { class, most, too_much: Some(most * 2.0), rested_ms: 0.0, delay_us: 0.0 }
    }

    fn lower(&self, limit: Limit, share: f64) -> Limit {
        let limit = Limit { most: limit.most * share, too_much: Some(limit.most), rested_ms: 0.0, ..limit };
        let next = Class::ALL[(limit.class as usize + 1).min(Class::Poll as usize)];
        if limit.most >= 1.0 || next == limit.class {
            return Limit { most: limit.most.max(1.0), ..limit };
        }
        Limit { class: next, most: self.offered[next as usize] * share, ..limit }
    }

    /// None where nothing need be refused any more.
    fn higher(&self, limit: Limit) -> Option<Limit> {
        if limit.most < self.offered[limit.class as usize] {
            let is_near = limit.too_much.is_some_and(|too_much| limit.most > too_much * NEAR);
            let rise = if is_near { RISE } else { RISE_FAR };
            let too_much = limit.too_much.map(|too_much| too_much * FORGET);
            return Some(Limit { most: limit.most * rise, too_much, rested_ms: 0.0, ..limit });
        }
        // All of the class are let in: on with the next, carefully.
        let below = limit.class.below()?;
        let most = self.offered[below as usize].mul_add(0.1, 1.0);
        Some(Limit { class: below, most, too_much: None, rested_ms: 0.0, delay_us: 0.0 })
    }

    fn bar_of(&self, Limit { class, most, .. }: Limit) -> u32 {
        let offered = self.offered[class as usize];
        let share = if offered > most { most / offered } else { 1.0 };
        class as u32 * STEPS + ((1.0 - share) * f64::from(STEPS)).round() as u32
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Looks between one step of a shopper and the next.
    const THINKING: usize = 20;

    /// A server that does `capacity` requests in a look's time and refuses fifty in the time of one. A request is judged when
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
                time -= if is_admitted { 1.0 } else { 1.0 / 50.0 };
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
            self.watch.look(&self.overload, [delay_us as u64].into_iter(), MOST_DELAY_US, LOOK_EVERY_MS as f64);
            done
        }

        fn steps(&mut self, looks: u32, come: u32) -> f64 {
            (0..looks).map(|_| self.step(come)).sum()
        }
    }

    #[test]
    fn at_many_times_the_capacity_as_many_are_served_as_refusing_leaves_time_for() {
        for times in [2, 5, 10, 20] {
            // 25 shoppers of four requests each are all that it can do in a look.
            let mut server = Simulated::new(100.0);
            server.steps(400, 25 * times);
            let served = server.steps(2_000, 25 * times) / 2_000.0;
            let possible = (100.0 - f64::from(25 * (times - 1)) / 50.0) / 4.0;
            assert!(served > 0.85 * possible, "{times}: {served} of {possible}");
            assert!(server.waiting.len() < 1_000, "{times}: {} wait", server.waiting.len());
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
            watch.look(&overload, [40_000].into_iter(), MOST_DELAY_US, LOOK_EVERY_MS as f64);
        }
        let share = |class: Class| overload.share_of(class);
        assert_eq!([share(Class::Read), share(Class::Quiz), share(Class::Pay)], [0.0, 0.0, 1.0]);
        assert!(share(Class::Poll) > share(Class::Order), "{watch:?}");
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
            watch.look(&overload, [delay_us].into_iter(), MOST_DELAY_US, LOOK_EVERY_MS as f64);
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
