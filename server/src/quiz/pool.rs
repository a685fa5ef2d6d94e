//! The pictures that one sale asks with, each for so many times.

use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, AtomicU32, AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;
use ledger::{QuizKind, QuizQuestion, SaleRow};

use super::random;
use super::sum::Sum;

/// How often a picture is asked with, at most, while the pool has another.
pub(super) const MAX_USES: u32 = 24;

/// Pictures that one sale asks with, at most: enough for 24,576 questions without one being drawn.
pub(super) const FULL_PICTURES: usize = 1_024;

/// Harder sums of one sale: as many are drawn before anybody switches to them.
const HARDER_PICTURES: usize = 256;

/// Pictures drawn while a publish is waited for.
const FIRST_PICTURES: usize = 64;

/// Of these, of each question of a bank.
const FIRST_PICTURES_PER_QUESTION: usize = 8;

/// One question, drawn under a name of its own.
pub(crate) struct Picture {
    pub(crate) name: Arc<str>,
    pub(crate) question: QuizQuestion,
    uses: AtomicU32,
}

impl Picture {
    pub(crate) fn new(name: &str, question: QuizQuestion) -> Self {
        Self { name: name.into(), question, uses: AtomicU32::new(0) }
    }

    fn is_used_up(&self) -> bool {
        self.uses.load(Ordering::Relaxed) >= MAX_USES
    }

    /// Counts a use, if there is one left.
    fn take(&self) -> Option<Use> {
        let more = |uses| (uses < MAX_USES).then_some(uses + 1);
        let before = self.uses.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Use::of(before + 1))
    }
}

/// What a picture's use was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Within,
    /// The last within its bound.
    Last,
    /// One too many: every picture of the pool was used up.
    Beyond,
}

impl Use {
    fn of(uses: u32) -> Self {
        match uses {
            MAX_USES => Self::Last,
            0..MAX_USES => Self::Within,
            _ => Self::Beyond,
        }
    }
}

/// What a pool's pictures show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    Bank(Vec<QuizQuestion>),
    Sums,
    HarderSums,
}

impl Asks {
    /// As ever.
    pub(super) fn of(sale: &SaleRow) -> Self {
        match sale.quiz_kind {
            QuizKind::Bank => Self::Bank(sale.questions.clone()),
            QuizKind::Arithmetic => Self::Sums,
        }
    }

    /// While the quiz is harder. A merchant's own questions are what they are.
    pub(super) fn harder_of(sale: &SaleRow) -> Option<Self> {
        (sale.quiz_kind == QuizKind::Arithmetic).then_some(Self::HarderSums)
    }
}

/// Asked by thousands a second, and filled by one at a time.
pub(super) struct Pool {
    asks: Asks,
    slots: Box<[ArcSwapOption<Picture>]>,
    /// So many slots have a picture, the first ones.
    filled: AtomicUsize,
    /// Of these, used up. Who uses one up counts it a moment later, when it may have been replaced already.
    used_up: AtomicIsize,
}

impl Pool {
    /// Empty.
    pub(super) fn new(asks: Asks) -> Self {
        let full = if asks == Asks::HarderSums { HARDER_PICTURES } else { FULL_PICTURES };
        Self {
            asks,
            slots: (0..full).map(|_| ArcSwapOption::empty()).collect(),
            filled: AtomicUsize::new(0),
            used_up: AtomicIsize::new(0),
        }
    }

    pub(super) const fn asks(&self) -> &Asks {
        &self.asks
    }

    /// How many pictures a publish waits for.
    pub(super) fn first_pictures(&self) -> usize {
        match &self.asks {
            Asks::Bank(questions) => FIRST_PICTURES.min(questions.len() * FIRST_PICTURES_PER_QUESTION),
            Asks::Sums => FIRST_PICTURES,
            Asks::HarderSums => 0,
        }
    }

    /// A picture by a random number, one that has a use left if there is one.
    pub(super) fn ask(&self, random: u64) -> Option<(Arc<Picture>, Use)> {
        let filled = self.filled();
        let begin = usize::try_from(random.checked_rem(filled as u64)?).ok()?;
        let found = if self.fresh() > 0 { self.take_from(begin, filled) } else { None };
        let (picture, used) = found.or_else(|| {
            let picture = self.slots[begin].load_full()?;
            let used = Use::of(picture.uses.fetch_add(1, Ordering::Relaxed).saturating_add(1));
            Some((picture, used))
        })?;
        if used == Use::Last {
            self.used_up.fetch_add(1, Ordering::AcqRel);
        }
        Some((picture, used))
    }

    fn take_from(&self, begin: usize, filled: usize) -> Option<(Arc<Picture>, Use)> {
        (begin..filled).chain(0..begin).find_map(|slot| {
            let picture = self.slots[slot].load();
            let picture = picture.as_ref()?;
            Some((Arc::clone(picture), picture.take()?))
        })
    }

    /// Pictures that have a use left.
    pub(super) fn fresh(&self) -> usize {
        self.filled().saturating_add_signed(-self.used_up.load(Ordering::Acquire))
    }

    pub(super) fn filled(&self) -> usize {
        self.filled.load(Ordering::Acquire)
    }

    pub(super) fn is_full(&self) -> bool {
        self.filled() == self.slots.len()
    }

