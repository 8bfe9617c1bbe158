//! The leaves of segments against loops that anyone can check by reading.

use std::collections::{BTreeMap, BTreeSet};

use candor_event::{PersonId, Timestamp, Value};
use candor_query::{Cancel, Definition, Rfm, rfm, segment};
use candor_store::View;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::{COLOURS, NOW, Seen, World, id, world};

const DAY: i64 = 86_400_000;

fn people_in(view: &View, definition: Json, zone: &TimeZone) -> Vec<PersonId> {
    let definition: Definition = serde_json::from_value(definition).unwrap();
    let (now, cancel) = (Timestamp(NOW), Cancel::default());
    segment::people(view, &definition, now, zone, None, 1_000, &cancel).unwrap()
}

/// Everyone who is held, and what they did; who did nothing, too.
fn everyone<'w>(world: &'w World, view: &View) -> BTreeMap<PersonId, Vec<&'w Seen>> {
    let nothing = json!({"not": {"did": {"event": "nothing like it"}}});
    let held = people_in(view, nothing, &TimeZone::UTC);
    let mut everyone: BTreeMap<_, _> = held.into_iter().map(|id| (id, Vec::new())).collect();
    everyone.extend(world.people().into_iter().map(|(person, events)| (id(person), events)));
    everyone
}

type Shown<'w> = (&'w World, &'w View);

fn check(shown: Shown<'_>, definition: Json, holds: &dyn Fn(&[&Seen]) -> bool) {
    check_in(shown, definition, &TimeZone::UTC, holds);
}

fn check_in(
    (world, view): Shown<'_>,
    definition: Json,
    zone: &TimeZone,
    holds: &dyn Fn(&[&Seen]) -> bool,
) {
    let wanted = everyone(world, view).into_iter().filter(|(_, events)| holds(events));
    let wanted: Vec<PersonId> = wanted.map(|(id, _)| id).collect();
    assert_eq!(people_in(view, definition.clone(), zone), wanted, "{definition}");
}

fn lately(seen: &Seen, days: i64) -> bool {
    (NOW - days * DAY + 1..=NOW).contains(&seen.time)
}

fn check_sums(world: Shown<'_>, days: i64, amount: f64) {
    let sum = |events: &[&Seen]| -> f64 {
        let counted = events.iter().filter(|seen| seen.name == "pay" && lately(seen, days));
        counted.filter_map(|seen| seen.properties.get("amount")?.as_number()).sum()
    };
    let rule = |op: &str, value: Json| {
        json!({"sum": {"event": "pay", "property": "amount",
                       "within": {"last": format!("{days}d")}, "op": op, "value": value}})
    };
    check(world, rule("gt", json!(amount)), &|events| sum(events) > amount);
    check(world, rule("lte", json!(amount)), &|events| sum(events) <= amount);
    check(world, rule("eq", json!(0)), &|events| sum(events) == 0.0);
    check(world, rule("ne", json!(amount)), &|events| sum(events) != amount);
    check(world, rule("between", json!([1, amount])), &|events| {
        (1.0..=amount).contains(&sum(events))
    });
    let red = json!([{"property": "colour", "op": "eq", "value": "red"}]);
    let rule = json!({"sum": {"event": "*", "property": "amount", "where": red, "op": "gte",
                              "value": amount}});
    check(world, rule, &|events| {
        let red = events.iter().filter(|seen| seen.properties.get("colour") == Some(&"red".into()));
        red.filter_map(|seen| seen.properties.get("amount")?.as_number()).sum::<f64>() >= amount
    });
}

/// Of what was met, what is met most often; all of those that are.
fn modes<K: Ord>(values: impl Iterator<Item = K>) -> BTreeSet<K> {
    let mut counts: BTreeMap<K, usize> = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let most = counts.values().copied().max();
    counts.into_iter().filter(|(_, count)| Some(*count) == most).map(|(value, _)| value).collect()
}

