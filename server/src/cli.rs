//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;

use crate::edges::EdgeAddress;
use crate::heat::FeedAddress;

/// A flash-sale shop that never sells a unit twice.
#[derive(Debug, Parser)]
#[command(name = "stampede", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the shop until SIGTERM or Ctrl-C.
    Serve(Box<ServeArgs>),
    /// Merchants.
    #[command(subcommand)]
    Merchant(MerchantCommand),
    /// API tokens and session cookies.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Plan B: switches that work at once, beside a live server too.
    #[command(subcommand)]
    Switch(SwitchCommand),
    /// Limits that change without a restart, in versions; beside a live server too.
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Copy the store to FILE as it is at this moment, while the shop runs. FILE must not be there yet.
    Backup {
        file: PathBuf,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Make a store of the copy in FILE. A store that is there is left alone.
    Restore {
        file: PathBuf,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Compute a published draw again from FILE, as `GET /api/sales/{sale_id}/draw/entries` gives it. Exit code 0: right;
    /// 1: wrong, and what differs is told; 2: the file cannot be used.
    VerifyDraw { file: PathBuf },
    /// Compare ledger, events, payments and counters, and say what differs; exit code 1 where something does.
    Reconcile {
        /// Mend what has one right answer; the rest is listed
        #[arg(long)]
        fix: bool,
        /// For programs: one JSON document
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        store: StoreArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum MerchantCommand {
    /// Add a merchant. The password is read from standard input.
    Add {
        email: String,
        #[command(flatten)]
        store: StoreArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SwitchCommand {
    /// What every switch is at, what else it could be, and what merchants have set.
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Set a switch: orders on|paused, quiz on|harder|off, extras on|off, waiting_page off|on, queue_only off|on, read_only off|on.
    Set(SwitchSetArgs),
    /// Put a switch back to its ordinary value.
    Clear {
        name: String,
        #[command(flatten)]
        scope: SwitchScopeArgs,
    },
    /// Who changed what, when, until when and why; the latest first.
    Audit {
        #[command(flatten)]
        store: StoreArgs,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Every setting: its value, for whom, its bounds, and what it is.
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Set one, for everybody or for a share.
    Set {
        key: String,
        #[arg(allow_negative_numbers = true)]
        value: i64,
        /// Percent of shoppers (of addresses, for the limits by address) who get it; the others keep what they have.
        #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=100))]
        share: u8,
        /// For the history.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// All versions, the latest first: who changed what, when and why.
    History {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Make all settings what they were at a version, as a version of its own; 0 is how they come.
    Rollback {
        #[arg(value_parser = clap::value_parser!(i64).range(0..))]
        version: i64,
        /// For the history.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        store: StoreArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SwitchSetArgs {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Put it back after so many seconds, by 31 days at most.
    #[arg(long = "for", value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(1..=2_678_400))]
    pub(crate) for_seconds: Option<i64>,
    /// Put it back then, such as 2026-11-22T20:00:00Z (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "for_seconds")]
    pub(crate) until: Option<i64>,
    #[command(flatten)]
    pub(crate) scope: SwitchScopeArgs,
}

/// For whom, and why.
#[derive(Debug, Args)]
pub(crate) struct SwitchScopeArgs {
    /// One sale; without it and --merchant, the whole shop.
    #[arg(long, value_name = "SALE_ID", conflicts_with = "merchant")]
    pub(crate) sale: Option<uuid::Uuid>,
    /// All sales of one merchant.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) merchant: Option<String>,
    /// For the audit line.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

fn moment(text: &str) -> Result<i64, String> {
    use cookie::time::{OffsetDateTime, format_description::well_known::Rfc3339};
    let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| error.to_string())?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).map_err(|error| error.to_string())
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Print a Bearer token for a merchant. It is shown once; only its hash is kept.
    Merchant {
        email: String,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Make shoppers and print a session cookie (NAME=VALUE) for each, one a line.
    Shoppers {
        /// How many.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        count: u32,
        #[command(flatten)]
        store: StoreArgs,
    },
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct StoreArgs {
    /// The record: sqlite:PATH [default: sqlite:data/stampede.db]
    #[arg(long, env = "STAMPEDE_STORE", value_name = "URL")]
    pub(crate) store: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Payments {
    /// A provider of our own for trying the shop out: no money moves.
    Sandbox,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:3000]
    #[arg(long, env = "STAMPEDE_LISTEN", value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// A listener of its own for /metrics; without it they are served beside the shop
    #[arg(long, env = "STAMPEDE_METRICS_LISTEN", value_name = "ADDR:PORT")]
    pub(crate) metrics_listen: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    /// The line in front of each sale: memory [default: memory]
    #[arg(long, env = "STAMPEDE_QUEUE", value_name = "URL")]
    pub(crate) queue: Option<String>,
    /// The built site: bundles, styles, pictures [default: target/site]
    #[arg(long, env = "STAMPEDE_SITE", value_name = "DIR")]
    pub(crate) site: Option<PathBuf>,
    /// The shop's address as browsers see it, such as https://shop.example
    #[arg(long, env = "STAMPEDE_PUBLIC_ORIGIN", value_name = "URL")]
    pub(crate) public_origin: Option<String>,
    /// A proxy whose X-Forwarded-For is believed; may be given more than once
    #[arg(long, env = "STAMPEDE_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    pub(crate) trusted_proxy: Vec<IpNet>,
    /// An edge that visitors reach: varnish://HOST:PORT, or an http(s) address that takes purges; may be given more than once
    #[arg(long, env = "STAMPEDE_EDGE", value_name = "URL", value_delimiter = ',')]
    pub(crate) edge: Vec<EdgeAddress>,
    /// A cache between this server and the edges, given likewise
    #[arg(long, env = "STAMPEDE_EDGE_PARENT", value_name = "URL", value_delimiter = ',')]
    pub(crate) edge_parent: Vec<EdgeAddress>,
    /// Let edges that process ESI put a sale's state into its page; all that stands between them and this server must pass it on
    #[arg(long, env = "STAMPEDE_EDGE_SIDE_INCLUDES")]
    pub(crate) edge_side_includes: bool,
    /// Where edges tell what they answered by themselves: ADDR:PORT or unix:PATH; TCP from this machine and trusted proxies only
    #[arg(long, env = "STAMPEDE_HEAT_LISTEN", value_name = "ADDR:PORT|unix:PATH")]
    pub(crate) heat_listen: Option<FeedAddress>,
    /// Who takes the money [default: nobody, but the sandbox with --demo]
    #[arg(long, env = "STAMPEDE_PAYMENTS", value_name = "PROVIDER")]
    pub(crate) payments: Option<Payments>,
    /// Add a demo merchant, demo shoppers, items and sales
    #[arg(long, env = "STAMPEDE_DEMO")]
    pub(crate) demo: bool,
}
