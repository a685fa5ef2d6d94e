//! When a sale admits orders, judged once, at admission, by the server's clock.

use serde::{Deserialize, Serialize};

use crate::decision::Outlook;
use crate::draw_terms::EntryWindow;

/// A sale's times. That it has opened is latched: a clock that was set back does not close it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub starts_at_ms: i64,
    pub ends_at_ms: i64,
    pub opened: bool,
    pub paused: bool,
    /// Of a sale by draw: when orders are entries.
    pub entries: Option<EntryWindow>,
}

/// What a sale is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Upcoming,
    Open,
    SoldOut,
    Ended,
    Paused,
    /// Of a sale by draw: the entries are closed, and not everybody knows yet.
    Drawing,
}

/// Why an order may not join the line now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdmissionRefusal {
    NotOpen,
    Paused,
    EntriesClosed,
    Ended,
    SoldOut,
    LimitReached,
}

impl Window {
    /// Whether the start has been reached, now or ever before.
    #[must_use]
    pub const fn has_opened(&self, now_ms: i64) -> bool {
        self.opened || now_ms >= self.starts_at_ms
    }

    /// The end is the first millisecond at which nobody is admitted any more.
    #[must_use]
    pub const fn has_ended(&self, now_ms: i64) -> bool {
        now_ms >= self.ends_at_ms
    }

    const fn is_between(&self, now_ms: i64) -> bool {
        match &self.entries {
            Some(entries) => entries.is_between(now_ms),
            None => false,
        }
    }

    /// What the sale is doing at `now_ms` with `free_units` left.
    #[must_use]
    pub const fn phase(&self, now_ms: i64, free_units: u64) -> Phase {
        if self.has_ended(now_ms) {
            Phase::Ended
        } else if !self.has_opened(now_ms) {
            Phase::Upcoming
        } else if self.paused {
            Phase::Paused
        } else if self.is_between(now_ms) {
            Phase::Drawing
        } else if free_units == 0 {
            Phase::SoldOut
        } else {
            Phase::Open
        }
    }

    /// Whether a question may be asked or answered now.
    pub const fn judge(&self, now_ms: i64) -> Result<(), AdmissionRefusal> {
        match self.phase(now_ms, 1) {
            Phase::Upcoming => Err(AdmissionRefusal::NotOpen),
            Phase::Ended => Err(AdmissionRefusal::Ended),
            Phase::Paused => Err(AdmissionRefusal::Paused),
            Phase::Drawing => Err(AdmissionRefusal::EntriesClosed),
            Phase::Open | Phase::SoldOut => Ok(()),
        }
    }
}

/// Whether an order of `quantity` units may join the line: the window, what is left or may be waited for, and the
/// shopper's limit over what the shopper has in the line, waits for, holds or has paid for.
pub const fn judge_admission(
    window: &Window,
    now_ms: i64,
    outlook: Outlook,
    shopper_units: u32,
    quantity: u32,
    per_shopper_limit: u32,
) -> Result<(), AdmissionRefusal> {
    if let Err(refusal) = window.judge(now_ms) {
        return Err(refusal);
    }
    if shopper_units.saturating_add(quantity) > per_shopper_limit {
        return Err(AdmissionRefusal::LimitReached);
    }
    if outlook.free_units == 0 && !outlook.can_wait {
        return Err(AdmissionRefusal::SoldOut);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw_terms::DrawStage;

    const WINDOW: Window =
        Window { starts_at_ms: 1_000, ends_at_ms: 2_000, opened: false, paused: false, entries: None };

    fn check(now_ms: i64, free_units: u64, expected: Phase) {
        assert_eq!(WINDOW.phase(now_ms, free_units), expected, "at {now_ms}");
    }

    #[test]
    fn a_sale_goes_from_upcoming_to_open_to_ended_on_the_millisecond() {
        check(999, 5, Phase::Upcoming);
        check(1_000, 5, Phase::Open);
        check(1_500, 0, Phase::SoldOut);
        check(1_999, 5, Phase::Open);
        check(2_000, 5, Phase::Ended);
    }

    #[test]
    fn a_clock_set_back_does_not_close_what_had_opened() {
        let opened = Window { opened: true, ..WINDOW };
        assert_eq!(opened.phase(10, 5), Phase::Open);
    }

    #[test]
    fn a_pause_shows_only_while_the_sale_runs() {
        let paused = Window { paused: true, ..WINDOW };
        assert_eq!(paused.phase(10, 5), Phase::Upcoming);
        assert_eq!(paused.phase(1_500, 5), Phase::Paused);
        assert_eq!(paused.phase(2_500, 5), Phase::Ended);
    }

    #[test]
    fn between_the_close_and_the_draw_nobody_is_admitted_and_then_what_is_left_is_sold() {
        let at = |stage| Window { entries: Some(EntryWindow { close_at_ms: 1_500, stage }), ..WINDOW };
        assert_eq!(at(DrawStage::Entering).phase(1_499, 5), Phase::Open);
        assert_eq!(at(DrawStage::Entering).judge(1_500), Err(AdmissionRefusal::EntriesClosed));
        // A clock that was set back opens no draw again.
        assert_eq!(at(DrawStage::Closed).phase(1_200, 5), Phase::Drawing);
        assert_eq!(at(DrawStage::Deciding).phase(1_700, 5), Phase::Drawing);
        assert_eq!(at(DrawStage::Drawn).phase(1_700, 5), Phase::Open);
        assert_eq!(at(DrawStage::Drawn).phase(1_700, 0), Phase::SoldOut);
        assert_eq!(at(DrawStage::Closed).phase(2_000, 5), Phase::Ended);
        assert_eq!(at(DrawStage::Entering).phase(999, 5), Phase::Upcoming);
    }

    #[test]
    fn admission_names_what_stands_in_the_way() {
        let check = |now_ms, free_units, had, quantity| {
            judge_admission(&WINDOW, now_ms, Outlook { free_units, can_wait: false }, had, quantity, 2)
        };
        assert_eq!(check(999, 9, 0, 1), Err(AdmissionRefusal::NotOpen));
        assert_eq!(check(2_000, 9, 0, 1), Err(AdmissionRefusal::Ended));
        assert_eq!(check(1_000, 0, 0, 1), Err(AdmissionRefusal::SoldOut));
        assert_eq!(check(1_000, 9, 2, 1), Err(AdmissionRefusal::LimitReached));
        assert_eq!(check(1_000, 9, u32::MAX, 1), Err(AdmissionRefusal::LimitReached));
        assert_eq!(check(1_000, 9, 1, 1), Ok(()));
        let waiting = Outlook { free_units: 0, can_wait: true };
        assert_eq!(judge_admission(&WINDOW, 1_000, waiting, 1, 1, 2), Ok(()));
    }
}
