//! Who may buy, and what becomes of shoppers whose holds lapse again and again.

use api::MarkedOrders;
use leptos::prelude::*;

use super::state::Fields;
use crate::{
    desk::Desk,
    fields::{Errors, TextField},
    moment,
};

/// A box to tick.
#[component]
pub(crate) fn Tick(id: &'static str, label: &'static str, value: RwSignal<bool>) -> impl IntoView {
    view! {
        <div class="choices">
            <label for=id>
                <input type="checkbox" id=id bind:checked=value/>
                {label}
            </label>
        </div>
    }
}

#[component]
pub(crate) fn EligibilityFields(form: Fields, errors: RwSignal<Errors>) -> impl IntoView {
    let clock = Desk::here().clock;
    let now = move |_| form.account_before.set(moment::to_field(clock.now_or_local_ms()));
    view! {
        <fieldset>
            <legend>"Who may buy"</legend>
            <p class="hint">"Judged before the question. The item's page says that not everybody may. Neither: everybody may buy."</p>
            <Tick id="by-age" label="Only accounts made before a date" value=form.by_age/>
            <Show when=move || form.by_age.get()>
                <div class="pair">
                    <TextField
                        name="account_before"
                        label="Account made before"
                        hint="In your time zone. It keeps out accounts that are made for this sale."
                        value=form.account_before
                        errors=errors
                        kind="datetime-local"
                    />
                    <div class="presets beside">
                        <button type="button" on:click=now>
                            "Accounts that exist now"
                        </button>
                    </div>
                </div>
            </Show>
            <Tick id="listed-only" label="Only shoppers on a list" value=form.listed_only/>
            <Show when=move || form.listed_only.get()>
                <p class="hint">"You write the list on the sale's page, once the sale is saved. Until then nobody is on it."</p>
            </Show>
        </fieldset>
    }
}

#[component]
pub(crate) fn StrikeFields(form: Fields, errors: RwSignal<Errors>) -> impl IntoView {
    view! {
        <fieldset>
            <legend>"Holds that run out"</legend>
            <p class="hint">
                "Each hold that lapses unpaid is a strike, in all of your sales. Too many mark a shopper for a while. The list of strikes has a page of its own."
            </p>
            <Tick id="strikes-on" label="Mark shoppers whose holds run out again and again" value=form.strikes_on/>
            <Show when=move || form.strikes_on.get()>
                <div class="pair">
                    <TextField
                        name="strike_limit"
                        label="Strikes that mark"
                        hint="3 in 24 hours leaves room for bad luck."
                        value=form.strike_limit
                        errors=errors
                        unit="strikes"
                        inputmode="numeric"
                    />
                    <TextField
                        name="strike_hours"
                        label="Each counts for"
                        hint=""
                        value=form.strike_hours
                        errors=errors
                        unit="hours"
                        inputmode="decimal"
                    />
                </div>
                <p id="marked-title">"An order by a marked shopper"</p>
                <div class="choices" role="radiogroup" aria-labelledby="marked-title">
                    <Marked form=form value=MarkedOrders::PayToClaim id="marked-pay" label="keeps nothing until it is paid"/>
                    <Marked form=form value=MarkedOrders::Refuse id="marked-refuse" label="is refused"/>
                </div>
            </Show>
        </fieldset>
    }
}

#[component]
fn Marked(form: Fields, value: MarkedOrders, id: &'static str, label: &'static str) -> impl IntoView {
    let marked = form.marked_orders;
    view! {
        <label for=id>
            <input
                type="radio"
                name="marked"
                id=id
                prop:checked=move || marked.get() == value
                on:change=move |_| marked.set(value)
            />
            {label}
        </label>
    }
}
