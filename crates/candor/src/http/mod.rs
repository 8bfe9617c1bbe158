//! The HTTP way in: every route on one page, and who may call it.

pub mod access;
pub mod consents;
pub mod define;
pub mod events;
pub mod insights;
pub mod names;
pub mod people;
pub mod policy;
pub mod problem;
pub mod rest;
pub mod sdk;
pub mod segments;
pub mod status;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};

use crate::server::Server;

/// The whole outside of the server.
pub fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/health", get(status::health))
        .route("/ready", get(status::ready))
        .route("/metrics", get(status::metrics))
        .route("/api/openapi.json", get(status::openapi))
        .route("/hello", get(sdk::hello))
        .route("/a1", post(sdk::batch))
        .route("/a", get(sdk::web).options(sdk::preflight))
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
        .route("/api/v1/insights/trend", post(insights::trend))
        .route("/api/v1/insights/funnel", post(insights::funnel))
        .route("/api/v1/insights/live", get(insights::live))
        .route("/api/v1/insights/live/stream", get(insights::live_stream))
        .route("/api/v1/segments/count", post(segments::count))
        .route("/api/v1/people", get(people::find))
        .route("/api/v1/people/{id}", get(people::one))
        .route("/api/v1/people/{id}/timeline", get(people::timeline))
        .route("/api/v1/policy", get(policy::show).put(policy::change))
        .route("/api/v1/policy/versions", get(policy::versions))
        .route("/api/v1/events/names", get(names::events))
        .route("/api/v1/properties/{name}/values", get(names::values))
        .route("/api/v1/properties", get(policy::properties))
        .route("/api/v1/properties/{name}", put(policy::class))
        .route("/api/v1/gate", get(policy::gate))
        .route("/api/v1/audit", get(policy::audited))
        .route("/api/v1/consents", get(consents::history).post(consents::record))
        .route("/sdk/v1/consent", post(consents::from_sdk).options(consents::preflight))
        .fallback(rest::nothing_here)
        .method_not_allowed_fallback(rest::wrong_method)
        .layer(DefaultBodyLimit::disable())
        .with_state(server)
}
