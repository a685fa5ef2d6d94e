//! The committer's thread, and what the rest of the server holds of it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use committer::{Command, Committer, Failure, Lines, Reply, SaleChange, Tally};
use intake::Line;
use ledger::{LONG_LOG_BYTES, Ledger, LedgerError, SaleRow, SqliteLedger, Write, most_log_bytes};
use sale::{MerchantId, OrderId, OrderState, PaymentId, ReleaseCause, SaleId, Settlement, ShopperId, Units};
use shield::{Breaker, Overload};
use tokio::sync::oneshot;

use crate::clock::ServerClock;
use crate::store::free_disk_bytes;
use crate::{metrics, threads};

/// Commands that wait, at most; one more is told `busy`.
const MAX_COMMANDS_WAITING: usize = 4_096;

/// Of these, kept for payments and for units that come back: nothing else takes so much that they find no room.
const KEPT_FOR_PAYMENTS: usize = 1_024;

/// The committer wakes at least this often.
const IDLE_WAKE: Duration = Duration::from_millis(500);

/// After a failed commit the next try comes this much later.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// For this long after a failed commit nobody is admitted; what has been taken is tried on.
const UNWELL_MS: i64 = 2_000;

/// Under overload so long passes between two rounds, so that a commit has more to do and there are fewer of them: each costs some
/// 0.2 ms of processor time, however little is in it.
const GATHER: Duration = Duration::from_millis(10);

/// How long a shutdown waits for the lines to empty.
const DRAIN_AT_MOST: Duration = Duration::from_secs(10);

enum Message {
    /// A line has something.
    Ring,
    Command(Box<Command>),
    Stop,
}

/// What the rest of the server holds of the committer.
#[derive(Clone)]
pub(crate) struct Writer {
    sender: SyncSender<Message>,
    lines: Arc<Lines>,
    shared: Arc<Shared>,
}

struct Shared {
    rung: AtomicBool,
    /// Opened by the first commit that fails.
    breaker: Breaker,
    waiting: AtomicUsize,
    clock: ServerClock,
    overload: Arc<Overload>,
}

impl Writer {
    /// Loads the sales that may still move and starts the thread.
    pub(crate) fn start(
        ledger: SqliteLedger,
        clock: ServerClock,
        overload: Arc<Overload>,
    ) -> Result<(Self, JoinHandle<()>), LedgerError> {
        let (sender, receiver) = sync_channel(MAX_COMMANDS_WAITING);
        let (committer, tally) = Committer::open(ledger, clock.now_us())?;
        metrics::round_done(&tally);
        let lines = committer.lines();
        let shared = Arc::new(Shared {
            rung: AtomicBool::new(false),
            breaker: Breaker::new(1, UNWELL_MS, UNWELL_MS),
            waiting: AtomicUsize::new(0),
            clock,
            overload,
        });
        let mut thread = Thread { committer, shared: Arc::clone(&shared) };
        let thread = std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || {
                threads::works_in_turns();
                let run = std::panic::AssertUnwindSafe(|| thread.run(&receiver));
                if std::panic::catch_unwind(run).is_err() {
                    // Without its writer the shop would only pretend. A supervisor restarts it from the record.
                    tracing::error!("the committer panicked; going down");
                    crate::logs::finish();
                    std::process::abort();
                }
            })
            .map_err(|error| LedgerError::Unavailable(error.to_string()))?;
        Ok((Self { sender, lines, shared }, thread))
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
        self.lines.read().unwrap_or_else(PoisonError::into_inner).get(&sale_id).cloned()
    }

    pub(crate) fn lines(&self) -> Vec<Arc<Line>> {
        self.lines.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Whether commits go through, as far as is known.
    pub(crate) fn is_well(&self) -> bool {
        !self.shared.breaker.is_open(self.shared.clock.now_ms())
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

    /// Hands a command in and waits for its answer. Where there is no room it is answered at once.
    async fn ask<T: Send + 'static>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Failure> {
        self.ask_within(MAX_COMMANDS_WAITING - KEPT_FOR_PAYMENTS, command).await
    }

    /// The same for payments, and for what gives units back.
    async fn ask_first<T: Send + 'static>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Failure> {
        self.ask_within(MAX_COMMANDS_WAITING, command).await
    }

    async fn ask_within<T: Send + 'static>(
        &self,
        most_waiting: usize,
        command: impl FnOnce(Reply<T>) -> Command,
    ) -> Result<T, Failure> {
        if self.shared.waiting.load(Ordering::Relaxed) >= most_waiting {
            return Err(Failure::Busy);
        }
        let (sender, answer) = oneshot::channel();
        let reply: Reply<T> = Box::new(move |answer| {
            // Whoever asked may have gone; what was done stays done.
            let _gone = sender.send(answer);
        });
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        if self.sender.try_send(Message::Command(Box::new(command(reply)))).is_err() {
            self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Failure::Busy);
        }
        // The committer answers every command or goes down; then so does the process.
        answer.await.unwrap_or(Err(Failure::Busy))
    }

    pub(crate) async fn write(&self, write: Write) -> Result<(), Failure> {
        self.ask(|reply| Command::Write { write: Box::new(write), reply }).await
    }

    pub(crate) async fn change_sale(&self, row: SaleRow, units: Option<Units>) -> Result<(), Failure> {
        let change = Box::new(SaleChange { row, units });
        self.ask(|reply| Command::ChangeSale { change, reply }).await
    }

    pub(crate) async fn call_off(&self, sale_id: SaleId) -> Result<(), Failure> {
        self.ask(|reply| Command::CallOff { sale_id, reply }).await
    }

    pub(crate) async fn hold_draw(&self, sale_id: SaleId, beacon: String) -> Result<(), Failure> {
        self.ask(|reply| Command::HoldDraw { sale_id, beacon, reply }).await
    }

    pub(crate) async fn cancel(&self, sale_id: SaleId, order_id: OrderId, cause: ReleaseCause) -> Result<(), Failure> {
        self.ask_first(|reply| Command::Cancel { sale_id, order_id, cause, reply }).await
    }

    pub(crate) async fn open_payment(
        &self,
        sale_id: SaleId,
        order_id: OrderId,
        fresh_payment_id: PaymentId,
    ) -> Result<PaymentId, Failure> {
        self.ask_first(|reply| Command::OpenPayment { sale_id, order_id, fresh_payment_id, reply }).await
    }

    pub(crate) async fn settle(
        &self,
        sale_id: SaleId,
        settlement: Settlement,
    ) -> Result<(OrderId, OrderState), Failure> {
        self.ask_first(|reply| Command::Settle { sale_id, settlement, reply }).await
    }

    pub(crate) async fn lift_strikes(&self, merchant_id: MerchantId, shopper_id: ShopperId) -> Result<(), Failure> {
        self.ask(|reply| Command::LiftStrikes { merchant_id, shopper_id, reply }).await
    }
}

