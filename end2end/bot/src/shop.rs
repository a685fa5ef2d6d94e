//! What the shop asks, from its own sources: who writes a bot has them too.

#[path = "../../../server/src/quiz/picture.rs"]
#[cfg_attr(not(test), expect(dead_code, reason = "what the shop does for merchants' own questions"))]
mod picture;
#[path = "../../../server/src/quiz/sum.rs"]
#[cfg_attr(not(test), expect(dead_code, reason = "what the shop asks while its quiz is harder"))]
mod sum;
#[path = "../../../server/src/quiz/telling.rs"]
#[cfg_attr(not(test), expect(dead_code, reason = "what stands around the things"))]
mod telling;
#[cfg(test)]
#[path = "../../../server/src/quiz/wording.rs"]
mod wording;

pub(crate) use picture::draw;
pub(crate) use sum::Sum;
use telling::{CHINESE, ENGLISH};
#[cfg(test)]
pub(crate) use wording::{Language, told};

/// The name of the thing that is for this.
pub(crate) fn thing_for(used: &str) -> Option<&'static str> {
    let mut things = ENGLISH.things.into_iter().chain(CHINESE.things);
    things.find(|thing| thing.uses.contains(&used)).map(|thing| thing.name)
}
