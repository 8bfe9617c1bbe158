//! What a publisher owns as rows: its people, their devices and their events, at one moment.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use anyhow::Context;
use candor_event::ValueRef;
use candor_ingest::{Door, Ids};
use candor_store::{ColumnKind, Run, VolumeView};

use super::columns::{Columns, Seen};
use super::piece::{Asked, Piece, Plan, Tell};
use super::table::Table;
use super::walk::Walk;
use crate::moment::utc;
use crate::server::Tenant;

/// What everybody's rows begin with.
const PEOPLE: [(&str, ColumnKind); 4] = [
    ("person", ColumnKind::Text),
    ("identity", ColumnKind::Text),
    ("guid", ColumnKind::Text),
    ("time", ColumnKind::Time),
];

const DEVICES: [(&str, ColumnKind); 3] =
    [("person", ColumnKind::Text), ("identity", ColumnKind::Text), ("guid", ColumnKind::Text)];

const EVENTS: [(&str, ColumnKind); 7] = [
    ("person", ColumnKind::Text),
    ("identity", ColumnKind::Text),
    ("guid", ColumnKind::Text),
    ("event", ColumnKind::Text),
    ("time", ColumnKind::Time),
    ("session", ColumnKind::Integer),
    ("id", ColumnKind::Text),
];

/// Which rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    People,
    Devices,
    Events,
}

impl Kind {
    /// In this order an import reads them: what a person allows comes before what they did.
    const ALL: [(Kind, &str); 3] =
        [(Kind::People, "people"), (Kind::Devices, "devices"), (Kind::Events, "events")];
}

/// Whether a name is one of a file of an export, whole or begun.
pub fn is_file(name: &str) -> bool {
    let (table, rest) = name.split_once('-').unwrap_or_default();
    let (number, ending) = rest.split_once('.').unwrap_or_default();
    Kind::ALL.iter().any(|(_, word)| *word == table)
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && ["parquet", "jsonl"].contains(&ending.trim_end_matches(".part"))
}

/// Hands all files of an export on; blocks. `go_on` is asked now and then.
///
/// # Errors
/// What `tell` answered, and where nobody is known by the identity.
pub fn produce(
    (tenant, door): (&Tenant, &Door),
    asked: &Asked,
    go_on: &(dyn Fn() -> bool + Sync),
    tell: Tell<'_>,
) -> anyhow::Result<()> {
    // Before the picture: what came between would be missed otherwise.
    let offset = tenant.store.applied();
    let view = tenant.store.view();
    let only = match &asked.person {
        None => None,
        Some(identity) => {
            let ids = Ids { identity: Some(identity.clone()), ..Ids::default() };
            let person = door.resolve(&ids).filter(|id| view.find(*id).is_some());
            Some(person.context("nobody here is known by the identity of --person")?)
        }
    };
    let goes_on = asked.had.as_ref().is_some_and(|had| had.offset == offset);
    let walk = Walk::new(&view, door, only, go_on);
    let tables = Tables::new(&walk)?;
    let plan = Plan {
        offset,
        as_of: utc(view.as_of),
        goes_on,
        people: tables.people_count,
        events: tables.events_count,
        classes: tables.classes(door),
    };
    tell(Piece::Plan(plan))?;
    let had = asked.had.iter().filter(|_| goes_on).flat_map(|had| &had.files);
    let had: Vec<&String> = had.collect();
    let rows = AtomicU64::new(0);
    for (number, volume) in view.volumes.iter().enumerate() {
        let volume = &volume.apart();
        for (kind, word) in Kind::ALL {
            for format in &asked.formats {
                let name = format!("{word}-{number:03}.{}", format.ending());
                if !had.contains(&&name) {
                    let columns = tables.columns(kind);
                    let table = Table::new(name, *format, columns, tell, &rows);
                    write(&walk, volume, kind, table)?;
                }
            }
        }
    }
    tell(Piece::Done)
}

/// The columns of all tables, and how many rows there are.
struct Tables {
    people: Columns,
    devices: Columns,
    events: Columns,
    people_count: u64,
    events_count: u64,
}

impl Tables {
    /// Looks everything through once.
    fn new(walk: &Walk<'_>) -> anyhow::Result<Tables> {
        let unseen = || vec![Seen::default(); walk.names.len()];
        let (mut of_people, mut of_events) = (unseen(), unseen());
        let (mut people_count, mut events_count) = (0, 0);
        for volume in &walk.view.volumes {
            let volume = &volume.apart();
            walk.each_person(volume, |ordinal| {
                people_count += 1;
                let (traits, consents, _) = walk.traits(volume, ordinal);
                traits.iter().for_each(|(code, value)| of_people[*code as usize].add(*value));
                if !consents.is_empty() {
                    of_people[walk.consent() as usize].add(ValueRef::Object(&consents));
                }
                Ok(())
            })?;
            walk.each_run(volume, |_, run| {
                events_count += run.len() as u64;
                for at in 0..run.len() {
                    for (code, value) in volume.coded_properties(run.row(at)) {
                        of_events[code as usize].add(value);
                    }
                }
                Ok(())
            })?;
        }
        Ok(Tables {
            people: Columns::new(&PEOPLE, &walk.names, &of_people),
            devices: Columns::new(&DEVICES, &[], &[]),
            events: Columns::new(&EVENTS, &walk.names, &of_events),
            people_count,
            events_count,
        })
    }

