//! One order's live part: its state, the time left to pay, paying and giving back.

use api::OrderState;
use leptos::prelude::*;
use ui::Locale;
use wasm_bindgen::JsValue;

use super::{
    board::Board,
    live::{act, flag, text},
    locale,
};
use crate::browser::{clock, http, jittered, js, page, sleep_ms, spawn, wire};

const ASK_EVERY_MS: f64 = 3_000.0;

#[derive(Clone, Copy)]
struct Model {
    locale: Locale,
    board: Board,
    state: RwSignal<OrderState>,
    expires_at_ms: RwSignal<i64>,
    note: RwSignal<String>,
    idle: RwSignal<bool>,
    asking: RwSignal<bool>,
}

impl Model {
    fn kept(self) -> bool {
        matches!(self.state.get(), OrderState::Held | OrderState::AwaitingPayment)
    }

    fn kept_now(self) -> bool {
        untrack(|| self.kept())
    }
}

/// What the server tells this island through a context; the browser reads the same from `<main>`.
#[derive(Clone, Copy)]
pub(crate) struct OrderFacts {
    pub state: OrderState,
    pub hold_expires_at_ms: i64,
}

impl OrderFacts {
    fn of_page() -> Self {
        let absent = Self { state: OrderState::Released, hold_expires_at_ms: 0 };
        if cfg!(feature = "hydrate") {
            Self {
                state: wire::order_state(&page::data("state")).unwrap_or(absent.state),
                hold_expires_at_ms: page::number(&page::data("holdExpiresAtMs")),
            }
        } else {
            use_context().unwrap_or(absent)
        }
    }
}

#[island]
pub(crate) fn OrderActions() -> impl IntoView {
    let facts = OrderFacts::of_page();
    let model = Model {
        locale: locale(),
        board: Board::new(),
        state: RwSignal::new(facts.state),
        expires_at_ms: RwSignal::new(facts.hold_expires_at_ms),
        note: RwSignal::new(String::new()),
        idle: RwSignal::new(false),
        asking: RwSignal::new(false),
    };
    let Model { locale, state, note, idle, asking, board, .. } = model;
    if cfg!(feature = "hydrate") {
        // Not before the first tree stands: hydration takes it over as the server wrote it.
        spawn(async move { idle.set(true) });
        spawn(count(model));
        spawn(follow(model));
    }
    view! {
        <section class="dock order-dock" data-state=text(move || wire::order_state_text(state.get()).to_owned())>
            <div hidden=flag(move || !model.kept())>
                <p class="caption" id="board-caption">{locale.keep_within()}</p>
                {board.view(locale, "board-caption")}
            </div>
            <p class="outcome" role="status">
                {text(move || {
                    let note = note.get();
                    if note.is_empty() {
                        locale.order_note(state.get()).to_owned()
                    } else {
                        note
                    }
                })}
            </p>
            <div class="acts" hidden=flag(move || !model.kept())>
                <button class="primary" type="button" disabled=flag(move || !idle.get()) on:click=act(move || spawn(pay(model)))>
                    {locale.pay()}
                </button>
                <button class="quiet" type="button" hidden=flag(move || asking.get()) on:click=act(move || asking.set(true))>
                    {locale.cancel_order()}
                </button>
                <div class="sure" hidden=flag(move || !asking.get())>
                    <p>{locale.cancel_sure()}</p>
                    <button class="secondary" type="button" disabled=flag(move || !idle.get()) on:click=act(move || spawn(cancel(model)))>
                        {locale.cancel_yes()}
                    </button>
                    <button class="quiet" type="button" on:click=act(move || asking.set(false))>{locale.cancel_no()}</button>
                </div>
            </div>
        </section>
    }
}

fn path(rest: &str) -> String {
    ["/api/orders/", &page::data("orderId"), rest].concat()
}

/// The clock is asked a few times, then the board counts to the hold's end.
async fn count(model: Model) {
    for _ in 0..3 {
        clock::sample().await;
    }
    while model.kept_now() {
        sleep_ms(model.board.count_to(model.expires_at_ms.get_untracked() as f64)).await;
    }
}

/// Until the order's state can change no more by itself.
async fn follow(model: Model) {
    while model.kept_now() {
        sleep_ms(jittered(ASK_EVERY_MS)).await;
        if page::visible() {
            refresh(model).await;
        }
    }
}

async fn refresh(model: Model) {
    if let Ok(value) = http::get(&path("")).await {
        take(model, &value);
    }
}

fn take(model: Model, value: &JsValue) {
    if let Some(order) = wire::order(value) {
        model.expires_at_ms.set(order.hold_expires_at_ms.unwrap_or_default());
        model.state.set(order.state);
    }
}

async fn pay(model: Model) {
    model.idle.set(false);
    match http::post(&path("/payments"), JsValue::UNDEFINED).await {
        Ok(value) => page::go(&js::text(&value, "payment_url").unwrap_or_default()),
        Err(failure) => {
            model.note.set(failure.sentence(model.locale));
            refresh(model).await;
            model.idle.set(true);
        }
    }
}

async fn cancel(model: Model) {
    model.idle.set(false);
    match http::post(&path("/cancel"), JsValue::UNDEFINED).await {
        Ok(value) => take(model, &value),
        Err(failure) => {
            model.note.set(failure.sentence(model.locale));
            refresh(model).await;
        }
    }
    model.asking.set(false);
    model.idle.set(true);
}
