//! One request that hyper answers, between two looks of the lane: how far it is.
//!
//! Hyper does not say when a connection rests between two requests, but its reads and flushes do: once the answer's body is
//! gone, everything of it has been flushed, and hyper asks for more bytes and there are none, nothing of the request or the
//! answer is left in it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, SizeHint};

const ASKED: u8 = 0;
/// The last of the answer's body has been taken.
const ANSWERED: u8 = 1;
const FLUSHED: u8 = 2;
/// Flushed, and the bytes of another request are waited for.
const RESTS: u8 = 3;
/// A second request has come, of which the lane knows nothing.
const FURTHER: u8 = 4;

/// Shared by a connection's stream, service and body, which one task has.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    at: Arc<AtomicU8>,
}

impl Exchange {
    /// Where `is_whole`, all of the request has been read; otherwise it never rests.
    pub(crate) fn new(is_whole: bool) -> Self {
        Self { at: Arc::new(AtomicU8::new(if is_whole { ASKED } else { FURTHER })) }
    }

    fn goes(&self, from: u8, to: u8) {
        let _elsewhere = self.at.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Hyper hands over a request.
    pub(crate) fn asks(&self, is_first: bool) {
        if !is_first {
            self.at.store(FURTHER, Ordering::Relaxed);
        }
    }

    pub(super) fn flushed(&self) {
        self.goes(ANSWERED, FLUSHED);
    }

    /// Hyper asked for bytes, and there are none.
    pub(super) fn waits(&self) {
        self.goes(FLUSHED, RESTS);
    }

    pub(crate) fn rests(&self) -> bool {
        self.at.load(Ordering::Relaxed) == RESTS
    }
}

/// An answer's body, of which it is known when it is gone.
pub(crate) struct Noted<B> {
    body: B,
    exchange: Exchange,
}

impl<B> Noted<B> {
    pub(crate) const fn new(body: B, exchange: Exchange) -> Self {
        Self { body, exchange }
    }
}

impl<B> Drop for Noted<B> {
    fn drop(&mut self) {
        self.exchange.goes(ASKED, ANSWERED);
    }
}

impl<B: Body + Unpin> Body for Noted<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
