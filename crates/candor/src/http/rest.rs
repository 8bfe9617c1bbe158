//! CleverTap's REST API, as far as it is built: upload, profile, delete, demerge.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use candor_event::{PersonId, Record, Split};
use candor_ingest::decode::{self, Unprocessed, code_of};
use candor_ingest::{GUIDS_TRAIT, Ids};
use candor_store::CONSENT_TRAIT;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::command::sha256;
use crate::http::access::body;
use crate::server::{Server, Tenant};

/// Ids of one administrative call.
const IDS_MAX: usize = 100;

fn failed(status: StatusCode, error: &str) -> Response {
    let answer = json!({"status": "fail", "error": error, "code": status.as_u16()});
    (status, Json(answer)).into_response()
}

/// The publisher of a call; a foreign id and a wrong passcode are answered alike.
fn caller(server: &Server, headers: &HeaderMap) -> Result<Arc<Tenant>, Box<Response>> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let tenant = text("x-clevertap-account-id").and_then(|account| server.tenant(account));
    let passcode = sha256(text("x-clevertap-passcode").unwrap_or_default());
    tenant
        .filter(|tenant| tenant.publisher.passcode_hash == passcode)
        .ok_or_else(|| Box::new(failed(StatusCode::UNAUTHORIZED, "Account ID is not valid")))
}

/// Options of an upload.
#[derive(Deserialize)]
pub struct Options {
    #[serde(rename = "dryRun")]
    dry_run: Option<String>,
}

/// `POST /1/upload`.
pub async fn upload(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Query(options): Query<Options>,
    sent: Body,
) -> Response {
    let tenant = match caller(&server, &headers) {
        Ok(tenant) => tenant,
        Err(response) => return *response,
    };
    let Ok(bytes) = body(sent, server.config.body_bytes_max).await else {
        return failed(StatusCode::PAYLOAD_TOO_LARGE, "Payload is too large");
    };
    let mut upload = match decode::upload(&bytes) {
        Ok(upload) => upload,
        Err(why) => return failed(StatusCode::BAD_REQUEST, why),
    };
    let mut stripped = Vec::new();
    if !matches!(options.dry_run.as_deref(), Some("1" | "true")) {
        let receipt = server.accept(&tenant, upload.records, Vec::new(), None).await;
        let Ok(receipt) = receipt else {
            return failed(StatusCode::SERVICE_UNAVAILABLE, "Try again later");
        };
        upload.unprocessed.extend(receipt.refused.iter().map(|refused| {
            let (code, error) = code_of(refused.code);
            Unprocessed { index: refused.index, code, error: error.to_owned() }
        }));
        stripped = receipt.stripped;
    }
    upload.unprocessed.sort_by_key(|one| one.index);
    let (all, bad) = (upload.sent.len(), upload.unprocessed.len());
    let status = match bad {
        0 => "success",
        _ if bad < all => "partial",
        _ => "fail",
    };
    let unprocessed = upload.unprocessed.iter().map(|one| {
        json!({
            "status": "fail",
            "code": one.code,
            "error": format!("{}Skipped record number : {}", one.error, one.index + 1),
            "record": upload.sent[one.index],
        })
    });
    let stripped = stripped.iter().map(|(index, one)| {
        json!({
            "index": index,
            "property": one.property,
            "class": one.class.map(|class| class.name()),
            "reason": one.reason.word(),
        })
    });
    Json(json!({
        "status": status,
        "processed": all - bad,
        "unprocessed": unprocessed.collect::<Vec<_>>(),
        "stripped": stripped.collect::<Vec<_>>(),
    }))
    .into_response()
}

/// `GET /1/profile.json?identity=|email=|objectId=`. A plus in an address arrives raw.
pub async fn profile(State(server): State<Arc<Server>>, headers: HeaderMap, uri: Uri) -> Response {
    let tenant = match caller(&server, &headers) {
        Ok(tenant) => tenant,
        Err(response) => return *response,
    };
    let mut ids = Ids::default();
    for (name, value) in crate::http::sdk::pairs(uri.query().unwrap_or_default()) {
        match name.as_str() {
            "identity" => ids.identity = Some(value),
            "email" => ids.email = Some(value.trim().to_lowercase()),
            "objectId" => ids.guid = Some(value),
            _ => {}
        }
    }
    if ids == Ids::default() {
        return failed(StatusCode::BAD_REQUEST, "identity, email or objectId is missing");
    }
    let person = tenant.door.resolve(&ids);
    let store = tenant.store.clone();
    let found = tokio::task::spawn_blocking(move || candor_query::person(&store.view(), person?));
    match found.await {
        Ok(Some(person)) => {
            Json(json!({"status": "success", "record": record(person)})).into_response()
        }
        Ok(None) => failed(StatusCode::NOT_FOUND, "Profile not found"),
        Err(_) => failed(StatusCode::INTERNAL_SERVER_ERROR, "Internal error"),
    }
}

