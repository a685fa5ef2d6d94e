//! Plan B in a merchant's hand: switches on the merchant's own sales.

use api::{
    OnOff, OrdersSwitch, PutSwitches, QuizSwitch, SwitchAudit, SwitchLine, SwitchScope, SwitchSet, SwitchValues,
    Switches,
};
use axum::extract::State;
use ledger::{PAGE_ROWS_MAX, SwitchChange, SwitchChanges, SwitchOwner, SwitchRow, Write};
use sale::{MerchantId, SaleId};
use serde::Deserialize;
use shield::{SWITCH_LASTS_AT_MOST_MS, Switch};
use uuid::Uuid;

use super::super::error::{ApiError, ApiResult};
use super::super::extract::{Json, Merchant, QueryOf};
use super::super::{App, to_the_end};
use super::input;
use super::sales::own_sale;
use crate::switches;

const REASON_CHARS: std::ops::RangeInclusive<usize> = 0..=200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct SwitchQuery {
    sale_id: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct AuditQuery {
    before: Option<i64>,
}

/// What holds now for the merchant's sales, or for one of them, and all that is set.
#[utoipa::path(get, path = "/api/merchant/switches", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])),
    params(("sale_id" = Option<String>, Query, description = "One of the merchant's sales.")),
    responses((status = 200, body = Switches), (status = 400, body = api::Problem), (status = 401, body = api::Problem),
        (status = 404, body = api::Problem)))]
pub(in super::super) async fn show(
    State(app): State<App>,
    merchant: Merchant,
    QueryOf(query): QueryOf<SwitchQuery>,
) -> ApiResult<axum::Json<Switches>> {
    let sale_id = query.sale_id.map(SaleId);
    if let Some(sale_id) = sale_id {
        own_sale(&app, &merchant, sale_id).await?;
    }
    Ok(axum::Json(shown(&app, merchant.id, sale_id)))
}

/// Sets switches on the merchant's sales, all that are named or none; they work before the answer, and each change is
/// an audit line. 503 `purge_pending`: done, and an edge that is out of reach may still show item pages as they were.
#[utoipa::path(put, path = "/api/merchant/switches", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])), request_body = PutSwitches,
    responses((status = 200, body = Switches), (status = 401, body = api::Problem), (status = 404, body = api::Problem),
        (status = 422, body = api::Problem), (status = 503, body = api::Problem)))]
pub(in super::super) async fn put(
    State(app): State<App>,
    merchant: Merchant,
    Json(wanted): Json<PutSwitches>,
) -> ApiResult<axum::Json<Switches>> {
    to_the_end(async move {
        let sale_id = match &wanted.sale_id {
            Some(text) => Some(SaleId(text.parse().map_err(|_| ApiError::field("sale_id", "an id of a sale"))?)),
            None => None,
        };
        if let Some(sale_id) = sale_id {
            own_sale(&app, &merchant, sale_id).await?;
        }
        let now_ms = app.clock.now_ms();
        let named = named(&wanted);
        let until_ms = until(&wanted, &named, now_ms)?;
        let why = reason(wanted.reason.as_deref())?;
        let owner = SwitchOwner { merchant_id: Some(merchant.id), sale_id };
        let change = |&(switch, value): &(Switch, &'static str)| SwitchChange {
            name: switch.as_str().to_owned(),
            value: value.to_owned(),
            ordinary: switch.values()[0].to_owned(),
            until_ms,
        };
        let changes = named.iter().map(change).collect();
        let who = merchant.email.clone();
        app.writer.write(Write::SetSwitches(SwitchChanges { owner, changes, who, why, at_ms: now_ms })).await?;
        switches::refresh(&app).await?;
        if named.iter().any(|(switch, _)| *switch == Switch::WaitingPage) {
            app.publisher.edit().await.publish().await?.done().await?;
        }
        Ok(axum::Json(shown(&app, merchant.id, sale_id)))
    })
    .await
}

/// Who changed what, when, until when and why: the merchant's own switches and the operator's.
#[utoipa::path(get, path = "/api/merchant/switches/audit", tag = "merchant", security(("merchant_token" = []), ("merchant_session" = [])),
    params(("before" = Option<i64>, Query, description = "Only lines before this number.")),
    responses((status = 200, body = SwitchAudit), (status = 400, body = api::Problem), (status = 401, body = api::Problem)))]
pub(in super::super) async fn audit(
    State(app): State<App>,
    merchant: Merchant,
    QueryOf(query): QueryOf<AuditQuery>,
) -> ApiResult<axum::Json<SwitchAudit>> {
    let before = query.before.unwrap_or(i64::MAX);
    let lines = app.store.read(move |reader| reader.switch_lines(Some(merchant.id), before)).await?;
    let next_before = lines.last().filter(|_| lines.len() == PAGE_ROWS_MAX).map(|line| line.number);
    let line = |line: ledger::SwitchLine| SwitchLine {
        number: line.number,
        scope: scope_of(line.owner),
        sale_id: line.owner.sale_id.map(|id| id.to_string()),
        name: line.name,
        from: line.from,
        to: line.to,
        until_ms: line.until_ms,
        by: name_of(line.owner, line.who),
        reason: line.why,
        at_ms: line.at_ms,
    };
    Ok(axum::Json(SwitchAudit { lines: lines.into_iter().map(line).collect(), next_before }))
}

