//! Saved segments: rules that are asked anew each time, and lists of who was in one at a moment.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use candor_catalog::NewDefinition;
use candor_event::{PersonId, Timestamp};
use candor_query::{Definition, Person, segment, walk_people};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::command::secret;
use crate::http::access::{Caller, admit, body};
use crate::http::insights::{ask, question, read};
use crate::http::masked::{CLEAR, mask, mask_compared, tells_who};
use crate::http::people::audit;
use crate::http::problem::{FieldError, Problem};
use crate::http::segments::members::{self, Counted};
use crate::http::segments::{known, resolved};
use crate::moment::utc;
use crate::server::{Server, Tenant};

/// The kind of definition.
pub const SEGMENT: &str = "segment";

/// Lines of an uploaded file that are no people, kept under the segment's id.
pub const REJECTS: &str = "segment_rejects";

/// Saved segments of one publisher.
const SEGMENTS_MAX: usize = 1_000;

/// People on one list.
pub const LIST_PEOPLE_MAX: usize = 10_000_000;

/// People of one answer.
const PAGE_MAX: usize = 1_000;

/// A saved segment, as the catalog keeps it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Document {
    /// A rule.
    Rule(Definition),
    /// A list, kept by the catalog under the segment's id.
    List {
        /// How many were on it when it was made.
        people: u64,
        /// When that was, in ms since 1970.
        as_of: i64,
        /// The segment whose people these were; none where a file was uploaded.
        of: Option<String>,
    },
}

impl Document {
    pub fn read(document: &str) -> Result<Document, Problem> {
        serde_json::from_str(document).map_err(|error| {
            tracing::error!(%error, "a saved segment cannot be read");
            Problem::internal()
        })
    }
}

fn shown(
    caller: &Caller,
    saved: &candor_catalog::Definition,
    members: Option<Counted>,
) -> Result<Value, Problem> {
    let (definition, list) = match Document::read(&saved.document)? {
        Document::Rule(rule) => (json!(rule), Value::Null),
        Document::List { people, as_of, of } => {
            let list = json!({"people": people, "as_of": utc(Timestamp(as_of)), "of": of});
            (Value::Null, list)
        }
    };
    let mut shown = json!({
        "id": saved.id, "name": saved.name, "definition": definition, "list": list,
        "version": saved.version, "changed_at": utc(saved.changed_at),
        "members": members.map(|of| json!({"people": of.people, "as_of": utc(of.as_of)})),
    });
    if !caller.may(CLEAR) {
        mask_compared(&caller.tenant, &mut shown["definition"]);
    }
    Ok(shown)
}

async fn found(
    server: &Server,
    caller: &Caller,
    id: &str,
) -> Result<candor_catalog::Definition, Problem> {
    let account = &caller.tenant.publisher.account_id;
    let found = server.catalog.definition(account, SEGMENT, id).await?;
    found.ok_or_else(Problem::not_found)
}

/// `GET /api/v1/segments`.
pub async fn list(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let account = &caller.tenant.publisher.account_id;
    let saved = server.catalog.definitions(account, SEGMENT).await?;
    let members = &caller.tenant.members;
    let shown = saved.iter().map(|saved| shown(&caller, saved, members.latest(&saved.id)));
    Ok(Json(json!({"segments": shown.collect::<Result<Vec<_>, _>>()?})))
}

/// `GET /api/v1/segments/{id}`, with how many are in it now.
pub async fn one(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let saved = found(&server, &caller, &id).await?;
    let members = match Document::read(&saved.document)? {
        // One that takes too long to count is shown without its number.
        Document::Rule(_) => members::count(&server, &caller.tenant, &id).await.ok(),
        Document::List { .. } => None,
    };
    Ok(Json(shown(&caller, &saved, members)?))
}

/// What saving a segment sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct New {
    name: String,
    definition: Option<Definition>,
}

/// `POST /api/v1/segments`.
pub async fn make(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let new: New = question(&caller, sent).await?;
    let Some(rule) = new.definition else {
        return Err(wrong("/definition", "a rule over people".to_owned()));
    };
    check(&server, &caller.tenant, None, &rule).await?;
    let saved = save(&server, &caller, None, &new.name, &Document::Rule(rule)).await?;
    Ok((StatusCode::CREATED, Json(saved)))
}

