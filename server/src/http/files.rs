//! The built site's files: bundles and styles by content-hashed names, pictures by plain ones.

use std::path::{Path, PathBuf};

use api::Code;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::ACCEPT_ENCODING;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use shop::Assets;
use tower_http::services::{ServeDir, ServeFile};

use super::cache::CachePolicy;
use super::error::{ApiError, ApiResult};
use super::{App, assets};
use crate::pages::Encoding;

/// A site that cannot be served, told to the operator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SiteError {
    #[error("{0}: {1}. Build the site first: make site")]
    Unreadable(String, String),
    #[error("the site in {0} was built from other sources than this server ({1} and {2}): build both anew")]
    OtherSource(String, String, String),
}

#[derive(Deserialize)]
struct Manifest {
    shop: Assets,
    admin: AdminManifest,
}

#[derive(Deserialize)]
struct AdminManifest {
    html: PathBuf,
}

/// Where the site lies, and what its manifest says.
pub(crate) struct SiteFiles {
    root: PathBuf,
    pub(crate) assets: Assets,
    admin_html: String,
}

impl SiteFiles {
    /// Reads the manifest. A bundle of other sources than the pages of this server is refused: its islands have other
    /// names, and no button would work.
    pub(crate) fn read(root: &Path) -> Result<Self, SiteError> {
        let text = |path: &Path| {
            let path = root.join(path);
            std::fs::read_to_string(&path)
                .map_err(|error| SiteError::Unreadable(path.display().to_string(), error.to_string()))
        };
        let manifest: Manifest = serde_json::from_str(&text(Path::new("manifest.json"))?)
            .map_err(|error| SiteError::Unreadable("manifest.json".to_owned(), error.to_string()))?;
        if manifest.shop.build_id != shop::BUILD_ID {
            let root = root.display().to_string();
            return Err(SiteError::OtherSource(root, manifest.shop.build_id, shop::BUILD_ID.to_owned()));
        }
        let admin_html = text(&manifest.admin.html)?;
        Ok(Self { root: root.to_owned(), assets: manifest.shop, admin_html })
    }
}

/// Keeps this build's assets for the pages that name them after the next one. Without them, they come from the site.
pub(crate) async fn keep_assets(app: App) {
    let (build, kept) = (app.files.root.join("assets"), assets::kept_folder(app.store.path()));
    let keeping = tokio::task::spawn_blocking(move || assets::keep(&build, &kept, std::time::SystemTime::now()));
    if let Ok(Err(error)) = keeping.await {
        tracing::warn!(%error, "this build's assets could not be kept for pages that outlive it");
    }
}

pub(super) fn routes(app: &App) -> Router<App> {
    let folder = |path: PathBuf| {
        let files = ServeDir::new(path).append_index_html_on_directories(false);
        files.precompressed_br().precompressed_zstd().precompressed_gzip()
    };
    let file = |name: &str| ServeFile::new(app.files.root.join(name));
    // The kept ones first: they have every encoding, and this build's too once they are taken in.
    let build = folder(app.files.root.join("assets"));
    let kept = folder(assets::kept_folder(app.store.path())).fallback(build);
    let immutable = Router::new().nest_service("/assets", kept).layer(from_fn(immutable));
    let plain = Router::new()
        .nest_service("/images", folder(app.files.root.join("images")))
        .route_service("/favicon.svg", file("favicon.svg"))
        .route_service("/robots.txt", file("robots.txt"))
        .layer(from_fn(plain));
    let admin =
        Router::new().route("/admin", get(admin)).route("/admin/", get(admin)).route("/admin/{*rest}", get(admin));
    Router::new().merge(immutable).merge(plain).merge(admin)
}

async fn immutable(request: Request, next: Next) -> Response {
    named(next.run(in_the_smallest(request)).await, CachePolicy::Immutable)
}

async fn plain(request: Request, next: Next) -> Response {
    named(next.run(in_the_smallest(request)).await, CachePolicy::File)
}

/// Leaves of the encodings that are accepted the one that makes files smallest: `ServeDir` would take zstd before brotli.
fn in_the_smallest(mut request: Request) -> Request {
    if let Some(accepted) = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()) {
        let name = Encoding::negotiated(accepted).name().unwrap_or("identity");
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(name));
    }
    request
}

fn named(mut response: Response, policy: CachePolicy) -> Response {
    match response.status() {
        StatusCode::NOT_FOUND => return ApiError::not_found().into_response(),
        StatusCode::METHOD_NOT_ALLOWED => {
            return ApiError::new(Code::MethodNotAllowed, "Files can only be read.").into_response();
        }
        _ => {}
    }
    response.extensions_mut().insert(policy);
    response
}

/// The admin view's shell: the same for everybody, and nobody's to keep.
async fn admin(State(app): State<App>) -> ApiResult<Html<String>> {
    Ok(Html(app.files.admin_html.clone()))
}
