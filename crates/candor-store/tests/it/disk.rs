//! What lies on the disk: sealed, bound to its place, gone when erased.

use std::fs;
use std::sync::Arc;

use candor_event::{
    DataClass, Event, ManualClock, PersonId, Record, Timestamp, TraitChange, TraitOp, Value,
};
use candor_keys::PublisherKeys;
use candor_store::{ClassOf, Error, Store, StoreConfig};

const CANARY: &str = "canary-7Qx2";

fn open(folder: &std::path::Path, keys: PublisherKeys) -> Result<Store, Error> {
    let class_of: ClassOf = Arc::new(|name| match name {
        "Email" => DataClass::Contact,
        _ => DataClass::Behaviour,
    });
    let mut config = StoreConfig::new(folder);
    config.volumes = 1;
    Store::open(config, keys, class_of, Arc::new(ManualClock::new(Timestamp(0))))
}

fn records(person: u8) -> Vec<Record> {
    let person = PersonId([person; 16]);
    vec![
        Record::Event(Event {
            person,
            occurred_at: Timestamp(1_795_500_000_123),
            received_at: Timestamp(1_795_500_000_200),
            name: format!("name {CANARY}").into(),
            session: Some(77),
            fingerprint: 9,
            properties: [("note".to_owned(), CANARY.into())].into(),
        }),
        Record::Trait(TraitChange {
            person,
            at: Timestamp(1),
            property: "Email".into(),
            op: TraitOp::Set(format!("{CANARY}@example.org").as_str().into()),
        }),
    ]
}

fn holds_canary(folder: &std::path::Path) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
    })
}

#[test]
fn files_show_nothing_without_keys_and_all_of_it_under_the_null_cipher() {
    for (keys, shows) in
        [(PublisherKeys::for_tests(1), false), (PublisherKeys::without_cipher_for_tests(1), true)]
    {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path(), keys).unwrap();
        store.apply(records(1), 2).unwrap();
        store.flush().unwrap();
        assert_eq!(holds_canary(folder.path()), shows);
    }
}

/// What is said when a store is opened, or else when all properties and sessions are looked at:
/// they are read only then.
fn refusal(folder: &std::path::Path, keys: PublisherKeys) -> Option<String> {
    let store = match open(folder, keys) {
        Ok(store) => store,
        Err(error) => return Some(error.to_string()),
    };
    if let Err(error) = store.read_traits() {
        return Some(error.to_string());
    }
    let view = store.view();
    let look = || {
        let volume = &view.volumes[0];
        volume.since(0, |_, _, _, row| {
            volume.session(row);
            drop(volume.properties(row));
        });
    };
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(look)).err()?;
    failed.downcast_ref::<String>().cloned()
}

#[test]
fn a_file_that_was_moved_changed_or_is_missing_is_named_and_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let keys = PublisherKeys::for_tests(1);
    let store = open(folder.path(), keys.clone()).unwrap();
    store.apply(records(1), 2).unwrap();
    store.flush().unwrap();
    drop(store);
    let files = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    for file in files().filter(|file| file.extension().is_some_and(|e| e == "parquet")) {
        let good = fs::read(&file).unwrap();
        let mut bad = good.clone();
        bad[20] ^= 1; // in the first page of the first column
        for wrong in [bad, good[..good.len() - 1].to_vec()] {
            fs::write(&file, &wrong).unwrap();
            let refused = refusal(folder.path(), keys.clone());
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let refused = refused.unwrap_or_else(|| panic!("{name} was taken"));
            assert!(refused.contains(&name), "{refused}");
        }
        fs::remove_file(&file).unwrap();
        assert!(matches!(open(folder.path(), keys.clone()), Err(Error::Disk { .. })));
        fs::write(&file, &good).unwrap();
    }
    assert!(open(folder.path(), keys).is_ok());
}

