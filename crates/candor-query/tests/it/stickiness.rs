//! Stickiness against loops over plain lists: the dates on which each person was active.

use std::collections::{BTreeMap, BTreeSet};

use candor_event::Timestamp;
use candor_query::{Cancel, Stickiness, rfc3339, stickiness, zone};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use proptest::prelude::*;
use serde_json::json;

use crate::world::{NOW, World, id, world};

const HOUR: i64 = 3_600_000;

fn check(world: &World, name: &'static str, event: &str, from: i64, to: i64) {
    let zone = zone(name).unwrap();
    let moment = |at: i64| jiff::Timestamp::from_millisecond(at).unwrap();
    let date = |at: i64| moment(at).to_zoned(zone.clone()).date();
    let start = |date: Date| date.to_zoned(zone.clone()).unwrap().timestamp().as_millisecond();
    let utc = |at: i64| rfc3339(Timestamp(at), &TimeZone::UTC);
    let question = json!({
        "event": event, "from": utc(from), "to": utc(to),
        "where": [{"property": "colour", "op": "ne", "value": "red"}],
    });
    let stickiness: Stickiness = serde_json::from_value(question).unwrap();
    let (view, cancel) = (world.view(), Cancel::default());
    let answer = stickiness.ask(&view, &zone, &cancel).unwrap();

    // By person: the dates within the range, and all before its end.
    let mut inside: BTreeMap<u8, BTreeSet<Date>> = BTreeMap::new();
    let mut ever = inside.clone();
    for (person, events) in world.people() {
        for seen in events {
            let wanted = (event == "*" || seen.name == event) && seen.time < to;
            if !wanted || seen.properties.get("colour") == Some(&"red".into()) {
                continue;
            }
            ever.entry(person).or_default().insert(date(seen.time));
            if seen.time >= from {
                inside.entry(person).or_default().insert(date(seen.time));
            }
        }
    }
    let mut days = vec![date(from)];
    while start(days[days.len() - 1].tomorrow().unwrap()) < to {
        days.push(days[days.len() - 1].tomorrow().unwrap());
    }
    let active = |since: Span, day: Date| -> BTreeSet<u8> {
        let dates = day.checked_sub(since).unwrap()..=day;
        let people = ever.iter().filter(|(_, on)| on.range(dates.clone()).next().is_some());
        people.map(|(person, _)| *person).collect()
    };
    let cell = |cell| -> Vec<_> {
        let cell: stickiness::Cell = serde_json::from_value(cell).unwrap();
        stickiness.people(&cell, &view, &zone, &cancel).unwrap()
    };
    let ids = |people: &BTreeSet<u8>| {
        let mut ids: Vec<_> = people.iter().map(|person| id(*person)).collect();
        ids.sort();
        ids
    };
    assert_eq!(answer.days.len(), days.len());
    for (found, day) in answer.days.iter().zip(&days) {
        let of_day = inside.iter().filter(|(_, dates)| dates.contains(day));
        let of_day: BTreeSet<u8> = of_day.map(|(person, _)| *person).collect();
        let counts = [of_day, active(6.days(), *day), active(29.days(), *day)];
        let at = rfc3339(Timestamp(start(*day)), &zone);
        assert_eq!(found.at, at);
        let shown = [found.dau, found.wau, found.mau];
        for ((shown, people), of) in shown.into_iter().zip(&counts).zip(["dau", "wau", "mau"]) {
            let known = start(*day) <= NOW;
            assert_eq!(shown, known.then_some(people.len() as u64), "{of} of {at} {name} {event}");
            assert_eq!(cell(json!({"at": at, "of": of})), ids(people), "{of} of {at}");
        }
    }
    let over = |day: &Date| start(day.tomorrow().unwrap()).min(to) <= NOW;
    assert_eq!(answer.incomplete, days.iter().position(|day| !over(day)));
    let bars: Vec<(usize, u64)> =
        answer.histogram.iter().map(|bar| (bar.days, bar.people)).collect();
    let on = |count: usize| -> BTreeSet<u8> {
        let people = inside.iter().filter(|(_, dates)| dates.len() == count);
        people.map(|(person, _)| *person).collect()
    };
    let expected: Vec<(usize, u64)> =
        (1..=days.len()).map(|count| (count, on(count).len() as u64)).collect();
    assert_eq!(bars, expected);
    for (count, _) in expected {
        assert_eq!(cell(json!({"days": count})), ids(&on(count)), "on {count} days");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn stickiness_agrees(
        world in world(),
        zone in prop::sample::select(vec![
            "UTC", "Europe/Berlin", "America/Santiago", "Asia/Kolkata"]),
        event in prop::sample::select(vec!["view", "*"]),
        from in 0i64..300,
        hours in 1i64..800,
        whole in any::<bool>(),
    ) {
        let from = if whole { from / 24 * 24 } else { from } * HOUR;
        check(&world, zone, event, from, from + hours * HOUR);
    }
}
