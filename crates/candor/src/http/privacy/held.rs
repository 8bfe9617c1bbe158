//! What is held of one person, gathered for their own page.

use std::collections::BTreeMap;
use std::sync::Arc;

use candor_event::{ConsentChange, DataClass, PersonId, Timestamp, Value};
use candor_ingest::GUIDS_TRAIT;
use candor_query::EventCount;

use crate::http::insights::read;
use crate::http::problem::Problem;
use crate::server::{Server, Tenant};

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
    just_said: Option<&ConsentChange>,
) -> Result<Held, Problem> {
    let found = read(server, tenant, move |view, _| Ok(candor_query::person(view, person)));
    let (found, ..) = found.await?;
    let mut said = server.catalog.consents(&tenant.publisher.account_id, person).await?;
    let missing = just_said.filter(|just_said| said.last() != Some(just_said));
    said.extend(missing.cloned());
    said.reverse();
    let mut held = Held { said, messages: messages_of(person), ..Held::default() };
    let Some(found) = found else { return Ok(held) };
    let classes = tenant.door.classes();
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

/// What was written to a person: nothing yet.
fn messages_of(_person: PersonId) -> Vec<Message> {
    Vec::new()
}
