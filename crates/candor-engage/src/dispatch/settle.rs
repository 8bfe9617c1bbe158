//! From what a provider answered to what is durable: the next state of a message, and the event
//! that its person gets (spec: engagement, 2.4).

use candor_catalog::{Delivery, DeliveryState, Moved};
use candor_event::{PersonId, Properties, Timestamp, Value};
use candor_ingest::Outcome;

use super::reason::{self, DropReason, failed};
use super::sender::Plan;
use crate::channel::{Answer, Channel};

/// Attempts that count, after which nothing is tried any more.
pub const ATTEMPTS_MAX: u32 = 10;
/// Between attempts: doubled each time, up to the longest.
const WAIT_MS: i64 = 1_000;
const WAIT_MS_MAX: i64 = 15 * 60_000;
/// Between attempts of a webhook, in seconds: the schedule of Standard Webhooks' reference.
const WEBHOOK_WAIT_S: [i64; 7] = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
/// A provider that was too fast for is asked again after this, where it does not say when.
const TOO_FAST_MS: i64 = 1_000;

/// How a message stood and where it goes.
pub(super) fn step(delivery: &Delivery, to: DeliveryState) -> Moved {
    Moved {
        place: delivery.place,
        from: delivery.state,
        to,
        reason: None,
        code: None,
        provider_id: None,
        attempts: delivery.attempts,
        due: delivery.due,
        counts_since: None,
    }
}

/// A message that does not go; `detail` says which data was missing.
pub(super) fn dropped(delivery: &Delivery, reason: DropReason, detail: Option<String>) -> Moved {
    let reason = Some(reason.word());
    Moved { reason, code: detail, ..step(delivery, DeliveryState::Dropped) }
}

/// A message that is not to go any more, and of which nobody knows whether it went before a crash.
pub(super) fn doubted(delivery: &Delivery, reason: DropReason) -> Moved {
    let code = Some(reason.word().to_owned());
    Moved { code, ..step(delivery, DeliveryState::Unknown) }
}

/// A message that goes later.
pub(super) fn put_off(delivery: &Delivery, due: Timestamp) -> Moved {
    Moved { due, ..step(delivery, DeliveryState::Planned) }
}

/// What becomes of a message with this answer.
pub(super) fn answered(plan: &Plan, delivery: &Delivery, answer: &Answer, now: Timestamp) -> Moved {
    let to = |state| step(delivery, state);
    let fails = |reason, code: &String| Moved {
        reason: Some(reason),
        code: Some(code.clone()),
        attempts: delivery.attempts + 1,
        ..to(DeliveryState::Failed)
    };
    match answer {
        Answer::Accepted { provider_id } => Moved {
            provider_id: provider_id.clone(),
            attempts: delivery.attempts + 1,
            ..to(DeliveryState::Accepted)
        },
        Answer::NoSuchAddress { code, .. } => fails(failed::NO_SUCH_ADDRESS, code),
        Answer::BadContent { code } => fails(failed::BAD_CONTENT, code),
        Answer::BadCredentials { code } => again(plan, delivery, code, TOO_FAST_MS, now),
        Answer::TooFast { code, retry_after } => {
            let wait = retry_after.map_or(TOO_FAST_MS, |wait| wait.as_millis() as i64);
            again(plan, delivery, code, wait, now)
        }
        Answer::Unknown { code } if !plan.provider.retries_unknown() => Moved {
            code: Some(code.clone()),
            attempts: delivery.attempts + 1,
            ..to(DeliveryState::Unknown)
        },
        Answer::Later { code } | Answer::Unknown { code } => {
            let attempts = delivery.attempts + 1;
            let wait = wait(plan.campaign.channel, delivery, now);
            if attempts >= ATTEMPTS_MAX {
                return fails(failed::GAVE_UP, code);
            }
            Moved { attempts, ..again(plan, delivery, code, wait, now) }
        }
    }
}

/// Tried again after a while, unless its time is over by then.
fn again(plan: &Plan, delivery: &Delivery, code: &str, wait_ms: i64, now: Timestamp) -> Moved {
    let due = Timestamp(now.0.saturating_add(wait_ms));
    let code = Some(code.to_owned());
    match due > plan.run.until {
        true => {
            let reason = Some(failed::GAVE_UP);
            Moved { reason, code, ..step(delivery, DeliveryState::Failed) }
        }
        false => Moved { due, code, ..step(delivery, DeliveryState::Planned) },
    }
}

/// How long until the next attempt: full jitter, from the message's id and the moment.
fn wait(channel: Channel, delivery: &Delivery, now: Timestamp) -> i64 {
    if channel == Channel::Webhook {
        let place = (delivery.attempts as usize).min(WEBHOOK_WAIT_S.len() - 1);
        return WEBHOOK_WAIT_S[place] * 1_000;
    }
    let most = (WAIT_MS << delivery.attempts.min(20)).min(WAIT_MS_MAX);
    let (seed, _) = delivery.id.split_at(8);
    let mixed = seed.iter().fold(now.0 as u64, |mixed, byte| {
        (mixed ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (mixed % most as u64) as i64 + 1
}

/// The event that a person gets when their message is settled; none where it is not.
pub(super) fn outcome(
    plan: &Plan,
    delivery: &Delivery,
    variant: Option<&str>,
    moved: &Moved,
    now: Timestamp,
) -> Option<Outcome> {
    let (person, id) = (delivery.person, delivery.id);
    // Whoever was erased meanwhile gets no event.
    if person == PersonId::NOBODY {
        return None;
    }
    let (name, tag) = match moved.to {
        DeliveryState::Accepted => ("Notification Sent", "sent"),
        DeliveryState::Dropped | DeliveryState::Failed => ("Notification Dropped", "dropped"),
        _ => return None,
    };
    let mut properties = about(plan, id);
    if let Some(variant) = variant {
        properties.insert("variant", variant.into());
    }
    if let Some(reason) = moved.reason {
        properties.insert("drop_reason", reason.into());
    }
    Some(Outcome { person, at: now, name, id: event_id(id, tag), properties })
}

/// The event of a message that was settled before; none where it was not.
pub(super) fn told_again(plan: &Plan, delivery: &Delivery) -> Option<Outcome> {
    if !delivery.state.is_settled() {
        return None;
    }
    let reason = reason::known(&delivery.reason);
    let moved = Moved { reason, ..step(delivery, delivery.state) };
    outcome(plan, delivery, None, &moved, delivery.changed_at)
}

/// What every event about a message says.
pub fn about(plan: &Plan, id: [u8; 16]) -> Properties {
    let campaign = (plan.run.campaign.as_str(), plan.campaign.name.as_str());
    about_message(campaign, plan.campaign.channel.word(), id)
}

/// The same for a message whose run is over.
pub fn about_message((id, name): (&str, &str), channel: &str, message: [u8; 16]) -> Properties {
    let pairs: [(&str, Value); 4] = [
        ("campaign", id.into()),
        ("campaign_name", name.into()),
        ("channel", channel.into()),
        ("message_id", hex(message).as_str().into()),
    ];
    pairs.into_iter().collect()
}

/// Tells an event about a message from others: told twice, it counts once.
pub fn event_id(message: [u8; 16], what: &str) -> String {
    format!("{} {what}", hex(message))
}

fn hex(id: [u8; 16]) -> String {
    super::sender::id_of(id).to_string()
}
