//! What the edges answered by themselves, line by line: at 99.9 % hits this server sees nothing of a crowd.
//!
//! A stream of lines on TCP, from this machine or a named proxy, or on a Unix socket. What is said here only steers what
//! is taken for hot; it can neither fill memory nor hold anybody up.

use std::fmt;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Semaphore, watch};

use super::feed_line::{self, Line, MAX_LINE_BYTES};
use crate::http::App;
use crate::metrics::{self, FeedLine};

/// Edges that send at a time; more are closed at once.
pub(crate) const MAX_FEEDS: usize = 32;

/// How long an edge may have nothing to tell.
const SILENT_AT_MOST: Duration = Duration::from_secs(600);

/// Read at a time.
const READ_BYTES: usize = 64 * 1_024;

/// Where the edges send to: `ADDR:PORT` or `unix:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FeedAddress {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give ADDR:PORT, such as 127.0.0.1:3001, or unix:PATH")]
pub(crate) struct NotAFeed;

impl FromStr for FeedAddress {
    type Err = NotAFeed;

    fn from_str(text: &str) -> Result<Self, NotAFeed> {
        match text.strip_prefix("unix:") {
            Some("") => Err(NotAFeed),
            Some(path) => Ok(Self::Unix(PathBuf::from(path))),
            None => text.parse().map(Self::Tcp).map_err(|_| NotAFeed),
        }
    }
}

impl fmt::Display for FeedAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

type Stream = Box<dyn AsyncRead + Send + Unpin>;

/// Bound, and not listened at yet.
pub(crate) enum FeedListener {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl FeedListener {
    pub(crate) async fn bind(address: &FeedAddress) -> std::io::Result<Self> {
        match address {
            FeedAddress::Tcp(address) => Ok(Self::Tcp(TcpListener::bind(address).await?)),
            FeedAddress::Unix(path) => {
                remove_a_dead_socket(path)?;
                Ok(Self::Unix(UnixListener::bind(path)?, path.clone()))
            }
        }
    }

    /// Takes lines until told to stop.
    pub(crate) async fn run(self, app: App, mut stopped: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(MAX_FEEDS));
        loop {
            let stream = tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => break,
                accepted = self.accept(&app) => accepted,
            };
            let stream = match stream {
                Ok(stream) => stream,
                Err(error) => {
                    // Out of descriptors, most likely: some must close first.
                    tracing::warn!(%error, "a feed could not be accepted");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    continue;
                }
            };
            let (Some(stream), Ok(place)) = (stream, Arc::clone(&places).try_acquire_owned()) else { continue };
            let (app, mut stopped) = (app.clone(), stopped.clone());
            tokio::spawn(async move {
                tokio::select! {
                    _ = stopped.wait_for(|stopped| *stopped) => {}
                    () = take(&app, stream) => {}
                }
                drop(place);
            });
        }
        if let Self::Unix(_, path) = &self {
            // Not vital: a socket that nobody listens at is removed at the next start.
            let _still_there = std::fs::remove_file(path);
        }
    }

    /// The next stream, or none where it is nobody's whom we listen to.
    async fn accept(&self, app: &App) -> std::io::Result<Option<Stream>> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                let peer = peer.ip().to_canonical();
                let is_trusted =
                    peer.is_loopback() || app.settings.trusted_proxies.iter().any(|network| network.contains(&peer));
                if !is_trusted {
                    tracing::warn!(%peer, "a feed from an address that is no --trusted-proxy was closed");
                    return Ok(None);
                }
                Ok(Some(Box::new(stream)))
            }
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok(Some(Box::new(stream)))
            }
        }
    }
}

/// A socket at which nobody listens, left by a process that was killed. Anything else stays.
fn remove_a_dead_socket(path: &Path) -> std::io::Result<()> {
    // A file refuses connections too.
    if !std::fs::symlink_metadata(path).is_ok_and(|named| named.file_type().is_socket()) {
        return Ok(());
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        _ => Ok(()),
    }
}

