//! Segments against loops that anyone can check by reading.

use candor_query::{Cancel, Definition, segment};
use candor_store::View;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::{COLOURS, NOW, Seen, World, world};

const DAY: i64 = 86_400_000;

fn check_segment(world: &World, at_least: u64, colour: &str) {
    let definition = json!({"all": [
        {"did": {"event": "view", "where": [{"property": "colour", "op": "eq", "value": colour}],
                 "times": {"at_least": at_least}, "within": {"last": "20d"}}},
        {"not": {"any": [
            {"did": {"event": "pay", "times": {"at_least": 1}}},
            {"person": {"property": "plan", "op": "eq", "value": "gold"}}]}},
    ]});
    let definition: Definition = serde_json::from_value(definition).unwrap();
    let now = candor_event::Timestamp(NOW);
    let view = world.view();
    let cancel = Cancel::default();
    let count = segment::count(&view, &definition, now, &TimeZone::UTC, &[], &cancel).unwrap();
    let mut losers = world.merges.clone();
    losers.sort_by_key(|(_, loser)| *loser);
    let plan = |person: u8| {
        // Own word first, then the word of those folded into them; all were said at one moment.
        let own = world.plan(person);
        let lent = || {
            let below = (0..8u8).filter(|p| {
                *p != person
                    && world.merges.iter().find(|(_, l)| l == p).map(|m| m.0) == Some(person)
            });
            below.filter_map(|p| world.plan(p)).collect::<Vec<_>>()
        };
        own.map_or_else(lent, |plan| vec![plan])
    };
    let mut expected = 0;
    for (person, events) in world.people() {
        let plans = plan(person);
        if plans.len() > 1 && plans.iter().any(|p| *p != plans[0]) {
            return; // two lent words of one moment: either may be taken
        }
        let views = events.iter().filter(|seen| {
            seen.name == "view"
                && seen.time > NOW - 20 * DAY
                && seen.properties.get("colour") == Some(&colour.into())
        });
        let paid = events.iter().any(|seen| seen.name == "pay");
        let gold = plans.first() == Some(&"gold");
        expected += u64::from(views.count() as u64 >= at_least && !paid && !gold);
    }
    if at_least > 0 {
        assert_eq!(count.people, expected);
    }
}

/// Rules about what few did, who did much else.
fn check_rare(mut world: World, at_least: u64, days: i64) {
    const USUAL: usize = 150;
    let rare = std::mem::take(&mut world.events);
    for (at, seen) in rare.into_iter().enumerate() {
        let usual = |n: usize| Seen {
            person: ((at + n) % 8) as u8,
            time: (at * USUAL + n) as i64,
            name: "open",
            session: None,
            properties: Default::default(),
        };
        world.events.extend((0..USUAL).map(usual));
        world.events.push(seen);
    }
    world.merge_at *= USUAL;
    let view = world.settled();
    let did = |name: &str, times: Json| {
        let within = json!({"last": format!("{days}d")});
        json!({"did": {"event": name, "times": times, "within": within}})
    };
    let often = |name: &str| did(name, json!({"at_least": at_least}));
    let once = |name: &str| did(name, json!({"exactly": 1}));
    let none = |name: &str| json!({"not": did(name, json!({"at_least": 1}))});
    let times = |events: &[&Seen], name: &str| {
        let inside = |seen: &&&Seen| seen.name == name && seen.time > NOW - days * DAY;
        events.iter().filter(inside).count() as u64
    };
    type Holds = fn(u64, u64, u64) -> bool;
    let definitions: [(Json, Holds); 5] = [
        (json!({"all": [often("pay"), none("cart")]}), |n, pay, cart| pay >= n && cart == 0),
        (json!({"all": [often("pay"), once("cart")]}), |n, pay, cart| pay >= n && cart == 1),
        (
            json!({"all": [{"any": [often("pay"), often("cart")]}, none("nothing like it")]}),
            |n, pay, cart| pay >= n || cart >= n,
        ),
        (json!({"all": [{"all": [once("pay")]}, often("cart")]}), |n, pay, cart| {
            pay == 1 && cart >= n
        }),
        (json!({"all": [often("pay"), often("nothing like it")]}), |_, _, _| false),
    ];
    for (definition, holds) in definitions {
        let people = world.people().into_values();
        let expected = people.filter(|e| holds(at_least, times(e, "pay"), times(e, "cart")));
        let expected = expected.count() as u64;
        assert_eq!(count_in(&view, definition.clone()), expected, "{definition}");
    }
}

fn count(world: &World, definition: Json) -> u64 {
    count_in(&world.view(), definition)
}

fn count_in(view: &View, definition: Json) -> u64 {
    let definition: Definition = serde_json::from_value(definition).unwrap();
    let (now, cancel) = (candor_event::Timestamp(NOW), Cancel::default());
    segment::count(view, &definition, now, &TimeZone::UTC, &[], &cancel).unwrap().people
}

/// Who did nothing is everyone without those who did something, people without events included.
fn check_inactive(world: &World, days: i64) {
    let everyone = count(world, json!({"not": {"did": {"event": "nothing like it"}}}));
    let active = world.people().into_values().filter(|events| {
        let recent = |seen: &&Seen| (NOW - days * DAY + 1..=NOW).contains(&seen.time);
        events.iter().any(recent)
    });
    let inactive = json!({"inactive": {"for": format!("{days}d")}});
    assert_eq!(count(world, inactive.clone()), everyone - active.count() as u64);
    let sample = |salt: &str| json!({"sample": {"percent": 40, "salt": salt}});
    let both = |salt| count(world, json!({"all": [sample(salt), inactive]}));
    let other = |salt| count(world, json!({"all": [{"not": sample(salt)}, inactive]}));
    assert_eq!(both("a") + other("a"), count(world, inactive.clone()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn rules_about_what_few_did_agree(world in world(), at_least in 1u64..4, days in 9i64..31) {
        check_rare(world, at_least, days);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn silence_agrees(world in world(), days in 1i64..40) {
        check_inactive(&world, days);
    }

    #[test]
    fn segments_agree(world in world(), at_least in 1u64..3) {
        COLOURS.into_iter().for_each(|colour| check_segment(&world, at_least, colour));
    }
}
