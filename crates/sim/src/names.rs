//! Names of what was reached, for the table at the end.

use intake::{AdmitRefused, Status};
use sale::{AdmissionRefusal, Change, Outcome, RefundCause, Rejection, ReleaseCause};

pub(crate) const fn of_change(change: &Change) -> &'static str {
    match change {
        Change::OrderHeld { .. } => "event: order held",
        Change::OrderToClaim { .. } => "event: order to claim",
        Change::OrderWaits { .. } => "event: order waits",
        Change::WaitingHeld { .. } => "event: waiting order held",
        Change::WaitingEnded { reason: None, .. } => "event: wait ended, sold out",
        Change::WaitingEnded { reason: Some(Rejection::NotEnoughUnits), .. } => "event: wait ended, passed over",
        Change::WaitingEnded { reason: Some(Rejection::Cancelled), .. } => "event: wait ended, cancelled",
        Change::WaitingEnded { .. } => "event: wait ended, sale called off",
        Change::OrderRejected { reason, .. } => match reason {
            Rejection::LimitReached => "event: order rejected, limit reached",
            Rejection::PassInvalid => "event: order rejected, pass used",
            Rejection::NotEnoughUnits => "event: order rejected, not enough units",
            Rejection::SkuUnknown => "event: order rejected, no such SKU",
            Rejection::Marked => "event: order rejected, marked",
            Rejection::Cancelled => "event: order rejected, cancelled",
            Rejection::SaleCalledOff => "event: order rejected, sale called off",
            Rejection::EntriesClosed => "event: order rejected, entries closed",
        },
        Change::DrawEntered { reserves: true, .. } => "event: entered a draw",
        Change::DrawEntered { .. } => "event: entered a draw, to claim",
        Change::EntriesClosed { .. } => "event: entries closed",
        Change::Drawn { beacon: None, .. } => "event: draw held",
        Change::Drawn { .. } => "event: draw held with a beacon",
        Change::EntryHeld { .. } => "event: entry held",
        Change::EntryToClaim { .. } => "event: entry to claim",
        Change::EntryWaits { .. } => "event: entry waits",
        Change::EntryEnded { reason: None, .. } => "event: entry ended, sold out",
        Change::EntryEnded { reason: Some(Rejection::Cancelled), .. } => "event: entry withdrawn",
        Change::EntryEnded { reason: Some(Rejection::SaleCalledOff), .. } => "event: entry ended, sale called off",
        Change::EntryEnded { .. } => "event: entry ended, not enough units",
        Change::PaymentOpened { .. } => "event: payment opened",
        Change::PaymentDeclined { .. } => "event: payment declined",
        Change::OrderPaid { reseated: false, .. } => "event: order paid",
        Change::OrderPaid { reseated: true, .. } => "event: order paid late and re-seated",
        Change::PaymentRefunded { cause, .. } => match cause {
            RefundCause::NoUnitFree => "event: payment refunded, no unit free",
            RefundCause::Cancelled => "event: payment refunded, order cancelled",
            RefundCause::PaidTwice => "event: payment refunded, paid twice",
            RefundCause::WrongAmount => "event: payment refunded, wrong amount",
            RefundCause::LimitReached => "event: payment refunded, limit reached",
            RefundCause::SaleCalledOff => "event: payment refunded, sale called off",
        },
        Change::OrderRefunded { .. } => "event: paid order refunded, sale called off",
        Change::OrderReleased { cause, .. } => match cause {
            ReleaseCause::Lapsed => "event: order released, lapsed",
            ReleaseCause::Cancelled => "event: order released, cancelled",
            ReleaseCause::ByMerchant => "event: order released, by the merchant",
            ReleaseCause::SaleCalledOff => "event: order released, sale called off",
        },
        Change::StockResized { .. } => "event: stock resized",
        Change::SaleCalledOff => "event: sale called off",
    }
}

pub(crate) const fn of_status(status: &Status) -> &'static str {
    match status {
        Status::Queued { .. } => "token: queued",
        Status::Entered { .. } => "token: entered",
        Status::Waiting { .. } => "token: waiting",
        Status::Ended(Outcome::Held { .. }) => "token: held",
        Status::Ended(Outcome::SoldOut) => "token: sold out",
        Status::Ended(_) => "token: rejected",
        Status::LostInRestart => "token: lost in restart",
    }
}

pub(crate) const fn of_refusal(refusal: &AdmitRefused) -> &'static str {
    match refusal {
        AdmitRefused::Mismatch => "edge: same key, another body",
        AdmitRefused::Admission(AdmissionRefusal::NotOpen) => "edge: not open yet",
        AdmitRefused::Admission(AdmissionRefusal::EntriesClosed) => "edge: entries closed",
        AdmitRefused::Admission(AdmissionRefusal::Paused) => "edge: paused",
        AdmitRefused::Admission(AdmissionRefusal::Ended) => "edge: ended",
        AdmitRefused::Admission(AdmissionRefusal::SoldOut) => "edge: sold out",
        AdmitRefused::Admission(AdmissionRefusal::LimitReached) => "edge: limit reached",
        AdmitRefused::PassInvalid => "edge: pass invalid",
        AdmitRefused::SkuUnknown => "edge: no such SKU",
        AdmitRefused::Busy => "edge: busy",
    }
}
