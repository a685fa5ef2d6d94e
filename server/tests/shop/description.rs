//! `/openapi.json` describes what runs.

use serde_json::Value;

use crate::support::{Shop, answered};

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_the_one_that_clients_know() {
    let shop = Shop::start();
    let description = shop.get("/openapi.json", "").await;
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("openapi", description.text);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn every_described_call_is_answered_as_described() {
    let shop = Shop::start();
    let description = shop.get("/openapi.json", "").await.ok(200);
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() >= 25, "{}", paths.len());
    let nobody = uuid::Uuid::nil().to_string();
    for (path, calls) in paths {
        let filled = ["{sale_id}", "{order_id}", "{item_id}", "{payment_id}", "{queue_token}"]
            .iter()
            .fold(path.clone(), |path, name| path.replace(name, &nobody));
        for (method, call) in calls.as_object().unwrap() {
            let answer = answered(shop.request(&method.to_uppercase(), &filled)).await;
            let status = answer.status.as_u16();
            assert!(!matches!(status, 405 | 500..), "{method} {path}: {answer:?}");
            let described: Vec<&String> = call["responses"].as_object().unwrap().keys().collect();
            // Every call may be refused for its form: 400, 401, 413, 415 and 422 go without saying.
            let without_saying = matches!(status, 400 | 401 | 413 | 415 | 422);
            assert!(without_saying || described.contains(&&status.to_string()), "{method} {path}: {status}");
            if status >= 400 {
                assert!(answer.json()["code"].is_string(), "{method} {path}: {answer:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_is_described() {
    let shop = Shop::start();
    let description = shop.get("/openapi.json", "").await.ok(200);
    let described: Vec<&Value> =
        description["components"]["schemas"]["Code"]["enum"].as_array().unwrap().iter().collect();
    for code in api::Code::ALL {
        assert!(described.iter().any(|described| *described == code.as_str()), "{code:?}");
    }
}
