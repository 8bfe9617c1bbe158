//! Trends against loops that anyone can check by reading.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use candor_event::Timestamp;
use candor_query::{Cancel, Error, Trend, rfc3339, trend};
use candor_store::View;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan, Unit};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::{NOW, Seen, World, id, world};

type People<'w> = BTreeMap<u8, Vec<&'w Seen>>;

/// A question, in the words of the naive evaluator.
#[derive(Clone, Debug)]
struct Asked {
    zone: &'static str,
    from: Date,
    to: Date,
    interval: &'static str,
    /// Names as in an answer, events and measures.
    events: Vec<(&'static str, &'static str, &'static str)>,
    reach: Reach,
    previous: bool,
    by: &'static [&'static str],
    limit: usize,
}

#[derive(Clone, Copy, Debug)]
enum Reach {
    Own,
    Trailing(i64),
    Whole,
}

/// A range as the naive evaluator sees it.
struct Axis {
    range: Range<i64>,
    /// By point: where its interval starts, and from when to when it looks.
    starts: Vec<String>,
    spans: Vec<Range<i64>>,
    /// Everything that is read, from before the range on where points look back.
    read: Range<i64>,
}

/// The key of a group, and which events are in it.
type Group<'w> = (String, Box<dyn Fn(u8, &Seen) -> bool + 'w>);

/// The starts of a line's points, and their values with the total last.
type Values = (Vec<String>, Vec<f64>);

/// A line of an answer: event, key, values by axis.
type Line = (Option<String>, String, Vec<Values>);

fn zone(name: &str) -> TimeZone {
    candor_query::zone(name).unwrap()
}

impl Asked {
    fn question(&self) -> Json {
        let events: Vec<Json> = self
            .events
            .iter()
            .map(|(name, event, measure)| json!({"name": name, "event": event, "measure": measure}))
            .collect();
        let mut question = json!({
            "from": self.from, "to": self.to, "timezone": self.zone, "interval": self.interval,
            "events": events, "limit": self.limit, "cumulative": matches!(self.reach, Reach::Whole),
        });
        if let Reach::Trailing(intervals) = self.reach {
            question["rolling"] = json!(intervals);
        }
        if self.previous {
            question["compare"] = json!("previous");
        }
        let by = |name: &&str| match *name {
            "plan" => json!({"property": "plan", "scope": "person"}),
            name => json!(name),
        };
        question["breakdown"] = self.by.iter().map(by).collect();
        question
    }

    fn step(&self, intervals: i64) -> Span {
        match self.interval {
            "day" => intervals.days(),
            "week" => intervals.weeks(),
            _ => intervals.months(),
        }
    }

    /// The range, or the one before.
    fn axis(&self, before: bool) -> Axis {
        let days = (self.to - self.from).get_days();
        let shift = match self.interval == "month" && self.from.day() == 1 && self.to.day() == 1 {
            true => self.from.until((Unit::Month, self.to)).unwrap(),
            false => days.days(),
        };
        let zone = zone(self.zone);
        let start = |date: Date| {
            let date = if before { date - shift } else { date };
            date.to_zoned(zone.clone()).unwrap().timestamp().as_millisecond()
        };
        let range = start(self.from)..start(self.to);
        let mut date = match self.interval {
            "day" => self.from,
            "week" => self.from - i64::from(self.from.weekday().to_monday_zero_offset()).days(),
            _ => self.from.first_of_month(),
        };
        let mut axis = Axis {
            read: range.clone(),
            range: range.clone(),
            starts: Vec::new(),
            spans: Vec::new(),
        };
        while date < self.to {
            let end = start(date + self.step(1)).min(range.end);
            let from = match self.reach {
                Reach::Own => start(date).max(range.start),
                Reach::Whole => range.start,
                Reach::Trailing(intervals) => start(date - self.step(intervals - 1)),
            };
            axis.read.start = axis.read.start.min(from);
            axis.spans.push(from..end);
            axis.starts.push(rfc3339(Timestamp(start(date)), &zone));
            date += self.step(1);
        }
        axis
    }

