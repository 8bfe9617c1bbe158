//! Campaigns: who is written to, what, when, and what for. A draft is a definition; what was
//! published is fixed, with its content inside.

pub mod forecast;
pub mod report;
pub mod verbs;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use candor_catalog::{
    Campaign as Standing, CampaignState, Definition, NewDefinition, Run, RunState,
};
use candor_engage::campaign::{Campaign, CampaignError, Source};
use candor_engage::content::Content;
use serde_json::{Map, Value, json};

use crate::command::secret;
use crate::http::access::{Caller, admit, json_body_twice};
use crate::http::masked::{CLEAR, mask_compared, may_ask};
use crate::http::people::audit;
use crate::http::problem::Problem;
use crate::http::segments::resolved;
use crate::http::segments::saved::wrong;
use crate::http::templates::{self, TEMPLATE, compiled, content_of};
use crate::moment::utc;
use crate::server::{Server, Tenant};

/// The kind of definition.
pub const CAMPAIGN: &str = "campaign";

/// Campaigns of one publisher.
const CAMPAIGNS_MAX: usize = 1_000;

/// The largest campaign: with content of its own.
const CAMPAIGN_BYTES_MAX: usize = templates::CONTENT_BYTES_MAX + (64 << 10);

/// A draft, as it is saved.
pub struct Draft {
    pub saved: Definition,
    pub campaign: Campaign,
}

/// A campaign of the publisher.
pub async fn found(server: &Server, tenant: &Tenant, id: &str) -> Result<Draft, Problem> {
    let account = &tenant.publisher.account_id;
    let saved = server.catalog.definition(account, CAMPAIGN, id).await?;
    let saved = saved.ok_or_else(Problem::not_found)?;
    let campaign = serde_json::from_str(&saved.document).map_err(|error| {
        tracing::error!(%error, "a saved campaign cannot be read");
        Problem::internal()
    })?;
    Ok(Draft { saved, campaign })
}

/// What people call where a campaign stands.
pub fn state_word(standing: Option<&Standing>, runs: &[Run]) -> &'static str {
    let Some(standing) = standing else { return "draft" };
    let any = |state| runs.iter().any(|run| run.state == state);
    match standing.state {
        CampaignState::WaitingForApproval => "waiting_for_approval",
        CampaignState::Stopped => "stopped",
        // Messages that failed go anew.
        CampaignState::Completed if any(RunState::Running) => "running",
        CampaignState::Completed if runs.iter().all(|run| run.state == RunState::Missed) => {
            "missed"
        }
        CampaignState::Completed => "completed",
        CampaignState::Paused => "paused",
        CampaignState::Active if any(RunState::Paused) => "paused",
        CampaignState::Active if any(RunState::Running) => "running",
        CampaignState::Active => "scheduled",
    }
}

/// How far a run is: its messages by state, and the reasons of those that did not go.
pub async fn tally(server: &Server, run: &Run) -> Result<(Value, Value), Problem> {
    let states =
        ["planned", "handing_over", "accepted", "delivered", "failed", "dropped", "unknown"];
    let mut tally: Map<String, Value> =
        states.iter().map(|state| ((*state).to_owned(), json!(0))).collect();
    let mut reasons = json!({"dropped": {}, "failed": {}});
    if run.as_of.0 == 0 {
        // Its people may have been fixed since it was read: they are told together.
        return Ok((Value::Object(tally), reasons));
    }
    for ((state, reason), count) in server.catalog.tally(&run.account, &run.run).await? {
        let sum = tally.get(&state).and_then(Value::as_u64).unwrap_or_default() + count;
        tally.insert(state.clone(), json!(sum));
        if !reason.is_empty() {
            reasons[&state][&reason] = json!(count);
        }
    }
    Ok((Value::Object(tally), reasons))
}

async fn run_json(server: &Server, run: &Run) -> Result<Value, Problem> {
    let (tally, reasons) = tally(server, run).await?;
    let begun = run.as_of.0 > 0;
    Ok(json!({
        "run": run.run, "state": run.state.word(), "version": run.version,
        "due": utc(run.due), "until": utc(run.until), "people": run.people,
        "as_of": begun.then(|| utc(run.as_of)), "changed_at": utc(run.changed_at),
        "repeated": run.repeated, "note": run.note, "tally": tally, "reasons": reasons,
    }))
}

/// A campaign with where it stands.
pub async fn shown(server: &Server, caller: &Caller, draft: &Draft) -> Result<Value, Problem> {
    let account = &caller.tenant.publisher.account_id;
    let standing = server.catalog.campaign(account, &draft.saved.id).await?;
    let runs = server.catalog.runs(account, &draft.saved.id).await?;
    let mut shown_runs = Vec::with_capacity(runs.len());
    for run in &runs {
        shown_runs.push(run_json(server, run).await?);
    }
    let published = match &standing {
        None => Value::Null,
        Some(standing) => {
            let version = standing.version;
            let version =
                server.catalog.campaign_version(account, &draft.saved.id, version).await?;
            version.map_or(Value::Null, |version| {
                json!({"version": version.version, "at": utc(version.published_at),
                       "by": version.published_by, "approved_by": version.approved_by})
            })
        }
    };
    let mut document = json!(draft.campaign);
    if !caller.may(CLEAR) {
        mask_compared(&caller.tenant, &mut document["audience"]);
    }
    Ok(json!({
        "id": draft.saved.id, "name": draft.saved.name,
        "state": state_word(standing.as_ref(), &runs), "draft": document,
        "version": draft.saved.version, "changed_at": utc(draft.saved.changed_at),
        "published": published,
        "next_at": standing.and_then(|standing| standing.next_due).map(utc), "runs": shown_runs,
    }))
}

