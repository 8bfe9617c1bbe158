//! A fold over the events that have one value sees all of them, and hardly any other; so does one
//! over people who did something rare so often.

use std::collections::BTreeMap;
use std::sync::Arc;

use candor_event::{
    DataClass, Event, ManualClock, Merge, PersonId, Record, Timestamp, Value, ValueRef,
};
use candor_keys::PublisherKeys;
use candor_store::{ClassOf, Having, Looked, Scratch, Store, StoreConfig, View};

const PEOPLE: i64 = 40;
const EVENTS: i64 = 12_000;

fn id(person: i64) -> PersonId {
    let mut bytes = [7; 16];
    bytes[0] = person as u8;
    PersonId(bytes)
}

/// One in about 300 events has each item; of every fifth it is a number.
fn item(at: i64) -> Value {
    let item = at * 7_919 % 311;
    match item % 5 {
        0 => Value::Integer(item),
        1 => Value::Float(item as f64),
        _ => format!("item {item}").as_str().into(),
    }
}

fn event(at: i64) -> Record {
    let name = match at {
        // Of some people alone, at most 17 of them.
        _ if at * 7_919 % 151 == 7 && at * 31 % PEOPLE < 17 => "pay",
        _ if at * 7_919 % 193 == 11 => "refund",
        _ => ["view", "view", "cart"][at as usize % 3],
    };
    let mut properties = BTreeMap::from([("of".to_owned(), Value::Integer(at % 3))]);
    if at % 4 != 0 {
        properties.insert("item".to_owned(), item(at));
    }
    Record::Event(Event {
        person: id(at * 31 % PEOPLE),
        occurred_at: Timestamp(at / 3 * 1_000),
        received_at: Timestamp(at * 1_000),
        name: name.into(),
        session: None,
        fingerprint: 2 + at as u64,
        properties: properties.into_iter().collect(),
    })
}

/// (person, time, name) of the events with a value among those that a fold shows, and how many it
/// showed in all.
fn found(
    view: &View,
    name: Option<&str>,
    any: &[Value],
    asks: bool,
) -> (Vec<(PersonId, i64)>, usize) {
    let (mut found, mut shown, mut scratch) = (Vec::new(), 0, Scratch::default());
    for volume in &view.volumes {
        let property = volume.property_code("item").unwrap();
        let codes = name.map(|name| vec![volume.event_code(name).unwrap()]);
        let having = asks.then_some(Having { property, any });
        let looked = Looked { codes: codes.as_deref(), having, ..Looked::default() };
        volume.fold(looked, &mut scratch, &|| true, |ordinal, run| {
            shown += run.len();
            for at in 0..run.len() {
                let value = volume.property(run.row(at), property);
                let equals = |value: ValueRef<'_>| any.iter().any(|other| value == other.into());
                if value.is_some_and(equals) {
                    found.push((volume.person_id(ordinal), run.time(at)));
                }
            }
        });
    }
    (found, shown)
}

/// With a few events and a merge beside the base.
fn opened(folder: &std::path::Path) -> Store {
    let class_of: ClassOf = Arc::new(|_| DataClass::Behaviour);
    let config = StoreConfig { volumes: 2, tail_rows_max: 500, ..StoreConfig::new(folder) };
    let clock = Arc::new(ManualClock::new(Timestamp(0)));
    let store = Store::open(config, PublisherKeys::for_tests(3), class_of, clock).unwrap();
    store.apply((0..EVENTS).map(event), 1).unwrap();
    store.settle().unwrap();
    let at = Timestamp(0);
    let merge = Merge { winner: id(1), loser: id(2), at, reason: "login".into() };
    let late = (EVENTS..EVENTS + 300).map(event);
    store.apply(std::iter::once(Record::Merge(merge)).chain(late), 2).unwrap();
    store
}

/// What of each person a fold shows, by ordinal within their volume: times and names.
fn shown(view: &View, names: &[&str], needs: &[(&str, usize)], idle: bool) -> Shown {
    let mut scratch = Scratch::default();
    let of = |volume: &candor_store::VolumeView| {
        let code = |name: &str| volume.event_code(name).unwrap();
        let codes: Vec<u16> = names.iter().map(|name| code(name)).collect();
        let needs: Vec<(u16, usize)> = needs.iter().map(|(name, n)| (code(name), *n)).collect();
        let looked = Looked { codes: Some(&codes), needs: &needs, idle, ..Looked::default() };
        let mut shown = BTreeMap::new();
        volume.fold(looked, &mut scratch, &|| true, |ordinal, run| {
            let kinds = run.kinds().iter().map(|kind| codes[usize::from(*kind)]);
            assert!(kinds.eq((0..run.len()).map(|at| run.code(at))));
            let name = |at| volume.event_names()[usize::from(run.code(at))].to_string();
            let cells = (0..run.len()).map(|at| (run.time(at), name(at), run.row(at)));
            shown.insert(ordinal, cells.collect());
        });
        shown
    };
    view.volumes.iter().map(|volume| volume.as_ref()).map(of).collect()
}

type Shown = Vec<BTreeMap<u32, Vec<(i64, String, u32)>>>;

#[test]
fn a_fold_over_people_who_did_something_rare_so_often_sees_all_of_them_whole() {
    let folder = tempfile::tempdir().unwrap();
    let view = opened(folder.path()).view();
    let names = ["pay", "refund"];
    let everybody = shown(&view, &names, &[], false);
    let with_idle = shown(&view, &names, &[], true);
    let mut passed_over = 0;
    let needs: [&[(&str, usize)]; 6] = [
        &[("pay", 1)],
        &[("pay", 3)],
        &[("pay", 4), ("refund", 2)],
        &[("refund", 1), ("pay", 2)],
        &[("refund", usize::MAX)],
        &[],
    ];
    for needs in needs {
        assert_eq!(shown(&view, &names, needs, true), with_idle);
        for (all, some) in everybody.iter().zip(shown(&view, &names, needs, false)) {
            assert!(some.iter().all(|(ordinal, rows)| all[ordinal] == *rows));
            let times = |rows: &[(i64, String, u32)], name: &str| {
                rows.iter().filter(|row| row.1 == name).count()
            };
            for (ordinal, rows) in all {
                let meets = needs.iter().all(|(name, least)| times(rows, name) >= *least);
                assert!(!meets || some.contains_key(ordinal), "{ordinal} did {needs:?}");
            }
            passed_over += all.len() - some.len();
        }
    }
    assert!(passed_over > PEOPLE as usize, "{passed_over}");
}

#[test]
fn a_fold_over_the_events_of_a_value_sees_all_of_them_and_hardly_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path());
    assert!(store.resident().columns > 0);
    store.shrink(0);
    // What lies beside the base alone.
    assert!(store.resident().columns < 20_000, "{:?}", store.resident());
    let view = store.view();
    for name in [None, Some("view"), Some("cart")] {
        for any in [vec![item(2)], vec![item(5), item(6)], vec!["none".into()]] {
            let (of_all, all) = found(&view, name, &any, false);
            let (of_few, few) = found(&view, name, &any, true);
            assert_eq!(of_few, of_all);
            assert!(few < all / 10, "{few} of {all} for {name:?} {any:?}");
        }
    }
}
