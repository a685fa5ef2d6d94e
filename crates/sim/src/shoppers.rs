//! What shoppers do: answer the quiz, order, order again, cheat, poll.

use intake::{AdmitRefused, Application, Place};
use sale::{OrderId, PassClaims, PassId, order_id_of};

use crate::oracle::edge::Knock;
use crate::parts::{Checked, Pass, Request, ensure};
use crate::setup::{SKUS, shopper_id};
use crate::world::{World, note};

/// A pass lives this long.
const PASS_MS: i64 = 120_000;

impl World {
    /// A right answer to the quiz: one live pass a shopper and sale.
    fn pass(&mut self, sale: usize, shopper: usize) -> Option<PassClaims> {
        let now_ms = self.now_ms();
        let line = self.line(sale)?.clone();
        let in_time = line.terms().window.judge(now_ms);
        if in_time.is_err() && self.dice.percent(70) {
            // The quiz is closed. Sometimes somebody comes with a pass from before a pause.
            self.cover.hit("edge: no quiz now");
            return None;
        }
        let pass_id = PassId(self.dice.fresh_id());
        line.grant_pass(shopper_id(shopper), pass_id);
        self.oracle.pass_granted(sale, shopper, pass_id);
        let claims = PassClaims {
            pass_id,
            sale_id: self.shops[sale].sale_id,
            shopper_id: shopper_id(shopper),
            queue_life: line.queue_life(),
            expires_at_ms: now_ms + PASS_MS,
        };
        self.passes.push(Pass { claims: claims.clone(), sale, shopper });
        Some(claims)
    }

    /// Some pass: mostly a fresh one, sometimes an old one or somebody else's.
    fn some_pass(&mut self, sale: usize, shopper: usize) -> Option<PassClaims> {
        if self.dice.percent(12) {
            let own = self.passes.iter().rev().filter(|pass| pass.sale == sale && pass.shopper == shopper);
            let own: Vec<_> = own.take(4).map(|pass| pass.claims.clone()).collect();
            if let Some(claims) = self.dice.pick(&own).cloned() {
                self.cover.hit("action: order with an old pass");
                return Some(claims);
            }
        }
        if self.dice.percent(4)
            && let Some(stolen) = self.dice.pick(&self.passes).map(|pass| pass.claims.clone())
        {
            self.cover.hit("action: order with another's pass");
            return Some(stolen);
        }
        self.pass(sale, shopper)
    }

    pub(crate) fn order(&mut self) -> Checked {
        if self.committer.is_none() {
            return Ok(());
        }
        self.cover.hit("action: order");
        let now_ms = self.now_ms();
        let is_on = |sale: &usize| self.line(*sale).is_some_and(|line| line.terms().window.judge(now_ms).is_ok());
        let on: Vec<usize> = (0..self.shops.len()).filter(is_on).collect();
        let sale = match self.dice.pick(&on) {
            Some(&sale) if self.dice.percent(90) => sale,
            _ => self.dice.below(self.shops.len()),
        };
        // A few shoppers are quicker than the others, and come again and again.
        let among = if self.dice.percent(40) { 3 } else { self.shoppers };
        let shopper = self.dice.below(among);
        let Some(pass) = self.some_pass(sale, shopper) else { return Ok(()) };
        let row = &self.oracle.sales[sale].account.row;
        let skus: Vec<_> = row.skus.iter().map(|sku| sku.sku.clone()).collect();
        let sku = if self.dice.percent(2) {
            self.dice.pick(&SKUS).map(|sku| (*sku).to_owned())
        } else {
            self.dice.pick(&skus).cloned()
        };
        let request = Request {
            sale,
            shopper,
            // The same keys for all shoppers: they are scoped to each.
            key: format!("k{}", self.dice.below(12)),
            quantity: self.dice.weighted(&[(14, 1), (5, 2), (1, 3)]),
            sku,
            pass,
        };
        let doubled = self.dice.percent(6);
        self.requests.push(request.clone());
        self.send(&request)?;
        if doubled {
            self.cover.hit("action: double click");
            self.send(&request)?;
        }
        Ok(())
    }

    /// The answer was lost, or somebody plays with the key: an earlier request comes again, or another under its key.
    pub(crate) fn resend(&mut self) -> Checked {
        let recent = self.requests.len().saturating_sub(12);
        let Some(mut request) = self.dice.pick(&self.requests[recent..]).cloned() else { return Ok(()) };
        match self.dice.below(10) {
            0 => request.quantity += 1,
            1 => request.sku = Some(SKUS[self.dice.below(SKUS.len())].to_owned()),
            2 => {
                if let Some(pass) = self.pass(request.sale, request.shopper) {
                    request.pass = pass;
                }
            }
            _ => {}
        }
        self.cover.hit("action: request sent again");
        self.send(&request)
    }

