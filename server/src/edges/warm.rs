//! Fills an edge with what it was told to forget, before the crowd asks.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::Edge;

/// Edges waiting to be warmed, at most; past that their visitors fill them.
pub(super) const MAX_WARM_JOBS: usize = 64;

/// Paths fetched for one edge, at most.
const MAX_WARM_PATHS: usize = 2_000;

/// An answer that has not come by then is left to the visitors.
const WARM_TIMEOUT: Duration = Duration::from_secs(3);

/// What our VCL keeps apart.
const ENCODINGS: [&str; 2] = ["br", "gzip"];

/// One edge and what it should have.
pub(super) struct Warming {
    pub(super) edge: Edge,
    pub(super) paths: BTreeSet<String>,
}

/// Takes the jobs one after the other, one request at a time: warming must not be a stampede of its own.
pub(super) async fn run(mut jobs: mpsc::Receiver<Warming>, mut stopped: watch::Receiver<bool>) {
    let work = async {
        while let Some(job) = jobs.recv().await {
            warm(&job).await;
        }
    };
    tokio::select! {
        _ = stopped.wait_for(|stopped| *stopped) => {}
        () = work => {}
    }
}

async fn warm(job: &Warming) {
    for path in job.paths.iter().take(MAX_WARM_PATHS) {
        for encoding in ENCODINGS {
            if let Err(error) = fetch(&job.edge, path, encoding).await {
                tracing::debug!(%error, edge = job.edge.name(), "could not be warmed; its visitors fill this edge");
                return;
            }
        }
    }
}

async fn fetch(edge: &Edge, path: &str, encoding: &str) -> reqwest::Result<()> {
    let Some(url) = edge.origin().and_then(|origin| origin.join(path).ok()) else { return Ok(()) };
    let request = edge.client().get(url).header("accept-encoding", encoding).timeout(WARM_TIMEOUT);
    // To the end: an edge keeps whole answers only.
    request.send().await?.bytes().await.map(drop)
}
