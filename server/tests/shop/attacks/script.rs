//! Script in whatever somebody may write: it is stored, and it is text wherever it is shown.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Shop, answered};

/// What would run if it were written into a page as it is: in an element, an attribute, a script, a comment, a style.
const SCRIPTS: [&str; 12] = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title><svg onload=alert(1)>",
    "<!--<script>alert(1)//-->",
    "]]><script>alert(1)</script>",
    "</main></body><iframe srcdoc='<script>alert(1)</script>'>",
    "{{constructor.constructor('alert(1)')()}}${alert(1)}",
    "<a href=\"javascript:alert(1)\">x</a>",
    "\u{2028}alert(1)\u{2029}",
    "&lt;script&gt;alert(1)&lt;/script&gt;<",
];

/// The text of a page outside of what the shop itself writes: no tag of an attack, and no attribute, in whatever case.
#[track_caller]
fn is_text_only(page: &str, what: &str) {
    let lower = page.to_lowercase();
    for tag in ["<img src=x", "<svg onload", "<iframe", "<script>alert", "<a href=\"javascript", "<!--<script"] {
        assert!(!lower.contains(tag), "{tag} stands in {what}:\n{page}");
    }
    // Every tag of the page: no attribute of it may have come from a text.
    for tag in lower.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
        for handler in [" onerror=", " onload=", " onmouseover=", " srcdoc=", "=javascript:", "=\"javascript:"] {
            assert!(!outside_of_quotes(tag).contains(handler), "{handler} in <{tag}> of {what}");
        }
    }
    for data in page.split("application/ld+json").skip(1) {
        let data = data.split_once('>').unwrap().1;
        let data = data.split("</script").next().unwrap();
        assert!(!data.contains('<'), "data that could end its element: {data}");
        serde_json::from_str::<Value>(data).unwrap_or_else(|error| panic!("{error} in the data of {what}: {data}"));
    }
}

