//! The same answers from loops that anyone can check by reading.

use std::collections::{BTreeMap, BTreeSet};

use candor_event::Value;
use candor_query::{Cancel, Definition, Funnel, Trend, segment};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::{COLOURS, NOW, Seen, World, world};

const DAY: i64 = 86_400_000;

fn json_of(value: Option<&Value>) -> Json {
    value.map_or(Json::Null, |value| serde_json::to_value(value).unwrap())
}

fn ask_trend(world: &World, question: &Json) -> Json {
    let trend: Trend = serde_json::from_value(question.clone()).unwrap();
    let answer = trend.ask(&world.view(), &TimeZone::UTC, &Cancel::default()).unwrap();
    serde_json::to_value(answer).unwrap()
}

fn measured(measure: &str, events: &[(u8, &Seen)]) -> f64 {
    let people: BTreeSet<u8> = events.iter().map(|(person, _)| *person).collect();
    let mut numbers: Vec<f64> =
        events.iter().filter_map(|(_, seen)| seen.properties.get("amount")?.as_number()).collect();
    numbers.sort_by(f64::total_cmp);
    let rank = |percent: f64| {
        numbers[((percent / 100.0 * numbers.len() as f64).ceil() as usize).max(1) - 1]
    };
    match measure {
        "total" => events.len() as f64,
        "uniques" => people.len() as f64,
        "per_person" if people.is_empty() => 0.0,
        "per_person" => events.len() as f64 / people.len() as f64,
        _ if numbers.is_empty() => 0.0,
        "sum:amount" => numbers.iter().sum(),
        "avg:amount" => numbers.iter().sum::<f64>() / numbers.len() as f64,
        "min:amount" => numbers[0],
        "max:amount" => numbers[numbers.len() - 1],
        "p50:amount" => rank(50.0),
        "p90:amount" => rank(90.0),
        _ => rank(99.0),
    }
}

/// By key and day, and the total, by hand; keys sorted as text.
fn naive_trend(world: &World, event: &str, measure: &str, by: bool) -> BTreeMap<String, Vec<f64>> {
    let people = world.people();
    let all = people.iter().flat_map(|(person, events)| events.iter().map(|seen| (*person, *seen)));
    let inside = |seen: &Seen| (2 * DAY..12 * DAY).contains(&seen.time);
    let all: Vec<(u8, &Seen)> =
        all.filter(|(_, seen)| (event == "*" || seen.name == event) && inside(seen)).collect();
    let key = |seen: &Seen| match by {
        true => json!([json_of(seen.properties.get("colour"))]).to_string(),
        false => "[]".to_owned(),
    };
    let mut groups: BTreeMap<String, Vec<(u8, &Seen)>> = BTreeMap::new();
    if !by {
        groups.insert("[]".into(), Vec::new());
    }
    for (person, seen) in all {
        groups.entry(key(seen)).or_default().push((person, seen));
    }
    let line = |events: &Vec<(u8, &Seen)>| {
        let of_day = |day: i64| {
            let of_day = events.iter().filter(|(_, seen)| seen.time.div_euclid(DAY) == day);
            measured(measure, &of_day.copied().collect::<Vec<_>>())
        };
        (2..12).map(of_day).chain([measured(measure, events)]).collect()
    };
    groups.iter().map(|(key, events)| (key.clone(), line(events))).collect()
}

fn close(a: &BTreeMap<String, Vec<f64>>, b: &BTreeMap<String, Vec<f64>>) -> bool {
    // Sums are added in another order.
    let same = |(x, y): (&f64, &f64)| (x - y).abs() <= 1e-9 * x.abs().max(1.0);
    a.keys().eq(b.keys())
        && a.values().zip(b.values()).all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(same))
}

fn check_trend(world: &World, event: &str, measure: &str, by: bool) {
    let mut question = json!({
        "event": event, "measure": measure, "from": "1970-01-03", "to": "1970-01-13",
    });
    if by {
        question["breakdown"] = json!("colour");
    }
    let answer = ask_trend(world, &question);
    let lines = answer["series"].as_array().unwrap().iter().map(|series| {
        let points = series["points"].as_array().unwrap().iter().map(|point| &point["value"]);
        let values = points.chain([&series["total"]]).map(|value| value.as_f64().unwrap());
        (series["key"].to_string(), values.collect())
    });
    let lines: BTreeMap<String, Vec<f64>> = lines.collect();
    let expected = naive_trend(world, event, measure, by);
    assert!(close(&lines, &expected), "{question}: {lines:?} is not {expected:?}");
}

