//! What people say, with signed receipts.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use candor_event::{ConsentChange, PersonId, Purpose, Timestamp};
use candor_ingest::Ids;
use candor_ingest::gate::detect;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::command::sha256;
use crate::http::access::{allow, json_body};
use crate::http::events::instant;
use crate::http::problem::{FieldError, Problem};
use crate::refusal::Refusal;
use crate::server::{Server, Tenant};

/// What a consent call sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    identity: Option<String>,
    guid: Option<String>,
    purposes: BTreeMap<String, bool>,
    notice: Option<Notice>,
    method: Option<String>,
    at: Option<String>,
}

/// The notice that was shown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Notice {
    id: String,
    version: String,
    language: String,
}

const ID_CHARS_MAX: usize = 1024;
const WORD_CHARS_MAX: usize = 64;

/// Texts of a consent are kept also of who says no: they are words of the publisher's own, and no
/// place to put a person's data in.
fn is_word(text: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || " ._:-".contains(c);
    (1..=WORD_CHARS_MAX).contains(&text.chars().count())
        && text.chars().all(inside)
        && detect(text).is_none()
}

const WORD: &str =
    "1 to 64 letters, digits, spaces and . _ : - that are nobody's address or number";

fn bad(pointer: &str, message: &str) -> Problem {
    let error = FieldError { pointer: pointer.into(), message: message.into() };
    Problem::bad_request(message, vec![error])
}

/// `POST /api/v1/consents`.
pub async fn record(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let tenant = allow(&server, &headers, "consent").await?;
    let said: Said = json_body(sent, 64 << 10).await?;
    keep(&server, &tenant, said).await
}

/// `POST /sdk/v1/consent`: a device or page about its own guid; writes only.
pub async fn from_sdk(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Response {
    let answer = sdk_said(&server, &headers, sent).await;
    open_to_all(answer.into_response())
}

/// `OPTIONS /sdk/v1/consent`.
pub async fn preflight() -> Response {
    open_to_all(StatusCode::NO_CONTENT.into_response())
}

async fn sdk_said(
    server: &Arc<Server>,
    headers: &HeaderMap,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let tenant = header("x-clevertap-account-id").and_then(|account| server.tenant(account));
    let token = sha256(header("x-clevertap-token").unwrap_or_default());
    // An unknown account and a wrong token are answered alike.
    let tenant = tenant.filter(|tenant| tenant.publisher.token_hash == token);
    let tenant = tenant.ok_or_else(Problem::unknown_account)?;
    let mut said: Said = json_body(sent, 64 << 10).await?;
    if said.identity.is_some() {
        return Err(bad("/identity", "a device speaks for its own 'guid' only"));
    }
    if said.guid.is_none() {
        return Err(bad("/guid", "the device's own id"));
    }
    said.guid = said.guid.map(|guid| guid.trim_end_matches(":OO").to_owned());
    keep(server, &tenant, said).await
}

fn open_to_all(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "POST, OPTIONS"),
        ("access-control-allow-headers", "Content-Type, X-CleverTap-Account-ID, X-CleverTap-Token"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn keep(server: &Server, tenant: &Arc<Tenant>, said: Said) -> Result<Json<Value>, Problem> {
    let policy = tenant.policy();
    let mut purposes = BTreeMap::new();
    for (name, yes) in said.purposes {
        let known = Purpose::new(&name).filter(|purpose| policy.purposes.contains_key(purpose));
        let known = known.ok_or_else(|| bad("/purposes", "purposes that the policy names"))?;
        purposes.insert(known, yes);
    }
    if purposes.is_empty() {
        return Err(bad("/purposes", "at least one purpose with true or false"));
    }
    let notice = said.notice.map(|notice| (notice.id, notice.version, notice.language));
    if notice.as_ref().is_some_and(|(a, b, c)| ![a, b, c].into_iter().all(|text| is_word(text))) {
        return Err(bad("/notice", WORD));
    }
    let method = said.method.unwrap_or_else(|| "unstated".to_owned());
    if !is_word(&method) {
        return Err(bad("/method", WORD));
    }
    let now = server.now();
    let at = match said.at.as_deref() {
        None => now,
        // A word from the future would stand against everything said until then.
        Some(text) => instant(text)
            .map(|at| at.min(now))
            .ok_or_else(|| bad("/at", "an instant like 2026-11-24T10:00:00Z"))?,
    };
    let ids = Ids { guid: said.guid, identity: said.identity, ..Ids::default() };
    let long = |id: &String| !(1..=ID_CHARS_MAX).contains(&id.chars().count());
    if [&ids.guid, &ids.identity].into_iter().flatten().any(long) {
        return Err(bad("", "ids of 1 to 1,024 characters"));
    }
    let change = ConsentChange { person: PersonId([0; 16]), at, purposes, notice, method };
    let door = tenant.door().await?;
    let (append, kept) = server.append(door);
    let person = door.consent(&ids, change.clone(), append).map_err(Refusal::from)?;
    let kept = kept.await.map_err(|_| Problem::internal())?;
    kept.map_err(Refusal::from)?;
    Ok(Json(receipt(tenant, &ConsentChange { person, ..change })))
}

/// A receipt: `signature` is Ed25519 over the receipt's JSON without `signature` and `key_id`, its
/// keys in the order of their names, without spaces.
pub fn receipt(tenant: &Tenant, change: &ConsentChange) -> Value {
    let notice = change
        .notice
        .as_ref()
        .map(|(id, version, language)| json!({"id": id, "version": version, "language": language}));
    let at: Timestamp = change.at;
    let at = jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default();
    let mut receipt = json!({
        "subject": change.person.to_string(),
        "purposes": change.purposes,
        "notice": notice,
        "method": change.method,
        "at": at,
    });
    let id: String =
        sha256(&receipt.to_string())[..12].iter().map(|b| format!("{b:02x}")).collect();
    receipt["id"] = json!(format!("c_{id}"));
    let signature = tenant.keys.sign(receipt.to_string().as_bytes());
    receipt["signature"] = json!(STANDARD.encode(signature));
    receipt["key_id"] = json!(tenant.keys.key_id());
    receipt
}

/// Whose history.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    identity: Option<String>,
    guid: Option<String>,
    person: Option<String>,
}

/// `GET /api/v1/consents?identity=|guid=|person=`: all that a person said, oldest first, as
/// receipts.
pub async fn history(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    whose: Result<Query<Whose>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let tenant = allow(&server, &headers, "consent").await?;
    let form = || bad("", "?identity= or ?guid= or ?person=");
    let Query(whose) = whose.map_err(|_| form())?;
    let named = Ids { guid: whose.guid, identity: whose.identity, ..Ids::default() };
    let door = tenant.door().await?;
    let person = match whose.person {
        Some(id) => PersonId::parse(&id).map(|person| door.canonical(person)),
        None => door.resolve(&named),
    };
    let person = person.ok_or_else(form)?;
    let said = server.catalog.consents(&tenant.publisher.account_id, person).await?;
    let receipts: Vec<Value> = said.iter().map(|change| receipt(&tenant, change)).collect();
    Ok(Json(json!({"consents": receipts})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_publisher_are_told_from_data_of_a_person() {
        let long = "x".repeat(64);
        for word in ["banner", "en-IN", "2026-11-24", "v1.2", "1", "Datenschutz: kurz", &long] {
            assert!(is_word(word), "{word:?}");
        }
        let longer = "x".repeat(65);
        for other in ["", "a@b.test", "+919876500001", "98765-00001", "to a@b.test", "a/b", &longer]
        {
            assert!(!is_word(other), "{other:?}");
        }
    }
}