    fn axes(&self) -> Vec<Axis> {
        (0..=usize::from(self.previous)).map(|at| self.axis(at == 1)).collect()
    }

    /// The lines of an answer, in their order.
    fn lines(&self, world: &World) -> Vec<Line> {
        let (people, axes) = (world.people(), self.axes());
        let shown = self.shown(world, &axes);
        let mut lines = Vec::new();
        for (name, event, measure) in &self.events {
            for (key, group) in &shown {
                let values = axes.iter().map(|axis| {
                    let value = |span: &Range<i64>| {
                        measured(measure, &happened(&people, event, span, group))
                    };
                    let over = match (self.reach, *measure) {
                        (Reach::Trailing(n), "total" | "sum:amount") => n as f64,
                        _ => 1.0,
                    };
                    let points = axis.spans.iter().map(|span| value(span) / over);
                    (axis.starts.clone(), points.chain([value(&axis.range)]).collect())
                });
                lines.push((Some((*name).to_owned()), key.clone(), values.collect()));
            }
        }
        lines
    }

    fn key(&self, world: &World, person: u8, seen: &Seen) -> String {
        let values = self.by.iter().map(|name| match *name {
            "plan" => world.plan(person).map_or(Json::Null, Json::from),
            name => seen.properties.get(name).map_or(Json::Null, |value| json!(value)),
        });
        plain(&values.collect())
    }

    /// The groups of an answer: their keys, and which events are in them.
    fn shown<'w>(&'w self, world: &'w World, axes: &[Axis]) -> Vec<Group<'w>> {
        if self.by.is_empty() {
            return vec![("[]".to_owned(), Box::new(|_, _| true))];
        }
        let people = world.people();
        let mut keys = BTreeSet::new();
        for axis in axes {
            for (_, event, _) in &self.events {
                let all = happened(&people, event, &axis.read, &|_, _| true);
                keys.extend(all.into_iter().map(|(person, seen)| self.key(world, person, seen)));
            }
        }
        let size = |of: &str, axis: &Axis, event: &str, measure: &str| {
            let measure = match measure {
                "sum:amount" | "uniques" => measure,
                _ => "total",
            };
            let group = |person, seen: &Seen| self.key(world, person, seen) == of;
            measured(measure, &happened(&people, event, &axis.range, &group))
        };
        let mut keys: Vec<(Vec<f64>, String)> = keys
            .into_iter()
            .map(|of| {
                let sizes = axes.iter().flat_map(|axis| {
                    let events = self.events.iter();
                    events.map(|(_, event, measure)| -size(&of, axis, event, measure))
                });
                (sizes.collect(), of)
            })
            .collect();
        keys.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let mut shown: Vec<Group<'w>> = Vec::new();
        let rest = keys.split_off(keys.len().min(self.limit));
        for (_, of) in keys {
            let group = of.clone();
            let is = move |person, seen: &Seen| self.key(world, person, seen) == group;
            shown.push((of, Box::new(is)));
        }
        if !rest.is_empty() {
            let rest: Vec<String> = rest.into_iter().map(|(_, of)| of).collect();
            let is = move |person, seen: &Seen| rest.contains(&self.key(world, person, seen));
            shown.push((r#"["(other)"]"#.into(), Box::new(is)));
        }
        shown
    }
}

/// A key in which 1 and 1.0 are one.
fn plain(key: &Json) -> String {
    let whole = |value: &Json| match value.as_f64() {
        Some(number) if number.fract() == 0.0 => json!(number as i64),
        _ => value.clone(),
    };
    key.as_array().unwrap().iter().map(whole).collect::<Json>().to_string()
}

fn happened<'w>(
    people: &People<'w>,
    event: &str,
    span: &Range<i64>,
    group: &dyn Fn(u8, &Seen) -> bool,
) -> Vec<(u8, &'w Seen)> {
    let all = people.iter().flat_map(|(person, events)| events.iter().map(|seen| (*person, *seen)));
    all.filter(|(_, seen)| (event == "*" || seen.name == event) && span.contains(&seen.time))
        .filter(|(person, seen)| group(*person, seen))
        .collect()
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

fn ask(view: &View, question: &Json) -> Json {
    let trend: Trend = serde_json::from_value(question.clone()).unwrap();
    let zone = zone(question["timezone"].as_str().unwrap_or("UTC"));
    let answer = trend.ask(view, &zone, &Cancel::default()).unwrap();
    serde_json::to_value(answer).unwrap()
}

fn values(line: &Json) -> Values {
    let points = line["points"].as_array().unwrap().iter();
    let starts = points.clone().map(|point| point["at"].as_str().unwrap().to_owned()).collect();
    let values = points.map(|point| &point["value"]).chain([&line["total"]]);
    (starts, values.map(|value| value.as_f64().unwrap_or(f64::NAN)).collect())
}

fn lines(answer: &Json) -> Vec<Line> {
    let series = answer["series"].as_array().unwrap().iter();
    let line = |series: &Json| {
        let previous = series.get("previous").map(values);
        let name = series["name"].as_str().map(str::to_owned);
        let values = std::iter::once(values(series)).chain(previous);
        (name, plain(&series["key"]), values.collect())
    };
    series.map(line).collect()
}

fn close(a: &[Line], b: &[Line]) -> bool {
    // Sums are added in another order.
    let same = |(x, y): (&f64, &f64)| (x - y).abs() <= 1e-9 * x.abs().max(1.0);
    let line = |(a, b): (&Values, &Values)| {
        a.0 == b.0 && a.1.len() == b.1.len() && a.1.iter().zip(&b.1).all(same)
    };
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            (&a.0, &a.1, a.2.len()) == (&b.0, &b.1, b.2.len()) && a.2.iter().zip(&b.2).all(line)
        })
}

