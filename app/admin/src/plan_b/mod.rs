//! Plan B: switches that work at once, what shoppers will see of each, and what was switched before.

mod audit;
mod cards;
mod words;

use api::{ItemList, PutSwitches, SaleList, SwitchAudit, SwitchLine, Switches};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    desk::Desk,
    fields::{Errors, Outcome, OutcomeLine, TextField},
    http::{self, Failure},
    moment,
    pages::Heading,
    poll,
};

/// What is set by others, or runs out, is seen this long after.
const READ_EVERY_MS: u32 = 3_000;

/// How long a switch may stay, with none for one that is put back by hand.
const LASTING: [(&str, Option<i64>); 5] = [
    ("5 minutes", Some(300)),
    ("15 minutes", Some(900)),
    ("1 hour", Some(3_600)),
    ("1 day", Some(86_400)),
    ("until I put it back", None),
];

/// The choice that stands when the page opens: an hour, so that what is forgotten ends by itself.
const FIRST_LASTING: usize = 2;

/// All that the page's parts share.
#[derive(Clone, Copy)]
struct PlanBDesk {
    desk: Desk,
    /// As the server told it last, for the chosen sale.
    told: RwSignal<Option<Switches>>,
    lines: RwSignal<Vec<SwitchLine>>,
    /// Empty: all sales.
    sale_id: RwSignal<String>,
    /// Each sale's id and a name for it.
    sales: RwSignal<Vec<(String, String)>>,
    lasting: RwSignal<usize>,
    reason: RwSignal<String>,
    failed: RwSignal<String>,
    outcome: RwSignal<Outcome>,
}

impl PlanBDesk {
    fn new() -> Self {
        Self {
            desk: Desk::here(),
            told: RwSignal::new(None),
            lines: RwSignal::new(Vec::new()),
            sale_id: RwSignal::new(String::new()),
            sales: RwSignal::new(Vec::new()),
            lasting: RwSignal::new(FIRST_LASTING),
            reason: RwSignal::new(String::new()),
            failed: RwSignal::new(String::new()),
            outcome: RwSignal::new(Outcome::None),
        }
    }

    fn sale_named(self, sale_id: Option<&str>) -> String {
        match sale_id {
            None => "all sales".to_owned(),
            Some(id) => {
                let known = |sales: &Vec<(String, String)>| {
                    sales.iter().find(|(known, _)| known == id).map(|(_, name)| name.clone())
                };
                self.sales.with(known).unwrap_or_else(|| "a sale".to_owned())
            }
        }
    }

    async fn read(self) -> Result<(Switches, SwitchAudit), Failure> {
        let sale_id = self.sale_id.get_untracked();
        let path = if sale_id.is_empty() {
            "/api/merchant/switches".to_owned()
        } else {
            format!("/api/merchant/switches?sale_id={}", http::escaped(&sale_id))
        };
        Ok((http::get(&path).await?, http::get("/api/merchant/switches/audit").await?))
    }

    fn take(self, read: Result<(Switches, SwitchAudit), Failure>) {
        match read {
            Ok((switches, audit)) => {
                self.failed.set(String::new());
                if self.told.with_untracked(|told| told.as_ref() != Some(&switches)) {
                    self.told.set(Some(switches));
                }
                if self.lines.with_untracked(|lines| *lines != audit.lines) {
                    self.lines.set(audit.lines);
                }
            }
            Err(failure) => {
                self.desk.note(&failure);
                self.failed.set(failure.sentence());
            }
        }
    }

    fn refresh(self) {
        spawn_local(async move {
            let read = self.read().await;
            self.take(read);
        });
    }

    /// Sets one switch, as the card's button says.
    fn set(self, mut wanted: PutSwitches, is_ordinary: bool, done: &'static str) {
        if self.outcome.get_untracked().is_busy() {
            return;
        }
        let sale_id = self.sale_id.get_untracked();
        wanted.sale_id = (!sale_id.is_empty()).then_some(sale_id);
        wanted.for_seconds = LASTING[self.lasting.get_untracked()].1.filter(|_| !is_ordinary);
        wanted.reason = Some(self.reason.get_untracked()).filter(|reason| !reason.trim().is_empty());
        self.outcome.set(Outcome::Busy("Switching…"));
        spawn_local(async move {
            match http::put::<_, Switches>("/api/merchant/switches", &wanted).await {
                Ok(switches) => {
                    self.told.set(Some(switches));
                    self.outcome.set(Outcome::Done(done.to_owned()));
                }
                Err(failure) => {
                    self.desk.note(&failure);
                    self.outcome.set(Outcome::Failed(failure.sentence()));
                }
            }
            let read = self.read().await;
            self.take(read);
        });
    }
}

#[component]
pub(crate) fn PlanB() -> impl IntoView {
    let plan = PlanBDesk::new();
    let errors = RwSignal::new(Errors::new());
    poll::every(READ_EVERY_MS, async move || plan.read().await, move |read| plan.take(read));
    spawn_local(async move {
        let sales = http::get::<SaleList>("/api/merchant/sales").await;
        let items = http::get::<ItemList>("/api/merchant/items").await;
        if let (Ok(sales), Ok(items)) = (sales, items) {
            plan.sales.set(named(sales, &items));
        }
    });
    view! {
        <Heading text="Plan B"/>
        <p class="lead">
            "For the hour in which not everything can be kept up. A switch works the moment you press it, ends by itself when you say so, and is written down below."
        </p>
        <section class="plan-terms" aria-label="For what, for how long, and why">
            <div class="field">
                <label for="switch-sale">"For"</label>
                <div class="field-box">
                    <select
                        id="switch-sale"
                        on:change=move |event| {
                            plan.sale_id.set(event_target_value(&event));
                            plan.refresh();
                        }
                    >
                        <option value="">"All your sales and items"</option>
                        <For each=move || plan.sales.get() key=|sale| sale.0.clone() let:sale>
                            <option value=sale.0>{sale.1}</option>
                        </For>
                    </select>
                </div>
            </div>
            <fieldset class="lasting">
                <legend>"Lasts"</legend>
                <div class="choices">
                    {LASTING.into_iter().enumerate().map(|(index, (words, _))| lasting(plan, index, words)).collect_view()}
                </div>
            </fieldset>
            <TextField
                name="switch-reason"
                label="Why"
                hint="For the list below; you may leave it out."
                value=plan.reason
                errors=errors
            />
        </section>
        <OutcomeLine outcome=plan.outcome/>
        <p class="failed" role="alert">
            {move || plan.failed.get()}
        </p>
        {cards::all(plan)}
        {audit::table(plan)}
    }
}

fn lasting(plan: PlanBDesk, index: usize, words: &'static str) -> impl IntoView {
    view! {
        <label>
            <input
                type="radio"
                name="lasting"
                prop:checked=move || plan.lasting.get() == index
                on:change=move |_| plan.lasting.set(index)
            />
            {words}
        </label>
    }
}

/// The merchant's sales by their items' titles and starts; what was called off needs no switch.
fn named(sales: SaleList, items: &ItemList) -> Vec<(String, String)> {
    let title = |item_id: &str| {
        let item = items.items.iter().find(|item| item.item_id == item_id);
        item.map_or_else(|| "A sale".to_owned(), |item| item.title.clone())
    };
    let live = sales.sales.into_iter().filter(|sale| sale.published && !sale.called_off);
    live.map(|sale| {
        let name = format!("{}, {}", title(&sale.item_id), moment::stamp(sale.starts_at_ms));
        (sale.sale_id, name)
    })
    .collect()
}
