//! What a merchant may write: every limit has a name and a reason that is told.

use api::{PatchSale, QuizInput};
use ledger::{QuizKind, QuizQuestion};

use super::super::error::{ApiError, ApiResult};
use crate::quiz::can_be_drawn;

const SLUG_CHARS: std::ops::RangeInclusive<usize> = 1..=64;
const TITLE_CHARS: std::ops::RangeInclusive<usize> = 1..=120;
const DESCRIPTION_CHARS: std::ops::RangeInclusive<usize> = 0..=4_000;
const IMAGE_URL_CHARS: std::ops::RangeInclusive<usize> = 1..=500;
const PROMPT_CHARS: std::ops::RangeInclusive<usize> = 1..=80;
const ANSWER_CHARS: std::ops::RangeInclusive<usize> = 1..=40;
const QUESTIONS: std::ops::RangeInclusive<usize> = 1..=200;

/// So that the sum of any order stays far from overflow.
const PRICE_MINOR: std::ops::RangeInclusive<i64> = 0..=1_000_000_000_000;
const STOCK_UNITS: std::ops::RangeInclusive<i64> = 0..=10_000_000;
const PER_SHOPPER_LIMIT: std::ops::RangeInclusive<i64> = 1..=1_000;
/// A day at most: longer is a reservation, not a flash sale.
const HOLD_SECONDS: std::ops::RangeInclusive<i64> = 1..=86_400;
const MAX_ANSWER_MS: i64 = 600_000;
/// The year 2286: what is later is a mistake in the unit.
pub(super) const LATEST_MS: i64 = 9_999_999_999_999;

pub(super) fn slug(slug: &str) -> ApiResult<()> {
    let letters = slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let good = SLUG_CHARS.contains(&slug.len()) && letters && !slug.starts_with('-') && !slug.ends_with('-');
    told(good, "slug", "1 to 64 of a-z, 0-9 and inner -")
}

pub(super) fn title(title: &str) -> ApiResult<()> {
    let good = chars(title, &TITLE_CHARS) && !title.trim().is_empty() && !title.chars().any(char::is_control);
    told(good, "title", "1 to 120 characters, on one line")
}

pub(super) fn description(text: &str) -> ApiResult<()> {
    let good = chars(text, &DESCRIPTION_CHARS)
        && !text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'));
    told(good, "description", "at most 4,000 characters")
}

/// A path on this shop or an https address, of characters that an address may have (RFC 3986).
pub(super) fn image_url(url: &str) -> ApiResult<()> {
    let in_shop = url.starts_with('/') && !url.starts_with("//");
    let elsewhere = url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let good = chars(url, &IMAGE_URL_CHARS) && (in_shop || elsewhere) && url.bytes().all(allowed);
    told(good, "image_url", "a path such as /images/lantern.svg, or an https address")
}

pub(super) fn price(name: &str, minor: i64) -> ApiResult<()> {
    told(PRICE_MINOR.contains(&minor), name, "0 to 1,000,000,000,000")
}

pub(super) fn currency(currency: &str) -> ApiResult<()> {
    let good = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    told(good, "currency", "three capital letters (ISO 4217), such as CNY")
}

pub(super) fn stock_units(units: i64) -> ApiResult<u64> {
    told(STOCK_UNITS.contains(&units), "stock_units", "0 to 10,000,000")?;
    Ok(units.unsigned_abs())
}

pub(super) fn per_shopper_limit(limit: i64) -> ApiResult<u32> {
    told(PER_SHOPPER_LIMIT.contains(&limit), "per_shopper_limit", "1 to 1,000")?;
    Ok(limit as u32)
}

pub(super) fn hold_seconds(seconds: i64) -> ApiResult<u32> {
    told(HOLD_SECONDS.contains(&seconds), "hold_seconds", "1 to 86,400")?;
    Ok(seconds as u32)
}

pub(super) fn window(starts_at_ms: i64, ends_at_ms: i64) -> ApiResult<()> {
    told(starts_at_ms <= LATEST_MS, "starts_at_ms", "milliseconds since 1970, before the year 2286")?;
    told(ends_at_ms <= LATEST_MS, "ends_at_ms", "milliseconds since 1970, before the year 2286")?;
    told(ends_at_ms > starts_at_ms, "ends_at_ms", "later than the start")
}

/// A start that lies in the past by more than the request's own way here.
pub(super) fn start_to_come(starts_at_ms: i64, now_ms: i64) -> ApiResult<()> {
    const ON_ITS_WAY_MS: i64 = 5_000;
    told(starts_at_ms >= now_ms - ON_ITS_WAY_MS, "starts_at_ms", "now or later")
}

