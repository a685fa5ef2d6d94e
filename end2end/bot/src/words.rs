//! The bots of the words route: two that know the form of a question and nothing else, and one whose author has read the shop's
//! sources.

use crate::shop::thing_for;

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

/// A question taken apart: what is asked for, and the list of what there is, each thing with its number.
struct Parsed {
    asked: Vec<String>,
    list: Vec<(i64, String)>,
}

fn parsed(question: &str) -> Option<Parsed> {
    let sentences = question.split_inclusive(['.', '?', '。', '？']);
    let list = sentences.clone().max_by_key(|sentence| read(sentence).0.len())?;
    let (numbers, marked) = read(list);
    let things = marked.split('#').skip(1).map(str::to_owned);
    let wanted = sentences.clone().find(|sentence| sentence.contains(['?', '？']))?;
    let wanted = wanted.rsplit_once(['：', ':']).map_or(wanted, |(_, after)| after);
    let wanted = wanted.rsplit_once("there").map_or(wanted, |(_, after)| after);
    let wanted = wanted.split("各有").next()?.trim_end_matches('?');
    let asked = wanted.split([';', '、']).map(|part| part.trim().to_owned()).collect();
    Some(Parsed { asked, list: numbers.into_iter().zip(things).collect() })
}

fn joined(numbers: impl IntoIterator<Item = i64>) -> String {
    numbers.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join(" ")
}

/// Takes the first numbers of the list, as many as are asked for. No other places are better.
pub(crate) fn by_place(question: &str) -> Option<String> {
    let Parsed { asked, list } = parsed(question)?;
    Some(joined(list.iter().take(asked.len()).map(|(number, _)| *number)))
}

/// Takes for each part of the question the number of the thing that has most in common with it: words that begin alike, or
/// Chinese characters. Nothing is taken twice.
pub(crate) fn by_words(question: &str) -> Option<String> {
    let Parsed { asked, mut list } = parsed(question)?;
    let chosen = asked.iter().map(|part| {
        // Of several the first.
        let best = (0..list.len()).rev().max_by_key(|&index| in_common(part, &list[index].1))?;
        Some(list.remove(best).0)
    });
    Some(joined(chosen.collect::<Option<Vec<_>>>()?))
}

fn in_common(part: &str, thing: &str) -> usize {
    let stems = |text: &str| -> Vec<String> {
        let words = text.split(|character: char| !character.is_ascii_alphabetic()).filter(|word| word.len() > 2);
        words.map(|word| word.chars().take(4).collect()).collect()
    };
    let theirs = stems(thing);
    let words = stems(part).into_iter().filter(|stem| theirs.contains(stem)).count();
    words + part.chars().filter(|&sign| !sign.is_ascii() && thing.contains(sign)).count()
}

/// Knows what each thing is for, from the stories' sources.
pub(crate) fn informed(question: &str) -> Option<String> {
    let Some(Parsed { asked, list }) = parsed(question) else { return by_place(question) };
    let number_of = |part: &String| {
        let name = thing_for(part)?;
        list.iter().find(|(_, thing)| thing.contains(name)).map(|(number, _)| *number)
    };
    Some(joined(asked.iter().map(number_of).collect::<Option<Vec<_>>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::{Language, told};

    #[test]
    fn numbers_are_read_in_digits_and_in_words_of_both_languages() {
        assert_eq!(read("Seventeen fans, 8 often, eight").0, [17, 8, 8]);
        assert_eq!(read("十七个灯笼和两个").0, [17, 2]);
        assert_eq!(read("Forty-seven fans and 四十七个, 二十个, thirty").0, [47, 47, 20, 30]);
    }

    #[test]
    fn who_knows_what_things_are_for_knows_the_answer() {
        let question = "Give three numbers, in this order: how many are there to ring; to read; to eat? On a shelf are nine hats, \
                        twelve books, 30 mooncakes, forty-one kites, 8 bells and 6 keys. Answer in digits.";
        assert_eq!(by_place(question).unwrap(), "9 12 30");
        assert_eq!(informed(question).unwrap(), "8 12 30");
        let question = "请按这个顺序说出三个数：请客人坐的、开锁的、写字的各有多少？这里有九把椅子、12顶帽子、四十把钥匙、8面大鼓、5支毛笔和6块月饼。请用数字回答。";
        assert_eq!(by_place(question).unwrap(), "9 12 40");
        assert_eq!(informed(question).unwrap(), "9 40 5");
    }

    #[test]
    fn who_looks_for_the_questions_words_in_the_list_would_find_them_if_they_were_there() {
        let question =
            "How many are there to read books; to ring bells? A stall has nine hats, twelve books and 8 bells.";
        assert_eq!(by_words(question).unwrap(), "12 8");
        assert_eq!(by_words("打鼓、骑马各有多少？店里卖9个帽子、8个大鼓和7个木马。").unwrap(), "8 7");
    }

    /// The shares of so many of the shop's stories that each of these bots gets right.
    #[test]
    fn neither_places_nor_words_tell_which_numbers_count_in_the_stories_that_the_shop_tells() {
        const STORIES: u64 = 2_000;
        for (language, first) in [(Language::English, 1), (Language::Chinese, 1 + STORIES)] {
            let mut right = [0_u32; 3];
            for number in first..first + STORIES {
                let random = u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
                let story = told(false, language, random);
                let question = &story.question;
                for (right, answer) in
                    right.iter_mut().zip([by_place(question), by_words(question), informed(question)])
                {
                    *right += u32::from(answer.as_ref() == Some(&story.answer));
                }
            }
            let shares = right.map(|right| f64::from(right) / STORIES as f64);
            println!("{language:?}: {shares:?}");
            // One of 120 orders.
            assert!(shares[0] < 0.015 && shares[1] < 0.015, "{language:?}: {shares:?}");
            assert_eq!(shares[2], 1.0, "{language:?}");
        }
    }
}
