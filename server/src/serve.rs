//! Serving: wiring, listening, and going down in a stated order.

use std::fs::File;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hyper_util::service::TowerToHyperService;
use ledger::{Reader, SqliteLedger, Write};
use shield::{Breaker, Overload, Pool};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

use crate::cli::Payments;
use crate::clock::{DISCIPLINE_INTERVAL, ServerClock};
use crate::edges::{self, Edge, EdgeAddress, Edges};
use crate::express::NoneReady;
use crate::heat::{Collector, FeedListener, Heat};
use crate::http::{self, App, AppState, Limits, SiteFiles, Tokens};
use crate::listen::{listen, told};
use crate::pages::Publisher;
use crate::payments::{Provider, Sandbox};
use crate::places::Places;
use crate::settings::Settings;
use crate::store::{Store, free_disk_bytes};
use crate::switches::{self, Switches};
use crate::tuned::Tuned;
use crate::writer::Writer;
use crate::{demo, logs, metrics, overload, passwords, quiz, secret, tuned};

/// How long `/readyz` says no before the listener closes, so that a balancer looks elsewhere.
const READY_GRACE: Duration = Duration::from_millis(200);

/// How often refunds are looked for.
const REFUND_INTERVAL: Duration = Duration::from_secs(1);

/// A provider that does not take one is left alone, for longer each time.
const PROVIDER_COOL_DOWN_MS: i64 = 2_000;
const PROVIDER_MOST_COOL_DOWN_MS: i64 = 60_000;

/// Refunds that are read at a time.
const REFUNDS_AT_ONCE: usize = 100;

/// How long the provider may take for one refund.
const REFUND_TIME: Duration = Duration::from_secs(10);

/// Connections that wait to be accepted; the system may allow fewer (`net.core.somaxconn`).
const MAX_UNACCEPTED: u32 = 16_384;

const TIDY_INTERVAL: Duration = Duration::from_secs(10);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the shop until it is told to stop.
pub(crate) async fn serve(settings: Settings) -> Result<(), Failure> {
    // Leptos spawns on whatever runtime it is told of; a second telling changes nothing.
    let _already_told = any_spawner::Executor::init_tokio();
    let listener = bound(settings.listen).map_err(|error| format!("--listen {}: {error}", settings.listen))?;
    let address = listener.local_addr()?;
    let metrics_listener = match settings.metrics_listen {
        Some(address) => {
            Some(TcpListener::bind(address).await.map_err(|error| format!("--metrics-listen {address}: {error}"))?)
        }
        None => None,
    };
    let feed_listener = match &settings.heat_listen {
        Some(address) => {
            Some(FeedListener::bind(address).await.map_err(|error| format!("--heat-listen {address}: {error}"))?)
        }
        None => None,
    };
    let locked = lock(&settings.store)?;
    let Wired { app, committer_thread, edge_worker } = wired(settings, address).await?;
    if app.settings.demo {
        demo::prepare(&app).await?;
    }
    let (stop, stopped) = watch::channel(false);
    let mut places = Places::new(Arc::clone(&app.connections));
    if app.settings.rate_limits {
        places = places.shared_out(app.settings.trusted_proxies.clone());
    }
    let front = http::Front::new(&app);
    let asked = {
        let front = Arc::clone(&front);
        move |peer, is_taken| http::Asked::new(Arc::clone(&front), peer, is_taken)
    };
    let shop = tokio::spawn(listen(listener, front, asked, places, stopped.clone()));
    let metrics = metrics_listener.map(|listener| {
        let unwatched = Places::new(Arc::new(AtomicUsize::new(0)));
        let router = http::metrics_router(&app);
        let asked = move |_, _| TowerToHyperService::new(router.clone());
        tokio::spawn(listen(listener, Arc::new(NoneReady), asked, unwatched, stopped.clone()))
    });
    let collector = Collector::start(app.clone())?;
    let feed = feed_listener.map(|listener| tokio::spawn(listener.run(app.clone(), stopped.clone())));
    let refunds = tokio::spawn(refunds(app.clone(), stopped.clone()));
    let edges = edge_worker.map(|worker| tokio::spawn(worker.run(stopped.clone())));
    let assets = tokio::spawn(http::keep_assets(app.clone()));
    let switches = tokio::spawn(switches::watch(app.clone(), Reader::open(app.store.path())?, stopped.clone()));
    let overload = app.settings.overload_control.then(|| tokio::spawn(overload::watch(app.clone(), stopped.clone())));
    let chores = tokio::spawn(chores(app.clone(), stopped));
    announce(&app, address);

    told_to_stop().await?;
    // The order: not ready; nobody joins a line; no new connection; answers under way end; lines empty; log into store.
    tracing::info!("going down: nobody joins a line any more");
    app.begin_shutdown();
    tokio::time::sleep(READY_GRACE).await;
    let _no_one_listens = stop.send(true);
    shop.await?;
    if let Some(metrics) = metrics {
        metrics.await?;
    }
    chores.await?;
    if let Some(overload) = overload {
        overload.await??;
    }
    switches.await?;
    refunds.await?;
    assets.await?;
    if let Some(edges) = edges {
        edges.await?;
    }
    if let Some(feed) = feed {
        feed.await?;
    }
    collector.stop();
    tracing::info!("connections are closed; emptying the lines");
    let writer = app.writer.clone();
    tokio::task::spawn_blocking(move || {
        writer.stop();
        committer_thread.join()
    })
    .await?
    .map_err(|_| "the committer panicked")?;
    drop(locked);
    tracing::info!("down");
    Ok(())
}

