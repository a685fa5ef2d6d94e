//! The pools of all sales, and the bytes of their pictures.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread::Thread;

use arc_swap::ArcSwap;
use bytes::Bytes;
use ledger::SaleRow;
use sale::SaleId;

use super::pool::{Asks, Picture, Pool, Use};
use super::{picture, random};
use crate::metrics;

/// How long before a sale's start its pool is begun and filled. What was drawn for longer than that would only lie there.
const FILLED_AHEAD_MS: i64 = 10 * 60_000;

/// How much longer than its sale's answers may take a picture is kept once it is retired: a quiz that is made harder meanwhile
/// has a later end.
const KEPT_BEYOND_MS: i64 = 10_000;

/// Retired pictures of one pool, at most. Where there are so many, none is retired before the oldest goes.
const MAX_RETIRED_PER_POOL: usize = 2_048;

/// Bytes of all pictures from which on none is drawn in the background: the full pools of thirteen sales that ask sums.
const MAX_DRAWN_BYTES: usize = 128 * 1024 * 1024;

/// How a sale asks just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Difficulty {
    Ordinary,
    Harder,
}

type Key = (SaleId, Difficulty);

/// All pictures there are.
#[derive(Clone, Default)]
pub(crate) struct Quizzes {
    pub(super) shared: Arc<Shared>,
}

#[derive(Default)]
pub(super) struct Shared {
    pools: ArcSwap<HashMap<Key, Entry>>,
    kept: RwLock<Kept>,
    /// Held while pools are changed. Who asks, or fetches a picture, never waits for it.
    changing: Mutex<()>,
    /// Who draws in the background, once somebody does.
    pub(super) drawer: OnceLock<Thread>,
}

#[derive(Clone)]
struct Entry {
    pool: Arc<Pool>,
    starts_at_ms: i64,
    /// How long a picture is kept that is retired now.
    keep_ms: i64,
}

/// PNGs by their names.
#[derive(Default)]
struct Kept {
    pictures: HashMap<Arc<str>, Bytes>,
    bytes: usize,
    /// Of each pool, the oldest first.
    retired: HashMap<Key, VecDeque<Retired>>,
}

struct Retired {
    name: Arc<str>,
    forget_at_ms: i64,
}

impl Kept {
    fn keep(&mut self, name: Arc<str>, png: Bytes) {
        self.bytes += png.len();
        self.pictures.insert(name, png);
    }

    fn forget(&mut self, name: &str) {
        self.bytes -= self.pictures.remove(name).map_or(0, |png| png.len());
    }

    fn retire(&mut self, key: Key, names: impl IntoIterator<Item = Arc<str>>, forget_at_ms: i64) {
        let retired = self.retired.entry(key).or_default();
        retired.extend(names.into_iter().map(|name| Retired { name, forget_at_ms }));
        let too_many = retired.len().saturating_sub(MAX_RETIRED_PER_POOL);
        let oldest: Vec<Retired> = retired.drain(..too_many).collect();
        oldest.iter().for_each(|retired| self.forget(&retired.name));
    }

    fn retired_of(&self, key: Key) -> usize {
        self.retired.get(&key).map_or(0, VecDeque::len)
    }
}

