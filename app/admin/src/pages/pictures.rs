//! Choosing a picture: one of the shop's own, or any https address.

use leptos::prelude::*;

use crate::fields::{Errors, TextField};

/// The pictures that come with the shop, and what is on them.
const OWN: [(&str, &str); 6] = [
    ("/images/lantern.svg", "Lantern"),
    ("/images/kettle.svg", "Kettle"),
    ("/images/headphones.svg", "Headphones"),
    ("/images/sneaker.svg", "Sneaker"),
    ("/images/camera.svg", "Camera"),
    ("/images/mooncake.svg", "Mooncake"),
];

/// `value` is the picture's address whichever way it was chosen.
#[component]
pub(crate) fn PictureField(value: RwSignal<String>, errors: RwSignal<Errors>) -> impl IntoView {
    let choices = OWN.map(|(url, what)| {
        view! {
            <label class="picture">
                <input
                    type="radio"
                    name="picture"
                    value=url
                    prop:checked=move || value.with(|value| value == url)
                    on:change=move |_| value.set(url.to_owned())
                />
                <img src=url alt="" width="64" height="80"/>
                <span>{what}</span>
            </label>
        }
    });
    view! {
        <fieldset class="pictures">
            <legend>"Picture"</legend>
            <div class="picture-row">{choices.into_iter().collect_view()}</div>
            <TextField
                name="image_url"
                label="or another address"
                hint="A path on this shop or an https address. Upright, four wide to five high, looks best."
                value=value
                errors=errors
                inputmode="url"
            />
        </fieldset>
    }
}
