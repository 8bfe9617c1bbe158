//! The HTTP way in: every route on one page, and who may call it.

pub mod access;
mod annotations;
pub mod assets;
pub mod attempts;
mod boards;
pub mod campaigns;
pub mod channels;
pub mod consents;
pub mod define;
pub mod definitions;
mod engagement;
pub mod events;
mod hooks;
pub mod insights;
mod links;
pub mod live;
pub mod masked;
pub mod merges;
mod messages;
pub mod names;
pub mod outbox;
pub mod peer;
pub mod people;
pub mod policy;
pub mod privacy;
pub mod problem;
pub mod rest;
pub mod sdk;
pub mod segments;
mod sql;
pub mod status;
mod suppressions;
pub mod templates;
#[cfg(test)]
mod tests;
pub mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use candor_query::{Board, Funnel, Paths, Pivot, Retention, Rfm, Stickiness, Trend};

use crate::http::campaigns::{forecast, report, verbs};
use crate::http::insights::{behind, find};
use crate::http::privacy::{frame, subscriptions, token};
use crate::http::problem::Problem;
use crate::http::segments::{saved, upload};
use crate::http::templates::preview;
use crate::server::Server;

/// The whole outside of the server.
pub fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/assets/{*path}", get(assets::asset))
        .route("/mark.svg", get(assets::mark))
        .route("/health", get(status::health))
        .route("/ready", get(status::ready))
        .route("/metrics", get(status::metrics))
        .route("/api/openapi.json", get(status::openapi))
        .route("/hello", get(sdk::hello))
        .route("/a1", post(sdk::batch))
        .route("/a", get(sdk::web).options(sdk::preflight))
        .route("/e", get(subscriptions::subscriptions).options(sdk::preflight))
        .route("/defineVars", post(define::define_variables).options(sdk::preflight))
        .route("/defineTemplates", post(define::define_templates).options(sdk::preflight))
        .route("/1/upload", post(rest::upload))
        .route("/1/profile.json", get(rest::profile))
        .route("/1/profiles.json", get(rest::next_profiles).post(rest::ask_profiles))
        .route("/1/events.json", get(rest::next_events).post(rest::ask_events))
        .route("/1/subscribe", post(rest::subscribe))
        .route("/1/disassociate", post(rest::disassociate))
        .route("/1/delete/profiles.json", post(rest::delete))
        .route("/1/demerge/profiles.json", post(rest::demerge))
        .route("/api/v1/login", post(access::login))
        .route("/api/v1/logout", post(access::logout))
        .route("/api/v1/account", get(access::account))
        .route("/api/v1/events", post(events::events))
        .route("/api/v1/events/find", post(find::find))
        .route("/api/v1/insights/trend", post(insights::answer::<Trend>))
        .route("/api/v1/insights/funnel", post(insights::answer::<Funnel>))
        .route("/api/v1/insights/retention", post(insights::answer::<Retention>))
        .route("/api/v1/insights/stickiness", post(insights::answer::<Stickiness>))
        .route("/api/v1/insights/paths", post(insights::answer::<Paths>))
        .route("/api/v1/insights/board", post(insights::answer::<Board>))
        .route("/api/v1/insights/rfm", post(insights::answer::<Rfm>))
        .route("/api/v1/insights/pivot", post(insights::answer::<Pivot>))
        .route("/api/v1/insights/{kind}/people", post(behind::people))
        .route("/api/v1/insights/{kind}/segment", post(behind::segment))
        .route("/api/v1/insights/live", get(live::now))
        .route("/api/v1/insights/live/stream", get(live::stream))
        .route("/api/v1/sql", post(sql::ask))
        .route("/api/v1/sql/schema", get(sql::schema))
        .route("/api/v1/boards", get(boards::list).post(boards::make))
        .route("/api/v1/boards/{id}", get(boards::one).put(boards::change).delete(boards::remove))
        .route("/api/v1/annotations", get(annotations::list).post(annotations::make))
        .route("/api/v1/annotations/{id}", put(annotations::change).delete(annotations::remove))
        .route("/api/v1/segments", get(saved::list).post(saved::make))
        .route("/api/v1/segments/count", post(segments::count))
        .route("/api/v1/segments/upload", post(upload::upload))
        .route("/api/v1/segments/{id}", get(saved::one).put(saved::change).delete(saved::remove))
        .route("/api/v1/segments/{id}/people", get(saved::people))
        .route("/api/v1/segments/{id}/freeze", post(saved::freeze))
        .route("/api/v1/segments/{id}/rejects", get(upload::rejects))
        .route("/api/v1/templates", get(templates::list).post(templates::make))
        .route("/api/v1/templates/preview", post(preview::preview))
        .route("/api/v1/templates/fields", get(preview::fields))
        .route("/api/v1/templates/{id}", get(templates::one).put(templates::change))
        .route("/api/v1/templates/{id}", delete(templates::remove))
        .route("/api/v1/templates/{id}/versions", get(templates::versions))
        .route("/api/v1/people", get(people::find))
        .route("/api/v1/people/{id}", get(people::one))
        .route("/api/v1/people/{id}/timeline", get(people::timeline))
        .route("/api/v1/people/{id}/merges", get(merges::list).post(merges::make))
        .route("/api/v1/people/{id}/merges/{loser}", delete(merges::remove))
        .route("/api/v1/channels", get(channels::list))
        .route("/api/v1/channels/{channel}/{provider}", get(channels::one).put(channels::change))
        .route("/api/v1/channels/{channel}/{provider}", delete(channels::remove))
        .route("/api/v1/channels/{channel}/{provider}/test", post(channels::test))
        .route("/api/v1/outbox", get(outbox::list))
        .route("/api/v1/outbox/{id}", get(outbox::one))
        .route("/api/v1/people/{id}/privacy", post(token::issue))
        .route("/api/v1/campaigns", get(campaigns::list).post(campaigns::make))
        .route("/api/v1/campaigns/{id}", get(campaigns::one).put(campaigns::change))
        .route("/api/v1/campaigns/{id}", delete(campaigns::remove))
        .route("/api/v1/campaigns/{id}/forecast", post(forecast::ask))
        .route("/api/v1/campaigns/{id}/test", post(verbs::test))
        .route("/api/v1/campaigns/{id}/publish", post(verbs::publish))
        .route("/api/v1/campaigns/{id}/approve", post(verbs::approve))
        .route("/api/v1/campaigns/{id}/pause", post(verbs::pause))
        .route("/api/v1/campaigns/{id}/resume", post(verbs::resume))
        .route("/api/v1/campaigns/{id}/stop", post(verbs::stop))
        .route("/api/v1/campaigns/{id}/redrive", post(verbs::redrive))
        .route("/api/v1/campaigns/{id}/report", get(report::report))
        .route("/api/v1/messages", get(messages::list))
        .route("/api/v1/suppressions", get(suppressions::list).post(suppressions::add))
        .route("/api/v1/suppressions/{id}", delete(suppressions::remove))
        .route("/api/v1/engagement", get(engagement::show).put(engagement::change))
        .route("/api/v1/channels/{channel}/{provider}/hook", get(hooks::address))
        .route("/hooks/{channel}/{provider}/{secret}", post(hooks::receive))
        .route("/u/{token}", get(links::ask_to_leave).post(links::leave))
        .route("/l/{token}", get(links::follow))
        .route("/o/{token}", get(links::open))
        .route("/api/v1/policy", get(policy::show).put(policy::change))
        .route("/api/v1/policy/versions", get(policy::versions))
        .route("/api/v1/events/names", get(names::events))
        .route("/api/v1/properties/{name}/values", get(names::values))
        .route("/api/v1/properties", get(policy::properties))
        .route("/api/v1/properties/{name}", put(policy::class))
        .route("/api/v1/gate", get(policy::gate))
        .route("/api/v1/tokens", get(tokens::list).post(tokens::make))
        .route("/api/v1/tokens/{id}", delete(tokens::remove))
        .route("/api/v1/audit", get(policy::audited))
        .route("/api/v1/consents", get(consents::history).post(consents::record))
        .route("/sdk/v1/consent", post(consents::from_sdk).options(consents::preflight))
        .route("/privacy.js", get(frame::script))
        .route("/privacy.css", get(frame::style))
        .route("/privacy/{account_id}", get(privacy::way_in).post(privacy::own_page))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(guard))
        .with_state(server)
}

