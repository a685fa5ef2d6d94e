//! A shop with one of everything that has an id, and its routes as its own description tells them.

use std::collections::HashMap;

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::support::{Answer, MERCHANT, PASSWORD, Shop, answered};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    Anybody,
    Shoppers,
    Merchants,
}

#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) method: String,
    /// With `{names}` in it.
    pub(super) pattern: String,
    pub(super) whose: For,
    /// The schema of its body, if it takes one.
    pub(super) body: Option<Value>,
    /// The codes of the answers that it names.
    pub(super) answers: Vec<String>,
}

impl Route {
    pub(super) fn changes(&self) -> bool {
        self.method != "GET"
    }

    /// The provider's way in is signed and knows no cookie.
    pub(super) fn is_webhook(&self) -> bool {
        self.pattern == "/api/payments/webhook"
    }
}

pub(super) struct Market {
    pub(super) shop: Shop,
    pub(super) sale_id: String,
    pub(super) slug: String,
    pub(super) shopper: String,
    /// The merchant's session in the admin view.
    pub(super) merchant: String,
    pub(super) order_id: String,
    ids: HashMap<String, String>,
    description: Value,
}

impl Market {
    /// Nobody is refused for asking often: what is tried here is something else.
    pub(super) async fn open() -> Self {
        Self::open_with(&["--payments", "sandbox"]).await
    }

    pub(super) async fn open_with(options: &[&str]) -> Self {
        let shop = Shop::start_in(options, &[("STAMPEDE_RATE_LIMITS", "off".as_ref())]);
        let (sale_id, slug) = shop.sale_and_slug(json!({ "per_shopper_limit": 3 })).await;
        let shopper = shop.shopper();
        let accepted = shop.join(&sale_id, &shopper, 1).await;
        let queue_token = accepted["queue_token"].clone();
        let order_id = shop.outcome(&queue_token, &shopper).await["order_id"].as_str().unwrap().to_owned();
        let payment = shop.post(&format!("/api/orders/{order_id}/payments"), &shopper, json!({})).await.ok(200);
        let sale = shop.merchant("GET", &format!("/sales/{sale_id}"), Value::Null).await.ok(200);
        let orders = shop.merchant("GET", "/orders?consistency=strong", Value::Null).await.ok(200);
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text in {value}")).to_owned();
        let ids = HashMap::from([
            ("sale_id".to_owned(), sale_id.clone()),
            ("item_id".to_owned(), text(&sale["item_id"])),
            ("order_id".to_owned(), order_id.clone()),
            ("queue_token".to_owned(), text(&queue_token)),
            ("payment_id".to_owned(), text(&payment["payment_id"])),
            ("shopper_id".to_owned(), text(&orders["orders"][0]["shopper_id"])),
        ]);
        let signed_in =
            shop.post("/api/merchant/sign-in", "", json!({ "email": MERCHANT, "password": PASSWORD })).await;
        signed_in.ok(200);
        let merchant = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
        let description = shop.get("/openapi.json", "").await.ok(200);
        Self { shop, sale_id, slug, shopper, merchant, order_id, ids, description }
    }

    pub(super) fn routes(&self) -> Vec<Route> {
        let mut routes = Vec::new();
        for (pattern, methods) in self.description["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                let whose = match operation["security"][0].as_object().and_then(|needs| needs.keys().next()) {
                    None => For::Anybody,
                    Some(name) if name == "session" => For::Shoppers,
                    Some(_) => For::Merchants,
                };
                routes.push(Route {
                    method: method.to_uppercase(),
                    pattern: pattern.clone(),
                    whose,
                    body: self.resolved(schema),
                    answers: operation["responses"].as_object().unwrap().keys().cloned().collect(),
                });
            }
        }
        assert!(routes.len() > 30, "the description lists the routes");
        routes
    }

    /// A schema, or the one that it refers to.
    fn resolved(&self, schema: &Value) -> Option<Value> {
        let Some(reference) = schema["$ref"].as_str() else {
            return (!schema.is_null()).then(|| schema.clone());
        };
        Some(self.description.pointer(reference.trim_start_matches('#')).expect("what is referred to is there").clone())
    }

    /// The route's path, with ids of what there is.
    pub(super) fn path(&self, pattern: &str) -> String {
        self.path_with(pattern, |name| self.ids[name].clone())
    }

    pub(super) fn path_with(&self, pattern: &str, id_of: impl Fn(&str) -> String) -> String {
        let parts = pattern.split('/').map(|part| {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            name.map_or_else(|| part.to_owned(), &id_of)
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// A request on the route as its rightful user sends it from a browser, without a body.
    pub(super) fn as_its_user(&self, route: &Route, path: &str) -> RequestBuilder {
        let cookie = match route.whose {
            For::Merchants => self.merchant.clone(),
            For::Anybody | For::Shoppers => format!("{}; {}", self.shopper, self.merchant),
        };
        self.shop.request(&route.method, path).header("cookie", cookie).header("idempotency-key", "attack")
    }

    /// All that an attack might have changed.
    pub(super) async fn state(&self) -> Value {
        let read = async |path: &str| self.shop.merchant("GET", path, Value::Null).await.ok(200);
        let sale = format!("/sales/{}", self.sale_id);
        json!([
            read(&sale).await,
            read(&format!("{sale}/ledger")).await,
            read(&format!("{sale}/shoppers")).await,
            read("/sales").await,
            read("/items").await,
            read("/strikes").await,
            read("/orders?consistency=strong").await,
            self.shop.get(&format!("/api/sales/{}/mine", self.sale_id), &self.shopper).await.ok(200),
        ])
    }

    pub(super) async fn fetch(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = headers
            .iter()
            .fold(self.shop.request(method, path), |request, (name, value)| request.header(*name, *value));
        answered(request).await
    }
}
