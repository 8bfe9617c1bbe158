//! What providers say later: mail that comes back.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use candor_catalog::{Delivery, DeliveryState, SuppressionReason};
use candor_engage::channel::Channel;
use candor_engage::channel::email::bounce::{self, BOUNCE_BYTES_MAX, Bounce, Kind};
use candor_engage::dispatch::{Sender, about_message, event_id, failed};
use candor_ingest::Outcome;
use serde_json::{Value, json};

use crate::http::access::{admit, body};
use crate::http::campaigns::CAMPAIGN;
use crate::http::people::audit;
use crate::http::problem::Problem;
use crate::providers;
use crate::server::{Server, Tenant};

/// Stands before what a hook's secret is made of.
const HOOK: &[u8] = b"candor hook 1\0";

/// What a provider's hook is called by: nobody guesses it, and it needs no place to be kept in.
fn secret_of(tenant: &Tenant, channel: &str, provider: &str) -> String {
    let account = tenant.publisher.account_id.as_str();
    let mac = tenant.keys.mac(&[HOOK, format!("{channel}/{provider}").as_bytes()].concat());
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{account}.{hex}")
}

/// `GET /api/v1/channels/{channel}/{provider}/hook`: where its receipts are to be posted.
pub async fn address(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path((channel, provider)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "admin").await?;
    let of = Channel::from_word(&channel).ok_or_else(Problem::not_found)?;
    let found = providers::find(&server, &caller.tenant, (of, &provider)).await;
    found.map_err(|_| Problem::internal())?.ok_or_else(Problem::not_found)?;
    let subject = format!("{channel}/{provider}");
    audit(&server, &caller.tenant, caller.name.clone(), "show hook", subject).await?;
    let secret = secret_of(&caller.tenant, &channel, &provider);
    let url = format!("{}/hooks/{channel}/{provider}/{secret}", server.config.base());
    Ok(Json(json!({"url": url})))
}

/// `POST /hooks/{channel}/{provider}/{secret}`: of mail, a message as it came to the bounce
/// domain. Who it was for may stand in `X-Original-To`.
pub async fn receive(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path((channel, provider, secret)): Path<(String, String, String)>,
    sent: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let account = secret.rsplit_once('.').map(|(account, _)| account).unwrap_or_default();
    let tenant = server.tenant(account).ok_or_else(Problem::not_found)?;
    // Compared by their MACs, which takes the same time wherever they differ.
    let same = tenant.keys.mac(secret.as_bytes())
        == tenant.keys.mac(secret_of(&tenant, &channel, &provider).as_bytes());
    if !same || channel != Channel::Email.word() {
        return Err(Problem::not_found());
    }
    let raw = body(sent, BOUNCE_BYTES_MAX).await?;
    let opened = providers::provider(&server, &tenant, Channel::Email, &provider).await;
    let opened = opened.map_err(|_| Problem::internal())?.ok_or_else(Problem::not_found)?;
    let to = headers.get("x-original-to").and_then(|to| to.to_str().ok()).map(str::to_owned);
    let reading = tokio::task::spawn_blocking(move || {
        let ours = opened.bounces()?;
        bounce::read(&raw, to.as_deref(), ours)
    });
    let bounce = reading.await.map_err(|_| Problem::internal())?;
    let Some(bounce) = bounce else {
        return Ok((StatusCode::OK, Json(json!({"taken": false, "why": "no bounce of ours"}))));
    };
    let taken = take(&server, &tenant, &bounce).await?;
    Ok((StatusCode::OK, Json(json!({"taken": taken, "code": bounce.code}))))
}

/// Takes in what became of a message: it failed, and its address is left alone where that is sure,
/// or it arrived.
async fn take(server: &Server, tenant: &Arc<Tenant>, bounce: &Bounce) -> Result<bool, Problem> {
    // First of all: what is settled must be told, too.
    let sender = tenant.sender().await?;
    let account = &tenant.publisher.account_id;
    let id = bounce.id.0.to_be_bytes();
    let Some(message) = server.catalog.message(account, id).await? else { return Ok(false) };
    let (reason, suppression) = match bounce.kind {
        // It is still tried.
        Kind::Delayed => return Ok(false),
        Kind::Delivered => (None, None),
        Kind::Failed { retire } => {
            (Some(failed::BOUNCED), retire.then_some(SuppressionReason::HardBounce))
        }
        Kind::Complaint => (Some(failed::COMPLAINT), Some(SuppressionReason::Complaint)),
    };
    if let Some(suppression) = suppression {
        suppress(sender, &message, suppression).await?;
    }
    let now = server.now();
    let to = reason.map_or(DeliveryState::Delivered, |_| DeliveryState::Failed);
    let news = server.catalog.settle(account, id, to, reason, &bounce.code, now).await?;
    if news {
        let told = outcome(server, tenant, &message, reason, now).await?;
        (sender.tell)(vec![told]).await.map_err(|_| {
            Problem::unavailable("not_kept", "it could not be kept: send it again later")
        })?;
    }
    Ok(news)
}

async fn suppress(
    sender: &Sender,
    message: &Delivery,
    reason: SuppressionReason,
) -> Result<(), Problem> {
    let traits = (sender.traits)(sender.door.canonical(message.person)).unwrap_or_default();
    let Some((address, _)) = sender.address(Channel::Email, &traits) else { return Ok(()) };
    let kept = sender.suppress(Channel::Email, &address, reason, "bounce").await;
    kept.map(|_| ()).map_err(|error| {
        tracing::error!(%error, "a suppression was not kept");
        Problem::unavailable("not_kept", "it could not be kept: send it again later")
    })
}

async fn outcome(
    server: &Server,
    tenant: &Tenant,
    message: &Delivery,
    failed: Option<&str>,
    now: candor_event::Timestamp,
) -> Result<Outcome, Problem> {
    let account = &tenant.publisher.account_id;
    let run = server.catalog.run(account, &message.run).await?;
    let campaign = run.map(|run| run.campaign).unwrap_or_default();
    let saved = server.catalog.definition(account, CAMPAIGN, &campaign).await?;
    let name = saved.map(|saved| saved.name).unwrap_or_default();
    let mut properties = about_message((&campaign, &name), Channel::Email.word(), message.id);
    let (name, tag) = match failed {
        Some(reason) => {
            properties.insert("drop_reason", reason.into());
            ("Notification Dropped", reason)
        }
        None => ("Notification Delivered", "delivered"),
    };
    Ok(Outcome { person: message.person, at: now, name, id: event_id(message.id, tag), properties })
}
