//! The form for signing in and up. It sends JSON; until it is alive its button is off, so that no browser sends the
//! password by itself.

use leptos::{ev::SubmitEvent, prelude::*};
use ui::Locale;

use super::{
    live::{act, flag, text},
    locale,
};
use crate::browser::{http, js, page, spawn};

#[island]
pub(crate) fn SignInForm() -> impl IntoView {
    let locale = locale();
    let new_account = RwSignal::new(false);
    let idle = RwSignal::new(false);
    let note = RwSignal::new(String::new());
    if cfg!(feature = "hydrate") {
        // Not before the first tree stands: hydration takes it over as the server wrote it.
        spawn(async move { idle.set(true) });
    }
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if idle.get_untracked() {
            idle.set(false);
            note.set(locale.being_checked().to_owned());
            spawn(send(locale, new_account.get_untracked(), idle, note));
        }
    };
    let either = move |new: &'static str, known: &'static str| {
        text(move || if new_account.get() { new } else { known }.to_owned())
    };
    view! {
        <form class="sign-in" method="post" on:submit:capture=submit>
            <h1>{either(locale.sign_up_title(), locale.sign_in_title())}</h1>
            <label for="email">{locale.email()}</label>
            <input id="email" type="email" autocomplete="email" required maxlength="254" />
            <label for="password">{locale.password()}</label>
            <input
                id="password"
                type="password"
                required
                minlength="8"
                maxlength="200"
                aria-describedby="password-hint"
                autocomplete=either("new-password", "current-password")
            />
            <p class="hint" id="password-hint">{locale.password_hint()}</p>
            <div hidden=flag(move || !new_account.get())>
                <label for="display-name">{locale.display_name()}</label>
                <input
                    id="display-name"
                    type="text"
                    autocomplete="nickname"
                    maxlength="40"
                    aria-describedby="display-name-hint"
                    required=flag(move || new_account.get())
                />
                <p class="hint" id="display-name-hint">{locale.display_name_hint()}</p>
            </div>
            <p class="form-note" role="alert">{text(move || note.get())}</p>
            <button class="primary" type="submit" disabled=flag(move || !idle.get())>
                {either(locale.sign_up(), locale.sign_in())}
            </button>
            <button
                class="quiet"
                type="button"
                on:click:capture=act(move || {
                    new_account.set(!new_account.get_untracked());
                    note.set(String::new());
                })
            >
                {either(locale.to_sign_in(), locale.to_sign_up())}
            </button>
        </form>
    }
}

async fn send(locale: Locale, new_account: bool, idle: RwSignal<bool>, note: RwSignal<String>) {
    let mut fields =
        vec![("email", page::field("#email").trim().into()), ("password", page::field("#password").into())];
    if new_account {
        fields.push(("display_name", page::field("#display-name").trim().into()));
    }
    let path = if new_account { "/api/sign-up" } else { "/api/sign-in" };
    match http::post(path, js::object(&fields)).await {
        // The server has seen to it that this is a path of the shop.
        Ok(_) => page::go(&page::data("next")),
        Err(failure) => {
            note.set(failure.sentence(locale));
            idle.set(true);
        }
    }
}
