//! The check of a draw, in the page: fetches the draw's public record, computes all of it again with the code that the
//! server and the command line compute it with (`crates/draw`), and says what it found.
//!
//! It is a bundle of its own, fetched when the button is pressed. What it needs to know stands in the `data-` attributes of
//! the place that it is given; it makes all else itself, so that it fits pages of any build.

mod findings;
mod http;
mod noted;
mod place;
mod record;

use draw::Digest;
use sha2::Digest as _;
use web_sys::HtmlElement;

use findings::Facts;
use http::Trouble;
use place::Place;

/// The SHA-256 that the browser's side computes draws with.
struct OurSha256;

impl draw::Sha256 for OurSha256 {
    fn digest(parts: &[&[u8]]) -> Digest {
        parts.iter().fold(sha2::Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
    }
}

/// Checks the draw of `data-sale-id`, and tells in this place what came of it.
pub async fn check(place: HtmlElement) {
    let Some(place) = Place::begin(place) else { return };
    match record::fetched(&place).await {
        Ok(found) => {
            let noted = noted::of(&place.sale_id, found.told.closed_at_ms);
            let facts = Facts {
                locale: place.locale,
                sale_id: &place.sale_id,
                commitment: &place.commitment,
                noted,
                found: &found,
            };
            place.tell(&facts.verdict());
        }
        Err(trouble) => place.say(&sentence(&place, trouble)),
    }
    place.end();
}

fn sentence(place: &Place, trouble: Trouble) -> String {
    let locale = place.locale;
    match trouble {
        Trouble::Offline => locale.check_unreachable().to_owned(),
        Trouble::Refused => locale.check_refused().to_owned(),
        Trouble::TooEarly(draw) => findings::too_early(locale, &draw),
    }
}
