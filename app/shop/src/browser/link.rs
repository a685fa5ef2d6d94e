//! Whether the shop answers, as every request of the page finds out.

use std::cell::{Cell, OnceCell};

use web_sys::Response;

use super::page;

/// As many requests in a row go wrong before the page says so: one alone is nothing to tell.
const TELLING: u32 = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    Fine,
    /// No answer at all.
    Lost,
    /// Answers that ask everybody for patience.
    Busy,
    /// Answers that ask this visitor for patience.
    Limited,
}

thread_local! {
    static LINK: Cell<(Link, u32)> = const { Cell::new((Link::Fine, 0)) };
    static TELL: OnceCell<Box<dyn Fn(Link)>> = const { OnceCell::new() };
}

/// Hears of every change, from now on.
pub(crate) fn watch(tell: impl Fn(Link) + 'static) {
    TELL.with(|told| drop(told.set(Box::new(tell))));
    page::on_offline(|| {
        // Told at once, and so that the next answer tells that it is over.
        LINK.set((Link::Lost, TELLING));
        tell_of(Link::Lost);
    });
}

fn tell_of(link: Link) {
    TELL.with(|tell| {
        if let Some(tell) = tell.get() {
            tell(link);
        }
    });
}

/// What came of a request.
pub(super) fn note<E>(outcome: &Result<Response, E>) {
    let found = match outcome {
        Err(_) => Link::Lost,
        Ok(response) => match response.status() {
            429 => Link::Limited,
            502..=504 => Link::Busy,
            _ => Link::Fine,
        },
    };
    let (link, times) = LINK.get();
    let times = if found == link { times.saturating_add(1) } else { 1 };
    LINK.set((found, times));
    if times == if found == Link::Fine { 1 } else { TELLING } {
        tell_of(found);
    }
}
