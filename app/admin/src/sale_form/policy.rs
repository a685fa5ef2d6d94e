//! When a unit is taken, and what each way risks.

use api::StockPolicy;
use leptos::prelude::*;

use super::state::Fields;
use crate::{
    fields::{Errors, TextField},
    words,
};

/// In the order of the page.
const POLICIES: [StockPolicy; 3] = [StockPolicy::Hold, StockPolicy::OnOrder, StockPolicy::OnPayment];

#[component]
pub(crate) fn PolicyFields(
    form: Fields,
    errors: RwSignal<Errors>,
    /// The sale has opened; what it promised stands.
    has_opened: bool,
) -> impl IntoView {
    let policy = form.policy;
    let hold_hint = Signal::derive(move || {
        match policy.get() {
            StockPolicy::Hold => "How long units are kept for a shopper who has not paid. Then they go to the next.",
            StockPolicy::OnOrder => {
                "Only for marked shoppers here: how long they have to pay. Others have no deadline."
            }
            StockPolicy::OnPayment => "How long a shopper has to pay. Nothing is kept meanwhile.",
        }
        .to_owned()
    });
    let waitlist_hint = Signal::derive(move || {
        match policy.get() {
            StockPolicy::Hold | StockPolicy::OnOrder => {
                "How many orders may wait when all units are held. Units that come back go to them, in order. 0: nobody waits, and units that come back are open to all."
            }
            StockPolicy::OnPayment => "Without effect here: nothing is held, so nobody waits for it to come back.",
        }
        .to_owned()
    });
    let cards = POLICIES.map(|value| view! { <Card policy=policy value=value has_opened=has_opened/> });
    view! {
        <fieldset>
            <legend>"When a unit is taken"</legend>
            {has_opened.then(|| view! { <p class="hint">"The sale has opened, so this stands."</p> })}
            <div class="cards">{cards}</div>
            <div class="pair">
                <TextField
                    name="hold"
                    label="Hold"
                    hint=hold_hint
                    value=form.hold
                    errors=errors
                    unit="seconds"
                    inputmode="numeric"
                />
                <TextField
                    name="waitlist"
                    label="Waiting line"
                    hint=waitlist_hint
                    value=form.waitlist
                    errors=errors
                    unit="orders"
                    inputmode="numeric"
                />
            </div>
        </fieldset>
    }
}

#[component]
fn Card(policy: RwSignal<StockPolicy>, value: StockPolicy, has_opened: bool) -> impl IntoView {
    let (id, what, risk) = match value {
        StockPolicy::Hold => (
            "policy-hold",
            "An order keeps its units for a while; unpaid, they go to the next.",
            "Risk: units that nobody pays for come back late.",
        ),
        StockPolicy::OnOrder => (
            "policy-on-order",
            "An order keeps its units until it is paid or given up.",
            "Risk: orders that are never paid keep units from others. You release them by hand.",
        ),
        StockPolicy::OnPayment => (
            "policy-on-payment",
            "An order keeps nothing. The first who pay get the units.",
            "Risk: more orders than units, so that some who pay get their money back.",
        ),
    };
    let told = format!("{id}-told");
    view! {
        <div class="card">
            <input
                type="radio"
                name="policy"
                id=id
                aria-describedby=told.clone()
                disabled=has_opened
                prop:checked=move || policy.get() == value
                on:change=move |_| policy.set(value)
            />
            <label for=id>{words::policy(value)}</label>
            <p class="hint" id=told>
                {what}
                " "
                <strong>{risk}</strong>
            </p>
        </div>
    }
}
