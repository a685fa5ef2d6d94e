//! What is asked for most, answered before the router: pages from memory, and the time. Both have their header fields
//! ready, need no extractor and cannot take long; every other request takes its passage through the router.
//!
//! Nothing is logged of such an answer, and an edge may give it to many: it has no request id but one that came with it.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::future::RouteFuture;
use bytes::Bytes;
use futures::TryFutureExt as _;
use futures::future::{Either, MapOk};
use http_body_util::{Either as EitherBody, Full};
use hyper::body::{Body as _, Incoming};
use hyper::service::Service;
use sale::SaleId;
use shield::{ByLot, Class};
use tower::Service as _;

use super::cache::CachePolicy;
use super::extract::{SHOPPERS_FIELDS, Shopper};
use super::refusals::Refusals;
use super::{App, csi, framing, guard, long_lines, passage, request_id, static_pages};
use crate::express::{self, Addressed, Answers, Date, Judged, Wire};
use crate::funnel::{self, Layer};
use crate::metrics;
use crate::overload::{class_in, lot_of, sale_of, sale_of_state};

const TIME_PATH: &str = "/csi/time";
const ME_PATH: &str = "/csi/me";
const STATE_ROUTE: &str = "/csi/sales/{sale_id}";

/// Bytes that were ready, or what a handler made.
pub(crate) type FrontBody = EitherBody<Full<Bytes>, Body>;

/// The whole shop.
pub(crate) struct Front {
    app: App,
    router: Router,
    /// Every header field of an answer that is data and that nobody may keep.
    data_head: HeaderMap,
    data_wire: Wire,
    /// Of an answer that tells what a sale is doing.
    state_wire: Wire,
    refusals: Refusals,
}

impl Front {
    pub(crate) fn new(app: &App) -> Arc<Self> {
        let head_of = |mut answer: Response<Body>| {
            passage::dress(app, &mut answer);
            let mut head = std::mem::take(answer.headers_mut());
            head.remove(header::CONTENT_LENGTH);
            head
        };
        let data_head = head_of(axum::Json(()).into_response());
        let data_wire = Wire::new(StatusCode::OK, &data_head, None);
        let state_head = head_of((Extension(CachePolicy::EdgeMoment), axum::Json(())).into_response());
        let state_wire = Wire::new(StatusCode::OK, &state_head, None);
        let refusals = Refusals::new(app);
        Arc::new(Self { app: app.clone(), router: super::router(app), data_head, data_wire, state_wire, refusals })
    }

    /// Whether overload lets a request in. A question that is refused is a request for its item all the same.
    fn takes(&self, method: &Method, path: &str, shopper: impl FnOnce() -> Option<Shopper>, random: u32) -> bool {
        let class = class_in(&self.app, method, path);
        let overload = &self.app.overload;
        let takes = if class == Class::Crowd && overload.lottery.is_on() {
            let lot = shopper().map(|shopper| lot_of(shopper.id));
            let outcome = overload.admits_by_lot(lot, random);
            let is_drawn = if outcome == ByLot::NotDrawn { Err(()) } else { Ok(()) };
            let _ = funnel::noted(Layer::Admission, is_drawn);
            outcome == ByLot::Begins
        } else {
            overload.admits(class, random)
        };
        if !takes
            && matches!(class, Class::Crowd | Class::Quiz)
            && let Some((sale_id, _)) = sale_of(path)
        {
            self.app.heat.record_sale(&self.app.publisher, sale_id);
        }
        takes
    }

    /// None for one that is over its limit: it is refused where all are.
    fn within_limit(&self, request: &express::Request<'_>, peer: SocketAddr) -> Option<()> {
        let forwarded_for = Some(request.x_forwarded_for).filter(|value| !value.is_empty());
        guard::within_limit_by(&self.app, peer.ip(), forwarded_for.into_iter()).ok()
    }

    /// What a sale is doing that a crowd is at: with its pages or their edges asking, it is worked out once and not for each.
    fn write_state(
        &self,
        sale_id: SaleId,
        request: &express::Request<'_>,
        peer: SocketAddr,
        date: &Date,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let catalog = self.app.publisher.catalog();
        let sale = catalog.sale(sale_id)?;
        let hot = self.app.heat.hot();
        let item = hot.get(sale.item_id).filter(|item| item.crowded_since_ms.is_some())?;
        self.within_limit(request, peer)?;
        self.app.heat.record(sale.item_id);
        let state = || serde_json::to_vec(&csi::state_of(&self.app, sale)).ok();
        item.write_state(sale_id, self.app.clock.now_ms(), &catalog, state, |json| {
            self.state_wire.write_with_length(date, json, !request.is_head, out);
        })
    }

    /// The answer and its route's pattern, where it is ready.
    fn at_once(&self, request: &Request<Incoming>, peer: SocketAddr) -> Option<(Response<Full<Bytes>>, &'static str)> {
        let reads = *request.method() == Method::GET || *request.method() == Method::HEAD;
        if !reads || !request.body().is_end_stream() || !framing::is_clear(request) {
            return None;
        }
        let (path, headers) = (request.uri().path(), request.headers());
        if matches!(path, TIME_PATH | ME_PATH) {
            // One that is over its limit is refused where all are.
            guard::within_limit(&self.app, peer.ip(), headers).ok()?;
            let (route, json) = if path == TIME_PATH {
                (TIME_PATH, serde_json::to_vec(&csi::server_time(&self.app, self.app.clock.now_us())))
            } else {
                (ME_PATH, serde_json::to_vec(&csi::me_of(Shopper::of(&self.app, headers))))
            };
            let mut answer = Response::new(Full::from(json.ok()?));
            *answer.headers_mut() = self.data_head.clone();
            return Some((answer, route));
        }
        let (_, answer) = static_pages::answer(&self.app, path, headers)?;
        Some((answer, static_pages::route_of(path)))
    }
}

