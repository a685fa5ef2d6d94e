//! The dock: everything of the sale within the thumb's reach. Its parts are always in the page and only shown or
//! hidden, so that nothing shifts when the sale opens.

use api::{DrawStage, SalePhase};
use leptos::{ev::SubmitEvent, prelude::*};
use ui::{Locale, format_money};
use wasm_bindgen::JsCast;

use super::{
    super::live::{act, flag, maybe, text},
    countdown, kinds, line,
    model::{Hold, Model, Stage, Unseen},
    order, quiz,
};
use crate::{
    browser::{reloads, spawn, wire},
    facts::Facts,
};

/// As many as a list can offer without becoming one to search in.
const MOST_CHOICES: i64 = 20;

#[island]
pub(crate) fn SaleDock() -> impl IntoView {
    let facts = Facts::of_page();
    let model = Model::new(facts.clone());
    if cfg!(feature = "hydrate") {
        countdown::start(model);
        spawn(async move {
            // Not before the first tree stands: hydration takes it over as the server wrote it.
            model.live_note.set(live_note(model.locale).to_owned());
            order::find_place(model).await;
            line::watch_hold(model).await;
        });
    }
    let Model { locale, phase, stage, .. } = model;
    let price = move || {
        let (chosen, sale_price_minor) = (model.chosen.get(), model.price_minor.get());
        model.kinds_told.track();
        model.look(|Unseen { kinds, facts, .. }| {
            let (minor, is_least) = kinds::price_minor(kinds, chosen, sale_price_minor);
            let price = format_money(minor, &facts.currency);
            if is_least { locale.price_from(&price) } else { price }
        })
    };
    // Beside several prices it would say nothing true.
    let has_one_price = facts.skus.iter().all(|kind| kind.price_minor == facts.price_minor);
    let list_price = (has_one_price && facts.list_price_minor > facts.price_minor)
        .then(|| format_money(facts.list_price_minor, &facts.currency));
    view! {
        <section class="dock" data-phase=text(move || wire::phase_text(phase.get()).to_owned()) data-stage=text(move || stage.get().text().to_owned())>
            <p class="price">
                <strong>{text(price)}</strong>
                {list_price.map(|text| view! { <s><span class="visually-hidden">{locale.list_price()} " "</span>{text}</s> })}
            </p>
            <p class="caption" id="board-caption">{text(move || caption(model))}</p>
            {model.board.view(locale, "board-caption")}
            <a class="next" href=locale.path("/") hidden=flag(move || !is_over(model))>{locale.see_what_is_next()}</a>
            <p class="outcome" role="status">{text(move || status(model))}</p>
            <a class="check" href="#check-draw" hidden=flag(move || !is_drawn(model))>{locale.check_draw()}</a>
            <progress
                class="line"
                max="100"
                aria-label=locale.line_bar()
                hidden=flag(move || stage.get() != Stage::InLine)
                value=text(move || model.line_percent.get().to_string())
            ></progress>
            {kinds::choice(model, facts.skus)}
            <div class="acts">
                <button
                    class="primary pay"
                    type="button"
                    hidden=flag(move || !is_to_pay(model))
                    on:click:capture=act(move || spawn(order::pay(model)))
                >
                    {locale.pay()}
                </button>
                <a
                    class="secondary"
                    hidden=flag(move || model.order_id.with(String::is_empty))
                    href=text(move || locale.path(&["/orders/", &model.order_id.get()].concat()))
                >
                    {locale.see_order()}
                </a>
                <button
                    class="secondary"
                    type="button"
                    hidden=flag(move || stage.get() != Stage::Waiting)
                    on:click:capture=act(move || spawn(line::leave(model)))
                >
                    {locale.leave_waiting()}
                </button>
                {quantity_choice(model, facts.per_shopper_limit)}
                <button
                    class="primary buy"
                    type="button"
                    hidden=flag(move || buy_hidden(model))
                    disabled=flag(move || !model.can_buy())
                    aria-busy=text(move || if stage.get() == Stage::Busy { "true" } else { "false" }.to_owned())
                    on:click:capture=act(move || quiz::press(model))
                >
                    {locale.buy_now()}
                </button>
            </div>
        </section>
        {quiz_dialog(model)}
    }
}

