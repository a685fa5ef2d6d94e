//! The list of shoppers who may buy in a sale that is for some only.

use api::{ChangeShoppers, ListedShoppers};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::watch::Watch;
use crate::{
    browser,
    desk::Desk,
    fields::{Outcome, OutcomeLine},
    http::{self, Failure},
    words,
};

/// The most that one call takes.
const MOST_A_CALL: usize = 2_000;

#[component]
pub(crate) fn Shoppers(watch: Watch) -> impl IntoView {
    let is_for_some = Memo::new(move |_| {
        watch
            .sale
            .with(|sale| sale.as_ref().is_some_and(|sale| sale.eligibility.listed_only || sale.listed_shoppers > 0))
    });
    move || is_for_some.get().then(|| view! { <List watch=watch/> })
}

#[component]
fn List(watch: Watch) -> impl IntoView {
    let desk = Desk::here();
    let outcome = RwSignal::new(Outcome::None);
    let pasted = RwSignal::new(String::new());
    let emails = RwSignal::new(Vec::<String>::new());
    let next_after = RwSignal::new(None::<String>);
    let count = RwSignal::new(None::<u64>);
    let is_busy = move || outcome.with(Outcome::is_busy);

    let take = move |listed: ListedShoppers, is_first: bool| {
        count.set(Some(listed.listed_shoppers));
        next_after.set(listed.next_after);
        emails.update(|emails| {
            if is_first {
                emails.clear();
            }
            emails.extend(listed.emails);
        });
    };
    let fail = move |failure: Failure| {
        desk.note(&failure);
        outcome.set(Outcome::Failed(failure.sentence()));
    };
    let read = move |after: Option<String>| {
        spawn_local(async move {
            let query = after.as_ref().map(|after| format!("?after={}", http::escaped(after))).unwrap_or_default();
            match http::get(&watch.path(&format!("/shoppers{query}"))).await {
                Ok(listed) => take(listed, after.is_none()),
                Err(failure) => fail(failure),
            }
        });
    };
    read(None);

    let send = move |calls: Vec<ChangeShoppers>, told: String| {
        outcome.set(Outcome::Busy("Changing the list…"));
        spawn_local(async move {
            for call in calls {
                match http::post::<_, ListedShoppers>(&watch.path("/shoppers"), &call).await {
                    Ok(listed) => take(listed, true),
                    Err(failure) => return fail(failure),
                }
            }
            pasted.set(String::new());
            outcome.set(Outcome::Done(told));
            watch.read_now();
        });
    };
    let change = move |adds: bool| {
        let found = addresses(&pasted.get_untracked());
        if found.is_empty() {
            browser::focus("paste");
            return outcome.set(Outcome::Failed("Paste e-mail addresses first.".to_owned()));
        }
        let told = format!(
            "{} {} the list.",
            words::counted_as(found.len() as i64, "address", "addresses"),
            if adds { "put on" } else { "taken off" }
        );
        send(calls(found, adds), told);
    };
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        change(true);
    };
    let remove = move |email: String| {
        browser::focus("paste");
        let told = format!("{email} is off the list.");
        send(calls(vec![email], false), told);
    };
    let told = move || {
        count.get().map(|count| match count {
            0 => "Nobody is on the list yet, so nobody can buy.".to_owned(),
            count => format!("{} on the list.", words::counted(count as i64, "shopper")),
        })
    };
    view! {
        <section class="shoppers" aria-labelledby="shoppers-title">
            <h2 id="shoppers-title">"Listed shoppers"</h2>
            <p>{told}</p>
            <form on:submit=add novalidate=true>
                <div class="field">
                    <label for="paste">"E-mail addresses"</label>
                    <textarea id="paste" rows="4" spellcheck="false" aria-describedby="paste-hint" bind:value=pasted></textarea>
                    <p class="hint" id="paste-hint">
                        "As many as you like, parted by spaces, commas or lines."
                    </p>
                </div>
                <div class="row">
                    <button type="submit" class="primary" disabled=is_busy>
                        "Put on the list"
                    </button>
                    <button type="button" disabled=is_busy on:click=move |_| change(false)>
                        "Take off the list"
                    </button>
                </div>
            </form>
            <OutcomeLine outcome=outcome/>
            <ul class="emails">
                <For each=move || emails.get() key=String::clone let:email>
                    {
                        let removed = email.clone();
                        view! {
                            <li>
                                <span>{email.clone()}</span>
                                <button
                                    type="button"
                                    class="link"
                                    aria-label=format!("Take {email} off the list")
                                    disabled=is_busy
                                    on:click=move |_| remove(removed.clone())
                                >
                                    "Remove"
                                </button>
                            </li>
                        }
                    }
                </For>
            </ul>
            <Show when=move || next_after.with(Option::is_some)>
                <div class="row">
                    <button type="button" on:click=move |_| read(next_after.get_untracked())>
                        "More of the list"
                    </button>
                </div>
            </Show>
        </section>
    }
}

/// The addresses in a text, each once, whatever stands between them: `Mei <mei@example.com>, b@example.com`.
fn addresses(text: &str) -> Vec<String> {
    let parts = text.split(|letter: char| letter.is_whitespace() || ",;<>\"".contains(letter));
    let mut found: Vec<String> = Vec::new();
    for part in parts.filter(|part| part.contains('@')) {
        let address = part.trim_start_matches("mailto:").to_lowercase();
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

/// As many calls as the addresses need.
fn calls(addresses: Vec<String>, adds: bool) -> Vec<ChangeShoppers> {
    let call = |part: &[String]| {
        let (add, remove) = if adds { (part.to_vec(), Vec::new()) } else { (Vec::new(), part.to_vec()) };
        ChangeShoppers { add, remove }
    };
    addresses.chunks(MOST_A_CALL).map(call).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_what_people_paste() {
        let text = "Mei Li <mei@example.com>, b@example.com;\n\tMEI@example.com  mailto:c@example.com nobody";
        assert_eq!(addresses(text), ["mei@example.com", "b@example.com", "c@example.com"]);
        assert!(addresses("no address here").is_empty());
    }

    #[test]
    fn a_long_list_goes_in_several_calls() {
        let many: Vec<String> = (0..4_001).map(|index| format!("{index}@example.com")).collect();
        let sizes: Vec<usize> = calls(many, true).iter().map(|call| call.add.len()).collect();
        assert_eq!(sizes, [2_000, 2_000, 1]);
        assert_eq!(calls(vec!["a@b".to_owned()], false)[0].remove, ["a@b"]);
    }
}