impl Quizzes {
    /// Draws what those of these sales that begin soon need first and lack, and answers with the new pictures' names. The
    /// others' pictures go: their sales have ended, and no answer counts any more. Takes a while: not for an async thread.
    pub(crate) fn publish<'a>(&self, sales: impl Iterator<Item = &'a SaleRow>, now_ms: i64) -> Vec<Arc<str>> {
        let _alone = self.shared.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.shared.pools.load_full();
        let mut pools = HashMap::new();
        let mut new_names = Vec::new();
        for sale in sales {
            let harder = Asks::harder_of(sale).map(|asks| (Difficulty::Harder, asks));
            for (difficulty, asks) in harder.into_iter().chain([(Difficulty::Ordinary, Asks::of(sale))]) {
                let key = (sale.sale_id, difficulty);
                let former = before.get(&key);
                let unchanged = former.filter(|former| *former.pool.asks() == asks);
                let pool = unchanged.map_or_else(|| Arc::new(Pool::new(asks)), |former| Arc::clone(&former.pool));
                if is_due(opens_at_ms(sale), now_ms) {
                    let lacking = pool.filled()..pool.first_pictures();
                    new_names.extend(lacking.filter_map(|slot| Some(self.draw(&pool, slot)?.new)));
                }
                // Who was asked before a change has the time that was given then.
                let keep_ms = former.map_or(0, |former| former.keep_ms).max(sale.max_answer_ms + KEPT_BEYOND_MS);
                pools.insert(key, Entry { pool, starts_at_ms: opens_at_ms(sale), keep_ms });
            }
        }
        let pools = Arc::new(pools);
        self.shared.pools.store(Arc::clone(&pools));
        let mut kept = self.shared.kept.write().unwrap_or_else(PoisonError::into_inner);
        for (&key, former) in before.iter() {
            if pools.get(&key).is_some_and(|entry| Arc::ptr_eq(&entry.pool, &former.pool)) {
                continue;
            }
            if pools.contains_key(&(key.0, Difficulty::Ordinary)) {
                kept.retire(key, former.pool.names(), now_ms + former.keep_ms);
            } else {
                former.pool.names().iter().for_each(|name| kept.forget(name));
            }
        }
        let has_ended = |(sale_id, _): &Key| !pools.contains_key(&(*sale_id, Difficulty::Ordinary));
        let ended: Vec<_> = kept.retired.extract_if(|key, _| has_ended(key)).flat_map(|(_, retired)| retired).collect();
        ended.iter().for_each(|retired| kept.forget(&retired.name));
        drop(kept);
        self.wake_drawer();
        new_names
    }

    /// A question of the sale, by a random number. No lock, and no waiting. Where harder ones are wanted and there are none,
    /// an ordinary one.
    pub(crate) fn ask(&self, sale_id: SaleId, difficulty: Difficulty, random: u64) -> Option<Arc<Picture>> {
        let pools = self.shared.pools.load();
        let ask = |difficulty| pools.get(&(sale_id, difficulty))?.pool.ask(random);
        let (picture, used) = ask(difficulty).or_else(|| ask(Difficulty::Ordinary))?;
        match used {
            Use::Within => {}
            Use::Last => self.wake_drawer(),
            Use::Beyond => metrics::quiz_overused(1),
        }
        Some(picture)
    }

    /// The PNG of that name.
    pub(crate) fn picture(&self, name: &str) -> Option<Bytes> {
        self.shared.kept.read().unwrap_or_else(PoisonError::into_inner).pictures.get(name).cloned()
    }

    /// Draws one picture, for the pool that has the smallest share of its pictures left: in the place of one that is used up, or
    /// beside the others until the pool is full. Where the processor is to be spared, only for a pool that has none with a use left.
    /// Answers whether there was anything to draw.
    pub(super) fn draw_one(&self, now_ms: i64, is_spared: bool) -> bool {
        let _alone = self.shared.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let pools = self.shared.pools.load();
        let Some((key, entry, slot)) = self.most_wanted(&pools, now_ms, is_spared) else { return false };
        let Some(drawn) = self.draw(&entry.pool, slot) else { return false };
        if let Some(former) = drawn.former {
            let mut kept = self.shared.kept.write().unwrap_or_else(PoisonError::into_inner);
            kept.retire(key, [Arc::clone(&former.name)], now_ms + entry.keep_ms);
        }
        true
    }

    fn most_wanted<'a>(
        &self,
        pools: &'a HashMap<Key, Entry>,
        now_ms: i64,
        is_spared: bool,
    ) -> Option<(Key, &'a Entry, usize)> {
        let kept = self.shared.kept.read().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes >= MAX_DRAWN_BYTES {
            return None;
        }
        let due = pools
            .iter()
            .filter(|(_, entry)| is_due(entry.starts_at_ms, now_ms) && !(is_spared && entry.pool.fresh() > 0));
        let wanted = due.filter_map(|(&key, entry)| {
            let pool = &entry.pool;
            let may_retire = kept.retired_of(key) < MAX_RETIRED_PER_POOL;
            let used_up = if may_retire && pool.fresh() < pool.filled() { pool.most_used() } else { None };
            let slot = used_up.or_else(|| (!pool.is_full()).then(|| pool.filled()))?;
            Some((key, entry, slot))
        });
        wanted.min_by_key(|(_, entry, _)| entry.pool.fresh_permille())
    }

    /// Draws what a slot is to show. Its bytes are there before anybody is asked with it.
    fn draw(&self, pool: &Pool, slot: usize) -> Option<Drawn> {
        let question = pool.question_for(slot)?;
        let png = picture::draw(&question.prompt, random());
        let picture = Picture::new(&format!("{:016x}{:016x}", random(), random()), question);
        let new = Arc::clone(&picture.name);
        self.shared.kept.write().unwrap_or_else(PoisonError::into_inner).keep(Arc::clone(&new), png);
        Some(Drawn { new, former: pool.put(slot, picture) })
    }

    /// Forgets the retired pictures that no live quiz can show.
    pub(super) fn forget_retired(&self, now_ms: i64) {
        let mut kept = self.shared.kept.write().unwrap_or_else(PoisonError::into_inner);
        let mut retired = std::mem::take(&mut kept.retired);
        for of_pool in retired.values_mut() {
            let over = of_pool.iter().take_while(|retired| retired.forget_at_ms <= now_ms).count();
            of_pool.drain(..over).for_each(|retired| kept.forget(&retired.name));
        }
        retired.retain(|_, of_pool| !of_pool.is_empty());
        kept.retired = retired;
    }

    /// Of the sale that is on, or about to be, and has least: the share of its pictures that are drawn and have a use left.
    pub(crate) fn least_fresh(&self, now_ms: i64) -> f64 {
        let pools = self.shared.pools.load();
        let due = pools.values().filter(|entry| is_due(entry.starts_at_ms, now_ms));
        due.map(|entry| entry.pool.fresh_permille()).min().map_or(1.0, |permille| permille as f64 / 1e3)
    }

    fn wake_drawer(&self) {
        if let Some(drawer) = self.shared.drawer.get() {
            drawer.unpark();
        }
    }
}

