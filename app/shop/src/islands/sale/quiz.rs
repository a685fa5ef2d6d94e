//! The question between Buy and the line.

use api::{Code, QuizIssued};
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::HtmlDialogElement;

use super::{
    countdown, kinds,
    kinds::Unfit,
    model::{Model, Stage},
    order, turn,
};
use crate::browser::{clock, http, http::Failure, jittered, js, page, proof, sleep_ms, spawn, wire};

/// The clock may be a little ahead of the server's: then the first press meets a sale that opens this instant.
const OPENING_TRIES: u32 = 6;
/// A minute or two of a shop that is busy.
const BUSY_TRIES: u32 = 30;
const OTHER_TRIES: u32 = 2;
/// Who has pressed does not wait long for what may not be so.
const LOOK_TIMEOUT_MS: u32 = 300;
const OPENING_PAUSE_MS: f64 = 150.0;
const TIME_EVERY_MS: f64 = 200.0;

/// Buy was pressed.
pub(super) fn press(model: Model) {
    // Buy is enabled a moment before the rest knows that the sale is open.
    countdown::tick(model);
    if !untrack(|| model.can_buy()) {
        return;
    }
    let chosen = model.chosen.get_untracked();
    if let Some(unfit) = model.look(|unseen| kinds::unfit(&unseen.kinds, chosen)) {
        let locale = model.locale;
        let sentence = match unfit {
            Unfit::NoneChosen => locale.choose_kind_first(),
            Unfit::SoldOut => locale.kind_gone(),
        };
        model.status.set(sentence.to_owned());
        kinds::focus();
        return;
    }
    if !model.look(|unseen| unseen.signed_in) {
        page::go(&page::sign_in_path(model.locale));
        return;
    }
    model.stage.set(Stage::Busy);
    model.status.set(model.locale.fetching_question().to_owned());
    spawn(async move { open(model, false, String::new()).await });
}

/// Fetches a question and shows it, with a note on what became of the one before.
pub(super) async fn open(model: Model, accessible: bool, note: String) {
    let path = model.sale_path("/quiz");
    // Of a shop that is busy, and of whatever else passes by itself.
    let (mut busy_tries, mut other_tries) = (0, 0);
    let mut is_to_look = countdown::has_just_started(model);
    let outcome = loop {
        if is_to_look {
            countdown::ask_within(model, LOOK_TIMEOUT_MS).await;
            if !turn::is_on(model) {
                return give_up(model, String::new());
            }
        }
        let mut is_crowded = turn::is_to_come(model);
        let mut wait_ms = jittered(turn::ROUND_MS);
        if is_crowded {
            busy_tries = 0;
        } else {
            let body = js::object(&[("accessible", accessible.into()), ("language", model.locale.tag().into())]);
            let failure = match http::post_once(&path, body).await {
                Err(failure) => failure,
                Ok(value) => break Ok(value),
            };
            is_crowded = failure.code() == Some(Code::Busy);
            let is_early = failure.code() == Some(Code::SaleNotOpen);
            let (tries, most_tries) = if is_crowded {
                (&mut busy_tries, BUSY_TRIES)
            } else {
                (&mut other_tries, if is_early { OPENING_TRIES } else { OTHER_TRIES })
            };
            *tries += 1;
            if *tries >= most_tries || !(is_early || failure.will_pass()) {
                break Err(failure);
            }
            wait_ms = if is_early { jittered(OPENING_PAUSE_MS) } else { failure.wait_ms() };
            if is_crowded {
                // Nothing was lost, and nobody has to press again.
                turn::tell(model, model.locale.shop_busy().to_owned());
            }
        }
        sleep_ms(wait_ms).await;
        is_to_look = is_crowded;
    };
    match outcome.map(|value| wire::quiz_issued(&value)) {
        // The quiz is switched off: there is nothing to ask.
        Ok(Some(QuizIssued { pass: Some(pass), .. })) => {
            forget(model);
            close();
            order::begin(model, pass).await;
        }
        Ok(Some(quiz)) => show(model, quiz, note),
        Ok(None) => give_up(model, model.locale.something_failed().to_owned()),
        Err(failure) => refuse(model, failure),
    }
}

fn show(model: Model, quiz: QuizIssued, note: String) {
    model.quiz_words.set(quiz.question.clone().unwrap_or_default());
    model.quiz_picture.set(if quiz.question.is_none() { quiz.image_url.clone() } else { String::new() });
    model.quiz_note.set(note);
    model.quiz_over.set(false);
    let token = quiz.quiz_token.clone();
    if let Some(bits) = quiz.proof_bits {
        proof::begin(&token, bits);
    }
    model.change(|unseen| unseen.quiz = Some(quiz));
    model.status.set(String::new());
    model.stage.set(Stage::Quiz);
    if let Some(input) = page::find_as::<web_sys::HtmlInputElement>("#quiz-answer") {
        input.set_value("");
    }
    if let Some(dialog) = dialog().filter(|dialog| !dialog.open()) {
        let _ = dialog.show_modal();
    }
    page::focus("#quiz-answer");
    spawn(run_time(model, token));
}

