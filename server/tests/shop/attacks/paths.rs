//! Paths that lead out of their folder, or would if somebody decoded them once more.

use super::framing::spoken;
use super::market::Market;

/// Folders that serve files, and the names of what must never be served from beside them.
const FOLDERS: [&str; 6] = ["/assets/", "/images/", "/quiz/", "/items/", "/zh/items/", "/admin/"];

/// Ways to write "one folder up".
const UP: [&str; 18] = [
    "../",
    "..%2f",
    "..%2F",
    "%2e%2e/",
    "%2e%2e%2f",
    ".%2e/",
    "%252e%252e%252f",
    "..%252f",
    "..\\",
    "..%5c",
    "%c0%ae%c0%ae/",
    "%c0%af..%c0%af",
    "..;/",
    "..%00/",
    "....//",
    "./.././",
    "/../",
    "%uff0e%uff0e/",
];

const TARGETS: [&str; 6] = ["manifest.json", "admin.html", "stampede.db", "stampede.secret", "log", "etc/passwd"];

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out_of_its_folder() {
    let market = Market::open().await;
    let folder = market.shop.folder.path();
    let bait = "the bait that must stay where it is";
    for name in ["site/manifest.bait", "bait", "site/assets.bait"] {
        std::fs::write(folder.join(name), bait).unwrap();
    }
    let mut targets: Vec<String> = ["bait", "manifest.bait", "assets.bait"].map(str::to_owned).to_vec();
    targets.extend(TARGETS.map(str::to_owned));
    let absolute = folder.join("bait").display().to_string();
    for way_in in FOLDERS {
        let climbs = UP.iter().flat_map(|up| {
            targets
                .iter()
                .flat_map(move |target| (1..=3).map(move |steps| format!("{way_in}{}{target}", up.repeat(steps))))
        });
        let to_the_root = ["/", "%2f", "//", "%5c"].iter().map(|slash| format!("{way_in}{slash}{absolute}"));
        // One connection for many: what is refused is refused quickly.
        let requests: Vec<String> = climbs.chain(to_the_root).collect();
        for some in requests.chunks(40) {
            let sent: String = some.iter().map(|path| format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).collect();
            let last = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
            let heard = spoken(&market.shop, format!("{sent}{last}").as_bytes());
            for told in [bait, "build_id\":", "SQLite format", "root:", "RUST_LOG"] {
                assert!(!heard.contains(told), "{told:?} came out of one of {some:?}");
            }
            assert!(!heard.contains("HTTP/1.1 5"), "{some:?}: {heard}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_none_is_not_there() {
    let market = Market::open().await;
    for path in [
        "/assets/",
        "/assets",
        "/images/",
        "/assets/.",
        "/assets/%00",
        "/assets/shop.0123.js%00.png",
        "/assets/shop.0123.js/",
        "/assets/shop.0123.js.br",
        "/images/lantern.svg/..",
        "/images/lantern%2esvg%20",
        "/quiz/",
        "/quiz/.png",
        "/quiz/%00.png",
        "/quiz/..%2f..%2fbait.png",
        "/items/",
        "/items/%00",
        "/items/%F0%9F%91%BE",
        "/items/.",
        "/items/LANTERN",
        "/zh/items/%2e",
        "/items/a/b",
        "//evil.example/",
        "///",
        "/%2f%2fevil.example",
        "/api/queue/%00",
        "/api/orders/%00",
        "/api/orders/..%2f..%2fhealthz",
        "/api/sales/%2e%2e/mine",
        "/api//orders",
        "/API/orders",
        "/api/orders/",
        "/.git/config",
        "/.env",
        "/server-status",
        "/wp-login.php",
    ] {
        let answer = market.fetch("GET", path, &[("cookie", &market.shopper)]).await;
        assert!(matches!(answer.status.as_u16(), 400 | 404), "{path}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_another_shop() {
    let market = Market::open().await;
    for path in [
        "//evil.example",
        "//evil.example/%2e%2e",
        "/\\evil.example",
        "/%5cevil.example",
        "/%2f/evil.example",
        "/zh",
        "/zh?next=//evil.example",
        "//evil.example/orders",
        "/zh//evil.example",
        "/orders",
        "/zh/orders",
        "/orders/%2f%2fevil.example",
        "/orders/x%0d%0alocation:%20https://evil.example",
        "/pay/%0d%0aset-cookie:%20a=b",
        "/orders?next=//evil.example",
        "/assets//evil.example",
        "/images//evil.example/%2e%2e",
        "/admin//evil.example",
    ] {
        let answer = market.fetch("GET", path, &[("accept", "text/html")]).await;
        let location = answer.header("location");
        let is_here = location.is_empty() || (location.starts_with('/') && !location.starts_with("//"));
        assert!(is_here && !location.contains('\\'), "{path}: {answer:?}");
        assert!(answer.headers.get("set-cookie").is_none(), "{path}: {answer:?}");
    }
    // Where to go on to after signing in: it must not be somebody else's page, nor a script.
    for next in [
        "//evil.example",
        "/%5cevil.example",
        "/\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "%09//evil.example",
        "/%09/evil.example",
        "/%0a/evil.example",
        "%2f%2fevil.example",
        "data:text/html,x",
        "\\\\evil.example",
        "/%20/../%5cevil.example",
    ] {
        let page = market.fetch("GET", &format!("/sign-in?next={next}"), &[]).await;
        assert_eq!(page.status, 200, "{next}");
        assert!(!page.text.contains("evil.example") && !page.text.contains("alert(1)"), "{next}: {}", page.text);
    }
}