/// The switches that the request names, each with its new value.
fn named(wanted: &PutSwitches) -> Vec<(Switch, &'static str)> {
    let on_off = |value: OnOff| if value == OnOff::On { "on" } else { "off" };
    let orders = wanted.orders.map(|value| match value {
        OrdersSwitch::On => "on",
        OrdersSwitch::Paused => "paused",
    });
    let quiz = wanted.quiz.map(|value| match value {
        QuizSwitch::On => "on",
        QuizSwitch::Harder => "harder",
        QuizSwitch::Off => "off",
    });
    let all = [
        (Switch::Orders, orders),
        (Switch::Quiz, quiz),
        (Switch::Extras, wanted.extras.map(on_off)),
        (Switch::WaitingPage, wanted.waiting_page.map(on_off)),
        (Switch::QueueOnly, wanted.queue_only.map(on_off)),
        (Switch::ReadOnly, wanted.read_only.map(on_off)),
    ];
    all.into_iter().filter_map(|(switch, value)| Some((switch, value?))).collect()
}

/// When what is named goes back by itself.
fn until(wanted: &PutSwitches, named: &[(Switch, &'static str)], now_ms: i64) -> ApiResult<Option<i64>> {
    if named.is_empty() {
        let names = Switch::ALL.iter().map(|switch| switch.as_str()).collect::<Vec<_>>().join(", ");
        return Err(ApiError::field("switches", &format!("name at least one of {names}")));
    }
    let until_ms = match (wanted.until_ms, wanted.for_seconds) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(ApiError::field("for_seconds", "not beside until_ms")),
        (Some(until_ms), None) => {
            let range = now_ms.saturating_add(1)..=now_ms.saturating_add(SWITCH_LASTS_AT_MOST_MS);
            input::told(range.contains(&until_ms), "until_ms", "later than now, by 31 days at most")?;
            until_ms
        }
        (None, Some(seconds)) => {
            let most = SWITCH_LASTS_AT_MOST_MS / 1_000;
            input::told((1..=most).contains(&seconds), "for_seconds", "1 to 2,678,400")?;
            now_ms + seconds * 1_000
        }
    };
    let all_ordinary = named.iter().all(|(switch, value)| switch.values()[0] == *value);
    input::told(!all_ordinary, "until_ms", "nothing that is named leaves its ordinary value, so nothing can run out")?;
    Ok(Some(until_ms))
}

fn reason(given: Option<&str>) -> ApiResult<String> {
    let text = given.unwrap_or_default().trim();
    let good = input::chars(text, &REASON_CHARS) && !text.chars().any(char::is_control);
    input::told(good, "reason", "at most 200 characters, on one line")?;
    Ok(text.to_owned())
}

fn shown(app: &App, merchant_id: MerchantId, sale_id: Option<SaleId>) -> Switches {
    let (snapshot, now_ms) = (app.switches.snapshot(), app.clock.now_ms());
    let at = |switch: Switch| match sale_id {
        Some(sale_id) => snapshot.board.of_sale(switch, merchant_id, sale_id, now_ms),
        None => snapshot.board.of_merchant(switch, merchant_id, now_ms),
    };
    let on_off = |switch: Switch| if at(switch) == "on" { OnOff::On } else { OnOff::Off };
    let values = SwitchValues {
        orders: if at(Switch::Orders) == "paused" { OrdersSwitch::Paused } else { OrdersSwitch::On },
        quiz: match at(Switch::Quiz) {
            "harder" => QuizSwitch::Harder,
            "off" => QuizSwitch::Off,
            _ => QuizSwitch::On,
        },
        extras: on_off(Switch::Extras),
        waiting_page: on_off(Switch::WaitingPage),
        queue_only: on_off(Switch::QueueOnly),
        read_only: on_off(Switch::ReadOnly),
    };
    let felt = |row: &&SwitchRow| {
        let is_live = row.until_ms.is_none_or(|until_ms| now_ms < until_ms);
        is_live && row.owner.merchant_id.is_none_or(|owner| owner == merchant_id)
    };
    let set = |row: &SwitchRow| SwitchSet {
        scope: scope_of(row.owner),
        sale_id: row.owner.sale_id.map(|id| id.to_string()),
        name: row.name.clone(),
        value: row.value.clone(),
        until_ms: row.until_ms,
        by: name_of(row.owner, row.who.clone()),
        reason: row.why.clone(),
        at_ms: row.at_ms,
    };
    Switches { values, version: snapshot.version, set: snapshot.rows.iter().filter(felt).map(set).collect() }
}

const fn scope_of(owner: SwitchOwner) -> SwitchScope {
    match (owner.merchant_id, owner.sale_id) {
        (None, _) => SwitchScope::Shop,
        (Some(_), None) => SwitchScope::Merchant,
        (Some(_), Some(_)) => SwitchScope::Sale,
    }
}

/// Which of the operators it was is not for merchants.
fn name_of(owner: SwitchOwner, who: String) -> String {
    // No e-mail address looks like this.
    let is_operator = who == "operator" || who.starts_with("operator ");
    if is_operator || owner.merchant_id.is_none() && who != ledger::BY_THE_CLOCK {
        "the operator".to_owned()
    } else {
        who
    }
}
