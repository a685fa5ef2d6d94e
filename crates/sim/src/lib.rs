//! The simulator.
//!
//! A world of merchants, shoppers and a payment provider lives for some hundred steps over the real rules, lines,
//! committer and record; answers get lost, disks fail, processes die and clocks are set. All of it follows from one
//! number, the seed. An oracle that knows what was asked and what was answered reads the record by itself and checks the
//! rules of the shop after every step.

mod asking;
mod coverage;
mod dice;
mod disk;
mod names;
mod oracle;
mod parts;
mod past;
mod rounds;
mod setup;
mod shoppers;
mod world;

use ledger::SqliteLedger;

pub use coverage::Coverage;
pub use parts::Violation;
use world::World;

/// How one seed ended.
#[derive(Clone, Debug)]
pub struct Run {
    pub steps: u32,
    pub coverage: Coverage,
    /// The step of the violation, and what it was.
    pub violation: Option<(u32, Violation)>,
    /// A line an action, where it was asked for.
    pub trace: Vec<String>,
}

/// Runs seeds one after another, with one record that is emptied between them.
#[derive(Default)]
pub struct Simulator {
    store: Option<SqliteLedger>,
}

impl Simulator {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One world. The same seed and number of steps give the same run, to the byte of its trace.
    pub fn run(&mut self, seed: u64, steps: u32, traced: bool) -> Run {
        let store = self.store.take().unwrap_or_else(empty_store);
        let mut world = World::of(seed, store, traced);
        let ended = world.live(steps);
        let World { disk, committer, cover, trace, step, .. } = world;
        drop(committer);
        let sound = ended.is_ok();
        self.store = disk.into_store().filter(|store| sound && setup::clear(store.connection()).is_ok());
        let violation = ended.err().map(|violation| (step, violation));
        Run { steps: step.min(steps), coverage: cover, violation, trace: trace.unwrap_or_default() }
    }
}

fn empty_store() -> SqliteLedger {
    let store = SqliteLedger::in_memory().expect("memory for an empty record");
    // The oracle has statements of its own beside the ledger's.
    store.connection().set_prepared_statement_cache_capacity(256);
    store
}
