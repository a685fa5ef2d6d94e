//! `stampede settings …`: limits in versions. Each change is a row that is never rewritten; going back is a row too.

use std::path::Path;

use ledger::{Batch, Ledger, Refusal, SettingsVersion, SqliteLedger, Write};
use shield::{Setting, Settings};
use shop::iso_utc;

use crate::clock::ServerClock;
use crate::commands_plan_b::{checked_reason, operator};

type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(crate) fn list(store: &Path) -> Result<(), Failure> {
    let (version, settings) = newest(&SqliteLedger::open(store)?)?;
    println!("version {version}");
    for setting in Setting::ALL {
        let chosen = settings.of(*setting);
        let (least, greatest) = (*setting.range().start(), *setting.range().end());
        let value = match chosen.share_percent {
            100 => chosen.value.to_string(),
            share => format!("{} for {share} %, {} for the others", chosen.value, chosen.others),
        };
        println!("{:<28} {value:<9} {least} to {greatest}: {}", setting.as_str(), setting.what());
    }
    Ok(())
}

pub(crate) fn set(store: &Path, key: &str, value: i64, share: u8, reason: Option<&str>) -> Result<(), Failure> {
    let mut ledger = SqliteLedger::open(store)?;
    let (version, before) = newest(&ledger)?;
    let settings = before.with(key, value, share)?;
    let whom = if share == 100 { String::new() } else { format!(" for {share} %") };
    add(&mut ledger, version, &settings, format!("{key} = {value}{whom}"), reason)
}

pub(crate) fn roll_back(store: &Path, to: i64, reason: Option<&str>) -> Result<(), Failure> {
    let mut ledger = SqliteLedger::open(store)?;
    let settings = match to {
        0 => Settings::default(),
        to => {
            let former = ledger.reader()?.settings_version(to)?;
            read(&former.ok_or_else(|| format!("there is no version {to}"))?)?
        }
    };
    let (version, _) = newest(&ledger)?;
    add(&mut ledger, version, &settings, format!("as at version {to}"), reason)
}

pub(crate) fn history(store: &Path) -> Result<(), Failure> {
    for row in SqliteLedger::open(store)?.reader()?.settings_versions()? {
        let why = if row.why.is_empty() { String::new() } else { format!(": {}", row.why) };
        println!("{:>4}  {}  {}, by {}{why}", row.version, iso_utc(row.at_ms), row.change, row.who);
    }
    Ok(())
}

fn newest(ledger: &SqliteLedger) -> Result<(i64, Settings), Failure> {
    match ledger.reader()?.newest_settings()? {
        Some(row) => Ok((row.version, read(&row)?)),
        None => Ok((0, Settings::default())),
    }
}

fn read(row: &SettingsVersion) -> Result<Settings, Failure> {
    Ok(serde_json::from_str(&row.document).map_err(|error| format!("version {}: {error}", row.version))?)
}

fn add(
    ledger: &mut SqliteLedger,
    follows: i64,
    settings: &Settings,
    change: String,
    reason: Option<&str>,
) -> Result<(), Failure> {
    let version = SettingsVersion {
        version: follows + 1,
        document: serde_json::to_string(settings)?,
        change,
        who: operator(),
        why: checked_reason(reason)?,
        at_ms: ServerClock::start().now_ms(),
    };
    let write = Write::AddSettings { follows, version };
    match ledger.apply(&Batch { writes: vec![write], ..Batch::default() })?.as_slice() {
        [Ok(())] => {
            let (version, _) = newest(ledger)?;
            println!("version {version}; a running server follows within a second");
            Ok(())
        }
        [Err(Refusal::VersionTaken)] => Err("somebody else has just changed the settings; look again".into()),
        _ => Err("the settings were not changed".into()),
    }
}