fn check_interests(world: Shown<'_>, days: i64, percent: f64) {
    let views = |events: &[&Seen]| -> Vec<Seen> {
        let views = events.iter().filter(|seen| seen.name == "view" && lately(seen, days));
        views.map(|seen| (*seen).clone()).collect()
    };
    let text = |seen: &Seen| Some(seen.properties.get("colour")?.as_text()?.to_owned());
    let rule = |property: &str, mode: &str, value: Json| {
        let mut rule = json!({"event": "view", "property": property, "mode": mode, "value": value,
                              "within": {"last": format!("{days}d")}});
        if mode == "at_least" {
            rule["percent"] = json!(percent);
        }
        json!({"interest": rule})
    };
    let part = |wanted: usize, all: usize| all > 0 && wanted as f64 * 100.0 >= percent * all as f64;
    for wanted in [&COLOURS[..1], &COLOURS[1..2], &COLOURS[1..]] {
        let value = if wanted.len() == 1 { json!(wanted[0]) } else { json!(wanted) };
        check(world, rule("colour", "predominant", value.clone()), &|events| {
            let modes = modes(views(events).iter().filter_map(text));
            wanted.iter().any(|colour| modes.contains(*colour))
        });
        check(world, rule("colour", "at_least", value), &|events| {
            let views = views(events);
            let met = views.iter().filter(|seen| text(seen).is_some_and(|t| wanted.contains(&&*t)));
            part(met.clone().count(), views.len()) && met.count() > 0
        });
    }
    // Whole and broken numbers are one number; texts are not.
    let number = |seen: &Seen| {
        let value = seen.properties.get("amount")?;
        Some(value.as_number().map_or("text".to_owned(), |number| format!("{number}")))
    };
    check(world, rule("amount", "predominant", json!([2, 3.0])), &|events| {
        let modes = modes(views(events).iter().filter_map(number));
        modes.contains("2") || modes.contains("3")
    });
    // Half an hour beside the whole ones.
    let zone = TimeZone::get("Asia/Kolkata").unwrap();
    let local = |seen: &Seen| seen.time + 5 * 3_600_000 + 1_800_000;
    let hour = |seen: &Seen| local(seen).div_euclid(3_600_000).rem_euclid(24);
    let weekday = |seen: &Seen| (local(seen).div_euclid(DAY) + 3).rem_euclid(7) + 1;
    check_in(world, rule("$hour", "predominant", json!([5, 6])), &zone, &|events| {
        let modes = modes(views(events).iter().map(hour));
        modes.contains(&5) || modes.contains(&6)
    });
    check_in(world, rule("$weekday", "at_least", json!([1, 4])), &zone, &|events| {
        let views = views(events);
        let met = views.iter().filter(|seen| [1, 4].contains(&weekday(seen))).count();
        part(met, views.len())
    });
    check_in(world, rule("$weekday", "predominant", json!(4)), &zone, &|events| {
        modes(views(events).iter().map(weekday)).contains(&4)
    });
}

/// A leaf takes whom the question of the same range calls so.
fn check_kinds((_, view): Shown<'_>, days: i64) {
    let zone = TimeZone::UTC;
    let moment = |ms: i64| jiff::Timestamp::from_millisecond(ms).unwrap().to_string();
    let question = json!({"event": "view", "amount": "amount", "from": moment(NOW - days * DAY + 1),
                          "to": moment(NOW + 1)});
    let question: Rfm = serde_json::from_value(question).unwrap();
    let answer = question.ask(view, &zone, &Cancel::default()).unwrap();
    let leaf = |name: &Json| {
        json!({"rfm": {"name": name, "event": "view", "amount": "amount",
                       "last": format!("{days}d")}})
    };
    let mut all = Vec::new();
    for named in answer.named {
        let cell = rfm::Cell::Segment(rfm::OfSegment { segment: named.segment });
        let wanted = question.people(&cell, view, &zone, &Cancel::default()).unwrap();
        let name = serde_json::to_value(named.segment).unwrap();
        assert_eq!(people_in(view, leaf(&name), &zone), wanted, "{name}");
        all.push(leaf(&name));
    }
    let anyone = json!({"did": {"event": "view", "within": {"last": format!("{days}d")}}});
    let any = json!({"any": all});
    assert_eq!(people_in(view, any, &zone), people_in(view, anyone, &zone));
}

/// Far enough from each other that no rounding matters.
const PLACES: [(&str, f64, f64); 3] =
    [("red", 28.6139, 77.2090), (COLOURS[1], 19.0760, 72.8777), (COLOURS[2], 51.5072, -0.1276)];

