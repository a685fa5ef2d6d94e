//! What the crowd is at, of the merchant's own items.

use api::{HeatBoard, HotItem};
use axum::extract::State;

use super::super::App;
use super::super::extract::Merchant;

/// The merchant's own hot items, the hottest first.
#[utoipa::path(get, path = "/api/merchant/heat", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])),
    responses((status = 200, body = HeatBoard), (status = 401, body = api::Problem)))]
pub(in super::super) async fn board(State(app): State<App>, merchant: Merchant) -> axum::Json<HeatBoard> {
    let (hot, catalog) = (app.heat.hot(), app.publisher.catalog());
    let own = hot.iter().filter_map(|hot| {
        let item = catalog.item(hot.item_id).filter(|item| item.merchant_id == merchant.id)?;
        Some(HotItem {
            item_id: item.item_id.to_string(),
            slug: item.slug.clone(),
            title: item.title.clone(),
            image_url: item.image_url.clone(),
            cause: hot.cause,
            since_ms: hot.since_ms,
            crowded_since_ms: hot.crowded_since_ms,
            share_percent: to_a_tenth(hot.share * 100.0),
            requests_per_second: to_a_tenth(hot.per_second),
        })
    });
    let mut items: Vec<HotItem> = own.collect();
    items.sort_by(|a, b| b.requests_per_second.total_cmp(&a.requests_per_second).then_with(|| a.slug.cmp(&b.slug)));
    let threshold_percent = to_a_tenth(heat::HOT_SHARE * 100.0);
    axum::Json(HeatBoard { items, threshold_percent, read_at_ms: hot.read_at_ms })
}

fn to_a_tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
