//! Orders and their payment.

use super::texts;
use crate::{Locale, format_money};
use api::{OrderHistory, OrderState, Refund, RefundCause, ReleaseCause};

texts! {
    my_orders: "My orders", "我的订单";
    no_orders: "You have no orders yet.", "您还没有订单。";
    order_word: "Order", "订单";
    order_number: "Number", "订单号";
    order_placed: "Placed", "下单时间";
    pay: "Pay", "去付款";
    cancel_order: "Cancel the order", "取消订单";
    cancel_sure: "Give the units back? They go to the next in line.", "确定取消？名额将让给下一位。";
    give_up_sure: "Give this order up?", "确定取消该订单？";
    cancel_yes: "Yes, give them back", "确定取消";
    give_up_yes: "Yes, give it up", "确定取消";
    cancel_no: "Keep them", "不取消";
    keep_within: "Kept for you. Pay within", "为您保留，请在时限内付款";
    give_up_no: "Keep it", "不取消";
    claim_within: "Nothing is kept. Pay within", "不保留名额，请在时限内付款";
    pay_title: "Pay for your order", "订单付款";
    pay_sandbox_note: "This is a sandbox: no card, no money. The buttons make the provider say what you choose.", "这是沙箱环境：不涉及银行卡与真实扣款。按钮用于模拟支付结果。";
    pay_confirm: "Pay", "确认付款";
    pay_decline: "Decline", "拒绝付款";
    pay_sending: "Waiting for the provider’s word…", "等待支付结果……";
    pay_declined: "The payment was declined. Your order still stands; you can try again.", "付款被拒绝。订单仍然有效，可再次尝试。";
    pay_not_open: "No payment is open for this order.", "该订单没有待处理的付款。";
    back_to_order: "Back to the order", "返回订单";
    see_order: "See the order", "查看订单";
    paid_note: "Paid. It is yours.", "付款成功，已归您所有。";
    paid_late_note: "Paid late, and yours all the same: your units had gone back, but others were free.", "付款稍迟：原名额已退回，但仍有余量，已为您补上。";
    lapsed_note: "The time to pay ran out.", "付款超时，订单已释放。";
    cancelled_note: "You cancelled this order.", "您已取消该订单。";
    released_by_merchant_note: "The merchant released this order.", "商家已释放该订单。";
    refunded_note: "Refunded in full.", "已全额退款。";
    pay_decides_note: "Payment decides: the first to pay get the units. Nothing is kept for you before; money that comes too late goes back.", "先付款者得：付款前不保留名额，付款过晚将原路退回。";
    no_deadline_note: "Yours until you pay or cancel. Nothing is charged until you pay.", "在您付款或取消之前归您，付款前不会扣款。";
    held_note: "Held for you. Nothing is charged until you pay.", "已为您保留，付款前不会扣款。";
    payment_open_note: "Held for you. The payment is open and waits for you.", "已为您保留，付款已开启，等待完成。";
}

