//! Who takes the money: what the shop asks of a provider, and the sandbox, a provider of our own that says what became
//! of a payment in a signed webhook over real HTTP, as real ones do, and misbehaves on request, as real ones do too.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api::{SandboxTrick, SettleOutcome, WebhookEvent};
use axum::http::HeaderMap;
use futures::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use ledger::DueRefund;
use sale::{Keyring, OrderId, Settlement};
use sha2::Sha256;
use tokio::sync::Semaphore;

use crate::secret::{hex, unhex};

/// A message further than this from the server's clock is refused, whoever signed it.
pub(crate) const SIGNATURE_TOLERANCE_SECONDS: i64 = 300;

/// How long the provider waits for the shop's answer.
const WEBHOOK_TIME: Duration = Duration::from_secs(5);

pub(crate) const SIGNATURE_HEADER: &str = "stampede-signature";

/// A provider's event id, at most.
const MAX_EVENT_ID_CHARS: usize = 128;

/// Messages that the sandbox sends late, waiting at a time.
const LATE_MESSAGES: usize = 256;

/// Later than this the sandbox does not send.
const MAX_DELAY_MS: i64 = 600_000;

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureError {
    Invalid,
    OutsideTolerance,
}

/// Why a webhook is not taken.
#[derive(Debug)]
pub(crate) enum WebhookRefused {
    Signature(SignatureError),
    /// Signed, and not what was agreed on.
    Unreadable(String),
    EventIdInvalid,
    /// Less than nothing, or no currency.
    ChargeInvalid,
    /// No payment of ours.
    UnknownPayment,
}

/// What the shop asks of whoever takes the money. Money that goes back is recorded before the provider is told, and the
/// provider is told until it says that it has taken the refund.
pub(crate) trait Provider: Send + Sync {
    /// Where the shopper pays.
    fn payment_url(&self, order_id: OrderId) -> String;

    /// What a webhook says, where its signature over the raw bytes holds and its time is near.
    fn heard(&self, headers: &HeaderMap, body: &[u8], now_seconds: i64) -> Result<Settlement, WebhookRefused>;

    /// Gives money back. The same payment twice is the same refund.
    fn refund<'a>(&'a self, refund: &'a DueRefund) -> BoxFuture<'a, Result<(), SendError>>;
}

/// The provider, and the secret that it shares with the shop.
#[derive(Clone)]
pub(crate) struct Sandbox {
    key: Hmac<Sha256>,
    client: reqwest::Client,
    webhook_url: String,
    late: Arc<Semaphore>,
}

impl Provider for Sandbox {
    fn payment_url(&self, order_id: OrderId) -> String {
        format!("/pay/{order_id}")
    }

    fn heard(&self, headers: &HeaderMap, body: &[u8], now_seconds: i64) -> Result<Settlement, WebhookRefused> {
        let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        self.verify(signature, body, now_seconds).map_err(WebhookRefused::Signature)?;
        let event: WebhookEvent =
            serde_json::from_slice(body).map_err(|error| WebhookRefused::Unreadable(error.to_string()))?;
        if event.event_id.is_empty() || event.event_id.chars().count() > MAX_EVENT_ID_CHARS {
            return Err(WebhookRefused::EventIdInvalid);
        }
        let is_currency = event.currency.len() == 3 && event.currency.bytes().all(|byte| byte.is_ascii_uppercase());
        if event.amount_minor < 0 || !is_currency {
            return Err(WebhookRefused::ChargeInvalid);
        }
        Ok(Settlement {
            payment_id: event.payment_id.parse().map_err(|_| WebhookRefused::UnknownPayment)?,
            provider_event_id: event.event_id,
            paid: event.outcome == SettleOutcome::Paid,
            amount_minor: event.amount_minor,
            currency: event.currency,
        })
    }

    /// No money moved, so none has to go back: it is taken at once.
    fn refund<'a>(&'a self, refund: &'a DueRefund) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async move {
            tracing::info!(payment_id = %refund.payment_id, amount_minor = refund.amount_minor, "the sandbox refunds");
            Ok(())
        })
    }
}