/// Where each event was, told by its colour; and two people whose traits say something else.
fn check_regions(mut world: World, said: i64) {
    for seen in &mut world.events {
        let colour = seen.properties.get("colour").and_then(Value::as_text);
        let place = PLACES.iter().find(|(name, ..)| Some(*name) == colour);
        if let Some((_, lat, lon)) = place {
            seen.properties.insert("Latitude".to_owned(), (*lat).into());
            // A place without its other half is none.
            if seen.properties.get("amount") != Some(&"dear".into()) {
                seen.properties.insert("Longitude".to_owned(), (*lon).into());
            }
        }
    }
    world.merges.clear();
    let traits = [("Latitude", 48.8566), ("Longitude", 2.3522)].map(|(n, v)| (0, n, v, said));
    let view = world.view_with(&traits);
    let of = |region: &str| match region {
        "delhi" => json!({"lat": 28.7, "lon": 77.1, "km": 50}),
        "india" => json!({"lat": 23.0, "lon": 79.0, "km": 1500}),
        _ => json!({"lat": 50, "lon": 1, "km": 400}),
    };
    let place = |person: PersonId, events: &[&Seen]| {
        let own = (person == id(0)).then_some((said, "paris"));
        let seen = events
            .iter()
            .rev()
            .find(|seen| seen.properties.contains_key("Longitude") && seen.time <= NOW);
        let seen = seen.map(|seen| {
            let colour = seen.properties["colour"].as_text().unwrap();
            let names = ["delhi", "mumbai", "london"];
            let at = PLACES.iter().position(|(name, ..)| *name == colour).unwrap();
            (seen.time, names[at])
        });
        match (own, seen) {
            (Some(own), Some(seen)) if seen.0 <= own.0 => Some(own.1),
            (own, seen) => seen.or(own).map(|(_, place)| place),
        }
    };
    for (region, inside) in [
        ("delhi", &["delhi"][..]),
        ("india", &["delhi", "mumbai"]),
        ("the channel", &["paris", "london"]),
    ] {
        let wanted = everyone(&world, &view).into_iter();
        let wanted = wanted
            .filter(|(id, events)| place(*id, events).is_some_and(|place| inside.contains(&place)));
        let wanted: Vec<PersonId> = wanted.map(|(id, _)| id).collect();
        let rule = json!({"in_region": of(region)});
        assert_eq!(people_in(&view, rule, &TimeZone::UTC), wanted, "{region}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sums_agree(world in world(), days in 9i64..30, amount in 1i64..60) {
        let view = world.view();
        check_sums((&world, &view), days, amount as f64);
        check_sums((&world, &view), days, amount as f64 / 4.0);
    }

    #[test]
    fn interests_agree(world in world(), days in 9i64..31, percent in 1i64..101) {
        check_interests((&world, &world.view()), days, percent as f64);
    }

    #[test]
    fn kinds_agree(world in world(), days in 9i64..31) {
        check_kinds((&world, &world.view()), days);
    }

    #[test]
    fn regions_agree(world in world(), said in 0i64..20) {
        check_regions(world, said * DAY);
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_its_place() {
    let zone = TimeZone::UTC;
    let sum = |field: &str, value: Json| {
        let mut sum = json!({"event": "a", "property": "b", "op": "gt", "value": 1});
        sum[field] = value;
        json!({"sum": sum})
    };
    let interest = |fields: Json| {
        let mut interest = json!({"event": "a", "property": "b", "value": "c",
                                  "mode": "predominant"});
        interest.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"interest": interest})
    };
    for (rule, pointer) in [
        (sum("op", json!("contains")), "/sum/op"),
        (sum("value", json!("1")), "/sum/value"),
        (sum("value", json!([1, 2])), "/sum/value"),
        (sum("op", json!("between")), "/sum/value"),
        (sum("within", json!({"last": "soon"})), "/sum/within/last"),
        (sum("where", json!([{"property": "a", "op": "eq"}])), "/sum/where/0/value"),
        (interest(json!({"mode": "at_least"})), "/interest/percent"),
        (interest(json!({"mode": "at_least", "percent": 101})), "/interest/percent"),
        (interest(json!({"percent": 50})), "/interest/percent"),
        (interest(json!({"value": []})), "/interest/value"),
        (interest(json!({"value": {"a": 1}})), "/interest/value"),
        (interest(json!({"property": "$hour", "value": 24})), "/interest/value"),
        (interest(json!({"property": "$weekday", "value": [1, 0]})), "/interest/value"),
        (interest(json!({"within": {"from": "x"}})), "/interest/within/from"),
        (json!({"in_region": {"lat": 90.5, "lon": 0, "km": 1}}), "/in_region/lat"),
        (json!({"in_region": {"lat": 0, "lon": -181, "km": 1}}), "/in_region/lon"),
        (json!({"in_region": {"lat": 0, "lon": 0, "km": 0}}), "/in_region/km"),
        (json!({"in_region": {"lat": 0, "lon": 0, "km": 30_000}}), "/in_region/km"),
        (json!({"rfm": {"name": "Loyal", "last": "long"}}), "/rfm/last"),
    ] {
        let definition: Definition = serde_json::from_value(rule.clone()).unwrap();
        let refused = definition.check(&zone, "").unwrap_err().to_string();
        assert!(refused.starts_with(&format!("{pointer}: ")), "{rule}: {refused}");
        // And what is saved reads back as what was sent.
        let saved = serde_json::to_string(&definition).unwrap();
        assert_eq!(serde_json::from_str::<Definition>(&saved).unwrap(), definition);
    }
    assert!(serde_json::from_value::<Definition>(json!({"rfm": {"name": "Nobody"}})).is_err());
}
