//! Events as a plain list, and a store that holds the same.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use candor_event::{
    DataClass, Event, ManualClock, Merge, PersonId, Record, Timestamp, TraitChange, TraitOp, Value,
};
use candor_keys::PublisherKeys;
use candor_store::{ClassOf, Store, StoreConfig, View};
use proptest::prelude::*;

/// One event as the naive evaluators see it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub person: u8,
    pub time: i64,
    pub name: &'static str,
    pub session: Option<u64>,
    pub properties: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default)]
pub struct World {
    /// In the order of arrival.
    pub events: Vec<Seen>,
    pub traits: Vec<(u8, &'static str)>,
    /// (winner, loser)
    pub merges: Vec<(u8, u8)>,
    /// After how many events each merge comes, and how many records a batch has.
    pub merge_at: usize,
    pub batch: usize,
    /// How long after 1970 its 30 days begin, in ms.
    pub start: i64,
}

pub const NOW: i64 = 30 * 86_400_000;

/// Two of them are held as the UUIDs that they are where nothing else stands beside them.
pub const COLOURS: [&str; 3] =
    ["red", "5f0c8b2e-1d3a-4c6b-8e9f-0a1b2c3d4e5f", "6a0c8b2e-1d3a-4c6b-8e9f-0a1b2c3d4e5f"];

pub fn id(person: u8) -> PersonId {
    let mut bytes = [person; 16];
    bytes[0] = person.wrapping_mul(37);
    PersonId(bytes)
}

pub fn world() -> impl Strategy<Value = World> {
    let event = (
        0u8..8,
        // Few moments, so that ties are common; order of arrival is not order of time.
        prop_oneof![(0i64..20).prop_map(|n| n * 86_400_000), 0i64..20 * 86_400_000],
        prop::sample::select(vec!["view", "cart", "pay"]),
        prop::option::of(prop::sample::select(COLOURS.to_vec())),
        prop::option::of(prop_oneof![
            (0i64..50).prop_map(Value::Integer),
            (0i64..50).prop_map(|n| Value::Float(n as f64 / 4.0)),
            Just(Value::from("dear")),
        ]),
        prop::option::of(1u64..4),
    )
        .prop_map(|(person, time, name, colour, amount, session)| {
            let mut properties = BTreeMap::new();
            if let Some(colour) = colour {
                properties.insert("colour".to_owned(), Value::from(colour));
            }
            if let Some(amount) = amount {
                properties.insert("amount".to_owned(), amount);
            }
            Seen { person, time, name, session, properties }
        });
    (
        prop::collection::vec(event, 0..80),
        prop::collection::vec((0u8..8, prop::sample::select(vec!["gold", "free"])), 0..6),
        prop::collection::vec((0u8..4, 4u8..8), 0..3),
        0usize..80,
        1usize..30,
    )
        .prop_map(|(events, traits, merges, merge_at, batch)| World {
            events,
            traits,
            merges,
            merge_at,
            batch,
            start: 0,
        })
}

/// A store whose tails fold early.
fn store(folder: &std::path::Path, now: i64) -> Store {
    let class_of: ClassOf = Arc::new(|_| DataClass::Behaviour);
    let clock = Arc::new(ManualClock::new(Timestamp(now)));
    let config = StoreConfig { volumes: 4, tail_rows_max: 7, ..StoreConfig::new(folder) };
    Store::open(config, PublisherKeys::for_tests(1), class_of, clock).unwrap()
}

/// What a question sees, with the files of it.
pub struct Kept {
    view: Arc<View>,
    _folder: tempfile::TempDir,
}

impl Deref for Kept {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

impl World {
    /// The same at another time.
    pub fn moved(mut self, start: i64) -> World {
        self.events.iter_mut().for_each(|seen| seen.time += start - self.start);
        self.start = start;
        self
    }

    pub fn view(&self) -> Kept {
        self.view_with(&[])
    }

