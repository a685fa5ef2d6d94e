//! The merchant API.

use serde_json::{Value, json};

use crate::support::{Shop, terms};

fn item(slug: &str) -> Value {
    json!({
        "slug": slug, "title": "A lantern", "description": "Lights up.", "image_url": "/images/lantern.svg",
        "list_price_minor": 900, "currency": "CNY",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_merchant_writes_is_checked_field_by_field() {
    let shop = Shop::start();
    let item_id = shop.merchant("POST", "/items", item("good")).await.ok(201)["item_id"].as_str().unwrap().to_owned();
    shop.merchant("POST", "/items", item("good")).await.is_problem(409, "slug_taken");
    for (field, value) in [
        ("slug", json!("Not A Slug")),
        ("title", json!("")),
        ("description", json!("x".repeat(4_001))),
        ("image_url", json!("javascript:alert(1)")),
        ("list_price_minor", json!(-1)),
        ("currency", json!("yuan")),
    ] {
        let mut wrong = item("other");
        wrong[field] = value;
        let answer = shop.merchant("POST", "/items", wrong).await;
        answer.is_problem(422, "field_invalid");
        assert!(answer.text_of("detail").starts_with(field), "{answer:?}");
    }
    let now_ms = shop.now_ms().await;
    for (field, value) in [
        ("price_minor", json!(-1)),
        ("starts_at_ms", json!(now_ms - 60_000)),
        ("ends_at_ms", json!(now_ms - 1)),
        ("stock_units", json!(-1)),
        ("per_shopper_limit", json!(0)),
        ("hold_seconds", json!(0)),
        ("item_id", json!("nothing")),
    ] {
        let mut wrong = terms(&item_id, now_ms);
        wrong[field] = value;
        let answer = shop.merchant("POST", "/sales", wrong).await;
        answer.is_problem(422, "field_invalid");
        assert!(answer.text_of("detail").starts_with(field), "{answer:?}");
    }
    let sku = |name: &str, units: i64| json!({ "sku": name, "title": "M", "stock_units": units, "price_minor": 1 });
    for (field, value) in [
        ("waitlist_units", json!(10_001)),
        ("skus[0].sku", json!([sku("Not A Sku", 9)])),
        ("skus[1].sku", json!([sku("m", 9), sku("m", 9)])),
        ("skus", json!([sku("m", 1)])),
        ("strikes.limit", json!({ "limit": 65, "strike_seconds": 1, "marked_orders": "refuse" })),
        ("eligibility.account_before_ms", json!({ "account_before_ms": -1 })),
    ] {
        let mut wrong = terms(&item_id, now_ms);
        wrong[field.split(['.', '[']).next().unwrap()] = value;
        let answer = shop.merchant("POST", "/sales", wrong).await;
        answer.is_problem(422, "field_invalid");
        assert!(answer.text_of("detail").starts_with(field), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_nobodys_to_see_until_it_is_published() {
    let shop = Shop::start();
    let item_id = shop.merchant("POST", "/items", item("draft")).await.ok(201)["item_id"].as_str().unwrap().to_owned();
    let sale_id = shop.draft(&item_id, json!({})).await;
    let cookie = shop.shopper();
    assert_eq!(shop.get("/items/draft", "").await.status, 404);
    shop.get(&format!("/csi/sales/{sale_id}"), "").await.is_problem(404, "not_found");
    shop.post(&format!("/api/sales/{sale_id}/quiz"), &cookie, json!({})).await.is_problem(404, "not_found");
    assert_eq!(shop.merchant("GET", &format!("/sales/{sale_id}"), Value::Null).await.ok(200)["published"], false);
    shop.merchant("POST", &format!("/sales/{sale_id}/publish"), Value::Null).await.ok(200);
    assert_eq!(shop.get("/items/draft", "").await.status, 200);
    assert!(shop.get("/", "").await.text.contains("/items/draft"));
    shop.held(&sale_id, &cookie).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn script_in_a_merchants_text_is_text_on_the_page() {
    let shop = Shop::start();
    let script = "<script>alert(1)</script>\" onload=\"x";
    let mut attack = item("attack");
    attack["title"] = json!(script);
    attack["description"] = json!(format!("{script}\n\n</main></script>"));
    let item_id = shop.merchant("POST", "/items", attack).await.ok(201)["item_id"].as_str().unwrap().to_owned();
    let sale_id = shop.draft(&item_id, json!({})).await;
    shop.merchant("POST", &format!("/sales/{sale_id}/publish"), Value::Null).await.ok(200);
    for path in ["/", "/items/attack", "/zh/items/attack"] {
        let page = shop.get(path, "").await;
        assert!(page.text.contains("alert(1)"), "{path}");
        assert!(!page.text.contains("<script>alert") && !page.text.contains("\" onload=\"x\""), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_can_be_raised_and_lowered_while_the_sale_runs_but_not_below_what_is_taken() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "stock_units": 2 })).await;
    let shoppers = shop.shoppers(3);
    shop.held(&sale_id, &shoppers[0]).await;
    shop.held(&sale_id, &shoppers[1]).await;
    let path = format!("/sales/{sale_id}");
    shop.merchant("PATCH", &path, json!({ "stock_units": 1 })).await.is_problem(409, "stock_below_sold");
    shop.merchant("PATCH", &path, json!({ "stock_units": 3, "price_minor": 700 })).await.ok(200);
    shop.held(&sale_id, &shoppers[2]).await;
    assert_eq!(shop.ledger(&sale_id).await, json!({ "stock": 3, "free": 0, "held": 3, "sold": 0, "balanced": true }));
    let amounts = |cookie: String| {
        let shop = &shop;
        async move { shop.get("/api/orders", &cookie).await.ok(200)["orders"][0]["amount_minor"].clone() }
    };
    assert_eq!(amounts(shoppers[0].clone()).await, 500, "the price was frozen at the hold");
    assert_eq!(amounts(shoppers[2].clone()).await, 700);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_moves_until_the_sale_has_opened() {
    let shop = Shop::start();
    let now_ms = shop.now_ms().await;
    let sale_id = shop.sale(json!({ "starts_at_ms": now_ms + 60_000 })).await;
    let path = format!("/sales/{sale_id}");
    let before = shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200);
    shop.merchant("PATCH", &path, json!({ "starts_at_ms": now_ms })).await.ok(200);
    let after = shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200);
    assert_eq!((&before["phase"], &after["phase"]), (&json!("upcoming"), &json!("open")));
    assert!(after["revision"].as_i64() > before["revision"].as_i64());
    let moved = shop.merchant("PATCH", &path, json!({ "starts_at_ms": now_ms + 60_000 })).await;
    moved.is_problem(409, "sale_has_started");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_listed_newest_first_page_by_page_and_by_state() {
    let shop = Shop::start();
    let sale_id = shop.sale(json!({ "stock_units": 60, "per_shopper_limit": 60 })).await;
    let shoppers = shop.shoppers(55);
    let joined = shoppers.iter().map(|cookie| shop.held(&sale_id, cookie));
    let order_ids = futures::future::join_all(joined).await;
    shop.post(&format!("/api/orders/{}/cancel", order_ids[0]), &shoppers[0], json!({})).await.ok(200);
    let first =
        shop.merchant("GET", &format!("/orders?sale_id={sale_id}&consistency=strong"), Value::Null).await.ok(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = shop.merchant("GET", &format!("/orders?sale_id={sale_id}&cursor={cursor}"), Value::Null).await.ok(200);
    let ids = |page: &Value| -> Vec<String> {
        page["orders"].as_array().unwrap().iter().map(|order| order["order_id"].as_str().unwrap().to_owned()).collect()
    };
    let all: std::collections::HashSet<String> = ids(&first).into_iter().chain(ids(&second)).collect();
    assert_eq!((ids(&first).len(), ids(&second).len(), all.len()), (50, 5, 55));
    assert!(second["next_cursor"].is_null());
    let released = shop.merchant("GET", "/orders?state=released", Value::Null).await.ok(200);
    assert_eq!(ids(&released), [order_ids[0].clone()]);
    for wrong in ["state=lost", "cursor=x", "sale_id=x", "colour=red"] {
        shop.merchant("GET", &format!("/orders?{wrong}"), Value::Null).await.is_problem(400, "query_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_is_paused_before_its_start_says_so_and_is_not_open_all_the_same() {
    let shop = Shop::start();
    let starts_at_ms = shop.now_ms().await + 60_000;
    let sale_id = shop.sale(json!({ "starts_at_ms": starts_at_ms, "ends_at_ms": starts_at_ms + 60_000 })).await;
    let phase = async || shop.get(&format!("/csi/sales/{sale_id}"), "").await.ok(200)["phase"].clone();
    assert_eq!(phase().await, "upcoming");
    shop.merchant("PATCH", &format!("/sales/{sale_id}"), json!({ "paused": true })).await.ok(200);
    assert_eq!(phase().await, "paused");
    let quiz = shop.post(&format!("/api/sales/{sale_id}/quiz"), &shop.shopper(), json!({})).await;
    quiz.is_problem(409, "sale_not_open");
    shop.merchant("PATCH", &format!("/sales/{sale_id}"), json!({ "paused": false })).await.ok(200);
    assert_eq!(phase().await, "upcoming");
}
