//! The form of a sale, for a new one and for the terms of one that stands.

mod check;
mod check_rules;
mod draw;
mod kinds;
mod policy;
mod quiz;
mod reader;
mod rules;
mod state;

use api::{CreateSale, CreatedSale, Item, Sale};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

pub(crate) use self::check_rules::sum_told;
use self::{
    draw::DrawFields,
    kinds::KindFields,
    policy::PolicyFields,
    quiz::QuizFields,
    rules::{EligibilityFields, StrikeFields},
    state::Fields,
};
use crate::{
    desk::Desk,
    fields::{self, Errors, FieldError, Outcome, OutcomeLine, TextField},
    http::{self, Failure},
    moment,
};

const MINUTE_MS: i64 = 60_000;

/// With `known`, the form changes that sale; without, it makes a new one. `on_saved` gets the sale's id.
#[component]
pub(crate) fn SaleForm(
    items: Vec<Item>,
    #[prop(optional_no_strip)] chosen: Option<String>,
    #[prop(optional, into)] known: Option<Sale>,
    on_saved: Callback<String>,
) -> impl IntoView {
    let desk = Desk::here();
    let first = items.first().map(|item| item.item_id.clone()).unwrap_or_default();
    let chosen = chosen.filter(|chosen| items.iter().any(|item| item.item_id == *chosen)).unwrap_or(first);
    let form = known.as_ref().map_or_else(|| Fields::blank(chosen), Fields::of);
    let errors = RwSignal::new(Errors::new());
    let outcome = RwSignal::new(Outcome::None);
    let is_known = known.is_some();
    let now_ms = desk.clock.now_or_local_ms();
    let has_opened = known.as_ref().is_some_and(|sale| sale.published && sale.starts_at_ms <= now_ms);
    let known = StoredValue::new(known);
    let items = StoredValue::new(items);
    let currency = Memo::new(move |_| {
        let item_id = form.item_id.get();
        items.with_value(|items| {
            items.iter().find(|item| item.item_id == item_id).map(|item| item.currency.clone()).unwrap_or_default()
        })
    });

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if outcome.with_untracked(Outcome::is_busy) {
            return;
        }
        // The start of a sale that stands may lie behind us; the server knows whether it can still move.
        let earliest_start_ms = if is_known { i64::MIN } else { desk.clock.now_or_local_ms() };
        let sale = match form.draft(&currency.get_untracked()).read(earliest_start_ms) {
            Ok(sale) => sale,
            Err(found) => {
                outcome.set(Outcome::Failed("Some fields need another look.".to_owned()));
                return fields::show(errors, found, &check::ORDER);
            }
        };
        errors.set(Errors::new());
        outcome.set(Outcome::Busy("Saving…"));
        spawn_local(async move {
            match save(known.try_get_value().flatten(), sale).await {
                Ok((sale_id, told)) => {
                    outcome.set(Outcome::Done(told.to_owned()));
                    on_saved.run(sale_id);
                }
                Err(failure) => {
                    desk.note(&failure);
                    outcome.set(Outcome::Failed(failure.sentence()));
                }
            }
        });
    };

    view! {
        <form class="sale-form" on:submit=submit novalidate=true>
            <Show when=move || !is_known>
                <ItemField items=items value=form.item_id errors=errors/>
            </Show>
            <Terms form=form errors=errors currency=currency/>
            <Window form=form errors=errors presets=!is_known/>
            <DrawFields form=form errors=errors is_known=is_known/>
            <PolicyFields form=form errors=errors has_opened=has_opened/>
            <KindFields form=form errors=errors fixed_without=is_known && form.kinds.with_untracked(Vec::is_empty)/>
            <EligibilityFields form=form errors=errors/>
            <StrikeFields form=form errors=errors/>
            <QuizFields fields=form errors=errors/>
            <div class="row">
                <button type="submit" class="primary" disabled=move || outcome.with(Outcome::is_busy)>
                    {if is_known { "Save terms" } else { "Save draft" }}
                </button>
            </div>
            <OutcomeLine outcome=outcome/>
        </form>
    }
}

