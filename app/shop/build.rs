//! Names the source that pages and islands are built from. A page and a bundle with different names must not meet:
//! hydration would walk a tree that is not there. Both sides compile this crate, so both know the name.

use std::{
    fs,
    path::{Path, PathBuf},
};

const SOURCES: [&str; 4] = ["src", "../ui/src", "../../crates/api/src", "../../crates/clock/src"];

fn main() {
    let mut files = Vec::new();
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
        collect(Path::new(source), &mut files);
    }
    files.sort();
    let mut hash = Fnv::new();
    for file in &files {
        hash.update(file.to_string_lossy().as_bytes());
        hash.update(&fs::read(file).unwrap_or_default());
    }
    println!("cargo:rustc-env=SHOP_SOURCE_HASH={:016x}", hash.0);
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// FNV-1a, 64 bits: enough to tell one's own sources apart.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
