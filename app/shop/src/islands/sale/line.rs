//! The line: polling at the pace that the server states, and telling the truth about it.

use api::{Accepted, Chance, QueueState, QueueStatus};
use leptos::prelude::*;

use super::{
    countdown,
    model::{Hold, Model, Stage},
    order, quiz,
};
use crate::browser::{clock, http, jittered, page, session::Attempt, sleep_ms, wire};
use wasm_bindgen::JsValue;

const POLL_MS: f64 = 1_000.0;
/// After a hold: how often to look whether it was paid in another tab, or has lapsed.
const HOLD_EVERY_MS: f64 = 4_000.0;
/// The reason of a token whose queue was lost: the same key and pass may be sent again.
const LOST_IN_RESTART: &str = "lost_in_restart";
/// The reason of a token whose order left the waiting line by the shopper's wish.
const CANCELLED: &str = "cancelled";
/// How long a shopper who leaves the waiting line may have to wait for the line to notice.
const NOTICE_MS: f64 = 200.0;

pub(super) async fn join(model: Model, accepted: Accepted, attempt: Attempt) {
    model.stage.set(Stage::InLine);
    model.status.set(if enters(model) {
        model.locale.entering_draw().to_owned()
    } else {
        model.locale.in_line(accepted.position, None, false)
    });
    model.line_percent.set(0);
    sleep_ms(accepted.poll_after_ms as f64).await;
    follow(model, accepted.queue_token, Some(attempt)).await;
}

/// Until the token ends.
pub(super) async fn follow(model: Model, token: String, attempt: Option<Attempt>) {
    let path = ["/api/queue/", &token].concat();
    let mut first_position = None;
    let mut last_position = None;
    let mut entered = false;
    loop {
        let status = match http::get(&path).await {
            Ok(value) => wire::queue_status(&value),
            Err(failure) if failure.will_pass() => {
                let wait_ms = failure.wait_ms();
                model.status.set(failure.sentence(model.locale));
                sleep_ms(wait_ms).await;
                continue;
            }
            Err(failure) => {
                Attempt::forget(&model.sale_id());
                model.settle(failure.sentence(model.locale));
                return;
            }
        };
        let Some(status) = status else {
            model.settle(model.locale.something_failed().to_owned());
            return;
        };
        last_position = status.position.or(last_position);
        let first = *first_position.get_or_insert(status.position.unwrap_or(1));
        // Whoever waits after a draw stands in a line again.
        entered = (entered || status.entered) && status.state != QueueState::Waiting;
        match status.state {
            QueueState::Queued | QueueState::Waiting => {
                show_place(model, &status, first);
                rest(model, status.poll_after_ms.map_or(POLL_MS, |ms| ms as f64)).await;
            }
            ended => return end(model, ended, status, last_position, entered, attempt).await,
        }
    }
}

/// Until the next question is due, or the shopper's own doing makes it due at once.
async fn rest(model: Model, ms: f64) {
    let mut left_ms = ms;
    while left_ms > 0.0 && !model.look(|unseen| unseen.ask_now) {
        sleep_ms(left_ms.min(NOTICE_MS)).await;
        left_ms -= NOTICE_MS;
    }
    model.change(|unseen| unseen.ask_now = false);
}

/// "Leave the waiting line" was pressed. The line itself says what came of it.
pub(super) async fn leave(model: Model) {
    model.stage.set(Stage::Busy);
    model.status.set(model.locale.leaving_waiting().to_owned());
    let path = ["/api/orders/", &model.look(|unseen| unseen.waiting_order_id.clone()), "/cancel"].concat();
    if let Err(failure) = http::post(&path, JsValue::UNDEFINED).await {
        model.status.set(failure.sentence(model.locale));
        model.stage.set(Stage::Waiting);
    }
    model.change(|unseen| unseen.ask_now = true);
}

/// The line's own numbers say nothing then.
fn enters(model: Model) -> bool {
    model.entries_close_at_ms().is_some()
}

fn show_place(model: Model, status: &QueueStatus, first_position: u64) {
    if status.state == QueueState::Waiting {
        model.change(|unseen| unseen.waiting_order_id.clone_from(&status.order_id));
        // While a leave is on its way, the page stays with it.
        if model.stage.get_untracked() == Stage::InLine {
            model.stage.set(Stage::Waiting);
            countdown::tick(model);
        }
        if model.stage.get_untracked() != Stage::Waiting {
            return;
        }
    }
    let text = match (status.state, status.position) {
        (QueueState::Queued, Some(number)) if status.entered => {
            model.locale.entered_draw(number, status.entries.unwrap_or(number))
        }
        (QueueState::Queued, _) if enters(model) => model.locale.entering_draw().to_owned(),
        (QueueState::Queued, Some(position)) => {
            model.locale.in_line(position, status.units_left, status.chance == Some(Chance::Unlikely))
        }
        (QueueState::Queued, None) => model.locale.joining_line().to_owned(),
        (_, position) => model.locale.in_waiting_line(position),
    };
    // A status that says the same again would be read out again.
    if model.status.with_untracked(|shown| *shown != text) {
        model.status.set(text);
    }
    let ahead = status.position.unwrap_or(1).saturating_sub(1);
    let moved = first_position.saturating_sub(ahead);
    model.line_percent.set((100 * moved / first_position.max(1)) as i64);
}

async fn end(
    model: Model,
    ended: QueueState,
    status: QueueStatus,
    last_position: Option<u64>,
    entered: bool,
    attempt: Option<Attempt>,
) {
    let reason = status.reason.unwrap_or_default();
    if reason == LOST_IN_RESTART
        && let Some(attempt) = attempt
    {
        model.status.set(model.locale.sending_again().to_owned());
        sleep_ms(jittered(POLL_MS)).await;
        // The key and the pass are still good; the line begins anew.
        return Box::pin(order::place(model, attempt)).await;
    }
    Attempt::forget(&model.sale_id());
    match ended {
        QueueState::Held => {
            model.order_id.set(status.order_id);
            let reserved = status.reserved.unwrap_or(true);
            model.change(|unseen| unseen.hold = Some(Hold { reserved, expires_at_ms: status.hold_expires_at_ms }));
            model.stage.set(Stage::Held);
            order::refresh(model).await;
            page::focus(".pay");
            watch_hold(model).await;
        }
        QueueState::SoldOut => {
            let waited = model.stage.get_untracked() == Stage::Waiting;
            model.settle(if entered {
                // An entry's number is no place in a line.
                model.locale.not_drawn().to_owned()
            } else {
                model.locale.sold_out_after(last_position, waited)
            });
            // The board and the button shall not promise for seconds what the line has just denied.
            countdown::ask(model).await;
        }
        _ => {
            model.settle(model.locale.rejected(&reason).to_owned());
            if reason == CANCELLED {
                quiz::focus_buy().await;
            }
        }
    }
}

/// While units are held: they may be paid for elsewhere, or lapse.
pub(super) async fn watch_hold(model: Model) {
    while model.stage.get_untracked() == Stage::Held {
        sleep_ms(jittered(HOLD_EVERY_MS)).await;
        let expires_at_ms = model.look(|unseen| unseen.hold.and_then(|hold| hold.expires_at_ms));
        let lapsed = clock::server_now_ms()
            .zip(expires_at_ms)
            .is_some_and(|(now_ms, expires_at_ms)| now_ms as i64 > expires_at_ms);
        if page::visible() || lapsed {
            order::refresh(model).await;
        }
    }
}
