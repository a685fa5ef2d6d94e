//! What a person sees in place of a page.

use api::Code;
use leptos::prelude::*;
use ui::{Assets, Head, Locale};

use super::document;

/// `code` is a code of the wire; a known one is told in the page's language, any other by `detail`.
#[component]
pub fn ProblemDocument(locale: Locale, assets: Assets, status: u16, code: String, detail: String) -> impl IntoView {
    let (title, otherwise) = if status == 404 {
        (locale.not_found_title(), locale.not_found_detail())
    } else {
        (locale.error_title(), locale.error_detail())
    };
    let known = Code::ALL.iter().copied().find(|known| known.as_str() == code && *known != Code::NotFound);
    let sentence = match known.and_then(|known| locale.problem(known)) {
        Some(sentence) => sentence.to_owned(),
        None if detail.is_empty() || status >= 500 || status == 404 => otherwise.to_owned(),
        None => detail,
    };
    let head = Head { title: title.to_owned(), path: "/".to_owned(), ..Head::default() };
    document(locale, &assets, head, || {
        view! {
                <main id="content" class="narrow problem">
                    <p class="problem-status">{status.to_string()}</p>
                    <h1>{title}</h1>
                    <p>{sentence}</p>
                    <p class="back"><a href=locale.path("/")>{locale.back_to_all()}</a></p>
                </main>
        }
    })
}