pub(super) fn quiz(input: QuizInput) -> ApiResult<(QuizKind, Vec<QuizQuestion>, i64, i64)> {
    told(input.min_answer_ms >= 0, "quiz.min_answer_ms", "at least 0")?;
    let in_order = input.max_answer_ms > input.min_answer_ms && input.max_answer_ms <= MAX_ANSWER_MS;
    told(in_order, "quiz.max_answer_ms", "more than min_answer_ms and at most 600,000")?;
    let kind = match input.kind {
        api::QuizKind::Bank => {
            told(QUESTIONS.contains(&input.questions.len()), "quiz.questions", "1 to 200 for a bank")?;
            QuizKind::Bank
        }
        api::QuizKind::Arithmetic => {
            told(input.questions.is_empty(), "quiz.questions", "none for arithmetic: the server makes the sums")?;
            QuizKind::Arithmetic
        }
    };
    let mut questions = Vec::with_capacity(input.questions.len());
    for (number, question) in input.questions.into_iter().enumerate() {
        let prompt = question.prompt.trim().to_owned();
        let name = |field: &str| format!("quiz.questions[{number}].{field}");
        told(chars(&prompt, &PROMPT_CHARS), &name("prompt"), "1 to 80 characters")?;
        if let Err(character) = can_be_drawn(&prompt) {
            let wrong = format!("the picture's fonts have no {character:?}");
            return Err(ApiError::field(&name("prompt"), &wrong));
        }
        let answers = !sale::normalise_answer(&question.answer).is_empty();
        told(answers && chars(&question.answer, &ANSWER_CHARS), &name("answer"), "1 to 40 characters")?;
        questions.push(QuizQuestion { prompt, answer: question.answer });
    }
    Ok((kind, questions, input.min_answer_ms, input.max_answer_ms))
}

/// What a patch names that a sale which has opened must not change any more.
pub(super) const fn fixed_by_the_start(patch: &PatchSale) -> Option<&'static str> {
    if patch.starts_at_ms.is_some() {
        return Some("starts_at_ms");
    }
    if patch.entries_close_at_ms.is_some() {
        return Some("entries_close_at_ms");
    }
    if patch.beacon.is_some() {
        return Some("beacon");
    }
    if patch.stock_policy.is_some() { Some("stock_policy") } else { None }
}

pub(super) fn chars(text: &str, range: &std::ops::RangeInclusive<usize>) -> bool {
    range.contains(&text.chars().count())
}

pub(super) fn told(good: bool, name: &str, wrong: &str) -> ApiResult<()> {
    if good { Ok(()) } else { Err(ApiError::field(name, wrong)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_lower_case_words() {
        for good in ["a", "lantern-2", "0"] {
            assert!(slug(good).is_ok(), "{good}");
        }
        for wrong in ["", "-a", "a-", "A", "a b", "a/b", "灯", &"a".repeat(65)] {
            assert!(slug(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn pictures_come_from_this_shop_or_over_https() {
        for good in ["/images/a.svg", "https://cdn.example/a.png?x=1"] {
            assert!(image_url(good).is_ok(), "{good}");
        }
        for wrong in [
            "",
            "//evil.example/a",
            "http://a/b",
            "javascript:alert(1)",
            "/a\"onerror=",
            "https:///x",
            "data:image/png,x",
        ] {
            assert!(image_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_bank_needs_questions_that_can_be_drawn_and_answered() {
        let bank = |prompt: &str, answer: &str| QuizInput {
            kind: api::QuizKind::Bank,
            questions: vec![api::QuestionInput { prompt: prompt.to_owned(), answer: answer.to_owned() }],
            min_answer_ms: 0,
            max_answer_ms: 1,
        };
        assert!(quiz(bank("秒杀几点开始？", "8")).is_ok());
        for (prompt, answer) in [("", "a"), ("😀?", "a"), ("a?", ""), ("a?", "  "), (&"a".repeat(81), "a")] {
            assert!(quiz(bank(prompt, answer)).is_err(), "{prompt} {answer}");
        }
        assert!(quiz(QuizInput { questions: vec![], ..bank("a", "a") }).is_err());
        assert!(quiz(QuizInput { max_answer_ms: 0, ..bank("a", "a") }).is_err());
        assert!(quiz(QuizInput { min_answer_ms: -1, ..bank("a", "a") }).is_err());
    }
}
