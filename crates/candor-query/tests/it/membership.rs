//! Who is in a saved segment, kept through random histories, against asking everybody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use candor_event::{
    ConsentChange, Event, ManualClock, Merge, PersonId, Purpose, Record, Split, Timestamp,
    TraitChange, TraitOp, Value,
};
use candor_query::segment::{self, Change, Membership};
use candor_query::{Cancel, Definition};
use candor_store::{Store, View};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::id;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const START: i64 = 10 * DAY;

/// What happens.
#[derive(Clone, Debug)]
enum Happens {
    /// Somebody does something so long after the present; mostly before.
    Event {
        person: u8,
        after: i64,
        name: &'static str,
        amount: Option<i64>,
        far: bool,
    },
    Plan(u8, &'static str),
    Place(u8, bool),
    Says(u8, bool),
    Merge(u8, u8),
    Split(u8),
    Erase(u8),
}

/// What happens, how long nothing more does, and whether who was touched is told.
type Step = (Vec<Happens>, i64, bool);

fn happens() -> impl Strategy<Value = Happens> {
    let person = 0u8..6;
    let after = prop_oneof![
        (-5i64..2).prop_map(|days| days * DAY),
        (-40i64..30).prop_map(|hours| hours * HOUR),
        -5 * DAY..DAY,
    ];
    let name = prop::sample::select(vec!["view", "cart", "pay", "Notification Sent"]);
    let event = (person.clone(), after, name, prop::option::of(0i64..20), any::<bool>());
    let event = event.prop_map(|(person, after, name, amount, far)| Happens::Event {
        person,
        after,
        name,
        amount,
        far,
    });
    prop_oneof![
        12 => event,
        2 => (person.clone(), prop::sample::select(vec!["gold", "free"]))
            .prop_map(|(person, plan)| Happens::Plan(person, plan)),
        1 => (person.clone(), any::<bool>()).prop_map(|(person, far)| Happens::Place(person, far)),
        1 => (person.clone(), any::<bool>()).prop_map(|(person, yes)| Happens::Says(person, yes)),
        1 => (0u8..3, 3u8..6).prop_map(|(winner, loser)| Happens::Merge(winner, loser)),
        1 => (3u8..6).prop_map(Happens::Split),
        1 => person.prop_map(Happens::Erase),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pause = prop_oneof![
        Just(0),
        Just(1),
        Just(HOUR),
        Just(DAY - 1),
        Just(DAY),
        Just(9 * DAY),
        0..3 * DAY,
    ];
    let some = prop_oneof![2 => prop::collection::vec(happens(), 1..8), 1 => Just(Vec::new())];
    prop::collection::vec((some, pause, prop::bool::weighted(0.9)), 1..10)
}

fn leaf() -> impl Strategy<Value = Json> {
    let event = prop::sample::select(vec!["view", "pay", "*"]);
    let days = prop::sample::select(vec!["1d", "2d", "36h", "5d"]);
    let within = prop_oneof![
        3 => days.clone().prop_map(|days| json!({"last": days})),
        1 => Just(json!("ever")),
        1 => Just(json!({"from": "1970-01-10", "to": "1970-01-13"})),
        1 => Just(json!({"from": "1970-01-11"})),
    ];
    let times = (prop::sample::select(vec!["at_least", "at_most", "exactly"]), 0u64..4)
        .prop_map(|(how, n)| json!({how: n}));
    let gold = json!([{"property": "plan", "op": "eq", "value": "gold", "scope": "person"}]);
    let conditions = prop_oneof![3 => Just(json!([])), 1 => Just(gold)];
    let did = (event.clone(), times, within.clone(), any::<bool>(), conditions).prop_map(
        |(event, times, within, first_ever, conditions)| {
            json!({"did": {"event": event, "times": times, "within": within,
                           "first_ever": first_ever, "where": conditions}})
        },
    );
    let sum = (event, within.clone(), 0i64..30).prop_map(|(event, within, value)| {
        json!({"sum": {"event": event, "property": "amount", "within": within, "op": "gte",
                       "value": value}})
    });
    let interest = (within, any::<bool>()).prop_map(|(within, most)| {
        let mut interest = json!({"event": "view", "property": "$hour", "value": [0, 1, 2, 3],
                                  "mode": "predominant", "within": within});
        if !most {
            interest["mode"] = json!("at_least");
            interest["percent"] = json!(40);
        }
        json!({"interest": interest})
    });
    prop_oneof![
        6 => did,
        2 => sum,
        2 => interest,
        2 => days.prop_map(|days| json!({"inactive": {"for": days}})),
        1 => Just(json!({"person": {"property": "plan", "op": "eq", "value": "gold"}})),
        1 => Just(json!({"consented": {"purpose": "analytics"}})),
        1 => Just(json!({"sample": {"percent": 50}})),
        1 => Just(json!({"in_region": {"lat": 0, "lon": 0, "km": 100}})),
    ]
}

fn definition() -> impl Strategy<Value = Json> {
    leaf().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|list| json!({"all": list})),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|list| json!({"any": list})),
            inner.prop_map(|one| json!({"not": one})),
        ]
    })
}

