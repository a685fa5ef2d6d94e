//! Clients for what this server asks of others.

use reqwest::ClientBuilder;
use reqwest::redirect::Policy;

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
    reqwest::Client::builder().no_proxy().redirect(Policy::none())
}
