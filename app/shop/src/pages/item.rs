//! `/items/{slug}`: one item and its sale.

use api::{ItemPage, SalePhase, SaleSummary, SkuSummary, StockPolicy};
use leptos::prelude::*;
use serde_json::json;
use ui::{Alternate, Assets, Head, Locale, decimal_amount, format_utc, iso_utc};

use super::{check_draw, document, document_html};
use crate::{
    browser::wire,
    facts::Facts,
    islands::{Others, SaleDock},
};

/// Search engines show about this many characters.
const DESCRIPTION_CHARS: usize = 160;

/// The whole document.
#[must_use]
pub fn item_html(locale: Locale, assets: &Assets, page: &ItemPage, public_origin: &str) -> String {
    let card = &page.card;
    let path = ["/items/", &card.slug].concat();
    let origin = public_origin.trim_end_matches('/').to_owned();
    let head = Head {
        title: card.title.clone(),
        description: summary(&page.description),
        ld_json: Some(ld_json(locale, page, &origin, &path)),
        alternate: Some(Alternate { origin, path: path.clone() }),
        picture_url: Some(card.image_url.clone()),
        path,
    };
    let sale = card.sale.as_ref();
    let data = |value: fn(&SaleSummary) -> String| sale.map(value);
    document_html(|| {
        provide_context(facts(locale, page));
        let paragraphs = page.description.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
        document(locale, assets, head, || {
            view! {
                    <main
                        id="content"
                        class="item"
                        data-slug=card.slug.clone()
                        data-currency=card.currency.clone()
                        data-list-price-minor=card.list_price_minor.to_string()
                        data-sale-id=data(|sale| sale.sale_id.clone())
                        data-price-minor=data(|sale| sale.price_minor.to_string())
                        data-starts-at-ms=data(|sale| sale.starts_at_ms.to_string())
                        data-ends-at-ms=data(|sale| sale.ends_at_ms.to_string())
                        data-stock-units=data(|sale| sale.stock_units.to_string())
                        data-per-shopper-limit=data(|sale| sale.per_shopper_limit.to_string())
                        data-stock-policy=data(|sale| policy_text(sale.stock_policy).to_owned())
                        data-is-restricted=data(|sale| sale.is_restricted.to_string())
                        data-entries-close-at-ms=sale.and_then(|sale| sale.draw.as_ref()).map(|draw| draw.entries_close_at_ms.to_string())
                        data-skus=sale.filter(|sale| !sale.skus.is_empty()).map(skus_json)
                        data-revision=data(|sale| sale.revision.to_string())
                        data-phase=data(|sale| wire::phase_text(sale.phase).to_owned())
                    >
                        <div class="picture">
                            <img src=card.image_url.clone() alt=card.title.clone() width="800" height="1000" fetchpriority="high" />
                        </div>
                        <h1>{card.title.clone()}</h1>
                        {if sale.is_some() {
                            view! { <SaleDock /> }.into_any()
                        } else {
                            view! { <p class="dock empty">{locale.no_sale()}</p> }.into_any()
                        }}
                        <div class="more">
                            <noscript>
                                <p class="no-script">{locale.needs_script()}</p>
                            </noscript>
                            {sale.map(|sale| promises(locale, sale))}
                            {sale.and_then(|sale| draw(locale, assets, sale))}
                            {sale.map(|sale| figures(locale, sale))}
                            <section class="about">
                                <h2>{locale.about_item()}</h2>
                                {paragraphs.map(|text| view! { <p>{text.to_owned()}</p> }).collect_view()}
                            </section>
                            {sale.map(|sale| steps(locale, sale))}
                            <Others />
                            <p class="back"><a href=locale.path("/")>{locale.back_to_all()}</a></p>
                        </div>
                    </main>
            }
        })
    })
}

fn facts(locale: Locale, page: &ItemPage) -> Facts {
    let card = &page.card;
    let base =
        Facts { locale, list_price_minor: card.list_price_minor, currency: card.currency.clone(), ..Facts::default() };
    match &card.sale {
        None => base,
        Some(sale) => Facts {
            sale_id: sale.sale_id.clone(),
            starts_at_ms: sale.starts_at_ms,
            ends_at_ms: sale.ends_at_ms,
            price_minor: sale.price_minor,
            stock_units: sale.stock_units,
            per_shopper_limit: sale.per_shopper_limit,
            pays_to_claim: sale.stock_policy == StockPolicy::OnPayment,
            is_restricted: sale.is_restricted,
            entries_close_at_ms: sale.draw.as_ref().map_or(0, |draw| draw.entries_close_at_ms),
            skus: sale.skus.clone(),
            phase: Some(sale.phase),
            ..base
        },
    }
}

/// The policy as its attribute says it, as on the wire.
fn policy_text(policy: StockPolicy) -> &'static str {
    match policy {
        StockPolicy::Hold => "hold",
        StockPolicy::OnOrder => "on_order",
        StockPolicy::OnPayment => "on_payment",
    }
}

fn skus_json(sale: &SaleSummary) -> String {
    let kind = |kind: &SkuSummary| json!({ "sku": kind.sku, "title": kind.title, "price_minor": kind.price_minor });
    json!(sale.skus.iter().map(kind).collect::<Vec<_>>()).to_string()
}

