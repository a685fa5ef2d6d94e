//! `stampede backup`, `restore` and `reconcile`.

use std::fs::File;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use ledger::{Difference, LedgerError, Reconciler};
use serde::Serialize;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The exit code of a comparison that could not be made.
const COULD_NOT_LOOK: u8 = 2;

/// Copies the store while the shop runs.
pub(crate) fn back_up(store: &Path, file: &Path) -> Result<(), Failure> {
    let file_bytes = on_a_store(store, || {
        let bar = bar("pages");
        ledger::back_up(store, file, |done, total| shown(&bar, done, total))?;
        bar.finish_and_clear();
        Ok(std::fs::metadata(file).map_or(0, |metadata| metadata.len()))
    })?;
    println!("{}: a copy of {}, {file_bytes} bytes", file.display(), store.display());
    println!("The secret is not in it: keep {} too.", store.with_extension("secret").display());
    Ok(())
}

/// Makes a store of a copy.
pub(crate) fn restore(file: &Path, store: &Path) -> Result<(), Failure> {
    if !file.is_file() {
        return Err(format!("{} is not there", file.display()).into());
    }
    if store.exists() {
        let all = "move it away first, with its -wal and -shm";
        return Err(format!("{} is there already and is left alone; {all}", store.display()).into());
    }
    // Its files may be moved away under a server that runs.
    let _locked = crate::serve::lock(store)?;
    let bar = bar("pages");
    ledger::restore(file, store, |done, total| shown(&bar, done, total))?;
    bar.finish_and_clear();
    println!("{}: a store of {}", store.display(), file.display());
    Ok(())
}

#[derive(Serialize)]
struct Report<'a> {
    sales: usize,
    differences: &'a [Difference],
    /// Differences that are still there.
    left: usize,
}

/// Compares the store with itself. The exit code is 1 where it still differs, and 2 where nobody could look.
pub(crate) fn reconcile(store: &Path, fix: bool, json: bool) -> Result<ExitCode, Failure> {
    let mut differences = Vec::new();
    let looked = on_a_store(store, || {
        let mut reconciler = Reconciler::open(store, fix)?;
        if let Some(damage) = reconciler.damage()? {
            return Err(LedgerError::Corrupt(format!("the file itself is damaged; restore a copy: {damage}")));
        }
        let sales = reconciler.sales()?;
        let bar = bar("events");
        bar.set_length(reconciler.events()?);
        for sale_id in sales.iter().chain(&reconciler.unknown_sales()?) {
            let replayed = |events| bar.inc(events);
            let found = if fix { reconciler.fix(*sale_id, replayed) } else { reconciler.check(*sale_id, replayed) };
            differences.extend(found?);
        }
        bar.finish_and_clear();
        Ok(sales.len())
    });
    let sales = match looked {
        Ok(sales) => sales,
        Err(failure) => {
            // What was mended before it stays mended, and is told.
            differences.iter().for_each(tell_one);
            eprintln!("stampede: {failure}");
            return Ok(ExitCode::from(COULD_NOT_LOOK));
        }
    };
    let left = differences.iter().filter(|difference| !difference.mended).count();
    if json {
        let report = Report { sales, differences: &differences, left };
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        tell(sales, &differences, left);
    }
    Ok(if left == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn tell_one(difference: &Difference) {
    let what = match (difference.mended, difference.mendable) {
        (true, _) => "mended",
        (false, true) => "mendable with --fix",
        (false, false) => "needs somebody to decide",
    };
    println!("sale {}: {} [{}; {what}]", difference.sale_id, difference.sentence, difference.code);
}

fn tell(sales: usize, differences: &[Difference], left: usize) {
    differences.iter().for_each(tell_one);
    let sales = if sales == 1 { "1 sale".to_owned() } else { format!("{sales} sales") };
    match (differences.len(), left) {
        (0, _) => println!("{sales} compared: ledger, events, payments and counters agree."),
        (found, 0) => {
            println!("{sales} compared: {found} differences, all mended. Restart a server that set a sale aside.")
        }
        (found, left) => println!("{sales} compared: {found} differences, {left} left."),
    }
}

/// A store that is there: a typing error must not make an empty one.
fn on_a_store<T>(store: &Path, work: impl FnOnce() -> Result<T, LedgerError>) -> Result<T, Failure> {
    File::open(store).map_err(|error| format!("--store {}: {error}", store.display()))?;
    Ok(work()?)
}

/// Drawn on standard error where that is a terminal.
fn bar(unit: &str) -> ProgressBar {
    let template = format!("{{bar:40}} {{pos}}/{{len}} {unit} ({{eta}} left)");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn shown(bar: &ProgressBar, done: u64, total: u64) {
    bar.set_length(total);
    bar.set_position(done);
}
