//! The wire types read from JavaScript objects. A field that is missing where it must not be makes the whole `None`.

use api::{
    Accepted, Admission, Chance, DrawStage, Mine, Order, OrderHistory, OrderState, QueueState, QueueStatus, QuizIssued,
    Recommendation, Refund, RefundCause, ReleaseCause, SaleDraw, SalePhase, SaleState, SkuState, SkuSummary,
};
use wasm_bindgen::JsValue;

use super::js;

pub(crate) fn phase(text: &str) -> Option<SalePhase> {
    Some(match text {
        "upcoming" => SalePhase::Upcoming,
        "open" => SalePhase::Open,
        "sold_out" => SalePhase::SoldOut,
        "ended" => SalePhase::Ended,
        "paused" => SalePhase::Paused,
        _ => return None,
    })
}

/// The word for a `data-phase` attribute, as on the wire.
pub(crate) fn phase_text(phase: SalePhase) -> &'static str {
    match phase {
        SalePhase::Upcoming => "upcoming",
        SalePhase::Open => "open",
        SalePhase::SoldOut => "sold_out",
        SalePhase::Ended => "ended",
        SalePhase::Paused => "paused",
    }
}

pub(crate) fn sale_state(value: &JsValue) -> Option<SaleState> {
    Some(SaleState {
        phase: phase(&js::text(value, "phase")?)?,
        starts_at_ms: js::integer(value, "starts_at_ms")?,
        ends_at_ms: js::integer(value, "ends_at_ms")?,
        revision: js::integer(value, "revision")?,
        price_minor: js::integer(value, "price_minor")?,
        currency: js::text(value, "currency")?,
        can_wait: js::truth(value, "can_wait"),
        called_off: js::truth(value, "called_off"),
        admission: admission(&js::get(value, "admission")),
        draw: sale_draw(&js::get(value, "draw")),
        skus: js::list(value, "skus").iter().filter_map(sku_state).collect(),
    })
}

/// None while everybody may begin.
fn admission(value: &JsValue) -> Option<Admission> {
    Some(Admission { seed: js::count(value, "seed")? as u32, per_million: js::count(value, "per_million")? as u32 })
}

/// Of the draw only what the dock needs; none where there is none.
fn sale_draw(value: &JsValue) -> Option<SaleDraw> {
    let stage = match js::text(value, "stage")?.as_str() {
        "entering" => DrawStage::Entering,
        "drawn" => DrawStage::Drawn,
        _ => DrawStage::Closed,
    };
    let entries_close_at_ms = js::integer(value, "entries_close_at_ms")?;
    Some(SaleDraw { stage, entries_close_at_ms, commitment: String::new(), entries: 0 })
}

fn sku_state(value: &JsValue) -> Option<SkuState> {
    Some(SkuState {
        sku: js::text(value, "sku")?,
        price_minor: js::integer(value, "price_minor")?,
        sold_out: js::truth(value, "sold_out"),
        can_wait: js::truth(value, "can_wait"),
    })
}

/// The SKUs as the page itself tells them, in the `data-skus` attribute of `<main>`.
pub(crate) fn sku_summaries(text: &str) -> Vec<SkuSummary> {
    let summary = |value: &JsValue| {
        Some(SkuSummary {
            sku: js::text(value, "sku")?,
            title: js::text(value, "title")?,
            price_minor: js::integer(value, "price_minor")?,
        })
    };
    js::elements(&js::parse(text)).iter().filter_map(summary).collect()
}

pub(crate) fn recommendation(value: &JsValue) -> Option<Recommendation> {
    Some(Recommendation {
        slug: js::text(value, "slug")?,
        title: js::text(value, "title")?,
        image_url: js::text(value, "image_url")?,
        price_minor: js::integer(value, "price_minor")?,
        currency: js::text(value, "currency")?,
        starts_at_ms: js::integer(value, "starts_at_ms")?,
        phase: phase(&js::text(value, "phase")?)?,
    })
}

pub(crate) fn quiz_issued(value: &JsValue) -> Option<QuizIssued> {
    Some(QuizIssued {
        quiz_token: js::text(value, "quiz_token")?,
        image_url: js::text(value, "image_url")?,
        question: js::text(value, "question"),
        proof_bits: js::count(value, "proof_bits").map(|bits| bits as u32),
        issued_at_ms: js::integer(value, "issued_at_ms")?,
        earliest_answer_ms: js::integer(value, "earliest_answer_ms")?,
        expires_at_ms: js::integer(value, "expires_at_ms")?,
        pass: js::text(value, "pass"),
    })
}

