//! What the crowd is at, of this merchant's items, live.

use api::{HeatBoard, HeatCause, HotItem};
use leptos::prelude::*;
use leptos_router::components::A;

use super::Heading;
use crate::{
    desk::Desk,
    http::{self, Failure},
    moment, poll, words,
};

const PERIOD_MS: u32 = 1_000;

#[component]
pub(crate) fn Crowd() -> impl IntoView {
    let desk = Desk::here();
    let board = RwSignal::new(None::<HeatBoard>);
    let failure = RwSignal::new(None::<Failure>);
    poll::every(
        PERIOD_MS,
        async || http::get::<HeatBoard>("/api/merchant/heat").await,
        move |answer| match answer {
            Ok(read) => {
                board.set(Some(read));
                failure.set(None);
            }
            Err(why) => {
                desk.note(&why);
                failure.set(Some(why));
            }
        },
    );
    view! {
        <Heading text="Crowd"/>
        <p class="lead">
            "Which of your items are hot: their sale is on or close, earlier visits make them likely, or the crowd has come unannounced. Visits that an edge answers count where it tells the shop of them."
        </p>
        <p class="failed" role="alert">
            {move || failure.get().map(|failure| failure.sentence())}
        </p>
        {move || board.get().map_or_else(|| view! { <p class="quiet">"Reading…"</p> }.into_any(), table)}
    }
}

fn table(board: HeatBoard) -> AnyView {
    if board.items.is_empty() {
        return view! {
            <p class="empty">
                "Nothing of yours is hot at " {moment::time_of_day(board.read_at_ms)}
                ". An item is from 15 minutes before its sale on, and whenever the crowd comes. " <A href="/admin">"To the sales"</A>
            </p>
        }
        .into_any();
    }
    let caption = format!(
        "{}, the busiest first, as of {} · {}",
        words::counted(board.items.len() as i64, "hot item"),
        moment::time_of_day(board.read_at_ms),
        moment::zone(board.read_at_ms)
    );
    let threshold_percent = board.threshold_percent;
    let rows = board.items.into_iter().map(|item| row(item, threshold_percent));
    view! {
        <table class="stacks crowd" role="table">
            <caption>{caption}</caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Item"</th>
                    <th role="columnheader" scope="col">"Why"</th>
                    <th role="columnheader" scope="col">"Since"</th>
                    <th role="columnheader" scope="col">"Crowd"</th>
                    <th role="columnheader" scope="col" class="number">"Requests"</th>
                    <th role="columnheader" scope="col" class="number">"Share"</th>
                    <th role="columnheader" scope="col">{format!("Of all items’ (mark: {threshold_percent} %)")}</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows.collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn row(item: HotItem, threshold_percent: f64) -> impl IntoView {
    let is_crowded = item.crowded_since_ms.is_some();
    let crowd = match item.crowded_since_ms {
        Some(since_ms) => view! {
            <span class="badge open">"Here"</span>
            <span class="quiet left">{format!("since {}", moment::time_of_day(since_ms))}</span>
        }
        .into_any(),
        None => view! { <span class="quiet">"Not now"</span> }.into_any(),
    };
    view! {
        <tr role="row" class:crowded=is_crowded>
            <th role="rowheader" scope="row" class="item-cell">
                <img src=item.image_url alt="" width="40" height="50"/>
                <a href=format!("/admin/items/{}", item.item_id)>{item.title}</a>
            </th>
            <td role="cell" data-label="Why">
                <span class="badge upcoming" title=reason(item.cause)>{cause(item.cause)}</span>
            </td>
            <td role="cell" class="time" data-label="Since">
                {moment::stamp(item.since_ms)}
            </td>
            <td role="cell" class="time" data-label="Crowd">
                {crowd}
            </td>
            <td role="cell" class="number strong" data-label="Requests">
                {format!("{:.0}/s", item.requests_per_second)}
            </td>
            <td role="cell" class="number strong" data-label="Share">
                {format!("{:.1} %", item.share_percent)}
            </td>
            <td role="cell" class="share-cell">
                <ShareBar percent=item.share_percent threshold_percent=threshold_percent/>
            </td>
        </tr>
    }
}

/// The share again, for the eye: the number beside it says it to everybody.
#[component]
fn ShareBar(percent: f64, threshold_percent: f64) -> impl IntoView {
    view! {
        <svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            <rect class="whole" width="100" height="10"></rect>
            <rect class="part" width=percent.clamp(0.0, 100.0) height="10"></rect>
            <line x1=threshold_percent x2=threshold_percent y1="0" y2="10"></line>
        </svg>
    }
}

fn cause(cause: HeatCause) -> &'static str {
    match cause {
        HeatCause::Enrolled => "Its sale",
        HeatCause::Predicted => "Likely",
        HeatCause::Found => "Unforeseen",
    }
}

fn reason(cause: HeatCause) -> &'static str {
    match cause {
        HeatCause::Enrolled => "A sale of it is on or starts within 15 minutes",
        HeatCause::Predicted => "Among the most visited of the last hours, with a sale to come",
        HeatCause::Found => "The crowd came though no sale of it is close",
    }
}
