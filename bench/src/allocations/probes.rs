//! Probes of the kernel at the allocator's entries.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use object::{Object as _, ObjectSegment as _, ObjectSymbol as _};

use crate::Failure;

const TRACING: &str = "/sys/kernel/tracing";
/// What Rust's code calls for `alloc`, `alloc_zeroed` and `realloc`. SQLite has an allocator of its own.
const ENTRIES: [&str; 3] = ["mi_malloc_aligned", "mi_zalloc_aligned", "mi_realloc_aligned"];

/// All of ours, those of other runs among them.
const GROUP: &str = "stampede_bench";

/// They are taken away when it is dropped.
pub(super) struct Probes {
    /// Of this process alone.
    names: Vec<String>,
}

impl Probes {
    pub(super) fn in_binary(binary: &Path) -> Result<Self, Failure> {
        take_away_what_others_left()?;
        let bytes = fs::read(binary)?;
        let file = object::File::parse(&*bytes)?;
        let mut probes = Self { names: Vec::new() };
        for entry in ENTRIES {
            let symbol = file.symbols().find(|symbol| symbol.name() == Ok(entry));
            let address = symbol.ok_or_else(|| format!("{entry} is not in {}", binary.display()))?.address();
            let segment = file.segments().find(|one| (one.address()..one.address() + one.size()).contains(&address));
            let segment = segment.ok_or_else(|| format!("{entry} is in no segment"))?;
            let offset = address - segment.address() + segment.file_range().0;
            let name = format!("{entry}_{}", std::process::id());
            tell("uprobe_events", &format!("p:{GROUP}/{name} {}:{offset:#x}", binary.display()))?;
            probes.names.push(name.clone());
            tell(&enabled(&name), "1")?;
        }
        Ok(probes)
    }

    /// Since they were set, by all who run the binary.
    pub(super) fn hits(&self) -> Result<u64, Failure> {
        let profile = fs::read_to_string(path("uprobe_profile"))?;
        // The binary, the probe's name, and its hits.
        let hits = |line: &str| -> Option<u64> {
            let mut words = line.split_whitespace().skip(1);
            let name = words.next()?;
            if self.names.iter().any(|own| own == name) { words.next()?.parse().ok() } else { None }
        };
        let hits: Vec<u64> = profile.lines().filter_map(hits).collect();
        if hits.len() == self.names.len() { Ok(hits.iter().sum()) } else { Err("a probe has gone".into()) }
    }
}

impl Drop for Probes {
    fn drop(&mut self) {
        self.names.iter().for_each(|name| take_away(name));
    }
}

/// Of runs that were killed: the kernel keeps theirs, and all who run the binary go on paying for them. None is this run's yet.
fn take_away_what_others_left() -> Result<(), Failure> {
    let events = fs::read_to_string(path("uprobe_events")).map_err(not_allowed("uprobe_events"))?;
    let names = events.lines().filter_map(|line| line.split_whitespace().next()?.strip_prefix(&format!("p:{GROUP}/")));
    let is_of_none = |name: &&str| {
        let process = name.rsplit_once('_').map(|(_, process)| process);
        let own = std::process::id().to_string();
        process.is_some_and(|process| process == own || !Path::new("/proc").join(process).exists())
    };
    names.filter(is_of_none).for_each(take_away);
    Ok(())
}

fn take_away(name: &str) {
    let _off = tell(&enabled(name), "0");
    let _gone = tell("uprobe_events", &format!("-:{GROUP}/{name}"));
}

fn not_allowed(file: &str) -> impl Fn(std::io::Error) -> Failure {
    move |error| format!("{}: {error}; uprobes ask for root and tracefs", path(file).display()).into()
}

fn tell(file: &str, words: &str) -> Result<(), Failure> {
    let told = OpenOptions::new().append(true).open(path(file)).and_then(|mut file| file.write_all(words.as_bytes()));
    told.map_err(not_allowed(file))
}

fn enabled(name: &str) -> String {
    format!("events/{GROUP}/{name}/enable")
}

fn path(file: &str) -> PathBuf {
    Path::new(TRACING).join(file)
}
