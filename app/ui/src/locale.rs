//! The two languages of the shop.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Locale {
    #[default]
    En,
    Zh,
}

impl Locale {
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// What stands before a path of this language.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        self.pick("", "/zh")
    }

    /// The BCP 47 tag for `lang` and `hreflang`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.pick("en", "zh-Hans")
    }

    /// The language's own name, as its readers look for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.pick("English", "中文")
    }

    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::En => Self::Zh,
            Self::Zh => Self::En,
        }
    }

    /// The language of a document by its `lang` attribute.
    #[must_use]
    pub fn of_tag(tag: &str) -> Self {
        if tag.starts_with("zh") { Self::Zh } else { Self::En }
    }

    /// A path of the shop, such as `/items/lantern`, in this language.
    #[must_use]
    pub fn path(self, path: &str) -> String {
        [self.prefix(), path].concat()
    }

    pub(crate) const fn pick(self, en: &'static str, zh: &'static str) -> &'static str {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Locale;

    #[test]
    fn a_language_is_found_by_its_own_tag() {
        for locale in Locale::ALL {
            assert_eq!(Locale::of_tag(locale.tag()), locale);
        }
        assert_eq!(Locale::Zh.path("/items/lantern"), "/zh/items/lantern");
    }
}
