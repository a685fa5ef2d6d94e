//! Sales by draw over HTTP, through a kill, to a file that anyone can check.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Shop, binary, terms};

/// So long entries are open: time enough for a debug build on a busy machine.
const ENTRIES_MS: i64 = 12_000;

impl Shop {
    async fn draw_sale(&self, changes: Value) -> String {
        let mut all = json!({ "mode": "draw", "entries_close_at_ms": self.now_ms().await + ENTRIES_MS });
        for (name, value) in changes.as_object().unwrap() {
            all[name] = value.clone();
        }
        self.sale(all).await
    }

    async fn draw(&self, sale_id: &str) -> Value {
        self.get(&format!("/api/sales/{sale_id}/draw"), "").await.ok(200)
    }

    /// Joins, and waits until the entry is in the record.
    async fn entered(&self, sale_id: &str, cookie: &str) -> Value {
        let accepted = self.join(sale_id, cookie, 1).await;
        let path = format!("/api/queue/{}", accepted["queue_token"].as_str().unwrap());
        self.until(&path, cookie, |status| status["entered"] == true).await;
        accepted
    }

    /// Runs `stampede verify-draw` on these bytes: its exit code, and what it said.
    fn verified(&self, bytes: &str) -> (Option<i32>, String) {
        let path = self.folder.path().join("draw.json");
        std::fs::write(&path, bytes).unwrap();
        let output = Command::new(binary()).arg("verify-draw").arg(&path).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draw_goes_from_entries_through_a_kill_to_a_file_that_anyone_can_check() {
    let mut shop = Shop::start();
    let sale_id = shop.draw_sale(json!({ "stock_units": 2 })).await;
    let before = shop.draw(&sale_id).await;
    assert_eq!((&before["stage"], &before["seed"], &before["root"]), (&json!("entering"), &Value::Null, &Value::Null));
    let commitment = before["commitment"].as_str().unwrap().to_owned();
    let state = shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200);
    assert_eq!((&state["phase"], state["draw"]["commitment"].as_str()), (&json!("open"), Some(commitment.as_str())));

    let shoppers = shop.shoppers(5);
    let mut entries = Vec::new();
    for (number, cookie) in (1..).zip(&shoppers) {
        let accepted = shop.entered(&sale_id, cookie).await;
        let path = format!("/api/queue/{}", accepted["queue_token"].as_str().unwrap());
        let status = shop.get(&path, cookie).await.ok(200);
        assert_eq!((&status["state"], &status["position"]), (&json!("queued"), &json!(number)));
        entries.push((path, cookie.clone()));
    }
    let late = shop.shopper();
    let late_pass = shop.pass(&sale_id, &late).await;
    shop.get(&format!("/api/sales/{sale_id}/draw/receipt"), &shoppers[0]).await.is_problem(409, "draw_not_held");
    shop.get(&format!("/api/sales/{sale_id}/draw/entries"), "").await.is_problem(409, "draw_not_held");

    // Killed while entries are open; they close and are drawn in the next life.
    shop.kill_and_restart();
    for (path, cookie) in &entries {
        assert_eq!(shop.get(path, cookie).await.ok(200)["entered"], true, "an acknowledged entry survives");
    }
    shop.until(&format!("/api/sales/{sale_id}/draw"), "", |draw| draw["root"].is_string()).await;
    shop.order(&sale_id, &late, "k", json!({ "pass": late_pass, "quantity": 1 }))
        .await
        .is_problem(409, "entries_closed");
    shop.kill_and_restart();
    shop.until(&format!("/api/sales/{sale_id}/draw"), "", |draw| draw["stage"] == "drawn").await;

    let mut outcomes = Vec::new();
    for (path, cookie) in &entries {
        outcomes.push(shop.get(path, cookie).await.ok(200)["state"].as_str().unwrap().to_owned());
    }
    assert_eq!(outcomes.iter().filter(|state| *state == "held").count(), 2, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|state| *state == "sold_out").count(), 3, "{outcomes:?}");
    assert_eq!(shop.ledger(&sale_id).await["held"], 2);
    let after = shop.draw(&sale_id).await;
    assert_eq!(
        (&after["commitment"], &after["entries"], &after["winners"]),
        (&json!(commitment), &json!(5), &json!(2))
    );

    let receipts = shop.get(&format!("/api/sales/{sale_id}/draw/receipt"), &shoppers[3]).await.ok(200);
    assert_eq!((&receipts["root"], receipts["receipts"].as_array().unwrap().len()), (&after["root"], 1));
    let receipt = &receipts["receipts"][0];
    let digest = |text: &Value| draw::from_hex::<32>(text.as_str().unwrap()).unwrap();
    let proof: Vec<_> = receipt["proof"].as_array().unwrap().iter().map(digest).collect();
    let index = receipt["index"].as_u64().unwrap() as usize;
    let (root, leaf) = (digest(&receipts["root"]), digest(&receipt["leaf"]));
    assert!(draw::proof_holds::<sale::OurSha256>(&root, 5, index, &leaf, &proof));
    assert_eq!(receipt["won"], json!(outcomes[3] == "held"));

