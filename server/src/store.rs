//! Reads from the record, off the request's thread, on a bounded number of connections.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ledger::{LedgerError, Reader};
use tokio::sync::Semaphore;

/// Connections that read, and so reads at a time.
const READERS: usize = 4;

/// A read that has not begun by then is given up.
const READ_WAIT: Duration = Duration::from_secs(5);

/// Read-only connections to the record.
#[derive(Clone)]
pub(crate) struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    idle: Mutex<Vec<Reader>>,
    permits: Arc<Semaphore>,
}

impl Store {
    pub(crate) fn open(path: &Path) -> Result<Self, LedgerError> {
        let idle = (0..READERS).map(|_| Reader::open(path)).collect::<Result<Vec<_>, _>>()?;
        let permits = Arc::new(Semaphore::new(READERS));
        Ok(Self { shared: Arc::new(Shared { path: path.to_owned(), idle: Mutex::new(idle), permits }) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Runs one read, of the record as it stands at one moment. A connection that a panicking read took along is opened anew.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let waiting = tokio::time::timeout(READ_WAIT, Arc::clone(&self.shared.permits).acquire_owned());
        let unavailable = |what: &str| LedgerError::Unavailable(what.to_owned());
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