/// `PUT /api/v1/segments/{id}`: another name or rule. A list takes a name alone: its people stay.
pub async fn change(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let was = Document::read(&found(&server, &caller, &id).await?.document)?;
    let new: New = question(&caller, sent).await?;
    let document = match (was, new.definition) {
        (Document::Rule(_), Some(rule)) => {
            check(&server, &caller.tenant, Some(&id), &rule).await?;
            Document::Rule(rule)
        }
        (list @ Document::List { .. }, None) => list,
        (Document::Rule(_), None) => {
            return Err(wrong("/definition", "a rule over people".to_owned()));
        }
        (Document::List { .. }, Some(_)) => {
            let message = "this segment is a list of people: only its name can change";
            return Err(wrong("/definition", message.to_owned()));
        }
    };
    Ok(Json(save(&server, &caller, Some(&id), &new.name, &document).await?))
}

/// Whether a rule makes sense with the segments that it names, itself under its own id.
async fn check(
    server: &Server,
    tenant: &Tenant,
    id: Option<&str>,
    rule: &Definition,
) -> Result<(), Problem> {
    let itself = id.map(|id| (id.to_owned(), segment::Saved::Rule(rule.clone())));
    let known = known(server, tenant, rule, HashMap::from_iter(itself)).await?;
    let whole = rule.with_saved(&known, "/definition")?;
    Ok(whole.check(&tenant.zone, "/definition")?)
}

/// Saves a segment, under a new id where none is given.
pub async fn save(
    server: &Server,
    caller: &Caller,
    id: Option<&str>,
    name: &str,
    document: &Document,
) -> Result<Value, Problem> {
    let account = &caller.tenant.publisher.account_id;
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(wrong("/name", "a name of 1 to 100 characters".to_owned()));
    }
    let id = match id {
        Some(id) => id.to_owned(),
        None => new_id(server, caller).await?,
    };
    let document = serde_json::to_string(document).map_err(|_| Problem::internal())?;
    let new =
        NewDefinition { kind: SEGMENT, id: &id, name, document: &document, actor: &caller.name };
    let subject = format!("{name} ({id})");
    audit(server, &caller.tenant, caller.name.clone(), "save segment", subject).await?;
    server.catalog.put_definition(account, &new, server.now()).await?;
    caller.tenant.members.forget(&id);
    shown(caller, &found(server, caller, &id).await?, None)
}

/// An id that no segment has, if there is room for one more.
pub async fn new_id(server: &Server, caller: &Caller) -> Result<String, Problem> {
    let account = &caller.tenant.publisher.account_id;
    if server.catalog.definitions(account, SEGMENT).await?.len() >= SEGMENTS_MAX {
        let message = format!("{SEGMENTS_MAX} segments are saved: delete some first");
        return Err(Problem::conflict("too_many_segments", message));
    }
    secret(8).map_err(|_| Problem::internal())
}

pub fn wrong(pointer: &str, message: String) -> Problem {
    let error = FieldError { pointer: pointer.into(), message: message.clone() };
    Problem::bad_request(message, vec![error])
}

