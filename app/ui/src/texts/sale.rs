//! What the sale's island says, from the countdown to the end of the line.

use super::{ordinal, texts};
use crate::Locale;

texts! {
    /// The button's accessible name, fixed by the contract with clients.
    buy_now: "Buy now", "立即抢购";
    quantity: "Quantity", "数量";
    starts_in: "Starts in", "距开抢";
    ends_in: "Open now. Ends in", "正在抢购，距结束";
    /// Above the board where one word stands on it instead of a time.
    this_sale_is: "This sale is", "本场抢购";
    pay_within: "Yours. Pay within", "已为您保留，请付款";
    /// Above the board where payment decides.
    claim_now_within: "Not kept. Pay within", "尚未归您，请尽快付款";
    /// Above the board where one word stands on it, for as long as it takes.
    your_order_is: "Your order is", "您的订单";
    state_kept: "Kept", "已保留";
    waiting_ends_in: "Waiting. Sale ends in", "候补中，距结束";
    state_all_held: "All held", "可候补";
    clock_being_set: "setting the clock by the shop’s", "正在与本店对时";
    state_upcoming: "Soon", "即将开抢";
    state_open: "Open", "抢购中";
    state_sold_out: "Sold out", "已抢光";
    state_ended: "Ended", "已结束";
    state_paused: "Paused", "已暂停";
    sold_out_may_return: "All units are held or sold. One that is not paid for comes back; this page will tell.", "已全部抢光。若有人未付款，名额将自动放出，本页会提示。";
    may_wait: "All units are held right now. Join the waiting line with Buy now: what comes back goes to it.", "目前全部名额已被占用。点击“立即抢购”可加入候补，名额退回后按顺序分配。";
    leave_waiting: "Leave the waiting line", "退出候补";
    leaving_waiting: "Leaving the waiting line…", "正在退出候补……";
    first_to_pay: " The first to pay get them.", "先付款者得。";
    not_everybody: " Not everybody may buy: see below.", "仅限部分账号，详见下文。";
    choose_kind: "Which one", "选择款式";
    choose_kind_first: "Choose which one first.", "请先选择款式。";
    kind_gone: "That one is sold out. Choose another.", "该款已抢光，请另选一款。";
    comma: ", ", "，";
    kind_sold_out: "sold out", "已抢光";
    kind_all_held: "all held", "可候补";
    sale_called_off: "The merchant has called this sale off.", "商家已取消本场抢购。";
    sale_ended: "This sale is over.", "本场抢购已结束。";
    sale_paused: "The merchant has paused this sale. It opens again here.", "商家已暂停本场抢购，恢复后本页自动开放。";
    sign_in_to_join: "Sign in to join the line.", "登录后即可进入队列。";
    sign_in_ahead: "Sign in before the start, and the line is one step away.", "提前登录，开抢时快人一步。";
    fetching_question: "Fetching your question…", "正在获取题目……";
    joining_line: "Joining the line…", "正在进入队列……";
    finding_place: "Finding your place again…", "正在找回您的位置……";
    sending_again: "The shop restarted and lost the line. Sending your order again…", "服务器重启，队列丢失，正在为您重新提交……";
    quiz_title: "One question", "一道小题";
    quiz_picture: "The question, as a picture", "题目图片";
    quiz_answer: "Your answer", "您的答案";
    quiz_send: "Send", "提交";
    quiz_close: "Close", "关闭";
    quiz_cannot_see: "Can’t see the picture?", "看不清图片？";
    quiz_see_picture: "Show a picture instead", "改用图片题目";
    quiz_another: "New question", "换一题";
    quiz_time_up: "Time is up for this question.", "本题已超时。";
    quiz_fill_in: "Write your answer first.", "请先填写答案。";
    quiz_working: "Your device works out a proof; a few seconds…", "设备正在计算验证，请稍候几秒……";
    quiz_time_bar: "Time left for the answer", "剩余答题时间";
    line_bar: "How far the line has moved", "队列进度";
    others_title: "Also on the board", "更多抢购";
    page_is_live: "No need to refresh: this page is live. ", "无需刷新，本页实时更新。";
    page_rests: "You refreshed so often that this page waits a few seconds before it asks the shop. It is live: no need to refresh. ", "刷新过于频繁，本页将稍候数秒再连接本店。本页实时更新，无需刷新。";
    see_what_is_next: "See what is on next", "看看下一场";
    shop_clock: "Shop’s clock", "本店时钟";
}

