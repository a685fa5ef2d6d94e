//! Listening: every connection begins in the express lane, and is with hyper for each request that is not answered there.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures::TryFutureExt as _;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;

use crate::express::{self, Answers, Behind, Exchange, Left, Noted, Patience, Prefixed};
use crate::places::{Place, Places};

/// A request's head must be whole by then.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// In the express lane by then, or up to so much later, by chance for each connection: the silent ones of a crowd that came at one instant are
/// not all closed at another.
const SILENT_SPREAD: Duration = Duration::from_secs(4);

/// A client that takes nothing of an answer for so long is gone, or means to hold the connection.
const WRITE_TIME: Duration = Duration::from_secs(20);

/// A request's head, at most.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// How long answers under way may take once the shop goes down.
const DRAIN_TIME: Duration = Duration::from_secs(10);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Accepts connections until told to stop, then lets the answers under way end. `ready` has the answers that need no
/// hyper; `asked` is the shop as the connection from one address asks it, and whether its first request is taken already.
pub(crate) async fn listen<A, S, B>(
    listener: TcpListener,
    ready: Arc<A>,
    asked: impl Fn(SocketAddr, bool) -> S + Clone + Send + 'static,
    places: Places,
    mut stopped: watch::Receiver<bool>,
) where
    A: Answers + Send + Sync + 'static,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send> + Send + 'static,
    B: Body<Data: Send, Error: Into<Failure>> + Send + Unpin + 'static,
{
    // Every connection has the one half until it ends.
    let (all_ended, lives) = watch::channel(());
    loop {
        let accepted = tokio::select! {
            () = told(&mut stopped) => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((mut stream, peer, place)) = accepted else { continue };
        // Small answers at once; without it a poll may wait for an acknowledgement.
        let _not_vital = stream.set_nodelay(true);
        let (ready, asked, stopped) = (Arc::clone(&ready), asked.clone(), stopped.clone());
        let lives = lives.clone();
        tokio::spawn(async move {
            let silent = HEAD_TIME + SILENT_SPREAD.mul_f64(fastrand::f64());
            let patience = Patience { silent, write: WRITE_TIME };
            let mut read = Bytes::new();
            loop {
                let behind = if read.is_empty() {
                    let left = express::run(&mut stream, peer, ready.as_ref(), patience, stopped.clone()).await;
                    let Left::ToHyper(behind) = left else { break };
                    behind
                } else {
                    Behind { bytes: read, is_whole: false, is_taken: false }
                };
                let service = asked(peer, behind.is_taken);
                // In a box of its own: a silent connection of a crowd is not to keep room for it.
                let back = Box::pin(by_hyper(&mut stream, behind, service, stopped.clone())).await;
                let Some(read_since) = back else { break };
                read = read_since;
            }
            drop((place, lives));
        });
    }
    drop((listener, lives));
    if tokio::time::timeout(DRAIN_TIME, all_ended.closed()).await.is_err() {
        tracing::warn!("some answers took too long and were cut off");
    }
}

/// Has hyper answer: one request, after which the connection goes on in the lane, or whatever comes for the rest of its life.
/// Where it goes on, with what was read behind that one. HTTP/1.1 alone: TLS, and with it HTTP/2 and 3, ends at the proxy in front.
async fn by_hyper<S, B>(
    stream: &mut TcpStream,
    Behind { bytes, is_whole, .. }: Behind,
    service: S,
    mut stopped: watch::Receiver<bool>,
) -> Option<Bytes>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send> + Send + 'static,
    B: Body<Data: Send, Error: Into<Failure>> + Send + Unpin + 'static,
{
    let exchange = Exchange::new(is_whole);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(MAX_HEAD_BYTES);
    let mut stream = TimeoutStream::new(Prefixed::new(bytes, stream, exchange.clone()));
    stream.set_write_timeout(Some(WRITE_TIME));
    let is_first = AtomicBool::new(true);
    let noted = exchange.clone();
    let service = service_fn(move |request| {
        noted.asks(is_first.swap(false, Ordering::Relaxed));
        let exchange = noted.clone();
        service.call(request).map_ok(move |answer| answer.map(|body| Noted::new(body, exchange)))
    });
    let mut connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service);
    let ended = std::future::poll_fn(|context| match Pin::new(&mut connection).poll(context) {
        Poll::Ready(ended) => Poll::Ready(Some(ended)),
        Poll::Pending if exchange.rests() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    });
    let ended = tokio::select! {
        biased;
        ended = ended => ended,
        () = told(&mut stopped) => {
            // The answer under way is the last.
            Pin::new(&mut connection).graceful_shutdown();
            Some((&mut connection).await)
        }
    };
    match ended {
        None => return Some(connection.into_parts().read_buf),
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::debug!(%error, "a connection broke"),
    }
    None
}

async fn accept(listener: &TcpListener, places: &Places) -> Option<(TcpStream, SocketAddr, Place)> {
    let permit = places.next().await?;
    match listener.accept().await {
        // One that its address may not have ends here: the stream is dropped, and with it closed.
        Ok((stream, peer)) => {
            // On a listener for both kinds of addresses one of the older kind comes wrapped; proxies are named as they are.
            let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
            Some((stream, peer, places.take(permit, peer)?))
        }
        Err(error) => {
            // Out of descriptors, most likely: some must close first.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(200)).await;
            None
        }
    }
}

/// Ends when the shop goes down, or when nobody is left who could say so.
pub(crate) async fn told(stopped: &mut watch::Receiver<bool>) {
    let _gone = stopped.wait_for(|stopped| *stopped).await.map(drop);
}
