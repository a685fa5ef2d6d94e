//! A disk that is as slow as it is told to be: `fdatasync` and `fsync` of the server wait before they do what they do. By a
//! small library that is loaded before the system's (`LD_PRELOAD`), so that the server is the real one.

use std::ffi::OsString;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Failure;

/// Reads the wait in microseconds from a file that is mapped, again and again, so that it can change even while one waits. It is
/// taken by the clock: a disk is not slower because the processor is busy.
const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile uint32_t *wait_us;

__attribute__((constructor)) static void map(void) {
    const char *path = getenv("SLOW_DISK");
    int file = path ? open(path, O_RDONLY) : -1;
    void *page = file < 0 ? MAP_FAILED : mmap(0, 4, PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) wait_us = page;
}

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int synced(const char *name, int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    for (uint64_t began = now_us(); wait_us && now_us() - began < *wait_us;) usleep(1000);
    return real(file);
}

int fdatasync(int file) { return synced("fdatasync", file); }
int fsync(int file) { return synced("fsync", file); }
"#;

/// Longer than any run.
const LONG: Duration = Duration::from_secs(3_600);

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

    fn library(&self) -> PathBuf {
        self.path("slow.so")
    }

    fn control(&self) -> PathBuf {
        self.path("wait_us")
    }

    /// What a server on this disk has to have in its environment.
    pub(crate) fn environment(&self) -> [(&'static str, OsString); 2] {
        [("LD_PRELOAD", self.library().into_os_string()), ("SLOW_DISK", self.control().into_os_string())]
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

/// While it is there nothing is synced: what is being committed waits, and what comes after it waits in the line.
pub(crate) struct HeldBack<'a>(&'a SlowDisk);

impl<'a> HeldBack<'a> {
    pub(crate) fn new(disk: &'a SlowDisk) -> Result<Self, Failure> {
        disk.waits(LONG)?;
        Ok(Self(disk))
    }
}

impl Drop for HeldBack<'_> {
    fn drop(&mut self) {
        let _as_quick_as_it_can = self.0.waits(Duration::ZERO);
    }
}
