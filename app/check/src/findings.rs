//! What was found, in plain words, each finding with its mark.

use api::{Draw, DrawReceipt, DrawReceipts, DrawStage};
use draw::{Digest, Entry, Published, Wrong, from_hex, leaf_hash, proof_holds};
use draw_file::{ReadDraw, Unreadable, id_bytes};
use ui::Locale;

use crate::{
    OurSha256,
    noted::Noted,
    record::{Found, Own},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Right,
    Wrong,
    /// Nothing that this page could prove or disprove.
    Note,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) mark: Mark,
    pub(crate) text: String,
    /// The number that it is about, to be compared or noted.
    pub(crate) value: Option<String>,
}

pub(crate) struct Verdict {
    pub(crate) is_right: bool,
    /// All of it in a sentence or two.
    pub(crate) word: String,
    pub(crate) findings: Vec<Finding>,
}

pub(crate) struct Facts<'a> {
    pub(crate) locale: Locale,
    /// As the page tells them.
    pub(crate) sale_id: &'a str,
    pub(crate) commitment: &'a str,
    pub(crate) noted: Option<Noted>,
    pub(crate) found: &'a Found,
}

fn finding(mark: Mark, text: impl Into<String>, value: Option<String>) -> Finding {
    Finding { mark, text: text.into(), value }
}

/// Right, or what is wrong.
fn judged(wrong: Option<String>, right: impl Into<String>, value: Option<String>) -> Finding {
    match wrong {
        Some(text) => finding(Mark::Wrong, text, value),
        None => finding(Mark::Right, right, value),
    }
}

impl Facts<'_> {
    pub(crate) fn verdict(&self) -> Verdict {
        let locale = self.locale;
        let (findings, own_places) = match &self.found.record {
            Ok((read, wrong)) => {
                let mut findings = self.public(read, wrong);
                let (own, places) = self.own(read);
                findings.extend(own);
                (findings, places)
            }
            Err(error) => (vec![unreadable(locale, error)], String::new()),
        };
        let is_right = findings.iter().all(|finding| finding.mark != Mark::Wrong);
        let word =
            if is_right { [locale.check_right(), &own_places].concat() } else { locale.check_wrong().to_owned() };
        Verdict { is_right, word, findings }
    }

    /// What anyone can check.
    fn public(&self, read: &ReadDraw, wrong: &[Wrong]) -> Vec<Finding> {
        let locale = self.locale;
        let (head, draw, told) = (&read.head, &read.draw, &self.found.told);
        let mut findings = Vec::new();
        if head.sale_id != self.sale_id {
            findings.push(finding(Mark::Wrong, locale.record_of_another(), None));
        }
        let is_other = head.commitment != self.commitment || told.commitment != self.commitment;
        let other = is_other.then(|| locale.fingerprint_other().to_owned());
        findings.push(judged(other, locale.fingerprint_same(), Some(head.commitment.clone())));
        findings.push(self.noted(&head.commitment));
        let exchanged = wrong.contains(&Wrong::Commitment).then(|| locale.seed_wrong().to_owned());
        findings.push(judged(exchanged, locale.seed_right(), Some(head.seed.clone())));

        let entries = wrong.iter().find_map(|wrong| match wrong {
            Wrong::Twice(place) => Some(locale.entry_twice(*place)),
            Wrong::Root => Some(locale.entries_wrong().to_owned()),
            _ => None,
        });
        let is_other = told.root.as_ref() != Some(&head.root);
        let entries = entries.or_else(|| is_other.then(|| locale.root_other().to_owned()));
        findings.push(judged(entries, locale.entries_right(draw.entries.len()), Some(head.root.clone())));

        let place = wrong.iter().find_map(|wrong| match wrong {
            Wrong::Place(place) => Some(locale.place_wrong(*place)),
            _ => None,
        });
        let right = if head.beacon.is_some() { locale.places_right_with_beacon() } else { locale.places_right() };
        findings.push(judged(place, right, None));

        let won = wrong.iter().find_map(|wrong| match wrong {
            Wrong::Won(place) => {
                let won = draw.entries.get(place - 1).is_some_and(|ranked| ranked.won);
                Some(locale.won_wrong(*place, won))
            }
            _ => None,
        });
        let winners = draw.entries.iter().filter(|ranked| ranked.won).count();
        findings.push(judged(won, locale.units_right(head.units, winners), None));
        findings.push(self.beacon(read));
        findings
    }

    fn noted(&self, commitment: &str) -> Finding {
        let locale = self.locale;
        match &self.noted {
            Some(noted) if noted.commitment != commitment => {
                let value = Some(noted.commitment.clone());
                finding(Mark::Wrong, locale.fingerprint_exchanged(&noted.at), value)
            }
            Some(noted) if noted.before_the_close => finding(Mark::Right, locale.fingerprint_noted(&noted.at), None),
            _ => finding(Mark::Note, locale.fingerprint_not_noted(), None),
        }
    }

    /// Only its source can tell whether the value is the one that was named.
    fn beacon(&self, read: &ReadDraw) -> Finding {
        let locale = self.locale;
        let told = self.found.told.beacon.as_ref();
        let told = told.map(|beacon| (beacon.description.as_str(), beacon.value.as_deref().unwrap_or_default()));
        let mixed_in = read.head.beacon.as_ref().map(|beacon| (beacon.description.as_str(), beacon.value.as_str()));
        match mixed_in {
            _ if told != mixed_in => {
                finding(Mark::Wrong, locale.beacon_other(), mixed_in.map(|(_, value)| value.to_owned()))
            }
            Some((description, value)) => {
                finding(Mark::Note, locale.beacon_to_compare(description), Some(value.to_owned()))
            }
            None => finding(Mark::Note, locale.no_beacon(), None),
        }
    }

    /// The shopper's own entries, and what to say of them at the head.
    fn own(&self, read: &ReadDraw) -> (Vec<Finding>, String) {
        let locale = self.locale;
        let note = |text: &str| (vec![finding(Mark::Note, text, None)], String::new());
        let receipts = match &self.found.own {
            Own::SignedOut => return note(locale.own_signed_out()),
            Own::Unknown => return note(locale.own_unknown()),
            Own::Receipts(receipts) if receipts.receipts.is_empty() => return note(locale.own_none()),
            Own::Receipts(receipts) => receipts,
        };
        let mut findings = Vec::new();
        let mut places = String::new();
        for receipt in &receipts.receipts {
            match own_place(&read.draw, receipts, receipt) {
                Ok(place) => {
                    let won = receipt.won.unwrap_or(false);
                    places += locale.between_sentences();
                    places += &locale.own_place(place, read.draw.entries.len(), receipt.quantity, won);
                    findings.push(finding(Mark::Right, locale.own_right(place), None));
                }
                Err(wrong) => {
                    findings.push(finding(Mark::Wrong, wrong.sentence(locale), Some(receipt.order_id.clone())))
                }
            }
        }
        (findings, places)
    }
}

