//! The place in the page: a button, and below it what came of pressing it.

use ui::Locale;
use web_sys::{Document, Element, HtmlElement};

use crate::findings::{Mark, Verdict};

pub(crate) struct Place {
    pub(crate) locale: Locale,
    pub(crate) sale_id: String,
    /// The seed's fingerprint, as the page itself tells it.
    pub(crate) commitment: String,
    document: Document,
    element: HtmlElement,
    told: Element,
    progress: Element,
}

impl Place {
    /// Reads what the place names, and says that the check has begun.
    pub(crate) fn begin(element: HtmlElement) -> Option<Self> {
        let document = element.owner_document()?;
        let lang = document.document_element()?.get_attribute("lang").unwrap_or_default();
        let data = |name: &str| element.dataset().get(name).unwrap_or_default();
        let place = Self {
            locale: Locale::of_tag(&lang),
            sale_id: data("saleId"),
            commitment: data("commitment"),
            told: element.query_selector("[aria-live]").ok()??,
            progress: document.create_element("progress").ok()?,
            document,
            element,
        };
        set(&place.progress, "max", "100");
        set(&place.progress, "aria-label", place.locale.check_progress());
        place.show_progress(0.0);
        place.say(place.locale.checking());
        // Outside of what is read out: a reader need not hear every step.
        let _ = place.told.after_with_node_1(&place.progress);
        Some(place)
    }

    /// How much is done: 0 to 1.
    pub(crate) fn show_progress(&self, done: f64) {
        set(&self.progress, "value", &((100.0 * done) as u32).to_string());
    }

    pub(crate) fn end(&self) {
        self.progress.remove();
    }

    /// One sentence and nothing else.
    pub(crate) fn say(&self, text: &str) {
        self.clear();
        self.add(&self.told, "p", "", text);
    }

    pub(crate) fn tell(&self, verdict: &Verdict) {
        self.clear();
        set(&self.told, "data-verdict", if verdict.is_right { "right" } else { "wrong" });
        self.add(&self.told, "p", "verdict", &verdict.word);
        let Some(list) = self.add(&self.told, "ul", "findings", "") else { return };
        for finding in &verdict.findings {
            let (class, sign, word) = match finding.mark {
                Mark::Right => ("right", "✓", self.locale.mark_right()),
                Mark::Wrong => ("wrong", "✕", self.locale.mark_wrong()),
                Mark::Note => ("note", "·", self.locale.mark_note()),
            };
            let Some(item) = self.add(&list, "li", class, "") else { return };
            if let Some(sign) = self.add(&item, "span", "sign", sign) {
                set(&sign, "aria-hidden", "true");
            }
            let Some(text) = self.add(&item, "p", "", "") else { return };
            self.add(&text, "span", "visually-hidden", &[word, " "].concat());
            self.add(&text, "span", "", &finding.text);
            if let Some(value) = &finding.value {
                self.add(&text, "code", "fingerprint", value);
            }
        }
        self.come_into_view();
    }

    /// On a phone the dock would lie over what is told low on the screen.
    fn come_into_view(&self) {
        let height = web_sys::window().and_then(|window| window.inner_height().ok()?.as_f64()).unwrap_or_default();
        if self.told.get_bounding_client_rect().top() > height / 2.0 {
            self.element.scroll_into_view();
        }
    }

    fn clear(&self) {
        self.told.set_text_content(None);
        let _ = self.told.remove_attribute("data-verdict");
    }

    fn add(&self, parent: &Element, name: &str, class: &str, text: &str) -> Option<Element> {
        let element = self.document.create_element(name).ok()?;
        if !class.is_empty() {
            element.set_class_name(class);
        }
        element.set_text_content(Some(text));
        parent.append_child(&element).ok()?;
        Some(element)
    }
}

/// None of the names set here can be refused.
fn set(element: &Element, name: &str, value: &str) {
    let _ = element.set_attribute(name, value);
}