    /// The same with nearly everything in the base.
    pub fn settled(&self) -> Kept {
        let (folder, store) = self.store();
        let records = self.records(&[]);
        let (base, beside) = records.split_at(records.len() / 16 * 15);
        store.apply(base.to_vec(), 1).unwrap();
        store.settle().unwrap();
        store.apply(beside.to_vec(), 2).unwrap();
        Kept { view: store.view(), _folder: folder }
    }

    /// The same with numbers that people said of themselves: who, what, how much, when.
    pub fn view_with(&self, numbers: &[(u8, &str, f64, i64)]) -> Kept {
        let (folder, store) = self.store();
        let records = self.records(numbers);
        // Some worlds are in the tail alone, one third were written down in between, and the rest
        // in the end. More often would only wait for the disk.
        let batches: Vec<&[Record]> = records.chunks(self.batch).collect();
        let written_after = match self.merge_at % 3 {
            0 => None,
            1 => Some(batches.len() / 2),
            _ => batches.len().checked_sub(1),
        };
        for (place, batch) in batches.iter().enumerate() {
            store.apply(batch.to_vec(), place as u64 + 1).unwrap();
            if written_after == Some(place) {
                store.flush().unwrap();
            }
        }
        Kept { view: store.view(), _folder: folder }
    }

    fn store(&self) -> (tempfile::TempDir, Store) {
        // In memory where that is to be had: what a sync promises is not what is tested here.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let store = store(folder.path(), NOW + self.start);
        (folder, store)
    }

    fn records(&self, numbers: &[(u8, &str, f64, i64)]) -> Vec<Record> {
        let mut records: Vec<Record> = Vec::new();
        for (at, seen) in self.events.iter().enumerate() {
            records.push(Record::Event(Event {
                person: id(seen.person),
                occurred_at: Timestamp(seen.time),
                received_at: Timestamp(self.start + NOW + at as i64),
                name: seen.name.into(),
                session: seen.session,
                fingerprint: 2 + at as u64,
                properties: seen.properties.clone().into_iter().collect(),
            }));
        }
        for (person, plan) in &self.traits {
            records.push(Record::Trait(TraitChange {
                person: id(*person),
                at: Timestamp(0),
                property: "plan".into(),
                op: TraitOp::Set((*plan).into()),
            }));
        }
        let merges = self.merges.iter().map(|(winner, loser)| {
            Record::Merge(Merge {
                winner: id(*winner),
                loser: id(*loser),
                at: Timestamp(0),
                reason: "login".into(),
            })
        });
        let at = self.merge_at.min(records.len());
        records.splice(at..at, merges);
        for (person, name, number, at) in numbers {
            records.push(Record::Trait(TraitChange {
                person: id(*person),
                at: Timestamp(*at),
                property: (*name).into(),
                op: TraitOp::Set((*number).into()),
            }));
        }
        records
    }

    fn canonical(&self, person: u8) -> u8 {
        // The first merge of a loser counts; losers (4..8) never win, so one step is enough.
        let up = self.merges.iter().find(|(_, loser)| *loser == person);
        up.map_or(person, |(winner, _)| *winner)
    }

    /// Everyone's events in the order of (time, arrival), by who they are now.
    pub fn people(&self) -> BTreeMap<u8, Vec<&Seen>> {
        let mut people: BTreeMap<u8, Vec<&Seen>> = BTreeMap::new();
        for seen in &self.events {
            people.entry(self.canonical(seen.person)).or_default().push(seen);
        }
        people.values_mut().for_each(|events| events.sort_by_key(|seen| seen.time));
        people
    }

    /// The last word on a person's plan. What is said after a merge of who was folded into them is
    /// said of them.
    pub fn plan(&self, person: u8) -> Option<&'static str> {
        let words = self.traits.iter().enumerate().rev();
        let own = words.map(|(place, (owner, plan))| {
            let merged = self.events.len() + place >= self.merge_at;
            (if merged { self.canonical(*owner) } else { *owner }, *plan)
        });
        let mut own = own.filter(|(owner, _)| *owner == person);
        own.next().map(|(_, plan)| plan)
    }
}
