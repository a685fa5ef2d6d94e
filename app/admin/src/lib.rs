//! The merchant's view: items, sales, and what happens to the units, live. It runs in the browser alone and talks to
//! the merchant API that any other client may use.

#![expect(unreachable_pub, reason = "the component macro writes `pub` whatever the component's visibility is")]

mod app;
mod browser;
mod confirm;
mod desk;
mod fields;
mod http;
mod moment;
mod money;
mod pages;
mod plan_b;
mod poll;
mod sale_form;
mod sale_page;
mod server_clock;
mod words;

/// Puts the merchant's view into the page, in place of what was shown while it was on its way.
pub fn mount() {
    let parent = browser::app_element();
    parent.set_inner_html("");
    leptos::mount::mount_to(parent, app::App).forget();
}
