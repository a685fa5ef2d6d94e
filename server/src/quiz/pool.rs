//! The pictures of each sale's questions.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use ledger::{QuizKind, QuizQuestion, SaleRow};
use sale::SaleId;

use super::picture;
use super::sum::Sum;

/// Pictures of one sale, at most.
pub(crate) const MAX_PICTURES_PER_SALE: usize = 256;

/// Pictures of one question, at most.
const MAX_PICTURES_PER_QUESTION: usize = 8;

/// Sums that are made up for a sale without a bank of its own.
const SUMS: usize = 64;

/// One question, about to be asked.
pub(crate) struct Asked {
    pub(crate) question: QuizQuestion,
    /// Where the question is a sum of ours and not the merchant's.
    pub(crate) sum: Option<Sum>,
    pub(crate) picture_name: String,
}

/// All pictures there are.
#[derive(Clone, Default)]
pub(crate) struct Quizzes {
    shared: Arc<RwLock<Shared>>,
}

#[derive(Default)]
struct Shared {
    pools: HashMap<SaleId, Arc<Pool>>,
    pictures: HashMap<String, Bytes>,
}

/// PNGs by their names.
type Pictures = Vec<(String, Bytes)>;

struct Pool {
    kind: QuizKind,
    bank: Vec<QuizQuestion>,
    questions: Vec<Drawn>,
}

struct Drawn {
    question: QuizQuestion,
    sum: Option<Sum>,
    picture_names: Vec<String>,
}

impl Quizzes {
    /// Draws what these sales need and lacks, and answers with the new pictures' names; forgets the others' pictures.
    /// Takes a while: not for an async thread.
    pub(crate) fn draw<'a>(&self, sales: impl Iterator<Item = &'a SaleRow>) -> Vec<String> {
        let mut pools = HashMap::new();
        let mut pictures = HashMap::new();
        let mut new_names = Vec::new();
        for sale in sales {
            let (pool, drawn) = match self.kept(sale) {
                Some(kept) => kept,
                None => {
                    let (pool, drawn) = Pool::drawn(sale);
                    new_names.extend(drawn.iter().map(|(name, _)| name.clone()));
                    (pool, drawn)
                }
            };
            pictures.extend(drawn);
            pools.insert(sale.sale_id, pool);
        }
        *self.shared.write().unwrap_or_else(PoisonError::into_inner) = Shared { pools, pictures };
        new_names
    }

    /// The pool as it is, where the sale's quiz has not changed.
    fn kept(&self, sale: &SaleRow) -> Option<(Arc<Pool>, Pictures)> {
        let shared = self.shared.read().unwrap_or_else(PoisonError::into_inner);
        let pool = shared.pools.get(&sale.sale_id)?;
        let unchanged = pool.kind == sale.quiz_kind && pool.bank == sale.questions;
        let picture = |name: &String| shared.pictures.get(name).map(|bytes| (name.clone(), bytes.clone()));
        let pictures = pool.questions.iter().flat_map(|drawn| &drawn.picture_names).filter_map(picture).collect();
        unchanged.then(|| (Arc::clone(pool), pictures))
    }

    /// A question of the sale, by a random number.
    pub(crate) fn ask(&self, sale_id: SaleId, random: u64) -> Option<Asked> {
        let pool = {
            let shared = self.shared.read().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(shared.pools.get(&sale_id)?)
        };
        let (which, rest) = split(random, pool.questions.len())?;
        let drawn = &pool.questions[which];
        let (which, _) = split(rest, drawn.picture_names.len())?;
        Some(Asked {
            question: drawn.question.clone(),
            sum: drawn.sum,
            picture_name: drawn.picture_names[which].clone(),
        })
    }

    /// The PNG of that name.
    pub(crate) fn picture(&self, name: &str) -> Option<Bytes> {
        self.shared.read().unwrap_or_else(PoisonError::into_inner).pictures.get(name).cloned()
    }
}

fn split(random: u64, among: usize) -> Option<(usize, u64)> {
    let among = u64::try_from(among).ok().filter(|&among| among > 0)?;
    Some(((random % among) as usize, random / among))
}

impl Pool {
    fn drawn(sale: &SaleRow) -> (Arc<Self>, Pictures) {
        let bank = match sale.quiz_kind {
            QuizKind::Bank => sale.questions.iter().map(|question| (question.clone(), None)).collect(),
            QuizKind::Arithmetic => {
                (0..SUMS).map(|_| Sum::of(random())).map(|sum| (question_of(sum), Some(sum))).collect::<Vec<_>>()
            }
        };
        let each = (MAX_PICTURES_PER_SALE / bank.len().max(1)).clamp(1, MAX_PICTURES_PER_QUESTION);
        let mut pictures = Vec::new();
        let mut questions = Vec::with_capacity(bank.len());
        for (question, sum) in bank {
            let mut picture_names = Vec::with_capacity(each);
            for _ in 0..each {
                let name = format!("{:016x}{:016x}", random(), random());
                pictures.push((name.clone(), picture::draw(&question.prompt, random())));
                picture_names.push(name);
            }
            questions.push(Drawn { question, sum, picture_names });
        }
        let pool = Self { kind: sale.quiz_kind, bank: sale.questions.clone(), questions };
        (Arc::new(pool), pictures)
    }
}

fn question_of(sum: Sum) -> QuizQuestion {
    QuizQuestion { prompt: sum.prompt(), answer: sum.answer().to_string() }
}

pub(crate) fn random() -> u64 {
    // Without randomness nothing here is safe to go on with.
    getrandom::u64().expect("the system gives random bytes")
}
