//! What is answered under overload, made once: to refuse has to be the cheapest thing that the shop does.

use std::time::Duration;

use axum::http::{HeaderMap, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::Full;

use super::error::ApiError;
use super::long_lines::LONGEST_HALF_MS;
use super::{App, passage};
use crate::express::{Date, Wire};

/// Under overload they are told to come again after 1 to so many seconds, so that they do not come together.
const OVERLOAD_WAITS: usize = 4;

const LONGEST_WAIT_SECONDS: u64 = 2 * LONGEST_HALF_MS / 1_000;

struct Refusal {
    head: HeaderMap,
    wire: Wire,
}

pub(super) struct Refusals {
    body: Bytes,
    /// By the seconds to wait, from one on.
    by_wait: Vec<Refusal>,
}

impl Refusals {
    pub(super) fn new(app: &App) -> Self {
        let body = Bytes::from(serde_json::to_vec(&ApiError::busy().problem()).unwrap_or_default());
        let by_wait = (1..=LONGEST_WAIT_SECONDS).map(|seconds| {
            let mut answer = ApiError::overloaded(Duration::from_secs(seconds)).uncounted();
            passage::dress(app, &mut answer);
            let mut head = std::mem::take(answer.headers_mut());
            head.remove(header::CONTENT_LENGTH);
            Refusal { wire: Wire::new(StatusCode::SERVICE_UNAVAILABLE, &head, Some(body.len())), head }
        });
        Self { by_wait: by_wait.collect(), body }
    }

    /// `random` says how long to wait.
    fn of(&self, random: u32) -> &Refusal {
        &self.by_wait[(random >> 16) as usize % OVERLOAD_WAITS]
    }

    pub(super) fn answer(&self, random: u32) -> Response<Full<Bytes>> {
        let mut answer = Response::new(Full::new(self.body.clone()));
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        *answer.headers_mut() = self.of(random).head.clone();
        answer
    }

    pub(super) fn write(&self, random: u32, date: &Date, out: &mut Vec<u8>) {
        self.of(random).wire.write(date, &self.body, out);
    }

    /// To be told when to come again.
    pub(super) fn write_until(&self, wait: Duration, date: &Date, out: &mut Vec<u8>) {
        let seconds = wait.as_millis().div_ceil(1_000).clamp(1, u128::from(LONGEST_WAIT_SECONDS)) as usize;
        self.by_wait[seconds - 1].wire.write(date, &self.body, out);
    }
}
