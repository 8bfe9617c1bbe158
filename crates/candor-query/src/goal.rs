//! Whether people did something within a time of their own.

use std::collections::HashMap;

use candor_event::{PersonId, Timestamp};
use candor_store::{Scratch, View};

use crate::error::Error;
use crate::filter::{Condition, Filter};
use crate::scan::Cancel;

/// People between two looks whether somebody still waits.
const BETWEEN_LOOKS: usize = 1_000;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Attempted {
    /// The event; `*` is any.
    pub event: String,
    /// With these properties.
    pub filters: Vec<Condition>,
}

/// Of each person, whether they did it after a moment and not after another, in the order given.
///
/// # Errors
/// [`Error::Bad`] for a condition that makes no sense, [`Error::Cancelled`].
pub fn goals(
    view: &View,
    goal: &Attempted,
    people: &[(PersonId, Timestamp, Timestamp)],
    cancel: &Cancel,
) -> Result<Vec<bool>, Error> {
    for (place, condition) in goal.filters.iter().enumerate() {
        condition.check(&format!("/goal/where/{place}"))?;
    }
    let mut scratch = Scratch::default();
    // What is found in a volume once is the same for all of its people.
    let mut found: HashMap<*const candor_store::VolumeView, (Option<u16>, Vec<Filter<'_>>)> =
        HashMap::new();
    let mut did = Vec::with_capacity(people.len());
    for (at, (person, after, until)) in people.iter().enumerate() {
        cancel.look(at, BETWEEN_LOOKS)?;
        let Some((volume, ordinal)) = view.find(*person) else {
            did.push(false);
            continue;
        };
        let (event, filters) = found.entry(std::ptr::from_ref(volume)).or_insert_with(|| {
            let filters = goal.filters.iter().map(|condition| condition.find(volume)).collect();
            (volume.event_code(&goal.event), filters)
        });
        let run = volume.run(ordinal, &mut scratch);
        let first = run.before(after.0.saturating_add(1));
        let last = run.before(until.0.saturating_add(1));
        let any = goal.event == "*";
        did.push((first..last).any(|at| {
            (any || Some(run.code(at)) == *event)
                && filters.iter().all(|filter| filter.matches(volume, ordinal, run.row(at)))
        }));
    }
    Ok(did)
}
