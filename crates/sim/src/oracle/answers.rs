//! Whether the committer's answers are true.

use committer::Failure;
use sale::{CancelRefused, OrderState, PaymentRefused, StockRefused, Units};

use crate::coverage::Coverage;
use crate::oracle::Oracle;
use crate::oracle::account::{Account, Counts, Money, State};
use crate::parts::{Answer, Ask, Checked, Message, ensure};

impl Oracle {
    /// An answer that arrived, held against the record. `settled` says which of the batch's asks took a message.
    pub(crate) fn answered(
        &self,
        (asks, number): (&[Ask], usize),
        settled: &[bool],
        answer: &Answer,
        messages: &[Message],
        now_ms: i64,
        cover: &mut Coverage,
    ) -> Checked {
        match (&asks[number], answer) {
            (
                _,
                Answer::Done(Err(Failure::Busy))
                | Answer::Payment(Err(Failure::Busy))
                | Answer::Settled(Err(Failure::Busy)),
            ) => {
                cover.hit("answer: busy");
                Ok(())
            }
            (
                _,
                Answer::Done(Err(Failure::Broken))
                | Answer::Payment(Err(Failure::Broken))
                | Answer::Settled(Err(Failure::Broken)),
            ) => {
                cover.hit("answer: a rule was broken");
                Ok(())
            }
            // It was an entry when it was asked for, and may have got units later in the same batch.
            (Ask::Cancel { sale, .. }, Answer::Done(Err(Failure::Cancel(CancelRefused::EntriesClosed)))) => {
                let account = &self.sales[*sale].account;
                let closed = account.is_draw() && (!account.takes_entries() || account.is_between(now_ms));
                ensure!(closed, "draw", "an entry could not be withdrawn, and entries are open");
                Ok(())
            }
            (Ask::Cancel { sale, order_id, .. }, Answer::Done(result)) => {
                let fact = self.sales[*sale].account.orders.get(order_id);
                let goes_on =
                    fact.is_some_and(|fact| fact.is_open() || matches!(fact.state, State::Waiting | State::Entered));
                ensure!(!goes_on, "5", "cancelling was answered {result:?}, and the order goes on: {fact:?}");
                Ok(())
            }
            (Ask::OpenPayment { sale, order_id, .. }, Answer::Payment(Ok(payment_id))) => {
                let payment = self.sales[*sale].account.payments.get(payment_id);
                let own = payment.is_some_and(|payment| payment.order_id == *order_id);
                ensure!(own, "5", "a payment was opened, and the record has {payment:?}");
                Ok(())
            }
            (Ask::OpenPayment { sale, order_id, .. }, Answer::Payment(Err(Failure::Payment(refused)))) => {
                self.may_not_be_paid(*sale, *order_id, *refused, now_ms)
            }
            (Ask::Settle { message }, Answer::Settled(result)) => {
                let message = &messages[*message];
                let earlier = asks[..number].iter().zip(settled).filter(|(_, settled)| **settled).map(|(ask, _)| ask);
                let of_another = self.is_of_another(message, earlier, messages);
                self.settled(message, of_another, result, cover)
            }
            (Ask::Change { sale, .. }, Answer::Done(Err(Failure::Stock(_)))) if changes_of(asks, *sale) > 1 => Ok(()),
            (Ask::Change { sale, row, units }, Answer::Done(result)) => {
                self.changed(*sale, row.revision, units.as_ref(), result, cover)
            }
            (Ask::CallOff { sale }, Answer::Done(Ok(()))) => {
                let off = self.sales[*sale].account.called_off_at_ms;
                ensure!(off.is_some(), "5", "a sale was called off by the answer, and not by the record");
                Ok(())
            }
            (Ask::HoldDraw { sale, .. }, Answer::Done(Ok(()))) => {
                let account = &self.sales[*sale].account;
                let held = account.is_deciding() || account.draw_is_over() || account.called_off_at_ms.is_some();
                ensure!(held, "draw", "a draw was held by the answer, and not by the record");
                Ok(())
            }
            (Ask::HoldDraw { .. }, Answer::Done(Err(Failure::Draw(_)))) => {
                cover.hit("answer: the draw cannot be held so");
                Ok(())
            }
            (Ask::Lift { .. } | Ask::Write { .. }, _) => Ok(()),
            (ask, answer) => {
                ensure!(false, "answer", "{ask:?} was answered {answer:?}");
                Ok(())
            }
        }
    }

    fn may_not_be_paid(&self, sale: usize, order_id: sale::OrderId, refused: PaymentRefused, now_ms: i64) -> Checked {
        let account = &self.sales[sale].account;
        let fact = account.orders.get(&order_id);
        let can = fact.is_some_and(|fact| {
            let in_time = fact.expires.is_none_or(|expires| expires > now_ms);
            fact.is_open() && in_time && account.called_off_at_ms.is_none() && fact.reserved
        });
        ensure!(!can, "answer", "a payment was refused as {refused:?}, and the order can be paid: {fact:?}");
        Ok(())
    }

