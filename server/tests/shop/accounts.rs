//! Accounts and sessions.

use serde_json::json;

use crate::support::{MERCHANT, PASSWORD, Shop, answered};

fn cookie_of(answer: &crate::support::Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_signs_up_in_and_out() {
    let shop = Shop::start();
    let form = json!({ "email": "Ann@Example.com", "password": PASSWORD, "display_name": "Ann" });
    let signed_up = shop.post("/api/sign-up", "", form.clone()).await;
    assert_eq!(signed_up.ok(201), json!({ "display_name": "Ann" }));
    let set_cookie = signed_up.header("set-cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set_cookie.contains(part), "{set_cookie}");
    }
    let me = shop.get("/csi/me", &cookie_of(&signed_up)).await.ok(200);
    assert!(me["lot"].is_u64(), "{me}");
    assert_eq!(me, json!({ "signed_in": true, "display_name": "Ann", "lot": me["lot"] }));
    shop.post("/api/sign-up", "", form).await.is_problem(409, "email_taken");
    let signed_in = shop.post("/api/sign-in", "", json!({ "email": "ann@example.com", "password": PASSWORD })).await;
    assert_eq!(signed_in.ok(200), json!({ "display_name": "Ann" }));
    let out = answered(shop.request("POST", "/api/sign-out").header("cookie", cookie_of(&signed_in))).await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").contains("Max-Age=0"), "{out:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_address_are_told_alike() {
    let shop = Shop::start();
    let form = json!({ "email": "ann@example.com", "password": PASSWORD, "display_name": "Ann" });
    shop.post("/api/sign-up", "", form).await.ok(201);
    let wrong = shop.post("/api/sign-in", "", json!({ "email": "ann@example.com", "password": "another one" })).await;
    let unknown = shop.post("/api/sign-in", "", json!({ "email": "bo@example.com", "password": "another one" })).await;
    wrong.is_problem(401, "credentials_invalid");
    unknown.is_problem(401, "credentials_invalid");
    assert_eq!(wrong.text, unknown.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_says_which_field_is_wrong() {
    let shop = Shop::start();
    let good = json!({ "email": "a@b.c", "password": PASSWORD, "display_name": "A" });
    for (field, value) in [("email", "nobody"), ("password", "short"), ("display_name", ""), ("display_name", "a\nb")] {
        let mut form = good.clone();
        form[field] = json!(value);
        let answer = shop.post("/api/sign-up", "", form).await;
        answer.is_problem(422, "field_invalid");
        assert!(answer.text_of("detail").starts_with(field), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_or_a_merchants_session_is_no_shoppers_session() {
    let shop = Shop::start();
    let signed_in = shop.post("/api/merchant/sign-in", "", json!({ "email": MERCHANT, "password": PASSWORD })).await;
    signed_in.ok(200);
    let merchant = cookie_of(&signed_in);
    assert!(signed_in.header("set-cookie").contains("SameSite=Strict"));
    assert_eq!(shop.get("/api/merchant/me", &merchant).await.ok(200)["email"], MERCHANT);
    let value = merchant.split_once('=').unwrap().1;
    let shopper = shop.shopper();
    for cookie in
        [format!("stampede_session={value}"), format!("{shopper}A"), "stampede_session=AAAA".to_owned(), merchant]
    {
        shop.get("/api/orders", &cookie).await.is_problem(401, "signed_out");
        assert_eq!(shop.get("/csi/me", &cookie).await.ok(200)["signed_in"], false);
    }
    shop.get("/api/merchant/me", &shopper).await.is_problem(401, "signed_out");
    shop.merchant_with("stm_0000", "GET", "/me", serde_json::Value::Null).await.is_problem(401, "signed_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_pages_ask_to_sign_in_and_lead_back() {
    let shop = Shop::start();
    for (path, expected) in [("/orders", "/sign-in?next=/orders"), ("/zh/orders", "/zh/sign-in?next=/zh/orders")] {
        let answer = shop.get(path, "").await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, expected));
    }
    let page = shop.get("/sign-in?next=//evil.example", "").await;
    assert_eq!(page.status, 200);
    assert!(!page.text.contains("evil.example"));
    let shopper = shop.shopper();
    assert_eq!(shop.get("/orders", &shopper).await.status, 200);
}