/// A tag without what stands in double quotes, which is how the pages write their attributes.
fn outside_of_quotes(tag: &str) -> String {
    tag.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn script_in_a_merchants_texts_is_text_on_every_page_that_shows_it() {
    let shop = Shop::start();
    let cookie = shop.shopper();
    for (number, script) in SCRIPTS.iter().enumerate() {
        let slug = format!("attack-{number}");
        let image_url = "/images/lantern.svg?x='onerror='alert(1)";
        let item = json!({
            "slug": slug, "title": script, "description": format!("{script}\n\n{script}"), "image_url": image_url,
            "list_price_minor": 9_900, "currency": "CNY",
        });
        let item_id = shop.merchant("POST", "/items", item).await.ok(201)["item_id"].as_str().unwrap().to_owned();
        let skus = json!([{ "sku": "m", "title": script, "stock_units": 5, "price_minor": 500 }]);
        let drawable = script.replace(['\u{2028}', '\u{2029}'], " ");
        let prompt: String = drawable.chars().take(80).collect();
        let quiz = json!({
            "kind": "bank", "questions": [{ "prompt": prompt, "answer": "yes" }], "min_answer_ms": 0, "max_answer_ms": 60_000,
        });
        let sale_id = shop.draft(&item_id, json!({ "skus": skus, "quiz": quiz })).await;
        shop.merchant("POST", &format!("/sales/{sale_id}/publish"), Value::Null).await.ok(200);
        let pass = shop.pass(&sale_id, &cookie).await;
        let order = json!({ "pass": pass, "quantity": 1, "sku": "m" });
        let accepted = shop.order(&sale_id, &cookie, &slug, order).await.ok(202);
        let order_id = shop.outcome(&accepted["queue_token"], &cookie).await["order_id"].clone();
        let order_id = order_id.as_str().unwrap();
        for prefix in ["", "/zh"] {
            for path in [
                format!("{prefix}/"),
                format!("{prefix}/items/{slug}"),
                format!("{prefix}/orders"),
                format!("{prefix}/orders/{order_id}"),
                format!("{prefix}/pay/{order_id}"),
            ] {
                let page = answered(shop.request("GET", &path).header("cookie", &cookie).header("accept", "text/html"));
                let page = page.await;
                assert_eq!(page.status, 200, "{path}");
                assert!(page.header("content-type").starts_with("text/html"), "{path}");
                is_text_only(&page.text, &format!("{path} with {script:?}"));
            }
        }
        // Programs get the text as it was written, as JSON that nothing takes for a page.
        let asked = shop.post(&format!("/api/sales/{sale_id}/quiz"), &cookie, json!({ "accessible": true })).await;
        for answer in [
            asked,
            shop.merchant("GET", &format!("/items/{item_id}"), Value::Null).await,
            shop.merchant("GET", &format!("/sales/{sale_id}"), Value::Null).await,
            shop.get("/csi/recommendations?item=x", "").await,
            shop.get("/api/orders", &cookie).await,
        ] {
            assert!(answer.header("content-type").contains("json"), "{answer:?}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            answer.json();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_pictures_lead_to_pictures_and_slugs_are_slugs() {
    let shop = Shop::start();
    let item = |slug: &str, image_url: &str| {
        json!({
            "slug": slug, "title": "A lantern", "description": "Lights up.", "image_url": image_url,
            "list_price_minor": 900, "currency": "CNY",
        })
    };
    let item_id = shop.merchant("POST", "/items", item("good", "/images/lantern.svg")).await.ok(201)["item_id"].clone();
    let path = format!("/items/{}", item_id.as_str().unwrap());
    for image_url in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "\u{1}javascript:x",
        "data:text/html,<script>",
        "data:image/svg+xml,<svg onload=alert(1)>",
        "vbscript:x",
        "//evil.example/a",
        "/\\evil.example/a",
        "\\\\evil.example",
        "http://evil.example/a",
        "https:evil.example",
        "https:/\\evil.example",
        "https://",
        "https:///x",
        "blob:https://x",
        "file:///etc/passwd",
        "/images/a\"onerror=\"x",
        "/a\nb",
        "/a b",
        "",
        "../../etc/passwd",
        "images/a.svg",
        "ftp://x",
        "/images/<svg>",
        "https://user:pass@evil.example/\u{0}",
        "https://evil.example\\@shop.example/",
    ] {
        shop.merchant("POST", "/items", item("other", image_url)).await.is_problem(422, "field_invalid");
        shop.merchant("PATCH", &path, json!({ "image_url": image_url })).await.is_problem(422, "field_invalid");
    }
    for slug in [
        "../admin",
        "a/b",
        "a%2fb",
        "<script>",
        "a\"b",
        ".",
        "..",
        "a b",
        "admin\0",
        "-a",
        "a-",
        "A",
        "灯",
        "a?b",
        "a#b",
        "a\\b",
        "a\u{200b}b",
    ] {
        shop.merchant("POST", "/items", item(slug, "/images/lantern.svg")).await.is_problem(422, "field_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn script_in_a_shoppers_name_or_address_is_text_for_the_merchant_and_the_shopper() {
    let shop = Shop::start_in(&["--payments", "sandbox"], &[("STAMPEDE_RATE_LIMITS", "off".as_ref())]);
    let sale_id = shop.sale(json!({ "stock_units": 100 })).await;
    for (number, script) in SCRIPTS.iter().enumerate() {
        let display_name: String = script.chars().take(40).collect();
        let email = format!("\"<script>alert({number})</script>\"@example.com").replace(' ', "");
        let form = json!({ "email": email, "password": PASSWORD, "display_name": display_name });
        let signed_up = shop.post("/api/sign-up", "", form).await;
        let told = signed_up.ok(201);
        assert_eq!(told["display_name"], json!(display_name.trim()));
        assert!(signed_up.header("set-cookie").is_ascii(), "{signed_up:?}");
        let cookie = signed_up.header("set-cookie").split(';').next().unwrap().to_owned();
        assert_eq!(shop.get("/csi/me", &cookie).await.ok(200)["display_name"], told["display_name"]);
        shop.held(&sale_id, &cookie).await;
        for path in ["/orders", "/zh/orders", "/sign-in", "/"] {
            let page =
                answered(shop.request("GET", path).header("cookie", &cookie).header("accept", "text/html")).await;
            is_text_only(&page.text, &format!("{path} for {display_name:?}"));
        }
        let add = shop.merchant("POST", &format!("/sales/{sale_id}/shoppers"), json!({ "add": [email] })).await;
        assert!(add.header("content-type").contains("json"), "{add:?}");
    }
    for path in [format!("/orders?sale_id={sale_id}&consistency=strong"), format!("/sales/{sale_id}/shoppers")] {
        let answer = shop.merchant("GET", &path, Value::Null).await;
        answer.ok(200);
        assert!(answer.header("content-type").contains("json") && answer.header("x-content-type-options") == "nosniff");
    }
    for name in ["a\nb", "a\rb", "a\0b", "a\u{7f}", "", "   ", &"x".repeat(41)] {
        let form = json!({ "email": "bo@example.com", "password": PASSWORD, "display_name": name });
        shop.post("/api/sign-up", "", form).await.is_problem(422, "field_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_somebody_sends_is_told_back_as_a_page() {
    let shop = Shop::start();
    let script = "%3Cscript%3Ealert(1)%3C/script%3E";
    for path in [
        format!("/{script}"),
        format!("/items/{script}"),
        format!("/zh/items/{script}"),
        format!("/orders/{script}"),
        format!("/pay/{script}"),
        format!("/quiz/{script}.png"),
        format!("/assets/{script}"),
        format!("/sign-in?next=/{script}"),
        format!("/?utm_source={script}"),
        format!("/csi/recommendations?item={script}"),
        format!("/csi/recommendations?{script}=1"),
        format!("/csi/sales/{script}"),
        format!("/api/merchant/orders?{script}=1"),
    ] {
        for accept in ["text/html", "*/*"] {
            let answer = answered(shop.request("GET", &path).header("accept", accept)).await;
            assert!(answer.status.as_u16() < 500, "{path}: {answer:?}");
            if answer.header("content-type").starts_with("text/html") {
                is_text_only(&answer.text, &path);
            }
        }
    }
}
