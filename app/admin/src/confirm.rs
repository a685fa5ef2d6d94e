//! A question before what cannot be taken back.

use leptos::{html, prelude::*};

/// A modal dialog: the browser keeps the keyboard inside it, and Escape says no.
#[component]
pub(crate) fn Confirm(
    open: RwSignal<bool>,
    /// The id of the title; a page may have several such questions.
    id: &'static str,
    title: &'static str,
    /// What will happen, in a sentence or two.
    #[prop(into)]
    text: Signal<String>,
    /// What the button does, as a verb.
    verb: &'static str,
    on_yes: Callback<()>,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let open = open.get();
        if let Some(dialog) = dialog.get() {
            if !open {
                dialog.close();
            } else if dialog.show_modal().is_err() {
                // Shown already; nothing to do.
            }
        }
    });
    view! {
        <dialog class="confirm" node_ref=dialog aria-labelledby=id on:close=move |_| open.set(false)>
            <h2 id=id>{title}</h2>
            <p>{move || text.get()}</p>
            <div class="row">
                <button
                    type="button"
                    class="primary"
                    on:click=move |_| {
                        open.set(false);
                        on_yes.run(());
                    }
                >
                    {verb}
                </button>
                <button type="button" on:click=move |_| open.set(false)>
                    "Not now"
                </button>
            </div>
        </dialog>
    }
}
