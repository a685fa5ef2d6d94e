//! How likely columns of guesses spell a text, wherever its signs stand: connectionist temporal classification (Graves and
//! others, 2006). Nobody needs to say where in a training picture a sign is.

/// Guesses at one column: a share for each sign, and one for none.
pub(super) type Guess = Vec<f64>;

/// The share of all ways to fill the columns that spell this text. The last share of a guess is that of no sign.
pub(super) fn likelihood(guesses: &[Guess], text: &[usize]) -> f64 {
    let Some(none) = guesses.first().map(|guess| guess.len() - 1) else { return 0.0 };
    let stations = stations(text, none);
    let mut reached = vec![0.0; stations.len()];
    for (column, guess) in guesses.iter().enumerate() {
        advance(&mut reached, &stations, guess, column == 0);
    }
    reached.iter().rev().take(2).sum()
}

/// The gradient of −ln(likelihood) by what the guesses were before they became shares (softmax), or nothing where the
/// text is so unlikely that it cannot be told from impossible.
pub(super) fn slopes(guesses: &[Guess], text: &[usize]) -> Option<Vec<Guess>> {
    let none = guesses.first()?.len() - 1;
    let stations = stations(text, none);
    let ways = |guesses: &mut dyn Iterator<Item = &Guess>, stations: &[usize]| -> Vec<Vec<f64>> {
        let mut reached = vec![0.0; stations.len()];
        let mut all = Vec::new();
        for (column, guess) in guesses.enumerate() {
            advance(&mut reached, stations, guess, column == 0);
            all.push(reached.clone());
        }
        all
    };
    let here = ways(&mut guesses.iter(), &stations);
    let backwards: Vec<usize> = stations.iter().rev().copied().collect();
    let mut onwards = ways(&mut guesses.iter().rev(), &backwards);
    onwards.reverse();
    let whole: f64 = here.last()?.iter().rev().take(2).sum();
    if whole < f64::MIN_POSITIVE {
        return None;
    }
    let column_slopes = |((guess, here), onwards): ((&Guess, &Vec<f64>), &Vec<f64>)| {
        let mut slopes = guess.clone();
        for ((&sign, here), onwards) in stations.iter().zip(here).zip(onwards.iter().rev()) {
            // Both have this column's share in them.
            slopes[sign] -= here * onwards / guess[sign] / whole;
        }
        slopes
    };
    Some(guesses.iter().zip(&here).zip(&onwards).map(column_slopes).collect())
}

/// No sign before, between and after the signs.
fn stations(text: &[usize], none: usize) -> Vec<usize> {
    std::iter::once(none).chain(text.iter().flat_map(|&sign| [sign, none])).collect()
}

/// From what could be reached at one column to what can be at the next.
fn advance(reached: &mut [f64], stations: &[usize], guess: &Guess, is_first: bool) {
    for station in (0..stations.len()).rev() {
        let mut ways = if is_first { f64::from(u8::from(station < 2)) } else { reached[station] };
        if !is_first && station >= 1 {
            ways += reached[station - 1];
        }
        // Past a pause, unless it parts two signs that are the same.
        if !is_first && station >= 2 && station % 2 == 1 && stations[station] != stations[station - 2] {
            ways += reached[station - 2];
        }
        reached[station] = ways * guess[stations[station]];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: usize = 2;

    fn guesses() -> Vec<Guess> {
        vec![vec![0.5, 0.2, 0.3], vec![0.1, 0.6, 0.3], vec![0.25, 0.35, 0.4]]
    }

    #[test]
    fn all_ways_to_spell_a_text_are_counted() {
        let guesses = guesses();
        for text in [vec![], vec![0], vec![1], vec![0, 1], vec![0, 0], vec![1, 0, 1]] {
            let mut sum = 0.0;
            for way in 0..27 {
                let signs = [way / 9, way / 3 % 3, way % 3];
                let mut spelt: Vec<usize> = signs.to_vec();
                spelt.dedup();
                spelt.retain(|&sign| sign != NONE);
                if spelt == text {
                    sum += signs.iter().zip(&guesses).map(|(&sign, guess)| guess[sign]).product::<f64>();
                }
            }
            assert!((likelihood(&guesses, &text) - sum).abs() < 1e-12, "{text:?}");
        }
    }

    #[test]
    fn the_slopes_are_those_of_the_likelihood() {
        let before: Vec<Guess> = guesses().iter().map(|guess| guess.iter().map(|share| share.ln()).collect()).collect();
        let shares = |logits: &[Guess]| -> Vec<Guess> {
            let sum = |logits: &Guess| logits.iter().map(|logit| logit.exp()).sum::<f64>();
            logits.iter().map(|logits| logits.iter().map(|logit| logit.exp() / sum(logits)).collect()).collect()
        };
        let loss = |logits: &[Guess], text: &[usize]| -likelihood(&shares(logits), text).ln();
        for text in [vec![0], vec![0, 1], vec![1, 1]] {
            let slopes = slopes(&guesses(), &text).unwrap();
            for (column, sign) in (0..9).map(|place| (place / 3, place % 3)) {
                let (mut more, mut less) = (before.clone(), before.clone());
                more[column][sign] += 1e-5;
                less[column][sign] -= 1e-5;
                let slope = (loss(&more, &text) - loss(&less, &text)) / 2e-5;
                assert!((slopes[column][sign] - slope).abs() < 1e-6, "{text:?}, {column}, {sign}");
            }
        }
    }

    #[test]
    fn what_cannot_be_spelt_has_no_slopes() {
        assert!(slopes(&guesses(), &[0, 0, 1]).is_none());
    }
}