/// To somebody who keeps reloading.
fn live_note(locale: Locale) -> &'static str {
    if reloads::rest_ms() > 0.0 {
        locale.page_rests()
    } else if reloads::noticed() {
        locale.page_is_live()
    } else {
        ""
    }
}

fn caption(model: Model) -> String {
    let locale = model.locale;
    let days = model.board.left_s.get() / 86_400;
    match (model.stage.get(), model.phase.get()) {
        (Stage::Held, _) => match model.look(|unseen| unseen.hold) {
            Some(Hold { expires_at_ms: None, .. }) => locale.your_order_is(),
            Some(Hold { reserved: false, .. }) => locale.claim_now_within(),
            _ => locale.pay_within(),
        }
        .to_owned(),
        (Stage::Waiting, _) => locale.waiting_ends_in().to_owned(),
        (_, SalePhase::Upcoming) if days > 0 => locale.days_and(days),
        (_, SalePhase::Upcoming) => locale.starts_in().to_owned(),
        (_, SalePhase::Open) if days <= 0 && enters(model) => locale.entries_close_in().to_owned(),
        (_, SalePhase::Open) if days > 0 => locale.open_days_and(days),
        (_, SalePhase::Open) => locale.ends_in().to_owned(),
        (_, SalePhase::SoldOut | SalePhase::Ended | SalePhase::Paused) => locale.this_sale_is().to_owned(),
    }
}

/// The shopper's own story where there is one, the sale's otherwise.
fn status(model: Model) -> String {
    let own = model.status.get();
    if !own.is_empty() {
        return own;
    }
    let locale = model.locale;
    let live = model.live_note.get();
    let enters = enters(model);
    match model.phase.get() {
        SalePhase::Upcoming | SalePhase::Open if model.visitor.get() && enters => live + locale.sign_in_to_enter(),
        SalePhase::Upcoming if model.visitor.get() => live + locale.sign_in_ahead(),
        SalePhase::Open if model.visitor.get() => live + locale.sign_in_to_join(),
        SalePhase::Upcoming | SalePhase::Open => model.look(|Unseen { facts, .. }| {
            let supply = locale.supply(facts.stock_units, facts.per_shopper_limit);
            let decides = if facts.pays_to_claim { locale.first_to_pay() } else { "" };
            let restricted = if facts.is_restricted { locale.not_everybody() } else { "" };
            let draws = if facts.entries_close_at_ms > 0 && enters { locale.enters_draw() } else { "" };
            [&live, supply.as_str(), decides, draws, restricted].concat()
        }),
        SalePhase::SoldOut if model.can_wait.get() => locale.may_wait().to_owned(),
        SalePhase::SoldOut => locale.sold_out_may_return().to_owned(),
        SalePhase::Ended => {
            // The server may say so when the page already knows that the sale is over.
            model.kinds_told.track();
            let called_off = model.look(|unseen| unseen.called_off);
            if called_off { locale.sale_called_off() } else { locale.sale_ended() }.to_owned()
        }
        SalePhase::Paused if enters && model.look(|unseen| unseen.draw_stage == DrawStage::Closed) => {
            locale.draw_is_next().to_owned()
        }
        SalePhase::Paused => locale.sale_paused().to_owned(),
    }
}

/// Orders are entries in a draw that has not been held.
fn enters(model: Model) -> bool {
    model.kinds_told.track();
    model.entries_close_at_ms().is_some()
}

/// A draw was held, and can be checked further down.
fn is_drawn(model: Model) -> bool {
    model.kinds_told.track();
    model.look(|unseen| unseen.draw_stage == DrawStage::Drawn)
}

