//! Writing an item, new or known.

use api::{CreatedItem, Item};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use leptos_router::{
    components::A,
    hooks::{use_navigate, use_params_map},
};

use super::{
    Heading,
    item_form::{self, ItemForm},
    pictures::PictureField,
};
use crate::{
    desk::Desk,
    fields::{self, Errors, Outcome, OutcomeLine, TextField},
    http::{self, Failure},
    money,
};

#[component]
pub(crate) fn NewItem() -> impl IntoView {
    view! {
        <Heading text="New item"/>
        <Editor form=ItemForm::blank()/>
    }
}

#[component]
pub(crate) fn ItemEditor() -> impl IntoView {
    let params = use_params_map();
    move || {
        let item_id = params.read().get("item_id").unwrap_or_default();
        view! { <KnownItem item_id=item_id/> }
    }
}

#[component]
fn KnownItem(item_id: String) -> impl IntoView {
    let desk = Desk::here();
    let item = RwSignal::new(None::<Result<Item, Failure>>);
    spawn_local(async move {
        let answer = http::get(&format!("/api/merchant/items/{}", http::escaped(&item_id))).await;
        if let Err(failure) = &answer {
            desk.note(failure);
        }
        item.set(Some(answer));
    });
    move || match item.get() {
        None => view! { <p class="quiet">"Reading…"</p> }.into_any(),
        Some(Err(failure)) => view! { <p role="alert">{failure.sentence()}</p> }.into_any(),
        Some(Ok(item)) => view! {
            <div class="title-row">
                <Heading text=item.title.clone()/>
                <A href=format!("/admin/sales/new?item={}", item.item_id) attr:class="button">
                    "New sale"
                </A>
            </div>
            <Editor form=ItemForm::of(&item) known=item/>
        }
        .into_any(),
    }
}

#[component]
fn Editor(form: ItemForm, #[prop(optional, into)] known: Option<Item>) -> impl IntoView {
    let desk = Desk::here();
    let navigate = use_navigate();
    let errors = RwSignal::new(Errors::new());
    let outcome = RwSignal::new(Outcome::None);
    let is_known = known.is_some();
    let stored = StoredValue::new(known);

    // The slug follows the title until somebody writes one.
    let follows = RwSignal::new(!is_known);
    Effect::new(move |_| {
        let slug = item_form::slug_of(&form.title.get());
        if follows.get_untracked() {
            form.slug.set(slug);
        }
    });
    Effect::new(move |_| {
        if form.slug.get() != item_form::slug_of(&form.title.get_untracked()) {
            follows.set(false);
        }
    });

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if outcome.with_untracked(Outcome::is_busy) {
            return;
        }
        let item = match form.read() {
            Ok(item) => item,
            Err(found) => {
                outcome.set(Outcome::None);
                return fields::show(errors, found, &item_form::ORDER);
            }
        };
        errors.set(Errors::new());
        let navigate = navigate.clone();
        outcome.set(Outcome::Busy("Saving…"));
        spawn_local(async move {
            let answer = match stored.try_get_value().flatten() {
                None => http::post::<_, CreatedItem>("/api/merchant/items", &item).await.map(|created| {
                    navigate(&format!("/admin/sales/new?item={}", created.item_id), Default::default());
                    "Saved. Now write its first sale."
                }),
                Some(known) => match item_form::change(&known, &item) {
                    None => Ok("Nothing had changed."),
                    Some(patch) => {
                        http::patch(&format!("/api/merchant/items/{}", known.item_id), &patch).await.map(|()| {
                            stored.set_value(Some(Item {
                                title: item.title,
                                description: item.description,
                                image_url: item.image_url,
                                list_price_minor: item.list_price_minor,
                                ..known
                            }));
                            "Saved, and the item's page is made anew."
                        })
                    }
                },
            };
            outcome.set(match answer {
                Ok(told) => Outcome::Done(told.to_owned()),
                Err(failure) => {
                    desk.note(&failure);
                    Outcome::Failed(failure.sentence())
                }
            });
        });
    };

    view! {
        <form class="editor" on:submit=submit novalidate=true>
            <div class="editor-fields">
                <TextField
                    name="title"
                    label="Title"
                    hint="What shoppers call it; up to 120 characters."
                    value=form.title
                    errors=errors
                />
                <TextField
                    name="slug"
                    label="Address"
                    hint=if is_known {
                        "An address stays, so that links and caches stay right."
                    } else {
                        "The last part of the page's address: /items/…. It cannot be changed later."
                    }
                    value=form.slug
                    errors=errors
                    disabled=is_known
                />
                <TextField
                    name="description"
                    label="Description"
                    hint="Plain text; a blank line starts a new paragraph."
                    value=form.description
                    errors=errors
                    lines=7
                />
                <div class="pair">
                    <TextField
                        name="list_price"
                        label="List price"
                        hint="The everyday price that the sale's price is set against."
                        value=form.list_price
                        errors=errors
                        unit=form.currency
                        inputmode="decimal"
                    />
                    <CurrencyField value=form.currency fixed=is_known/>
                </div>
                <PictureField value=form.image_url errors=errors/>
                <div class="row">
                    <button type="submit" class="primary" disabled=move || outcome.with(Outcome::is_busy)>
                        {if is_known { "Save changes" } else { "Save item" }}
                    </button>
                </div>
                <OutcomeLine outcome=outcome/>
            </div>
            <Preview form=form/>
        </form>
    }
}

#[component]
fn CurrencyField(value: RwSignal<String>, fixed: bool) -> impl IntoView {
    let mut codes: Vec<String> = money::CURRENCIES.iter().map(|code| (*code).to_owned()).collect();
    let current = value.get_untracked();
    if !codes.contains(&current) {
        codes.push(current.clone());
    }
    let options = codes.into_iter().map(|code| {
        let selected = code == current;
        view! {
            <option value=code.clone() selected=selected>
                {code.clone()}
            </option>
        }
    });
    view! {
        <div class="field">
            <label for="currency">"Currency"</label>
            <select
                id="currency"
                disabled=fixed
                aria-describedby="currency-hint"
                on:change:target=move |event| value.set(event.target().value())
            >
                {options.collect_view()}
            </select>
            <p class="hint" id="currency-hint">
                {if fixed { "It stays as it was made." } else { "The item is sold in it from now on." }}
            </p>
        </div>
    }
}

/// The item as a card, while it is being written.
#[component]
fn Preview(form: ItemForm) -> impl IntoView {
    let price = move || {
        let currency = form.currency.get();
        form.list_price.with(|price| money::minor(price, &currency)).map(|minor| money::shown(minor, &currency)).ok()
    };
    view! {
        <aside class="preview" aria-label="Preview">
            <img src=move || form.image_url.get() alt="" width="400" height="500"/>
            <p class="preview-title">
                {move || form.title.with(|title| if title.is_empty() { "Title".to_owned() } else { title.clone() })}
            </p>
            <p class="quiet number">{price}</p>
        </aside>
    }
}
