//! Static pages: rendered once, kept as bytes in every encoding, swapped whole.

mod page;
mod publisher;
pub(crate) mod waiting;

pub(crate) use page::{Encoding, Heads, Page, Variant};
pub(crate) use publisher::{PublishError, Publisher};
