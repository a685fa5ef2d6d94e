//! The question in words, for who hears it instead of seeing the picture. It says what three things are for, and then tells of six
//! things by their names, each with a number: the answer is the three numbers, in the order asked for. There is nothing to
//! calculate. A harder one asks for four of the six.
//!
//! A script that takes numbers by their places has 120 answers to choose from, or 360, and one that looks for words of the question
//! in the list finds none (`telling.rs`). No two of the numbers are the same, so that a wrong one is never right.

use super::telling::{CHINESE, CHINESE_DIGITS, ENGLISH, ENGLISH_NUMBERS, ENGLISH_TENS, Thing};

/// Things that are told of.
const THINGS: usize = 6;

/// How many of each there are: nothing from thirteen to nineteen, which by ear is thirty to ninety.
fn counts() -> impl Iterator<Item = u64> {
    (3..=12).chain(20..60)
}

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

/// What is asked, and what is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) question: String,
    pub(crate) answer: String,
}

/// Takes one choice after another from a random number.
struct Choices(u128);

impl Choices {
    fn among(&mut self, count: usize) -> usize {
        let chosen = self.0 % count as u128;
        self.0 /= count as u128;
        chosen as usize
    }

    fn of(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.among(texts.len())]
    }

    /// Some of these, in any order.
    fn some<T: Copy>(&mut self, mut all: Vec<T>, count: usize) -> Vec<T> {
        (0..count).map(|_| all.swap_remove(self.among(all.len()))).collect()
    }
}

