//! Pieces of a form: a field with its label, its line of explanation and its error, and what became of the form.

use std::collections::BTreeMap;

use leptos::prelude::*;

use crate::browser;

/// What is wrong with a form, by the name of the field.
pub(crate) type Errors = BTreeMap<&'static str, String>;

/// Shows the errors and moves the keyboard to the first field that has one, in the order of the page.
pub(crate) fn show(errors: RwSignal<Errors>, found: Errors, order: &[&'static str]) {
    if let Some(first) = order.iter().find(|name| found.contains_key(*name)) {
        browser::focus(first);
    }
    errors.set(found);
}

/// A field for one line of text, or for several.
#[component]
pub(crate) fn TextField(
    /// The field's id, and its key among the errors.
    name: &'static str,
    label: &'static str,
    #[prop(into)] hint: Signal<String>,
    value: RwSignal<String>,
    errors: RwSignal<Errors>,
    #[prop(default = "text")] kind: &'static str,
    /// Shown at the end of the field: `units`, `CNY`.
    #[prop(optional, into)]
    unit: Signal<String>,
    #[prop(default = "off")] autocomplete: &'static str,
    /// Which keyboard a phone shows.
    #[prop(default = "text")]
    inputmode: &'static str,
    #[prop(optional)] lines: u32,
    #[prop(optional)] disabled: bool,
) -> impl IntoView {
    forget_when_edited(name, value, errors);
    let error = Signal::derive(move || errors.with(|errors| errors.get(name).cloned()));
    let described_by = format!("{name}-hint {name}-error");
    let invalid = move || error.with(Option::is_some).then_some("true");
    let input = if lines > 0 {
        view! {
            <textarea
                id=name
                name=name
                rows=lines
                aria-describedby=described_by
                aria-invalid=invalid
                bind:value=value
            ></textarea>
        }
        .into_any()
    } else {
        view! {
            <input
                id=name
                name=name
                type=kind
                step=(kind == "datetime-local").then_some("1")
                autocomplete=autocomplete
                inputmode=inputmode
                disabled=disabled
                aria-describedby=described_by
                aria-invalid=invalid
                bind:value=value
            />
        }
        .into_any()
    };
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <div class="field-box">
                {input}
                {move || {
                    let unit = unit.get();
                    (!unit.is_empty()).then(|| view! { <span class="unit">{unit}</span> })
                }}
            </div>
            <p class="hint" id=format!("{name}-hint")>
                {move || hint.get()}
            </p>
            <FieldError name=name errors=errors/>
        </div>
    }
}

/// A field that was changed since is not known to be wrong any more.
fn forget_when_edited(name: &'static str, value: RwSignal<String>, errors: RwSignal<Errors>) {
    Effect::new(move |before: Option<String>| {
        let now = value.get();
        if before.is_some_and(|before| before != now) && errors.with_untracked(|errors| errors.contains_key(name)) {
            errors.update(|errors| {
                errors.remove(name);
            });
        }
        now
    });
}

/// The error of one field; empty where there is none, so that a reader finds it under the same id.
#[component]
pub(crate) fn FieldError(name: &'static str, errors: RwSignal<Errors>) -> impl IntoView {
    view! {
        <p class="error" id=format!("{name}-error")>
            {move || errors.with(|errors| errors.get(name).cloned())}
        </p>
    }
}

/// What became of the last thing that was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Outcome {
    #[default]
    None,
    Busy(&'static str),
    Done(String),
    Failed(String),
}

impl Outcome {
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Outcome::Busy(_))
    }
}

/// Tells the outcome. Both regions are always there, so that a screen reader is listening when one fills.
#[component]
pub(crate) fn OutcomeLine(outcome: RwSignal<Outcome>) -> impl IntoView {
    let told = move || match outcome.get() {
        Outcome::Busy(text) => text.to_owned(),
        Outcome::Done(text) => text,
        Outcome::None | Outcome::Failed(_) => String::new(),
    };
    let failed = move || match outcome.get() {
        Outcome::Failed(text) => text,
        _ => String::new(),
    };
    view! {
        <p class="told" role="status">
            {told}
        </p>
        <p class="failed" role="alert">
            {failed}
        </p>
    }
}
