//! What every edge may keep: the same bytes for everybody, and nothing in them that a strict policy refuses.
#![cfg(feature = "ssr")]

use api::{
    DrawSummary, ItemCard, ItemPage, Order, OrderDetail, OrderHistory, OrderState, Refund, RefundCause, SalePhase,
    SaleSummary, SkuSummary, StockPolicy,
};
use leptos::prelude::*;
use shop::{Assets, DrawAssets, Locale, OrderDocument, OrdersDocument, catalogue_html, document_html, item_html};

fn assets() -> Assets {
    Assets {
        build_id: shop::BUILD_ID.to_owned(),
        css_url: "/assets/shop.1.css".to_owned(),
        boot_url: "/assets/boot.1.js".to_owned(),
        js_url: "/assets/shop.1.js".to_owned(),
        wasm_url: "/assets/shop.1.wasm".to_owned(),
        font_url: "/assets/font.1.woff2".to_owned(),
        css_integrity: "sha384-css".to_owned(),
        boot_integrity: "sha384-boot".to_owned(),
        js_integrity: "sha384-js".to_owned(),
        wasm_integrity: "sha384-wasm".to_owned(),
        draw: DrawAssets {
            js_url: "/assets/draw.1.js".to_owned(),
            wasm_url: "/assets/draw.1.wasm".to_owned(),
            js_integrity: "sha384-draw-js".to_owned(),
            wasm_integrity: "sha384-draw-wasm".to_owned(),
        },
    }
}

fn card() -> ItemCard {
    ItemCard {
        slug: "lantern".to_owned(),
        title: "Lantern <b>&</b> \"hook\"".to_owned(),
        image_url: "/images/lantern.svg".to_owned(),
        list_price_minor: 39_900,
        currency: "CNY".to_owned(),
        sale: Some(SaleSummary {
            sale_id: "0192f0c1-7a55-7c1e-9d6b-3f1f6a0b2c11".to_owned(),
            price_minor: 19_900,
            starts_at_ms: 1_763_812_800_000,
            ends_at_ms: 1_763_816_400_000,
            stock_units: 20,
            per_shopper_limit: 2,
            hold_seconds: 900,
            stock_policy: StockPolicy::Hold,
            waitlist_units: 0,
            skus: Vec::new(),
            is_restricted: false,
            draw: None,
            revision: 1,
            phase: SalePhase::Upcoming,
        }),
    }
}

const ORIGIN: &str = "https://shop.example";

fn catalogue(locale: Locale) -> String {
    catalogue_html(locale, &assets(), &[card()], ORIGIN)
}

fn item(locale: Locale) -> String {
    item_of(locale, |_| {})
}

/// The page of a sale with other terms.
fn item_of(locale: Locale, change: impl FnOnce(&mut SaleSummary)) -> String {
    let mut card = card();
    card.sale.as_mut().map(change);
    let page = ItemPage { card, description: "Folded by hand.\n\n</script><script>alert(1)</script>".to_owned() };
    item_html(locale, &assets(), &page, ORIGIN)
}

fn sku(sku: &str, title: &str, price_minor: i64) -> SkuSummary {
    SkuSummary { sku: sku.to_owned(), title: title.to_owned(), price_minor }
}

fn detail(state: OrderState, history: OrderHistory) -> OrderDetail {
    OrderDetail {
        draw_commitment: None,
        order: Order {
            order_id: "0192f0c1-7a55-7c1e-9d6b-3f1f6a0b2c12".to_owned(),
            sale_id: "0192f0c1-7a55-7c1e-9d6b-3f1f6a0b2c11".to_owned(),
            state,
            sku: Some("m".to_owned()),
            quantity: 1,
            amount_minor: 19_900,
            currency: "CNY".to_owned(),
            created_at_ms: 1_763_812_800_000,
            history,
        },
        sku_title: Some("Size M".to_owned()),
        slug: "lantern".to_owned(),
        title: "Lantern".to_owned(),
        image_url: "/images/lantern.svg".to_owned(),
    }
}

fn kept() -> OrderHistory {
    OrderHistory {
        reserved: true,
        hold_expires_at_ms: Some(1_763_813_700_000),
        release_cause: None,
        reseated: false,
        refunds: Vec::new(),
    }
}

