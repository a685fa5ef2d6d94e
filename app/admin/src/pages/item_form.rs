//! What an item's form holds, and whether it may be sent.

use api::{CreateItem, Item, PatchItem};
use leptos::prelude::*;

use crate::{fields::Errors, money};

const MAX_SLUG: usize = 64;
const MAX_TITLE_CHARS: usize = 120;
const MAX_DESCRIPTION_CHARS: usize = 4_000;

/// The fields in the order of the page.
pub(crate) const ORDER: [&str; 6] = ["title", "slug", "description", "image_url", "list_price", "currency"];

/// The form as it is being written.
#[derive(Clone, Copy)]
pub(crate) struct ItemForm {
    pub(crate) slug: RwSignal<String>,
    pub(crate) title: RwSignal<String>,
    pub(crate) description: RwSignal<String>,
    pub(crate) image_url: RwSignal<String>,
    pub(crate) list_price: RwSignal<String>,
    pub(crate) currency: RwSignal<String>,
}

impl ItemForm {
    pub(crate) fn blank() -> Self {
        Self {
            slug: RwSignal::new(String::new()),
            title: RwSignal::new(String::new()),
            description: RwSignal::new(String::new()),
            image_url: RwSignal::new("/images/lantern.svg".to_owned()),
            list_price: RwSignal::new(String::new()),
            currency: RwSignal::new("CNY".to_owned()),
        }
    }

    pub(crate) fn of(item: &Item) -> Self {
        Self {
            slug: RwSignal::new(item.slug.clone()),
            title: RwSignal::new(item.title.clone()),
            description: RwSignal::new(item.description.clone()),
            image_url: RwSignal::new(item.image_url.clone()),
            list_price: RwSignal::new(money::major(item.list_price_minor, &item.currency)),
            currency: RwSignal::new(item.currency.clone()),
        }
    }

    pub(crate) fn read(&self) -> Result<CreateItem, Errors> {
        let currency = self.currency.get_untracked();
        let price = money::minor(&self.list_price.get_untracked(), &currency);
        let item = CreateItem {
            slug: self.slug.get_untracked().trim().to_owned(),
            title: self.title.get_untracked().trim().to_owned(),
            description: self.description.get_untracked().trim().to_owned(),
            image_url: self.image_url.get_untracked().trim().to_owned(),
            list_price_minor: *price.as_ref().unwrap_or(&0),
            currency,
        };
        let mut errors = faults(&item);
        if let Err(sentence) = price {
            errors.insert("list_price", sentence);
        }
        if errors.is_empty() { Ok(item) } else { Err(errors) }
    }
}

/// What the server would refuse, told before it is asked.
fn faults(item: &CreateItem) -> Errors {
    let mut errors = Errors::new();
    if !is_slug(&item.slug) {
        errors.insert("slug", "Use 1 to 64 of a–z, 0–9 and inner hyphens.".to_owned());
    }
    if item.title.is_empty() || item.title.chars().count() > MAX_TITLE_CHARS {
        errors.insert("title", format!("Write 1 to {MAX_TITLE_CHARS} characters."));
    }
    if item.description.chars().count() > MAX_DESCRIPTION_CHARS {
        errors.insert("description", format!("At most {MAX_DESCRIPTION_CHARS} characters."));
    }
    let own = item.image_url.starts_with('/') && !item.image_url.starts_with("//");
    if !own && !item.image_url.starts_with("https://") {
        errors.insert("image_url", "Choose a picture, or write an https address.".to_owned());
    }
    errors
}

fn is_slug(slug: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_SLUG).contains(&slug.len()) && slug.bytes().all(allowed) && !slug.starts_with('-') && !slug.ends_with('-')
}

/// A slug made of a title: what of it may stand in one, the rest as hyphens.
pub(crate) fn slug_of(title: &str) -> String {
    let mut slug = String::new();
    for letter in title.to_lowercase().chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(MAX_SLUG);
    slug.trim_end_matches('-').to_owned()
}

/// Only what differs; none where nothing does.
pub(crate) fn change(item: &Item, form: &CreateItem) -> Option<PatchItem> {
    let changed = |old: &String, new: &String| (old != new).then(|| new.clone());
    let patch = PatchItem {
        title: changed(&item.title, &form.title),
        description: changed(&item.description, &form.description),
        image_url: changed(&item.image_url, &form.image_url),
        list_price_minor: (item.list_price_minor != form.list_price_minor).then_some(form.list_price_minor),
    };
    (patch != PatchItem::default()).then_some(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lantern() -> CreateItem {
        CreateItem {
            slug: "paper-lantern".to_owned(),
            title: "Paper lantern".to_owned(),
            description: String::new(),
            image_url: "/images/lantern.svg".to_owned(),
            list_price_minor: 12_900,
            currency: "CNY".to_owned(),
        }
    }

    #[test]
    fn a_slug_follows_from_a_title() {
        assert_eq!(slug_of("Cast-iron kettle, 1.2 l"), "cast-iron-kettle-1-2-l");
        assert_eq!(slug_of("月饼 Mooncake!"), "mooncake");
        assert!(is_slug(&slug_of(&"a ".repeat(80))));
    }

    #[test]
    fn what_the_server_refuses_is_told_before() {
        assert!(faults(&lantern()).is_empty());
        let wrong = CreateItem {
            slug: "Paper".to_owned(),
            title: String::new(),
            image_url: "//elsewhere.example/a.png".to_owned(),
            ..lantern()
        };
        assert_eq!(faults(&wrong).into_keys().collect::<Vec<_>>(), ["image_url", "slug", "title"]);
    }

    #[test]
    fn only_what_differs_is_sent() {
        let stored = Item {
            item_id: "i".to_owned(),
            slug: lantern().slug,
            title: lantern().title,
            description: String::new(),
            image_url: lantern().image_url,
            list_price_minor: 12_900,
            currency: "CNY".to_owned(),
        };
        assert_eq!(change(&stored, &lantern()), None);
        let dearer = CreateItem { list_price_minor: 13_900, ..lantern() };
        assert_eq!(
            change(&stored, &dearer),
            Some(PatchItem { list_price_minor: Some(13_900), ..PatchItem::default() })
        );
    }
}
