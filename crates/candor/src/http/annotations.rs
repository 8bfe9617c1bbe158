//! Annotations: notes on the axis of time, like "price change" or "release 4.2".

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use candor_catalog::Definition;
use candor_event::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::http::access::{Caller, admit, json_body};
use crate::http::definitions::{Draft, Kind, text};
use crate::http::events::{MOMENT, moment};
use crate::http::problem::Problem;
use crate::http::segments::saved::wrong;
use crate::moment::utc;
use crate::server::Server;

/// The name of one is its text.
const ANNOTATION: Kind = Kind { word: "annotation", too_many: "too_many_annotations", most: 1_000 };

/// Characters of a text.
const TEXT_MAX: usize = 200;

/// An annotation, as the catalog keeps it beside its text.
#[derive(Serialize, Deserialize)]
struct Document {
    /// In ms since 1970.
    at: i64,
}

/// What saving one sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    at: String,
    text: String,
    /// The version that was changed: when another came since, nothing is saved.
    #[serde(default)]
    version: Option<u64>,
}

impl New {
    fn checked(&self, caller: &Caller) -> Result<(String, Document), Problem> {
        let at = moment(&self.at, &caller.tenant.zone);
        let at = at.ok_or_else(|| wrong("/at", MOMENT.to_owned()))?;
        Ok((text(&self.text, TEXT_MAX, "/text")?, Document { at: at.0 }))
    }
}

fn at_of(saved: &Definition) -> Result<Timestamp, Problem> {
    let document: Document = serde_json::from_str(&saved.document).map_err(|error| {
        tracing::error!(%error, "a saved annotation cannot be read");
        Problem::internal()
    })?;
    Ok(Timestamp(document.at))
}

fn shown(caller: &Caller, saved: &Definition) -> Result<Value, Problem> {
    Ok(json!({
        "id": saved.id, "at": candor_query::rfc3339(at_of(saved)?, &caller.tenant.zone),
        "text": saved.name, "version": saved.version, "changed_at": utc(saved.changed_at),
        "changed_by": saved.actor,
    }))
}

/// From when on, and up to when.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    from: Option<String>,
    to: Option<String>,
}

/// `GET /api/v1/annotations?from=&to=`, in the order of time.
pub async fn list(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    within: Result<Query<Within>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let form = || Problem::bad_request(format!("?from= and ?to=, each {MOMENT}"), vec![]);
    let Query(Within { from, to }) = within.map_err(|_| form())?;
    let zone = &caller.tenant.zone;
    let bound =
        |text: Option<String>| text.map(|text| moment(&text, zone).ok_or_else(form)).transpose();
    let (from, to) = (bound(from)?, bound(to)?);
    let account = &caller.tenant.publisher.account_id;
    let mut inside = Vec::new();
    for saved in server.catalog.definitions(account, ANNOTATION.word).await? {
        let at = at_of(&saved)?;
        if from.is_none_or(|from| from <= at) && to.is_none_or(|to| at < to) {
            inside.push((at, saved));
        }
    }
    inside.sort_by_key(|(at, _)| *at);
    let shown = inside.iter().map(|(_, saved)| shown(&caller, saved));
    Ok(Json(json!({"annotations": shown.collect::<Result<Vec<_>, _>>()?})))
}

/// `POST /api/v1/annotations`.
pub async fn make(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let new: New = json_body(sent, 4 << 10).await?;
    let (text, document) = new.checked(&caller)?;
    let draft = Draft { name: &text, document: &document, version: new.version };
    let saved = ANNOTATION.make(&server, &caller, &draft).await?;
    Ok((StatusCode::CREATED, Json(shown(&caller, &saved)?)))
}

/// `PUT /api/v1/annotations/{id}`.
pub async fn change(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let new: New = json_body(sent, 4 << 10).await?;
    let (text, document) = new.checked(&caller)?;
    let draft = Draft { name: &text, document: &document, version: new.version };
    Ok(Json(shown(&caller, &ANNOTATION.change(&server, &caller, &id, &draft).await?)?))
}

/// `DELETE /api/v1/annotations/{id}`.
pub async fn remove(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    ANNOTATION.remove(&server, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
