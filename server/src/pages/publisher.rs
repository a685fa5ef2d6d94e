//! From the record to the pages: reads the catalogue, renders what changed, swaps.

use std::collections::HashMap;
use std::sync::Arc;

use api::{ItemCard, ItemPage};
use arc_swap::ArcSwap;
use foldhash::fast::RandomState;
use ledger::{ItemRow, LedgerError};
use leptos::prelude::*;
use shield::Switch;
use shop::{Assets, Locale, ProblemDocument};
use tokio::sync::{Mutex, MutexGuard};

use super::{Page, waiting};
use crate::catalog::Catalog;
use crate::clock::ServerClock;
use crate::edges::{Edges, Purge, Stale};
use crate::quiz::Quizzes;
use crate::store::Store;
use crate::switches::Switches;

const LOCALES: [Locale; 2] = [Locale::En, Locale::Zh];

/// Where the page for what is not there is kept. No request can name it: there is no blank in a path.
const NOT_FOUND_PATH: &str = "/ 404";

/// Where the page is kept that stands in for item pages. No route leads to it either.
const WAITING_PATH: &str = "/ waiting";

#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("a page could not be rendered: {0}")]
    Render(String),
}

/// What a page was rendered from: the same again needs no rendering.
#[derive(Clone, PartialEq)]
enum Source {
    Catalogue(Vec<ItemCard>),
    Item(Box<ItemPage>),
    NotFound,
    Waiting,
}

impl Source {
    /// What the page asks for first, of what is the same for everybody.
    fn fragment_path(&self) -> Option<String> {
        let Self::Item(page) = self else { return None };
        page.card.sale.as_ref().map(|sale| format!("/csi/sales/{}", sale.sale_id))
    }
}

#[derive(Clone)]
struct Kept {
    source: Source,
    page: Arc<Page>,
    /// What is shown in the page's place while the shop wants quiet. The page is kept: to come back costs nothing.
    stand_in: Option<Arc<Page>>,
}

impl Kept {
    fn shown(&self) -> &Arc<Page> {
        self.stand_in.as_ref().unwrap_or(&self.page)
    }
}

/// Looked up for every reader, and filled by merchants alone.
type Pages = HashMap<String, Kept, RandomState>;

/// The catalogue and its pages, each swapped whole.
pub(crate) struct Publisher {
    store: Store,
    clock: ServerClock,
    assets: Assets,
    public_origin: String,
    catalog: ArcSwap<Catalog>,
    pages: ArcSwap<Pages>,
    quizzes: Quizzes,
    edges: Edges,
    switches: Switches,
    /// One edit at a time: read, judge, write, refresh.
    edit: Mutex<()>,
}

/// Held while a merchant's change is judged, written and published.
pub(crate) struct Edit<'a> {
    publisher: &'a Publisher,
    _one_at_a_time: MutexGuard<'a, ()>,
}

impl Publisher {
    pub(crate) async fn start(
        store: Store,
        clock: ServerClock,
        assets: Assets,
        public_origin: String,
        edges: Edges,
        switches: Switches,
    ) -> Result<Self, PublishError> {
        let publisher = Self {
            store,
            clock,
            assets,
            public_origin,
            catalog: ArcSwap::default(),
            pages: ArcSwap::default(),
            quizzes: Quizzes::default(),
            edges,
            switches,
            edit: Mutex::new(()),
        };
        publisher.refresh().await?;
        Ok(publisher)
    }

    pub(crate) fn assets(&self) -> &Assets {
        &self.assets
    }

    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        self.catalog.load_full()
    }

    pub(crate) fn edges(&self) -> &Edges {
        &self.edges
    }

    pub(crate) fn quizzes(&self) -> &Quizzes {
        &self.quizzes
    }

    /// The page at a path, if there is one.
    pub(crate) fn page(&self, path: &str) -> Option<Arc<Page>> {
        self.pages.load().get(path).map(|kept| Arc::clone(kept.shown()))
    }

    /// The page for what is not there.
    pub(crate) fn not_found_page(&self, locale: Locale) -> Option<Arc<Page>> {
        self.page(&locale.path(NOT_FOUND_PATH))
    }

    pub(crate) async fn edit(&self) -> Edit<'_> {
        Edit { publisher: self, _one_at_a_time: self.edit.lock().await }
    }

    /// Reads the record and brings pages, quizzes and, in their time, the edges up to it.
    pub(crate) async fn refresh(&self) -> Result<(), PublishError> {
        self.edit().await.publish().await?.in_background();
        Ok(())
    }

    async fn publish(&self) -> Result<Purge, PublishError> {
        let (now_ms, version) = (self.clock.now_ms(), self.clock.now_us());
        let catalog = Arc::new(self.store.read(Catalog::read).await?);
        let before = self.pages.load_full();
        let rendering = {
            let (catalog, assets, origin) = (Arc::clone(&catalog), self.assets.clone(), self.public_origin.clone());
            let (quizzes, before) = (self.quizzes.clone(), Arc::clone(&before));
            tokio::task::spawn_blocking(move || {
                let asking = catalog.sales().filter(|sale| !sale.window().has_ended(now_ms));
                let drawn = quizzes.publish(asking, now_ms);
                rendered(&catalog, &before, &assets, &origin, now_ms, version).map(|pages| (pages, drawn))
            })
        };
        let done = rendering.await.map_err(|error| PublishError::Render(error.to_string()))?;
        let (mut pages, drawn) = done.map_err(|error| PublishError::Render(error.to_string()))?;
        let waits = |item: &ItemRow| {
            let switch = Switch::WaitingPage;
            let at = match catalog.shown_sale(item.item_id, now_ms) {
                Some(sale) => self.switches.of_sale(switch, sale.merchant_id, sale.sale_id, now_ms),
                None => self.switches.of_merchant(switch, item.merchant_id, now_ms),
            };
            at == "on"
        };
        stand_in(&mut pages, &catalog, waits, version);
        let mut stale = stale(&before, &pages, version);
        stale.paths.extend(drawn.iter().map(|name| format!("/quiz/{name}.png")));
        if before.is_empty() {
            // What an earlier life of this process left in the edges is not known.
            stale.tags = Stale::all_pages().tags;
            let Assets { css_url, boot_url, js_url, wasm_url, font_url, draw, .. } = self.assets.clone();
            stale.paths.extend([css_url, boot_url, js_url, wasm_url, font_url, draw.js_url, draw.wasm_url]);
        }
        self.catalog.store(catalog);
        self.pages.store(Arc::new(pages));
        Ok(self.edges.forget(&stale))
    }
}

