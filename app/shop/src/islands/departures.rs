//! The catalogue's live part: the shop's clock, and each row's start and state. The rows are static; only the words
//! in them change.

use api::SalePhase;
use leptos::prelude::*;
use ui::Locale;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{live::text, locale};
use crate::browser::{clock, http, jittered, page, sleep_ms, spawn, wire};

const STATES_EVERY_MS: f64 = 15_000.0;
const LOOK_MS: f64 = 200.0;

#[island]
pub(crate) fn Departures() -> impl IntoView {
    let locale = locale();
    let time = RwSignal::new("--:--:--".to_owned());
    if cfg!(feature = "hydrate") {
        spawn(tick(locale, time));
        spawn(ask_for_states());
    }
    view! {
        <p class="shop-clock">
            <span class="shop-clock-label">{locale.shop_clock()}</span>
            " "
            <span class="shop-clock-time">{text(move || time.get())}</span>
        </p>
    }
}

fn rows() -> Vec<HtmlElement> {
    page::find_all("[data-sale-id]")
}

fn number(row: &HtmlElement, name: &str) -> f64 {
    page::number(&row.dataset().get(name).unwrap_or_default()) as f64
}

fn within(row: &HtmlElement, selector: &str) -> Option<HtmlElement> {
    row.query_selector(selector).ok().flatten()?.dyn_into().ok()
}

async fn tick(locale: Locale, time: RwSignal<String>) {
    let mut shown_s = 0.0;
    loop {
        let mut wait_ms = clock::turn(f64::INFINITY).min(LOOK_MS);
        if let Some(now_ms) = clock::server_now_ms() {
            let now_s = (now_ms / 1e3).floor();
            if now_s != shown_s {
                shown_s = now_s;
                time.set(page::local_time(now_ms));
                for row in rows() {
                    show_state(locale, &row, now_ms);
                }
            }
            wait_ms = wait_ms.min((now_s + 1.0) * 1e3 - now_ms);
        }
        sleep_ms(wait_ms).await;
    }
}

/// A row that was upcoming opens by the clock; everything else is the server's word.
fn show_state(locale: Locale, row: &HtmlElement, now_ms: f64) {
    let Some(told) = row.dataset().get("phase").and_then(|text| wire::phase(&text)) else { return };
    let left_s = ((number(row, "startsAtMs") - now_ms) / 1e3).ceil() as i64;
    let phase = match told {
        SalePhase::Upcoming if left_s <= 0 => SalePhase::Open,
        SalePhase::Open | SalePhase::SoldOut if number(row, "endsAtMs") <= now_ms => SalePhase::Ended,
        told => told,
    };
    let word = if phase == SalePhase::Upcoming && left_s < 86_400 {
        countdown(left_s)
    } else {
        state_word(locale, phase).to_owned()
    };
    let Some(state) = within(row, ".row-state") else { return };
    if state.text_content().unwrap_or_default() != word {
        state.set_text_content(Some(&word));
    }
    let _ = row.set_attribute("data-shown", wire::phase_text(phase));
}

fn countdown(left_s: i64) -> String {
    let two = |number: i64| [if number < 10 { "0" } else { "" }, &number.to_string()].concat();
    let minutes = [two(left_s / 60 % 60), two(left_s % 60)].join(":");
    if left_s < 3_600 { minutes } else { [two(left_s / 3_600), minutes].join(":") }
}

pub(crate) fn state_word(locale: Locale, phase: SalePhase) -> &'static str {
    match phase {
        SalePhase::Upcoming => locale.state_upcoming(),
        SalePhase::Open => locale.state_open(),
        SalePhase::SoldOut => locale.state_sold_out(),
        SalePhase::Ended => locale.state_ended(),
        SalePhase::Paused => locale.state_paused(),
    }
}

async fn ask_for_states() {
    loop {
        if page::visible() {
            for row in rows() {
                let data = row.dataset();
                // An ended sale stays ended.
                if data.get("phase").as_deref() == Some(wire::phase_text(SalePhase::Ended)) {
                    continue;
                }
                let Some(sale_id) = data.get("saleId") else { continue };
                let Ok(value) = http::get(&["/csi/sales/", &sale_id].concat()).await else { continue };
                let Some(state) = wire::sale_state(&value) else { continue };
                let _ = data.set("phase", wire::phase_text(state.phase));
                let _ = data.set("startsAtMs", &state.starts_at_ms.to_string());
                let _ = data.set("endsAtMs", &state.ends_at_ms.to_string());
            }
        }
        sleep_ms(jittered(STATES_EVERY_MS)).await;
    }
}
