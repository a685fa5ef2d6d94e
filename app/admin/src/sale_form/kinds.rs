//! The kinds (SKUs) of a sale: a row each, and whether their units suffice.

use leptos::prelude::*;

use super::{
    check_rules::sum_told,
    state::{Fields, Kind},
};
use crate::{
    browser,
    fields::{Errors, FieldError},
};

#[component]
pub(crate) fn KindFields(
    form: Fields,
    errors: RwSignal<Errors>,
    /// A sale that stands without kinds gets none.
    fixed_without: bool,
) -> impl IntoView {
    let add = move |_| {
        let id = form.add_kind();
        browser::focus(&format!("kind-{id}"));
    };
    let sum = move || {
        // What is wrong stands below, and need not be told twice.
        if errors.with(|errors| errors.contains_key("kinds")) {
            return None;
        }
        let units = |text: RwSignal<String>| text.get().trim().parse::<i64>().unwrap_or_default();
        let sum = form.kinds.get().iter().map(|kind| units(kind.units)).sum::<i64>();
        (sum > 0).then(|| sum_told(sum, units(form.stock)))
    };
    let is_short = move || sum().is_some_and(|(_, enough)| !enough);
    view! {
        <fieldset>
            <legend>"Kinds"</legend>
            <p class="hint">
                {if fixed_without {
                    "This sale was made without kinds: its units are all alike."
                } else {
                    "Sizes or colours, each with units and a price of its own; a price left blank is the sale's. Without any kinds, all units are alike."
                }}
            </p>
            <Show when=move || !fixed_without>
                <div class="bank" id="kinds" tabindex="-1" role="group" aria-label="Kinds" aria-describedby="kinds-error">
                    <For each=move || form.kinds.get() key=|kind| kind.id let:kind>
                        <Row form=form kind=kind errors=errors/>
                    </For>
                    <p class="hint" class:short=is_short role="status">
                        {move || sum().map(|(told, _)| told)}
                    </p>
                    <FieldError name="kinds" errors=errors/>
                    <button type="button" id="add-kind" on:click=add>
                        "Add a kind"
                    </button>
                </div>
            </Show>
        </fieldset>
    }
}

#[component]
fn Row(form: Fields, kind: Kind, errors: RwSignal<Errors>) -> impl IntoView {
    let forget = move |_| {
        errors.update(|errors| {
            errors.remove("kinds");
        });
    };
    let number = move || {
        let place = form.kinds.with(|rows| rows.iter().position(|row| row.id == kind.id));
        place.map_or(0, |place| place + 1)
    };
    let remove = move |_| {
        form.kinds.update(|kinds| kinds.retain(|row| row.id != kind.id));
        browser::focus("add-kind");
    };
    let field = move |what: &'static str, id: Option<String>, value: RwSignal<String>, numeric: bool, fixed: bool| {
        view! {
            <label class="kind-field">
                <span aria-hidden="true">{what}</span>
                <input
                    id=id
                    aria-label=move || format!("{what} of kind {}", number())
                    inputmode=if numeric { "decimal" } else { "text" }
                    autocomplete="off"
                    disabled=fixed
                    bind:value=value
                />
            </label>
        }
    };
    view! {
        <div class="kind" on:input=forget>
            {field("Name", Some(format!("kind-{}", kind.id)), kind.title, false, false)}
            {field("Code", None, kind.sku, false, kind.stands)}
            {field("Units", None, kind.units, true, false)}
            {field("Price", None, kind.price, true, false)}
            // A kind that stands may have orders, so it stays.
            <button
                type="button"
                class="link"
                hidden=kind.stands
                aria-label=move || format!("Remove kind {}", number())
                on:click=remove
            >
                "Remove"
            </button>
        </div>
    }
}
