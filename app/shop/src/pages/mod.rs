//! The documents that the server sends. Catalogue and item page are the same bytes for everybody: no user, no clock
//! and no randomness goes into them.

mod catalogue;
mod check_draw;
mod item;
mod order;
mod problem;
mod sign_in;
mod waiting;

pub use catalogue::catalogue_html;
pub use item::item_html;
pub use order::{OrderDocument, OrdersDocument, PayDocument};
pub use problem::ProblemDocument;
pub use sign_in::SignInDocument;
pub use waiting::waiting_html;

use check_draw::check_draw;
use leptos::prelude::*;
use ui::{Assets, Document, Head, Locale};

use crate::{BUILD_ID, islands::AccountLinks};

/// The document of one language, with the account's island in its banner, around `main`.
fn document<V>(locale: Locale, assets: &Assets, head: Head, main: impl FnOnce() -> V) -> AnyView
where
    V: IntoView + 'static,
{
    provide_context(locale);
    let main = main().into_any();
    view! {
        <Document
            locale=locale
            assets=assets.clone()
            build_id=BUILD_ID
            head=head
            account=view! { <AccountLinks /> }.into_any()
        >
            {main}
        </Document>
    }
    .into_any()
}

/// Renders a document at once, under an owner of its own, without the inline scripts of streaming.
#[must_use]
pub fn document_html<V: IntoView>(page: impl FnOnce() -> V) -> String {
    Owner::new().with(|| page().to_html())
}
