//! Settings as the server has taken them: limits, the pace of polls, the room in each line. A new version is seen beside the
//! switches, by a look at the record four times a second.

use std::sync::Arc;

use arc_swap::ArcSwap;
use ledger::SettingsVersion;
use sale::ShopperId;
use shield::{Bucketed as _, Setting, Settings};

use crate::http::App;

#[derive(Default)]
struct Version {
    version: i64,
    settings: Settings,
}

/// The settings that hold now.
#[derive(Clone, Default)]
pub(crate) struct Tuned(Arc<ArcSwap<Version>>);

impl Tuned {
    pub(crate) fn version(&self) -> i64 {
        self.0.load().version
    }

    /// A line that takes longer is not joined.
    pub(crate) fn line_wait_ms(&self) -> u64 {
        u64::try_from(self.0.load().settings.of(Setting::LineWaitMs).value).unwrap_or_default()
    }

    /// Work may wait so long for a thread.
    pub(crate) fn thread_wait_us(&self) -> u32 {
        u32::try_from(self.0.load().settings.of(Setting::ThreadWaitUs).value).unwrap_or(u32::MAX)
    }

    /// A shopper's wait for the next poll, within the bounds that are set.
    pub(crate) fn pace(&self, shopper_id: ShopperId, wait_ms: u64) -> u64 {
        let tuned = self.0.load();
        if tuned.version == 0 {
            return wait_ms;
        }
        let bucket = shopper_id.bucket();
        let bound = |setting: Setting| u64::try_from(tuned.settings.at(setting, bucket)).unwrap_or_default();
        wait_ms.max(bound(Setting::PollLeastMs)).min(bound(Setting::PollMostMs))
    }
}

/// Takes a new version, if there is one. One that cannot be read is told and left: what held before goes on.
pub(crate) fn take(app: &App, version: Option<SettingsVersion>) {
    if let Some(SettingsVersion { version, document, change, .. }) = version {
        match serde_json::from_str::<Settings>(&document) {
            Ok(settings) => {
                tracing::info!(version, change, "settings taken");
                app.limits.set(&settings);
                app.tuned.0.store(Arc::new(Version { version, settings }));
            }
            Err(error) => {
                tracing::error!(version, %error, "these settings cannot be read; the ones before go on");
                let settings = app.tuned.0.load().settings.clone();
                app.tuned.0.store(Arc::new(Version { version, settings }));
            }
        }
    }
    // A line that has come since the last look gets its bound too.
    let tuned = app.tuned.0.load();
    if tuned.version > 0 {
        let capacity = usize::try_from(tuned.settings.of(Setting::LineCapacity).value).unwrap_or(usize::MAX);
        for line in app.writer.lines() {
            line.set_most_queued(capacity);
        }
    }
}
