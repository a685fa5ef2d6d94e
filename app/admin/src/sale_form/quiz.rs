//! The quiz of a sale: which kind, the bank's rows, and how long an answer may take.

use api::QuizKind;
use leptos::prelude::*;

use super::state::{Fields, Question};
use crate::{
    browser,
    fields::{Errors, FieldError, TextField},
};

#[component]
pub(crate) fn QuizFields(fields: Fields, errors: RwSignal<Errors>) -> impl IntoView {
    let kind = fields.quiz_kind;
    view! {
        <fieldset>
            <legend>"Quiz before the order"</legend>
            <p class="hint">"It spreads the rush over seconds and keeps machines out."</p>
            <div class="choices">
                <KindChoice kind=kind value=QuizKind::Bank id="quiz-bank" label="My own questions"/>
                <KindChoice kind=kind value=QuizKind::Arithmetic id="quiz-sums" label="Small sums, made by the server"/>
            </div>
            <Show when=move || kind.get() == QuizKind::Bank>
                <Bank fields=fields errors=errors/>
            </Show>
            <div class="pair">
                <TextField
                    name="min_answer"
                    label="Shortest answer time"
                    hint="A quicker answer is a machine's and is refused."
                    value=fields.min_answer
                    errors=errors
                    unit="seconds"
                    inputmode="decimal"
                />
                <TextField
                    name="max_answer"
                    label="Longest answer time"
                    hint="After that the shopper gets another question."
                    value=fields.max_answer
                    errors=errors
                    unit="seconds"
                    inputmode="decimal"
                />
            </div>
        </fieldset>
    }
}

#[component]
fn KindChoice(kind: RwSignal<QuizKind>, value: QuizKind, id: &'static str, label: &'static str) -> impl IntoView {
    view! {
        <label for=id>
            <input
                type="radio"
                name="quiz-kind"
                id=id
                prop:checked=move || kind.get() == value
                on:change=move |_| kind.set(value)
            />
            {label}
        </label>
    }
}

#[component]
fn Bank(fields: Fields, errors: RwSignal<Errors>) -> impl IntoView {
    let add = move |_| {
        let id = fields.add_question("", "");
        browser::focus(&format!("prompt-{id}"));
    };
    view! {
        <div class="bank" id="questions" tabindex="-1" role="group" aria-label="Questions" aria-describedby="questions-error">
            <For each=move || fields.questions.get() key=|question| question.id let:question>
                <Row fields=fields question=question errors=errors/>
            </For>
            <FieldError name="questions" errors=errors/>
            <button type="button" id="add-question" on:click=add>
                "Add a question"
            </button>
            <p class="hint">
                "Each shopper gets one of them at random, drawn as a picture. Answers are compared without regard to case and outer spaces."
            </p>
        </div>
    }
}

#[component]
fn Row(fields: Fields, question: Question, errors: RwSignal<Errors>) -> impl IntoView {
    let forget = move |_| {
        errors.update(|errors| {
            errors.remove("questions");
        });
    };
    let number = move || {
        let place = fields.questions.with(|rows| rows.iter().position(|row| row.id == question.id));
        place.map_or(0, |place| place + 1)
    };
    let remove = move |_| {
        fields.remove_question(question.id);
        browser::focus("add-question");
    };
    view! {
        <div class="question" on:input=forget>
            <input
                id=format!("prompt-{}", question.id)
                aria-label=move || format!("Question {}", number())
                placeholder="Question"
                maxlength="80"
                autocomplete="off"
                bind:value=question.prompt
            />
            <input
                aria-label=move || format!("Answer {}", number())
                placeholder="Answer"
                maxlength="40"
                autocomplete="off"
                bind:value=question.answer
            />
            <button type="button" class="link" aria-label=move || format!("Remove question {}", number()) on:click=remove>
                "Remove"
            </button>
        </div>
    }
}
