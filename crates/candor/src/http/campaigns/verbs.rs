//! What is done with a campaign: publish, approve, pause, resume, stop, and try it out.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use candor_catalog::{Campaign as Standing, CampaignState, CampaignVersion, Run, RunState};
use candor_engage::campaign::Campaign;
use candor_engage::channel::{Answer, MessageId};
use candor_engage::dispatch::Plan;
use candor_engage::schedule::Schedule;
use candor_event::{PersonId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::forecast::{Forecast, forecast};
use super::{Draft, audience, content, found, shown};
use crate::command::secret;
use crate::engine::Published;
use crate::http::access::{Caller, admit, body, json_body};
use crate::http::engagement;
use crate::http::people::audit;
use crate::http::problem::Problem;
use crate::http::segments::saved::wrong;
use crate::providers;
use crate::server::Server;

/// Of the people looked at before publishing, this part in 100 may lack data without anybody
/// having to say so.
const MISSING_PERCENT_MAX: u64 = 5;
/// A test that is not taken by then is said to be unknown.
const TEST_WAIT: std::time::Duration = std::time::Duration::from_secs(30);

/// What publishing sends.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Publish {
    confirm: bool,
}

/// `POST /api/v1/campaigns/{id}/publish`.
pub async fn publish(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let sent = body(sent, 4 << 10).await?;
    let asked: Publish = match sent.is_empty() {
        true => Publish::default(),
        false => serde_json::from_slice(&sent)
            .map_err(|_| wrong("", "nothing, or an object with 'confirm'".to_owned()))?,
    };
    let _one = caller.tenant.defining.lock().await;
    let draft = found(&server, &caller.tenant, &id).await?;
    let mut campaign = draft.campaign.clone();
    campaign.check().map_err(super::wrong_campaign)?;
    audience(&server, &caller, &campaign).await?;
    has_purpose(&caller, &campaign)?;
    has_provider(&server, &caller, &campaign).await?;
    campaign.content = content(&server, &caller, &campaign).await?.into();
    let document = serde_json::to_string(&campaign).map_err(|_| Problem::internal())?;
    let published = Published::read(&document).await.map_err(|_| Problem::internal())?;
    let expected = forecast(&server, &caller, &id, published).await?;
    if !asked.confirm {
        lacks_little(&expected)?;
    }
    let settings = engagement::settings(&server, &caller.tenant).await?;
    let waits = settings.approval_above.is_some_and(|above| expected.people > above);
    let now = server.now();
    let next = next_due(&caller, &campaign.schedule, now)?;
    let standing = Standing {
        account: caller.tenant.publisher.account_id.clone(),
        campaign: id.clone(),
        state: if waits { CampaignState::WaitingForApproval } else { CampaignState::Active },
        version: draft.saved.version,
        next_due: (!waits).then_some(next),
        changed_at: now,
    };
    let version = CampaignVersion {
        version: draft.saved.version,
        document,
        published_at: now,
        published_by: caller.name.clone(),
        approved_by: None,
    };
    is_not_out(&server, &standing).await?;
    audited(&server, &caller, &draft, "publish campaign").await?;
    server.catalog.publish_campaign(&standing, &version).await?;
    server.engine.wake();
    Ok(Json(shown(&server, &caller, &draft).await?))
}

/// The purpose is one of the policy's.
fn has_purpose(caller: &Caller, campaign: &Campaign) -> Result<(), Problem> {
    let purpose = campaign.purpose().map_err(super::wrong_campaign)?;
    match caller.tenant.policy().purposes.contains_key(&purpose) {
        true => Ok(()),
        false => Err(wrong("/purpose", "a purpose that the policy names".to_owned())),
    }
}

async fn has_provider(
    server: &Server,
    caller: &Caller,
    campaign: &Campaign,
) -> Result<(), Problem> {
    let named = (campaign.channel, campaign.provider.as_str());
    let provider = providers::find(server, &caller.tenant, named).await;
    let provider = provider.map_err(|_| Problem::internal())?;
    let message = format!(
        "a provider of the channel {} that is set up: see Settings, Channels",
        campaign.channel.word()
    );
    provider.map(|_| ()).ok_or_else(|| wrong("/provider", message))
}

