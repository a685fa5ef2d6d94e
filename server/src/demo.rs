//! `serve --demo`: a merchant, two shoppers, six items and their sales, made anew around each start-up.
//!
//! Nothing here goes around the rules: the rows are the ones that the merchant API writes, but that a sale in the past
//! can be made, which the API refuses.

use std::net::SocketAddr;

use ledger::{ItemRow, MerchantRow, QuizKind, QuizQuestion, Refusal, SaleRow, ShopperRow, SkuRow, Write};
use sale::{ItemId, MerchantId, SaleId, ShopperId};
use uuid::Uuid;

use crate::http::App;
use crate::passwords;
use committer::Failure;

type AnyFailure = Box<dyn std::error::Error + Send + Sync>;

const PASSWORD: &str = "night-market";
const MERCHANT: &str = "merchant@stampede.example";
const SHOPPERS: [(&str, &str); 2] = [("ann@stampede.example", "Ann"), ("bo@stampede.example", "小波")];

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

struct DemoItem {
    slug: &'static str,
    title: &'static str,
    description: &'static str,
    list_price_minor: i64,
    price_minor: i64,
    stock_units: u64,
    per_shopper_limit: u32,
    /// From start-up; a sale that is on already is left to go on, unless `anew`.
    starts_after_ms: i64,
    lasts_ms: i64,
    anew: bool,
    waitlist_units: u32,
    /// Name, title, units, price.
    skus: &'static [(&'static str, &'static str, u64, i64)],
    questions: &'static [(&'static str, &'static str)],
}

const ITEMS: [DemoItem; 6] = [
    DemoItem {
        slug: "lantern",
        title: "Harbour lantern",
        description: "Red silk over split bamboo, brass above and below, made for the quay and at home on a balcony. Lights a \
            table for eleven hours and folds flat when the night is over.\n\nEach one is numbered on the rim.",
        list_price_minor: 46_800,
        price_minor: 9_900,
        stock_units: 200,
        per_shopper_limit: 2,
        starts_after_ms: -MINUTE_MS,
        lasts_ms: 6 * HOUR_MS,
        anew: false,
        waitlist_units: 0,
        skus: &[],
        questions: &[
            ("Seven lanterns, two go out. How many burn?", "5"),
            ("What colour is vermilion: red or green?", "red"),
        ],
    },
    DemoItem {
        slug: "kettle",
        title: "Night-watch kettle",
        description: "Cast iron, enamelled inside, with a handle that stays cool. It sings before it boils.\n\nFifty pieces \
            from one melt; there is no second.",
        list_price_minor: 52_000,
        price_minor: 12_800,
        stock_units: 50,
        per_shopper_limit: 1,
        starts_after_ms: MINUTE_MS,
        lasts_ms: 30 * MINUTE_MS,
        anew: true,
        waitlist_units: 20,
        skus: &[],
        questions: &[("Three kettles and four more: how many?", "7"), ("水开了，三加四等于几？", "7")],
    },
    DemoItem {
        slug: "mooncake",
        title: "Mooncakes, box of six",
        description: "Lotus paste and salted yolk, pressed in pearwood moulds and baked the same morning. Keeps ten days.",
        list_price_minor: 26_800,
        price_minor: 6_800,
        stock_units: 120,
        per_shopper_limit: 1,
        starts_after_ms: -3 * HOUR_MS,
        lasts_ms: HOUR_MS,
        anew: false,
        waitlist_units: 0,
        skus: &[],
        questions: &[("Two boxes of six: how many?", "12")],
    },
    DemoItem {
        slug: "sneaker",
        title: "Rooftop runner",
        description: "Cream leather, navy suede and a gum sole, lasted by hand. Light enough to forget, until the stairs.",
        list_price_minor: 79_900,
        price_minor: 29_900,
        stock_units: 300,
        per_shopper_limit: 1,
        starts_after_ms: 2 * HOUR_MS,
        lasts_ms: HOUR_MS,
        anew: false,
        waitlist_units: 0,
        skus: &[
            ("40", "Size 40", 80, 29_900),
            ("41", "Size 41", 90, 29_900),
            ("42", "Size 42", 90, 29_900),
            ("43", "Size 43", 60, 31_900),
        ],
        questions: &[("One pair and one more shoe: how many shoes?", "3")],
    },
    DemoItem {
        slug: "camera",
        title: "Alley 35 camera",
        description: "A fixed lens, a shutter that clicks, and thirty-six frames to think about. No screen, on purpose.",
        list_price_minor: 329_900,
        price_minor: 149_900,
        stock_units: 24,
        per_shopper_limit: 1,
        starts_after_ms: 24 * HOUR_MS,
        lasts_ms: HOUR_MS,
        anew: false,
        waitlist_units: 0,
        skus: &[],
        questions: &[("36 frames, 30 are used. How many are left?", "6")],
    },
    DemoItem {
        slug: "headphones",
        title: "Last-train headphones",
        description: "Closed, warm, and quiet enough to hear the announcement you were hoping to miss. Thirty hours on a charge.",
        list_price_minor: 189_900,
        price_minor: 69_900,
        stock_units: 80,
        per_shopper_limit: 1,
        starts_after_ms: 72 * HOUR_MS,
        lasts_ms: HOUR_MS,
        anew: false,
        waitlist_units: 0,
        skus: &[],
        questions: &[("Two ears on each of four heads: how many ears?", "8")],
    },
];

