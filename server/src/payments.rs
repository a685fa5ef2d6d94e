//! The sandbox provider: says what became of a payment in a signed webhook over real HTTP, as real providers do.

use std::net::SocketAddr;
use std::time::Duration;

use api::{SettleOutcome, WebhookEvent};
use hmac::{Hmac, KeyInit, Mac};
use sale::Keyring;
use sha2::Sha256;

use crate::secret::{hex, unhex};

/// A message further than this from the server's clock is refused, whoever signed it.
pub(crate) const SIGNATURE_TOLERANCE_SECONDS: i64 = 300;

/// How long the provider waits for the shop's answer.
const WEBHOOK_TIME: Duration = Duration::from_secs(5);

pub(crate) const SIGNATURE_HEADER: &str = "stampede-signature";

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureError {
    Invalid,
    OutsideTolerance,
}

/// The provider, and the secret that it shares with the shop.
pub(crate) struct Sandbox {
    key: Hmac<Sha256>,
    client: reqwest::Client,
    webhook_url: String,
}

impl Sandbox {
    pub(crate) fn new(keyring: &Keyring, shop: SocketAddr) -> Result<Self, reqwest::Error> {
        let key = Hmac::<Sha256>::new_from_slice(&keyring.derived("sandbox webhook 1"))
            .expect("HMAC takes a key of any length");
        // The provider runs in the shop's own process: never through a proxy, never to another address.
        let client = reqwest::Client::builder().no_proxy().timeout(WEBHOOK_TIME).build()?;
        let host = if shop.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], shop.port())) } else { shop };
        Ok(Self { key, client, webhook_url: format!("http://{host}/api/payments/webhook") })
    }

    /// `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`.
    pub(crate) fn signature(&self, at_seconds: i64, body: &[u8]) -> String {
        let tag = self.mac(at_seconds, body).finalize().into_bytes();
        format!("t={at_seconds},v1={}", hex(&tag))
    }

    /// Judges a webhook's signature over its raw bytes. Constant-time in the tag.
    pub(crate) fn verify(&self, header: &str, body: &[u8], now_seconds: i64) -> Result<(), SignatureError> {
        let part =
            |name: &str| header.split(',').filter_map(|part| part.trim().split_once('=')).find(|(key, _)| *key == name);
        let (_, at) = part("t").ok_or(SignatureError::Invalid)?;
        let (_, tag) = part("v1").ok_or(SignatureError::Invalid)?;
        let at_seconds: i64 = at.parse().map_err(|_| SignatureError::Invalid)?;
        let tag = unhex(tag).ok_or(SignatureError::Invalid)?;
        self.mac(at_seconds, body).verify_slice(&tag).map_err(|_| SignatureError::Invalid)?;
        if now_seconds.abs_diff(at_seconds) > SIGNATURE_TOLERANCE_SECONDS.unsigned_abs() {
            return Err(SignatureError::OutsideTolerance);
        }
        Ok(())
    }

    /// Sends the shop what became of a payment.
    pub(crate) async fn send(&self, event: &WebhookEvent, at_seconds: i64) -> Result<reqwest::Response, SendError> {
        let body = serde_json::to_vec(event).map_err(|error| SendError(error.to_string()))?;
        let signature = self.signature(at_seconds, &body);
        let request = self.client.post(&self.webhook_url).header(SIGNATURE_HEADER, signature);
        let sent = request.header("content-type", "application/json").body(body).send().await;
        sent.map_err(|error| SendError(error.to_string()))
    }

    /// The message about one payment. Its id is made of what it says, so that saying it again is the same message.
    pub(crate) fn event(payment_id: &str, outcome: SettleOutcome, amount_minor: i64, currency: &str) -> WebhookEvent {
        let name = match outcome {
            SettleOutcome::Paid => "paid",
            SettleOutcome::Declined => "declined",
        };
        WebhookEvent {
            event_id: format!("evt_{payment_id}_{name}"),
            payment_id: payment_id.to_owned(),
            outcome,
            amount_minor,
            currency: currency.to_owned(),
        }
    }

    fn mac(&self, at_seconds: i64, body: &[u8]) -> Hmac<Sha256> {
        self.key.clone().chain_update(format!("{at_seconds}.")).chain_update(body)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the webhook could not be sent: {0}")]
pub(crate) struct SendError(String);

#[cfg(test)]
mod tests {
    use super::*;

    fn sandbox() -> Sandbox {
        let keyring = Keyring::new(&[5; 32], None).unwrap();
        Sandbox::new(&keyring, SocketAddr::from(([127, 0, 0, 1], 1))).unwrap()
    }

    #[test]
    fn what_the_provider_signed_is_believed_for_a_while() {
        let sandbox = sandbox();
        let signature = sandbox.signature(1_000, b"body");
        assert_eq!(sandbox.verify(&signature, b"body", 1_300), Ok(()));
        assert_eq!(sandbox.verify(&signature, b"body", 1_301), Err(SignatureError::OutsideTolerance));
        assert_eq!(sandbox.verify(&signature, b"body", 699), Err(SignatureError::OutsideTolerance));
    }

    #[test]
    fn another_body_time_or_tag_is_not_believed() {
        let sandbox = sandbox();
        let signature = sandbox.signature(1_000, b"body");
        assert_eq!(sandbox.verify(&signature, b"Body", 1_000), Err(SignatureError::Invalid));
        let moved = signature.replace("t=1000", "t=1001");
        assert_eq!(sandbox.verify(&moved, b"body", 1_000), Err(SignatureError::Invalid));
        for wrong in
            ["", "t=1000", "v1=00", "t=1000,v1=", "t=1000,v1=zz", "t=x,v1=00", &signature[..signature.len() - 2]]
        {
            assert_eq!(sandbox.verify(wrong, b"body", 1_000), Err(SignatureError::Invalid), "{wrong}");
        }
    }
}
