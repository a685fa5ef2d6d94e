//! One file a page; the sale's own page is large and has a folder beside this one.

mod crowd;
mod item_editor;
mod item_form;
mod items;
mod new_sale;
mod overview;
mod pictures;
mod sign_in;
mod strikes;

use leptos::prelude::*;
use leptos_router::components::A;

use crate::{browser, desk::Desk};

pub(crate) use crowd::Crowd;
pub(crate) use item_editor::{ItemEditor, NewItem};
pub(crate) use items::Items;
pub(crate) use new_sale::NewSale;
pub(crate) use overview::Overview;
pub(crate) use sign_in::SignIn;
pub(crate) use strikes::Strikes;

/// The page's heading, and the title of its tab.
#[component]
pub(crate) fn Heading(#[prop(into)] text: Signal<String>) -> impl IntoView {
    if !Desk::here().is_first_page() {
        Effect::new(|_| browser::focus_content_if_lost());
    }
    Effect::new(move |_| document().set_title(&format!("{} · Stampede", text.get())));
    view! { <h1>{move || text.get()}</h1> }
}

#[component]
pub(crate) fn NotFound() -> impl IntoView {
    view! {
        <section class="narrow">
            <Heading text="Nothing here"/>
            <p>"There is no page at this address, or it belongs to somebody else."</p>
            <p>
                <A href="/admin">"To the sales"</A>
            </p>
        </section>
    }
}
