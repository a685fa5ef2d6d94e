//! Other items whose sales are on or near: an extra, absent where the fragment fails.

use api::Recommendation;
use leptos::prelude::*;
use ui::{Locale, format_money};

use super::{
    departures::state_word,
    live::{flag, maybe, text},
    locale,
};
use crate::browser::{http, js, page, session, spawn, wire};

/// As many as the fragment tells. Their places stand in the page unseen: filling them in costs the bundle a third of
/// what a list that grows would.
const PLACES: [(); 4] = [(); 4];

#[derive(Clone, Copy)]
struct Place {
    /// Empty until there is an item to lead to.
    path: RwSignal<String>,
    picture_url: RwSignal<String>,
    title: RwSignal<String>,
    price: RwSignal<String>,
    state: RwSignal<String>,
}

impl Place {
    fn new() -> Self {
        let empty = || RwSignal::new(String::new());
        Self { path: empty(), picture_url: empty(), title: empty(), price: empty(), state: empty() }
    }

    fn take(self, locale: Locale, item: Recommendation) {
        self.picture_url.set(item.image_url);
        self.title.set(item.title);
        self.price.set(format_money(item.price_minor, &item.currency));
        self.state.set(state_word(locale, item.phase).to_owned());
        self.path.set(locale.path(&["/items/", &item.slug].concat()));
    }

    fn is_empty(self) -> bool {
        self.path.with(String::is_empty)
    }

    fn view(self) -> impl IntoView {
        view! {
            <li hidden=flag(move || self.is_empty())>
                <a href=text(move || self.path.get())>
                    <img
                        src=maybe(move || Some(self.picture_url.get()).filter(|url| !url.is_empty()))
                        alt=""
                        loading="lazy"
                        width="400"
                        height="500"
                    />
                    <span class="other-title">{text(move || self.title.get())}</span>
                    <span class="other-price">{text(move || self.price.get())}</span>
                    <span class="other-state">{text(move || self.state.get())}</span>
                </a>
            </li>
        }
    }
}

#[island]
pub(crate) fn Others() -> impl IntoView {
    let locale = locale();
    let places = PLACES.map(|()| Place::new());
    if cfg!(feature = "hydrate") {
        spawn(async move {
            let slug = page::data("slug");
            let seen = session::looked_at(&slug);
            let path = ["/csi/recommendations?item=", &slug, "&lang=", locale.tag(), "&seen=", &seen].concat();
            if let Ok(value) = http::get(&path).await {
                let items = js::list(&value, "items");
                let items = items.iter().filter_map(wire::recommendation);
                places.iter().zip(items).for_each(|(place, item)| place.take(locale, item));
            }
        });
    }
    view! {
        <section class="others" aria-labelledby="others-title" hidden=flag(move || places[0].is_empty())>
            <h2 id="others-title">{locale.others_title()}</h2>
            <ul>{places.map(Place::view)}</ul>
        </section>
    }
}