/// A store, the clock, and how many records it has taken.
struct History {
    clock: Arc<ManualClock>,
    now: i64,
    store: Store,
    taken: u64,
}

impl History {
    fn begin() -> History {
        let clock = Arc::new(ManualClock::new(Timestamp(START)));
        let store = Store::in_memory(2, clock.clone());
        History { clock, now: START, store, taken: 0 }
    }

    fn records(&mut self, happens: &Happens) -> Vec<Record> {
        self.taken += 1;
        let at = Timestamp(self.now);
        let set = |person: u8, property: &str, value: Value| {
            let (person, op) = (id(person), TraitOp::Set(value));
            Record::Trait(TraitChange { person, at, property: property.into(), op })
        };
        vec![match happens {
            Happens::Place(person, far) => {
                let lat = if *far { 9.5 } else { 0.5 };
                return vec![
                    set(*person, "Latitude", lat.into()),
                    set(*person, "Longitude", 0.25.into()),
                ];
            }
            Happens::Event { person, after, name, amount, far } => {
                let mut properties = Vec::new();
                if let Some(amount) = amount {
                    properties.push(("amount".to_owned(), Value::Integer(*amount)));
                    let lat = if *far { 9.5 } else { 0.5 };
                    properties.push(("Latitude".to_owned(), lat.into()));
                    properties.push(("Longitude".to_owned(), 0.25.into()));
                }
                Record::Event(Event {
                    person: id(*person),
                    occurred_at: Timestamp(self.now + after),
                    received_at: at,
                    name: (*name).into(),
                    session: None,
                    fingerprint: self.taken,
                    properties: properties.into_iter().collect(),
                })
            }
            Happens::Plan(person, plan) => set(*person, "plan", (*plan).into()),
            Happens::Says(person, yes) => Record::Consent(ConsentChange {
                person: id(*person),
                at,
                purposes: BTreeMap::from([(Purpose::new("analytics").unwrap(), *yes)]),
                notice: None,
                method: "api".to_owned(),
            }),
            Happens::Merge(winner, loser) => Record::Merge(Merge {
                winner: id(*winner),
                loser: id(*loser),
                at,
                reason: "login".into(),
            }),
            Happens::Split(loser) => Record::Split(Split { winner: id(0), loser: id(*loser), at }),
            Happens::Erase(person) => Record::Erase { person: id(*person), at },
        }]
    }

    fn pass(&mut self, happens: &[Happens], pause: i64) {
        let records: Vec<Record> = happens.iter().flat_map(|one| self.records(one)).collect();
        self.store.apply(records, self.taken).unwrap();
        self.now += pause;
        self.clock.advance_ms(pause);
    }
}

