//! A sum told as a small story, for who hears the question instead of seeing it. It says first what to count, so that a
//! person listens for that and lets the rest go by. There are three things, each with a number, in any order; then some of
//! one come and some of another go, in either order. The one asked for is one of the two. Numbers are in words or in digits.
//! A harder sum's third number comes or goes in one sentence more.
//!
//! A script that takes numbers by their places has three to choose from and then two, and finds words for more and for
//! less in every story; no two of the three or of the two numbers are the same, so that a wrong one is never right.

use super::sum::Sum;
use super::telling::{CHINESE, CHINESE_DIGITS, ENGLISH, ENGLISH_NUMBERS, ENGLISH_TENS};

/// The languages that questions are told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

impl Language {
    /// By a tag such as `zh-Hans`; English where it is neither.
    pub(crate) fn of_tag(tag: &str) -> Self {
        if tag.get(..2).is_some_and(|language| language.eq_ignore_ascii_case("zh")) {
            Self::Chinese
        } else {
            Self::English
        }
    }
}

/// What there is of the others, and what comes or goes of one of them: as large as the numbers of the sum.
const AT_FIRST: std::ops::Range<u64> = 12..89;
const MOVED: std::ops::Range<u64> = 3..10;

/// Takes one choice after another from a random number.
struct Choices(u64);

impl Choices {
    fn among(&mut self, count: usize) -> usize {
        let chosen = self.0 % count as u64;
        self.0 /= count as u64;
        chosen as usize
    }

    fn of(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.among(texts.len())]
    }

    fn is_so(&mut self) -> bool {
        self.among(2) == 0
    }

    /// One of the range that is none of these.
    fn unlike(&mut self, range: std::ops::Range<u64>, others: &[u64]) -> u64 {
        let left: Vec<u64> = range.filter(|value| !others.contains(value)).collect();
        left[self.among(left.len())]
    }

    /// One of the patterns with these in it, in any order.
    fn told_of(&mut self, patterns: &[&'static str], mut told: Vec<String>) -> String {
        let mut text = self.of(patterns).to_owned();
        for place in ["{0}", "{1}", "{2}"].into_iter().take(told.len()) {
            text = text.replace(place, &told.swap_remove(self.among(told.len())));
        }
        text
    }
}

/// The sum in words; another random number tells it otherwise.
pub(crate) fn told(sum: Sum, language: Language, random: u64) -> String {
    let mut choices = Choices(random);
    let telling = match language {
        Language::English => &ENGLISH,
        Language::Chinese => &CHINESE,
    };
    let mut things = telling.things.to_vec();
    let [asked, moved, idle] = std::array::from_fn(|_| things.swap_remove(choices.among(things.len())));
    let of_moved = choices.unlike(AT_FIRST, &[sum.a]);
    let of_idle = choices.unlike(AT_FIRST, &[sum.a, of_moved]);
    let terms: Vec<u64> = [Some(sum.b), sum.c].into_iter().flatten().collect();
    let others: Vec<u64> = terms.iter().map(|_| choices.unlike(MOVED, &terms)).collect();
    let mut counted = |value: u64, thing: &str| {
        let number = if choices.is_so() { value.to_string() } else { words(value, language) };
        telling.counted.replace("{p}", &number).replace("{t}", thing)
    };
    let at_first = vec![counted(sum.a, asked), counted(of_moved, moved), counted(of_idle, idle)];
    let beside = others.into_iter().zip([moved, idle]);
    let moves = terms.iter().zip(beside).map(|(&term, (other, thing))| [counted(term, asked), counted(other, thing)]);
    let moves: Vec<[String; 2]> = moves.collect();
    let mut happens =
        |is_plus, what: &str| choices.of(if is_plus { &telling.more } else { &telling.less }).replace("{e}", what);
    // One way and the other, so that a word for either says nothing by itself.
    let both_ways = |[own, other]: &[String; 2]| vec![happens(sum.is_plus, own), happens(!sum.is_plus, other)];
    let events: Vec<Vec<String>> = moves.iter().map(both_ways).collect();
    let mut parts =
        vec![choices.of(&telling.questions).replace("{t}", asked), choices.told_of(&telling.beginnings, at_first)];
    parts.extend(events.into_iter().map(|events| choices.told_of(&telling.events, events)));
    parts.join(telling.between) + telling.ending
}