/// `DELETE /api/v1/segments/{id}`: not while another segment is made of it.
pub async fn remove(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let account = &caller.tenant.publisher.account_id;
    let saved = found(&server, &caller, &id).await?;
    for other in server.catalog.definitions(account, SEGMENT).await? {
        if let Document::Rule(rule) = Document::read(&other.document)?
            && rule.segments().contains(id.as_str())
        {
            let detail = format!("the segment {:?} is made of it: change that first", other.name);
            return Err(Problem::conflict("in_use", detail));
        }
    }
    let subject = format!("{} ({id})", saved.name);
    audit(&server, &caller.tenant, caller.name.clone(), "delete segment", subject).await?;
    server.catalog.remove_definition(account, SEGMENT, &id).await?;
    caller.tenant.members.forget(&id);
    server.catalog.remove_definition(account, REJECTS, &id).await?;
    server.catalog.remove_list(account, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What keeping a segment's people sends; nothing: the list is called after the segment.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    name: Option<String>,
}

/// `POST /api/v1/segments/{id}/freeze`: keeps who is in it now as a list, a segment of its own.
pub async fn freeze(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    sent: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let sent = body(sent, 4 << 10).await?;
    let asked: Freeze = match sent.is_empty() {
        true => Freeze::default(),
        false => serde_json::from_slice(&sent)
            .map_err(|_| wrong("", "nothing, or an object with a 'name'".to_owned()))?,
    };
    let saved = found(&server, &caller, &id).await?;
    let name = asked.name.unwrap_or_else(|| {
        let day = utc(server.now());
        let short: String = saved.name.chars().take(80).collect();
        format!("{short}, {}", day.get(..10).unwrap_or_default())
    });
    let tenant = caller.tenant.clone();
    let rule = resolved(&server, &tenant, &Definition::Segment(id.clone()), "").await?;
    let (zone, now) = (tenant.zone.clone(), server.now());
    let (people, _, as_of) = read(&server, &tenant, move |view, cancel| {
        segment::people(view, &rule, now, &zone, None, LIST_PEOPLE_MAX + 1, cancel)
    })
    .await?;
    let document = Document::List { people: people.len() as u64, as_of: as_of.0, of: Some(id) };
    let list = keep(&server, &caller, &name, &people, &document).await?;
    Ok((StatusCode::CREATED, Json(list)))
}

/// Keeps a list as a segment of its own.
pub async fn keep(
    server: &Server,
    caller: &Caller,
    name: &str,
    people: &[PersonId],
    document: &Document,
) -> Result<Value, Problem> {
    if people.len() > LIST_PEOPLE_MAX {
        let detail = format!("a list has at most {LIST_PEOPLE_MAX} people");
        return Err(Problem::conflict("list_too_long", detail));
    }
    let id = new_id(server, caller).await?;
    let account = &caller.tenant.publisher.account_id;
    server.catalog.put_list(account, &id, people).await?;
    save(server, caller, Some(&id), name, document).await
}

/// Where a list of people goes on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    cursor: Option<String>,
    limit: Option<usize>,
}

/// `GET /api/v1/segments/{id}/people?cursor=&limit=`: who is in it now, in a fixed order.
pub async fn people(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let form = || {
        let form = format!("?cursor= (of the answer before), ?limit= (up to {PAGE_MAX})");
        Problem::bad_request(form, vec![])
    };
    let Query(page) = page.map_err(|_| form())?;
    let after = page.cursor.map(|cursor| PersonId::parse(&cursor).ok_or_else(form)).transpose()?;
    let limit = page.limit.unwrap_or(50).clamp(1, PAGE_MAX);
    found(&server, &caller, &id).await?;
    let action = match caller.may(CLEAR) {
        true => "list segment's people",
        false => "list segment's people masked",
    };
    audit(&server, &caller.tenant, caller.name.clone(), action, id.clone()).await?;
    let tenant = caller.tenant.clone();
    let rule = resolved(&server, &tenant, &Definition::Segment(id), "").await?;
    let (zone, now) = (tenant.zone.clone(), server.now());
    ask(&server, &tenant, move |view, cancel| {
        let (mut people, mut last) = (Vec::new(), None);
        walk_people(view, &rule, now, &zone, after, cancel, &mut |person| {
            last = Some(person.id);
            people.push(row(&caller, &person));
            people.len() < limit
        })?;
        let cursor = last.filter(|_| people.len() == limit).map(|id| id.to_string());
        Ok(json!({"people": people, "cursor": cursor}))
    })
    .await
}

fn row(caller: &Caller, person: &Person) -> Value {
    let of = |name: &str| match person.traits.get(name) {
        None => Value::Null,
        Some(_) if !caller.may(CLEAR) && tells_who(&caller.tenant, name) => mask(),
        Some(value) => json!(value),
    };
    let events: u64 = person.events.iter().map(|event| event.count).sum();
    let last = person.events.iter().map(|event| event.last).max().map(utc);
    json!({"id": person.id.to_string(), "identity": of("Identity"), "name": of("Name"),
           "email": of("Email"), "phone": of("Phone"), "events": events, "last_seen": last})
}
