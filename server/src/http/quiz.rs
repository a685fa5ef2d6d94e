//! The timed quiz over HTTP.

use std::sync::Arc;

use api::{AnswerQuiz, Code, OpenQuiz, PassIssued, QuizIssued};
use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use ledger::QuizQuestion;
use sale::{
    Ineligible, PASS_LIFETIME_MS, PassClaims, PassId, QuizId, QuizRefusal, QuizTerms, SaleId, normalise_answer,
    proof_holds,
};
use uuid::{NoContext, Timestamp, Uuid};

use super::cache::CachePolicy;
use super::error::{ApiError, ApiResult};
use super::extract::{Json, OptionalJson, PathId, Shopper};
use super::long_lines::is_short_enough;
use super::plan_b::QuizMode;
use super::{App, plan_b};
use crate::funnel::{self, Layer};
use crate::quiz::{Difficulty, Language, Picture, Told, random, told};

/// The accessible route's proof of work: 2^17 hashes on average. A browser has it before the question is read; what it costs
/// a machine beside what the picture costs one is measured in docs/QUIZ.md.
const PROOF_BITS: u8 = 17;

/// A question in words may be answered for so many times as long as a picture: it is heard, and heard again (WCAG 2.2, 2.2.1).
const TIMES_AS_LONG_IN_WORDS: i64 = 2;

/// An answer, at most.
const MAX_ANSWER_CHARS: usize = 80;

/// Asks a question. None is asked before the start; a new one replaces the last.
#[utoipa::path(post, path = "/api/sales/{sale_id}/quiz", tag = "orders", security(("session" = [])), params(("sale_id" = String, Path)),
    request_body = OpenQuiz,
    responses((status = 200, body = QuizIssued), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 403, body = api::Problem), (status = 409, body = api::Problem), (status = 429, body = api::Problem),
        (status = 503, body = api::Problem)))]
pub(super) async fn open(
    State(app): State<App>,
    shopper: Shopper,
    PathId(sale_id): PathId<SaleId>,
    OptionalJson(wanted): OptionalJson<OpenQuiz>,
) -> ApiResult<axum::Json<QuizIssued>> {
    plan_b::may_order(&app, sale_id)?;
    limit_writes(&app, &shopper, sale_id)?;
    let line = line_of(&app, sale_id)?;
    let now_ms = app.clock.now_ms();
    line.terms().window.judge(now_ms)?;
    // Nobody is asked for nothing.
    is_short_enough(&app, &line, random())?;
    let catalog = app.publisher.catalog();
    let sale = catalog.sale(sale_id).ok_or_else(ApiError::not_found)?;
    funnel::noted(Layer::Eligibility, judge_eligibility(&app, sale, &shopper).await)?;
    let mode = plan_b::quiz_mode(&app, sale);
    let asked = app.publisher.quizzes().ask(sale_id, mode.difficulty(), random());
    // Switched off, the quiz must not be what fails.
    let asked = asked.or_else(|| (mode == QuizMode::Off).then(nothing_asked)).ok_or_else(ApiError::busy)?;
    let quiz_id = QuizId(Uuid::new_v4());
    if !line.open_quiz(shopper.id, quiz_id) {
        return Err(ApiError::busy());
    }
    // A later beginning moves the end: there is as long to answer as ever, and longer for who has to listen.
    let min_answer_ms = mode.min_answer_ms(sale.min_answer_ms);
    let times = if wanted.accessible { TIMES_AS_LONG_IN_WORDS } else { 1 };
    let max_answer_ms = min_answer_ms + (sale.max_answer_ms - sale.min_answer_ms) * times;
    let terms = QuizTerms { min_answer_ms, max_answer_ms };
    let proof_bits = if wanted.accessible { mode.proof_bits(PROOF_BITS) } else { 0 };
    let in_words = wanted.accessible.then(|| in_words(sale, &asked, mode.difficulty(), wanted.language.as_deref()));
    let answer = in_words.as_ref().map_or(&asked.question.answer, |told| &told.answer);
    let claims =
        terms.ask(&app.tokens.quiz, quiz_id, sale_id, shopper.id, line.queue_life(), now_ms, answer, proof_bits);
    Ok(axum::Json(QuizIssued {
        quiz_token: app.tokens.quiz.seal(&claims),
        image_url: format!("/quiz/{}.png", asked.name),
        question: in_words.map(|told| told.question),
        proof_bits: (proof_bits > 0).then_some(u32::from(proof_bits)),
        issued_at_ms: claims.issued_at_ms,
        earliest_answer_ms: claims.earliest_answer_ms,
        expires_at_ms: claims.expires_at_ms,
        pass: (mode == QuizMode::Off).then(|| granted(&app, &line, sale_id, &shopper, now_ms).pass),
    }))
}

