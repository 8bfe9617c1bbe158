//! Whatever happens in whatever order, with files written, joined and read back in between, a
//! view shows what a map would.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use candor_event::{
    DataClass, Event, ManualClock, Merge, PersonId, Record, Split, Timestamp, TraitChange, TraitOp,
    Value, ValueRef,
};
use candor_keys::PublisherKeys;
use candor_store::{ClassOf, Looked, PeopleSet, Scratch, Store, StoreConfig, View};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Event { person: u8, time: i64, name: u8, print: u64 },
    Trait { person: u8, name: u8, at: i64, value: i64 },
    Merge { winner: u8, loser: u8 },
    Split { place: usize },
    Erase { person: u8 },
    Flush,
    Compact,
    Settle,
    Shrink,
    Hold,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let time = (0i64..400).prop_map(|day| day * 86_400_000 / 3 + day % 5);
    prop_oneof![
        40 => (0u8..6, time, 0u8..4, 0u64..3)
            .prop_map(|(person, time, name, print)| Step::Event { person, time, name, print }),
        8 => (0u8..6, 0u8..3, 0i64..10, 0i64..100)
            .prop_map(|(person, name, at, value)| Step::Trait { person, name, at, value }),
        3 => (0u8..6, 0u8..6).prop_map(|(winner, loser)| Step::Merge { winner, loser }),
        2 => (0usize..4).prop_map(|place| Step::Split { place }),
        1 => (0u8..6).prop_map(|person| Step::Erase { person }),
        4 => Just(Step::Flush),
        2 => Just(Step::Compact),
        1 => Just(Step::Settle),
        2 => Just(Step::Shrink),
        2 => Just(Step::Hold),
        3 => Just(Step::Reopen),
    ]
}

/// Within the first of two buckets of a volume's parts.
const PRICED_UNTIL: i64 = 100 * 86_400_000;

fn id(person: u8) -> PersonId {
    let mut bytes = [person; 16];
    bytes[0] = person.wrapping_mul(37);
    PersonId(bytes)
}

/// When, what, and its price if it has one.
type Rows = Vec<(i64, String, Option<i64>)>;

/// What the store promises, as maps.
#[derive(Default)]
struct Model {
    events: BTreeMap<PersonId, Rows>,
    seen: BTreeSet<(PersonId, i64, u8, u64)>,
    traits: BTreeMap<PersonId, BTreeMap<String, (i64, i64)>>,
    merges: Vec<(PersonId, PersonId)>,
}

impl Model {
    fn canonical(&self, person: PersonId) -> PersonId {
        let up = self.merges.iter().find(|(loser, _)| *loser == person);
        up.map_or(person, |(_, winner)| self.canonical(*winner))
    }

    fn reaches(&self, from: PersonId, to: PersonId) -> bool {
        let up = self.merges.iter().find(|(loser, _)| *loser == from);
        from == to || up.is_some_and(|(_, winner)| self.reaches(*winner, to))
    }

    fn picture(&self) -> BTreeMap<PersonId, Rows> {
        let mut all: BTreeMap<PersonId, Rows> = BTreeMap::new();
        for (person, rows) in &self.events {
            all.entry(self.canonical(*person)).or_default().extend(rows.iter().cloned());
        }
        all.values_mut().for_each(|rows| rows.sort());
        all.retain(|_, rows| !rows.is_empty());
        all
    }

    fn everyone_in(&self, top: PersonId) -> Vec<PersonId> {
        let all = self
            .events
            .keys()
            .chain(self.traits.keys())
            .chain(self.merges.iter().flat_map(|(loser, winner)| [loser, winner]));
        all.copied().filter(|one| self.canonical(*one) == top).collect()
    }
}

fn picture(view: &View) -> BTreeMap<PersonId, Rows> {
    let mut all = BTreeMap::new();
    let mut scratch = Scratch::default();
    for volume in &view.volumes {
        let price = volume.property_code("price");
        for ordinal in (0..volume.people()).filter(|ordinal| volume.visible(*ordinal)) {
            let run = volume.run(ordinal, &mut scratch);
            assert!((0..run.len()).map(|at| run.time(at)).is_sorted(), "a run is ordered by time");
            let cell = |at: usize| {
                let value = price.and_then(|price| volume.property(run.row(at), price));
                let name = volume.event_names()[usize::from(run.code(at))].to_string();
                let number = match value {
                    Some(ValueRef::Integer(number)) => Some(number),
                    None => None,
                    other => panic!("{name}: {other:?}"),
                };
                (run.time(at), name, number)
            };
            let mut rows: Rows = (0..run.len()).map(cell).collect();
            rows.sort();
            if !rows.is_empty() {
                all.insert(volume.person_id(ordinal), rows);
            }
        }
    }
    all
}

