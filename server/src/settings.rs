//! Settings: the command line, then the environment, then `stampede.toml`, then the defaults.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::Deserialize;

use crate::cli::{Payments, ServeArgs, StoreArgs};
use crate::edges::{EdgeAddress, NotAHeader, NotAnEdge, PurgeHeader};
use crate::heat::{FeedAddress, NotAFeed};

const FILE: &str = "stampede.toml";
const DEFAULT_STORE: &str = "sqlite:data/stampede.db";

/// A setting that cannot be used, told to the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("{FILE}: {0}")]
    File(String),
    #[error("--store {0}: this build keeps its record in SQLite; give sqlite:PATH")]
    Store(String),
    #[error("--queue {0}: this build keeps its queue in memory; give memory")]
    Queue(String),
    #[error("--public-origin {0}: give a scheme and a host, such as https://shop.example, and nothing after it")]
    PublicOrigin(String),
    #[error("{0} is {1:?}; give on or off")]
    OnOrOff(&'static str, String),
    #[error("edge {0}: {1}")]
    Edge(String, NotAnEdge),
    #[error("--heat-listen {0}: {1}")]
    HeatListen(String, NotAFeed),
    #[error("STAMPEDE_PURGE_HEADER: {0}")]
    PurgeHeader(#[from] NotAHeader),
}

/// The same keys as the options, with `_` for `-`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    metrics_listen: Option<SocketAddr>,
    store: Option<String>,
    queue: Option<String>,
    site: Option<PathBuf>,
    public_origin: Option<String>,
    trusted_proxy: Option<Vec<IpNet>>,
    payments: Option<Payments>,
    demo: Option<bool>,
    rate_limits: Option<String>,
    overload_control: Option<String>,
    edge: Option<Vec<String>>,
    edge_parent: Option<Vec<String>>,
    purge_header: Option<String>,
    edge_side_includes: Option<bool>,
    heat_listen: Option<String>,
}

/// All that `serve` needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) store: PathBuf,
    pub(crate) site: PathBuf,
    pub(crate) public_origin: Option<String>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) payments: Option<Payments>,
    pub(crate) demo: bool,
    pub(crate) rate_limits: bool,
    /// Whether requests are refused when more come than can be answered in time.
    pub(crate) overload_control: bool,
    /// What keeps our pages: tiers in order from here outwards.
    pub(crate) edge_parents: Vec<EdgeAddress>,
    pub(crate) edges: Vec<EdgeAddress>,
    /// Whether an edge that says that it processes ESI gets pages with includes.
    pub(crate) edge_side_includes: bool,
    /// Where edges tell what they answered by themselves.
    pub(crate) heat_listen: Option<FeedAddress>,
    /// What the edges that are no Varnish know us by.
    pub(crate) purge_header: Option<PurgeHeader>,
}

impl Settings {
    pub(crate) fn of(args: ServeArgs) -> Result<Self, SettingsError> {
        let file = File::read(Path::new(FILE))?;
        let queue = args.queue.or(file.queue).unwrap_or_else(|| "memory".to_owned());
        if queue != "memory" {
            return Err(SettingsError::Queue(queue));
        }
        let public_origin = args.public_origin.or(file.public_origin).map(checked_origin).transpose()?;
        let trusted_proxies =
            if args.trusted_proxy.is_empty() { file.trusted_proxy.unwrap_or_default() } else { args.trusted_proxy };
        let purge_header = std::env::var("STAMPEDE_PURGE_HEADER").ok().or(file.purge_header);
        let demo = args.demo || file.demo.unwrap_or(false);
        Ok(Self {
            listen: args.listen.or(file.listen).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 3000))),
            metrics_listen: args.metrics_listen.or(file.metrics_listen),
            store: store_path(args.store.store.or(file.store))?,
            site: args.site.or(file.site).unwrap_or_else(|| PathBuf::from("target/site")),
            public_origin,
            trusted_proxies,
            payments: args.payments.or(file.payments).or(demo.then_some(Payments::Sandbox)),
            demo,
            edge_parents: edges(args.edge_parent, file.edge_parent)?,
            edges: edges(args.edge, file.edge)?,
            edge_side_includes: args.edge_side_includes || file.edge_side_includes.unwrap_or(false),
            heat_listen: match (args.heat_listen, file.heat_listen) {
                (Some(given), _) => Some(given),
                (None, Some(text)) => Some(text.parse().map_err(|why| SettingsError::HeatListen(text, why))?),
                (None, None) => None,
            },
            purge_header: purge_header.map(|text| text.parse()).transpose()?,
            rate_limits: is_on("STAMPEDE_RATE_LIMITS", file.rate_limits)?,
            overload_control: is_on("STAMPEDE_OVERLOAD_CONTROL", file.overload_control)?,
        })
    }
}