/// Shows the time that is left while this question is the one on the screen.
async fn run_time(model: Model, token: String) {
    loop {
        let current = model.look(|unseen| {
            let quiz = unseen.quiz.as_ref();
            quiz.filter(|quiz| quiz.quiz_token == token)
                .map(|quiz| (quiz.issued_at_ms as f64, quiz.earliest_answer_ms as f64, quiz.expires_at_ms as f64))
        });
        let Some((issued_ms, earliest_ms, expires_ms)) = current else { return };
        let now_ms = clock::server_now_ms().unwrap_or(issued_ms);
        let left_ms = (expires_ms - now_ms).max(0.0);
        let until_earliest_s = ((earliest_ms - now_ms) / 1e3).ceil() as i64;
        model.quiz_percent.set((100.0 * left_ms / (expires_ms - issued_ms).max(1.0)) as i64);
        model.quiz_sendable.set(now_ms >= earliest_ms && left_ms > 0.0 && model.stage.get_untracked() == Stage::Quiz);
        if left_ms == 0.0 {
            model.quiz_over.set(true);
            model.quiz_time.set(model.locale.quiz_time_up().to_owned());
            return;
        }
        let time = model.locale.quiz_time(until_earliest_s, (left_ms / 1e3).ceil() as i64);
        if model.quiz_time.with_untracked(|shown| *shown != time) {
            model.quiz_time.set(time);
        }
        // Straight at the earliest moment where that is near.
        let to_earliest_ms = earliest_ms - now_ms;
        sleep_ms(if to_earliest_ms > 0.0 { to_earliest_ms.clamp(1.0, TIME_EVERY_MS) } else { TIME_EVERY_MS }).await;
    }
}

/// Whether the question is told in words.
pub(super) fn is_in_words(model: Model) -> bool {
    !model.quiz_words.with(String::is_empty)
}

/// Another question, by the shopper's wish, by the same way or by the other.
pub(super) fn ask_again(model: Model, by_the_other_way: bool) {
    let accessible = untrack(|| is_in_words(model)) != by_the_other_way;
    forget(model);
    model.stage.set(Stage::Busy);
    spawn(async move { open(model, accessible, String::new()).await });
}

/// Send was pressed.
pub(super) fn submit(model: Model) {
    if !model.quiz_sendable.get_untracked() {
        return;
    }
    let answer = page::field("#quiz-answer").trim().to_owned();
    if answer.is_empty() {
        model.quiz_note.set(model.locale.quiz_fill_in().to_owned());
        page::focus("#quiz-answer");
        return;
    }
    model.stage.set(Stage::Busy);
    model.quiz_sendable.set(false);
    spawn(send(model, answer));
}

async fn send(model: Model, answer: String) {
    let Some(quiz) = model.look(|unseen| unseen.quiz.clone()) else { return };
    let mut fields = vec![("quiz_token", quiz.quiz_token.as_str().into()), ("answer", answer.into())];
    if quiz.proof_bits.is_some() {
        model.quiz_note.set(model.locale.quiz_working().to_owned());
        if let Some(proof) = proof::found(&quiz.quiz_token).await {
            fields.push(("proof", JsValue::from_f64(proof as f64)));
        }
    }
    let outcome = http::post(&model.sale_path("/quiz/answer"), js::object(&fields)).await;
    if model.look(|unseen| unseen.quiz.is_none()) {
        // The shopper has closed the question meanwhile.
        return;
    }
    let accessible = quiz.question.is_some();
    forget(model);
    match outcome {
        Ok(value) => {
            close();
            order::begin(model, js::text(&value, "pass").unwrap_or_default()).await;
        }
        Err(failure) => match failure.code() {
            Some(
                Code::AnswerWrong | Code::AnswerTooFast | Code::AnswerTooLate | Code::QuizUsed | Code::QuizInvalid,
            ) => open(model, accessible, failure.sentence(model.locale)).await,
            _ => refuse(model, failure),
        },
    }
}

/// The dialog was closed, by its button, by Esc, or because the question was answered.
pub(super) fn closed(model: Model) {
    let unanswered = model.look(|unseen| unseen.quiz.is_some());
    forget(model);
    if unanswered {
        model.settle(String::new());
        spawn(focus_buy());
    }
}

/// The button is off until the page has been brought up to date.
pub(super) async fn focus_buy() {
    sleep_ms(0.0).await;
    page::focus(".buy");
}

pub(super) fn close() {
    if let Some(dialog) = dialog() {
        dialog.close();
    }
}

fn refuse(model: Model, failure: Failure) {
    if failure.code() == Some(Code::SignedOut) {
        page::go(&page::sign_in_path(model.locale));
        return;
    }
    give_up(model, failure.sentence(model.locale));
}

fn give_up(model: Model, status: String) {
    forget(model);
    close();
    model.settle(status);
    // The keyboard was lost with the button while the answer was on its way.
    spawn(focus_buy());
}

fn forget(model: Model) {
    model.change(|unseen| unseen.quiz = None);
    model.quiz_sendable.set(false);
}

fn dialog() -> Option<HtmlDialogElement> {
    page::find_as("#quiz")
}
