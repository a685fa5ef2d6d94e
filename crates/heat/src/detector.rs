//! Which items have become hot, by a sequential test.
//!
//! Each request is evidence: for an item that it is for, that the item has [`HOT_SHARE`] of all requests rather than
//! [`HALF_SHARE`]; against every other. The evidence is the logarithm of how much likelier the one makes the request than
//! the other (in nats), and it is summed up, but never under zero: Page's CUSUM test ("Continuous Inspection Schemes",
//! Biometrika 41, 1954), which of all tests with as few false alarms finds a change soonest (Moustakides, "Optimal
//! Stopping Times for Detecting Changes in Distributions", Annals of Statistics 14(4), 1986). An item becomes hot when the
//! sum passes [`ENOUGH`]; it stays hot until as much evidence speaks for the contrary. What lies between the two shares
//! may be called either, and then stays what it is called.

use std::time::Duration;

use crate::{Key, SpaceSaving};

/// An item with this share of all items' requests, or more, is hot.
pub const HOT_SHARE: f64 = 0.10;

/// An item with this share, or less, is not.
pub const HALF_SHARE: f64 = HOT_SHARE / 2.0;

/// How often the lanes should be emptied.
pub const TICK: Duration = Duration::from_millis(2);

/// Items that are counted at a time. One with a share over 1 in as many is always among them.
pub const TRACKED_ITEMS: usize = 256;

/// Counts fade to 1/e in this time: shares and rates are of about the last half second.
pub const WINDOW: Duration = Duration::from_millis(500);

/// Evidence in nats that makes an item hot, or cold again. An item that sits at [`HALF_SHARE`] is called hot once in
/// some 40 million requests (docs/HEAT.md): e^13 / 0.02, and twice that for what the sum overshoots.
const ENOUGH: f64 = 13.0;

/// Evidence for hot fades to 1/e in this time: a few requests a second never make an item hot, however long they come.
const EVIDENCE_TIME: Duration = Duration::from_millis(250);

/// What is hot stays so for this long at least, so that nobody sees it flicker.
pub const MIN_HOT_TIME: Duration = Duration::from_secs(2);

/// An item that is asked for less often is not hot any more, whatever its share. To become hot takes twice as much.
pub const MIN_PER_SECOND: f64 = 40.0;

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Found(Key),
    Cooled(Key),
}

/// An item's part in the last [`WINDOW`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    pub key: Key,
    /// 0 to 1, of all items' requests.
    pub share: f64,
    pub per_second: f64,
    /// Since when it is hot.
    pub hot_since: Option<Duration>,
}

/// What is held against one slot of the summary.
#[derive(Clone, Copy, Default)]
struct Standing {
    /// Requests in this tick.
    hits: u32,
    for_hot: f64,
    for_cold: f64,
    hot_since: Option<Duration>,
}

pub struct Detector {
    counts: SpaceSaving,
    standings: Vec<Standing>,
    last_tick: Duration,
    /// Evidence of a request for the item, and of one for another.
    of_hit: f64,
    of_miss: f64,
}

impl Default for Detector {
    fn default() -> Self {
        Self {
            counts: SpaceSaving::new(TRACKED_ITEMS),
            standings: vec![Standing::default(); TRACKED_ITEMS],
            last_tick: Duration::ZERO,
            of_hit: (HOT_SHARE / HALF_SHARE).ln(),
            of_miss: ((1.0 - HOT_SHARE) / (1.0 - HALF_SHARE)).ln(),
        }
    }
}

impl Detector {
    /// Takes in what was asked for since the last call, and tells what it changed. `now` never goes back.
    pub fn tick(&mut self, now: Duration, samples: &[Key]) -> Vec<Change> {
        let elapsed = now.saturating_sub(self.last_tick);
        self.last_tick = now;
        self.counts.fade(faded(elapsed, WINDOW));
        let mut changes = Vec::new();
        for &key in samples {
            let (slot, former) = self.counts.add(key);
            let standing = &mut self.standings[slot];
            if let Some(former) = former {
                let was_hot = std::mem::take(standing).hot_since.is_some();
                changes.extend(was_hot.then_some(Change::Cooled(former)));
            }
            standing.hits += 1;
        }
        self.judge(now, faded(elapsed, EVIDENCE_TIME), samples.len(), &mut changes);
        changes
    }

    fn judge(&mut self, now: Duration, kept: f64, samples: usize, changes: &mut Vec<Change>) {
        for (estimate, standing) in self.counts.estimates().iter().zip(&mut self.standings) {
            let hits = f64::from(std::mem::take(&mut standing.hits));
            let evidence = hits * self.of_hit + (samples as f64 - hits) * self.of_miss;
            standing.for_hot = (standing.for_hot * kept + evidence).max(0.0);
            standing.for_cold = (standing.for_cold - evidence).max(0.0);
            match standing.hot_since {
                None if standing.for_hot >= ENOUGH => {
                    (standing.hot_since, standing.for_cold) = (Some(now), 0.0);
                    changes.push(Change::Found(estimate.key));
                }
                Some(since) if now.saturating_sub(since) >= MIN_HOT_TIME => {
                    let is_rare = estimate.count / WINDOW.as_secs_f64() < MIN_PER_SECOND;
                    if is_rare || standing.for_cold >= ENOUGH {
                        (standing.hot_since, standing.for_hot) = (None, 0.0);
                        changes.push(Change::Cooled(estimate.key));
                    }
                }
                _ => {}
            }
        }
    }

    /// Requests for items a second, in the last [`WINDOW`].
    pub fn per_second(&self) -> f64 {
        self.counts.total() / WINDOW.as_secs_f64()
    }

    /// Of an item that is counted at this time.
    pub fn reading(&self, key: Key) -> Option<Reading> {
        self.readings().find(|reading| reading.key == key)
    }

    /// Of all items that are counted at this time, in no order.
    pub fn readings(&self) -> impl Iterator<Item = Reading> {
        let total = self.counts.total().max(f64::MIN_POSITIVE);
        self.counts.estimates().iter().zip(&self.standings).map(move |(estimate, standing)| {
            // The middle of what it may be: the count is too high by at most its error.
            let count = estimate.count - estimate.error / 2.0;
            Reading {
                key: estimate.key,
                share: count / total,
                per_second: count / WINDOW.as_secs_f64(),
                hot_since: standing.hot_since,
            }
        })
    }
}

/// What is left after `elapsed` of what fades to 1/e in `time`.
fn faded(elapsed: Duration, time: Duration) -> f64 {
    (-elapsed.as_secs_f64() / time.as_secs_f64()).exp()
}
