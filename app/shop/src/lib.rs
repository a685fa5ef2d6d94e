//! The shopper's pages and islands.
//!
//! With `ssr`, the server renders whole documents from this crate. With `hydrate`, the browser brings the islands in
//! them to life. The islands have no props: they read what they need from the `data-` attributes of `<main>`, so that
//! the bundle carries no JSON parser of its own.

#![allow(unreachable_pub, reason = "Leptos' component macro writes items that are more public than their modules")]

mod browser;
mod facts;
mod islands;
#[cfg(feature = "ssr")]
mod pages;
mod sha256;

#[cfg(feature = "ssr")]
pub use pages::{
    OrderDocument, OrdersDocument, PayDocument, ProblemDocument, SignInDocument, catalogue_html, document_html,
    item_html, waiting_html,
};
pub use ui::Locale;
#[cfg(feature = "ssr")]
pub use ui::{Assets, DrawAssets, iso_utc};

/// Names the source of pages and islands. A server and a bundle with different ones do not fit each other.
pub const BUILD_ID: &str = concat!("shop-", env!("SHOP_SOURCE_HASH"));
