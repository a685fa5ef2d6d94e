//! Listening: every connection begins in the express lane and goes on in hyper.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;

use crate::express::{self, Answers, Behind, Left, Patience, Prefixed};
use crate::places::{Place, Places};

/// A request's head must be whole by then.
const HEAD_TIME: Duration = Duration::from_secs(10);

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
    B: Body<Data: Send, Error: Into<Failure>> + Send + 'static,
{
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = told(&mut stopped) => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((mut stream, peer, place)) = accepted else { continue };
        // Small answers at once; without it a poll may wait for an acknowledgement.
        let _not_vital = stream.set_nodelay(true);
        let (ready, asked, watcher) = (Arc::clone(&ready), asked.clone(), graceful.watcher());
        let stopped = stopped.clone();
        tokio::spawn(async move {
            let patience = Patience { silent: HEAD_TIME, write: WRITE_TIME };
            let left = express::run(&mut stream, peer, ready.as_ref(), patience, stopped).await;
            if let Left::ToHyper(Behind { bytes, is_taken }) = left {
                // In a box of its own: most connections of a crowd never need one of this size.
                Box::pin(by_hyper(stream, bytes, asked(peer, is_taken), watcher)).await;
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!("some answers took too long and were cut off");
    }
}

/// The rest of a connection's life. HTTP/1.1 alone: TLS, and with it HTTP/2 and 3, ends at the proxy in front.
async fn by_hyper<S, B>(stream: TcpStream, read: Bytes, service: S, watcher: Watcher)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send> + Send + 'static,
    B: Body<Data: Send, Error: Into<Failure>> + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(MAX_HEAD_BYTES);
    let mut stream = TimeoutStream::new(Prefixed::new(read, stream));
    stream.set_write_timeout(Some(WRITE_TIME));
    let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection broke");
    }
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
