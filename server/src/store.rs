//! Reads from the record, off the request's thread: a few threads, each with a connection of its own.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ledger::{LedgerError, Reader};
use shield::Breaker;
use tokio::sync::oneshot;

use crate::threads;

/// Threads that read, and so reads at a time.
const READERS: usize = 5;

/// Of these, kept for reads that must not wait behind a crowd's.
const FIRST_READERS: usize = 1;

/// Reads that wait, at most, of each kind.
const MOST_WAITING: usize = 4_096;

/// A read that has not begun by then is given up.
const READ_WAIT: Duration = Duration::from_secs(5);

/// So many reads in a row that failed, and none is tried for a while but one now and then.
const FAILURES_TO_OPEN: u32 = 8;
const COOL_DOWN_MS: i64 = 250;
const MOST_COOL_DOWN_MS: i64 = 2_000;

/// Of the disk that a store is on, if it can be told.
pub(crate) fn free_disk_bytes(store: &Path) -> Option<u64> {
    let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty());
    let disk = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Where a read's answer comes, and whether it has begun.
struct Awaited<T> {
    answer: oneshot::Receiver<Result<T, LedgerError>>,
    begun: Arc<AtomicBool>,
}

type Read = Box<dyn FnOnce(Result<&Reader, LedgerError>) + Send>;

/// Read-only connections to the record.
#[derive(Clone)]
pub(crate) struct Store {
    shared: Arc<Open>,
}

/// As long as one of these is there the threads go on.
struct Open(Arc<Shared>);

struct Shared {
    path: PathBuf,
    queue: Mutex<Queue>,
    more: Condvar,
    /// For the threads that read only for the first queue.
    more_first: Condvar,
    patience: Duration,
    breaker: Breaker,
    began: Instant,
}

#[derive(Default)]
struct Queue {
    first: VecDeque<Waiting>,
    others: VecDeque<Waiting>,
    is_closed: bool,
}

/// A read, and since when it waits.
struct Waiting {
    read: Read,
    since: Instant,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.queue().is_closed = true;
        self.0.more.notify_all();
        self.0.more_first.notify_all();
    }
}

impl Store {
    pub(crate) fn open(path: &Path) -> Result<Self, LedgerError> {
        Self::with_patience(path, READ_WAIT)
    }

    fn with_patience(path: &Path, patience: Duration) -> Result<Self, LedgerError> {
        let shared = Arc::new(Shared {
            path: path.to_owned(),
            queue: Mutex::default(),
            more: Condvar::new(),
            more_first: Condvar::new(),
            patience,
            breaker: Breaker::new(FAILURES_TO_OPEN, COOL_DOWN_MS, MOST_COOL_DOWN_MS),
            began: Instant::now(),
        });
        let store = Self { shared: Arc::new(Open(Arc::clone(&shared))) };
        for number in 0..READERS {
            let (shared, reader) = (Arc::clone(&shared), Reader::open(path)?);
            std::thread::Builder::new()
                .name("reader".to_owned())
                .spawn(move || {
                    threads::works_in_turns();
                    shared.read_on(reader, number < FIRST_READERS);
                })
                .map_err(|error| LedgerError::Unavailable(error.to_string()))?;
        }
        Ok(store)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.shared.0.path
    }

