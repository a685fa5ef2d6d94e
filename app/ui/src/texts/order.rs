//! Orders and their payment.

use super::texts;
use crate::Locale;
use api::OrderState;

texts! {
    my_orders: "My orders", "我的订单";
    no_orders: "You have no orders yet.", "您还没有订单。";
    order_word: "Order", "订单";
    order_number: "Number", "订单号";
    order_placed: "Placed", "下单时间";
    pay: "Pay", "去付款";
    cancel_order: "Cancel the order", "取消订单";
    cancel_sure: "Give the units back? They go to the next in line.", "确定取消？名额将让给下一位。";
    cancel_yes: "Yes, give them back", "确定取消";
    cancel_no: "Keep them", "不取消";
    keep_within: "Kept for you. Pay within", "为您保留，请在时限内付款";
    pay_title: "Pay for your order", "订单付款";
    pay_sandbox_note: "This is a sandbox: no card, no money. The buttons make the provider say what you choose.", "这是沙箱环境：不涉及银行卡与真实扣款。按钮用于模拟支付结果。";
    pay_confirm: "Pay", "确认付款";
    pay_decline: "Decline", "拒绝付款";
    pay_sending: "Waiting for the provider’s word…", "等待支付结果……";
    pay_declined: "The payment was declined. Your units are still held; you can try again.", "付款被拒绝。名额仍为您保留，可再次尝试。";
    pay_not_open: "No payment is open for this order.", "该订单没有待处理的付款。";
    back_to_order: "Back to the order", "返回订单";
    see_order: "See the order", "查看订单";
    paid_note: "Paid. It is yours.", "付款成功，已归您所有。";
    released_note: "Released: the time to pay ran out, or the order was cancelled. The units are free for others again.", "已释放：超时未付款或已取消，名额已重新放出。";
    refunded_note: "The payment came too late for the stock, and was refunded in full.", "付款到达时已无库存，已全额退款。";
}

impl Locale {
    #[must_use]
    pub const fn order_state(self, state: OrderState) -> &'static str {
        match state {
            OrderState::Held => self.pick("Held", "已保留"),
            OrderState::AwaitingPayment => self.pick("Awaiting payment", "待付款"),
            OrderState::Paid => self.pick("Paid", "已付款"),
            OrderState::Released => self.pick("Released", "已释放"),
            OrderState::Refunded => self.pick("Refunded", "已退款"),
        }
    }

    /// A sentence on what the state means for the shopper.
    #[must_use]
    pub const fn order_note(self, state: OrderState) -> &'static str {
        match state {
            OrderState::Held => {
                self.pick("Held for you. Nothing is charged until you pay.", "已为您保留，付款前不会扣款。")
            }
            OrderState::AwaitingPayment => {
                self.pick("Held for you. The payment is open and waits for you.", "已为您保留，付款已开启，等待完成。")
            }
            OrderState::Paid => self.paid_note(),
            OrderState::Released => self.released_note(),
            OrderState::Refunded => self.refunded_note(),
        }
    }
}
