//! What is public of a draw, and each entrant's own receipt.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use api::{
    Code, DRAW_FILE_FORMAT, DRAW_FILE_VERSION, Draw, DrawBeacon, DrawFile, DrawFileBeacon, DrawFileEntry, DrawReceipt,
    DrawReceipts, DrawStage, SaleDraw,
};
use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use draw::Tree;
use ledger::{DrawEntryRow, DrawState, LedgerError, Reader, SaleRow};
use sale::{DrawOutlook, OurSha256, SaleId};

use super::App;
use super::cache::CachePolicy;
use super::error::{ApiError, ApiResult};
use super::extract::{PathId, Shopper};

/// Draws whose files and trees are kept; each is made once and never changes. With 200,000 entries a file has 26 MB and a
/// tree 13 MB.
const DRAWS_KEPT: usize = 2;

/// Entries that are read at a time.
const ENTRIES_PER_READ: usize = 2_000;

/// What follows from a draw that is fixed, made when it is first asked for.
#[derive(Default)]
pub(crate) struct Draws {
    files: Kept<Bytes>,
    trees: Kept<Arc<Tree>>,
    /// Held while one of them is made: the crowd that asks meanwhile waits for it and does not make its own.
    making: tokio::sync::Mutex<()>,
}

/// The latest few.
struct Kept<T>(Mutex<VecDeque<(SaleId, T)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Kept<T> {
    fn get(&self, sale_id: SaleId) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(of, _)| *of == sale_id).map(|(_, value)| value.clone())
    }

    fn keep(&self, sale_id: SaleId, value: &T) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| *of != sale_id);
        kept.push_front((sale_id, value.clone()));
        kept.truncate(DRAWS_KEPT);
    }
}

/// A draw: what was committed to, and from the close and the draw on what makes it checkable.
#[utoipa::path(get, path = "/api/sales/{sale_id}/draw", tag = "draws", params(("sale_id" = String, Path)),
    responses((status = 200, body = Draw), (status = 404, body = api::Problem)))]
pub(super) async fn show(State(app): State<App>, PathId(sale_id): PathId<SaleId>) -> ApiResult<impl IntoResponse> {
    app.publisher.catalog().sale(sale_id).ok_or_else(ApiError::not_found)?;
    let (row, state) = read(&app, sale_id).await?;
    Ok((Extension(CachePolicy::EdgeSecond), axum::Json(view(&row, &state))))
}

/// All entries in the order of the draw, with all that is needed to recompute it: the file that `stampede verify-draw`
/// reads.
#[utoipa::path(get, path = "/api/sales/{sale_id}/draw/entries", tag = "draws", params(("sale_id" = String, Path)),
    responses((status = 200, body = DrawFile), (status = 404, body = api::Problem), (status = 409, body = api::Problem)))]
pub(super) async fn entries(State(app): State<App>, PathId(sale_id): PathId<SaleId>) -> ApiResult<Response> {
    app.publisher.catalog().sale(sale_id).ok_or_else(ApiError::not_found)?;
    let bytes = match app.draws.files.get(sale_id) {
        Some(bytes) => bytes,
        None => {
            let _one_at_a_time = app.draws.making.lock().await;
            if let Some(bytes) = app.draws.files.get(sale_id) {
                return Ok(download(sale_id, bytes));
            }
            let file = app.store.read(move |reader| draw_file(reader, sale_id)).await?;
            let bytes = file.ok_or_else(|| {
                ApiError::new(Code::DrawNotHeld, "The draw has not been held, or its entries are still being told.")
            })?;
            app.draws.files.keep(sale_id, &bytes);
            bytes
        }
    };
    Ok(download(sale_id, bytes))
}

/// It never changes again: whoever keeps files may keep it.
fn download(sale_id: SaleId, bytes: Bytes) -> Response {
    let name = format!("attachment; filename=\"draw-{sale_id}.json\"");
    let headers = [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
    (Extension(CachePolicy::File), headers, bytes).into_response()
}

/// The shopper's own entries, each with the proof that it is under the published root.
#[utoipa::path(get, path = "/api/sales/{sale_id}/draw/receipt", tag = "draws", security(("session" = [])), params(("sale_id" = String, Path)),
    responses((status = 200, body = DrawReceipts), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 409, body = api::Problem)))]
pub(super) async fn receipt(
    State(app): State<App>,
    shopper: Shopper,
    PathId(sale_id): PathId<SaleId>,
) -> ApiResult<axum::Json<DrawReceipts>> {
    app.publisher.catalog().sale(sale_id).ok_or_else(ApiError::not_found)?;
    let (_, state) = read(&app, sale_id).await?;
    let closed = state.closed.ok_or_else(|| ApiError::new(Code::DrawNotHeld, "The entries are not closed yet."))?;
    let tree = match app.draws.trees.get(sale_id) {
        Some(tree) => tree,
        None => {
            let _one_at_a_time = app.draws.making.lock().await;
            let made = app.draws.trees.get(sale_id);
            let tree = match made {
                Some(tree) => tree,
                None => app.store.read(move |reader| tree_of(reader, sale_id)).await?,
            };
            app.draws.trees.keep(sale_id, &tree);
            tree
        }
    };
    let own = app.store.read(move |reader| reader.entries_of(sale_id, shopper.id)).await?;
    let receipts = own.iter().filter_map(|(row, number)| receipt_of(&tree, sale_id, row, *number));
    Ok(axum::Json(DrawReceipts {
        sale_id: sale_id.to_string(),
        root: closed.root.to_string(),
        entries: closed.entries,
        receipts: receipts.collect(),
    }))
}

