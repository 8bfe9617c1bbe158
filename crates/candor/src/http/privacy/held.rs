//! What is held of one person, gathered for their own page.

use std::collections::BTreeMap;
use std::sync::Arc;

use candor_catalog::DeliveryState;
use candor_event::{ConsentChange, DataClass, PersonId, Timestamp, Value};
use candor_ingest::GUIDS_TRAIT;
use candor_query::EventCount;

use super::rule::words;
use crate::http::insights::read;
use crate::http::messages::{published, same};
use crate::http::problem::Problem;
use crate::server::{Server, Tenant};

/// Messages that are looked at.
const MESSAGES_MAX: usize = 1_000;

/// What is held of a person.
#[derive(Debug, Default)]
pub struct Held {
    /// Traits by class, in the order of their names.
    pub traits: BTreeMap<DataClass, Vec<(String, Value)>>,
    /// Events by name, the most frequent first.
    pub events: Vec<EventCount>,
    /// Devices and browsers.
    pub devices: usize,
    /// What the person said, the latest first.
    pub said: Vec<ConsentChange>,
    /// What was written to the person.
    pub messages: Vec<Message>,
}

/// A message: when, what, what became of it and why.
pub type Message = (Timestamp, String, String, String);

/// What is held of a person, with what they said just now: the catalog hears of it a moment later.
pub async fn held(
    server: &Server,
    tenant: &Arc<Tenant>,
    person: PersonId,
    values: bool,
    just_said: Option<&ConsentChange>,
) -> Result<Held, Problem> {
    let found = read(server, tenant, move |view, _| Ok(candor_query::person(view, person)));
    let (found, ..) = found.await?;
    let mut said = server.catalog.consents(&tenant.publisher.account_id, person).await?;
    let missing = just_said.filter(|just_said| said.last() != Some(just_said));
    said.extend(missing.cloned());
    said.reverse();
    let messages = messages_of(server, tenant, person, values).await?;
    let mut held = Held { said, messages, ..Held::default() };
    let Some(found) = found else { return Ok(held) };
    let classes = tenant.classes();
    for (name, value) in found.traits {
        match value {
            Value::List(guids) if name == GUIDS_TRAIT => held.devices = guids.len(),
            Value::List(none) if none.is_empty() => {}
            // The server's own notes: consents, which are shown as what was said.
            _ if name.starts_with('$') => {}
            value => {
                let class = classes.class_of(&name).unwrap_or(DataClass::Behaviour);
                held.traits.entry(class).or_default().push((name, value));
            }
        }
    }
    held.events = found.events;
    Ok(held)
}

/// What was written to a person, the latest first, with the rule by which; where values are not
/// shown, without those of the rule.
async fn messages_of(
    server: &Server,
    tenant: &Arc<Tenant>,
    person: PersonId,
    values: bool,
) -> Result<Vec<Message>, Problem> {
    let account = &tenant.publisher.account_id;
    let people = same(tenant.door().await?, person);
    let found = server.catalog.latest_messages(account, &people, MESSAGES_MAX).await?;
    let mut messages = Vec::with_capacity(found.len());
    for message in &found {
        let Some(became) = became(message.state) else { continue };
        let published = published(server, account, &message.run).await?;
        let (what, why) = published.map_or_else(Default::default, |(_, campaign)| {
            (campaign.name.clone(), words(&campaign.audience, values))
        });
        let at = message.sent_at.unwrap_or(message.changed_at);
        messages.push((at, what, became.to_owned(), why));
    }
    Ok(messages)
}

/// What became of a message, for the person; nothing of one that never left.
fn became(state: DeliveryState) -> Option<&'static str> {
    match state {
        DeliveryState::Planned | DeliveryState::HandingOver | DeliveryState::Dropped => None,
        DeliveryState::Accepted => Some("Sent"),
        DeliveryState::Delivered => Some("Arrived"),
        DeliveryState::Failed => Some("Did not arrive"),
        DeliveryState::Unknown => Some("Perhaps sent"),
    }
}
