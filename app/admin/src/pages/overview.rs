//! All sales at a glance, live.

use std::collections::HashMap;

use api::{Item, ItemList, LedgerState, Sale, SaleList, SalePhase};
use leptos::prelude::*;
use leptos_router::components::A;

use super::Heading;
use crate::{
    desk::Desk,
    http::{self, Failure},
    moment, money, poll, words,
};

const PERIOD_MS: u32 = 2_000;

/// Sales whose stock is read again in every round. The rest are read once and then told as of then.
const LIVE_SALES: usize = 20;

#[derive(Clone, Default)]
struct Shelf {
    items: Vec<Item>,
    sales: Vec<Sale>,
    ledgers: HashMap<String, LedgerState>,
    read_at_ms: i64,
}

#[component]
pub(crate) fn Overview() -> impl IntoView {
    let desk = Desk::here();
    let shelf = RwSignal::new(None::<Shelf>);
    let failure = RwSignal::new(None::<Failure>);
    let known = StoredValue::new(HashMap::new());
    poll::every(
        PERIOD_MS,
        async move || {
            let ledgers = known.try_get_value().unwrap_or_default();
            read(ledgers, desk).await
        },
        move |answer: Result<Shelf, Failure>| match answer {
            Ok(read) => {
                known.set_value(read.ledgers.clone());
                shelf.set(Some(read));
                failure.set(None);
            }
            Err(why) => {
                desk.note(&why);
                failure.set(Some(why));
            }
        },
    );
    view! {
        <div class="title-row">
            <Heading text="Sales"/>
            <A href="/admin/sales/new" attr:class="button primary">
                "New sale"
            </A>
        </div>
        <p class="failed" role="alert">
            {move || failure.get().map(|failure| failure.sentence())}
        </p>
        {move || shelf.get().map_or_else(|| view! { <p class="quiet">"Reading…"</p> }.into_any(), |shelf| table(shelf, desk))}
    }
}

async fn read(mut ledgers: HashMap<String, LedgerState>, desk: Desk) -> Result<Shelf, Failure> {
    let items = http::get::<ItemList>("/api/merchant/items").await?.items;
    let sales = http::get::<SaleList>("/api/merchant/sales").await?.sales;
    // After the end, what is held can still be paid or come back.
    let is_settled = |sale: &Sale| ledgers.get(&sale.sale_id).is_some_and(|ledger: &LedgerState| ledger.held == 0);
    let is_live = |sale: &Sale| match sale.phase {
        None => false,
        Some(SalePhase::Ended) => !is_settled(sale),
        Some(_) => true,
    };
    let (live, still): (Vec<&Sale>, Vec<&Sale>) = sales.iter().partition(|sale| is_live(sale));
    let unread = still.into_iter().filter(|sale| !ledgers.contains_key(&sale.sale_id)).collect::<Vec<_>>();
    for sale in live.into_iter().chain(unread).take(LIVE_SALES) {
        let path = format!("/api/merchant/sales/{}/ledger", http::escaped(&sale.sale_id));
        match http::get(&path).await {
            Ok(ledger) => {
                ledgers.insert(sale.sale_id.clone(), ledger);
            }
            Err(failure @ (Failure::SignedOut | Failure::Unreachable)) => return Err(failure),
            // One sale whose stock cannot be told leaves the others' rows as they are.
            Err(Failure::Refused(_) | Failure::Unreadable(_)) => {}
        }
    }
    Ok(Shelf { items, sales, ledgers, read_at_ms: desk.clock.now_or_local_ms() })
}

fn table(shelf: Shelf, desk: Desk) -> AnyView {
    if shelf.items.is_empty() {
        return view! {
            <p class="empty">
                "Nothing on the shelf yet. " <A href="/admin/items/new">"Write an item"</A>
                " first, then a sale for it."
            </p>
        }
        .into_any();
    }
    if shelf.sales.is_empty() {
        return view! { <p class="empty">"No sales yet. A sale says when, how many, and at what price."</p> }
            .into_any();
    }
    let rows = shelf.sales.iter().map(|sale| {
        let item = shelf.items.iter().find(|item| item.item_id == sale.item_id);
        row(sale, item, shelf.ledgers.get(&sale.sale_id), desk)
    });
    let caption = format!(
        "{}, as of {} · {}",
        words::counted(shelf.sales.len() as i64, "sale"),
        moment::time_of_day(shelf.read_at_ms),
        moment::zone(shelf.read_at_ms)
    );
    view! {
        <table class="stacks sales" role="table">
            <caption>{caption}</caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Item"</th>
                    <th role="columnheader" scope="col">"State"</th>
                    <th role="columnheader" scope="col">"Starts"</th>
                    <th role="columnheader" scope="col">"Ends"</th>
                    <th role="columnheader" scope="col" class="number">"Price"</th>
                    <th role="columnheader" scope="col" class="number">"Free"</th>
                    <th role="columnheader" scope="col" class="number">"Held"</th>
                    <th role="columnheader" scope="col" class="number">"Sold"</th>
                    <th role="columnheader" scope="col" class="number">"Stock"</th>
                    <th role="columnheader" scope="col" class="number">"In line"</th>
                    <th role="columnheader" scope="col" class="number">"Waiting"</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn row(sale: &Sale, item: Option<&Item>, ledger: Option<&LedgerState>, desk: Desk) -> impl IntoView + use<> {
    let (word, class) = words::standing(sale);
    let units =
        |read: fn(&LedgerState) -> i64| ledger.map_or_else(|| "–".to_owned(), |ledger| read(ledger).to_string());
    let (starts_at_ms, ends_at_ms) = (sale.starts_at_ms, sale.ends_at_ms);
    let phase = sale.phase;
    // The one number that moves between two readings.
    let left = move || {
        let now_ms = desk.clock.second_ms()?;
        match phase? {
            SalePhase::Upcoming => Some(format!("in {}", moment::span(starts_at_ms - now_ms))),
            SalePhase::Open => Some(format!("{} left", moment::span(ends_at_ms - now_ms))),
            SalePhase::SoldOut | SalePhase::Ended | SalePhase::Paused => None,
        }
    };
    view! {
        <tr role="row" class=class>
            <th role="rowheader" scope="row" class="item-cell">
                <img src=item.map(|item| item.image_url.clone()) alt="" width="40" height="50"/>
                <a href=format!("/admin/sales/{}", sale.sale_id)>
                    {item.map_or_else(|| words::short_id(&sale.item_id), |item| item.title.clone())}
                </a>
            </th>
            <td role="cell" data-label="State">
                <span class=format!("badge {class}")>{word}</span>
                <span class="quiet left">{left}</span>
            </td>
            <td role="cell" class="time" data-label="Starts">
                {moment::stamp(starts_at_ms)}
            </td>
            <td role="cell" class="time" data-label="Ends">
                {moment::stamp(ends_at_ms)}
            </td>
            <td role="cell" class="number" data-label="Price">
                {money::shown(sale.price_minor, &sale.currency)}
            </td>
            <td role="cell" class="number strong" data-label="Free">
                {units(|ledger| ledger.free)}
            </td>
            <td role="cell" class="number" data-label="Held">
                {units(|ledger| ledger.held)}
            </td>
            <td role="cell" class="number" data-label="Sold">
                {units(|ledger| ledger.sold)}
            </td>
            <td role="cell" class="number" data-label="Stock">
                {sale.stock_units}
            </td>
            <td role="cell" class="number" data-label="In line">
                {sale.queued}
            </td>
            <td role="cell" class="number" data-label="Waiting">
                {sale.waiting}
            </td>
        </tr>
    }
}