fn check(world: &World, view: &View, asked: &Asked) {
    let answer = lines(&ask(view, &asked.question()));
    let expected = asked.lines(world);
    assert!(close(&answer, &expected), "{asked:?}: {answer:?} is not {expected:?}");
}

fn people(view: &View, question: &Json, cell: Json) -> BTreeSet<u8> {
    let trend: Trend = serde_json::from_value(question.clone()).unwrap();
    let cell: trend::Cell = serde_json::from_value(cell).unwrap();
    let zone = zone(question["timezone"].as_str().unwrap_or("UTC"));
    let people = trend.people(&cell, view, &zone, &Cancel::default()).unwrap();
    assert!(people.is_sorted(), "in the order of their ids");
    let known = |found| (0..8u8).find(|person| id(*person) == found).unwrap();
    people.into_iter().map(known).collect()
}

/// Behind each number stand those who did it; as many as it says, where it is one of people.
fn check_people(world: &World, asked: &Asked) {
    let (view, question) = (world.view(), asked.question());
    let answer = ask(&view, &question);
    let (all, axes) = (world.people(), asked.axes());
    let shown = asked.shown(world, &axes);
    for (at, series) in answer["series"].as_array().unwrap().iter().enumerate() {
        let (_, event, measure) = asked.events[at / shown.len()];
        let group = &shown[at % shown.len()].1;
        let cell = |at: &Json, previous: bool| {
            let mut cell = json!({"series": series["name"], "at": at, "previous": previous});
            if !asked.by.is_empty() {
                cell["key"] = series["key"].clone();
            }
            cell
        };
        for (before, axis) in axes.iter().enumerate() {
            let line = if before == 0 { series } else { &series["previous"] };
            let points = line["points"].as_array().unwrap();
            let spans = points.iter().zip(&axis.spans).map(|(point, span)| (&point["at"], span));
            let values = points.iter().map(|point| &point["value"]).chain([&line["total"]]);
            let spans = spans.chain([(&Json::Null, &axis.range)]);
            for ((at, span), value) in spans.zip(values) {
                let found = people(&view, &question, cell(at, before == 1));
                let counts = |seen: &Seen| match measure {
                    "uniques" => true,
                    _ => seen.properties.get("amount").is_some_and(|n| n.as_number().is_some()),
                };
                let expected = happened(&all, event, span, group).into_iter();
                let expected = expected.filter(|(_, seen)| counts(seen)).map(|(person, _)| person);
                assert_eq!(found, expected.collect(), "{asked:?} {at}");
                if measure == "uniques" {
                    assert_eq!(value.as_f64().unwrap(), found.len() as f64, "{asked:?} {at}");
                }
            }
        }
    }
}

