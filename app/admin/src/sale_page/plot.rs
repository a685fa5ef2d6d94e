//! Units over time since this page was opened: sold below, held on it, free on top.

use leptos::{html, prelude::*};

use super::{
    geometry::{Frame, Sample},
    watch::Watch,
};
use crate::{moment, words};

const HEIGHT: f64 = 300.0;
/// Room for the numbers at the left and the names at the right, and for the times below.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 104.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 34.0;
/// Names at the right edge keep this far apart, so that each can be read.
const LINE_HEIGHT: f64 = 22.0;
/// A time below the axis needs this much.
const TICK_WIDTH: f64 = 110.0;
/// Used until the page has been laid out.
const WIDTH_AT_FIRST: f64 = 960.0;

const NAMES: [&str; 3] = ["sold", "held", "free"];

#[component]
pub(crate) fn Plot(watch: Watch) -> impl IntoView {
    let figure = NodeRef::<html::Figure>::new();
    // The drawing is as wide as its place, in pixels of the screen, so that its letters keep their size on a phone.
    let width = move || figure.get().map_or(WIDTH_AT_FIRST, |figure| f64::from(figure.client_width())).max(240.0);
    view! {
        <figure class="plot" node_ref=figure>
            {move || watch.samples.with(|samples| drawing(samples, width(), watch))}
            <figcaption class="quiet">"Units by the server's clock, since this page was opened."</figcaption>
        </figure>
    }
}

fn drawing(samples: &[Sample], width: f64, watch: Watch) -> Option<impl IntoView + use<>> {
    let last = *samples.last()?;
    let frame = Frame::around(samples, width - LEFT - RIGHT, HEIGHT - TOP - BOTTOM)?;
    let bands =
        frame.bands(samples).into_iter().zip(NAMES).map(|(path, name)| view! { <path class=name d=path></path> });
    let spoken = format!(
        "Now {} sold, {} held, {} free.",
        words::units(last.sold),
        words::units(last.held),
        words::units(last.free)
    );
    Some(view! {
        <svg
            role="img"
            aria-label=spoken
            viewBox=format!("0 0 {width} {HEIGHT}")
            width=width
            height=HEIGHT
        >
            <g transform=format!("translate({LEFT} {TOP})")>
                {bands.collect_view()} {unit_axis(frame)} {time_axis(frame)} {edges(frame, watch)} {names(frame, last)}
            </g>
        </svg>
    })
}

fn unit_axis(frame: Frame) -> impl IntoView {
    let ticks = frame.unit_ticks().into_iter().map(move |units| {
        let y = frame.y(units);
        view! {
            <line class="grid" x1=0 x2=frame.width y1=y y2=y></line>
            <text class="tick" x=-10 y=y + 5.0 text-anchor="end">
                {units}
            </text>
        }
    });
    ticks.collect_view()
}

fn time_axis(frame: Frame) -> impl IntoView {
    let most = (frame.width / TICK_WIDTH).floor().max(2.0) as i64;
    let ticks = frame.time_ticks(most).into_iter().map(move |at_ms| {
        let x = frame.x(at_ms);
        view! {
            <line class="stroke" x1=x x2=x y1=frame.height y2=frame.height + 6.0></line>
            <text class="tick" x=x y=frame.height + 25.0 text-anchor="middle">
                {moment::time_of_day(at_ms)}
            </text>
        }
    });
    ticks.collect_view()
}

/// Where the sale opened and where it closed, if that was while somebody looked.
fn edges(frame: Frame, watch: Watch) -> impl IntoView {
    let window = watch
        .sale
        .with_untracked(|sale| sale.as_ref().map(|sale| [(sale.starts_at_ms, "start"), (sale.ends_at_ms, "end")]));
    let seen = window.into_iter().flatten().filter(move |(at_ms, _)| (frame.from_ms..=frame.to_ms).contains(at_ms));
    let lines = seen.map(move |(at_ms, what)| {
        let x = frame.x(at_ms);
        view! {
            <line class="edge" x1=x x2=x y1=-4 y2=frame.height></line>
            <text class="edge-name" x=x + 6.0 y=12>
                {what}
            </text>
        }
    });
    lines.collect_view()
}

/// The bands' names with their present units, beside the ends of the bands.
fn names(frame: Frame, last: Sample) -> impl IntoView {
    let values = [last.sold, last.held, last.free];
    let tops = [last.sold, last.sold + last.held, last.sold + last.held + last.free];
    let mut lowest = frame.height + LINE_HEIGHT / 2.0;
    let placed = [0, 1, 2].map(|band| {
        let middle = frame.y(tops[band]).midpoint(frame.y(tops[band] - values[band]));
        lowest = (middle + 6.0).min(lowest - LINE_HEIGHT);
        lowest
    });
    // A thin top band pushes its name above the box; all move down together then.
    let over = (12.0 - placed[2]).max(0.0);
    let texts = [0, 1, 2].map(|band| {
        let text = format!("{} {}", values[band], NAMES[band]);
        view! {
            <text class=format!("name {}-name", NAMES[band]) x=frame.x(last.at_ms) + 10.0 y=placed[band] + over>
                {text}
            </text>
        }
    });
    texts.into_iter().collect_view()
}