async fn read(app: &App, sale_id: SaleId) -> ApiResult<(SaleRow, DrawState)> {
    let both = app.store.read(move |reader| Ok(reader.sale(sale_id)?.zip(reader.draw(sale_id)?))).await?;
    both.ok_or_else(ApiError::not_found)
}

fn leaf_of(sale_id: SaleId, row: &DrawEntryRow) -> draw::Digest {
    draw::leaf_hash::<OurSha256>(sale_id.0.as_bytes(), &row.entry())
}

fn tree_of(reader: &Reader, sale_id: SaleId) -> Result<Arc<Tree>, LedgerError> {
    let rows = reader.entries_under_root(sale_id)?;
    Ok(Arc::new(Tree::of::<OurSha256>(rows.iter().map(|row| leaf_of(sale_id, row)).collect())))
}

fn receipt_of(tree: &Tree, sale_id: SaleId, row: &DrawEntryRow, number: u64) -> Option<DrawReceipt> {
    let leaf = leaf_of(sale_id, row);
    let (index, proof) = tree.proof(&leaf)?;
    Some(DrawReceipt {
        order_id: row.order_id.to_string(),
        entered_as: number,
        quantity: row.quantity,
        sku: row.sku.clone(),
        reserves: row.reserves,
        leaf: draw::to_hex(&leaf),
        index: index as u64,
        proof: proof.iter().map(|node| draw::to_hex(node)).collect(),
        rank: row.rank,
        won: row.rank.map(|_| row.won),
    })
}

fn stage_of(row: &SaleRow, state: &DrawState) -> DrawStage {
    match (&state.closed, &state.held) {
        (Some(closed), Some(_)) if state.told == closed.entries => DrawStage::Drawn,
        _ if row.called_off_at_ms.is_some() => DrawStage::CalledOff,
        (_, Some(_)) => DrawStage::Deciding,
        (Some(_), None) => DrawStage::Closed,
        (None, None) => DrawStage::Entering,
    }
}

pub(super) fn view(row: &SaleRow, state: &DrawState) -> Draw {
    let held = state.held.as_ref();
    let beacon = state.row.beacon.as_ref().map(|beacon| DrawBeacon {
        description: beacon.description.clone(),
        due_at_ms: beacon.due_at_ms,
        value: held.and_then(|held| held.beacon.clone()),
    });
    Draw {
        sale_id: row.sale_id.to_string(),
        stage: stage_of(row, state),
        entries_close_at_ms: state.row.entries_close_at_ms,
        commitment: state.row.commitment.to_string(),
        beacon,
        entries: state.closed.as_ref().map_or(state.undecided, |closed| closed.entries),
        root: state.closed.as_ref().map(|closed| closed.root.to_string()),
        closed_at_ms: state.closed.as_ref().map(|closed| closed.at_ms),
        seed: held.map(|held| held.seed.to_string()),
        drawn_at_ms: held.map(|held| held.at_ms),
        units: held.map(|held| held.units),
        winners: held.map(|held| held.winners),
    }
}

/// For the page's fragment: from memory alone.
pub(super) fn fragment(sale: &SaleRow, outlook: Option<DrawOutlook>, now_ms: i64) -> Option<SaleDraw> {
    let draw = sale.draw.as_ref()?;
    // A sale that has left the memory is long over.
    let outlook = outlook.unwrap_or(DrawOutlook { stage: sale::DrawStage::Drawn, ..DrawOutlook::default() });
    let stage = match outlook.stage {
        _ if outlook.called_off || sale.called_off_at_ms.is_some() => DrawStage::CalledOff,
        sale::DrawStage::Entering if now_ms < draw.entries_close_at_ms => DrawStage::Entering,
        sale::DrawStage::Entering | sale::DrawStage::Closed => DrawStage::Closed,
        sale::DrawStage::Deciding => DrawStage::Deciding,
        sale::DrawStage::Drawn => DrawStage::Drawn,
    };
    Some(SaleDraw {
        stage,
        entries_close_at_ms: draw.entries_close_at_ms,
        commitment: draw.commitment.to_string(),
        entries: outlook.entries,
    })
}

/// None before everybody knows, and where there was no draw.
fn draw_file(reader: &Reader, sale_id: SaleId) -> Result<Option<Bytes>, LedgerError> {
    let Some(state) = reader.draw(sale_id)? else { return Ok(None) };
    let (Some(closed), Some(held)) = (state.closed, state.held) else { return Ok(None) };
    if state.told != closed.entries {
        // Called off amid it, or not all are told yet.
        return Ok(None);
    }
    let mut entries = Vec::new();
    loop {
        let rows = reader.draw_entries(sale_id, entries.len() as u64, ENTRIES_PER_READ)?;
        if rows.is_empty() {
            break;
        }
        entries.extend(rows.into_iter().map(|row| DrawFileEntry {
            order_id: row.order_id.to_string(),
            quantity: row.quantity,
            sku: row.sku,
            reserves: row.reserves,
            won: row.won,
        }));
    }
    let description = state.row.beacon.map(|beacon| beacon.description);
    let file = DrawFile {
        format: DRAW_FILE_FORMAT.to_owned(),
        version: DRAW_FILE_VERSION,
        sale_id: sale_id.to_string(),
        commitment: state.row.commitment.to_string(),
        seed: held.seed.to_string(),
        beacon: description.zip(held.beacon).map(|(description, value)| DrawFileBeacon { description, value }),
        root: closed.root.to_string(),
        units: held.units,
        sku_units: held.sku_units,
        entries,
    };
    Ok(Some(serde_json::to_vec(&file)?.into()))
}