/// Makes what is missing.
pub(crate) async fn prepare(app: &App) -> Result<(), AnyFailure> {
    let merchant_id = merchant(app).await?;
    for (email, display_name) in SHOPPERS {
        shopper(app, email, display_name).await?;
    }
    for demo in &ITEMS {
        let item_id = item(app, merchant_id, demo).await?;
        sale(app, merchant_id, item_id, demo).await?;
    }
    Ok(app.publisher.refresh().await?)
}

/// Says where to go and as whom.
pub(crate) fn announce(address: SocketAddr) {
    println!();
    println!("  the shop      http://{address}/            中文 http://{address}/zh/");
    println!("  open now      http://{address}/items/lantern");
    println!("  in a minute   http://{address}/items/kettle");
    println!("  ended         http://{address}/items/mooncake");
    println!("  merchants     http://{address}/admin       {MERCHANT}");
    for (email, _) in SHOPPERS {
        println!("  shopper       {email}");
    }
    println!("  password      {PASSWORD}   (for all of them)");
    println!();
}

async fn hashed() -> Result<String, AnyFailure> {
    Ok(tokio::task::spawn_blocking(|| passwords::hash(PASSWORD)).await??)
}

async fn merchant(app: &App) -> Result<MerchantId, AnyFailure> {
    if let Some(row) = app.store.read(|reader| reader.merchant_by_email(MERCHANT)).await? {
        return Ok(row.merchant_id);
    }
    let merchant_id = MerchantId(Uuid::now_v7());
    let row = MerchantRow {
        merchant_id,
        email: MERCHANT.to_owned(),
        password_hash: hashed().await?,
        created_at_ms: app.clock.now_ms(),
    };
    app.writer.write(Write::AddMerchant(row)).await?;
    Ok(merchant_id)
}

async fn shopper(app: &App, email: &'static str, display_name: &str) -> Result<(), AnyFailure> {
    let row = ShopperRow {
        shopper_id: ShopperId(Uuid::now_v7()),
        email: Some(email.to_owned()),
        display_name: display_name.to_owned(),
        password_hash: Some(hashed().await?),
        created_at_ms: app.clock.now_ms(),
    };
    match app.writer.write(Write::AddShopper(row)).await {
        Ok(()) | Err(Failure::Refused(Refusal::EmailTaken)) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

async fn item(app: &App, merchant_id: MerchantId, demo: &DemoItem) -> Result<ItemId, AnyFailure> {
    if let Some(row) = app.publisher.catalog().item_by_slug(demo.slug) {
        return Ok(row.item_id);
    }
    let item_id = ItemId(Uuid::now_v7());
    let row = ItemRow {
        item_id,
        merchant_id,
        slug: demo.slug.to_owned(),
        title: demo.title.to_owned(),
        description: demo.description.to_owned(),
        image_url: format!("/images/{}.svg", demo.slug),
        list_price_minor: demo.list_price_minor,
        currency: "CNY".to_owned(),
        updated_at_ms: app.clock.now_ms(),
    };
    app.writer.write(Write::AddItem(row)).await?;
    Ok(item_id)
}

async fn sale(app: &App, merchant_id: MerchantId, item_id: ItemId, demo: &DemoItem) -> Result<(), AnyFailure> {
    let now_ms = app.clock.now_ms();
    let catalog = app.publisher.catalog();
    if let Some(shown) = catalog.shown_sale(item_id, now_ms) {
        let window = shown.window();
        let goes_on = !(window.has_ended(now_ms) || demo.anew && window.has_opened(now_ms));
        let stays_ended = demo.starts_after_ms + demo.lasts_ms <= 0;
        if goes_on || stays_ended {
            return Ok(());
        }
        if !window.has_ended(now_ms) {
            let row = SaleRow { ends_at_ms: now_ms, revision: shown.revision + 1, ..shown.clone() };
            app.writer.change_sale(row, None).await?;
        }
    }
    let starts_at_ms = now_ms + demo.starts_after_ms;
    let question =
        |&(prompt, answer): &(&str, &str)| QuizQuestion { prompt: prompt.to_owned(), answer: answer.to_owned() };
    let row = SaleRow {
        sale_id: SaleId(Uuid::now_v7()),
        item_id,
        merchant_id,
        price_minor: demo.price_minor,
        currency: "CNY".to_owned(),
        starts_at_ms,
        ends_at_ms: starts_at_ms + demo.lasts_ms,
        opened_at_ms: None,
        stock_units: demo.stock_units,
        per_shopper_limit: demo.per_shopper_limit,
        stock_policy: sale::StockPolicy::Hold,
        hold_seconds: 300,
        waitlist_units: demo.waitlist_units,
        skus: demo.skus.iter().map(sku).collect(),
        strikes: sale::StrikeTerms { limit: 3, strike_seconds: 86_400, marked_orders: sale::MarkedOrders::PayToClaim },
        eligibility: sale::Eligibility::default(),
        draw: None,
        called_off_at_ms: None,
        quiz_kind: QuizKind::Bank,
        questions: demo.questions.iter().map(question).collect(),
        min_answer_ms: 800,
        max_answer_ms: 30_000,
        published: false,
        paused: false,
        revision: 1,
        updated_at_ms: now_ms,
    };
    app.writer.write(Write::AddSale(row.clone())).await?;
    app.writer.change_sale(SaleRow { published: true, revision: 2, ..row }, None).await?;
    Ok(())
}

fn sku(&(sku, title, units, price_minor): &(&str, &str, u64, i64)) -> SkuRow {
    SkuRow { sku: sku.to_owned(), title: title.to_owned(), price_minor, made_units: Some(units) }
}
