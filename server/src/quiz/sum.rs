//! The sums that are asked. With the picture and the wording this is all that a bot's author needs of these sources;
//! `end2end/bot` takes these files as they are, so they use nothing of the shop beside each other.

/// A sum that a person does in the head and that has one answer, of so many that guessing one seldom helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) a: u64,
    pub(crate) b: u64,
    /// Of a harder one.
    pub(crate) c: Option<u64>,
    pub(crate) is_plus: bool,
}

impl Sum {
    pub(crate) fn of(random: u64) -> Self {
        Self { a: 12 + random % 77, b: 3 + (random >> 16) % 7, c: None, is_plus: random >> 63 == 0 }
    }

    /// With one number more.
    pub(crate) fn harder_of(random: u64) -> Self {
        let c = Some(3 + (random >> 24) % 7);
        Self { a: 21 + random % 68, b: 3 + (random >> 16) % 7, c, is_plus: random >> 63 == 0 }
    }

    /// As the picture shows it. Never with a minus: a stroke across it would hide it, or look like one.
    pub(crate) fn prompt(self) -> String {
        let Self { a, b, c, is_plus } = self;
        let more = c.map(|c| format!(" + {c}")).unwrap_or_default();
        if is_plus { format!("{a} + {b}{more} = ?") } else { format!("? + {b}{more} = {a}") }
    }

    pub(crate) fn answer(self) -> u64 {
        let rest = self.b + self.c.unwrap_or(0);
        if self.is_plus { self.a + rest } else { self.a - rest }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn sums(count: u64, of: fn(u64) -> Sum) -> impl Iterator<Item = Sum> {
        (0..count).map(move |seed| of(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    #[test]
    fn no_answer_is_right_often() {
        for of in [Sum::of, Sum::harder_of] {
            let mut counts: HashMap<u64, usize> = HashMap::new();
            for sum in sums(20_000, of) {
                *counts.entry(sum.answer()).or_default() += 1;
            }
            assert!(counts.values().all(|&count| count < 20_000 / 50), "{counts:?}");
        }
    }

    #[test]
    fn the_answer_takes_the_place_of_the_question_mark() {
        for sum in sums(2_000, Sum::of).chain(sums(2_000, Sum::harder_of)) {
            let whole = sum.prompt().replace('?', &sum.answer().to_string());
            let (sum, total) = whole.split_once(" = ").unwrap();
            let parts: u64 = sum.split(" + ").map(|part| part.parse::<u64>().unwrap()).sum();
            assert_eq!(parts, total.parse::<u64>().unwrap(), "{whole}");
        }
    }
}
