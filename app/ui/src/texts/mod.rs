//! Every sentence that a shopper reads, in both languages. Each is a method of [`Locale`](crate::Locale), so that
//! a bundle carries only those that it says.

mod account;
mod draw;
mod draw_check;
mod order;
mod page;
mod problem;
mod sale;

/// `name: "English", "中文";` becomes `pub const fn name(self) -> &'static str`.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $en:literal, $zh:literal;)*) => {
        impl $crate::Locale {
            $($(#[$doc])* #[must_use] pub const fn $name(self) -> &'static str { self.pick($en, $zh) })*
        }
    };
}
use texts;

/// `1st`, `22nd`, `113th`.
fn ordinal(number: u64) -> String {
    let suffix = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    [number.to_string().as_str(), suffix].concat()
}

#[cfg(test)]
mod tests {
    use super::ordinal;

    #[test]
    fn ordinals_end_as_english_ends_them() {
        for (number, text) in
            [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (112, "112th"), (121, "121st")]
        {
            assert_eq!(ordinal(number), text);
        }
    }
}
