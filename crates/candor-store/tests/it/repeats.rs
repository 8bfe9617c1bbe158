//! An event counts once however often it comes, whether an id or its content tells it from others,
//! wherever the first one lies meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use candor_event::{
    DataClass, Event, ManualClock, Merge, PersonId, Properties, Record, Timestamp, Value, content,
};
use candor_keys::PublisherKeys;
use candor_store::{ClassOf, Scratch, Store, StoreConfig};
use proptest::prelude::*;

const DAY: i64 = 86_400_000;

/// An event as it is sent.
#[derive(Clone, Debug)]
struct Sent {
    person: u8,
    time: i64,
    name: &'static str,
    properties: Properties,
    session: Option<u64>,
    /// None: its content tells it apart.
    id: Option<u8>,
    /// Something of it is not kept.
    stripped: bool,
    /// What its content tells was worked out on the way in.
    worked_out: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Send(Vec<Sent>),
    Flush,
    Compact,
    Shrink,
    Settle,
    Reopen,
}

fn keys() -> PublisherKeys {
    PublisherKeys::for_tests(3)
}

fn person(number: u8) -> PersonId {
    let mut id = [9; 16];
    id[0] = number;
    PersonId(id)
}

impl Sent {
    fn fingerprint(&self) -> u64 {
        let mut bytes = Vec::new();
        match self.id {
            Some(id) => bytes.push(id),
            None => {
                let kept = self.properties.iter().map(|(name, value)| (&**name, value.into()));
                content(kept, self.session.unwrap_or(0), &mut bytes);
                bytes.extend(self.stripped.then_some(7));
            }
        }
        keys().fingerprint(&bytes)
    }

    fn record(&self, received: i64) -> Record {
        Record::Event(Event {
            person: person(self.person),
            occurred_at: Timestamp(self.time),
            received_at: Timestamp(received),
            name: self.name.into(),
            session: self.session,
            fingerprint: match self.id.is_some() || self.stripped || self.worked_out {
                true => self.fingerprint(),
                false => Event::BY_CONTENT,
            },
            properties: self.properties.clone(),
        })
    }
}

fn open(folder: &Path, clock: Arc<ManualClock>) -> Store {
    let class_of: ClassOf = Arc::new(|name| match name {
        "a" => DataClass::Behaviour,
        _ => DataClass::Contact,
    });
    let config =
        StoreConfig { volumes: 2, tail_rows_max: 6, threads: 2, ..StoreConfig::new(folder) };
    Store::open(config, keys(), class_of, clock).unwrap()
}

/// How many events of each person, time and name there are.
fn held(store: &Store) -> BTreeMap<(PersonId, i64, String), usize> {
    let (view, mut scratch) = (store.view(), Scratch::default());
    let mut held = BTreeMap::new();
    for volume in &view.volumes {
        for ordinal in (0..volume.people()).filter(|ordinal| volume.visible(*ordinal)) {
            let run = volume.run(ordinal, &mut scratch);
            for at in 0..run.len() {
                let name = volume.event_names()[usize::from(run.code(at))].to_string();
                *held.entry((volume.person_id(ordinal), run.time(at), name)).or_default() += 1;
            }
        }
    }
    held
}