/// The sale's rules in plain words, before anybody stakes anything on them.
fn promises(locale: Locale, sale: &SaleSummary) -> impl IntoView + use<> {
    // Where payment decides nothing is held, so that nobody waits.
    let may_wait = sale.waitlist_units > 0 && sale.stock_policy != StockPolicy::OnPayment;
    let waiting = may_wait.then(|| locale.waiting_promise(sale.waitlist_units));
    view! {
        <section class="promises">
            <h2>{locale.promise()}</h2>
            {sale.is_restricted.then(|| view! { <p class="restricted">{locale.only_some()}</p> })}
            <p>{locale.policy_promise(sale.stock_policy, sale.hold_seconds)}</p>
            {waiting.map(|text| view! { <p>{text}</p> })}
        </section>
    }
}

/// What a sale by draw promises, and how anyone can check it.
fn draw(locale: Locale, assets: &Assets, sale: &SaleSummary) -> Option<impl IntoView + use<>> {
    let draw = sale.draw.as_ref()?;
    let close = format_utc(locale, draw.entries_close_at_ms);
    let beacon = draw.beacon.as_ref().map(|description| locale.draw_beacon(description));
    let path = ["/api/sales/", &sale.sale_id, "/draw"].concat();
    Some(view! {
        <section class="promises draw">
            <h2>{locale.draw_title()}</h2>
            <p>{locale.draw_promise(&close)}</p>
            {beacon.map(|text| view! { <p>{text}</p> })}
            <p>{locale.draw_fingerprint()}</p>
            <p class="copyable">
                <code class="fingerprint">{draw.commitment.clone()}</code>
                <button class="quiet copy" type="button" value=draw.commitment.clone() data-done=locale.copied()>{locale.copy()}</button>
            </p>
            <p>{locale.draw_check()}</p>
            {check_draw(locale, assets, &sale.sale_id, &draw.commitment)}
            <ul>
                <li><a href=path.clone() rel="nofollow">{locale.draw_facts()}</a></li>
                <li><a href=[&path, "/entries"].concat() rel="nofollow" download="">{locale.draw_file()}</a></li>
            </ul>
        </section>
    })
}

fn figures(locale: Locale, sale: &SaleSummary) -> impl IntoView + use<> {
    let time = |at_ms: i64| {
        view! { <time datetime=iso_utc(at_ms)>{format_utc(locale, at_ms)}</time> }
    };
    view! {
        <section class="figures">
            <h2>{locale.facts()}</h2>
            <dl>
                <div>
                    <dt>{locale.starts_at()}</dt>
                    <dd>{time(sale.starts_at_ms)}</dd>
                </div>
                <div>
                    <dt>{locale.ends_at()}</dt>
                    <dd>{time(sale.ends_at_ms)}</dd>
                </div>
                <div>
                    <dt>{locale.units_in_sale()}</dt>
                    <dd>{sale.stock_units.to_string()}</dd>
                </div>
                <div>
                    <dt>{locale.per_shopper()}</dt>
                    <dd>{sale.per_shopper_limit.to_string()}</dd>
                </div>
                <div>
                    <dt>{locale.units_are_kept()}</dt>
                    <dd>{locale.policy_figure(sale.stock_policy, sale.hold_seconds)}</dd>
                </div>
            </dl>
        </section>
    }
}

fn steps(locale: Locale, sale: &SaleSummary) -> impl IntoView + use<> {
    let mut texts = vec![locale.step_wait(), locale.step_quiz()];
    match sale.draw {
        Some(_) => texts.extend([locale.step_enter(), locale.step_draw()]),
        None => texts.push(locale.step_line()),
    }
    texts.push(locale.step_pay(sale.stock_policy));
    view! {
        <section class="steps">
            <h2>{locale.how_it_goes()}</h2>
            <ol>{texts.into_iter().map(|text| view! { <li>{text}</li> }).collect_view()}</ol>
        </section>
    }
}

fn summary(description: &str) -> String {
    let mut text: String = description.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = text.char_indices().nth(DESCRIPTION_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// schema.org's Product with its Offer.
fn ld_json(locale: Locale, page: &ItemPage, origin: &str, path: &str) -> String {
    let card = &page.card;
    let image =
        if card.image_url.starts_with('/') { [origin, &card.image_url].concat() } else { card.image_url.clone() };
    let url = [origin, &locale.path(path)].concat();
    let offer = card.sale.as_ref().map(|sale| {
        json!({
            "@type": "Offer",
            "url": url,
            "price": decimal_amount(sale.price_minor, &card.currency),
            "priceCurrency": card.currency,
            "availability": availability(sale.phase),
            "validFrom": iso_utc(sale.starts_at_ms),
            "validThrough": iso_utc(sale.ends_at_ms),
        })
    });
    let mut product = json!({
        "@context": "https://schema.org",
        "@type": "Product",
        "name": card.title,
        "description": summary(&page.description),
        "image": image,
        "url": url,
    });
    if let (Some(offer), Some(fields)) = (offer, product.as_object_mut()) {
        fields.insert("offers".to_owned(), offer);
    }
    product.to_string()
}

fn availability(phase: SalePhase) -> &'static str {
    match phase {
        SalePhase::Upcoming | SalePhase::Paused => "https://schema.org/PreOrder",
        SalePhase::Open => "https://schema.org/LimitedAvailability",
        SalePhase::SoldOut => "https://schema.org/SoldOut",
        SalePhase::Ended => "https://schema.org/Discontinued",
    }
}
