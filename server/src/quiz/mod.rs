//! Questions, drawn ahead as pictures with names that nobody can guess.

mod picture;
mod pool;
mod sum;
mod telling;
mod wording;

pub(crate) use picture::can_be_drawn;
pub(crate) use pool::{Asked, Quizzes, random};
pub(crate) use wording::{Language, told};