/// Ten days that begin with a Saturday; on the second the clock of Berlin is set back.
const FROM: Date = jiff::civil::date(2026, 10, 24);
const MEASURES: [&str; 10] = [
    "total",
    "uniques",
    "per_person",
    "sum:amount",
    "avg:amount",
    "min:amount",
    "max:amount",
    "p50:amount",
    "p90:amount",
    "p99:amount",
];

/// Questions about a world that begins eight days before.
fn asked() -> impl Strategy<Value = Asked> {
    let measure = || prop::sample::select(MEASURES.to_vec());
    let event = || prop::sample::select(vec!["view", "cart", "pay", "*"]);
    let by: [&[&str]; 5] =
        [&[], &["colour"], &["colour", "amount"], &["plan"], &["plan", "colour"]];
    let by = prop::sample::select(by.to_vec());
    let reach = prop_oneof![
        Just(Reach::Own),
        prop_oneof![2i64..4, 2i64..9].prop_map(Reach::Trailing),
        Just(Reach::Whole),
    ];
    (
        prop::collection::vec((event(), measure()), 1..4),
        (prop::sample::select(vec!["day", "week", "month"]), 1i64..25, -3i64..3),
        prop::sample::select(vec!["Europe/Berlin", "Asia/Kolkata", "UTC"]),
        reach,
        (any::<bool>(), by, 1usize..5),
    )
        .prop_map(|(events, (interval, days, late), zone, reach, (previous, by, limit))| {
            let named = events.into_iter().zip(["A", "B", "C"]);
            let from = FROM + late.days();
            // Whole months now and then.
            let (from, to) = match interval == "month" && days > 9 {
                true => (from.first_of_month(), from.first_of_month() + 1.month()),
                false => (from, from + days.days()),
            };
            Asked {
                zone,
                from,
                to,
                interval,
                events: named.map(|((event, measure), name)| (name, event, measure)).collect(),
                reach,
                previous,
                by,
                limit,
            }
        })
}

