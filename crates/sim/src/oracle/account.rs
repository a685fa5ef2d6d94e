//! The oracle's own account of one sale: plain counts and states, and whether each new fact may be.

use std::collections::BTreeMap;

use ledger::SaleRow;
use sale::{
    Book, Change, Event, Intent, OrderId, OrderState, PassId, PaymentId, Rejection, ReleaseCause, ShopperId,
    StockPolicy, Units,
};

use crate::oracle::Token;
use crate::oracle::draws::DrawFacts;
use crate::parts::{Ask, Checked, Message, ensure};

/// Units, as plain numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) stock: i64,
    pub(crate) free: i64,
    pub(crate) held: i64,
    pub(crate) sold: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Order(OrderState),
    /// In a draw that has not been held.
    Entered,
    Waiting,
    SoldOut,
    Rejected(Rejection),
}

/// One order that is in the record.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) shopper: ShopperId,
    pub(crate) sku: Option<String>,
    pub(crate) quantity: i64,
    pub(crate) turn: (u64, u64),
    pub(crate) state: State,
    pub(crate) reserved: bool,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) expires: Option<i64>,
    pub(crate) released: Option<ReleaseCause>,
    pub(crate) reseated: bool,
    pub(crate) refunds: i64,
    pub(crate) open_payment: Option<PaymentId>,
    pub(crate) paid_by: Option<PaymentId>,
    /// While it waited, somebody behind it got units of the same kind.
    pub(crate) was_passed: bool,
}

impl Fact {
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Order(OrderState::Held | OrderState::AwaitingPayment))
    }

    pub(crate) fn counts(&self) -> bool {
        self.is_open() || matches!(self.state, State::Entered | State::Waiting | State::Order(OrderState::Paid))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Money {
    Open,
    Declined,
    Paid,
    Refunded,
}

#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) order_id: OrderId,
    pub(crate) money: Money,
    /// What the provider took: the amount and the currency.
    pub(crate) charge: Option<(i64, String)>,
}

/// The round that made the facts.
pub(crate) struct Moment<'a> {
    pub(crate) now_ms: i64,
    pub(crate) sale: usize,
    pub(crate) asks: &'a [Ask],
    pub(crate) messages: &'a [Message],
    pub(crate) tokens: &'a BTreeMap<(u64, u64), Token>,
    /// Messages of the provider that were taken: the payment of each, and the round.
    pub(crate) taken: &'a BTreeMap<String, (PaymentId, u64)>,
}

pub(crate) struct Account {
    /// The terms that are in the record, and those that the present round may have put there.
    pub(crate) row: SaleRow,
    pub(crate) terms: Vec<SaleRow>,
    pub(crate) total: Counts,
    pub(crate) skus: BTreeMap<String, Counts>,
    pub(crate) orders: BTreeMap<OrderId, Fact>,
    pub(crate) line: Vec<OrderId>,
    pub(crate) payments: BTreeMap<PaymentId, Payment>,
    pub(crate) passes: BTreeMap<PassId, OrderId>,
    pub(crate) called_off_at_ms: Option<i64>,
    pub(crate) opened_at_ms: Option<i64>,
    /// Replayed event by event.
    pub(crate) mirror: Book,
    /// Orders that the present batch decided first, and whether each was taken for a marked shopper's.
    pub(crate) placed: Vec<(OrderId, bool)>,
    pub(crate) draw: DrawFacts,
}

const fn full(units: i64) -> Counts {
    Counts { stock: units, free: units, held: 0, sold: 0 }
}

impl Account {
    pub(crate) fn new(row: SaleRow, units: &Units) -> Self {
        Self {
            mirror: Book::new(row.sale_id, row.terms(), units),
            terms: vec![row.clone()],
            row,
            total: full(units.total as i64),
            skus: units.skus.iter().map(|(sku, &units)| (sku.clone(), full(units as i64))).collect(),
            orders: BTreeMap::new(),
            line: Vec::new(),
            payments: BTreeMap::new(),
            passes: BTreeMap::new(),
            called_off_at_ms: None,
            opened_at_ms: None,
            placed: Vec::new(),
            draw: DrawFacts::default(),
        }
    }

    /// Free units that an order for this kind could get; none for a kind that is not there.
    pub(crate) fn free(&self, sku: Option<&str>) -> Option<i64> {
        self.left(sku, |counts| counts.free)
    }

    /// Free units, and held ones that may come back.
    pub(crate) fn unsold(&self, sku: Option<&str>) -> Option<i64> {
        self.left(sku, |counts| counts.free + counts.held)
    }

    fn left(&self, sku: Option<&str>, of: fn(&Counts) -> i64) -> Option<i64> {
        match sku {
            None => self.skus.is_empty().then(|| of(&self.total)),
            Some(sku) => self.skus.get(sku).map(|own| of(own).min(of(&self.total))),
        }
    }