impl Locale {
    /// How wrong the clock may be, rounded up.
    #[must_use]
    pub fn right_to(self, bound_ms: i64) -> String {
        [self.pick("right to ± ", "误差不超过 ± "), &bound_ms.to_string(), " ms"].concat()
    }

    /// The same in whole sentences, for who asks. `bound_ms` is negative while the clock is not known; `offset_ms` is how far the shop's
    /// clock is ahead of the device's.
    #[must_use]
    pub fn clock_in_words(self, bound_ms: i64, offset_ms: i64) -> String {
        let measured = self.pick(
            "This is the shop’s clock, measured over your connection; your device’s own is not used.",
            "此为本店服务器时钟，经您的网络实测校准，不依赖您设备的时间。",
        );
        if bound_ms < 0 {
            return measured.to_owned();
        }
        let bound = bound_ms.to_string();
        let off_s = ((offset_ms.unsigned_abs() + 500) / 1_000).to_string();
        let device = match (self, offset_ms) {
            (_, -999..=999) => String::new(),
            (Self::En, 1..) => [" Yours is ", &off_s, " s slow."].concat(),
            (Self::En, _) => [" Yours is ", &off_s, " s fast."].concat(),
            (Self::Zh, 1..) => ["您的设备慢 ", &off_s, " 秒。"].concat(),
            (Self::Zh, _) => ["您的设备快 ", &off_s, " 秒。"].concat(),
        };
        let wrong_by =
            [self.pick(" It is wrong by at most ", "误差最多 "), &bound, self.pick(" ms.", " 毫秒。")].concat();
        [measured, &wrong_by, &device].concat()
    }

    /// Above the board, where a day or more is left.
    #[must_use]
    pub fn days_and(self, days: i64) -> String {
        let days_text = days.to_string();
        match (self, days) {
            (Self::En, 1) => "Starts in 1 day and".to_owned(),
            (Self::En, _) => ["Starts in ", &days_text, " days and"].concat(),
            (Self::Zh, _) => ["距开抢 ", &days_text, " 天零"].concat(),
        }
    }

    /// The same while the sale is open.
    #[must_use]
    pub fn open_days_and(self, days: i64) -> String {
        let days_text = days.to_string();
        match (self, days) {
            (Self::En, 1) => "Open now. Ends in 1 day and".to_owned(),
            (Self::En, _) => ["Open now. Ends in ", &days_text, " days and"].concat(),
            (Self::Zh, _) => ["正在抢购，距结束 ", &days_text, " 天零"].concat(),
        }
    }

    /// "20 units, at most 2 per shopper."
    #[must_use]
    pub fn supply(self, stock_units: i64, per_shopper_limit: i64) -> String {
        let units = self.units(stock_units.unsigned_abs());
        let limit = per_shopper_limit.to_string();
        match self {
            Self::En => [&units, ", at most ", &limit, " per shopper."].concat(),
            Self::Zh => ["共 ", &units, "，每人限购 ", &limit, " 件。"].concat(),
        }
    }

    /// "More are here than can be let in at once: about 1 in 20 is drawn each second."
    #[must_use]
    pub fn waits_to_be_drawn(self, one_in: u64) -> String {
        let number = one_in.to_string();
        match self {
            Self::En => [
                "More people are here than can begin at once. About 1 in ",
                &number,
                " is drawn every second; this page draws for you.",
            ]
            .concat(),
            Self::Zh => {
                ["人数过多，无法同时进入。系统每秒随机抽取约 1/", &number, " 的人，本页会自动为您参与。"].concat()
            }
        }
    }

