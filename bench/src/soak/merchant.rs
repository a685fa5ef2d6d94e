//! The merchant of a soak: sale after sale, and a hand in what is on.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, interval, sleep_until};

use super::{SALE_LASTS, SALES, Soak};
use crate::Failure;
use crate::shop::Terms;

/// Units of one sale: about half of those who come get one at the ordinary rate.
const STOCK: u64 = 500;
const HOLD_SECONDS: u64 = 20;
const WAITLIST: u64 = 50;
const EDIT_EVERY: Duration = Duration::from_secs(15);

pub(super) struct Merchant {
    soak: Rc<Soak>,
    items: Vec<(String, String)>,
    began: Instant,
}

impl Merchant {
    /// As many sales as are on at a time, which end one after another.
    pub(super) async fn opens(soak: Rc<Soak>) -> Result<Self, Failure> {
        let mut items = Vec::new();
        for _ in 0..SALES {
            items.push(soak.shop.item().await?);
        }
        let merchant = Self { soak, items, began: Instant::now() };
        for place in 0..SALES {
            merchant.sells_next(place, SALE_LASTS.mul_f64((place + 1) as f64 / SALES as f64)).await?;
        }
        Ok(merchant)
    }

    /// Where a sale ends, the same item's next begins.
    pub(super) async fn sells(self) -> Result<(), Failure> {
        let between = SALE_LASTS / SALES as u32;
        for turn in 0.. {
            sleep_until(self.began + between * (turn + 1)).await;
            self.sells_next(turn as usize % SALES, SALE_LASTS).await?;
        }
        Ok(())
    }

    async fn sells_next(&self, place: usize, lasts: Duration) -> Result<(), Failure> {
        let (item_id, page) = &self.items[place];
        let terms = Terms {
            lasts,
            stock_units: STOCK,
            hold_seconds: HOLD_SECONDS,
            waitlist_units: WAITLIST,
            min_answer_ms: 200,
            ..Terms::default()
        };
        let sale_id = self.soak.shop.sale_of(item_id, &terms).await?;
        let mut sales = self.soak.sales.borrow_mut();
        let sale = (sale_id, page.clone());
        if place < sales.len() {
            sales[place] = sale;
        } else {
            sales.push(sale);
        }
        Ok(())
    }
}

/// More units, another price's name, and a look at how it goes: each edit is published.
pub(super) async fn edits(soak: Rc<Soak>) -> Result<(), Failure> {
    let mut times = interval(EDIT_EVERY);
    for turn in 1_u64.. {
        times.tick().await;
        let Some((sale_id, _)) = fastrand::choice(soak.sales.borrow().iter()).cloned() else { continue };
        let sale = soak.shop.merchant("GET", &format!("sales/{sale_id}"), &Value::Null).await?;
        let item = format!("items/{}", sale["item_id"].as_str().unwrap_or_default());
        soak.shop.merchant("PATCH", &item, &json!({ "title": format!("Paper lantern {turn}") })).await?;
        let more = STOCK + turn % 50;
        // Its sale may be over by now, and more may be taken than the stock is to be.
        let _not_vital =
            soak.shop.merchant("PATCH", &format!("sales/{sale_id}"), &json!({ "stock_units": more })).await;
        soak.shop.merchant("GET", &format!("orders?sale_id={sale_id}"), &Value::Null).await?;
        soak.shop.held(&sale_id).await?;
    }
    Ok(())
}
