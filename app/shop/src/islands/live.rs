//! Closures for views, each kind in a box of one type. The view macro makes code for every type of closure that it
//! meets; this way it meets four instead of a hundred, which is a fifth of the bundle.
//!
//! For the same reason events are listened for as they are captured (`on:click:capture`): otherwise Leptos brings what
//! it would need to delegate them.

use leptos::ev::MouseEvent;

pub(super) type Text = Box<dyn FnMut() -> String + Send>;
pub(super) type Maybe = Box<dyn FnMut() -> Option<String> + Send>;
pub(super) type Flag = Box<dyn FnMut() -> bool + Send>;
pub(super) type Act = Box<dyn FnMut(MouseEvent)>;

/// What an element or attribute says.
pub(super) fn text(text: impl FnMut() -> String + Send + 'static) -> Text {
    Box::new(text)
}

/// What an attribute says, where it is there at all.
pub(super) fn maybe(text: impl FnMut() -> Option<String> + Send + 'static) -> Maybe {
    Box::new(text)
}

/// Whether something is hidden, disabled, or of a class.
pub(super) fn flag(flag: impl FnMut() -> bool + Send + 'static) -> Flag {
    Box::new(flag)
}

/// What a press does.
pub(super) fn act(mut act: impl FnMut() + 'static) -> Act {
    Box::new(move |_| act())
}
