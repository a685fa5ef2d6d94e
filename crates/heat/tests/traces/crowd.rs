//! A crowd with a seed: requests that come at random, for items by Zipf's law, until everybody wants one of them.

use std::time::Duration;

use fastrand::Rng;
use heat::{Change, Detector, Key, TICK};

/// The item that a stampede is about. It is none of the background's.
pub(crate) const WANTED: Key = Key(u64::MAX);

/// What the crowd wants when nothing happens: item number `n` by 1 / n to the `exponent`.
pub(crate) struct Zipf {
    /// Cumulative shares.
    shares: Vec<f64>,
}

impl Zipf {
    pub(crate) fn new(items: usize, exponent: f64) -> Self {
        let weight = |rank: usize| (rank as f64).powf(-exponent);
        let total: f64 = (1..=items).map(weight).sum();
        let shares = (1..=items).scan(0.0, |sum, rank| {
            *sum += weight(rank) / total;
            Some(*sum)
        });
        Self { shares: shares.collect() }
    }

    fn pick(&self, random: &mut Rng) -> Key {
        let wanted = random.f64();
        Key(self.shares.partition_point(|&share| share < wanted) as u64)
    }

    /// An item's own share.
    pub(crate) fn share(&self, key: Key) -> f64 {
        let rank = key.0 as usize;
        self.shares.get(rank).map_or(0.0, |share| share - if rank == 0 { 0.0 } else { self.shares[rank - 1] })
    }
}

/// Requests and the detector that looks at them, a tick at a time.
pub(crate) struct Crowd<'a> {
    background: &'a Zipf,
    per_second: f64,
    random: Rng,
    next_request_seconds: f64,
    now: Duration,
    pub(crate) detector: Detector,
}

impl<'a> Crowd<'a> {
    pub(crate) fn new(background: &'a Zipf, per_second: f64, seed: u64) -> Self {
        let (random, detector) = (Rng::with_seed(seed), Detector::default());
        Self { background, per_second, random, next_request_seconds: 0.0, now: Duration::ZERO, detector }
    }

    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// Lets a tick pass, in which [`WANTED`] has `share` of the requests from `from` on and `before` of them until then.
    pub(crate) fn tick(&mut self, before: f64, from: Duration, share: f64) -> Vec<Change> {
        self.now += TICK;
        let mut samples = Vec::new();
        while self.next_request_seconds < self.now.as_secs_f64() {
            let share = if self.next_request_seconds < from.as_secs_f64() { before } else { share };
            let is_wanted = self.random.f64() < share;
            samples.push(if is_wanted { WANTED } else { self.background.pick(&mut self.random) });
            // A Poisson process: the times between are exponential.
            self.next_request_seconds -= (1.0 - self.random.f64()).ln() / self.per_second;
        }
        self.detector.tick(self.now, &samples)
    }

    /// How long after its sudden rise from `before` to `share` the item was called hot; none where it was not in a second.
    /// The rise comes at a random moment between two ticks, after 300 ms without it.
    pub(crate) fn time_to_find(&mut self, before: f64, share: f64) -> Option<Duration> {
        let quiet = Duration::from_millis(300);
        let rise = quiet + TICK.mul_f64(self.random.f64());
        while self.now < rise + Duration::from_secs(1) {
            if self.tick(before, rise, share).contains(&Change::Found(WANTED)) {
                return self.now.checked_sub(rise);
            }
        }
        None
    }
}
