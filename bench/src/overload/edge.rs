//! The edge in front, as far as it holds a crowd back: it asks once a second what the sale is doing, and each shopper's page looks
//! there before it asks the shop for anything.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use api::Admission;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep};

use super::{Edge, Field, Market};
use crate::Failure;
use crate::connection::{Connection, request};

/// An edge keeps what a sale is doing for so long, unless it is told to ask sooner, and understands.
const KEPT_MS: u64 = 1_000;
const AT_ONCE: usize = 64;

impl Field {
    /// What each shopper's lot is, as their pages know it.
    pub(super) async fn lots(self: &Rc<Self>) -> Result<Vec<u32>, Failure> {
        let lots: Rc<Vec<Cell<u32>>> = Rc::new(self.cookies.iter().map(|_| Cell::new(0)).collect());
        let next = Rc::new(Cell::new(0));
        let mut workers = Vec::new();
        for _ in 0..AT_ONCE {
            let (field, next, lots) = (Rc::clone(self), Rc::clone(&next), Rc::clone(&lots));
            workers.push(spawn_local(async move {
                let mut connection = Connection::open(field.shop.address).await?;
                while let Some(lot) = lots.get(next.get()) {
                    let cookie = &field.cookies[next.replace(next.get() + 1)];
                    let me = connection.call(&request("GET", "/csi/me", cookie, "")).await?.expect(200)?.json()?;
                    lot.set(me["lot"].as_u64().ok_or("a shopper without a lot")? as u32);
                }
                Ok::<(), Failure>(())
            }));
        }
        for worker in workers {
            worker.await??;
        }
        Ok(lots.iter().map(Cell::get).collect())
    }

    /// Keeps what a market's sale is doing, until it is dropped; whether pages look there or not.
    pub(super) async fn be_the_edge(self: Rc<Self>, market: Rc<Market>) -> Result<(), Failure> {
        let mut connection = Connection::open(self.shop.address).await?;
        let mut kept_ms = KEPT_MS;
        loop {
            let path = format!("/csi/sales/{}", market.sale_id.borrow());
            let answer = connection.call(&request("GET", &path, "", "")).await?;
            // One that is refused leaves an edge with what it has.
            if answer.status == 200 {
                let state = answer.json()?;
                let told_ms = answer.header("edge-ttl").and_then(|ttl| ttl.strip_suffix("ms")?.parse().ok());
                kept_ms = told_ms.filter(|_| self.edge == Some(Edge::Ours)).unwrap_or(KEPT_MS);
                let number = |name: &str| state["admission"][name].as_u64().map(|number| number as u32);
                let round = number("seed").zip(number("per_million"));
                let round = round.map(|(seed, per_million)| Admission { seed, per_million });
                if market.at_the_edge.replace(round) != round {
                    market.run.borrow_mut().rounds.push((Instant::now(), round.map(|round| round.per_million)));
                }
            }
            sleep(Duration::from_millis(kept_ms)).await;
        }
    }

    /// Whether the shopper's page keeps them from asking now, by what the edge says.
    pub(super) fn is_held_back(&self, market: &Market, shopper: usize) -> bool {
        let lots = self.lots.borrow();
        market.at_the_edge.get().zip(lots.get(shopper)).is_some_and(|(round, lot)| !round.lets_in(*lot))
    }
}