enum OwnWrong {
    NotUnderRoot,
    Missing,
    Differs,
}

impl OwnWrong {
    fn sentence(&self, locale: Locale) -> &'static str {
        match self {
            Self::NotUnderRoot => locale.own_not_under_root(),
            Self::Missing => locale.own_missing(),
            Self::Differs => locale.own_differs(),
        }
    }
}

/// The entry's place (1 is the first), where its receipt leads to the record's root and the record says the same of it.
fn own_place(draw: &Published, receipts: &DrawReceipts, receipt: &DrawReceipt) -> Result<usize, OwnWrong> {
    let order_id = id_bytes(&receipt.order_id).ok_or(OwnWrong::Differs)?;
    let DrawReceipt { quantity, reserves, .. } = *receipt;
    let entry = Entry { order_id, quantity, reserves, sku: receipt.sku.clone() };
    let leaf = leaf_hash::<OurSha256>(&draw.sale_id, &entry);
    let proof: Option<Vec<Digest>> = receipt.proof.iter().map(|node| from_hex(node)).collect();
    let (size, index) = (receipts.entries as usize, receipt.index as usize);
    let holds = proof.is_some_and(|proof| proof_holds::<OurSha256>(&draw.root, size, index, &leaf, &proof));
    if !holds {
        return Err(OwnWrong::NotUnderRoot);
    }
    let number = draw.entries.iter().position(|ranked| ranked.entry.order_id == order_id).ok_or(OwnWrong::Missing)?;
    let ranked = &draw.entries[number];
    let told = (Some(number as u64 + 1), Some(ranked.won));
    if ranked.entry != entry || (receipt.rank, receipt.won) != told {
        return Err(OwnWrong::Differs);
    }
    Ok(number + 1)
}

fn unreadable(locale: Locale, error: &Unreadable) -> Finding {
    finding(Mark::Wrong, locale.record_unreadable(), Some(error.to_string()))
}

/// Of a draw that has not been held, or never will be.
pub(crate) fn too_early(locale: Locale, draw: &Draw) -> String {
    match (draw.stage, &draw.beacon) {
        (DrawStage::Entering, _) => locale.check_entering().to_owned(),
        (DrawStage::Closed, Some(beacon)) => locale.check_waits(&beacon.description),
        (DrawStage::Closed, None) => locale.check_closed().to_owned(),
        (DrawStage::Deciding | DrawStage::Drawn, _) => locale.check_deciding().to_owned(),
        (DrawStage::CalledOff, _) => locale.check_called_off().to_owned(),
    }
}

#[cfg(test)]
#[path = "findings_tests.rs"]
mod tests;
