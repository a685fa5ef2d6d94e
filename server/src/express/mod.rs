//! The express lane: a connection that asks for nothing but pages and the time is answered here, from bytes that are
//! ready, with one read and one write a request. Any other request goes to hyper, with all that was read of it, and the
//! connection comes back when that is answered; with one that is odd in any way it stays there for the rest of its life. So
//! the lane parses little, and refuses nothing but under overload and for lines that are too long; what it answers, it answers as hyper and the router would.

mod exchange;
mod prefixed;
mod request;
mod wire;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

pub(crate) use exchange::{Exchange, Noted};
pub(crate) use prefixed::Prefixed;
pub(crate) use request::{Addressed, Head, Request};
pub(crate) use wire::{Date, Wire};

/// Read at a time. A request for a page has some 500 bytes; one with a longer head goes to hyper.
const MAX_READ_BYTES: usize = 8 * 1024;

/// Answers to requests that came together are written together, up to so many bytes. What a peer does not take of them is
/// kept for it, so this and one answer bound what a connection can make us keep.
const MAX_WRITE_BYTES: usize = 16 * 1024;

pub(crate) trait Answers {
    /// Writes a ready answer to a request; false where there is none.
    fn answer(&self, request: &Request<'_>, head: &Head<'_, '_>, peer: SocketAddr, out: &mut Vec<u8>) -> bool;

    /// Whether a request is taken by its line and, under overload, by the shop; where not, the refusal is written.
    fn judge(&self, request: &Addressed<'_, '_>, out: &mut Vec<u8>) -> Judged;
}

/// What overload says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// There is none, or the request is none that is judged.
    Not,
    Taken,
    /// The answer is written: it is refused, or was ready.
    Answered,
}

/// For a listener of which no answer is ever ready.
pub(crate) struct NoneReady;

impl Answers for NoneReady {
    fn answer(&self, _: &Request<'_>, _: &Head<'_, '_>, _: SocketAddr, _: &mut Vec<u8>) -> bool {
        false
    }

    fn judge(&self, _: &Addressed<'_, '_>, _: &mut Vec<u8>) -> Judged {
        Judged::Not
    }
}

/// What became of a connection in the lane.
pub(crate) enum Left {
    /// It goes to hyper, which reads these bytes first.
    ToHyper(Behind),
    Closed,
}

/// What was read and not answered.
pub(crate) struct Behind {
    pub(crate) bytes: Bytes,
    /// It is one plain request, and all of it: the connection can come back.
    pub(crate) is_whole: bool,
    /// The first request in it has been judged, and is taken.
    pub(crate) is_taken: bool,
}

/// How long a connection may be silent, and how long it may take nothing of an answer.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) silent: Duration,
    pub(crate) write: Duration,
}

struct Buffers {
    read: Box<[u8; MAX_READ_BYTES]>,
    write: Vec<u8>,
}

thread_local! {
    /// A thread's, and not a connection's: thousands of silent ones cost nothing.
    static BUFFERS: RefCell<Buffers> =
        RefCell::new(Buffers { read: Box::new([0; MAX_READ_BYTES]), write: Vec::with_capacity(MAX_READ_BYTES) });
}

/// What one look at the connection brought.
enum Turn {
    Answered,
    /// The peer takes no more for now; this is left to write, and this was read behind it.
    Unwritten(Bytes, Option<Behind>),
    Left(Left),
}

/// Answers what is ready until the connection leaves the lane. Ends between two requests once `stopped` says so.
pub(crate) async fn run(
    stream: &mut TcpStream,
    peer: SocketAddr,
    answers: &impl Answers,
    patience: Patience,
    mut stopped: watch::Receiver<bool>,
) -> Left {
    let mut told = stopped.clone();
    let mut told = pin!(told.wait_for(|stopped| *stopped));
    let mut heard = Instant::now();
    let mut alarm = pin!(sleep_until(heard + patience.silent));
    loop {
        // Looked at here too: a peer that never pauses would keep the select from it.
        if *stopped.borrow_and_update() {
            return Left::Closed;
        }
        let turn = tokio::select! {
            biased;
            turn = std::future::poll_fn(|context| poll_turn(stream, context, peer, answers)) => turn,
            () = &mut alarm => {
                // Not set anew for every request: it looks when it rings how long the silence is.
                if heard.elapsed() >= patience.silent {
                    return Left::Closed;
                }
                alarm.as_mut().reset(heard + patience.silent);
                continue;
            }
            _ = &mut told => return Left::Closed,
        };
        heard = Instant::now();
        match turn {
            Turn::Answered => {}
            Turn::Left(left) => return left,
            Turn::Unwritten(mut rest, behind) => {
                // Each part that is taken earns another wait, as with hyper.
                while !rest.is_empty() {
                    match tokio::time::timeout(patience.write, stream.write(&rest)).await {
                        Ok(Ok(written)) if written > 0 => rest.advance(written),
                        _ => return Left::Closed,
                    }
                }
                match behind {
                    None => heard = Instant::now(),
                    Some(behind) => return Left::ToHyper(behind),
                }
            }
        }
    }
}

fn poll_turn(
    stream: &mut TcpStream,
    context: &mut Context<'_>,
    peer: SocketAddr,
    answers: &impl Answers,
) -> Poll<Turn> {
    BUFFERS.with_borrow_mut(|Buffers { read, write }| {
        let mut buffer = ReadBuf::new(read.as_mut_slice());
        let was_read = ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer));
        if was_read.is_err() || buffer.filled().is_empty() {
            return Poll::Ready(Turn::Left(Left::Closed));
        }
        write.clear();
        let mut rest = buffer.filled();
        let (mut is_whole, mut is_taken) = (false, false);
        while write.len() < MAX_WRITE_BYTES && !rest.is_empty() {
            let looked = Head::parse(rest, |head| {
                if let Some((request, length)) = Request::of(head)
                    && answers.answer(&request, head, peer, write)
                {
                    return Some((Judged::Answered, length));
                }
                let (request, length) = Addressed::of(head, rest)?;
                Some((answers.judge(&request, write), length))
            });
            match looked {
                Some((Judged::Answered, length)) => rest = &rest[length..],
                Some((judged, length)) => {
                    is_whole = length == rest.len();
                    is_taken = judged == Judged::Taken;
                    break;
                }
                None => break,
            }
        }
        let behind = (!rest.is_empty()).then(|| Behind { bytes: Bytes::copy_from_slice(rest), is_whole, is_taken });
        let mut unwritten = write.as_slice();
        while !unwritten.is_empty() {
            match Pin::new(&mut *stream).poll_write(context, unwritten) {
                Poll::Ready(Ok(bytes)) if bytes > 0 => unwritten = &unwritten[bytes..],
                Poll::Ready(_) => return Poll::Ready(Turn::Left(Left::Closed)),
                Poll::Pending => return Poll::Ready(Turn::Unwritten(Bytes::copy_from_slice(unwritten), behind)),
            }
        }
        Poll::Ready(behind.map_or(Turn::Answered, |behind| Turn::Left(Left::ToHyper(behind))))
    })
}
