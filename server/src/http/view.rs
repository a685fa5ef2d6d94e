//! From what the record and the rules say to what the wire says.

use api::{Order, OrderState, SalePhase};
use ledger::{OrderRow, SaleRow};
use sale::Phase;

use super::App;

/// What a published sale is doing now.
pub(super) fn phase_of(app: &App, sale: &SaleRow) -> SalePhase {
    let now_ms = app.clock.now_ms();
    let phase = match app.committer.line(sale.sale_id) {
        Some(line) => line.terms().window.phase(now_ms, line.free_units()),
        None => sale.window().phase(now_ms, 0),
    };
    match phase {
        Phase::Upcoming => SalePhase::Upcoming,
        Phase::Open => SalePhase::Open,
        Phase::SoldOut => SalePhase::SoldOut,
        Phase::Ended => SalePhase::Ended,
        Phase::Paused => SalePhase::Paused,
    }
}

pub(super) const fn order_state(state: sale::OrderState) -> OrderState {
    match state {
        sale::OrderState::Held => OrderState::Held,
        sale::OrderState::AwaitingPayment => OrderState::AwaitingPayment,
        sale::OrderState::Paid => OrderState::Paid,
        sale::OrderState::Released => OrderState::Released,
        sale::OrderState::Refunded => OrderState::Refunded,
    }
}

pub(super) fn order(row: &OrderRow) -> Order {
    Order {
        order_id: row.order_id.to_string(),
        sale_id: row.sale_id.to_string(),
        state: order_state(row.state),
        quantity: row.quantity,
        amount_minor: row.amount_minor,
        currency: row.currency.clone(),
        created_at_ms: row.created_at_ms,
        hold_expires_at_ms: row.state.is_holding().then_some(row.hold_expires_at_ms),
    }
}