fn start_of_world() -> i64 {
    (FROM - 8.days()).to_zoned(TimeZone::UTC).unwrap().timestamp().as_millisecond()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn trends_agree(world in world()) {
        let world = world.moved(start_of_world());
        let view = world.view();
        for measure in MEASURES {
            let by: [&[&str]; 2] = [&[], &["colour"]];
            for (event, by) in [("view", by[0]), ("view", by[1]), ("*", by[0]), ("*", by[1])] {
                check(&world, &view, &Asked {
                    zone: "UTC", from: FROM, to: FROM + 10.days(), interval: "day",
                    events: vec![("A", event, measure)],
                    reach: Reach::Own, previous: false, by, limit: 25,
                });
            }
        }
    }

    #[test]
    fn trends_of_every_form_agree(world in world(), asked in prop::collection::vec(asked(), 8)) {
        let world = world.moved(start_of_world());
        // Where people were merged, either word on a plan may be taken.
        let alone = World { merges: Vec::new(), ..world.clone() };
        let with_view = |world: World| {
            let view = world.view();
            (world, view)
        };
        let (whole, alone) = (with_view(world), with_view(alone));
        for asked in &asked {
            let (world, view) = if asked.by.contains(&"plan") { &alone } else { &whole };
            check(world, view, asked);
        }
    }

    #[test]
    fn behind_a_number_stand_those_who_did_it(
        world in world(), mut asked in asked(), sums in any::<bool>(),
    ) {
        asked.events.iter_mut().for_each(|event| {
            event.2 = if sums { "sum:amount" } else { "uniques" };
        });
        let mut world = world.moved(start_of_world());
        if asked.by.contains(&"plan") {
            world.merges.clear();
        }
        check_people(&world, &asked);
    }

    #[test]
    fn a_segment_is_answered_as_if_it_alone_were_asked_about(
        world in world(), asked in asked(), percent in 1u8..100,
    ) {
        let world = world.moved(start_of_world());
        let view = world.view();
        let viewers = json!({"did": {"event": "view"}});
        let part = json!({"sample": {"percent": percent}});
        let mut question = asked.question();
        question["people"] = viewers.clone();
        question["segments"] = json!([
            {"name": "part", "people": part}, {"name": "the others", "people": {"not": part}},
        ]);
        let answer = lines(&ask(&view, &question));
        question.as_object_mut().unwrap().remove("segments");
        let mut alone = Vec::new();
        for people in [part.clone(), json!({"not": part})] {
            question["people"] = json!({"all": [people, viewers]});
            alone.extend(lines(&ask(&view, &question)));
        }
        prop_assert_eq!(answer, alone);
    }

    #[test]
    fn a_formula_is_made_of_the_lines_of_its_events(world in world(), mut asked in asked()) {
        let world = world.moved(start_of_world());
        asked.events = vec![("A", "pay", "total"), ("B", "view", "uniques")];
        let world = World { merges: Vec::new(), ..world };
        let view = world.view();
        let parts = asked.lines(&world);
        let mut question = asked.question();
        question["formula"] = json!("A / B * 100 - 1");
        let answer = lines(&ask(&view, &question));
        let (a, b) = parts.split_at(parts.len() / 2);
        prop_assert_eq!(answer.len(), a.len());
        for (line, (a, b)) in answer.iter().zip(a.iter().zip(b)) {
            prop_assert_eq!(line.0.as_deref(), Some("A / B * 100 - 1"));
            prop_assert_eq!(&line.1, &a.1);
            for (line, (a, b)) in line.2.iter().zip(a.2.iter().zip(&b.2)) {
                prop_assert_eq!(&line.0, &a.0);
                for (value, (a, b)) in line.1.iter().zip(a.1.iter().zip(&b.1)) {
                    match *b == 0.0 {
                        true => prop_assert!(value.is_nan(), "what is divided by zero is null"),
                        false => prop_assert!((value - (a / b * 100.0 - 1.0)).abs() < 1e-9),
                    }
                }
            }
        }
    }
}

/// Many groups, over many minutes.
fn many_groups() -> World {
    let event = |n: i64| Seen {
        person: (n / 11 % 4) as u8,
        time: n % 5000 * 60_000,
        name: "view",
        session: None,
        properties: BTreeMap::from([
            ("shade".to_owned(), (n % 700).into()),
            ("amount".to_owned(), (n % 10).into()),
        ]),
    };
    World { events: (0..4000).map(event).collect(), batch: 500, merge_at: 1, ..World::default() }
}

#[test]
fn groups_for_which_there_is_no_room_are_counted_when_they_are_known() {
    let view = many_groups().view();
    for measure in ["total", "uniques", "per_person", "sum:amount", "avg:amount", "p50:amount"] {
        let question = |interval: &str| {
            json!({
                "event": "view", "measure": measure, "interval": interval, "breakdown": "shade",
                "from": "1970-01-01", "to": "1970-01-07", "limit": 3,
            })
        };
        // 8,640 minutes of 175 groups in a volume are too many cells, the days are not.
        let minutes = lines(&ask(&view, &question("minute")));
        let days = lines(&ask(&view, &question("day")));
        let totals = |lines: &[Line]| {
            let line = |line: &Line| (line.1.clone(), *line.2[0].1.last().unwrap());
            lines.iter().map(line).collect::<Vec<_>>()
        };
        assert_eq!(minutes.len(), 4);
        assert_eq!(totals(&minutes), totals(&days), "{measure}");
        let seen = |lines: &[Line]| lines.iter().flat_map(|line| &line.2[0].1).any(|n| *n > 0.0);
        assert!(seen(&minutes));
        if measure == "total" {
            let points = minutes.iter().map(|line| line.2[0].1[..8640].iter().sum::<f64>());
            assert_eq!(points.sum::<f64>(), 4000.0);
        }
    }
}