async fn take(app: &App, mut stream: impl AsyncRead + Unpin) {
    let mut lines = Lines::default();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let read = match tokio::time::timeout(SILENT_AT_MOST, stream.read(&mut buffer)).await {
            // An edge that has nothing to tell for so long may be gone; one that is there connects again.
            Err(_) | Ok(Ok(0)) => break,
            Ok(Ok(read)) => read,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a feed broke");
                break;
            }
        };
        let catalog = app.publisher.catalog();
        let mut tally = Tally::default();
        lines.push(&buffer[..read], |line| tally.take(line.map(|line| feed_line::read(line, &catalog)), app));
        tally.tell();
    }
}

#[derive(Default)]
struct Tally {
    counted: u64,
    passed_over: u64,
    refused: u64,
    lost: u64,
}

impl Tally {
    fn take(&mut self, line: Option<Line>, app: &App) {
        match line {
            Some(Line::Visit(item_id)) if app.heat.record(item_id) => self.counted += 1,
            Some(Line::Visit(_)) => self.lost += 1,
            Some(Line::Other) => self.passed_over += 1,
            Some(Line::Junk) | None => self.refused += 1,
        }
    }

    fn tell(&self) {
        metrics::feed_lines(FeedLine::Counted, self.counted);
        metrics::feed_lines(FeedLine::PassedOver, self.passed_over);
        metrics::feed_lines(FeedLine::Refused, self.refused);
        metrics::feed_lines(FeedLine::Lost, self.lost);
    }
}

/// Bytes as they come, cut into lines.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
    /// What is begun is longer than a line may be: the rest of it is thrown away.
    too_long: bool,
}

impl Lines {
    /// Calls `take` for each line that ends here; with none for one that is too long.
    fn push(&mut self, bytes: &[u8], mut take: impl FnMut(Option<&[u8]>)) {
        let mut pieces = bytes.split(|&byte| byte == b'\n');
        let rest = pieces.next_back().unwrap_or_default();
        for piece in pieces {
            self.keep(piece);
            take((!self.too_long).then_some(&self.begun));
            self.begun.clear();
            self.too_long = false;
        }
        self.keep(rest);
    }

    fn keep(&mut self, piece: &[u8]) {
        self.too_long |= self.begun.len() + piece.len() > MAX_LINE_BYTES;
        if !self.too_long {
            self.begun.extend_from_slice(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&str], expected: &[Option<&str>]) {
        let (mut lines, mut told) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece.as_bytes(), |line| told.push(line.map(|line| String::from_utf8_lossy(line).into_owned())));
        }
        assert_eq!(told.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{pieces:?}");
        assert!(lines.begun.len() <= MAX_LINE_BYTES);
    }

    #[test]
    fn lines_are_whole_however_they_come() {
        check(&["one\ntwo\n"], &[Some("one"), Some("two")]);
        check(&["o", "ne", "\n\ntw", "o"], &[Some("one"), Some("")]);
        check(&[], &[]);
    }

    #[test]
    fn a_line_without_end_is_not_kept_and_told_as_one() {
        let long = "x".repeat(MAX_LINE_BYTES + 1);
        check(&["a\n", &long, &long, "\nb\n"], &[Some("a"), None, Some("b")]);
        check(&[&long[1..], "\n"], &[Some(&long[1..])]);
        check(&[&long[1..], "x", &long], &[]);
    }

    #[test]
    fn a_feed_listens_at_an_address_or_a_path() {
        assert_eq!("127.0.0.1:3001".parse(), Ok(FeedAddress::Tcp(SocketAddr::from(([127, 0, 0, 1], 3001)))));
        assert_eq!("unix:/run/x".parse(), Ok(FeedAddress::Unix(PathBuf::from("/run/x"))));
        for wrong in ["", "unix:", "localhost", "3001", "/run/x"] {
            assert_eq!(wrong.parse::<FeedAddress>(), Err(NotAFeed), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_stays_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stampede.db");
        std::fs::write(&path, "the record").unwrap();
        assert!(FeedListener::bind(&FeedAddress::Unix(path.clone())).await.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "the record");
        let socket = folder.path().join("feed");
        drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
        assert!(FeedListener::bind(&FeedAddress::Unix(socket)).await.is_ok(), "a dead socket is replaced");
    }
}