/// A question by a random number.
pub(crate) fn told(is_harder: bool, language: Language, random: u128) -> Told {
    let mut choices = Choices(random);
    let telling = match language {
        Language::English => &ENGLISH,
        Language::Chinese => &CHINESE,
    };
    let asked = if is_harder { 4 } else { 3 };
    let things: Vec<Thing> = choices.some(telling.things.to_vec(), THINGS);
    let counts: Vec<u64> = choices.some(counts().collect(), THINGS);
    let numbers_asked = words(asked as u64, language);
    let uses: Vec<&str> = things[..asked].iter().map(|thing| choices.of(&thing.uses)).collect();
    let question = choices.of(&telling.questions).replace("{u}", &uses.join(telling.between_uses));
    let mut list = String::new();
    for (place, index) in choices.some((0..THINGS).collect(), THINGS).into_iter().enumerate() {
        let number = if choices.among(2) == 0 { counts[index].to_string() } else { words(counts[index], language) };
        list += match place {
            0 => "",
            _ if place + 1 == THINGS => telling.before_the_last_thing,
            _ => telling.between_things,
        };
        let thing = things[index];
        list += &telling.counted.replace("{p}", &number).replace("{m}", thing.measure).replace("{t}", thing.name);
    }
    let list = choices.of(&telling.lists).replace("{l}", &list);
    // Lines of their own, for who goes back to one of them.
    let question = [question.replace("{n}", &numbers_asked).as_str(), &list, telling.ending].join("\n");
    let answer = counts[..asked].iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
    Told { question, answer }
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
    use std::collections::HashSet;

    use super::super::telling::Telling;
    use super::*;

    const LANGUAGES: [(Language, &Telling); 2] = [(Language::English, &ENGLISH), (Language::Chinese, &CHINESE)];

    fn random(seed: u64) -> u128 {
        u128::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)
    }

    fn stories(is_harder: bool, language: Language) -> Vec<Told> {
        (1..2_000).map(|seed| told(is_harder, language, random(seed))).collect()
    }

    /// The names in the list of a story, in their order, each with its number.
    fn list_of(story: &Told, telling: &Telling) -> Vec<(Thing, u64)> {
        let language = if telling.counted == ENGLISH.counted { Language::English } else { Language::Chinese };
        let list = story.question.lines().nth(1).unwrap();
        let mut found: Vec<(usize, Thing)> =
            telling.things.into_iter().filter_map(|thing| Some((list.find(thing.name)?, thing))).collect();
        found.sort_by_key(|(at, _)| *at);
        let count = |at: usize, thing: &Thing| {
            let before = list[..at].strip_suffix(thing.measure).unwrap().trim_end();
            let number = before.rsplit([' ', '、', '和', '有', '着', '卖']).next().unwrap();
            counts().find(|count| number == count.to_string() || number == words(*count, language)).unwrap()
        };
        found.into_iter().map(|(at, thing)| (thing, count(at, &thing))).collect()
    }

    /// The things that a story asks for, in their order.
    fn asked_of(story: &Told, telling: &Telling) -> Vec<Thing> {
        let marks = ["there ", "? ", "; ", "？", "、", "：", "各", "数，"];
        let mut spaced = story.question.clone();
        marks.iter().for_each(|mark| spaced = spaced.replace(mark, "|"));
        let whole: Vec<&str> = spaced.split(['|', '?']).collect();
        let thing = |part: &&str| telling.things.into_iter().find(|thing| thing.uses.contains(part));
        whole.iter().filter_map(thing).collect()
    }

    #[test]
    fn the_answer_is_the_numbers_of_the_things_asked_for_in_their_order() {
        for (language, telling) in LANGUAGES {
            for (is_harder, asked) in [(false, 3), (true, 4)] {
                for story in stories(is_harder, language) {
                    let list = list_of(&story, telling);
                    let things = asked_of(&story, telling);
                    assert_eq!((list.len(), things.len()), (THINGS, asked), "{story:?}");
                    let count_of = |thing: &Thing| list.iter().find(|(other, _)| other.name == thing.name).unwrap().1;
                    let counts: Vec<String> = things.iter().map(|thing| count_of(thing).to_string()).collect();
                    assert_eq!(counts.join(" "), story.answer, "{story:?}");
                }
            }
        }
    }

    #[test]
    fn no_two_numbers_of_a_story_are_the_same() {
        for (language, telling) in LANGUAGES {
            for story in stories(false, language) {
                let counts: HashSet<u64> = list_of(&story, telling).into_iter().map(|(_, count)| count).collect();
                assert_eq!(counts.len(), THINGS, "{story:?}");
            }
        }
    }

    #[test]
    fn no_place_in_the_list_tells_what_is_asked_for() {
        for (language, telling) in LANGUAGES {
            let mut counts = [[0_u32; THINGS]; 3];
            for story in stories(false, language) {
                let list = list_of(&story, telling);
                for (asked, number) in counts.iter_mut().zip(story.answer.split(' ')) {
                    asked[list.iter().position(|(_, count)| count.to_string() == number).unwrap()] += 1;
                }
            }
            // A sixth of 2,000 is 333.
            assert!(counts.iter().flatten().all(|count| (270..400).contains(count)), "{counts:?}");
        }
    }

    /// So that a script cannot go by what stands in both.
    #[test]
    fn what_a_thing_is_for_has_no_word_of_any_things_name() {
        let stem = |word: &str| word.chars().take(4).collect::<String>();
        for thing in ENGLISH.things {
            for word in thing.uses.iter().flat_map(|used| used.split(' ')).filter(|word| word.len() > 3) {
                assert!(ENGLISH.things.iter().all(|other| stem(other.name) != stem(word)), "{word}");
            }
        }
        for thing in CHINESE.things {
            for sign in thing.uses.iter().flat_map(|used| used.chars()) {
                let is_in = |other: &Thing| other.name.contains(sign) || other.measure.contains(sign);
                assert!(!CHINESE.things.iter().any(is_in), "{sign} of {}", thing.name);
            }
        }
    }

    #[test]
    fn every_thing_and_every_use_is_there_once_and_says_no_number() {
        for (_, telling) in LANGUAGES {
            let names: HashSet<&str> = telling.things.iter().map(|thing| thing.name).collect();
            let uses: HashSet<&str> = telling.things.iter().flat_map(|thing| thing.uses).collect();
            assert_eq!((names.len(), uses.len()), (24, 48));
            for text in names.into_iter().chain(uses) {
                let says = |number: &&str| text.split(' ').any(|word| word == *number);
                assert!(!text.contains(|sign| CHINESE_DIGITS.contains(&sign) || "十两百千".contains(sign)), "{text}");
                assert!(!ENGLISH_NUMBERS.iter().any(says), "{text}");
            }
        }
    }

    #[test]
    fn hardly_a_story_is_told_twice() {
        for (language, _) in LANGUAGES {
            let different: HashSet<String> = stories(false, language).into_iter().map(|told| told.question).collect();
            assert_eq!(different.len(), 1_999);
        }
    }

    #[test]
    fn a_story_reads_as_a_person_would_say_it() {
        let told = [told(false, Language::English, random(7)), told(true, Language::Chinese, random(8))];
        assert_eq!(
            told[0].question,
            "Listen for three numbers, to give in this order: how many are there to eat; to drink from; to read?\n\
             In the yard lie fifty-six books, 29 stamps, thirty-four combs, nine teacups, 3 mooncakes and 55 mirrors.\n\
             Answer in digits."
        );
        assert_eq!(told[0].answer, "3 9 56");
        assert_eq!(
            told[1].question,
            "摇着叮当响的、用棒敲的、爬高用的、寄信时贴的各有多少？请按这个顺序填写四个数。\n\
             院里放着三十五面大鼓、三十二支毛笔、7把铜壶、五十六个铃铛、十枚邮票和四十七架梯子。\n请用数字回答。"
        );
        assert_eq!(told[1].answer, "56 35 47 10");
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
