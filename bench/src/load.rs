//! Many requests over some connections, each as soon as the one before it is answered.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

use crate::Failure;
use crate::connection::{Connection, request};
use crate::process::number_in;
use crate::shop::{Shop, pass};

/// Does a thing once for each index, over all connections. Answers in the order of the indices.
pub(crate) async fn on_all<T: 'static>(
    shop: &Shop,
    connections: usize,
    count: usize,
    act: impl AsyncFn(&mut Connection, usize) -> Result<T, Failure> + 'static,
) -> Result<Vec<T>, Failure> {
    let (act, next) = (Rc::new(act), Rc::new(Cell::new(0)));
    let tasks = LocalSet::new();
    let mut handles = Vec::new();
    for _ in 0..connections {
        let mut connection = Connection::open(shop.address).await?;
        let (act, next) = (Rc::clone(&act), Rc::clone(&next));
        handles.push(tasks.spawn_local(async move {
            let mut done = Vec::new();
            loop {
                let index = next.replace(next.get() + 1);
                if index >= count {
                    return Ok::<_, Failure>(done);
                }
                done.push((index, act(&mut connection, index).await?));
            }
        }));
    }
    tasks.await;
    let mut all = Vec::new();
    for handle in handles {
        all.extend(handle.await??);
    }
    all.sort_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, done)| done).collect())
}

/// The orders of so many shoppers, ready to be sent: each has earned its pass.
pub(crate) async fn orders(
    shop: &Shop,
    connections: usize,
    cookies: &Rc<Vec<String>>,
    sale_id: &str,
) -> Result<Rc<Vec<Vec<u8>>>, Failure> {
    let of_sale = (Rc::clone(cookies), sale_id.to_owned());
    let path = format!("/api/sales/{sale_id}/orders");
    let orders = on_all(shop, connections, cookies.len(), async move |connection: &mut Connection, index: usize| {
        let (cookies, sale_id) = &of_sale;
        let pass = pass(connection, &cookies[index], sale_id).await?;
        let headers = format!("{}idempotency-key: {}\r\n", cookies[index], uuid::Uuid::new_v4());
        Ok(request("POST", &path, &headers, &json!({ "pass": pass, "quantity": 1 }).to_string()))
    });
    Ok(Rc::new(orders.await?))
}

/// How often who was told `busy` comes again, and how long it may take until all are in.
const AGAIN_AFTER: Duration = Duration::from_millis(50);
const WITHIN: Duration = Duration::from_secs(90);

/// Sends orders until each has its place in the line. Answers their queue tokens.
pub(crate) async fn queue_up(
    shop: &Shop,
    connections: usize,
    orders: &Rc<Vec<Vec<u8>>>,
) -> Result<Vec<String>, Failure> {
    let (orders, until) = (Rc::clone(orders), Instant::now() + WITHIN);
    let count = orders.len();
    on_all(shop, connections, count, async move |connection: &mut Connection, index: usize| {
        loop {
            let answer = connection.call(&orders[index]).await?;
            if answer.status != 503 || Instant::now() > until {
                return Ok(answer.expect(202)?.json()?["queue_token"].as_str().unwrap_or_default().to_owned());
            }
            sleep(AGAIN_AFTER).await;
        }
    })
    .await
}

pub(crate) async fn until_nobody_queues(shop: &Shop) -> Result<(), Failure> {
    let until = Instant::now() + WITHIN;
    while number_in(&shop.metrics().await?, "stampede_queued_orders ").is_none_or(|queued| queued > 0) {
        if Instant::now() > until {
            return Err("the line does not get empty".into());
        }
        sleep(AGAIN_AFTER).await;
    }
    Ok(())
}
