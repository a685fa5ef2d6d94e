//! Other items whose sales are on or near: an extra, absent where the fragment fails.

use api::Recommendation;
use leptos::prelude::*;
use ui::format_money;

use super::{departures::state_word, live::flag, locale};
use crate::browser::{http, js, page, spawn, wire};

#[island]
pub(crate) fn Others() -> impl IntoView {
    let locale = locale();
    let items = RwSignal::new(Vec::<Recommendation>::new());
    if cfg!(feature = "hydrate") {
        spawn(async move {
            let path = ["/csi/recommendations?item=", &page::data("slug")].concat();
            if let Ok(value) = http::get(&path).await {
                items.set(js::list(&value, "items").iter().filter_map(wire::recommendation).collect());
            }
        });
    }
    let card = move |item: Recommendation| {
        view! {
            <li>
                <a href=locale.path(&["/items/", &item.slug].concat())>
                    <img src=item.image_url alt="" loading="lazy" width="400" height="500" />
                    <span class="other-title">{item.title}</span>
                    <span class="other-price">{format_money(item.price_minor, &item.currency)}</span>
                    <span class="other-state">{state_word(locale, item.phase)}</span>
                </a>
            </li>
        }
    };
    view! {
        <section class="others" hidden=flag(move || items.with(Vec::is_empty))>
            <h2>{locale.others_title()}</h2>
            <ul>{move || items.get().into_iter().map(card).collect_view()}</ul>
        </section>
    }
}
