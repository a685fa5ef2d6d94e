//! The frame around every view, and which view belongs to which path.

use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    components::{A, Redirect, Route, Router, Routes},
    path,
};

use crate::{
    desk::{Desk, Who},
    moment,
    pages::{Crowd, ItemEditor, Items, NewItem, NewSale, NotFound, Overview, SignIn, Strikes},
    plan_b::PlanB,
    sale_page::SalePage,
};

#[component]
pub(crate) fn App() -> impl IntoView {
    let desk = Desk::provide();
    spawn_local(desk.ask());
    view! {
        <Router>
            <a class="skip" href="#main" rel="external">
                "Skip to content"
            </a>
            <Masthead/>
            <main id="main" tabindex="-1">
                <Routes fallback=NotFound>
                    <Route path=path!("/admin/sign-in") view=SignIn/>
                    <Route path=path!("/admin") view=|| view! { <Gate><Overview/></Gate> }/>
                    <Route path=path!("/admin/items") view=|| view! { <Gate><Items/></Gate> }/>
                    <Route path=path!("/admin/items/new") view=|| view! { <Gate><NewItem/></Gate> }/>
                    <Route path=path!("/admin/items/:item_id") view=|| view! { <Gate><ItemEditor/></Gate> }/>
                    <Route path=path!("/admin/crowd") view=|| view! { <Gate><Crowd/></Gate> }/>
                    <Route path=path!("/admin/strikes") view=|| view! { <Gate><Strikes/></Gate> }/>
                    <Route path=path!("/admin/plan-b") view=|| view! { <Gate><PlanB/></Gate> }/>
                    <Route path=path!("/admin/sales/new") view=|| view! { <Gate><NewSale/></Gate> }/>
                    <Route path=path!("/admin/sales/:sale_id") view=|| view! { <Gate><SalePage/></Gate> }/>
                </Routes>
            </main>
        </Router>
    }
}

/// Lets a merchant through, and sends everybody else to sign in.
#[component]
fn Gate(children: ChildrenFn) -> impl IntoView {
    let desk = Desk::here();
    // The views behind the gate are built once for one answer, not again for every equal one.
    let who = Memo::new(move |_| desk.who());
    move || match who.get() {
        Who::Asking => view! { <p class="quiet">"Asking who you are…"</p> }.into_any(),
        Who::Nobody => view! { <Redirect path="/admin/sign-in"/> }.into_any(),
        Who::Merchant(_) => children().into_any(),
        Who::Unknown(failure) => view! {
            <section class="narrow">
                <h1>"No answer yet"</h1>
                <p role="alert">{failure.sentence()}</p>
                <button type="button" on:click=move |_| spawn_local(desk.ask())>
                    "Ask again"
                </button>
            </section>
        }
        .into_any(),
    }
}

#[component]
fn Masthead() -> impl IntoView {
    let desk = Desk::here();
    let merchant = Memo::new(move |_| match desk.who() {
        Who::Merchant(merchant) => Some(merchant.email),
        _ => None,
    });
    view! {
        <header class="masthead">
            <a class="wordmark" href="/" rel="external" title="To the shop">
                <img src="/favicon.svg" alt="" width="26" height="26"/>
                "Stampede"
            </a>
            {move || {
                merchant
                    .get()
                    .map(|email| {
                        view! {
                            <nav aria-label="Merchant">
                                <A href="/admin" exact=true>
                                    "Sales"
                                </A>
                                <A href="/admin/items">"Items"</A>
                                <A href="/admin/crowd">"Crowd"</A>
                                <A href="/admin/strikes">"Strikes"</A>
                                <A href="/admin/plan-b">"Plan B"</A>
                            </nav>
                            <Account email=email/>
                        }
                    })
            }}
            <WallClock/>
        </header>
    }
}

#[component]
fn Account(email: String) -> impl IntoView {
    let desk = Desk::here();
    let failed = RwSignal::new(String::new());
    let sign_out = move |_| {
        spawn_local(async move {
            if let Err(failure) = desk.sign_out().await {
                failed.set(failure.sentence());
            }
        });
    };
    view! {
        <div class="account">
            <span class="email">{email}</span>
            <button type="button" class="link" on:click=sign_out>
                "Sign out"
            </button>
            <span class="failed" role="alert">
                {move || failed.get()}
            </span>
        </div>
    }
}

/// The server's time, in the merchant's zone, and how far off it may be.
#[component]
fn WallClock() -> impl IntoView {
    let clock = Desk::here().clock;
    let time = move || clock.second_ms().map_or_else(|| "--:--:--".to_owned(), moment::time_of_day);
    let bound = move || {
        clock.second_ms()?;
        clock.bound_ms().map(|bound_ms| format!("server ±{} ms", bound_ms.ceil()))
    };
    view! {
        <p class="wall-clock">
            <span class="time">{time}</span>
            <span class="quiet">{bound}</span>
        </p>
    }
}
