//! A sheet is what its events are one by one: in the same order, told from repeats the same way.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use candor_event::{
    Column, DataClass, Event, ManualClock, Merge, PersonId, Properties, Record, Sheet, Timestamp,
    Value,
};
use candor_keys::PublisherKeys;
use candor_store::{Scratch, Store, StoreConfig};
use proptest::prelude::*;

const DAY: i64 = 86_400_000;

#[derive(Clone, Debug)]
enum Step {
    /// Events that come together.
    Send(Vec<Event>),
    /// They are folded one into the other.
    Merge(u8, u8),
    Erase(u8),
    /// Somebody asks.
    Look,
    Flush,
    Settle,
    Reopen,
}

fn person(number: u8) -> PersonId {
    let mut id = [9; 16];
    id[0] = number;
    PersonId(id)
}

fn event() -> impl Strategy<Value = Event> {
    let value = prop_oneof![
        (0i64..3).prop_map(Value::Integer),
        (0i64..3).prop_map(|number| Value::Float(number as f64 / 2.0)),
        prop::sample::select(vec!["x", "", "5f0c8b2e-1d3a-4c6b-8e9f-0a1b2c3d4e5f"])
            .prop_map(Value::from),
        any::<bool>().prop_map(Value::Bool),
    ];
    let properties =
        prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c"]), value, 0..4);
    let time = prop_oneof![0i64..40, Just(200 * DAY)];
    let name = prop::sample::select(vec!["view", "pay", "leave"]);
    (0u8..6, time, name, properties, prop::option::of(1u64..4)).prop_map(
        |(number, time, name, properties, session)| Event {
            person: person(number),
            occurred_at: Timestamp(time),
            received_at: Timestamp(0),
            name: name.into(),
            session,
            fingerprint: Event::BY_CONTENT,
            properties: properties.into_iter().collect::<Properties>(),
        },
    )
}

/// One place for each event's person and name, whether or not it is there before.
fn sheet(events: &[Event]) -> Sheet {
    let mut sheet = Sheet { received_at: events[0].received_at, ..Sheet::default() };
    for name in ["a", "b", "c"] {
        let mut column = Column { name: name.into(), ..Column::default() };
        for event in events {
            column.values.extend(event.properties.get(name).cloned());
            let there = event.properties.contains(name);
            column.codes.push(if there { column.values.len() as u32 } else { 0 });
        }
        sheet.columns.push(column);
    }
    for (at, event) in (0..).zip(events) {
        sheet.people.push(event.person);
        sheet.owners.push(at);
        sheet.times.push(event.occurred_at.0);
        sheet.names.push(event.name.clone());
        sheet.codes.push(at);
        sheet.sessions.push(event.session.unwrap_or(0));
    }
    assert!(sheet.is_whole());
    assert!((0..events.len()).all(|at| sheet.event(at) == events[at]));
    sheet
}

/// Events one by one, as sheets, and as sheets of a bulk load.
const WAYS: usize = 3;

fn open(folder: &Path, way: usize) -> Store {
    let bulk = way == 2;
    let config =
        StoreConfig { volumes: 2, tail_rows_max: 6, threads: 2, bulk, ..StoreConfig::new(folder) };
    let clock = Arc::new(ManualClock::new(Timestamp(201 * DAY)));
    let keys = PublisherKeys::for_tests(3);
    Store::open(config, keys, Arc::new(|_| DataClass::Behaviour), clock).unwrap()
}

type Seen = (i64, String, Option<u64>, Vec<(String, Value)>);

/// What each person did, in the order in which it is told.
fn picture(store: &Store) -> BTreeMap<PersonId, Vec<Seen>> {
    let (view, mut scratch) = (store.view(), Scratch::default());
    let mut all = BTreeMap::new();
    for volume in &view.volumes {
        for ordinal in (0..volume.people()).filter(|ordinal| volume.visible(*ordinal)) {
            let run = volume.run(ordinal, &mut scratch);
            let see = |at| {
                let name = volume.event_names()[usize::from(run.code(at))].to_string();
                let told = volume.properties(run.row(at)).into_iter();
                let mut told: Vec<_> = told.map(|(n, v)| (n.to_string(), v.to_value())).collect();
                told.sort_by(|a, b| a.0.cmp(&b.0));
                (run.time(at), name, volume.session(run.row(at)), told)
            };
            let seen: Vec<Seen> = (0..run.len()).map(see).collect();
            if !seen.is_empty() {
                all.insert(volume.person_id(ordinal), seen);
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_sheet_is_its_events_one_by_one(
        steps in prop::collection::vec(
            prop_oneof![
                6 => prop::collection::vec(event(), 1..40).prop_map(Step::Send),
                1 => (0u8..6, 0u8..6).prop_map(|(winner, loser)| Step::Merge(winner, loser)),
                1 => (0u8..6).prop_map(Step::Erase),
                2 => Just(Step::Look),
                2 => Just(Step::Flush),
                1 => Just(Step::Settle),
                1 => Just(Step::Reopen),
            ],
            1..16,
        ),
    ) {
        let folders = [(); WAYS].map(|()| tempfile::tempdir_in("/dev/shm").unwrap());
        let mut stores = [0, 1, 2].map(|way| open(folders[way].path(), way));
        let mut log: Vec<([Vec<Record>; WAYS], u64)> = Vec::new();
        for (at, step) in (1..).zip(steps) {
            let records = match step {
                Step::Send(mut events) => {
                    events.iter_mut().for_each(|event| event.received_at.0 = 201 * DAY + at as i64);
                    let sheet = Record::Sheet(Box::new(sheet(&events)));
                    [events.into_iter().map(Record::Event).collect(), vec![sheet.clone()], vec![sheet]]
                }
                Step::Merge(winner, loser) => {
                    let at = Timestamp(201 * DAY);
                    let (winner, loser) = (person(winner), person(loser));
                    let merge = Merge { winner, loser, at, reason: "login".into() };
                    [(); WAYS].map(|()| vec![Record::Merge(merge.clone())])
                }
                Step::Erase(number) => {
                    let (person, at) = (person(number), Timestamp(201 * DAY));
                    [(); WAYS].map(|()| vec![Record::Erase { person, at }])
                }
                Step::Look => {
                    let [one_by_one, others @ ..] = stores.each_ref().map(picture);
                    for other in others {
                        prop_assert_eq!(&one_by_one, &other);
                    }
                    continue;
                }
                Step::Flush => {
                    stores.iter().for_each(|store| store.flush().unwrap());
                    continue;
                }
                Step::Settle => {
                    stores.iter().for_each(|store| store.settle().unwrap());
                    continue;
                }
                Step::Reopen => {
                    for which in 0..WAYS {
                        drop(std::mem::replace(&mut stores[which], Store::in_memory(2, Arc::new(ManualClock::new(Timestamp(0))))));
                        stores[which] = open(folders[which].path(), which);
                        let covered = stores[which].covered();
                        for (records, next) in log.iter().filter(|(_, next)| *next > covered) {
                            stores[which].apply(records[which].clone(), *next).unwrap();
                        }
                    }
                    continue;
                }
            };
            for (store, records) in stores.iter().zip(&records) {
                store.apply(records.clone(), at).unwrap();
            }
            log.push((records, at));
        }
        let [one_by_one, others @ ..] = stores.each_ref().map(picture);
        for other in others {
            prop_assert_eq!(&one_by_one, &other);
        }
    }
}