/// The thread's own state.
struct Thread {
    committer: Committer<SqliteLedger>,
    shared: Arc<Shared>,
}

impl Thread {
    fn run(&mut self, receiver: &Receiver<Message>) {
        let mut commands = Vec::new();
        loop {
            let stopping = self.receive(receiver, &mut commands);
            let tally = self.round(&mut commands);
            if stopping {
                self.finish();
                return;
            }
            if tally.unavailable {
                std::thread::sleep(RETRY_AFTER);
                continue;
            }
            self.move_long_log();
            if tally.committed_events.is_some() && self.gathers() {
                std::thread::sleep(GATHER);
            }
        }
    }

    /// In a crowd the log may grow longer: who waits for the next commit would wait for this too.
    fn move_long_log(&mut self) {
        if self.committer.ledger().log_bytes() < LONG_LOG_BYTES {
            return;
        }
        let somebody_waits = self.committer.has_queued() || self.shared.waiting.load(Ordering::Relaxed) > 0;
        let most_bytes = most_log_bytes(somebody_waits, free_disk_bytes(self.committer.ledger().path()));
        if let Err(error) = self.committer.ledger_mut().move_log_longer_than(most_bytes) {
            tracing::warn!(%error, "the log could not be moved into the store");
        }
    }

    /// Whether the next round is to have more to do. Not where each does one thing, to find out what is wrong.
    fn gathers(&self) -> bool {
        self.shared.overload.is_overrun() && self.committer.takes_commands() > 1
    }

    fn round(&mut self, commands: &mut Vec<Command>) -> Tally {
        let tally = self.committer.round(commands, self.shared.clock.now_us());
        metrics::round_done(&tally);
        if tally.unavailable {
            self.shared.breaker.failed(self.shared.clock.now_ms());
        } else if tally.committed_events.is_some() {
            self.shared.breaker.succeeded();
        }
        tally
    }

    /// Waits for something to do and takes up to a batch of it. True when asked to stop.
    fn receive(&self, receiver: &Receiver<Message>, commands: &mut Vec<Command>) -> bool {
        let most = self.committer.takes_commands();
        let mut wait = if self.committer.has_queued() { Duration::ZERO } else { self.until_next_due() };
        while commands.len() < most {
            match receiver.recv_timeout(wait) {
                Ok(Message::Command(command)) => {
                    self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
                    commands.push(*command);
                }
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

    fn until_next_due(&self) -> Duration {
        let now_ms = self.shared.clock.now_ms();
        let wait_ms = self.committer.next_due_ms().map_or(i64::MAX, |due_ms| due_ms.saturating_sub(now_ms).max(0));
        IDLE_WAKE.min(Duration::from_millis(wait_ms as u64))
    }

    /// The last rounds: what is in the lines is decided, then the log is moved into the store.
    fn finish(&mut self) {
        let deadline = Instant::now() + DRAIN_AT_MOST;
        while self.committer.has_queued() && Instant::now() < deadline {
            if self.round(&mut Vec::new()).unavailable {
                std::thread::sleep(RETRY_AFTER);
            }
        }
        if let Err(error) = self.committer.ledger_mut().checkpoint() {
            tracing::warn!(%error, "the log could not be moved into the store");
        }
    }
}
