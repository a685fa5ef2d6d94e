//! What the merchant can do about the sale: publish, pause, end, restock.

use api::{Code, PatchSale, Published, Sale, SalePhase};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::watch::Watch;
use crate::{
    confirm::Confirm,
    desk::Desk,
    fields::{Outcome, OutcomeLine},
    http::{self, Failure},
    words,
};

/// Ending now means this far ahead of the server's clock, so that the moment has not passed when the call arrives.
const END_AHEAD_MS: i64 = 2_000;

#[component]
pub(crate) fn Actions(watch: Watch) -> impl IntoView {
    let desk = Desk::here();
    let outcome = RwSignal::new(Outcome::None);
    let ending = RwSignal::new(false);
    let calling_off = RwSignal::new(false);
    let about =
        move |of: fn(&Sale) -> bool| Signal::derive(move || watch.sale.with(|sale| sale.as_ref().is_some_and(of)));
    let is_draft = Memo::new(move |_| about(|sale| !sale.published).get());
    let is_paused = Memo::new(move |_| about(|sale| sale.paused).get());
    let is_off = Memo::new(move |_| about(|sale| sale.called_off).get());
    let has_kinds = Memo::new(move |_| about(|sale| !sale.skus.is_empty()).get());
    let is_over = Memo::new(move |_| about(|sale| sale.phase == Some(SalePhase::Ended)).get());
    let is_running = move || !is_draft.get() && !is_over.get() && !is_off.get();
    // Paid orders can be refunded after the end, too.
    let can_be_called_off = move || !is_draft.get() && !is_off.get();
    let has_started = move || {
        let now_ms = desk.clock.second_ms().unwrap_or(i64::MIN);
        watch.sale.with(|sale| sale.as_ref().is_some_and(|sale| sale.starts_at_ms <= now_ms))
    };
    let is_busy = move || outcome.with(Outcome::is_busy);

    let publish = move |_| {
        outcome
            .set(Outcome::Busy("Publishing: the page is made anew, and every edge is told to let go of the old one…"));
        spawn_local(async move {
            let answer = http::post_patiently::<Published>(&watch.path("/publish")).await;
            settle(
                watch,
                desk,
                outcome,
                answer.map(|published| format!("Published, revision {}.", published.revision)),
            );
        });
    };
    let change = move |patch: PatchSale, busy: &'static str, done: String| {
        outcome.set(Outcome::Busy(busy));
        spawn_local(async move {
            let answer = http::patch(&watch.path(""), &patch).await;
            settle(watch, desk, outcome, answer.map(|()| done));
        });
    };
    let pause = move |_| {
        let (busy, done) = if is_paused.get_untracked() {
            ("Resuming…", "The sale goes on.")
        } else {
            ("Pausing…", "Paused: nobody is admitted. What is queued, held or being paid goes on.")
        };
        let patch = PatchSale { paused: Some(!is_paused.get_untracked()), ..PatchSale::default() };
        change(patch, busy, done.to_owned());
    };
    let end = Callback::new(move |()| {
        let ends_at_ms = desk.clock.now_or_local_ms() + END_AHEAD_MS;
        let patch = PatchSale { ends_at_ms: Some(ends_at_ms), ..PatchSale::default() };
        change(patch, "Ending…", "The sale ends in two seconds.".to_owned());
    });
    let call_off = Callback::new(move |()| {
        outcome.set(Outcome::Busy("Calling the sale off…"));
        spawn_local(async move {
            let answer = http::post_patiently::<Sale>(&watch.path("/call-off")).await;
            let told =
                "Orders are being released and refunded, one after another; the list below shows how far that is.";
            settle(watch, desk, outcome, answer.map(|_| told.to_owned()));
        });
    });

    view! {
        <section class="actions" aria-label="What you can do">
            <div class="row">
                <Show when=move || is_draft.get()>
                    <button type="button" class="primary" disabled=is_busy on:click=publish>
                        "Publish"
                    </button>
                    <p class="hint">
                        "Puts the sale on the item's page for everyone, and waits until no edge can serve the page as it was."
                    </p>
                </Show>
                <Show when=is_running>
                    <button type="button" disabled=is_busy on:click=pause>
                        {move || if is_paused.get() { "Resume" } else { "Pause" }}
                    </button>
                    // With kinds, their table is the place.
                    <Show when=move || !has_kinds.get()>
                        <Restock watch=watch outcome=outcome/>
                    </Show>
                    <Show when=has_started>
                        <button type="button" class="grave" disabled=is_busy on:click=move |_| ending.set(true)>
                            "End now…"
                        </button>
                    </Show>
                </Show>
                <Show when=can_be_called_off>
                    <button type="button" class="grave" disabled=is_busy on:click=move |_| calling_off.set(true)>
                        "Call the sale off…"
                    </button>
                </Show>
                <Show when=move || is_off.get()>
                    <p>
                        <strong>"You have called this sale off."</strong>
                        " Nobody gets anything in it any more; unpaid orders are released, paid ones refunded."
                    </p>
                </Show>
            </div>
            <OutcomeLine outcome=outcome/>
            <Confirm
                open=ending
                id="end-title"
                title="End this sale now?"
                text="In two seconds no order is taken any more. What is held by then can still be paid."
                verb="End the sale"
                on_yes=end
            />
            <Confirm
                open=calling_off
                id="call-off-title"
                title="Call this sale off?"
                text="Orders that are not paid are released, and paid ones are refunded in full. Shoppers are told. This cannot be undone."
                verb="Call it off"
                on_yes=call_off
            />
        </section>
    }
}