/// What has opened stays open, whatever the clock says after a restart.
fn opens_at_ms(sale: &SaleRow) -> i64 {
    sale.opened_at_ms.map_or(sale.starts_at_ms, |opened_at_ms| opened_at_ms.min(0))
}

const fn is_due(starts_at_ms: i64, now_ms: i64) -> bool {
    starts_at_ms - FILLED_AHEAD_MS <= now_ms
}

struct Drawn {
    new: Arc<str>,
    former: Option<Arc<Picture>>,
}

#[cfg(test)]
mod tests {
    use ledger::{QuizKind, QuizQuestion};

    use super::super::pool::MAX_USES;
    use super::super::testing::arithmetic;
    use super::*;

    /// Of one question: eight pictures at first.
    fn bank() -> SaleRow {
        let questions = vec![QuizQuestion { prompt: "Say yes".to_owned(), answer: "yes".to_owned() }];
        SaleRow { quiz_kind: QuizKind::Bank, questions, ..arithmetic() }
    }

    fn published(sale: &SaleRow) -> Quizzes {
        let quizzes = Quizzes::default();
        quizzes.publish([sale].into_iter(), sale.starts_at_ms);
        quizzes
    }

    fn use_up(quizzes: &Quizzes, sale: &SaleRow) {
        for number in 0..8 * MAX_USES {
            quizzes.ask(sale.sale_id, Difficulty::Ordinary, u64::from(number)).unwrap();
        }
    }

