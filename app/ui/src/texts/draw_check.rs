//! What the check of a draw says, in the page.

use super::{ordinal, texts};
use crate::Locale;

texts! {
    check_draw: "Check the draw", "核对抽签";
    check_draw_hint: "Your browser fetches the draw’s public record and computes all of it again.", "您的浏览器将下载抽签的公开记录，并全部重新计算。";
    check_unreachable: "The shop did not answer. Look at your connection, and press again.", "未收到本店的回应。请检查网络后再按一次。";
    check_refused: "The shop did not hand out the draw’s record just now. Press again in a moment.", "本店暂时未能提供抽签记录，请稍后再按一次。";
    checking: "Fetching the record and computing it again…", "正在下载记录并重新计算……";
    check_progress: "How much of the draw has been checked", "核对进度";
    check_right: "The draw is right.", "抽签无误。";
    check_wrong: "This draw does not check out. What does not match is marked; keep it, and ask the shop.", "抽签核对不符，不符之处已标出。请留存并向商家询问。";
    /// Between two sentences.
    between_sentences: " ", "";
    mark_right: "Right:", "相符：";
    mark_wrong: "Does not match:", "不符：";
    mark_note: "Note:", "说明：";

    check_entering: "The draw has not been held yet: entries are still open.", "尚未抽签：登记仍在进行。";
    check_closed: "The draw has not been held yet: the entries are closed, and the draw is next.", "尚未抽签：登记已截止，即将抽签。";
    check_deciding: "The draw is being held right now. Press again in a few seconds.", "正在抽签，请几秒后再按一次。";
    check_called_off: "This sale was called off. There is no draw to check.", "本场已取消，没有可核对的抽签。";

    fingerprint_same: "The draw used the seed whose fingerprint stands on this page.", "抽签所用种子与本页所示指纹一致。";
    fingerprint_other: "The fingerprint in the record is not the one on this page.", "记录中的指纹与本页所示不同。";
    fingerprint_not_noted: "This browser noted no fingerprint before the entries closed. If you noted one, compare it.", "此浏览器在登记截止前未记下指纹。如您另有留存，请自行对照。";
    record_of_another: "The record is that of another sale.", "该记录属于另一场抢购。";
    record_unreadable: "The shop’s record of the draw cannot be read as one.", "本店提供的抽签记录无法识别。";
    seed_right: "The seed that was revealed has this fingerprint.", "公布的种子与该指纹相符。";
    seed_wrong: "The seed that was revealed does not have this fingerprint: it is not the one that was fixed before the start.", "公布的种子与该指纹不符：它不是开抢前确定的那一个。";
    entries_wrong: "The entries are not those that were fixed at the close: one was added, left out or changed.", "登记名单与截止时固定的不一致：有增加、遗漏或改动。";
    root_other: "The root in the record is not the one that the shop tells elsewhere.", "记录中的根与本店别处公布的不同。";
    places_right: "Every entry has the place that seed and entries give it.", "每份登记的名次均由种子与全部登记推出，无误。";
    places_right_with_beacon: "Every entry has the place that seed, entries and public value give it.", "每份登记的名次均由种子、全部登记与公开数值推出，无误。";
    beacon_other: "The public value in the record is not the one that the shop tells elsewhere.", "记录中的公开数值与本店别处公布的不同。";
    no_beacon: "No public value was mixed in: whoever runs the shop could know the seed while entries were open.", "未混入公开数值：本店经营者在登记期间可能知道种子。";
    own_unknown: "Your own receipt could not be fetched. Press again to have it checked.", "未能取得您的登记回执，请再按一次以核对。";
    own_signed_out: "Sign in, and your own entry is checked too.", "登录后可一并核对您自己的登记。";
    own_none: "You have no entry in this draw.", "您没有参加本次抽签。";
    own_not_under_root: "Your own entry is not among those that were fixed at the close: its receipt does not lead to the root.", "您的登记不在截止时固定的名单内：回执无法推至根。";
    own_missing: "Your own entry is not in the record.", "记录中没有您的登记。";
    own_differs: "Your receipt says something else of your entry than the record does.", "您的回执与记录中您的登记不一致。";
}

impl Locale {
    /// "This browser noted the same fingerprint on 22 November 2026, 18:05, before the entries closed."
    #[must_use]
    pub fn fingerprint_noted(self, at: &str) -> String {
        match self {
            Self::En => ["This browser noted the same fingerprint before the entries closed, on ", at, "."].concat(),
            Self::Zh => ["此浏览器在登记截止前（", at, "）记下的指纹与之相同。"].concat(),
        }
    }

    #[must_use]
    pub fn fingerprint_exchanged(self, at: &str) -> String {
        match self {
            Self::En => ["On ", at, " this browser noted another fingerprint: the seed was exchanged."].concat(),
            Self::Zh => ["此浏览器于 ", at, " 记下的是另一个指纹：种子已被更换。"].concat(),
        }
    }

