//! What stands on the static pages.

use super::texts;
use crate::Locale;

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
    time_to_pay: "Time to pay", "付款时限";
    facts: "The sale in figures", "抢购信息";
    about_item: "About it", "商品介绍";
    how_it_goes: "How it goes", "抢购流程";
    step_wait: "The clock runs on the shop’s own time. When it reaches zero, Buy opens by itself.", "倒计时以本店服务器时间为准，归零后按钮自动开放。";
    step_quiz: "One short question, so that people come before machines.", "回答一道小题，让真人先于机器。";
    step_line: "You join the line. You always see your place and what is left.", "进入队列，位置与余量如实显示。";
    step_pay: "A unit is kept for you while you pay.", "抢到后为您保留，请在时限内付款。";
    no_sale_yet: "No sale yet", "暂无抢购";
    no_sale: "No sale is planned for this item.", "该商品暂无抢购安排。";
    back_to_all: "All sales", "全部抢购";
    needs_script: "This shop needs JavaScript for its clock and its line. The start below is in UTC.", "倒计时与排队需要启用 JavaScript。以下时间为协调世界时 (UTC)。";
    needs_script_short: "This page needs JavaScript.", "本页需要启用 JavaScript。";
    footer_fair: "Nobody is served before someone who came first. The stock is counted once.", "先到先得，库存只计一次。";
    not_found_title: "There is nothing here", "这里什么也没有";
    not_found_detail: "The address may be old, or what stood here belongs to someone else.", "链接可能已失效，或内容不属于您。";
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
}