#[test]
fn an_answer_of_too_many_points_is_refused() {
    let view = many_groups().view();
    let refused = |limit: usize| {
        let question = json!({
            "event": "view", "interval": "minute", "breakdown": "shade", "from": "1970-01-01",
            "to": "1970-01-07", "limit": limit,
        });
        let trend: Trend = serde_json::from_value(question).unwrap();
        trend.ask(&view, &TimeZone::UTC, &Cancel::default()).err()
    };
    // 8,640 minutes.
    assert_eq!(refused(231), None);
    let Some(Error::Bad { pointer, .. }) = refused(232) else { panic!("it is answered") };
    assert_eq!(pointer, "/limit");
}

#[test]
fn a_person_who_leads_in_when_room_ends_is_counted_once_and_in_the_range() {
    // Everybody has 700 shades in the six hours before the range, and some of them in it.
    let event = |(person, time, shade): (u8, i64, i64)| Seen {
        person,
        time: time * 60_000,
        name: "view",
        session: None,
        properties: BTreeMap::from([("shade".to_owned(), shade.into())]),
    };
    let of_person = |person: u8| {
        let before = (0..700).map(move |shade| (person, 1440 - 360 + shade / 2, shade));
        let inside = (0..300).map(move |n| (person, 1440 + n * 10, n % 40 + i64::from(person)));
        before.chain(inside)
    };
    let events = (0..4).flat_map(of_person).map(event).collect();
    let view = World { events, batch: 1000, merge_at: 1, ..World::default() }.view();
    let question = json!({
        "event": "view", "measure": "uniques", "interval": "minute", "breakdown": "shade",
        "from": "1970-01-02", "to": "1970-01-06", "limit": 1, "rolling": 366,
    });
    let answer = ask(&view, &question);
    // Of the shades that all four have in the range the first, as a text.
    assert_eq!(answer["series"][0]["key"], json!([10]));
    assert_eq!(answer["series"][0]["total"], 4.0);
    assert_eq!(answer["series"][1]["total"], 4.0);
    let shades = people(&view, &question, json!({"key": [39]}));
    assert_eq!(shades, BTreeSet::from([0, 1, 2, 3]));
    assert_eq!(people(&view, &question, json!({"key": [0]})), BTreeSet::from([0]));
    assert_eq!(people(&view, &question, json!({"key": [699]})), BTreeSet::new());
}

#[test]
fn what_is_not_over_or_cut_is_marked() {
    let seen =
        Seen { person: 1, time: NOW, name: "view", session: None, properties: BTreeMap::new() };
    let world = World { events: vec![seen], batch: 1, ..World::default() };
    let view = world.view();
    // Now is the first moment of 31 January.
    let incomplete = |more: &[(&str, Json)]| {
        let mut question = json!({"event": "view", "from": "1970-01-29", "to": "1970-02-02"});
        more.iter().for_each(|(field, value)| question[*field] = value.clone());
        let answer = ask(&view, &question);
        let marks = |line: &Json| {
            let points = line["points"].as_array().unwrap().iter();
            let mark = |point: &Json| if point["incomplete"] == true { 'i' } else { '.' };
            points.map(mark).collect::<String>()
        };
        let previous = answer["series"][0].get("previous").map(marks);
        marks(&answer["series"][0]) + &previous.map_or(String::new(), |marks| format!(" {marks}"))
    };
    assert_eq!(incomplete(&[]), "..ii");
    assert_eq!(incomplete(&[("compare", json!("previous"))]), "..ii ....");
    assert_eq!(incomplete(&[("interval", json!("week"))]), "i");
    assert_eq!(incomplete(&[("interval", json!("week")), ("from", json!("1970-01-12"))]), "..i");
    let cut = [("from", json!("1970-01-28T12:00:00Z")), ("to", json!("1970-01-30T23:00:00Z"))];
    assert_eq!(incomplete(&cut), "i.i");
    let before = [&cut[..], &[("compare", json!("previous"))]].concat();
    assert_eq!(incomplete(&before), "i.i i.i");
    // What trails sees the first day whole.
    assert_eq!(incomplete(&[&cut[..], &[("rolling", json!(2))]].concat()), "..i");
    assert_eq!(incomplete(&[&cut[..], &[("cumulative", json!(true))]].concat()), "i.i");
}

