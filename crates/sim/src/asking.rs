//! What is asked of the committer: by shoppers, the provider, merchants.

use ledger::{SaleRow, SkuRow, Write};
use sale::{OrderId, PaymentId, ReleaseCause, Settlement, StockPolicy, Units};
use uuid::Uuid;

use crate::disk::ApplyFault;
use crate::oracle::account::{Fact, Money, State};
use crate::parts::{Ask, Message};
use crate::setup::{SKUS, any_strikes, shopper_id};
use crate::world::{World, note};

impl World {
    pub(crate) fn ask(&mut self, ask: Ask) {
        if self.committer.is_some() {
            note!(self, "asked: {ask:?}");
            self.cover.hit(ask.name());
            self.did = true;
            self.pending.push_back(ask);
        }
    }

    fn some_order(&mut self, wanted: impl Fn(&Fact) -> bool) -> Option<(usize, OrderId)> {
        let sale = self.dice.below(self.shops.len());
        let orders = self.oracle.sales[sale].account.orders.iter().filter(|(_, fact)| wanted(fact));
        let orders: Vec<_> = orders.map(|(order_id, _)| *order_id).collect();
        self.dice.pick(&orders).map(|order_id| (sale, *order_id))
    }

    pub(crate) fn ask_to_pay(&mut self) {
        let any = self.dice.percent(10);
        let unpaid = |fact: &Fact| fact.is_open() && fact.open_payment.is_none();
        let wanted = |fact: &Fact| unpaid(fact) || any && matches!(fact.state, State::Order(_));
        let Some((sale, order_id)) = self.some_order(wanted) else { return };
        let fresh_payment_id = PaymentId(self.dice.fresh_id());
        self.ask(Ask::OpenPayment { sale, order_id, fresh_payment_id });
        if self.dice.percent(10) {
            let fresh_payment_id = PaymentId(self.dice.fresh_id());
            self.ask(Ask::OpenPayment { sale, order_id, fresh_payment_id });
        }
    }

    pub(crate) fn ask_to_cancel(&mut self) {
        let any = self.dice.percent(10);
        let wanted = |fact: &Fact| any || fact.is_open() || matches!(fact.state, State::Waiting | State::Entered);
        let Some((sale, order_id)) = self.some_order(wanted) else { return };
        let cause = if self.dice.percent(30) { ReleaseCause::ByMerchant } else { ReleaseCause::Cancelled };
        self.ask(Ask::Cancel { sale, order_id, cause });
    }

    /// The provider makes up its mind about some payment, and has a message about it: right, or not.
    pub(crate) fn provider_decides(&mut self) {
        self.cover.hit("action: the provider decides");
        let sale = self.dice.below(self.shops.len());
        let account = &self.oracle.sales[sale].account;
        let payments: Vec<_> = account.payments.keys().copied().collect();
        let open = account.payments.iter().filter(|(_, payment)| payment.money == Money::Open);
        let open: Vec<_> = open.map(|(payment_id, _)| *payment_id).collect();
        let from = if self.dice.percent(80) { &open } else { &payments };
        let Some(&payment_id) = self.dice.pick(from) else { return };
        let fact = &account.orders[&account.payments[&payment_id].order_id];
        let (mut amount_minor, mut currency) = (fact.amount, fact.currency.clone());
        match self.dice.below(24) {
            0 => amount_minor += self.dice.between(1, 100),
            1 => amount_minor = self.dice.between(0, amount_minor.max(1) - 1),
            2 => currency = "EUR".to_owned(),
            _ => {}
        }
        let paid = self.dice.percent(78);
        let provider_event_id = format!("e{}", self.messages.len());
        let settlement = Settlement { payment_id, provider_event_id, paid, amount_minor, currency };
        self.push_message(sale, settlement);
        if self.dice.percent(6) {
            self.forge(sale);
        }
    }

    fn push_message(&mut self, sale: usize, settlement: Settlement) {
        note!(self, "the provider will say: {settlement:?}");
        self.did = true;
        self.messages.push(Message { sale, settlement, sent: 0, acknowledged: false });
    }

    /// A message that is not to be believed: with another payment's event id, or about a payment that is none.
    fn forge(&mut self, sale: usize) {
        let Some(genuine) = self.dice.pick(&self.messages).cloned() else { return };
        let payments: Vec<_> = self.oracle.sales[sale].account.payments.keys().copied().collect();
        let mut settlement = genuine.settlement.clone();
        settlement.payment_id = match self.dice.pick(&payments) {
            Some(payment_id) if self.dice.percent(80) => *payment_id,
            _ => PaymentId(Uuid::from_u128(1)),
        };
        if settlement.payment_id == genuine.settlement.payment_id {
            return;
        }
        self.cover.hit("fault: message with another payment's event id, or of no payment");
        let number = self.messages.iter().position(|message| message.settlement == genuine.settlement);
        self.push_message(sale, settlement);
        if let Some(message) = number.filter(|_| self.dice.percent(60)) {
            // Right after the genuine one, so that both may be in one batch.
            self.deliver(message);
            self.deliver(self.messages.len() - 1);
        }
    }

    /// One of the provider's messages is sent: in any order, late, again, or lost on the way.
    pub(crate) fn provider_sends(&mut self) {
        let unheard = self.messages.iter().enumerate().filter(|(_, message)| !message.acknowledged);
        let unheard: Vec<_> = unheard.map(|(number, _)| number).collect();
        let message = if self.dice.percent(85) {
            self.dice.pick(&unheard).copied()
        } else {
            (!self.messages.is_empty()).then(|| self.dice.below(self.messages.len()))
        };
        let Some(message) = message else { return };
        if self.dice.percent(10) {
            self.cover.hit("fault: the provider's message is lost");
            self.did = true;
            return;
        }
        self.deliver(message);
        if self.dice.percent(8) {
            self.cover.hit("fault: the provider's message comes twice");
            self.deliver(message);
        }
    }