/// What there is no route for: 404 as CleverTap says it under `/1/`, as a problem elsewhere; to a
/// browser that opens it, the dashboard, which knows its own addresses.
async fn nothing_here(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if speaks_clevertap(path) {
        return Problem::not_found().in_clevertap_shape();
    }
    let ours = ["/api/", "/sdk/", "/assets/"].iter().any(|start| path.starts_with(start));
    let wants_page = path == "/" || (!ours && assets::wants_page(&headers));
    match (method == Method::GET || method == Method::HEAD) && wants_page {
        true => assets::page(&headers),
        false => Problem::not_found().into_response(),
    }
}

/// Where errors have CleverTap's own shape: the ways in of its SDKs, and its REST API.
fn speaks_clevertap(path: &str) -> bool {
    let of_sdks = ["/a", "/a1", "/e", "/hello", "/defineVars", "/defineTemplates"];
    path.starts_with("/1/") || of_sdks.contains(&path)
}

/// A path that takes another method.
async fn wrong_method(uri: Uri) -> Response {
    match speaks_clevertap(uri.path()) {
        true => Problem::wrong_method().in_clevertap_shape(),
        false => Problem::wrong_method().into_response(),
    }
}

/// Answers of the API are neither kept by caches nor taken for another kind of file; and no other
/// site changes anything through the browser of somebody who is logged in.
async fn guard(request: Request, next: Next) -> Response {
    let api = request.uri().path().starts_with("/api/");
    if api && !request.method().is_safe() && access::cross_site(request.headers()) {
        return Problem::cross_site().into_response();
    }
    let mut response = next.run(request).await;
    if api {
        // What the library refuses by itself: a place in the path that is no UTF-8.
        if response.status() == StatusCode::BAD_REQUEST && !is_problem(&response) {
            response = Problem::bad_request("the address cannot be read", vec![]).into_response();
        }
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    response
}

fn is_problem(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind == "application/problem+json")
}
