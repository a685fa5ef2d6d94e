//! The HTTP edge: routes, and what all handlers share.

mod account;
mod assets;
mod cache;
mod csi;
mod draw;
mod error;
mod extract;
mod files;
mod framing;
mod front;
mod guard;
mod long_lines;
mod machine;
mod merchant;
mod openapi;
mod orders;
mod own_pages;
mod passage;
mod payments;
mod plan_b;
mod quiz;
mod refusals;
mod request_id;
mod static_pages;
mod view;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::middleware::from_fn_with_state;
use metrics_exporter_prometheus::PrometheusHandle;
use sale::{Keyring, MerchantClaims, PassClaims, QueueClaims, QuizClaims, SaleId, SessionClaims, ShopperId, Token};
use shield::{AddressKey, Overload, Pool, RateLimit, SIGN_INS_PER_ACCOUNT, SIGN_INS_PER_ADDRESS, SettableLimit};
use shield::{Setting, Settings as LiveSettings};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::clock::ServerClock;
use crate::heat::Heat;
use crate::pages::Publisher;
use crate::payments::{Provider, Sandbox};
use crate::settings::Settings;
use crate::store::Store;
use crate::switches::Switches;
use crate::tuned::Tuned;
use crate::writer::Writer;

pub(crate) use draw::Draws;
pub(crate) use extract::{MERCHANT_TOKEN_PREFIX, SESSION_COOKIE};
pub(crate) use files::{SiteFiles, keep_assets};
pub(crate) use front::{Asked, Front};
pub(crate) use machine::MIN_FREE_DISK_BYTES;

/// A request's body, at most. A quiz bank of 200 questions fits.
pub(crate) const MAX_BODY_BYTES: usize = 128 * 1024;

/// Every kind of token, ready to seal and open.
pub(crate) struct Tokens {
    pub(crate) session: Token<SessionClaims>,
    pub(crate) merchant: Token<MerchantClaims>,
    pub(crate) quiz: Token<QuizClaims>,
    pub(crate) pass: Token<PassClaims>,
    pub(crate) queue: Token<QueueClaims>,
}

impl Tokens {
    pub(crate) fn new(keyring: &Keyring) -> Self {
        Self {
            session: Token::new(keyring),
            merchant: Token::new(keyring),
            quiz: Token::new(keyring),
            pass: Token::new(keyring),
            queue: Token::new(keyring),
        }
    }
}

pub(crate) struct Limits {
    pub(crate) per_address: SettableLimit<AddressKey>,
    pub(crate) per_shopper: SettableLimit<ShopperId>,
    pub(crate) per_sale: SettableLimit<SaleId>,
    pub(crate) sign_ins_per_address: RateLimit<AddressKey>,
    /// By the e-mail address that was given, whether there is an account or not.
    pub(crate) sign_ins_per_account: RateLimit<String>,
}

impl Limits {
    pub(crate) fn on() -> Self {
        Self {
            per_address: SettableLimit::new(&address_quotas(&LiveSettings::default())),
            per_shopper: SettableLimit::new(&shopper_quotas(&LiveSettings::default())),
            per_sale: SettableLimit::new(&sale_quotas(&LiveSettings::default())),
            sign_ins_per_address: RateLimit::new(SIGN_INS_PER_ADDRESS),
            sign_ins_per_account: RateLimit::new(SIGN_INS_PER_ACCOUNT),
        }
    }

    /// For load tests.
    pub(crate) fn off() -> Self {
        Self {
            per_address: SettableLimit::off(),
            per_shopper: SettableLimit::off(),
            per_sale: SettableLimit::off(),
            sign_ins_per_address: RateLimit::off(),
            sign_ins_per_account: RateLimit::off(),
        }
    }

    /// Takes the limits that have been set. Those that are off stay off.
    pub(crate) fn set(&self, settings: &LiveSettings) {
        self.per_address.set(&address_quotas(settings));
        self.per_shopper.set(&shopper_quotas(settings));
        self.per_sale.set(&sale_quotas(settings));
    }

    pub(crate) fn are_crowded(&self) -> bool {
        self.per_address.is_crowded()
            || self.per_shopper.is_crowded()
            || self.per_sale.is_crowded()
            || self.sign_ins_per_address.is_crowded()
            || self.sign_ins_per_account.is_crowded()
    }

    /// Forgets who has been quiet.
    pub(crate) fn tidy(&self) {
        self.per_address.tidy();
        self.per_shopper.tidy();
        self.per_sale.tidy();
        self.sign_ins_per_address.tidy();
        self.sign_ins_per_account.tidy();
    }
}

fn address_quotas(settings: &LiveSettings) -> Vec<(u16, shield::Quota)> {
    settings.quotas(Setting::AddressPerSecond, Setting::AddressBurst)
}

fn shopper_quotas(settings: &LiveSettings) -> Vec<(u16, shield::Quota)> {
    settings.quotas(Setting::ShopperPerSecond, Setting::ShopperBurst)
}

fn sale_quotas(settings: &LiveSettings) -> Vec<(u16, shield::Quota)> {
    settings.quotas(Setting::SalePerSecond, Setting::SaleBurst)
}

