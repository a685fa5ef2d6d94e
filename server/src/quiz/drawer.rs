//! The thread that draws pictures ahead: one for the whole shop, at its leisure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use shield::Overload;

use super::Quizzes;
use crate::clock::ServerClock;
use crate::{metrics, threads};

/// After each picture it rests for so many times as long as that one took: it never takes more than a tenth of a core.
const RESTS: u32 = 9;

/// How long it sleeps where there is nothing to draw, if nobody wakes it.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Begins to draw, until nobody has these quizzes any more.
pub(crate) fn draw_ahead(quizzes: &Quizzes, clock: ServerClock, overload: Arc<Overload>) -> std::io::Result<()> {
    // So that the first is seen as a rise from zero.
    metrics::quiz_overused(0);
    let shared = Arc::downgrade(&quizzes.shared);
    let drawing = std::thread::Builder::new().name("quiz".to_owned()).spawn(move || {
        threads::works_in_turns();
        while let Some(shared) = shared.upgrade() {
            let (quizzes, began) = (Quizzes { shared }, Instant::now());
            quizzes.forget_retired(clock.now_ms());
            let has_drawn = quizzes.draw_one(clock.now_ms(), overload.is_overrun());
            drop(quizzes);
            if has_drawn {
                std::thread::sleep(began.elapsed() * RESTS);
            } else {
                std::thread::park_timeout(LOOK_INTERVAL);
            }
        }
    })?;
    // Already set: another draws, and it is woken by the clock alone.
    let _is_first = quizzes.shared.drawer.set(drawing.thread().clone());
    Ok(())
}
