//! Whose holds lapsed in this merchant's sales.

use api::{ShopperStrikes, StrikeList};
use leptos::{prelude::*, task::spawn_local};

use super::Heading;
use crate::{
    browser,
    desk::Desk,
    fields::{Outcome, OutcomeLine},
    http::{self, Failure},
    moment, words,
};

/// As many as the server lists.
const MOST_LISTED: usize = 200;

#[component]
pub(crate) fn Strikes() -> impl IntoView {
    let desk = Desk::here();
    let listed = RwSignal::new(None::<Result<Vec<ShopperStrikes>, Failure>>);
    let outcome = RwSignal::new(Outcome::None);
    let read = move || {
        spawn_local(async move {
            let answer = http::get::<StrikeList>("/api/merchant/strikes").await;
            if let Err(failure) = &answer {
                desk.note(failure);
            }
            listed.set(Some(answer.map(|list| list.shoppers)));
        });
    };
    read();
    let lift = Callback::new(move |shopper: ShopperStrikes| {
        outcome.set(Outcome::Busy("Lifting…"));
        // The row goes, and its button with it.
        browser::focus("main");
        spawn_local(async move {
            let path = format!("/api/merchant/strikes/{}/lift", http::escaped(&shopper.shopper_id));
            match http::post_bare(&path).await {
                Ok(()) => outcome.set(Outcome::Done(format!("{} has no strikes any more.", shopper.display_name))),
                Err(failure) => {
                    desk.note(&failure);
                    outcome.set(Outcome::Failed(failure.sentence()));
                }
            }
            read();
        });
    });
    view! {
        <Heading text="Strikes"/>
        <p class="lead">
            "A hold that runs out unpaid is a strike. A sale's terms say how many mark a shopper, for how long, and what becomes of orders then."
        </p>
        <OutcomeLine outcome=outcome/>
        {move || match listed.get() {
            None => view! { <p class="quiet">"Reading…"</p> }.into_any(),
            Some(Err(failure)) => view! { <p role="alert">{failure.sentence()}</p> }.into_any(),
            Some(Ok(shoppers)) if shoppers.is_empty() => {
                view! { <p class="empty">"No strikes. Nobody's hold has run out, or you have lifted them all."</p> }.into_any()
            }
            Some(Ok(shoppers)) => table(shoppers, lift).into_any(),
        }}
    }
}

fn table(shoppers: Vec<ShopperStrikes>, lift: Callback<ShopperStrikes>) -> impl IntoView {
    let most = if shoppers.len() >= MOST_LISTED { "The latest " } else { "" };
    let caption = format!("{most}{}, the latest first", words::counted(shoppers.len() as i64, "shopper"));
    let rows = shoppers.into_iter().map(|shopper| {
        let label = format!("Lift the strikes of {}", shopper.display_name);
        let lifted = shopper.clone();
        view! {
            <tr role="row">
                <th role="rowheader" scope="row" data-label="Shopper">
                    <strong>{shopper.display_name}</strong>
                    " "
                    <span class="id quiet" title=shopper.shopper_id.clone()>{words::short_id(&shopper.shopper_id)}</span>
                </th>
                <td role="cell" class="number strong" data-label="Strikes">
                    {shopper.strikes}
                </td>
                <td role="cell" class="time" data-label="First">
                    {moment::stamp(shopper.first_at_ms)}
                </td>
                <td role="cell" class="time" data-label="Last">
                    {moment::stamp(shopper.last_at_ms)}
                </td>
                <td role="cell" class="actions-cell">
                    <button type="button" class="link" aria-label=label on:click=move |_| lift.run(lifted.clone())>
                        "Lift"
                    </button>
                </td>
            </tr>
        }
    });
    view! {
        <table class="stacks" role="table">
            <caption>{caption}</caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Shopper"</th>
                    <th role="columnheader" scope="col" class="number">"Strikes"</th>
                    <th role="columnheader" scope="col">"First"</th>
                    <th role="columnheader" scope="col">"Last"</th>
                    <th role="columnheader" scope="col">"Do"</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
    }
}
