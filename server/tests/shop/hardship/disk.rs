//! A shop on a small disk of its own, in a mount namespace of its own.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::may_mount;
use crate::support::{MERCHANT, PASSWORD, Shop, binary, lay_out_site};

/// Makes the merchant, a token and some shoppers, and then serves; all within the namespace.
const SCRIPT: &str = r#"
set -e
mount -t tmpfs -o "size=$SIZE" tmpfs disk
printf %s "$PASSWORD" | "$BIN" merchant add "$MERCHANT" --store sqlite:disk/stampede.db >&2
"$BIN" token merchant "$MERCHANT" --store sqlite:disk/stampede.db > token
"$BIN" token shoppers --count 5 --store sqlite:disk/stampede.db > cookies
[ -z "$READ_ONLY" ] || mount -o remount,ro disk
exec "$BIN" serve --listen 127.0.0.1:0 --store sqlite:disk/stampede.db --site site --payments sandbox
"#;

pub(crate) struct SmallDisk {
    shop: Shop,
    /// The disk as the server's process sees it.
    seen: PathBuf,
}

fn script(folder: &Path, unshare: &[&str], mebibytes: u64, read_only: &str) -> Command {
    lay_out_site(folder);
    std::fs::create_dir(folder.join("disk")).unwrap();
    let mut command = Command::new("unshare");
    command
        .args(unshare)
        .args(["sh", "-c", SCRIPT])
        .current_dir(folder)
        .env("SIZE", format!("{mebibytes}m"))
        .env("BIN", std::fs::canonicalize(binary()).unwrap())
        .env("MERCHANT", MERCHANT)
        .env("PASSWORD", PASSWORD)
        .env("READ_ONLY", read_only)
        .stdin(Stdio::null());
    command
}

impl SmallDisk {
    /// None where no disk can be mounted.
    pub(crate) fn start(mebibytes: u64) -> Option<Self> {
        let unshare = may_mount()?;
        let folder = tempfile::tempdir().unwrap();
        let command = script(folder.path(), unshare, mebibytes, "");
        let shop = Shop::of(folder, command, |folder| {
            std::fs::read_to_string(folder.join("token")).unwrap().trim().to_owned()
        });
        let disk = shop.folder.path().join("disk");
        let seen = PathBuf::from(format!("/proc/{}/root{}", shop.process_id(), disk.display()));
        Some(Self { shop, seen })
    }

    pub(crate) const fn shop(&self) -> &Shop {
        &self.shop
    }

    pub(crate) fn cookies(&self) -> Vec<String> {
        let cookies = std::fs::read_to_string(self.shop.folder.path().join("cookies")).unwrap();
        cookies.lines().map(str::to_owned).collect()
    }

    /// Fills the disk until so many MiB are left.
    pub(crate) fn fill_but(&self, mebibytes: u64) {
        use std::io::Write;
        let mut filler = std::fs::File::options().create(true).append(true).open(self.seen.join("filler")).unwrap();
        let block = vec![b'x'; 64 * 1024];
        while self.free_bytes() > mebibytes << 20 {
            let most = usize::try_from(self.free_bytes() - (mebibytes << 20)).unwrap().min(block.len());
            if filler.write_all(&block[..most]).is_err() {
                return;
            }
        }
    }

    fn free_bytes(&self) -> u64 {
        let output = Command::new("stat").args(["-f", "-c", "%a %S"]).arg(&self.seen).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_whitespace().map(|number| number.parse::<u64>().unwrap()).product()
    }

    pub(crate) fn empty(&self) {
        std::fs::remove_file(self.seen.join("filler")).unwrap();
    }

    pub(crate) async fn until_ready_says(&self, shop: &Shop, condition: &str, value: bool) {
        for _ in 0..200 {
            if shop.get("/readyz", "").await.json()[condition] == value {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("/readyz does not say {condition}: {value}");
    }

    pub(crate) async fn item_of(&self, sale_id: &str) -> String {
        let sale = self.shop.merchant("GET", &format!("/sales/{sale_id}"), Value::Null).await.ok(200);
        sale["item_id"].as_str().unwrap().to_owned()
    }
}

impl Deref for SmallDisk {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

/// What the server says on standard error; None where no disk can be mounted.
pub(crate) fn serve_on_a_read_only_disk() -> Option<String> {
    let unshare = may_mount()?;
    let folder = tempfile::tempdir().unwrap();
    let output = script(folder.path(), unshare, 32, "yes").output().unwrap();
    assert!(!output.status.success());
    Some(String::from_utf8(output.stderr).unwrap())
}