    pub(crate) fn units_of(&self, shopper: ShopperId) -> i64 {
        let counted = self.orders.values().filter(|fact| fact.shopper == shopper && fact.counts());
        counted.map(|fact| fact.quantity).sum()
    }

    pub(crate) fn any_terms(&self, holds: impl FnMut(&SaleRow) -> bool) -> bool {
        self.terms.iter().any(holds)
    }

    pub(crate) fn is_over(&self, now_ms: i64) -> bool {
        self.called_off_at_ms.is_some() || self.any_terms(|row| now_ms >= row.ends_at_ms)
    }

    /// The first in the waiting line for whom enough is free.
    pub(crate) fn first_who_fits(&self) -> Option<OrderId> {
        self.line.iter().copied().find(|order_id| {
            let fact = &self.orders[order_id];
            self.free(fact.sku.as_deref()).is_some_and(|free| free >= fact.quantity)
        })
    }

    fn shift(&mut self, sku: Option<&str>, free: i64, held: i64, sold: i64) -> Checked {
        let move_units = |counts: &mut Counts| {
            counts.free += free;
            counts.held += held;
            counts.sold += sold;
            counts.free >= 0 && counts.held >= 0 && counts.sold >= 0
        };
        let mut sound = move_units(&mut self.total);
        if let Some(sku) = sku {
            sound &= self.skus.get_mut(sku).is_some_and(move_units);
        }
        ensure!(sound, "1", "a count went below 0: total {:?}, kinds {:?}", self.total, self.skus);
        Ok(())
    }

    /// A fact from the record: is it legal here and now? Then it is so.
    pub(crate) fn take(&mut self, event: &Event, moment: &Moment<'_>) -> Checked {
        let at = event.at_ms;
        ensure!(at == moment.now_ms, "10", "a fact of another time: {event:?} at {}", moment.now_ms);
        match &event.change {
            Change::OrderHeld { intent, amount_minor, currency, hold_expires_at_ms } => {
                self.placed(intent, moment)?;
                self.may_have_units(intent, true, "held")?;
                self.placed.push((intent.order_id, false));
                let policy = |row: &SaleRow| row.stock_policy != StockPolicy::OnPayment;
                ensure!(self.any_terms(policy), "policy", "an order got a hold where payment decides: {intent:?}");
                self.priced(intent.sku.as_deref(), intent.quantity, *amount_minor, currency)?;
                self.expires(true, at, *hold_expires_at_ms)?;
                self.shift(intent.sku.as_deref(), -i64::from(intent.quantity), i64::from(intent.quantity), 0)?;
                self.insert(intent, State::Order(OrderState::Held), true, *amount_minor, currency, *hold_expires_at_ms)
            }
            Change::OrderToClaim { intent, amount_minor, currency, pay_by_ms } => {
                self.placed(intent, moment)?;
                self.may_have_units(intent, true, "let to claim")?;
                let by_policy = self.any_terms(|row| row.stock_policy == StockPolicy::OnPayment);
                if !by_policy {
                    self.placed.push((intent.order_id, true));
                }
                self.priced(intent.sku.as_deref(), intent.quantity, *amount_minor, currency)?;
                self.expires(false, at, Some(*pay_by_ms))?;
                let state = State::Order(OrderState::AwaitingPayment);
                self.insert(intent, state, false, *amount_minor, currency, Some(*pay_by_ms))
            }
            Change::OrderWaits { intent } => {
                self.placed(intent, moment)?;
                self.may_have_units(intent, false, "waiting")?;
                let waits = self.line.len();
                let room = self.any_terms(|row| waits < row.waitlist_units as usize);
                ensure!(room, "waitlist", "{waits} wait already, and one more joins: {intent:?}");
                ensure!(!self.is_over_for_all(at), "6", "an order waits in a sale that is over: {intent:?}");
                self.placed.push((intent.order_id, false));
                self.line.push(intent.order_id);
                self.insert(intent, State::Waiting, true, 0, "", None)
            }
            Change::OrderRejected { intent, reason } => {
                self.placed(intent, moment)?;
                self.may_be_rejected(intent, *reason)?;
                self.insert(intent, State::Rejected(*reason), false, 0, "", None)
            }
            Change::WaitingHeld { order_id, amount_minor, currency, hold_expires_at_ms } => {
                let first = self.first_who_fits();
                ensure!(
                    first == Some(*order_id),
                    "11",
                    "units that came back went to {order_id}, and the first in line whom they suffice is {first:?}"
                );
                ensure!(!self.is_over_for_all(at), "6", "order {order_id} was served in a sale that is over");
                let fact = self.orders[order_id].clone();
                self.pass_over(Some(*order_id), fact.sku.as_deref());
                self.line.retain(|waits| waits != order_id);
                self.priced(fact.sku.as_deref(), fact.quantity as u32, *amount_minor, currency)?;
                self.expires(true, at, *hold_expires_at_ms)?;
                self.shift(fact.sku.as_deref(), -fact.quantity, fact.quantity, 0)?;
                let fact = self.order(*order_id)?;
                fact.state = State::Order(OrderState::Held);
                (fact.amount, fact.currency, fact.expires) = (*amount_minor, currency.clone(), *hold_expires_at_ms);
                Ok(())
            }
            Change::WaitingEnded { order_id, reason } => self.wait_ends(*order_id, *reason, moment),
            Change::StockResized { stock_units, skus } => {
                let asked = moment.asks.iter().any(|ask| {
                    let Ask::Change { sale, units, .. } = ask else { return false };
                    let total = units.as_ref().map_or(self.total.stock as u64, |units| units.total);
                    // A kind that comes new without units begins with none.
                    let own = |sku: &String| units.as_ref().and_then(|units| units.skus.get(sku)).copied().unwrap_or(0);
                    let named = units.as_ref().map_or(0, |units| units.skus.len());
                    let alike = skus.iter().all(|(sku, &units)| units == own(sku)) && named <= skus.len();
                    *sale == moment.sale && total == *stock_units && alike
                });
                ensure!(asked, "10", "units were set as nobody asked: {event:?}");
                let set = |counts: &mut Counts, units: u64| {
                    counts.free = units as i64 - counts.held - counts.sold;
                    counts.stock = units as i64;
                    counts.free >= 0
                };
                let mut sound = set(&mut self.total, *stock_units);
                for (sku, &units) in skus {
                    sound &= set(self.skus.entry(sku.clone()).or_default(), units);
                }
                ensure!(sound, "1", "fewer units were set than are taken: {event:?}");
                Ok(())
            }
            Change::SaleCalledOff => {
                let asked = |ask: &Ask| matches!(ask, Ask::CallOff { sale } if *sale == moment.sale);
                let by_draw = self.beacon_is_missing(at);
                ensure!(by_draw || moment.asks.iter().any(asked), "10", "a sale was called off, and nobody asked");
                ensure!(self.called_off_at_ms.is_none(), "10", "a sale was called off twice");
                self.called_off_at_ms = Some(at);
                Ok(())
            }
            Change::DrawEntered { .. }
            | Change::EntriesClosed { .. }
            | Change::Drawn { .. }
            | Change::EntryHeld { .. }
            | Change::EntryToClaim { .. }
            | Change::EntryWaits { .. }
            | Change::EntryEnded { .. } => self.take_of_draw(&event.change, at, moment),
            _ => self.take_of_order(event, moment),
        }
    }