/// A number below a hundred as it is counted with.
fn words(value: u64, language: Language) -> String {
    let (tens, ones) = (value as usize / 10, value as usize % 10);
    match (language, tens) {
        (_, 10..) => value.to_string(),
        (Language::English, 0 | 1) => ENGLISH_NUMBERS[value as usize].to_owned(),
        (Language::English, _) if ones == 0 => ENGLISH_TENS[tens - 2].to_owned(),
        (Language::English, _) => format!("{}-{}", ENGLISH_TENS[tens - 2], ENGLISH_NUMBERS[ones]),
        (Language::Chinese, 0) if ones == 2 => "两".to_owned(),
        (Language::Chinese, 0) => CHINESE_DIGITS[ones].to_string(),
        (Language::Chinese, _) => {
            let ten = if tens == 1 { String::new() } else { CHINESE_DIGITS[tens].to_string() };
            let one = if ones == 0 { String::new() } else { CHINESE_DIGITS[ones].to_string() };
            format!("{ten}十{one}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::telling::Telling;
    use super::*;

    const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

    fn stories(language: Language) -> Vec<String> {
        let sum = |is_plus| Sum { a: 17, b: 8, c: None, is_plus };
        (1..2_000).map(|number: u64| told(sum(number.is_multiple_of(2)), language, number.wrapping_mul(SEED))).collect()
    }

    fn telling(language: Language) -> &'static Telling {
        if language == Language::English { &ENGLISH } else { &CHINESE }
    }

    /// The things of a story in their order, the one asked for first.
    fn things_of(story: &str, language: Language) -> Vec<&'static str> {
        let found =
            telling(language).things.iter().flat_map(|thing| story.match_indices(thing).map(move |at| (at.0, *thing)));
        let mut found: Vec<_> = found.collect();
        found.sort_unstable();
        found.into_iter().map(|(_, thing)| thing).collect()
    }

    #[test]
    fn every_story_asks_first_and_has_both_numbers_of_that_thing_two_of_another_and_one_of_a_third() {
        for (language, a, b) in [
            (Language::English, ["17 ", "seventeen "], ["8 ", "eight "]),
            (Language::Chinese, ["17个", "十七个"], ["8个", "八个"]),
        ] {
            for story in stories(language) {
                assert!(!story.contains(['{', '}']), "{story}");
                assert!(story.ends_with("digits.") || story.ends_with("回答。"), "{story}");
                let things = things_of(&story, language);
                let times = |thing| things.iter().filter(|&&other| other == thing).count();
                let mut all: Vec<usize> = things[1..4].iter().map(|thing| times(*thing)).collect();
                assert_eq!((things.len(), times(things[0])), (6, 3), "{story}");
                all.sort_unstable();
                assert_eq!(all, [1, 2, 3], "{story}");
                for forms in [a, b] {
                    let of_it = forms.iter().filter(|form| story.contains(&format!("{form}{}", things[0])));
                    assert_eq!(of_it.count(), 1, "{story}");
                }
            }
        }
    }

    #[test]
    fn a_harder_story_has_all_three_numbers_of_the_thing_that_it_asks_for_and_two_of_each_other() {
        for (language, forms) in [
            (Language::English, [["17 ", "seventeen "], ["8 ", "eight "], ["5 ", "five "]]),
            (Language::Chinese, [["17个", "十七个"], ["8个", "八个"], ["5个", "五个"]]),
        ] {
            for number in 1..1_000_u64 {
                let sum = Sum { a: 17, b: 8, c: Some(5), is_plus: number.is_multiple_of(2) };
                let story = told(sum, language, number.wrapping_mul(SEED));
                let things = things_of(&story, language);
                let times = |thing| things.iter().filter(|&&other| other == thing).count();
                assert_eq!((things.len(), times(things[0])), (8, 4), "{story}");
                assert!(things[1..].iter().all(|thing| *thing == things[0] || times(thing) == 2), "{story}");
                for forms in forms {
                    let of_it = forms.iter().filter(|form| story.contains(&format!("{form}{}", things[0])));
                    assert_eq!(of_it.count(), 1, "{story}");
                }
            }
        }
    }

    #[test]
    fn no_place_tells_which_numbers_count_neither_of_what_is_added_nor_of_what_is_taken_away() {
        for language in [Language::English, Language::Chinese] {
            // By whether some are added, the place among what is there, and that among what happens.
            let mut counts = [[[0_u32; 2]; 3]; 2];
            for (number, story) in stories(language).iter().enumerate() {
                let things = things_of(story, language);
                let place = |among: &[&str]| among.iter().position(|thing| *thing == things[0]).unwrap();
                counts[number % 2][place(&things[1..4])][place(&things[4..6])] += 1;
            }
            // A twelfth of 2,000 is 167.
            let each = counts.iter().flatten().flatten();
            assert!(each.clone().all(|count| (125..210).contains(count)), "{counts:?}");
        }
    }

    #[test]
    fn every_story_tells_of_more_and_of_less() {
        for language in [Language::English, Language::Chinese] {
            for story in stories(language) {
                let tells = |verbs: &[&str]| verbs.iter().any(|verb| story.contains(verb.replace("{e}", "").trim()));
                let Telling { more, less, .. } = telling(language);
                // `another … are found` has its number within.
                assert!(tells(more) || story.contains("are found"), "{story}");
                assert!(tells(less), "{story}");
            }
        }
    }

    #[test]
    fn a_number_that_does_not_count_is_never_the_one_that_does() {
        for story in stories(Language::English) {
            let times = |forms: [&str; 2]| forms.map(|form| story.matches(form).count()).iter().sum::<usize>();
            assert_eq!((times([" 17 ", "seventeen "]), times([" 8 ", " eight "])), (1, 1), "{story}");
        }
    }

    #[test]
    fn one_sum_is_told_in_many_ways() {
        for language in [Language::English, Language::Chinese] {
            let different: std::collections::HashSet<String> = stories(language).into_iter().collect();
            assert!(different.len() > 1_000, "{}", different.len());
        }
    }

    #[test]
    fn a_tag_names_its_language() {
        for (tag, language) in [
            ("zh-Hans", Language::Chinese),
            ("ZH", Language::Chinese),
            ("en", Language::English),
            ("", Language::English),
            ("中文", Language::English),
        ] {
            assert_eq!(Language::of_tag(tag), language, "{tag}");
        }
    }

    #[test]
    fn numbers_are_said_as_people_say_them() {
        let said = |value| (words(value, Language::English), words(value, Language::Chinese));
        for (value, english, chinese) in [
            (2, "two", "两"),
            (10, "ten", "十"),
            (12, "twelve", "十二"),
            (20, "twenty", "二十"),
            (47, "forty-seven", "四十七"),
            (99, "ninety-nine", "九十九"),
        ] {
            assert_eq!(said(value), (english.to_owned(), chinese.to_owned()));
        }
    }
}
