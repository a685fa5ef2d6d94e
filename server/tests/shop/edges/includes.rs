//! ESI: an edge puts a sale's state into its page, and the page is whole without it.

use serde_json::{Value, json};

use super::varnish::{Rules, Varnish, free_port, is_there};
use super::{Site, shop_told_of};

/// What stands in the page for the fragment; none where the page has no place for it.
fn fragment<'a>(page: &'a str, sale_id: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("<div hidden data-fragment=\"/csi/sales/{sale_id}\">"))?;
    Some(rest.split_once("</div>").unwrap().0)
}

/// An edge that processes ESI, and perhaps a parent that passes such pages on.
async fn site(with_parent: bool) -> Site {
    let (parent_port, port) = (free_port(), free_port());
    let address = |port: u16| format!("varnish://127.0.0.1:{port}");
    let mut options = vec!["--edge-side-includes".to_owned(), "--edge".to_owned(), address(port)];
    if with_parent {
        options.extend(["--edge-parent".to_owned(), address(parent_port)]);
    }
    let shop = shop_told_of(&options);
    let parent = match with_parent {
        true => Some(Varnish::start(parent_port, &shop.base, Rules::PARENT).await),
        false => None,
    };
    let behind = parent.as_ref().map_or(&shop.base, |parent| &parent.base).clone();
    let edge = Varnish::start(port, &behind, Rules::ESI_EDGE).await;
    Site::of(shop, edge, parent).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_puts_the_sales_state_into_the_page_and_a_change_is_in_it_a_second_later() {
    if !is_there() {
        return;
    }
    for with_parent in [false, true] {
        let site = site(with_parent).await;
        let (sale_id, slug) = site.shop.sale_and_slug(json!({})).await;
        let path = format!("/items/{slug}");
        for encoding in ["identity", "gzip", "br"] {
            let page = site.get(&path, &[("accept-encoding", encoding)]).await;
            assert_eq!(page.header("etag"), "", "the tag is of the page without its fragment");
            assert_eq!(page.header("surrogate-control"), "");
            let encoded = page.header("content-encoding");
            assert!(["", "gzip"].contains(&encoded), "{encoded}");
        }
        let page = site.get(&path, &[]).await.text;
        let state: Value = serde_json::from_str(fragment(&page, &sale_id).unwrap()).unwrap();
        assert_eq!(state["phase"], "open");
        assert!(!page.contains("esi:include"));
        site.shop.merchant("PATCH", &format!("/sales/{sale_id}"), json!({ "paused": true })).await.ok(200);
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        let page = site.get(&path, &[]).await.text;
        let state: Value = serde_json::from_str(fragment(&page, &sale_id).unwrap()).unwrap();
        assert_eq!(state["phase"], "paused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_whole_when_its_fragment_fails() {
    if !is_there() {
        return;
    }
    let mut site = site(false).await;
    let (sale_id, slug) = site.shop.sale_and_slug(json!({})).await;
    let path = format!("/items/{slug}");
    let with = site.get(&path, &[]).await.text;
    assert!(!fragment(&with, &sale_id).unwrap().is_empty());
    assert!(site.shop.terminate());
    // The kept state is a second old then.
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    let without = site.get(&path, &[]).await;
    assert_eq!(without.status.as_u16(), 200);
    assert_eq!(fragment(&without.text, &sale_id), Some(""));
    let blanked = with.replacen(fragment(&with, &sale_id).unwrap(), "", 1);
    assert_eq!(without.text, blanked, "nothing else is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_an_edge_that_the_operator_spoke_of_gets_a_page_with_includes() {
    if !is_there() {
        return;
    }
    let site = Site::with_an_edge().await;
    let (sale_id, slug) = site.shop.sale_and_slug(json!({})).await;
    let path = format!("/items/{slug}");
    let claims = [
        ("surrogate-capability", "x=\"ESI/1.0\""),
        ("x-esi", "x=\"ESI/1.0\""),
        ("x-stampede-edge", "1"),
        ("x-encoding", "esi"),
    ];
    let page = site.get(&path, &claims).await;
    assert_eq!(fragment(&page.text, &sale_id), None);
    assert!(!page.header("etag").is_empty());
    let direct = crate::support::answered(site.shop.request("GET", &path).header(claims[0].0, claims[0].1)).await;
    assert_eq!(fragment(&direct.text, &sale_id), None, "the option is off");
}
