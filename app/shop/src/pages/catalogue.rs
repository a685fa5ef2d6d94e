//! `/`: a wall of posters, each with its own strip of the departure board.

use api::{ItemCard, SaleSummary};
use leptos::prelude::*;
use ui::{Alternate, Assets, Head, Locale, format_money, format_utc, iso_utc};

use super::{document, document_html};
use crate::{
    browser::wire,
    islands::{Departures, state_word},
};

/// The whole document.
#[must_use]
pub fn catalogue_html(locale: Locale, assets: &Assets, cards: &[ItemCard], public_origin: &str) -> String {
    let head = Head {
        title: locale.departures().to_owned(),
        description: locale.shop_tagline().to_owned(),
        alternate: Some(Alternate { origin: public_origin.trim_end_matches('/').to_owned(), path: "/".to_owned() }),
        path: "/".to_owned(),
        ..Head::default()
    };
    document_html(|| {
        document(locale, assets, head, || {
            view! {
                    <main id="content" class="catalogue">
                        <div class="catalogue-head">
                            <h1>{locale.departures()}</h1>
                            <Departures />
                        </div>
                        <noscript>
                            <p class="no-script">{locale.needs_script()}</p>
                        </noscript>
                        {cards.is_empty().then(|| view! { <p class="empty">{locale.no_items()}</p> })}
                        <ul class="posters">
                            {cards.iter().enumerate().map(|(index, card)| poster(locale, index, card)).collect_view()}
                        </ul>
                    </main>
            }
        })
    })
}

/// The pictures of the first row are on the screen at once; the rest may wait.
const EAGER_PICTURES: usize = 2;

fn poster(locale: Locale, index: usize, card: &ItemCard) -> impl IntoView + use<> {
    let loading = if index < EAGER_PICTURES { "eager" } else { "lazy" };
    let price_minor = card.sale.as_ref().map_or(card.list_price_minor, |sale| sale.price_minor);
    let list_price = (price_minor < card.list_price_minor).then(|| format_money(card.list_price_minor, &card.currency));
    let data = |value: fn(&SaleSummary) -> String| card.sale.as_ref().map(value);
    view! {
        <li>
            <a
                class="poster"
                href=locale.path(&["/items/", &card.slug].concat())
                data-sale-id=data(|sale| sale.sale_id.clone())
                data-starts-at-ms=data(|sale| sale.starts_at_ms.to_string())
                data-ends-at-ms=data(|sale| sale.ends_at_ms.to_string())
                data-phase=data(|sale| wire::phase_text(sale.phase).to_owned())
                data-shown=data(|sale| wire::phase_text(sale.phase).to_owned())
            >
                <img src=card.image_url.clone() alt="" width="800" height="1000" loading=loading />
                <span class="strip">
                    {card.sale.as_ref().map_or_else(
                        || view! { <span class="row-state">{locale.no_sale_yet()}</span> }.into_any(),
                        |sale| strip(locale, sale).into_any(),
                    )}
                </span>
                <h2 class="poster-title">{card.title.clone()}</h2>
                <p class="poster-price">
                    <strong>{format_money(price_minor, &card.currency)}</strong>
                    {list_price.map(|text| view! { <s><span class="visually-hidden">{locale.list_price()} " "</span>{text}</s> })}
                </p>
            </a>
        </li>
    }
}

fn strip(locale: Locale, sale: &SaleSummary) -> impl IntoView + use<> {
    view! {
        <time datetime=iso_utc(sale.starts_at_ms)>{format_utc(locale, sale.starts_at_ms)}</time>
        <span class="row-state">{state_word(locale, sale.phase)}</span>
    }
}
