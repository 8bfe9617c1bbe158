//! CleverTap's REST API: uploads, profiles, cursors, and the administration of people. What is not
//! here is answered 404.

mod cursor;
mod people;
mod profile;
mod query;
mod upload;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use candor_catalog::AuditEntry;
use candor_event::Record;
use serde_json::{Value, json};

use crate::command::sha256;
use crate::http::access::body;
use crate::http::problem::Problem;
use crate::refusal::Refusal;
use crate::server::{Server, Tenant};

pub use cursor::{ask_events, ask_profiles, next_events, next_profiles};
pub use people::{delete, demerge, disassociate, subscribe};
pub use profile::profile;
pub use upload::upload;

/// The largest body of an administrative call: 1,000 records of a few fields.
const CALL_BYTES_MAX: usize = 1 << 20;

/// Who reads, in the audit.
const ACTOR: &str = "REST passcode";

fn answer(result: Result<Value, Problem>) -> Response {
    match result {
        Ok(answer) => Json(answer).into_response(),
        Err(problem) => problem.in_clevertap_shape(),
    }
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::bad_request(detail, Vec::new())
}

/// The publisher of a call; a foreign id and a wrong passcode are answered alike.
fn caller(server: &Server, headers: &HeaderMap) -> Result<Arc<Tenant>, Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let tenant = text("x-clevertap-account-id").and_then(|account| server.tenant(account));
    let passcode = sha256(text("x-clevertap-passcode").unwrap_or_default());
    tenant
        .filter(|tenant| tenant.publisher.passcode_hash == passcode)
        .ok_or_else(Problem::unknown_account)
}

/// The caller, and the body of an administrative call.
async fn called<T: serde::de::DeserializeOwned>(
    server: &Server,
    headers: &HeaderMap,
    sent: Body,
    form: &str,
) -> Result<(Arc<Tenant>, T), Problem> {
    let tenant = caller(server, headers)?;
    let bytes = body(sent, CALL_BYTES_MAX).await?;
    let asked =
        serde_json::from_slice(&bytes).map_err(|_| bad(format!("Payload is not {form}")))?;
    Ok((tenant, asked))
}

/// What is read in clear is audited before it is told.
async fn audit(
    server: &Server,
    tenant: &Tenant,
    action: &str,
    subject: String,
) -> Result<(), Problem> {
    let (actor, action) = (ACTOR.to_owned(), action.to_owned());
    let entry = AuditEntry { at: server.now(), actor, action, subject };
    Ok(server.catalog.audit(&tenant.publisher.account_id, &entry).await?)
}

/// Appends records of the server's own and waits until the log holds them.
pub async fn keep(
    server: &Server,
    tenant: &Arc<Tenant>,
    records: Vec<Record>,
) -> Result<(), Problem> {
    if records.is_empty() {
        return Ok(());
    }
    let door = tenant.door().await?;
    let (append, kept) = server.append(door);
    door.record(records, append).map_err(Refusal::from)?;
    let kept = kept.await.map_err(|_| Refusal::Full)?;
    Ok(kept.map_err(Refusal::from)?)
}

/// How an upload or a list of changes is answered: `unprocessed` are those that did not fit.
fn processed(all: usize, unprocessed: Vec<Value>) -> Value {
    let bad = unprocessed.len();
    let status = match bad {
        0 => "success",
        _ if bad < all => "partial",
        _ => "fail",
    };
    json!({"status": status, "processed": all - bad, "unprocessed": unprocessed})
}

/// One record that was not processed, with its number from 1 in the text, as clients expect it.
fn unprocessed(index: usize, code: u16, error: &str, record: &Value) -> Value {
    let error = format!("{error}Skipped record number : {}", index + 1);
    json!({"status": "fail", "code": code, "error": error, "record": record})
}
