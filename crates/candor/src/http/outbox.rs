//! Messages that stay in the house, as they would have gone out.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use candor_engage::channel::email::read_back;
use candor_engage::channel::outbox::{Held, MESSAGES_MAX};
use candor_engage::channel::{Channel, MessageId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::access::admit;
use crate::http::masked::CLEAR;
use crate::http::people::audit;
use crate::http::problem::Problem;
use crate::moment::utc;
use crate::server::Server;

fn row(message: &Held) -> Value {
    json!({
        "id": message.id.to_string(), "at": utc(message.at), "channel": message.channel,
        "provider": message.provider, "to": message.to, "subject": message.subject,
    })
}

/// How many.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    limit: Option<usize>,
}

/// `GET /api/v1/outbox?limit=`, the newest first.
pub async fn list(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, CLEAR).await?;
    let form = format!("?limit= (up to {MESSAGES_MAX})");
    let Query(page) = page.map_err(|_| Problem::bad_request(form, vec![]))?;
    let limit = page.limit.unwrap_or(50).clamp(1, MESSAGES_MAX);
    audit(&server, &caller.tenant, caller.name.clone(), "list outbox", String::new()).await?;
    let newest = caller.tenant.providers.outbox.newest(limit);
    let rows: Vec<Value> = newest.iter().map(|message| row(message)).collect();
    Ok(Json(json!({"messages": rows})))
}

/// `GET /api/v1/outbox/{id}`: all of a message.
pub async fn one(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, CLEAR).await?;
    let id: MessageId = id.parse().map_err(|_| Problem::not_found())?;
    let message = caller.tenant.providers.outbox.find(id).ok_or_else(Problem::not_found)?;
    audit(&server, &caller.tenant, caller.name.clone(), "view outbox", id.to_string()).await?;
    let mut shown = row(&message);
    if message.channel == Channel::Webhook {
        shown["body"] = json!(String::from_utf8_lossy(&message.bytes));
        return Ok(Json(shown));
    }
    let mail = read_back(&message.bytes);
    let header = |(name, value)| json!({"name": name, "value": value});
    shown["headers"] = mail.headers.into_iter().map(header).collect();
    shown["html"] = json!(mail.html);
    shown["text"] = json!(mail.text);
    Ok(Json(shown))
}
