//! The sale's terms, folded away, with their form.

use api::{Item, QuizKind, Sale};
use leptos::prelude::*;

use super::watch::Watch;
use crate::{
    fields::{Outcome, OutcomeLine},
    sale_form::SaleForm,
    words,
};

#[component]
pub(crate) fn Terms(watch: Watch) -> impl IntoView {
    let editing = RwSignal::new(false);
    let outcome = RwSignal::new(Outcome::None);
    let on_saved = Callback::new(move |_| {
        // The form compares with the sale as it was when the form was opened, so it closes once that has changed.
        editing.set(false);
        outcome.set(Outcome::Done("Saved.".to_owned()));
        watch.read_now();
    });
    let toggle = move |_| {
        outcome.set(Outcome::None);
        editing.update(|editing| *editing = !*editing);
    };
    view! {
        <section class="terms" aria-labelledby="terms-title">
            <div class="title-row">
                <h2 id="terms-title">"Terms"</h2>
                <button type="button" aria-expanded=move || editing.get().to_string() on:click=toggle>
                    {move || if editing.get() { "Close" } else { "Edit" }}
                </button>
            </div>
            <OutcomeLine outcome=outcome/>
            {move || {
                if editing.get() {
                    // Untracked: a reading must not replace what is being written.
                    form(watch.sale.get_untracked(), watch.item.get_untracked(), on_saved).into_any()
                } else {
                    watch.sale.get().map(|sale| summary(&sale)).into_any()
                }
            }}
        </section>
    }
}

fn form(sale: Option<Sale>, item: Option<Item>, on_saved: Callback<String>) -> Option<impl IntoView> {
    let (sale, item) = (sale?, item?);
    Some(view! {
        <p class="hint">
            "The start can move until the sale has opened. Orders that hold units keep the price they were made at."
        </p>
        <SaleForm items=vec![item] chosen=None known=sale on_saved=on_saved/>
    })
}

fn summary(sale: &Sale) -> impl IntoView + use<> {
    let seconds = |ms: i64| ms as f64 / 1e3;
    let quiz = match sale.quiz.kind {
        QuizKind::Bank => words::counted(sale.quiz.questions.len() as i64, "question"),
        QuizKind::Arithmetic => "sums made by the server".to_owned(),
    };
    let answer_time = format!("{} to {} s", seconds(sale.quiz.min_answer_ms), seconds(sale.quiz.max_answer_ms));
    view! {
        <dl class="facts-list">
            <div>
                <dt>"Limit per shopper"</dt>
                <dd>{words::units(sale.per_shopper_limit)}</dd>
            </div>
            <div>
                <dt>"Hold until paid"</dt>
                <dd>{words::counted(sale.hold_seconds, "second")}</dd>
            </div>
            <div>
                <dt>"Quiz"</dt>
                <dd>{quiz}</dd>
            </div>
            <div>
                <dt>"Time to answer"</dt>
                <dd>{answer_time}</dd>
            </div>
            <div>
                <dt>"Revision"</dt>
                <dd>{sale.revision}</dd>
            </div>
        </dl>
    }
}
