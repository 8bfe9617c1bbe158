//! Funnels against loops that anyone can check by reading.

use std::collections::{BTreeMap, BTreeSet};

use candor_query::{Cancel, Error, Funnel, funnel};
use candor_store::View;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::{COLOURS, NOW, Seen, World, id, world};

const DAY: i64 = 86_400_000;

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
        assert_eq!(answer.all.steps[step].count, times.len() as u64, "step {step}");
        let rank = |p: usize| times.get((times.len() * p).div_ceil(100).max(1) - 1).copied();
        assert_eq!(answer.all.steps[step].median_ms, rank(50), "step {step}");
        assert_eq!(answer.all.steps[step].p90_ms, rank(90), "step {step}");
        let groups = answer.all.groups.iter().map(|group| group.steps[step].count);
        assert_eq!(groups.sum::<u64>(), times.len() as u64, "groups add up");
    }
}

/// A funnel of any form, in the words of the naive evaluator.
#[derive(Clone, Debug)]
struct Asked {
    /// Events, and the colour that some must have.
    steps: Vec<(&'static str, Option<&'static str>)>,
    order: &'static str,
    count: &'static str,
    window: i64,
    /// Events that end an attempt between two steps.
    exclude: Vec<(&'static str, usize, usize)>,
    hold: Vec<&'static str>,
    by_colour: bool,
    limit: usize,
}

/// The first moments of its range and after it: days of 1970.
const RANGE: std::ops::Range<i64> = 2 * DAY..12 * DAY;

impl Asked {
    fn question(&self) -> Json {
        let step = |(event, colour): &(&str, Option<&str>)| {
            let colour = colour.map(|of| json!({"property": "colour", "op": "eq", "value": of}));
            json!({"event": event, "where": colour.into_iter().collect::<Vec<Json>>()})
        };
        let exclude = |excluded: &(&str, usize, usize)| {
            let (event, after, before) = excluded;
            json!({"event": event, "after": after, "before": before})
        };
        let mut question = json!({
            "steps": self.steps.iter().map(step).collect::<Vec<Json>>(),
            "exclude": self.exclude.iter().map(exclude).collect::<Vec<Json>>(),
            "order": self.order, "count": self.count, "hold": self.hold, "limit": self.limit,
            "window": format!("{}s", self.window / 1000), "from": "1970-01-03", "to": "1970-01-13",
            "interval": "day", "times": true,
        });
        if self.by_colour {
            question["breakdown"] = json!("colour");
        }
        question
    }

    fn may_be(&self, seen: &Seen, step: usize) -> bool {
        let (event, colour) = self.steps[step];
        (event == "*" || seen.name == event)
            && colour.is_none_or(|colour| seen.properties.get("colour") == Some(&colour.into()))
    }

    /// Whether each of these events can be a step of its own.
    fn can_be_steps(&self, events: &[&Seen], free: &[usize]) -> bool {
        let Some((first, rest)) = events.split_first() else { return true };
        free.iter().any(|step| {
            let others: Vec<usize> = free.iter().copied().filter(|other| other != step).collect();
            self.may_be(first, *step) && self.can_be_steps(rest, &others)
        })
    }

    fn held(&self, seen: &Seen) -> Vec<Option<String>> {
        let text = |name: &&str| {
            let value = seen.properties.get(*name)?;
            Some(value.as_number().map_or_else(|| format!("{value:?}"), |n| format!("{n}")))
        };
        self.hold.iter().map(text).collect()
    }

    fn can_start(&self, seen: &Seen) -> bool {
        let steps = if self.order == "any" { self.steps.len() } else { 1 };
        (0..steps).any(|step| self.may_be(seen, step))
            && self.held(seen).iter().all(Option::is_some)
    }

    /// The places of the steps of the attempt that starts at a place, and where it is over.
    fn attempt(&self, events: &[&Seen], start: usize) -> (Vec<usize>, usize) {
        let held = self.held(events[start]);
        let mut way = vec![start];
        for (at, seen) in events.iter().enumerate().skip(start + 1) {
            if way.len() == self.steps.len() {
                return (way, at);
            }
            if seen.time > events[start].time + self.window {
                return (way, at);
            }
            let same = self.held(seen) == held;
            let next = match self.order {
                "any" => {
                    let taken: Vec<&Seen> =
                        way.iter().map(|at| events[*at]).chain([*seen]).collect();
                    let all: Vec<usize> = (0..self.steps.len()).collect();
                    self.can_be_steps(&taken, &all)
                }
                _ => self.may_be(seen, way.len()),
            };
            if next && same {
                way.push(at);
                continue;
            }
            let other = self.held(seen).into_iter().zip(&held).any(|(a, b)| a.is_some() && a != *b);
            let excluded = self.exclude.iter().any(|(event, after, before)| {
                (*event == "*" || seen.name == *event) && (*after..*before).contains(&way.len())
            });
            if self.order == "strict" || excluded && !other {
                return (way, at);
            }
        }
        (way, events.len())
    }

