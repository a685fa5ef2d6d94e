//! What every edge may keep: the same bytes for everybody, and nothing in them that a strict policy refuses.
#![cfg(feature = "ssr")]

use api::{ItemCard, ItemPage, SalePhase, SaleSummary};
use shop::{Assets, Locale, catalogue_html, item_html};

fn assets() -> Assets {
    Assets {
        build_id: shop::BUILD_ID.to_owned(),
        css_url: "/assets/shop.1.css".to_owned(),
        boot_url: "/assets/boot.1.js".to_owned(),
        js_url: "/assets/shop.1.js".to_owned(),
        wasm_url: "/assets/shop.1.wasm".to_owned(),
        font_url: "/assets/font.1.woff2".to_owned(),
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
            revision: 1,
            phase: SalePhase::Upcoming,
        }),
    }
}

fn item(locale: Locale) -> String {
    let page =
        ItemPage { card: card(), description: "Folded by hand.\n\n</script><script>alert(1)</script>".to_owned() };
    item_html(locale, &assets(), &page, "https://shop.example")
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for locale in [Locale::En, Locale::Zh] {
        assert_eq!(item(locale), item(locale));
        assert_eq!(catalogue_html(locale, &assets(), &[card()]), catalogue_html(locale, &assets(), &[card()]));
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
    for html in [item(Locale::En), catalogue_html(Locale::Zh, &assets(), &[card()])] {
        for script in html.split("<script").skip(1) {
            let tag = &script[..script.find('>').expect("a closed tag")];
            assert!(tag.contains("src=") || tag.contains("application/ld+json"), "{tag}");
        }
        assert!(!html.contains("<style") && !html.contains(" style="));
        assert!(!html.contains("alert(1)</script>"));
    }
}

#[test]
fn each_language_names_itself_and_the_other() {
    let html = item(Locale::Zh);
    assert!(html.contains("lang=\"zh-Hans\""));
    assert!(html.contains("rel=\"canonical\" href=\"https://shop.example/zh/items/lantern\""));
    assert!(html.contains("hreflang=\"en\" href=\"https://shop.example/items/lantern\""));
}
