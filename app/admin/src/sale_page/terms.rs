//! The sale's terms, folded away, with their form.

use api::{Draw, Item, MarkedOrders, QuizKind, Sale, StockPolicy};
use leptos::prelude::*;

use super::watch::Watch;
use crate::{
    fields::{Outcome, OutcomeLine},
    moment,
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
            "The start, and when a unit is taken, can change until the sale has opened. Orders that stand keep the price they were made at."
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
    let kept = match sale.stock_policy {
        StockPolicy::Hold => format!("{} for {}", words::policy(sale.stock_policy), words::duration(sale.hold_seconds)),
        StockPolicy::OnOrder => words::policy(sale.stock_policy).to_owned(),
        StockPolicy::OnPayment => {
            format!("{}, within {}", words::policy(sale.stock_policy), words::duration(sale.hold_seconds))
        }
    };
    let waiting = match sale.waitlist_units {
        0 => "none".to_owned(),
        orders => format!("up to {}", words::counted(orders, "order")),
    };
    let fact = |name: &'static str, told: String| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{told}</dd>
            </div>
        }
    };
    view! {
        <dl class="facts-list">
            {fact("Limit per shopper", words::units(sale.per_shopper_limit))}
            {fact("Who gets them", sale.draw.as_ref().map_or_else(|| "the first who come".to_owned(), draw))}
            {fact("Units", kept)}
            {fact("Waiting line", waiting)}
            {fact("Who may buy", eligible(sale))}
            {fact("Holds that run out", strikes(sale))}
            {fact("Quiz", quiz)}
            {fact("Time to answer", answer_time)}
            {fact("Revision", sale.revision.to_string())}
        </dl>
    }
}

/// The rule; how far the draw is stands in a part of its own.
fn draw(draw: &Draw) -> String {
    let close = moment::stamp(draw.entries_close_at_ms);
    match &draw.beacon {
        Some(beacon) => format!("a draw among all who entered by {close}, with a public value: {}", beacon.description),
        None => format!("a draw among all who entered by {close}"),
    }
}

fn eligible(sale: &Sale) -> String {
    let aged = sale.eligibility.account_before_ms.map(|at_ms| format!("accounts made before {}", moment::stamp(at_ms)));
    let listed = sale.eligibility.listed_only.then(|| format!("{} on the list", sale.listed_shoppers));
    match (aged, listed) {
        (None, None) => "everybody".to_owned(),
        (Some(rule), None) | (None, Some(rule)) => rule,
        (Some(aged), Some(listed)) => format!("{listed}, with {aged}"),
    }
}

fn strikes(sale: &Sale) -> String {
    match sale.strikes.as_ref().filter(|rule| rule.limit > 0) {
        None => "nobody is marked".to_owned(),
        Some(rule) => {
            let then = match rule.marked_orders {
                MarkedOrders::PayToClaim => "pay to claim",
                MarkedOrders::Refuse => "refused",
            };
            format!("{} in {}: {then}", rule.limit, words::duration(rule.strike_seconds))
        }
    }
}
