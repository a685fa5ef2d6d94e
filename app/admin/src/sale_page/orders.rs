//! The sale's orders, newest first, a page at a time.

use api::{MerchantOrder, MerchantOrders};
use leptos::{prelude::*, task::spawn_local};

use super::{order_row, watch::Watch};
use crate::{
    confirm::Confirm,
    desk::Desk,
    fields::{Outcome, OutcomeLine},
    http::{self, Failure},
    moment, poll,
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

    let with_kinds =
        Memo::new(move |_| watch.sale.with(|sale| sale.as_ref().is_some_and(|sale| !sale.skus.is_empty())));
    let outcome = RwSignal::new(Outcome::None);
    let releasing = RwSignal::new(None::<MerchantOrder>);
    let asking = RwSignal::new(false);
    let ask_release = Callback::new(move |order| {
        releasing.set(Some(order));
        asking.set(true);
    });
    let question = Signal::derive(move || releasing.with(|order| order.as_ref().map(release_told)).unwrap_or_default());
    let release = Callback::new(move |()| {
        let Some(order) = releasing.get_untracked() else { return };
        outcome.set(Outcome::Busy("Releasing…"));
        spawn_local(async move {
            let path = format!("/api/merchant/orders/{}/release", http::escaped(&order.order_id));
            match http::post_patiently::<MerchantOrder>(&path).await {
                Ok(_) => {
                    outcome.set(Outcome::Done(format!("Order {} is released.", words::short_id(&order.order_id))));
                }
                Err(why) => {
                    desk.note(&why);
                    outcome.set(Outcome::Failed(why.sentence()));
                }
            }
            anew();
            watch.read_now();
        });
    });

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
            <Table page=page state=state with_kinds=with_kinds release=ask_release/>
            <OutcomeLine outcome=outcome/>
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
            <Confirm
                open=asking
                id="release-title"
                title="Release this order?"
                text=question
                verb="Release it"
                on_yes=release
            />
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

/// What a release means for this order's shopper.
fn release_told(order: &MerchantOrder) -> String {
    let units = words::units(i64::from(order.quantity));
    let goes = if order.history.reserved {
        format!("Its {units} {} to the next in line.", if order.quantity == 1 { "goes" } else { "go" })
    } else {
        "It keeps no units; its shopper can no longer pay for it.".to_owned()
    };
    format!(
        "Order {} is not paid yet. {goes} Money that comes for it later goes back.",
        words::short_id(&order.order_id)
    )
}

/// The rows stay while their orders do, so that a button keeps the keyboard through a reading.
#[component]
fn Table(
    page: RwSignal<Option<Page>>,
    state: RwSignal<String>,
    with_kinds: Memo<bool>,
    release: Callback<MerchantOrder>,
) -> impl IntoView {
    let is_empty = Memo::new(move |_| page.with(|page| page.as_ref().map(|page| page.orders.is_empty())));
    let orders = move || page.with(|page| page.as_ref().map(|page| page.orders.clone()).unwrap_or_default());
    let caption = move || {
        page.with(|page| {
            page.as_ref().map(|page| {
                format!(
                    "{}{}, newest first, as of {}",
                    if page.next_cursor.is_some() { "The first " } else { "" },
                    words::counted(page.orders.len() as i64, "order"),
                    moment::time_of_day(page.read_at_ms)
                )
            })
        })
    };
    let column = |name: &'static str| view! { <th role="columnheader" scope="col">{name}</th> };
    let numbers = |name: &'static str| view! { <th role="columnheader" scope="col" class="number">{name}</th> };
    move || match (is_empty.get(), with_kinds.get()) {
        (None, _) => ().into_any(),
        (Some(true), _) => {
            let told = if state.with_untracked(String::is_empty) {
                "No orders yet. An order shows here once it has left the line."
            } else {
                "No orders in this state now."
            };
            view! { <p class="empty">{told}</p> }.into_any()
        }
        (Some(false), with_kinds) => view! {
            <table class="stacks" role="table">
                <caption>{caption}</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        {column("Created")} {column("State")} {with_kinds.then(|| column("Kind"))} {numbers("Units")}
                        {numbers("Amount")} {column("Shopper")} {column("Order")} {column("Do")}
                    </tr>
                </thead>
                <tbody role="rowgroup">
                    <For each=orders key=order_row::key let:order>
                        {order_row::row(order, with_kinds, release)}
                    </For>
                </tbody>
            </table>
        }
        .into_any(),
    }
}
