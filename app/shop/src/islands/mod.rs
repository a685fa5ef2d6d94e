//! What lives on the otherwise static pages.
//!
//! Each island renders the same tree on the server and in the browser; with `hydrate` it then starts its work.

mod account;
mod board;
mod departures;
mod live;
mod order;
mod others;
mod pay;
mod sale;
mod sign_in;

#[cfg(feature = "ssr")]
pub(crate) use {
    account::{AccountLinks, OwnPage},
    departures::{Departures, state_word},
    order::{OrderActions, OrderFacts},
    others::Others,
    pay::PayActions,
    sale::SaleDock,
    sign_in::SignInForm,
};

use leptos::prelude::use_context;
use ui::Locale;

use crate::browser::page;

/// The page's language: from the context on the server, from `<html lang>` in the browser.
fn locale() -> Locale {
    if cfg!(feature = "hydrate") { page::locale() } else { use_context().unwrap_or_default() }
}
