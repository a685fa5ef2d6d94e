//! The signals behind a sale's form.

use api::{QuestionInput, QuizKind, Sale};
use leptos::prelude::*;

use super::check::Draft;
use crate::{moment, money};

/// One row of the bank. The id outlives moves, so that a row keeps its fields while others go.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Question {
    pub(crate) id: u32,
    pub(crate) prompt: RwSignal<String>,
    pub(crate) answer: RwSignal<String>,
}

#[derive(Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) item_id: RwSignal<String>,
    pub(crate) price: RwSignal<String>,
    pub(crate) stock: RwSignal<String>,
    pub(crate) limit: RwSignal<String>,
    pub(crate) starts: RwSignal<String>,
    pub(crate) ends: RwSignal<String>,
    pub(crate) hold: RwSignal<String>,
    pub(crate) quiz_kind: RwSignal<QuizKind>,
    pub(crate) questions: RwSignal<Vec<Question>>,
    pub(crate) min_answer: RwSignal<String>,
    pub(crate) max_answer: RwSignal<String>,
    next_question: StoredValue<u32>,
}

fn text(value: &str) -> RwSignal<String> {
    RwSignal::new(value.to_owned())
}

impl Fields {
    pub(crate) fn blank(item_id: String) -> Self {
        let fields = Self {
            item_id: RwSignal::new(item_id),
            price: text(""),
            stock: text("20"),
            limit: text("1"),
            starts: text(""),
            ends: text(""),
            hold: text("300"),
            quiz_kind: RwSignal::new(QuizKind::Bank),
            questions: RwSignal::new(Vec::new()),
            min_answer: text("1"),
            max_answer: text("30"),
            next_question: StoredValue::new(0),
        };
        fields.add_question("", "");
        fields
    }

    pub(crate) fn of(sale: &Sale) -> Self {
        let seconds = |ms: i64| RwSignal::new((ms as f64 / 1e3).to_string());
        let fields = Self {
            price: RwSignal::new(money::major(sale.price_minor, &sale.currency)),
            stock: RwSignal::new(sale.stock_units.to_string()),
            limit: RwSignal::new(sale.per_shopper_limit.to_string()),
            starts: RwSignal::new(moment::to_field(sale.starts_at_ms)),
            ends: RwSignal::new(moment::to_field(sale.ends_at_ms)),
            hold: RwSignal::new(sale.hold_seconds.to_string()),
            quiz_kind: RwSignal::new(sale.quiz.kind),
            questions: RwSignal::new(Vec::new()),
            min_answer: seconds(sale.quiz.min_answer_ms),
            max_answer: seconds(sale.quiz.max_answer_ms),
            ..Self::blank(sale.item_id.clone())
        };
        for question in &sale.quiz.questions {
            fields.add_question(&question.prompt, &question.answer);
        }
        fields
    }

    /// Adds a row and answers with its id.
    pub(crate) fn add_question(&self, prompt: &str, answer: &str) -> u32 {
        let id = self.next_question.get_value();
        self.next_question.set_value(id + 1);
        let question = Question { id, prompt: text(prompt), answer: text(answer) };
        self.questions.update(|questions| questions.push(question));
        id
    }

    pub(crate) fn remove_question(&self, id: u32) {
        self.questions.update(|questions| questions.retain(|question| question.id != id));
    }

    pub(crate) fn set_window(&self, starts_at_ms: i64, ends_at_ms: i64) {
        self.starts.set(moment::to_field(starts_at_ms));
        self.ends.set(moment::to_field(ends_at_ms));
    }

    /// What stands in the fields now.
    pub(crate) fn draft(&self, currency: &str) -> Draft {
        let questions = self.questions.get_untracked().into_iter().map(|question| QuestionInput {
            prompt: question.prompt.get_untracked(),
            answer: question.answer.get_untracked(),
        });
        Draft {
            item_id: self.item_id.get_untracked(),
            currency: currency.to_owned(),
            price: self.price.get_untracked(),
            stock_units: self.stock.get_untracked(),
            per_shopper_limit: self.limit.get_untracked(),
            starts_at_ms: moment::from_field(&self.starts.get_untracked()),
            ends_at_ms: moment::from_field(&self.ends.get_untracked()),
            hold_seconds: self.hold.get_untracked(),
            quiz_kind: self.quiz_kind.get_untracked(),
            questions: questions.collect(),
            min_answer_seconds: self.min_answer.get_untracked(),
            max_answer_seconds: self.max_answer.get_untracked(),
        }
    }
}