fn batch(view: &View, definition: &Definition, as_of: Timestamp) -> BTreeSet<PersonId> {
    let (zone, cancel) = (TimeZone::UTC, Cancel::default());
    let people = segment::people(view, definition, as_of, &zone, None, 100, &cancel).unwrap();
    people.into_iter().collect()
}

fn follow_all(definition: &Json, steps: &[Step]) {
    let definition: Definition = serde_json::from_value(definition.clone()).unwrap();
    let (zone, cancel) = (TimeZone::UTC, Cancel::default());
    let mut history = History::begin();
    let since = history.store.view_since(None);
    let now = Timestamp(history.now);
    let kept = Membership::new(definition.clone(), &since.view, now, &zone, &cancel);
    let (mut kept, mut mark) = (kept.unwrap(), since.mark);
    let mut members = batch(&since.view, &definition, now);
    for (happens, pause, told) in steps {
        let before = kept.as_of();
        history.pass(happens, *pause);
        let since = history.store.view_since(Some(mark));
        mark = since.mark;
        let (view, now) = (since.view, Timestamp(history.now));
        let touched = since.touched.filter(|_| *told);
        let changes = kept.follow(&view, touched.as_deref(), now, &cancel).unwrap();
        for Change { person, at, entered } in changes {
            let turned = if entered { members.insert(person) } else { members.remove(&person) };
            assert!(turned, "{person} was so before {at:?}");
            assert!(before <= at && at <= now);
            // Where nothing was said or done the moment is the very one.
            if happens.is_empty() && touched.is_some() && !kept.looks_at_everybody() {
                assert_eq!(batch(&view, &definition, at).contains(&person), entered);
                let earlier = Timestamp(at.0 - 1);
                assert_eq!(batch(&view, &definition, earlier).contains(&person), !entered);
            }
        }
        let wanted = batch(&view, &definition, now);
        assert_eq!(members, wanted);
        let has = (0..6).map(id).filter(|person| kept.has(&view, *person));
        assert_eq!(has.collect::<BTreeSet<_>>(), wanted);
        assert_eq!(kept.people(), wanted.len() as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn who_is_kept_is_who_would_be_found(definition in definition(), steps in steps()) {
        follow_all(&definition, &steps);
    }

    #[test]
    fn each_leaf_alone_is_kept(steps in steps()) {
        for leaf in [
            json!({"did": {"event": "view", "times": {"at_least": 2}, "within": {"last": "2d"}}}),
            json!({"did": {"event": "view", "times": {"exactly": 1}, "within": {"last": "36h"}}}),
            json!({"did": {"event": "*", "times": {"at_most": 1}, "within": {"last": "1d"}}}),
            json!({"did": {"event": "view", "first_ever": true, "within": {"last": "5d"}}}),
            json!({"sum": {"event": "*", "property": "amount", "within": {"last": "2d"},
                           "op": "between", "value": [5, 15]}}),
            json!({"interest": {"event": "*", "property": "amount", "mode": "at_least",
                                "percent": 50, "value": [1, 2, 3, 4, 5], "within": {"last": "2d"}}}),
            json!({"inactive": {"for": "36h"}}),
            json!({"person": {"property": "plan", "op": "ne", "value": "gold"}}),
            json!({"consented": {"purpose": "analytics"}}),
            json!({"in_region": {"lat": 0, "lon": 0, "km": 100}}),
        ] {
            follow_all(&leaf, &steps);
        }
    }

    #[test]
    fn kinds_are_kept_though_they_depend_on_everybody(steps in steps()) {
        let kind = |name: &str| json!({"rfm": {"name": name, "event": "view", "last": "3d"}});
        let any = json!({"any": [kind("Hibernating"), kind("About to sleep")]});
        follow_all(&json!({"all": [{"not": {"inactive": {"for": "2d"}}}, any]}), &steps);
    }
}
