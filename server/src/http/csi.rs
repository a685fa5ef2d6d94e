//! The fragments that static pages fetch for themselves.

use api::{ItemCard, Me, Recommendation, Recommendations, SalePhase, SaleState, ServerTime, SkuState};
use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use ledger::SaleRow;
use sale::SaleId;
use serde::{Deserialize, Serialize};

use super::cache::CachePolicy;
use super::error::{ApiError, ApiResult};
use super::extract::{PathId, QueryOf, Shopper, Visitor};
use super::view::phase_of;
use super::{App, plan_b};
use crate::catalog::Catalog;
use crate::overload::{is_crowded, lot_of};

/// Items recommended, at most.
const MAX_RECOMMENDATIONS: usize = 4;
/// Items that a visitor may name as looked at; more are not read.
const MAX_SEEN: usize = 8;

/// The server's time.
#[utoipa::path(get, path = "/csi/time", tag = "fragments", responses((status = 200, body = ServerTime)))]
pub(super) async fn time(State(app): State<App>) -> Json<ServerTime> {
    // Read first thing here: what came before counts as the network's.
    let received_us = app.clock.now_us();
    Json(server_time(&app, received_us))
}

pub(super) fn server_time(app: &App, received_us: i64) -> ServerTime {
    let clock_id = app.clock.id().to_owned();
    ServerTime { received_us, sent_us: app.clock.now_us(), clock_id }
}

/// The same without a copy: it is asked for most.
#[derive(Serialize)]
struct TimeRef<'a> {
    received_us: i64,
    sent_us: i64,
    clock_id: &'a str,
}

/// An answer that tells the time has no more bytes.
const MAX_TIME_BYTES: usize = 160;

/// Hands over what [`server_time`] says, as JSON. Answers with the time at the sending.
pub(super) fn tell_time(app: &App, received_us: i64, tell: impl FnOnce(&[u8])) -> Option<i64> {
    let sent_us = app.clock.now_us();
    let mut json = [0; MAX_TIME_BYTES];
    let mut rest = json.as_mut_slice();
    serde_json::to_writer(&mut rest, &TimeRef { received_us, sent_us, clock_id: app.clock.id() }).ok()?;
    let left = rest.len();
    tell(&json[..MAX_TIME_BYTES - left]);
    Some(sent_us)
}

/// Who is asking.
#[utoipa::path(get, path = "/csi/me", tag = "fragments", responses((status = 200, body = Me)))]
pub(super) async fn me(Visitor(shopper): Visitor) -> Json<Me> {
    Json(me_of(shopper))
}

pub(super) fn me_of(shopper: Option<Shopper>) -> Me {
    let lot = shopper.as_ref().map(|shopper| lot_of(shopper.id));
    Me {
        signed_in: shopper.is_some(),
        display_name: shopper.map(|shopper| shopper.display_name).unwrap_or_default(),
        lot,
    }
}

/// From so long before a sale's start, which is more than an edge's second, until so long after it.
const AT_START_AHEAD_MS: i64 = 2_000;
const AT_START_MS: i64 = 10_000;
/// Where no more items are hot, an edge may ask for all of them so often.
const FEW_HOT_ITEMS: usize = 10;

/// What a sale is doing. Nothing personal.
#[utoipa::path(get, path = "/csi/sales/{sale_id}", tag = "fragments", params(("sale_id" = String, Path)),
    responses((status = 200, body = SaleState), (status = 404, body = api::Problem)))]
pub(super) async fn sale_state(
    State(app): State<App>,
    PathId(sale_id): PathId<SaleId>,
) -> ApiResult<impl IntoResponse> {
    let catalog = app.publisher.catalog();
    let sale = catalog.sale(sale_id).ok_or_else(ApiError::not_found)?;
    app.heat.record(sale.item_id);
    let policy = if may_change_at_once(&app, sale) { CachePolicy::EdgeMoment } else { CachePolicy::EdgeSecond };
    Ok((Extension(policy), Json(state_of(&app, sale))))
}

/// Whether a crowd may be there at any moment: then edges are to know at once that lots are drawn.
fn may_change_at_once(app: &App, sale: &SaleRow) -> bool {
    let since_start_ms = app.clock.now_ms() - sale.starts_at_ms;
    let hot = app.heat.hot();
    let item = hot.get(sale.item_id);
    (-AT_START_AHEAD_MS..AT_START_MS).contains(&since_start_ms)
        || item.is_some_and(|item| item.crowded_since_ms.is_some() || hot.len() <= FEW_HOT_ITEMS)
}

