//! The words that stories are made of, in each language.

/// How a language tells of things: `{0}`, `{1}` and `{2}` stand for what is there, or what happens, in any order.
pub(super) struct Telling {
    pub(super) questions: [&'static str; 3],
    /// `{p}` is a number and `{t}` its thing.
    pub(super) counted: &'static str,
    pub(super) beginnings: [&'static str; 4],
    pub(super) more: [&'static str; 4],
    pub(super) less: [&'static str; 4],
    pub(super) events: [&'static str; 2],
    pub(super) between: &'static str,
    pub(super) ending: &'static str,
    pub(super) things: [&'static str; 8],
}

pub(super) const ENGLISH: Telling = Telling {
    questions: [
        "How many {t} are there in the end?",
        "Count only the {t}: how many are there in the end?",
        "Listen for the {t}: how many are there in the end?",
    ],
    counted: "{p} {t}",
    beginnings: [
        "On a shelf are {0}, {1} and {2}.",
        "A stall has {0}, {1} and {2}.",
        "A boat carries {0} and {1}, and {2} besides.",
        "In the yard lie {0}, {1} and {2}.",
    ],
    more: ["{e} are brought in", "{e} are added", "{e} come back", "another {e} are found"],
    less: ["{e} are sold", "{e} are taken away", "{e} get lost", "{e} are given to a friend"],
    events: ["Then {0}, and {1}.", "Later {0}; {1} as well."],
    between: " ",
    ending: " Answer in digits.",
    things: ["lanterns", "kettles", "tickets", "fans", "mooncakes", "teacups", "kites", "drums"],
};
pub(super) const CHINESE: Telling = Telling {
    questions: ["最后有多少个{t}？", "请只数{t}：最后有多少个？", "请留意{t}：最后有多少个？"],
    counted: "{p}个{t}",
    beginnings: [
        "架子上有{0}、{1}和{2}。",
        "摊位上摆着{0}和{1}，还有{2}。",
        "船上装着{0}、{1}和{2}。",
        "院子里放着{0}和{1}，旁边是{2}。",
    ],
    more: ["运来{e}", "添上{e}", "找回{e}", "送到{e}"],
    less: ["卖掉{e}", "搬走{e}", "丢了{e}", "送给朋友{e}"],
    events: ["后来{0}，{1}。", "接着{0}，又{1}。"],
    between: "",
    ending: "请用数字回答。",
    things: ["灯笼", "茶壶", "纸扇", "月饼", "茶杯", "风筝", "铃鼓", "香囊"],
};

pub(super) const ENGLISH_NUMBERS: [&str; 20] = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
pub(super) const ENGLISH_TENS: [&str; 8] =
    ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
pub(super) const CHINESE_DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
