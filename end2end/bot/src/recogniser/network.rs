//! A small convolutional network that reads a picture from left to right: for each of its columns, a guess at the sign there.

use super::alignment::Guess;
use super::layers::{Convolution, Learnt, Pool, Shape};

pub(super) struct Network {
    stages: [(Convolution, Pool); 4],
    last: Convolution,
}

impl Network {
    /// For pictures of that shape; a guess is among so many signs and none.
    pub(super) fn new(picture: Shape, signs: usize, mut random: impl FnMut() -> f32) -> Self {
        let mut stage = |from: Shape, channels: usize, window: [usize; 2], field: [usize; 2]| {
            let window = if window[0] == 0 { [from.rows, window[1]] } else { window };
            let convolution = Convolution::new(from, channels, window, &mut random);
            let pool = Pool::new(convolution.to, field);
            (convolution, pool)
        };
        let first = stage(picture, 12, [3, 3], [2, 2]);
        let second = stage(first.1.to, 32, [3, 3], [3, 1]);
        let third = stage(second.1.to, 48, [3, 3], [1, 1]);
        // As high as what is left of the rows.
        let fourth = stage(third.1.to, 96, [0, 5], [1, 1]);
        let last = Convolution::new(fourth.1.to, signs + 1, [1, 1], &mut random);
        Self { stages: [first, second, third, fourth], last }
    }

    pub(super) fn guesses(&mut self, picture: &[f32]) -> Vec<Guess> {
        let mut values = picture.to_vec();
        for (convolution, pool) in &mut self.stages {
            values = pool.forward(&convolution.forward(&values));
        }
        let values = self.last.forward(&values);
        let columns = self.last.to.places();
        (0..columns).map(|column| shares(values.iter().skip(column).step_by(columns))).collect()
    }

    /// Adds to the gradients: those of the last picture's guesses before they became shares are given.
    pub(super) fn learn(&mut self, slopes: &[Guess]) {
        let signs = self.last.to.channels;
        let by_sign = (0..signs).flat_map(|sign| slopes.iter().map(move |slopes| slopes[sign] as f32));
        let mut slopes = self.last.backward(&by_sign.collect::<Vec<f32>>());
        for (convolution, pool) in self.stages.iter_mut().rev() {
            slopes = convolution.backward(&pool.backward(&slopes));
        }
    }

    pub(super) fn learnt(&mut self) -> impl Iterator<Item = &mut Learnt> {
        let convolutions = self.stages.iter_mut().map(|(convolution, _)| convolution).chain([&mut self.last]);
        convolutions.flat_map(|convolution| [&mut convolution.weights, &mut convolution.biases])
    }
}

fn shares<'a>(values: impl Iterator<Item = &'a f32> + Clone) -> Guess {
    let highest = values.clone().fold(f32::MIN, |highest, &value| highest.max(value));
    let powers: Vec<f64> = values.map(|&value| f64::from(value - highest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::super::alignment;
    use super::*;

    #[test]
    fn the_gradients_are_those_of_the_likelihood() {
        let shape = Shape { channels: 1, rows: 12, columns: 16 };
        let mut seed = 0.0_f32;
        let mut network = Network::new(shape, 2, || {
            seed += 1.7;
            (seed * seed).sin()
        });
        let picture: Vec<f32> = (0..shape.places()).map(|place| (place as f32 * 0.9).sin()).collect();
        let text = [0, 1, 1];
        let slopes = alignment::slopes(&network.guesses(&picture), &text).unwrap();
        network.learn(&slopes);
        let loss = |network: &mut Network| -alignment::likelihood(&network.guesses(&picture), &text).ln();
        let count = network.learnt().count();
        for which in 0..count {
            let learnt = network.learnt().nth(which).unwrap();
            let place = learnt.values.len() / 2;
            let (value, gradient) = (learnt.values[place], f64::from(learnt.gradients[place]));
            let mut at = |moved: f32| {
                network.learnt().nth(which).unwrap().values[place] = value + moved;
                loss(&mut network)
            };
            let slope = (at(1e-3) - at(-1e-3)) / 2e-3;
            at(0.0);
            assert!((slope - gradient).abs() < 0.02 * (1.0 + slope.abs()), "{which}: {slope} and {gradient}");
        }
    }
}
