//! A real Varnish with the rules of deploy/varnish, in front of a server or of another Varnish.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::support::http_client;

/// How long a Varnish may take to compile its rules and listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A port that is free at this moment.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Whether there is a Varnish on this machine; where there is none, the test says so and passes.
pub(crate) fn is_there() -> bool {
    let found = Command::new("varnishd").arg("-V").stderr(Stdio::null()).stdout(Stdio::null()).status().is_ok();
    if !found {
        println!("SKIPPED: no varnishd on this machine (scripts/setup.sh test installs it)");
    }
    found
}

/// Who is who to one Varnish, and what else it does.
pub(crate) struct Rules {
    pub(crate) purgers: &'static str,
    pub(crate) edges: &'static str,
    /// A statement that takes more rules in.
    pub(crate) more: &'static str,
}

/// Nobody on this machine has this address (RFC 5737).
pub(crate) const NOBODY: &str = "192.0.2.1";
const HERE: &str = "127.0.0.1";

impl Rules {
    /// For an edge that visitors reach.
    pub(crate) const EDGE: Self = Self { purgers: HERE, edges: NOBODY, more: "" };
    /// For one that puts fragments into pages.
    pub(crate) const ESI_EDGE: Self = Self { more: "include \"esi.vcl\";", ..Self::EDGE };
    /// For a cache that only edges reach.
    pub(crate) const PARENT: Self = Self { purgers: HERE, edges: HERE, more: "" };
}

pub(crate) struct Varnish {
    child: Child,
    folder: tempfile::TempDir,
    pub(crate) base: String,
}

impl Varnish {
    /// Starts one at `port`, in front of what listens at `behind`, and waits until it answers.
    pub(crate) async fn start(port: u16, behind: &str, rules_of: Rules) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host_and_port = behind.trim_start_matches("http://");
        let (host, backend_port) = host_and_port.rsplit_once(':').unwrap();
        let rules = format!(
            "vcl 4.1;
            backend origin {{
                .host = \"{host}\"; .port = \"{backend_port}\"; .connect_timeout = 1s; .first_byte_timeout = 10s;
                .probe = {{ .url = \"/healthz\"; .interval = 100ms; .timeout = 2s; .window = 2; .threshold = 1; .initial = 1; }}
            }}
            acl purgers {{ \"{}\"; }}
            acl edges {{ \"{}\"; }}
            acl proxies {{ \"{NOBODY}\"; }}
            {}
            include \"stampede.vcl\";",
            rules_of.purgers, rules_of.edges, rules_of.more
        );
        let main = folder.path().join("main.vcl");
        std::fs::write(&main, rules).unwrap();
        let rules_folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/varnish");
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("varnishd")
            .args(["-F", "-j", "none", "-T", "none", "-s", "malloc,64m", "-p", "feature=-wait_silo"])
            .args(["-p", "thread_pool_min=20", "-p", "vsl_space=8m", "-p", "workspace_backend=256k"])
            .arg("-p")
            .arg(format!("vcl_path={}", rules_folder.display()))
            .arg("-a")
            .arg(format!("127.0.0.1:{port}"))
            .arg("-n")
            .arg(folder.path().join("work"))
            .arg("-f")
            .arg(&main)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut varnish = Self { child, base: format!("http://127.0.0.1:{port}"), folder };
        varnish.wait().await;
        varnish
    }

    /// What varnishncsa reads its log from.
    pub(crate) fn work_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("work")
    }

    async fn wait(&mut self) {
        let client = http_client();
        let answers = async {
            loop {
                let asked = client.get(format!("{}/healthz", self.base)).send().await;
                if asked.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
                if let Some(status) = self.child.try_wait().unwrap() {
                    let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
                    panic!("varnishd ended with {status}: {log}");
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, answers).await.expect("varnishd answers");
    }
}

/// A road that takes its time: what stands behind answers only after up to so long, each time anew.
pub(crate) async fn slow_road(behind: &str, up_to: Duration) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let behind = behind.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let behind = behind.clone();
            tokio::spawn(async move {
                let Ok(far) = TcpStream::connect(behind).await else { return };
                let (near_read, near_write) = near.into_split();
                let (far_read, far_write) = far.into_split();
                let there = carry(near_read, far_write, Duration::ZERO);
                let back = carry(far_read, near_write, up_to);
                tokio::join!(there, back);
            });
        }
    });
    format!("http://{address}")
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, up_to: Duration) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        if !up_to.is_zero() {
            tokio::time::sleep(up_to.mul_f64(fastrand::f64())).await;
        }
        if to.write_all(&chunk[..length]).await.is_err() {
            break;
        }
    }
    let _closed = to.shutdown().await;
}

impl Drop for Varnish {
    fn drop(&mut self) {
        // The manager ends its worker when it is asked to; killed, it would leave it behind.
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        if asked.is_ok() {
            let _ended = self.child.wait();
        }
    }
}
