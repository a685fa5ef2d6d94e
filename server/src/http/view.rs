//! From what the record and the rules say to what the wire says.

use api::{Order, OrderHistory, OrderState, Refund, RefundCause, ReleaseCause, SalePhase, StockPolicy};
use ledger::{OrderRow, RefundRow, SaleRow};
use sale::Phase;

use super::{App, plan_b};

/// What a published sale is doing now.
pub(super) fn phase_of(app: &App, sale: &SaleRow) -> SalePhase {
    let now_ms = app.clock.now_ms();
    let phase = match app.writer.line(sale.sale_id) {
        Some(line) => line.terms().window.phase(now_ms, line.free_units()),
        None => sale.window().phase(now_ms, 0),
    };
    let paused = phase != Phase::Ended && plan_b::are_orders_paused(app, sale);
    match phase {
        _ if paused => SalePhase::Paused,
        // Visitors wait for a start that will not come while the sale is paused: they are told.
        Phase::Upcoming if sale.paused => SalePhase::Paused,
        Phase::Upcoming => SalePhase::Upcoming,
        Phase::Open => SalePhase::Open,
        Phase::SoldOut => SalePhase::SoldOut,
        Phase::Ended => SalePhase::Ended,
        // Between the close and the draw nobody is admitted; `draw` says why.
        Phase::Paused | Phase::Drawing => SalePhase::Paused,
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
        sku: row.sku.clone(),
        quantity: row.quantity,
        amount_minor: row.amount_minor,
        currency: row.currency.clone(),
        created_at_ms: row.created_at_ms,
        history: history(row),
    }
}

/// How the order came to where it is.
pub(super) fn history(row: &OrderRow) -> OrderHistory {
    OrderHistory {
        reserved: row.reserved,
        hold_expires_at_ms: row.hold_expires_at_ms.filter(|_| row.state.is_open()),
        release_cause: row.release_cause.map(|cause| match cause {
            sale::ReleaseCause::Lapsed => ReleaseCause::Lapsed,
            sale::ReleaseCause::Cancelled => ReleaseCause::Cancelled,
            sale::ReleaseCause::ByMerchant => ReleaseCause::ByMerchant,
            sale::ReleaseCause::SaleCalledOff => ReleaseCause::SaleCalledOff,
        }),
        reseated: row.reseated,
        refunds: row.refunds.iter().map(refund).collect(),
    }
}

fn refund(row: &RefundRow) -> Refund {
    Refund {
        cause: match row.cause {
            sale::RefundCause::NoUnitFree => RefundCause::NoUnitFree,
            sale::RefundCause::Cancelled => RefundCause::Cancelled,
            sale::RefundCause::PaidTwice => RefundCause::PaidTwice,
            sale::RefundCause::WrongAmount => RefundCause::WrongAmount,
            sale::RefundCause::LimitReached => RefundCause::LimitReached,
            sale::RefundCause::SaleCalledOff => RefundCause::SaleCalledOff,
        },
        amount_minor: row.amount_minor,
        currency: row.currency.clone(),
        sent: row.is_sent,
    }
}

pub(super) const fn stock_policy(policy: sale::StockPolicy) -> StockPolicy {
    match policy {
        sale::StockPolicy::Hold => StockPolicy::Hold,
        sale::StockPolicy::OnOrder => StockPolicy::OnOrder,
        sale::StockPolicy::OnPayment => StockPolicy::OnPayment,
    }
}
