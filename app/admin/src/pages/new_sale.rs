//! Writing a new sale.

use api::ItemList;
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    components::A,
    hooks::{use_navigate, use_query_map},
};

use super::Heading;
use crate::{
    desk::Desk,
    http::{self, Failure},
    sale_form::SaleForm,
};

#[component]
pub(crate) fn NewSale() -> impl IntoView {
    let desk = Desk::here();
    let query = use_query_map();
    let navigate = use_navigate();
    let items = RwSignal::new(None::<Result<ItemList, Failure>>);
    spawn_local(async move {
        let answer = http::get("/api/merchant/items").await;
        if let Err(failure) = &answer {
            desk.note(failure);
        }
        items.set(Some(answer));
    });
    let saved = StoredValue::new_local(move |sale_id: String| {
        navigate(&format!("/admin/sales/{sale_id}"), Default::default());
    });
    let on_saved = Callback::new(move |sale_id: String| saved.with_value(|saved| saved(sale_id)));
    view! {
        <Heading text="New sale"/>
        <p class="lead">"It is a draft until you publish it; nobody sees a draft but you."</p>
        {move || match items.get() {
            None => view! { <p class="quiet">"Reading…"</p> }.into_any(),
            Some(Err(failure)) => view! { <p role="alert">{failure.sentence()}</p> }.into_any(),
            Some(Ok(items)) if items.items.is_empty() => {
                view! {
                    <p class="empty">
                        "A sale needs an item. " <A href="/admin/items/new">"Write an item"</A> " first."
                    </p>
                }
                    .into_any()
            }
            Some(Ok(items)) => {
                let chosen = query.read_untracked().get("item");
                view! { <SaleForm items=items.items chosen=chosen on_saved=on_saved/> }.into_any()
            }
        }}
    }
}
