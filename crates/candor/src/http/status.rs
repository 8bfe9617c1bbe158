//! How the server is.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use candor_log::Log;
use serde_json::json;

use crate::server::Server;

/// `GET /ready`: it serves.
pub async fn ready() -> &'static str {
    "ready\n"
}

/// `GET /api/openapi.json`: the description of the JSON API.
pub async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("../../openapi.json"))
}

/// `GET /health`: 200, or 503 with what is wrong: a poisoned or full log, and who holds it back.
/// Whose parts cannot be written is named; their data is in the log and in answers all the same.
pub async fn health(State(server): State<Arc<Server>>) -> Response {
    let poisoned = server.log.poisoned();
    let full = server.log.bytes() >= server.config.log.bytes_max;
    let follower = server.log.slowest_follower();
    let follower = follower.map(|(name, at)| json!({"name": name, "offset": at.0}));
    let tenants = server.tenants();
    let unwritten = tenants.iter().filter(|tenant| tenant.unwritten.load(Ordering::Relaxed));
    let unwritten: Vec<_> = unwritten.map(|t| t.publisher.account_id.as_str()).collect();
    let good = poisoned.is_none() && !full;
    let status = if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = match (good, unwritten.is_empty()) {
        (true, true) => "ok",
        (true, false) => "parts are not written",
        (false, _) => "refusing writes",
    };
    let answer = json!({
        "status": word,
        "unwritten": unwritten,
        "log": {
            "bytes": server.log.bytes(),
            "end": server.log.end().0,
            "slowest_follower": follower,
            "poisoned": poisoned,
        },
    });
    (status, Json(answer)).into_response()
}

/// `GET /metrics`: Prometheus text, the lines of each metric together. No label holds anything that
/// was sent.
pub async fn metrics(State(server): State<Arc<Server>>) -> Response {
    let mut all: BTreeMap<&str, Vec<(String, u64)>> = BTreeMap::new();
    let mut line = |name, labels: &str, value| {
        all.entry(name).or_default().push((labels.to_owned(), value));
    };
    line("uptime_seconds", "", server.started.elapsed().as_secs());
    line("log_bytes", "", server.log.bytes());
    line("log_end_offset", "", server.log.end().0);
    for tenant in server.tenants() {
        let account = tenant.publisher.account_id.as_str();
        let tally = tenant.tally();
        let labels = |more: &str| format!("{{account=\"{account}\"{more}}}");
        line("records_accepted_total", &labels(""), tally.accepted);
        for (code, count) in &tally.refused {
            line("records_refused_total", &labels(&format!(",code=\"{code}\"")), *count);
        }
        for (reason, count) in &tally.stripped {
            let reason = format!(",reason=\"{reason}\"");
            line("properties_stripped_total", &labels(&reason), *count);
        }
        line("store_events", &labels(""), tenant.store.view().events());
        let resident = tenant.store.resident();
        line("store_resident_bytes", &labels(",of=\"rows\""), resident.rows as u64);
        line("store_resident_bytes", &labels(",of=\"columns\""), resident.columns as u64);
        line("store_applied_offset", &labels(""), tenant.store.applied());
        line("store_covered_offset", &labels(""), tenant.store.covered());
    }
    let mut text = String::new();
    for (name, lines) in all {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        let _ = writeln!(text, "# TYPE candor_{name} {kind}");
        for (labels, value) in lines {
            let _ = writeln!(text, "candor_{name}{labels} {value}");
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
