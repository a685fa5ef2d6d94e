//! Heavy work on the side, bounded twice: so much at a time, so much waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

/// Runs blocking work on threads of its own kind.
#[derive(Clone)]
pub struct Pool {
    permits: Arc<Semaphore>,
    inside: Arc<AtomicUsize>,
    most_inside: usize,
}

/// As many wait as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolFull;

/// Counts out however the work ends, cancelled included.
struct Visit(Arc<AtomicUsize>);

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Pool {
    #[must_use]
    pub fn new(running: usize, waiting: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(running)),
            inside: Arc::new(AtomicUsize::new(0)),
            most_inside: running + waiting,
        }
    }

    /// Runs `work` when it is its turn. A caller that goes away while waiting leaves no work behind; work that has
    /// begun runs to its end and keeps its place until then.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PoolFull> {
        let visit = Visit(Arc::clone(&self.inside));
        if self.inside.fetch_add(1, Ordering::AcqRel) >= self.most_inside {
            return Err(PoolFull);
        }
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| PoolFull)?;
        let running = tokio::task::spawn_blocking(move || {
            let _kept_until_done = (visit, permit);
            work()
        });
        match running.await {
            Ok(value) => Ok(value),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(PoolFull),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_too_many_is_refused_at_once_and_places_come_back() {
        let pool = Pool::new(1, 1);
        let (release, blocked) = std::sync::mpsc::channel::<()>();
        let (started, running) = tokio::sync::oneshot::channel();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move {
                pool.run(move || {
                    let _ = started.send(());
                    let _ = blocked.recv();
                })
                .await
            }
        });
        running.await.unwrap();
        let second = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(|| 2).await }
        });
        while pool.inside.load(Ordering::Acquire) < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(|| 3).await, Err(PoolFull));
        release.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
        assert_eq!(second.await.unwrap(), Ok(2));
        assert_eq!(pool.run(|| 4).await, Ok(4));
    }

    #[tokio::test]
    async fn who_stops_waiting_gives_the_place_back() {
        let pool = Pool::new(1, 1);
        let permit = Arc::clone(&pool.permits).acquire_owned().await.unwrap();
        let waiting = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(|| ()).await }
        });
        while pool.inside.load(Ordering::Acquire) < 1 {
            tokio::task::yield_now().await;
        }
        waiting.abort();
        let _ = waiting.await;
        assert_eq!(pool.inside.load(Ordering::Acquire), 0);
        drop(permit);
    }
}
