//! The sale's orders, newest first, a page at a time.

use api::{MerchantOrder, MerchantOrders};
use leptos::{prelude::*, task::spawn_local};

use super::watch::Watch;
use crate::{
    desk::Desk,
    http::{self, Failure},
    moment, money, poll,
    words::{self, ORDER_STATES},
};

const PERIOD_MS: u32 = 2_000;

#[derive(Clone, Default)]
struct Page {
    orders: Vec<MerchantOrder>,
    next_cursor: Option<String>,
    read_at_ms: i64,
    /// Older pages were added, so the list stands still until it is read anew.
    is_longer: bool,
}

#[component]
pub(crate) fn Orders(watch: Watch) -> impl IntoView {
    let desk = Desk::here();
    let state = RwSignal::new(String::new());
    let page = RwSignal::new(None::<Page>);
    let failure = RwSignal::new(None::<Failure>);

    let fail = move |why: Failure| {
        desk.note(&why);
        failure.set(Some(why));
    };
    let take_first = move |(asked, answer): (String, Result<MerchantOrders, Failure>)| {
        // An answer to an older filter says nothing about this one.
        if state.try_get_untracked().as_ref() != Some(&asked) {
            return;
        }
        match answer {
            Ok(read) => {
                page.set(Some(Page {
                    orders: read.orders,
                    next_cursor: read.next_cursor,
                    read_at_ms: desk.clock.now_or_local_ms(),
                    is_longer: false,
                }));
                failure.set(None);
            }
            Err(why) => fail(why),
        }
    };
    let read_first = async move || {
        let asked = state.try_get_untracked().unwrap_or_default();
        let answer = read(watch, &asked, None).await;
        (asked, answer)
    };
    let stands_still =
        move || page.try_with_untracked(|page| page.as_ref().is_some_and(|page| page.is_longer)) == Some(true);
    poll::every(
        PERIOD_MS,
        async move || if stands_still() { None } else { Some(read_first().await) },
        move |answer| {
            // It may have been lengthened while the answer was on its way.
            if let Some(answer) = answer
                && !stands_still()
            {
                take_first(answer);
            }
        },
    );
    let anew = move || spawn_local(async move { take_first(read_first().await) });
    let more = move |_| {
        let Some(cursor) = page.with_untracked(|page| page.as_ref().and_then(|page| page.next_cursor.clone())) else {
            return;
        };
        page.update(|page| {
            if let Some(page) = page {
                page.is_longer = true;
            }
        });
        spawn_local(async move {
            let asked = state.try_get_untracked().unwrap_or_default();
            match read(watch, &asked, Some(&cursor)).await {
                Ok(read) => page.update(|page| {
                    if let Some(page) = page.as_mut().filter(|page| page.next_cursor.as_ref() == Some(&cursor)) {
                        page.orders.extend(read.orders);
                        page.next_cursor = read.next_cursor;
                    }
                }),
                Err(why) => fail(why),
            }
        });
    };

    let filters = std::iter::once(("", "All")).chain(ORDER_STATES.map(|(_, name, word)| (name, word)));
    let filters = filters.map(|(name, word)| view! { <option value=name>{word}</option> });
    view! {
        <section class="orders" aria-labelledby="orders-title">
            <div class="title-row">
                <h2 id="orders-title">"Orders"</h2>
                <label class="filter">
                    "State "
                    <select on:change:target=move |event| {
                        state.set(event.target().value());
                        page.set(None);
                        anew();
                    }>{filters.collect_view()}</select>
                </label>
            </div>
            <p class="failed" role="alert">
                {move || failure.get().map(|failure| failure.sentence())}
            </p>
            {move || page.get().map(|page| table(page, state.with_untracked(String::is_empty)))}
            <div class="row">
                <Show when=move || page.with(|page| page.as_ref().is_some_and(|page| page.next_cursor.is_some()))>
                    <button type="button" on:click=more>
                        "Older orders"
                    </button>
                </Show>
                <Show when=move || page.with(|page| page.as_ref().is_some_and(|page| page.is_longer))>
                    <button type="button" on:click=move |_| anew()>
                        "Back to the newest, live"
                    </button>
                </Show>
            </div>
        </section>
    }
}

async fn read(watch: Watch, state: &str, cursor: Option<&str>) -> Result<MerchantOrders, Failure> {
    let sale_id = watch.sale_id();
    let mut path = format!("/api/merchant/orders?sale_id={}", http::escaped(&sale_id));
    if !state.is_empty() {
        path.push_str(&format!("&state={}", http::escaped(state)));
    }
    if let Some(cursor) = cursor {
        path.push_str(&format!("&cursor={}", http::escaped(cursor)));
    }
    http::get(&path).await
}

fn table(page: Page, is_unfiltered: bool) -> AnyView {
    if page.orders.is_empty() {
        let told = if is_unfiltered {
            "No orders yet. An order shows here once its units are held."
        } else {
            "No orders in this state now."
        };
        return view! { <p class="empty">{told}</p> }.into_any();
    }
    let rows = page.orders.iter().map(|order| {
        view! {
            <tr role="row">
                <td role="cell" class="time" data-label="Created">
                    {moment::stamp(order.created_at_ms)}
                </td>
                <td role="cell" data-label="State">
                    {words::order_state(order.state)}
                </td>
                <td role="cell" class="number" data-label="Units">
                    {order.quantity}
                </td>
                <td role="cell" class="number" data-label="Amount">
                    {money::shown(order.amount_minor, &order.currency)}
                </td>
                <td role="cell" class="id" data-label="Shopper" title=order.shopper_id.clone()>
                    {words::short_id(&order.shopper_id)}
                </td>
                <td role="cell" class="id" data-label="Order" title=order.order_id.clone()>
                    {words::short_id(&order.order_id)}
                </td>
            </tr>
        }
    });
    let caption = format!(
        "{}{}, newest first, as of {}",
        if page.next_cursor.is_some() { "The first " } else { "" },
        words::counted(page.orders.len() as i64, "order"),
        moment::time_of_day(page.read_at_ms)
    );
    view! {
        <table class="stacks" role="table">
            <caption>{caption}</caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Created"</th>
                    <th role="columnheader" scope="col">"State"</th>
                    <th role="columnheader" scope="col" class="number">"Units"</th>
                    <th role="columnheader" scope="col" class="number">"Amount"</th>
                    <th role="columnheader" scope="col">"Shopper"</th>
                    <th role="columnheader" scope="col">"Order"</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
    }
    .into_any()
}
