//! What stands on the static pages.

use super::texts;
use crate::Locale;
use api::StockPolicy;

texts! {
    shop_name: "Stampede", "Stampede";
    shop_tagline: "Few units, one instant, a fair line.", "数量有限，准时开抢，先到先得。";
    skip_to_content: "Skip to the content", "跳到正文";
    in_other_language: "中文", "English";
    departures: "Tonight’s sales", "今晚开抢";
    no_items: "Nothing is on sale yet. Come back soon.", "还没有商品开抢，请稍后再来。";
    list_price: "list price", "原价";
    starts_at: "Starts", "开抢时间";
    ends_at: "Ends", "结束时间";
    units_in_sale: "Units", "数量";
    per_shopper: "Per shopper", "每人限购";
    facts: "The sale in figures", "抢购信息";
    about_item: "About it", "商品介绍";
    how_it_goes: "How it goes", "抢购流程";
    step_wait: "The clock runs on the shop’s own time. When it reaches zero, Buy opens by itself.", "倒计时以本店服务器时间为准，归零后按钮自动开放。";
    step_quiz: "One short question, so that people come before machines.", "回答一道小题，让真人先于机器。";
    step_line: "You join the line. You always see your place and what is left.", "进入队列，位置与余量如实显示。";
    promise: "What is promised", "规则说明";
    only_some: "Not everybody may buy in this sale: the merchant asks for an account that is old enough, or for a place on a list. You hear whether you may before the question.", "本场仅限部分账号参与：商家要求账号注册足够早，或在名单内。答题前会告知您能否参与。";
    units_are_kept: "Units are kept", "名额保留";
    no_sale_yet: "No sale yet", "暂无抢购";
    no_sale: "No sale is planned for this item.", "该商品暂无抢购安排。";
    back_to_all: "All sales", "全部抢购";
    needs_script: "This shop needs JavaScript for its clock and its line. The start below is in UTC.", "倒计时与排队需要启用 JavaScript。以下时间为协调世界时 (UTC)。";
    needs_script_short: "This page needs JavaScript.", "本页需要启用 JavaScript。";
    page_stalled: "Part of this page did not arrive whole, so its buttons stay off. Nothing of yours is lost: reload the page, or try another network.", "页面没有完整加载，按钮暂不可用。您的订单与名额不受影响：请刷新页面，或换个网络再试。";
    footer_fair: "First come, first served, or a draw that anyone can check; each sale says which. The stock is counted once.", "先到先得，或由可复核的抽签决定，各场自有说明。库存只计一次。";
    not_found_title: "There is nothing here", "这里什么也没有";
    not_found_detail: "The address may be old, or what stood here belongs to someone else.", "链接可能已失效，或内容不属于您。";
    pause_title: "One moment", "请稍候";
    pause_lead: "So many people are here that this page makes way for those already in line. It opens again by itself.", "当前访问人数过多，本页暂时为排队中的顾客让路，稍后会自动恢复。";
    pause_promise: "There is nothing to press and nothing to reload. Your place in line, your holds and your orders stay as they are.", "无需刷新或点击任何按钮。您的排队位置、已保留的名额和订单均不受影响。";
    pause_orders: "Your orders", "我的订单";
    error_title: "That did not work", "出了点问题";
    error_detail: "The fault is ours. Try again in a moment.", "是我们的问题，请稍后再试。";
}

impl Locale {
    /// A number of units with its noun.
    #[must_use]
    pub fn units(self, count: u64) -> String {
        match (self, count) {
            (Self::En, 1) => "1 unit".to_owned(),
            (Self::En, _) => [count.to_string().as_str(), " units"].concat(),
            (Self::Zh, _) => [count.to_string().as_str(), " 件"].concat(),
        }
    }

    /// A length of time in whole units: `15 min`, `90 s`.
    #[must_use]
    pub fn duration(self, seconds: i64) -> String {
        let (number, en, zh) = match seconds {
            s if s >= 3_600 && s % 3_600 == 0 => (s / 3_600, " h", " 小时"),
            s if s >= 120 && s % 60 == 0 => (s / 60, " min", " 分钟"),
            s => (s, " s", " 秒"),
        };
        [number.to_string().as_str(), self.pick(en, zh)].concat()
    }

    /// The least of several prices.
    #[must_use]
    pub fn price_from(self, price: &str) -> String {
        [self.pick("from ", ""), price, self.pick("", " 起")].concat()
    }

    /// When a unit is the shopper's, in the words of a promise.
    #[must_use]
    pub fn policy_promise(self, policy: StockPolicy, hold_seconds: i64) -> String {
        let time = self.duration(hold_seconds);
        match (self, policy) {
            (Self::En, StockPolicy::Hold) => {
                ["What you order is kept for you for ", &time, ". Unpaid by then, it goes to the next in line."]
                    .concat()
            }
            (Self::En, StockPolicy::OnOrder) => {
                "What you order is yours from then on, until you pay or cancel.".to_owned()
            }
            (Self::En, StockPolicy::OnPayment) => [
                "Payment decides: the first to pay get them. An order keeps nothing for you; you have ",
                &time,
                " to pay, and money that comes too late goes back.",
            ]
            .concat(),
            (Self::Zh, StockPolicy::Hold) => ["下单后为您保留 ", &time, "，超时未付款则让给下一位。"].concat(),
            (Self::Zh, StockPolicy::OnOrder) => "下单即归您所有，直至您付款或取消。".to_owned(),
            (Self::Zh, StockPolicy::OnPayment) => {
                ["先付款者得：下单不保留名额，请在 ", &time, " 内付款，付款过晚将原路退回。"].concat()
            }
        }
    }

    /// The same in the list of figures.
    #[must_use]
    pub fn policy_figure(self, policy: StockPolicy, hold_seconds: i64) -> String {
        let time = self.duration(hold_seconds);
        match policy {
            StockPolicy::Hold => time,
            StockPolicy::OnOrder => self.pick("until you pay or cancel", "直至付款或取消").to_owned(),
            StockPolicy::OnPayment => self.pick("once paid", "付款后").to_owned(),
        }
    }

    /// The last step of "How it goes".
    #[must_use]
    pub const fn step_pay(self, policy: StockPolicy) -> &'static str {
        match policy {
            StockPolicy::Hold => self.pick("A unit is kept for you while you pay.", "抢到后为您保留，请在时限内付款。"),
            StockPolicy::OnOrder => {
                self.pick("A unit is yours. Pay when you are ready.", "抢到即归您所有，可从容付款。")
            }
            StockPolicy::OnPayment => {
                self.pick("Pay at once: units go to the first who have paid.", "请立即付款，名额归先付款者。")
            }
        }
    }

    /// What a waiting line means; `most` orders may stand in it.
    #[must_use]
    pub fn waiting_promise(self, most: i64) -> String {
        let most = most.to_string();
        match self {
            Self::En => [
                "When all units are held, up to ",
                &most,
                " orders may wait. Units that come back go to them, in order.",
            ]
            .concat(),
            Self::Zh => ["名额全部被占用时，最多 ", &most, " 个订单可候补，退回的名额按顺序分配。"].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use api::StockPolicy;

    use crate::Locale;

    #[test]
    fn each_policy_says_when_a_unit_is_the_shoppers() {
        let promise = |policy| Locale::En.policy_promise(policy, 900);
        assert!(promise(StockPolicy::Hold).starts_with("What you order is kept for you for 15 min."));
        assert!(promise(StockPolicy::OnOrder).ends_with("until you pay or cancel."));
        assert!(promise(StockPolicy::OnPayment).starts_with("Payment decides: the first to pay get them."));
    }
}
