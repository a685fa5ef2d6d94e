//! The departure board: six numerals that count down, or one word across them.

use leptos::prelude::*;
use ui::Locale;

use super::live::{flag, text};

use crate::browser::clock;

const NUMERALS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
/// What [`Board::left_s`] is until the shop's clock is known.
const UNKNOWN: i64 = -1;
/// Stands in each place until then.
const BLANK: &str = "–";

/// How often the board looks at the clock. A sleep that nothing announces is noticed by then, and so is a better estimate.
const LOOK_MS: f64 = 200.0;
/// The same in the last second: what runs seldom runs slowly at first.
const LOOK_NEAR_MS: f64 = 50.0;
/// The same while the clock is not known.
const UNKNOWN_MS: f64 = 50.0;
/// Browsers let long timers be late by 8 ms or so, to save power, but not the short ones: the target's own is as short as
/// this.
const PRECISE_MS: f64 = 16.0;
/// What is as near as this is now. Timers count whole milliseconds from when their task began: one that fell short by a hair would
/// cost another, of 4 ms at least.
pub(super) const NOW_MS: f64 = 0.7;

#[derive(Clone, Copy)]
pub(super) struct Board {
    /// Whole seconds left, rounded up; negative until the clock is known.
    pub left_s: RwSignal<i64>,
    /// Shown across the board instead of numerals, unless empty.
    pub word: RwSignal<String>,
    bound_ms: RwSignal<i64>,
    offset_ms: RwSignal<i64>,
}

impl Board {
    pub(super) fn new() -> Self {
        Self {
            left_s: RwSignal::new(UNKNOWN),
            word: RwSignal::new(String::new()),
            bound_ms: RwSignal::new(UNKNOWN),
            offset_ms: RwSignal::new(0),
        }
    }

    /// Counts towards `target_ms` on the shop's clock, and keeps that clock. `now_ms` is its one reading for all that is
    /// shown at a time. Answers with the milliseconds until it wants to be called again: a few times a second, and straight at the
    /// target at last.
    pub(super) fn count_to(self, target_ms: f64, now_ms: Option<f64>) -> f64 {
        let to_turn_ms = clock::turn(target_ms);
        let Some(now_ms) = now_ms else {
            // Before the first exchange, and again after a sleep.
            self.tell(UNKNOWN, 0);
            return UNKNOWN_MS;
        };
        if let Some(certainty) = clock::certainty() {
            self.tell(certainty.bound_ms, certainty.offset_ms);
        }
        let left_ms = target_ms - now_ms;
        let left_s = ((left_ms - NOW_MS) / 1e3).ceil().max(0.0);
        if self.left_s.get_untracked() != left_s as i64 {
            self.left_s.set(left_s as i64);
        }
        let to_next_ms = if left_s > 0.0 { left_ms - (left_s - 1.0) * 1e3 } else { LOOK_MS };
        let look_ms = if left_s == 1.0 { LOOK_NEAR_MS } else { LOOK_MS };
        let wait_ms = if to_next_ms > look_ms + PRECISE_MS {
            look_ms
        } else if left_s == 1.0 && to_next_ms > 2.0 * PRECISE_MS {
            to_next_ms - PRECISE_MS
        } else {
            to_next_ms - NOW_MS
        };
        wait_ms.min(to_turn_ms)
    }

    fn tell(self, bound_ms: i64, offset_ms: i64) {
        if self.bound_ms.get_untracked() != bound_ms {
            self.bound_ms.set(bound_ms);
        }
        // It is read in whole milliseconds, so that it flickers by one.
        if self.offset_ms.get_untracked().abs_diff(offset_ms) > 1 {
            self.offset_ms.set(offset_ms);
        }
    }

    pub(super) fn show_word(self, word: &'static str) {
        if self.word.with_untracked(|shown| shown != word) {
            self.word.set(word.to_owned());
        }
    }

    pub(super) fn view(self, locale: Locale, caption_id: &'static str) -> impl IntoView {
        view! {
            <p
                class="board"
                role="timer"
                aria-labelledby=caption_id
                class:with-word=flag(move || !self.word.with(String::is_empty))
                data-clock-offset-ms=text(move || known(self.bound_ms.get(), self.offset_ms.get()))
                data-clock-bound-ms=text(move || known(self.bound_ms.get(), self.bound_ms.get()))
            >
                {self.cell(36_000, 3)} {self.cell(3_600, 10)} <span class="colon">":"</span>
                {self.cell(600, 6)} {self.cell(60, 10)} <span class="colon">":"</span>
                {self.cell(10, 6)} {self.cell(1, 10)}
                <span class="board-word">{text(move || self.word.get())}</span>
            </p>
            <details class="bound">
                <summary>
                    {text(move || match self.bound_ms.get() {
                        UNKNOWN => locale.clock_being_set().to_owned(),
                        bound_ms => locale.right_to(bound_ms),
                    })}
                </summary>
                <p>{text(move || locale.clock_in_words(self.bound_ms.get(), self.offset_ms.get()))}</p>
            </details>
        }
    }

    /// One numeral. Its class changes with every change of the numeral, which restarts the roll.
    fn cell(self, seconds: i64, base: i64) -> impl IntoView {
        let numeral = move || {
            // Tens of hours run to 2 and back to 0 with the day; the days stand above the board.
            let left_s = self.left_s.get();
            (left_s >= 0).then_some(left_s % 86_400 / seconds % base)
        };
        view! {
            <span class="cell" class:odd=flag(move || numeral().is_some_and(|numeral| numeral % 2 == 1))>
                {text(move || {
                    if !self.word.with(String::is_empty) {
                        // The flap stays, and the word is read out alone.
                        return "\u{a0}".to_owned();
                    }
                    numeral().map_or(BLANK, |numeral| NUMERALS[numeral as usize]).to_owned()
                })}
            </span>
        }
    }
}

/// An attribute's text: empty until the clock is known.
fn known(bound_ms: i64, value: i64) -> String {
    if bound_ms == UNKNOWN { String::new() } else { value.to_string() }
}
