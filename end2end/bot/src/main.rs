//! Tries to get passes as a machine, by each route of a sale's quiz, and says how often it did and what it cost.
//!
//! The sale asks sums (`"kind":"arithmetic"`), is open, and its server runs with `STAMPEDE_RATE_LIMITS=off`: what is measured
//! is the question, and not the limits that all routes share. `end2end/bot/run.sh` sets all of that up.

mod picture;
mod proof;
mod words;

use std::time::{Duration, Instant};

use clap::Parser;
use reqwest::Client;
use serde_json::{Value, json};

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
}

#[derive(Clone, Copy)]
enum Bot {
    Tesseract,
    Templates,
    Naive,
    Informed,
}

impl Bot {
    const ALL: [(Self, &str); 4] = [
        (Self::Tesseract, "picture, Tesseract 5"),
        (Self::Templates, "picture, templates of the font"),
        (Self::Naive, "words, numbers by their place"),
        (Self::Informed, "words, having read the sources"),
    ];

    fn asks_in_words(self) -> bool {
        matches!(self, Self::Naive | Self::Informed)
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

/// One try: whether it earned a pass, and how long the machine thought about the question and about the proof.
async fn tried(
    shop: &Shop,
    bot: Bot,
    cookie: &str,
    language: &str,
    templates: &[(char, picture::Cells)],
) -> Result<(bool, Duration, Duration), Failure> {
    let wish = if bot.asks_in_words() { json!({ "accessible": true, "language": language }) } else { json!({}) };
    let (status, quiz) = shop.post("quiz", cookie, wish).await?;
    if status != 200 {
        return Err(format!("no question: {quiz}").into());
    }
    let text = |name: &str| quiz[name].as_str().unwrap_or_default();
    let (answer, thought) = if bot.asks_in_words() {
        let started = Instant::now();
        let answer =
            if matches!(bot, Bot::Naive) { words::naive(text("question")) } else { words::informed(text("question")) };
        (answer, started.elapsed())
    } else {
        let png = shop.client.get(format!("{}{}", shop.origin, text("image_url"))).send().await?.bytes().await?;
        let started = Instant::now();
        let read = match bot {
            Bot::Tesseract => picture::by_tesseract(&png).unwrap_or_default(),
            _ => picture::Picture::decoded(&png)
                .map(|picture| picture::by_templates(&picture, templates))
                .unwrap_or_default(),
        };
        (picture::answer(&read), started.elapsed())
    };
    let started = Instant::now();
    let bits = quiz["proof_bits"].as_u64();
    let proof = bits.map(|bits| proof::found(text("quiz_token"), bits as u32));
    let worked = started.elapsed();
    let given = answer.map_or_else(|| "unread".to_owned(), |answer| answer.to_string());
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
    let templates = picture::templates();
    println!(
        "| bot | language | tries | passes | thinking, ms | proof, ms | machine time a pass, ms |\n|---|---|---|---|---|---|---|"
    );
    for (bot, name) in Bot::ALL {
        let languages: &[&str] = if bot.asks_in_words() { &["en", "zh-Hans"] } else { &["–"] };
        for language in languages {
            let (mut passes, mut thought, mut worked) = (0_u32, Duration::ZERO, Duration::ZERO);
            for round in 0..args.rounds {
                let cookie = &cookies[round % cookies.len()];
                let (passed, thinking, proving) = tried(&shop, bot, cookie, language, &templates).await?;
                passes += u32::from(passed);
                thought += thinking;
                worked += proving;
            }
            let rounds = args.rounds as f64;
            let per_try = |time: Duration| time.as_secs_f64() * 1e3 / rounds;
            println!(
                "| {name} | {language} | {} | {:.0} % | {:.1} | {:.1} | {:.1} |",
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
