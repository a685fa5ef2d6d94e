//! What a sale's form holds, and whether it may be sent.

use api::{
    BeaconInput, CreateSale, EligibilityRule, PatchSale, QuestionInput, QuizInput, QuizKind, Sale, SaleMode, SkuInput,
    StockPolicy, StrikeRule,
};

use super::{
    check_rules::{EligibilityDraft, KindDraft, StrikesDraft, kinds},
    reader::Reader,
};
use crate::{fields::Errors, money};

const MAX_QUESTIONS: usize = 200;
const MAX_PROMPT_CHARS: usize = 80;
const MAX_ANSWER_CHARS: usize = 40;
const MAX_ANSWER_MS: i64 = 600_000;

/// The fields in the order of the page.
pub(crate) const ORDER: [&str; 17] = [
    "item",
    "price",
    "stock",
    "limit",
    "starts",
    "ends",
    "closes",
    "beacon_due",
    "hold",
    "waitlist",
    "kinds",
    "account_before",
    "strike_limit",
    "strike_hours",
    "questions",
    "min_answer",
    "max_answer",
];

/// The form as it was written. Moments are read already; the rest is text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    pub(crate) item_id: String,
    pub(crate) currency: String,
    pub(crate) price: String,
    pub(crate) stock_units: String,
    pub(crate) per_shopper_limit: String,
    pub(crate) starts_at_ms: Option<i64>,
    pub(crate) ends_at_ms: Option<i64>,
    pub(crate) draw: DrawDraft,
    pub(crate) stock_policy: StockPolicy,
    pub(crate) hold_seconds: String,
    pub(crate) waitlist_units: String,
    pub(crate) kinds: Vec<KindDraft>,
    pub(crate) strikes: StrikesDraft,
    pub(crate) eligibility: EligibilityDraft,
    pub(crate) quiz_kind: QuizKind,
    pub(crate) questions: Vec<QuestionInput>,
    pub(crate) min_answer_seconds: String,
    pub(crate) max_answer_seconds: String,
}

/// Whether a draw decides, and when.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DrawDraft {
    pub(crate) on: bool,
    pub(crate) closes_at_ms: Option<i64>,
    /// Blank: nothing is mixed in.
    pub(crate) beacon: String,
    pub(crate) beacon_due_at_ms: Option<i64>,
}

/// The root stands alone for so long before the seed is shown.
const DRAW_PAUSE_MS: i64 = 2_000;

impl DrawDraft {
    fn read(
        &self,
        (starts_at_ms, ends_at_ms): (i64, i64),
        policy: StockPolicy,
        reader: &mut Reader,
    ) -> (SaleMode, Option<i64>, Option<BeaconInput>) {
        if !self.on {
            return (SaleMode::FirstCome, None, None);
        }
        let close_ms = match self.closes_at_ms {
            _ if policy == StockPolicy::OnPayment => {
                reader.fault("closes", "A draw needs units that are kept: choose another way to take them.")
            }
            None => reader.fault("closes", "Choose a date and a time."),
            Some(at_ms) if at_ms <= starts_at_ms || at_ms >= ends_at_ms => {
                reader.fault("closes", "Must be after the start and before the end.")
            }
            Some(at_ms) => at_ms,
        };
        let description = self.beacon.trim().to_owned();
        if description.is_empty() {
            return (SaleMode::Draw, Some(close_ms), None);
        }
        let due_at_ms = match self.beacon_due_at_ms {
            Some(at_ms) if at_ms >= close_ms + DRAW_PAUSE_MS && at_ms <= ends_at_ms => at_ms,
            _ => reader.fault("beacon_due", "Must be two seconds after the close or later, and not after the end."),
        };
        (SaleMode::Draw, Some(close_ms), Some(BeaconInput { description, due_at_ms }))
    }
}

impl Draft {
    /// The sale that the form describes, or what is wrong with it. A new sale starts at `now_ms` or later.
    pub(crate) fn read(&self, earliest_start_ms: i64) -> Result<CreateSale, Errors> {
        let mut reader = Reader::default();
        if self.item_id.is_empty() {
            reader.fault("item", "Choose what is sold.");
        }
        let price_minor = match money::minor(&self.price, &self.currency) {
            Ok(0) => reader.fault("price", "The price must be more than nothing."),
            Ok(minor) => minor,
            Err(sentence) => reader.fault("price", &sentence),
        };
        let stock_units = reader.count("stock", &self.stock_units);
        let per_shopper_limit = reader.count("limit", &self.per_shopper_limit);
        let hold_seconds = reader.count("hold", &self.hold_seconds);
        let (starts_at_ms, ends_at_ms) = reader.window(self.starts_at_ms, self.ends_at_ms, earliest_start_ms);
        let (mode, entries_close_at_ms, beacon) =
            self.draw.read((starts_at_ms, ends_at_ms), self.stock_policy, &mut reader);
        let waitlist_units = reader.count_or_none("waitlist", &self.waitlist_units);
        let skus = kinds(&self.kinds, &self.currency, price_minor, stock_units, &mut reader);
        let strikes = self.strikes.read(&mut reader);
        let eligibility = self.eligibility.read(&mut reader);
        let quiz = self.quiz(&mut reader);
        reader.finish(CreateSale {
            item_id: self.item_id.clone(),
            price_minor,
            starts_at_ms,
            ends_at_ms,
            stock_units,
            per_shopper_limit,
            stock_policy: self.stock_policy,
            hold_seconds,
            waitlist_units,
            mode,
            entries_close_at_ms,
            beacon,
            quiz,
            skus,
            strikes,
            eligibility,
        })
    }

