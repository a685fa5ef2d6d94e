//! The banner's right end: who is signed in, or the way to sign in. And, being on every page, a word where the shop
//! does not answer.

use api::Code;
use leptos::prelude::*;
use ui::Locale;
use wasm_bindgen::JsValue;

use super::{
    live::{act, flag, text},
    locale,
};
use crate::browser::{
    http,
    link::{self, Link},
    page, session, spawn,
};

/// A context of the pages that only a signed-in shopper gets to see.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy)]
pub(crate) struct OwnPage;

/// Whether the page itself says that its reader is signed in; elsewhere the fragment tells.
#[cfg(feature = "ssr")]
fn is_own_page() -> bool {
    use_context::<OwnPage>().is_some()
}

#[cfg(not(feature = "ssr"))]
fn is_own_page() -> bool {
    page::data("signedIn") == "true"
}

#[island]
pub(crate) fn AccountLinks() -> impl IntoView {
    let locale = locale();
    let name = RwSignal::new(String::new());
    let signed_in = RwSignal::new(is_own_page());
    let sign_in_path = RwSignal::new(locale.path("/sign-in"));
    let trouble = RwSignal::new(String::new());
    if cfg!(feature = "hydrate") {
        page::show_local_times(locale);
        link::watch(move |link| trouble.set(sentence(locale, link).to_owned()));
        spawn(async move {
            if page::find(".sign-in").is_none() {
                sign_in_path.set(page::sign_in_path(locale));
            }
            if let Some(me) = session::me().await {
                name.set(me.display_name);
                signed_in.set(me.signed_in);
            }
        });
    }
    let sign_out = act(move || {
        spawn(async move {
            if http::post("/api/sign-out", JsValue::UNDEFINED).await.is_ok() {
                page::go(&locale.path("/"));
            }
        });
    });
    view! {
        <p class="trouble" class:told=flag(move || !trouble.with(String::is_empty)) role="alert">{text(move || trouble.get())}</p>
        <a class="quiet" href=text(move || sign_in_path.get()) hidden=flag(move || signed_in.get())>{locale.sign_in()}</a>
        <a class="quiet" href=locale.path("/orders") hidden=flag(move || !signed_in.get())>{locale.my_orders()}</a>
        <button class="quiet" type="button" hidden=flag(move || !signed_in.get()) on:click:capture=sign_out>
            {locale.sign_out()}
            <span class="account-name" hidden=flag(move || name.with(String::is_empty))>{text(move || name.get())}</span>
        </button>
    }
}

fn sentence(locale: Locale, link: Link) -> &'static str {
    match link {
        Link::Fine => "",
        Link::Lost => locale.offline(),
        Link::Busy => locale.shop_busy(),
        Link::Limited => locale.problem(Code::RateLimited).unwrap_or_default(),
    }
}
