//! Sessions: neither given to somebody beforehand, nor taken from the wrong place, nor told by the time that an answer
//! takes.

use serde_json::json;

use crate::support::{Answer, MERCHANT, PASSWORD, Shop, answered};

fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_there_before_is_not_the_one_after_signing_in() {
    let shop = Shop::start();
    let planted = shop.shopper();
    let form = json!({ "email": "ann@example.com", "password": PASSWORD, "display_name": "Ann" });
    let signed_up = answered(shop.request("POST", "/api/sign-up").header("cookie", &planted).json(&form)).await;
    signed_up.ok(201);
    assert_ne!(cookie_of(&signed_up), planted);
    for made_up in [planted.as_str(), "stampede_session=", "stampede_session=evil"] {
        let form = json!({ "email": "ann@example.com", "password": PASSWORD });
        let signed_in = answered(shop.request("POST", "/api/sign-in").header("cookie", made_up).json(&form)).await;
        signed_in.ok(200);
        assert_ne!(cookie_of(&signed_in), made_up);
        assert_eq!(shop.get("/csi/me", &cookie_of(&signed_in)).await.ok(200)["display_name"], "Ann");
    }
    // No session comes from anywhere but its cookie.
    let value = planted.split_once('=').unwrap().1;
    for request in [
        shop.request("GET", &format!("/csi/me?stampede_session={value}")),
        shop.request("GET", "/csi/me").header("x-session", value),
        shop.request("GET", "/csi/me").header("authorization", format!("Bearer {value}")).header("cookie", &planted),
        shop.request("GET", "/csi/me").header("authorization", format!("Basic {value}")),
    ] {
        assert_eq!(answered(request).await.ok(200)["signed_in"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_a_neighbouring_host_cannot_plant_a_session() {
    let shop = Shop::start_with(&["--public-origin", "https://shop.example"]);
    let form = json!({ "email": "ann@example.com", "password": PASSWORD, "display_name": "Ann" });
    let signed_up = shop.post("/api/sign-up", "", form).await;
    let set = signed_up.header("set-cookie").to_owned();
    // The prefix binds a cookie to this very host over TLS (RFC 6265bis, section 4.1.3.2): no other host can set it.
    assert!(set.starts_with("__Host-stampede_session="), "{set}");
    for part in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(set.contains(part), "{part} in {set}");
    }
    assert!(!set.to_lowercase().contains("domain="), "{set}");
    let own = cookie_of(&signed_up);
    assert_eq!(shop.get("/csi/me", &own).await.ok(200)["display_name"], "Ann");
    let planted = own.replace("__Host-", "");
    for (name, value) in [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none"), ("sec-fetch-site", "evil")] {
        let me = shop.request("GET", "/csi/me").header("cookie", &planted).header(name, value);
        assert_eq!(answered(me).await.ok(200)["signed_in"], false, "the plain name is anybody's to set in a browser");
    }
    // A client at a shell, which says nothing of where its request comes from, has it from `stampede token shoppers`.
    assert_eq!(shop.get("/csi/me", &shop.shopper()).await.ok(200)["signed_in"], true);
    let signed_in = shop.post("/api/merchant/sign-in", "", json!({ "email": MERCHANT, "password": PASSWORD })).await;
    let set = signed_in.header("set-cookie").to_owned();
    assert!(set.starts_with("__Host-stampede_merchant=") && set.contains("; SameSite=Strict"), "{set}");
    assert_eq!(shop.get("/api/merchant/me", &cookie_of(&signed_in)).await.ok(200)["email"], MERCHANT);
    let out = answered(shop.request("POST", "/api/sign-out").header("cookie", &own)).await;
    let removed = out.header("set-cookie");
    assert!(removed.starts_with("__Host-stampede_session=;") && removed.contains("Secure"), "{removed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_is_said_twice_or_spoilt_is_nobodys_way_in() {
    let shop = Shop::start();
    let shoppers = shop.shoppers(2);
    let name_of = async |cookie: &str| shop.get("/csi/me", cookie).await.ok(200)["display_name"].clone();
    let (own, other) = (name_of(&shoppers[0]).await, name_of(&shoppers[1]).await);
    assert_ne!(own, other);
    let value = shoppers[0].split_once('=').unwrap().1;
    for spoilt in [
        format!("stampede_session={}", value.to_uppercase()),
        format!("stampede_session=\"{value}\""),
        format!("stampede_session={value}."),
        format!("stampede_session={}", &value[..value.len() - 1]),
        format!("stampede_session={}", value.chars().rev().collect::<String>()),
        format!("STAMPEDE_SESSION={value}"),
        format!(" stampede_sessio\u{6e}x={value}"),
        format!("stampede_session%3d{value}"),
        "stampede_session=null".to_owned(),
    ] {
        let me = shop.get("/csi/me", &spoilt).await.ok(200);
        let is_nobody = me["signed_in"] == false;
        let is_own = me["display_name"] == own;
        assert!(is_nobody || is_own, "{spoilt}: {me}");
    }
    // Every bit of a token counts.
    for place in (0..value.len()).step_by(7) {
        let mut bytes = value.as_bytes().to_vec();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let changed = format!("stampede_session={}", String::from_utf8(bytes).unwrap());
        assert_eq!(shop.get("/csi/me", &changed).await.ok(200)["signed_in"], false, "changed at {place}");
    }
}

/// What the server's process has worked so far: its time on the processors, in clock ticks.
fn work(shop: &Shop) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", shop.process_id())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_costs_the_same_work_whether_there_is_such_an_account_or_not() {
    let shop = Shop::start_in(&[], &[("STAMPEDE_RATE_LIMITS", "off".as_ref())]);
    let form = json!({ "email": "ann@example.com", "password": PASSWORD, "display_name": "Ann" });
    shop.post("/api/sign-up", "", form).await.ok(201);
    for path in ["/api/sign-in", "/api/merchant/sign-in"] {
        let work_of_one = async |email: &str| {
            let before = work(&shop);
            let form = json!({ "email": email, "password": "a wrong password" });
            shop.post(path, "", form).await.is_problem(401, "credentials_invalid");
            work(&shop) - before
        };
        let known_email = if path.contains("merchant") { MERCHANT } else { "ann@example.com" };
        // The first unknown one makes the hash that all unknown ones are held against.
        work_of_one("nobody@example.com").await;
        // By turns: what else the machine does slows both alike. Without a hash there would be no work to speak of.
        let (mut known, mut unknown) = (0, 0);
        // In each order, or one of the server's threads would do all of the one and another all of the other.
        for round in 0..12 {
            if round % 2 == 0 {
                known += work_of_one(known_email).await;
                unknown += work_of_one("nobody@example.com").await;
            } else {
                unknown += work_of_one("nobody@example.com").await;
                known += work_of_one(known_email).await;
            }
        }
        assert!(known >= 3, "a hash is work: {known} ticks");
        let ratio = unknown as f64 / known as f64;
        assert!((0.5..2.0).contains(&ratio), "{path}: {unknown} ticks for nobody, {known} for somebody");
    }
}