    #[must_use]
    pub fn entries_right(self, entries: usize) -> String {
        let count = entries.to_string();
        match (self, entries) {
            (Self::En, 1) => "The one entry is the one that was fixed at the close.".to_owned(),
            (Self::En, _) => [
                "The ",
                &count,
                " entries are those that were fixed at the close: none was added, left out or is there twice.",
            ]
            .concat(),
            (Self::Zh, _) => ["全部 ", &count, " 份登记与截止时固定的一致：无增加、遗漏或重复。"].concat(),
        }
    }

    #[must_use]
    pub fn entry_twice(self, place: usize) -> String {
        let place = place.to_string();
        match self {
            Self::En => ["One entry is there twice, the second time at place ", &place, "."].concat(),
            Self::Zh => ["有一份登记出现两次，第二次在第 ", &place, " 位。"].concat(),
        }
    }

    #[must_use]
    pub fn place_wrong(self, place: usize) -> String {
        let place = place.to_string();
        match self {
            Self::En => ["The ranking does not follow: place ", &place, " belongs to another entry."].concat(),
            Self::Zh => ["名次推算不符：第 ", &place, " 位应属另一份登记。"].concat(),
        }
    }

    #[must_use]
    pub fn units_right(self, units: u64, winners: usize) -> String {
        let (units_text, winners_text) = (self.units(units), winners.to_string());
        match self {
            Self::En => {
                let verb = if units == 1 { " was there" } else { " were there" };
                let who = if winners == 1 { " entry" } else { " entries" };
                [&units_text, verb, ", and the first in the draw got them: ", &winners_text, who, "."].concat()
            }
            Self::Zh => ["共 ", &units_text, "，依抽签先后分配，", &winners_text, " 份登记中签。"].concat(),
        }
    }

    #[must_use]
    pub fn won_wrong(self, place: usize, won: bool) -> String {
        let place = place.to_string();
        match (self, won) {
            (Self::En, true) => ["The entry at place ", &place, " got units that it should not have got."].concat(),
            (Self::En, false) => ["The entry at place ", &place, " should have got units and got none."].concat(),
            (Self::Zh, true) => ["第 ", &place, " 位的登记不应中签，却中签了。"].concat(),
            (Self::Zh, false) => ["第 ", &place, " 位的登记应中签，却未中签。"].concat(),
        }
    }

    #[must_use]
    pub fn beacon_to_compare(self, description: &str) -> String {
        match self {
            Self::En => ["This public value was mixed in. Compare it with its source, ", description, ":"].concat(),
            Self::Zh => ["抽签混入了以下公开数值，请与其来源（", description, "）对照："].concat(),
        }
    }

    /// Of a draw that waits for its public value.
    #[must_use]
    pub fn check_waits(self, description: &str) -> String {
        match self {
            Self::En => ["The draw has not been held yet: it waits for the public value, ", description, "."].concat(),
            Self::Zh => ["尚未抽签：正在等待公开数值（", description, "）。"].concat(),
        }
    }

    /// The shopper's own place, at the head of the verdict.
    #[must_use]
    pub fn own_place(self, place: usize, entries: usize, quantity: u32, won: bool) -> String {
        let (count, units) = (entries.to_string(), self.units(u64::from(quantity)));
        match self {
            Self::En => {
                let place = ordinal(place as u64);
                let got = if won { [" and got ", &units].concat() } else { ", too late for what was left".to_owned() };
                ["You came ", &place, " of ", &count, &got, "."].concat()
            }
            Self::Zh => {
                let place = place.to_string();
                let got = if won {
                    ["，中签 ", &units].concat()
                } else {
                    "，轮到时余量不足，未中签".to_owned()
                };
                ["您排在第 ", &place, " 位，共 ", &count, " 份登记", &got, "。"].concat()
            }
        }
    }

    #[must_use]
    pub fn own_right(self, place: usize) -> String {
        match self {
            Self::En => {
                let place = ordinal(place as u64);
                ["Your own entry is among them, by its receipt, and came ", &place, "."].concat()
            }
            Self::Zh => ["据回执，您的登记在名单之内，排在第 ", &place.to_string(), " 位。"].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Locale;

    #[test]
    fn one_and_many_are_told_as_people_tell_them() {
        assert_eq!(Locale::En.units_right(1, 1), "1 unit was there, and the first in the draw got them: 1 entry.");
        assert_eq!(Locale::Zh.units_right(3, 2), "共 3 件，依抽签先后分配，2 份登记中签。");
        assert_eq!(Locale::En.own_place(3, 14, 1, true), "You came 3rd of 14 and got 1 unit.");
        assert_eq!(Locale::En.own_place(14, 14, 2, false), "You came 14th of 14, too late for what was left.");
        assert_eq!(Locale::Zh.own_place(3, 14, 1, true), "您排在第 3 位，共 14 份登记，中签 1 件。");
    }
}
