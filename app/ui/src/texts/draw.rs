//! What is said of a sale by draw.

use super::{ordinal, texts};
use crate::Locale;

texts! {
    /// Above the board while orders are entries.
    entries_close_in: "Entries are open. They close in", "登记进行中，距截止";
    state_drawing: "The draw", "待抽签";
    draw_is_next: "The entries are closed. The draw is next; this page will tell.", "登记已截止，即将抽签，结果将在本页显示。";
    enters_draw: " Buy now enters the draw; being first buys nothing.", "点击“立即抢购”即登记抽签，先到并不优先。";
    sign_in_to_enter: "Sign in to enter the draw.", "登录后即可登记抽签。";
    entering_draw: "Entering the draw…", "正在登记抽签……";
    draw_title: "By draw", "抽签发售";
    draw_fingerprint: "The seed of the draw is fixed before the start and secret until the draw. This is its fingerprint. Your browser notes it; note it yourself too, and nobody can exchange the seed later:", "抽签种子在开抢前已确定，抽签前保密。以下为其指纹，您的浏览器会记下它；也请自行留存，种子此后无法更换：";
    draw_check: "After the draw anyone can recompute it: here, with one button, or without trusting this page. Save the file with all entries and run “stampede verify-draw FILE”, or hold it against the published test vectors with a program of your own.", "抽签后任何人都可以复核：在本页一键核对；也可不依赖本页，保存包含全部登记的文件，运行“stampede verify-draw 文件名”，或用自己的程序对照公开的测试向量。";
    copy: "Copy", "复制";
    copied: "Copied", "已复制";
    step_enter: "Your order enters the draw. You always see that it is in, and how many others are.", "订单即为抽签登记，是否登记成功、共有多少份登记，均如实显示。";
    step_draw: "When the entries have closed, the draw decides who is served in which order; when an entry came makes no difference.", "登记截止后，由抽签决定先后，与登记早晚无关。";
    not_drawn: "The draw has been held, and there was nothing left for your entry. Nothing was charged.", "抽签已结束，轮到您时已无余量，未产生任何扣款。";
    draw_file: "All entries of the draw (JSON)", "全部登记（JSON）";
    draw_facts: "The draw’s present state (JSON)", "抽签当前状态（JSON）";
    entries_close_at: "Entries close", "登记截止";
}

impl Locale {
    /// "You are in the draw, the 14th entry of 200."
    #[must_use]
    pub fn entered_draw(self, number: u64, entries: u64) -> String {
        match self {
            Self::En => {
                let (number, entries) = (ordinal(number), entries.to_string());
                [
                    "You are in the draw, as the ",
                    &number,
                    " to enter; ",
                    &entries,
                    " are in it. All have the same chance.",
                ]
                .concat()
            }
            Self::Zh => {
                let (number, entries) = (number.to_string(), entries.to_string());
                ["您已参加抽签，登记序号 ", &number, "，目前共 ", &entries, " 份登记，机会均等。"].concat()
            }
        }
    }

    /// What happens when, in whole sentences; `close` is the time of the close.
    #[must_use]
    pub fn draw_promise(self, close: &str) -> String {
        match self {
            Self::En => [
                "Orders are entries until ",
                close,
                ". Then a draw decides in which order they are served; when an entry came makes no difference. What is left is sold to the first who come.",
            ]
            .concat(),
            Self::Zh => {
                ["", close, " 之前提交的订单均为抽签登记，截止后由抽签决定先后，与登记早晚无关。余量先到先得。"].concat()
            }
        }
    }

    /// Of a draw with a public value mixed in.
    #[must_use]
    pub fn draw_beacon(self, description: &str) -> String {
        match self {
            Self::En => [
                "A public value that nobody knows before the close is mixed in: ",
                description,
                ". Without it the sale is called off.",
            ]
            .concat(),
            Self::Zh => ["抽签会混入一个截止前无人知晓的公开数值：", description, "。若未取得，本场取消。"].concat(),
        }
    }
}
