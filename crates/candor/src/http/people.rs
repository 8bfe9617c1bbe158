//! One person as the publisher knows them. What is shown in clear is audited first.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use candor_catalog::AuditEntry;
use candor_event::{PersonId, Timestamp, Value};
use candor_ingest::{GUIDS_TRAIT, Ids};
use candor_query::Session;
use candor_store::CONSENT_TRAIT;
use serde::Deserialize;
use serde_json::{Value as Json_, json};

use crate::http::access::{Caller, admit};
use crate::http::events::{MOMENT, moment};
use crate::http::insights::{ask, read};
use crate::http::masked::{CLEAR, mask, mask_properties};
use crate::http::problem::Problem;
use crate::moment::utc;
use crate::server::{Server, Tenant};

/// Events of one answer of a timeline.
const TIMELINE_MAX: usize = 1_000;

/// By which id a person is looked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Find {
    identity: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    guid: Option<String>,
}

/// `GET /api/v1/people?identity=|email=|phone=|guid=`.
pub async fn find(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    find: Result<Query<Find>, QueryRejection>,
) -> Result<Json<Json_>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let tenant = caller.tenant.clone();
    let one_id = || Problem::bad_request("one of ?identity= ?email= ?phone= ?guid=", Vec::new());
    let Query(find) = find.map_err(|_| one_id())?;
    let given = [&find.identity, &find.email, &find.phone, &find.guid];
    let given: Vec<&String> = given.into_iter().flatten().collect();
    if given.len() != 1 || given[0].is_empty() {
        return Err(one_id());
    }
    let digits = |text: String| text.chars().filter(char::is_ascii_digit).collect();
    let ids = Ids {
        guid: find.guid,
        identity: find.identity,
        email: find.email.map(|email| email.trim().to_lowercase()),
        phone: find.phone.map(digits),
    };
    let found = tenant.door().await?.resolve(&ids);
    let people = match found {
        Some(person) => shown(&server, &caller, person).await?,
        None => None,
    };
    Ok(Json(json!({"people": people.into_iter().collect::<Vec<_>>()})))
}

/// `GET /api/v1/people/{id}`.
pub async fn one(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Json_>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let tenant = caller.tenant.clone();
    let person = PersonId::parse(&id).ok_or_else(Problem::not_found)?;
    let person = tenant.door().await?.canonical(person);
    let shown = shown(&server, &caller, person).await?;
    Ok(Json(shown.ok_or_else(Problem::not_found)?))
}

/// Writes down that someone looks at a person, in clear or masked.
pub async fn looks(server: &Server, caller: &Caller, person: PersonId) -> Result<(), Problem> {
    let action = if caller.may(CLEAR) { "view person" } else { "view person masked" };
    audit(server, &caller.tenant, caller.name.clone(), action, person.to_string()).await
}

async fn shown(server: &Server, caller: &Caller, id: PersonId) -> Result<Option<Json_>, Problem> {
    looks(server, caller, id).await?;
    let found = read(server, &caller.tenant, move |view, _| Ok(candor_query::person(view, id)));
    let (person, ..) = found.await?;
    Ok(person.map(|person| person_json(caller, person)))
}

/// Writes down who looked at or changed what; before it is shown or done.
pub async fn audit(
    server: &Server,
    tenant: &Tenant,
    actor: String,
    action: &str,
    subject: String,
) -> Result<(), Problem> {
    let entry = AuditEntry { at: server.now(), actor, action: action.to_owned(), subject };
    Ok(server.catalog.audit(&tenant.publisher.account_id, &entry).await?)
}

/// A person as the caller may see them.
pub fn person_json(caller: &Caller, person: candor_query::Person) -> Json_ {
    let mut person = clear_json(person);
    if !caller.may(CLEAR) {
        for id in ["identity", "email", "phone", "guids"] {
            if !person[id].is_null() && person[id] != json!([]) {
                person[id] = mask();
            }
        }
        mask_properties(&caller.tenant, &mut person["traits"]);
    }
    person
}

fn clear_json(person: candor_query::Person) -> Json_ {
    let mut traits: BTreeMap<String, Value> = person.traits;
    let guids = match traits.remove(GUIDS_TRAIT) {
        Some(Value::List(guids)) => guids,
        _ => Vec::new(),
    };
    let mut consents = serde_json::Map::new();
    traits.retain(|name, value| match name.strip_prefix(CONSENT_TRAIT) {
        Some(purpose) => {
            consents.insert(purpose.to_owned(), json!(value));
            false
        }
        None => true,
    });
    let events = person.events.iter().map(|event| {
        let (first, last) = (utc(event.first), utc(event.last));
        json!({"name": event.name, "count": event.count, "first": first, "last": last})
    });
    let id_of = |name: &str| traits.get(name).cloned();
    json!({
        "id": person.id.to_string(),
        "identity": id_of("Identity"),
        "email": id_of("Email"),
        "phone": id_of("Phone"),
        "guids": guids,
        "events": events.collect::<Vec<_>>(),
        "consents": consents,
        "traits": traits,
    })
}

/// Where a timeline goes on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    before: Option<String>,
    limit: Option<usize>,
}

/// `GET /api/v1/people/{id}/timeline?before=&limit=`, newest first.
pub async fn timeline(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Json_>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let tenant = caller.tenant.clone();
    let person = PersonId::parse(&id).ok_or_else(Problem::not_found)?;
    let person = tenant.door().await?.canonical(person);
    let form = || Problem::bad_request(format!("?before= ({MOMENT}), ?limit= (a number)"), vec![]);
    let Query(page) = page.map_err(|_| form())?;
    let before = match page.before.as_deref() {
        None => Timestamp(i64::MAX),
        Some(text) => moment(text, &tenant.zone).ok_or_else(form)?,
    };
    let limit = page.limit.unwrap_or(50).clamp(1, TIMELINE_MAX);
    looks(&server, &caller, person).await?;
    let clear = caller.may(CLEAR);
    let asked = Arc::clone(&tenant);
    let Json(answer) = ask(&server, &asked, move |view, _| {
        let Some(events) = candor_query::timeline(view, person, before, limit) else {
            return Ok(json!({}));
        };
        let next = (events.len() >= limit).then(|| events.last().map(|(event, _)| utc(event.at)));
        let event = |(event, session): &(candor_query::Done, Session)| {
            let mut properties = json!(event.properties);
            if !clear {
                mask_properties(&tenant, &mut properties);
            }
            let session = session_text(*session);
            json!({"name": event.name, "at": utc(event.at), "session": session,
                   "properties": properties})
        };
        let events: Vec<_> = events.iter().map(event).collect();
        Ok(json!({"events": events, "before": next.flatten()}))
    })
    .await?;
    match answer["events"].is_array() {
        true => Ok(Json(answer)),
        false => Err(Problem::not_found()),
    }
}

/// The SDK's id; else a tilde and when the visit began.
fn session_text(session: Session) -> String {
    match session {
        Session::Told(id) => id.to_string(),
        Session::Since(begun) => format!("~{}", utc(begun)),
    }
}
