//! A shop of its own for a run: the server's binary on a free port, its store in a temporary folder.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use crate::Failure;
use crate::connection::{Connection, request};
use crate::process::Process;

const STARTS_WITHIN: Duration = Duration::from_secs(30);
/// It has to be at rest for so long before it is measured, and has so long to come to rest.
const QUIET_FOR: Duration = Duration::from_millis(500);
const QUIET_WITHIN: Duration = Duration::from_secs(120);
/// All pictures of the quiz are there after so long.
pub(crate) const DRAWN_WITHIN: Duration = Duration::from_secs(90);
pub(crate) const ANSWER: &str = "blue";

pub(crate) struct Shop {
    server: Child,
    binary: PathBuf,
    folder: tempfile::TempDir,
    pub(crate) address: SocketAddr,
    token: String,
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _gone = self.server.kill();
        let _reaped = self.server.wait();
    }
}

/// What is measured.
#[derive(Args)]
pub(crate) struct Build {
    /// The server's binary, with its symbols
    #[arg(long, default_value = "target/release/stampede")]
    pub(crate) server: PathBuf,
    /// The site that it serves
    #[arg(long, default_value = "target/site")]
    pub(crate) site: PathBuf,
}

/// What a sale is to be like.
pub(crate) struct Terms {
    pub(crate) lead: Duration,
    pub(crate) lasts: Duration,
    pub(crate) stock_units: u64,
    pub(crate) hold_seconds: u64,
    pub(crate) waitlist_units: u64,
    pub(crate) min_answer_ms: u64,
    /// Units that one shopper may have.
    pub(crate) limit: u64,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            lead: Duration::from_millis(50),
            lasts: Duration::from_secs(86_400),
            stock_units: 1_000,
            hold_seconds: 3_600,
            waitlist_units: 0,
            min_answer_ms: 0,
            limit: 1,
        }
    }
}

/// Who stands before the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doors {
    /// Nobody, no rate limits and nothing that refuses under overload: what is measured is the work, and all shoppers have
    /// one address here.
    Open,
    /// An edge that says where each shopper comes from. All settings are the ordinary ones.
    BehindAProxy,
}

impl Shop {
    pub(crate) async fn start(binary: &Path, site: &Path, doors: Doors) -> Result<Self, Failure> {
        Self::start_in(binary, site, doors, &[]).await
    }

