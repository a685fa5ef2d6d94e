//! The kinds (SKUs) of a sale: each one's counts, and their restocking.

use std::collections::BTreeMap;

use api::{PatchSale, SalePhase, SkuCounts, SkuInput};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::{actions::settle, watch::Watch};
use crate::{
    desk::Desk,
    fields::{Outcome, OutcomeLine},
    http, money,
    sale_form::sum_told,
};

/// What was written into the fields and differs from what stands; the total under no name.
type Written = BTreeMap<String, String>;
const TOTAL: &str = "";

#[component]
pub(crate) fn Kinds(watch: Watch) -> impl IntoView {
    let kinds =
        Memo::new(move |_| watch.sale.with(|sale| sale.as_ref().map(|sale| sale.skus.clone())).unwrap_or_default());
    // Built anew when there are other kinds, not with every reading or restocking: somebody may be writing, and what
    // came of it is told in here.
    let rows = Memo::new(move |_| {
        kinds.with(|kinds| kinds.iter().map(|kind| SkuInput { stock_units: 0, ..kind.clone() }).collect::<Vec<_>>())
    });
    move || {
        let rows = rows.get();
        (!rows.is_empty()).then(|| view! { <KindTable watch=watch kinds=kinds rows=rows/> })
    }
}

#[component]
fn KindTable(
    watch: Watch,
    kinds: Memo<Vec<SkuInput>>,
    /// The kinds without their stock, which follows by itself.
    rows: Vec<SkuInput>,
) -> impl IntoView {
    let desk = Desk::here();
    let outcome = RwSignal::new(Outcome::None);
    let written = RwSignal::new(Written::new());
    let currency =
        watch.sale.with_untracked(|sale| sale.as_ref().map(|sale| sale.currency.clone())).unwrap_or_default();
    let total = Memo::new(move |_| watch.sale.with(|sale| sale.as_ref().map_or(0, |sale| sale.stock_units)));
    let is_running = Memo::new(move |_| {
        watch.sale.with(|sale| {
            sale.as_ref().is_some_and(|sale| sale.published && !sale.called_off && sale.phase != Some(SalePhase::Ended))
        })
    });
    let rows = rows.iter().map(|kind| row(watch, kinds, kind, &currency, is_running, written)).collect_view();
    let read = move || kinds.with(|kinds| written.with(|written| change(kinds, total.get(), written)));
    let sum = move || match read() {
        Ok(Some(change)) => change.told,
        Ok(None) => String::new(),
        Err(sentence) => sentence.to_owned(),
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        match untrack(read) {
            Err(sentence) => outcome.set(Outcome::Failed(sentence.to_owned())),
            Ok(None) => {}
            Ok(Some(change)) => {
                outcome.set(Outcome::Busy("Changing the stock…"));
                spawn_local(async move {
                    let answer = http::patch(&watch.path(""), &change.patch).await;
                    if answer.is_ok() {
                        written.set(Written::new());
                    }
                    settle(watch, desk, outcome, answer.map(|()| "The stock is changed.".to_owned()));
                });
            }
        }
    };
    let is_idle = move || written.with(Written::is_empty) || outcome.with(Outcome::is_busy);
    view! {
        <section class="kinds" aria-labelledby="kinds-title">
            <h2 id="kinds-title">"Kinds"</h2>
            <form class="kinds-form" on:submit=submit novalidate=true>
                <table class="stacks" role="table">
                    <caption>"Units of each kind. The sale's total binds them all: whichever sells first."</caption>
                    <thead role="rowgroup">
                        <tr role="row">
                            <th role="columnheader" scope="col">"Kind"</th>
                            <th role="columnheader" scope="col" class="number">"Price"</th>
                            <th role="columnheader" scope="col" class="number">"Free"</th>
                            <th role="columnheader" scope="col" class="number">"Held"</th>
                            <th role="columnheader" scope="col" class="number">"Sold"</th>
                            <th role="columnheader" scope="col" class="number">"Stock"</th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{rows}</tbody>
                </table>
                <Show when=move || is_running.get()>
                    <div class="row total">
                        <label for="total">"The sale's total"</label>
                        {units_field(TOTAL.to_owned(), "total", "The sale's total".to_owned(), total.into(), written)}
                        <button type="submit" disabled=is_idle>
                            "Set the stock"
                        </button>
                        <p class="hint" role="status">
                            {sum}
                        </p>
                    </div>
                </Show>
            </form>
            <OutcomeLine outcome=outcome/>
        </section>
    }
}

