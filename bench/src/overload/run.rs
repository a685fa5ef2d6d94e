//! What one run brought, and its row in the table.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::percentiles::Latencies;

/// Shoppers who come in so short a time are told together, to see how soon all is well again.
const BUCKET: Duration = Duration::from_millis(20);
/// All is well where so many of these one after another have this share of their orders in time, taken together.
const WELL_BUCKETS: u32 = 10;
const WELL_SHARE: f64 = 0.95;

pub(super) const TABLE_HEAD: &str = "\
| offered | in time /s | of that | held after, p50 / p99 ms | taken, p99 ms | refused, p99 ms | generator late, p99 ms | thread wait, middle / most ms | endings | payments refused |
|---|---|---|---|---|---|---|---|---|---|";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    Held,
    HeldLate,
    /// By their own page, without asking the shop.
    HeldBack,
    Refused,
    /// Waited as long as anybody does.
    GaveUp,
    Failed,
}

impl Ending {
    /// Of who was answered so; 0 where no answer came in time.
    pub(super) fn of(status: u16) -> Self {
        match status {
            0 => Self::GaveUp,
            429 | 503 => Self::Refused,
            _ => Self::Failed,
        }
    }
}

/// A shopper.
pub(super) struct Coming {
    pub(super) at: Instant,
    pub(super) ending: Ending,
    /// How long after that the order was held, where it was in time.
    pub(super) held_after: Option<Duration>,
}

/// What one run brought.
#[derive(Default)]
pub(super) struct Run {
    pub(super) endings: BTreeMap<Ending, usize>,
    /// From the coming to the hold, of those in time.
    pub(super) held_after: Latencies,
    /// Of requests that were not refused, and of those that were.
    pub(super) taken: Latencies,
    pub(super) refused: Latencies,
    /// Of what was not refused, by what it was.
    pub(super) steps: BTreeMap<&'static str, Latencies>,
    /// For a free connection.
    pub(super) waited: Latencies,
    pub(super) payments: usize,
    /// What they were told.
    pub(super) payments_refused: BTreeMap<String, usize>,
    /// How far the generator itself was behind.
    pub(super) lag: Latencies,
    /// How long work waited for a thread, as the server had it ten times a second.
    pub(super) thread_wait_ms: Vec<f64>,
    /// How many tasks were ready in the queue that the server's threads share, likewise.
    pub(super) shared_queue: Vec<f64>,
    /// Seconds of the server's processor time while they came, by the thread's name.
    pub(super) cpu: BTreeMap<String, f64>,
    /// Transactions of the record.
    pub(super) batches: f64,
    pub(super) came: Vec<Coming>,
    /// When an edge knew of another round, and how many of a million it lets in; all where there is none.
    pub(super) rounds: Vec<(Instant, Option<u32>)>,
}

impl Run {
    /// One who came at that time has come to their end.
    pub(super) fn has_come(&mut self, at: Instant, ending: Ending) {
        *self.endings.entry(ending).or_default() += 1;
        let held_after = (ending == Ending::Held).then(|| at.elapsed());
        self.came.push(Coming { at, ending, held_after });
        held_after.into_iter().for_each(|after| self.held_after.add(after));
    }

    pub(super) fn in_time(&self) -> usize {
        self.endings.get(&Ending::Held).copied().unwrap_or_default()
    }

    /// The row of a table, and a line below it.
    pub(super) fn row(&mut self, times: f64, capacity: f64, lasting: Duration) -> String {
        let in_time = self.in_time() as f64 / lasting.as_secs_f64();
        let first = self.came.iter().map(|coming| coming.at).min();
        let row = format!(
            "| {times} x {capacity:.0} | {in_time:.0} | {:.1} % | {:.1} / {:.1} | {:.1} | {:.1} | {:.1} | {:.1} / {:.1} | {:?} | {:?} of {} |",
            in_time / capacity * 1e2,
            self.held_after.at_ms(0.5),
            self.held_after.at_ms(0.99),
            self.taken.at_ms(0.99),
            self.refused.at_ms(0.99),
            self.lag.at_ms(0.99),
            middle(&mut self.thread_wait_ms),
            self.thread_wait_ms.last().copied().unwrap_or_default(),
            self.endings,
            self.payments_refused,
            self.payments,
        );
        let steps = self
            .steps
            .iter_mut()
            .map(|(what, latencies)| format!("{what} {:.1} / {:.1}", latencies.at_ms(0.5), latencies.at_ms(0.99)));
        let cpu = self.cpu.iter().filter(|(_, seconds)| **seconds > 0.0);
        let cpu = cpu.map(|(name, seconds)| format!("{name} {:.1} %", seconds / lasting.as_secs_f64() * 1e2));
        format!(
            "{row}\n    of the core: {}; {:.0} batches a second\n    p50 / p99 ms: {}; waited for a connection, p99 {:.1} ms; in the shared queue, middle / most: {} / {}\n    in time, by the second in which they came (p99 ms): {}\n    drawn, as the edge knew after so many ms: {}",
            cpu.collect::<Vec<_>>().join(", "),
            self.batches / lasting.as_secs_f64(),
            steps.collect::<Vec<_>>().join(", "),
            self.waited.at_ms(0.99),
            middle(&mut self.shared_queue),
            self.shared_queue.last().copied().unwrap_or_default(),
            first.map(|first| self.by_second(first)).unwrap_or_default(),
            first.map(|first| self.rounds(first)).unwrap_or_default(),
        )
    }

