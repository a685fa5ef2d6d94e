//! One line of an edge's log, as `deploy/varnish/heat-feed.sh` has varnishncsa write it: how the request was handled, the
//! status, and the path without its query, with a space between.
//!
//!     hit 200 /items/lantern

use sale::{ItemId, SaleId};

use crate::catalog::Catalog;

/// A line, at most, without its end. A path of a page or fragment of ours is far shorter.
pub(crate) const MAX_LINE_BYTES: usize = 1_024;

/// What varnishncsa calls the ways of handling a request.
const HANDLINGS: [&str; 6] = ["hit", "miss", "pass", "pipe", "error", "synth"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A visit that the edge answered by itself.
    Visit(ItemId),
    /// Well formed, but about no item, or about a request that came on to this server and is counted here.
    Other,
    /// No line of ours.
    Junk,
}

pub(super) fn read(line: &[u8], catalog: &Catalog) -> Line {
    let Ok(line) = std::str::from_utf8(line) else { return Line::Junk };
    let mut parts = line.splitn(3, ' ');
    let (Some(handling), Some(status), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
        return Line::Junk;
    };
    let is_status = status.len() == 3 && status.bytes().all(|digit| digit.is_ascii_digit());
    let is_path = path.starts_with('/') && path.bytes().all(|letter| letter.is_ascii_graphic());
    if !HANDLINGS.contains(&handling) || !is_status || !is_path {
        return Line::Junk;
    }
    if handling != "hit" || !matches!(status, "200" | "304") {
        return Line::Other;
    }
    item_at(path, catalog).map_or(Line::Other, Line::Visit)
}

fn item_at(path: &str, catalog: &Catalog) -> Option<ItemId> {
    if let Some(sale_id) = path.strip_prefix("/csi/sales/") {
        return catalog.sale(sale_id.parse::<SaleId>().ok()?).map(|sale| sale.item_id);
    }
    let path = path.strip_prefix("/zh").unwrap_or(path);
    catalog.item_by_slug(path.strip_prefix("/items/")?).map(|item| item.item_id)
}

#[cfg(test)]
mod tests {
    use ledger::ItemRow;
    use sale::MerchantId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_line_is_a_visit_or_passed_over_or_junk() {
        let item_id = ItemId(Uuid::now_v7());
        let catalog = Catalog::of(
            [ItemRow {
                item_id,
                merchant_id: MerchantId(Uuid::now_v7()),
                slug: "lantern".to_owned(),
                title: "Lantern".to_owned(),
                description: String::new(),
                image_url: "/images/lantern.svg".to_owned(),
                list_price_minor: 1,
                currency: "CNY".to_owned(),
                updated_at_ms: 0,
            }],
            [],
        );
        let check = |line: &str, expected: Line| assert_eq!(read(line.as_bytes(), &catalog), expected, "{line:?}");
        check("hit 200 /items/lantern", Line::Visit(item_id));
        check("hit 304 /zh/items/lantern", Line::Visit(item_id));
        check("miss 200 /items/lantern", Line::Other);
        check("pass 200 /items/lantern", Line::Other);
        check("hit 404 /items/lantern", Line::Other);
        check("hit 200 /items/kettle", Line::Other);
        check("hit 200 /", Line::Other);
        check("hit 200 /csi/sales/0190f3c2-7a1b-7c3d-9e4f-0123456789ab", Line::Other);
        check("hit 200 /csi/sales/nonsense", Line::Other);
        let junk =
            ["", "hit", "hit 200", "hit 200 items/lantern", "HIT 200 /", "hit 2000 /", "hit abc /", "hit 200 /a b"];
        for line in junk.into_iter().chain(["GET / HTTP/1.1", "hit  200 /", "hit 200 /\r", "hit 200 /\u{e4}"]) {
            check(line, Line::Junk);
        }
        assert_eq!(read(b"hit 200 /\xff", &catalog), Line::Junk);
    }
}
