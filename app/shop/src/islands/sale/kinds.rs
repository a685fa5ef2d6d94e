//! Which one of the item's kinds (SKUs) the shopper wants: a choice that stands beside the price it changes.

use api::{SkuState, SkuSummary};
use leptos::prelude::*;
use ui::format_money;

use super::{
    super::live::{act, flag, text},
    model::Model,
};
use crate::{browser::page, facts::Facts};

/// Nothing is chosen yet.
const NONE: i64 = -1;

/// Why an order cannot go out as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    NoneChosen,
    SoldOut,
}

/// The kinds as the page tells them; how each stands comes from the server. Empty where the units are all alike.
pub(super) fn of_page(facts: &Facts) -> Vec<SkuState> {
    let told = facts.skus.iter().map(|kind| SkuState {
        sku: kind.sku.clone(),
        price_minor: kind.price_minor,
        sold_out: false,
        can_wait: false,
    });
    told.collect()
}

/// One kind alone is no choice.
pub(super) fn first_choice(facts: &Facts) -> i64 {
    if facts.skus.len() == 1 { 0 } else { NONE }
}

/// Takes in what the server says. A kind that the page does not show comes with the page's next revision.
pub(super) fn take(kinds: &mut [SkuState], told: Vec<SkuState>) {
    for state in told {
        if let Some(kind) = kinds.iter_mut().find(|kind| kind.sku == state.sku) {
            *kind = state;
        }
    }
}

pub(super) fn chosen(kinds: &[SkuState], chosen: i64) -> Option<&SkuState> {
    kinds.get(usize::try_from(chosen).ok()?)
}

pub(super) fn unfit(kinds: &[SkuState], index: i64) -> Option<Unfit> {
    match chosen(kinds, index) {
        None if kinds.is_empty() => None,
        None => Some(Unfit::NoneChosen),
        Some(kind) => is_gone(kind).then_some(Unfit::SoldOut),
    }
}

/// The price of the choice; before it, the least one, and whether there are others.
pub(super) fn price_minor(kinds: &[SkuState], index: i64, sale_price_minor: i64) -> (i64, bool) {
    match chosen(kinds, index) {
        Some(kind) => (kind.price_minor, false),
        None => {
            let least = kinds.iter().map(|kind| kind.price_minor).min().unwrap_or(sale_price_minor);
            (least, have_other_prices(kinds, least))
        }
    }
}

fn have_other_prices(kinds: &[SkuState], price_minor: i64) -> bool {
    kinds.iter().any(|kind| kind.price_minor != price_minor)
}

fn is_gone(kind: &SkuState) -> bool {
    kind.sold_out && !kind.can_wait
}

/// The keyboard goes to the choice that is missing.
pub(super) fn focus() {
    page::focus(".kinds input:enabled");
}

pub(super) fn choice(model: Model, kinds: Vec<SkuSummary>) -> Option<impl IntoView> {
    (!kinds.is_empty()).then(|| {
        let rows: Vec<_> = (0..).zip(kinds).map(|(index, kind)| row(model, index, kind.title)).collect();
        view! {
            <fieldset class="kinds">
                <legend>{model.locale.choose_kind()}</legend>
                <div class="kind-list">{rows}</div>
            </fieldset>
        }
    })
}

fn row(model: Model, index: i64, title: String) -> impl IntoView {
    let choose = move || {
        model.chosen.set(index);
        // It may have asked for the choice.
        model.status.set(String::new());
    };
    let is_gone = move || {
        model.kinds_told.track();
        model.look(|unseen| chosen(&unseen.kinds, index).is_some_and(is_gone))
    };
    view! {
        <label class="kind">
            // A browser that keeps forms over a reload would show a choice that is not one.
            <input
                type="radio"
                name="kind"
                autocomplete="off"
                checked=index == model.chosen.get_untracked()
                disabled=flag(is_gone)
                on:click:capture=act(choose)
            />
            <span class="kind-title">{title}</span>
            <span class="kind-note">{text(move || note(model, index))}</span>
        </label>
    }
}

/// The price, where it is not that of all, and whether any are left.
fn note(model: Model, index: i64) -> String {
    let locale = model.locale;
    model.kinds_told.track();
    model.look(|unseen| {
        let Some(kind) = chosen(&unseen.kinds, index) else { return String::new() };
        let mut note = String::new();
        if have_other_prices(&unseen.kinds, kind.price_minor) {
            note += &format_money(kind.price_minor, &unseen.facts.currency);
        }
        if kind.sold_out {
            if !note.is_empty() {
                note += locale.comma();
            }
            note += if kind.can_wait { locale.kind_all_held() } else { locale.kind_sold_out() };
        }
        note
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(sku: &str, price_minor: i64) -> SkuState {
        SkuState { sku: sku.to_owned(), price_minor, sold_out: false, can_wait: false }
    }

    #[test]
    fn units_all_alike_ask_for_no_choice() {
        assert_eq!(unfit(&[], NONE), None);
        assert_eq!(price_minor(&[], NONE, 199), (199, false));
    }

    #[test]
    fn a_choice_is_asked_for_and_its_price_is_told() {
        let sizes = [kind("s", 7), kind("m", 5), kind("l", 9)];
        assert_eq!(unfit(&sizes, NONE), Some(Unfit::NoneChosen));
        assert_eq!(price_minor(&sizes, NONE, 199), (5, true));
        assert_eq!(unfit(&sizes, 2), None);
        assert_eq!(price_minor(&sizes, 2, 199), (9, false));
    }

    #[test]
    fn a_kind_that_sold_out_after_it_was_chosen_is_not_ordered_unless_one_may_wait() {
        let mut sizes = [kind("s", 5), kind("m", 5)];
        take(&mut sizes, vec![SkuState { sold_out: true, ..kind("m", 5) }, kind("unknown", 5)]);
        assert_eq!(unfit(&sizes, 0), None);
        assert_eq!(unfit(&sizes, 1), Some(Unfit::SoldOut));
        take(&mut sizes, vec![SkuState { sold_out: true, can_wait: true, ..kind("m", 5) }]);
        assert_eq!(unfit(&sizes, 1), None);
    }
}
