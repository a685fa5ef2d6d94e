//! Which requests are still taken when more come than can be answered in time.
//!
//! After DAGOR (Zhou et al., "Overload Control for Scaling WeChat Microservices", SoCC 2018): the sign of overload is the
//! time that work waits for a thread, and not the time that it takes; what is refused is refused by its priority, least
//! first. Ours differs in two things. It looks every few milliseconds, since a sale is over in seconds. And its bar does not
//! rise and fall by shares: what can be done is measured while work waits, and as many begin as bring that much work with
//! them, so that a crowd that comes or goes meets a limit that is right at once. Pure: no clock, no randomness, no threads.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::admission::Lottery;
use crate::room::Room;

/// What a request is for; the least important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Lists, accounts, states, files: what can be asked again.
    Read,
    /// Somebody begins, at an item that the crowd is at.
    Crowd,
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
    pub const ALL: [Self; 6] = [Self::Read, Self::Crowd, Self::Quiz, Self::Order, Self::Poll, Self::Pay];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Crowd => "crowd",
            Self::Quiz => "quiz",
            Self::Order => "order",
            Self::Poll => "poll",
            Self::Pay => "pay",
        }
    }
}

/// Steps within a class: a share of it can be refused.
pub(crate) const STEPS: u32 = 1_024;

/// How often the delay is to be measured.
pub const LOOK_EVERY_MS: u64 = 5;

/// Work may wait so long for a thread on the mean, unless somebody says otherwise.
pub const MOST_DELAY_US: u32 = 10_000;

/// The bar, as requests meet it, and what they were.
#[derive(Debug, Default)]
pub struct Overload {
    pub(crate) bar: AtomicU32,
    pub(crate) delay_us: AtomicU32,
    met: [Met; 6],
    refused_beside: AtomicU64,
    pub(crate) room: Room,
    /// Who of a crowd comes here at all.
    pub lottery: Lottery,
}

/// Apart from each other in memory: every request of every thread counts here.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Met {
    offered: AtomicU64,
    shed: AtomicU64,
}

/// Why a request is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    ByTheBar,
    /// As many have begun since the last look as may; within a few milliseconds there is room again.
    NoRoomNow,
}

impl Overload {
    /// Whether a request is taken, counted either way. `random` decides within its class.
    pub fn admits(&self, class: Class, random: u32) -> bool {
        self.judge(class, random).is_ok()
    }

    pub(crate) fn judge(&self, class: Class, random: u32) -> Result<(), Refusal> {
        let met = &self.met[class as usize];
        met.offered.fetch_add(1, Ordering::Relaxed);
        let bar = self.bar.load(Ordering::Relaxed);
        let is_above = bar == 0 || class == Class::Pay || rank(class, bar) * STEPS + random % STEPS >= bar;
        let judged = match class {
            _ if !is_above => Err(Refusal::ByTheBar),
            Class::Crowd | Class::Quiz if !self.room.take(class == Class::Crowd) => Err(Refusal::NoRoomNow),
            _ => Ok(()),
        };
        if judged.is_err() {
            met.shed.fetch_add(1, Ordering::Relaxed);
        }
        judged
    }

    /// Whether any request may be refused at this moment.
    #[must_use]
    pub fn may_refuse(&self) -> bool {
        self.is_overrun() || self.room.is_empty()
    }

    /// Counts a request that something else has refused, as cheaply, before it came here: it was work all the same.
    pub fn refused_beside(&self) {
        self.refused_beside.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts_beside(&self) -> u64 {
        self.refused_beside.load(Ordering::Relaxed)
    }

    /// Whether any request may be refused now.
    #[must_use]
    pub fn is_shedding(&self) -> bool {
        self.bar.load(Ordering::Relaxed) > 0
    }

    /// Whether more come than can be served: any request may be refused, or lots are drawn.
    #[must_use]
    pub fn is_overrun(&self) -> bool {
        self.is_shedding() || self.lottery.is_on()
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

/// Where a class stands under a bar. One within those who begin elsewhere says that they are a crowd themselves: then all who begin are alike.
const fn rank(class: Class, bar: u32) -> u32 {
    match class {
        Class::Crowd if bar > Class::Quiz as u32 * STEPS => Class::Quiz as u32,
        class => class as u32,
    }
}

fn share_above(bar: u32, class: Class) -> f64 {
    let refused = bar.saturating_sub(rank(class, bar) * STEPS).min(STEPS);
    if class == Class::Pay { 1.0 } else { 1.0 - f64::from(refused) / f64::from(STEPS) }
}