    let file = shop.get(&format!("/api/sales/{sale_id}/draw/entries"), "").await;
    assert_eq!(file.status.as_u16(), 200);
    let (code, told) = shop.verified(&file.text);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains(&commitment) && told.contains("is right"), "{told}");
    let tampered = |change: &dyn Fn(&mut Value)| {
        let mut file = file.json();
        change(&mut file);
        shop.verified(&file.to_string())
    };
    let swapped = |file: &mut Value| file["entries"].as_array_mut().unwrap().swap(0, 4);
    for (change, differs) in [
        (&swapped as &dyn Fn(&mut Value), "Place 1 does not belong"),
        (&|file| file["entries"][4]["won"] = json!(true), "at place 5 got units that it should not have"),
        (&|file| drop(file["entries"].as_array_mut().unwrap().pop()), "The root does not stand for these entries"),
        (&|file| file["seed"] = json!("00".repeat(32)), "The seed is not the one that was committed to"),
    ] {
        let (code, told) = tampered(change);
        assert!(code == Some(1) && told.contains(differs), "{code:?}: {told}");
    }
    for (text, why) in [("{}", "not a draw's file"), ("", "not a draw's file")] {
        let (code, told) = shop.verified(text);
        assert!(code == Some(2) && told.contains(why), "{code:?}: {told}");
    }
    let (code, told) = tampered(&|file| file["version"] = json!(2));
    assert!(code == Some(2) && told.contains("version 2"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beacon_is_given_after_the_close_once_and_the_draw_waits_for_it() {
    let shop = Shop::start();
    let now_ms = shop.now_ms().await;
    let beacon = json!({ "description": "drand quicknet round 7", "due_at_ms": now_ms + 300_000 });
    let close_ms = now_ms + 8_000;
    let sale_id = shop.draw_sale(json!({ "beacon": beacon, "entries_close_at_ms": close_ms })).await;
    let cookie = shop.shopper();
    shop.entered(&sale_id, &cookie).await;
    let path = format!("/sales/{sale_id}/beacon");
    let give = |value: &str| shop.merchant("POST", &path, json!({ "value": value }));
    let (abc, abd) = ("abc0".repeat(16), "abd0".repeat(16));
    let (abc, abd) = (abc.as_str(), abd.as_str());
    give(abc).await.is_problem(409, "beacon_refused");
    shop.until(&format!("/api/sales/{sale_id}/draw"), "", |draw| draw["stage"] == "closed").await;
    for no_value in ["", "abc", &abc.to_uppercase(), &"0x".repeat(32)] {
        give(no_value).await.is_problem(422, "field_invalid");
    }
    let more = shop.merchant("PATCH", &format!("/sales/{sale_id}"), json!({ "stock_units": 50 })).await;
    more.is_problem(409, "entries_closed");
    let other = shop.other_merchant();
    let foreign = shop.merchant_with(&other, "POST", &path, json!({ "value": abc })).await;
    foreign.is_problem(404, "not_found");
    assert_eq!(give(abc).await.ok(200)["beacon"]["value"], abc);
    give(abc).await.ok(200);
    give(abd).await.is_problem(409, "beacon_refused");
    shop.until(&format!("/api/sales/{sale_id}/draw"), "", |draw| draw["stage"] == "drawn").await;
    let file = shop.get(&format!("/api/sales/{sale_id}/draw/entries"), "").await;
    let (code, told) = shop.verified(&file.text);
    assert!(code == Some(0) && told.contains(&format!("drand quicknet round 7 is {abc}")), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draw_has_its_times_in_order_and_its_seed_is_nobodys_to_choose_or_see() {
    let shop = Shop::start();
    let now_ms = shop.now_ms().await;
    let item = json!({
        "slug": "draw", "title": "Lantern", "description": "", "image_url": "/images/lantern.svg",
        "list_price_minor": 9_900, "currency": "CNY",
    });
    let item_id = shop.merchant("POST", "/items", item).await.text_of("item_id");
    let close = json!(now_ms + 60_000);
    for (changes, field) in [
        (json!({ "mode": "draw" }), "entries_close_at_ms"),
        (json!({ "entries_close_at_ms": close }), "entries_close_at_ms"),
        (json!({ "mode": "draw", "entries_close_at_ms": now_ms - 1_000 }), "entries_close_at_ms"),
        (json!({ "mode": "draw", "entries_close_at_ms": close, "stock_policy": "on_payment" }), "stock_policy"),
        (
            json!({ "mode": "draw", "entries_close_at_ms": close, "beacon": { "description": "x", "due_at_ms": now_ms } }),
            "beacon.due_at_ms",
        ),
    ] {
        let mut wrong = terms(&item_id, now_ms);
        for (name, value) in changes.as_object().unwrap() {
            wrong[name] = value.clone();
        }
        let answer = shop.merchant("POST", "/sales", wrong).await;
        answer.is_problem(422, "field_invalid");
        assert!(answer.text_of("detail").starts_with(field), "{answer:?}");
    }
    let sale_id = shop.draw_sale(json!({})).await;
    let path = format!("/sales/{sale_id}");
    let shown = shop.merchant("GET", &path, Value::Null).await.ok(200);
    assert_eq!((&shown["mode"], &shown["draw"]["stage"]), (&json!("draw"), &json!("entering")));
    assert!(shown["draw"].get("seed").is_none());
    shop.merchant("PATCH", &path, json!({ "entries_close_at_ms": close })).await.is_problem(409, "sale_has_started");
    shop.merchant("PATCH", &path, json!({ "seed": "00" })).await.is_problem(422, "field_invalid");
    assert!(!shop.log().contains("DrawSeed(["), "no seed in the log");
}
