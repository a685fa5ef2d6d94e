//! How many may begin between two looks at the most, however many come: a crowd that comes at once brings its work with it before anybody
//! has seen it wait. As TCP does (slow start, RFC 5681) it begins with what any machine can do, and allows more as long as that does no harm.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::overload::LOOK_EVERY_MS;

/// A core may be asked to begin so many a second before anything is known of it.
const FIRST_PER_SECOND: f64 = 6_000.0;
/// Where so many were not enough and nothing waits it is twice as many after so long.
const TWICE_AFTER_MS: f64 = 20.0;
/// Once it is known how many can begin, no more than so many times as many: they are judged by the bar.
const MOST_BEYOND: f64 = 2.0;
/// What was not used is kept for so long, so that a few hundred at one instant are not too many.
const KEPT_MS: f64 = 40.0;
/// Of what is given at a look so much is for those who begin where no crowd is.
const ELSEWHERE: f64 = 0.5;
/// What was allowed beyond the first is forgotten with time, while less is enough: after so long a third is left of it.
const FORGOTTEN_MS: f64 = 10_000.0;
/// More is no bound any more.
const MOST_PER_MS: f64 = 1e6;

/// What is left until the next look. Apart from others in memory: whoever begins takes from it.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Room {
    left: AtomicI64,
    /// Of it, not for a crowd.
    for_others: AtomicI64,
}

impl Default for Room {
    /// Without bounds, where nobody looks.
    fn default() -> Self {
        Self { left: AtomicI64::new(i64::MAX), for_others: AtomicI64::new(0) }
    }
}

impl Room {
    /// Whether one more may begin.
    pub(crate) fn take(&self, is_crowd: bool) -> bool {
        let kept = if is_crowd { self.for_others.load(Ordering::Relaxed) } else { 0 };
        // Who is refused writes nothing.
        self.left.load(Ordering::Relaxed) > kept && self.left.fetch_sub(1, Ordering::Relaxed) > 0
    }

    /// Whether a crowd is refused.
    pub(crate) fn is_empty(&self) -> bool {
        self.left.load(Ordering::Relaxed) <= self.for_others.load(Ordering::Relaxed)
    }
}

/// Makes room anew at each look.
#[derive(Debug)]
pub(crate) struct Rooms {
    per_ms: f64,
    first_per_ms: f64,
    /// What is left of one that could not be given.
    rest: f64,
}

impl Rooms {
    pub(crate) fn new(cores: f64) -> Self {
        let first_per_ms = FIRST_PER_SECOND * cores / 1e3;
        Self { per_ms: first_per_ms, first_per_ms, rest: 0.0 }
    }

    /// `possible_per_ms` is how many can begin, where that is known by now; `is_calm` whether nothing waits and the processor has time.
    pub(crate) fn look(&mut self, room: &Room, possible_per_ms: Option<f64>, is_calm: bool, since_last_ms: f64) {
        let left = room.left.load(Ordering::Relaxed);
        // A look that is late is no reason for all of that at once.
        let lasted_ms = since_last_ms.min(KEPT_MS);
        if let Some(possible) = possible_per_ms {
            self.per_ms = (possible * MOST_BEYOND).max(self.first_per_ms);
        } else if !room.is_empty() {
            self.per_ms = self.first_per_ms + (self.per_ms - self.first_per_ms) * (-since_last_ms / FORGOTTEN_MS).exp();
        } else if is_calm {
            self.per_ms = (self.per_ms * (lasted_ms / TWICE_AFTER_MS).exp2()).min(MOST_PER_MS);
        }
        let given = self.per_ms * lasted_ms + self.rest;
        self.rest = given.fract();
        let most = (self.per_ms * KEPT_MS) as i64;
        let next = left.clamp(0, most).saturating_add(given as i64).min(most.max(1));
        room.for_others.store((self.per_ms * LOOK_EVERY_MS as f64 * ELSEWHERE) as i64, Ordering::Relaxed);
        room.left.fetch_add(next.wrapping_sub(left), Ordering::Relaxed);
    }
}

const _: () = assert!(KEPT_MS > LOOK_EVERY_MS as f64);

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK_MS: f64 = LOOK_EVERY_MS as f64;

    fn begun(room: &Room, come: usize) -> usize {
        (0..come).filter(|_| room.take(false)).count()
    }

    #[test]
    fn without_a_look_all_begin() {
        assert_eq!(begun(&Room::default(), 100_000), 100_000);
    }

    #[test]
    fn of_a_crowd_at_one_instant_as_many_begin_as_a_machine_can_do_in_a_few_looks() {
        let (room, mut rooms) = (Room::default(), Rooms::new(1.0));
        rooms.look(&room, None, true, 1_000.0);
        assert_eq!(begun(&room, 1_000), 240, "40 ms of 6,000 a second");
        rooms.look(&room, None, false, LOOK_MS);
        assert_eq!(begun(&room, 1_000), 30, "a look's time");
        rooms.look(&room, None, false, 500.0);
        assert_eq!(begun(&room, 1_000), 240, "a look that was late");
        rooms.look(&room, None, true, 500.0);
        assert_eq!(begun(&room, 10_000), 960, "no more of it for having been late");
    }

    #[test]
    fn a_crowd_leaves_room_for_who_begins_elsewhere() {
        let (room, mut rooms) = (Room::default(), Rooms::new(1.0));
        rooms.look(&room, None, false, LOOK_MS);
        (0..1_000).for_each(|_| _ = room.take(true));
        assert!(room.is_empty());
        assert_eq!(begun(&room, 1_000), 15);
    }

    #[test]
    fn what_was_allowed_for_one_crowd_is_forgotten_before_the_next() {
        let (room, mut rooms) = (Room::default(), Rooms::new(1.0));
        for _ in 0..20 {
            rooms.look(&room, None, true, LOOK_MS);
            begun(&room, 10_000);
        }
        (0..12_000).for_each(|_| rooms.look(&room, None, true, LOOK_MS));
        assert!(begun(&room, 10_000) < 300);
    }

    #[test]
    fn where_it_does_no_harm_it_is_ten_times_as_many_within_a_tenth_of_a_second() {
        let (room, mut rooms) = (Room::default(), Rooms::new(1.0));
        let begun: Vec<usize> = (0..20)
            .map(|_| {
                rooms.look(&room, None, true, LOOK_MS);
                begun(&room, 1_000)
            })
            .collect();
        assert!(begun.is_sorted() || begun[0] > begun[1], "{begun:?}");
        assert!(begun[19] > 10 * 30, "{begun:?}");
    }

    #[test]
    fn once_it_is_known_what_can_begin_it_is_twice_that_and_never_less_than_at_first() {
        let (room, mut rooms) = (Room::default(), Rooms::new(2.0));
        for (possible_per_ms, a_look) in [(20.0, 200), (1.0, 60)] {
            rooms.look(&room, Some(possible_per_ms), false, LOOK_MS);
            begun(&room, 100_000);
            rooms.look(&room, Some(possible_per_ms), false, LOOK_MS);
            assert_eq!(begun(&room, 100_000), a_look);
        }
    }
}
