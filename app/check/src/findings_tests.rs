use api::{DrawBeacon, DrawFile, DrawFileBeacon, DrawFileEntry};
use draw::{Tree, Units, commitment, draw_key, ranking, to_hex};
use draw_file::{Reader, id_text};

use super::*;

const SALE: [u8; 16] = *b"a sale's own id.";
const SEED: Digest = [5; 32];

/// An honest draw of five for two units, and the receipt of whoever came second.
fn found(beacon: Option<&str>) -> Found {
    let entry = |number: u8| Entry { order_id: [number; 16], quantity: 1, reserves: true, sku: None };
    let leaves: Vec<_> = (0..5).map(|number| leaf_hash::<OurSha256>(&SALE, &entry(number))).collect();
    let tree = Tree::of::<OurSha256>(leaves.clone());
    let root = tree.root::<OurSha256>();
    let mut units = Units { total: 2, ..Units::default() };
    let places = ranking::<OurSha256>(&draw_key::<OurSha256>(&SEED, &root, beacon), &leaves);
    let told = |number: &usize| {
        let entry = entry(*number as u8);
        DrawFileEntry {
            won: units.take(&entry),
            order_id: id_text(&entry.order_id),
            quantity: 1,
            sku: None,
            reserves: true,
        }
    };
    let file = DrawFile {
        format: api::DRAW_FILE_FORMAT.to_owned(),
        version: api::DRAW_FILE_VERSION,
        sale_id: id_text(&SALE),
        commitment: to_hex(&commitment::<OurSha256>(&SALE, &SEED)),
        seed: to_hex(&SEED),
        beacon: beacon.map(|value| DrawFileBeacon { description: "round 7".to_owned(), value: value.to_owned() }),
        root: to_hex(&root),
        units: 2,
        sku_units: Default::default(),
        entries: places.iter().map(told).collect(),
    };
    let own = places[1];
    let (index, proof) = tree.proof(&leaves[own]).unwrap();
    let receipt = DrawReceipt {
        order_id: id_text(&[own as u8; 16]),
        entered_as: own as u64 + 1,
        quantity: 1,
        sku: None,
        reserves: true,
        leaf: to_hex(&leaves[own]),
        index: index as u64,
        proof: proof.iter().map(|node| to_hex(node)).collect(),
        rank: Some(2),
        won: Some(true),
    };
    Found {
        told: Draw {
            sale_id: file.sale_id.clone(),
            stage: DrawStage::Drawn,
            entries_close_at_ms: 1,
            commitment: file.commitment.clone(),
            beacon: file.beacon.clone().map(|DrawFileBeacon { description, value }| DrawBeacon {
                description,
                due_at_ms: 2,
                value: Some(value),
            }),
            entries: 5,
            root: Some(file.root.clone()),
            closed_at_ms: Some(1),
            seed: Some(file.seed.clone()),
            drawn_at_ms: Some(2),
            units: Some(2),
            winners: Some(2),
        },
        own: Own::Receipts(DrawReceipts {
            sale_id: file.sale_id.clone(),
            root: file.root.clone(),
            entries: 5,
            receipts: vec![receipt],
        }),
        record: Ok(recomputed(&file)),
    }
}

fn recomputed(file: &DrawFile) -> (ReadDraw, Vec<Wrong>) {
    let mut reader = Reader::default();
    reader.push(&serde_json::to_vec(file).unwrap()).unwrap();
    let read = reader.finish().unwrap();
    let wrong = draw::check::<OurSha256>(&read.draw);
    (read, wrong)
}

/// The same with another file.
fn tampered(change: impl FnOnce(&mut DrawFile)) -> Found {
    let found = found(None);
    let (read, _) = found.record.as_ref().unwrap();
    let told = |ranked: &draw::Ranked| DrawFileEntry {
        order_id: id_text(&ranked.entry.order_id),
        quantity: ranked.entry.quantity,
        sku: None,
        reserves: true,
        won: ranked.won,
    };
    let mut file = DrawFile { entries: read.draw.entries.iter().map(told).collect(), ..read.head.clone() };
    change(&mut file);
    Found { record: Ok(recomputed(&file)), ..found }
}

fn noted(commitment: &str, before_the_close: bool) -> Noted {
    Noted { commitment: commitment.to_owned(), at: "22 November".to_owned(), before_the_close }
}

fn verdict_of(found: &Found, noted: Option<Noted>) -> Verdict {
    let commitment = to_hex(&commitment::<OurSha256>(&SALE, &SEED));
    Facts { locale: Locale::En, sale_id: &id_text(&SALE), commitment: &commitment, noted, found }.verdict()
}

fn marked(verdict: &Verdict, mark: Mark) -> Vec<&str> {
    verdict.findings.iter().filter(|finding| finding.mark == mark).map(|finding| finding.text.as_str()).collect()
}

#[test]
fn an_honest_draw_is_right_and_the_shoppers_own_place_is_told_first() {
    let found = found(None);
    let verdict = verdict_of(&found, Some(noted(&found.told.commitment, true)));
    assert!(verdict.is_right);
    assert_eq!(verdict.word, "The draw is right. You came 2nd of 5 and got 1 unit.");
    assert_eq!(
        marked(&verdict, Mark::Right),
        [
            "The draw used the seed whose fingerprint stands on this page.",
            "This browser noted the same fingerprint before the entries closed, on 22 November.",
            "The seed that was revealed has this fingerprint.",
            "The 5 entries are those that were fixed at the close: none was added, left out or is there twice.",
            "Every entry has the place that seed and entries give it.",
            "2 units were there, and the first in the draw got them: 2 entries.",
            "Your own entry is among them, by its receipt, and came 2nd.",
        ]
    );
    assert_eq!(marked(&verdict, Mark::Note), [Locale::En.no_beacon()]);
}

