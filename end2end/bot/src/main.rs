//! Tries to get passes as a machine, by each route of a sale's quiz, and says how often it did and what it cost.
//!
//! The sale asks sums (`"kind":"arithmetic"`), is open, and its server runs with `STAMPEDE_RATE_LIMITS=off`: what is measured
//! is the question, and not the limits that all routes share. `end2end/bot/run.sh` sets all of that up.

mod picture;
mod proof;
mod recogniser;
mod shop;
mod words;

use std::time::{Duration, Instant};

use clap::Parser;
use picture::Picture;
use recogniser::Recogniser;
use reqwest::Client;
use serde_json::{Value, json};

/// The recogniser is tried on so many pictures before it goes to the shop.
const NEW_PICTURES: usize = 500;

/// A sum's answer is this as often as any other, and more often than those below 21 and above 79.
const LIKELY_ANSWER: &str = "50";

#[derive(Parser)]
struct Args {
    #[arg(long)]
    origin: String,
    #[arg(long)]
    sale: String,
    /// Session cookies, one a line.
    #[arg(long)]
    cookies: std::path::PathBuf,
    #[arg(long, default_value_t = 200)]
    rounds: usize,
    /// How many pictures the recogniser draws and learns from.
    #[arg(long, default_value_t = 24_000)]
    pictures: usize,
}

#[derive(Clone, Copy)]
enum Bot {
    Guess,
    Tesseract,
    Templates,
    Recogniser,
    ByPlace,
    ByWords,
    Informed,
}

impl Bot {
    const ALL: [(Self, &str); 7] = [
        (Self::Guess, "picture, one of the likeliest answers each time"),
        (Self::Tesseract, "picture, Tesseract 5"),
        (Self::Templates, "picture, templates of the font"),
        (Self::Recogniser, "picture, a recogniser trained on these sources"),
        (Self::ByPlace, "words, numbers by their place"),
        (Self::ByWords, "words, numbers beside what the question says too"),
        (Self::Informed, "words, having read the sources"),
    ];

    fn asks_in_words(self) -> bool {
        matches!(self, Self::ByPlace | Self::ByWords | Self::Informed)
    }
}

type Failure = Box<dyn std::error::Error>;

struct Shop {
    client: Client,
    origin: String,
    sale: String,
}

impl Shop {
    async fn post(&self, path: &str, cookie: &str, body: Value) -> Result<(u16, Value), Failure> {
        let url = format!("{}/api/sales/{}/{path}", self.origin, self.sale);
        let answer = self.client.post(url).header("cookie", cookie).json(&body).send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }
}

/// What the picture bots know before they begin.
struct Known {
    templates: Vec<(char, picture::Cells)>,
    recogniser: Recogniser,
}

impl Known {
    fn answer(&mut self, bot: Bot, png: &[u8]) -> Option<String> {
        Some(match bot {
            Bot::Guess => LIKELY_ANSWER.to_owned(),
            Bot::Tesseract => picture::answer(&picture::by_tesseract(png)?)?.to_string(),
            Bot::Recogniser => self.recogniser.read(&Picture::decoded(png)?)?.answer().to_string(),
            _ => picture::answer(&picture::by_templates(&Picture::decoded(png)?, &self.templates))?.to_string(),
        })
    }
}

/// One try: whether it earned a pass, and how long the machine thought about the question and about the proof.
async fn tried(
    shop: &Shop,
    bot: Bot,
    cookie: &str,
    language: &str,
    known: &mut Known,
) -> Result<(bool, Duration, Duration), Failure> {
    let wish = if bot.asks_in_words() { json!({ "accessible": true, "language": language }) } else { json!({}) };
    let (status, quiz) = shop.post("quiz", cookie, wish).await?;
    if status != 200 {
        return Err(format!("no question: {quiz}").into());
    }
    let text = |name: &str| quiz[name].as_str().unwrap_or_default();
    let (answer, thought) = if bot.asks_in_words() {
        let started = Instant::now();
        let answer = match bot {
            Bot::Informed => words::informed(text("question")),
            Bot::ByWords => words::by_words(text("question")),
            _ => words::by_place(text("question")),
        };
        (answer, started.elapsed())
    } else {
        let png = shop.client.get(format!("{}{}", shop.origin, text("image_url"))).send().await?.bytes().await?;
        let started = Instant::now();
        (known.answer(bot, &png), started.elapsed())
    };
    let started = Instant::now();
    let bits = quiz["proof_bits"].as_u64();
    let proof = bits.map(|bits| proof::found(text("quiz_token"), bits as u32));
    let worked = started.elapsed();
    let given = answer.unwrap_or_else(|| "unread".to_owned());
    let mut body = json!({ "quiz_token": quiz["quiz_token"], "answer": given });
    if let Some(proof) = proof {
        body["proof"] = json!(proof);
    }
    let (status, _) = shop.post("quiz/answer", cookie, body).await?;
    Ok((status == 200, thought, worked))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let cookies: Vec<String> = std::fs::read_to_string(&args.cookies)?.lines().map(str::to_owned).collect();
    let shop = Shop { client: Client::builder().no_proxy().build()?, origin: args.origin, sale: args.sale };
    let started = Instant::now();
    let mut recogniser = recogniser::trained(args.pictures, 1);
    let trained_for = started.elapsed();
    let right = recogniser.right_of(NEW_PICTURES, 2);
    println!(
        "The recogniser drew and learnt from {} pictures in {:.0} s, and read {right} of {NEW_PICTURES} new ones.\n",
        args.pictures,
        trained_for.as_secs_f64(),
    );
    let mut known = Known { templates: picture::templates(), recogniser };
    println!(
        "| bot | language | tries | passes | thinking, ms | proof, ms | machine time a pass, ms |\n|---|---|---|---|---|---|---|"
    );
    for (bot, name) in Bot::ALL {
        let languages: &[&str] = if bot.asks_in_words() { &["en", "zh-Hans"] } else { &["–"] };
        for language in languages {
            let (mut passes, mut thought, mut worked) = (0_u32, Duration::ZERO, Duration::ZERO);
            for round in 0..args.rounds {
                let cookie = &cookies[round % cookies.len()];
                let (passed, thinking, proving) = tried(&shop, bot, cookie, language, &mut known).await?;
                passes += u32::from(passed);
                thought += thinking;
                worked += proving;
            }
            let rounds = args.rounds as f64;
            let per_try = |time: Duration| time.as_secs_f64() * 1e3 / rounds;
            println!(
                "| {name} | {language} | {} | {:.1} % | {:.1} | {:.1} | {:.1} |",
                args.rounds,
                100.0 * f64::from(passes) / rounds,
                per_try(thought),
                per_try(worked),
                (thought + worked).as_secs_f64() * 1e3 / f64::from(passes.max(1)),
            );
        }
    }
    Ok(())
}
