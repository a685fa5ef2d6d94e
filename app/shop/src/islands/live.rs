//! Closures for views, each kind in a box of one type. The view macro makes code for every type of closure that it
//! meets; this way it meets three instead of a hundred, which is a fifth of the bundle.

use leptos::ev::MouseEvent;

pub(super) type Text = Box<dyn FnMut() -> String + Send>;
pub(super) type Flag = Box<dyn FnMut() -> bool + Send>;
pub(super) type Act = Box<dyn FnMut(MouseEvent)>;

/// What an element or attribute says.
pub(super) fn text(text: impl FnMut() -> String + Send + 'static) -> Text {
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
