use api::MarkedOrders;

use super::*;
use crate::sale_form::check_rules::sum_told;

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
        stock_policy: StockPolicy::Hold,
        hold_seconds: "120".to_owned(),
        waitlist_units: "0".to_owned(),
        kinds: Vec::new(),
        strikes: StrikesDraft {
            on: false,
            limit: "3".to_owned(),
            hours: "24".to_owned(),
            marked_orders: MarkedOrders::PayToClaim,
        },
        draw: DrawDraft::default(),
        eligibility: EligibilityDraft::default(),
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
        draw: None,
        quiz: form.quiz.clone(),
        skus: form.skus.clone(),
        strikes: form.strikes.clone(),
        eligibility: form.eligibility.clone().unwrap_or_default(),
        listed_shoppers: 0,
        called_off: false,
        published: true,
        paused: false,
        revision: 3,
        phase: None,
        queued: 0,
        waiting: 0,
    }
}

fn kind(sku: &str, units: &str, price: &str) -> KindDraft {
    KindDraft { sku: sku.to_owned(), title: format!("Size {sku}"), units: units.to_owned(), price: price.to_owned() }
}

fn of_kinds(kinds: &[KindDraft]) -> Draft {
    Draft { kinds: kinds.to_vec(), ..draft() }
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

#[test]
fn a_kind_without_a_price_has_the_sales_and_a_blank_row_is_no_mistake() {
    let sale = of_kinds(&[kind("m", "12", ""), KindDraft::default(), kind("l", "8", "120")]).read(NOW_MS).unwrap();
    let read: Vec<_> = sale.skus.iter().map(|kind| (kind.sku.as_str(), kind.stock_units, kind.price_minor)).collect();
    assert_eq!(read, [("m", 12, 9_900), ("l", 8, 12_000)]);
}

#[test]
fn kinds_need_codes_of_their_own_names_units_and_prices() {
    for wrong in [
        [kind("M", "20", ""), KindDraft::default()],
        [kind("-m", "20", ""), KindDraft::default()],
        [KindDraft { title: String::new(), ..kind("m", "20", "") }, KindDraft::default()],
        [kind("m", "-1", ""), KindDraft::default()],
        [kind("m", "20", "0"), KindDraft::default()],
        [kind("m", "10", ""), kind("m", "10", "")],
    ] {
        assert_eq!(faults(&of_kinds(&wrong)), ["kinds"], "{wrong:?}");
    }
    let many: Vec<_> = (0..51).map(|index| kind(&format!("k{index}"), "1", "")).collect();
    assert_eq!(faults(&of_kinds(&many)), ["kinds"]);
    assert_eq!(faults(&of_kinds(&many[..50])), [""; 0]);
}

#[test]
fn the_kinds_units_are_the_sales_or_more() {
    assert_eq!(faults(&of_kinds(&[kind("m", "12", ""), kind("l", "7", "")])), ["kinds"]);
    assert_eq!(faults(&of_kinds(&[kind("m", "12", ""), kind("l", "8", "")])), [""; 0]);
    assert_eq!(faults(&of_kinds(&[kind("m", "20", ""), kind("l", "20", "")])), [""; 0]);
    assert_eq!(sum_told(19, 20).0, "The kinds have 19 units, the sale 20: add 1 or lower the stock.");
    assert!(sum_told(20, 20).1 && sum_told(40, 20).1);
}

#[test]
fn strikes_are_off_until_they_are_asked_for() {
    assert_eq!(draft().read(NOW_MS).unwrap().strikes, None);
    let on = StrikesDraft { on: true, ..draft().strikes };
    let rule = Draft { strikes: on.clone(), ..draft() }.read(NOW_MS).unwrap().strikes.unwrap();
    assert_eq!((rule.limit, rule.strike_seconds), (3, 86_400));
    for (limit, hours, fault) in [("0", "24", "strike_limit"), ("65", "24", "strike_limit"), ("3", "0", "strike_hours")]
    {
        let strikes = StrikesDraft { limit: limit.to_owned(), hours: hours.to_owned(), ..on.clone() };
        assert_eq!(faults(&Draft { strikes, ..draft() }), [fault]);
    }
}

#[test]
fn a_sale_is_for_everybody_unless_it_says_otherwise() {
    let of = |eligibility: EligibilityDraft| Draft { eligibility, ..draft() };
    assert_eq!(draft().read(NOW_MS).unwrap().eligibility, None);
    let forgotten = EligibilityDraft { by_age: false, account_before_ms: Some(5_000), listed_only: false };
    assert_eq!(of(forgotten.clone()).read(NOW_MS).unwrap().eligibility, None);
    let aged = of(EligibilityDraft { by_age: true, ..forgotten }).read(NOW_MS).unwrap().eligibility.unwrap();
    assert_eq!((aged.account_before_ms, aged.listed_only), (Some(5_000), false));
    assert_eq!(faults(&of(EligibilityDraft { by_age: true, ..EligibilityDraft::default() })), ["account_before"]);
}

#[test]
fn a_changed_rule_is_sent_whole_and_a_changed_kind_alone() {
    let form = of_kinds(&[kind("m", "12", ""), kind("l", "8", "")]).read(NOW_MS).unwrap();
    let sale = stored(&form);
    let mut more = form.clone();
    more.skus[1].stock_units = 9;
    let expected = PatchSale { skus: Some(vec![more.skus[1].clone()]), ..PatchSale::default() };
    assert_eq!(change(&sale, &more), Some(expected));
    let waiting = CreateSale { waitlist_units: 5, stock_policy: StockPolicy::OnOrder, ..form.clone() };
    let expected =
        PatchSale { waitlist_units: Some(5), stock_policy: Some(StockPolicy::OnOrder), ..PatchSale::default() };
    assert_eq!(change(&sale, &waiting), Some(expected));
}

#[test]
fn rules_that_are_taken_away_are_sent_as_such() {
    let rule = StrikeRule { limit: 3, strike_seconds: 60, marked_orders: MarkedOrders::Refuse };
    let eligibility = EligibilityRule { account_before_ms: Some(5_250), listed_only: true };
    let without = draft().read(NOW_MS).unwrap();
    let with = CreateSale { strikes: Some(rule.clone()), eligibility: Some(eligibility.clone()), ..without.clone() };
    let patch = change(&stored(&with), &without).unwrap();
    assert_eq!(patch.strikes, Some(StrikeRule { limit: 0, ..rule }));
    assert_eq!(patch.eligibility, Some(EligibilityRule::default()));
    // The field shows whole seconds.
    let shown = EligibilityRule { account_before_ms: Some(5_000), ..eligibility };
    assert_eq!(change(&stored(&with), &CreateSale { eligibility: Some(shown), ..with.clone() }), None);
    assert_eq!(change(&stored(&without), &without), None);
}

#[test]
fn a_draw_closes_within_the_sale_and_is_never_where_payment_decides() {
    let of = |closes_at_ms, beacon: &str, beacon_due_at_ms| DrawDraft {
        on: true,
        closes_at_ms,
        beacon: beacon.to_owned(),
        beacon_due_at_ms,
    };
    let with = |draw| Draft { draw, ..draft() };
    let close_ms = NOW_MS + 120_000;
    let sale = with(of(Some(close_ms), "", None)).read(NOW_MS).unwrap();
    assert_eq!((sale.mode, sale.entries_close_at_ms, sale.beacon), (SaleMode::Draw, Some(close_ms), None));
    let sale = with(of(Some(close_ms), " drand round 7 ", Some(NOW_MS + 300_000))).read(NOW_MS).unwrap();
    assert_eq!(sale.beacon.unwrap().description, "drand round 7");
    assert_eq!(faults(&with(of(None, "", None))), ["closes"]);
    assert_eq!(faults(&with(of(Some(NOW_MS + 60_000), "", None))), ["closes"], "at the start");
    assert_eq!(faults(&with(of(Some(NOW_MS + 600_000), "", None))), ["closes"], "at the end");
    assert_eq!(faults(&with(of(Some(close_ms), "round 7", Some(close_ms)))), ["beacon_due"]);
    assert_eq!(faults(&with(of(Some(close_ms), "round 7", None))), ["beacon_due"]);
    let paid = Draft { stock_policy: StockPolicy::OnPayment, ..with(of(Some(close_ms), "", None)) };
    assert_eq!(faults(&paid), ["closes"]);
    assert_eq!(draft().read(NOW_MS).unwrap().mode, SaleMode::FirstCome);
}
