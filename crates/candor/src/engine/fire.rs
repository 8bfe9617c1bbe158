//! When campaigns fire: their runs, whom each is for, and when they are done.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail};
use candor_catalog::{Campaign, CampaignVersion, Group, Run, RunState};
use candor_engage::campaign;
use candor_engage::dispatch::Sender;
use candor_engage::schedule::{Clock, Occurrence, Schedule, turn};
use candor_event::{PersonId, Timestamp};
use candor_query::segment;

use crate::http::insights::read;
use crate::http::segments::resolved;
use crate::http::segments::saved::LIST_PEOPLE_MAX;
use crate::server::{Server, Tenant};

/// Plans the runs of campaigns that are due.
pub async fn campaigns(server: &Server) -> anyhow::Result<()> {
    for due in server.catalog.campaigns_due(server.now()).await? {
        let Some(tenant) = server.tenant(due.account.as_str()) else { continue };
        let (version, document) = document(server, &due).await?;
        let Some(at) = due.next_due else { continue };
        let occurrence = occurrence(&document.schedule, &tenant, at, version.version);
        let next = document.schedule.next(at, &tenant.zone).map(|next| next.due);
        let now = server.now();
        let late = now > document.start_by(at);
        let run = Run {
            account: due.account.clone(),
            run: format!("{} {}", due.campaign, occurrence.key),
            campaign: due.campaign.clone(),
            version: due.version,
            channel: document.channel.word().to_owned(),
            provider: document.provider.clone(),
            state: if late { RunState::Missed } else { RunState::Scheduled },
            due: at,
            until: document.until(last_turn(&document.schedule, at)),
            people: 0,
            as_of: Timestamp(0),
            changed_at: now,
            repeated: 0,
            note: late.then(|| LATE.to_owned()),
        };
        server.catalog.fire_campaign(&due, &run, next).await?;
    }
    Ok(())
}

const LATE: &str = "the server was not there in time, and nobody said that it may be later";

/// The occurrence that is due at a moment.
fn occurrence(schedule: &Schedule, tenant: &Tenant, at: Timestamp, version: u64) -> Occurrence {
    let before = Timestamp(at.0 - 1);
    let own = || Occurrence { key: format!("now {version}"), due: at, at: None };
    schedule.next(before, &tenant.zone).filter(|next| next.due == at).unwrap_or_else(own)
}

/// Where each person has a turn of their own, the last one is more than a day after the first.
fn last_turn(schedule: &Schedule, first: Timestamp) -> Timestamp {
    let clock = match schedule {
        Schedule::Now => Clock::Publisher,
        Schedule::Once(once) => once.clock,
        Schedule::Recurring(recurring) => recurring.clock,
    };
    const HOUR_MS: i64 = 3_600_000;
    match clock {
        Clock::Publisher => first,
        Clock::Person => Timestamp(first.0 + 27 * HOUR_MS),
        Clock::PersonOrNextDay => Timestamp(first.0 + 51 * HOUR_MS),
    }
}

async fn document(
    server: &Server,
    due: &Campaign,
) -> anyhow::Result<(CampaignVersion, campaign::Campaign)> {
    let version = server.catalog.campaign_version(&due.account, &due.campaign, due.version).await?;
    let Some(version) = version else { bail!("the version of {} is gone", due.campaign) };
    let document = serde_json::from_str(&version.document).context("read a campaign")?;
    Ok((version, document))
}

/// Fixes whom the runs are for whose time has come, and lets them run.
pub async fn begin(server: &Server) -> anyhow::Result<()> {
    for run in server.catalog.runs_due(RunState::Scheduled, server.now()).await? {
        let Some(tenant) = server.tenant(run.account.as_str()) else { continue };
        if let Err(error) = begin_one(server, &tenant, &run).await {
            let note = format!("whom it is for could not be found out: {error:#}");
            tracing::error!(run = run.run, note, "a run did not begin");
            let now = server.now();
            server.catalog.move_run(&run, RunState::Missed, Some(&note), now).await?;
        }
    }
    Ok(())
}

async fn begin_one(server: &Server, tenant: &Arc<Tenant>, run: &Run) -> anyhow::Result<()> {
    let version = server.catalog.campaign_version(&run.account, &run.campaign, run.version).await?;
    let version = version.context("its version is gone")?;
    let document: campaign::Campaign = serde_json::from_str(&version.document)?;
    let now = server.now();
    if now > document.start_by(run.due) {
        server.catalog.move_run(run, RunState::Missed, Some(LATE), now).await?;
        return Ok(());
    }
    let said = |problem: crate::http::problem::Problem| anyhow::anyhow!("{}", problem.detail());
    let rule = resolved(server, tenant, &document.audience, "/audience").await.map_err(said)?;
    let zone = tenant.zone.clone();
    let found = read(server, tenant, move |view, cancel| {
        segment::people(view, &rule, now, &zone, None, LIST_PEOPLE_MAX + 1, cancel)
    });
    let (people, _, as_of) = found.await.map_err(said)?;
    if people.len() > LIST_PEOPLE_MAX {
        bail!("it is for more than {LIST_PEOPLE_MAX} people: make it several campaigns");
    }
    let occurrence = occurrence(&document.schedule, tenant, run.due, run.version);
    let clock = match &document.schedule {
        Schedule::Now => Clock::Publisher,
        Schedule::Once(once) => once.clock,
        Schedule::Recurring(recurring) => recurring.clock,
    };
    let groups = match (clock, occurrence.at) {
        (Clock::Publisher, _) | (_, None) => vec![Group { due: now, people }],
        (clock, Some(at)) => {
            let (sender, since) = (tenant.sender().await?.clone(), run.due);
            tokio::task::spawn_blocking(move || by_turn(&sender, people, (at, clock), since))
                .await?
        }
    };
    server.catalog.fix_audience(&run.account, &run.run, &groups, as_of, now).await?;
    // Who was put off by an older run may now have a newer message.
    for other in server.catalog.runs(&run.account, &run.campaign).await? {
        if other.run != run.run && other.state == RunState::Running {
            tenant.sender().await?.halts.changed(&other.run);
        }
    }
    Ok(())
}

/// People by the moment of their turn; whose turn was over before the run was due is not among
/// them. A run begins a moment after that, or later where it catches up: those first turns count.
fn by_turn(
    sender: &Sender,
    people: Vec<PersonId>,
    (at, clock): (jiff::civil::DateTime, Clock),
    since: Timestamp,
) -> Vec<Group> {
    let mut groups: BTreeMap<Timestamp, Vec<PersonId>> = BTreeMap::new();
    for person in people {
        let traits = (sender.traits)(person).unwrap_or_default();
        if let Some(due) = turn(at, clock, &sender.zone_of(&traits), since) {
            groups.entry(due).or_default().push(person);
        }
    }
    groups.into_iter().map(|(due, people)| Group { due, people }).collect()
}

/// Ends runs for whose people everything was done, and campaigns that do not fire again.
pub async fn finish(server: &Server) -> anyhow::Result<()> {
    let now = server.now();
    for run in server.catalog.runs_due(RunState::Running, now).await? {
        if server.catalog.is_done(&run.account, &run.run).await? {
            server.catalog.move_run(&run, RunState::Finished, None, now).await?;
        }
    }
    Ok(server.catalog.complete_campaigns(now).await?)
}
