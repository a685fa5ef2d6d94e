//! The document around every shopper's page. The same input gives the same bytes.

use leptos::prelude::*;
use serde::Deserialize;

use crate::Locale;

/// The `shop` section of the site's `manifest.json`: where this build's files are served.
#[derive(Clone, Debug, Deserialize)]
pub struct Assets {
    /// The source that the bundle was built from (see `shop::BUILD_ID`).
    pub build_id: String,
    pub css_url: String,
    pub boot_url: String,
    pub js_url: String,
    pub wasm_url: String,
    pub font_url: String,
    /// What a browser holds each file against before it uses it (Subresource Integrity): `sha384-…`.
    pub css_integrity: String,
    pub boot_integrity: String,
    pub js_integrity: String,
    pub wasm_integrity: String,
    pub draw: DrawAssets,
}

/// The check of a draw: a bundle of its own, fetched when somebody asks for it.
#[derive(Clone, Debug, Deserialize)]
pub struct DrawAssets {
    pub js_url: String,
    pub wasm_url: String,
    pub js_integrity: String,
    pub wasm_integrity: String,
}

/// The same page elsewhere: full addresses where the shop's origin is known, paths otherwise.
#[derive(Clone, Debug)]
pub struct Alternate {
    pub origin: String,
    /// Without the language's prefix.
    pub path: String,
}

/// What differs from page to page in the head.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pub title: String,
    pub description: String,
    /// Absent on pages that are one shopper's own; those are kept out of search engines too.
    pub alternate: Option<Alternate>,
    /// schema.org data.
    pub ld_json: Option<String>,
    /// The picture that the page is about, fetched early.
    pub picture_url: Option<String>,
    /// The path that the language link leads to, without the prefix.
    pub path: String,
}

/// The whole document: head, banner, `children`, footer, and the boot module that brings the islands to life.
///
/// `children` bring their own `<main id="content">`. `account` is the island in the banner.
#[component]
pub fn Document(
    locale: Locale,
    assets: Assets,
    /// The id of the source that this page is rendered from.
    build_id: &'static str,
    head: Head,
    account: AnyView,
    children: Children,
) -> impl IntoView {
    let title = [head.title.as_str(), " · ", locale.shop_name()].concat();
    let other = locale.other();
    let private = head.alternate.is_none();
    // A script element is raw text: no `<` may end it early.
    let ld_json = head.ld_json.map(|json| json.replace('<', "\\u003c"));
    view! {
        <!DOCTYPE html>
        <html lang=locale.tag() data-build-id=build_id>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <title>{title}</title>
                <meta name="description" content=head.description />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f1e8d6" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#100e0b" />
                {private.then(|| view! { <meta name="robots" content="noindex" /> })}
                {head.alternate.map(|alternate| alternates(locale, &alternate))}
                <link rel="preload" href=assets.font_url r#as="font" r#type="font/woff2" crossorigin="" />
                {head.picture_url.map(|url| view! { <link rel="preload" href=url r#as="image" fetchpriority="high" /> })}
                <link rel="stylesheet" href=assets.css_url integrity=assets.css_integrity />
                <link rel="icon" href="/favicon.svg" r#type="image/svg+xml" />
                // The bundle stands here as a script and not as a preload: every browser then holds it against its
                // digest, and the import in the boot module finds it in the page's module map, checked.
                <script r#type="module" r#async src=assets.js_url.clone() integrity=assets.js_integrity></script>
                <link
                    rel="preload"
                    href=assets.wasm_url.clone()
                    r#as="fetch"
                    r#type="application/wasm"
                    crossorigin=""
                    integrity=assets.wasm_integrity.clone()
                />
                <script
                    id="boot"
                    r#type="module"
                    src=assets.boot_url
                    integrity=assets.boot_integrity
                    data-js=assets.js_url
                    data-wasm=assets.wasm_url
                    data-wasm-integrity=assets.wasm_integrity
                ></script>
                {ld_json.map(|json| view! { <script r#type="application/ld+json" inner_html=json></script> })}
            </head>
            <body>
                <a class="skip" href="#content">{locale.skip_to_content()}</a>
                // Kept out of sight by the style sheet until the boot module fails or does not come. Where it is the
                // style sheet that is missing, it is seen at once.
                <p class="stalled" role="alert">{locale.page_stalled()}</p>
                <header class="banner">
                    <a class="wordmark" href=locale.path("/")>{locale.shop_name()}</a>
                    <nav class="banner-links">
                        <a class="quiet" href=other.path(&head.path) hreflang=other.tag() lang=other.tag()>
                            {locale.in_other_language()}
                        </a>
                        {account}
                    </nav>
                </header>
                {children()}
                <footer class="footer">
                    <p>{locale.footer_fair()}</p>
                </footer>
            </body>
        </html>
    }
}

fn alternates(locale: Locale, alternate: &Alternate) -> impl IntoView + use<> {
    let address = |locale: Locale| [alternate.origin.as_str(), &locale.path(&alternate.path)].concat();
    view! {
        <link rel="canonical" href=address(locale) />
        {Locale::ALL.map(|each| view! { <link rel="alternate" hreflang=each.tag() href=address(each) /> })}
        <link rel="alternate" hreflang="x-default" href=address(Locale::En) />
    }
}
