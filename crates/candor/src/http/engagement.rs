//! What a publisher decided for all of its campaigns: from which size on a second person approves,
//! who never gets anything, and what is switched off.

use std::sync::{Arc, PoisonError};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use candor_catalog::NewDefinition;
use candor_engage::channel::Channel;
use serde_json::{Value, json};

use crate::engine::{ENGAGEMENT, Engagement};
use crate::http::access::{admit, json_body};
use crate::http::people::audit;
use crate::http::problem::Problem;
use crate::http::segments::saved::wrong;
use crate::server::{Server, Tenant};

/// What was decided.
pub async fn settings(server: &Server, tenant: &Tenant) -> Result<Engagement, Problem> {
    let account = &tenant.publisher.account_id;
    let saved = server.catalog.definition(account, ENGAGEMENT, ENGAGEMENT).await?;
    let read = |document: &str| {
        serde_json::from_str(document).map_err(|error| {
            tracing::error!(%error, "what was decided of campaigns cannot be read");
            Problem::internal()
        })
    };
    saved.map_or(Ok(Engagement::default()), |saved| read(&saved.document))
}

/// `GET /api/v1/engagement`.
pub async fn show(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    Ok(Json(json!(settings(&server, &caller.tenant).await?)))
}

/// `PUT /api/v1/engagement`. What is switched off is off before it is answered, and stays so after
/// a restart.
pub async fn change(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "admin").await?;
    let new: Engagement = json_body(sent, 16 << 10).await?;
    if new.control_percent.is_some_and(|percent| !(0.0..=50.0).contains(&percent)) {
        return Err(wrong("/control_percent", "0 to 50".to_owned()));
    }
    let known = |word: &String| Channel::from_word(word).is_some();
    if !new.stopped.channels.iter().all(known) {
        return Err(wrong("/stopped/channels", "email or webhook".to_owned()));
    }
    let tenant = &caller.tenant;
    let sender = tenant.sender().await?;
    let was = sender.halts.switches();
    let off = |switches: &candor_engage::dispatch::Switches, channel: Channel| {
        switches.all || switches.channels.contains(channel.word())
    };
    let stops = Channel::ALL.iter().any(|one| off(&new.stopped, *one) && !off(&was, *one));
    if stops {
        // At once, and durable a moment later; what is switched on again is durable first.
        sender.halts.set(new.stopped.clone());
    }
    let action = if stops { "stop messages" } else { "change engagement" };
    let subject = json!(new.stopped).to_string();
    audit(&server, tenant, caller.name.clone(), action, subject).await?;
    let document = serde_json::to_string(&new).map_err(|_| Problem::internal())?;
    let definition = NewDefinition {
        kind: ENGAGEMENT,
        id: ENGAGEMENT,
        name: ENGAGEMENT,
        document: &document,
        actor: &caller.name,
    };
    server.catalog.put_definition(&tenant.publisher.account_id, &definition, server.now()).await?;
    sender.halts.set(new.stopped.clone());
    *sender.control.write().unwrap_or_else(PoisonError::into_inner) = new.control();
    server.engine.wake();
    Ok(Json(json!(new)))
}
