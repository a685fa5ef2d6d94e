//! One edge: how it is told what to forget.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Url};

use super::{ALL_PAGES, Version};
use crate::outward;

/// An edge that does not answer by then is out of reach.
const PURGE_TIMEOUT: Duration = Duration::from_millis(400);

/// Our VCL answers a purge with it. Another Varnish may answer 200 and have forgotten nothing.
const PURGED_HEADER: &str = "stampede-purged";

/// Where an edge takes purges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EdgeAddress {
    /// A Varnish that runs deploy/varnish/stampede.vcl: `PURGE /` with the tags in `xkey-purge`. Also what is warmed.
    Varnish(Url),
    /// Anything else: a POST with the tags as JSON (`{"tags": […]}`) and in `Surrogate-Key`.
    Http(Url),
}

/// What an operator gave that is no edge's address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("give varnish://HOST:PORT for a Varnish with our VCL, or the http(s) address that takes purges")]
pub(crate) struct NotAnEdge;

impl FromStr for EdgeAddress {
    type Err = NotAnEdge;

    fn from_str(text: &str) -> Result<Self, NotAnEdge> {
        let checked = |text: &str| Url::parse(text).ok().filter(Url::has_host).ok_or(NotAnEdge);
        if let Some(rest) = text.strip_prefix("varnish://") {
            let url = checked(&format!("http://{rest}"))?;
            let is_bare = url.path() == "/" && url.query().is_none() && url.username().is_empty();
            return if is_bare { Ok(Self::Varnish(url)) } else { Err(NotAnEdge) };
        }
        let url = checked(text)?;
        // A password in an address would be logged.
        let is_plain = url.username().is_empty() && url.password().is_none();
        if matches!(url.scheme(), "http" | "https") && is_plain { Ok(Self::Http(url)) } else { Err(NotAnEdge) }
    }
}

/// Why an edge was not purged, told to the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EdgeError {
    #[error(transparent)]
    OutOfReach(#[from] reqwest::Error),
    #[error("it answered {0}")]
    Refused(reqwest::StatusCode),
    #[error("it took the purge and does not run deploy/varnish/stampede.vcl: nothing says that it forgot anything")]
    OtherRules,
}

/// What says to a CDN that a purge is ours: `Authorization: Bearer …`, `Fastly-Key: …`. It is not shown.
#[derive(Clone)]
pub(crate) struct PurgeHeader(HeaderName, HeaderValue);

/// Not a header.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("give a header's name and value, such as Authorization: Bearer …")]
pub(crate) struct NotAHeader;

impl FromStr for PurgeHeader {
    type Err = NotAHeader;

    fn from_str(text: &str) -> Result<Self, NotAHeader> {
        let (name, value) = text.split_once(':').ok_or(NotAHeader)?;
        let name = HeaderName::from_str(name.trim()).map_err(|_| NotAHeader)?;
        let mut value = HeaderValue::from_str(value.trim()).map_err(|_| NotAHeader)?;
        value.set_sensitive(true);
        if value.is_empty() { Err(NotAHeader) } else { Ok(Self(name, value)) }
    }
}

impl std::fmt::Debug for PurgeHeader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: …", self.0)
    }
}

/// An edge and the way to it.
#[derive(Clone)]
pub(crate) struct Edge {
    address: EdgeAddress,
    /// Sent to what is not a Varnish.
    purge_header: Option<PurgeHeader>,
    client: Client,
}

impl Edge {
    pub(crate) fn new(address: EdgeAddress, purge_header: Option<PurgeHeader>) -> reqwest::Result<Self> {
        let client = match &address {
            EdgeAddress::Http(url) if url.scheme() == "https" => outward::tls_client(),
            EdgeAddress::Varnish(_) | EdgeAddress::Http(_) => outward::plain_client(),
        };
        Ok(Self { address, purge_header, client: client.build()? })
    }

    /// For the log.
    pub(crate) fn name(&self) -> &str {
        match &self.address {
            EdgeAddress::Varnish(url) | EdgeAddress::Http(url) => url.host_str().unwrap_or_default(),
        }
    }

    /// Where its pages can be asked for, if that is known.
    pub(super) fn origin(&self) -> Option<&Url> {
        match &self.address {
            EdgeAddress::Varnish(url) => Some(url),
            EdgeAddress::Http(_) => None,
        }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Has it forget what carries one of the tags.
    pub(super) async fn purge(&self, tags: &BTreeMap<String, Version>) -> Result<(), EdgeError> {
        let list = tags.keys().map(String::as_str).collect::<Vec<_>>().join(" ");
        match &self.address {
            EdgeAddress::Varnish(url) => self.told(purge_method(&self.client, url).header("xkey-purge", list)).await,
            EdgeAddress::Http(url) => {
                let names: Vec<&String> = tags.keys().collect();
                let request = self.client.post(url.clone()).header("surrogate-key", list);
                let request = request.json(&serde_json::json!({ "tags": names }));
                self.told(match &self.purge_header {
                    Some(PurgeHeader(name, value)) => request.header(name, value),
                    None => request,
                })
                .await
            }
        }
    }

    /// Has it forget what it kept while it was being purged. What it has fetched since may stay, where it knows
    /// versions: nobody has to fetch that twice.
    pub(super) async fn purge_again(&self, tags: &BTreeMap<String, Version>) -> Result<(), EdgeError> {
        let EdgeAddress::Varnish(url) = &self.address else { return self.purge(tags).await };
        if tags.contains_key(ALL_PAGES) {
            return self.purge(tags).await;
        }
        for (tag, version) in tags {
            let request = purge_method(&self.client, url).header("page-purge", tag).header("page-version", *version);
            self.told(request).await?;
        }
        Ok(())
    }

    async fn told(&self, request: RequestBuilder) -> Result<(), EdgeError> {
        let answer = request.timeout(PURGE_TIMEOUT).send().await.map_err(reqwest::Error::without_url)?;
        if !answer.status().is_success() {
            return Err(EdgeError::Refused(answer.status()));
        }
        match &self.address {
            EdgeAddress::Varnish(_) if !answer.headers().contains_key(PURGED_HEADER) => Err(EdgeError::OtherRules),
            EdgeAddress::Varnish(_) | EdgeAddress::Http(_) => Ok(()),
        }
    }
}

fn purge_method(client: &Client, url: &Url) -> RequestBuilder {
    // Letters are a method (RFC 9110, section 9.1).
    let method = Method::from_bytes(b"PURGE").unwrap_or(Method::DELETE);
    client.request(method, url.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purge_header_is_a_name_and_a_value_and_is_not_shown() {
        let shown = format!("{:?}", "Fastly-Key: hush".parse::<PurgeHeader>().unwrap());
        assert_eq!(shown, "fastly-key: …");
        for wrong in ["", "token", "Fastly-Key:", "a b: c", "a: b\nc: d"] {
            assert!(wrong.parse::<PurgeHeader>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_edge_is_a_varnish_or_an_address_that_takes_purges() {
        let url = |text: &str| Url::parse(text).unwrap();
        assert_eq!("varnish://10.0.0.5:6081".parse(), Ok(EdgeAddress::Varnish(url("http://10.0.0.5:6081"))));
        let api = "https://api.cdn.example/zones/1/purge_cache";
        assert_eq!(api.parse(), Ok(EdgeAddress::Http(url(api))));
        for wrong in
            ["", "10.0.0.5:6081", "varnish://", "varnish://h/x", "varnish://u@h", "ftp://h", "http://u:p@h/", "/purge"]
        {
            assert_eq!(wrong.parse::<EdgeAddress>(), Err(NotAnEdge), "{wrong}");
        }
    }
}
