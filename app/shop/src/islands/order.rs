//! One order's live part: its state, the time left to pay, paying and giving back.

use api::{Order, OrderState};
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
    /// What the state means, and how the order came to it.
    story: RwSignal<String>,
    /// When the time to pay is over; 0 where it never is, or is no more asked for.
    deadline_ms: RwSignal<i64>,
    /// The shop alone may still change the order: it is unpaid, or money is on its way.
    moving: RwSignal<bool>,
    note: RwSignal<String>,
    idle: RwSignal<bool>,
    asking: RwSignal<bool>,
}

impl Model {
    fn of(locale: Locale, order: &Order) -> Self {
        let board = Board::new();
        board.show_word(word(locale, order));
        Self {
            locale,
            board,
            state: RwSignal::new(order.state),
            story: RwSignal::new(locale.order_story(order.state, &order.history)),
            deadline_ms: RwSignal::new(deadline_ms(order)),
            moving: RwSignal::new(is_moving(order)),
            note: RwSignal::new(String::new()),
            idle: RwSignal::new(false),
            asking: RwSignal::new(false),
        }
    }

    fn kept(self) -> bool {
        is_kept(self.state.get())
    }
}

/// What the board says where it has no time to count: how the order stands.
fn word(locale: Locale, order: &Order) -> &'static str {
    if deadline_ms(order) > 0 {
        ""
    } else if is_kept(order.state) {
        locale.state_kept()
    } else {
        locale.order_standing(order.state, order.history.reserved)
    }
}

fn is_kept(state: OrderState) -> bool {
    matches!(state, OrderState::Held | OrderState::AwaitingPayment)
}

fn deadline_ms(order: &Order) -> i64 {
    order.history.hold_expires_at_ms.filter(|_| is_kept(order.state)).unwrap_or_default()
}

fn is_moving(order: &Order) -> bool {
    is_kept(order.state) || order.history.refunds.iter().any(|refund| !refund.sent)
}

/// What the server tells this island through a context; the browser reads the same from `<main>`.
#[derive(Clone)]
pub(crate) struct OrderFacts(pub Order);

/// The order as the page itself tells it. Both sides know one wherever this island stands.
fn order_of_page() -> Option<Order> {
    if cfg!(feature = "hydrate") {
        wire::order(&js::parse(&page::data("order")))
    } else {
        use_context().map(|OrderFacts(order)| order)
    }
}

#[island]
pub(crate) fn OrderActions() -> impl IntoView {
    order_of_page().map(order_dock)
}

fn order_dock(order: Order) -> impl IntoView {
    // An order that keeps something does so until it is paid; that never changes.
    let reserved = order.history.reserved;
    let model = Model::of(locale(), &order);
    let Model { locale, state, story, deadline_ms, note, idle, asking, board, .. } = model;
    let of_kept = move |kept: &'static str, claimed: &'static str| if reserved { kept } else { claimed };
    if cfg!(feature = "hydrate") {
        // Not before the first tree stands: hydration takes it over as the server wrote it.
        spawn(async move { idle.set(true) });
        spawn(count(model));
        spawn(follow(model));
    }
    view! {
        <section class="dock order-dock" data-state=text(move || wire::order_state_text(state.get()).to_owned())>
            <p class="caption" id="board-caption">
                {text(move || {
                    if deadline_ms.get() == 0 {
                        locale.your_order_is()
                    } else {
                        of_kept(locale.keep_within(), locale.claim_within())
                    }
                    .to_owned()
                })}
            </p>
            {board.view(locale, "board-caption")}
            <p class="outcome story" role="status">
                {text(move || {
                    let note = note.get();
                    if note.is_empty() {
                        story.get()
                    } else {
                        note
                    }
                })}
            </p>
            <div class="acts" hidden=flag(move || !model.kept())>
                <button class="primary" type="button" disabled=flag(move || !idle.get()) on:click:capture=act(move || spawn(pay(model)))>
                    {locale.pay()}
                </button>
                <button class="quiet" type="button" hidden=flag(move || asking.get()) on:click:capture=act(move || asking.set(true))>
                    {locale.cancel_order()}
                </button>
                <div class="sure" hidden=flag(move || !asking.get())>
                    <p>{of_kept(locale.cancel_sure(), locale.give_up_sure())}</p>
                    <button class="secondary" type="button" disabled=flag(move || !idle.get()) on:click:capture=act(move || spawn(cancel(model)))>
                        {of_kept(locale.cancel_yes(), locale.give_up_yes())}
                    </button>
                    <button class="quiet" type="button" on:click:capture=act(move || asking.set(false))>{of_kept(locale.cancel_no(), locale.give_up_no())}</button>
                </div>
            </div>
        </section>
    }
}

fn path(rest: &str) -> String {
    ["/api/orders/", &page::data("orderId"), rest].concat()
}

/// The board counts to the hold's end.
async fn count(model: Model) {
    loop {
        let deadline_ms = model.deadline_ms.get_untracked();
        if deadline_ms == 0 {
            return;
        }
        sleep_ms(model.board.count_to(deadline_ms as f64, clock::server_now_ms())).await;
    }
}

/// Until the order's state can change no more by itself.
async fn follow(model: Model) {
    while model.moving.get_untracked() {
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
        model.deadline_ms.set(deadline_ms(&order));
        model.moving.set(is_moving(&order));
        model.board.show_word(word(model.locale, &order));
        let story = model.locale.order_story(order.state, &order.history);
        // A status that says the same again would be read out again.
        if model.story.with_untracked(|told| *told != story) {
            model.note.set(String::new());
            model.story.set(story);
        }
        model.state.set(order.state);
    }
}

async fn pay(model: Model) {
    model.idle.set(false);
    match http::post(&path("/payments"), JsValue::UNDEFINED).await {
        Ok(value) => page::go_to_payment(model.locale, &value),
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
