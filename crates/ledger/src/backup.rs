//! Copies of a store that is in use, and stores from copies.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

use crate::batch::LedgerError;
use crate::schema::SCHEMA_VERSION;
use crate::sqlite;

/// Pages that are copied between two looks at the progress.
const PAGES_PER_STEP: i32 = 512;

/// Copies the store to `file` as it is at this moment, whoever writes to it meanwhile. A file that is there is left alone.
/// `progress` hears how many pages of how many are done.
pub fn back_up(store: &Path, file: &Path, progress: impl FnMut(u64, u64)) -> Result<(), LedgerError> {
    let source = sqlite::open_read_only(store)?;
    // One snapshot for the whole copy: with it, a writer beside us does not make it begin anew.
    source.execute_batch("BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1;")?;
    copied(&source, file, progress)
}

/// Makes a store of a copy. A store that is there is left alone, and so is a copy that is damaged or of a newer version.
pub fn restore(file: &Path, store: &Path, progress: impl FnMut(u64, u64)) -> Result<(), LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(file, flags)?;
    let found: i64 = source.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > SCHEMA_VERSION {
        return Err(LedgerError::NewerSchema { found, known: SCHEMA_VERSION });
    }
    let wrong = |why: String| Err(LedgerError::Corrupt(format!("{} is no copy of a store: {why}", file.display())));
    if found == 0 {
        return wrong("it has no schema".to_owned());
    }
    if !is_a_store(&source)? {
        return wrong("it is a database of something else".to_owned());
    }
    if let Some(damage) = damage(&source)? {
        return wrong(damage);
    }
    for ending in ["-wal", "-shm", "-journal"] {
        let left_over = with_ending(store, ending);
        if left_over.exists() {
            let why = "belongs to a store that was there before and would be mixed into this one; move it away too";
            return Err(LedgerError::Unavailable(format!("{} {why}", left_over.display())));
        }
    }
    if let Some(folder) = store.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| unavailable(folder, &error))?;
    }
    copied(&source, store, progress)
}

/// Copies to a name of its own first, so that `target` is whole or not there.
fn copied(source: &Connection, target: &Path, mut progress: impl FnMut(u64, u64)) -> Result<(), LedgerError> {
    if target.exists() {
        return Err(LedgerError::Unavailable(format!("{} is there already; it is left alone", target.display())));
    }
    let partial = with_ending(target, &format!(".{}.partial", Uuid::new_v4().simple()));
    // New, and nobody else's: a file or a link that somebody laid there is not followed.
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial);
    made.map_err(|error| unavailable(&partial, &error))?;
    let done = copy_whole(&partial, source, target, &mut progress);
    let _not_vital = std::fs::remove_file(&partial);
    done
}

fn copy_whole(
    partial: &Path,
    source: &Connection,
    target: &Path,
    progress: &mut impl FnMut(u64, u64),
) -> Result<(), LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut destination = Connection::open_with_flags(partial, flags)?;
    let backup = Backup::new(source, &mut destination)?;
    loop {
        let step = backup.step(PAGES_PER_STEP)?;
        let pages = backup.progress();
        let total = u64::try_from(pages.pagecount).unwrap_or(0);
        progress(total.saturating_sub(u64::try_from(pages.remaining).unwrap_or(0)), total);
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    }
    drop(backup);
    // A copy stands alone: no log beside it.
    destination.pragma_update(None, "journal_mode", "DELETE")?;
    if let Some(damage) = damage(&destination)? {
        return Err(LedgerError::Corrupt(format!("the copy is damaged, and so the store must be: {damage}")));
    }
    destination.close().map_err(|(_, error)| error)?;
    let whole = std::fs::File::open(partial).and_then(|file| file.sync_all());
    whole.map_err(|error| unavailable(partial, &error))?;
    // Fails where somebody made the target meanwhile.
    std::fs::hard_link(partial, target).map_err(|error| unavailable(target, &error))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Whether the tables are ours.
pub(crate) fn is_a_store(connection: &Connection) -> Result<bool, LedgerError> {
    let sql =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('sales', 'stock', 'orders', 'events')";
    Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))? == 4)
}

/// What is broken in the file itself, if anything.
pub(crate) fn damage(connection: &Connection) -> Result<Option<String>, LedgerError> {
    let state: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok((state != "ok").then_some(state))
}

fn unavailable(path: &Path, error: &std::io::Error) -> LedgerError {
    LedgerError::Unavailable(format!("{}: {error}", path.display()))
}