/// The question of the equal route: a merchant's own as it is, and a story where the others are asked sums.
fn in_words(sale: &ledger::SaleRow, asked: &Picture, difficulty: Difficulty, language: Option<&str>) -> Told {
    match sale.quiz_kind {
        ledger::QuizKind::Bank => {
            Told { question: asked.question.prompt.clone(), answer: asked.question.answer.clone() }
        }
        ledger::QuizKind::Arithmetic => {
            let random = u128::from(random()) << 64 | u128::from(random());
            told(difficulty == Difficulty::Harder, Language::of_tag(language.unwrap_or_default()), random)
        }
    }
}

/// Whether the sale is for this shopper, before anything is asked.
async fn judge_eligibility(app: &App, sale: &ledger::SaleRow, shopper: &Shopper) -> ApiResult<()> {
    let (rule, sale_id, shopper_id) = (sale.eligibility, sale.sale_id, shopper.id);
    if rule.is_open_to_all() {
        return Ok(());
    }
    let _turn = app.heat.turn(sale.item_id).await?;
    let standing = app.store.read(move |reader| reader.standing(sale_id, shopper_id)).await?;
    let (created_at_ms, is_listed) = standing.unwrap_or((i64::MAX, false));
    rule.judge(created_at_ms, is_listed).map_err(|why| {
        let detail = match why {
            Ineligible::AccountTooNew => "This sale is for older accounts.",
            Ineligible::NotListed => "This sale is for shoppers on its list.",
        };
        ApiError::new(Code::NotEligible, detail)
    })
}

/// Takes the answer, right or wrong: the quiz is burnt. A right one in time earns a pass.
#[utoipa::path(post, path = "/api/sales/{sale_id}/quiz/answer", tag = "orders", security(("session" = [])), params(("sale_id" = String, Path)),
    request_body = AnswerQuiz,
    responses((status = 200, body = PassIssued), (status = 401, body = api::Problem), (status = 403, body = api::Problem),
        (status = 409, body = api::Problem), (status = 422, body = api::Problem), (status = 503, body = api::Problem)))]
pub(super) async fn answer(
    State(app): State<App>,
    shopper: Shopper,
    PathId(sale_id): PathId<SaleId>,
    Json(given): Json<AnswerQuiz>,
) -> ApiResult<axum::Json<PassIssued>> {
    plan_b::may_order(&app, sale_id)?;
    limit_writes(&app, &shopper, sale_id)?;
    let now_ms = app.clock.now_ms();
    if given.answer.chars().count() > MAX_ANSWER_CHARS {
        return Err(ApiError::field("answer", "at most 80 characters"));
    }
    let line = line_of(&app, sale_id)?;
    let invalid = |_| ApiError::new(Code::QuizInvalid, "This question was not put to you in this sale.");
    let claims = app.tokens.quiz.open(&given.quiz_token).map_err(invalid)?;
    claims.is_for(sale_id, shopper.id).map_err(invalid)?;
    line.terms().window.judge(now_ms)?;
    if !line.burn_quiz(shopper.id, claims.quiz_id) {
        return Err(ApiError::new(Code::QuizUsed, "This question has been answered or replaced. Ask for a new one."));
    }
    let judge = |answer: &str| claims.judge(&app.tokens.quiz, now_ms, answer);
    // The words may ask for several numbers: whatever stands between them.
    let judged = judge(&given.answer).or_else(|refusal| match refusal {
        QuizRefusal::Wrong if claims.proof_bits > 0 => judge(&numbers_of(&given.answer)),
        _ => Err(refusal),
    });
    let judged = judged.map_err(refused).and_then(|()| {
        let is_proven = claims.proof_bits == 0
            || given.proof.is_some_and(|proof| proof_holds(&given.quiz_token, proof, claims.proof_bits));
        let without = || ApiError::new(Code::AnswerWrong, "The answer came without its proof of work.");
        is_proven.then_some(()).ok_or_else(without)
    });
    funnel::noted(Layer::Quiz, judged)?;
    Ok(axum::Json(granted(&app, &line, sale_id, &shopper, now_ms)))
}

