//! The one writer: a thread that takes orders from the lines by fair turns, lets the books decide, commits a batch,
//! and then, and only then, tells the outcome.

mod command;
mod desk;
mod recovery;
mod round;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use intake::Line;
use ledger::{Ledger, LedgerError, SqliteLedger};
use sale::SaleId;

use crate::clock::ServerClock;

pub(crate) use command::{Command, Failure};
use desk::Desk;
pub(crate) use desk::past_seat;

/// Commands that wait, at most; one more is told `busy`.
pub(crate) const MAX_COMMANDS_WAITING: usize = 1_024;

/// Commands in one transaction, at most.
const COMMANDS_PER_BATCH: usize = 256;

/// Orders that one sale gets into one transaction, at most: its fair turn.
const ORDERS_PER_TURN: usize = 500;

/// Lapsed holds of one sale in one transaction, at most.
const LAPSES_PER_TURN: usize = 500;

/// The committer wakes at least this often.
const IDLE_WAKE: Duration = Duration::from_millis(500);

/// After a failed commit the next try comes this much later.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// For this long after a failed commit nobody is admitted.
const UNWELL_MS: i64 = 2_000;

/// How long a shutdown waits for the lines to empty.
const DRAIN_AT_MOST: Duration = Duration::from_secs(10);

/// A sale that ended this long ago, with nothing held, leaves the memory.
const KEEP_ENDED_MS: i64 = 3_600_000;

/// How often ended sales are looked for.
const FORGET_EVERY_MS: i64 = 60_000;

/// The lines of all sales that are on.
pub(crate) type Lines = RwLock<HashMap<SaleId, Arc<Line>>>;

enum Message {
    /// A line has something.
    Ring,
    Command(Box<Command>),
    Stop,
}

/// What the rest of the server holds of the committer.
#[derive(Clone)]
pub(crate) struct Committer {
    sender: SyncSender<Message>,
    shared: Arc<Shared>,
}

struct Shared {
    lines: Lines,
    rung: AtomicBool,
    /// When the last commit failed; 0 if never.
    failed_at_ms: AtomicI64,
    clock: ServerClock,
}

impl Committer {
    /// Loads the sales that may still move and starts the thread.
    pub(crate) fn start(ledger: SqliteLedger, clock: ServerClock) -> Result<(Self, JoinHandle<()>), LedgerError> {
        let (sender, receiver) = sync_channel(MAX_COMMANDS_WAITING);
        let mut writer = Writer::new(ledger, clock);
        let shared = Arc::clone(&writer.shared);
        writer.load_lively()?;
        let thread = std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || {
                let run = std::panic::AssertUnwindSafe(|| writer.run(&receiver));
                if std::panic::catch_unwind(run).is_err() {
                    // Without its writer the shop would only pretend. A supervisor restarts it from the record.
                    tracing::error!("the committer panicked; going down");
                    std::process::abort();
                }
            })
            .map_err(|error| LedgerError::Unavailable(error.to_string()))?;
        Ok((Self { sender, shared }, thread))
    }

    /// Hands a command in. A full channel answers at once.
    pub(crate) fn send(&self, command: Command) -> Result<(), Failure> {
        self.sender.try_send(Message::Command(Box::new(command))).map_err(|_| Failure::Busy)
    }

    /// Says that a line has something. Rung once until the committer looks.
    pub(crate) fn ring(&self) {
        if !self.shared.rung.swap(true, Ordering::AcqRel)
            && let Err(TrySendError::Disconnected(_)) = self.sender.try_send(Message::Ring)
        {
            tracing::error!("the committer has ended");
        }
    }

    /// The sale's line, where the sale is on.
    pub(crate) fn line(&self, sale_id: SaleId) -> Option<Arc<Line>> {
        self.shared.lines.read().unwrap_or_else(PoisonError::into_inner).get(&sale_id).cloned()
    }

    pub(crate) fn lines(&self) -> Vec<Arc<Line>> {
        self.shared.lines.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Whether commits go through, as far as is known.
    pub(crate) fn is_well(&self) -> bool {
        let failed_at_ms = self.shared.failed_at_ms.load(Ordering::Acquire);
        failed_at_ms == 0 || self.shared.clock.now_ms() - failed_at_ms > UNWELL_MS
    }

    /// Nobody joins a line any more.
    pub(crate) fn close_lines(&self) {
        for line in self.lines() {
            line.close();
        }
    }

    /// Asks the thread to empty the lines and end. To be called off the async threads: it may wait for room.
    pub(crate) fn stop(&self) {
        let _already_gone = self.sender.send(Message::Stop);
    }
}

