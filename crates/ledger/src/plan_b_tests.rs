use super::*;
use crate::{Batch, Ledger, SqliteLedger, Write};

const MERCHANT: MerchantId = MerchantId(Uuid::from_u128(1));

struct Store {
    ledger: SqliteLedger,
    _folder: tempfile::TempDir,
}

impl Store {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { ledger: SqliteLedger::open(&folder.path().join("stampede.db")).unwrap(), _folder: folder }
    }

    fn write(&mut self, write: Write) -> Result<(), Refusal> {
        self.ledger.apply(&Batch { writes: vec![write], ..Batch::default() }).unwrap().remove(0)
    }

    fn set(&mut self, owner: SwitchOwner, value: &str, until_ms: Option<i64>, at_ms: i64) {
        let change =
            SwitchChange { name: "orders".to_owned(), value: value.to_owned(), ordinary: "on".to_owned(), until_ms };
        let (who, why) = ("ann".to_owned(), "a drill".to_owned());
        self.write(Write::SetSwitches(SwitchChanges { owner, changes: vec![change], who, why, at_ms })).unwrap();
    }

    /// Who changed what from what to what, the latest first.
    fn lines(&self, merchant: Option<MerchantId>) -> Vec<(String, String, String)> {
        let lines = self.ledger.reader().unwrap().switch_lines(merchant, i64::MAX).unwrap();
        lines.into_iter().map(|line| (line.who, line.from, line.to)).collect()
    }
}

fn line(who: &str, from: &str, to: &str) -> (String, String, String) {
    (who.to_owned(), from.to_owned(), to.to_owned())
}

#[test]
fn every_change_has_a_line_and_what_stays_has_none() {
    let mut store = Store::new();
    let shop = SwitchOwner::default();
    store.set(shop, "paused", Some(50), 10);
    store.set(shop, "paused", Some(50), 11);
    store.set(shop, "paused", None, 12);
    store.set(shop, "on", None, 13);
    store.set(shop, "on", None, 14);
    assert_eq!(
        store.lines(None),
        [line("ann", "paused", "on"), line("ann", "paused", "paused"), line("ann", "on", "paused")]
    );
    let reader = store.ledger.reader().unwrap();
    assert_eq!(reader.switches().unwrap(), []);
    assert_eq!(reader.plan_b_versions().unwrap(), (3, 0));
}

#[test]
fn what_runs_out_is_put_back_once_by_the_clock_and_the_rest_stays() {
    let mut store = Store::new();
    let (shop, own) = (SwitchOwner::default(), SwitchOwner { merchant_id: Some(MERCHANT), sale_id: None });
    store.set(shop, "paused", Some(20), 10);
    store.set(own, "paused", Some(21), 10);
    for now_ms in [19, 20, 20] {
        store.write(Write::ExpireSwitches { now_ms }).unwrap();
    }
    assert_eq!(store.lines(None)[0], line(BY_THE_CLOCK, "paused", "on"));
    assert_eq!(store.lines(None).len(), 3);
    let left = store.ledger.reader().unwrap().switches().unwrap();
    assert_eq!(left.iter().map(|row| row.owner).collect::<Vec<_>>(), [own]);
    // A change that finds one run out leaves its expiry in the record first.
    store.set(own, "paused", None, 30);
    assert_eq!(store.lines(None)[..2], [line("ann", "on", "paused"), line(BY_THE_CLOCK, "paused", "on")]);
}

#[test]
fn a_merchant_reads_the_operators_lines_and_the_own_and_nobody_elses() {
    let mut store = Store::new();
    let other = MerchantId(Uuid::from_u128(2));
    store.set(SwitchOwner::default(), "paused", None, 1);
    store.set(SwitchOwner { merchant_id: Some(MERCHANT), sale_id: None }, "paused", None, 2);
    let sale_id = Some(SaleId(Uuid::from_u128(3)));
    store.set(SwitchOwner { merchant_id: Some(MERCHANT), sale_id }, "paused", None, 3);
    assert_eq!(store.lines(Some(MERCHANT)).len(), 3);
    assert_eq!(store.lines(Some(other)).len(), 1);
    assert_eq!(store.ledger.reader().unwrap().switch_lines(None, 2).unwrap().len(), 1);
}

#[test]
fn two_who_change_the_settings_at_once_do_not_overwrite_each_other() {
    let mut store = Store::new();
    let version = |document: &str| {
        let (document, change) = (document.to_owned(), "a change".to_owned());
        SettingsVersion { version: 0, document, change, who: "ann".to_owned(), why: String::new(), at_ms: 1 }
    };
    let add = |follows: i64, document: &str| Write::AddSettings { follows, version: version(document) };
    assert_eq!(store.write(add(0, "{}")), Ok(()));
    assert_eq!(store.write(add(0, "{\"a\":1}")), Err(Refusal::VersionTaken));
    assert_eq!(store.write(add(1, "{\"b\":1}")), Ok(()));
    let reader = store.ledger.reader().unwrap();
    assert_eq!(reader.newest_settings().unwrap().unwrap().document, "{\"b\":1}");
    assert_eq!(reader.settings_version(1).unwrap().unwrap().document, "{}");
    assert_eq!(reader.settings_versions().unwrap().len(), 2);
    assert_eq!(reader.plan_b_versions().unwrap(), (0, 2));
}
