//! What a merchant may write of a sale's draw.

use api::{BeaconInput, CreateSale, SaleMode};
use ledger::{BeaconRow, DrawRow, SaleRow};
use sale::{DRAW_PAUSE_MS, Hex32, StockPolicy};

use super::super::error::ApiResult;
use super::input::{LATEST_MS, chars, told};

const DESCRIPTION_CHARS: std::ops::RangeInclusive<usize> = 1..=200;

/// The draw of a sale that is being made; its commitment is to be set. None of one that is first come, first served.
pub(super) fn terms(wanted: &CreateSale) -> ApiResult<Option<DrawRow>> {
    if wanted.mode == SaleMode::FirstCome {
        told(wanted.entries_close_at_ms.is_none(), "entries_close_at_ms", "only for mode draw")?;
        told(wanted.beacon.is_none(), "beacon", "only for mode draw")?;
        return Ok(None);
    }
    let holds = wanted.stock_policy != api::StockPolicy::OnPayment;
    told(holds, "stock_policy", "hold or on_order for a draw: where payment decides, a place is worth nothing")?;
    told(wanted.entries_close_at_ms.is_some(), "entries_close_at_ms", "needed for a draw")?;
    let draw = DrawRow {
        entries_close_at_ms: wanted.entries_close_at_ms.unwrap_or_default(),
        commitment: Hex32([0; 32]),
        beacon: wanted.beacon.as_ref().map(beacon).transpose()?,
    };
    in_order(&draw, wanted.starts_at_ms, wanted.ends_at_ms)?;
    Ok(Some(draw))
}

/// Changes a draw's times, and holds them against the sale's, which may have changed too.
pub(super) fn patch(row: &mut SaleRow, close_at_ms: Option<i64>, wanted: Option<&BeaconInput>) -> ApiResult<()> {
    let (starts_at_ms, ends_at_ms) = (row.starts_at_ms, row.ends_at_ms);
    let Some(draw) = &mut row.draw else {
        told(close_at_ms.is_none(), "entries_close_at_ms", "only for mode draw")?;
        return told(wanted.is_none(), "beacon", "only for mode draw");
    };
    draw.entries_close_at_ms = close_at_ms.unwrap_or(draw.entries_close_at_ms);
    if let Some(wanted) = wanted {
        draw.beacon = Some(beacon(wanted)?);
    }
    in_order(draw, starts_at_ms, ends_at_ms)?;
    let holds = row.stock_policy != StockPolicy::OnPayment;
    told(holds, "stock_policy", "hold or on_order for a draw: where payment decides, a place is worth nothing")
}

fn beacon(wanted: &BeaconInput) -> ApiResult<BeaconRow> {
    let description = wanted.description.trim().to_owned();
    let good = chars(&description, &DESCRIPTION_CHARS) && !description.chars().any(char::is_control);
    told(good, "beacon.description", "1 to 200 characters, on one line")?;
    Ok(BeaconRow { description, due_at_ms: wanted.due_at_ms })
}

fn in_order(draw: &DrawRow, starts_at_ms: i64, ends_at_ms: i64) -> ApiResult<()> {
    let close_ms = draw.entries_close_at_ms;
    let within = starts_at_ms < close_ms && close_ms < ends_at_ms && close_ms <= LATEST_MS;
    told(within, "entries_close_at_ms", "later than the start and earlier than the end")?;
    let due_in_order = draw.beacon.as_ref().is_none_or(|beacon| {
        beacon.due_at_ms >= close_ms.saturating_add(DRAW_PAUSE_MS) && beacon.due_at_ms <= ends_at_ms
    });
    told(due_in_order, "beacon.due_at_ms", "two seconds after the close or later, and no later than the end")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(close_ms: i64, due_at_ms: Option<i64>) -> DrawRow {
        let beacon = due_at_ms.map(|due_at_ms| BeaconRow { description: "b".to_owned(), due_at_ms });
        DrawRow { entries_close_at_ms: close_ms, commitment: Hex32([0; 32]), beacon }
    }

    #[test]
    fn the_close_lies_within_the_sale_and_the_beacon_after_the_close() {
        assert!(in_order(&draw(101, None), 100, 102).is_ok());
        assert!(in_order(&draw(101, Some(2_101)), 100, 2_101).is_ok());
        for wrong in [draw(100, None), draw(9_000, None), draw(101, Some(2_100)), draw(101, Some(9_001))] {
            assert!(in_order(&wrong, 100, 9_000).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_beacon_says_what_it_is() {
        let of = |description: &str| beacon(&BeaconInput { description: description.to_owned(), due_at_ms: 1 });
        assert_eq!(of(" drand round 7 ").unwrap().description, "drand round 7");
        for wrong in ["", "  ", "a\nb", &"x".repeat(201)] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }
}
