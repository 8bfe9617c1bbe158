//! Events found against a list that is sorted and cut.

use candor_event::Value;
use candor_query::{Cancel, Find, traits};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::json;

use crate::world::{COLOURS, Seen, id, world};

const DAY: i64 = 86_400_000;

proptest! {
    #[test]
    fn events_are_found_page_by_page_as_in_a_sorted_list(
        world in world(),
        event in prop::sample::select(vec!["view", "pay", "*", "nothing"]),
        colours in prop::collection::vec(prop::sample::select(COLOURS.to_vec()), 0..3),
        days in (0i64..20, 1i64..20),
        newest in any::<bool>(),
        limit in 1usize..12,
        gold in any::<bool>(),
    ) {
        let view = world.view();
        let (from, to) = (days.0 * DAY, (days.0 + days.1) * DAY);
        let moment = |at: i64| jiff::Timestamp::from_millisecond(at).unwrap().to_string();
        let mut conditions = Vec::new();
        if !colours.is_empty() {
            conditions.push(json!({"property": "colour", "op": "in", "value": colours}));
        }
        if gold {
            conditions.push(
                json!({"property": "plan", "op": "eq", "value": "gold", "scope": "person"}),
            );
        }
        let order = if newest { "newest" } else { "oldest" };
        let mut question = json!({"event": event, "from": moment(from), "to": moment(to),
            "where": conditions, "order": order, "limit": limit});

        let plan = |person| traits(&view, id(person)).and_then(|mut held| held.remove("plan"));
        let wanted = |person: u8, seen: &&Seen| {
            let colour = seen.properties.get("colour");
            (event == "*" || event == seen.name)
                && (from..to).contains(&seen.time)
                && (colours.is_empty()
                    || colour.is_some_and(|c| colours.iter().any(|one| *c == Value::from(*one))))
                && (!gold || plan(person) == Some("gold".into()))
        };
        let mut expected = Vec::new();
        for (person, events) in world.people() {
            let events: Vec<_> = events.into_iter().filter(|seen| wanted(person, seen)).collect();
            let in_order: Vec<_> =
                if newest { events.into_iter().rev().collect() } else { events };
            expected.extend(in_order.into_iter().map(|seen| (id(person), seen)));
        }
        let time = |seen: &Seen| if newest { -seen.time } else { seen.time };
        expected.sort_by_key(|(person, seen)| (time(seen), *person));
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(person, seen)| {
                (person, seen.name.to_owned(), seen.time, seen.session, seen.properties.clone())
            })
            .collect();

        let mut found = Vec::new();
        loop {
            let asked: Find = serde_json::from_value(question.clone()).unwrap();
            let answer = asked.ask(&view, &TimeZone::UTC, &Cancel::default()).unwrap();
            prop_assert!(answer.events.len() <= limit);
            found.extend(answer.events.into_iter().map(|(person, done)| {
                (person, done.name, done.at.0, done.session, done.properties)
            }));
            let Some(next) = answer.next else { break };
            prop_assert!(found.len() < expected.len());
            question["cursor"] = json!(next);
        }
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_its_place() {
    let view = crate::world::World { batch: 1, ..Default::default() }.view();
    for (question, pointer) in [
        (json!({"limit": 0}), "/limit"),
        (json!({"limit": 1_001}), "/limit"),
        (json!({"cursor": "1.2"}), "/cursor"),
        (json!({"from": "2026-11-24", "to": "2026-11-24"}), "/to"),
        (json!({"from": "yesterday"}), "/from"),
        (json!({"where": [{"property": "a", "op": "in", "value": []}]}), "/where/0/value"),
    ] {
        let asked: Find = serde_json::from_value(question).unwrap();
        let refused = asked.ask(&view, &TimeZone::UTC, &Cancel::default()).unwrap_err();
        assert!(refused.to_string().contains(pointer), "{refused}");
    }
}
