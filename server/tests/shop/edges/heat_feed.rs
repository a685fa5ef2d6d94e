//! A crowd of which the server sees nothing: the edge answers all of it, and varnishncsa tells.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::*;
use crate::heat::{board_until, quiet_item};

/// `deploy/varnish/heat-feed.sh` beside an edge.
struct Feed(Child);

impl Feed {
    fn start(edge: &Varnish, port: u16) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/varnish/heat-feed.sh");
        let mut command = Command::new(script);
        command.args(["127.0.0.1", &port.to_string(), "-n"]).arg(edge.work_folder());
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let _already_gone = self.0.kill();
        let _already_gone = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stampede_that_the_edge_answers_is_found_though_the_server_sees_nothing_of_it() {
    if !is_there() {
        return;
    }
    let (port, feed_port) = (free_port(), free_port());
    let options = [
        "--edge".to_owned(),
        format!("varnish://127.0.0.1:{port}"),
        "--heat-listen".to_owned(),
        format!("127.0.0.1:{feed_port}"),
    ];
    let shop = shop_told_of(&options);
    let edge = Varnish::start(port, &shop.base, Rules::EDGE).await;
    let site = Site::of(shop, edge, None).await;
    let mut slugs = Vec::new();
    for _ in 0..4 {
        slugs.push(quiet_item(&site.shop).await);
    }
    for slug in &slugs {
        site.warmed(&format!("/items/{slug}")).await;
    }
    let feed = Feed::start(&site.edge, feed_port);
    let before = site.fetched("/items/{slug}").await;
    let path = format!("/items/{}?utm_source=x", slugs[1]);
    let crowd = async {
        loop {
            let many = (0..32).map(|_| site.get(&path, &[("accept-encoding", "br")]));
            for answer in futures::future::join_all(many).await {
                assert!(answer.header("cache-status").ends_with("hit"), "{answer:?}");
            }
        }
    };
    let is_told = |items: &[Value]| items.iter().any(|item| item["share_percent"].as_f64() > Some(50.0));
    let items = tokio::select! {
        () = crowd => unreachable!("the crowd never ends"),
        items = board_until(&site.shop, is_told) => items,
    };
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!((&items[0]["slug"], &items[0]["cause"]), (&json!(slugs[1]), &json!("found")));
    assert_eq!(site.fetched("/items/{slug}").await, before, "none of it reached the server");
    let refused = "stampede_heat_feed_lines_total{outcome=\"refused\"}";
    assert_eq!(site.counted(refused).await, Some(0), "all that varnishncsa writes is understood");
    drop(feed);
}