/// The deepest, then earliest attempt, tried in every way.
fn naive_attempt(events: &[&Seen], steps: &[&str], window: i64) -> Vec<i64> {
    fn deepest(events: &[&Seen], steps: &[&str], until: i64) -> Vec<i64> {
        let Some((step, rest)) = steps.split_first() else { return Vec::new() };
        let mut best = Vec::new();
        for (at, seen) in events.iter().enumerate() {
            if seen.name != *step || seen.time > until {
                continue;
            }
            let mut way = vec![seen.time];
            way.extend(deepest(&events[at + 1..], rest, until));
            // Of equal depth the earlier at each step, as the one that is found first.
            if way.len() > best.len() || way.len() == best.len() && way < best {
                best = way;
            }
        }
        best
    }
    let mut best: Vec<i64> = Vec::new();
    for (at, seen) in events.iter().enumerate() {
        if seen.name != steps[0] || !(2 * DAY..12 * DAY).contains(&seen.time) {
            continue;
        }
        let mut way = vec![seen.time];
        way.extend(deepest(&events[at + 1..], &steps[1..], seen.time + window));
        if way.len() > best.len() {
            best = way;
        }
    }
    best
}

fn check_funnel(world: &World, steps: &[&str], window: i64) {
    let question = json!({
        "steps": steps.iter().map(|name| json!({"event": name})).collect::<Vec<_>>(),
        "from": "1970-01-03", "to": "1970-01-13", "window": format!("{}s", window / 1000),
        "breakdown": {"property": "plan", "scope": "person"},
    });
    let funnel: Funnel = serde_json::from_value(question).unwrap();
    let answer = funnel.ask(&world.view(), &TimeZone::UTC, &Cancel::default()).unwrap();
    let mut times: Vec<Vec<i64>> = vec![Vec::new(); steps.len()];
    for events in world.people().values() {
        let way = naive_attempt(events, steps, window);
        for (step, time) in way.iter().enumerate() {
            times[step].push(time - way[0]);
        }
    }
    for (step, mut times) in times.into_iter().enumerate() {
        times.sort_unstable();
        assert_eq!(answer.steps[step].count, times.len() as u64, "step {step}");
        let rank = |p: usize| times.get((times.len() * p).div_ceil(100).max(1) - 1).copied();
        assert_eq!(answer.steps[step].median_ms, rank(50), "step {step}");
        assert_eq!(answer.steps[step].p90_ms, rank(90), "step {step}");
        let groups = answer.groups.iter().map(|group| group.steps[step].count);
        assert_eq!(groups.sum::<u64>(), times.len() as u64, "groups add up");
    }
}

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
    fn trends_agree(world in world()) {
        for measure in ["total", "uniques", "per_person", "sum:amount", "avg:amount", "min:amount",
                        "max:amount", "p50:amount", "p90:amount", "p99:amount"] {
            for by in [false, true] {
                check_trend(&world, "view", measure, by);
                check_trend(&world, "*", measure, by);
            }
        }
    }

    #[test]
    fn funnels_agree(world in world(), days in 0i64..12) {
        check_funnel(&world, &["view", "cart", "pay"], days * DAY + 1000);
        check_funnel(&world, &["view", "view"], days * DAY + 1000);
        check_funnel(&world, &["cart", "view", "cart", "pay"], days * DAY + 1000);
    }

    #[test]
    fn silence_agrees(world in world(), days in 1i64..40) {
        check_inactive(&world, days);
    }

    #[test]
    fn segments_agree(world in world(), at_least in 1u64..3) {
        COLOURS.into_iter().for_each(|colour| check_segment(&world, at_least, colour));
    }

    #[test]
    fn uniques_of_the_rest_are_distinct_people(world in world()) {
        let question = json!({
            "event": "*", "measure": "uniques", "from": "1970-01-03", "to": "1970-01-13",
            "breakdown": "colour", "limit": 1,
        });
        let answer = ask_trend(&world, &question);
        let series = answer["series"].as_array().unwrap();
        let Some(first) = series.first().map(|s| s["key"].clone()) else { return Ok(()) };
        let mut rest = BTreeSet::new();
        for (person, events) in world.people() {
            let outside = events.iter().any(|seen| {
                (2 * DAY..12 * DAY).contains(&seen.time)
                    && json!([json_of(seen.properties.get("colour"))]) != first
            });
            if outside {
                rest.insert(person);
            }
        }
        let shown = series.get(1).map_or(0.0, |other| other["total"].as_f64().unwrap());
        prop_assert_eq!(shown, rest.len() as f64);
    }
}