/// What handlers share.
pub(crate) struct AppState {
    pub(crate) settings: Settings,
    pub(crate) clock: ServerClock,
    pub(crate) store: Store,
    pub(crate) writer: Writer,
    pub(crate) publisher: Publisher,
    pub(crate) switches: Switches,
    pub(crate) tuned: Tuned,
    pub(crate) heat: Heat,
    pub(crate) tokens: Tokens,
    pub(crate) limits: Limits,
    pub(crate) draws: Draws,
    pub(crate) overload: Arc<Overload>,
    /// For argon2: memory-hard, so few at a time.
    pub(crate) password_pool: Pool,
    /// None where nobody takes the money.
    pub(crate) provider: Option<Arc<dyn Provider>>,
    /// The provider again, where it is the sandbox: it has a button of its own.
    pub(crate) sandbox: Option<Sandbox>,
    /// Set while the disk has too little room for what may still have to be written.
    pub(crate) disk_is_low: AtomicBool,
    pub(crate) files: SiteFiles,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) going_down: AtomicBool,
}

/// A handle on [`AppState`].
#[derive(Clone)]
pub(crate) struct App(Arc<AppState>);

impl App {
    pub(crate) fn new(state: AppState) -> Self {
        Self(Arc::new(state))
    }

    pub(crate) fn is_https(&self) -> bool {
        self.settings.public_origin.as_ref().is_some_and(|origin| origin.starts_with("https://"))
    }

    /// Whether what keeps our pages is told when they change.
    pub(crate) fn edges_are_purged(&self) -> bool {
        self.publisher.edges().exist()
    }

    /// Whether orders that are taken now can be written down.
    pub(crate) fn can_write(&self) -> bool {
        self.writer.is_well() && !self.disk_is_low.load(Ordering::Acquire)
    }

    pub(crate) fn begin_shutdown(&self) {
        self.going_down.store(true, Ordering::Release);
        self.writer.close_lines();
    }
}

impl Deref for App {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0
    }
}

/// Runs a change to its end even when the client goes away or time runs out: what has been written must be published.
async fn to_the_end<T: Send + 'static>(
    change: impl Future<Output = error::ApiResult<T>> + Send + 'static,
) -> error::ApiResult<T> {
    tokio::spawn(change).await.unwrap_or_else(|error| Err(error::ApiError::internal(&error)))
}

/// The API's routes with their descriptions: what `/openapi.json` says is what is routed.
fn api_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(csi::time))
        .routes(routes!(csi::me))
        .routes(routes!(csi::sale_state))
        .routes(routes!(csi::recommendations))
        .routes(routes!(account::sign_out))
        .routes(routes!(draw::show))
        .routes(routes!(draw::entries))
        .routes(routes!(draw::receipt))
        .routes(routes!(quiz::open))
        .routes(routes!(quiz::answer))
        .routes(routes!(orders::place))
        .routes(routes!(orders::queue_status))
        .routes(routes!(orders::mine))
        .routes(routes!(orders::list))
        .routes(routes!(orders::show))
        .routes(routes!(orders::cancel))
        .routes(routes!(payments::open))
        .routes(routes!(payments::settle))
        .routes(routes!(merchant::account::sign_out))
        .routes(routes!(merchant::account::me))
        .routes(routes!(merchant::items::create, merchant::items::list))
        .routes(routes!(merchant::items::patch, merchant::items::show))
        .routes(routes!(merchant::sales::create, merchant::sales::list))
        .routes(routes!(merchant::sales::patch, merchant::sales::show))
        .routes(routes!(merchant::sales::publish))
        .routes(routes!(merchant::sales::ledger))
        .routes(routes!(merchant::sales::call_off))
        .routes(routes!(merchant::beacon::give))
        .routes(routes!(merchant::shoppers::list, merchant::shoppers::change))
        .routes(routes!(merchant::strikes::list))
        .routes(routes!(merchant::strikes::lift))
        .routes(routes!(merchant::switches::show, merchant::switches::put))
        .routes(routes!(merchant::switches::audit))
        .routes(routes!(merchant::heat::board))
        .routes(routes!(merchant::orders::release))
        .routes(routes!(merchant::orders::list))
}

/// Signing up and in: each costs a password hash.
fn sign_in_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(account::sign_up))
        .routes(routes!(account::sign_in))
        .routes(routes!(merchant::account::sign_in))
}

/// What a provider calls: it is signed, comes from few addresses, and must not wait for the crowd.
fn provider_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(payments::webhook))
}

/// The whole shop, but for what [`Front`] answers before it.
fn router(app: &App) -> Router {
    let sign_in = sign_in_routes().route_layer(from_fn_with_state(app.clone(), guard::limit_sign_ins));
    let for_people =
        api_routes().merge(sign_in).route_layer(from_fn_with_state(app.clone(), guard::limit_address_and_site));
    let described = OpenApiRouter::with_openapi(openapi::base()).merge(for_people).merge(provider_routes());
    let (api, description) = described.split_for_parts();
    let mut router = Router::new()
        .merge(api)
        .merge(static_pages::routes())
        .merge(own_pages::routes().route_layer(from_fn_with_state(app.clone(), guard::limit_address)))
        .merge(files::routes(app))
        .merge(machine::routes(app.settings.metrics_listen.is_none()))
        .merge(openapi::routes(&description));
    router = router.fallback(own_pages::no_route).method_not_allowed_fallback(machine::method_not_allowed);
    // How large a body may be is judged in the passage, before anything looks at it.
    router.layer(from_fn_with_state(app.clone(), passage::take)).with_state(app.clone())
}

/// Only the metrics, for a listener of their own.
pub(crate) fn metrics_router(app: &App) -> Router {
    machine::routes(true).with_state(app.clone())
}
