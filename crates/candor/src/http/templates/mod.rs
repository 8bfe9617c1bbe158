//! Templates: content that is saved under a name, compiled before it is kept, in versions.

pub mod preview;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use candor_catalog::{Definition, NewDefinition};
use candor_engage::content::{Compiled, Content};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::command::secret;
use crate::http::access::{Caller, admit, json_body};
use crate::http::people::audit;
use crate::http::policy::utc;
use crate::http::problem::Problem;
use crate::http::segments::saved::wrong;
use crate::server::Server;

/// The kind of definition.
pub const TEMPLATE: &str = "template";

/// Templates of one publisher.
const TEMPLATES_MAX: usize = 1_000;

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

/// A template of the publisher.
pub async fn found(server: &Server, caller: &Caller, id: &str) -> Result<Definition, Problem> {
    let account = &caller.tenant.publisher.account_id;
    let found = server.catalog.definition(account, TEMPLATE, id).await?;
    found.ok_or_else(Problem::not_found)
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
    for id in server.catalog.definition_ids(account, TEMPLATE).await? {
        if let Some(saved) = server.catalog.definition(account, TEMPLATE, &id).await? {
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
    let mut saved = found(&server, &caller, &id).await?;
    if let Some(version) = version.version {
        let account = &caller.tenant.publisher.account_id;
        let was = server.catalog.definition_version(account, TEMPLATE, &id, version).await?;
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
    found(&server, &caller, &id).await?;
    let account = &caller.tenant.publisher.account_id;
    let changes = server.catalog.definition_changes(account, TEMPLATE, &id).await?;
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
    if new.version.is_some() {
        return Err(wrong("/version", "none: a new template begins with version 1".to_owned()));
    }
    compiled(&new.content, "/content").await?;
    let _one = caller.tenant.defining.lock().await;
    let account = &caller.tenant.publisher.account_id;
    if server.catalog.definition_ids(account, TEMPLATE).await?.len() >= TEMPLATES_MAX {
        let message = format!("{TEMPLATES_MAX} templates are saved: delete some first");
        return Err(Problem::conflict("too_many_templates", message));
    }
    let id = secret(8).map_err(|_| Problem::internal())?;
    Ok((StatusCode::CREATED, Json(save(&server, &caller, &id, &new).await?)))
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
    found(&server, &caller, &id).await?;
    compiled(&new.content, "/content").await?;
    let _one = caller.tenant.defining.lock().await;
    let now = found(&server, &caller, &id).await?.version;
    if new.version.is_some_and(|version| version != now) {
        let detail = format!("the template was changed meanwhile: it is version {now} now");
        return Err(Problem::conflict("changed_meanwhile", detail));
    }
    Ok(Json(save(&server, &caller, &id, &new).await?))
}

async fn save(server: &Server, caller: &Caller, id: &str, new: &New) -> Result<Value, Problem> {
    let account = &caller.tenant.publisher.account_id;
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(wrong("/name", "a name of 1 to 100 characters".to_owned()));
    }
    let document = serde_json::to_string(&new.content).map_err(|_| Problem::internal())?;
    let new = NewDefinition { kind: TEMPLATE, id, name, document: &document, actor: &caller.name };
    let subject = format!("{name} ({id})");
    audit(server, &caller.tenant, caller.name.clone(), "save template", subject).await?;
    server.catalog.put_definition(account, &new, server.now()).await?;
    shown(&found(server, caller, id).await?)
}

/// `DELETE /api/v1/templates/{id}`. What was published with it holds a copy of its own.
pub async fn remove(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let account = &caller.tenant.publisher.account_id;
    let _one = caller.tenant.defining.lock().await;
    let saved = found(&server, &caller, &id).await?;
    let subject = format!("{} ({id})", saved.name);
    audit(&server, &caller.tenant, caller.name.clone(), "delete template", subject).await?;
    server.catalog.remove_definition(account, TEMPLATE, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
