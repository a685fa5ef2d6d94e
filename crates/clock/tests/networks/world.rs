//! One visitor, one server and the network between them, from one seed. Times are microseconds of true time.

use clock::{DRIFT_PPM, MAX_SLEW_PPM};
use fastrand::Rng;

/// What the delays of one way are like.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Jitter {
    None,
    Uniform,
    Exponential,
    Bell,
}

#[derive(Clone, Debug)]
pub(crate) struct Way {
    base_us: f64,
    jitter: Jitter,
    jitter_us: f64,
    loss: f64,
}

/// What TCP waits before it sends a lost packet again; twice as long each time.
const RETRANSMIT_US: f64 = 200_000.0;

impl Way {
    fn delay_us(&self, dice: &mut Rng) -> f64 {
        let (mut lost_us, mut wait_us) = (0.0, RETRANSMIT_US);
        while dice.f64() < self.loss {
            lost_us += wait_us;
            wait_us *= 2.0;
        }
        let jitter_us = match self.jitter {
            Jitter::None => 0.0,
            Jitter::Uniform => (2.0 * dice.f64() - 1.0) * self.jitter_us,
            Jitter::Exponential => exponential(dice, self.jitter_us),
            Jitter::Bell => ((0..12).map(|_| dice.f64()).sum::<f64>() - 6.0) * self.jitter_us / 2.0,
        };
        (self.base_us + jitter_us).max(100.0) + lost_us
    }
}

fn exponential(dice: &mut Rng, mean_us: f64) -> f64 {
    -mean_us * (1.0 - dice.f64()).ln()
}

/// A clock that runs too fast or too slow, by an amount that changes from minute to minute within its limit.
#[derive(Clone, Debug)]
struct Quartz {
    ppm: f64,
    wander_ppm: f64,
    limit_ppm: f64,
}

impl Quartz {
    fn reads_us(&self, true_us: f64) -> f64 {
        // The integral of a rate that swings over twenty minutes: never faster than ppm + wander.
        let turn = 1.2e9 / std::f64::consts::TAU;
        let rate = self.ppm.clamp(-self.limit_ppm + self.wander_ppm, self.limit_ppm - self.wander_ppm) / 1e6;
        true_us * (1.0 + rate) + self.wander_ppm / 1e6 * turn * (true_us / turn).sin()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) dice: Rng,
    out: Way,
    back: Way,
    /// How late the page is at noting that an answer came, and how early it believes that a request left.
    page_us: f64,
    grain_us: f64,
    visitor: Quartz,
    server: Quartz,
    /// Of each life of the server; the last is the present one.
    server_offsets_us: Vec<f64>,
    /// True time that the visitor's monotonic clock has stood still for.
    slept_us: f64,
    wall_offset_us: f64,
}

impl World {
    /// Any network: even or one-sided, calm or lossy, with clocks up to the stated limit of drift.
    pub(crate) fn any(seed: u64) -> Self {
        let mut dice = Rng::with_seed(seed);
        let out = any_way(&mut dice);
        let back = if dice.f64() < 0.6 { out.clone() } else { any_way(&mut dice) };
        Self::of(dice, out, back, 50.0)
    }

    /// An even network of a kind that phones meet, with clocks as they mostly are.
    pub(crate) fn usual(seed: u64) -> Self {
        let mut dice = Rng::with_seed(seed);
        let base_us = 5e3 + dice.f64() * 115e3;
        let jitter = [Jitter::Uniform, Jitter::Exponential, Jitter::Bell][dice.usize(0..3)];
        let way = Way { base_us, jitter, jitter_us: base_us * (0.05 + 0.35 * dice.f64()), loss: 0.01 };
        Self::of(dice, way.clone(), way, 12.0)
    }

    fn of(mut dice: Rng, out: Way, back: Way, limit_ppm: f64) -> Self {
        let mut quartz = |limit_ppm: f64| Quartz {
            ppm: (2.0 * dice.f64() - 1.0) * limit_ppm,
            wander_ppm: dice.f64() * limit_ppm / 4.0,
            limit_ppm,
        };
        // The visitor's and the server's share the limit; on top of it the server's is led towards its system's.
        let (visitor, mut server) = (quartz(limit_ppm), quartz(limit_ppm));
        let led_ppm = if limit_ppm == 50.0 && dice.bool() { MAX_SLEW_PPM as f64 - 0.1 } else { 0.0 };
        server.ppm += if dice.bool() { led_ppm } else { -led_ppm };
        server.limit_ppm += led_ppm;
        assert!(visitor.limit_ppm + server.limit_ppm <= DRIFT_PPM);
        Self {
            page_us: dice.f64() * 3e3,
            grain_us: [100.0, 1_000.0, 5.0][dice.usize(0..3)],
            server_offsets_us: vec![1.8e15 + dice.f64() * 1e12],
            wall_offset_us: 1.7e15 + dice.f64() * 2e14,
            slept_us: 0.0,
            dice,
            out,
            back,
            visitor,
            server,
        }
    }

    pub(crate) fn server_life(&self) -> usize {
        self.server_offsets_us.len() - 1
    }

    /// What the clock of that life of the server shows, or would show.
    pub(crate) fn server_us(&self, life: usize, true_us: f64) -> f64 {
        self.server.reads_us(true_us) + self.server_offsets_us[life]
    }

    /// The visitor's clock before the browser rounds it.
    pub(crate) fn monotonic_us(&self, true_us: f64) -> f64 {
        self.visitor.reads_us(true_us - self.slept_us)
    }

    pub(crate) fn wall_us(&self, true_us: f64) -> f64 {
        self.visitor.reads_us(true_us) + self.wall_offset_us
    }

    /// The clock as the page reads it: rounded, down or up.
    pub(crate) fn reading_us(&mut self, true_us: f64) -> f64 {
        let steps = self.monotonic_us(true_us) / self.grain_us;
        let steps = if self.dice.bool() { steps.floor() } else { steps.ceil() };
        (steps * self.grain_us).round()
    }

    /// When a request that leaves now arrives at the server, and its answer at the page.
    pub(crate) fn trip_us(&mut self, true_us: f64) -> (f64, f64) {
        let left_us = true_us + exponential(&mut self.dice, self.page_us);
        let arrived_us = left_us + self.out.delay_us(&mut self.dice);
        let back_us = arrived_us + 50.0 + self.back.delay_us(&mut self.dice);
        (arrived_us, back_us + exponential(&mut self.dice, self.page_us))
    }

    /// The server is started anew, on a machine whose clock is another one.
    pub(crate) fn restart_server(&mut self) {
        let offset_us = self.server_offsets_us[self.server_life()] + (self.dice.f64() - 0.5) * 1e6;
        self.server_offsets_us.push(offset_us);
    }

    /// The visitor's device sleeps: its wall clock goes on, its monotonic clock does not.
    pub(crate) fn sleep(&mut self, for_us: f64) {
        self.slept_us += for_us;
    }

    pub(crate) fn set_wall_clock(&mut self) {
        self.wall_offset_us += (self.dice.f64() - 0.5) * 1e11;
    }
}

fn any_way(dice: &mut Rng) -> Way {
    let base_us = 200.0 * 1_000_f64.powf(dice.f64());
    let jitter = [Jitter::None, Jitter::Uniform, Jitter::Exponential, Jitter::Bell][dice.usize(0..4)];
    let loss = if dice.bool() { 0.0 } else { dice.f64() * 0.08 };
    Way { base_us, jitter, jitter_us: base_us * dice.f64(), loss }
}
