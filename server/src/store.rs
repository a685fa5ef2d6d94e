//! Reads from the record, off the request's thread, on a bounded number of connections.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ledger::{LedgerError, Reader};
use shield::Breaker;
use tokio::sync::Semaphore;

/// Connections that read, and so reads at a time.
const READERS: usize = 6;

/// Of these, kept for reads that must not wait behind a crowd's.
const FIRST_READERS: usize = 2;

/// A read that has not begun by then is given up.
const READ_WAIT: Duration = Duration::from_secs(5);

/// So many reads in a row that failed, or did not begin in time, and none is tried for a while but one now and then.
const FAILURES_TO_OPEN: u32 = 8;
const COOL_DOWN_MS: i64 = 250;
const MOST_COOL_DOWN_MS: i64 = 2_000;

/// Read-only connections to the record.
#[derive(Clone)]
pub(crate) struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    idle: Mutex<Vec<Reader>>,
    permits: Arc<Semaphore>,
    first_permits: Arc<Semaphore>,
    breaker: Breaker,
    began: Instant,
}

impl Store {
    pub(crate) fn open(path: &Path) -> Result<Self, LedgerError> {
        let idle = (0..READERS).map(|_| Reader::open(path)).collect::<Result<Vec<_>, _>>()?;
        let permits = Arc::new(Semaphore::new(READERS - FIRST_READERS));
        let first_permits = Arc::new(Semaphore::new(FIRST_READERS));
        let breaker = Breaker::new(FAILURES_TO_OPEN, COOL_DOWN_MS, MOST_COOL_DOWN_MS);
        let (path, idle, began) = (path.to_owned(), Mutex::new(idle), Instant::now());
        Ok(Self { shared: Arc::new(Shared { path, idle, permits, first_permits, breaker, began }) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Runs one read, of the record as it stands at one moment. A connection that a panicking read took along is opened anew.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let now_ms = || self.shared.began.elapsed().as_millis() as i64;
        if !self.shared.breaker.allows(now_ms()) {
            return Err(unavailable("reads have failed, and are left alone for a moment"));
        }
        let answer = self.read_by(&self.shared.permits, read).await;
        match &answer {
            Err(LedgerError::Unavailable(_)) => self.shared.breaker.failed(now_ms()),
            _ => self.shared.breaker.succeeded(),
        }
        answer
    }

    /// Whether reads are left alone now, because they failed.
    pub(crate) fn is_left_alone(&self) -> bool {
        self.shared.breaker.is_open(self.shared.began.elapsed().as_millis() as i64)
    }

    /// The same for what is about money, or gives units back: it never waits behind a crowd, and is always tried.
    pub(crate) async fn read_first<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.read_by(&self.shared.first_permits, read).await
    }

    async fn read_by<T: Send + 'static>(
        &self,
        permits: &Arc<Semaphore>,
        read: impl FnOnce(&Reader) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let waiting = tokio::time::timeout(READ_WAIT, Arc::clone(permits).acquire_owned());
        let permit = waiting
            .await
            .map_err(|_| unavailable("no connection came free in time"))?
            .map_err(|_| unavailable("the store is closed"))?;
        let shared = Arc::clone(&self.shared);
        let running = tokio::task::spawn_blocking(move || {
            let _kept_until_done = permit;
            let idle = shared.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let reader = match idle {
                Some(reader) => reader,
                None => Reader::open(&shared.path)?,
            };
            let answer = reader.in_one_snapshot(read);
            shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            answer
        });
        running.await.map_err(|error| unavailable(&error.to_string()))?
    }
}

fn unavailable(what: &str) -> LedgerError {
    LedgerError::Unavailable(what.to_owned())
}
