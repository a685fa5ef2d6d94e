//! A sum told as a small story, for who hears the question instead of seeing it. There are two things in it, each with
//! a number at first and one that comes or goes, in any order, in words or in digits; it asks for one of the two. A
//! script that takes two of the four numbers by their places is mostly wrong.

use super::pool::Sum;

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

/// How a language tells of two things: `{0}` and `{1}` stand for what is there, or what happens, in either order.
struct Telling {
    /// `{p}` is a number and `{t}` its thing.
    counted: &'static str,
    beginnings: [&'static str; 4],
    more: [&'static str; 4],
    less: [&'static str; 4],
    events: [&'static str; 2],
    questions: [&'static str; 3],
    between: &'static str,
    ending: &'static str,
    things: [&'static str; 8],
}

const ENGLISH: Telling = Telling {
    counted: "{p} {t}",
    beginnings: [
        "On a shelf are {0} and {1}.",
        "A stall has {0} and {1}.",
        "A boat carries {0}, and {1} besides.",
        "In the yard lie {0} next to {1}.",
    ],
    more: ["{e} are brought in", "{e} are added", "{e} come back", "another {e} are found"],
    less: ["{e} are sold", "{e} are taken away", "{e} get lost", "{e} are given to a friend"],
    events: ["Then {0}, and {1}.", "Later {0}; {1} as well."],
    questions: [
        "How many {t} are there now?",
        "How many {t} does that make in the end?",
        "Now count only the {t}: how many?",
    ],
    between: " ",
    ending: " Answer in digits.",
    things: ["lanterns", "kettles", "tickets", "fans", "mooncakes", "teacups", "kites", "drums"],
};
const CHINESE: Telling = Telling {
    counted: "{p}个{t}",
    beginnings: ["架子上有{0}和{1}。", "摊位上摆着{0}，还有{1}。", "船上装着{0}和{1}。", "院子里放着{0}，旁边是{1}。"],
    more: ["运来{e}", "添上{e}", "找回{e}", "送到{e}"],
    less: ["卖掉{e}", "搬走{e}", "丢了{e}", "送给朋友{e}"],
    events: ["后来{0}，{1}。", "接着{0}，又{1}。"],
    questions: ["现在有多少个{t}？", "最后{t}有多少个？", "只数{t}，现在是多少个？"],
    between: "",
    ending: "请用数字回答。",
    things: ["灯笼", "茶壶", "纸扇", "月饼", "茶杯", "风筝", "铃鼓", "香囊"],
};
const ENGLISH_NUMBERS: [&str; 20] = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const ENGLISH_TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const CHINESE_DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

/// What there is of the other thing, and what comes or goes of it; from three, because the Chinese two has two forms.
const OTHERS_AT_FIRST: std::ops::Range<u64> = 12..89;
const OTHERS_MOVED: std::ops::Range<u64> = 3..10;

/// Takes one choice after another from a random number.
struct Choices(u64);

impl Choices {
    fn among(&mut self, count: usize) -> usize {
        let chosen = self.0 % count as u64;
        self.0 /= count as u64;
        chosen as usize
    }

    fn within(&mut self, range: std::ops::Range<u64>) -> u64 {
        range.start + self.among((range.end - range.start) as usize) as u64
    }

    fn of(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.among(texts.len())]
    }

    fn is_so(&mut self) -> bool {
        self.among(2) == 0
    }

    /// `{0}` and `{1}` of one of the patterns, in either order.
    fn told_of(&mut self, patterns: &[&'static str], [one, other]: [&str; 2]) -> String {
        let (first, second) = if self.is_so() { (one, other) } else { (other, one) };
        self.of(patterns).replace("{0}", first).replace("{1}", second)
    }
}

/// The sum in words; another random number tells it otherwise.
pub(crate) fn told(sum: Sum, language: Language, random: u64) -> String {
    let mut choices = Choices(random);
    let telling = match language {
        Language::English => &ENGLISH,
        Language::Chinese => &CHINESE,
    };
    let asked = choices.among(telling.things.len());
    let other = (asked + 1 + choices.among(telling.things.len() - 1)) % telling.things.len();
    let [asked, other] = [telling.things[asked], telling.things[other]];
    let (at_first, moved) = (choices.within(OTHERS_AT_FIRST), choices.within(OTHERS_MOVED));
    let other_is_plus = choices.is_so();
    let mut counted = |value: u64, thing: &str| {
        let number = if choices.is_so() { value.to_string() } else { words(value, language) };
        telling.counted.replace("{p}", &number).replace("{t}", thing)
    };
    let things = [counted(sum.a, asked), counted(at_first, other)];
    let moves = [counted(sum.b, asked), counted(moved, other)];
    let mut happens =
        |is_plus, what| choices.of(if is_plus { &telling.more } else { &telling.less }).replace("{e}", what);
    let events = [happens(sum.is_plus, &moves[0]), happens(other_is_plus, &moves[1])];
    let parts = [
        choices.told_of(&telling.beginnings, [&things[0], &things[1]]),
        choices.told_of(&telling.events, [&events[0], &events[1]]),
        choices.of(&telling.questions).replace("{t}", asked),
    ];
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
    use super::*;

    const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

    fn stories(language: Language) -> Vec<String> {
        let sum = |is_plus| Sum { a: 17, b: 8, is_plus };
        (1..2_000).map(|number: u64| told(sum(number.is_multiple_of(2)), language, number.wrapping_mul(SEED))).collect()
    }

    #[test]
    fn every_story_has_both_numbers_of_the_thing_that_it_asks_for_and_two_of_another() {
        for (language, a, b, things) in [
            (Language::English, ["17", "Seventeen"], ["8 ", "eight "], ENGLISH.things),
            (Language::Chinese, ["17", "十七"], ["8", "八"], CHINESE.things),
        ] {
            for story in stories(language) {
                assert!(!story.contains(['{', '}']), "{story}");
                assert!(story.ends_with("digits.") || story.ends_with("回答。"), "{story}");
                let named = things.iter().filter(|thing| story.contains(*thing));
                let times: Vec<usize> = named.map(|thing| story.matches(thing).count()).collect();
                // The one is asked for besides.
                assert!(times == [2, 3] || times == [3, 2], "{story}");
                assert!(a.iter().any(|form| story.contains(&form.to_lowercase())), "{story}");
                assert!(b.iter().any(|form| story.contains(form)), "{story}");
            }
        }
    }

    #[test]
    fn no_place_tells_which_numbers_count() {
        let mut at_each_place = [0_u32; 2];
        for story in stories(Language::English) {
            let (thing, _) = story.rsplit_once("How many ").map_or_else(
                || story.rsplit_once("only the ").unwrap().1.split_once(':').unwrap(),
                |(_, rest)| rest.split_once(' ').unwrap(),
            );
            let (beginning, _) = story.split_once('.').unwrap();
            let names_it_first = beginning.find(thing).unwrap() < beginning.len() * 3 / 5;
            at_each_place[usize::from(names_it_first)] += 1;
        }
        assert!(at_each_place.iter().all(|&count| count > 700), "{at_each_place:?}");
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