    fn columns(&self, kind: Kind) -> &Columns {
        match kind {
            Kind::People => &self.people,
            Kind::Devices => &self.devices,
            Kind::Events => &self.events,
        }
    }

    /// The class of each property and trait that has a column.
    fn classes(&self, door: &Door) -> BTreeMap<String, String> {
        let classes = door.classes();
        let names = self.people.properties().chain(self.events.properties());
        let class = |name| Some((str::to_owned(name), classes.class_of(name)?.name().to_owned()));
        names.filter_map(class).collect()
    }
}

/// Writes the rows of one kind of a volume.
fn write(
    walk: &Walk<'_>,
    volume: &VolumeView,
    kind: Kind,
    mut table: Table<'_>,
) -> anyhow::Result<()> {
    match kind {
        Kind::People => {
            walk.each_person(volume, |ordinal| person(walk, volume, ordinal, &mut table))?
        }
        Kind::Devices => {
            walk.each_person(volume, |ordinal| devices(walk, volume, ordinal, &mut table))?;
        }
        Kind::Events => {
            walk.each_run(volume, |ordinal, run| events(walk, volume, ordinal, run, &mut table))?;
        }
    }
    table.finish()
}

fn person(
    walk: &Walk<'_>,
    volume: &VolumeView,
    ordinal: u32,
    table: &mut Table<'_>,
) -> anyhow::Result<()> {
    let (mut traits, consents, said) = walk.traits(volume, ordinal);
    if !consents.is_empty() {
        traits.push((walk.consent(), ValueRef::Object(&consents)));
    }
    let who = walk.who(volume, ordinal);
    let guid = who.guid.or_else(|| walk.own_guids(volume, ordinal).next());
    let ids = [Some(who.id.as_str()), who.identity.as_deref(), guid.as_deref()];
    let [id, identity, guid] = ids.map(|id| id.map(ValueRef::Text));
    let said = said.map(|said| ValueRef::Integer(said.0));
    table.row(&[id, identity, guid, said], &mut traits)
}

fn devices(
    walk: &Walk<'_>,
    volume: &VolumeView,
    ordinal: u32,
    table: &mut Table<'_>,
) -> anyhow::Result<()> {
    let who = walk.who(volume, ordinal);
    // Without an identity an import could not tell that they are one person's.
    if who.identity.is_none() {
        return Ok(());
    }
    for guid in walk.own_guids(volume, ordinal) {
        let ids = [Some(who.id.as_str()), who.identity.as_deref(), Some(&guid)];
        table.row(&ids.map(|id| id.map(ValueRef::Text)), &mut [])?;
    }
    Ok(())
}

fn events(
    walk: &Walk<'_>,
    volume: &VolumeView,
    ordinal: u32,
    run: Run<'_>,
    table: &mut Table<'_>,
) -> anyhow::Result<()> {
    let who = walk.who(volume, ordinal);
    let ids = [Some(who.id.as_str()), who.identity.as_deref(), who.guid.as_deref()];
    let [id, identity, guid] = ids.map(|id| id.map(ValueRef::Text));
    let mut before = Before::default();
    for at in 0..run.len() {
        let name = &volume.event_names()[usize::from(run.code(at))];
        let alike = before.alike(run.time(at), run.code(at)).map(|nth| nth.to_string());
        let session = volume.session(run.row(at));
        let fixed = [
            id,
            identity,
            guid,
            Some(ValueRef::Text(name)),
            Some(ValueRef::Integer(run.time(at))),
            // As the SDKs send it; an import takes it for the same.
            session.map(|session| ValueRef::Integer(session as i64)),
            alike.as_deref().map(ValueRef::Text),
        ];
        table.row(&fixed, &mut volume.coded_properties(run.row(at)))?;
    }
    Ok(())
}

/// Events of a person at one moment. An import takes a second one of the same name and content for
/// the first again, unless it has an id: those after the first are numbered.
#[derive(Default)]
struct Before {
    time: Option<i64>,
    codes: Vec<(u16, u32)>,
}

impl Before {
    /// The number of an event among those of its time and name, from 2; none for the first.
    fn alike(&mut self, time: i64, code: u16) -> Option<u32> {
        if self.time != Some(time) {
            self.time = Some(time);
            self.codes.clear();
        }
        match self.codes.iter_mut().find(|(other, _)| *other == code) {
            Some((_, count)) => {
                *count += 1;
                Some(*count)
            }
            None => {
                self.codes.push((code, 1));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_alike_at_one_moment_are_numbered() {
        let mut before = Before::default();
        let numbers = [(1, 7), (1, 8), (1, 7), (1, 7), (2, 7)].map(|(t, c)| before.alike(t, c));
        assert_eq!(numbers, [None, None, Some(2), Some(3), None]);
    }

    #[test]
    fn files_of_an_export_are_told_from_others() {
        for name in ["people-000.parquet", "events-015.jsonl", "devices-1000.jsonl.part"] {
            assert!(is_file(name), "{name}");
        }
        for name in ["people.parquet", "events-0x.jsonl", "orders-000.jsonl", "events-000.csv"] {
            assert!(!is_file(name), "{name}");
        }
    }
}
