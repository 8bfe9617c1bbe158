//! The dashboard, embedded: its page at every address that people open, its files for ever.

use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::http::problem::Problem;

/// What `make web` built. Builds without it have no dashboard and say so.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Files;

/// The page may run its own scripts alone, send to its own server alone, and be framed by nobody.
/// Styles may stand in elements: the component library places its menus so.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; font-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Files carry the hash of their content in their names.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const NOT_BUILT: &str = "this build of Candor has no dashboard: `make build` makes one that has\n";

/// `GET /assets/{*path}`.
pub async fn asset(headers: HeaderMap, Path(path): Path<String>) -> Response {
    match file(&headers, &format!("assets/{path}"), FOR_EVER) {
        Some(file) => file,
        None => Problem::not_found().into_response(),
    }
}

/// `GET /mark.svg`.
pub async fn mark(headers: HeaderMap) -> Response {
    match file(&headers, "mark.svg", "public, max-age=86400") {
        Some(file) => file,
        None => Problem::not_found().into_response(),
    }
}

/// The page; what it shows is told by its address.
pub fn page(headers: &HeaderMap) -> Response {
    let Some(mut page) = file(headers, "index.html", "no-cache") else {
        return (StatusCode::NOT_FOUND, NOT_BUILT).into_response();
    };
    let added = page.headers_mut();
    added.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    added.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    page
}

/// Whether a browser asks for a page to show.
pub fn wants_page(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

/// A file, compressed where the client takes that and the build made it.
fn file(headers: &HeaderMap, name: &str, cached: &'static str) -> Option<Response> {
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let zipped = accepts.is_some_and(|accepts| accepts.contains("gzip"));
    let zipped = zipped.then(|| Files::get(&format!("{name}.gz"))).flatten();
    let encoding = zipped.is_some();
    let EmbeddedFile { data, .. } = zipped.or_else(|| Files::get(name))?;
    let body = match data {
        std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let mut response = Response::new(Body::from(body));
    let added = response.headers_mut();
    added.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(name)));
    added.insert(header::CACHE_CONTROL, HeaderValue::from_static(cached));
    added.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    added.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if encoding {
        added.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Some(response)
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
