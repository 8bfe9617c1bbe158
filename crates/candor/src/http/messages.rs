//! The archive: every message, where it stands, why it was for this person, and why it went or
//! did not.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use candor_catalog::{Delivery, DeliveryState, Run, VisitKind, Wanted};
use candor_engage::campaign::Campaign;
use candor_engage::channel::MessageId;
use candor_event::{AccountId, PersonId};
use candor_ingest::Door;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::access::{Caller, admit};
use crate::http::masked::{CLEAR, mask_compared};
use crate::http::people::audit;
use crate::http::problem::Problem;
use crate::moment::utc;
use crate::server::Server;

/// Messages of one answer.
const PAGE_MAX: usize = 1_000;

/// The gates, in the order in which they are asked, and the reasons for which each drops.
const GATES: [(&str, &[&str]); 9] = [
    ("run", &["stopped", "expired"]),
    ("address", &["no_address"]),
    ("consent", &["no_consent"]),
    ("suppression", &["suppressed"]),
    ("control", &["control"]),
    ("newest", &["newer_message"]),
    ("content", &["missing_data", "aborted", "bad_content"]),
    ("quiet_hours", &["quiet_hours"]),
    ("frequency_cap", &["frequency_cap"]),
];

/// Which messages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    person: Option<String>,
    campaign: Option<String>,
    run: Option<String>,
    state: Option<String>,
    reason: Option<String>,
    visit: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

/// `GET /api/v1/messages?person=&campaign=&run=&state=&reason=&visit=&cursor=&limit=`.
pub async fn list(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    ask: Result<Query<Ask>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let form = || {
        let form = "?person= ?campaign= ?run= ?state= ?reason= ?visit= (opened, clicked) \
                    ?cursor= ?limit= (up to 1,000)";
        Problem::bad_request(form, vec![])
    };
    let Query(ask) = ask.map_err(|_| form())?;
    let limit = ask.limit.unwrap_or(50).clamp(1, PAGE_MAX);
    let state = ask.state.as_deref().map(|word| DeliveryState::read(word).ok_or_else(form));
    let state = state.transpose()?;
    let visit = ask.visit.as_deref().map(|word| VisitKind::read(word).ok_or_else(form));
    let visit = visit.transpose()?;
    let after = ask.cursor.as_deref().map_or(Ok(0), |text| text.parse().map_err(|_| form()))?;
    let tenant = caller.tenant.clone();
    let people = match ask.person.as_deref() {
        None => Vec::new(),
        Some(id) => same(tenant.door().await?, PersonId::parse(id).ok_or_else(form)?),
    };
    let subject = ask.person.clone().or(ask.campaign.clone()).unwrap_or_default();
    audit(&server, &tenant, caller.name.clone(), "list messages", subject).await?;
    let account = &tenant.publisher.account_id;
    let runs = match (ask.run, &ask.campaign) {
        (Some(run), _) => Some(vec![run]),
        (None, Some(campaign)) => {
            let runs = server.catalog.runs(account, campaign).await?;
            Some(runs.into_iter().map(|run| run.run).collect())
        }
        (None, None) => None,
    };
    let wanted = Wanted { people, runs, state, reason: ask.reason, visit };
    let (found, last) = server.catalog.messages(account, &wanted, after, limit).await?;
    let cursor = last.map(|slot| slot.to_string());
    let mut known = Known::default();
    let mut messages = Vec::with_capacity(found.len());
    for message in &found {
        messages.push(known.json(&server, &caller, message).await?);
    }
    Ok(Json(json!({"messages": messages, "cursor": cursor})))
}

/// A person with everyone who was merged into them: a message belongs to whom it was written to.
pub fn same(door: &Door, person: PersonId) -> Vec<PersonId> {
    let mut all = vec![door.canonical(person)];
    let mut at = 0;
    while at < all.len() {
        let merged = door.merged_into(all[at]);
        all.extend(merged);
        at += 1;
    }
    all
}

/// Runs and what was published, by key: most messages of an answer share them.
#[derive(Default)]
struct Known {
    runs: HashMap<String, Option<(Run, Campaign)>>,
}

impl Known {
    async fn of(
        &mut self,
        server: &Server,
        account: &AccountId,
        key: &str,
    ) -> Result<Option<&(Run, Campaign)>, Problem> {
        if !self.runs.contains_key(key) {
            let found = published(server, account, key).await?;
            self.runs.insert(key.to_owned(), found);
        }
        Ok(self.runs.get(key).and_then(Option::as_ref))
    }

    async fn json(
        &mut self,
        server: &Server,
        caller: &Caller,
        message: &Delivery,
    ) -> Result<Value, Problem> {
        let account = caller.tenant.publisher.account_id.clone();
        let found = self.of(server, &account, &message.run).await?;
        let (asked, stopped_by) = gates(message);
        let mut shown = json!({
            "id": MessageId(u128::from_be_bytes(message.id)).to_string(),
            "person": message.person.to_string(), "run": message.run,
            "state": message.state.word(), "reason": message.reason, "code": message.code,
            "attempts": message.attempts, "at": utc(message.changed_at),
            "due": utc(message.due), "sent_at": message.sent_at.map(utc),
            "gates": {"passed": asked, "dropped_by": stopped_by},
        });
        if let Some((run, campaign)) = found {
            shown["campaign"] = json!(run.campaign);
            shown["campaign_name"] = json!(campaign.name);
            shown["version"] = json!(run.version);
            shown["channel"] = json!(run.channel);
            shown["provider"] = json!(run.provider);
            shown["purpose"] = json!(campaign.purpose().ok());
            let mut rule = json!(campaign.audience);
            if !caller.may(CLEAR) {
                mask_compared(&caller.tenant, &mut rule);
            }
            shown["why"] = json!({"audience": rule, "as_of": utc(run.as_of)});
        }
        Ok(shown)
    }
}

/// A run and what was published for it; none of a run that there is not.
pub async fn published(
    server: &Server,
    account: &AccountId,
    key: &str,
) -> Result<Option<(Run, Campaign)>, Problem> {
    let Some(run) = server.catalog.run(account, key).await? else { return Ok(None) };
    let version = server.catalog.campaign_version(account, &run.campaign, run.version).await?;
    let Some(version) = version else { return Ok(None) };
    let campaign = serde_json::from_str(&version.document).map_err(|_| Problem::internal())?;
    Ok(Some((run, campaign)))
}

/// The gates that a message passed, and the one that dropped it.
fn gates(message: &Delivery) -> (Vec<&'static str>, Option<&'static str>) {
    let reason = message.reason.as_deref().unwrap_or_default();
    let dropped = message.state == DeliveryState::Dropped;
    let by = GATES.iter().position(|(_, reasons)| dropped && reasons.contains(&reason));
    match (by, message.state) {
        (Some(by), _) => (GATES[..by].iter().map(|(gate, _)| *gate).collect(), Some(GATES[by].0)),
        // They are asked when its turn comes.
        (None, DeliveryState::Planned) => (Vec::new(), None),
        (None, _) => (GATES.iter().map(|(gate, _)| *gate).collect(), None),
    }
}
