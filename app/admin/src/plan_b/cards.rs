//! A card for each switch: where it stands, what shoppers see of that, and the buttons.

use api::{SwitchScope, SwitchSet};
use leptos::prelude::*;

use super::{
    PlanBDesk,
    words::{self, CARDS, Card, Choice},
};
use crate::moment;

pub(super) fn all(plan: PlanBDesk) -> impl IntoView {
    view! {
        <section class="switches" aria-label="Switches">
            {CARDS.iter().map(|card| one(plan, card)).collect_view()}
        </section>
    }
}

fn one(plan: PlanBDesk, card: &'static Card) -> impl IntoView {
    let id = format!("switch-{}", card.name);
    let labelled_by = id.clone();
    let value = Memo::new(move |_| {
        plan.told.with(|told| told.as_ref().map_or("", |told| words::value_of(&told.values, card.name)))
    });
    let is_set = move || !value.get().is_empty() && value.get() != card.choices[0].value;
    let shoppers_see = move || {
        let choice = card.choices.iter().find(|choice| choice.value == value.get());
        choice.map_or("Reading…", |choice| choice.shoppers_see)
    };
    view! {
        <article class="switch" class:set=is_set role="group" aria-labelledby=labelled_by>
            <h2 id=id>{card.title}</h2>
            <div class="segments">
                {card.choices.iter().map(|choice| button(plan, card, choice, value)).collect_view()}
            </div>
            <p class="sees">{shoppers_see}</p>
            <p class="hint">{move || by_whom(plan, card.name)}</p>
        </article>
    }
}

fn button(plan: PlanBDesk, card: &'static Card, choice: &'static Choice, value: Memo<&'static str>) -> impl IntoView {
    let is_ordinary = card.choices[0].value == choice.value;
    let is_pressed = move || value.get() == choice.value;
    let set = move |_| plan.set(words::wanted(card.name, choice.value), is_ordinary, choice.done);
    view! {
        <button
            type="button"
            aria-pressed=move || if is_pressed() { "true" } else { "false" }
            class:last-resort=!is_ordinary
            on:click=set
        >
            {choice.word}
        </button>
    }
}

/// Who set it, for what, and until when: the operator's before the own.
fn by_whom(plan: PlanBDesk, name: &str) -> String {
    let sale_id = plan.sale_id.get();
    let felt = |set: &&SwitchSet| match set.scope {
        SwitchScope::Sale => set.sale_id.as_deref() == Some(sale_id.as_str()),
        SwitchScope::Shop | SwitchScope::Merchant => true,
    };
    let rank = |set: &&SwitchSet| match set.scope {
        SwitchScope::Shop => 0,
        SwitchScope::Sale => 1,
        SwitchScope::Merchant => 2,
    };
    plan.told
        .with(|told| {
            let set = told.as_ref()?.set.iter().filter(|set| set.name == name).filter(felt).min_by_key(rank)?;
            let until =
                set.until_ms.map_or_else(String::new, |until_ms| format!(", until {}", moment::stamp(until_ms)));
            let whom = match set.scope {
                SwitchScope::Shop => "Set for the whole shop by the operator, whose word goes before yours",
                SwitchScope::Merchant => "Set for all your sales",
                SwitchScope::Sale => "Set for this sale",
            };
            let why = if set.reason.is_empty() { String::new() } else { format!(": {}", set.reason) };
            Some(format!("{whom}{until}{why}."))
        })
        .unwrap_or_default()
}
