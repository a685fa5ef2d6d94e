//! Clients for what this server asks of others.

use std::time::Duration;

use reqwest::ClientBuilder;
use reqwest::redirect::Policy;

/// A connection that was silent for so long is not asked again: whom we ask may close it just then. This shop itself, which its
/// sandbox asks, does so after ten seconds.
const SILENT: Duration = Duration::from_secs(5);

/// For addresses of our own network, by plain http.
pub(crate) fn plain_client() -> ClientBuilder {
    // No certificates are loaded for it: a small container may have none.
    base().tls_certs_only([])
}

/// For any address; TLS by the system's certificates.
pub(crate) fn tls_client() -> ClientBuilder {
    base()
}

fn base() -> ClientBuilder {
    // What this process does TLS with. A second telling changes nothing.
    let _already_told = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().redirect(Policy::none()).pool_idle_timeout(SILENT)
}
