//! Plan B at the shell: `stampede switch …`. It writes into the record in one transaction with the audit line; a live
//! server looks at the end of that trail four times a second.

use std::path::Path;

use ledger::{Batch, Ledger, SqliteLedger, SwitchChange, SwitchChanges, SwitchOwner, Write};
use sale::SaleId;
use shield::{SWITCH_LASTS_AT_MOST_MS, Switch};
use shop::iso_utc;

use crate::cli::{SwitchScopeArgs, SwitchSetArgs};
use crate::clock::ServerClock;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A reason, at most.
const MAX_REASON_CHARS: usize = 200;

/// What is not at its ordinary value, for all that there is.
pub(crate) fn list(store: &Path) -> Result<(), Failure> {
    let ledger = SqliteLedger::open(store)?;
    let rows = ledger.reader()?.switches()?;
    let now_ms = ServerClock::start().now_ms();
    println!("name          value    for");
    for switch in Switch::ALL {
        let of_shop = rows.iter().find(|row| row.owner == SwitchOwner::default() && row.name == switch.as_str());
        let live = of_shop.filter(|row| row.until_ms.is_none_or(|until_ms| now_ms < until_ms));
        let value = live.map_or(switch.values()[0], |row| row.value.as_str());
        let others = switch.values().iter().filter(|other| **other != value).copied().collect::<Vec<_>>().join(" or ");
        let until = live.map_or_else(String::new, |row| told(row.until_ms, &row.who, &row.why));
        println!("{:<13} {value:<8} the shop (or {others}){until}", switch.as_str());
    }
    for row in rows.iter().filter(|row| row.owner.merchant_id.is_some()) {
        let whom = match (row.owner.merchant_id, row.owner.sale_id) {
            (_, Some(sale_id)) => format!("sale {sale_id}"),
            (Some(merchant_id), None) => format!("merchant {merchant_id}"),
            (None, None) => String::new(),
        };
        println!("{:<13} {:<8} {whom}{}", row.name, row.value, told(row.until_ms, &row.who, &row.why));
    }
    Ok(())
}

/// Sets one switch.
pub(crate) fn set(store: &Path, args: &SwitchSetArgs) -> Result<(), Failure> {
    let now_ms = ServerClock::start().now_ms();
    let switch = switch_of(&args.name)?;
    if switch.value_of(&args.value).is_none() {
        let values = switch.values().join(", ");
        return Err(format!("{} cannot be {:?}; give one of {values}", args.name, args.value).into());
    }
    let until_ms = match (args.for_seconds, args.until) {
        (Some(seconds), _) => Some(now_ms.saturating_add(seconds.saturating_mul(1_000))),
        (None, until) => until,
    };
    if until_ms.is_some_and(|until_ms| until_ms <= now_ms || until_ms - now_ms > SWITCH_LASTS_AT_MOST_MS) {
        return Err("the end must be later than now, by 31 days at most".into());
    }
    if until_ms.is_some() && switch.values()[0] == args.value {
        return Err(format!("{} is the ordinary value of {}; it does not run out", args.value, args.name).into());
    }
    write(store, switch, &args.value, until_ms, &args.scope, now_ms)
}

/// Puts one switch back.
pub(crate) fn clear(store: &Path, name: &str, scope: &SwitchScopeArgs) -> Result<(), Failure> {
    let switch = switch_of(name)?;
    write(store, switch, switch.values()[0], None, scope, ServerClock::start().now_ms())
}

/// Who changed what, the latest first.
pub(crate) fn audit(store: &Path) -> Result<(), Failure> {
    for line in SqliteLedger::open(store)?.reader()?.switch_lines(None, i64::MAX)? {
        let whom = match (line.owner.merchant_id, line.owner.sale_id) {
            (_, Some(sale_id)) => format!("sale {sale_id}"),
            (Some(merchant_id), None) => format!("merchant {merchant_id}"),
            (None, None) => "the shop".to_owned(),
        };
        let told = told(line.until_ms, &line.who, &line.why);
        println!("{} {} {}: {} -> {}{told}", iso_utc(line.at_ms), whom, line.name, line.from, line.to);
    }
    Ok(())
}

fn switch_of(name: &str) -> Result<Switch, Failure> {
    Switch::of(name).ok_or_else(|| {
        let names = Switch::ALL.iter().map(|switch| switch.as_str()).collect::<Vec<_>>().join(", ");
        format!("there is no switch {name:?}; there are {names}").into()
    })
}

fn write(
    store: &Path,
    switch: Switch,
    value: &str,
    until_ms: Option<i64>,
    scope: &SwitchScopeArgs,
    at_ms: i64,
) -> Result<(), Failure> {
    let why = checked_reason(scope.reason.as_deref())?;
    let mut ledger = SqliteLedger::open(store)?;
    let owner = owner(&ledger, scope)?;
    let change = SwitchChange {
        name: switch.as_str().to_owned(),
        value: value.to_owned(),
        ordinary: switch.values()[0].to_owned(),
        until_ms,
    };
    let changes = SwitchChanges { owner, changes: vec![change], who: operator(), why, at_ms };
    ledger.apply(&Batch { writes: vec![Write::SetSwitches(changes)], ..Batch::default() })?;
    let until = until_ms.map_or_else(String::new, |until_ms| format!(" until {}", iso_utc(until_ms)));
    println!("{} is {value}{until}; a running server follows within a second", switch.as_str());
    Ok(())
}

fn owner(ledger: &SqliteLedger, scope: &SwitchScopeArgs) -> Result<SwitchOwner, Failure> {
    let reader = ledger.reader()?;
    if let Some(sale_id) = scope.sale {
        let row = reader.sale(SaleId(sale_id))?.ok_or_else(|| format!("there is no sale {sale_id}"))?;
        return Ok(SwitchOwner { merchant_id: Some(row.merchant_id), sale_id: Some(row.sale_id) });
    }
    if let Some(email) = &scope.merchant {
        let row = reader.merchant_by_email(email)?.ok_or_else(|| format!("there is no merchant {email}"))?;
        return Ok(SwitchOwner { merchant_id: Some(row.merchant_id), sale_id: None });
    }
    Ok(SwitchOwner::default())
}

/// Who sits at the shell, as far as the shell says.
pub(crate) fn operator() -> String {
    match std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")) {
        Ok(name) if !name.is_empty() => format!("operator {}", name.chars().take(64).collect::<String>()),
        _ => "operator".to_owned(),
    }
}

pub(crate) fn checked_reason(reason: Option<&str>) -> Result<String, Failure> {
    let reason = reason.unwrap_or_default().trim();
    if reason.chars().count() > MAX_REASON_CHARS || reason.chars().any(char::is_control) {
        return Err("a reason has at most 200 characters, on one line".into());
    }
    Ok(reason.to_owned())
}

fn told(until_ms: Option<i64>, who: &str, why: &str) -> String {
    let until = until_ms.map_or_else(String::new, |until_ms| format!(", until {}", iso_utc(until_ms)));
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    format!("{until}, by {who}{why}")
}
