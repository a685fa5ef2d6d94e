//! Whether an order may leave the head of the line, or the wait, as a fact says.

use sale::{Intent, OrderId, Rejection, StockPolicy};

use crate::oracle::account::{Account, Moment, State};
use crate::parts::{Ask, Checked, ensure};

impl Account {
    /// An order leaves the head of the line: it was admitted as it is, and was not decided before.
    pub(crate) fn placed(&self, intent: &Intent, moment: &Moment<'_>) -> Checked {
        let token = moment.tokens.get(&(intent.queue_life, intent.queue_seq));
        let as_admitted = token.is_some_and(|token| {
            token.claims.order_id == intent.order_id
                && token.claims.shopper_id == intent.shopper_id
                && token.quantity == intent.quantity
                && token.sku == intent.sku
                && token.pass_id == intent.pass_id
        });
        ensure!(as_admitted, "10", "an order in the record was never admitted so: {intent:?}");
        ensure!(!self.orders.contains_key(&intent.order_id), "3", "an order was decided twice: {intent:?}");
        Ok(())
    }

    pub(crate) fn may_have_units(&self, intent: &Intent, takes: bool, what: &str) -> Checked {
        let Intent { shopper_id, quantity, .. } = intent;
        ensure!(self.called_off_at_ms.is_none(), "6", "an order is {what} in a sale that is off: {intent:?}");
        let early = self.is_draw() && !self.draw_is_over();
        ensure!(!early, "draw", "an order is {what} before the draw is over: {intent:?}");
        let used_by = self.passes.get(&intent.pass_id);
        ensure!(used_by.is_none(), "pass", "a pass served two orders, {used_by:?} and {intent:?}");
        let free = self.free(intent.sku.as_deref()).unwrap_or(-1);
        let fits = free >= i64::from(*quantity);
        ensure!(fits == takes, "2", "an order is {what} with {free} units free: {intent:?}");
        let units = self.units_of(*shopper_id) + i64::from(*quantity);
        let allowed = self.any_terms(|row| units <= i64::from(row.per_shopper_limit));
        ensure!(allowed, "3", "a shopper gets to {units} units, past the limit: {intent:?}");
        if takes {
            let waits = self.first_who_fits();
            ensure!(waits.is_none(), "11", "an order is {what} past {waits:?}, which waits: {intent:?}");
        }
        Ok(())
    }

    pub(crate) fn may_be_rejected(&mut self, intent: &Intent, reason: Rejection) -> Checked {
        let quantity = i64::from(intent.quantity);
        let free = self.free(intent.sku.as_deref());
        let is_right = match reason {
            Rejection::SaleCalledOff => self.called_off_at_ms.is_some(),
            Rejection::PassInvalid => self.passes.contains_key(&intent.pass_id),
            Rejection::SkuUnknown => free.is_none(),
            Rejection::LimitReached => {
                let units = self.units_of(intent.shopper_id) + quantity;
                self.any_terms(|row| units > i64::from(row.per_shopper_limit))
            }
            Rejection::NotEnoughUnits => {
                let unsold = self.unsold(intent.sku.as_deref()).unwrap_or(0);
                let enters = self.takes_entries() && unsold < quantity;
                enters
                    || free.is_some_and(|free| free < quantity) && unsold > 0 && (free != Some(0) || unsold < quantity)
            }
            Rejection::Marked => {
                self.placed.push((intent.order_id, true));
                true
            }
            Rejection::Cancelled | Rejection::EntriesClosed => false,
        };
        ensure!(
            is_right,
            "2",
            "an order was rejected as {reason:?} without that reason, {free:?} units free: {intent:?}"
        );
        Ok(())
    }

    pub(crate) fn wait_ends(&mut self, order_id: OrderId, reason: Option<Rejection>, moment: &Moment<'_>) -> Checked {
        let place = self.line.iter().position(|waits| *waits == order_id);
        ensure!(place.is_some(), "4", "the wait of order {order_id} ended, and it does not wait");
        self.line.retain(|waits| *waits != order_id);
        let fact = self.order(order_id)?.clone();
        let in_vain = || {
            let unsold = self.unsold(fact.sku.as_deref()).unwrap_or(0);
            self.is_over(moment.now_ms) || unsold < fact.quantity
        };
        let is_right = match reason {
            Some(Rejection::Cancelled) => {
                moment.asks.iter().any(|ask| matches!(ask, Ask::Cancel { order_id: asked, .. } if *asked == order_id))
            }
            Some(Rejection::SaleCalledOff) => self.called_off_at_ms.is_some(),
            Some(Rejection::NotEnoughUnits) => in_vain(),
            None => in_vain() && !fact.was_passed,
            Some(_) => false,
        };
        ensure!(is_right, "11", "the wait of order {order_id} ended with {reason:?} and not rightly: {fact:?}");
        self.order(order_id)?.state = reason.map_or(State::SoldOut, State::Rejected);
        Ok(())
    }

    pub(crate) fn priced(&self, sku: Option<&str>, quantity: u32, amount: i64, currency: &str) -> Checked {
        let is_right = self.any_terms(|row| {
            let price = match sku {
                None => Some(row.price_minor),
                Some(sku) => row.skus.iter().find(|own| own.sku == sku).map(|own| own.price_minor),
            };
            price.is_some_and(|price| price * i64::from(quantity) == amount) && row.currency == currency
        });
        ensure!(is_right, "7", "an order of {quantity} of {sku:?} costs {amount} {currency}: not the sale's price");
        Ok(())
    }

    pub(crate) fn expires(&self, reserved: bool, at_ms: i64, expires_at_ms: Option<i64>) -> Checked {
        let is_right = self.any_terms(|row| match expires_at_ms {
            None => reserved && row.stock_policy == StockPolicy::OnOrder,
            Some(expires_at_ms) => {
                (!reserved || row.stock_policy != StockPolicy::OnOrder)
                    && expires_at_ms == at_ms + i64::from(row.hold_seconds) * 1_000
            }
        });
        ensure!(is_right, "hold", "a hold of {at_ms} lasts until {expires_at_ms:?}: not as the sale says");
        Ok(())
    }
}
