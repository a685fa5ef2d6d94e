//! The shopper's own pages, rendered by `leptos_axum` for each request, and the page for what is not there.

use api::OrderDetail;
use axum::Router;
use axum::extract::{FromRequestParts, OriginalUri, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use sale::{OrderId, SaleId};
use serde::Deserialize;
use shop::{Locale, OrderDocument, OrdersDocument, PayDocument, ProblemDocument, SignInDocument};

use super::error::{ApiError, ApiResult};
use super::extract::{PathId, Shopper, Visitor};
use super::orders::{own_row, rows_of};
use super::passage::content_security_policy;
use super::payments::is_payable;
use super::view;
use super::{App, plan_b};
use crate::pages::Encoding;

/// A local path to go on to after signing in, at most.
const MAX_NEXT_CHARS: usize = 300;

pub(super) fn routes() -> Router<App> {
    let mut router = Router::new();
    for prefix in ["", "/zh"] {
        router = router
            .route(&format!("{prefix}/sign-in"), get(sign_in))
            .route(&format!("{prefix}/orders"), get(orders))
            .route(&format!("{prefix}/orders/{{order_id}}"), get(order))
            .route(&format!("{prefix}/pay/{{order_id}}"), get(pay));
    }
    router
}

fn locale_of(path: &str) -> Locale {
    if path == "/zh" || path.starts_with("/zh/") { Locale::Zh } else { Locale::En }
}

/// Renders a whole document; nothing in it waits for anything.
async fn rendered<V>(request: Request, document: impl Fn() -> V + Clone + Send + Sync + 'static) -> Response
where
    V: IntoView + 'static,
{
    let with_policy = move || {
        // `leptos_axum` writes small scripts of its own; each answer's policy admits them by a nonce. Pages that an edge
        // keeps are not rendered here and have none.
        if let (Some(nonce), Some(options)) = (use_nonce(), use_context::<leptos_axum::ResponseOptions>())
            && let Ok(policy) = HeaderValue::from_str(&content_security_policy(&nonce))
        {
            options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
        document()
    };
    leptos_axum::render_app_async(with_policy)(request).await.into_response()
}

#[derive(Deserialize)]
struct SignInQuery {
    next: Option<String>,
}

async fn sign_in(State(app): State<App>, OriginalUri(uri): OriginalUri, request: Request) -> Response {
    let locale = locale_of(uri.path());
    let next = Query::<SignInQuery>::try_from_uri(&uri).ok().and_then(|Query(query)| query.next);
    let next = next.filter(|next| is_local(next)).unwrap_or_else(|| locale.path("/"));
    let assets = app.publisher.assets().clone();
    rendered(request, move || {
        view! { <SignInDocument locale=locale assets=assets.clone() next=next.clone() /> }
    })
    .await
}

/// A path on this shop and nowhere else: `//host` and `/\host` lead away.
fn is_local(next: &str) -> bool {
    let mut characters = next.chars();
    characters.next() == Some('/')
        && !matches!(characters.next(), Some('/' | '\\'))
        && next.len() <= MAX_NEXT_CHARS
        && !next.chars().any(|character| character.is_control() || character == '\\')
}

/// The shopper, or the way to the sign-in page and back.
async fn signed_in(app: &App, request: Request) -> Result<(Shopper, Request), Response> {
    let path = request.extensions().get::<OriginalUri>().map_or_else(|| request.uri().path(), |uri| uri.0.path());
    let to_sign_in = format!("{}?next={path}", locale_of(path).path("/sign-in"));
    let (mut parts, body) = request.into_parts();
    let Ok(Visitor(shopper)) = Visitor::from_request_parts(&mut parts, app).await;
    match shopper {
        Some(shopper) => Ok((shopper, Request::from_parts(parts, body))),
        None => Err(Redirect::to(&to_sign_in).into_response()),
    }
}

async fn orders(State(app): State<App>, OriginalUri(uri): OriginalUri, request: Request) -> Response {
    let (shopper, request) = match signed_in(&app, request).await {
        Ok(signed_in) => signed_in,
        Err(redirect) => return redirect,
    };
    if plan_b::may_wander(&app).is_err() {
        return queue_only(&app, uri.path());
    }
    let details = match rows_of(&app, &shopper).await {
        Ok(rows) => rows.iter().map(|row| detail(&app, row)).collect::<Vec<_>>(),
        Err(error) => return error.into_response(),
    };
    let (locale, assets) = (locale_of(uri.path()), app.publisher.assets().clone());
    rendered(request, move || {
        view! { <OrdersDocument locale=locale assets=assets.clone() orders=details.clone() /> }
    })
    .await
}

async fn order(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    id: Result<PathId<OrderId>, ApiError>,
    request: Request,
) -> Response {
    let (detail, request) = match own_detail(&app, id, uri.path(), request).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let (locale, assets) = (locale_of(uri.path()), app.publisher.assets().clone());
    rendered(request, move || {
        view! { <OrderDocument locale=locale assets=assets.clone() detail=detail.clone() /> }
    })
    .await
}

async fn pay(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    id: Result<PathId<OrderId>, ApiError>,
    request: Request,
) -> Response {
    let (detail, request) = match own_detail(&app, id, uri.path(), request).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    let payment_id = match open_payment(&app, &detail).await {
        Ok(payment_id) => payment_id,
        Err(error) => return error.into_response(),
    };
    let (locale, assets) = (locale_of(uri.path()), app.publisher.assets().clone());
    let sandbox = app.sandbox.is_some();
    rendered(request, move || {
        let (assets, detail, payment_id) = (assets.clone(), detail.clone(), payment_id.clone());
        view! { <PayDocument locale=locale assets=assets detail=detail payment_id=payment_id sandbox=sandbox /> }
    })
    .await
}

async fn open_payment(app: &App, detail: &OrderDetail) -> ApiResult<Option<String>> {
    let order_id: OrderId = detail.order.order_id.parse().map_err(|_| ApiError::not_found())?;
    if !is_payable(detail.order.state) {
        return Ok(None);
    }
    let open = app.store.read(move |reader| reader.open_payment(order_id)).await?;
    Ok(open.map(|payment_id| payment_id.to_string()))
}

/// The order behind a page of its own, for its shopper; anybody else gets the page for what is not there.
async fn own_detail(
    app: &App,
    id: Result<PathId<OrderId>, ApiError>,
    path: &str,
    request: Request,
) -> Result<(OrderDetail, Request), Response> {
    let (shopper, request) = signed_in(app, request).await?;
    let Ok(PathId(order_id)) = id else {
        return Err(not_found(app, path, request.headers()));
    };
    match own_row(app, &shopper, order_id).await {
        Ok(row) => Ok((detail(app, &row), request)),
        Err(error) if error.is_not_found() => Err(not_found(app, path, request.headers())),
        Err(error) => Err(error.into_response()),
    }
}

fn detail(app: &App, row: &ledger::OrderRow) -> OrderDetail {
    let catalog = app.publisher.catalog();
    let sale_id: SaleId = row.sale_id;
    let item = catalog.sale(sale_id).and_then(|sale| catalog.item(sale.item_id));
    let sku = catalog.sale(sale_id).and_then(|sale| sale.skus.iter().find(|sku| row.sku.as_ref() == Some(&sku.sku)));
    let draw = catalog.sale(sale_id).and_then(|sale| sale.draw.as_ref());
    OrderDetail {
        draw_commitment: draw.map(|draw| draw.commitment.to_string()),
        order: view::order(row),
        sku_title: sku.map(|sku| sku.title.clone()),
        slug: item.map(|item| item.slug.clone()).unwrap_or_default(),
        title: item.map(|item| item.title.clone()).unwrap_or_default(),
        image_url: item.map(|item| item.image_url.clone()).unwrap_or_default(),
    }
}

/// The list of one's orders while nothing but orders is served: told in words, without a look into the record.
fn queue_only(app: &App, path: &str) -> Response {
    let (locale, assets) = (locale_of(path), app.publisher.assets().clone());
    let html = shop::document_html(move || {
        let (code, detail) = (api::Code::QueueOnly.as_str().to_owned(), String::new());
        view! { <ProblemDocument locale=locale assets=assets status=503 code=code detail=detail /> }
    });
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::RETRY_AFTER, "30")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, html).into_response()
}

/// For whatever has no route: a problem for programs, a page for people.
pub(super) async fn no_route(State(app): State<App>, OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    let for_programs = ["/api/", "/csi/", "/sandbox/"].iter().any(|prefix| uri.path().starts_with(prefix));
    if for_programs { ApiError::not_found().into_response() } else { not_found(&app, uri.path(), &headers) }
}

/// What is not there, as a page from memory for who asked for one.
pub(super) fn not_found(app: &App, path: &str, headers: &HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    match app.publisher.not_found_page(locale_of(path)) {
        Some(page) if accept.contains("text/html") => {
            let html = page.variant(Encoding::Identity).body.clone();
            (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
        }
        _ => ApiError::not_found().into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_paths_are_gone_on_to() {
        for good in ["/", "/items/lantern", "/zh/orders?x=1"] {
            assert!(is_local(good), "{good}");
        }
        for wrong in [
            "",
            "items",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\nb",
            "/a\\b",
            "javascript:alert(1)",
        ] {
            assert!(!is_local(wrong), "{wrong}");
        }
    }
}
