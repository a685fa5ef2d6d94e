//! Errors become responses here, and are logged here, once.

use std::time::Duration;

use api::{Code, Problem};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use committer::Failure;
use ledger::{LedgerError, Refusal};
use sale::{AdmissionRefusal, CancelRefused, DrawRefused, PaymentRefused, StockRefused};

use crate::metrics;

/// What `Retry-After` says where nothing better is known.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What `Retry-After` says while a switch of Plan B is set: it is somebody's decision, and not a matter of milliseconds.
const SWITCHED_OFF_RETRY_AFTER: Duration = Duration::from_secs(5);

/// A refusal or a failure, for the client.
#[derive(Debug)]
pub(crate) struct ApiError {
    code: Code,
    detail: String,
    retry_after: Option<Duration>,
}

pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_after: None }
    }

    pub(crate) fn field(name: &str, wrong: &str) -> Self {
        Self::new(Code::FieldInvalid, format!("{name}: {wrong}"))
    }

    pub(crate) fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing here.")
    }

    pub(crate) fn busy() -> Self {
        Self {
            retry_after: Some(RETRY_AFTER),
            ..Self::new(Code::Busy, "Too much at once. Nothing was lost; try again.")
        }
    }

    /// More come than can be answered in time.
    pub(super) fn overloaded(wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..Self::busy() }
    }

    /// A switch of Plan B is set.
    pub(crate) fn switched_off(code: Code, detail: &str) -> Self {
        Self { retry_after: Some(SWITCHED_OFF_RETRY_AFTER), ..Self::new(code, detail) }
    }

    pub(crate) fn rate_limited(wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..Self::new(Code::RateLimited, "Too many requests in a short time.") }
    }

    /// Something of ours failed: the log has the reason, the client does not.
    pub(crate) fn internal(reason: &dyn std::fmt::Display) -> Self {
        tracing::error!(%reason, "a request failed");
        Self::our_mistake()
    }

    /// Something of ours failed and is in the log already.
    pub(crate) fn our_mistake() -> Self {
        Self::new(Code::Internal, "The shop made a mistake. It has been noted.")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        metrics::refused(self.code.as_str());
        self.uncounted()
    }
}

impl ApiError {
    /// The answer, for who counts in another way.
    pub(super) fn uncounted(self) -> Response {
        let status = self.status();
        let retry_after = self.retry_after;
        let mut response = (status, Json(self.problem())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = retry_after {
            // Whole seconds, rounded up (RFC 9110, section 10.2.3).
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_millis().div_ceil(1_000).max(1) as u64));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"stampede\""));
        }
        response
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(super) fn problem(self) -> Problem {
        let status = self.status();
        Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            code: self.code,
            detail: self.detail,
        }
    }
}

impl From<LedgerError> for ApiError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Unavailable(reason) => {
                tracing::warn!(%reason, "the record could not be read");
                Self::busy()
            }
            other => Self::internal(&other),
        }
    }
}

impl From<crate::pages::PublishError> for ApiError {
    fn from(error: crate::pages::PublishError) -> Self {
        match error {
            crate::pages::PublishError::Ledger(error) => error.into(),
            crate::pages::PublishError::Render(reason) => Self::internal(&reason),
        }
    }
}

impl From<crate::edges::PurgePending> for ApiError {
    fn from(crate::edges::PurgePending: crate::edges::PurgePending) -> Self {
        let detail = "It is done here, and an edge that is out of reach may still show what was before; it is told again until it has forgotten.";
        Self { retry_after: Some(RETRY_AFTER), ..Self::new(Code::PurgePending, detail) }
    }
}

impl From<shield::PoolFull> for ApiError {
    fn from(shield::PoolFull: shield::PoolFull) -> Self {
        Self::busy()
    }
}

impl From<crate::heat::TooMany> for ApiError {
    fn from(crate::heat::TooMany: crate::heat::TooMany) -> Self {
        Self::busy()
    }
}

