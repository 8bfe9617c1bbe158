//! Addresses that are never written to.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use candor_catalog::{Suppression, SuppressionReason};
use candor_engage::channel::Channel;
use candor_engage::dispatch::Sender;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::access::{Caller, admit, json_body};
use crate::http::masked::{CLEAR, mask};
use crate::http::people::audit;
use crate::http::problem::Problem;
use crate::http::segments::saved::wrong;
use crate::moment::utc;
use crate::server::Server;

const PAGE_MAX: usize = 1_000;

fn id_of(suppression: &Suppression) -> String {
    let hex: String = suppression.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{hex}", suppression.channel)
}

fn read_id(id: &str) -> Option<(&str, [u8; 16])> {
    let (channel, hex) = id.rsplit_once('-')?;
    let number = hex.bytes().all(|byte| byte.is_ascii_hexdigit()) && hex.len() == 32;
    let hash = u128::from_str_radix(hex, 16).ok().filter(|_| number)?;
    Some((channel, hash.to_be_bytes()))
}

fn shown(caller: &Caller, sender: &Sender, one: &Suppression) -> Value {
    let address = sender.suppressed_address(one);
    let address = match (address, caller.may(CLEAR)) {
        (None, _) => Value::Null,
        (Some(_), false) => mask(),
        (Some(address), true) => json!(address),
    };
    json!({"id": id_of(one), "channel": one.channel, "address": address,
           "reason": one.reason.word(), "at": utc(one.at), "actor": one.actor})
}

/// Where a list goes on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    cursor: Option<String>,
    limit: Option<usize>,
}

/// `GET /api/v1/suppressions?cursor=&limit=`.
pub async fn list(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let form = || Problem::bad_request("?cursor= (of the answer before), ?limit=", vec![]);
    let Query(page) = page.map_err(|_| form())?;
    let after = page.cursor.as_deref().map(|id| read_id(id).ok_or_else(form)).transpose()?;
    let limit = page.limit.unwrap_or(100).clamp(1, PAGE_MAX);
    let action = if caller.may(CLEAR) { "list suppressions" } else { "list suppressions masked" };
    audit(&server, &caller.tenant, caller.name.clone(), action, String::new()).await?;
    let account = &caller.tenant.publisher.account_id;
    let found = server.catalog.suppressions(account, after, limit).await?;
    let cursor = found.last().filter(|_| found.len() == limit).map(id_of);
    let sender = caller.tenant.sender().await?;
    let shown: Vec<Value> = found.iter().map(|one| shown(&caller, sender, one)).collect();
    Ok(Json(json!({"suppressions": shown, "cursor": cursor})))
}

/// What suppressing sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct New {
    channel: Channel,
    address: String,
}

/// `POST /api/v1/suppressions`: in force before it is answered.
pub async fn add(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let new: New = json_body(sent, 4 << 10).await?;
    let address = new.address.trim();
    if new.channel != Channel::Email {
        return Err(wrong("/channel", "email: webhooks go to no person's address".to_owned()));
    }
    if !address.contains('@') || !(3..=254).contains(&address.len()) {
        return Err(wrong("/address", "an address like ann@example.org".to_owned()));
    }
    let (tenant, reason) = (&caller.tenant, SuppressionReason::Manual);
    let sender = tenant.sender().await?;
    // The address is a person's: the audit names the channel alone.
    let subject = new.channel.word().to_owned();
    audit(&server, tenant, caller.name.clone(), "suppress address", subject).await?;
    let hash = sender.suppress(new.channel, address, reason, &caller.name).await;
    let hash = hash.map_err(|error| {
        tracing::error!(%error, "a suppression was not kept");
        Problem::unavailable("not_kept", "it could not be kept: try again later")
    })?;
    let kept = Suppression {
        channel: new.channel.word().to_owned(),
        hash,
        reason,
        address: None,
        at: server.now(),
        actor: caller.name.clone(),
    };
    Ok((StatusCode::CREATED, Json(json!({"id": id_of(&kept), "reason": reason.word()}))))
}

/// `DELETE /api/v1/suppressions/{id}`: it may be written to again.
pub async fn remove(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let (channel, hash) = read_id(&id).ok_or_else(Problem::not_found)?;
    let tenant = &caller.tenant;
    let sender = tenant.sender().await?;
    audit(&server, tenant, caller.name.clone(), "remove suppression", id.clone()).await?;
    let account = &tenant.publisher.account_id;
    if !server.catalog.unsuppress(account, channel, hash).await? {
        return Err(Problem::not_found());
    }
    sender.suppressed.remove(channel, hash);
    Ok(StatusCode::NO_CONTENT)
}
