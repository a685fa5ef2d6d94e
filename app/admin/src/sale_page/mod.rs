//! One sale, live: its numbers, its plot, its orders, and what the merchant can do about it.

mod actions;
mod draw;
mod geometry;
mod kinds;
mod order_row;
mod orders;
mod plot;
mod readings;
mod shoppers;
mod terms;
mod watch;

use api::{Item, Sale, SalePhase};
use leptos::prelude::*;
use leptos_router::{components::A, hooks::use_params_map};

use self::{
    actions::Actions, draw::DrawPart, kinds::Kinds, orders::Orders, plot::Plot, readings::Readings, shoppers::Shoppers,
    terms::Terms, watch::Watch,
};
use crate::{desk::Desk, http::Failure, moment, money, pages::Heading, words};

#[component]
pub(crate) fn SalePage() -> impl IntoView {
    let params = use_params_map();
    move || {
        let sale_id = params.read().get("sale_id").unwrap_or_default();
        view! { <LiveSale sale_id=sale_id/> }
    }
}

#[component]
fn LiveSale(sale_id: String) -> impl IntoView {
    let watch = Watch::start(sale_id);
    // The page is built once; its parts follow the readings by themselves.
    let stands = Memo::new(move |_| watch.sale.with(Option::is_some));
    let missing = Memo::new(move |_| match watch.failure.get() {
        Some(failure @ (Failure::Refused(_) | Failure::Unreadable(_))) if !stands.get() => Some(failure),
        _ => None,
    });
    view! {
        <nav class="crumbs" aria-label="Where you are">
            <A href="/admin">"All sales"</A>
        </nav>
        {move || match (stands.get(), missing.get()) {
            (true, _) => view! { <Whole watch=watch/> }.into_any(),
            (false, Some(failure)) => view! { <p role="alert">{failure.sentence()}</p> }.into_any(),
            (false, None) => view! { <p class="quiet">"Reading…"</p> }.into_any(),
        }}
    }
}

#[component]
fn Whole(watch: Watch) -> impl IntoView {
    view! {
        <Head watch=watch/>
        <Actions watch=watch/>
        <DrawPart watch=watch/>
        <Readings watch=watch/>
        <Plot watch=watch/>
        <Kinds watch=watch/>
        <Orders watch=watch/>
        <Shoppers watch=watch/>
        <Terms watch=watch/>
    }
}

#[component]
fn Head(watch: Watch) -> impl IntoView {
    let title = Signal::derive(move || {
        watch.item.with(|item| item.as_ref().map(|item| item.title.clone())).unwrap_or_default()
    });
    view! {
        <header class="sale-head">
            {move || watch.item.get().map(|item| view! { <img src=item.image_url alt="" width="88" height="110"/> })}
            <div>
                <Heading text=title/>
                {move || watch.sale.get().map(|sale| facts(&sale, watch.item.get()))}
                <Countdown watch=watch/>
            </div>
        </header>
    }
}

fn facts(sale: &Sale, item: Option<Item>) -> impl IntoView + use<> {
    let (word, class) = words::standing(sale);
    let window = format!("{} – {}", moment::stamp(sale.starts_at_ms), moment::stamp(sale.ends_at_ms));
    let shop_page = item.filter(|_| sale.published).map(|item| {
        view! {
            <a href=format!("/items/{}", item.slug) rel="external">
                "In the shop"
            </a>
        }
    });
    view! {
        <p class="facts">
            <span class=format!("badge {class}")>{word}</span>
            <span class="number">{money::shown(sale.price_minor, &sale.currency)}</span>
            <span class="number">{window}</span>
            <span class="quiet">{moment::zone(sale.starts_at_ms)}</span>
            {shop_page}
        </p>
    }
}

/// To the start, then to the end, by the server's clock.
#[component]
fn Countdown(watch: Watch) -> impl IntoView {
    let clock = Desk::here().clock;
    let told = move || {
        let now_ms = clock.second_ms()?;
        watch.sale.with(|sale| {
            let sale = sale.as_ref()?;
            match sale.phase {
                None if sale.starts_at_ms <= now_ms => Some(("Start passed by", now_ms - sale.starts_at_ms)),
                None | Some(SalePhase::Upcoming) => Some(("Starts in", sale.starts_at_ms - now_ms)),
                Some(SalePhase::Ended) => Some(("Ended before", now_ms - sale.ends_at_ms)),
                Some(_) => Some(("Ends in", sale.ends_at_ms - now_ms)),
            }
        })
    };
    view! {
        <p class="countdown" role="timer">
            {move || {
                told()
                    .map(|(what, span_ms)| {
                        view! {
                            <span class="quiet">{what}</span>
                            " "
                            <span class="span">{moment::span(span_ms)}</span>
                        }
                    })
            }}
        </p>
    }
}
