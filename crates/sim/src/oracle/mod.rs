//! Knows what was asked and what was answered, reads the record by itself, and says where a rule was broken.

pub(crate) mod account;
mod answers;
mod draws;
pub(crate) mod edge;
mod money;
mod orders;
mod record;
pub(crate) mod tokens;

use std::collections::{BTreeMap, BTreeSet};

use intake::Status;
use ledger::SaleRow;
use sale::{MerchantId, OrderId, PassId, PaymentId, QueueClaims, ShopperId};

use crate::coverage::Coverage;
use crate::disk::Disk;
use crate::parts::Shop;
use account::Account;

/// A place in a line that somebody was given.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) claims: QueueClaims,
    pub(crate) shopper: usize,
    pub(crate) quantity: u32,
    pub(crate) sku: Option<String>,
    pub(crate) pass_id: PassId,
    pub(crate) body_hash: u64,
    /// The process that gave it out.
    pub(crate) process: u32,
    pub(crate) status: Status,
    /// An earlier order that heard `sold_out` while this one was in the line.
    pub(crate) barred_by: Option<OrderId>,
    /// An earlier order that no commit takes ended while this one was in the line and nothing was free.
    pub(crate) may_be_barred: bool,
}

impl Token {
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.status, Status::Ended(_) | Status::LostInRestart)
    }
}

/// What is known of one sale.
pub(crate) struct Known {
    pub(crate) account: Account,
    pub(crate) tokens: BTreeMap<(u64, u64), Token>,
    /// Each order's last place.
    pub(crate) seats: BTreeMap<OrderId, (u64, u64)>,
    /// Whose each order id is: the shopper, and the key.
    pub(crate) owners: BTreeMap<OrderId, (usize, String)>,
    /// All rows that the merchant ever asked for, by revision.
    pub(crate) rows: BTreeMap<i64, SaleRow>,
    /// The rows that the line may go by: more than one after a commit that failed.
    pub(crate) told: Vec<SaleRow>,
    /// Passes that were seen in orders' rows, rejected ones included.
    pub(crate) used_passes: BTreeSet<PassId>,
    /// The pass that each shopper was given last, by the present line.
    pub(crate) live_passes: BTreeMap<usize, PassId>,
    /// Who can use no pass of an earlier line any more.
    pub(crate) past_spent: BTreeSet<usize>,
    pub(crate) touched: bool,
}

/// The oracle.
pub(crate) struct Oracle {
    pub(crate) sales: Vec<Known>,
    pub(crate) last_event: i64,
    /// Messages of the provider that were taken: the payment of each, and the round.
    pub(crate) taken: BTreeMap<String, (PaymentId, u64)>,
    pub(crate) round: u64,
    /// Holds that lapsed: whose, at which merchant's, when.
    pub(crate) strikes: BTreeMap<OrderId, (MerchantId, ShopperId, i64)>,
    pub(crate) lifts_asked: BTreeSet<(MerchantId, ShopperId)>,
    /// The last round failed: lines and books may not know what the record has.
    pub(crate) lags: bool,
    pub(crate) process: u32,
}

impl Oracle {
    pub(crate) fn new(shops: &[Shop]) -> Self {
        let known = |shop: &Shop| Known {
            account: Account::new(shop.asked.clone(), &shop.units),
            tokens: BTreeMap::new(),
            seats: BTreeMap::new(),
            owners: BTreeMap::new(),
            rows: BTreeMap::from([(shop.asked.revision, shop.asked.clone())]),
            told: vec![shop.asked.clone()],
            used_passes: BTreeSet::new(),
            live_passes: BTreeMap::new(),
            past_spent: BTreeSet::new(),
            touched: false,
        };
        Self {
            sales: shops.iter().map(known).collect(),
            last_event: 0,
            taken: BTreeMap::new(),
            round: 0,
            strikes: BTreeMap::new(),
            lifts_asked: BTreeSet::new(),
            lags: false,
            process: 1,
        }
    }

    /// A new process has read the record: lines are new, and go by what is written.
    pub(crate) fn restarted(&mut self, disk: &Disk, cover: &mut Coverage) -> crate::parts::Checked {
        self.process += 1;
        self.lags = false;
        for known in &mut self.sales {
            known.told = vec![known.account.row.clone()];
            known.live_passes.clear();
            known.past_spent.clear();
        }
        cover.hit("check: the whole record");
        disk.with(|connection| self.check_whole_record(connection))
    }
}