/// Few lack what the content needs, or somebody says that it is to go out all the same.
fn lacks_little(expected: &Forecast) -> Result<(), Problem> {
    let lacking: u64 = expected.missing.values().sum();
    match lacking * 100 > expected.sampled * MISSING_PERCENT_MAX {
        false => Ok(()),
        true => {
            let detail = format!(
                "of {} people looked at, {lacking} would get nothing because data is missing: \
                 change the content, or publish with \"confirm\": true",
                expected.sampled
            );
            Err(Problem::conflict("needs_confirmation", detail))
        }
    }
}

/// A version that is out, and whose messages go, is not published twice.
async fn is_not_out(server: &Server, new: &Standing) -> Result<(), Problem> {
    let Some(now) = server.catalog.campaign(&new.account, &new.campaign).await? else {
        return Ok(());
    };
    let waits = now.state == CampaignState::WaitingForApproval;
    if !waits && now.version == new.version {
        let detail = "this version was published: change the campaign first";
        return Err(Problem::conflict("published", detail));
    }
    Ok(())
}

/// When it fires next.
fn next_due(caller: &Caller, schedule: &Schedule, now: Timestamp) -> Result<Timestamp, Problem> {
    if matches!(schedule, Schedule::Now) {
        return Ok(now);
    }
    let next = schedule.next(now, &caller.tenant.zone).map(|next| next.due);
    next.ok_or_else(|| {
        let message = "a time that lies ahead; where each person's clock counts, ahead of the \
                       first place on earth that sees it";
        wrong("/schedule", message.to_owned())
    })
}

async fn audited(
    server: &Server,
    caller: &Caller,
    draft: &Draft,
    action: &str,
) -> Result<(), Problem> {
    let subject = format!("{} ({})", draft.saved.name, draft.saved.id);
    audit(server, &caller.tenant, caller.name.clone(), action, subject).await
}

async fn standing(server: &Server, caller: &Caller, id: &str) -> Result<Standing, Problem> {
    let account = &caller.tenant.publisher.account_id;
    let standing = server.catalog.campaign(account, id).await?;
    standing.ok_or_else(|| Problem::conflict("not_published", "publish the campaign first"))
}

/// `POST /api/v1/campaigns/{id}/approve`: by somebody else than who published it.
pub async fn approve(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "admin").await?;
    let draft = found(&server, &caller.tenant, &id).await?;
    let standing = standing(&server, &caller, &id).await?;
    let waits = || Problem::conflict("not_waiting", "no version waits for approval");
    if standing.state != CampaignState::WaitingForApproval {
        return Err(waits());
    }
    let account = &caller.tenant.publisher.account_id;
    let version = server.catalog.campaign_version(account, &id, standing.version).await?;
    let version = version.ok_or_else(Problem::internal)?;
    if version.published_by == caller.name {
        let detail = "somebody else than who published it has to approve it";
        return Err(Problem::conflict("own_campaign", detail));
    }
    let published: Campaign =
        serde_json::from_str(&version.document).map_err(|_| Problem::internal())?;
    let now = server.now();
    let next = next_due(&caller, &published.schedule, now)?;
    audited(&server, &caller, &draft, "approve campaign").await?;
    let done = server.catalog.approve_campaign(&standing, Some(next), &caller.name, now).await?;
    if !done {
        return Err(waits());
    }
    server.engine.wake();
    Ok(Json(shown(&server, &caller, &draft).await?))
}