    /// "You are 14th in line; 20 units are left."
    #[must_use]
    pub fn in_line(self, position: u64, units_left: Option<u64>, unlikely: bool) -> String {
        let mut text = match self {
            Self::En => ["You are ", &ordinal(position), " in line"].concat(),
            Self::Zh => ["您排在第 ", &position.to_string(), " 位"].concat(),
        };
        if let Some(units) = units_left {
            let count = units.to_string();
            text += &match (self, units) {
                (Self::En, 1) => "; 1 unit is left".to_owned(),
                (Self::En, _) => ["; ", &count, " units are left"].concat(),
                (Self::Zh, _) => ["，还剩 ", &count, " 件"].concat(),
            };
        }
        text += self.pick(".", "。");
        if unlikely {
            text += self.pick(" They will probably be gone before your turn.", "轮到您时很可能已售完。");
        }
        text
    }

    /// "You are 3rd in the waiting line."
    #[must_use]
    pub fn in_waiting_line(self, position: Option<u64>) -> String {
        let place = match (self, position) {
            (Self::En, None) => "You are in the waiting line.".to_owned(),
            (Self::En, Some(position)) => ["You are ", &ordinal(position), " in the waiting line."].concat(),
            (Self::Zh, None) => "您已加入候补。".to_owned(),
            (Self::Zh, Some(position)) => ["您在候补队列第 ", &position.to_string(), " 位。"].concat(),
        };
        let rule = self.pick(
            " Units that come back go to who waits, in order, until all is sold or the sale ends.",
            "退回的名额按顺序分配，直至售完或抢购结束。",
        );
        [place.as_str(), rule].concat()
    }

    /// The end of the line without a unit; `waited`: of the waiting line.
    #[must_use]
    pub fn sold_out_after(self, last_position: Option<u64>, waited: bool) -> String {
        let waiting = if waited { self.pick("the waiting ", "候补") } else { "" };
        match (self, last_position) {
            (Self::En, Some(position)) => {
                ["Sold out. You were ", &ordinal(position), " in ", waiting, "line. Nothing was charged."].concat()
            }
            (Self::En, None) => "Sold out. Nothing was charged.".to_owned(),
            (Self::Zh, Some(position)) => {
                ["已抢光。您当时排在", waiting, "第 ", &position.to_string(), " 位，未产生任何扣款。"].concat()
            }
            (Self::Zh, None) => "已抢光，未产生任何扣款。".to_owned(),
        }
    }

    /// What is held and how: "Held for you until 20:15:03: 2 units, ¥398.00." `until` is empty where that lasts
    /// until the order is paid or given up.
    #[must_use]
    pub fn held_until(self, reserved: bool, until: &str, quantity: u64, amount: &str) -> String {
        let what = [&self.units(quantity), self.pick(", ", "，"), amount, self.pick(".", "。")].concat();
        match (self, reserved) {
            (Self::En, true) if until.is_empty() => ["Yours until you pay or cancel: ", &what].concat(),
            (Self::En, true) => ["Held for you until ", until, ": ", &what].concat(),
            (Self::En, false) => ["Payment decides: the first to pay get them. Pay by ", until, ": ", &what].concat(),
            (Self::Zh, true) if until.is_empty() => ["在您付款或取消之前归您：", &what].concat(),
            (Self::Zh, true) => ["为您保留至 ", until, "：", &what].concat(),
            (Self::Zh, false) => ["先付款者得，请在 ", until, " 前付款：", &what].concat(),
        }
    }

    /// "You can answer in 3 s; 27 s are left."
    #[must_use]
    pub fn quiz_time(self, until_earliest_s: i64, left_s: i64) -> String {
        let left = left_s.to_string();
        if until_earliest_s > 0 {
            let wait = until_earliest_s.to_string();
            return match self {
                Self::En => ["Take a breath: you can send in ", &wait, " s. ", &left, " s are left."].concat(),
                Self::Zh => ["请稍候 ", &wait, " 秒再提交，剩余 ", &left, " 秒。"].concat(),
            };
        }
        match self {
            Self::En => [&left, " s are left."].concat(),
            Self::Zh => ["剩余 ", &left, " 秒。"].concat(),
        }
    }