/// `GET /api/v1/campaigns`.
pub async fn list(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let account = &caller.tenant.publisher.account_id;
    let standings = server.catalog.campaigns(account).await?;
    let mut campaigns = Vec::new();
    for id in server.catalog.definition_ids(account, CAMPAIGN).await? {
        let Ok(draft) = found(&server, &caller.tenant, &id).await else { continue };
        let runs = server.catalog.runs(account, &id).await?;
        let standing = standings.iter().find(|standing| standing.campaign == id);
        let (people, tally) = match runs.first() {
            Some(run) => (json!(run.people), tally(&server, run).await?.0),
            None => (Value::Null, Value::Null),
        };
        campaigns.push(json!({
            "id": id, "name": draft.saved.name, "channel": draft.campaign.channel,
            "provider": draft.campaign.provider, "state": state_word(standing, &runs),
            "version": draft.saved.version, "changed_at": utc(draft.saved.changed_at),
            "next_at": standing.and_then(|standing| standing.next_due).map(utc),
            "runs": runs.len(), "people": people, "tally": tally,
        }));
    }
    Ok(Json(json!({"campaigns": campaigns})))
}

/// `GET /api/v1/campaigns/{id}`.
pub async fn one(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let draft = found(&server, &caller.tenant, &id).await?;
    Ok(Json(shown(&server, &caller, &draft).await?))
}

/// `POST /api/v1/campaigns`.
pub async fn make(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    sent: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let campaign = read(&server, &caller, sent).await?;
    let _one = caller.tenant.defining.lock().await;
    let account = &caller.tenant.publisher.account_id;
    if server.catalog.definition_ids(account, CAMPAIGN).await?.len() >= CAMPAIGNS_MAX {
        let message = format!("{CAMPAIGNS_MAX} campaigns are saved: delete some first");
        return Err(Problem::conflict("too_many_campaigns", message));
    }
    let id = secret(8).map_err(|_| Problem::internal())?;
    let draft = save(&server, &caller, &id, campaign).await?;
    Ok((StatusCode::CREATED, Json(shown(&server, &caller, &draft).await?)))
}

/// `PUT /api/v1/campaigns/{id}`: changes the draft. What was published stays as it was until the
/// draft is published, too.
pub async fn change(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let campaign = read(&server, &caller, sent).await?;
    let _one = caller.tenant.defining.lock().await;
    found(&server, &caller.tenant, &id).await?;
    let draft = save(&server, &caller, &id, campaign).await?;
    Ok(Json(shown(&server, &caller, &draft).await?))
}

/// `DELETE /api/v1/campaigns/{id}`: one that never was published.
pub async fn remove(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let _one = caller.tenant.defining.lock().await;
    let account = &caller.tenant.publisher.account_id;
    let draft = found(&server, &caller.tenant, &id).await?;
    if server.catalog.campaign(account, &id).await?.is_some() {
        let detail = "it was published: what it sent must stay explained. Stop it instead";
        return Err(Problem::conflict("published", detail));
    }
    let subject = format!("{} ({id})", draft.saved.name);
    audit(&server, &caller.tenant, caller.name.clone(), "delete campaign", subject).await?;
    server.catalog.remove_definition(account, CAMPAIGN, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads a campaign and says what cannot stand in it.
async fn read(server: &Server, caller: &Caller, sent: Body) -> Result<Campaign, Problem> {
    let (campaign, asked): (Campaign, Value) = json_body_twice(sent, CAMPAIGN_BYTES_MAX).await?;
    may_ask(caller, &asked["audience"])?;
    campaign.check().map_err(wrong_campaign)?;
    if let Some(content) = campaign.content.content() {
        compiled(&content, "/content").await?;
    }
    audience(server, caller, &campaign).await?;
    Ok(campaign)
}

pub fn wrong_campaign(error: CampaignError) -> Problem {
    wrong(&error.pointer, error.message)
}

/// The people a campaign is for, saved segments in the place of their ids.
pub async fn audience(
    server: &Server,
    caller: &Caller,
    campaign: &Campaign,
) -> Result<candor_query::Definition, Problem> {
    let tenant = &caller.tenant;
    let rule = resolved(server, tenant, &campaign.audience, "/audience").await?;
    rule.check(&tenant.zone, "/audience")?;
    Ok(rule)
}

/// What is written: its own, or a template's as it is now.
pub async fn content(
    server: &Server,
    caller: &Caller,
    campaign: &Campaign,
) -> Result<Content, Problem> {
    let id = match &campaign.content {
        Source::Template(id) => id,
        own => return own.content().ok_or_else(Problem::internal),
    };
    let account = &caller.tenant.publisher.account_id;
    let saved = server.catalog.definition(account, TEMPLATE.word, id).await?;
    let saved = saved.ok_or_else(|| {
        wrong("/content/template", "the id of a template that there is".to_owned())
    })?;
    let content = content_of(&saved)?;
    if content.channel() != campaign.channel.word() {
        let message = format!("a template for the channel {}", campaign.channel.word());
        return Err(wrong("/content/template", message));
    }
    Ok(content)
}

async fn save(
    server: &Server,
    caller: &Caller,
    id: &str,
    campaign: Campaign,
) -> Result<Draft, Problem> {
    let account = &caller.tenant.publisher.account_id;
    let name = campaign.name.trim();
    let document = serde_json::to_string(&campaign).map_err(|_| Problem::internal())?;
    let new = NewDefinition { kind: CAMPAIGN, id, name, document: &document, actor: &caller.name };
    let subject = format!("{name} ({id})");
    audit(server, &caller.tenant, caller.name.clone(), "save campaign", subject).await?;
    server.catalog.put_definition(account, &new, server.now()).await?;
    found(server, &caller.tenant, id).await
}