    pub(crate) fn deliver(&mut self, message: usize) {
        if self.committer.is_some() {
            self.messages[message].sent += 1;
            self.ask(Ask::Settle { message });
        }
    }

    pub(crate) fn merchant_acts(&mut self) {
        let sale = self.dice.below(self.shops.len());
        match self.dice.below(20) {
            0 if self.dice.percent(60) => self.ask(Ask::CallOff { sale }),
            0..=2 => {
                let merchant_id = self.shops[sale].merchant_id;
                let shopper_id = shopper_id(self.dice.below(self.shoppers.min(6)));
                self.oracle.lifts_asked.insert((merchant_id, shopper_id));
                self.ask(Ask::Lift { merchant_id, shopper_id });
            }
            3 | 4 => self.write(),
            5..=8 if self.shops[sale].asked.draw.as_ref().is_some_and(|draw| draw.beacon.is_some()) => {
                let beacon = format!("{:x}", self.dice.below(3));
                self.ask(Ask::HoldDraw { sale, beacon });
            }
            _ => self.change_sale(sale),
        }
    }

    /// The provider took a refund; or a command that no record can take.
    fn write(&mut self) {
        let broken = self.breaks_rules && self.dice.percent(60);
        let refunded = |money: Money| money == Money::Refunded;
        let payments = self.oracle.sales.iter().flat_map(|known| &known.account.payments);
        let refunds: Vec<_> =
            payments.filter(|(_, payment)| refunded(payment.money)).map(|(payment_id, _)| *payment_id).collect();
        let write = match self.dice.pick(&refunds) {
            _ if broken => Write::AddSale(self.shops[0].asked.clone()),
            Some(&payment_id) => Write::RefundSent { payment_id, at_ms: self.now_ms() },
            None => return,
        };
        self.ask(Ask::Write { write: Box::new(write), breaks_a_rule: broken });
    }

    fn change_sale(&mut self, sale: usize) {
        let now_ms = self.now_ms();
        let mut row: SaleRow = self.shops[sale].asked.clone();
        let total = self.oracle.sales[sale].account.total.stock;
        let mut units = None;
        let choice = if row.published { self.dice.below(15) } else { 0 };
        match choice {
            0 => row.published = true,
            1..=4 => units = Some(self.any_units(sale, total, &row)),
            5 => {
                if !row.skus.is_empty() && row.skus.len() < SKUS.len() {
                    let sku = SKUS[row.skus.len()].to_owned();
                    let own = self.dice.between(0, 4) as u64;
                    let title = String::new();
                    row.skus.push(SkuRow { sku: sku.clone(), title, price_minor: 300, made_units: None });
                    units = Some(Units { total: total as u64, skus: [(sku, own)].into() });
                }
            }
            6 => {
                row.price_minor = self.dice.between(1, 9) * 100;
                for sku in &mut row.skus {
                    sku.price_minor = self.dice.between(1, 9) * 100;
                }
            }
            7 => row.per_shopper_limit = self.dice.between(1, 3) as u32,
            8 => row.hold_seconds = self.dice.between(1, 40) as u32,
            9 => row.waitlist_units = self.dice.between(0, 6) as u32,
            10 => row.strikes = any_strikes(&mut self.dice),
            11 => row.paused = !row.paused,
            // A draw ends after all that it waits for.
            12 if row.draw.is_some() => row.ends_at_ms += 1,
            12 => row.ends_at_ms = (now_ms + self.dice.between(0, 60_000)).max(row.starts_at_ms + 1),
            13 if row.draw.is_some() => {}
            13 => {
                row.stock_policy =
                    [StockPolicy::Hold, StockPolicy::OnOrder, StockPolicy::OnPayment][self.dice.below(3)];
            }
            _ => row.ends_at_ms += self.dice.between(1, 60_000),
        }
        row.revision += 1;
        row.updated_at_ms = now_ms;
        if self.committer.is_some() {
            self.shops[sale].asked = row.clone();
            self.oracle.sales[sale].rows.insert(row.revision, row.clone());
            self.ask(Ask::Change { sale, row: Box::new(row), units });
        }
    }

    fn any_units(&mut self, sale: usize, total: i64, row: &SaleRow) -> Units {
        let total = (total + self.dice.between(-4, 4)).max(0) as u64;
        let mut units = Units::plain(total);
        for sku in &row.skus {
            let own = self.oracle.sales[sale].account.skus.get(&sku.sku).map_or(0, |counts| counts.stock);
            if self.dice.percent(50) {
                units.skus.insert(sku.sku.clone(), (own + self.dice.between(-2, 4)).max(0) as u64);
            }
        }
        units
    }

    pub(crate) fn break_disk(&mut self) {
        self.did = true;
        let fault = match self.dice.below(12) {
            0 | 1 => ApplyFault::Before,
            2..=4 => ApplyFault::After,
            5 if self.breaks_rules && self.disk.poisoned().is_none() => ApplyFault::Constraint,
            6 => ApplyFault::CrashBefore,
            7 | 8 => ApplyFault::CrashAfter,
            9 => {
                let full = !self.disk.is_full();
                self.disk.set_full(full);
                self.cover.hit(if full {
                    "fault: the disk is full for a while"
                } else {
                    "action: the disk has room again"
                });
                note!(self, "the disk is full: {full}");
                return;
            }
            _ => {
                self.disk.fail_next_read();
                note!(self, "the next read fails");
                return;
            }
        };
        note!(self, "the next commit meets: {fault:?}");
        self.disk.fail_next_apply(fault);
    }
}
