//! The quiz's pictures: each for a few questions only, however many ask.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde_json::json;

use crate::support::{PATIENCE, Shop};

/// As in `server/src/quiz/pool.rs`.
const MAX_USES: u64 = 24;

const OVERUSED: &str = "stampede_quiz_overused_total ";

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_larger_than_the_pool_is_asked_all_the_same_and_what_goes_beyond_a_bound_is_counted() {
    let shop = Shop::start();
    // One question has eight pictures at first: enough for 192.
    let sale_id = shop.sale(json!({})).await;
    let mut uses: HashMap<String, u64> = HashMap::new();
    for cookie in shop.shoppers(10) {
        for _ in 0..40 {
            let asked = shop.post(&format!("/api/sales/{sale_id}/quiz"), &cookie, json!({})).await;
            *uses.entry(asked.text_of("image_url")).or_default() += 1;
        }
    }
    assert_eq!(uses.values().sum::<u64>(), 400);
    let beyond: u64 = uses.values().map(|uses| uses.saturating_sub(MAX_USES)).sum();
    let metrics = shop.get("/metrics", "").await.text;
    let overused: u64 = metrics.lines().find_map(|line| line.strip_prefix(OVERUSED)).unwrap().parse().unwrap();
    assert_eq!(overused, beyond, "{uses:?}");
    // Whether it is asked still or retired: who was shown it has a minute to answer.
    for image_url in uses.keys() {
        let picture = shop.get(image_url, "").await;
        assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, "image/png"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_grows_beyond_what_its_publish_drew() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({})).await;
    let cookie = shop.shopper();
    let mut names: HashSet<String> = HashSet::new();
    let asking = async {
        while names.len() <= 8 {
            let asked = shop.post(&format!("/api/sales/{sale_id}/quiz"), &cookie, json!({})).await;
            if asked.status.as_u16() == 200 {
                names.insert(asked.text_of("image_url"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("another picture is drawn");
}
