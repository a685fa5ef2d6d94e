//! Starts the binary in a temporary folder on a free port, and speaks the contract to it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// The binary under test: the one that cargo built, or a release build that is named.
pub(crate) fn binary() -> String {
    std::env::var("STAMPEDE_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_stampede").to_owned())
}

pub(crate) const MERCHANT: &str = "merchant@example.com";
pub(crate) const PASSWORD: &str = "a good password";

/// How long anything here may take before the test says that it never came.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A client that follows no redirect, with patience.
pub(crate) fn http_client() -> Client {
    http_client_with(PATIENCE)
}

pub(crate) fn http_client_with(patience: Duration) -> Client {
    // The binary's TLS is ours too; a second telling changes nothing.
    let _already_told = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().timeout(patience).no_proxy().tls_certs_only([]);
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// A running shop.
pub(crate) struct Shop {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) base: String,
    child: Child,
    server: Command,
    client: Client,
    token: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// Checks a problem's status and code, and that it is one.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) {
        let problem = self.json();
        assert_eq!((self.status.as_u16(), problem["code"].as_str()), (status, Some(code)), "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], status);
        assert!(!problem["detail"].as_str().unwrap_or_default().is_empty());
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or("?"))
    }

    #[track_caller]
    pub(crate) fn text_of(&self, field: &str) -> String {
        self.json()[field].as_str().unwrap_or_else(|| panic!("no {field} in {self:?}")).to_owned()
    }
}