    /// Why the queue refused an order (`reason` of a `rejected` token).
    #[must_use]
    pub fn rejected(self, reason: &str) -> &'static str {
        match reason {
            "limit_reached" => self.pick("You already have as many as one shopper may buy.", "您已达到限购数量。"),
            "pass_invalid" => self
                .pick("Your pass had run out. Press Buy now for a new question.", "凭证已过期，请重新点击“立即抢购”。"),
            "not_enough_units" => self.pick(
                "Fewer units were left than you asked for. Try with fewer.",
                "余量少于您要的数量，请减少后再试。",
            ),
            "sku_unknown" => {
                self.pick("That kind is not in this sale any more. Choose another.", "该款式已下架，请另选一款。")
            }
            "marked" => self.pick(
                "Too many of your holds ran out unpaid. This merchant takes no orders from you for a while.",
                "您有多次超时未付款，商家暂不接受您的订单。",
            ),
            "cancelled" => {
                self.pick("You left the waiting line. Nothing was charged.", "您已退出候补，未产生任何扣款。")
            }
            "sale_called_off" => self.sale_called_off(),
            "sale_ended" => self.sale_ended(),
            _ => self.pick(
                "The line was lost and your order with it. Nothing was charged; press Buy now again.",
                "队列已丢失，未产生扣款，请重新抢购。",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Locale;

    #[test]
    fn a_day_or_more_is_told_above_the_board() {
        assert_eq!(Locale::En.days_and(1), "Starts in 1 day and");
        assert_eq!(Locale::En.open_days_and(2), "Open now. Ends in 2 days and");
        assert_eq!(Locale::Zh.open_days_and(2), "正在抢购，距结束 2 天零");
    }

    #[test]
    fn who_waits_to_be_drawn_hears_the_odds() {
        assert!(Locale::En.waits_to_be_drawn(20).contains("About 1 in 20 is drawn every second"));
        assert!(Locale::Zh.waits_to_be_drawn(5).contains("约 1/5 的人"));
    }

    #[test]
    fn the_line_is_told_honestly() {
        assert_eq!(Locale::En.in_line(14, Some(20), false), "You are 14th in line; 20 units are left.");
        assert_eq!(Locale::En.in_line(1, Some(1), false), "You are 1st in line; 1 unit is left.");
        assert_eq!(Locale::Zh.in_line(14, None, true), "您排在第 14 位。轮到您时很可能已售完。");
        assert_eq!(
            Locale::En.in_waiting_line(Some(3)),
            "You are 3rd in the waiting line. Units that come back go to who waits, in order, until all is sold or the sale ends."
        );
        let sold_out = |waited| Locale::En.sold_out_after(Some(212), waited);
        assert_eq!(sold_out(false), "Sold out. You were 212th in line. Nothing was charged.");
        assert_eq!(sold_out(true), "Sold out. You were 212th in the waiting line. Nothing was charged.");
        assert_eq!(Locale::Zh.sold_out_after(Some(3), true), "已抢光。您当时排在候补第 3 位，未产生任何扣款。");
    }

    #[test]
    fn a_hold_says_how_long_it_lasts_and_whether_it_is_one() {
        let held = |reserved, until| Locale::En.held_until(reserved, until, 2, "¥398.00");
        assert_eq!(held(true, "20:15:03"), "Held for you until 20:15:03: 2 units, ¥398.00.");
        assert_eq!(held(true, ""), "Yours until you pay or cancel: 2 units, ¥398.00.");
        assert_eq!(
            held(false, "20:15:03"),
            "Payment decides: the first to pay get them. Pay by 20:15:03: 2 units, ¥398.00."
        );
    }
}
