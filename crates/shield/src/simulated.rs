//! A server and its crowds, simulated: what comes is judged when it is read, and waits until then.

use std::collections::VecDeque;

use crate::admission::{ByLot, Rounds};
use crate::overload::{Class, LOOK_EVERY_MS, MOST_DELAY_US, Overload};
use crate::watch::{Look, Watch, work};

/// As many as it is taken for.
pub(crate) const REFUSALS: f64 = 3.0;

/// A question, an answer, an order, a poll, and a payment.
const WAY: [Class; 7] = [Class::Quiz, Class::Order, Class::Order, Class::Poll, Class::Pay, Class::Pay, Class::Pay];

/// Looks from each of these to the next: a shopper in a hurry, who waits for nothing but the poll.
const PAUSES: [usize; 7] = [1, 1, 30, 1, 1, 1, 1];
const MOST_PAUSE: usize = 110;
/// The step that tells who waits for it that the order is held.
const POLL: usize = 3;

/// A server that does so much in a look's time. A request is judged when it is read; until then it waits. Who is let in goes on
/// after a while.
pub(crate) struct Simulated {
    pub(crate) overload: Overload,
    pub(crate) watch: Watch,
    pub(crate) capacity: f64,
    /// Requests that are refused in the time that a question takes.
    pub(crate) refusals: f64,
    pub(crate) waiting: VecDeque<Request>,
    /// By the look in which they come.
    to_come: VecDeque<Vec<Request>>,
    random: u32,
    pub(crate) rounds: Rounds,
    looks: usize,
    /// Orders are decided together, once in so many looks.
    pub(crate) decided_every: usize,
    /// Of those of the crowd who were let in.
    pub(crate) let_in: Vec<u32>,
    /// How many who were in the crowd at one item were done with their way, and how many who were not.
    pub(crate) served: [u32; 2],
}

/// Which step of the way it is, and whether its shopper is in the crowd at one item.
#[derive(Clone, Copy)]
pub(crate) struct Request {
    step: usize,
    is_crowd: bool,
    lot: u32,
}

impl Request {
    fn class(self) -> Class {
        if self.step == 0 && self.is_crowd { Class::Crowd } else { WAY[self.step] }
    }
}

impl Simulated {
    pub(crate) fn new(capacity: f64) -> Self {
        let to_come = (0..=MOST_PAUSE).map(|_| Vec::new()).collect();
        Self {
            overload: Overload::default(),
            watch: Watch::new(1.0),
            capacity,
            refusals: REFUSALS,
            waiting: VecDeque::new(),
            to_come,
            random: 0,
            rounds: Rounds::default(),
            looks: 0,
            decided_every: 1,
            let_in: Vec::new(),
            served: [0, 0],
        }
    }

    /// The time of one look, in which so many shoppers come. As many were done with their way.
    pub(crate) fn step(&mut self, come: u32) -> f64 {
        let before: u32 = self.served.iter().sum();
        self.step_with(come, 0);
        f64::from(self.served.iter().sum::<u32>() - before)
    }

    /// The same, and so many more come to one item.
    pub(crate) fn step_with(&mut self, come: u32, crowd: u32) {
        // The others stand between those of the crowd.
        let every = (come + crowd).checked_div(come).unwrap_or(u32::MAX);
        self.take((0..come + crowd).map(|number| Request { step: 0, is_crowd: number % every != 0, lot: number }));
    }

    /// The time of one look, in which so many come with a pass that they have had for long.
    pub(crate) fn step_with_passes(&mut self, come: u32) {
        self.take((0..come).map(|lot| Request { step: POLL - 1, is_crowd: false, lot }));
    }

    /// The time of one look, in which shoppers of these lots come to one item, and lots are drawn where that is needed.
    pub(crate) fn step_by_lots(&mut self, lots: impl Iterator<Item = u32>) {
        let busy = self.take(lots.map(|lot| Request { step: 0, is_crowd: true, lot }));
        let seed = self.random();
        self.rounds.look(&self.overload, &self.watch, busy, LOOK_EVERY_MS as f64, || seed);
    }

    pub(crate) fn random(&mut self) -> u32 {
        self.random = self.random.wrapping_add(0x9E37_79B9);
        self.random.rotate_left(11)
    }

    /// How many looks later a shopper takes this step.
    fn pause_before(&self, step: usize) -> usize {
        let pause = PAUSES[step - 1];
        let every = if step == POLL { self.decided_every } else { 1 };
        (self.looks + pause).next_multiple_of(every) - self.looks
    }

    fn admits(&mut self, request: Request) -> bool {
        let random = self.random();
        match request.class() {
            Class::Crowd => self.overload.admits_by_lot(Some(request.lot), random) == ByLot::Begins,
            class => self.overload.admits(class, random),
        }
    }

    /// The share of the time that was used.
    fn take(&mut self, come: impl Iterator<Item = Request>) -> f64 {
        self.looks += 1;
        self.waiting.extend(self.to_come.pop_front().into_iter().flatten());
        self.to_come.push_back(Vec::new());
        self.waiting.extend(come);
        let mut time = self.capacity;
        while time > 0.0
            && let Some(request) = self.waiting.pop_front()
        {
            let step = request.step;
            let is_admitted = self.admits(request);
            time -= if is_admitted { work(WAY[step]) } else { 1.0 / self.refusals };
            self.let_in.extend((is_admitted && request.class() == Class::Crowd).then_some(request.lot));
            match step + 1 {
                _ if !is_admitted => {}
                further if further == WAY.len() => self.served[usize::from(!request.is_crowd)] += 1,
                further => {
                    let after = self.pause_before(further);
                    self.to_come[after - 1].push(Request { step: further, ..request });
                }
            }
        }
        let waiting: f64 = self.waiting.iter().map(|request| work(WAY[request.step])).sum();
        let delay_us = waiting / self.capacity * LOOK_EVERY_MS as f64 * 1e3;
        let busy = 1.0 - time.max(0.0) / self.capacity;
        self.watch.look(&self.overload, Look { busy, ..seen(delay_us as u64) });
        busy
    }

    pub(crate) fn steps(&mut self, looks: u32, come: u32) -> f64 {
        (0..looks).map(|_| self.step(come)).sum()
    }
}

/// A look at the usual time, by which the processor has time left.
pub(crate) fn seen(waited_us: u64) -> Look {
    Look { waited_us, most_delay_us: MOST_DELAY_US, busy: 0.5, since_last_ms: LOOK_EVERY_MS as f64 }
}

pub(crate) fn way() -> f64 {
    WAY.into_iter().map(work).sum()
}
