//! Which requests are still taken when more come than can be answered in time.
//!
//! After DAGOR (Zhou et al., "Overload Control for Scaling WeChat Microservices", SoCC 2018): the sign of overload is the
//! time that work waits for a thread, and not the time that it takes; what is refused is refused by its priority, least
//! first; the bar moves by shares of what was let in. Ours looks more often, since a sale is over in seconds, and goes
//! back up in steps that grow while it is far below where it last was too much. Pure: no clock, no randomness, no threads.

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

/// How often the delay is to be looked at.
pub const LOOK_EVERY_MS: u64 = 5;

/// Work may wait so long for a thread, unless somebody says otherwise.
pub const MOST_DELAY_US: u32 = 2_000;

/// It is too long when so many looks in a row found it so. One alone may be the system's doing.
const LOOKS_IN_A_ROW: u8 = 3;

/// While fewer requests come, none is refused, whatever the delay: then it is not they who are too many.
pub const LEAST_PER_SECOND: u64 = 2_000;

/// What is let in falls to this share with each look that finds too long a delay.
const FALL: f64 = 0.92;

/// It rises by this factor with each look, while it is well below what was last too much, and else by the other.
const RISE_FAR: f64 = 1.4;
const RISE_NEAR: f64 = 1.01;

/// Well below.
const FAR: f64 = 0.9;

/// How much each look counts for the rates, against all before.
const LATEST: f64 = 0.5;

/// The bar, as requests meet it, and what they were.
#[derive(Debug, Default)]
pub struct Overload {
    bar: AtomicU32,
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
    counted: [u64; 5],
    /// Requests of each class in a look's time, smoothed.
    offered: [f64; 5],
    late_looks: u8,
    last_delay_us: u32,
    /// As many were let in a look when it was last too much.
    too_much: f64,
    bar: u32,
}

impl Watch {
    /// Takes one look: how long work waits for a thread now and may wait at most, and how long ago the last look was.
    pub fn look(&mut self, overload: &Overload, delay_us: u32, most_delay_us: u32, since_last_ms: f64) {
        let looks = (since_last_ms / LOOK_EVERY_MS as f64).max(0.1);
        for class in Class::ALL {
            let (offered, _) = overload.counts(class);
            let since = offered - std::mem::replace(&mut self.counted[class as usize], offered);
            let rate = &mut self.offered[class as usize];
            *rate += (since as f64 / looks - *rate) * LATEST;
        }
        let is_late = delay_us > most_delay_us;
        self.late_looks = if is_late { (self.late_looks + 1).min(LOOKS_IN_A_ROW) } else { 0 };
        let is_getting_worse = delay_us >= std::mem::replace(&mut self.last_delay_us, delay_us);
        let admitted = self.admitted_at(self.bar);
        if self.offered.iter().sum::<f64>() < (LEAST_PER_SECOND * LOOK_EVERY_MS) as f64 / 1e3 {
            self.bar = 0;
        } else if self.late_looks == LOOKS_IN_A_ROW {
            // While the backlog shrinks the bar is high enough.
            if is_getting_worse {
                self.too_much = admitted;
                self.bar = self.bar_for(admitted * FALL);
            }
        } else if self.bar > 0 && !is_late {
            let rise = if admitted < self.too_much * FAR { RISE_FAR } else { RISE_NEAR };
            // From nothing no factor leads back.
            self.bar = self.bar_for((admitted * rise).max(1.0)).min(self.bar - 1);
        }
        overload.bar.store(self.bar, Ordering::Relaxed);
    }

    /// Of what comes, as much as that bar lets in.
    fn admitted_at(&self, bar: u32) -> f64 {
        Class::ALL.into_iter().map(|class| self.offered[class as usize] * share_above(bar, class)).sum()
    }