    /// Of a thousand pictures that it is to have, how many are there and have a use left.
    pub(super) fn fresh_permille(&self) -> usize {
        self.fresh() * 1_000 / self.slots.len()
    }

    pub(super) fn names(&self) -> Vec<Arc<str>> {
        self.slots.iter().filter_map(|slot| Some(Arc::clone(&slot.load().as_ref()?.name))).collect()
    }

    /// The slot of the picture that was used most, if that one is used up.
    pub(super) fn most_used(&self) -> Option<usize> {
        let uses = |slot: &usize| self.slots[*slot].load().as_ref().map(|picture| picture.uses.load(Ordering::Relaxed));
        let slot = (0..self.filled()).max_by_key(uses)?;
        uses(&slot).is_some_and(|uses| uses >= MAX_USES).then_some(slot)
    }

    /// What a slot is to show next: of a bank always the same question, so that all are asked alike.
    pub(super) fn question_for(&self, slot: usize) -> Option<QuizQuestion> {
        let sum = match &self.asks {
            Asks::Bank(questions) => return questions.get(slot.checked_rem(questions.len())?).cloned(),
            Asks::Sums => Sum::of(random()),
            Asks::HarderSums => Sum::harder_of(random()),
        };
        Some(QuizQuestion { prompt: sum.prompt(), answer: sum.answer().to_string() })
    }

    /// Puts a picture into a slot that has one, or into the first that has none; gives back the one that stood there. For
    /// one caller at a time.
    pub(super) fn put(&self, slot: usize, picture: Picture) -> Option<Arc<Picture>> {
        let former = self.slots.get(slot)?.swap(Some(Arc::new(picture)));
        match &former {
            None => self.filled.store(slot + 1, Ordering::Release),
            Some(former) if former.is_used_up() => {
                self.used_up.fetch_sub(1, Ordering::AcqRel);
            }
            Some(_) => {}
        }
        former
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::testing::arithmetic;
    use super::*;

    /// Pictures that nobody has to draw.
    fn pool(pictures: usize) -> Pool {
        let pool = Pool::new(Asks::Sums);
        for slot in 0..pictures {
            assert!(pool.put(slot, picture(&format!("p{slot}"))).is_none());
        }
        pool
    }

    fn picture(name: &str) -> Picture {
        Picture::new(name, QuizQuestion { prompt: String::new(), answer: String::new() })
    }

    fn asked(pool: &Pool, times: u32) -> HashMap<Arc<str>, u32> {
        let mut uses = HashMap::new();
        for number in 0..u64::from(times) {
            let (picture, _) = pool.ask(number.wrapping_mul(0x9E37_79B9_7F4A_7C15)).unwrap();
            *uses.entry(Arc::clone(&picture.name)).or_default() += 1;
        }
        uses
    }

    #[test]
    fn no_picture_is_given_out_more_often_than_its_bound_while_another_has_a_use_left() {
        let uses = asked(&pool(10), 10 * MAX_USES);
        assert_eq!(uses.len(), 10);
        assert!(uses.values().all(|&uses| uses == MAX_USES), "{uses:?}");
    }

    #[test]
    fn many_threads_together_use_up_a_pool_to_the_last_use_and_not_beyond() {
        let pool = pool(16);
        let beyond = || (0..4 * MAX_USES).filter(|_| pool.ask(random()).unwrap().1 == Use::Beyond).count();
        let beyond: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(beyond)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!((beyond, pool.fresh()), (0, 0));
        assert_eq!(pool.ask(random()).unwrap().1, Use::Beyond);
    }

    #[test]
    fn a_crowd_larger_than_the_pool_is_still_asked_and_what_is_beyond_the_bound_is_told() {
        let pool = pool(4);
        asked(&pool, 4 * MAX_USES);
        let uses = asked(&pool, 400);
        assert_eq!(uses.values().sum::<u32>(), 400);
        assert!(uses.len() == 4 && uses.values().all(|&uses| uses > 50), "as often each: {uses:?}");
        assert_eq!(pool.ask(0).unwrap().1, Use::Beyond);
    }

    #[test]
    fn the_most_used_picture_is_replaced_and_the_new_one_is_the_one_that_is_asked() {
        let pool = pool(4);
        assert_eq!(pool.most_used(), None);
        asked(&pool, 4 * MAX_USES);
        (0..3).for_each(|_| drop(pool.ask(2)));
        assert_eq!(pool.most_used(), Some(2));
        let former = pool.put(2, picture("new")).unwrap();
        assert_eq!((&*former.name, pool.fresh()), ("p2", 1));
        let uses = asked(&pool, MAX_USES);
        assert_eq!(uses, HashMap::from([("new".into(), MAX_USES)]));
        assert_eq!(pool.fresh(), 0);
    }

    #[test]
    fn harder_sums_have_a_pool_of_their_own_and_a_bank_has_none() {
        assert_eq!(Asks::harder_of(&arithmetic()), Some(Asks::HarderSums));
        assert_eq!(Asks::harder_of(&SaleRow { quiz_kind: QuizKind::Bank, ..arithmetic() }), None);
        let harder = Pool::new(Asks::HarderSums).question_for(0).unwrap();
        assert_eq!(harder.prompt.matches('+').count(), 2, "{}", harder.prompt);
    }

    #[test]
    fn a_pool_without_pictures_asks_nothing() {
        assert!(pool(0).ask(7).is_none());
    }
}
