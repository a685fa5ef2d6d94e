//! A sum told as a small story, for who hears the question instead of seeing it. Many wordings, numbers as words or in
//! digits, and a number that has nothing to do with it: a script that fits two numbers to one pattern is often wrong.

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

/// `{a}` and `{b}` stand for the two numbers, `{n}` for one that does not count, `{t}` for a thing.
const ENGLISH_PLUS: [&str; 6] = [
    "{a} {t} hang on a line. At {n} o'clock, {b} more are hung up. How many {t} hang there now?",
    "Mei is {n} years old and has {a} {t}. Her brother gives her {b}. How many {t} does she have?",
    "Stall {n} sells {a} {t} before noon and {b} after it. How many {t} has it sold?",
    "{b} {t} are red and {a} are gold; each costs {n} yuan. How many {t} are there?",
    "On page {n} of a list there are {a} {t}, and {b} below them. How many {t} are on the page?",
    "Add up what two carts carry: {a} {t} and {b} {t}. The road is {n} miles long. How many {t}?",
];
const ENGLISH_MINUS: [&str; 6] = [
    "{a} {t} hang on a line. The wind takes {b} of them in {n} minutes. How many {t} are left?",
    "Of {a} {t}, {b} are sold, each for {n} yuan. How many {t} are left?",
    "{b} of the {a} {t} in box {n} are broken. How many {t} are whole?",
    "Mei is {n} years old and has {a} {t}. She gives {b} away. How many {t} does she keep?",
    "{n} people look on while {b} {t} are carried off. There were {a} {t} before. How many remain?",
    "A shelf holds {a} {t} at most. {b} stand on it, and {n} lamps hang above. How many more {t} fit?",
];
const CHINESE_PLUS: [&str; 6] = [
    "绳上挂着{a}个{t}，{n}点钟又挂上{b}个。现在共有多少个{t}？",
    "小梅今年{n}岁，有{a}个{t}，哥哥又给她{b}个。她一共有多少个{t}？",
    "第{n}号摊位上午卖出{a}个{t}，下午卖出{b}个。一共卖出多少个{t}？",
    "红色的{t}有{b}个，金色的有{a}个，每个{n}元。一共有多少个{t}？",
    "清单第{n}页上面有{a}个{t}，下面有{b}个。这一页共有多少个{t}？",
    "两辆车分别装着{a}个和{b}个{t}，路长{n}里。两车共装多少个{t}？",
];
const CHINESE_MINUS: [&str; 6] = [
    "绳上挂着{a}个{t}，{n}分钟里被风吹走{b}个。还剩多少个{t}？",
    "{a}个{t}卖掉了{b}个，每个{n}元。还剩多少个{t}？",
    "第{n}号箱里{a}个{t}中有{b}个坏了。好的有多少个？",
    "小梅今年{n}岁，有{a}个{t}，送出{b}个。她还有多少个{t}？",
    "{n}个人看着{b}个{t}被搬走，原来有{a}个{t}。还剩多少个？",
    "架子最多放{a}个{t}，已放了{b}个，上面挂着{n}盏灯。还能放多少个{t}？",
];
const ENGLISH_THINGS: [&str; 6] = ["lanterns", "kettles", "tickets", "fans", "mooncakes", "teacups"];
const CHINESE_THINGS: [&str; 6] = ["灯笼", "茶壶", "纸扇", "月饼", "茶杯", "风筝"];
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

/// The number that does not count; from three, because the Chinese two has two forms.
const UNCONCERNED: std::ops::Range<u64> = 3..12;

/// The sum in words; another random number tells it otherwise.
pub(crate) fn told(sum: Sum, language: Language, random: u64) -> String {
    let mut rest = random;
    let mut pick = |among: usize| {
        let picked = rest % among as u64;
        rest /= among as u64;
        picked as usize
    };
    let (patterns, things) = match (language, sum.is_plus) {
        (Language::English, true) => (&ENGLISH_PLUS, &ENGLISH_THINGS),
        (Language::English, false) => (&ENGLISH_MINUS, &ENGLISH_THINGS),
        (Language::Chinese, true) => (&CHINESE_PLUS, &CHINESE_THINGS),
        (Language::Chinese, false) => (&CHINESE_MINUS, &CHINESE_THINGS),
    };
    let pattern = patterns[pick(patterns.len())].replace("{t}", things[pick(things.len())]);
    let unconcerned = UNCONCERNED.start + pick(UNCONCERNED.count()) as u64;
    let mut in_words = |value: u64| if pick(2) == 0 { value.to_string() } else { words(value, language) };
    let story = pattern
        .replace("{a}", &in_words(sum.a))
        .replace("{b}", &in_words(sum.b))
        .replace("{n}", &in_words(unconcerned));
    let mut letters = story.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let how = match language {
        Language::English => " Answer in digits.",
        Language::Chinese => "请用数字回答。",
    };
    [first.as_str(), letters.as_str(), how].concat()
}

/// A number below a hundred as people say it.
fn words(value: u64, language: Language) -> String {
    let (tens, ones) = (value as usize / 10, value as usize % 10);
    match (language, tens) {
        (_, 10..) => value.to_string(),
        (Language::English, 0 | 1) => ENGLISH_NUMBERS[value as usize].to_owned(),
        (Language::English, _) if ones == 0 => ENGLISH_TENS[tens - 2].to_owned(),
        (Language::English, _) => format!("{}-{}", ENGLISH_TENS[tens - 2], ENGLISH_NUMBERS[ones]),
        // As it is counted with.
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
    fn every_story_has_both_numbers_and_one_that_does_not_count() {
        for (language, a, b) in
            [(Language::English, ["17", "seventeen"], ["8", "eight"]), (Language::Chinese, ["17", "十七"], ["8", "八"])]
        {
            for story in stories(language) {
                let lower = story.to_lowercase();
                assert!(a.iter().any(|form| lower.contains(form)), "{story}");
                assert!(b.iter().any(|form| lower.contains(form)), "{story}");
                assert!(!story.contains(['{', '}']), "{story}");
                assert!(story.ends_with("digits.") || story.ends_with("回答。"), "{story}");
            }
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
