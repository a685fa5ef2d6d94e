//! The banner's right end: who is signed in, or the way to sign in.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::{
    live::{act, flag, text},
    locale,
};
use crate::browser::{http, page, session, spawn};

#[island]
pub(crate) fn AccountLinks() -> impl IntoView {
    let locale = locale();
    let name = RwSignal::new(String::new());
    let signed_in = RwSignal::new(false);
    let sign_in_path = RwSignal::new(locale.path("/sign-in"));
    if cfg!(feature = "hydrate") {
        page::show_local_times(locale);
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
        <a class="quiet" href=text(move || sign_in_path.get()) hidden=flag(move || signed_in.get())>{locale.sign_in()}</a>
        <a class="quiet" href=locale.path("/orders") hidden=flag(move || !signed_in.get())>{locale.my_orders()}</a>
        <button class="quiet" type="button" hidden=flag(move || !signed_in.get()) on:click=sign_out>
            {locale.sign_out()}
            <span class="account-name">{text(move || name.get())}</span>
        </button>
    }
}
