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
const LESS: [&str; 9] = ["sold", "taken away", "lost", "given to", "卖掉", "搬走", "丢了", "送给", "−"];

/// What the shop's stories are about.
const THINGS: [&str; 16] = [
    "lanterns",
    "kettles",
    "tickets",
    "fans",
    "mooncakes",
    "teacups",
    "kites",
    "drums",
    "灯笼",
    "茶壶",
    "纸扇",
    "月饼",
    "茶杯",
    "风筝",
    "铃鼓",
    "香囊",
];

/// The numbers of a text in their order, and the text with each as `#`.
fn read(text: &str) -> (Vec<i64>, String) {
    let text = text.to_lowercase();
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

fn calculated(numbers: &[i64], is_less: bool) -> Option<i64> {
    let [first, second, ..] = *numbers else { return None };
    Some(if is_less { (first - second).abs() } else { first + second })
}

fn tells_of_less(text: &str) -> bool {
    LESS.iter().any(|word| text.contains(word))
}

/// Takes numbers by their place: the first, and the last but one, which is of those that come or go. No other places are
/// better. What is done with them is told by any verb, or by the one beside the second number.
pub(crate) fn naive(question: &str, minds_the_verb: bool) -> Option<i64> {
    let (numbers, marked) = read(question);
    let later = numbers.len().saturating_sub(2).max(1);
    let pair = [*numbers.first()?, *numbers.get(later)?];
    let (last, _) = marked.match_indices('#').nth(later)?;
    calculated(&pair, tells_of_less(if minds_the_verb { clause(&marked, last) } else { &marked }))
}

/// What stands between two marks, around a place.
fn clause(marked: &str, place: usize) -> &str {
    // In English what happens stands after the thing, in Chinese before it.
    let start = marked[..place].rfind([',', ';', '.', '，', '。']).unwrap_or(0);
    let end = marked[place..].find([',', ';', '.', '，', '。']).map_or(marked.len(), |length| place + length);
    &marked[start..end]
}

/// Takes the numbers of the thing that is asked for, and what became of it, as the stories' author would.
pub(crate) fn informed(question: &str) -> Option<i64> {
    let (numbers, marked) = read(question);
    let Some(asked) =
        THINGS.iter().max_by_key(|thing| marked.matches(*thing).count()).filter(|thing| marked.contains(*thing))
    else {
        return naive(question, false);
    };
    let is_before_it = |place: usize| {
        let rest = &marked[place + 1..];
        rest.trim_start_matches([' ', '个']).starts_with(asked)
    };
    let places: Vec<usize> = marked.match_indices('#').map(|(place, _)| place).collect();
    let its: Vec<usize> = (0..places.len()).filter(|&index| is_before_it(places[index])).collect();
    let last = places[*its.last()?];
    let its_numbers: Vec<i64> = its.into_iter().map(|index| numbers[index]).collect();
    calculated(&its_numbers, tells_of_less(clause(&marked, last)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::{Language, Sum, told};

    #[test]
    fn numbers_are_read_in_digits_and_in_words_of_both_languages() {
        assert_eq!(read("Seventeen fans, 8 often, eight").0, [17, 8, 8]);
        assert_eq!(read("十七个灯笼和两个").0, [17, 2]);
        assert_eq!(read("Forty-seven fans and 四十七个, 二十个, thirty").0, [47, 47, 20, 30]);
        assert_eq!(naive("17 − 8 = ?", false), Some(9));
    }

    #[test]
    fn who_knows_the_stories_knows_which_numbers_count() {
        let story = "How many fans are there in the end? A stall has nine fans, 30 drums and 12 kites. Then 3 kites are added, and four fans are sold.";
        assert_eq!((naive(story, false), naive(story, true), informed(story)), (Some(6), Some(12), Some(5)));
        let story = "最后有多少个纸扇？架子上有十二个灯笼、9个纸扇和十个风筝。后来运来3个纸扇，卖掉四个灯笼。";
        assert_eq!(informed(story), Some(12));
    }

    /// The shares of so many of the shop's stories that each of these bots gets right.
    #[test]
    fn numbers_by_their_place_are_mostly_wrong_in_the_stories_that_the_shop_tells() {
        const STORIES: u64 = 2_000;
        for (language, first) in [(Language::English, 1), (Language::Chinese, 1 + STORIES)] {
            let mut right = [0_u32; 3];
            for number in first..first + STORIES {
                let random = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let sum = Sum::of(random.rotate_left(32));
                let story = told(sum, language, random);
                let answers = [naive(&story, false), naive(&story, true), informed(&story)];
                for (right, answer) in right.iter_mut().zip(answers) {
                    *right += u32::from(answer == Some(sum.answer() as i64));
                }
            }
            let shares = right.map(|right| f64::from(right) / STORIES as f64);
            println!("{language:?}: {shares:?}");
            // A sixth of the pairs; whether it is more or less stands in every story, but only beside the right number.
            assert!(shares[0] < 0.12 && shares[1] < 0.20, "{language:?}: {shares:?}");
            assert_eq!(shares[2], 1.0, "{language:?}");
        }
    }
}
