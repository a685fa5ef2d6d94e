use super::*;

const NOW_MS: i64 = 1_800_000_000_000;

fn draft() -> Draft {
    Draft {
        item_id: "item".to_owned(),
        currency: "CNY".to_owned(),
        price: "99.00".to_owned(),
        stock_units: "20".to_owned(),
        per_shopper_limit: "1".to_owned(),
        starts_at_ms: Some(NOW_MS + 60_000),
        ends_at_ms: Some(NOW_MS + 600_000),
        hold_seconds: "120".to_owned(),
        quiz_kind: QuizKind::Bank,
        questions: vec![QuestionInput { prompt: "Two and two?".to_owned(), answer: "four".to_owned() }],
        min_answer_seconds: "0.8".to_owned(),
        max_answer_seconds: "30".to_owned(),
    }
}

/// The fields that are found at fault.
fn faults(draft: &Draft) -> Vec<&'static str> {
    draft.read(NOW_MS).err().map(|errors| errors.into_keys().collect()).unwrap_or_default()
}

fn stored(form: &CreateSale) -> Sale {
    Sale {
        sale_id: "sale".to_owned(),
        item_id: form.item_id.clone(),
        price_minor: form.price_minor,
        currency: "CNY".to_owned(),
        starts_at_ms: form.starts_at_ms,
        ends_at_ms: form.ends_at_ms,
        stock_units: form.stock_units,
        per_shopper_limit: form.per_shopper_limit,
        stock_policy: form.stock_policy,
        hold_seconds: form.hold_seconds,
        waitlist_units: form.waitlist_units,
        mode: form.mode,
        quiz: form.quiz.clone(),
        published: true,
        paused: false,
        revision: 3,
        phase: None,
        queued: 0,
    }
}

#[test]
fn a_whole_form_reads_as_the_sale_that_it_describes() {
    let sale = draft().read(NOW_MS).unwrap();
    assert_eq!((sale.price_minor, sale.stock_units, sale.hold_seconds), (9_900, 20, 120));
    assert_eq!((sale.quiz.min_answer_ms, sale.quiz.max_answer_ms), (800, 30_000));
}

#[test]
fn each_fault_is_told_at_its_own_field() {
    assert_eq!(faults(&Draft { price: "0".to_owned(), ..draft() }), ["price"]);
    assert_eq!(faults(&Draft { stock_units: "1.5".to_owned(), ..draft() }), ["stock"]);
    assert_eq!(faults(&Draft { hold_seconds: "0".to_owned(), ..draft() }), ["hold"]);
    assert_eq!(faults(&Draft { starts_at_ms: Some(NOW_MS - 1), ..draft() }), ["starts"]);
    assert_eq!(faults(&Draft { ends_at_ms: Some(NOW_MS + 60_000), ..draft() }), ["ends"]);
    assert_eq!(faults(&Draft { max_answer_seconds: "0.5".to_owned(), ..draft() }), ["max_answer"]);
    assert_eq!(faults(&Draft { max_answer_seconds: "601".to_owned(), ..draft() }), ["max_answer"]);
}

#[test]
fn a_bank_needs_a_question_and_blank_rows_are_no_mistake() {
    let blank = QuestionInput { prompt: " ".to_owned(), answer: String::new() };
    assert_eq!(faults(&Draft { questions: vec![blank.clone()], ..draft() }), ["questions"]);
    let one_and_a_blank = Draft { questions: vec![draft().questions[0].clone(), blank], ..draft() };
    assert_eq!(one_and_a_blank.read(NOW_MS).unwrap().quiz.questions.len(), 1);
    let no_answer = QuestionInput { prompt: "Why?".to_owned(), answer: String::new() };
    assert_eq!(faults(&Draft { questions: vec![no_answer], ..draft() }), ["questions"]);
}

#[test]
fn sums_made_by_the_server_carry_no_questions() {
    let sale = Draft { quiz_kind: QuizKind::Arithmetic, ..draft() }.read(NOW_MS).unwrap();
    assert!(sale.quiz.questions.is_empty());
}

#[test]
fn only_what_differs_is_sent() {
    let form = draft().read(NOW_MS).unwrap();
    // Stored with a part of a second that the field does not show.
    let sale = Sale { starts_at_ms: form.starts_at_ms + 250, ..stored(&form) };
    assert_eq!(change(&sale, &form), None);
    let more = CreateSale { stock_units: 30, ..form };
    assert_eq!(change(&sale, &more), Some(PatchSale { stock_units: Some(30), ..PatchSale::default() }));
}
