//! What stands in for item pages while the shop wants quiet: a few lines, one small script, no island.

use leptos::prelude::*;
use ui::{Assets, Locale};

/// The waiting page of one language. The same for every item, so that it can be made once; it comes back to life by itself.
#[must_use]
pub fn waiting_html(locale: Locale, assets: &Assets, script_path: &str, script_integrity: &str) -> String {
    let Assets { css_url, css_integrity, font_url, .. } = assets.clone();
    let (script_path, script_integrity) = (script_path.to_owned(), script_integrity.to_owned());
    let title = [locale.pause_title(), " · ", locale.shop_name()].concat();
    let page = move || {
        view! {
            <!DOCTYPE html>
            <html lang=locale.tag()>
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                    <title>{title}</title>
                    <meta name="color-scheme" content="light dark" />
                    <meta name="robots" content="noindex" />
                    <link rel="preload" href=font_url r#as="font" r#type="font/woff2" crossorigin="" />
                    <link rel="stylesheet" href=css_url integrity=css_integrity />
                    <link rel="icon" href="/favicon.svg" r#type="image/svg+xml" />
                    <script r#type="module" src=script_path integrity=script_integrity></script>
                    <noscript>
                        <meta http-equiv="refresh" content="20" />
                    </noscript>
                </head>
                <body class="waiting-body">
                    <header class="banner">
                        <a class="wordmark" href=locale.path("/")>{locale.shop_name()}</a>
                    </header>
                    <main id="content" class="waiting">
                        <p class="waiting-bulbs" aria-hidden="true"></p>
                        <h1>{locale.pause_title()}</h1>
                        <p class="waiting-lead">{locale.pause_lead()}</p>
                        <p>{locale.pause_promise()}</p>
                        <p class="waiting-orders"><a href=locale.path("/orders")>{locale.pause_orders()}</a></p>
                    </main>
                </body>
            </html>
        }
    };
    Owner::new().with(|| page().to_html())
}
