//! What a person says by themselves, with a token that stands for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use candor_event::{ConsentChange, PersonId, Purpose, Record};

use crate::http::problem::Problem;
use crate::refusal::Refusal;
use crate::server::{Server, Tenant};

/// What a person says of purposes.
pub struct Word {
    /// Yes or no for each. Those that the policy does not name are left out.
    pub purposes: BTreeMap<Purpose, bool>,
    /// Where they said it.
    pub method: &'static str,
    /// The notice that they saw: id, version, language.
    pub notice: Option<(String, String, String)>,
}

/// Writes down what differs from what the person said last; it is in the log when this returns.
/// None when nothing differs.
///
/// # Errors
/// The log takes nothing; the person is to be told that nothing was recorded.
pub async fn record(
    server: &Server,
    tenant: &Arc<Tenant>,
    person: PersonId,
    word: Word,
) -> Result<Option<ConsentChange>, Problem> {
    let door = tenant.door().await?;
    let (policy, said) = (door.policy(), door.said(person));
    let Word { mut purposes, method, notice } = word;
    purposes.retain(|purpose, yes| {
        policy.purposes.contains_key(purpose) && said.about(purpose) != Some(*yes)
    });
    // A device whose clock is fast may have spoken later than now. This is the later word.
    let last = purposes.keys().filter_map(|purpose| said.answer(purpose)).map(|(at, _)| at).max();
    let at = server.now().max(last.unwrap_or_default());
    let method = method.to_owned();
    let change = ConsentChange { person, at, purposes, notice, method };
    let new = (!change.purposes.is_empty()).then_some(change);
    // With nothing new, what the log refused the last time is offered to it again.
    let records = new.iter().cloned().map(Record::Consent).collect();
    let (append, kept) = server.append(door);
    door.record(records, append).map_err(Refusal::from)?;
    let kept = kept.await.map_err(|_| Refusal::Full)?;
    kept.map_err(Refusal::from)?;
    Ok(new)
}