    /// Lets the drawer work as much as it has room for, and answers with the pictures that are gone from asking.
    fn replaced(quizzes: &Quizzes, sale: &SaleRow, now_ms: i64) -> Vec<Arc<str>> {
        let names = || quizzes.shared.pools.load()[&(sale.sale_id, Difficulty::Ordinary)].pool.names();
        let before = names();
        (0..8).for_each(|_| assert!(quizzes.draw_one(now_ms, false)));
        let after = names();
        before.into_iter().filter(|name| !after.contains(name)).collect()
    }

    #[test]
    fn a_retired_picture_is_there_as_long_as_its_quiz_can_be_answered_and_then_gone() {
        let sale = bank();
        let quizzes = published(&sale);
        use_up(&quizzes, &sale);
        let retired = replaced(&quizzes, &sale, 5_000);
        assert_eq!(retired.len(), 8);
        let last_answer_ms = 5_000 + sale.max_answer_ms;
        quizzes.forget_retired(last_answer_ms);
        assert!(retired.iter().all(|name| quizzes.picture(name).is_some()));
        quizzes.forget_retired(last_answer_ms + KEPT_BEYOND_MS);
        assert!(retired.iter().all(|name| quizzes.picture(name).is_none()));
        let kept = quizzes.shared.kept.read().unwrap();
        assert_eq!((kept.pictures.len(), kept.retired.len()), (8, 0));
        assert_eq!(kept.bytes, kept.pictures.values().map(Bytes::len).sum::<usize>());
    }

    #[test]
    fn what_comes_in_the_place_of_a_picture_is_another_drawing_and_of_sums_another_sum() {
        let of_bank = published(&bank());
        use_up(&of_bank, &bank());
        let former = of_bank.ask(bank().sale_id, Difficulty::Ordinary, 0).unwrap();
        replaced(&of_bank, &bank(), 0);
        let new = of_bank.ask(bank().sale_id, Difficulty::Ordinary, 0).unwrap();
        assert_ne!(former.name, new.name);
        assert_eq!(former.question, new.question);
        assert_ne!(of_bank.picture(&former.name), of_bank.picture(&new.name));

        let sums = Pool::new(Asks::Sums);
        let drawn: Vec<_> = (0..20).map(|_| sums.question_for(0).unwrap().prompt).collect();
        assert!(drawn.iter().any(|sum| *sum != drawn[0]));
    }

    #[test]
    fn every_picture_that_is_asked_can_be_fetched() {
        let sale = bank();
        let quizzes = published(&sale);
        for round in 0..3 {
            use_up(&quizzes, &sale);
            let asked = quizzes.ask(sale.sale_id, Difficulty::Ordinary, random()).unwrap();
            assert!(quizzes.picture(&asked.name).is_some(), "round {round}");
            replaced(&quizzes, &sale, 0);
        }
    }

    #[test]
    fn pools_are_begun_when_the_start_is_near_and_the_one_that_has_least_left_comes_first() {
        let soon = SaleRow { starts_at_ms: FILLED_AHEAD_MS, ..bank() };
        let late = SaleRow { sale_id: SaleId(uuid::Uuid::from_u128(9)), starts_at_ms: FILLED_AHEAD_MS + 1, ..bank() };
        let quizzes = Quizzes::default();
        let filled = || {
            [&soon, &late].map(|sale| quizzes.shared.pools.load()[&(sale.sale_id, Difficulty::Ordinary)].pool.filled())
        };
        assert_eq!(quizzes.publish([&soon, &late].into_iter(), 0).len(), 8);
        assert_eq!(filled(), [8, 0]);
        assert!(quizzes.draw_one(0, false));
        assert_eq!(filled(), [9, 0]);
        (0..9).for_each(|_| assert!(quizzes.draw_one(1, false)));
        assert_eq!(filled(), [9, 9]);
    }

