//! Plan B's switches as the server knows them: read from the record, asked on every request without a lock.
//!
//! A change by this server counts at once. One from the shell is seen by [`watch`], which looks at the end of the audit
//! trail four times a second. What has run out stops counting at its very time; the record follows within a look.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use ledger::{LedgerError, Reader, SwitchOwner, SwitchRow, Write};
use sale::{MerchantId, SaleId};
use shield::{Scope, Switch, SwitchBoard, SwitchSet};
use tokio::sync::watch;

use crate::http::App;
use crate::tuned;

/// How often the record is looked at for what was changed at the shell.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// All switches at one version.
#[derive(Default)]
pub(crate) struct Snapshot {
    pub(crate) version: i64,
    pub(crate) rows: Vec<SwitchRow>,
    pub(crate) board: SwitchBoard,
}

impl Snapshot {
    fn read(reader: &Reader) -> Result<Self, LedgerError> {
        let (version, _) = reader.plan_b_versions()?;
        let rows = reader.switches()?;
        let set: Vec<SwitchSet> = rows.iter().filter_map(set_of).collect();
        Ok(Self { version, board: SwitchBoard::new(&set), rows })
    }

    fn has_run_out(&self, now_ms: i64) -> bool {
        self.rows.iter().any(|row| row.until_ms.is_some_and(|until_ms| until_ms <= now_ms))
    }

    /// For whom item pages wait.
    fn waiting(&self, now_ms: i64) -> BTreeSet<String> {
        let live = |row: &&SwitchRow| row.until_ms.is_none_or(|until_ms| now_ms < until_ms);
        let waits = |row: &&SwitchRow| row.name == Switch::WaitingPage.as_str();
        self.rows.iter().filter(waits).filter(live).map(|row| format!("{:?} {}", row.owner, row.value)).collect()
    }
}

/// The switches that hold now.
#[derive(Clone, Default)]
pub(crate) struct Switches(Arc<ArcSwap<Snapshot>>);

impl Switches {
    pub(crate) fn start(reader: &Reader) -> Result<Self, LedgerError> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(Snapshot::read(reader)?))))
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }

    /// Takes in what the record says now; an older look never replaces a newer one.
    pub(crate) fn take(&self, read: Snapshot) {
        let read = Arc::new(read);
        self.0.rcu(|kept| Arc::clone(if kept.version > read.version { kept } else { &read }));
    }

    pub(crate) fn of_shop(&self, switch: Switch, now_ms: i64) -> &'static str {
        self.0.load().board.of_shop(switch, now_ms)
    }

    pub(crate) fn of_merchant(&self, switch: Switch, merchant_id: MerchantId, now_ms: i64) -> &'static str {
        self.0.load().board.of_merchant(switch, merchant_id, now_ms)
    }

    pub(crate) fn of_sale(
        &self,
        switch: Switch,
        merchant_id: MerchantId,
        sale_id: SaleId,
        now_ms: i64,
    ) -> &'static str {
        self.0.load().board.of_sale(switch, merchant_id, sale_id, now_ms)
    }
}

/// Reads the switches anew. After a write of this server's own: the change counts from here on.
pub(crate) async fn refresh(app: &App) -> Result<(), LedgerError> {
    app.switches.take(app.store.read(Snapshot::read).await?);
    Ok(())
}

/// What a name and a value of the record mean; those of a newer version mean nothing here.
fn set_of(row: &SwitchRow) -> Option<SwitchSet> {
    let switch = Switch::of(&row.name)?;
    let scope = match row.owner {
        SwitchOwner { sale_id: Some(sale_id), .. } => Scope::Sale(sale_id),
        SwitchOwner { merchant_id: Some(merchant_id), .. } => Scope::Merchant(merchant_id),
        SwitchOwner { .. } => Scope::Shop,
    };
    Some(SwitchSet { scope, switch, value: switch.value_of(&row.value)?, until_ms: row.until_ms })
}

/// Follows the record: what was changed at the shell, what has run out, and what pages must show for it.
pub(crate) async fn watch(app: App, reader: Reader, mut stopped: watch::Receiver<bool>) {
    let mut looks = tokio::time::interval(LOOK_INTERVAL);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    // A connection of its own: a crowd of other reads does not keep a switch waiting.
    let mut reader = Some(reader);
    // What the pages show is not known yet: a switch may have run out while they were made.
    let mut shown = None;
    let mut is_failing = false;
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            _ = looks.tick() => {}
        }
        let outcome = look(&app, &mut reader, &mut shown).await;
        match &outcome {
            Err(error) if !is_failing => tracing::warn!(%error, "Plan B's switches cannot be followed; trying on"),
            Ok(()) if is_failing => tracing::info!("Plan B's switches are followed again"),
            _ => {}
        }
        is_failing = outcome.is_err();
    }
}

async fn look(
    app: &App,
    reader: &mut Option<Reader>,
    shown: &mut Option<BTreeSet<String>>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (known, path) = (app.switches.snapshot().version, app.store.path().to_owned());
    let known_settings = app.tuned.version();
    let taken = reader.take();
    let reading = tokio::task::spawn_blocking(move || {
        let reader = taken.map_or_else(|| Reader::open(&path), Ok)?;
        let (version, settings_version) = reader.plan_b_versions()?;
        let read = if version == known { None } else { Some(reader.in_one_snapshot(Snapshot::read)?) };
        let settings = if settings_version == known_settings { None } else { reader.newest_settings()? };
        Ok::<_, LedgerError>((reader, read, settings))
    });
    let (again, read, settings) = reading.await??;
    tuned::take(app, settings);
    *reader = Some(again);
    if let Some(read) = read {
        app.switches.take(read);
    }
    let now_ms = app.clock.now_ms();
    let snapshot = app.switches.snapshot();
    // The pages first: they need no record that can be written.
    let waiting = snapshot.waiting(now_ms);
    if shown.as_ref() != Some(&waiting) {
        app.publisher.refresh().await?;
        *shown = Some(waiting);
    }
    // Read-only or not: this puts the record right, and nobody asked for it.
    if snapshot.has_run_out(now_ms) {
        app.writer.write(Write::ExpireSwitches { now_ms }).await?;
        refresh(app).await?;
    }
    Ok(())
}
