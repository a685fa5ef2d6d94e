//! The waiting page at the edges: once a switch is answered, nobody gets what stood there before from any of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use super::Site;
use super::varnish::is_there;
use crate::support::http_client;

const READERS: usize = 6;
const FLIPS: u64 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn once_a_wait_is_answered_to_have_begun_or_ended_no_edge_shows_the_other_page() {
    if !is_there() {
        return;
    }
    let site = Site::with_an_edge_and_its_parent(Duration::from_millis(40)).await;
    let (sale_id, slug) = site.shop.sale_and_slug(json!({})).await;
    // Counts the answered switches; odd: the page waits. While one is under way either page is right.
    let (answered, under_way) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..READERS)
        .map(|number| {
            let (answered, under_way, over) = (Arc::clone(&answered), Arc::clone(&under_way), Arc::clone(&over));
            let prefix = ["", "/zh"][number % 2];
            let url = format!("{}{prefix}/items/{slug}", site.edge.base);
            tokio::spawn(async move {
                let (client, mut wrong, mut judged) = (http_client(), 0_u64, 0_u64);
                while !over.load(Ordering::Acquire) {
                    let before = (answered.load(Ordering::Acquire), under_way.load(Ordering::Acquire));
                    let answer = client.get(&url).header("accept-encoding", "br").send().await.unwrap();
                    assert_eq!(answer.status().as_u16(), 200);
                    let waits = answer.headers().contains_key("waiting-page");
                    let after = (answered.load(Ordering::Acquire), under_way.load(Ordering::Acquire));
                    if before == after && !before.1 {
                        judged += 1;
                        wrong += u64::from(waits != (before.0 % 2 == 1));
                    }
                }
                (judged, wrong)
            })
        })
        .collect();
    for flip in 0..FLIPS {
        let value = if flip % 2 == 0 { "on" } else { "off" };
        under_way.store(true, Ordering::Release);
        let body = json!({ "waiting_page": value, "sale_id": sale_id });
        site.shop.merchant("PUT", "/switches", body).await.ok(200);
        answered.fetch_add(1, Ordering::AcqRel);
        under_way.store(false, Ordering::Release);
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    over.store(true, Ordering::Release);
    let mut total = (0, 0);
    for reader in readers {
        let (judged, wrong) = reader.await.unwrap();
        total = (total.0 + judged, total.1 + wrong);
    }
    assert!(total.0 > 50, "{total:?}");
    assert_eq!(total.1, 0, "wrong of judged: {total:?}");
}