    /// By all the terms that may hold.
    fn is_over_for_all(&self, now_ms: i64) -> bool {
        self.called_off_at_ms.is_some() || !self.any_terms(|row| now_ms < row.ends_at_ms)
    }

    pub(crate) fn order(&mut self, order_id: OrderId) -> Result<&mut Fact, crate::parts::Violation> {
        self.orders.get_mut(&order_id).ok_or_else(|| crate::parts::Violation {
            rule: "10",
            sentence: format!("a fact about order {order_id}, which is not there"),
        })
    }

    /// Somebody behind them got units of the same kind: one who waits too, or an order that has just come.
    pub(crate) fn pass_over(&mut self, who: Option<OrderId>, sku: Option<&str>) {
        for waits in self.line.iter().take_while(|waits| Some(**waits) != who) {
            if let Some(fact) = self.orders.get_mut(waits).filter(|fact| fact.sku.as_deref() == sku) {
                fact.was_passed = true;
            }
        }
    }

    pub(crate) fn insert(
        &mut self,
        intent: &Intent,
        state: State,
        reserved: bool,
        amount: i64,
        currency: &str,
        expires: Option<i64>,
    ) -> Checked {
        let fact = Fact {
            shopper: intent.shopper_id,
            sku: intent.sku.clone(),
            quantity: i64::from(intent.quantity),
            turn: (intent.queue_life, intent.queue_seq),
            state,
            reserved,
            amount,
            currency: currency.to_owned(),
            expires,
            released: None,
            reseated: false,
            refunds: 0,
            open_payment: None,
            paid_by: None,
            was_passed: false,
        };
        if matches!(state, State::Order(_)) {
            self.pass_over(None, intent.sku.as_deref());
        }
        if !matches!(state, State::Rejected(_)) {
            self.passes.insert(intent.pass_id, intent.order_id);
        }
        self.orders.insert(intent.order_id, fact);
        Ok(())
    }

    /// Some of an order's units go from one count to another.
    pub(crate) fn shift_order(&mut self, order_id: OrderId, free: i64, held: i64, sold: i64) -> Checked {
        let Fact { quantity, sku, .. } = self.order(order_id)?.clone();
        self.shift(sku.as_deref(), free * quantity, held * quantity, sold * quantity)
    }
}
