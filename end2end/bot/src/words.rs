//! The bots of the words route: one that fits numbers to a pattern, and one whose author has read the shop's sources.

/// Numbers as people say them, with what they are worth. The longer ones come first.
const NUMBERS: [(&str, i64); 27] = [
    ("seventeen", 17),
    ("thirteen", 13),
    ("fourteen", 14),
    ("eighteen", 18),
    ("nineteen", 19),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventy", 70),
    ("eleven", 11),
    ("twelve", 12),
    ("twenty", 20),
    ("thirty", 30),
    ("eighty", 80),
    ("ninety", 90),
    ("fifty", 50),
    ("forty", 40),
    ("sixty", 60),
    ("three", 3),
    ("seven", 7),
    ("eight", 8),
    ("four", 4),
    ("five", 5),
    ("nine", 9),
    ("one", 1),
    ("two", 2),
    ("six", 6),
    ("ten", 10),
];

const CHINESE_DIGITS: &str = "零一二三四五六七八九";

/// A Chinese number below a hundred at the start of a text, and what follows it.
fn chinese(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|character| !"一二三四五六七八九十两".contains(character)).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let digit = |part: &str| match part {
        "两" => Some(2),
        one => CHINESE_DIGITS.chars().position(|digit| one.starts_with(digit)).map(|value| value as i64),
    };
    let value = match number.split_once('十') {
        Some((tens, ones)) => digit(tens).unwrap_or(1) * 10 + digit(ones).unwrap_or(0),
        None => digit(number)?,
    };
    (!number.is_empty()).then_some((value, rest))
}

/// Words that say that something is taken away.
const LESS: [&str; 14] = [
    "left",
    "remain",
    "whole",
    "keep",
    "more {t} fit",
    " fit",
    "minus",
    "−",
    "还剩",
    "还有",
    "好的",
    "还能",
    "剩",
    "减",
];

/// Phrases of the shop's stories around the number that does not count; `#` stands for it.
const UNCONCERNED: [&str; 23] = [
    "at # o'clock",
    "is # years old",
    "stall #",
    "costs # yuan",
    "page # of",
    "is # miles",
    "in # minutes",
    "for # yuan",
    "box #",
    "# people look",
    "# lamps",
    "#点钟",
    "今年#岁",
    "第#号摊位",
    "每个#元",
    "清单第#页",
    "路长#里",
    "#分钟里",
    "第#号箱",
    "#个人看着",
    "挂着#盏灯",
    "year #",
    "第#年",
];

/// The numbers of a text in their order, and the text with each as `#`.
fn read(text: &str) -> (Vec<i64>, String) {
    // Numbers that count nothing.
    let plain = [("一共", "共"), ("这一页", "这页"), ("两辆车", "车"), ("两车", "车"), ("two carts", "carts")];
    let text = plain.iter().fold(text.to_lowercase(), |text, (number, none)| text.replace(number, none));
    let (mut numbers, mut marked) = (Vec::new(), String::new());
    let mut rest = text.as_str();
    'text: while let Some(first) = rest.chars().next() {
        let digits = rest.len() - rest.trim_start_matches(|character: char| character.is_ascii_digit()).len();
        if digits > 0 {
            numbers.push(rest[..digits].parse().unwrap_or(i64::MAX));
            marked.push('#');
            rest = &rest[digits..];
            continue;
        }
        if let Some((value, after)) = chinese(rest) {
            numbers.push(value);
            marked.push('#');
            rest = after;
            continue;
        }
        let in_a_word = marked.ends_with(|character: char| character.is_ascii_lowercase());
        for (word, value) in NUMBERS {
            if let Some(after) = rest.strip_prefix(word) {
                let goes_on = after.starts_with(|character: char| character.is_ascii_lowercase());
                if !goes_on && !in_a_word {
                    match numbers.last_mut() {
                        // The one of forty-one.
                        Some(tens) if marked.ends_with("#-") => {
                            *tens += value;
                            marked.pop();
                        }
                        _ => {
                            numbers.push(value);
                            marked.push('#');
                        }
                    }
                    rest = after;
                    continue 'text;
                }
            }
        }
        marked.push(first);
        rest = &rest[first.len_utf8()..];
    }
    (numbers, marked)
}

fn calculated(numbers: &[i64], marked: &str) -> Option<i64> {
    let [first, second, ..] = *numbers else { return None };
    let less = LESS.iter().any(|word| marked.contains(word));
    Some(if less { (first - second).abs() } else { first + second })
}

/// Takes the first two numbers.
pub(crate) fn naive(question: &str) -> Option<i64> {
    let (numbers, marked) = read(question);
    calculated(&numbers, &marked)
}

/// Strikes out the number that does not count, as the stories' author would.
pub(crate) fn informed(question: &str) -> Option<i64> {
    let (mut numbers, marked) = read(question);
    if numbers.len() > 2 {
        let places: Vec<usize> = marked.match_indices('#').map(|(place, _)| place).collect();
        let unconcerned = UNCONCERNED.iter().find_map(|phrase| {
            let start = marked.find(phrase)?;
            places.iter().position(|&place| place == start + phrase.find('#').unwrap_or(0))
        });
        numbers.remove(unconcerned?);
    }
    calculated(&numbers, &marked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_digits_and_in_words_of_both_languages() {
        assert_eq!(read("Seventeen fans, 8 often, eight").0, [17, 8, 8]);
        assert_eq!(read("十七个灯笼和两个").0, [17, 2]);
        assert_eq!(read("Forty-seven fans and 四十七个, 二十个, thirty").0, [47, 47, 20, 30]);
        assert_eq!(naive("17 − 8 = ?"), Some(9));
    }

    #[test]
    fn who_knows_the_stories_knows_which_number_does_not_count() {
        let story = "Mei is nine years old and has 12 fans. She gives three away. How many fans does she keep?";
        assert_eq!((naive(story), informed(story)), (Some(3), Some(9)));
        let story = "第五号箱里十二个纸扇中有三个坏了。好的有多少个？请用数字回答。";
        assert_eq!(informed(story), Some(9));
    }
}
