//! A log that nobody takes in holds nobody up.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use futures::future::join_all;

use crate::support::{Shop, binary, http_client, lay_out_site};

/// Lines that may wait in the process, and in the pipe; each request writes one.
const REQUESTS: usize = 4_000;

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_and_the_loss_is_counted_while_nobody_takes_the_log() {
    let folder = tempfile::tempdir().unwrap();
    lay_out_site(folder.path());
    let mut child = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--store", "sqlite:stampede.db", "--site", "site"])
        .env("RUST_LOG", "debug")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // A pipe that is never read: soon it is full, and who writes to it waits for ever.
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let base = lines.find_map(|line| line.strip_prefix("listening on ").map(str::to_owned)).unwrap();
    let client = http_client();
    let healthy = async || client.get(format!("{base}/healthz")).send().await.unwrap().status().is_success();
    for _ in 0..REQUESTS / 50 {
        assert!(join_all((0..50).map(|_| healthy())).await.into_iter().all(|healthy| healthy));
    }
    let lost = async || {
        let metrics = client.get(format!("{base}/metrics")).send().await.unwrap().text().await.unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix("stampede_log_lines_lost_total "));
        line.map_or(0.0, |count| count.parse::<f64>().unwrap())
    };
    for _ in 0..600 {
        if lost().await > 0.0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert!(lost().await > 0.0, "what was lost is counted");
    // Going down, what can be written is; nobody waits for what cannot.
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert!(child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_lines_are_in_the_log_when_the_process_has_ended() {
    let mut shop = Shop::start();
    assert!(shop.terminate());
    let log = shop.log();
    assert!(log.lines().last().unwrap_or_default().contains("\"message\":\"down\""), "{log}");
}
