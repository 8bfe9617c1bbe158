//! Who opened a message and followed its links: people or machines. Judged a little later, since a
//! machine that looks at all links shows by the second one (spec: engagement, 2.8).

use std::collections::BTreeMap;

use candor_catalog::{Delivery, Visit};
use candor_engage::dispatch::{about_message, event_id};
use candor_event::Timestamp;
use candor_ingest::Outcome;

use crate::server::{Server, Tenant};

/// Nobody follows a link so soon after a message went out.
const TOO_SOON_MS: i64 = 3_000;
/// Nobody follows two links within this.
const TOGETHER_MS: i64 = 2_000;
/// Visits that are judged at once.
const VISITS_MAX: usize = 1_000;

/// Judges the visits that are old enough.
pub async fn judge(server: &Server) -> anyhow::Result<()> {
    let by = Timestamp(server.now().0 - TOGETHER_MS);
    let waiting = server.catalog.visits_waiting(by, VISITS_MAX).await?;
    let mut by_message: BTreeMap<(String, [u8; 16]), Vec<Visit>> = BTreeMap::new();
    for visit in waiting {
        let message = (visit.account.as_str().to_owned(), visit.message);
        by_message.entry(message).or_default().push(visit);
    }
    for ((account, message), waiting) in by_message {
        let Some(tenant) = server.tenant(&account) else { continue };
        judge_message(server, &tenant, message, waiting).await?;
    }
    Ok(())
}

async fn judge_message(
    server: &Server,
    tenant: &Tenant,
    message: [u8; 16],
    waiting: Vec<Visit>,
) -> anyhow::Result<()> {
    let account = &tenant.publisher.account_id;
    let all = server.catalog.visits_of(account, message).await?;
    let Some(delivery) = server.catalog.message(account, message).await? else {
        // Its person was erased meanwhile: nobody did it.
        let judged: Vec<_> = waiting.into_iter().map(|visit| (visit, true)).collect();
        server.catalog.judge_visits(&judged).await?;
        return Ok(());
    };
    let sent = delivery.sent_at.unwrap_or(delivery.changed_at);
    let judged: Vec<(Visit, bool)> = waiting
        .into_iter()
        .map(|visit| {
            let machine = is_machine(&visit, &all, sent);
            (visit, machine)
        })
        .collect();
    let campaign = campaign_of(server, tenant, &delivery).await?;
    let mut known: Vec<&Visit> = all.iter().filter(|visit| visit.machine == Some(false)).collect();
    let mut outcomes = Vec::new();
    for (visit, _) in judged.iter().filter(|(_, machine)| !machine) {
        // Each link counts once for a message, and so does that it was opened.
        if !known.iter().any(|other| other.link == visit.link) {
            outcomes.push(outcome(&campaign, &delivery, visit));
        }
        known.push(visit);
    }
    if !outcomes.is_empty() {
        (tenant.sender().await?.tell)(outcomes).await.map_err(|error| anyhow::anyhow!(error))?;
    }
    server.catalog.judge_visits(&judged).await?;
    Ok(())
}

/// Whether a machine did it.
fn is_machine(visit: &Visit, all: &[Visit], sent: Timestamp) -> bool {
    let soon = visit.at.0 - sent.0 < TOO_SOON_MS;
    let beside = |other: &&Visit| {
        other.link.is_some()
            && other.link != visit.link
            && (other.at.0 - visit.at.0).abs() <= TOGETHER_MS
    };
    soon || (visit.link.is_some() && all.iter().any(|other| beside(&other)))
}

/// A message's campaign: id, name and channel.
async fn campaign_of(
    server: &Server,
    tenant: &Tenant,
    delivery: &Delivery,
) -> anyhow::Result<(String, String, String)> {
    let account = &tenant.publisher.account_id;
    let run = server.catalog.run(account, &delivery.run).await?;
    let (id, channel) = run.map(|run| (run.campaign, run.channel)).unwrap_or_default();
    let saved = server.catalog.definition(account, crate::http::campaigns::CAMPAIGN, &id).await?;
    Ok((id, saved.map(|saved| saved.name).unwrap_or_default(), channel))
}

fn outcome(
    (campaign, name, channel): &(String, String, String),
    delivery: &Delivery,
    visit: &Visit,
) -> Outcome {
    let (event, tag) = match visit.link {
        Some(link) => ("Notification Clicked", format!("clicked {link}")),
        None => ("Notification Viewed", "viewed".to_owned()),
    };
    Outcome {
        person: delivery.person,
        at: visit.at,
        name: event,
        id: event_id(delivery.id, &tag),
        properties: about_message((campaign, name), channel, delivery.id),
    }
}

#[cfg(test)]
mod tests {
    use candor_event::AccountId;

    use super::*;

    fn visit(link: Option<u16>, at: i64) -> Visit {
        Visit {
            account: AccountId::new("A-1").unwrap(),
            message: [1; 16],
            number: 1,
            run: "r".to_owned(),
            link,
            at: Timestamp(at),
            machine: None,
        }
    }

    #[test]
    fn machines_are_too_soon_or_everywhere_at_once() {
        let sent = Timestamp(100_000);
        let human = visit(Some(1), 220_000);
        let check = |one: &Visit, others: &[Visit], expected| {
            let all: Vec<Visit> = others.iter().chain([one]).cloned().collect();
            assert_eq!(is_machine(one, &all, sent), expected, "{one:?} among {others:?}");
        };
        check(&human, &[], false);
        check(&visit(Some(1), 102_999), &[], true);
        check(&visit(None, 101_000), &[], true);
        check(&human, &[visit(Some(2), 221_500)], true);
        check(&human, &[visit(Some(2), 222_001)], false);
        check(&human, &[visit(Some(1), 220_100)], false);
        check(&human, &[visit(None, 220_000)], false);
        check(&visit(None, 220_000), &[visit(Some(1), 220_001), visit(Some(2), 220_002)], false);
    }
}
