//! A recogniser for who has read the sources: it draws pictures with the shop's own code, learns to read them, and knows
//! every sum that can be asked. All of it is here, and takes minutes on one core: that is what an attacker pays once.

mod alignment;
mod layers;
mod matrix;
mod network;
mod places;

use self::alignment::{Guess, likelihood, slopes};
use self::layers::Shape;
use self::network::Network;
use self::places::places;
use crate::picture::Picture;
use crate::shop::{Sum, draw};

const SIGNS: [char; 13] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '=', '?'];
/// Where a sum stands, whatever the dice say; each two pixels by two are one to the network.
const LEFT: usize = 56;
const TOP: usize = 14;
const SEEN: Shape = Shape { channels: 1, rows: 30, columns: 184 };
/// Of the picture, to a column of guesses.
const PIXELS_A_COLUMN: usize = 4;
/// Pictures that are learnt from before each step.
const BATCH: usize = 8;
/// How far the first steps go; they become shorter, down to none.
const RATE: f32 = 2e-3;
/// One picture in so many is learnt by the places of its signs, at the beginning: from nothing, the network takes very long
/// to find out by itself that there are signs.
const SHARE_BY_PLACES: usize = 5;

pub(crate) struct Recogniser {
    network: Network,
    /// Every sum that there is, and its signs.
    sums: Vec<(Sum, Vec<usize>)>,
}

/// Draws so many pictures and learns from each once; the same seed gives the same recogniser.
pub(crate) fn trained(pictures: usize, seed: u64) -> Recogniser {
    let mut dice = Dice(seed);
    let network = Network::new(SEEN, SIGNS.len(), || dice.next() as i64 as f32 / i64::MAX as f32);
    let mut recogniser = Recogniser { network, sums: all_sums() };
    let steps = pictures.div_ceil(BATCH);
    for step in 0..steps {
        for _ in 0..BATCH {
            recogniser.learn(Sum::of(dice.next()), dice.next(), step < steps / SHARE_BY_PLACES);
        }
        let rate = RATE * (1.0 - step as f32 / steps as f32);
        recogniser.network.learnt().for_each(|learnt| learnt.step(step as i32 + 1, rate, BATCH));
    }
    recogniser
}

impl Recogniser {
    fn learn(&mut self, sum: Sum, seed: u64, by_places: bool) {
        let prompt = sum.prompt();
        let Some(picture) = Picture::decoded(&draw(&prompt, seed)) else { return };
        let guesses = self.network.guesses(&seen(&picture));
        let slopes = if by_places {
            Some(slopes_by_places(&guesses, &places(&prompt, seed)))
        } else {
            slopes(&guesses, &signs(&prompt))
        };
        if let Some(slopes) = slopes {
            self.network.learn(&slopes);
        }
    }

    /// The sum that the picture is most likely of.
    pub(crate) fn read(&mut self, picture: &Picture) -> Option<Sum> {
        let guesses = self.network.guesses(&seen(picture));
        let scored = self.sums.iter().map(|(sum, signs)| (sum, likelihood(&guesses, signs)));
        scored.max_by(|one, other| one.1.total_cmp(&other.1)).map(|(sum, _)| *sum)
    }

    /// How many of so many new pictures it reads right.
    pub(crate) fn right_of(&mut self, pictures: usize, seed: u64) -> usize {
        let mut dice = Dice(seed);
        let mut is_right = || {
            let sum = Sum::of(dice.next());
            Picture::decoded(&draw(&sum.prompt(), dice.next())).and_then(|picture| self.read(&picture)) == Some(sum)
        };
        (0..pictures).filter(|_| is_right()).count()
    }
}

/// As `slopes`, where each column shall tell of the sign that stands there.
fn slopes_by_places(guesses: &[Guess], places: &[(char, f32, f32)]) -> Vec<Guess> {
    let mut slopes = guesses.to_vec();
    for (column, slopes) in slopes.iter_mut().enumerate() {
        let middle = (LEFT + column * PIXELS_A_COLUMN + PIXELS_A_COLUMN / 2) as f32;
        let there = places.iter().find(|(_, place, width)| (middle - place).abs() < width * 0.3);
        let sign = there.and_then(|(there, ..)| SIGNS.iter().position(|sign| sign == there));
        slopes[sign.unwrap_or(SIGNS.len())] -= 1.0;
    }
    slopes
}

fn all_sums() -> Vec<(Sum, Vec<usize>)> {
    let sums = [true, false]
        .into_iter()
        .flat_map(|is_plus| (12..89).flat_map(move |a| (3..10).map(move |b| Sum { a, b, c: None, is_plus })));
    sums.map(|sum| (sum, signs(&sum.prompt()))).collect()
}

fn signs(prompt: &str) -> Vec<usize> {
    prompt.chars().filter_map(|character| SIGNS.iter().position(|&sign| sign == character)).collect()
}

/// The middle of the picture at half its size, from 0 where there is paper to 1 where there is ink.
fn seen(picture: &Picture) -> Vec<f32> {
    let ink = |x: usize, y: usize| 1.0 - f32::from(picture.grey(x, y)) / 244.0;
    let place = |place: usize| {
        let (x, y) = (LEFT + place % SEEN.columns * 2, TOP + place / SEEN.columns * 2);
        (ink(x, y) + ink(x + 1, y) + ink(x, y + 1) + ink(x + 1, y + 1)) / 4.0
    };
    (0..SEEN.places()).map(place).collect()
}

/// SplitMix64 (Steele, Lea, Flood 2014), as in the shop.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sum_that_the_shop_asks_is_known() {
        let known = all_sums();
        let mut dice = Dice(1);
        for _ in 0..200 {
            let sum = Sum::of(dice.next());
            assert!(known.iter().any(|(other, _)| *other == sum), "{sum:?}");
        }
    }

    #[test]
    fn signs_stand_where_the_network_looks() {
        let right = LEFT + SEEN.columns * 2;
        let mut dice = Dice(1);
        for _ in 0..200 {
            let places = places(&Sum::of(dice.next()).prompt(), dice.next());
            assert_eq!(places.iter().filter(|place| place.0.is_ascii_digit()).count(), places.len() - 3);
            assert!(places.iter().all(|(_, place, width)| place - width > LEFT as f32 && place + width < right as f32));
        }
    }

    #[test]
    fn what_is_learnt_makes_the_right_text_likelier() {
        let mut recogniser = trained(0, 1);
        let sum = Sum { a: 47, b: 8, c: None, is_plus: true };
        let picture = seen(&Picture::decoded(&draw(&sum.prompt(), 5)).unwrap());
        let likely =
            |recogniser: &mut Recogniser| likelihood(&recogniser.network.guesses(&picture), &signs(&sum.prompt()));
        let before = likely(&mut recogniser);
        for by_places in [true, false] {
            recogniser.learn(sum, 5, by_places);
            recogniser.network.learnt().for_each(|learnt| learnt.step(1, 1e-3, 1));
        }
        assert!(likely(&mut recogniser) > before * 10.0);
    }
}