/// The numbers of an answer, with spaces between; of full-width digits as well.
fn numbers_of(answer: &str) -> String {
    let answer = normalise_answer(&answer.replace(char::is_whitespace, ","));
    let numbers = answer.split(|character: char| !character.is_ascii_digit()).filter(|number| !number.is_empty());
    numbers.collect::<Vec<_>>().join(" ")
}

fn granted(app: &App, line: &intake::Line, sale_id: SaleId, shopper: &Shopper, now_ms: i64) -> PassIssued {
    let pass = PassClaims {
        pass_id: fresh_pass_id(now_ms),
        sale_id,
        shopper_id: shopper.id,
        queue_life: line.queue_life(),
        expires_at_ms: now_ms + PASS_LIFETIME_MS,
    };
    line.grant_pass(shopper.id, pass.pass_id);
    PassIssued { pass: app.tokens.pass.seal(&pass), expires_at_ms: pass.expires_at_ms }
}

/// For a sale without a picture while its quiz is switched off. Nobody can know the answer, and nobody needs it.
fn nothing_asked() -> Arc<Picture> {
    let question = QuizQuestion { prompt: String::new(), answer: format!("{:016x}{:016x}", random(), random()) };
    Arc::new(Picture::new("none", question))
}

fn refused(refusal: QuizRefusal) -> ApiError {
    match refusal {
        QuizRefusal::TooFast => {
            ApiError::new(Code::AnswerTooFast, "Faster than a person reads. Here is how to go on: ask anew.")
        }
        QuizRefusal::TooLate => {
            ApiError::new(Code::AnswerTooLate, "The time for this question is over. Ask for a new one.")
        }
        QuizRefusal::Wrong => ApiError::new(Code::AnswerWrong, "That is not the answer. Ask for a new question."),
    }
}

/// Of passes that are given out one after another the ids stand together in the record's index (RFC 9562, version 7).
fn fresh_pass_id(now_ms: i64) -> PassId {
    let now_ms = now_ms.max(0) as u64;
    let nanoseconds = (now_ms % 1_000) as u32 * 1_000_000;
    PassId(Uuid::new_v7(Timestamp::from_unix(NoContext, now_ms / 1_000, nanoseconds)))
}

/// A question's picture, by its unguessable name.
pub(super) async fn picture(
    State(app): State<App>,
    file: Result<Path<String>, PathRejection>,
) -> ApiResult<impl IntoResponse> {
    let Path(file) = file.map_err(|_| ApiError::not_found())?;
    let name = file.strip_suffix(".png").ok_or_else(ApiError::not_found)?;
    let png = app.publisher.quizzes().picture(name).ok_or_else(ApiError::not_found)?;
    Ok((Extension(CachePolicy::Picture), [(header::CONTENT_TYPE, "image/png")], png))
}

/// The line of a sale that is on. To ask for it is to ask for the sale's item.
pub(super) fn line_of(app: &App, sale_id: SaleId) -> ApiResult<Arc<intake::Line>> {
    app.heat.record_sale(&app.publisher, sale_id);
    match app.writer.line(sale_id) {
        Some(line) => Ok(line),
        // A published sale without a line ended long ago.
        None if app.publisher.catalog().sale(sale_id).is_some() => Err(sale::AdmissionRefusal::Ended.into()),
        None => Err(ApiError::not_found()),
    }
}

/// Counts what leads to an order against its shopper, and then against its sale: what one shopper has too many of is nobody
/// else's loss.
pub(super) fn limit_writes(app: &App, shopper: &Shopper, sale_id: SaleId) -> ApiResult<()> {
    let checked = app.limits.per_shopper.check(&shopper.id).and_then(|()| app.limits.per_sale.check(&sale_id));
    funnel::noted(Layer::WriteLimit, checked).map_err(ApiError::rate_limited)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_stands_between_the_numbers_of_an_answer_they_are_the_same() {
        for given in
            ["12 9 30", " 12,9,30.", "12; 9; 30", "12-9-30", "12, 9 and 30", "１２，９，３０", "12、9、30", "12\t9\n30"]
        {
            assert_eq!(numbers_of(given), "12 9 30", "{given}");
        }
        assert_eq!(numbers_of("twelve"), "");
    }
}
