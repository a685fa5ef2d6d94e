//! Layers of the network, each with its way back for the gradients.

use super::matrix::{add_product, transposed};

/// So many channels of so many rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) channels: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Shape {
    pub(super) fn places(self) -> usize {
        self.rows * self.columns
    }
}

/// What is learnt, by Adam (Kingma, Ba 2015).
pub(super) struct Learnt {
    pub(super) values: Vec<f32>,
    pub(super) gradients: Vec<f32>,
    means: Vec<f32>,
    squares: Vec<f32>,
}

impl Learnt {
    fn from(values: Vec<f32>) -> Self {
        let zeros = vec![0.0; values.len()];
        Self { values, gradients: zeros.clone(), means: zeros.clone(), squares: zeros }
    }

    /// One step down the gradients of so many examples, which are forgotten then. Steps count from 1.
    pub(super) fn step(&mut self, number: i32, rate: f32, examples: usize) {
        const KEPT_OF_MEANS: f32 = 0.9;
        const KEPT_OF_SQUARES: f32 = 0.999;
        let (means_share, squares_share) = (1.0 - KEPT_OF_MEANS.powi(number), 1.0 - KEPT_OF_SQUARES.powi(number));
        for (place, gradient) in self.gradients.iter_mut().enumerate() {
            let slope = std::mem::take(gradient) / examples as f32;
            let (mean, square) = (&mut self.means[place], &mut self.squares[place]);
            *mean += (slope - *mean) * (1.0 - KEPT_OF_MEANS);
            *square += (slope * slope - *square) * (1.0 - KEPT_OF_SQUARES);
            self.values[place] -= rate * (*mean / means_share) / ((*square / squares_share).sqrt() + 1e-8);
        }
    }
}

/// A convolution that keeps the columns, and the rows unless the window is as high as the picture.
pub(super) struct Convolution {
    from: Shape,
    pub(super) to: Shape,
    /// Rows and columns of the window.
    window: [usize; 2],
    pub(super) weights: Learnt,
    pub(super) biases: Learnt,
    /// What each window saw last: a row for each of its cells, a column for each place.
    seen: Vec<f32>,
}

impl Convolution {
    pub(super) fn new(from: Shape, channels: usize, window: [usize; 2], mut random: impl FnMut() -> f32) -> Self {
        let rows = if window[0] == from.rows { 1 } else { from.rows };
        let cells = from.channels * window[0] * window[1];
        // He and others, 2015; `random` is even between −1 and 1, whose variance is a third.
        let reach = (6.0 / cells as f32).sqrt();
        Self {
            from,
            to: Shape { channels, rows, columns: from.columns },
            window,
            weights: Learnt::from((0..channels * cells).map(|_| random() * reach).collect()),
            biases: Learnt::from(vec![0.0; channels]),
            seen: Vec::new(),
        }
    }

    fn cells(&self) -> usize {
        self.from.channels * self.window[0] * self.window[1]
    }

    pub(super) fn forward(&mut self, input: &[f32]) -> Vec<f32> {
        self.see(input);
        let places = self.to.places();
        let mut output: Vec<f32> =
            self.biases.values.iter().flat_map(|&bias| std::iter::repeat_n(bias, places)).collect();
        let sizes = [self.to.channels, self.cells(), places];
        add_product(&mut output, &self.weights.values, &self.seen, sizes);
        output
    }

    /// From the gradients of what came out to those of what went in; adds to those of what is learnt.
    pub(super) fn backward(&mut self, slopes: &[f32]) -> Vec<f32> {
        let (channels, cells, places) = (self.to.channels, self.cells(), self.to.places());
        for (bias, slopes) in self.biases.gradients.iter_mut().zip(slopes.chunks_exact(places)) {
            *bias += slopes.iter().sum::<f32>();
        }
        let seen = transposed(&self.seen, cells, places);
        add_product(&mut self.weights.gradients, slopes, &seen, [channels, places, cells]);
        let weights = transposed(&self.weights.values, channels, cells);
        let mut seen_slopes = vec![0.0; cells * places];
        add_product(&mut seen_slopes, &weights, slopes, [cells, channels, places]);
        let mut input_slopes = vec![0.0; self.from.channels * self.from.places()];
        self.each_run(|run, input, length| {
            for (slope, seen) in input_slopes[input..][..length].iter_mut().zip(&seen_slopes[run..]) {
                *slope += seen;
            }
        });
        input_slopes
    }

    fn see(&mut self, input: &[f32]) {
        let mut seen = std::mem::take(&mut self.seen);
        seen.clear();
        seen.resize(self.cells() * self.to.places(), 0.0);
        self.each_run(|run, from, length| seen[run..][..length].copy_from_slice(&input[from..][..length]));
        self.seen = seen;
    }

    /// Each stretch of a row that a cell of the window sees: where it is in `seen`, where in the input, and its length.
    fn each_run(&self, mut take: impl FnMut(usize, usize, usize)) {
        let [window_rows, window_columns] = self.window;
        let above = if self.to.rows == 1 { 0 } else { window_rows / 2 };
        let columns = self.from.columns;
        for cell in 0..self.cells() {
            let (channel, down, right) =
                (cell / (window_rows * window_columns), cell / window_columns % window_rows, cell % window_columns);
            let (skipped, shift) =
                ((window_columns / 2).saturating_sub(right), right.saturating_sub(window_columns / 2));
            for row in 0..self.to.rows {
                let Some(from_row) = (row + down).checked_sub(above).filter(|&row| row < self.from.rows) else {
                    continue;
                };
                let run = (cell * self.to.rows + row) * columns + skipped;
                let input = (channel * self.from.rows + from_row) * columns + shift;
                take(run, input, columns - skipped - shift);
            }
        }
    }
}

/// The largest of each small field, and nothing below zero.
pub(super) struct Pool {
    from: Shape,
    pub(super) to: Shape,
    field: [usize; 2],
    /// Where each of the largest stood last, if it was above zero.
    largest: Vec<Option<usize>>,
}

impl Pool {
    pub(super) fn new(from: Shape, field: [usize; 2]) -> Self {
        let to = Shape { channels: from.channels, rows: from.rows / field[0], columns: from.columns / field[1] };
        Self { from, to, field, largest: Vec::new() }
    }

    pub(super) fn forward(&mut self, input: &[f32]) -> Vec<f32> {
        let Self { from, to, field: [field_rows, field_columns], largest } = self;
        largest.clear();
        let mut output = Vec::with_capacity(to.channels * to.places());
        for place in 0..to.channels * to.places() {
            let (channel, row, column) = (place / to.places(), place / to.columns % to.rows, place % to.columns);
            let (mut best, mut highest) = (None, 0.0);
            for down in 0..*field_rows {
                let start = (channel * from.rows + row * *field_rows + down) * from.columns + column * *field_columns;
                for (right, &value) in input[start..][..*field_columns].iter().enumerate() {
                    if value > highest {
                        (best, highest) = (Some(start + right), value);
                    }
                }
            }
            largest.push(best);
            output.push(highest);
        }
        output
    }

    pub(super) fn backward(&self, slopes: &[f32]) -> Vec<f32> {
        let mut input_slopes = vec![0.0; self.from.channels * self.from.places()];
        for (largest, slope) in self.largest.iter().zip(slopes) {
            if let Some(place) = largest {
                input_slopes[*place] += slope;
            }
        }
        input_slopes
    }
}
