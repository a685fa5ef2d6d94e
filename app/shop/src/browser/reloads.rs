//! Reloading again and again: a live page needs none of it. Counted in the tab, answered in the page, and past a
//! bound slowed, so that a nervous finger does not become a stampede of its own.

use std::cell::OnceCell;

use js_sys::Date;

use super::{js, session};

const SLOT: &str = "stampede.reloads";
const WINDOW_MS: f64 = 60_000.0;
/// As many reloads within the window are answered with a word.
const NOTICED: usize = 3;
/// Each one beyond these makes the page rest longer before it asks the shop anything.
const FREE: usize = 8;
const REST_STEP_MS: f64 = 1_000.0;
const REST_MAX_MS: f64 = 5_000.0;
/// More times than these would change nothing.
const KEPT: usize = FREE + (REST_MAX_MS / REST_STEP_MS) as usize;
/// `performance.navigation.type` of a reload.
const RELOAD: u16 = 1;

thread_local! {
    static RECENT: OnceCell<usize> = const { OnceCell::new() };
}

/// Whether to say that the page is live.
pub(crate) fn noticed() -> bool {
    recent() >= NOTICED
}

/// How long after its begin the page keeps from asking the shop.
pub(crate) fn rest_ms() -> f64 {
    rest_after_ms(recent())
}

fn rest_after_ms(reloads: usize) -> f64 {
    (reloads.saturating_sub(FREE) as f64 * REST_STEP_MS).min(REST_MAX_MS)
}

/// How often this tab has been reloaded lately, counted once a page.
fn recent() -> usize {
    RECENT.with(|recent| *recent.get_or_init(count))
}

fn count() -> usize {
    let performance = web_sys::window().and_then(|window| window.performance());
    let is_reload = performance.is_some_and(|performance| performance.navigation().type_() == RELOAD);
    let Some(storage) = session::storage().filter(|_| is_reload) else { return 0 };
    let now_ms = Date::now();
    let kept = js::parse(&storage.get_item(SLOT).ok().flatten().unwrap_or_default());
    let mut times: Vec<_> = js::elements(&kept);
    // A clock that was set back leaves times that have not come yet.
    times.retain(|at_ms| at_ms.as_f64().is_some_and(|at_ms| (now_ms - at_ms).abs() < WINDOW_MS));
    times.push(now_ms.into());
    let first = times.len().saturating_sub(KEPT);
    let kept: js_sys::Array = times[first..].iter().collect();
    let _ = storage.set_item(SLOT, &js::stringify(&kept));
    times.len()
}

#[cfg(test)]
mod tests {
    use super::{FREE, KEPT, NOTICED, REST_MAX_MS, rest_after_ms};

    #[test]
    fn a_few_reloads_cost_nothing_and_many_cost_seconds_at_most() {
        assert_eq!(rest_after_ms(NOTICED), 0.0);
        assert_eq!(rest_after_ms(FREE), 0.0);
        assert_eq!(rest_after_ms(FREE + 2), 2_000.0);
        assert_eq!(rest_after_ms(KEPT), REST_MAX_MS);
        assert_eq!(rest_after_ms(1_000), REST_MAX_MS);
    }
}