impl Locale {
    /// The state in a word or two. An unpaid order that keeps nothing is not held.
    #[must_use]
    pub const fn order_standing(self, state: OrderState, reserved: bool) -> &'static str {
        match state {
            OrderState::Held | OrderState::AwaitingPayment if !reserved => self.pick("Payment decides", "先付款者得"),
            OrderState::Held => self.pick("Held", "已保留"),
            OrderState::AwaitingPayment => self.pick("Awaiting payment", "待付款"),
            OrderState::Paid => self.pick("Paid", "已付款"),
            OrderState::Released => self.pick("Released", "已释放"),
            OrderState::Refunded => self.pick("Refunded", "已退款"),
        }
    }

    /// Why an order is with nobody any more.
    #[must_use]
    pub const fn release_note(self, cause: Option<ReleaseCause>) -> &'static str {
        match cause {
            Some(ReleaseCause::Lapsed) | None => self.lapsed_note(),
            Some(ReleaseCause::Cancelled) => self.cancelled_note(),
            Some(ReleaseCause::ByMerchant) => self.released_by_merchant_note(),
            Some(ReleaseCause::SaleCalledOff) => self.sale_called_off(),
        }
    }

    /// What the state means for the shopper, and how the order came to it: a line each for the order and for every
    /// refund.
    #[must_use]
    pub fn order_story(self, state: OrderState, history: &OrderHistory) -> String {
        let note = match state {
            OrderState::Held | OrderState::AwaitingPayment if !history.reserved => self.pay_decides_note(),
            OrderState::Held | OrderState::AwaitingPayment if history.hold_expires_at_ms.is_none() => {
                self.no_deadline_note()
            }
            OrderState::Held => self.held_note(),
            OrderState::AwaitingPayment => self.payment_open_note(),
            OrderState::Paid if history.reseated => self.paid_late_note(),
            OrderState::Paid => self.paid_note(),
            OrderState::Released => self.release_note(history.release_cause),
            // Each refund says why, below.
            OrderState::Refunded if !history.refunds.is_empty() => "",
            OrderState::Refunded => self.refunded_note(),
        };
        let mut story = note.to_owned();
        for refund in &history.refunds {
            if !story.is_empty() {
                story.push('\n');
            }
            story += &self.refund(refund);
        }
        story
    }

    /// "¥199.00 goes back: you paid twice. It is on its way."
    #[must_use]
    pub fn refund(self, refund: &Refund) -> String {
        let cause = match refund.cause {
            RefundCause::NoUnitFree => self.pick("no unit was free when it came", "付款到达时已无余量"),
            RefundCause::Cancelled => self.pick("the order had been given up", "订单此前已取消"),
            RefundCause::PaidTwice => self.pick("the order was paid twice", "重复付款"),
            RefundCause::WrongAmount => self.pick("it was not the order’s amount", "付款金额不符"),
            RefundCause::LimitReached => self.pick("your limit was used up by other orders", "已达限购数量"),
            RefundCause::SaleCalledOff => self.pick("the sale was called off", "抢购已取消"),
        };
        let amount = format_money(refund.amount_minor, &refund.currency);
        let progress = if refund.sent {
            self.pick(". It has been sent.", "，退款已发出。")
        } else {
            self.pick(". It is on its way.", "，退款处理中。")
        };
        [amount.as_str(), self.pick(" goes back: ", " 退回："), cause, progress].concat()
    }
}

#[cfg(test)]
mod tests {
    use api::{OrderHistory, OrderState, Refund, RefundCause, ReleaseCause};

    use crate::Locale;

    fn history() -> OrderHistory {
        OrderHistory {
            reserved: true,
            hold_expires_at_ms: Some(1),
            release_cause: None,
            reseated: false,
            refunds: Vec::new(),
        }
    }

    #[test]
    fn a_promise_is_told_as_it_is_kept() {
        let told = |history: OrderHistory| Locale::En.order_story(OrderState::Held, &history);
        assert_eq!(told(history()), "Held for you. Nothing is charged until you pay.");
        let no_deadline = OrderHistory { hold_expires_at_ms: None, ..history() };
        assert!(told(no_deadline).starts_with("Yours until you pay or cancel."));
        assert!(told(OrderHistory { reserved: false, ..history() }).starts_with("Payment decides"));
    }

    #[test]
    fn an_order_that_is_gone_says_who_ended_it() {
        for (cause, text) in [
            (ReleaseCause::Lapsed, "The time to pay ran out."),
            (ReleaseCause::Cancelled, "You cancelled this order."),
            (ReleaseCause::ByMerchant, "The merchant released this order."),
            (ReleaseCause::SaleCalledOff, "The merchant has called this sale off."),
        ] {
            let gone = OrderHistory { release_cause: Some(cause), ..history() };
            assert_eq!(Locale::En.order_story(OrderState::Released, &gone), text);
        }
    }

    #[test]
    fn every_refund_says_how_much_why_and_whether_it_is_sent() {
        let refund = |cause, sent| Refund { cause, amount_minor: 19_900, currency: "CNY".to_owned(), sent };
        let late = OrderHistory { refunds: vec![refund(RefundCause::NoUnitFree, false)], ..history() };
        assert_eq!(
            Locale::En.order_story(OrderState::Refunded, &late),
            "¥199.00 goes back: no unit was free when it came. It is on its way."
        );
        let twice = OrderHistory { reseated: true, refunds: vec![refund(RefundCause::PaidTwice, true)], ..history() };
        assert_eq!(
            Locale::Zh.order_story(OrderState::Paid, &twice),
            "付款稍迟：原名额已退回，但仍有余量，已为您补上。\n¥199.00 退回：重复付款，退款已发出。"
        );
    }
}
