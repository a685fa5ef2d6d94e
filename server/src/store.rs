//! Reads from the record, off the request's thread, on a bounded number of connections.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ledger::{LedgerError, Reader};
use shield::Breaker;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections that read, and so reads at a time.
const READERS: usize = 6;

/// Of these, kept for reads that must not wait behind a crowd's.
const FIRST_READERS: usize = 2;

/// How long a read waits for its turn.
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
    /// A read that has not begun by then is given up.
    patience: Duration,
}

impl Store {
    pub(crate) fn open(path: &Path) -> Result<Self, LedgerError> {
        Self::with_patience(path, READ_WAIT)
    }

    fn with_patience(path: &Path, patience: Duration) -> Result<Self, LedgerError> {
        let idle = (0..READERS).map(|_| Reader::open(path)).collect::<Result<Vec<_>, _>>()?;
        let permits = Arc::new(Semaphore::new(READERS - FIRST_READERS));
        let first_permits = Arc::new(Semaphore::new(FIRST_READERS));
        let breaker = Breaker::new(FAILURES_TO_OPEN, COOL_DOWN_MS, MOST_COOL_DOWN_MS);
        let (path, idle, began) = (path.to_owned(), Mutex::new(idle), Instant::now());
        Ok(Self { shared: Arc::new(Shared { path, idle, permits, first_permits, breaker, began, patience }) })
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
        let permit = self.turn(&self.shared.permits).await?;
        let answer = self.run(permit, read).await;
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
        let permit = self.turn(&self.shared.first_permits).await?;
        self.run(permit, read).await
    }

    /// A place to read in, when it is free. That none comes free is the crowd's doing, and not the record's.
    async fn turn(&self, permits: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, LedgerError> {
        tokio::time::timeout(self.shared.patience, Arc::clone(permits).acquire_owned())
            .await
            .map_err(|_| unavailable("no connection came free in time"))?
            .map_err(|_| unavailable("the store is closed"))
    }

    async fn run<T: Send + 'static>(
        &self,
        permit: OwnedSemaphorePermit,
        read: impl FnOnce(&Reader) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use ledger::SqliteLedger;

    use super::*;

    /// A read that takes its connection and keeps it until it is let go.
    async fn stuck(store: &Store) -> (Sender<()>, tokio::task::JoinHandle<Result<(), LedgerError>>) {
        let (let_go, held) = channel::<()>();
        let (begun, begins) = tokio::sync::oneshot::channel();
        let store = store.clone();
        let read = tokio::spawn(async move {
            let read = move |_: &Reader| {
                let _heard = begun.send(());
                let _let_go = held.recv();
                Ok(())
            };
            store.read(read).await
        });
        begins.await.unwrap();
        (let_go, read)
    }

    #[tokio::test]
    async fn who_waits_too_long_for_a_starved_pool_is_told_so_and_after_it_all_is_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stampede.db");
        let _ledger = SqliteLedger::open(&path).unwrap();
        let store = Store::with_patience(&path, Duration::from_millis(50)).unwrap();
        let mut taken = Vec::new();
        for _ in 0..READERS - FIRST_READERS {
            taken.push(stuck(&store).await);
        }
        let units = |reader: &Reader| reader.stock_units().map(drop);
        let waiting: Vec<_> = (0..100)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.read(units).await })
            })
            .collect();
        for waited in waiting {
            assert!(matches!(waited.await.unwrap(), Err(LedgerError::Unavailable(_))));
        }
        for (let_go, read) in taken {
            let_go.send(()).unwrap();
            read.await.unwrap().unwrap();
        }
        for _ in 0..2 * READERS {
            store.read(units).await.unwrap();
        }
        assert_eq!(store.shared.permits.available_permits(), READERS - FIRST_READERS);
        assert_eq!(store.shared.idle.lock().unwrap().len(), READERS, "each connection came back");
    }
}
