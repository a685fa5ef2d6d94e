//! What was switched, by whom and why: the latest first.

use api::SwitchLine;
use leptos::prelude::*;

use super::{PlanBDesk, words};
use crate::moment;

pub(super) fn table(plan: PlanBDesk) -> impl IntoView {
    view! {
        <section aria-labelledby="switched">
            <h2 id="switched">"What was switched"</h2>
            {move || {
                let lines = plan.lines.get();
                if lines.is_empty() {
                    return view! { <p class="empty">"Nothing yet."</p> }.into_any();
                }
                let rows = lines.into_iter().map(|line| row(plan, line)).collect_view();
                view! {
                    <table class="stacks audit" role="table">
                        <caption>"The latest first; the operator's switches are among them."</caption>
                        <thead role="rowgroup">
                            <tr role="row">
                                <th role="columnheader" scope="col">"When"</th>
                                <th role="columnheader" scope="col">"Switch"</th>
                                <th role="columnheader" scope="col">"For"</th>
                                <th role="columnheader" scope="col">"From, to"</th>
                                <th role="columnheader" scope="col">"Until"</th>
                                <th role="columnheader" scope="col">"By"</th>
                                <th role="columnheader" scope="col">"Why"</th>
                            </tr>
                        </thead>
                        <tbody role="rowgroup">{rows}</tbody>
                    </table>
                }
                    .into_any()
            }}
        </section>
    }
}

fn row(plan: PlanBDesk, line: SwitchLine) -> impl IntoView {
    let whom = match line.scope {
        api::SwitchScope::Shop => "the whole shop".to_owned(),
        api::SwitchScope::Merchant | api::SwitchScope::Sale => plan.sale_named(line.sale_id.as_deref()),
    };
    let change = format!("{} → {}", words::said(&line.name, &line.from), words::said(&line.name, &line.to));
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="time" data-label="When">
                {moment::stamp(line.at_ms)}
            </th>
            <td role="cell" data-label="Switch">{words::title(&line.name)}</td>
            <td role="cell" data-label="For">{whom}</td>
            <td role="cell" data-label="From, to">{change}</td>
            <td role="cell" class="time" data-label="Until">
                {line.until_ms.map_or_else(|| "–".to_owned(), moment::stamp)}
            </td>
            <td role="cell" data-label="By">{line.by}</td>
            <td role="cell" data-label="Why">{line.reason}</td>
        </tr>
    }
}
