//! Segments against loops that anyone can check by reading.

use candor_query::{Cancel, Definition, segment};
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

fn count(world: &World, definition: Json) -> u64 {
    let definition: Definition = serde_json::from_value(definition).unwrap();
    let (now, cancel) = (candor_event::Timestamp(NOW), Cancel::default());
    segment::count(&world.view(), &definition, now, &TimeZone::UTC, &[], &cancel).unwrap().people
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