/// A pass over everyone shows of each person what asking for them alone shows.
fn check_folds(view: &View) {
    let (mut scratch, mut alone) = (Scratch::default(), Scratch::default());
    for volume in &view.volumes {
        let code = |name: &&str| volume.event_code(name);
        let names: [&[&str]; 4] = [&["e0"], &["e1", "e3"], &["e2", "nobody's"], &["nobody's"]];
        let some = names.map(|names| names.iter().filter_map(code).collect::<Vec<u16>>());
        let asked = some.iter().map(|codes| Some(codes.as_slice())).chain([None]);
        let half: PeopleSet = (0..volume.people()).filter(|ordinal| ordinal % 2 == 0).collect();
        for (codes, people) in asked.flat_map(|codes| [(codes, None), (codes, Some(&half))]) {
            for (idle, times) in [(false, false), (true, false), (false, true), (true, true)] {
                let mut seen = BTreeMap::new();
                let looked = Looked { people, codes, idle, times, ..Looked::default() };
                let ended = volume.fold(looked, &mut scratch, &|| true, |ordinal, run| {
                    let rows: Vec<(i64, u16, u32)> = (0..run.len())
                        .map(|at| (run.time(at), run.code(at), run.row(at)))
                        .collect();
                    let before = rows.iter().filter(|row| row.0 < PRICED_UNTIL).count();
                    assert_eq!(run.before(PRICED_UNTIL), before);
                    assert!(seen.insert(ordinal, rows).is_none(), "each person once");
                });
                assert!(ended);
                for ordinal in 0..volume.people() {
                    let run = volume.run(ordinal, &mut alone);
                    let rows: Vec<(i64, u16, u32)> = (0..run.len())
                        .map(|at| (run.time(at), run.code(at), run.row(at)))
                        .filter(|(_, code, _)| codes.is_none_or(|codes| codes.contains(code)))
                        .collect();
                    let asked = people.is_none_or(|people| people.has(ordinal));
                    let expected = volume.visible(ordinal) && asked && (idle || !rows.is_empty());
                    assert_eq!(seen.remove(&ordinal), expected.then_some(rows));
                }
                assert!(seen.is_empty());
            }
        }
    }
}

fn open(folder: &std::path::Path) -> Store {
    let class_of: ClassOf = Arc::new(|name| match name {
        "price" => DataClass::Behaviour,
        _ => DataClass::Contact,
    });
    let mut config = StoreConfig::new(folder);
    (config.volumes, config.tail_rows_max, config.threads) = (2, 5, 2);
    let clock = Arc::new(ManualClock::new(Timestamp(0)));
    Store::open(config, PublisherKeys::for_tests(3), class_of, clock).unwrap()
}

