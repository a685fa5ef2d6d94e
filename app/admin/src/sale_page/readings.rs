//! The numbers, large, each with its unit, and their age.

use leptos::prelude::*;

use super::watch::{Reading, Watch};
use crate::{desk::Desk, moment};

/// How often the age is told anew.
const AGE_PERIOD_MS: u64 = 500;

#[component]
pub(crate) fn Readings(watch: Watch) -> impl IntoView {
    let number = move |of: fn(&Reading) -> i64| {
        move || {
            watch
                .reading
                .with(|reading| reading.as_ref().map_or_else(|| "–".to_owned(), |reading| of(reading).to_string()))
        }
    };
    view! {
        <section class="readings" aria-label="Units">
            <dl>
                <div class="free">
                    <dt>"Free"</dt>
                    <dd>{number(|reading| reading.ledger.free)}</dd>
                </div>
                <div class="held">
                    <dt>"Held"</dt>
                    <dd>{number(|reading| reading.ledger.held)}</dd>
                </div>
                <div class="sold">
                    <dt>"Sold"</dt>
                    <dd>{number(|reading| reading.ledger.sold)}</dd>
                </div>
                <div>
                    <dt>"Stock"</dt>
                    <dd>{number(|reading| reading.ledger.stock)}</dd>
                </div>
                <div>
                    <dt>"Orders in line"</dt>
                    <dd>{number(|reading| reading.queued as i64)}</dd>
                </div>
                <div>
                    <dt>"Orders waiting"</dt>
                    <dd>{number(|reading| reading.waiting as i64)}</dd>
                </div>
            </dl>
            <p class="balance">
                <Balance watch=watch/>
                <Age watch=watch/>
            </p>
        </section>
    }
}

#[component]
fn Balance(watch: Watch) -> impl IntoView {
    let balanced =
        Memo::new(move |_| watch.reading.with(|reading| reading.as_ref().map(|reading| reading.ledger.balanced)));
    move || match balanced.get() {
        Some(true) => view! { <span>"Balanced: free + held + sold = stock."</span> }.into_any(),
        Some(false) => view! {
            <strong class="failed" role="alert">
                "The record does not balance. Pause the sale and run stampede reconcile."
            </strong>
        }
        .into_any(),
        None => ().into_any(),
    }
}

#[component]
fn Age(watch: Watch) -> impl IntoView {
    let clock = Desk::here().clock;
    let looked = RwSignal::new(());
    let ticking = set_interval_with_handle(move || looked.set(()), std::time::Duration::from_millis(AGE_PERIOD_MS));
    on_cleanup(move || {
        if let Ok(handle) = ticking {
            handle.clear();
        }
    });
    let age = move || {
        looked.track();
        let read = watch.reading.with(|reading| reading.as_ref().map(|reading| reading.at_ms))?;
        Some(format!("In units, read from the record {} ago.", moment::age(clock.now_or_local_ms() - read)))
    };
    let failure =
        move || watch.failure.with(|failure| failure.as_ref().map(|failure| format!(" {}", failure.sentence())));
    view! {
        <span class="quiet number">{age}</span>
        <span class="failed" role="alert">
            {failure}
        </span>
    }
}
