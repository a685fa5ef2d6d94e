//! The sale's island: price, countdown, the choice of a kind, Buy, quiz, line, and the way to pay.

mod countdown;
mod kinds;
mod line;
mod model;
mod order;
mod quiz;
mod turn;
mod view;

#[cfg(feature = "ssr")]
pub(crate) use view::SaleDock;
