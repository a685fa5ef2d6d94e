//! The sale's draw: how far it is, the seed's fingerprint, and the public value that it may wait for.

use api::{Draw, DrawBeacon, DrawStage, GiveBeacon};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::{actions::settle, watch::Watch};
use crate::{
    browser,
    confirm::Confirm,
    desk::Desk,
    fields::{Errors, Outcome, OutcomeLine, TextField, show},
    http, moment, words,
};

#[component]
pub(crate) fn DrawPart(watch: Watch) -> impl IntoView {
    // Built once where there is a draw; its parts follow the readings by themselves, and a form is not taken away from
    // whoever writes in it.
    let draw = Memo::new(move |_| watch.sale.with(|sale| sale.as_ref().and_then(|sale| sale.draw.clone())));
    let commitment = Memo::new(move |_| draw.with(|draw| draw.as_ref().map(|draw| draw.commitment.clone())));
    move || commitment.get().map(|commitment| view! { <OneDraw watch=watch draw=draw commitment=commitment/> })
}

#[component]
fn OneDraw(watch: Watch, draw: Memo<Option<Draw>>, commitment: String) -> impl IntoView {
    let stage = move || draw.with(|draw| draw.as_ref().map(stage_told));
    let value = Memo::new(move |_| draw.with(|draw| draw.as_ref()?.beacon.as_ref()?.value.clone()));
    let root = Memo::new(move |_| draw.with(|draw| draw.as_ref()?.root.clone()));
    let awaited = Memo::new(move |_| draw.with(|draw| draw.as_ref().and_then(awaited)));
    let outcome = RwSignal::new(Outcome::None);
    view! {
        <section class="draw" aria-labelledby="draw-title">
            <h2 id="draw-title">"Draw"</h2>
            <p>{stage}</p>
            {move || awaited.get().map(|beacon| view! { <BeaconForm watch=watch beacon=beacon outcome=outcome/> })}
            <OutcomeLine outcome=outcome/>
            <dl class="digests">
                <Digest name="Fingerprint of the seed, as the page shows it" value=commitment/>
                {move || root.get().map(|root| view! { <Digest name="Root of all entries" value=root/> })}
                {move || value.get().map(|value| view! { <Digest name="Public value" value=value/> })}
            </dl>
        </section>
    }
}

/// How far the draw is, in a sentence.
fn stage_told(draw: &Draw) -> String {
    let entries = words::counted_as(draw.entries as i64, "entry", "entries");
    match draw.stage {
        DrawStage::Entering => {
            format!("{entries} so far. Entries close {}.", moment::stamp(draw.entries_close_at_ms))
        }
        DrawStage::Closed if draw.beacon.is_some() => format!("{entries}. The draw waits for the public value."),
        DrawStage::Closed => format!("{entries}. The draw is next."),
        DrawStage::Deciding => format!("{entries}. The draw is held; they are being told."),
        DrawStage::Drawn => format!("Drawn among {entries}; {} won.", draw.winners.unwrap_or(0)),
        DrawStage::CalledOff => "The draw was called off.".to_owned(),
    }
}

/// The public value that the draw waits for now.
fn awaited(draw: &Draw) -> Option<DrawBeacon> {
    draw.beacon.clone().filter(|beacon| draw.stage == DrawStage::Closed && beacon.value.is_none())
}

/// The one spelling of a value: 64 hexadecimal digits in lower case. What was copied in upper case is the same value.
fn spelled(written: &str) -> Option<String> {
    let value = written.trim().to_ascii_lowercase();
    draw::from_hex::<32>(&value).map(|_| value)
}