    fn quiz(&self, reader: &mut Reader) -> QuizInput {
        let min_answer_ms = reader.seconds("min_answer", &self.min_answer_seconds);
        let max_answer_ms = reader.seconds("max_answer", &self.max_answer_seconds);
        if max_answer_ms > MAX_ANSWER_MS {
            reader.fault("max_answer", "At most 600 seconds.");
        } else if max_answer_ms <= min_answer_ms {
            reader.fault("max_answer", "Must be more than the shortest time.");
        }
        let questions = match self.quiz_kind {
            QuizKind::Arithmetic => Vec::new(),
            QuizKind::Bank => self.questions(reader),
        };
        QuizInput { kind: self.quiz_kind, questions, min_answer_ms, max_answer_ms }
    }

    /// The questions that have anything in them. A row that was left blank is no mistake.
    fn questions(&self, reader: &mut Reader) -> Vec<QuestionInput> {
        let questions: Vec<QuestionInput> = self
            .questions
            .iter()
            .map(|question| QuestionInput {
                prompt: question.prompt.trim().to_owned(),
                answer: question.answer.trim().to_owned(),
            })
            .filter(|question| !question.prompt.is_empty() || !question.answer.is_empty())
            .collect();
        let length_is = |text: &str, most: usize| (1..=most).contains(&text.chars().count());
        let unfit = questions.iter().position(|question| {
            !length_is(&question.prompt, MAX_PROMPT_CHARS) || !length_is(&question.answer, MAX_ANSWER_CHARS)
        });
        if questions.is_empty() || questions.len() > MAX_QUESTIONS {
            reader.fault("questions", &format!("Write 1 to {MAX_QUESTIONS} questions."));
        } else if let Some(index) = unfit {
            let sentence = format!(
                "Question {} needs a question of up to {MAX_PROMPT_CHARS} characters and an answer of up to {MAX_ANSWER_CHARS}.",
                index + 1
            );
            reader.fault("questions", &sentence);
        }
        questions
    }
}

/// Only what differs; none where nothing does. Fields show whole seconds, so a moment within the same second is the
/// same moment.
pub(crate) fn change(sale: &Sale, form: &CreateSale) -> Option<PatchSale> {
    let changed = |old: i64, new: i64| (old != new).then_some(new);
    let moved = |old_ms: i64, new_ms: i64| (old_ms.div_euclid(1_000) != new_ms.div_euclid(1_000)).then_some(new_ms);
    let patch = PatchSale {
        price_minor: changed(sale.price_minor, form.price_minor),
        starts_at_ms: moved(sale.starts_at_ms, form.starts_at_ms),
        ends_at_ms: moved(sale.ends_at_ms, form.ends_at_ms),
        stock_units: changed(sale.stock_units, form.stock_units),
        per_shopper_limit: changed(sale.per_shopper_limit, form.per_shopper_limit),
        hold_seconds: changed(sale.hold_seconds, form.hold_seconds),
        stock_policy: (sale.stock_policy != form.stock_policy).then_some(form.stock_policy),
        waitlist_units: changed(sale.waitlist_units, form.waitlist_units),
        entries_close_at_ms: sale
            .draw
            .as_ref()
            .zip(form.entries_close_at_ms)
            .and_then(|(draw, close_ms)| moved(draw.entries_close_at_ms, close_ms)),
        beacon: changed_beacon(sale, form),
        skus: changed_kinds(sale, form),
        strikes: changed_strikes(sale, form),
        eligibility: changed_eligibility(sale, form),
        quiz: (sale.quiz != form.quiz).then(|| form.quiz.clone()),
        paused: None,
    };
    (patch != PatchSale::default()).then_some(patch)
}

fn changed_beacon(sale: &Sale, form: &CreateSale) -> Option<BeaconInput> {
    let before = sale.draw.as_ref()?.beacon.as_ref();
    let now = form.beacon.as_ref()?;
    let second = |at_ms: i64| at_ms.div_euclid(1_000);
    let same = before.is_some_and(|before| {
        before.description == now.description && second(before.due_at_ms) == second(now.due_at_ms)
    });
    (!same).then(|| now.clone())
}

/// The kinds that are new or others than they were. What is not named stays.
fn changed_kinds(sale: &Sale, form: &CreateSale) -> Option<Vec<SkuInput>> {
    let changed: Vec<SkuInput> = form.skus.iter().filter(|kind| !sale.skus.contains(kind)).cloned().collect();
    (!changed.is_empty()).then_some(changed)
}

/// Marking nobody is a rule too: it has to be sent where there was another.
fn changed_strikes(sale: &Sale, form: &CreateSale) -> Option<StrikeRule> {
    let nobody = |rule: &StrikeRule| StrikeRule { limit: 0, ..rule.clone() };
    match (&sale.strikes, &form.strikes) {
        (before, Some(now)) if before.as_ref() != Some(now) => Some(now.clone()),
        (Some(before), None) if before.limit > 0 => Some(nobody(before)),
        _ => None,
    }
}

fn changed_eligibility(sale: &Sale, form: &CreateSale) -> Option<EligibilityRule> {
    let now = form.eligibility.clone().unwrap_or_default();
    let whole_second = |rule: &EligibilityRule| rule.account_before_ms.map(|at_ms| at_ms.div_euclid(1_000));
    let same = sale.eligibility.listed_only == now.listed_only && whole_second(&sale.eligibility) == whole_second(&now);
    (!same).then_some(now)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
