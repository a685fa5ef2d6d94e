//! `/sign-in`.

use leptos::prelude::*;
use ui::{Assets, Head, Locale};

use super::document;
use crate::islands::SignInForm;

/// `next` is where the shopper goes on afterwards: a path of this shop, checked by the caller.
#[component]
pub fn SignInDocument(locale: Locale, assets: Assets, next: String) -> impl IntoView {
    let head = Head {
        title: locale.sign_in().to_owned(),
        description: locale.shop_tagline().to_owned(),
        path: "/sign-in".to_owned(),
        ..Head::default()
    };
    document(locale, &assets, head, || {
        view! {
                <main id="content" class="narrow" data-next=next>
                    <noscript>
                        <p class="no-script">{locale.needs_script_short()}</p>
                    </noscript>
                    <SignInForm />
                </main>
        }
    })
}
