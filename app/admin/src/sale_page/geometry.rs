//! The plot's numbers: which samples are kept, where they lie, and what the axes say.

/// Samples kept for the plot. When they are more, the older half loses every other one.
const MAX_SAMPLES: usize = 1_200;

/// The least span that the plot shows: its first minute fills up from the left.
const LEAST_SPAN_MS: i64 = 60_000;

/// Units of one sale at one moment by the server's clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) at_ms: i64,
    pub(crate) sold: i64,
    pub(crate) held: i64,
    pub(crate) free: i64,
}

impl Sample {
    fn same_units(self, other: Sample) -> bool {
        (self.sold, self.held, self.free) == (other.sold, other.held, other.free)
    }

    /// The tops of the three bands, from the ground up.
    fn tops(self) -> [i64; 3] {
        [self.sold, self.sold + self.held, self.sold + self.held + self.free]
    }
}

/// Adds the newest sample. A stretch of equal samples is kept as its two ends: a step plot needs no more.
pub(crate) fn keep(samples: &mut Vec<Sample>, newest: Sample) {
    if samples.last().is_some_and(|last| newest.at_ms <= last.at_ms) {
        return;
    }
    if let [.., before, last] = samples.as_mut_slice()
        && before.same_units(newest)
        && last.same_units(newest)
    {
        last.at_ms = newest.at_ms;
        return;
    }
    samples.push(newest);
    if samples.len() > MAX_SAMPLES {
        let half = samples.len() / 2;
        let mut index = 0;
        samples.retain(|_| {
            index += 1;
            index > half || index % 2 == 1
        });
    }
}

/// The plot's inner box, in pixels from its top left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
    pub(crate) most_units: i64,
}

impl Frame {
    /// The frame that holds these samples; none while there are none.
    pub(crate) fn around(samples: &[Sample], width: f64, height: f64) -> Option<Self> {
        let (first, last) = (samples.first()?, samples.last()?);
        let most_units = samples.iter().map(|sample| sample.tops()[2]).max()?.max(1);
        Some(Self {
            width,
            height,
            from_ms: first.at_ms,
            to_ms: last.at_ms.max(first.at_ms + LEAST_SPAN_MS),
            most_units,
        })
    }

    pub(crate) fn x(&self, at_ms: i64) -> f64 {
        (at_ms - self.from_ms) as f64 / (self.to_ms - self.from_ms) as f64 * self.width
    }

    pub(crate) fn y(&self, units: i64) -> f64 {
        self.height - units as f64 / self.most_units as f64 * self.height
    }

    /// Three SVG paths, sold, held and free, stacked from the ground up. A value holds until the next sample.
    pub(crate) fn bands(&self, samples: &[Sample]) -> [String; 3] {
        [0, 1, 2].map(|band| {
            let floor = |sample: &Sample| if band == 0 { 0 } else { sample.tops()[band - 1] };
            let forth = self.steps(samples, |sample| sample.tops()[band]);
            let mut back = self.steps(samples, floor);
            back.reverse();
            let points = forth.into_iter().chain(back).map(|(x, y)| format!("{x:.1} {y:.1}")).collect::<Vec<_>>();
            if points.is_empty() { String::new() } else { format!("M{}Z", points.join("L")) }
        })
    }

    fn steps(&self, samples: &[Sample], units: impl Fn(&Sample) -> i64) -> Vec<(f64, f64)> {
        let mut points = Vec::with_capacity(samples.len() * 2);
        for (index, sample) in samples.iter().enumerate() {
            let x = self.x(sample.at_ms);
            if index > 0 {
                points.push((x, self.y(units(&samples[index - 1]))));
            }
            points.push((x, self.y(units(sample))));
        }
        points
    }

    /// Whole steps of time between the edges, at most `most` of them.
    pub(crate) fn time_ticks(&self, most: i64) -> Vec<i64> {
        const STEPS_SECONDS: [i64; 12] = [10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400];
        let span_ms = self.to_ms - self.from_ms;
        let step_ms = STEPS_SECONDS
            .into_iter()
            .map(|seconds| seconds * 1_000)
            .find(|step_ms| span_ms / step_ms < most)
            .unwrap_or(span_ms);
        let first_ms = (self.from_ms + step_ms - 1).div_euclid(step_ms) * step_ms;
        (0..).map(|index| first_ms + index * step_ms).take_while(|at_ms| *at_ms <= self.to_ms).collect()
    }

    /// The ground, the middle and the top, each a whole number.
    pub(crate) fn unit_ticks(&self) -> Vec<i64> {
        let mut ticks = vec![0, self.most_units / 2, self.most_units];
        ticks.dedup();
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_ms: i64, sold: i64, held: i64, free: i64) -> Sample {
        Sample { at_ms, sold, held, free }
    }

    #[test]
    fn a_stretch_without_change_is_kept_as_its_ends() {
        let mut samples = Vec::new();
        for second in 0..10 {
            keep(&mut samples, sample(second * 1_000, 0, 0, 20));
        }
        keep(&mut samples, sample(10_000, 0, 5, 15));
        let at: Vec<i64> = samples.iter().map(|sample| sample.at_ms).collect();
        assert_eq!(at, [0, 9_000, 10_000]);
    }

    #[test]
    fn a_sample_that_is_not_newer_is_left_out() {
        let mut samples = vec![sample(5_000, 0, 0, 1)];
        keep(&mut samples, sample(5_000, 1, 0, 0));
        assert_eq!(samples, [sample(5_000, 0, 0, 1)]);
    }

    #[test]
    fn samples_are_bounded_and_the_newest_stays() {
        let mut samples = Vec::new();
        for index in 0..5_000 {
            keep(&mut samples, sample(index, index, 0, 0));
        }
        assert!(samples.len() <= MAX_SAMPLES);
        assert_eq!(samples.last().unwrap().at_ms, 4_999);
        assert!(samples.is_sorted_by_key(|sample| sample.at_ms));
    }

    #[test]
    fn bands_stack_to_the_stock_and_step_at_the_samples() {
        let samples = [sample(0, 0, 0, 4), sample(60_000, 1, 1, 2)];
        let frame = Frame::around(&samples, 100.0, 40.0).unwrap();
        let [sold, held, free] = frame.bands(&samples);
        assert_eq!(sold, "M0.0 40.0L100.0 40.0L100.0 30.0L100.0 40.0L100.0 40.0L0.0 40.0Z");
        assert!(held.starts_with("M0.0 40.0L100.0 40.0L100.0 20.0L100.0 30.0"), "{held}");
        assert!(free.starts_with("M0.0 0.0L100.0 0.0"), "{free}");
    }

    #[test]
    fn ticks_are_few_and_whole() {
        let samples = [sample(3_000, 0, 0, 20), sample(303_000, 0, 0, 20)];
        let frame = Frame::around(&samples, 100.0, 40.0).unwrap();
        assert_eq!(frame.time_ticks(4), [120_000, 240_000]);
        assert_eq!(frame.unit_ticks(), [0, 10, 20]);
    }
}