    /// One request at the edge, judged as the server judges it.
    fn send(&mut self, request: &Request) -> Checked {
        if self.committer.is_none() {
            return Ok(());
        }
        self.did = true;
        let Request { sale, shopper, .. } = *request;
        let (sale_id, who, now_ms) = (self.shops[sale].sale_id, shopper_id(shopper), self.now_ms());
        let order_id = order_id_of(sale_id, who, &request.key);
        let Some(line) = self.line(sale).cloned() else { return self.send_past(request, order_id) };
        let knock = Knock { request, order_id, now_ms, life: line.queue_life() };
        self.oracle.knocked(&knock)?;
        let recalled = line.recall(order_id, request.body_hash());
        let answer = match recalled {
            Some(Ok(place)) => {
                self.cover.hit("edge: recalled");
                Ok(place)
            }
            Some(Err(_)) => Err(AdmitRefused::Mismatch),
            None => {
                if let Err(refusal) = line.terms().window.judge(now_ms) {
                    Err(AdmitRefused::Admission(refusal))
                } else if !request.pass.is_good_for(sale_id, who, now_ms) {
                    self.cover.hit("edge: pass expired or another's");
                    note!(self, "sale {sale}: shopper {shopper} has no pass for {order_id}");
                    return Ok(());
                } else {
                    let pass_life = request.pass.queue_life;
                    line.admit(application(request, order_id, pass_life), now_ms)
                }
            }
        };
        note!(
            self,
            "sale {sale}: shopper {shopper} orders {} {:?} as {order_id}: {answer:?}",
            request.quantity,
            request.sku
        );
        self.heard(&knock, answer, order_id)
    }

    fn heard(&mut self, knock: &Knock<'_>, answer: Result<Place, AdmitRefused>, order_id: OrderId) -> Checked {
        match answer {
            Ok(place) => {
                if place.fresh {
                    let again = self.oracle.sales[knock.request.sale].seats.contains_key(&order_id);
                    self.cover.hit(if again { "edge: admitted again after a restart" } else { "edge: admitted" });
                    let past_pass = knock.request.pass.queue_life != knock.life;
                    if past_pass {
                        self.cover.hit("edge: admitted with a pass of an earlier life");
                    }
                    if self.breaks_rules && self.dice.percent(3) && self.disk.poisoned().is_none() {
                        self.disk.poison(order_id);
                        note!(self, "no commit will take order {order_id}");
                    }
                }
                self.oracle.admitted(knock, place)
            }
            Err(refusal) => {
                self.cover.hit(crate::names::of_refusal(&refusal));
                self.oracle.refused(knock, refusal)
            }
        }
    }

    /// The sale is out of memory, or not published: the record knows whether this order was.
    fn send_past(&mut self, request: &Request, order_id: OrderId) -> Checked {
        let seat = self.disk.with(|connection| crate::past::seat(connection, order_id)).expect("the record is read");
        let Some(seat) = seat else {
            self.cover.hit("edge: no such sale");
            return Ok(());
        };
        self.cover.hit("edge: recalled from the record");
        let known = &self.oracle.sales[request.sale];
        let turn = (seat.queue_life, seat.queue_seq);
        ensure!(
            known.seats.get(&order_id) == Some(&turn),
            "3",
            "the same key has another place in the record: {seat:?}"
        );
        Ok(())
    }

    /// Somebody polls one token, of any age.
    pub(crate) fn poll(&mut self) -> Checked {
        if self.committer.is_none() {
            return Ok(());
        }
        self.cover.hit("action: poll");
        let sale = self.dice.below(self.shops.len());
        let tokens: Vec<_> = self.oracle.sales[sale].tokens.keys().copied().collect();
        let Some(&turn) = self.dice.pick(&tokens) else { return Ok(()) };
        self.did = true;
        let status = self.status(sale, &self.oracle.sales[sale].tokens[&turn].claims);
        note!(self, "sale {sale}: token {turn:?} is polled: {status:?}");
        self.oracle.polled(sale, turn, status, &mut self.cover)
    }
}

fn application(request: &Request, order_id: OrderId, pass_life: u64) -> Application {
    Application {
        order_id,
        shopper_id: shopper_id(request.shopper),
        pass_id: request.pass.pass_id,
        pass_life,
        idempotency_key: request.key.clone(),
        body_hash: request.body_hash(),
        sku: request.sku.clone(),
        quantity: request.quantity,
    }
}
