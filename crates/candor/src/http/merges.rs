//! Merges of people: which were made and why, one by hand, and taking one back with its events.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use candor_event::{
    IdKind, Link, Merge, PersonId, Record, Split, Timestamp, TraitChange, TraitOp, Value as Held,
};
use candor_ingest::{Door, GUIDS_TRAIT};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::access::{admit, json_body};
use crate::http::insights::read;
use crate::http::people::audit;
use crate::http::problem::{FieldError, Problem};
use crate::http::rest::keep;
use crate::moment::utc;
use crate::server::{Server, Tenant};

/// `GET /api/v1/people/{id}/merges`: into this person and of this person, the latest first.
pub async fn list(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let person = PersonId::parse(&id).ok_or_else(Problem::not_found)?;
    let person = caller.tenant.door().await?.canonical(person);
    let account = &caller.tenant.publisher.account_id;
    let merges = server.catalog.merges_of(account, person).await?;
    let shown = merges.iter().map(|(merge, split_at)| {
        json!({"winner": merge.winner.to_string(), "loser": merge.loser.to_string(),
               "at": utc(merge.at), "reason": merge.reason, "split_at": split_at.map(utc)})
    });
    Ok(Json(json!({"merges": shown.collect::<Vec<_>>()})))
}

/// Who is the same person.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Same {
    loser: String,
}

/// `POST /api/v1/people/{id}/merges`: says by hand that another is the same person.
pub async fn make(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    sent: Body,
) -> Result<StatusCode, Problem> {
    let caller = admit(&server, &headers, "people").await?;
    let tenant = caller.tenant.clone();
    let same: Same = json_body(sent, 4 << 10).await?;
    let winner = PersonId::parse(&id).ok_or_else(Problem::not_found)?;
    let door = tenant.door().await?;
    let winner = door.canonical(winner);
    let loser = PersonId::parse(&same.loser).map(|loser| door.canonical(loser));
    let (there, ..) = read(&server, &tenant, move |view, _| {
        let seen = |person: PersonId| view.find(person).is_some();
        Ok((seen(winner), loser.is_some_and(seen)))
    })
    .await?;
    let wrong = |message: &str| {
        let error = FieldError { pointer: "/loser".into(), message: message.into() };
        Err(Problem::bad_request(message, vec![error]))
    };
    let loser = match (there, loser) {
        ((false, _), _) => return Err(Problem::not_found()),
        ((_, true), Some(loser)) if loser != winner => loser,
        ((_, true), Some(_)) => return wrong("they are the same person already"),
        _ => return wrong("the id of another person, like p_ and 32 digits"),
    };
    let subject = format!("{loser} into {winner}");
    audit(&server, &tenant, caller.name.clone(), "merge", subject).await?;
    let reason = format!("by hand: {}", caller.name);
    let merge = Merge { winner, loser, at: server.now(), reason };
    keep(&server, &tenant, vec![Record::Merge(merge)]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/v1/people/{id}/merges/{loser}`: takes a merge back; each event returns to whose it
/// was.
pub async fn remove(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path((id, loser)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let caller = admit(&server, &headers, "people").await?;
    let tenant = caller.tenant.clone();
    let both = PersonId::parse(&id).zip(PersonId::parse(&loser));
    let (winner, loser) = both.ok_or_else(Problem::not_found)?;
    let door = tenant.door().await?;
    let winner = door.canonical(winner);
    if !door.merged_into(winner).contains(&loser) {
        return Err(Problem::not_found());
    }
    let subject = format!("{loser} out of {winner}");
    audit(&server, &tenant, caller.name.clone(), "split", subject).await?;
    let devices = devices_of(&server, &tenant, winner).await?;
    let records = split(door, winner, loser, &devices, server.now());
    keep(&server, &tenant, records).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The records that take a merge back.
pub fn split(
    door: &Door,
    winner: PersonId,
    loser: PersonId,
    devices: &[([u8; 16], String)],
    at: Timestamp,
) -> Vec<Record> {
    let mut records = vec![Record::Split(Split { winner, loser, at })];
    if let Some((_, guid)) = devices.iter().find(|(hash, _)| *hash == loser.0) {
        records.extend(given_back(door, winner, loser, guid, at));
    }
    records
}

/// The devices of a person with their keyed hashes.
pub async fn devices_of(
    server: &Server,
    tenant: &Arc<Tenant>,
    person: PersonId,
) -> Result<Vec<([u8; 16], String)>, Problem> {
    let found = read(server, tenant, move |view, _| Ok(candor_query::person(view, person)));
    let traits = found.await?.0.map(|person| person.traits).unwrap_or_default();
    let Some(Held::List(guids)) = traits.get(GUIDS_TRAIT) else { return Ok(Vec::new()) };
    let hash = |guid: &str| (tenant.keys.id_hash(IdKind::Guid, guid), guid.to_owned());
    Ok(guids.iter().filter_map(Held::as_text).map(hash).collect())
}

/// A device goes back to the person whom it first was, unless it has changed hands since.
fn given_back(
    door: &Door,
    winner: PersonId,
    loser: PersonId,
    guid: &str,
    at: Timestamp,
) -> Vec<Record> {
    if door.linked(IdKind::Guid, guid) != Some(winner) {
        return Vec::new();
    }
    let list = |person, op| {
        let property = GUIDS_TRAIT.into();
        Record::Trait(TraitChange { person, at, property, op })
    };
    vec![
        Record::Link(Link { kind: IdKind::Guid, hash: loser.0, person: loser, at }),
        list(winner, TraitOp::Remove(vec![guid.into()])),
        list(loser, TraitOp::Add(vec![guid.into()])),
    ]
}