#[component]
fn BeaconForm(watch: Watch, beacon: DrawBeacon, outcome: RwSignal<Outcome>) -> impl IntoView {
    let desk = Desk::here();
    let written = RwSignal::new(String::new());
    let errors = RwSignal::new(Errors::new());
    let asking = RwSignal::new(false);
    let due_at_ms = beacon.due_at_ms;
    let left = move || desk.clock.second_ms().map(|now_ms| moment::span((due_at_ms - now_ms).max(0)));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        outcome.set(Outcome::None);
        if spelled(&written.get_untracked()).is_some() {
            return asking.set(true);
        }
        let error = "A value has 64 hexadecimal digits: 0–9 and a–f.".to_owned();
        show(errors, Errors::from([(FIELD, error)]), &[FIELD]);
    };
    let give = Callback::new(move |()| {
        let Some(value) = spelled(&written.get_untracked()) else { return };
        outcome.set(Outcome::Busy("Holding the draw…"));
        spawn_local(async move {
            let answer = http::post::<_, Draw>(&watch.path("/beacon"), &GiveBeacon { value }).await;
            let told = "The draw is held with this value. Everybody who entered is being told.";
            settle(watch, desk, outcome, answer.map(|_| told.to_owned()));
        });
    });
    let question = Signal::derive(move || {
        let value = spelled(&written.get()).unwrap_or_default();
        format!("The value is {value}. It can be given once and not be changed; compare it with its source first.")
    });
    view! {
        <form class="beacon" on:submit=submit novalidate=true>
            <p>
                "Named before the start: " <strong>{beacon.description}</strong>
                ". Nobody could know it while entries were open, so nobody could steer the draw."
            </p>
            <p>
                "Due " <span class="number">{moment::stamp(due_at_ms)}</span> ", in "
                <span class="number">{left}</span>
                ". Without it the sale is called off and nobody gets anything."
            </p>
            <TextField
                name=FIELD
                label="Public value"
                hint="32 bytes as 64 hexadecimal digits, as the source publishes them."
                value=written
                errors=errors
            />
            <button type="submit" class="primary" disabled=move || outcome.with(Outcome::is_busy)>
                "Hold the draw…"
            </button>
            <Confirm
                open=asking
                id="beacon-title"
                title="Hold the draw with this value?"
                text=question
                verb="Hold the draw"
                on_yes=give
            />
        </form>
    }
}

const FIELD: &str = "beacon-value";

/// A long number that is there to be compared and handed on.
#[component]
fn Digest(name: &'static str, value: String) -> impl IntoView {
    let copied = RwSignal::new(false);
    let shown = value.clone();
    let copy = move |_| {
        let value = value.clone();
        spawn_local(async move { copied.set(browser::copy(&value).await) });
    };
    view! {
        <div>
            <dt>{name}</dt>
            <dd>
                <code>{shown}</code>
                {browser::can_copy()
                    .then(|| {
                        view! {
                            <button type="button" aria-label=format!("Copy: {name}") on:click=copy>
                                "Copy"
                            </button>
                            <span role="status">{move || copied.get().then_some("Copied")}</span>
                        }
                    })}
            </dd>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_spelling() {
        let value = "0123456789abcdef".repeat(4);
        for written in [value.clone(), value.to_uppercase(), format!(" {value}\n")] {
            assert_eq!(spelled(&written).as_deref(), Some(value.as_str()));
        }
        for wrong in
            ["", "ab", &value[1..], &format!("{value}0"), &value.replace('0', "g"), &value.replace("01", "0 1")]
        {
            assert_eq!(spelled(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_value_is_asked_for_while_the_draw_waits_for_it() {
        let beacon = DrawBeacon { description: "round 7".to_owned(), due_at_ms: 9, value: None };
        let waiting = Draw {
            sale_id: String::new(),
            stage: DrawStage::Closed,
            entries_close_at_ms: 1,
            commitment: String::new(),
            beacon: Some(beacon.clone()),
            entries: 3,
            root: None,
            closed_at_ms: None,
            seed: None,
            drawn_at_ms: None,
            units: None,
            winners: None,
        };
        assert_eq!(awaited(&waiting), Some(beacon));
        for stage in [DrawStage::Entering, DrawStage::Deciding, DrawStage::Drawn, DrawStage::CalledOff] {
            assert_eq!(awaited(&Draw { stage, ..waiting.clone() }), None);
        }
        assert_eq!(awaited(&Draw { beacon: None, ..waiting }), None);
    }
}