    /// The same with more of an environment.
    pub(crate) async fn start_in(
        binary: &Path,
        site: &Path,
        doors: Doors,
        environment: &[(&str, OsString)],
    ) -> Result<Self, Failure> {
        let whole = |path: &Path| path.canonicalize().map_err(|error| format!("{}: {error}", path.display()));
        let (binary, site) = (whole(binary)?, whole(site)?);
        let folder = tempfile::tempdir()?;
        let run = |arguments: &[&str], input: &str| -> Result<String, Failure> {
            let path = folder.path().join("input");
            std::fs::write(&path, input)?;
            let output = Command::new(&binary)
                .args(arguments)
                .args(["--store", "sqlite:stampede.db"])
                .current_dir(folder.path())
                .stdin(std::fs::File::open(&path)?)
                .stderr(Stdio::inherit())
                .output()?;
            if !output.status.success() {
                return Err(format!("stampede {} ended with {}", arguments.join(" "), output.status).into());
            }
            Ok(String::from_utf8(output.stdout)?)
        };
        run(&["merchant", "add", "bench@example.com"], "a good password")?;
        let token = run(&["token", "merchant", "bench@example.com"], "")?.trim().to_owned();
        let out = folder.path().join("out");
        let server = Command::new(&binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--store", "sqlite:stampede.db", "--payments", "sandbox"])
            .args(if doors == Doors::BehindAProxy { &["--trusted-proxy", "127.0.0.0/8"][..] } else { &[] })
            .arg("--site")
            .arg(&site)
            .env("STAMPEDE_RATE_LIMITS", if doors == Doors::Open { "off" } else { "on" })
            .env("STAMPEDE_OVERLOAD_CONTROL", if doors == Doors::Open { "off" } else { "on" })
            .env("RUST_LOG", "error")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(folder.path())
            .stdout(std::fs::File::create(&out)?)
            .spawn()?;
        let mut shop = Self { server, binary, folder, address: ([127, 0, 0, 1], 0).into(), token };
        let deadline = Instant::now() + STARTS_WITHIN;
        loop {
            if let Some(address) = std::fs::read_to_string(&out)?.trim().strip_prefix("listening on http://") {
                shop.address = address.parse()?;
                shop.is_quiet().await?;
                return Ok(shop);
            }
            if Instant::now() > deadline || shop.server.try_wait()?.is_some() {
                return Err("the server did not start".into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until it has packed its assets, which it does once a build: that is not what is measured.
    async fn is_quiet(&self) -> Result<(), Failure> {
        let deadline = Instant::now() + QUIET_WITHIN;
        loop {
            let before = self.cpu_seconds()?;
            tokio::time::sleep(QUIET_FOR).await;
            if self.cpu_seconds()? - before < QUIET_FOR.as_secs_f64() / 10.0 {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err("the server is busy with nothing to do".into());
            }
        }
    }

    /// Waits until all of the quiz's pictures are there, as they are before a sale that is known for long.
    pub(crate) async fn pictures_are_drawn(&self) -> Result<(), Failure> {
        let deadline = Instant::now() + DRAWN_WITHIN;
        while gauge(&self.metrics().await?, "stampede_quiz_fresh_share").is_some_and(|share| share < 0.99) {
            if Instant::now() > deadline {
                return Err("the quiz's pictures are not drawn".into());
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        Ok(())
    }

    /// So many shoppers, each by the header that signs it in.
    pub(crate) fn shoppers(&self, count: usize) -> Result<Vec<String>, Failure> {
        let output = Command::new(&self.binary)
            .args(["token", "shoppers", "--count", &count.to_string(), "--store", "sqlite:stampede.db"])
            .current_dir(self.folder.path())
            .stderr(Stdio::inherit())
            .output()?;
        let cookies: Vec<String> =
            String::from_utf8(output.stdout)?.lines().map(|cookie| format!("cookie: {cookie}\r\n")).collect();
        if cookies.len() == count { Ok(cookies) } else { Err("too few shoppers".into()) }
    }

    /// Runs one of the binary's commands on the shop's store.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<(), Failure> {
        let ended = Command::new(&self.binary)
            .args(arguments)
            .args(["--store", "sqlite:stampede.db"])
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .status()?;
        if ended.success() {
            Ok(())
        } else {
            Err(format!("stampede {} ended with {ended}", arguments.join(" ")).into())
        }
    }

    pub(crate) async fn merchant(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let headers = format!("authorization: Bearer {}\r\n", self.token);
        let mut connection = Connection::open(self.address).await?;
        let call = request(method, &format!("/api/merchant/{path}"), &headers, &body.to_string());
        let answer = connection.call(&call).await?;
        if answer.status >= 300 {
            return Err(format!("{path}: {} {}", answer.status, String::from_utf8_lossy(answer.body)).into());
        }
        answer.json()
    }

    /// A published sale that is open, by its id and its page's path.
    pub(crate) async fn open_sale(&self, stock_units: u64) -> Result<(String, String), Failure> {
        self.open_sale_for(stock_units, 1).await
    }

    /// The same, where one shopper may have several units.
    pub(crate) async fn open_sale_for(&self, stock_units: u64, limit: u64) -> Result<(String, String), Failure> {
        let sale = self.sale(Duration::from_millis(50), stock_units, 0, limit).await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(sale)
    }

    /// A published sale with an ordinary quiz, by its id.
    pub(crate) async fn sale_that_starts_in(&self, lead: Duration, stock_units: u64) -> Result<String, Failure> {
        Ok(self.sale(lead, stock_units, 1_500, 1).await?.0)
    }

    async fn sale(
        &self,
        lead: Duration,
        stock_units: u64,
        min_answer_ms: u64,
        limit: u64,
    ) -> Result<(String, String), Failure> {
        let (item_id, page) = self.item().await?;
        let terms = Terms { lead, stock_units, min_answer_ms, limit, ..Terms::default() };
        Ok((self.sale_of(&item_id, &terms).await?, page))
    }

    /// An item, by its id and its page's path.
    pub(crate) async fn item(&self) -> Result<(String, String), Failure> {
        let slug = uuid::Uuid::new_v4().to_string();
        let item = json!({ "slug": slug, "title": "Paper lantern", "description": "Hand-folded, with a brass hook.",
            "image_url": "/images/lantern.svg", "list_price_minor": 12_900, "currency": "CNY" });
        let item = self.merchant("POST", "items", &item).await?;
        Ok((item["item_id"].as_str().ok_or("an item without an id")?.to_owned(), format!("/items/{slug}")))
    }

    /// A published sale of an item, by its id.
    pub(crate) async fn sale_of(&self, item_id: &str, terms: &Terms) -> Result<String, Failure> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        let starts_at_ms = (now + terms.lead).as_millis() as u64;
        let sale = json!({ "item_id": item_id, "price_minor": 2_900, "starts_at_ms": starts_at_ms,
            "ends_at_ms": starts_at_ms + terms.lasts.as_millis() as u64, "stock_units": terms.stock_units,
            "per_shopper_limit": terms.limit, "stock_policy": "hold", "hold_seconds": terms.hold_seconds,
            "waitlist_units": terms.waitlist_units, "mode": "first_come",
            "quiz": { "kind": "bank", "questions": [{ "prompt": "What colour is the sky?", "answer": ANSWER }],
                "min_answer_ms": terms.min_answer_ms, "max_answer_ms": 600_000 } });
        let sale = self.merchant("POST", "sales", &sale).await?;
        let sale_id = sale["sale_id"].as_str().ok_or("a sale without an id")?.to_owned();
        self.merchant("POST", &format!("sales/{sale_id}/publish"), &json!({})).await?;
        Ok(sale_id)
    }

    /// What the server counts, as Prometheus reads it.
    pub(crate) async fn metrics(&self) -> Result<String, Failure> {
        let mut connection = Connection::open(self.address).await?;
        let answer = connection.call(&request("GET", "/metrics", "", "")).await?.expect(200)?;
        Ok(String::from_utf8(answer.body.to_vec())?)
    }

    /// Units that are held, by the record.
    pub(crate) async fn held(&self, sale_id: &str) -> Result<u64, Failure> {
        let ledger = self.merchant("GET", &format!("sales/{sale_id}/ledger"), &Value::Null).await?;
        if ledger["balanced"] != true {
            return Err(format!("the ledger does not add up: {ledger}").into());
        }
        ledger["held"].as_u64().ok_or_else(|| "a ledger without held units".into())
    }

    pub(crate) fn process(&self) -> Process {
        Process { id: self.server.id() }
    }

    /// Seconds of processor time that the server has used.
    pub(crate) fn cpu_seconds(&self) -> Result<f64, Failure> {
        self.process().cpu_seconds()
    }
}

pub(crate) fn gauge(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// A pass for a shopper, by the quiz.
pub(crate) async fn pass(connection: &mut Connection, cookie: &str, sale_id: &str) -> Result<String, Failure> {
    let path = format!("/api/sales/{sale_id}/quiz");
    let quiz = connection.call(&request("POST", &path, cookie, "{}")).await?.expect(200)?.json()?;
    let answer = json!({ "quiz_token": quiz["quiz_token"], "answer": ANSWER }).to_string();
    let passed = connection.call(&request("POST", &format!("{path}/answer"), cookie, &answer)).await?;
    let passed = passed.expect(200)?.json()?;
    Ok(passed["pass"].as_str().ok_or("no pass")?.to_owned())
}