    /// Runs one read, of the record as it stands at one moment.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let shared = &self.shared.0;
        if !shared.breaker.allows(shared.now_ms()) {
            return Err(unavailable("reads have failed, and are left alone for a moment"));
        }
        let awaited = shared.hand_in(|queue| &mut queue.others, read)?;
        let begun = Arc::clone(&awaited.begun);
        let answer = shared.wait_for(awaited).await;
        // That none comes free is the crowd's doing, and not the record's.
        if begun.load(Ordering::Acquire) {
            match &answer {
                Err(LedgerError::Unavailable(_)) => shared.breaker.failed(shared.now_ms()),
                _ => shared.breaker.succeeded(),
            }
        }
        answer
    }

    /// The same for what is about money, or gives units back: it never waits behind a crowd, and is always tried.
    pub(crate) async fn read_first<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let awaited = self.shared.0.hand_in(|queue| &mut queue.first, read)?;
        self.shared.0.more_first.notify_one();
        self.shared.0.wait_for(awaited).await
    }

    /// How long the read waits that has waited longest for a thread.
    pub(crate) fn longest_wait(&self) -> Duration {
        let queue = self.shared.0.queue();
        let oldest = [&queue.first, &queue.others].into_iter().filter_map(VecDeque::front);
        oldest.map(|waiting| waiting.since.elapsed()).max().unwrap_or_default()
    }

    /// Whether reads are left alone now, because they failed.
    pub(crate) fn is_left_alone(&self) -> bool {
        self.shared.0.breaker.is_open(self.shared.0.now_ms())
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> i64 {
        self.began.elapsed().as_millis() as i64
    }

    /// Puts a read into a queue.
    fn hand_in<T: Send + 'static>(
        &self,
        which: impl FnOnce(&mut Queue) -> &mut VecDeque<Waiting>,
        read: impl FnOnce(&Reader) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<Awaited<T>, LedgerError> {
        let (sender, answer) = oneshot::channel();
        let begun = Arc::new(AtomicBool::new(false));
        let begins = Arc::clone(&begun);
        let read: Read = Box::new(move |reader| {
            // Whoever asked may have gone, or run out of time: then nothing is read for nobody.
            if sender.is_closed() {
                return;
            }
            begins.store(true, Ordering::Release);
            let _gone = sender.send(reader.and_then(|reader| reader.in_one_snapshot(read)));
        });
        let mut queue = self.queue();
        let waiting = which(&mut queue);
        if waiting.len() >= MOST_WAITING {
            return Err(unavailable("too many reads wait"));
        }
        waiting.push_back(Waiting { read, since: Instant::now() });
        drop(queue);
        self.more.notify_one();
        Ok(Awaited { answer, begun })
    }

    async fn wait_for<T>(&self, Awaited { mut answer, begun }: Awaited<T>) -> Result<T, LedgerError> {
        let answered = match tokio::time::timeout(self.patience, &mut answer).await {
            Ok(answered) => answered,
            Err(_) if begun.load(Ordering::Acquire) => answer.await,
            Err(_) => return Err(unavailable("no connection came free in time")),
        };
        answered.unwrap_or_else(|_| Err(unavailable("a read panicked")))
    }

    /// One thread's life. A connection that a panicking read took along is opened anew.
    fn read_on(&self, reader: Reader, only_first: bool) {
        let mut reader = Some(reader);
        while let Some(read) = self.next(only_first) {
            let opened = match reader.take() {
                Some(reader) => Ok(reader),
                None => Reader::open(&self.path),
            };
            let done = catch_unwind(AssertUnwindSafe(|| match opened {
                Ok(opened) => {
                    read(Ok(&opened));
                    Some(opened)
                }
                Err(error) => {
                    read(Err(error));
                    None
                }
            }));
            reader = done.unwrap_or_default();
        }
    }

    /// The next read, when there is one; none once nobody can ask any more.
    fn next(&self, only_first: bool) -> Option<Read> {
        let mut queue = self.queue();
        loop {
            if queue.is_closed {
                return None;
            }
            let next = queue.first.pop_front().or_else(|| if only_first { None } else { queue.others.pop_front() });
            if let Some(Waiting { read, .. }) = next {
                return Some(read);
            }
            let more = if only_first { &self.more_first } else { &self.more };
            queue = more.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
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
        assert!(store.shared.0.queue().others.is_empty(), "who gave up left nothing behind");
    }

    #[tokio::test]
    async fn a_read_about_money_does_not_wait_behind_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stampede.db");
        let _ledger = SqliteLedger::open(&path).unwrap();
        let store = Store::open(&path).unwrap();
        let mut taken = Vec::new();
        for _ in 0..READERS - FIRST_READERS {
            taken.push(stuck(&store).await);
        }
        store.read_first(|reader| reader.stock_units().map(drop)).await.unwrap();
        for (let_go, read) in taken {
            let_go.send(()).unwrap();
            read.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn a_read_that_panics_costs_one_answer_and_no_connection() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stampede.db");
        let _ledger = SqliteLedger::open(&path).unwrap();
        let store = Store::open(&path).unwrap();
        for _ in 0..READERS {
            let panicked = store.read::<()>(|_| panic!("a mistake in a read")).await;
            assert!(matches!(panicked, Err(LedgerError::Unavailable(_))));
        }
        for _ in 0..2 * READERS {
            store.read(|reader| reader.stock_units().map(drop)).await.unwrap();
        }
    }
}
