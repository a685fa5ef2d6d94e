//! Plan B: what each switch does, who may touch it, and what remains of it.

mod degraded;
mod settings;
mod switches;

use serde_json::{Value, json};

use crate::support::{Answer, Shop, command};

/// Sets the merchant's switches.
async fn put(shop: &Shop, body: Value) -> Answer {
    shop.merchant("PUT", "/switches", body).await
}

async fn audit(shop: &Shop) -> Vec<Value> {
    let answer = shop.merchant("GET", "/switches/audit", Value::Null).await.ok(200);
    answer["lines"].as_array().unwrap().clone()
}

/// Runs `stampede switch …` beside the server.
fn at_the_shell(shop: &Shop, arguments: &[&str]) -> (bool, String, String) {
    let all = [&["switch"], arguments, &["--store", "sqlite:stampede.db"]].concat();
    command(shop.folder.path(), &all, "")
}

#[track_caller]
fn operator(shop: &Shop, arguments: &[&str]) -> String {
    let (done, output, errors) = at_the_shell(shop, arguments);
    assert!(done, "{errors}");
    output
}

/// Waits until the merchant's view of a switch has this value.
async fn until_switch(shop: &Shop, name: &str, value: &str) {
    for _ in 0..600 {
        if shop.merchant("GET", "/switches", Value::Null).await.ok(200)[name] == value {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("{name} never was {value}");
}

fn yes() -> Value {
    json!({})
}
