//! Templates: content that is saved under a name, compiled before it is kept, in versions.

pub mod preview;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use candor_catalog::Definition;
use candor_engage::content::{Compiled, Content};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::access::{admit, json_body};
use crate::http::definitions::{Draft, Kind, text};
use crate::http::problem::Problem;
use crate::http::segments::saved::wrong;
use crate::moment::utc;
use crate::server::Server;

pub const TEMPLATE: Kind = Kind { word: "template", too_many: "too_many_templates", most: 1_000 };

/// Characters of a name.
const NAME_MAX: usize = 100;

/// The largest body: all languages of one content.
pub const CONTENT_BYTES_MAX: usize = 1 << 20;

/// What saving a template sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct New {
    name: String,
    content: Content,
    /// The version that was changed: when another came since, nothing is saved.
    #[serde(default)]
    version: Option<u64>,
}

/// The content of a saved template.
pub fn content_of(saved: &Definition) -> Result<Content, Problem> {
    serde_json::from_str(&saved.document).map_err(|error| {
        tracing::error!(%error, "a saved template cannot be read");
        Problem::internal()
    })
}

/// Compiles content off the async threads; a mistake is found below `pointer`.
pub async fn compiled(content: &Content, pointer: &str) -> Result<Compiled, Problem> {
    let content = content.clone();
    let compiled = tokio::task::spawn_blocking(move || content.compile()).await;
    let compiled = compiled.map_err(|_| Problem::internal())?;
    compiled.map_err(|error| wrong(&format!("{pointer}{}", error.pointer), error.message))
}

fn summary(saved: &Definition, content: &Content) -> Value {
    let languages: Vec<&String> = match content {
        Content::Email(email) => email.languages.keys().collect(),
        Content::Webhook(_) => Vec::new(),
    };
    json!({
        "id": saved.id, "name": saved.name, "channel": content.channel(),
        "languages": languages, "version": saved.version, "changed_at": utc(saved.changed_at),
    })
}

fn shown(saved: &Definition) -> Result<Value, Problem> {
    let content = content_of(saved)?;
    let mut shown = summary(saved, &content);
    shown["content"] = json!(content);
    Ok(shown)
}

/// `GET /api/v1/templates`, without what is in them.
pub async fn list(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let account = &caller.tenant.publisher.account_id;
    let mut templates = Vec::new();
    // One after the other: all of them at once may be a gigabyte.
    for id in server.catalog.definition_ids(account, TEMPLATE.word).await? {
        if let Some(saved) = server.catalog.definition(account, TEMPLATE.word, &id).await? {
            templates.push(summary(&saved, &content_of(&saved)?));
        }
    }
    Ok(Json(json!({"templates": templates})))
}

/// Which version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    version: Option<u64>,
}

/// `GET /api/v1/templates/{id}?version=`: as it is now, or as it was.
pub async fn one(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    version: Result<Query<Version>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let form = |_| Problem::bad_request("?version= (a number)", vec![]);
    let Query(version) = version.map_err(form)?;
    let mut saved = TEMPLATE.found(&server, &caller, &id).await?;
    if let Some(version) = version.version {
        let account = &caller.tenant.publisher.account_id;
        let was = server.catalog.definition_version(account, TEMPLATE.word, &id, version).await?;
        saved = was.ok_or_else(Problem::not_found)?;
    }
    Ok(Json(shown(&saved)?))
}

/// `GET /api/v1/templates/{id}/versions`, the newest first, without what is in them.
pub async fn versions(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    TEMPLATE.found(&server, &caller, &id).await?;
    let account = &caller.tenant.publisher.account_id;
    let changes = server.catalog.definition_changes(account, TEMPLATE.word, &id).await?;
    let versions = changes.iter().map(|change| {
        json!({"version": change.version, "name": change.name, "at": utc(change.at),
               "actor": change.actor})
    });
    Ok(Json(json!({"versions": versions.collect::<Vec<_>>()})))
}

/// `POST /api/v1/templates`.
pub async fn make(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let new: New = json_body(sent, CONTENT_BYTES_MAX).await?;
    compiled(&new.content, "/content").await?;
    let name = text(&new.name, NAME_MAX, "/name")?;
    let draft = Draft { name: &name, document: &new.content, version: new.version };
    let saved = TEMPLATE.make(&server, &caller, &draft).await?;
    Ok((StatusCode::CREATED, Json(shown(&saved)?)))
}

/// `PUT /api/v1/templates/{id}`.
pub async fn change(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let new: New = json_body(sent, CONTENT_BYTES_MAX).await?;
    TEMPLATE.found(&server, &caller, &id).await?;
    compiled(&new.content, "/content").await?;
    let name = text(&new.name, NAME_MAX, "/name")?;
    let draft = Draft { name: &name, document: &new.content, version: new.version };
    Ok(Json(shown(&TEMPLATE.change(&server, &caller, &id, &draft).await?)?))
}

/// `DELETE /api/v1/templates/{id}`. What was published with it holds a copy of its own.
pub async fn remove(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    TEMPLATE.remove(&server, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