/// Moves a campaign and its runs on.
struct Move {
    action: &'static str,
    /// The campaign's states from which it may be, and where it goes.
    campaign: (&'static [CampaignState], CampaignState),
    /// The same of its runs.
    runs: (&'static [RunState], RunState),
}

const PAUSE: Move = Move {
    action: "pause campaign",
    campaign: (&[CampaignState::Active], CampaignState::Paused),
    runs: (&[RunState::Running], RunState::Paused),
};
const RESUME: Move = Move {
    action: "resume campaign",
    campaign: (&[CampaignState::Paused, CampaignState::Active], CampaignState::Active),
    runs: (&[RunState::Paused], RunState::Running),
};
const STOP: Move = Move {
    action: "stop campaign",
    campaign: (
        &[CampaignState::Active, CampaignState::Paused, CampaignState::WaitingForApproval],
        CampaignState::Stopped,
    ),
    runs: (&[RunState::Scheduled, RunState::Running, RunState::Paused], RunState::Stopped),
};

/// `POST /api/v1/campaigns/{id}/pause`: nothing more goes out until it is resumed.
pub async fn pause(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    moved(server, headers, id, PAUSE).await
}

/// `POST /api/v1/campaigns/{id}/resume`.
pub async fn resume(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    moved(server, headers, id, RESUME).await
}

/// `POST /api/v1/campaigns/{id}/stop`: what has not gone out never does.
pub async fn stop(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    moved(server, headers, id, STOP).await
}

async fn moved(
    server: Arc<Server>,
    headers: HeaderMap,
    id: String,
    to: Move,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let sender = caller.tenant.sender().await?;
    let _one = caller.tenant.defining.lock().await;
    let draft = found(&server, &caller.tenant, &id).await?;
    let standing = standing(&server, &caller, &id).await?;
    let account = &caller.tenant.publisher.account_id;
    let runs = server.catalog.runs(account, &id).await?;
    let moves = |run: &&Run| to.runs.0.contains(&run.state);
    let of_campaign = to.campaign.0.contains(&standing.state);
    let wrong_state = |standing: &Standing, runs: &[Run]| {
        let detail = format!("it is {}", super::state_word(Some(standing), runs));
        Problem::conflict("wrong_state", detail)
    };
    if !of_campaign && !runs.iter().any(|run| moves(&run)) {
        return Err(wrong_state(&standing, &runs));
    }
    audited(&server, &caller, &draft, to.action).await?;
    let now = server.now();
    let mut any = false;
    if of_campaign {
        let next = match to.campaign.1 {
            CampaignState::Stopped => None,
            CampaignState::Active => resumed_due(&server, &caller, &standing, now).await?,
            _ => standing.next_due,
        };
        any |= server.catalog.move_campaign(&standing, to.campaign.1, next, now).await?;
    }
    // Read anew, now that no more of them begin; and again where one went on in between.
    loop {
        let runs = server.catalog.runs(account, &id).await?;
        let mut all = true;
        for run in runs.iter().filter(moves) {
            let moved = server.catalog.move_run(run, to.runs.1, None, now).await?;
            (any, all) = (any | moved, all & moved);
            sender.halts.changed(&run.run);
        }
        if !all {
            continue;
        }
        if any {
            break;
        }
        // It was done a moment ago.
        let standing = self::standing(&server, &caller, &id).await?;
        return Err(wrong_state(&standing, &runs));
    }
    server.engine.wake();
    Ok(Json(shown(&server, &caller, &draft).await?))
}

/// What a redrive sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redrive {
    run: String,
    reason: String,
}

/// `POST /api/v1/campaigns/{id}/redrive`: what failed for a reason goes anew, through every gate
/// and under the ids that the messages have.
pub async fn redrive(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    let asked: Redrive = json_body(sent, 4 << 10).await?;
    let sender = caller.tenant.sender().await?;
    let draft = found(&server, &caller.tenant, &id).await?;
    let account = &caller.tenant.publisher.account_id;
    let runs = server.catalog.runs(account, &id).await?;
    let run = runs.iter().find(|run| run.run == asked.run);
    let run = run.ok_or_else(|| wrong("/run", "the key of a run of this campaign".to_owned()))?;
    if run.state == RunState::Stopped {
        return Err(Problem::conflict("wrong_state", "the run was stopped: it never goes on"));
    }
    let version = server.catalog.campaign_version(account, &id, run.version).await?;
    let version = version.ok_or_else(Problem::internal)?;
    let published: Campaign =
        serde_json::from_str(&version.document).map_err(|_| Problem::internal())?;
    audited(&server, &caller, &draft, "redrive campaign").await?;
    let now = server.now();
    let until = published.until(now);
    let messages = server.catalog.redrive(account, &run.run, &asked.reason, until, now).await?;
    sender.halts.changed(&run.run);
    server.engine.wake();
    Ok(Json(json!({"messages": messages})))
}

/// When a campaign that was paused fires next: what was due meanwhile is not made up for, but a
/// campaign that was to fire at once does so now.
async fn resumed_due(
    server: &Server,
    caller: &Caller,
    standing: &Standing,
    now: Timestamp,
) -> Result<Option<Timestamp>, Problem> {
    let Some(due) = standing.next_due.filter(|due| *due <= now) else {
        return Ok(standing.next_due);
    };
    let account = &caller.tenant.publisher.account_id;
    let version =
        server.catalog.campaign_version(account, &standing.campaign, standing.version).await?;
    let version = version.ok_or_else(Problem::internal)?;
    let published: Campaign =
        serde_json::from_str(&version.document).map_err(|_| Problem::internal())?;
    Ok(match published.schedule {
        Schedule::Now => Some(now),
        Schedule::Once(_) => Some(due),
        Schedule::Recurring(_) => {
            published.schedule.next(now, &caller.tenant.zone).map(|next| next.due)
        }
    })
}

/// What a test send sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// To whom it really goes.
    #[serde(default)]
    to: Option<String>,
    /// For whom it is made.
    person: String,
}