#[test]
fn a_wrong_question_or_cell_is_told_where_it_is_wrong() {
    let world = World { batch: 1, ..World::default() };
    let (view, cancel) = (world.view(), Cancel::default());
    let whole = json!({"event": "view", "from": "1970-01-29", "to": "1970-02-02"});
    let with = |fields: Json| {
        let mut question = whole.clone();
        for (field, value) in fields.as_object().unwrap() {
            question[field] = value.clone();
        }
        serde_json::from_value::<Trend>(question).unwrap()
    };
    let events = |events: Json| with(json!({"event": null, "events": events}));
    let refused = |trend: &Trend, cell: Option<Json>, at: &str| {
        let error = match cell {
            None => trend.ask(&view, &TimeZone::UTC, &cancel).map(|_| ()),
            Some(cell) => {
                let cell: trend::Cell = serde_json::from_value(cell).unwrap();
                trend.people(&cell, &view, &TimeZone::UTC, &cancel).map(|_| ())
            }
        };
        let Err(Error::Bad { pointer, .. }) = error else { panic!("{trend:?} is answered") };
        assert_eq!(pointer, at, "{trend:?}");
    };
    let two = json!([{"event": "a"}, {"event": "b"}]);
    refused(&with(json!({"event": null})), None, "/event");
    refused(&with(json!({"events": two})), None, "/event");
    refused(&with(json!({"event": null, "events": two, "measure": "total"})), None, "/measure");
    refused(&events(json!(vec![json!({"event": "a"}); 6])), None, "/events");
    refused(&events(json!([{"event": "a"}, {"event": "b", "name": "A"}])), None, "/events/1/name");
    refused(&events(json!([{"event": "a", "name": "2x"}])), None, "/events/0/name");
    let list = json!({"property": "a", "op": "in", "value": 1});
    refused(&events(json!([{"event": "a", "where": [list]}])), None, "/events/0/where/0/value");
    refused(&with(json!({"formula": "B"})), None, "/formula");
    refused(&with(json!({"rolling": 1})), None, "/rolling");
    refused(&with(json!({"rolling": 367})), None, "/rolling");
    refused(&with(json!({"rolling": 7, "cumulative": true})), None, "/cumulative");
    let segment = |name: &str, people: Json| json!({"name": name, "people": people});
    let anybody = || json!({"did": {"event": "*"}});
    let many: Vec<Json> = (0..6).map(|n| segment(&n.to_string(), anybody())).collect();
    refused(&with(json!({"segments": many})), None, "/segments");
    let same = json!([segment("a", anybody()), segment("a", anybody())]);
    refused(&with(json!({"segments": same})), None, "/segments/1/name");
    let empty = json!([segment("a", json!({"all": []}))]);
    refused(&with(json!({"segments": empty})), None, "/segments/0/people/all");
    let trend = with(json!({"segments": [segment("a", anybody())], "breakdown": "colour"}));
    refused(&trend, Some(json!({"at": "1970-01-29T01:00:00Z"})), "/cell/at");
    refused(&trend, Some(json!({"at": "soon"})), "/cell/at");
    refused(&trend, Some(json!({"previous": true})), "/cell/previous");
    refused(&trend, Some(json!({"series": "B"})), "/cell/series");
    refused(&trend, Some(json!({"segment": "b"})), "/cell/segment");
    refused(&trend, Some(json!({"key": []})), "/cell/key");
    refused(&trend, Some(json!({"key": ["red", 1]})), "/cell/key");
}