impl Sandbox {
    pub(crate) fn new(keyring: &Keyring, shop: SocketAddr) -> Result<Self, reqwest::Error> {
        let key = Hmac::<Sha256>::new_from_slice(&keyring.derived("sandbox webhook 1"))
            .expect("HMAC takes a key of any length");
        // The provider runs in the shop's own process: never through a proxy, never to another address.
        let client = crate::outward::plain_client().timeout(WEBHOOK_TIME).build()?;
        let host = if shop.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], shop.port())) } else { shop };
        let webhook_url = format!("http://{host}/api/payments/webhook");
        Ok(Self { key, client, webhook_url, late: Arc::new(Semaphore::new(LATE_MESSAGES)) })
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
    async fn send(&self, event: &WebhookEvent, at_seconds: i64) -> Result<reqwest::Response, SendError> {
        let body = serde_json::to_vec(event).map_err(|error| SendError(error.to_string()))?;
        let signature = self.signature(at_seconds, &body);
        self.post(signature, body).await
    }

    async fn post(&self, signature: String, body: Vec<u8>) -> Result<reqwest::Response, SendError> {
        let request = self.client.post(&self.webhook_url).header(SIGNATURE_HEADER, signature);
        let sent = request.header("content-type", "application/json").body(body).send().await;
        sent.map_err(|error| SendError(error.to_string()))
    }

    /// Settles a payment as it is told to, tricks included. None where no message comes, or none yet.
    pub(crate) async fn settle(
        &self,
        charge: &SandboxCharge,
        trick: Option<SandboxTrick>,
        delay_ms: i64,
        now_seconds: i64,
    ) -> Result<Option<reqwest::Response>, SendError> {
        let event = charge.event();
        let answer = match trick {
            None => self.send(&event, now_seconds).await?,
            Some(SandboxTrick::Never) => return Ok(None),
            Some(SandboxTrick::Late) => {
                let place = Arc::clone(&self.late).try_acquire_owned();
                let place = place.map_err(|_| SendError("too many late messages wait".to_owned()))?;
                let delay_ms = delay_ms.clamp(0, MAX_DELAY_MS);
                let sandbox = self.clone();
                tokio::spawn(async move {
                    let _kept_until_sent = place;
                    tokio::time::sleep(Duration::from_millis(delay_ms.unsigned_abs())).await;
                    if let Err(error) = sandbox.send(&event, now_seconds + delay_ms / 1_000).await {
                        tracing::warn!(%error, "a late message of the sandbox was lost");
                    }
                });
                return Ok(None);
            }
            Some(SandboxTrick::Twice) => {
                self.send(&event, now_seconds).await?;
                self.send(&event, now_seconds).await?
            }
            Some(SandboxTrick::OutOfOrder) => {
                self.send(&charge.opposite().event(), now_seconds).await?;
                self.send(&event, now_seconds).await?
            }
            Some(SandboxTrick::WrongAmount) => {
                let wrong = SandboxCharge { amount_minor: charge.amount_minor + 1, ..charge.clone() };
                self.send(&wrong.event(), now_seconds).await?
            }
            Some(SandboxTrick::WrongCurrency) => {
                // For testing, by ISO 4217.
                let wrong = SandboxCharge { currency: "XTS".to_owned(), ..charge.clone() };
                self.send(&wrong.event(), now_seconds).await?
            }
            Some(SandboxTrick::OldTimestamp) => self.send(&event, now_seconds - 3_600).await?,
            Some(SandboxTrick::BadSignature) => {
                let body = serde_json::to_vec(&event).map_err(|error| SendError(error.to_string()))?;
                self.post(self.signature(now_seconds, b"something else"), body).await?
            }
            Some(SandboxTrick::Replayed) => {
                let bytes =
                    |event: &WebhookEvent| serde_json::to_vec(event).map_err(|error| SendError(error.to_string()));
                let signature = self.signature(now_seconds, &bytes(&event)?);
                self.post(signature.clone(), bytes(&event)?).await?;
                let again = WebhookEvent { event_id: format!("{}_again", event.event_id), ..event };
                self.post(signature, bytes(&again)?).await?
            }
        };
        Ok(Some(answer))
    }

    fn mac(&self, at_seconds: i64, body: &[u8]) -> Hmac<Sha256> {
        self.key.clone().chain_update(format!("{at_seconds}.")).chain_update(body)
    }
}

/// What the sandbox says of one payment.
#[derive(Clone, Debug)]
pub(crate) struct SandboxCharge {
    pub(crate) payment_id: String,
    pub(crate) outcome: SettleOutcome,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
}

impl SandboxCharge {
    fn opposite(&self) -> Self {
        let outcome = match self.outcome {
            SettleOutcome::Paid => SettleOutcome::Declined,
            SettleOutcome::Declined => SettleOutcome::Paid,
        };
        Self { outcome, ..self.clone() }
    }

    /// The message. Its id is made of what it says, so that saying it again is the same message.
    fn event(&self) -> WebhookEvent {
        let Self { payment_id, outcome, amount_minor, currency } = self.clone();
        let name = match outcome {
            SettleOutcome::Paid => "paid",
            SettleOutcome::Declined => "declined",
        };
        let event_id = format!("evt_{payment_id}_{name}_{amount_minor}_{currency}");
        WebhookEvent { event_id, payment_id, outcome, amount_minor, currency }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the provider could not be told: {0}")]
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