    #[test]
    fn under_overload_nothing_is_drawn_while_a_picture_has_a_use_left() {
        let sale = bank();
        let quizzes = published(&sale);
        assert!(!quizzes.draw_one(0, true) && quizzes.least_fresh(0) < 0.01);
        use_up(&quizzes, &sale);
        assert!(quizzes.draw_one(0, true));
        assert!(!quizzes.draw_one(0, true), "the new one has all its uses");
        assert!(quizzes.draw_one(0, false));
        assert!(quizzes.least_fresh(-FILLED_AHEAD_MS - 1) > 0.99, "no sale is near");
    }

    #[test]
    fn a_start_that_is_brought_forward_brings_its_pictures_at_once() {
        let sale = SaleRow { starts_at_ms: FILLED_AHEAD_MS + 1, ..bank() };
        let quizzes = Quizzes::default();
        assert!(quizzes.publish([&sale].into_iter(), 0).is_empty() && !quizzes.draw_one(0, false));
        assert_eq!(quizzes.publish([&SaleRow { starts_at_ms: 1, ..sale }].into_iter(), 0).len(), 8);
    }

    #[test]
    fn a_question_that_the_merchant_changes_stays_visible_to_whom_it_was_put() {
        let sale = bank();
        let quizzes = published(&sale);
        let asked = quizzes.ask(sale.sale_id, Difficulty::Ordinary, 0).unwrap();
        let questions = vec![QuizQuestion { prompt: "Say no".to_owned(), answer: "no".to_owned() }];
        // A shorter time for answers holds for new questions only.
        let changed = SaleRow { questions, max_answer_ms: 1, ..sale.clone() };
        assert_eq!(quizzes.publish([&changed].into_iter(), 0).len(), 8);
        assert_eq!(quizzes.ask(sale.sale_id, Difficulty::Ordinary, 0).unwrap().question.answer, "no");
        quizzes.forget_retired(sale.max_answer_ms);
        assert!(quizzes.picture(&asked.name).is_some());
        assert!(quizzes.publish([&changed].into_iter(), 0).is_empty(), "nothing changed, nothing is drawn");
    }

    #[test]
    fn a_harder_quiz_asks_harder_sums_once_there_are_some() {
        let sale = arithmetic();
        let quizzes = published(&sale);
        let harder = || quizzes.ask(sale.sale_id, Difficulty::Harder, 0).unwrap();
        let numbers = |asked: &Picture| asked.question.prompt.matches('+').count() + 1;
        assert_eq!(numbers(&harder()), 2);
        assert!(quizzes.draw_one(0, false));
        let asked = harder();
        assert!(numbers(&asked) == 3 && quizzes.picture(&asked.name).is_some());
        assert_eq!(numbers(&quizzes.ask(sale.sale_id, Difficulty::Ordinary, 0).unwrap()), 2);
        // The merchant's own questions in the place of sums: what was asked stays visible.
        let questions = vec![QuizQuestion { prompt: "Say no".to_owned(), answer: "no".to_owned() }];
        quizzes.publish([&SaleRow { quiz_kind: QuizKind::Bank, questions, ..sale.clone() }].into_iter(), 0);
        assert!(quizzes.picture(&asked.name).is_some());
        assert_eq!(harder().question.answer, "no");
    }

    #[test]
    fn of_an_ended_sale_nothing_stays() {
        let sale = bank();
        let quizzes = published(&sale);
        use_up(&quizzes, &sale);
        replaced(&quizzes, &sale, 0);
        quizzes.publish([].into_iter(), 0);
        assert!(quizzes.ask(sale.sale_id, Difficulty::Ordinary, 0).is_none());
        let kept = quizzes.shared.kept.read().unwrap();
        assert_eq!((kept.pictures.len(), kept.retired.len(), kept.bytes), (0, 0, 0));
    }
}
