//! The ways that messages go out by: set up, shown without their secrets, tried out.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use candor_catalog::{Lane, Standing};
use candor_engage::channel::email::Mailbox;
use candor_engage::channel::{Answer, BadSetting, Channel, MessageId};
use candor_engage::provider::{Outgoing, OutgoingEmail, Provider, ProviderSettings};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::command::secret;
use crate::http::access::{Caller, admit, body, json_body, parsed};
use crate::http::people::audit;
use crate::http::problem::Problem;
use crate::http::segments::saved::wrong;
use crate::moment::utc;
use crate::providers::{self, Saved};
use crate::server::Server;

/// Who may change them; also who sees the whole of an address.
const CHANGES: &str = "admin";
/// Of one publisher.
const PROVIDERS_MAX: usize = 50;
const SETTINGS_BYTES_MAX: usize = 256 << 10;
/// A test waits no longer than somebody who looks at it.
const TEST_WAIT: Duration = Duration::from_secs(30);

fn failed(error: anyhow::Error) -> Problem {
    match error.downcast::<candor_catalog::Error>() {
        Ok(error) => error.into(),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "a provider cannot be used");
            Problem::internal()
        }
    }
}

fn bad(setting: BadSetting) -> Problem {
    wrong(&format!("/{}", setting.setting), setting.reason)
}

async fn shown(server: &Server, caller: &Caller, saved: Saved) -> Result<Value, Problem> {
    let health = health(server, caller, &saved);
    let settings = saved.settings.masked(caller.may(CHANGES));
    // The public half of a key is reckoned from the private one.
    let records = tokio::task::spawn_blocking(move || saved.settings.records()).await;
    let records = records.map_err(|_| Problem::internal())?.unwrap_or_default();
    let record = |(name, value)| json!({"name": name, "type": "TXT", "value": value});
    Ok(json!({
        "channel": saved.channel, "provider": saved.name, "settings": settings,
        "dns": records.into_iter().map(record).collect::<Vec<_>>(),
        "changed_at": utc(saved.credential.changed_at), "changed_by": saved.credential.actor,
        "health": health,
    }))
}

/// How a provider stands, where something went by it since the start.
fn health(server: &Server, caller: &Caller, saved: &Saved) -> Value {
    let lane = Lane {
        account: caller.tenant.publisher.account_id.clone(),
        channel: saved.channel.word().to_owned(),
        provider: saved.name.clone(),
    };
    let health = server.engine.health(&lane, server.now());
    health.map_or(Value::Null, |health| {
        let Standing { failing_since, off } = health.standing;
        json!({"held_until": health.held_until.map(utc), "refuses_us": health.refuses_us,
               "last_error": health.last_error, "per_second": health.per_second,
               "failing_since": failing_since.map(utc), "off": off})
    })
}

/// `GET /api/v1/channels`.
pub async fn list(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let mut all = Vec::new();
    for saved in providers::saved(&server, &caller.tenant).await.map_err(failed)? {
        all.push(shown(&server, &caller, saved).await?);
    }
    Ok(Json(json!({"channels": all})))
}

/// The channel of an address, and a name in it.
fn named((channel, name): &(String, String)) -> Result<providers::Named<'_>, Problem> {
    let channel = Channel::from_word(channel).ok_or_else(Problem::not_found)?;
    Ok((channel, name))
}

async fn found(
    server: &Server,
    caller: &Caller,
    named: providers::Named<'_>,
) -> Result<Saved, Problem> {
    let found = providers::find(server, &caller.tenant, named).await.map_err(failed)?;
    found.ok_or_else(Problem::not_found)
}

/// `GET /api/v1/channels/{channel}/{provider}`.
pub async fn one(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(path): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let saved = found(&server, &caller, named(&path)?).await?;
    Ok(Json(shown(&server, &caller, saved).await?))
}

/// Reads settings kind by kind, so that an error names its place.
async fn settings(channel: Channel, sent: Body) -> Result<ProviderSettings, Problem> {
    let mut document: Map<String, Value> = json_body(sent, SETTINGS_BYTES_MAX).await?;
    let kinds = ProviderSettings::kinds(channel);
    let kind = document.remove("kind");
    let kind = kind.as_ref().and_then(Value::as_str).filter(|kind| kinds.contains(kind));
    let bytes = serde_json::to_vec(&document).map_err(|_| Problem::internal())?;
    match kind {
        Some("smtp") => parsed(&bytes).map(ProviderSettings::Smtp),
        Some("webhook") => parsed(&bytes).map(ProviderSettings::Webhook),
        Some(_) => parsed(&bytes).map(ProviderSettings::Outbox),
        None => Err(wrong("/kind", kinds.join(" or "))),
    }
}