pub(super) fn settle(watch: Watch, desk: Desk, outcome: RwSignal<Outcome>, answer: Result<String, Failure>) {
    outcome.set(match answer {
        Ok(told) => Outcome::Done(told),
        Err(failure) if failure.code() == Some(Code::PurgePending) => Outcome::Failed(format!(
            "{} The server keeps trying; publish again to see whether it got through.",
            failure.sentence()
        )),
        Err(failure) => {
            desk.note(&failure);
            Outcome::Failed(failure.sentence())
        }
    });
    watch.read_now();
}

/// More units, or fewer. The field starts at the present stock.
#[component]
fn Restock(watch: Watch, outcome: RwSignal<Outcome>) -> impl IntoView {
    let desk = Desk::here();
    let stock = Memo::new(move |_| watch.sale.with(|sale| sale.as_ref().map_or(0, |sale| sale.stock_units)));
    let written = RwSignal::new(None::<String>);
    let shown = move || written.get().unwrap_or_else(|| stock.get().to_string());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let text = written.get_untracked().unwrap_or_default();
        let Ok(units @ 1..) = text.trim().parse::<u32>() else {
            return outcome
                .set(Outcome::Failed("Write the whole stock that the sale should have, as a number.".to_owned()));
        };
        outcome.set(Outcome::Busy("Changing the stock…"));
        let patch = PatchSale { stock_units: Some(i64::from(units)), ..PatchSale::default() };
        spawn_local(async move {
            let answer = http::patch(&watch.path(""), &patch).await;
            if answer.is_ok() {
                written.set(None);
            }
            settle(
                watch,
                desk,
                outcome,
                answer.map(|()| format!("The stock is {} now.", words::units(i64::from(units)))),
            );
        });
    };
    let is_same = move || written.with(|text| text.as_ref().is_none_or(|text| text.trim() == stock.get().to_string()));
    view! {
        <form class="restock" on:submit=submit novalidate=true>
            <label for="restock">"Stock"</label>
            <input
                id="restock"
                inputmode="numeric"
                autocomplete="off"
                title="The sale's whole stock. Lowering it takes free units away, never held or sold ones."
                prop:value=shown
                on:input:target=move |event| written.set(Some(event.target().value()))
            />
            <button type="submit" disabled=move || is_same() || outcome.with(Outcome::is_busy)>
                "Set"
            </button>
        </form>
    }
}