    /// How many ms after a moment the edge knew of which.
    fn rounds(&self, moment: Instant) -> String {
        let told = |(at, per_million): &(Instant, Option<u32>)| {
            let share =
                per_million.map_or("all".to_owned(), |per_million| format!("{:.1} %", f64::from(per_million) / 1e4));
            format!("{} {share}", ms_after(moment, *at))
        };
        self.rounds.iter().map(told).collect::<Vec<_>>().join(", ")
    }

    /// How many of those who came in each second were in time, and within how many ms 99 % of them.
    fn by_second(&self, first: Instant) -> String {
        let mut seconds: BTreeMap<u64, Latencies> = BTreeMap::new();
        for Coming { at, held_after, .. } in &self.came {
            let second = seconds.entry(at.duration_since(first).as_secs()).or_default();
            held_after.iter().for_each(|after| second.add(*after));
        }
        let told = |second: &mut Latencies| format!("{} ({:.0})", second.count(), second.at_ms(0.99));
        seconds.values_mut().map(told).collect::<Vec<_>>().join(", ")
    }

    /// Of who came to another item meanwhile.
    pub(super) fn row_beside(&mut self, per_second: f64, lasting: Duration) -> String {
        format!(
            "    beside, {per_second:.0} a second: {:.0} /s in time, held after {:.1} / {:.1} ms; {:?}; payments refused: {:?} of {}; waited for a connection, p99 {:.1} ms; generator late, p99 {:.1} ms",
            self.in_time() as f64 / lasting.as_secs_f64(),
            self.held_after.at_ms(0.5),
            self.held_after.at_ms(0.99),
            self.endings,
            self.payments_refused,
            self.payments,
            self.waited.at_ms(0.99),
            self.lag.at_ms(0.99),
        )
    }

    /// How long after a moment all was well, and stayed so, of those who came since then.
    pub(super) fn back_after(&self, since: Instant) -> Option<Duration> {
        let mut buckets: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
        for Coming { at, held_after, .. } in self.came.iter().filter(|coming| coming.at >= since) {
            let bucket = at.duration_since(since).as_micros() / BUCKET.as_micros();
            let (good, all) = buckets.entry(bucket as u32).or_default();
            *all += 1;
            *good += usize::from(held_after.is_some());
        }
        let last = buckets.keys().last()?.checked_sub(WELL_BUCKETS)?;
        let is_well = |first: &u32| {
            let of_all = buckets.range(first..&(first + WELL_BUCKETS)).map(|(_, bucket)| *bucket);
            let (good, all) = of_all.fold((0, 0), |sum, bucket| (sum.0 + bucket.0, sum.1 + bucket.1));
            good as f64 >= WELL_SHARE * all as f64
        };
        (0..=last).rev().take_while(is_well).last().map(|first| BUCKET * first)
    }

    /// How they ended who came in each tenth of a second around a moment.
    pub(super) fn around(&self, moment: Instant) -> String {
        let mut tenths: BTreeMap<i64, (BTreeMap<Ending, usize>, Latencies)> = BTreeMap::new();
        for Coming { at, ending, held_after } in &self.came {
            let tenth = ms_after(moment, *at).div_euclid(100);
            if tenth >= -2 {
                let (endings, latencies) = tenths.entry(tenth).or_default();
                *endings.entry(*ending).or_default() += 1;
                held_after.iter().for_each(|after| latencies.add(*after));
            }
        }
        let told = |(tenth, (endings, latencies)): (&i64, &mut (BTreeMap<Ending, usize>, Latencies))| {
            format!(
                "    {} ms: {endings:?}, held after {:.0} / {:.0} ms",
                tenth * 100,
                latencies.at_ms(0.5),
                latencies.at_ms(0.99)
            )
        };
        // Later than a second only where something is wrong.
        tenths.retain(|tenth, (endings, _)| *tenth <= 10 || endings.keys().any(|ending| *ending != Ending::Held));
        let tenths: Vec<_> = tenths.iter_mut().map(told).collect();
        format!("{}\n    drawn, as the edge knew after so many ms: {}", tenths.join("\n"), self.rounds(moment))
    }
}

/// Less than nothing where it was before.
fn ms_after(moment: Instant, at: Instant) -> i64 {
    let [after, before] = [at.saturating_duration_since(moment), moment.saturating_duration_since(at)];
    after.as_millis() as i64 - before.as_millis() as i64
}

/// Sorts them, and answers with the middle one.
pub(super) fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