/// Nothing is left to do here, and the shopper has no order to look at.
fn is_over(model: Model) -> bool {
    let over = match model.phase.get() {
        SalePhase::Ended => true,
        SalePhase::SoldOut => !model.can_wait.get(),
        SalePhase::Upcoming | SalePhase::Open | SalePhase::Paused => false,
    };
    over && model.stage.get() == Stage::Idle
}

/// Units are held, also while more are being asked for.
fn is_to_pay(model: Model) -> bool {
    match model.stage.get() {
        Stage::Held => true,
        Stage::Busy => model.look(|unseen| unseen.hold.is_some()),
        _ => false,
    }
}

fn buy_hidden(model: Model) -> bool {
    matches!(model.stage.get(), Stage::Held | Stage::Paid) && model.is_full() || model.stage.get() == Stage::Waiting
}

fn quantity_choice(model: Model, per_shopper_limit: i64) -> Option<impl IntoView> {
    let choose = move |event: leptos::ev::Event| {
        let select = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlSelectElement>().ok());
        if let Some(quantity) = select.and_then(|select| select.value().parse().ok()) {
            model.change(|unseen| unseen.quantity = quantity);
        }
    };
    (per_shopper_limit > 1).then(|| {
        let options =
            (1..=per_shopper_limit.min(MOST_CHOICES)).map(|count| view! { <option>{count.to_string()}</option> });
        view! {
            <label class="quantity" hidden=flag(move || buy_hidden(model))>
                <span>{model.locale.quantity()}</span>
                <select on:change:capture=choose>{options.collect_view()}</select>
            </label>
        }
    })
}

fn quiz_dialog(model: Model) -> impl IntoView {
    let locale = model.locale;
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        quiz::submit(model);
    };
    // An empty address would make the browser fetch the page itself.
    let picture = maybe(move || Some(model.quiz_picture.get()).filter(|url| !url.is_empty()));
    view! {
        <dialog class="quiz" id="quiz" role="dialog" aria-labelledby="quiz-title" on:close:capture=move |_| quiz::closed(model)>
            <form on:submit:capture=submit>
                <h2 id="quiz-title">{locale.quiz_title()}</h2>
                <div class="quiz-question">
                    <img
                        alt=locale.quiz_picture()
                        width="600"
                        height="200"
                        src=picture
                        hidden=flag(move || model.quiz_picture.with(String::is_empty))
                    />
                    <p class="quiz-words" id="quiz-words" hidden=flag(move || !quiz::is_in_words(model))>{text(move || model.quiz_words.get())}</p>
                </div>
                <progress
                    max="100"
                    aria-label=locale.quiz_time_bar()
                    value=text(move || model.quiz_percent.get().to_string())
                ></progress>
                <p class="quiz-time">{text(move || model.quiz_time.get())}</p>
                <label for="quiz-answer">{locale.quiz_answer()}</label>
                <input
                    id="quiz-answer"
                    type="text"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    maxlength="80"
                    aria-describedby="quiz-words quiz-note"
                />
                <p class="form-note" id="quiz-note" role="alert">{text(move || model.quiz_note.get())}</p>
                <button class="primary" type="submit" hidden=flag(move || model.quiz_over.get()) disabled=flag(move || !model.quiz_sendable.get())>
                    {locale.quiz_send()}
                </button>
                <button class="primary" type="button" hidden=flag(move || !model.quiz_over.get()) on:click:capture=act(move || quiz::ask_again(model, false))>
                    {locale.quiz_another()}
                </button>
                <div class="quiz-more">
                    <button class="quiet" type="button" on:click:capture=act(move || quiz::ask_again(model, true))>
                        {text(move || if quiz::is_in_words(model) { locale.quiz_see_picture() } else { locale.quiz_cannot_see() }.to_owned())}
                    </button>
                    <button class="quiet" type="button" on:click:capture=act(quiz::close)>{locale.quiz_close()}</button>
                </div>
            </form>
        </dialog>
    }
}
