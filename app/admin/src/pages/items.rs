//! All items of this merchant.

use api::{ItemList, SaleList};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::components::A;

use super::Heading;
use crate::{
    desk::Desk,
    http::{self, Failure},
    money, words,
};

#[component]
pub(crate) fn Items() -> impl IntoView {
    let desk = Desk::here();
    let listed = RwSignal::new(None::<Result<(ItemList, SaleList), Failure>>);
    spawn_local(async move {
        let answer = async {
            let items = http::get("/api/merchant/items").await?;
            Ok((items, http::get("/api/merchant/sales").await?))
        }
        .await;
        if let Err(failure) = &answer {
            desk.note(failure);
        }
        listed.set(Some(answer));
    });
    view! {
        <div class="title-row">
            <Heading text="Items"/>
            <A href="/admin/items/new" attr:class="button primary">
                "New item"
            </A>
        </div>
        {move || match listed.get() {
            None => view! { <p class="quiet">"Reading…"</p> }.into_any(),
            Some(Err(failure)) => view! { <p role="alert">{failure.sentence()}</p> }.into_any(),
            Some(Ok((items, _))) if items.items.is_empty() => {
                view! {
                    <p class="empty">
                        "No items yet. An item is what you sell; a sale says when, how many, and at what price."
                    </p>
                }
                    .into_any()
            }
            Some(Ok((items, sales))) => view! { <Table items=items sales=sales/> }.into_any(),
        }}
    }
}

#[component]
fn Table(items: ItemList, sales: SaleList) -> impl IntoView {
    let rows = items.items.into_iter().map(|item| {
        let sale_count = sales.sales.iter().filter(|sale| sale.item_id == item.item_id).count();
        let edit = format!("/admin/items/{}", item.item_id);
        let new_sale = format!("/admin/sales/new?item={}", item.item_id);
        view! {
            <tr role="row">
                <th role="rowheader" scope="row" class="item-cell">
                    <img src=item.image_url alt="" width="40" height="50" loading="lazy"/>
                    <A href=edit>{item.title}</A>
                </th>
                <td role="cell" data-label="Address">
                    <span class="path">"/items/" {item.slug.clone()}</span>
                </td>
                <td role="cell" class="number" data-label="List price">
                    {money::shown(item.list_price_minor, &item.currency)}
                </td>
                <td role="cell" class="number" data-label="Sales">
                    {sale_count}
                </td>
                <td role="cell" class="actions-cell">
                    <A href=new_sale>"New sale"</A>
                    <a href=format!("/items/{}", item.slug) rel="external">
                        "In the shop"
                    </a>
                </td>
            </tr>
        }
    });
    view! {
        <table class="stacks" role="table">
            <caption>{words::counted(rows.len() as i64, "item")}</caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Item"</th>
                    <th role="columnheader" scope="col">"Address"</th>
                    <th role="columnheader" scope="col" class="number">"List price"</th>
                    <th role="columnheader" scope="col" class="number">"Sales"</th>
                    <th role="columnheader" scope="col">"Do"</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
    }
}
