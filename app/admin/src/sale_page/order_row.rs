//! One order in the merchant's table: what it is, and how it came to that.

use api::{MerchantOrder, OrderState};
use leptos::prelude::*;

use crate::{moment, money, words};

/// Tells two readings of an order apart, so that a row is built anew only when it has changed.
pub(super) fn key(order: &MerchantOrder) -> String {
    serde_json::to_string(order).unwrap_or_else(|_| order.order_id.clone())
}

pub(super) fn is_unpaid(order: &MerchantOrder) -> bool {
    matches!(order.state, OrderState::Held | OrderState::AwaitingPayment)
}

/// `with_kinds`: whether the sale has any. `release` gets the order's id.
pub(super) fn row(order: MerchantOrder, with_kinds: bool, release: Callback<MerchantOrder>) -> impl IntoView {
    let notes = notes(&order).into_iter().map(|note| view! { <span class="note">{note}</span> });
    let kind = with_kinds.then(|| {
        view! {
            <td role="cell" class="id" data-label="Kind">
                {order.sku.clone()}
            </td>
        }
    });
    let short_id = words::short_id(&order.order_id);
    let can_release = is_unpaid(&order);
    let action = {
        let (order, label) = (order.clone(), format!("Release order {short_id}"));
        can_release.then(|| {
            view! {
                <button type="button" class="link" aria-label=label on:click=move |_| release.run(order.clone())>
                    "Release"
                </button>
            }
        })
    };
    view! {
        <tr role="row">
            <td role="cell" class="time" data-label="Created">
                {moment::stamp(order.created_at_ms)}
            </td>
            <td role="cell" class="order-state" data-label="State">
                {words::order_state(order.state)}
                {notes.collect_view()}
            </td>
            {kind}
            <td role="cell" class="number" data-label="Units">
                {order.quantity}
            </td>
            <td role="cell" class="number" data-label="Amount">
                {money::shown(order.amount_minor, &order.currency)}
            </td>
            <td role="cell" class="id" data-label="Shopper" title=order.shopper_id.clone()>
                {words::short_id(&order.shopper_id)}
            </td>
            <td role="cell" class="id" data-label="Order" title=order.order_id.clone()>
                {short_id}
            </td>
            <td role="cell" class="actions-cell">{action}</td>
        </tr>
    }
}

/// What stands below the state.
fn notes(order: &MerchantOrder) -> Vec<String> {
    let history = &order.history;
    let mut notes = Vec::new();
    if is_unpaid(order) {
        notes.push(match (history.reserved, history.hold_expires_at_ms) {
            (false, _) => "payment decides".to_owned(),
            (true, None) => "kept until paid".to_owned(),
            (true, Some(at_ms)) => format!("kept until {}", moment::time_of_day(at_ms)),
        });
    }
    if let Some(cause) = history.release_cause.filter(|_| order.state == OrderState::Released) {
        notes.push(words::release_cause(cause).to_owned());
    }
    if history.reseated {
        notes.push("paid late, re-seated".to_owned());
    }
    for refund in &history.refunds {
        let amount = money::shown(refund.amount_minor, &refund.currency);
        let progress = if refund.sent { "sent" } else { "on its way" };
        notes.push(format!("{amount} back: {}, {progress}", words::refund_cause(refund.cause)));
    }
    notes
}

#[cfg(test)]
mod tests {
    use api::{OrderHistory, Refund, RefundCause, ReleaseCause};

    use super::*;

    fn order(state: OrderState, history: OrderHistory) -> MerchantOrder {
        MerchantOrder {
            order_id: "order".to_owned(),
            sale_id: "sale".to_owned(),
            shopper_id: "shopper".to_owned(),
            state,
            sku: None,
            quantity: 1,
            amount_minor: 9_900,
            currency: "CNY".to_owned(),
            created_at_ms: 0,
            updated_at_ms: 0,
            history,
        }
    }

    fn history() -> OrderHistory {
        OrderHistory {
            reserved: true,
            hold_expires_at_ms: None,
            release_cause: None,
            reseated: false,
            refunds: Vec::new(),
        }
    }

    #[test]
    fn an_unpaid_order_says_whether_units_are_kept_for_it() {
        assert_eq!(notes(&order(OrderState::Held, history())), ["kept until paid"]);
        let claim = OrderHistory { reserved: false, ..history() };
        assert_eq!(notes(&order(OrderState::AwaitingPayment, claim)), ["payment decides"]);
        assert_eq!(notes(&order(OrderState::Paid, history())), [""; 0]);
    }

    #[test]
    fn an_order_that_ended_says_why_and_what_went_back() {
        let lapsed = OrderHistory { release_cause: Some(ReleaseCause::Lapsed), ..history() };
        assert_eq!(notes(&order(OrderState::Released, lapsed.clone())), ["time ran out"]);
        let refund =
            Refund { cause: RefundCause::NoUnitFree, amount_minor: 9_900, currency: "CNY".to_owned(), sent: false };
        let late = OrderHistory { refunds: vec![refund], ..lapsed };
        assert_eq!(notes(&order(OrderState::Refunded, late)), ["CNY\u{a0}99.00 back: no unit was free, on its way"]);
        let reseated = OrderHistory { reseated: true, ..history() };
        assert_eq!(notes(&order(OrderState::Paid, reseated)), ["paid late, re-seated"]);
    }
}