fn order_page(detail: OrderDetail) -> String {
    document_html(|| view! { <OrderDocument locale=Locale::En assets=assets() detail=detail/> })
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for locale in [Locale::En, Locale::Zh] {
        assert_eq!(item(locale), item(locale));
        assert_eq!(catalogue(locale), catalogue(locale));
    }
}

#[test]
fn an_item_page_keeps_the_contract_with_its_clients() {
    for (locale, name) in [(Locale::En, "Buy now"), (Locale::Zh, "立即抢购")] {
        let html = item(locale);
        let count = |text: &str| html.matches(text).count();
        assert!(html.starts_with("<!DOCTYPE html>"), "{html}");
        assert_eq!(count("<h1"), 1);
        assert_eq!(count("role=\"timer\""), 1);
        assert_eq!(count("role=\"status\""), 1);
        assert_eq!(count("role=\"dialog\""), 1);
        assert_eq!(count("data-clock-offset-ms"), 1);
        assert_eq!(count("data-clock-bound-ms"), 1);
        let class = html.find("class=\"primary buy\"").expect("a buy button");
        let start = html[..class].rfind("<button").expect("its start");
        let end = class + html[class..].find("</button>").expect("its end");
        let button = &html[start..end];
        assert!(button.contains(" disabled"), "off until the start: {button}");
        assert!(button.ends_with(&format!(">{name}")), "{button}");
    }
}

#[test]
fn no_script_and_no_style_stands_inline() {
    for html in [item(Locale::En), catalogue(Locale::Zh)] {
        for script in html.split("<script").skip(1) {
            let tag = &script[..script.find('>').expect("a closed tag")];
            assert!(tag.contains("src=") || tag.contains("application/ld+json"), "{tag}");
        }
        assert!(!html.contains("<style") && !html.contains(" style="));
        assert!(!html.contains("alert(1)</script>"));
    }
}

#[test]
fn what_runs_and_what_dresses_a_page_is_named_with_its_digest() {
    let html = item(Locale::En);
    let tags = html.split('<').skip(1).map(|rest| &rest[..rest.find('>').expect("a closed tag")]);
    let loads = |tag: &&str| {
        let loads_script = tag.starts_with("script") && tag.contains("src=");
        loads_script || ["rel=\"stylesheet\"", "rel=\"modulepreload\"", ".wasm\""].iter().any(|part| tag.contains(part))
    };
    let loading: Vec<&str> = tags.filter(loads).collect();
    assert_eq!(loading.len(), 4, "the style sheet, the bundle, the WebAssembly and the boot module: {loading:?}");
    for tag in loading {
        assert!(tag.contains("integrity=\"sha384-"), "{tag}");
    }
    assert!(html.contains("data-wasm-integrity=\"sha384-wasm\""), "the boot module is told what to hold it against");
}

#[test]
fn each_language_names_itself_and_the_other() {
    let html = item(Locale::Zh);
    assert!(html.contains("lang=\"zh-Hans\""));
    assert!(html.contains("rel=\"canonical\" href=\"https://shop.example/zh/items/lantern\""));
    assert!(html.contains("hreflang=\"en\" href=\"https://shop.example/items/lantern\""));
    let html = catalogue(Locale::En);
    assert!(html.contains("rel=\"canonical\" href=\"https://shop.example/\""));
    assert!(html.contains("hreflang=\"zh-Hans\" href=\"https://shop.example/zh/\""));
}

#[test]
fn each_policy_says_before_the_sale_what_it_means_to_the_shopper() {
    for (policy, promise) in [
        (StockPolicy::Hold, "What you order is kept for you for 15 min."),
        (StockPolicy::OnOrder, "yours from then on, until you pay or cancel"),
        (StockPolicy::OnPayment, "Payment decides: the first to pay get them."),
    ] {
        let html = item_of(Locale::En, |sale| sale.stock_policy = policy);
        assert!(html.contains(promise), "{promise}");
        assert!(!html.contains("Not everybody may buy") && !html.contains("may wait"), "only where it is so");
    }
}

#[test]
fn a_sale_for_some_shoppers_says_so_and_so_does_one_with_a_waiting_line() {
    let html = item_of(Locale::En, |sale| {
        sale.is_restricted = true;
        sale.waitlist_units = 12;
    });
    assert!(html.contains("Not everybody may buy in this sale"));
    assert!(html.contains("up to 12 orders may wait"));
    let decides = item_of(Locale::En, |sale| {
        sale.stock_policy = StockPolicy::OnPayment;
        sale.waitlist_units = 12;
    });
    assert!(!decides.contains("may wait"), "where payment decides nothing is held, so that nobody waits");
    assert!(item_of(Locale::Zh, |sale| sale.is_restricted = true).contains("本场仅限部分账号参与"));
}

