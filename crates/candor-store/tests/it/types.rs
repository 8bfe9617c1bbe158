//! Of which types the values of a property are, wherever it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use candor_event::{DataClass, Event, ManualClock, PersonId, Record, Timestamp, Types, Value};
use candor_keys::PublisherKeys;
use candor_store::{ClassOf, Store, StoreConfig};

fn event(at: i64) -> Record {
    let list = Value::List(vec!["a".into(), at.into()]);
    let mixed: Value = if at % 3 == 0 { at.into() } else { "x".into() };
    let properties = [
        ("whole", Value::Integer(at)),
        ("broken", Value::Float(at as f64 / 4.0)),
        ("few", Value::Float((at % 5) as f64 + 0.25)),
        ("flag", Value::Bool(at % 2 == 0)),
        ("text", format!("t{}", at % 7).as_str().into()),
        ("list", list),
        ("object", Value::Object([("k".to_owned(), at.into())].into())),
        ("mixed", mixed),
    ];
    Record::Event(Event {
        person: PersonId([(at % 50) as u8; 16]),
        occurred_at: Timestamp(at * 1_000),
        received_at: Timestamp(at * 1_000),
        name: "view".into(),
        session: None,
        fingerprint: 2 + at as u64,
        properties: properties.map(|(name, value)| (name.to_owned(), value)).into(),
    })
}

fn types(store: &Store) -> BTreeMap<String, Types> {
    let view = store.view();
    let mut all = BTreeMap::new();
    for volume in &view.volumes {
        for (name, types) in volume.property_names().iter().zip(volume.types()) {
            all.entry(name.to_string()).or_insert_with(Types::default).add(types);
        }
    }
    all
}

#[test]
fn files_tell_the_same_types_as_memory_and_are_not_read_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let class_of: ClassOf = Arc::new(|_| DataClass::Behaviour);
    let open = || {
        let config = StoreConfig { volumes: 2, ..StoreConfig::new(folder.path()) };
        let clock = Arc::new(ManualClock::new(Timestamp(0)));
        Store::open(config, PublisherKeys::for_tests(3), class_of.clone(), clock).unwrap()
    };
    let store = open();
    store.apply((0..4_000).map(event), 1).unwrap();
    let in_memory = types(&store);
    let mut both = Types::INTEGER;
    both.add(Types::TEXT);
    for (name, expected) in [
        ("whole", Types::INTEGER),
        ("broken", Types::FLOAT),
        ("few", Types::FLOAT),
        ("flag", Types::BOOL),
        ("text", Types::TEXT),
        ("list", Types::LIST),
        ("mixed", both),
    ] {
        assert_eq!(in_memory[name], expected, "{name}");
    }
    assert!(!in_memory["object"].is_empty() && !in_memory["object"].meets(Types::LIST));
    store.settle().unwrap();
    drop(store);
    let store = open();
    let unread = store.resident().columns;
    assert_eq!(types(&store), in_memory);
    let read = store.resident().columns;
    assert!(read > unread, "lists and objects tell only by their values");
    store.shrink(0);
    assert_eq!(types(&store), in_memory);
    assert!(store.resident().columns < read, "what was told once is kept");
}
