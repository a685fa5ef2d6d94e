//! Who sits at the desk, and the clock on its wall: what every view shares.

use api::MerchantMe;
use leptos::prelude::*;

use crate::{
    http::{self, Failure},
    server_clock::ServerClock,
};

/// What is known of the person at the desk.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Who {
    Asking,
    Nobody,
    Merchant(MerchantMe),
    /// The question itself failed.
    Unknown(Failure),
}

#[derive(Clone, Copy)]
pub(crate) struct Desk {
    who: RwSignal<Who>,
    /// Whether a page has been shown already.
    has_opened: StoredValue<bool>,
    pub(crate) clock: ServerClock,
}

impl Desk {
    /// Sets the desk up for every view below.
    pub(crate) fn provide() -> Self {
        let desk =
            Self { who: RwSignal::new(Who::Asking), has_opened: StoredValue::new(false), clock: ServerClock::start() };
        provide_context(desk);
        desk
    }

    pub(crate) fn here() -> Self {
        expect_context()
    }

    pub(crate) fn who(self) -> Who {
        self.who.get()
    }

    /// Asks the server whose session this is.
    pub(crate) async fn ask(self) {
        let who = match http::get::<MerchantMe>("/api/merchant/me").await {
            Ok(merchant) => Who::Merchant(merchant),
            Err(Failure::SignedOut) => Who::Nobody,
            Err(failure) => Who::Unknown(failure),
        };
        self.who.set(who);
    }

    /// Any call may find that the session is over. The views behind the gate close then.
    pub(crate) fn note(self, failure: &Failure) {
        if *failure == Failure::SignedOut {
            self.who.set(Who::Nobody);
        }
    }

    /// Answers whether this is the first page since the view was opened.
    pub(crate) fn is_first_page(self) -> bool {
        let has_opened = self.has_opened.get_value();
        self.has_opened.set_value(true);
        !has_opened
    }

    pub(crate) async fn sign_out(self) -> Result<(), Failure> {
        http::post_bare("/api/merchant/sign-out").await?;
        self.who.set(Who::Nobody);
        Ok(())
    }
}
