//! Hot items: what is asked for is noted on each thread's own lane, counted off the path, and what is hot is told to all
//! (docs/HEAT.md).

mod collector;
mod feed;
mod feed_line;
mod foresight;
mod hot_items;
mod isolation;

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, Guard};
use heat::{Key, Lanes, Writer};
use sale::{ItemId, SaleId};

pub(crate) use collector::Collector;
pub(crate) use feed::{FeedAddress, FeedListener, NotAFeed};
pub(crate) use hot_items::{HotItem, HotItems};
pub(crate) use isolation::TooMany;

use crate::pages::Publisher;

/// What handlers have of it. A handle: clones are of the same.
#[derive(Clone, Default)]
pub(crate) struct Heat {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    lanes: Lanes,
    /// Requests on threads that found no lane free.
    laneless: AtomicU64,
    hot: ArcSwap<HotItems>,
}

/// This thread's lane. A process has one [`Heat`].
enum Lane {
    Unclaimed,
    Claimed(Writer),
    NoneFree,
}

thread_local! {
    static LANE: RefCell<Lane> = const { RefCell::new(Lane::Unclaimed) };
}

impl Heat {
    /// Notes a request for an item: two stores into a ring of this thread's. Answers whether there was room.
    pub(crate) fn record(&self, item_id: ItemId) -> bool {
        LANE.with_borrow_mut(|lane| match lane {
            Lane::Claimed(writer) => writer.record(key_of(item_id)),
            Lane::Unclaimed => {
                *lane = self.shared.lanes.claim().map_or(Lane::NoneFree, Lane::Claimed);
                match lane {
                    Lane::Claimed(writer) => writer.record(key_of(item_id)),
                    _ => self.without_a_lane(),
                }
            }
            Lane::NoneFree => self.without_a_lane(),
        })
    }

    /// Notes a request for the item of a sale.
    pub(crate) fn record_sale(&self, publisher: &Publisher, sale_id: SaleId) {
        if let Some(sale) = publisher.catalog().sale(sale_id) {
            self.record(sale.item_id);
        }
    }

    fn without_a_lane(&self) -> bool {
        self.shared.laneless.fetch_add(1, Ordering::Relaxed);
        false
    }

    /// What is hot now. Swapped whole; reading it waits for nobody.
    pub(crate) fn hot(&self) -> Guard<Arc<HotItems>> {
        self.shared.hot.load()
    }

    /// Requests that were not counted so far.
    fn lost(&self) -> u64 {
        self.shared.lanes.lost() + self.shared.laneless.load(Ordering::Relaxed)
    }
}

/// The lower half of an item's id: random, and so as good as the whole.
pub(crate) fn key_of(item_id: ItemId) -> Key {
    Key(item_id.0.as_u64_pair().1)
}