#[test]
fn a_fingerprint_that_was_seen_too_late_proves_nothing_and_another_one_disproves() {
    let found = found(None);
    for late in [None, Some(noted(&found.told.commitment, false))] {
        let verdict = verdict_of(&found, late);
        assert!(verdict.is_right);
        assert!(marked(&verdict, Mark::Note).contains(&Locale::En.fingerprint_not_noted()));
    }
    let verdict = verdict_of(&found, Some(noted(&"00".repeat(32), true)));
    assert_eq!(verdict.word, Locale::En.check_wrong());
    assert_eq!(
        marked(&verdict, Mark::Wrong),
        ["On 22 November this browser noted another fingerprint: the seed was exchanged."]
    );
}

#[test]
fn what_does_not_match_is_named() {
    let locale = Locale::En;
    let other_root = |file: &mut DrawFile| file.root = "11".repeat(32);
    let seed = |file: &mut DrawFile| file.seed = "11".repeat(32);
    for (found, named) in [
        (tampered(|file| file.entries.swap(2, 4)), "The ranking does not follow: place 3 belongs to another entry."),
        (tampered(|file| file.entries[4].won = true), "The entry at place 5 got units that it should not have got."),
        (tampered(|file| file.entries[0].won = false), "The entry at place 1 should have got units and got none."),
        (tampered(|file| drop(file.entries.remove(3))), locale.entries_wrong()),
        (
            tampered(|file| file.entries[3] = file.entries[1].clone()),
            "One entry is there twice, the second time at place 4.",
        ),
        (tampered(other_root), locale.entries_wrong()),
        (tampered(seed), locale.seed_wrong()),
        (tampered(|file| file.commitment = "11".repeat(32)), locale.fingerprint_other()),
        (tampered(|file| file.sale_id = id_text(&[1; 16])), locale.record_of_another()),
        (tampered(|file| drop(file.entries.remove(1))), locale.own_missing()),
        (tampered(|file| file.entries[1].won = false), locale.own_differs()),
        (tampered(other_root), locale.own_not_under_root()),
    ] {
        let verdict = verdict_of(&found, None);
        let wrong = marked(&verdict, Mark::Wrong);
        assert!(!verdict.is_right && wrong.contains(&named), "{wrong:?} lacks {named}");
    }
    let mut other = found(None);
    other.told.root = Some("11".repeat(32));
    assert_eq!(marked(&verdict_of(&other, None), Mark::Wrong), [locale.root_other()]);
    other = Found { record: Err(Unreadable::TooMany), ..found(None) };
    assert_eq!(marked(&verdict_of(&other, None), Mark::Wrong), [locale.record_unreadable()]);
}

#[test]
fn a_public_value_is_there_to_be_compared_and_must_be_the_one_that_was_named() {
    let value = "ab".repeat(32);
    let mut found = found(Some(&value));
    let verdict = verdict_of(&found, None);
    assert!(verdict.is_right);
    assert!(marked(&verdict, Mark::Right).contains(&Locale::En.places_right_with_beacon()));
    let compare = verdict.findings.iter().find(|finding| finding.text.contains("round 7")).unwrap();
    assert_eq!((compare.mark, compare.value.as_deref()), (Mark::Note, Some(value.as_str())));
    found.told.beacon = None;
    assert_eq!(marked(&verdict_of(&found, None), Mark::Wrong), [Locale::En.beacon_other()]);
}

#[test]
fn whoever_has_no_entry_is_told_so_and_the_draw_is_still_right() {
    let mut found = found(None);
    let none = DrawReceipts { sale_id: id_text(&SALE), root: String::new(), entries: 5, receipts: Vec::new() };
    for (own, told) in [
        (Own::SignedOut, Locale::En.own_signed_out()),
        (Own::Unknown, Locale::En.own_unknown()),
        (Own::Receipts(none), Locale::En.own_none()),
    ] {
        found.own = own;
        let verdict = verdict_of(&found, None);
        assert_eq!((verdict.is_right, verdict.word.as_str()), (true, "The draw is right."));
        assert!(marked(&verdict, Mark::Note).contains(&told));
    }
}

#[test]
fn a_draw_that_was_not_held_says_what_it_waits_for() {
    let mut told = found(Some(&"ab".repeat(32))).told;
    for (stage, word) in [
        (DrawStage::Entering, Locale::En.check_entering()),
        (DrawStage::Closed, "The draw has not been held yet: it waits for the public value, round 7."),
        (DrawStage::Deciding, Locale::En.check_deciding()),
        (DrawStage::CalledOff, Locale::En.check_called_off()),
    ] {
        told.stage = stage;
        assert_eq!(too_early(Locale::En, &told), word);
    }
    (told.stage, told.beacon) = (DrawStage::Closed, None);
    assert_eq!(too_early(Locale::En, &told), Locale::En.check_closed());
}