thread_local! {
    static DATE: RefCell<Date> = const { RefCell::new(Date::new()) };
}

impl Answers for Front {
    fn answer(
        &self,
        request: &express::Request<'_>,
        head: &express::Head<'_, '_>,
        peer: SocketAddr,
        out: &mut Vec<u8>,
    ) -> bool {
        let began_us = self.app.clock.now_us();
        let answered = DATE.with_borrow_mut(|date| {
            let date = date.at_us(began_us);
            if request.path == TIME_PATH {
                self.within_limit(request, peer)?;
                let sent_us = csi::tell_time(&self.app, began_us, |time| {
                    self.data_wire.write_with_length(date, time, !request.is_head, out);
                });
                return Some((TIME_PATH, StatusCode::OK, sent_us?));
            }
            let (route, status) = if request.path == ME_PATH {
                self.within_limit(request, peer)?;
                let me = csi::me_of(Shopper::of(&self.app, &head.headers(&SHOPPERS_FIELDS)));
                let me = serde_json::to_vec(&me).ok()?;
                self.data_wire.write_with_length(date, &me, !request.is_head, out);
                (ME_PATH, StatusCode::OK)
            } else if let Some(sale_id) = sale_of_state(request.path) {
                self.write_state(sale_id, request, peer, date, out)?;
                (STATE_ROUTE, StatusCode::OK)
            } else {
                let status = static_pages::write(&self.app, request, date, out)?;
                (static_pages::route_of(request.path), status)
            };
            Some((route, status, self.app.clock.now_us()))
        });
        let Some((route, status, ended_us)) = answered else { return false };
        metrics::request_answered(route, status, Duration::from_micros((ended_us - began_us).max(0) as u64));
        true
    }

    fn judge(&self, request: &Addressed<'_, '_>, out: &mut Vec<u8>) -> Judged {
        let began_us = self.app.clock.now_us();
        if let Some((route, wait)) = long_lines::refused(&self.app, request, fastrand::u64(..)) {
            self.app.overload.refused_beside();
            DATE.with_borrow_mut(|date| self.refusals.write_until(wait, date.at_us(began_us), out));
            let elapsed_us = self.app.clock.now_us() - began_us;
            let elapsed = Duration::from_micros(elapsed_us.max(0) as u64);
            metrics::request_answered(route, StatusCode::SERVICE_UNAVAILABLE, elapsed);
            return Judged::Answered;
        }
        if !self.app.overload.may_refuse() {
            return Judged::Not;
        }
        // Never judged, whoever answers them.
        if matches!(request.path, TIME_PATH | ME_PATH) || self.app.publisher.page(request.path).is_some() {
            return Judged::Not;
        }
        let Ok(method) = Method::from_bytes(request.method.as_bytes()) else { return Judged::Not };
        let random = fastrand::u32(..);
        let shopper = || Shopper::of(&self.app, &request.headers(&SHOPPERS_FIELDS));
        if self.takes(&method, request.path, shopper, random) {
            return Judged::Taken;
        }
        DATE.with_borrow_mut(|date| self.refusals.write(random, date.at_us(self.app.clock.now_us()), out));
        Judged::Answered
    }
}

/// The shop as one connection asks it.
pub(crate) struct Asked {
    front: Arc<Front>,
    peer: SocketAddr,
    /// The request that comes next has been judged already, in the express lane.
    next_is_taken: Cell<bool>,
}

impl Asked {
    pub(crate) const fn new(front: Arc<Front>, peer: SocketAddr, first_is_taken: bool) -> Self {
        Self { front, peer, next_is_taken: Cell::new(first_is_taken) }
    }
}

type Routed = MapOk<RouteFuture<Infallible>, fn(Response<Body>) -> Response<FrontBody>>;

impl Service<Request<Incoming>> for Asked {
    type Response = Response<FrontBody>;
    type Error = Infallible;
    type Future = Either<Ready<Result<Self::Response, Infallible>>, Routed>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let started = Instant::now();
        let is_taken = self.next_is_taken.replace(false);
        if let Some((mut answer, route)) = self.front.at_once(&request, self.peer) {
            metrics::request_answered(route, answer.status(), started.elapsed());
            if request.headers().contains_key(request_id::NAME) {
                answer.headers_mut().insert(request_id::NAME, request_id::of(request.headers()));
            }
            return Either::Left(ready(Ok(answer.map(EitherBody::Left))));
        }
        if !is_taken {
            let random = fastrand::u32(..);
            let shopper = || Shopper::of(&self.front.app, request.headers());
            if !self.front.takes(request.method(), request.uri().path(), shopper, random) {
                let mut refusal = self.front.refusals.answer(random);
                refusal.headers_mut().insert(request_id::NAME, request_id::of(request.headers()));
                return Either::Left(ready(Ok(refusal.map(EitherBody::Left))));
            }
        }
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let routed: fn(Response<Body>) -> Response<FrontBody> = |response| response.map(EitherBody::Right);
        Either::Right(self.front.router.clone().call(request).map_ok(routed))
    }
}
