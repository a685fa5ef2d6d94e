//! The sale's island: price, countdown, Buy, quiz, line, and the way to pay.

mod countdown;
mod line;
mod model;
mod order;
mod quiz;
mod view;

#[cfg(feature = "ssr")]
pub(crate) use view::SaleDock;