async fn save(known: Option<Sale>, form: CreateSale) -> Result<(String, &'static str), Failure> {
    let Some(known) = known else {
        let created: CreatedSale = http::post("/api/merchant/sales", &form).await?;
        return Ok((created.sale_id, "Saved as a draft."));
    };
    let told = match check::change(&known, &form) {
        None => "Nothing had changed.",
        Some(patch) => {
            http::patch(&format!("/api/merchant/sales/{}", http::escaped(&known.sale_id)), &patch).await?;
            "Saved."
        }
    };
    Ok((known.sale_id, told))
}

#[component]
fn ItemField(items: StoredValue<Vec<Item>>, value: RwSignal<String>, errors: RwSignal<Errors>) -> impl IntoView {
    let current = value.get_untracked();
    let options = items.get_value().into_iter().map(|item| {
        view! {
            <option value=item.item_id.clone() selected=item.item_id == current>
                {item.title}
            </option>
        }
    });
    view! {
        <div class="field">
            <label for="item">"Item"</label>
            <select id="item" aria-describedby="item-error" on:change:target=move |event| value.set(event.target().value())>
                {options.collect_view()}
            </select>
            <FieldError name="item" errors=errors/>
        </div>
    }
}

#[component]
fn Terms(form: Fields, errors: RwSignal<Errors>, currency: Memo<String>) -> impl IntoView {
    view! {
        <fieldset>
            <legend>"Price and units"</legend>
            <div class="quad">
                <TextField
                    name="price"
                    label="Price"
                    hint="For one unit. It is frozen for an order once its units are held."
                    value=form.price
                    errors=errors
                    unit=currency
                    inputmode="decimal"
                />
                <TextField
                    name="stock"
                    label="Stock"
                    hint="All that can ever be sold in this sale."
                    value=form.stock
                    errors=errors
                    unit="units"
                    inputmode="numeric"
                />
                <TextField
                    name="limit"
                    label="Limit"
                    hint="The most that one shopper may have."
                    value=form.limit
                    errors=errors
                    unit="units"
                    inputmode="numeric"
                />
            </div>
        </fieldset>
    }
}

#[component]
fn Window(form: Fields, errors: RwSignal<Errors>, presets: bool) -> impl IntoView {
    let clock = Desk::here().clock;
    let soon = move |_| {
        let starts_at_ms = clock.now_or_local_ms() + MINUTE_MS;
        form.set_window(starts_at_ms, starts_at_ms + 30 * MINUTE_MS);
    };
    let tonight = move |_| {
        let starts_at_ms = moment::next_hour_of_day(clock.now_or_local_ms(), 20);
        form.set_window(starts_at_ms, starts_at_ms + 60 * MINUTE_MS);
    };
    let zone = move || format!("In your time zone: {}.", moment::zone(clock.now_or_local_ms()));
    let ahead = Signal::derive(move || {
        let starts_at_ms = form.starts.with(|starts| moment::from_field(starts));
        match (starts_at_ms, clock.second_ms()) {
            (Some(starts_at_ms), Some(now_ms)) if starts_at_ms > now_ms => {
                format!("In {} by the server's clock.", moment::span(starts_at_ms - now_ms))
            }
            (Some(_), Some(_)) => "Behind us by the server's clock.".to_owned(),
            _ => "The server's clock alone decides.".to_owned(),
        }
    });
    let lasts = Signal::derive(move || {
        let starts_at_ms = form.starts.with(|starts| moment::from_field(starts));
        let ends_at_ms = form.ends.with(|ends| moment::from_field(ends));
        match (starts_at_ms, ends_at_ms) {
            (Some(starts_at_ms), Some(ends_at_ms)) if ends_at_ms > starts_at_ms => {
                format!("Lasts {}. What is held by then can still be paid.", moment::span(ends_at_ms - starts_at_ms))
            }
            _ => "From then on no order is taken.".to_owned(),
        }
    });
    view! {
        <fieldset>
            <legend>"When"</legend>
            <p class="hint">{zone}</p>
            <Show when=move || presets>
                <div class="row presets">
                    <button type="button" on:click=soon>
                        "In 1 minute, for 30 minutes"
                    </button>
                    <button type="button" on:click=tonight>
                        "At the next 20:00, for an hour"
                    </button>
                </div>
            </Show>
            <div class="pair">
                <TextField name="starts" label="Starts" hint=ahead value=form.starts errors=errors kind="datetime-local"/>
                <TextField name="ends" label="Ends" hint=lasts value=form.ends errors=errors kind="datetime-local"/>
            </div>
        </fieldset>
    }
}
