//! A sentence for every refusal that a shopper can meet.

use super::texts;
use crate::Locale;
use api::Code;

texts! {
    offline: "No connection to the shop. What is held for you stays held; this page goes on by itself.", "与本店的连接已断开。已保留的名额不受影响，恢复后本页自动继续。";
    shop_busy: "The shop is very busy. Nothing was lost; this page keeps asking.", "当前非常繁忙，您的信息没有丢失，本页会继续尝试。";
    something_failed: "That did not work. Try again.", "操作失败，请重试。";
}

impl Locale {
    /// None for codes that only a merchant, a payment provider or a broken client sees; there the server's own
    /// detail is the better word.
    #[must_use]
    pub const fn problem(self, code: Code) -> Option<&'static str> {
        Some(match code {
            Code::SaleNotOpen => self.pick("The sale has not opened yet.", "抢购尚未开始。"),
            Code::SaleEnded => self.sale_ended(),
            Code::SaleCalledOff => self.sale_called_off(),
            Code::SalePaused => self.sale_paused(),
            Code::EntriesClosed => self.pick("The entries are closed. The draw is next.", "登记已截止，即将抽签。"),
            Code::SoldOut => self.pick("Sold out. Nothing was charged.", "已抢光，未产生任何扣款。"),
            Code::LimitReached => self.pick("You already have as many as one shopper may buy.", "您已达到限购数量。"),
            Code::PassInvalid => self
                .pick("Your pass had run out. Press Buy now for a new question.", "凭证已过期，请重新点击“立即抢购”。"),
            Code::IdempotencyMismatch => self.pick(
                "This order was already sent, with other contents. Press Buy now again.",
                "该订单已以其他内容提交，请重新抢购。",
            ),
            Code::RateLimited => {
                self.pick("Too many requests from here. Wait a moment and try again.", "请求过于频繁，请稍后再试。")
            }
            Code::Busy => self
                .pick("The shop is very busy. Nothing was lost; try again in a moment.", "当前非常繁忙，请稍后再试。"),
            Code::OrdersPaused => self.pick(
                "The shop takes no orders for a moment. Nothing was lost: what you have stays yours, and this page says when it goes on.",
                "本店暂停接单，您已有的订单和名额不受影响，恢复后本页会提示。",
            ),
            Code::QueueOnly => self.pick(
                "The shop is so busy that it does nothing but take orders. Come back for this in a while.",
                "当前极为繁忙，本店仅处理抢购订单，请稍后再来。",
            ),
            Code::ReadOnly => self.pick(
                "The shop is being looked after and changes nothing for a while. What you have stays yours.",
                "本店正在维护，暂不接受任何更改，您已有的订单不受影响。",
            ),
            Code::NotEligible => self.pick(
                "This sale is for certain accounts only, and yours is not one of them: it is too new, or not on the list.",
                "本场仅限部分账号参与：您的账号注册过晚，或不在名单内。",
            ),
            Code::QuizUsed => {
                self.pick("That question was already answered. Here is a new one.", "该题已作答，请回答新题。")
            }
            Code::QuizInvalid => {
                self.pick("That question is no longer yours. Here is a new one.", "该题已失效，请回答新题。")
            }
            Code::AnswerWrong => self.pick("Not quite. Here is a new question.", "答案不对，请回答新题。"),
            Code::AnswerTooFast => {
                self.pick("That was faster than reading allows. Here is a new question.", "作答过快，请回答新题。")
            }
            Code::AnswerTooLate => {
                self.pick("The time for that question was up. Here is a new one.", "答题超时，请回答新题。")
            }
            Code::OrderNotPayable => self.pick("This order can no longer be paid.", "该订单已无法付款。"),
            Code::OrderNotCancellable => self.pick("This order can no longer be cancelled.", "该订单已无法取消。"),
            Code::SignedOut => self.pick("Please sign in first.", "请先登录。"),
            Code::CredentialsInvalid => self.pick("Email or password is wrong.", "邮箱或密码不正确。"),
            Code::EmailTaken => {
                self.pick("There is an account with this email. Sign in instead.", "该邮箱已注册，请直接登录。")
            }
            Code::CrossSite => {
                self.pick("The request came from another site and was refused.", "请求来自其他网站，已被拒绝。")
            }
            Code::NotFound => self.pick("It is no longer here.", "内容已不存在。"),
            Code::Timeout => self.pick("The shop took too long. Try again.", "响应超时，请重试。"),
            Code::Internal => self.pick("The fault is ours. Try again in a moment.", "是我们的问题，请稍后再试。"),
            Code::IdempotencyKeyInvalid
            | Code::SignatureInvalid
            | Code::EventTooOld
            | Code::PaymentMismatch
            | Code::SlugTaken
            | Code::SaleHasStarted
            | Code::StockBelowSold
            | Code::NotOffered
            | Code::DrawNotHeld
            | Code::BeaconRefused
            | Code::PurgePending
            | Code::RequestInvalid
            | Code::BodyInvalid
            | Code::FieldInvalid
            | Code::QueryInvalid
            | Code::BodyTooLarge
            | Code::MediaTypeUnsupported
            | Code::MethodNotAllowed => return None,
        })
    }
}