impl Edit<'_> {
    /// Publishes what the record says now, and lets the next edit begin. The purge may be waited for.
    pub(crate) async fn publish(self) -> Result<Purge, PublishError> {
        self.publisher.publish().await
    }
}

/// What differs between two states of the pages.
fn stale(before: &Pages, after: &Pages, version: i64) -> Stale {
    let mut stale = Stale::default();
    let mut differs = |path: &String, kept: &Kept| {
        stale.tags.insert(kept.shown().tag.clone(), version);
        stale.paths.insert(path.clone());
    };
    for (path, kept) in after {
        if before.get(path).is_none_or(|former| !Arc::ptr_eq(former.shown(), kept.shown())) {
            differs(path, kept);
        }
    }
    for (path, kept) in before.iter().filter(|(path, _)| !after.contains_key(*path)) {
        differs(path, kept);
    }
    // These have no address of their own.
    stale.paths.retain(|path| !path.ends_with(NOT_FOUND_PATH) && !path.ends_with(WAITING_PATH));
    stale
}

fn rendered(
    catalog: &Catalog,
    before: &Pages,
    assets: &Assets,
    origin: &str,
    now_ms: i64,
    version: i64,
) -> std::io::Result<Pages> {
    let mut pages = Pages::default();
    let mut keep =
        |path: String, source: Source, item_id, tag: &str, render: &dyn Fn() -> String| -> std::io::Result<()> {
            let kept = match before.get(&path) {
                Some(kept) if kept.source == source => kept.clone(),
                _ => {
                    let page = Arc::new(Page::new(render(), tag, version, source.fragment_path(), item_id)?);
                    let stand_in = before.get(&path).and_then(|kept| kept.stand_in.clone());
                    Kept { source, page, stand_in }
                }
            };
            pages.insert(path, kept);
            Ok(())
        };
    let cards = catalog.cards(now_ms);
    for locale in LOCALES {
        let render = || shop::catalogue_html(locale, assets, &cards, origin);
        let path = locale.path("/");
        keep(path, Source::Catalogue(cards.clone()), None, "catalogue", &render)?;
    }
    for locale in LOCALES {
        let render = || not_found_html(locale, assets);
        keep(locale.path(NOT_FOUND_PATH), Source::NotFound, None, "not-found", &render)?;
    }
    for locale in LOCALES {
        let render = || shop::waiting_html(locale, assets, &waiting::SCRIPT_PATH, &waiting::SCRIPT_INTEGRITY);
        keep(locale.path(WAITING_PATH), Source::Waiting, None, "waiting", &render)?;
    }
    for item in catalog.items_on_show() {
        let page = catalog.page(item, now_ms);
        for locale in LOCALES {
            let render = || shop::item_html(locale, assets, &page, origin);
            let path = locale.path(&format!("/items/{}", item.slug));
            let source = Source::Item(Box::new(page.clone()));
            keep(path, source, Some(item.item_id), &format!("item-{}", item.slug), &render)?;
        }
    }
    Ok(pages)
}

/// Puts the waiting page in the place of the item pages that are to wait, and takes it away from the others. Each keeps
/// its own tag, so that what is purged and told apart by it stays so.
fn stand_in(pages: &mut Pages, catalog: &Catalog, waits: impl Fn(&ItemRow) -> bool, version: i64) {
    let waiting = LOCALES.map(|locale| pages.get(&locale.path(WAITING_PATH)).map(|kept| Arc::clone(&kept.page)));
    for item in catalog.items_on_show() {
        let waits = waits(item);
        for (locale, waiting) in LOCALES.iter().zip(&waiting) {
            let path = locale.path(&format!("/items/{}", item.slug));
            let (Some(kept), Some(waiting)) = (pages.get_mut(&path), waiting) else { continue };
            match (waits, &kept.stand_in) {
                (true, None) => {
                    let page = waiting.in_place_of(&kept.page.tag, version).that_waits();
                    kept.stand_in = Some(Arc::new(page));
                }
                (false, Some(_)) => {
                    kept.stand_in = None;
                    // It may have been made long ago, and stands here anew.
                    kept.page = Arc::new(kept.page.in_place_of(&kept.page.tag, version));
                }
                _ => {}
            }
        }
    }
}

fn not_found_html(locale: Locale, assets: &Assets) -> String {
    let assets = assets.clone();
    shop::document_html(move || {
        let (code, detail) = ("not_found".to_owned(), String::new());
        view! { <ProblemDocument locale=locale assets=assets status=404 code=code detail=detail /> }
    })
}
