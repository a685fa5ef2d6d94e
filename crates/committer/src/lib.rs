//! The one writer, without its thread.
//!
//! A [`Committer`] takes orders from the lines by fair turns, lets the books decide, commits a batch, and then, and only
//! then, tells the outcome. Time comes in as an argument and the record behind a trait, so that a simulator can run the
//! very code that the server runs.

mod command;
mod desk;
mod recovery;
mod round;
#[cfg(test)]
mod tests;
mod under_way;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use intake::Line;
use ledger::{Ledger, LedgerError, LoadedSale};
use sale::{Book, MerchantId, SaleId, Strikes};

pub use command::{Command, Failure, Reply, SaleChange};
use desk::Desk;
pub use desk::past_seat;
pub use intake::ORDERS_PER_TURN;

/// Commands in one transaction, at most.
pub const COMMANDS_PER_BATCH: usize = 1_024;

/// Orders of one sale that lapse, or are undone, in one transaction, at most.
pub const LAPSES_PER_TURN: usize = 500;

/// A sale that ended this long ago, with nothing open in it, leaves the memory.
pub const KEEP_ENDED_MS: i64 = 600_000;

/// How often ended sales are looked for.
const FORGET_EVERY_MS: i64 = 60_000;

/// The lines of all sales that are on.
pub type Lines = RwLock<HashMap<SaleId, Arc<Line>>>;

/// What one round did, for whoever counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events of the batch that was committed; none where there was nothing to commit.
    pub committed_events: Option<usize>,
    /// The transaction's time.
    pub commit_time: Duration,
    pub held: u64,
    /// Entries in draws.
    pub entered: u64,
    pub waiting: u64,
    pub rejected: u64,
    pub sold_out: u64,
    /// The batch was refused or could not be written.
    pub failed: bool,
    /// The record cannot be read or written now: try again a little later.
    pub unavailable: bool,
    pub set_aside: u64,
}

/// The writer's state.
pub struct Committer<L> {
    ledger: L,
    lines: Arc<Lines>,
    desks: BTreeMap<SaleId, Desk>,
    strikes: BTreeMap<MerchantId, Strikes>,
    /// Sales whose books ran ahead of a commit that failed.
    stale: BTreeSet<SaleId>,
    /// Sales whose record cannot be read or goes against its own rules: nothing happens in them until somebody has looked.
    set_aside: BTreeSet<SaleId>,
    /// The number of the line that was opened last.
    last_life: u64,
    /// After a commit that broke a rule: so many rounds of one thing each, to find the one.
    one_by_one: u32,
    /// When ended sales are next looked for.
    forget_at_ms: i64,
    /// What the last commit took: a line that is new begins with it.
    last_commit: Duration,
}

impl<L: Ledger> Committer<L> {
    /// Loads the sales that may still move. A record that cannot be read now is an error; a sale whose record is wrong is
    /// set aside.
    pub fn open(ledger: L, now_us: i64) -> Result<(Self, Tally), LedgerError> {
        let mut committer = Self {
            ledger,
            lines: Arc::default(),
            desks: BTreeMap::new(),
            strikes: BTreeMap::new(),
            stale: BTreeSet::new(),
            set_aside: BTreeSet::new(),
            last_life: 0,
            one_by_one: 0,
            forget_at_ms: 0,
            last_commit: Duration::ZERO,
        };
        let mut tally = Tally::default();
        for sale_id in committer.ledger.lively_sales(now_us.div_euclid(1_000) - KEEP_ENDED_MS)? {
            match committer.load(sale_id, now_us) {
                Err(error @ LedgerError::Unavailable(_)) => return Err(error),
                Err(error) => committer.set_aside(sale_id, &error, &mut tally),
                Ok(_) => {}
            }
        }
        Ok((committer, tally))
    }

    /// The lines, shared with whoever admits orders.
    #[must_use]
    pub fn lines(&self) -> Arc<Lines> {
        Arc::clone(&self.lines)
    }