/// A profile record (section 12.3).
fn record(person: candor_query::Person) -> Value {
    let mut traits = person.traits;
    let guids = traits.remove(GUIDS_TRAIT);
    let guids = match &guids {
        Some(candor_event::Value::List(guids)) => guids.as_slice(),
        _ => &[],
    };
    traits.retain(|name, _| !name.starts_with(CONSENT_TRAIT));
    let mut take = |name: &str| traits.remove(name);
    let (identity, name) = (take("Identity"), take("Name"));
    let (email, phone) = (take("Email"), take("Phone"));
    let events = person.events.iter().map(|event| {
        let (first, last) = (event.first.seconds(), event.last.seconds());
        let summary = json!({"count": event.count, "first_seen": first, "last_seen": last});
        (event.name.clone(), summary)
    });
    json!({
        "identity": identity,
        "objectId": guids.first(),
        "name": name,
        "email": email,
        "phone": phone,
        "profileData": traits,
        "events": events.collect::<serde_json::Map<_, _>>(),
        "platformInfo": guids.iter().map(|guid| json!({"objectId": guid})).collect::<Vec<_>>(),
    })
}

/// One or several texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Texts {
    fn list(self) -> Vec<String> {
        match self {
            Texts::One(one) => vec![one],
            Texts::Several(list) => list,
        }
    }
}

#[derive(Deserialize)]
struct Delete {
    identity: Option<Texts>,
    guid: Option<Texts>,
}

/// `POST /1/delete/profiles.json`: everything of these people is erased.
pub async fn delete(State(server): State<Arc<Server>>, headers: HeaderMap, sent: Body) -> Response {
    let tenant = match caller(&server, &headers) {
        Ok(tenant) => tenant,
        Err(response) => return *response,
    };
    let bytes = body(sent, 1 << 20).await.unwrap_or_default();
    let ids = match serde_json::from_slice(&bytes) {
        Ok(Delete { identity: Some(list), guid: None }) => {
            let one = |id| Ids { identity: Some(id), ..Ids::default() };
            list.list().into_iter().map(one).collect::<Vec<_>>()
        }
        Ok(Delete { identity: None, guid: Some(list) }) => {
            let one = |id| Ids { guid: Some(id), ..Ids::default() };
            list.list().into_iter().map(one).collect()
        }
        _ => return failed(StatusCode::BAD_REQUEST, "either identity or guid, one or a list"),
    };
    if !(1..=IDS_MAX).contains(&ids.len()) {
        return failed(StatusCode::BAD_REQUEST, "1 to 100 ids");
    }
    let at = server.now();
    let people = ids.iter().filter_map(|ids| tenant.door.resolve(ids));
    let erase: Vec<Record> = people.map(|person| Record::Erase { person, at }).collect();
    keep(&server, &tenant, erase).await
}

#[derive(Deserialize)]
struct Demerge {
    identities: Vec<String>,
}

/// `POST /1/demerge/profiles.json`: merges into these people are taken back, with their events.
pub async fn demerge(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Response {
    let tenant = match caller(&server, &headers) {
        Ok(tenant) => tenant,
        Err(response) => return *response,
    };
    let bytes = body(sent, 1 << 20).await.unwrap_or_default();
    let Ok(Demerge { identities }) = serde_json::from_slice(&bytes) else {
        return failed(StatusCode::BAD_REQUEST, "identities, a list");
    };
    if !(1..=IDS_MAX).contains(&identities.len()) {
        return failed(StatusCode::BAD_REQUEST, "1 to 100 identities");
    }
    let at = server.now();
    let mut splits = Vec::new();
    for identity in identities {
        let ids = Ids { identity: Some(identity), ..Ids::default() };
        let Some(winner) = tenant.door.resolve(&ids) else { continue };
        let losers: Vec<PersonId> = tenant.door.merged_into(winner);
        let split = |loser| Record::Split(Split { winner, loser, at });
        splits.extend(losers.into_iter().map(split));
    }
    keep(&server, &tenant, splits).await
}

async fn keep(server: &Server, tenant: &Arc<Tenant>, records: Vec<Record>) -> Response {
    if !records.is_empty() {
        let (append, kept) = server.append(tenant);
        let sealed = tenant.door.record(records, append);
        if sealed.is_err() || !matches!(kept.await, Ok(Ok(()))) {
            return failed(StatusCode::SERVICE_UNAVAILABLE, "Try again later");
        }
    }
    Json(json!({"status": "success"})).into_response()
}
