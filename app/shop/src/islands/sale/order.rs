//! From the pass to the line, and back to it after a reload.

use api::{Code, Mine, Order, OrderState};
use leptos::prelude::*;
use ui::format_money;

use super::{
    countdown, kinds, line,
    model::{Hold, Model, Stage},
};
use crate::browser::{http, http::Call, js, page, session, session::Attempt, wire};

/// The same key and pass make a retry harmless, so the page is patient: about a pass's life.
const TRIES: u32 = 12;

/// A fresh pass: the order goes out at once.
pub(super) async fn begin(model: Model, pass: String) {
    let chosen = model.chosen.get_untracked();
    let (quantity, sku) =
        model.look(|unseen| (unseen.quantity, kinds::chosen(&unseen.kinds, chosen).map(|kind| kind.sku.clone())));
    let attempt = Attempt::begin(&model.sale_id(), pass, quantity, sku);
    place(model, attempt).await;
}

pub(super) async fn place(model: Model, attempt: Attempt) {
    model.stage.set(Stage::Busy);
    model.status.set(model.locale.joining_line().to_owned());
    let mut fields = vec![("pass", attempt.pass.as_str().into()), ("quantity", attempt.quantity.into())];
    fields.extend(attempt.sku.as_ref().map(|sku| ("sku", sku.as_str().into())));
    let path = model.sale_path("/orders");
    let call = Call {
        path: &path,
        body: Some(js::object(&fields)),
        idempotency_key: Some(&attempt.key),
        tries: TRIES,
        timeout_ms: http::TIMEOUT_MS,
    };
    match http::send(call).await {
        Ok(value) => match wire::accepted(&value) {
            Some(accepted) => line::join(model, accepted, attempt).await,
            None => model.settle(model.locale.something_failed().to_owned()),
        },
        Err(failure) => {
            // What passes by itself may still have reached the queue: the key is kept for the next load.
            if !failure.will_pass() {
                Attempt::forget(&model.sale_id());
            }
            if failure.code() == Some(Code::SignedOut) {
                page::go(&page::sign_in_path(model.locale));
            }
            model.settle(failure.sentence(model.locale));
        }
    }
}

/// At load: who is asking, and what this shopper already has in the sale.
pub(super) async fn find_place(model: Model) {
    let Some(me) = session::me().await else {
        // Unknown is not signed out: the server will say at the first press.
        model.change(|unseen| unseen.signed_in = true);
        return;
    };
    model.change(|unseen| {
        unseen.signed_in = me.signed_in;
        unseen.lot = me.lot;
    });
    if !me.signed_in {
        model.visitor.set(true);
        return;
    }
    let Some(mine) = fetch_mine(model).await else { return };
    let left_open = Attempt::left_open(&model.sale_id());
    show_orders(model, &mine.orders);
    match (mine.queue_tokens.last(), left_open) {
        (Some(token), attempt) => {
            model.stage.set(Stage::InLine);
            model.status.set(model.locale.finding_place().to_owned());
            line::follow(model, token.clone(), attempt).await;
        }
        // Sent, but never answered: the key tells the server whether it has it.
        (None, Some(attempt)) if mine.orders.is_empty() => place(model, attempt).await,
        (None, _) => Attempt::forget(&model.sale_id()),
    }
}

async fn fetch_mine(model: Model) -> Option<Mine> {
    Some(wire::mine(&http::get(&model.sale_path("/mine")).await.ok()?))
}

/// Takes in all that the shopper has in the sale, once a hold has come or a reload asks.
pub(super) async fn refresh(model: Model) {
    if let Some(mine) = fetch_mine(model).await {
        show_orders(model, &mine.orders);
    }
}

fn show_orders(model: Model, orders: &[Order]) {
    let owned =
        |order: &&Order| matches!(order.state, OrderState::Held | OrderState::AwaitingPayment | OrderState::Paid);
    model.owned.set(orders.iter().filter(owned).map(|order| i64::from(order.quantity)).sum());
    let held = orders.iter().find(|order| matches!(order.state, OrderState::Held | OrderState::AwaitingPayment));
    if let Some(order) = held {
        show_held(model, order);
    } else if let Some(order) = orders.iter().find(|order| order.state == OrderState::Paid) {
        model.change(|unseen| unseen.hold = None);
        model.order_id.set(order.order_id.clone());
        model.stage.set(Stage::Paid);
        model.status.set(model.locale.paid_note().to_owned());
    } else if model.stage.get_untracked() == Stage::Held {
        // Why it is gone, where the order is found that was on the screen.
        let order = model.order_id.with_untracked(|shown| orders.iter().find(|order| order.order_id == *shown));
        let story = order.map(|order| model.locale.order_story(order.state, &order.history));
        model.order_id.set(String::new());
        model.change(|unseen| unseen.hold = None);
        model.settle(story.unwrap_or_else(|| model.locale.lapsed_note().to_owned()));
    }
}

fn show_held(model: Model, order: &Order) {
    let Hold { reserved, expires_at_ms } =
        Hold { reserved: order.history.reserved, expires_at_ms: order.history.hold_expires_at_ms };
    model.change(|unseen| unseen.hold = Some(Hold { reserved, expires_at_ms }));
    model.order_id.set(order.order_id.clone());
    model.stage.set(Stage::Held);
    countdown::tick(model);
    let amount = format_money(order.amount_minor, &order.currency);
    let until = expires_at_ms.map(|at_ms| page::local_time(at_ms as f64)).unwrap_or_default();
    let status = model.locale.held_until(reserved, &until, u64::from(order.quantity), &amount);
    if model.status.with_untracked(|shown| *shown != status) {
        model.status.set(status);
    }
}

/// Pay was pressed.
pub(super) async fn pay(model: Model) {
    let path = ["/api/orders/", &model.order_id.get_untracked(), "/payments"].concat();
    match http::post(&path, wasm_bindgen::JsValue::UNDEFINED).await {
        Ok(value) => page::go_to_payment(model.locale, &value),
        Err(failure) => {
            model.status.set(failure.sentence(model.locale));
            refresh(model).await;
        }
    }
}