pub(crate) fn accepted(value: &JsValue) -> Option<Accepted> {
    Some(Accepted {
        queue_token: js::text(value, "queue_token")?,
        order_id: js::text(value, "order_id")?,
        position: js::count(value, "position")?,
        poll_after_ms: js::count(value, "poll_after_ms")?,
    })
}

pub(crate) fn queue_status(value: &JsValue) -> Option<QueueStatus> {
    let state = match js::text(value, "state")?.as_str() {
        "queued" => QueueState::Queued,
        "waiting" => QueueState::Waiting,
        "held" => QueueState::Held,
        "sold_out" => QueueState::SoldOut,
        "rejected" => QueueState::Rejected,
        _ => return None,
    };
    let chance = js::text(value, "chance");
    Some(QueueStatus {
        state,
        reason: js::text(value, "reason"),
        position: js::count(value, "position"),
        entered: js::truth(value, "entered"),
        entries: js::count(value, "entries"),
        units_left: js::count(value, "units_left"),
        chance: chance.map(|chance| if chance == "unlikely" { Chance::Unlikely } else { Chance::Likely }),
        poll_after_ms: js::count(value, "poll_after_ms"),
        order_id: js::text(value, "order_id").unwrap_or_default(),
        hold_expires_at_ms: js::integer(value, "hold_expires_at_ms"),
        reserved: js::get(value, "reserved").as_bool(),
    })
}

fn order_state(text: &str) -> Option<OrderState> {
    Some(match text {
        "held" => OrderState::Held,
        "awaiting_payment" => OrderState::AwaitingPayment,
        "paid" => OrderState::Paid,
        "released" => OrderState::Released,
        "refunded" => OrderState::Refunded,
        _ => return None,
    })
}

pub(crate) fn order_state_text(state: OrderState) -> &'static str {
    match state {
        OrderState::Held => "held",
        OrderState::AwaitingPayment => "awaiting_payment",
        OrderState::Paid => "paid",
        OrderState::Released => "released",
        OrderState::Refunded => "refunded",
    }
}

pub(crate) fn order(value: &JsValue) -> Option<Order> {
    Some(Order {
        order_id: js::text(value, "order_id")?,
        sale_id: js::text(value, "sale_id")?,
        state: order_state(&js::text(value, "state")?)?,
        sku: js::text(value, "sku"),
        quantity: js::count(value, "quantity")? as u32,
        amount_minor: js::integer(value, "amount_minor")?,
        currency: js::text(value, "currency")?,
        created_at_ms: js::integer(value, "created_at_ms").unwrap_or_default(),
        history: OrderHistory {
            reserved: js::truth(value, "reserved"),
            hold_expires_at_ms: js::integer(value, "hold_expires_at_ms"),
            release_cause: release_cause(value),
            reseated: js::truth(value, "reseated"),
            refunds: js::list(value, "refunds").iter().filter_map(refund).collect(),
        },
    })
}

fn release_cause(order: &JsValue) -> Option<ReleaseCause> {
    Some(match js::text(order, "release_cause")?.as_str() {
        "lapsed" => ReleaseCause::Lapsed,
        "cancelled" => ReleaseCause::Cancelled,
        "by_merchant" => ReleaseCause::ByMerchant,
        "sale_called_off" => ReleaseCause::SaleCalledOff,
        _ => return None,
    })
}

fn refund(value: &JsValue) -> Option<Refund> {
    Some(Refund {
        cause: match js::text(value, "cause")?.as_str() {
            "no_unit_free" => RefundCause::NoUnitFree,
            "cancelled" => RefundCause::Cancelled,
            "paid_twice" => RefundCause::PaidTwice,
            "wrong_amount" => RefundCause::WrongAmount,
            "limit_reached" => RefundCause::LimitReached,
            "sale_called_off" => RefundCause::SaleCalledOff,
            _ => return None,
        },
        amount_minor: js::integer(value, "amount_minor")?,
        currency: js::text(value, "currency")?,
        sent: js::truth(value, "sent"),
    })
}

pub(crate) fn mine(value: &JsValue) -> Mine {
    Mine {
        queue_tokens: js::list(value, "queue_tokens").iter().filter_map(JsValue::as_string).collect(),
        orders: js::list(value, "orders").iter().filter_map(order).collect(),
    }
}