    /// The sale's line, where the sale is on.
    #[must_use]
    pub fn line(&self, sale_id: SaleId) -> Option<Arc<Line>> {
        self.lines.read().unwrap_or_else(PoisonError::into_inner).get(&sale_id).cloned()
    }

    /// The sale's book as of the last round.
    #[must_use]
    pub fn book(&self, sale_id: SaleId) -> Option<&Book> {
        self.desks.get(&sale_id).map(|desk| &desk.book)
    }

    #[must_use]
    pub const fn ledger(&self) -> &L {
        &self.ledger
    }

    pub const fn ledger_mut(&mut self) -> &mut L {
        &mut self.ledger
    }

    /// Gives the record back; what is only in memory is gone, as after a crash.
    #[must_use]
    pub fn into_ledger(self) -> L {
        self.ledger
    }

    /// Orders are in the lines.
    #[must_use]
    pub fn has_queued(&self) -> bool {
        self.desks.values().any(|desk| desk.line.as_ref().is_some_and(|line| line.queued() > 0))
    }

    /// When something next happens by itself.
    #[must_use]
    pub fn next_due_ms(&self) -> Option<i64> {
        self.desks.values().filter_map(Desk::next_due_ms).min()
    }

    /// Commands that the next round takes, at most. Where each round does one thing, every other takes none: else orders
    /// would wait for as long as commands come.
    #[must_use]
    pub const fn takes_commands(&self) -> usize {
        if self.one_by_one > 0 { (self.one_by_one % 2) as usize } else { COMMANDS_PER_BATCH }
    }

    /// Loads a sale's book, and opens its line when it is published.
    fn load(&mut self, sale_id: SaleId, now_us: i64) -> Result<bool, LedgerError> {
        let Some(mut loaded) = self.ledger.load_sale(sale_id)? else { return Ok(false) };
        let before = self.desks.remove(&sale_id);
        self.remember_lives(&loaded, now_us);
        let strikes = std::mem::take(&mut loaded.strikes);
        self.strikes.entry(loaded.row.merchant_id).or_insert_with(|| {
            let mut kept = Strikes::default();
            strikes.into_iter().for_each(|(shopper_id, at_ms)| kept.add(shopper_id, at_ms));
            kept
        });
        let mut desk = Desk::of(loaded, before);
        if desk.row.published {
            let line = desk.open_line(self.fresh_life(now_us), self.last_commit);
            self.lines.write().unwrap_or_else(PoisonError::into_inner).insert(sale_id, line);
        }
        self.desks.insert(sale_id, desk);
        Ok(true)
    }

    /// The clock may have been set back since an earlier life. The next one is later all the same: whoever waited in the
    /// earlier one comes first. A life in which nothing was decided left no trace, so it is not just the next number.
    fn remember_lives(&mut self, loaded: &LoadedSale, now_us: i64) {
        let seats = loaded.seats.iter().map(|seat| seat.queue_life);
        let last = loaded.drained.iter().map(|(life, _)| *life).chain(seats).max().unwrap_or(0);
        if last >= now_us.unsigned_abs() {
            self.last_life = self.last_life.max(last + u64::from(now_us as u32));
        }
    }

    /// A number that no line of this store has had: the clock's, and always a higher one.
    fn fresh_life(&mut self, now_us: i64) -> u64 {
        self.last_life = now_us.unsigned_abs().max(self.last_life + 1);
        self.last_life
    }

    fn forget_ended(&mut self, now_ms: i64) {
        if now_ms < self.forget_at_ms {
            return;
        }
        self.forget_at_ms = now_ms + FORGET_EVERY_MS;
        let mut lines = self.lines.write().unwrap_or_else(PoisonError::into_inner);
        self.desks.retain(|sale_id, desk| {
            let forget = desk.may_be_forgotten(now_ms - KEEP_ENDED_MS);
            if forget {
                lines.remove(sale_id);
            }
            !forget
        });
        drop(lines);
        let merchants: BTreeSet<MerchantId> = self.desks.values().map(|desk| desk.row.merchant_id).collect();
        self.strikes.retain(|merchant_id, _| merchants.contains(merchant_id));
    }
}