fn row(
    watch: Watch,
    kinds: Memo<Vec<SkuInput>>,
    kind: &SkuInput,
    currency: &str,
    is_running: Memo<bool>,
    written: RwSignal<Written>,
) -> impl IntoView + use<> {
    let counts = {
        let sku = kind.sku.clone();
        Memo::new(move |_| {
            watch.reading.with(|reading| reading.as_ref()?.ledger.skus.iter().find(|counts| counts.sku == sku).cloned())
        })
    };
    let number = move |of: fn(&SkuCounts) -> i64| {
        move || counts.with(|counts| counts.as_ref().map_or_else(|| "–".to_owned(), |counts| of(counts).to_string()))
    };
    let stock_units = {
        let sku = kind.sku.clone();
        Memo::new(move |_| {
            kinds.with(|kinds| kinds.iter().find(|kind| kind.sku == sku).map_or(0, |kind| kind.stock_units))
        })
    };
    let (sku, label) = (kind.sku.clone(), format!("Stock of {}", kind.title));
    let stock = move || {
        if is_running.get() {
            units_field(sku.clone(), "", label.clone(), stock_units.into(), written).into_any()
        } else {
            (move || stock_units.get()).into_any()
        }
    };
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">
                <strong>{kind.title.clone()}</strong>
                " "
                <span class="id quiet">{kind.sku.clone()}</span>
            </th>
            <td role="cell" class="number" data-label="Price">
                {money::shown(kind.price_minor, currency)}
            </td>
            <td role="cell" class="number strong" data-label="Free">
                {number(|counts| counts.free)}
            </td>
            <td role="cell" class="number" data-label="Held">
                {number(|counts| counts.held)}
            </td>
            <td role="cell" class="number" data-label="Sold">
                {number(|counts| counts.sold)}
            </td>
            <td role="cell" class="number" data-label="Stock">
                {stock}
            </td>
        </tr>
    }
}

/// A field that shows what stands until something else is written into it.
fn units_field(
    name: String,
    id: &'static str,
    label: String,
    stands: Signal<i64>,
    written: RwSignal<Written>,
) -> impl IntoView {
    let key = name.clone();
    let shown = move || written.with(|written| written.get(&key).cloned()).unwrap_or_else(|| stands.get().to_string());
    let write = move |text: String| {
        written.update(|written| {
            if text.trim() == stands.get_untracked().to_string() {
                written.remove(&name);
            } else {
                written.insert(name.clone(), text);
            }
        });
    };
    view! {
        <input
            class="units"
            id=(!id.is_empty()).then_some(id)
            aria-label=label
            inputmode="numeric"
            autocomplete="off"
            prop:value=shown
            on:input:target=move |event| write(event.target().value())
        />
    }
}

#[derive(Debug, PartialEq)]
struct Change {
    patch: PatchSale,
    /// How the kinds then stand to the total.
    told: String,
}

/// What is to be sent; none while nothing differs from what stands.
fn change(kinds: &[SkuInput], total: i64, written: &Written) -> Result<Option<Change>, &'static str> {
    if written.is_empty() {
        return Ok(None);
    }
    let units = |name: &str, stands: i64| match written.get(name) {
        None => Ok(stands),
        Some(text) => {
            text.trim().parse::<u32>().map(i64::from).map_err(|_| "Write whole numbers of units into the fields.")
        }
    };
    let mut changed = Vec::new();
    let mut sum = 0;
    for kind in kinds {
        let stock_units = units(&kind.sku, kind.stock_units)?;
        sum += stock_units;
        if stock_units != kind.stock_units {
            changed.push(SkuInput { stock_units, ..kind.clone() });
        }
    }
    let new_total = units(TOTAL, total)?;
    let (told, _) = sum_told(sum, new_total);
    let patch = PatchSale {
        stock_units: (new_total != total).then_some(new_total),
        skus: (!changed.is_empty()).then_some(changed),
        ..PatchSale::default()
    };
    Ok(Some(Change { patch, told }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(sku: &str, stock_units: i64) -> SkuInput {
        SkuInput { sku: sku.to_owned(), title: sku.to_uppercase(), stock_units, price_minor: 5 }
    }

    fn written(fields: &[(&str, &str)]) -> Written {
        fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn kinds_and_total_are_changed_in_one_call() {
        let kinds = [kind("m", 12), kind("l", 8)];
        assert_eq!(change(&kinds, 20, &written(&[])), Ok(None));
        let both = change(&kinds, 20, &written(&[("l", "10"), (TOTAL, "22")])).unwrap().unwrap();
        assert_eq!(both.patch.stock_units, Some(22));
        assert_eq!(both.patch.skus, Some(vec![kind("l", 10)]));
        let one = change(&kinds, 20, &written(&[("l", " 10 ")])).unwrap().unwrap();
        assert_eq!((one.patch.stock_units, one.patch.skus), (None, Some(vec![kind("l", 10)])));
        assert!(one.told.contains("2 more than"), "{}", one.told);
    }

    #[test]
    fn what_is_no_number_is_not_sent() {
        assert!(change(&[kind("m", 12)], 12, &written(&[("m", "many")])).is_err());
        assert!(change(&[kind("m", 12)], 12, &written(&[(TOTAL, "-1")])).is_err());
    }
}
