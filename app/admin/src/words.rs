//! The names that states go by.

use api::{OrderState, Sale, SalePhase};

/// Where a sale stands, drafts included: a word for the eye and a class for the style.
pub(crate) fn standing(sale: &Sale) -> (&'static str, &'static str) {
    match sale.phase {
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
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
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
    fn one_unit_is_not_units() {
        assert_eq!(units(1), "1 unit");
        assert_eq!(units(0), "0 units");
    }
}