/// A listener whose queue holds a crowd: who finds it full hears nothing, and tries again a second later.
fn bound(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(MAX_UNACCEPTED)
}

/// One server a store: two would each sell the units that the other holds. Released by the system when the process ends,
/// however it ends.
pub(crate) fn lock(store: &Path) -> Result<File, Failure> {
    // By the file, not by a name that somebody gave it.
    let store = store.canonicalize().unwrap_or_else(|_| store.to_owned());
    let path = store.with_extension("lock");
    let unwritable = |error| format!("{}: {error}; the server must be able to write there", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(unwritable)?;
    file.try_lock().map_err(|_| format!("another server is running on {}; stop it first", store.display()))?;
    Ok(file)
}

/// The shop, and what runs beside it.
struct Wired {
    app: App,
    committer_thread: std::thread::JoinHandle<()>,
    edge_worker: Option<edges::Worker>,
}

async fn wired(settings: Settings, address: SocketAddr) -> Result<Wired, Failure> {
    // First of all: what is counted before it would be lost.
    let metrics = metrics::install()?;
    let clock = ServerClock::start();
    let keyring = secret::keyring(&settings.store)?;
    let files = SiteFiles::read(&settings.site)?;
    let ledger = SqliteLedger::open(&settings.store)?;
    let store = Store::open(&settings.store)?;
    let overload = Arc::new(Overload::default());
    let (writer, committer_thread) = Writer::start(ledger, clock.clone(), Arc::clone(&overload))?;
    let (edges, edge_worker) = edges_of(&settings)?;
    let public_origin = settings.public_origin.clone().unwrap_or_else(|| format!("http://{address}"));
    let switches = Switches::start(&Reader::open(&settings.store)?)?;
    let waiting = switches.clone();
    let publisher =
        Publisher::start(store.clone(), clock.clone(), files.assets.clone(), public_origin, edges, waiting).await?;
    quiz::draw_ahead(publisher.quizzes(), clock.clone(), Arc::clone(&overload))?;
    let limits = if settings.rate_limits {
        Limits::on()
    } else {
        tracing::warn!("RATE LIMITS ARE OFF (STAMPEDE_RATE_LIMITS=off): for load tests only");
        Limits::off()
    };
    if !settings.overload_control {
        tracing::warn!("OVERLOAD CONTROL IS OFF (STAMPEDE_OVERLOAD_CONTROL=off): for load tests only");
    }
    let sandbox = match settings.payments {
        Some(Payments::Sandbox) => Some(Sandbox::new(&keyring, address)?),
        None => None,
    };
    let app = App::new(AppState {
        clock,
        store,
        writer,
        publisher,
        switches,
        tuned: Tuned::default(),
        heat: Heat::default(),
        tokens: Tokens::new(&keyring),
        limits,
        draws: http::Draws::default(),
        overload,
        password_pool: Pool::new(passwords::pool_running(), passwords::POOL_WAITING),
        provider: sandbox.clone().map(|sandbox| Arc::new(sandbox) as Arc<dyn Provider>),
        sandbox,
        disk_is_low: AtomicBool::new(false),
        files,
        metrics,
        connections: Arc::new(AtomicUsize::new(0)),
        going_down: AtomicBool::new(false),
        settings,
    });
    // Before anybody is served: a limit that was set holds from the first request on.
    tuned::take(&app, Reader::open(app.store.path())?.newest_settings()?);
    Ok(Wired { app, committer_thread, edge_worker })
}

fn edges_of(settings: &Settings) -> Result<(Edges, Option<edges::Worker>), Failure> {
    let tier = |addresses: &[EdgeAddress]| -> reqwest::Result<Vec<Edge>> {
        addresses.iter().map(|address| Edge::new(address.clone(), settings.purge_header.clone())).collect()
    };
    Ok(Edges::new(vec![tier(&settings.edge_parents)?, tier(&settings.edges)?]))
}

fn announce(app: &App, address: SocketAddr) {
    println!("listening on http://{address}");
    if app.settings.demo {
        demo::announce(address);
    }
}

/// What comes round by itself: the clock is led, quiet rate-limit keys are forgotten, ended sales leave the pages.
async fn chores(app: App, mut stopped: watch::Receiver<bool>) {
    let mut every_second = tokio::time::interval(DISCIPLINE_INTERVAL);
    let mut tidy = tokio::time::interval(TIDY_INTERVAL);
    let mut next_end_ms = app.publisher.catalog().next_end_ms(app.clock.now_ms());
    loop {
        tokio::select! {
            () = told(&mut stopped) => return,
            _ = every_second.tick() => {
                app.clock.discipline();
                logs::tend();
                watch_disk(&app);
                let now_ms = app.clock.now_ms();
                let is_due = next_end_ms.is_some_and(|end_ms| end_ms <= now_ms);
                if is_due && let Err(error) = app.publisher.refresh().await {
                    tracing::error!(%error, "pages of ended sales could not be rendered; next try in a second");
                    continue;
                }
                next_end_ms = app.publisher.catalog().next_end_ms(now_ms);
                if app.limits.are_crowded() {
                    tidy.reset_immediately();
                }
            }
            _ = tidy.tick() => {
                app.limits.tidy();
                // What was measured is kept until it is asked for, which may be never.
                app.metrics.run_upkeep();
            }
        }
    }
}

/// Stops taking orders before the record runs out of room.
fn watch_disk(app: &App) {
    let is_low = free_disk_bytes(app.store.path()).is_some_and(|bytes| bytes < http::MIN_FREE_DISK_BYTES);
    if app.disk_is_low.swap(is_low, Ordering::AcqRel) != is_low {
        if is_low {
            tracing::error!("the record's disk is nearly full: no orders are taken until there is room again");
        } else {
            tracing::info!("the record's disk has room again");
        }
    }
}

/// Tells the provider of money that goes back, until it has taken each refund.
async fn refunds(app: App, mut stopped: watch::Receiver<bool>) {
    let Some(provider) = app.provider.clone() else { return };
    let breaker = Breaker::new(1, PROVIDER_COOL_DOWN_MS, PROVIDER_MOST_COOL_DOWN_MS);
    loop {
        tokio::select! {
            () = told(&mut stopped) => return,
            () = tokio::time::sleep(REFUND_INTERVAL) => {}
        }
        if !breaker.allows(app.clock.now_ms()) {
            continue;
        }
        match send_refunds(&app, provider.as_ref()).await {
            Ok(()) => breaker.succeeded(),
            Err(error) => {
                tracing::warn!(%error, "refunds could not be sent; they are tried again");
                breaker.failed(app.clock.now_ms());
            }
        }
        metrics::breaker("provider", breaker.is_open(app.clock.now_ms()));
    }
}

async fn send_refunds(app: &App, provider: &dyn Provider) -> Result<(), Failure> {
    for refund in app.store.read(|reader| reader.due_refunds(REFUNDS_AT_ONCE)).await? {
        tokio::time::timeout(REFUND_TIME, provider.refund(&refund)).await??;
        let sent = Write::RefundSent { payment_id: refund.payment_id, at_ms: app.clock.now_ms() };
        app.writer.write(sent).await?;
    }
    Ok(())
}

/// Ctrl-C or SIGTERM.
fn told_to_stop() -> impl Future<Output = std::io::Result<()>> {
    let terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    async move {
        let mut terminated = terminated?;
        tokio::select! {
            _ = terminated.recv() => Ok(()),
            interrupted = tokio::signal::ctrl_c() => interrupted,
        }
    }
}
