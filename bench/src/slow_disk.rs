//! A disk that is as slow as it is told to be: `fdatasync` and `fsync` of the server wait before they do what they do. By a
//! small library that is loaded before the system's (`LD_PRELOAD`), so that the server is the real one.

use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Failure;

/// Reads the wait in microseconds from a file that is mapped, so that it can change while the server runs.
const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile uint32_t *wait_us;

__attribute__((constructor)) static void map(void) {
    const char *path = getenv("SLOW_DISK");
    int file = path ? open(path, O_RDONLY) : -1;
    void *page = file < 0 ? MAP_FAILED : mmap(0, 4, PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) wait_us = page;
}

static int synced(const char *name, int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (wait_us && *wait_us) usleep(*wait_us);
    return real(file);
}

int fdatasync(int file) { return synced("fdatasync", file); }
int fsync(int file) { return synced("fsync", file); }
"#;

pub(crate) struct SlowDisk {
    folder: tempfile::TempDir,
}

impl SlowDisk {
    pub(crate) fn new() -> Result<Self, Failure> {
        let disk = Self { folder: tempfile::tempdir()? };
        let source = disk.folder.path().join("slow.c");
        std::fs::write(&source, SOURCE)?;
        std::fs::write(disk.control(), [0; 4])?;
        let built =
            Command::new("cc").args(["-O2", "-shared", "-fPIC", "-o"]).arg(disk.library()).arg(&source).status()?;
        if built.success() { Ok(disk) } else { Err("cc could not build the slow disk".into()) }
    }

    pub(crate) fn library(&self) -> PathBuf {
        self.path("slow.so")
    }

    pub(crate) fn control(&self) -> PathBuf {
        self.path("wait_us")
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::join(self.folder.path(), name)
    }

    /// From now on each sync waits so long first.
    pub(crate) fn waits(&self, wait: Duration) -> Result<(), Failure> {
        let file = std::fs::OpenOptions::new().write(true).open(self.control())?;
        Ok(file.write_all_at(&u32::try_from(wait.as_micros())?.to_ne_bytes(), 0)?)
    }
}
