//! What may be kept, and by whom: a table over the routes.

use serde_json::json;

use crate::support::{Shop, answered};

const PAGE: &str = "public, max-age=0, s-maxage=30, must-revalidate";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const PICTURE: &str = "public, max-age=3600, immutable";
const FILE: &str = "public, max-age=3600, stale-while-revalidate=86400";
const EDGE_SECOND: &str = "public, max-age=0, s-maxage=1";
const NO_STORE: &str = "no-store";

#[tokio::test(flavor = "multi_thread")]
async fn every_route_names_who_may_keep_its_answer() {
    let shop = Shop::start();
    let (sale_id, slug) = shop.sale_and_slug(json!({})).await;
    let cookie = shop.shopper();
    let order_id = shop.held(&sale_id, &cookie).await;
    let item = format!("/items/{slug}");
    let zh_item = format!("/zh/items/{slug}");
    let state = format!("/csi/sales/{sale_id}");
    let mine = format!("/api/sales/{sale_id}/mine");
    let quiz = shop.post(&format!("/api/sales/{sale_id}/quiz"), &cookie, json!({})).await.ok(200);
    let picture = quiz["image_url"].as_str().unwrap();
    let (order_page, order, pay) =
        (format!("/orders/{order_id}"), format!("/api/orders/{order_id}"), format!("/pay/{order_id}"));
    let table = [
        ("/", PAGE),
        ("/zh/", PAGE),
        (&item, PAGE),
        (&zh_item, PAGE),
        ("/items/absent", NO_STORE),
        (picture, PICTURE),
        ("/quiz/absent.png", NO_STORE),
        ("/assets/shop.0123.js", IMMUTABLE),
        ("/assets/absent.js", NO_STORE),
        ("/images/lantern.svg", FILE),
        ("/favicon.svg", FILE),
        ("/robots.txt", FILE),
        ("/sign-in", NO_STORE),
        ("/orders", NO_STORE),
        (&order_page, NO_STORE),
        (&pay, NO_STORE),
        ("/admin", NO_STORE),
        ("/admin/sales/x", NO_STORE),
        ("/csi/time", NO_STORE),
        ("/csi/me", NO_STORE),
        (&state, EDGE_SECOND),
        ("/csi/recommendations?item=x", NO_STORE),
        ("/api/orders", NO_STORE),
        ("/api/queue/x", NO_STORE),
        ("/api/merchant/heat", NO_STORE),
        ("/api/merchant/items/x", NO_STORE),
        ("/api/merchant/me", NO_STORE),
        ("/api/merchant/orders", NO_STORE),
        ("/api/merchant/sales", NO_STORE),
        ("/api/merchant/sales/x", NO_STORE),
        ("/api/merchant/sales/x/ledger", NO_STORE),
        ("/api/merchant/sales/x/shoppers", NO_STORE),
        ("/api/merchant/strikes", NO_STORE),
        ("/api/merchant/switches", NO_STORE),
        ("/api/merchant/switches/audit", NO_STORE),
        (&order, NO_STORE),
        (&mine, NO_STORE),
        ("/api/sales/x/draw", NO_STORE),
        ("/api/sales/x/draw/entries", NO_STORE),
        ("/api/sales/x/draw/receipt", NO_STORE),
        ("/api/merchant/items", NO_STORE),
        ("/openapi.json", NO_STORE),
        ("/healthz", NO_STORE),
        ("/readyz", NO_STORE),
        ("/metrics", NO_STORE),
        ("/absent", NO_STORE),
    ];
    let described = shop.get("/openapi.json", "").await.json();
    for (pattern, methods) in described["paths"].as_object().unwrap() {
        let listed = table.iter().any(|(path, _)| fits(pattern, path));
        assert!(methods.get("get").is_none() || listed, "{pattern} is not in the table");
    }
    for (path, expected) in table {
        let answer = shop.get(path, &cookie).await;
        assert_eq!(answer.header("cache-control"), expected, "{path}");
        assert_eq!(answer.header("set-cookie"), "", "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        // What is ready has none: an edge would give it to everybody.
        let is_ready = expected == PAGE || ["/csi/time", "/csi/me"].contains(&path);
        assert_eq!(answer.header("x-request-id").is_empty(), is_ready, "{path}");
    }
}

/// Whether a path is one of those that a pattern such as `/items/{slug}` stands for.
fn fits(pattern: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let (patterns, parts): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    let same = |(pattern, part): (&&str, &&str)| pattern.starts_with('{') || pattern == part;
    patterns.len() == parts.len() && patterns.iter().zip(&parts).all(same)
}

/// An edge that nobody purges may keep a page for half a minute; one that is purged, for a day.
#[tokio::test(flavor = "multi_thread")]
async fn an_edge_keeps_pages_long_where_it_is_told_when_they_change() {
    let alone = Shop::start();
    let unpurged = "public, max-age=30, stale-while-revalidate=30";
    assert_eq!(alone.get("/", "").await.header("cdn-cache-control"), unpurged);
    // Nobody listens there: the policy follows from who is named.
    let told = Shop::start_with(&["--edge", "varnish://127.0.0.1:9"]);
    let answer = told.get("/", "").await;
    assert_eq!(
        answer.header("cdn-cache-control"),
        "public, max-age=86400, stale-while-revalidate=60, stale-if-error=86400"
    );
    assert_eq!(
        answer.header("cache-control"),
        PAGE,
        "a cache that is not ours to purge keeps it no longer than before"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_builds_assets_outlive_it() {
    let mut shop = Shop::start();
    let assets = shop.folder.path().join("site/assets");
    let ask = async |shop: &Shop, path: &str| {
        let request = shop.request("GET", path).header("accept-encoding", "gzip, zstd");
        answered(request).await
    };
    std::fs::write(assets.join("shop.big.css.br"), "packed").unwrap();
    std::fs::write(assets.join("shop.big.css"), "a { color: red }\n".repeat(100)).unwrap();
    shop.kill_and_restart();
    // It is taken in after its packed forms.
    let kept = shop.folder.path().join("assets/shop.big.css");
    for _ in 0..500 {
        if kept.exists() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // The next build has other names.
    std::fs::remove_file(assets.join("shop.big.css")).unwrap();
    std::fs::write(assets.join("shop.next.css"), "a { color: blue }\n").unwrap();
    shop.kill_and_restart();
    let old = ask(&shop, "/assets/shop.big.css").await;
    assert_eq!((old.status.as_u16(), old.header("content-encoding")), (200, "zstd"), "{old:?}");
    assert_eq!(old.header("cache-control"), IMMUTABLE);
    let smallest = shop.request("GET", "/assets/shop.big.css").header("accept-encoding", "gzip, deflate, br, zstd");
    assert_eq!(answered(smallest).await.header("content-encoding"), "br");
    assert!(!old.header("etag").is_empty());
    assert_eq!(ask(&shop, "/assets/shop.next.css").await.text, "a { color: blue }\n");
    let head = answered(shop.request("HEAD", "/assets/shop.big.css")).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    let etag = shop.get("/assets/shop.big.css", "").await.header("etag").to_owned();
    let again = shop.request("GET", "/assets/shop.big.css").header("if-none-match", etag);
    assert_eq!(answered(again).await.status.as_u16(), 304);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_static_page_is_the_same_for_everybody_in_every_encoding() {
    let shop = Shop::start();
    let (_, slug) = shop.sale_and_slug(json!({})).await;
    let cookie = shop.shopper();
    for path in ["/".to_owned(), format!("/items/{slug}"), format!("/zh/items/{slug}")] {
        let stranger = shop.get(&path, "").await;
        let known = shop.get(&format!("{path}?utm_source=x"), &cookie).await;
        assert_eq!((stranger.status.as_u16(), &stranger.text), (200, &known.text), "{path}");
        assert!(stranger.header("surrogate-key").contains("shop"), "{path}");
        assert_eq!(stranger.header("vary"), "accept-encoding");
        assert!(!stranger.text.contains("Shopper 1"));
        let inline = stranger.text.split("<script").skip(1).filter(|rest| {
            let tag = rest.split('>').next().unwrap_or_default();
            !tag.contains("src=") && !tag.contains("application/ld+json")
        });
        assert_eq!(inline.count(), 0, "{path}: no inline script");
        for encoding in ["gzip", "zstd", "br"] {
            let encoded = answered(shop.request("GET", &path).header("accept-encoding", encoding)).await;
            assert_eq!(encoded.header("content-encoding"), encoding);
            assert_ne!(encoded.header("etag"), stranger.header("etag"), "a strong tag each");
            let revalidated = shop.request("GET", &path).header("accept-encoding", encoding);
            let etag = encoded.header("etag").to_owned();
            let revalidated = answered(revalidated.header("if-none-match", &etag)).await;
            assert_eq!((revalidated.status.as_u16(), revalidated.text.as_str()), (304, ""));
            assert_eq!(revalidated.header("etag"), etag);
            assert_eq!(revalidated.header("cache-control"), PAGE);
        }
        let head = answered(shop.request("HEAD", &path)).await;
        assert_eq!((head.status.as_u16(), head.header("etag")), (200, stranger.header("etag")));
        assert_eq!(head.header("content-length"), stranger.text.len().to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publish_changes_the_page_that_it_is_about_and_no_other() {
    let shop = Shop::start();
    let (sale_id, slug) = shop.sale_and_slug(json!({})).await;
    let (_, other) = shop.sale_and_slug(json!({})).await;
    let etag = async |path: String| shop.get(&path, "").await.header("etag").to_owned();
    let before = (etag(format!("/items/{slug}")).await, etag(format!("/items/{other}")).await);
    shop.merchant("PATCH", &format!("/sales/{sale_id}"), json!({ "price_minor": 123_400 })).await.ok(200);
    let after = (etag(format!("/items/{slug}")).await, etag(format!("/items/{other}")).await);
    assert_ne!(before.0, after.0);
    assert_eq!(before.1, after.1);
    shop.merchant("PATCH", &format!("/sales/{sale_id}"), json!({ "stock_units": 777 })).await.ok(200);
    let page = shop.get(&format!("/items/{slug}"), "").await.text;
    assert!(page.contains("1,234") && page.contains("777"), "{page}");
}
