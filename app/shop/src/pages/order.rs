//! `/orders`, `/orders/{order_id}` and `/pay/{order_id}`: the shopper's own.

use api::{Order, OrderDetail, OrderState};
use leptos::prelude::*;
use ui::{Assets, Head, Locale, format_money, format_utc, iso_utc};

use super::{check_draw, document};
use crate::islands::{OrderActions, OrderFacts, OwnPage, PayActions};

/// The shopper's orders, newest first.
#[component]
pub fn OrdersDocument(locale: Locale, assets: Assets, orders: Vec<OrderDetail>) -> impl IntoView {
    let head = private_head(locale.my_orders().to_owned(), "/orders".to_owned());
    document(locale, &assets, head, || {
        view! {
                <main id="content" class="orders" data-signed-in="true">
                    <h1>{locale.my_orders()}</h1>
                    {orders.is_empty().then(|| view! { <p class="empty">{locale.no_orders()}</p> })}
                    <ul class="tickets">
                        {orders.into_iter().map(|detail| {
                            let path = locale.path(&["/orders/", &detail.order.order_id].concat());
                            view! { <li><a class="ticket" href=path>{ticket(locale, &detail, true)}</a></li> }
                        }).collect_view()}
                    </ul>
                    <p class="back"><a href=locale.path("/")>{locale.back_to_all()}</a></p>
                </main>
        }
    })
}

/// One order: what was bought, what state it is in, what can be done.
#[component]
pub fn OrderDocument(locale: Locale, assets: Assets, detail: OrderDetail) -> impl IntoView {
    let order = &detail.order;
    let head = private_head(detail.title.clone(), ["/orders/", &order.order_id].concat());
    provide_context(OrderFacts(order.clone()));
    let order_json = serde_json::to_string(order).unwrap_or_default();
    document(locale, &assets, head, || {
        view! {
                <main
                    id="content"
                    class="narrow order"
                    data-signed-in="true"
                    data-order-id=order.order_id.clone()
                    data-order=order_json
                >
                    <h1>{locale.order_word()}</h1>
                    <a class="ticket" href=locale.path(&["/items/", &detail.slug].concat())>{ticket(locale, &detail, false)}</a>
                    <OrderActions />
                    {detail.draw_commitment.as_ref().map(|commitment| view! {
                        <section class="draw">
                            <h2>{locale.draw_title()}</h2>
                            {check_draw(locale, &assets, &order.sale_id, commitment)}
                        </section>
                    })}
                    <dl class="order-facts">
                        <div>
                            <dt>{locale.order_number()}</dt>
                            <dd><code>{order.order_id.clone()}</code></dd>
                        </div>
                        <div>
                            <dt>{locale.order_placed()}</dt>
                            <dd><time datetime=iso_utc(order.created_at_ms)>{format_utc(locale, order.created_at_ms)}</time></dd>
                        </div>
                    </dl>
                    <p class="back"><a href=locale.path("/orders")>{locale.my_orders()}</a></p>
                </main>
        }
    })
}

/// The payment provider's place. `payment_id` is the order's open payment; `sandbox` shows the buttons that settle it.
#[component]
pub fn PayDocument(
    locale: Locale,
    assets: Assets,
    detail: OrderDetail,
    payment_id: Option<String>,
    sandbox: bool,
) -> impl IntoView {
    let order = &detail.order;
    let head = private_head(locale.pay_title().to_owned(), ["/pay/", &order.order_id].concat());
    let payable = sandbox && payment_id.is_some();
    let order_path = locale.path(&["/orders/", &order.order_id].concat());
    document(locale, &assets, head, || {
        view! {
                <main id="content" class="narrow pay-page" data-signed-in="true" data-order-id=order.order_id.clone() data-payment-id=payment_id>
                    <h1>{locale.pay_title()}</h1>
                    <div class="ticket">{ticket(locale, &detail, true)}</div>
                    <p class="amount">{format_money(order.amount_minor, &order.currency)}</p>
                    {if payable {
                        view! {
                            <p class="sandbox-note">{locale.pay_sandbox_note()}</p>
                            <PayActions />
                        }.into_any()
                    } else {
                        view! { <p class="empty">{locale.pay_not_open()}</p> }.into_any()
                    }}
                    <p class="back"><a href=order_path>{locale.back_to_order()}</a></p>
                </main>
        }
    })
}

fn private_head(title: String, path: String) -> Head {
    provide_context(OwnPage);
    Head { title, path, ..Head::default() }
}

/// The stub that stands for an order wherever one is shown. The order's own page tells its state live, so that the
/// stub must not tell it as it was.
fn ticket(locale: Locale, detail: &OrderDetail, tells_state: bool) -> impl IntoView + use<> {
    let order = &detail.order;
    let live = matches!(order.state, OrderState::Held | OrderState::AwaitingPayment);
    view! {
        <img src=detail.image_url.clone() alt="" width="160" height="200" />
        <span class="ticket-title">{detail.title.clone()}</span>
        <span class="ticket-sum">
            {detail.sku_title.clone().map(|kind| [&kind, locale.comma()].concat())}
            {locale.units(u64::from(order.quantity))} {locale.comma()} {format_money(order.amount_minor, &order.currency)}
        </span>
        {tells_state.then(|| view! {
            <span class="ticket-state" class:live=live>
                {locale.order_standing(order.state, order.history.reserved)}
                {brief(locale, order).map(|text| view! { <span class="ticket-story">{text}</span> })}
            </span>
        })}
    }
}

/// Below the state on a stub: what ended the order, or what happened to its money.
fn brief(locale: Locale, order: &Order) -> Option<String> {
    let story = || locale.order_story(order.state, &order.history);
    match order.state {
        OrderState::Held | OrderState::AwaitingPayment => None,
        OrderState::Paid => (order.history.reseated || !order.history.refunds.is_empty()).then(story),
        OrderState::Released | OrderState::Refunded => Some(story()),
    }
}
