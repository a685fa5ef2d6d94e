//! Whether the first who come get the units, or a draw decides.

use leptos::prelude::*;

use super::{rules::Tick, state::Fields};
use crate::fields::{Errors, TextField};

#[component]
pub(crate) fn DrawFields(
    form: Fields,
    errors: RwSignal<Errors>,
    /// The sale is made: by draw or not, that stays.
    is_known: bool,
) -> impl IntoView {
    view! {
        <fieldset>
            <legend>"Who gets them"</legend>
            <p class="hint">
                "First come, first served; or a draw among all who entered in time. The server makes the draw's seed and shows its fingerprint on the page before the start. Nobody sees the seed before the draw, not even you."
            </p>
            <Show when=move || !is_known>
                <Tick id="by-draw" label="By draw" value=form.by_draw/>
            </Show>
            <Show when=move || form.by_draw.get()>
                <TextField
                    name="closes"
                    label="Entries close"
                    hint="Between start and end, in your time zone. The draw follows; what it leaves is sold to the first who come."
                    value=form.closes
                    errors=errors
                    kind="datetime-local"
                />
                <div class="pair">
                    <TextField
                        name="beacon"
                        label="Public value to mix in"
                        hint="Such as: drand quicknet round 1234567. With it, nobody who runs the shop can steer the draw. Empty: none."
                        value=form.beacon
                        errors=errors
                    />
                    <TextField
                        name="beacon_due"
                        label="Given by"
                        hint="You give the value after the close. Without it by then the sale is called off."
                        value=form.beacon_due
                        errors=errors
                        kind="datetime-local"
                    />
                </div>
            </Show>
        </fieldset>
    }
}