    /// Whether the message's event id had been taken for another payment: before, or by an earlier ask of its batch.
    fn is_of_another<'a>(
        &self,
        message: &Message,
        mut earlier: impl Iterator<Item = &'a Ask>,
        messages: &[Message],
    ) -> bool {
        let settlement = &message.settlement;
        let Some(&(payment_id, round)) = self.taken.get(&settlement.provider_event_id) else { return false };
        let takes = |ask: &Ask| {
            let Ask::Settle { message } = ask else { return false };
            let other = &messages[*message].settlement;
            other.provider_event_id == settlement.provider_event_id && other.payment_id == payment_id
        };
        payment_id != settlement.payment_id && (round < self.round || earlier.any(takes))
    }

    fn settled(
        &self,
        message: &Message,
        of_another: bool,
        result: &Result<(sale::OrderId, OrderState), Failure>,
        cover: &mut Coverage,
    ) -> Checked {
        let settlement = &message.settlement;
        let payment = self.sales[message.sale].account.payments.get(&settlement.payment_id);
        match result {
            Ok((order_id, _)) => {
                ensure!(!of_another, "7", "a message with another payment's event id was accepted: {settlement:?}");
                let own = payment.is_some_and(|payment| payment.order_id == *order_id);
                ensure!(own, "7", "a message about {payment:?} was answered with order {order_id}");
                let kept = payment.is_some_and(|payment| matches!(payment.money, Money::Paid | Money::Refunded));
                ensure!(kept || !settlement.paid, "7", "a charge was acknowledged, and counts nowhere: {settlement:?}");
            }
            Err(Failure::Payment(PaymentRefused::EventOfAnother)) => {
                cover.hit("answer: event id of another payment");
                ensure!(of_another, "7", "a message was refused as another payment's: {settlement:?}");
            }
            Err(Failure::Payment(PaymentRefused::UnknownOrder) | Failure::NotFound) => {
                cover.hit("answer: unknown payment");
                ensure!(payment.is_none(), "7", "a message about a payment that is there was refused: {settlement:?}");
            }
            Err(failure) => ensure!(false, "7", "a message was refused as {failure:?}: {settlement:?}"),
        }
        Ok(())
    }

    fn changed(
        &self,
        sale: usize,
        revision: i64,
        units: Option<&Units>,
        result: &Result<(), Failure>,
        cover: &mut Coverage,
    ) -> Checked {
        let account = &self.sales[sale].account;
        match result {
            Ok(()) => {
                let has = account.row.revision;
                ensure!(has >= revision, "5", "revision {revision} was acknowledged, and the record has {has}");
                Ok(())
            }
            // The draw that was under way may have ended later in the same batch.
            Err(Failure::Stock(StockRefused::DrawUnderWay)) => {
                let closed = account.is_draw() && !account.takes_entries();
                ensure!(closed, "draw", "units were kept for a draw, and entries are open");
                cover.hit("answer: units stay until the draw");
                Ok(())
            }
            Err(Failure::Stock(_)) => {
                cover.hit("answer: units cannot be set so");
                let could = units.is_some_and(|units| could_be_set(account, units));
                ensure!(!could, "answer", "units were refused that can be set: {units:?} for {:?}", account.total);
                Ok(())
            }
            Err(failure) => {
                ensure!(false, "answer", "a change was refused as {failure:?}");
                Ok(())
            }
        }
    }
}

/// Changes of one sale in a batch: of more than one it is not known apart what each met.
fn changes_of(asks: &[Ask], sale: usize) -> usize {
    asks.iter().filter(|ask| matches!(ask, Ask::Change { sale: of, .. } if *of == sale)).count()
}

/// Whether these units can be set with what is taken now. Within its batch more may have been taken, or less.
fn could_be_set(account: &Account, units: &Units) -> bool {
    let taken = |counts: &Counts| counts.held + counts.sold;
    // What the batch itself set or moved is not known apart: only what is plain counts.
    let enough = |counts: &Counts, units: u64| units as i64 >= taken(counts) && units as i64 >= counts.stock;
    let skus = units.skus.iter().all(|(sku, &units)| account.skus.get(sku).is_some_and(|own| enough(own, units)));
    let own = |sku: &String, counts: &Counts| units.skus.get(sku).map_or(counts.stock, |&units| units as i64);
    let sum: i64 = account.skus.iter().map(|(sku, counts)| own(sku, counts)).sum();
    let adds_up = if account.skus.is_empty() { units.skus.is_empty() } else { sum >= units.total as i64 };
    skus && enough(&account.total, units.total) && adds_up
}
