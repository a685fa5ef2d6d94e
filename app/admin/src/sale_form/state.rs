//! The signals behind a sale's form.

use api::{MarkedOrders, QuestionInput, QuizKind, Sale, SkuInput, StockPolicy};
use leptos::prelude::*;

use super::{
    check::{Draft, DrawDraft},
    check_rules::{EligibilityDraft, KindDraft, StrikesDraft},
};
use crate::{moment, money};

/// One row of the bank. The id outlives moves, so that a row keeps its fields while others go.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Question {
    pub(crate) id: u32,
    pub(crate) prompt: RwSignal<String>,
    pub(crate) answer: RwSignal<String>,
}

/// One row of the kinds.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Kind {
    pub(crate) id: u32,
    pub(crate) sku: RwSignal<String>,
    pub(crate) title: RwSignal<String>,
    pub(crate) units: RwSignal<String>,
    pub(crate) price: RwSignal<String>,
    /// The sale has it already: its code stays, and so does it.
    pub(crate) stands: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) item_id: RwSignal<String>,
    pub(crate) price: RwSignal<String>,
    pub(crate) stock: RwSignal<String>,
    pub(crate) limit: RwSignal<String>,
    pub(crate) starts: RwSignal<String>,
    pub(crate) ends: RwSignal<String>,
    pub(crate) by_draw: RwSignal<bool>,
    pub(crate) closes: RwSignal<String>,
    pub(crate) beacon: RwSignal<String>,
    pub(crate) beacon_due: RwSignal<String>,
    pub(crate) policy: RwSignal<StockPolicy>,
    pub(crate) hold: RwSignal<String>,
    pub(crate) waitlist: RwSignal<String>,
    pub(crate) kinds: RwSignal<Vec<Kind>>,
    pub(crate) by_age: RwSignal<bool>,
    pub(crate) account_before: RwSignal<String>,
    pub(crate) listed_only: RwSignal<bool>,
    pub(crate) strikes_on: RwSignal<bool>,
    pub(crate) strike_limit: RwSignal<String>,
    pub(crate) strike_hours: RwSignal<String>,
    pub(crate) marked_orders: RwSignal<MarkedOrders>,
    pub(crate) quiz_kind: RwSignal<QuizKind>,
    pub(crate) questions: RwSignal<Vec<Question>>,
    pub(crate) min_answer: RwSignal<String>,
    pub(crate) max_answer: RwSignal<String>,
    next_row: StoredValue<u32>,
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
            by_draw: RwSignal::new(false),
            closes: text(""),
            beacon: text(""),
            beacon_due: text(""),
            policy: RwSignal::new(StockPolicy::Hold),
            hold: text("300"),
            waitlist: text("0"),
            kinds: RwSignal::new(Vec::new()),
            by_age: RwSignal::new(false),
            account_before: text(""),
            listed_only: RwSignal::new(false),
            strikes_on: RwSignal::new(false),
            strike_limit: text("3"),
            strike_hours: text("24"),
            marked_orders: RwSignal::new(MarkedOrders::PayToClaim),
            quiz_kind: RwSignal::new(QuizKind::Bank),
            questions: RwSignal::new(Vec::new()),
            min_answer: text("1"),
            max_answer: text("30"),
            next_row: StoredValue::new(0),
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
            by_draw: RwSignal::new(sale.draw.is_some()),
            policy: RwSignal::new(sale.stock_policy),
            hold: RwSignal::new(sale.hold_seconds.to_string()),
            waitlist: RwSignal::new(sale.waitlist_units.to_string()),
            by_age: RwSignal::new(sale.eligibility.account_before_ms.is_some()),
            account_before: RwSignal::new(sale.eligibility.account_before_ms.map(moment::to_field).unwrap_or_default()),
            listed_only: RwSignal::new(sale.eligibility.listed_only),
            quiz_kind: RwSignal::new(sale.quiz.kind),
            questions: RwSignal::new(Vec::new()),
            min_answer: seconds(sale.quiz.min_answer_ms),
            max_answer: seconds(sale.quiz.max_answer_ms),
            ..Self::blank(sale.item_id.clone())
        };
        if let Some(draw) = &sale.draw {
            fields.closes.set(moment::to_field(draw.entries_close_at_ms));
            if let Some(beacon) = &draw.beacon {
                fields.beacon.set(beacon.description.clone());
                fields.beacon_due.set(moment::to_field(beacon.due_at_ms));
            }
        }
        for kind in &sale.skus {
            fields.push_kind(kind, &sale.currency);
        }
        if let Some(rule) = sale.strikes.as_ref().filter(|rule| rule.limit > 0) {
            fields.strikes_on.set(true);
            fields.strike_limit.set(rule.limit.to_string());
            fields.strike_hours.set((rule.strike_seconds as f64 / 3_600.0).to_string());
            fields.marked_orders.set(rule.marked_orders);
        }
        for question in &sale.quiz.questions {
            fields.add_question(&question.prompt, &question.answer);
        }
        fields
    }

    /// Adds a row and answers with its id.
    pub(crate) fn add_question(&self, prompt: &str, answer: &str) -> u32 {
        let id = self.next_id();
        let question = Question { id, prompt: text(prompt), answer: text(answer) };
        self.questions.update(|questions| questions.push(question));
        id
    }

    fn next_id(&self) -> u32 {
        let id = self.next_row.get_value();
        self.next_row.set_value(id + 1);
        id
    }

    /// Adds a blank row and answers with its id.
    pub(crate) fn add_kind(&self) -> u32 {
        let id = self.next_id();
        let kind = Kind { id, sku: text(""), title: text(""), units: text(""), price: text(""), stands: false };
        self.kinds.update(|kinds| kinds.push(kind));
        id
    }

    fn push_kind(&self, kind: &SkuInput, currency: &str) {
        let row = Kind {
            id: self.next_id(),
            sku: text(&kind.sku),
            title: text(&kind.title),
            units: text(&kind.stock_units.to_string()),
            price: text(&money::major(kind.price_minor, currency)),
            stands: true,
        };
        self.kinds.update(|kinds| kinds.push(row));
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
        let kinds = self.kinds.get_untracked().into_iter().map(|kind| KindDraft {
            sku: kind.sku.get_untracked(),
            title: kind.title.get_untracked(),
            units: kind.units.get_untracked(),
            price: kind.price.get_untracked(),
        });
        Draft {
            item_id: self.item_id.get_untracked(),
            currency: currency.to_owned(),
            price: self.price.get_untracked(),
            stock_units: self.stock.get_untracked(),
            per_shopper_limit: self.limit.get_untracked(),
            starts_at_ms: moment::from_field(&self.starts.get_untracked()),
            ends_at_ms: moment::from_field(&self.ends.get_untracked()),
            draw: DrawDraft {
                on: self.by_draw.get_untracked(),
                closes_at_ms: moment::from_field(&self.closes.get_untracked()),
                beacon: self.beacon.get_untracked(),
                beacon_due_at_ms: moment::from_field(&self.beacon_due.get_untracked()),
            },
            stock_policy: self.policy.get_untracked(),
            hold_seconds: self.hold.get_untracked(),
            waitlist_units: self.waitlist.get_untracked(),
            kinds: kinds.collect(),
            strikes: StrikesDraft {
                on: self.strikes_on.get_untracked(),
                limit: self.strike_limit.get_untracked(),
                hours: self.strike_hours.get_untracked(),
                marked_orders: self.marked_orders.get_untracked(),
            },
            eligibility: EligibilityDraft {
                by_age: self.by_age.get_untracked(),
                account_before_ms: moment::from_field(&self.account_before.get_untracked()),
                listed_only: self.listed_only.get_untracked(),
            },
            quiz_kind: self.quiz_kind.get_untracked(),
            questions: questions.collect(),
            min_answer_seconds: self.min_answer.get_untracked(),
            max_answer_seconds: self.max_answer.get_untracked(),
        }
    }
}