/// The thread's own state.
struct Writer {
    ledger: SqliteLedger,
    shared: Arc<Shared>,
    desks: HashMap<SaleId, Desk>,
    /// Sales whose books ran ahead of a commit that failed.
    stale: HashSet<SaleId>,
    /// Sales whose record cannot be read or goes against its own rules: nothing happens in them until somebody has looked.
    set_aside: HashSet<SaleId>,
    /// The number of the line that was opened last.
    last_life: u64,
    /// After a commit that broke a rule: so many rounds of one thing each, to find the one.
    one_by_one: u32,
    /// When ended sales are next looked for.
    forget_at_ms: i64,
}

impl Writer {
    fn new(ledger: SqliteLedger, clock: ServerClock) -> Self {
        let shared = Arc::new(Shared {
            lines: RwLock::default(),
            rung: AtomicBool::new(false),
            failed_at_ms: AtomicI64::new(0),
            clock,
        });
        Self {
            ledger,
            shared,
            desks: HashMap::new(),
            stale: HashSet::new(),
            set_aside: HashSet::new(),
            last_life: 0,
            one_by_one: 0,
            forget_at_ms: 0,
        }
    }

    fn load_lively(&mut self) -> Result<(), LedgerError> {
        let now_ms = self.shared.clock.now_ms();
        let rows = self.ledger.reader()?.lively_sales(now_ms - KEEP_ENDED_MS)?;
        for row in rows.into_iter().filter(|row| row.published) {
            match self.load(row.sale_id) {
                Err(error @ LedgerError::Unavailable(_)) => return Err(error),
                Err(error) => self.set_aside(row.sale_id, &error),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// Loads a sale's book, and opens its line when it is published.
    fn load(&mut self, sale_id: SaleId) -> Result<bool, LedgerError> {
        let Some(loaded) = self.ledger.load_sale(sale_id)? else { return Ok(false) };
        let line = self.desks.get(&sale_id).and_then(|desk| desk.line.clone());
        let mut desk = Desk::of(loaded, line);
        if desk.row.published {
            let line = desk.open_line(self.fresh_life());
            self.shared.lines.write().unwrap_or_else(PoisonError::into_inner).insert(sale_id, line);
        }
        self.desks.insert(sale_id, desk);
        Ok(true)
    }

    /// A number that no line of this store has had: the clock's, and always a higher one.
    fn fresh_life(&mut self) -> u64 {
        self.last_life = self.shared.clock.now_us().unsigned_abs().max(self.last_life + 1);
        self.last_life
    }

    fn run(&mut self, receiver: &Receiver<Message>) {
        let mut commands = Vec::new();
        loop {
            let stopping = self.receive(receiver, &mut commands);
            self.round(&mut commands);
            if stopping {
                self.finish();
                return;
            }
        }
    }

    /// Waits for something to do and takes up to a batch of it. True when asked to stop.
    fn receive(&self, receiver: &Receiver<Message>, commands: &mut Vec<Command>) -> bool {
        let most = if self.one_by_one > 0 { 1 } else { COMMANDS_PER_BATCH };
        let mut wait = if self.has_queued() { Duration::ZERO } else { self.until_next_due() };
        while commands.len() < most {
            match receiver.recv_timeout(wait) {
                Ok(Message::Command(command)) => commands.push(*command),
                Ok(Message::Ring) => {}
                Ok(Message::Stop) => return true,
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return true,
            }
            wait = Duration::ZERO;
        }
        // From here on a ring is for the next round.
        self.shared.rung.store(false, Ordering::Release);
        false
    }

    fn has_queued(&self) -> bool {
        self.desks.values().any(|desk| desk.line.as_ref().is_some_and(|line| line.queued() > 0))
    }

    fn until_next_due(&self) -> Duration {
        let now_ms = self.shared.clock.now_ms();
        let due_ms = self.desks.values().filter_map(Desk::next_due_ms).min();
        let wait_ms = due_ms.map_or(i64::MAX, |due_ms| (due_ms - now_ms).max(0));
        IDLE_WAKE.min(Duration::from_millis(wait_ms as u64))
    }

    /// The last rounds: what is in the lines is decided, then the log is moved into the store.
    fn finish(&mut self) {
        let deadline = Instant::now() + DRAIN_AT_MOST;
        while self.has_queued() && Instant::now() < deadline {
            self.round(&mut Vec::new());
        }
        if let Err(error) = self.ledger.checkpoint() {
            tracing::warn!(%error, "the log could not be moved into the store");
        }
    }

    fn forget_ended(&mut self, now_ms: i64) {
        if now_ms < self.forget_at_ms {
            return;
        }
        self.forget_at_ms = now_ms + FORGET_EVERY_MS;
        let mut lines = self.shared.lines.write().unwrap_or_else(PoisonError::into_inner);
        self.desks.retain(|sale_id, desk| {
            let keep = desk.row.ends_at_ms + KEEP_ENDED_MS > now_ms
                || desk.book.stock().held() > 0
                || desk.line.as_ref().is_some_and(|line| line.queued() > 0);
            if !keep {
                lines.remove(sale_id);
            }
            keep
        });
    }
}