/// What is on unless somebody says otherwise, for a load test.
fn is_on(variable: &'static str, in_file: Option<String>) -> Result<bool, SettingsError> {
    match std::env::var(variable).ok().or(in_file).as_deref() {
        None | Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(other) => Err(SettingsError::OnOrOff(variable, other.to_owned())),
    }
}

fn edges(given: Vec<EdgeAddress>, in_file: Option<Vec<String>>) -> Result<Vec<EdgeAddress>, SettingsError> {
    if !given.is_empty() {
        return Ok(given);
    }
    let parsed = |text: String| text.parse().map_err(|why| SettingsError::Edge(without_password(&text), why));
    in_file.unwrap_or_default().into_iter().map(parsed).collect()
}

/// The store that a command other than `serve` works on.
pub(crate) fn store_of(args: &StoreArgs) -> Result<PathBuf, SettingsError> {
    let file = File::read(Path::new(FILE))?;
    store_path(args.store.clone().or(file.store))
}

impl File {
    fn read(path: &Path) -> Result<Self, SettingsError> {
        match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| SettingsError::File(error.to_string())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(SettingsError::File(error.to_string())),
        }
    }
}

fn store_path(url: Option<String>) -> Result<PathBuf, SettingsError> {
    let url = url.unwrap_or_else(|| DEFAULT_STORE.to_owned());
    match url.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() => Ok(PathBuf::from(path)),
        _ => Err(SettingsError::Store(without_password(&url))),
    }
}

/// An address may carry a password, and an error message goes to the log.
fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}

fn checked_origin(origin: String) -> Result<String, SettingsError> {
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let is_host = |host: &str| {
        !host.is_empty()
            && host.chars().all(|character| character.is_ascii_alphanumeric() || "-.:[]".contains(character))
    };
    if host.is_some_and(is_host) { Ok(origin.to_ascii_lowercase()) } else { Err(SettingsError::PublicOrigin(origin)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_named_by_its_kind_and_path() {
        assert_eq!(store_path(None).unwrap(), PathBuf::from("data/stampede.db"));
        assert_eq!(store_path(Some("sqlite:/x/y.db".to_owned())).unwrap(), PathBuf::from("/x/y.db"));
        for wrong in ["", "sqlite:", "x.db", "mysql://h"] {
            assert!(store_path(Some(wrong.to_owned())).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        let told = store_path(Some("postgres://me:secret@db/shop".to_owned())).unwrap_err().to_string();
        assert!(!told.contains("secret") && told.contains("db/shop"), "{told}");
    }

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        assert_eq!(checked_origin("https://Shop.Example".to_owned()).unwrap(), "https://shop.example");
        for wrong in ["shop.example", "https://", "https://a/b", "ftp://a", "https://a?b"] {
            assert!(checked_origin(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_key_in_the_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        std::fs::write(&path, "lisen = \"127.0.0.1:1\"").unwrap();
        assert!(File::read(&path).unwrap_err().to_string().contains("lisen"));
        assert!(File::read(&folder.path().join("absent")).is_ok());
    }
}
