//! The sandbox provider's two buttons. A real provider's page would stand in their place.

use leptos::prelude::*;
use ui::Locale;

use super::{
    live::{act, flag, text},
    locale,
};
use crate::browser::{http, js, page, sleep_ms, spawn};

const PAID: &str = "paid";
const DECLINED: &str = "declined";
/// Long enough to read that the payment was declined, before the order's page comes.
const READING_MS: f64 = 2_500.0;

#[island]
pub(crate) fn PayActions() -> impl IntoView {
    let locale = locale();
    let idle = RwSignal::new(false);
    let note = RwSignal::new(String::new());
    if cfg!(feature = "hydrate") {
        // Not before the first tree stands: hydration takes it over as the server wrote it.
        spawn(async move { idle.set(true) });
    }
    let settle = move |outcome: &'static str| {
        if idle.get_untracked() {
            idle.set(false);
            note.set(locale.pay_sending().to_owned());
            spawn(send(locale, outcome, idle, note));
        }
    };
    view! {
        <div class="acts">
            <p class="outcome" role="status">{text(move || note.get())}</p>
            <button class="primary" type="button" disabled=flag(move || !idle.get()) on:click:capture=act(move || settle(PAID))>
                {locale.pay_confirm()}
            </button>
            <button class="secondary" type="button" disabled=flag(move || !idle.get()) on:click:capture=act(move || settle(DECLINED))>
                {locale.pay_decline()}
            </button>
        </div>
    }
}

async fn send(locale: Locale, outcome: &'static str, idle: RwSignal<bool>, note: RwSignal<String>) {
    let path = ["/sandbox/payments/", &page::data("paymentId"), "/settle"].concat();
    match http::post(&path, js::object(&[("outcome", outcome.into())])).await {
        Ok(_) => {
            if outcome == DECLINED {
                note.set(locale.pay_declined().to_owned());
                sleep_ms(READING_MS).await;
            }
            page::go(&locale.path(&["/orders/", &page::data("orderId")].concat()));
        }
        Err(failure) => {
            note.set(failure.sentence(locale));
            idle.set(true);
        }
    }
}
