//! Who looks at everything once does not fill memory with it.

use std::fs;
use std::sync::Arc;

use candor_event::{DataClass, Event, ManualClock, PersonId, Record, Timestamp, Value};
use candor_keys::PublisherKeys;
use candor_store::{ClassOf, Looked, Scratch, Store, StoreConfig, VolumeView};

fn event(at: i64) -> Record {
    let properties = [("price", Value::Integer(at * 7_919 % 10_007))];
    Record::Event(Event {
        person: PersonId([(at % 50) as u8; 16]),
        occurred_at: Timestamp(at * 1_000),
        received_at: Timestamp(at * 1_000),
        name: "view".into(),
        session: None,
        fingerprint: 2 + at as u64,
        properties: properties.into(),
    })
}

fn all(volume: &VolumeView) -> Vec<Vec<(u32, Value)>> {
    let mut all = Vec::new();
    volume.fold(Looked::default(), &mut Scratch::default(), &|| true, |_, run| {
        for at in 0..run.len() {
            let properties = volume.coded_properties(run.row(at)).into_iter();
            all.push(properties.map(|(name, value)| (name, value.to_value())).collect());
        }
    });
    all
}

#[test]
fn a_picture_apart_shows_the_same_and_takes_its_properties_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let class_of: ClassOf = Arc::new(|_| DataClass::Behaviour);
    let config = StoreConfig { volumes: 1, tail_rows_max: 500, ..StoreConfig::new(folder.path()) };
    let clock = Arc::new(ManualClock::new(Timestamp(0)));
    let store = Store::open(config, PublisherKeys::for_tests(3), class_of, clock).unwrap();
    store.apply((0..9_000).map(event), 1).unwrap();
    store.settle().unwrap();
    store.apply((9_000..9_100).map(event), 2).unwrap();
    store.shrink(0);
    let (view, before) = (store.view(), store.resident().columns);
    let apart = all(&view.volumes[0].apart());
    assert_eq!(apart.len(), 9_100);
    assert!(apart.iter().all(|properties| properties.len() == 1));
    assert_eq!(store.resident().columns, before, "nothing of it stays");
    assert_eq!(all(&view.volumes[0]), apart);
    assert!(store.resident().columns > before, "what questions look at does");
}

#[test]
fn files_that_others_took_the_place_of_stay_until_the_last_picture_read_from_them() {
    let folder = tempfile::tempdir().unwrap();
    let class_of: ClassOf = Arc::new(|_| DataClass::Behaviour);
    let config = StoreConfig { volumes: 1, ..StoreConfig::new(folder.path()) };
    let clock = Arc::new(ManualClock::new(Timestamp(0)));
    let store = Store::open(config, PublisherKeys::for_tests(3), class_of, clock).unwrap();
    let parts = || {
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains("history")).count()
    };
    for flush in 0..6 {
        store.apply((flush * 100..(flush + 1) * 100).map(event), flush as u64 + 1).unwrap();
        store.flush().unwrap();
    }
    store.settle().unwrap();
    store.shrink(0);
    let unread = store.view().volumes[0].apart();
    store.apply([Record::Erase { person: PersonId([7; 16]), at: Timestamp(0) }], 7).unwrap();
    store.flush().unwrap();
    store.compact().unwrap();
    assert_eq!(parts(), 7, "six that are read from, and one in their place");
    assert_eq!(all(&unread).len(), 600);
    drop(unread);
    assert_eq!(parts(), 1);
    assert_eq!(all(&store.view().volumes[0]).len(), 588);
}