#[test]
fn a_sale_by_draw_says_what_decides_and_can_be_checked_with_one_button() {
    let by_draw = |sale: &mut SaleSummary| {
        let commitment = "ab".repeat(32);
        sale.draw = Some(DrawSummary { entries_close_at_ms: 1_763_814_000_000, commitment, beacon: None });
    };
    let check = "id=\"check-draw\"";
    for (locale, joins, enters, button) in [
        (Locale::En, "You join the line.", "Your order enters the draw.", "Check the draw"),
        (Locale::Zh, "进入队列", "订单即为抽签登记", "核对抽签"),
    ] {
        let (html, first_come) = (item_of(locale, by_draw), item(locale));
        assert!(html.contains(enters) && !html.contains(joins), "how it goes, by draw");
        assert!(first_come.contains(joins) && !first_come.contains(enters), "how it goes, first come");
        assert!(html.contains(check) && !first_come.contains(check));
        assert!(html.contains(button));
        assert!(html.contains("data-js-integrity=\"sha384-draw-js\""), "its code is held against its digest");
        assert!(!html.contains("Nobody is served before someone who came first"));
        // Nothing of the check is fetched with the page.
        assert!(!html.contains("src=\"/assets/draw.") && !html.contains("href=\"/assets/draw."));
    }
    let order = detail(OrderState::Held, kept());
    assert!(!order_page(order.clone()).contains(check));
    assert!(order_page(OrderDetail { draw_commitment: Some("ab".repeat(32)), ..order }).contains(check));
}

#[test]
fn kinds_are_a_group_of_radio_buttons_with_a_name_and_a_price_where_prices_differ() {
    assert!(!item(Locale::En).contains("<fieldset"), "units all alike are no choice");
    let html = item_of(Locale::En, |sale| sale.skus = vec![sku("m", "Size M", 19_900), sku("xl", "Size XL", 21_900)]);
    let start = html.find("<fieldset").expect("a fieldset");
    let group = &html[start..start + html[start..].find("</fieldset>").expect("its end")];
    assert!(group.contains("<legend>Which one</legend>"), "{group}");
    assert_eq!(group.matches("type=\"radio\"").count(), 2);
    for text in ["Size M", "¥199.00", "Size XL", "¥219.00"] {
        assert!(group.contains(text), "{text}: {group}");
    }
    assert!(!group.contains("checked"), "the shopper chooses: {group}");
    assert!(html.contains("from ¥199.00"), "the least price until then");
    let alike = item_of(Locale::En, |sale| sale.skus = vec![sku("m", "Size M", 19_900), sku("l", "Size L", 19_900)]);
    assert_eq!(alike.matches("¥199.00").count(), item(Locale::En).matches("¥199.00").count(), "one price, said once");
}

#[test]
fn an_order_tells_its_kind_and_what_happened_to_it() {
    let html = order_page(detail(OrderState::Held, kept()));
    assert!(html.contains("Size M, ") && html.contains("Held for you."), "{html}");
    assert!(html.contains("Kept for you. Pay within"));
    let decides = order_page(detail(OrderState::Held, OrderHistory { reserved: false, ..kept() }));
    assert!(decides.contains("Payment decides: the first to pay get the units."));
    assert!(!decides.contains("Kept for you"));
    let refund =
        Refund { cause: RefundCause::SaleCalledOff, amount_minor: 19_900, currency: "CNY".to_owned(), sent: false };
    let refunded = OrderHistory { hold_expires_at_ms: None, refunds: vec![refund], ..kept() };
    let html = order_page(detail(OrderState::Refunded, refunded.clone()));
    assert!(html.contains("¥199.00 goes back: the sale was called off. It is on its way."), "{html}");
    let orders = vec![detail(OrderState::Refunded, refunded)];
    let list = document_html(|| view! { <OrdersDocument locale=Locale::Zh assets=assets() orders=orders/> });
    assert!(list.contains("¥199.00 退回：抢购已取消，退款处理中。"), "{list}");
}