/// A site that the server accepts: these tests are about answers, not about bundles.
pub(crate) fn lay_out_site(folder: &Path) {
    let site = folder.join("site");
    std::fs::create_dir_all(site.join("assets")).unwrap();
    std::fs::create_dir_all(site.join("images")).unwrap();
    std::fs::write(site.join("assets/shop.0123.js"), "export {};").unwrap();
    std::fs::write(site.join("images/lantern.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
    std::fs::write(site.join("favicon.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
    std::fs::write(site.join("robots.txt"), "User-agent: *\n").unwrap();
    std::fs::write(site.join("admin.html"), "<!DOCTYPE html><title>admin</title>").unwrap();
    let manifest = json!({
        "shop": {
            "build_id": shop::BUILD_ID,
            "css_url": "/assets/shop.css", "boot_url": "/assets/boot.js", "js_url": "/assets/shop.0123.js",
            "wasm_url": "/assets/shop.wasm", "font_url": "/assets/font.woff2",
            "css_integrity": "sha384-css", "boot_integrity": "sha384-boot", "js_integrity": "sha384-js",
            "wasm_integrity": "sha384-wasm",
            "draw": {
                "js_url": "/assets/draw.js", "wasm_url": "/assets/draw.wasm",
                "js_integrity": "sha384-draw-js", "wasm_integrity": "sha384-draw-wasm",
            },
        },
        "admin": { "html": "admin.html" },
    });
    std::fs::write(site.join("manifest.json"), manifest.to_string()).unwrap();
}

/// Runs a command of the binary in the folder; answers with its status, output and errors.
pub(crate) fn command(folder: &Path, arguments: &[&str], input: &str) -> (bool, String, String) {
    let mut child = Command::new(binary())
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments does not wait for its input.
    let _closed_early = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

pub(crate) fn spawn(folder: &Path, options: &[&str]) -> (Child, String) {
    let mut command = Command::new(binary());
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--store", "sqlite:stampede.db", "--site", "site"])
        .args(options)
        .current_dir(folder)
        .stdin(Stdio::null());
    listening(folder, &mut command)
}

/// Starts a server and waits until it says where it listens.
fn listening(folder: &Path, command: &mut Command) -> (Child, String) {
    let log = std::fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
    let level = std::env::var("RUST_LOG").unwrap_or_else(|_| "debug".to_owned());
    let mut child = command.env("RUST_LOG", level).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let base =
        lines.by_ref().map_while(Result::ok).find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
    let Some(base) = base else {
        let log = std::fs::read_to_string(folder.join("log")).unwrap();
        panic!("the shop did not start: {log}");
    };
    std::thread::spawn(move || lines.for_each(drop));
    (child, base)
}

impl Shop {
    pub(crate) fn start() -> Self {
        Self::start_with(&["--payments", "sandbox"])
    }

    pub(crate) fn start_with(options: &[&str]) -> Self {
        Self::start_in(options, &[])
    }

    /// A shop whose processes have these variables beside the others.
    pub(crate) fn start_in(options: &[&str], environment: &[(&str, &OsStr)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        lay_out_site(folder.path());
        let (added, _, errors) =
            command(folder.path(), &["merchant", "add", MERCHANT, "--store", "sqlite:stampede.db"], PASSWORD);
        assert!(added, "{errors}");
        let mut server = Command::new(binary());
        server
            .args(["serve", "--listen", "127.0.0.1:0", "--store", "sqlite:stampede.db", "--site", "site"])
            .args(options)
            .envs(environment.iter().copied())
            .current_dir(folder.path())
            .stdin(Stdio::null());
        Self::of(folder, server, |folder| token_for(folder, MERCHANT))
    }

    /// The shop that a command serves from this folder.
    pub(crate) fn of(folder: tempfile::TempDir, mut server: Command, token: impl Fn(&Path) -> String) -> Self {
        let (child, base) = listening(folder.path(), &mut server);
        let token = token(folder.path());
        let client = http_client();
        Self { folder, base, child, server, client, token }
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process without a word and starts another on the same folder.
    pub(crate) fn kill_and_restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.child, self.base) = listening(self.folder.path(), &mut self.server);
    }

    /// Asks the process to stop; answers whether it ended well.
    pub(crate) fn terminate(&mut self) -> bool {
        let stopped = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(stopped.success());
        self.child.wait().unwrap().success()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Session cookies of so many new shoppers.
    pub(crate) fn shoppers(&self, count: usize) -> Vec<String> {
        let count = count.to_string();
        let arguments = ["token", "shoppers", "--count", &count, "--store", "sqlite:stampede.db"];
        let (done, output, errors) = command(self.folder.path(), &arguments, "");
        assert!(done, "{errors}");
        output.lines().map(str::to_owned).collect()
    }

    pub(crate) fn shopper(&self) -> String {
        self.shoppers(1).remove(0)
    }

    /// Another merchant's token.
    pub(crate) fn other_merchant(&self) -> String {
        let arguments = ["merchant", "add", "other@example.com", "--store", "sqlite:stampede.db"];
        let (added, _, errors) = command(self.folder.path(), &arguments, PASSWORD);
        assert!(added, "{errors}");
        token_for(self.folder.path(), "other@example.com")
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Answer {
        answered(self.request("GET", path).header("cookie", cookie)).await
    }

    pub(crate) async fn post(&self, path: &str, cookie: &str, body: Value) -> Answer {
        answered(self.request("POST", path).header("cookie", cookie).json(&body)).await
    }

    pub(crate) async fn merchant(&self, method: &str, path: &str, body: Value) -> Answer {
        self.merchant_with(&self.token, method, path, body).await
    }

    pub(crate) async fn merchant_with(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        let request = self.request(method, &format!("/api/merchant{path}")).bearer_auth(token);
        answered(if body.is_null() { request } else { request.json(&body) }).await
    }

    /// The server's time.
    pub(crate) async fn now_ms(&self) -> i64 {
        self.get("/csi/time", "").await.ok(200)["sent_us"].as_i64().unwrap() / 1_000
    }

    /// Publishes a sale of a new item that opens now; `changes` are laid over its terms.
    pub(crate) async fn sale(&self, changes: Value) -> String {
        let (sale_id, _) = self.sale_and_slug(changes).await;
        sale_id
    }

    pub(crate) async fn sale_and_slug(&self, changes: Value) -> (String, String) {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let slug = format!("item-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let item = json!({
            "slug": slug, "title": "Lantern", "description": "A lantern.", "image_url": "/images/lantern.svg",
            "list_price_minor": 9_900, "currency": "CNY",
        });
        let item_id = self.merchant("POST", "/items", item).await.ok(201)["item_id"].clone();
        let sale_id = self.draft(item_id.as_str().unwrap(), changes).await;
        self.merchant("POST", &format!("/sales/{sale_id}/publish"), Value::Null).await.ok(200);
        (sale_id, slug)
    }

    pub(crate) async fn draft(&self, item_id: &str, changes: Value) -> String {
        let now_ms = self.now_ms().await;
        let mut sale = terms(item_id, now_ms);
        for (name, value) in changes.as_object().unwrap() {
            sale[name] = value.clone();
        }
        self.merchant("POST", "/sales", sale).await.ok(201)["sale_id"].as_str().unwrap().to_owned()
    }

    /// Gets a pass as a shopper who knows the answer.
    pub(crate) async fn pass(&self, sale_id: &str, cookie: &str) -> String {
        let quiz = self.post(&format!("/api/sales/{sale_id}/quiz"), cookie, json!({})).await;
        let quiz_token = quiz.ok(200)["quiz_token"].clone();
        let answer = json!({ "quiz_token": quiz_token, "answer": " YES " });
        self.post(&format!("/api/sales/{sale_id}/quiz/answer"), cookie, answer).await.ok(200)["pass"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) async fn order(&self, sale_id: &str, cookie: &str, key: &str, body: Value) -> Answer {
        let request = self.request("POST", &format!("/api/sales/{sale_id}/orders"));
        answered(request.header("cookie", cookie).header("idempotency-key", key).json(&body)).await
    }

    /// Joins the line with a fresh pass; answers with the 202's body.
    pub(crate) async fn join(&self, sale_id: &str, cookie: &str, quantity: u32) -> Value {
        let pass = self.pass(sale_id, cookie).await;
        self.order(sale_id, cookie, &pass[..20], json!({ "pass": pass, "quantity": quantity })).await.ok(202)
    }

    /// Polls at the stated interval until the token has ended.
    pub(crate) async fn outcome(&self, queue_token: &Value, cookie: &str) -> Value {
        let path = format!("/api/queue/{}", queue_token.as_str().unwrap());
        let polling = async {
            loop {
                let status = self.get(&path, cookie).await.ok(200);
                match status["poll_after_ms"].as_u64() {
                    Some(wait_ms) => tokio::time::sleep(Duration::from_millis(wait_ms)).await,
                    None => return status,
                }
            }
        };
        tokio::time::timeout(PATIENCE, polling).await.expect("the token ends")
    }

    /// Buys one unit as far as held; answers with the order's id.
    pub(crate) async fn held(&self, sale_id: &str, cookie: &str) -> String {
        let accepted = self.join(sale_id, cookie, 1).await;
        let outcome = self.outcome(&accepted["queue_token"], cookie).await;
        assert_eq!(outcome["state"], "held", "{outcome}");
        assert_eq!(outcome["order_id"], accepted["order_id"]);
        outcome["order_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn ledger(&self, sale_id: &str) -> Value {
        self.merchant("GET", &format!("/sales/{sale_id}/ledger"), Value::Null).await.ok(200)
    }

    /// Asks until the answer has what is wanted.
    pub(crate) async fn until(&self, path: &str, cookie: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let asking = async {
            loop {
                let answer = self.get(path, cookie).await.ok(200);
                if wanted(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.expect("it comes about")
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _already_gone = self.child.wait();
    }
}

/// A sale that opens now, with one question whose answer is yes.
pub(crate) fn terms(item_id: &str, now_ms: i64) -> Value {
    json!({
        "item_id": item_id, "price_minor": 500, "starts_at_ms": now_ms, "ends_at_ms": now_ms + 600_000,
        "stock_units": 5, "per_shopper_limit": 1, "stock_policy": "hold", "hold_seconds": 300, "mode": "first_come",
        "quiz": {
            "kind": "bank", "questions": [{ "prompt": "Say yes", "answer": "yes" }],
            "min_answer_ms": 0, "max_answer_ms": 60_000,
        },
    })
}

pub(crate) async fn answered(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}

pub(crate) fn token_for(folder: &Path, email: &str) -> String {
    let (done, token, errors) = command(folder, &["token", "merchant", email, "--store", "sqlite:stampede.db"], "");
    assert!(done, "{errors}");
    token.trim().to_owned()
}
