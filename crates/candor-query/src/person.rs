//! One person: traits, counts of events, timeline.

use std::collections::BTreeMap;

use candor_event::{PersonId, Timestamp, Value};
use candor_store::{Run, Scratch, View, VolumeView};

use crate::session::{Session, sessions};

/// What is held of one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// Traits by name; what the person said about purposes is among them (see
    /// [`candor_store::CONSENT_TRAIT`]).
    pub traits: BTreeMap<String, Value>,
    /// Events by name: how many, first and last.
    pub events: Vec<EventCount>,
}

/// How often and when someone did something.
#[derive(Clone, Debug, PartialEq)]
pub struct EventCount {
    /// The event's name.
    pub name: String,
    /// How often.
    pub count: u64,
    /// The first time.
    pub first: Timestamp,
    /// The last time.
    pub last: Timestamp,
}

/// One event of a timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// What.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// In which session of the SDK.
    pub session: Option<u64>,
    /// Its properties.
    pub properties: BTreeMap<String, Value>,
}

/// All of a person but the timeline; none who is not held.
pub fn person(view: &View, id: PersonId) -> Option<Person> {
    let (volume, ordinal) = view.find(id)?;
    let mut scratch = Scratch::default();
    Some(held(volume, ordinal, volume.run(ordinal, &mut scratch)))
}

/// A person's traits alone; none of who is not held.
pub fn traits(view: &View, id: PersonId) -> Option<BTreeMap<String, Value>> {
    let (volume, ordinal) = view.find(id)?;
    Some(traits_of(volume, ordinal))
}

fn traits_of(volume: &VolumeView, ordinal: u32) -> BTreeMap<String, Value> {
    let traits = volume.traits(ordinal).into_iter();
    traits.map(|(name, value)| (name.to_string(), value.to_value())).collect()
}

/// What is held of the person of an ordinal, with this run of events.
pub(crate) fn held(volume: &VolumeView, ordinal: u32, run: Run<'_>) -> Person {
    let mut counts: BTreeMap<u16, EventCount> = BTreeMap::new();
    for (at, code) in (0..run.len()).map(|at| (Timestamp(run.time(at)), run.code(at))) {
        let count = counts.entry(code).or_insert_with(|| EventCount {
            name: volume.event_names()[usize::from(code)].to_string(),
            count: 0,
            first: at,
            last: at,
        });
        count.count += 1;
        count.last = at;
    }
    let traits = traits_of(volume, ordinal);
    let mut events: Vec<EventCount> = counts.into_values().collect();
    events.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    Person { id: volume.person_id(ordinal), traits, events }
}

/// One event of a run.
pub(crate) fn done(volume: &VolumeView, run: Run<'_>, at: usize) -> Done {
    done_at(volume, run.row(at), run.code(at), Timestamp(run.time(at)))
}

/// The event of a row, of which the name's code and the time are known.
pub(crate) fn done_at(volume: &VolumeView, row: u32, code: u16, at: Timestamp) -> Done {
    let properties = volume.properties(row).into_iter();
    Done {
        name: volume.event_names()[usize::from(code)].to_string(),
        at,
        session: volume.session(row),
        properties: properties.map(|(name, value)| (name.to_string(), value.to_value())).collect(),
    }
}

/// The latest events of a person before a moment, newest first, each with the visit it belongs to;
/// at most `limit`, and those that share the time of the last one, so that nothing falls between
/// two calls.
pub fn timeline(
    view: &View,
    id: PersonId,
    before: Timestamp,
    limit: usize,
) -> Option<Vec<(Done, Session)>> {
    let (volume, ordinal) = view.find(id)?;
    let mut scratch = Scratch::default();
    let run = volume.run(ordinal, &mut scratch);
    let end = run.before(before.0);
    let first = end.saturating_sub(limit);
    let first = if first < end { run.before(run.time(first)) } else { end };
    let told = (0..end).map(|at| volume.session(run.row(at)));
    let times = (0..end).map(|at| run.time(at));
    let of_each: Vec<Session> = sessions(times, told).collect();
    Some((first..end).rev().map(|at| (done(volume, run, at), of_each[at])).collect())
}