impl From<AdmissionRefusal> for ApiError {
    fn from(refusal: AdmissionRefusal) -> Self {
        let (code, detail) = match refusal {
            AdmissionRefusal::NotOpen => (Code::SaleNotOpen, "The sale has not started."),
            AdmissionRefusal::Paused => (Code::SalePaused, "The sale is paused."),
            AdmissionRefusal::EntriesClosed => (Code::EntriesClosed, "The entries are closed; the draw is to come."),
            AdmissionRefusal::Ended => (Code::SaleEnded, "The sale has ended."),
            AdmissionRefusal::SoldOut => (Code::SoldOut, "No unit is free."),
            AdmissionRefusal::LimitReached => {
                (Code::LimitReached, "That would be more units than one shopper may have.")
            }
        };
        Self::new(code, detail)
    }
}

impl From<DrawRefused> for ApiError {
    fn from(refused: DrawRefused) -> Self {
        let (code, detail) = match refused {
            DrawRefused::NoDraw => (Code::BeaconRefused, "The sale has no draw."),
            DrawRefused::NoBeacon => (Code::BeaconRefused, "No beacon was named before the start."),
            DrawRefused::EntriesOpen => (Code::BeaconRefused, "The entries are not closed yet."),
            DrawRefused::TooLate => (Code::BeaconRefused, "The time for the beacon's value is over."),
            DrawRefused::Held => (Code::BeaconRefused, "The draw has been held with another value."),
            DrawRefused::CalledOff => (Code::SaleCalledOff, "The sale was called off, for good."),
        };
        Self::new(code, detail)
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Busy => Self::busy(),
            // The committer logged it.
            Failure::Broken => Self::our_mistake(),
            Failure::NotFound | Failure::Refused(Refusal::NotFound) => Self::not_found(),
            Failure::Refused(Refusal::EmailTaken) => {
                Self::new(Code::EmailTaken, "There is an account with this e-mail address.")
            }
            Failure::Refused(Refusal::SlugTaken) => Self::new(Code::SlugTaken, "slug: taken by another item"),
            Failure::Cancel(CancelRefused::UnknownOrder) | Failure::Payment(PaymentRefused::UnknownOrder) => {
                Self::not_found()
            }
            Failure::Cancel(CancelRefused::NotOpen(state)) => {
                Self::new(Code::OrderNotCancellable, format!("The order is {}.", state.as_str().replace('_', " ")))
            }
            Failure::Cancel(CancelRefused::EntriesClosed) => {
                Self::new(Code::OrderNotCancellable, "The entries are closed: it is in the draw.")
            }
            Failure::Draw(refused) => refused.into(),
            Failure::Stock(StockRefused::DrawUnderWay) => {
                Self::new(Code::EntriesClosed, "From the close of the entries to the draw, units stay as they are.")
            }
            Failure::Payment(PaymentRefused::NotOpen(state)) => {
                let why = if state.is_open() {
                    "Its time is over.".to_owned()
                } else {
                    format!("The order is {}.", state.as_str())
                };
                Self::new(Code::OrderNotPayable, why)
            }
            Failure::Payment(PaymentRefused::NothingToClaim) => {
                Self::new(Code::SoldOut, "No unit is free: others have paid first.")
            }
            Failure::Payment(PaymentRefused::EventOfAnother) => {
                Self::new(Code::PaymentMismatch, "event_id: this event was about another payment")
            }
            Failure::Stock(StockRefused::BelowTaken { taken_units }) => {
                Self::new(Code::StockBelowSold, format!("stock_units: {taken_units} units are held or sold"))
            }
            Failure::Stock(StockRefused::SkusBelowTotal) => {
                Self::field("skus", "their units add up to fewer than the sale's total")
            }
            Failure::Stock(StockRefused::NoSkus) => Self::field("skus", "this sale's units do not come in SKUs"),
            Failure::Refused(Refusal::VersionTaken) => Self::busy(),
            Failure::Refused(Refusal::ListFull) => Self::field("add", "the list would be too long"),
        }
    }
}

impl ApiError {
    pub(crate) fn is_not_found(&self) -> bool {
        self.code == Code::NotFound
    }
}