fn check(steps: Vec<Step>) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let mut model = Model::default();
    let mut log: Vec<Record> = Vec::new();
    // Pictures that are asked only in the end, when the parts behind them became others.
    let mut held = Vec::new();
    for step in steps {
        let before = log.len();
        match step {
            Step::Event { person, time, name, print } => {
                let print = print + 3 * u64::from(name);
                // Late ones and some others have none: whole parts are without the property.
                let price = (time < PRICED_UNTIL && print % 4 > 0).then_some(print as i64);
                log.push(Record::Event(Event {
                    person: id(person),
                    occurred_at: Timestamp(time),
                    received_at: Timestamp(time + 1),
                    name: format!("e{name}").into(),
                    session: None,
                    // Hashes are never so small that they mean something else.
                    fingerprint: 10 + print,
                    properties: price
                        .map(|price| ("price".to_owned(), price.into()))
                        .into_iter()
                        .collect(),
                }));
                // A repeat may come under the id of the person or of whom they were folded into.
                let known = model.seen.iter().any(|seen| {
                    (seen.1, seen.2, seen.3) == (time, name, print)
                        && model.reaches(seen.0, id(person))
                });
                if !known {
                    model.seen.insert((id(person), time, name, print));
                    let rows = model.events.entry(id(person)).or_default();
                    rows.push((time, format!("e{name}"), price));
                }
            }
            Step::Trait { person, name, at, value } => {
                log.push(Record::Trait(TraitChange {
                    person: id(person),
                    at: Timestamp(at),
                    property: format!("t{name}").into(),
                    op: TraitOp::Set(Value::Integer(value)),
                }));
                let owner = model.canonical(id(person));
                let traits = model.traits.entry(owner).or_default();
                let known = traits.entry(format!("t{name}")).or_insert((at, value));
                if known.0 <= at {
                    *known = (at, value);
                }
            }
            Step::Merge { winner, loser } => {
                let (winner, loser) = (model.canonical(id(winner)), id(loser));
                if winner == loser || model.merges.iter().any(|(other, _)| *other == loser) {
                    continue;
                }
                log.push(Record::Merge(Merge {
                    winner,
                    loser,
                    at: Timestamp(0),
                    reason: "login".into(),
                }));
                model.merges.push((loser, winner));
            }
            Step::Split { place } => {
                let Some((loser, winner)) = model.merges.get(place).copied() else { continue };
                log.push(Record::Split(Split { winner, loser, at: Timestamp(0) }));
                model.merges.remove(place);
            }
            Step::Erase { person } => {
                check_held(&mut held);
                let top = model.canonical(id(person));
                log.push(Record::Erase { person: top, at: Timestamp(0) });
                let gone = model.everyone_in(top);
                for one in gone.iter().chain([&top]) {
                    model.events.remove(one);
                    model.traits.remove(one);
                    model.seen.retain(|seen| seen.0 != *one);
                }
                model.merges.retain(|(loser, _)| !gone.contains(loser));
            }
            Step::Flush => store.flush().unwrap(),
            Step::Compact => store.compact().unwrap(),
            Step::Settle => store.settle().unwrap(),
            Step::Shrink => store.shrink(0),
            Step::Hold => {
                store.shrink(0);
                let view = store.view();
                let apart = view.volumes.iter().map(|volume| Arc::new(volume.apart())).collect();
                held.push((View { volumes: apart, as_of: view.as_of }, model.picture()));
            }
            Step::Reopen => {
                check_held(&mut held);
                drop(store);
                store = open(folder.path());
                let covered = store.covered() as usize;
                store.apply(log[covered..].to_vec(), log.len() as u64).unwrap();
            }
        }
        store.apply(log[before..].to_vec(), log.len() as u64).unwrap();
        let view = store.view();
        assert_eq!(picture(&view), model.picture());
        check_folds(&view);
        for (person, traits) in &model.traits {
            let Some((volume, ordinal)) = view.find(*person) else { continue };
            for (name, (_, value)) in traits {
                let code = volume.property_code(name).unwrap();
                let expected = Value::Integer(*value);
                assert_eq!(volume.trait_value(ordinal, code), Some((&expected).into()));
            }
        }
    }
    check_held(&mut held);
}

/// A picture shows what it showed when it was taken.
fn check_held(held: &mut Vec<(View, BTreeMap<PersonId, Rows>)>) {
    for (view, expected) in held.drain(..) {
        assert_eq!(picture(&view), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_view_shows_what_a_map_would(steps in proptest::collection::vec(step(), 1..60)) {
        check(steps);
    }
}

#[test]
fn traits_of_a_folded_person_are_lent_and_go_back() {
    let clock = Arc::new(ManualClock::new(Timestamp(0)));
    let store = Store::in_memory(4, clock);
    let say = |person, name: &str, value: &str| {
        Record::Trait(TraitChange {
            person,
            at: Timestamp(1),
            property: name.into(),
            op: TraitOp::Set(value.into()),
        })
    };
    let (winner, loser) = (id(1), id(2));
    let merge = Merge { winner, loser, at: Timestamp(2), reason: "login".into() };
    let records = vec![
        say(winner, "plan", "gold"),
        say(loser, "plan", "free"),
        say(loser, "city", "Pune"),
        Record::Merge(merge),
    ];
    store.apply(records, 4).unwrap();
    let traits = |store: &Store, person| {
        let view = store.view();
        let (volume, ordinal) = view.find(person)?;
        let traits = volume.traits(ordinal).into_iter();
        Some(traits.map(|(n, v)| (n.to_string(), v.to_value())).collect::<BTreeMap<_, _>>())
    };
    let pairs = |pairs: &[(&str, &str)]| {
        Some(pairs.iter().map(|(n, v)| ((*n).to_owned(), Value::from(*v))).collect())
    };
    assert_eq!(traits(&store, winner), pairs(&[("plan", "gold"), ("city", "Pune")]));
    assert_eq!(traits(&store, loser), None);
    store.apply(vec![Record::Split(Split { winner, loser, at: Timestamp(3) })], 5).unwrap();
    assert_eq!(traits(&store, winner), pairs(&[("plan", "gold")]));
    assert_eq!(traits(&store, loser), pairs(&[("plan", "free"), ("city", "Pune")]));
}