/// `PUT /api/v1/channels/{channel}/{provider}`: in force for the next message. Secrets that are
/// left out stay as they were.
pub async fn change(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(path): Path<(String, String)>,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, CHANGES).await?;
    let (channel, name) = named(&path)?;
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if !(1..=32).contains(&name.len()) || !name.bytes().all(plain) {
        return Err(wrong("", "a name of 1 to 32 of a-z, 0-9, '-' and '_'".to_owned()));
    }
    let mut settings = settings(channel, sent).await?;
    if let ProviderSettings::Webhook(asked) = &settings
        && asked.allow_private
        && !server.config.engage.private_webhooks
    {
        let message = "whoever runs this server must set engage.private_webhooks = true first";
        return Err(wrong("/allow_private", message.to_owned()));
    }
    let tenant = &caller.tenant;
    let _one = tenant.defining.lock().await;
    let all = providers::saved(&server, tenant).await.map_err(failed)?;
    let old = all.iter().find(|saved| saved.channel == channel && saved.name == name);
    if old.is_none() && all.len() >= PROVIDERS_MAX {
        let message = format!("{PROVIDERS_MAX} providers are there: delete some first");
        return Err(Problem::conflict("too_many_providers", message));
    }
    settings.keep_secrets_of(old.map(|old| &old.settings)).map_err(bad)?;
    let opened = providers::open(&server, tenant, (channel, name), &settings).await;
    opened.map_err(failed)?.map_err(bad)?;
    let subject = format!("{}/{name} ({})", channel.word(), settings.kind());
    audit(&server, tenant, caller.name.clone(), "save provider", subject).await?;
    let saved = providers::save(&server, tenant, (channel, name), &settings, &caller.name).await;
    saved.map_err(failed)?;
    let saved = found(&server, &caller, (channel, name)).await?;
    Ok(Json(shown(&server, &caller, saved).await?))
}

/// `DELETE /api/v1/channels/{channel}/{provider}`.
pub async fn remove(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(path): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let caller = admit(&server, &headers, CHANGES).await?;
    let (channel, name) = named(&path)?;
    found(&server, &caller, (channel, name)).await?;
    let subject = format!("{}/{name}", channel.word());
    audit(&server, &caller.tenant, caller.name.clone(), "delete provider", subject).await?;
    let removed = providers::remove(&server, &caller.tenant, (channel, name)).await;
    match removed.map_err(failed)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}

/// What a test sends: to whom, where the channel has addresses.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    to: Option<String>,
}

/// `POST /api/v1/channels/{channel}/{provider}/test`: one message at once, and what the provider
/// said.
pub async fn test(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(path): Path<(String, String)>,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, CHANGES).await?;
    let (channel, name) = named(&path)?;
    let sent = body(sent, 4 << 10).await?;
    let Test { to } = if sent.is_empty() { Test::default() } else { parsed(&sent)? };
    let provider = providers::provider(&server, &caller.tenant, channel, name).await;
    let provider = provider.map_err(failed)?.ok_or_else(Problem::not_found)?;
    let id = secret(16).ok().and_then(|id| id.parse().ok()).ok_or_else(Problem::internal)?;
    let message = message(&server, (channel, name), id, to)?;
    let subject = format!("{}/{name}, message {id}", channel.word());
    audit(&server, &caller.tenant, caller.name.clone(), "test provider", subject).await?;
    let answer = hand_over(&server, &provider, message).await?;
    let provider_id = match &answer {
        Answer::Accepted { provider_id } => provider_id.as_deref(),
        _ => None,
    };
    Ok(Json(json!({
        "id": id.to_string(), "answer": answer.word(), "code": answer.code(),
        "provider_id": provider_id,
    })))
}

fn message(
    server: &Server,
    (channel, name): providers::Named<'_>,
    id: MessageId,
    to: Option<String>,
) -> Result<Outgoing, Problem> {
    let now = server.now();
    if channel == Channel::Webhook {
        let body = json!({"type": "test", "provider": name, "at": utc(now)}).to_string();
        return match to {
            None => Ok(Outgoing::Webhook { id, body }),
            Some(_) => Err(wrong("/to", "nothing: a webhook goes to its URL".to_owned())),
        };
    }
    let to = Mailbox { name: None, address: to.unwrap_or_default() };
    if !to.is_writable() {
        return Err(wrong("/to", "an address like ann@home.example".to_owned()));
    }
    let said = format!("This tests the provider email/{name}. If you can read it, mail arrives.");
    Ok(OutgoingEmail {
        id,
        date: now,
        to,
        from: None,
        subject: format!("Test of email/{name}"),
        html: format!("<p>{said}</p>"),
        text: said,
        unsubscribe: None,
        feedback_id: None,
    }
    .into())
}

async fn hand_over(
    server: &Server,
    provider: &Arc<Provider>,
    message: Outgoing,
) -> Result<Answer, Problem> {
    let writer = provider.clone();
    let composed = tokio::task::spawn_blocking(move || writer.compose(message)).await;
    let composed = match composed.map_err(|_| Problem::internal())? {
        Ok(composed) => composed,
        Err(answer) => return Ok(answer),
    };
    let answer = tokio::time::timeout(TEST_WAIT, provider.hand_over(&composed, server.now())).await;
    let seconds = TEST_WAIT.as_secs();
    let silence = || Answer::Unknown { code: format!("no answer within {seconds} seconds") };
    Ok(answer.unwrap_or_else(|_| silence()))
}
