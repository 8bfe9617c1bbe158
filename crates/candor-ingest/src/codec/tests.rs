use proptest::prelude::*;

use candor_event::{
    Column, ConsentChange, DataClass, Event, FirstSeen, IdKind, Link, Merge, PersonId, Properties,
    Purpose, Record, Sheet, Split, Timestamp, TraitChange, TraitOp, Value,
};

use super::*;

fn class_of(name: &str) -> DataClass {
    DataClass::ALL[name.len() % DataClass::ALL.len()]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Integer),
        (-1e15..1e15).prop_map(Value::Float),
        (-100_000i64..100_000).prop_map(|cents| Value::Float(cents as f64 / 100.0)),
        ".{0,12}".prop_map(|text| Value::from(text.as_str())),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn person() -> impl Strategy<Value = PersonId> {
    (0u8..4).prop_map(|seed| PersonId([seed; 16]))
}

fn sheet() -> impl Strategy<Value = Record> {
    let flat = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Integer),
        (-100_000i64..100_000).prop_map(|cents| Value::Float(cents as f64 / 100.0)),
        ".{0,12}".prop_map(|text| Value::from(text.as_str())),
    ];
    let columns = prop::collection::btree_map(
        "[a-z]{1,8}",
        (prop::collection::vec(flat, 0..5), prop::collection::vec(any::<u32>(), 8)),
        0..5,
    );
    let sessions = prop_oneof![Just(0), any::<u64>(), 0u64..9, Just(i64::MIN as u64)];
    let each = (any::<u32>(), any::<u32>(), any::<i64>(), sessions);
    let people = prop::collection::vec(person(), 1..4);
    let names = prop::collection::vec(".{0,12}", 1..4);
    (any::<i64>(), people, names, prop::collection::vec(each, 1..8), any::<bool>(), columns)
        .prop_map(|(received_at, people, names, each, in_sessions, columns)| {
            let within = |place: u32, len: usize| place % len as u32;
            let column = |(name, (values, codes)): (String, (Vec<Value>, Vec<u32>))| Column {
                name: name.into(),
                codes: codes[..each.len()].iter().map(|c| within(*c, values.len() + 1)).collect(),
                values,
            };
            Record::Sheet(Box::new(Sheet {
                received_at: Timestamp(received_at),
                owners: each.iter().map(|one| within(one.0, people.len())).collect(),
                people,
                codes: each.iter().map(|one| within(one.1, names.len())).collect(),
                names: names.into_iter().map(Into::into).collect(),
                times: each.iter().map(|one| one.2).collect(),
                sessions: each.iter().filter(|_| in_sessions).map(|one| one.3).collect(),
                columns: columns.into_iter().map(column).collect(),
            }))
        })
}

fn record() -> impl Strategy<Value = Record> {
    let event = (
        person(),
        any::<i64>(),
        any::<i64>(),
        ".{0,20}",
        any::<Option<u64>>(),
        prop_oneof![any::<u64>(), Just(Event::BY_CONTENT)],
        prop::collection::btree_map("[a-z]{1,8}", value(), 0..6),
    )
        .prop_map(|(person, occurred, received, name, session, fingerprint, properties)| {
            Record::Event(Event {
                person,
                occurred_at: Timestamp(occurred),
                received_at: Timestamp(received),
                name: name.into(),
                session,
                fingerprint,
                properties: properties.into_iter().collect(),
            })
        });
    let op = prop_oneof![
        value().prop_map(TraitOp::Set),
        Just(TraitOp::Unset),
        prop::collection::vec(value(), 0..3).prop_map(TraitOp::Add),
        prop::collection::vec(value(), 0..3).prop_map(TraitOp::Remove),
        (-1e9..1e9).prop_map(TraitOp::Increment),
    ];
    let change = (person(), any::<i64>(), "[a-z]{1,8}", op).prop_map(|(person, at, name, op)| {
        Record::Trait(TraitChange { person, at: Timestamp(at), property: name.as_str().into(), op })
    });
    let link = (person(), any::<[u8; 16]>(), any::<i64>()).prop_map(|(person, hash, at)| {
        Record::Link(Link { kind: IdKind::Email, hash, person, at: Timestamp(at) })
    });
    let first = (person(), any::<u64>(), any::<i64>()).prop_map(|(person, fingerprint, at)| {
        Record::FirstSeen(FirstSeen { person, fingerprint, at: Timestamp(at) })
    });
    let consent = (person(), any::<i64>(), any::<bool>()).prop_map(|(person, at, yes)| {
        Record::Consent(ConsentChange {
            person,
            at: Timestamp(at),
            purposes: Purpose::new("analytics").map(|p| (p, yes)).into_iter().collect(),
            notice: yes.then(|| ("n".into(), "1".into(), "en".into())),
            method: "api".into(),
        })
    });
    let pair =
        (person(), person(), any::<i64>(), any::<bool>()).prop_map(|(winner, loser, at, merge)| {
            let at = Timestamp(at);
            match merge {
                true => Record::Merge(Merge { winner, loser, at, reason: "login".into() }),
                false => Record::Split(Split { winner, loser, at }),
            }
        });
    prop_oneof![4 => event, 1 => sheet(), 2 => change, 1 => link, 1 => consent, 1 => pair, 1 => first]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_read_back_as_they_were_written(
        records in prop::collection::vec(record(), 0..20),
    ) {
        let sections = encode(&records, &class_of);
        prop_assert_eq!(decode(&sections).unwrap(), records);
    }

    #[test]
    fn damaged_bytes_never_panic(
        records in prop::collection::vec(record(), 1..6),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut sections = encode(&records, &class_of);
        for (_, bytes) in &mut sections {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = decode(&sections);
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&[(DataClass::Behaviour, bytes)]);
    }
}

#[test]
fn a_class_that_does_not_open_leaves_the_rest_readable() {
    let event = Event {
        person: PersonId([1; 16]),
        occurred_at: Timestamp(5),
        received_at: Timestamp(6),
        name: "Charged".into(),
        session: None,
        fingerprint: 9,
        properties: [("Email".to_owned(), Value::from("a@b.example"))].into(),
    };
    let class_of = |_: &str| DataClass::Contact;
    let mut sections = encode(&[Record::Event(event.clone())], &class_of);
    sections.retain(|(class, _)| *class != DataClass::Contact);
    let expected = Event { properties: Properties::new(), ..event };
    assert_eq!(decode(&sections).unwrap(), vec![Record::Event(expected)]);
}
