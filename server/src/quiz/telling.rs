//! The words that stories are made of, in each language.

/// How a language tells of things. `{n}` stands for how many numbers are asked for.
pub(super) struct Telling {
    /// `{u}` are the uses of the things that are asked for, in their order.
    pub(super) questions: [&'static str; 3],
    /// `{l}` is the list of all things.
    pub(super) lists: [&'static str; 4],
    pub(super) ending: &'static str,
    /// `{p}` is a number, `{m}` its measure word and `{t}` its thing.
    pub(super) counted: &'static str,
    pub(super) between_uses: &'static str,
    pub(super) between_things: &'static str,
    pub(super) before_the_last_thing: &'static str,
    pub(super) things: [Thing; 24],
}

/// A thing, how it is counted, and what it is for: said so that nobody takes it for another of the things, and no word of what it is for is in
/// any thing's name.
#[derive(Clone, Copy)]
pub(super) struct Thing {
    pub(super) measure: &'static str,
    pub(super) name: &'static str,
    pub(super) uses: [&'static str; 2],
}

const fn thing(measure: &'static str, name: &'static str, first: &'static str, second: &'static str) -> Thing {
    Thing { measure, name, uses: [first, second] }
}

pub(super) const ENGLISH: Telling = Telling {
    questions: [
        "Give {n} numbers, in this order: how many are there {u}?",
        "How many are there {u}? Give {n} numbers, in this order.",
        "Listen for {n} numbers, to give in this order: how many are there {u}?",
    ],
    lists: ["On a shelf are {l}.", "A stall has {l}.", "In the yard lie {l}.", "A shop sells {l}."],
    ending: "Answer in digits.",
    counted: "{p} {m}{t}",
    between_uses: "; ",
    between_things: ", ",
    before_the_last_thing: " and ",
    things: [
        thing("", "lanterns", "to see by at night", "to light up the dark"),
        thing("", "kettles", "to boil water in", "to heat water in"),
        thing("", "fans", "to cool your face with", "to make a breeze with"),
        thing("", "mooncakes", "to eat", "to bite into"),
        thing("", "teacups", "to drink from", "to sip from"),
        thing("", "kites", "to fly on a string", "to fly in the wind"),
        thing("", "drums", "to beat with sticks", "to beat the rhythm on"),
        thing("", "keys", "to unlock a door with", "to open a lock with"),
        thing("", "umbrellas", "to hold up in the rain", "to open over you in the rain"),
        thing("", "clocks", "to tell the time by", "to see what time it is"),
        thing("pairs of ", "scissors", "to cut cloth with", "to cut paper with"),
        thing("", "spoons", "to eat soup with", "to stir soup with"),
        thing("", "pens", "to write with", "to fill in a form with"),
        thing("", "mirrors", "to see your own face in", "to look at yourself in"),
        thing("", "brooms", "to sweep the floor with", "to sweep up dust with"),
        thing("", "ladders", "to climb up to the roof", "to climb up a wall"),
        thing("", "bells", "to ring", "to ring at a door"),
        thing("", "hats", "to wear on the head", "to put on your head"),
        thing("pairs of ", "shoes", "to wear on the feet", "to walk in"),
        thing("pairs of ", "gloves", "to keep your fingers warm", "to pull over your fingers"),
        thing("", "combs", "to tidy your hair with", "to part your hair with"),
        thing("", "chairs", "to sit on", "to sit down on at a table"),
        thing("", "books", "to read", "to read from page to page"),
        thing("", "stamps", "to stick on a letter", "to send a letter with"),
    ],
};

pub(super) const CHINESE: Telling = Telling {
    questions: [
        "请按这个顺序填写{n}个数：{u}各有多少？",
        "{u}各有多少？请按这个顺序填写{n}个数。",
        "请留意{n}个数，按这个顺序回答：{u}各有多少？",
    ],
    lists: ["这里有{l}。", "摊位上摆着{l}。", "院里放着{l}。", "店里卖{l}。"],
    ending: "请用数字回答。",
    counted: "{p}{m}{t}",
    between_uses: "、",
    between_things: "、",
    before_the_last_thing: "和",
    things: [
        thing("盏", "灯笼", "夜里照路的", "天黑了点亮的"),
        thing("把", "铜壶", "烧开水用的", "放在炉上烧水的"),
        thing("把", "折扇", "热天拿来凉快的", "摇着凉快的"),
        thing("块", "月饼", "用来吃的", "中秋节吃的"),
        thing("个", "杯子", "端起来喝茶的", "喝水时端着的"),
        thing("只", "风筝", "牵着线飞的", "用线放上天的"),
        thing("面", "大鼓", "用棒敲的", "敲起来咚咚响的"),
        thing("把", "钥匙", "开锁的", "开门时用的"),
        thing("把", "雨伞", "怕淋湿时撑开的", "天气不好出门撑的"),
        thing("个", "闹钟", "看时间的", "早上叫醒人的"),
        thing("把", "剪刀", "裁布的", "裁开布料的"),
        thing("把", "勺子", "舀汤的", "喝汤用的"),
        thing("支", "毛笔", "写字的", "蘸墨写字的"),
        thing("面", "镜子", "照见自己的脸的", "打扮时照脸的"),
        thing("把", "扫帚", "清洁地板的", "弄干净地板的"),
        thing("架", "梯子", "爬高用的", "爬到屋上用的"),
        thing("个", "铃铛", "摇着叮当响的", "挂在门口响的"),
        thing("顶", "帽子", "戴在头上的", "出门戴头上的"),
        thing("双", "鞋子", "穿在脚上的", "走路时穿的"),
        thing("双", "手套", "冬天暖指头的", "干活时保护指头的"),
        thing("把", "梳子", "理顺头发的", "整理头发的"),
        thing("把", "椅子", "坐下来休息的", "请客人坐的"),
        thing("本", "书", "翻开来读的", "用来阅读的"),
        thing("枚", "邮票", "贴在信封上的", "寄信时贴的"),
    ],
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
