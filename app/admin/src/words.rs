//! The names that states go by.

use api::{OrderState, RefundCause, ReleaseCause, Sale, SalePhase, StockPolicy};

/// Where a sale stands, drafts included: a word for the eye and a class for the style.
pub(crate) fn standing(sale: &Sale) -> (&'static str, &'static str) {
    match sale.phase {
        _ if sale.called_off => ("Called off", "ended"),
        None => ("Draft", "draft"),
        Some(phase) => (phase_word(phase), phase_class(phase)),
    }
}

fn phase_word(phase: SalePhase) -> &'static str {
    match phase {
        SalePhase::Upcoming => "Upcoming",
        SalePhase::Open => "Open",
        SalePhase::SoldOut => "Sold out",
        SalePhase::Ended => "Ended",
        SalePhase::Paused => "Paused",
    }
}

fn phase_class(phase: SalePhase) -> &'static str {
    match phase {
        SalePhase::Upcoming => "upcoming",
        SalePhase::Open => "open",
        SalePhase::SoldOut => "sold-out",
        SalePhase::Ended => "ended",
        SalePhase::Paused => "paused",
    }
}

/// Every state that an order can be in, in the order of its life, with its name on the wire and for people.
pub(crate) const ORDER_STATES: [(OrderState, &str, &str); 5] = [
    (OrderState::Held, "held", "Held"),
    (OrderState::AwaitingPayment, "awaiting_payment", "Awaiting payment"),
    (OrderState::Paid, "paid", "Paid"),
    (OrderState::Released, "released", "Released"),
    (OrderState::Refunded, "refunded", "Refunded"),
];

pub(crate) fn order_state(state: OrderState) -> &'static str {
    ORDER_STATES.iter().find(|(known, ..)| *known == state).map_or("", |(_, _, word)| word)
}

/// When a unit is taken.
pub(crate) fn policy(policy: StockPolicy) -> &'static str {
    match policy {
        StockPolicy::Hold => "Kept for a while",
        StockPolicy::OnOrder => "Taken when ordered",
        StockPolicy::OnPayment => "Taken when paid",
    }
}

pub(crate) fn release_cause(cause: ReleaseCause) -> &'static str {
    match cause {
        ReleaseCause::Lapsed => "time ran out",
        ReleaseCause::Cancelled => "cancelled by the shopper",
        ReleaseCause::ByMerchant => "by you",
        ReleaseCause::SaleCalledOff => "sale called off",
    }
}

pub(crate) fn refund_cause(cause: RefundCause) -> &'static str {
    match cause {
        RefundCause::NoUnitFree => "no unit was free",
        RefundCause::Cancelled => "order had been given up",
        RefundCause::PaidTwice => "paid twice",
        RefundCause::WrongAmount => "wrong amount",
        RefundCause::LimitReached => "over the limit",
        RefundCause::SaleCalledOff => "sale called off",
    }
}

/// `24 h`, `15 min`, `90 s`: a length of time in its largest whole unit.
pub(crate) fn duration(seconds: i64) -> String {
    match seconds {
        s if s >= 86_400 && s % 86_400 == 0 && s != 86_400 => counted(s / 86_400, "day"),
        s if s >= 3_600 && s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s >= 120 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

/// The last eight letters of an id: enough to tell two apart in a list. The first ones of a time-ordered id are alike.
pub(crate) fn short_id(id: &str) -> String {
    let start = id.char_indices().rev().nth(7).map_or(0, |(index, _)| index);
    id[start..].to_owned()
}

/// `1 unit`, `20 units`.
pub(crate) fn units(count: i64) -> String {
    counted(count, "unit")
}

pub(crate) fn counted(count: i64, noun: &str) -> String {
    counted_as(count, noun, &format!("{noun}s"))
}

pub(crate) fn counted_as(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_id_is_the_end_of_the_long_one() {
        assert_eq!(short_id("0190f3c2-7a1b-7c3d-9e4f-0123456789ab"), "456789ab");
        assert_eq!(short_id("abc"), "abc");
    }

    #[test]
    fn a_duration_is_told_in_its_largest_whole_unit() {
        for (seconds, text) in
            [(45, "45 s"), (90, "90 s"), (900, "15 min"), (3_600, "1 h"), (86_400, "24 h"), (604_800, "7 days")]
        {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn one_unit_is_not_units() {
        assert_eq!(units(1), "1 unit");
        assert_eq!(units(0), "0 units");
    }
}
