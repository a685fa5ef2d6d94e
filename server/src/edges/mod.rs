//! The edges that keep our pages: told at each publish what they must forget, and filled again.
//!
//! A purge is done when no edge can serve older bytes any more. The new pages stand before the first edge is told, and
//! whatever an edge asks for after it was told is new, if the tier above it is clean. So tiers are purged from the
//! origin outwards. Each is told twice: an answer that was on its way through the edge's own fetch while it was told
//! first may be kept just after that, and is found the second time, by its version.

mod edge;
mod warm;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

pub(crate) use edge::{Edge, EdgeAddress, NotAHeader, NotAnEdge, PurgeHeader};
pub(crate) use worker::Worker;

/// The tag that every page carries.
pub(crate) const ALL_PAGES: &str = "shop";

/// How long a publish waits for the edges before it says that a purge is pending.
const PURGE_PATIENCE: Duration = Duration::from_millis(900);

/// More tags than that are one: everything. A header has to hold them.
const MAX_TAGS: usize = 100;

/// What has to go, and what is to be fetched again once it is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stale {
    /// What carries one of these is old, unless it has the version beside it.
    pub(crate) tags: BTreeMap<String, Version>,
    pub(crate) paths: BTreeSet<String>,
}

/// A page's version: epoch microseconds of the publish that made it.
pub(crate) type Version = i64;

/// The version of [`ALL_PAGES`]: each page has one of its own.
const NO_VERSION: Version = 0;

impl Stale {
    /// Everything that is out there.
    pub(crate) fn all_pages() -> Self {
        Self { tags: BTreeMap::from([(ALL_PAGES.to_owned(), NO_VERSION)]), ..Self::default() }
    }

    fn merge(&mut self, other: &Self) {
        for (tag, &version) in &other.tags {
            let newest = self.tags.entry(tag.clone()).or_insert(version);
            *newest = version.max(*newest);
        }
        if self.tags.len() > MAX_TAGS || self.tags.contains_key(ALL_PAGES) {
            self.tags = Self::all_pages().tags;
        }
        self.paths.extend(other.paths.iter().cloned());
    }
}

/// Some edge is out of reach and may serve older bytes. It goes on being told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an edge is out of reach")]
pub(crate) struct PurgePending;

#[derive(Default)]
struct Wanted {
    stale: Stale,
    /// Grows with each request; a worker that is clean up to a generation has carried out all up to it.
    generation: u64,
}

struct Shared {
    wanted: Mutex<Wanted>,
    wake: Notify,
    clean_through: watch::Sender<u64>,
}

/// A handle on the worker that tells the edges; without edges it has nothing to do.
#[derive(Clone)]
pub(crate) struct Edges {
    shared: Option<Arc<Shared>>,
}

impl Edges {
    /// The handle, and the worker to run. `tiers` stand in order from the origin outwards; empty ones are left out.
    pub(crate) fn new(tiers: Vec<Vec<Edge>>) -> (Self, Option<Worker>) {
        let tiers: Vec<Vec<Edge>> = tiers.into_iter().filter(|tier| !tier.is_empty()).collect();
        if tiers.is_empty() {
            return (Self { shared: None }, None);
        }
        let shared =
            Arc::new(Shared { wanted: Mutex::default(), wake: Notify::new(), clean_through: watch::Sender::new(0) });
        let worker = Worker::new(Arc::clone(&shared), tiers);
        (Self { shared: Some(shared) }, Some(worker))
    }

    /// Whether anybody purges what is published here.
    pub(crate) fn exist(&self) -> bool {
        self.shared.is_some()
    }

    /// Has the edges told. The answer may be waited for, or dropped: the telling goes on.
    pub(crate) fn forget(&self, stale: &Stale) -> Purge {
        let Some(shared) = &self.shared else { return Purge { wanted: None } };
        let generation = {
            let mut wanted = shared.wanted.lock().unwrap_or_else(PoisonError::into_inner);
            // Nothing more to forget: what was asked for before may still be under way.
            if !stale.tags.is_empty() {
                wanted.stale.merge(stale);
                wanted.generation += 1;
                shared.wake.notify_one();
            }
            wanted.generation
        };
        Purge { wanted: Some((shared.clean_through.subscribe(), generation)) }
    }
}

/// A purge under way.
#[must_use = "old bytes may be out there until it is done"]
pub(crate) struct Purge {
    /// None where there is nobody to tell.
    wanted: Option<(watch::Receiver<u64>, u64)>,
}

impl Purge {
    /// Waits until no edge can serve older bytes, or until that takes too long.
    pub(crate) async fn done(self) -> Result<(), PurgePending> {
        let Some((mut clean_through, generation)) = self.wanted else { return Ok(()) };
        let cleaned = clean_through.wait_for(|&through| through >= generation);
        match tokio::time::timeout(PURGE_PATIENCE, cleaned).await {
            Ok(Ok(_)) => Ok(()),
            // The worker ends when the shop goes down; then nobody tells the edges before the next start.
            Ok(Err(_)) | Err(_) => Err(PurgePending),
        }
    }

    /// Leaves it to the worker: nobody waits for an answer here.
    pub(crate) fn in_background(self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stale(tags: impl IntoIterator<Item = String>) -> Stale {
        Stale { tags: tags.into_iter().map(|tag| (tag, 1)).collect(), paths: BTreeSet::new() }
    }

    #[test]
    fn many_tags_become_the_one_that_all_pages_carry() {
        let mut some = stale(["item-a".to_owned()]);
        some.merge(&stale(["item-b".to_owned()]));
        assert_eq!(some.tags.len(), 2);
        some.merge(&stale((0..MAX_TAGS).map(|number| format!("item-{number}"))));
        assert_eq!(some, Stale::all_pages());
        some.merge(&stale(["item-c".to_owned()]));
        assert_eq!(some.tags.len(), 1);
    }

    #[tokio::test]
    async fn without_edges_a_purge_is_done_at_once() {
        let (edges, worker) = Edges::new(vec![Vec::new(), Vec::new()]);
        assert!(worker.is_none() && !edges.exist());
        assert_eq!(edges.forget(&stale(["item-a".to_owned()])).done().await, Ok(()));
    }
}