fn sent() -> impl Strategy<Value = Sent> {
    let value = prop_oneof![
        3 => (0i64..2).prop_map(Value::Integer),
        1 => (0i64..2).prop_map(|number| Value::Float(number as f64)),
        2 => prop::sample::select(vec!["x", "5f0c8b2e-1d3a-4c6b-8e9f-0a1b2c3d4e5f"])
            .prop_map(Value::from),
        1 => Just(Value::List(vec![0.1.into(), "y".into()])),
    ];
    let properties = prop::collection::btree_map(prop::sample::select(vec!["a", "b"]), value, 0..3);
    (
        0u8..3,
        // Two buckets; few moments, so that many are the same.
        prop::sample::select(vec![0, 1, 2, 200 * DAY]),
        prop::sample::select(vec!["view", "pay"]),
        properties,
        prop::option::of(1u64..3),
        prop::option::weighted(0.3, 0u8..3),
        prop::bool::weighted(0.1),
        any::<bool>(),
    )
        .prop_map(|(person, time, name, properties, session, id, stripped, worked_out)| {
            let properties =
                properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            Sent { person, time, name, properties, session, id, stripped, worked_out }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn an_event_counts_once_wherever_the_first_one_lies(
        steps in prop::collection::vec(
            prop_oneof![
                6 => prop::collection::vec(sent(), 1..12).prop_map(Step::Send),
                3 => Just(Step::Flush),
                1 => Just(Step::Compact),
                1 => Just(Step::Shrink),
                1 => Just(Step::Settle),
                1 => Just(Step::Reopen),
            ],
            1..24,
        ),
    ) {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let clock = Arc::new(ManualClock::new(Timestamp(201 * DAY)));
        let mut store = open(folder.path(), clock.clone());
        let mut known = BTreeSet::new();
        let (mut log, mut next) = (Vec::new(), 0u64);
        for step in steps {
            match step {
                Step::Send(events) => {
                    let first = 201 * DAY + next as i64;
                    let records: Vec<Record> =
                        (first..).zip(&events).map(|(at, sent)| sent.record(at)).collect();
                    for one in &events {
                        known.insert((person(one.person), one.time, one.name, one.fingerprint()));
                    }
                    next += 100;
                    log.push((records.clone(), next));
                    store.apply(records, next).unwrap();
                }
                Step::Flush => store.flush().unwrap(),
                Step::Compact => store.compact().unwrap(),
                Step::Shrink => store.shrink(0),
                Step::Settle => store.settle().unwrap(),
                Step::Reopen => {
                    drop(store);
                    store = open(folder.path(), clock.clone());
                    let covered = store.covered();
                    for (records, next) in log.iter().filter(|(_, next)| *next > covered) {
                        store.apply(records.clone(), *next).unwrap();
                    }
                }
            }
            let mut expected = BTreeMap::new();
            for (person, time, name, _) in &known {
                *expected.entry((*person, *time, (*name).to_owned())).or_default() += 1;
            }
            prop_assert_eq!(held(&store), expected);
        }
    }
}

fn plain(number: u8, id: Option<u8>) -> Sent {
    let properties = Properties::from_iter([("a".to_owned(), Value::Integer(1))]);
    let session = None;
    let (stripped, worked_out) = (false, false);
    Sent { person: number, time: 5, name: "pay", properties, session, id, stripped, worked_out }
}

#[test]
fn a_repeat_that_comes_to_who_one_was_folded_into_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp(DAY)));
    let store = open(folder.path(), clock);
    store.apply([plain(1, None).record(DAY), plain(1, Some(1)).record(DAY)], 1).unwrap();
    store.settle().unwrap();
    let at = Timestamp(DAY);
    let merge = Merge { winner: person(2), loser: person(1), at, reason: "login".into() };
    store.apply([Record::Merge(merge)], 2).unwrap();
    store.apply([plain(2, None).record(DAY), plain(2, Some(1)).record(DAY)], 3).unwrap();
    assert_eq!(held(&store).into_values().sum::<usize>(), 2);
    store.apply([plain(2, Some(2)).record(DAY)], 4).unwrap();
    assert_eq!(held(&store).into_values().sum::<usize>(), 3);
    // And what comes to the one after the merge, in the same batch and in others.
    let later = |number| Sent { time: 9, ..plain(number, None) }.record(DAY);
    store.apply([later(1), later(2), later(1)], 5).unwrap();
    assert_eq!(held(&store).into_values().sum::<usize>(), 4);
    store.apply([later(2), later(1)], 6).unwrap();
    store.settle().unwrap();
    store.apply([later(1), later(2)], 7).unwrap();
    assert_eq!(held(&store).into_values().sum::<usize>(), 4);
}

#[test]
fn what_an_id_told_is_forgotten_after_seven_days() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp(DAY)));
    let store = open(folder.path(), clock.clone());
    store.apply([plain(1, None).record(DAY), plain(1, Some(1)).record(DAY)], 1).unwrap();
    store.flush().unwrap();
    clock.advance_ms(7 * DAY);
    store.compact().unwrap();
    let again = |at| [plain(1, None).record(at), plain(1, Some(1)).record(at)];
    store.apply(again(8 * DAY), 2).unwrap();
    assert_eq!(held(&store).into_values().sum::<usize>(), 2, "seven days are not over");
    clock.advance_ms(1);
    store.compact().unwrap();
    store.apply(again(8 * DAY + 1), 3).unwrap();
    // The one with an id counts anew; its content is not what told it.
    assert_eq!(held(&store).into_values().sum::<usize>(), 3);
}

#[test]
fn a_repeat_is_known_wherever_in_a_large_part_the_first_one_lies() {
    const EVENTS: usize = 160_000;
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), Arc::new(ManualClock::new(Timestamp(DAY))));
    let numbered = |at: usize, id: u8| {
        let sent = plain((at % 3) as u8, Some(id));
        Sent { time: at as i64 / 2, ..sent }.record(DAY + at as i64)
    };
    store.apply((0..EVENTS).map(|at| numbered(at, at as u8 % 2)), 1).unwrap();
    store.settle().unwrap();
    let first = held(&store);
    // Two people did one thing at each moment.
    assert_eq!(first.values().sum::<usize>(), EVENTS);
    store.apply((0..EVENTS).step_by(997).map(|at| numbered(at, at as u8 % 2)), 2).unwrap();
    assert_eq!(held(&store), first);
    let others = (0..EVENTS).step_by(997).map(|at| numbered(at, 7));
    let count = others.len();
    store.apply(others, 3).unwrap();
    assert_eq!(held(&store).values().sum::<usize>(), EVENTS + count);
    let at = Timestamp(DAY);
    let merge = Merge { winner: person(1), loser: person(2), at, reason: "login".into() };
    store.apply([Record::Merge(merge)], 4).unwrap();
    assert_eq!(held(&store).values().sum::<usize>(), EVENTS + count);
}