/// `POST /api/v1/campaigns/{id}/test`: a person's message as it would be, sent to somebody else.
pub async fn test(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    sent: Body,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "engage").await?;
    if !caller.may(crate::http::masked::CLEAR) {
        return Err(Problem::forbidden(crate::http::masked::CLEAR));
    }
    let asked: Test = json_body(sent, 4 << 10).await?;
    let person = PersonId::parse(&asked.person);
    let person = person.ok_or_else(|| wrong("/person", "the id of a person".to_owned()))?;
    let draft = found(&server, &caller.tenant, &id).await?;
    let mut campaign = draft.campaign.clone();
    if campaign.channel == candor_engage::channel::Channel::Email && asked.to.is_none() {
        return Err(wrong("/to", "the address that the test goes to".to_owned()));
    }
    campaign.content = content(&server, &caller, &campaign).await?.into();
    let document = serde_json::to_string(&campaign).map_err(|_| Problem::internal())?;
    let Published { campaign, purpose, content } = Published::read(&document)
        .await
        .map_err(|error| Problem::bad_request(format!("{error:#}"), vec![]))?;
    let named = (campaign.channel, campaign.provider.as_str());
    let provider = providers::provider(&server, &caller.tenant, named.0, named.1).await;
    let provider = provider.map_err(|_| Problem::internal())?;
    let provider =
        provider.ok_or_else(|| wrong("/provider", "a provider that is set up".to_owned()))?;
    audited(&server, &caller, &draft, "test campaign").await?;
    let now = server.now();
    let run = run_of_test(&caller, &id, &campaign, now);
    let plan = Plan::new(run, campaign, purpose, content, provider.clone(), false);
    let id = secret(16).map_err(|_| Problem::internal())?;
    let id: [u8; 16] = crate::command::sha256(&id)[..16].try_into().unwrap_or_default();
    let id = MessageId(u128::from_be_bytes(id));
    let sender = caller.tenant.sender().await?.clone();
    let making =
        tokio::task::spawn_blocking(move || sender.sample(&plan, person, asked.to.as_deref(), id));
    let made = making.await.map_err(|_| Problem::internal())?;
    let composed = match made {
        Ok(composed) => composed,
        Err((reason, path)) => {
            return Ok(Json(json!({"dropped": {"reason": reason.word(), "path": path}})));
        }
    };
    let handed = tokio::time::timeout(TEST_WAIT, provider.hand_over(&composed, now)).await;
    let answer = handed.unwrap_or(Answer::Unknown { code: "no answer in 30 s".to_owned() });
    Ok(Json(json!({"id": id.to_string(), "answer": answer.word(), "code": answer.code()})))
}

fn run_of_test(caller: &Caller, id: &str, campaign: &Campaign, now: Timestamp) -> Run {
    Run {
        account: caller.tenant.publisher.account_id.clone(),
        run: format!("{id} test"),
        campaign: id.to_owned(),
        version: 0,
        channel: campaign.channel.word().to_owned(),
        provider: campaign.provider.clone(),
        state: RunState::Running,
        due: now,
        until: Timestamp(i64::MAX),
        people: 1,
        as_of: now,
        changed_at: now,
        repeated: 0,
        note: None,
    }
}

/// People by what they lack.
pub type Missing = BTreeMap<String, u64>;
