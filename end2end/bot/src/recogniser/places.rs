//! Where the signs of a drawn sum stand, roughly. The first number that the shop's dice give sets where its line begins,
//! and the dice are in the sources; turns, shears and bends move a sign by some pixels, not by its width.

use ab_glyph::{Font, FontRef, ScaleFont};

use super::Dice;
use crate::picture::FONT;

// As in server/src/quiz/picture.rs.
const WIDTH: f32 = 480.0;
const MARGIN: f32 = 20.0;
const SIZE: f32 = 34.0;
const SPACING: f32 = 2.5;

/// Each sign that is no space, the middle of its place in pixels, and its width.
pub(super) fn places(prompt: &str, seed: u64) -> Vec<(char, f32, f32)> {
    let font = FontRef::try_from_slice(FONT).expect("a font").into_scaled(SIZE);
    let width_of = |sign: char| font.h_advance(font.glyph_id(sign)) + SPACING;
    let slack = WIDTH - MARGIN * 2.0 - prompt.chars().map(width_of).sum::<f32>();
    let die = (Dice(seed).next() >> 40) as f32 / (1 << 24) as f32 * 2.0 - 1.0;
    let mut left = MARGIN + slack / 2.0 + die * slack / 4.0;
    let mut places = Vec::new();
    for sign in prompt.chars() {
        let width = width_of(sign);
        if sign != ' ' {
            places.push((sign, left + (width - SPACING) / 2.0, width));
        }
        left += width;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Picture;
    use crate::shop::draw;

    #[test]
    fn there_is_ink_where_the_signs_stand_and_little_on_either_side_of_the_sum() {
        let (mut between, mut beside) = (0.0, 0.0);
        for seed in 0..10_u64 {
            let picture = Picture::decoded(&draw("88 + 8 = ?", seed)).unwrap();
            let ink = |x: f32| (30..62).map(|y| f64::from(244 - picture.grey(x as usize, y).min(244))).sum::<f64>();
            let places = places("88 + 8 = ?", seed);
            between += places.iter().filter(|place| place.0 == '8').map(|place| ink(place.1)).sum::<f64>() / 3.0;
            beside += (ink(places[0].1 - 24.0) + ink(places[5].1 + 24.0)) / 2.0;
        }
        assert!(between > beside * 1.5, "{between} {beside}");
    }
}
