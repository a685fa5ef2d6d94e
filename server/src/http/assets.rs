//! `/assets/…`: files named by their content. What a former build wrote is kept beside the record and goes on being
//! served: a page that an edge or an open tab keeps asks for the files that it was rendered with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A file that no build has named for so long is forgotten.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// Files kept, at most: of a hundred builds and more.
const MAX_KEPT: usize = 5_000;

/// zstd's highest level within its ordinary memory.
const ZSTD_LEVEL: i32 = 19;

/// Smaller files would not shrink.
const MIN_COMPRESSED_BYTES: usize = 256;

/// Where the assets of this build and of former ones are kept, for this store.
pub(crate) fn kept_folder(store: &Path) -> PathBuf {
    store.parent().unwrap_or(Path::new("")).join("assets")
}

/// Takes this build's files into the kept ones, with zstd beside them, and forgets what is long out of use.
pub(crate) fn keep(build: &Path, kept: &Path, now: SystemTime) -> io::Result<()> {
    fs::create_dir_all(kept)?;
    for from in packed_forms_first(build)? {
        let Some(name) = from.file_name() else { continue };
        let to = kept.join(name);
        if is_compressible(&from) {
            keep_with_zstd(&from, &with_ending(&to, "zst"), now)?;
        }
        if to.exists() {
            // Says that a build still has it.
            fs::File::options().append(true).open(&to)?.set_modified(now)?;
        } else {
            write_whole(&to, &fs::read(&from)?)?;
        }
    }
    forget(kept, now)
}

/// A folder's files in an order in which each comes after its packed forms. It is asked for all the while, and what is there
/// without them goes out at its full size.
fn packed_forms_first(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort_by_key(|path| (is_compressible(path), path.clone()));
    Ok(files)
}

fn keep_with_zstd(from: &Path, to: &Path, now: SystemTime) -> io::Result<()> {
    if to.exists() {
        return fs::File::options().append(true).open(to)?.set_modified(now);
    }
    let bytes = fs::read(from)?;
    if bytes.len() < MIN_COMPRESSED_BYTES {
        return Ok(());
    }
    write_whole(to, &zstd::bulk::compress(&bytes, ZSTD_LEVEL)?)
}

fn forget(kept: &Path, now: SystemTime) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(kept)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    // The newest first.
    files.sort_by(|a, b| b.cmp(a));
    for (number, (used_at, path)) in files.into_iter().enumerate() {
        let is_old = now.duration_since(used_at).is_ok_and(|age| age > KEPT_FOR);
        if is_old || number >= MAX_KEPT {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// What is not compressed by its own format, and is no compressed form itself.
fn is_compressible(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ["css", "js", "svg", "wasm"].iter().any(|known| ending == *known))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Whole or not at all: it may be read at this moment.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = with_ending(path, "new");
    fs::write(&new, bytes)?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_taken_in_after_its_packed_forms() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.css", "a.css.br", "a.css.gz", "b.js", "b.js.br", "c.woff2"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let order: Vec<_> = packed_forms_first(folder.path())
            .unwrap()
            .into_iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(order, ["a.css.br", "a.css.gz", "b.js.br", "c.woff2", "a.css", "b.js"]);
    }

    #[test]
    fn a_former_builds_files_are_kept_for_a_month_after_it_was_last_served() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second, kept) =
            (folder.path().join("first"), folder.path().join("second"), folder.path().join("kept"));
        for (build, name) in [(&first, "shop.1.js"), (&second, "shop.2.js"), (&second, "face.woff2")] {
            fs::create_dir_all(build).unwrap();
            fs::write(build.join(name), "export {};\n".repeat(100)).unwrap();
        }
        let start = SystemTime::now();
        let day = Duration::from_secs(24 * 3600);
        keep(&first, &kept, start).unwrap();
        keep(&second, &kept, start + day).unwrap();
        let all = ["face.woff2", "shop.1.js", "shop.1.js.zst", "shop.2.js", "shop.2.js.zst"];
        assert_eq!(names(&kept), all);
        let packed = fs::read(kept.join("shop.1.js.zst")).unwrap();
        assert_eq!(zstd::bulk::decompress(&packed, 10_000).unwrap(), fs::read(first.join("shop.1.js")).unwrap());
        keep(&second, &kept, start + 29 * day).unwrap();
        assert_eq!(names(&kept), all);
        keep(&second, &kept, start + 32 * day).unwrap();
        assert_eq!(names(&kept), ["face.woff2", "shop.2.js", "shop.2.js.zst"]);
    }
}