/// Codes and numbers, no text of a merchant's: an edge may put this into a page as it is.
pub(super) fn state_of(app: &App, sale: &SaleRow) -> SaleState {
    let outlooks = app.writer.line(sale.sale_id).map(|line| line.outlooks()).unwrap_or_default();
    let phase = phase_of(app, sale);
    let is_on = matches!(phase, SalePhase::Open | SalePhase::SoldOut);
    let sku = |sku: &ledger::SkuRow| {
        let outlook = outlooks.of(Some(&sku.sku)).unwrap_or_default();
        SkuState {
            sku: sku.sku.clone(),
            price_minor: sku.price_minor,
            sold_out: outlook.free_units == 0,
            can_wait: is_on && outlook.free_units == 0 && outlook.can_wait,
        }
    };
    SaleState {
        phase,
        starts_at_ms: sale.starts_at_ms,
        ends_at_ms: sale.ends_at_ms,
        revision: sale.revision,
        price_minor: sale.price_minor,
        currency: sale.currency.clone(),
        can_wait: phase == SalePhase::SoldOut && outlooks.all.can_wait,
        called_off: sale.called_off_at_ms.is_some() || outlooks.draw.is_some_and(|draw| draw.called_off),
        admission: app.overload.lottery.newest().filter(|_| is_crowded(app, sale.item_id)),
        draw: super::draw::fragment(sale, outlooks.draw, app.clock.now_ms()),
        skus: sale.skus.iter().map(sku).collect(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecommendationQuery {
    item: String,
    /// `zh` where the page is Chinese.
    lang: Option<String>,
    /// Items that the visitor has looked at lately, by their slugs with a comma between.
    seen: Option<String>,
}

/// Other items whose sale is on or to come.
///
/// The next ones first; of those, what is in the visitor's language before the rest, what was just looked at last.
#[utoipa::path(get, path = "/csi/recommendations", tag = "fragments",
    params(("item" = String, Query), ("lang" = Option<String>, Query), ("seen" = Option<String>, Query)),
    responses((status = 200, body = Recommendations), (status = 400, body = api::Problem)))]
pub(super) async fn recommendations(
    State(app): State<App>,
    QueryOf(query): QueryOf<RecommendationQuery>,
) -> Json<Recommendations> {
    if plan_b::are_extras_off(&app, &query.item) {
        return Json(Recommendations { items: Vec::new() });
    }
    let reads_chinese = query.lang.as_deref().is_some_and(|lang| lang.starts_with("zh"));
    let seen: Vec<&str> = query.seen.as_deref().unwrap_or_default().split(',').take(MAX_SEEN).collect();
    let item_id = app.publisher.catalog().item_by_slug(&query.item).map(|item| item.item_id);
    // The whole catalogue is gone through for it: for a hot item once a second, not for each of the crowd.
    let candidates = app.heat.pinned(item_id, app.clock.now_ms(), || candidates(&app, &query.item));
    let mut others: Vec<&Recommendation> = candidates.iter().collect();
    // Stable: among equals, the next sale comes first.
    others.sort_by_key(|other| (is_chinese(&other.title) != reads_chinese, seen.contains(&other.slug.as_str())));
    Json(Recommendations { items: others.into_iter().take(MAX_RECOMMENDATIONS).cloned().collect() })
}

/// The first others of each language whose sale is on or to come, by its start: as many as are shown, whatever was seen.
fn candidates(app: &App, slug: &str) -> Vec<Recommendation> {
    let catalog = app.publisher.catalog();
    let (mut chinese, mut rest) = (Vec::new(), Vec::new());
    for card in catalog.cards(app.clock.now_ms()).into_iter().filter(|card| card.slug != slug) {
        let alike = if is_chinese(&card.title) { &mut chinese } else { &mut rest };
        if alike.len() < MAX_RECOMMENDATIONS + MAX_SEEN {
            alike.extend(recommendation(app, &catalog, card));
        }
    }
    chinese.append(&mut rest);
    chinese
}

fn recommendation(app: &App, catalog: &Catalog, card: ItemCard) -> Option<Recommendation> {
    let sale = card.sale?;
    let phase = catalog.sale(SaleId(sale.sale_id.parse().ok()?)).map(|sale| phase_of(app, sale))?;
    (phase != SalePhase::Ended).then_some(Recommendation {
        slug: card.slug,
        title: card.title,
        image_url: card.image_url,
        price_minor: sale.price_minor,
        currency: card.currency,
        starts_at_ms: sale.starts_at_ms,
        phase,
    })
}

/// Whether a title is for readers of Chinese: it has at least one of the common ideographs.
fn is_chinese(title: &str) -> bool {
    title.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}
