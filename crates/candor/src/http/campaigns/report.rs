//! What a run did: a funnel from whom it was planned for to who did what it is for, with every
//! loss and its reason.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use candor_catalog::{Delivery, DeliveryState, Run, Wanted};
use candor_engage::campaign::{Campaign, Goal};
use candor_event::{PersonId, Timestamp};
use candor_query::{Attempted, goals};
use serde::Deserialize;
use serde_json::{Value, json};

use super::found;
use crate::engine::Published;
use crate::http::access::admit;
use crate::http::insights::read;
use crate::http::problem::Problem;
use crate::server::{Server, Tenant};

/// Messages that are read at once.
const PAGE: usize = 10_000;

/// Which run; the latest where none is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    run: Option<String>,
}

/// `GET /api/v1/campaigns/{id}/report?run=`.
pub async fn report(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let caller = admit(&server, &headers, "read").await?;
    let tenant = caller.tenant.clone();
    found(&server, &tenant, &id).await?;
    let form = |_| Problem::bad_request("?run= (the key of a run)", vec![]);
    let Query(which) = which.map_err(form)?;
    let runs = server.catalog.runs(&tenant.publisher.account_id, &id).await?;
    let run = match which.run {
        None => runs.first(),
        Some(key) => runs.iter().find(|run| run.run == key),
    };
    let run = run.ok_or_else(|| Problem::nobody("it has not fired yet: there is no report"))?;
    let account = &tenant.publisher.account_id;
    let version = server.catalog.campaign_version(account, &id, run.version).await?;
    let version = version.ok_or_else(Problem::internal)?;
    let Published { campaign, content, .. } =
        Published::read(&version.document).await.map_err(|_| Problem::internal())?;
    let (tally, reasons) = super::tally(&server, run).await?;
    let visits = server.catalog.visits_of_run(account, &run.run).await?;
    let converted = conversions(&server, &tenant, run, &campaign).await?;
    let count = |state: &str| tally[state].as_u64().unwrap_or_default();
    let bounced: u64 = ["bounced", "complaint"]
        .iter()
        .filter_map(|reason| reasons["failed"][reason].as_u64())
        .sum();
    // What came back later had been sent.
    let sent = count("accepted") + count("delivered") + bounced;
    let mut funnel = vec![("planned", run.people), ("sent", sent)];
    if count("delivered") > 0 {
        funnel.push(("delivered", count("delivered")));
    }
    if run.channel == "email" {
        funnel.push(("opened", visits.opened.max(visits.clicked)));
        funnel.push(("clicked", visits.clicked));
    }
    if let Some(converted) = &converted {
        funnel.push(("converted", converted.reached));
    }
    let funnel: Vec<Value> =
        funnel.iter().map(|(step, people)| json!({"step": step, "people": people})).collect();
    let links: Vec<Value> = visits
        .links
        .iter()
        .map(|(number, clicks)| {
            json!({"number": number, "address": content.link(*number), "clicks": clicks})
        })
        .collect();
    Ok(Json(json!({
        "run": run.run, "state": run.state.word(), "version": run.version, "funnel": funnel,
        "tally": tally, "drops": drops(&reasons), "repeated": run.repeated,
        "machine": {"opens": visits.machine_opens, "clicks": visits.machine_clicks},
        "links": links, "goal": campaign.goal,
        "control": converted.map(|converted| converted.json()),
    })))
}

fn drops(reasons: &Value) -> Vec<Value> {
    let mut drops = Vec::new();
    for state in ["dropped", "failed"] {
        for (reason, people) in reasons[state].as_object().into_iter().flatten() {
            drops.push(json!({"state": state, "reason": reason, "people": people}));
        }
    }
    drops.sort_by_key(|drop| std::cmp::Reverse(drop["people"].as_u64()));
    drops
}

/// People and how many of them did what the campaign is for: those who were to be written to,
/// whether a message reached them or not, and those who were not, to compare with.
struct Converted {
    treated: (u64, u64),
    control: (u64, u64),
    /// Of those to whom a message went.
    reached: u64,
}

/// Fewer people without a message, or fewer of all who did it, tell nothing of the difference
/// (spec: engagement, 1.7).
const CONTROL_PEOPLE_MIN: u64 = 100;
const CONVERTED_MIN: u64 = 10;

impl Converted {
    fn json(&self) -> Value {
        let rate = |(people, did): (u64, u64)| match people {
            0 => Value::Null,
            _ => json!(did as f64 / people as f64),
        };
        let part = |of: (u64, u64)| json!({"people": of.0, "converted": of.1, "rate": rate(of)});
        let tells = self.control.0 >= CONTROL_PEOPLE_MIN
            && self.treated.1 + self.control.1 >= CONVERTED_MIN;
        let lift = match (rate(self.treated).as_f64(), rate(self.control).as_f64()) {
            (Some(with), Some(without)) if tells => json!(with - without),
            _ => Value::Null,
        };
        json!({"treated": part(self.treated), "control": part(self.control), "lift": lift})
    }
}

/// Counts who did what the campaign is for within its window; none where it is for nothing.
async fn conversions(
    server: &Arc<Server>,
    tenant: &Arc<Tenant>,
    run: &Run,
    campaign: &Campaign,
) -> Result<Option<Converted>, Problem> {
    let Some(goal) = &campaign.goal else { return Ok(None) };
    let wanted = Wanted { runs: Some(vec![run.run.clone()]), ..Wanted::default() };
    let mut converted = Converted { treated: (0, 0), control: (0, 0), reached: 0 };
    let mut after = 0;
    loop {
        let account = &tenant.publisher.account_id;
        let (page, last) = server.catalog.messages(account, &wanted, after, PAGE).await?;
        let did = did(server, tenant, goal, run, &page).await?;
        for (message, did) in page.iter().zip(did) {
            let is_control = message.state == DeliveryState::Dropped
                && message.reason.as_deref() == Some("control");
            let side = if is_control { &mut converted.control } else { &mut converted.treated };
            side.0 += 1;
            side.1 += u64::from(did);
            converted.reached += u64::from(did && message.sent_at.is_some());
        }
        match last {
            Some(last) => after = last,
            None => return Ok(Some(converted)),
        }
    }
}

/// Of each message's person, whether they did it after the message, or else after the run began.
async fn did(
    server: &Arc<Server>,
    tenant: &Arc<Tenant>,
    goal: &Goal,
    run: &Run,
    page: &[Delivery],
) -> Result<Vec<bool>, Problem> {
    let window = candor_query::duration(&goal.window, "/goal/window")?;
    let since = |message: &Delivery| message.sent_at.unwrap_or(run.as_of);
    let door = tenant.door().await?;
    let people: Vec<(PersonId, Timestamp, Timestamp)> = page
        .iter()
        .map(|message| {
            let from = since(message);
            let person = door.canonical(message.person);
            (person, from, Timestamp(from.0.saturating_add(window)))
        })
        .collect();
    let goal = Attempted { event: goal.event.clone(), filters: goal.filters.clone() };
    let (did, ..) =
        read(server, tenant, move |view, cancel| goals(view, &goal, &people, cancel)).await?;
    Ok(did)
}
