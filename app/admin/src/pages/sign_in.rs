//! Signing in.

use api::{MerchantSignIn, SignedIn};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use leptos_router::components::Redirect;

use super::Heading;
use crate::{
    desk::{Desk, Who},
    fields::{self, Errors, Outcome, OutcomeLine, TextField},
    http,
};

#[component]
pub(crate) fn SignIn() -> impl IntoView {
    let desk = Desk::here();
    let signed_in = Memo::new(move |_| matches!(desk.who(), Who::Merchant(_)));
    move || {
        if signed_in.get() {
            view! { <Redirect path="/admin"/> }.into_any()
        } else {
            view! { <SignInForm/> }.into_any()
        }
    }
}

#[component]
fn SignInForm() -> impl IntoView {
    let desk = Desk::here();
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let errors = RwSignal::new(Errors::new());
    let outcome = RwSignal::new(Outcome::None);

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let mut found = Errors::new();
        if !email.with(|email| email.contains('@')) {
            found.insert("email", "Write your e-mail address.".to_owned());
        }
        if password.with(String::is_empty) {
            found.insert("password", "Write your password.".to_owned());
        }
        let complete = found.is_empty();
        fields::show(errors, found, &["email", "password"]);
        if !complete || outcome.with_untracked(Outcome::is_busy) {
            return;
        }
        outcome.set(Outcome::Busy("Signing in…"));
        let body = MerchantSignIn { email: email.get().trim().to_owned(), password: password.get() };
        spawn_local(async move {
            match http::post::<_, SignedIn>("/api/merchant/sign-in", &body).await {
                Ok(_) => desk.ask().await,
                Err(failure) => outcome.set(Outcome::Failed(failure.sentence())),
            }
        });
    };

    view! {
        <section class="narrow sign-in">
            <Heading text="Merchant's desk"/>
            <p class="lead">"Items, sales and every unit of them, as they happen."</p>
            <form on:submit=submit novalidate=true>
                <TextField
                    name="email"
                    label="E-mail"
                    hint="The address that your account was made with."
                    value=email
                    errors=errors
                    kind="email"
                    autocomplete="username"
                    inputmode="email"
                />
                <TextField
                    name="password"
                    label="Password"
                    hint=""
                    value=password
                    errors=errors
                    kind="password"
                    autocomplete="current-password"
                />
                <button type="submit" class="primary" disabled=move || outcome.with(Outcome::is_busy)>
                    "Sign in"
                </button>
                <OutcomeLine outcome=outcome/>
            </form>
        </section>
    }
}
