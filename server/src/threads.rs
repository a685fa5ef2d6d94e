//! Threads beside the runtime's: they work in turns and do not interrupt.

/// To be called on a thread that does much at a time and is woken often: the committer, the readers, the quiz's drawer. Where
/// cores are free it makes no difference. Where none is, a thread that is woken interrupts whoever runs, and one of these would
/// do so for each single order; `SCHED_BATCH` (sched(7)) lets it come when the other's turn is over, and finds more to do then.
pub(crate) fn works_in_turns() {
    #[cfg(target_os = "linux")]
    if let Err(error) = in_batches() {
        tracing::debug!(%error, "a thread's scheduling policy stays as it is");
    }
}

#[cfg(target_os = "linux")]
fn in_batches() -> Result<(), Box<dyn std::error::Error>> {
    use rustix::process::{getpriority_process, setpriority_process};
    use thread_priority::unix::{NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy};
    use thread_priority::{ThreadPriority, ThreadPriorityValue, thread_native_id};

    let nice = getpriority_process(None)?;
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Batch);
    let middle = ThreadPriority::Crossplatform(ThreadPriorityValue::try_from(50)?);
    let set = set_thread_priority_and_policy(thread_native_id(), middle, policy);
    // It sets both, and how nice the process was made is not its business.
    setpriority_process(None, nice)?;
    set.map_err(|error| format!("{error:?}").into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_works_in_turns_stays_as_nice_as_it_was() {
        use thread_priority::unix::{NormalThreadSchedulePolicy, ThreadSchedulePolicy, thread_schedule_policy};
        let thread = std::thread::spawn(|| {
            let before = rustix::process::getpriority_process(None).unwrap();
            in_batches().unwrap();
            assert_eq!(rustix::process::getpriority_process(None).unwrap(), before);
            let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Batch);
            assert_eq!(thread_schedule_policy().unwrap(), policy);
        });
        thread.join().unwrap();
    }
}