    /// The lowest bar that lets in no more than `wanted`.
    fn bar_for(&self, wanted: f64) -> u32 {
        let mut above = self.offered[Class::Pay as usize];
        for class in Class::ALL.into_iter().rev().skip(1) {
            let of_class = self.offered[class as usize];
            if above + of_class > wanted {
                let share = ((wanted - above) / of_class).clamp(0.0, 1.0);
                return class as u32 * STEPS + ((1.0 - share) * f64::from(STEPS)).ceil() as u32;
            }
            above += of_class;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A server that does `capacity` requests in a look's time and refuses forty in the time of one, and its crowd. A request is
    /// judged when it is read; until then it waits. All classes come alike, but for payments, of which there are few.
    struct Simulated {
        overload: Overload,
        watch: Watch,
        capacity: f64,
        waiting: u32,
        random: u32,
    }

    impl Simulated {
        fn new(capacity: f64) -> Self {
            Self { overload: Overload::default(), watch: Watch::default(), capacity, waiting: 0, random: 0 }
        }

        /// The time of one look. As many were answered.
        fn step(&mut self, offered: u32) -> f64 {
            self.waiting += offered;
            let (mut answered, mut time) = (0.0, self.capacity);
            while time >= 1.0 && self.waiting > 0 {
                self.waiting -= 1;
                self.random = self.random.wrapping_add(0x9E37_79B9);
                let class = match self.random >> 8 {
                    few if few % 100 == 0 => Class::Pay,
                    others => Class::ALL[others as usize % 4],
                };
                let is_admitted = self.overload.admits(class, self.random.rotate_left(11));
                answered += f64::from(u8::from(is_admitted));
                time -= if is_admitted { 1.0 } else { 1.0 / 40.0 };
            }
            let delay_us = f64::from(self.waiting) / self.capacity * LOOK_EVERY_MS as f64 * 1e3;
            self.watch.look(&self.overload, delay_us as u32, MOST_DELAY_US, LOOK_EVERY_MS as f64);
            answered
        }
    }

    #[test]
    fn at_many_times_the_capacity_as_much_is_done_as_refusing_leaves_time_for() {
        for times in [2, 5, 10, 20] {
            let mut server = Simulated::new(100.0);
            (0..100).for_each(|_| {
                server.step(100 * times);
            });
            let (mut answered, mut late_looks) = (0.0, 0);
            for _ in 0..400 {
                answered += server.step(100 * times);
                late_looks += u32::from(server.waiting > server.capacity as u32);
            }
            let possible = 400.0 * (server.capacity - (f64::from(times) - 1.0) * server.capacity / 40.0);
            assert!(answered > 0.9 * possible, "{times}: {answered} of {possible}");
            assert!(late_looks < 100, "{times}: {late_looks}");
        }
    }

    #[test]
    fn within_a_tenth_of_a_second_after_the_crowd_has_gone_everybody_is_let_in() {
        let mut server = Simulated::new(100.0);
        (0..400).for_each(|_| {
            server.step(1_000);
        });
        assert!(server.overload.is_shedding());
        let looks = (1..=100).find(|_| {
            server.step(80);
            !server.overload.is_shedding()
        });
        assert!(looks.is_some_and(|looks| looks <= 100 / LOOK_EVERY_MS), "{looks:?}");
    }

    #[test]
    fn the_least_important_are_refused_first_and_payments_never() {
        let mut server = Simulated::new(100.0);
        (0..400).for_each(|_| {
            server.step(600);
        });
        let share = |class: Class| server.overload.share_of(class);
        assert_eq!([share(Class::Read), share(Class::Quiz), share(Class::Pay)], [0.0, 0.0, 1.0]);
        assert!(share(Class::Poll) > 0.2 && share(Class::Order) < 0.2, "{:?}", server.overload);
        let (came, refused) = server.overload.counts(Class::Pay);
        assert!(came > 0 && refused == 0);
    }

    #[test]
    fn few_requests_are_never_refused_and_neither_is_anything_for_one_late_look() {
        let mut server = Simulated::new(1.0);
        (0..1_000).for_each(|_| {
            server.step(9);
        });
        assert!(server.waiting > 1_000 && !server.overload.is_shedding());
        let mut server = Simulated::new(100.0);
        for look in 0..1_000 {
            server.waiting = if look % 3 == 0 { 1_000 } else { 0 };
            server.step(90);
            assert!(!server.overload.is_shedding());
        }
    }

    proptest! {
        #[test]
        fn a_bar_lets_in_what_it_was_made_for(offered in proptest::array::uniform5(0.0..1_000.0_f64), share in 0.0..1.0_f64) {
            let watch = Watch { offered, ..Watch::default() };
            let wanted = watch.admitted_at(0) * share;
            let admitted = watch.admitted_at(watch.bar_for(wanted));
            let never_refused = offered[Class::Pay as usize];
            prop_assert!(admitted <= wanted.max(never_refused) + 1e-6);
            prop_assert!(admitted >= wanted - 2.0, "{} instead of {}", admitted, wanted);
        }
    }
}