    /// The attempts of a person that count.
    fn attempts(&self, events: &[&Seen]) -> Vec<Vec<usize>> {
        let held: BTreeSet<Vec<Option<String>>> =
            events.iter().filter(|seen| self.can_start(seen)).map(|seen| self.held(seen)).collect();
        let mut attempts = Vec::new();
        for held in held {
            let mut free = 0;
            for start in 0..events.len() {
                let seen = events[start];
                let starts = RANGE.contains(&seen.time) && self.can_start(seen);
                if !starts || self.held(seen) != held {
                    continue;
                }
                let (way, over) = self.attempt(events, start);
                if self.count == "people" || start >= free {
                    attempts.push(way);
                    free = over;
                }
            }
        }
        if self.count == "people" {
            attempts.sort_by_key(|way| (std::cmp::Reverse(way.len()), way[0]));
            attempts.truncate(1);
        }
        attempts
    }
}

fn colour(seen: &Seen) -> String {
    let colour = seen.properties.get("colour");
    json!([colour.map_or(Json::Null, |colour| serde_json::to_value(colour).unwrap())]).to_string()
}

/// Attempts as the times of their steps.
type Times = Vec<Vec<i64>>;

fn check_steps(asked: &Asked, numbers: &Json, attempts: &Times) {
    for (step, reached) in numbers["steps"].as_array().unwrap().iter().enumerate() {
        let there = attempts.iter().filter(|times| times.len() > step);
        let mut since: Vec<i64> = there.clone().map(|times| times[step] - times[0]).collect();
        since.sort_unstable();
        assert_eq!(reached["count"], since.len(), "{asked:?} step {step}: {numbers}");
        let rank = |p: usize| since.get((since.len() * p).div_ceil(100).max(1) - 1).copied();
        assert_eq!(reached["median_ms"], json!(rank(50)), "{asked:?} step {step}");
        assert_eq!(reached["p90_ms"], json!(rank(90)), "{asked:?} step {step}");
        if step == 0 {
            assert!(reached.get("times").is_none(), "nothing lies before the first step");
            continue;
        }
        check_bins(&reached["times"], there.map(|times| times[step] - times[step - 1]).collect());
    }
    let all = attempts.iter().filter(|times| times.len() == asked.steps.len());
    check_bins(&numbers["times"], all.map(|times| times[times.len() - 1] - times[0]).collect());
}

fn check_bins(bins: &Json, times: Vec<i64>) {
    let bins = bins.as_array().unwrap();
    assert!(bins.len() <= 20);
    let mut counted = 0;
    for bin in bins {
        let range = bin["from_ms"].as_i64().unwrap()..bin["to_ms"].as_i64().unwrap();
        let inside = times.iter().filter(|time| range.contains(time)).count();
        assert_eq!(bin["count"], inside);
        counted += inside;
    }
    assert_eq!(counted, times.len());
}

fn ask(view: &View, question: &Json) -> Json {
    let funnel: Funnel = serde_json::from_value(question.clone()).unwrap();
    let answer = funnel.ask(view, &TimeZone::UTC, &Cancel::default()).unwrap();
    serde_json::to_value(answer).unwrap()
}

fn people(view: &View, question: &Json, cell: Json) -> BTreeSet<u8> {
    let funnel: Funnel = serde_json::from_value(question.clone()).unwrap();
    let cell: funnel::Cell = serde_json::from_value(cell).unwrap();
    let people = funnel.people(&cell, view, &TimeZone::UTC, &Cancel::default()).unwrap();
    let known = |found| (0..8u8).find(|person| id(*person) == found).unwrap();
    assert!(people.is_sorted_by(|a, b| a < b), "each once, in the order of their ids");
    people.into_iter().map(known).collect()
}

/// Attempts that count, by whom they are.
fn attempts(world: &World, asked: &Asked) -> Vec<(u8, String, Vec<i64>)> {
    let mut all = Vec::new();
    for (person, events) in world.people() {
        for way in asked.attempts(&events) {
            let times = way.iter().map(|at| events[*at].time).collect();
            all.push((person, colour(events[way[0]]), times));
        }
    }
    all
}

fn check(world: &World, view: &View, asked: &Asked) {
    let answer = ask(view, &asked.question());
    let attempts = attempts(world, asked);
    check_steps(asked, &answer, &attempts.iter().map(|(_, _, times)| times.clone()).collect());
    for (day, point) in answer["points"].as_array().unwrap().iter().enumerate() {
        let of_day = attempts.iter().filter(|(_, _, times)| times[0] / DAY == day as i64 + 2);
        for (step, count) in point["counts"].as_array().unwrap().iter().enumerate() {
            let there = of_day.clone().filter(|(_, _, times)| times.len() > step).count();
            assert_eq!(*count, there, "{asked:?} on day {day}, step {step}");
        }
    }
    let mut groups: BTreeMap<String, Times> = BTreeMap::new();
    if asked.by_colour {
        for (_, colour, times) in &attempts {
            groups.entry(colour.clone()).or_default().push(times.clone());
        }
    }
    let mut groups: Vec<(String, Times)> = groups.into_iter().collect();
    groups.sort_by_key(|(key, times)| (std::cmp::Reverse(times.len()), key.clone()));
    let rest = groups.split_off(groups.len().min(asked.limit));
    if !rest.is_empty() {
        let rest = rest.into_iter().flat_map(|(_, times)| times).collect();
        groups.push((r#"["(other)"]"#.to_owned(), rest));
    }
    let answered = answer["groups"].as_array().unwrap();
    assert_eq!(answered.len(), groups.len(), "{asked:?}");
    for (answered, (key, times)) in answered.iter().zip(&groups) {
        assert_eq!(answered["key"].to_string(), *key, "{asked:?}");
        check_steps(asked, answered, times);
    }
}

fn check_people(world: &World, asked: &Asked) {
    let (view, question) = (world.view(), asked.question());
    let answer = ask(&view, &question);
    let attempts = attempts(world, asked);
    let groups = answer["groups"].as_array().unwrap().iter().map(|group| group["key"].clone());
    let shown: Vec<String> = groups.clone().take(asked.limit).map(|key| key.to_string()).collect();
    for key in groups.map(Some).chain([None]) {
        let text = key.as_ref().map(Json::to_string);
        let inside = |colour: &String| match &key {
            None => true,
            Some(key) if *key == json!(["(other)"]) => !shown.contains(colour),
            Some(_) => text.as_ref() == Some(colour),
        };
        for (step, lost) in (1..=asked.steps.len()).flat_map(|step| [(step, false), (step, true)]) {
            if lost && step == 1 {
                continue;
            }
            for day in [None, Some(4)] {
                let expected = attempts.iter().filter(|(_, colour, times)| {
                    let reached = if lost { times.len() == step - 1 } else { times.len() >= step };
                    reached && inside(colour) && day.is_none_or(|day| times[0] / DAY == day)
                });
                let mut cell = json!({"step": step, "lost": lost});
                if let Some(key) = &key {
                    cell["key"] = key.clone();
                }
                if day.is_some() {
                    cell["at"] = json!("1970-01-05T00:00:00Z");
                }
                let found = people(&view, &question, cell.clone());
                assert_eq!(
                    found,
                    expected.map(|(person, ..)| *person).collect(),
                    "{asked:?} {cell}"
                );
            }
        }
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    let event = || prop::sample::select(vec!["view", "view", "cart", "pay", "*"]);
    let step = (event(), prop::option::weighted(0.3, prop::sample::select(COLOURS.to_vec())));
    let order = prop::sample::select(vec!["ordered", "strict", "any"]);
    let hold = prop::sample::select(vec![vec![], vec!["colour"], vec!["amount", "colour"]]);
    (
        prop::collection::vec(step, 2..5),
        (order, any::<bool>(), prop_oneof![Just(0), 0i64..15]),
        prop::collection::vec((event(), 1usize..4, 1usize..4), 0..3),
        (hold, any::<bool>(), 1usize..4),
    )
        .prop_map(|(steps, (order, people, days), exclude, (hold, by_colour, limit))| {
            let last = steps.len();
            let between = |(event, after, length): (&'static str, usize, usize)| {
                let after = after.min(last - 1);
                (event, after, (after + length).min(last))
            };
            let exclude = if order == "strict" { Vec::new() } else { exclude };
            Asked {
                steps,
                order,
                count: if people { "people" } else { "attempts" },
                window: days * DAY + 1000,
                exclude: exclude.into_iter().map(between).collect(),
                hold,
                by_colour,
                limit,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn funnels_agree(world in world(), days in 0i64..12) {
        check_funnel(&world, &["view", "cart", "pay"], days * DAY + 1000);
        check_funnel(&world, &["view", "view"], days * DAY + 1000);
        check_funnel(&world, &["cart", "view", "cart", "pay"], days * DAY + 1000);
    }

    #[test]
    fn funnels_of_every_form_agree(world in world(), asked in prop::collection::vec(asked(), 16)) {
        let view = world.view();
        asked.iter().for_each(|asked| check(&world, &view, asked));
    }

    #[test]
    fn behind_a_number_stand_those_it_counts(world in world(), asked in asked()) {
        check_people(&world, &asked);
    }

    #[test]
    fn a_segment_has_the_numbers_that_it_has_alone(
        world in world(), asked in asked(), percent in 1u8..100,
    ) {
        let view = world.view();
        let viewers = json!({"did": {"event": "view"}});
        let part = json!({"sample": {"percent": percent}});
        let mut question = asked.question();
        question["times"] = json!(false);
        question["people"] = viewers.clone();
        let all = ask(&view, &question);
        question["segments"] = json!([
            {"name": "part", "people": part}, {"name": "the others", "people": {"not": part}},
        ]);
        let mut compared = ask(&view, &question);
        let segments = compared.as_object_mut().unwrap().remove("segments").unwrap();
        prop_assert_eq!(compared, all);
        question.as_object_mut().unwrap().remove("segments");
        for (at, people) in [part.clone(), json!({"not": part})].into_iter().enumerate() {
            question["people"] = json!({"all": [people, viewers]});
            let mut alone = ask(&view, &question);
            alone["name"] = segments[at]["name"].clone();
            prop_assert_eq!(&segments[at], &alone);
        }
    }
}

#[test]
fn a_wrong_question_or_cell_is_told_where_it_is_wrong() {
    let world = World { batch: 1, ..World::default() };
    let (view, cancel) = (world.view(), Cancel::default());
    let whole = json!({
        "steps": [{"event": "view"}, {"event": "cart"}, {"event": "pay"}],
        "from": "1970-01-29", "to": "1970-02-02",
    });
    let with = |fields: Json| {
        let mut question = whole.clone();
        for (field, value) in fields.as_object().unwrap() {
            question[field] = value.clone();
        }
        serde_json::from_value::<Funnel>(question).unwrap()
    };
    let refused = |funnel: &Funnel, cell: Option<Json>, at: &str| {
        let error = match cell {
            None => funnel.ask(&view, &TimeZone::UTC, &cancel).map(|_| ()),
            Some(cell) => {
                let cell: funnel::Cell = serde_json::from_value(cell).unwrap();
                funnel.people(&cell, &view, &TimeZone::UTC, &cancel).map(|_| ())
            }
        };
        let Err(Error::Bad { pointer, .. }) = error else { panic!("{funnel:?} is answered") };
        assert_eq!(pointer, at, "{funnel:?}");
    };
    let exclude = |excluded: Json| with(json!({"exclude": [excluded]}));
    refused(&exclude(json!({"event": "x", "after": 0})), None, "/exclude/0/after");
    refused(&exclude(json!({"event": "x", "after": 3})), None, "/exclude/0/after");
    refused(&exclude(json!({"event": "x", "after": 2, "before": 2})), None, "/exclude/0/before");
    refused(&exclude(json!({"event": "x", "before": 4})), None, "/exclude/0/before");
    let condition = json!({"property": "a", "op": "eq"});
    let value = "/exclude/0/where/0/value";
    refused(&exclude(json!({"event": "x", "where": [condition]})), None, value);
    let strict = json!({"order": "strict", "exclude": [{"event": "x"}]});
    refused(&with(strict), None, "/exclude");
    refused(&with(json!({"exclude": vec![json!({"event": "x"}); 13]})), None, "/exclude");
    refused(&with(json!({"hold": ["a", "b", "c", "d"]})), None, "/hold");
    refused(&with(json!({"interval": "minute", "from": "1969-01-01"})), None, "/interval");
    let segments = json!([{"name": "", "people": {"did": {"event": "*"}}}]);
    refused(&with(json!({"segments": segments})), None, "/segments/0/name");
    let funnel = with(json!({"interval": "day", "breakdown": "colour"}));
    refused(&funnel, Some(json!({"step": 0})), "/cell/step");
    refused(&funnel, Some(json!({"step": 4})), "/cell/step");
    refused(&funnel, Some(json!({"step": 1, "lost": true})), "/cell/step");
    refused(&funnel, Some(json!({"step": 1, "at": "1970-01-29T01:00:00Z"})), "/cell/at");
    refused(&with(json!({})), Some(json!({"step": 1, "at": "1970-01-29T00:00:00Z"})), "/cell/at");
    refused(&funnel, Some(json!({"step": 1, "segment": "b"})), "/cell/segment");
    refused(&funnel, Some(json!({"step": 1, "key": []})), "/cell/key");
}

#[test]
fn a_point_is_incomplete_while_the_window_of_its_attempts_is_open() {
    let seen =
        Seen { person: 1, time: NOW, name: "view", session: None, properties: BTreeMap::new() };
    let world = World { events: vec![seen], batch: 1, ..World::default() };
    let view = world.view();
    // Now is the first moment of 31 January.
    let marks = |window: &str, from: &str| {
        let answer = ask(
            &view,
            &json!({
                "steps": [{"event": "view"}, {"event": "pay"}], "interval": "day", "window": window,
                "from": from, "to": "1970-02-01",
            }),
        );
        let points = answer["points"].as_array().unwrap().iter();
        points.map(|point| if point["incomplete"] == true { 'i' } else { '.' }).collect::<String>()
    };
    assert_eq!(marks("1s", "1970-01-28"), "..ii");
    assert_eq!(marks("1d", "1970-01-28"), "..ii");
    assert_eq!(marks("25h", "1970-01-28"), ".iii");
    assert_eq!(marks("1d", "1970-01-27T12:00:00Z"), "i..ii");
}

#[test]
fn the_range_before_has_the_numbers_that_it_has_alone() {
    let seen = |person: u8, day: i64, name: &'static str| Seen {
        person,
        time: day * 86_400_000 + i64::from(person),
        name,
        session: None,
        properties: BTreeMap::new(),
    };
    // One who goes all the way in each range, one who goes half of it in the range before.
    let events = vec![
        seen(1, 3, "view"),
        seen(1, 4, "pay"),
        seen(2, 5, "view"),
        seen(1, 10, "view"),
        seen(1, 11, "pay"),
    ];
    let view = World { events, batch: 2, ..World::default() }.view();
    let asked = |from: &str, to: &str| {
        json!({
            "steps": [{"event": "view"}, {"event": "pay"}], "interval": "day", "times": true,
            "segments": [{"name": "payers", "people": {"did": {"event": "pay"}}}],
            "from": from, "to": to,
        })
    };
    let mut compared = asked("1970-01-09", "1970-01-15");
    compared["compare"] = json!("previous");
    let mut answer = ask(&view, &compared);
    let mut previous = answer.as_object_mut().unwrap().remove("previous").unwrap();
    assert_eq!(answer, ask(&view, &asked("1970-01-09", "1970-01-15")));
    let fields = previous.as_object_mut().unwrap();
    assert_eq!(fields.remove("from").unwrap(), "1970-01-03T00:00:00+00:00");
    assert_eq!(fields.remove("to").unwrap(), "1970-01-09T00:00:00+00:00");
    assert_eq!(previous["steps"][0]["count"], 2);
    assert_eq!(previous, ask(&view, &asked("1970-01-03", "1970-01-09")));
    // The 11th is a Sunday: of the range's weeks the first has one day, and so has the one before.
    let mut weeks = asked("1970-01-11", "1970-01-19");
    (weeks["interval"], weeks["compare"]) = (json!("week"), json!("previous"));
    let answer = ask(&view, &weeks);
    let starts = |points: &serde_json::Value| {
        let points = points.as_array().unwrap().iter();
        points.map(|point| point["at"].as_str().unwrap()[..10].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(starts(&answer["points"]), ["1970-01-05", "1970-01-12"]);
    assert_eq!(starts(&answer["previous"]["points"]), ["1969-12-28", "1970-01-04"]);
    assert_eq!(answer["previous"]["points"][1]["counts"], json!([2, 1]));
}
