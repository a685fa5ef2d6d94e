//! What every shopper's page shares: the two languages, their texts, money and times, the document around a page.

#![allow(unreachable_pub, reason = "Leptos' component macro writes items that are more public than their modules")]

#[cfg(feature = "ssr")]
mod document;
mod locale;
mod money;
mod texts;
mod time;

#[cfg(feature = "ssr")]
pub use document::{Alternate, Assets, Document, DrawAssets, Head};
pub use locale::Locale;
pub use money::{decimal_amount, format_money};
pub use time::{format_utc, iso_utc};