#[test]
fn sessions_arrivals_and_all_types_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let keys = PublisherKeys::for_tests(1);
    let values: Vec<Value> = vec![
        3i64.into(),
        3.5.into(),
        true.into(),
        "three".into(),
        Value::List(vec!["a".into(), 1i64.into()]),
        Value::Object([("b".to_owned(), 2.0.into())].into()),
    ];
    let person = PersonId([4; 16]);
    let event = |(at, value): (usize, &Value)| {
        Record::Event(Event {
            person,
            occurred_at: Timestamp(at as i64 * 1000),
            received_at: Timestamp(0),
            name: "seen".into(),
            session: (at % 2 == 0).then_some(at as u64 + 1),
            fingerprint: 2 + at as u64,
            properties: [("mixed".to_owned(), value.clone())].into(),
        })
    };
    let all: Vec<Record> = values.iter().enumerate().map(event).collect();
    let store = open(folder.path(), keys.clone()).unwrap();
    store.apply(all.clone(), 6).unwrap();
    store.flush().unwrap();
    drop(store);
    let store = open(folder.path(), keys).unwrap();
    assert_eq!(store.covered(), 6);
    store.apply(all, 12).unwrap();
    let view = store.view();
    assert_eq!(view.events(), 6, "the same records again are repeats");
    let volume = &view.volumes[0];
    let mut scratch = candor_store::Scratch::default();
    let run = volume.run(volume.ordinal(person).unwrap(), &mut scratch);
    let mixed = volume.property_code("mixed").unwrap();
    for (at, value) in values.iter().enumerate() {
        assert_eq!(volume.property(run.row(at), mixed), Some(value.into()));
        assert_eq!(volume.session(run.row(at)), (at % 2 == 0).then_some(at as u64 + 1));
    }
}

#[test]
fn an_erased_person_is_in_no_file_once_flushed_and_compacted() {
    let folder = tempfile::tempdir().unwrap();
    let keys = PublisherKeys::without_cipher_for_tests(1);
    let store = open(folder.path(), keys).unwrap();
    store.apply(records(1), 2).unwrap();
    store.flush().unwrap();
    assert!(holds_canary(folder.path()));
    let erase = Record::Erase { person: PersonId([1; 16]), at: Timestamp(5) };
    store.apply(vec![erase], 3).unwrap();
    assert!(store.view().find(PersonId([1; 16])).is_none());
    store.flush().unwrap();
    store.compact().unwrap();
    let values = fs::read_dir(folder.path()).unwrap().filter(|entry| {
        let path = entry.as_ref().unwrap().path();
        let bytes = fs::read(&path).unwrap();
        // The event's name is a word of the publisher's, not of the person's.
        path.extension().is_some_and(|e| e == "parquet")
            && bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
    });
    assert_eq!(values.count(), 0);
}

#[test]
fn many_texts_beside_other_values_survive_flush_compaction_and_restart() {
    let folder = tempfile::tempdir().unwrap();
    let keys = PublisherKeys::for_tests(1);
    let value = |at: u64| match at % 10 {
        0 => None,
        1 => Some(Value::Integer(at as i64 % 3)),
        2 => Some(Value::Bool(true)),
        _ => Some(match at * 7_919 % 2_503 {
            0 => "".into(),
            text => format!("ä{:x}", text * text % 9_973).as_str().into(),
        }),
    };
    let event = |at: u64| {
        let properties = value(at).map(|value| ("item".to_owned(), value));
        Record::Event(Event {
            person: PersonId([(at % 7) as u8; 16]),
            occurred_at: Timestamp(at as i64),
            received_at: Timestamp(at as i64),
            name: "seen".into(),
            session: None,
            fingerprint: at + 10,
            properties: properties.into_iter().collect(),
        })
    };
    let check = |store: &Store, count: u64| {
        let (view, mut seen) = (store.view(), 0);
        let volume = &view.volumes[0];
        let item = volume.property_code("item").unwrap();
        volume.since(0, |_, time, _, row| {
            let held = volume.property(row, item).map(|value| value.to_value());
            assert_eq!(held, value(time as u64), "at {time}");
            seen += 1;
        });
        assert_eq!(seen, count);
    };
    let lists = || {
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains("values-behaviour")).count()
    };
    let store = open(folder.path(), keys.clone()).unwrap();
    let mut count = 0;
    for _ in 0..6 {
        let more = 12_000;
        store.apply((count..count + more).map(event), count + more).unwrap();
        count += more;
        store.flush().unwrap();
    }
    assert_eq!(lists(), 6);
    check(&store, count);
    store.compact().unwrap();
    assert_eq!(lists(), 1);
    check(&store, count);
    drop(store);
    check(&open(folder.path(), keys).unwrap(), count);
}
