//! What a process has of the machine, as Linux tells it (proc(5)).

use std::collections::BTreeMap;

use crate::Failure;

pub(crate) struct Process {
    pub(crate) id: u32,
}

/// In bytes, but for the last two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Footprint {
    /// All that is in memory, the binary's own pages and what is mapped from files among it.
    pub(crate) resident: u64,
    /// What it took for itself.
    pub(crate) anonymous: u64,
    pub(crate) threads: u64,
    pub(crate) descriptors: u64,
}

impl Process {
    pub(crate) fn footprint(&self) -> Result<Footprint, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id))?;
        let number = |name: &str| number_in(&status, name).ok_or_else(|| format!("no {name} in proc"));
        Ok(Footprint {
            resident: number("VmRSS:")? * 1_024,
            anonymous: number("RssAnon:")? * 1_024,
            threads: number("Threads:")?,
            descriptors: std::fs::read_dir(format!("/proc/{}/fd", self.id))?.count() as u64,
        })
    }

    /// Seconds of processor time that its threads have used, those of one name together.
    pub(crate) fn cpu_by_thread(&self) -> Result<BTreeMap<String, f64>, Failure> {
        let mut by_name = BTreeMap::new();
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.id))? {
            let path = thread?.path();
            // One may end meanwhile.
            let read = |name: &str| std::fs::read_to_string(path.join(name)).unwrap_or_default();
            let nanos: f64 =
                read("schedstat").split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default();
            *by_name.entry(read("comm").trim().to_owned()).or_default() += nanos / 1e9;
        }
        Ok(by_name)
    }

    /// Seconds of processor time that it has used.
    pub(crate) fn cpu_seconds(&self) -> Result<f64, Failure> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id))?;
        // Fields 14 and 15, counted behind the name, in ticks of 10 ms.
        let rest = stat.rsplit_once(')').ok_or("no process")?.1;
        let ticks: Vec<f64> = rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        Ok(ticks.iter().sum::<f64>() / 100.0)
    }
}

/// The number that follows a name at a line's beginning.
pub(crate) fn number_in(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_threads_and_descriptors() {
        let own = Process { id: std::process::id() }.footprint().unwrap();
        assert!(own.resident >= own.anonymous && own.anonymous > 0, "{own:?}");
        assert!(own.threads > 0 && own.descriptors > 2, "{own:?}");
    }

    #[test]
    fn its_threads_have_names_and_use_the_processor() {
        let threads = Process { id: std::process::id() }.cpu_by_thread().unwrap();
        assert!(threads.values().sum::<f64>() > 0.0, "{threads:?}");
    }

    #[test]
    fn a_number_stands_behind_its_name() {
        let text = "VmRSS:\t   12 kB\nstampede_tasks 7\n";
        assert_eq!((number_in(text, "VmRSS:"), number_in(text, "stampede_tasks ")), (Some(12), Some(7)));
        assert_eq!(number_in(text, "Threads:"), None);
    }
}
