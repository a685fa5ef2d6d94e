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

/// Takes numbers by their place: the first, and the first of those that come later. In a story of four numbers no choice is better.
pub(crate) fn naive(question: &str) -> Option<i64> {
    let (numbers, marked) = read(question);
    let later = numbers.get(2).or(numbers.get(1));
    calculated(&[*numbers.first()?, *later?], tells_of_less(&marked))
}

/// Takes the numbers of the thing that is asked for, and what became of it, as the stories' author would.
pub(crate) fn informed(question: &str) -> Option<i64> {
    let (numbers, marked) = read(question);
    let Some(asked) =
        THINGS.iter().max_by_key(|thing| marked.matches(*thing).count()).filter(|thing| marked.contains(*thing))
    else {
        return naive(question);
    };
    let is_before_it = |place: usize| {
        let rest = &marked[place + 1..];
        rest.trim_start_matches([' ', '个']).starts_with(asked)
    };
    let places: Vec<usize> = marked.match_indices('#').map(|(place, _)| place).collect();
    let its: Vec<usize> = (0..places.len()).filter(|&index| is_before_it(places[index])).collect();
    let last = places[*its.last()?];
    // In English what happens stands after the thing, in Chinese before it; a mark ends it.
    let start = marked[..last].rfind([',', ';', '.', '，', '。']).unwrap_or(0);
    let end = marked[last..].find([',', ';', '.', '，', '。']).map_or(marked.len(), |length| last + length);
    let its_numbers: Vec<i64> = its.into_iter().map(|index| numbers[index]).collect();
    calculated(&its_numbers, tells_of_less(&marked[start..end]))
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
    fn who_knows_the_stories_knows_which_numbers_count() {
        let story = "A stall has nine fans and 12 kites. Then 3 kites are added, and four fans are sold. How many fans are there now?";
        assert_eq!((naive(story), informed(story)), (Some(6), Some(5)));
        let story = "架子上有十二个灯笼和9个纸扇。后来运来3个纸扇，卖掉四个灯笼。现在有多少个纸扇？请用数字回答。";
        assert_eq!(informed(story), Some(12));
    }
}
