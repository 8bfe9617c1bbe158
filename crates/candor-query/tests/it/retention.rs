//! Retention against loops over plain lists: who was born on which date, and which dates they came
//! back on.

use std::collections::BTreeMap;

use candor_event::Timestamp;
use candor_query::{Cancel, Retention, retention, rfc3339, zone};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::{NOW, Seen, World, id, world};

const HOUR: i64 = 3_600_000;

#[derive(Clone, Debug)]
struct Asked {
    zone: &'static str,
    period: &'static str,
    rolling: bool,
    mode: &'static str,
    sum: bool,
    first_ever: bool,
    born: &'static str,
    back: &'static str,
    from: i64,
    to: i64,
}

const PERIODS: i64 = 5;
const BRACKETS: [[i64; 2]; 4] = [[0, 1], [0, 3], [2, 4], [4, 40]];

fn asked() -> impl Strategy<Value = Asked> {
    let words = (
        prop::sample::select(vec!["UTC", "Europe/Berlin", "America/Santiago", "Asia/Kolkata"]),
        prop::sample::select(vec!["day", "week", "month"]),
        prop::sample::select(vec!["on", "on_or_after", "brackets"]),
        prop::sample::select(vec!["view", "*"]),
        prop::sample::select(vec!["view", "pay", "*"]),
    );
    (words, any::<[bool; 3]>(), 0i64..300, 1i64..500).prop_map(|(words, flags, from, hours)| {
        let (zone, period, mode, born, back) = words;
        let [rolling, sum, first_ever] = flags;
        let (from, to) = (from * HOUR, (from + hours) * HOUR);
        Asked { zone, period, rolling, mode, sum, first_ever, born, back, from, to }
    })
}

impl Asked {
    fn question(&self) -> Json {
        json!({
            "born": {"event": self.born, "first_ever": self.first_ever},
            "back": {"event": self.back, "where": [
                {"property": "colour", "op": "ne", "value": "red"}]},
            "from": rfc3339(Timestamp(self.from), &TimeZone::UTC),
            "to": rfc3339(Timestamp(self.to), &TimeZone::UTC),
            "period": self.period, "periods": PERIODS, "mode": self.mode,
            "brackets": (self.mode == "brackets").then_some(BRACKETS),
            "align": if self.rolling { "rolling" } else { "calendar" },
            "measure": if self.sum { "sum:amount" } else { "people" },
            "breakdown": "colour", "limit": 1,
        })
    }

    fn zone(&self) -> TimeZone {
        zone(self.zone).unwrap()
    }

    fn date(&self, time: i64) -> Date {
        jiff::Timestamp::from_millisecond(time).unwrap().to_zoned(self.zone()).date()
    }

    fn start(&self, date: Date) -> i64 {
        date.to_zoned(self.zone()).unwrap().timestamp().as_millisecond()
    }

    /// The first day of the calendar's period of a day.
    fn floor(&self, date: Date) -> Date {
        match self.period {
            "day" => date,
            "week" if date.weekday() == Weekday::Monday => date,
            "week" => date.nth_weekday(-1, Weekday::Monday).unwrap(),
            _ => date.first_of_month(),
        }
    }

    /// Which period after a birth a day is.
    fn period(&self, birth: Date, day: Date) -> i64 {
        let days = |a: Date, b: Date| i64::from(a.until(b).unwrap().get_days());
        match (self.rolling, self.period) {
            (_, "day") => days(birth, day),
            (true, "week") => days(birth, day) / 7,
            (true, _) => days(birth, day) / 30,
            (false, "week") => days(self.floor(birth), self.floor(day)) / 7,
            (false, _) => {
                let months = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
                months(day) - months(birth)
            }
        }
    }

    /// First and last period of each value; the last decides whether it is complete.
    fn spans(&self) -> Vec<(i64, i64)> {
        match self.mode {
            "brackets" => BRACKETS.iter().map(|[first, end]| (*first, end - 1)).collect(),
            _ => (0..PERIODS).map(|period| (period, period)).collect(),
        }
    }

    fn counts(&self, span: (i64, i64), period: i64) -> bool {
        period >= span.0 && (self.mode == "on_or_after" || period <= span.1)
    }

    fn cohorts(&self) -> Vec<Date> {
        let mut dates = days_from(self.floor(self.date(self.from)));
        let (mut cohorts, mut next) = (Vec::new(), dates.next().unwrap());
        while self.start(next) < self.to {
            if self.floor(next) == next {
                cohorts.push(next);
            }
            next = dates.next().unwrap();
        }
        cohorts
    }

    /// For each span: whether all of its days lie ahead, and whether all are over, for whoever can
    /// be born in the cohort.
    fn known(&self, cohort: Date) -> Vec<(bool, bool)> {
        let births: Vec<Date> = days_from(cohort)
            .take_while(|day| self.floor(*day) == cohort)
            .filter(|day| {
                self.start(*day) < self.to && self.start(day.tomorrow().unwrap()) > self.from
            })
            .collect();
        // Whoever is born first and whoever is born last can be out of step with all others.
        let births = [births[0], births[births.len() - 1]];
        let of_span = |span: (i64, i64)| {
            let (mut ahead, mut over) = (true, true);
            for birth in births {
                let days = days_from(birth).skip_while(|day| self.period(birth, *day) < span.0);
                for day in days.take_while(|day| self.period(birth, *day) <= span.1) {
                    ahead &= self.start(day) > NOW;
                    over &= self.start(day.tomorrow().unwrap()) <= NOW;
                }
            }
            (ahead, over)
        };
        self.spans().into_iter().map(of_span).collect()
    }
}

fn days_from(date: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(date), |date| date.tomorrow().ok())
}

/// Someone who was born: on which date, with which colour, and the period and number of each event
/// that they came back with.
struct Life {
    person: u8,
    cohort: Date,
    colour: Json,
    back: Vec<(i64, Option<f64>)>,
}

fn lives(world: &World, asked: &Asked) -> Vec<Life> {
    let mut lives = Vec::new();
    for (person, events) in world.people() {
        let is = |name: &str, seen: &Seen| name == "*" || seen.name == name;
        let inside = |seen: &Seen| (asked.from..asked.to).contains(&seen.time);
        let mut born = events
            .iter()
            .enumerate()
            .filter(|(_, seen)| is(asked.born, seen) && (asked.first_ever || inside(seen)));
        let Some((place, birth)) = born.next().filter(|(_, seen)| inside(seen)) else { continue };
        let day = asked.date(birth.time);
        let back = events[place + 1..].iter().filter(|seen| {
            is(asked.back, seen) && seen.properties.get("colour") != Some(&"red".into())
        });
        let number = |seen: &Seen| seen.properties.get("amount").and_then(|v| v.as_number());
        let back = back.map(|seen| (asked.period(day, asked.date(seen.time)), number(seen)));
        let colour = birth.properties.get("colour").map_or(Json::Null, |value| json!(value));
        lives.push(Life { person, cohort: asked.floor(day), colour, back: back.collect() });
    }
    lives
}

/// The cohorts and the average of some lives.
fn table(lives: &[&Life], asked: &Asked) -> (Vec<Json>, Vec<Json>) {
    let spans = asked.spans();
    let mut sums = vec![(0.0, 0); spans.len()];
    let mut cohorts = Vec::new();
    for cohort in asked.cohorts() {
        let known = asked.known(cohort);
        let members: Vec<&&Life> = lives.iter().filter(|life| life.cohort == cohort).collect();
        let size = members.len();
        let sum = |counts: &dyn Fn(i64) -> bool| -> f64 {
            let all = members.iter().flat_map(|life| &life.back);
            all.filter(|(period, _)| counts(*period)).filter_map(|(_, number)| *number).sum()
        };
        let value = |span: (i64, i64)| match asked.sum {
            true => sum(&|period| asked.counts(span, period)),
            false => {
                let came = |life: &&&&Life| {
                    life.back.iter().any(|(period, _)| asked.counts(span, *period))
                };
                members.iter().filter(came).count() as f64
            }
        };
        let incomplete = known.iter().position(|(_, over)| !over);
        let shown = |at: usize, value: f64| if known[at].0 { Json::Null } else { json!(value) };
        let values: Vec<f64> = spans.iter().map(|span| value(*span)).collect();
        for at in 0..incomplete.unwrap_or(spans.len()) {
            sums[at] = (sums[at].0 + values[at], sums[at].1 + size);
        }
        let mut line = json!({
            "start": rfc3339(Timestamp(asked.start(cohort)), &asked.zone()),
            "size": size, "incomplete": incomplete,
            "values": values.iter().enumerate().map(|(at, v)| shown(at, *v)).collect::<Vec<_>>(),
        });
        if asked.sum {
            let worth = |at: usize| sum(&|period| period <= spans[at].1) / size as f64;
            let worth = |at: usize| if size == 0 { Json::Null } else { shown(at, worth(at)) };
            line["ltv"] = (0..spans.len()).map(worth).collect();
        }
        cohorts.push(line);
    }
    let mean = |(sum, size): (f64, usize)| match size {
        0 => Json::Null,
        _ => json!(sum / size as f64),
    };
    (cohorts, sums.into_iter().map(mean).collect())
}

/// Sums are added in another order.
pub fn close(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-9 * a.abs().max(1.0)
        }
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| close(a, b)))
        }
        _ => a == b,
    }
}

fn check(world: &World, asked: &Asked) {
    let retention: Retention = serde_json::from_value(asked.question()).unwrap();
    let (view, cancel) = (world.view(), Cancel::default());
    let answer = retention.ask(&view, &asked.zone(), &cancel).unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    let lives = lives(world, asked);
    let (cohorts, average) = table(&lives.iter().collect::<Vec<_>>(), asked);

    let mut by_colour: BTreeMap<String, Vec<&Life>> = BTreeMap::new();
    for life in &lives {
        by_colour.entry(json!([life.colour]).to_string()).or_default().push(life);
    }
    let mut sized: Vec<(String, Vec<&Life>)> = by_colour.into_iter().collect();
    sized.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    let rest: Vec<&Life> = sized.drain(sized.len().min(1)..).flat_map(|(_, lives)| lives).collect();
    if !rest.is_empty() {
        sized.push((json!(["(other)"]).to_string(), rest));
    }
    let group = |(key, lives): &(String, Vec<&Life>)| {
        let (cohorts, average) = table(lives, asked);
        let key: Json = serde_json::from_str(key).unwrap();
        json!({"key": key, "cohorts": cohorts, "average": average})
    };
    let groups: Vec<Json> = sized.iter().map(group).collect();
    let expected = json!({"cohorts": cohorts, "average": average, "groups": groups});
    assert!(close(&answer, &expected), "{asked:?}: {answer} is not {expected}");

    // The people behind each number are as many as it says, and the right ones.
    let keys = sized.iter().map(|(key, lives)| (serde_json::from_str(key).unwrap(), lives.clone()));
    let all = [(Json::Null, lives.iter().collect())];
    for (key, lives) in keys.chain(all) {
        for cohort in asked.cohorts() {
            let start = rfc3339(Timestamp(asked.start(cohort)), &asked.zone());
            for (at, span) in asked.spans().into_iter().map(Some).chain([None]).enumerate() {
                let counts = |life: &&&Life| match span {
                    None => true,
                    Some(_) if asked.known(cohort)[at].0 => false,
                    Some(span) => life.back.iter().any(|(period, number)| {
                        asked.counts(span, *period) && (!asked.sum || number.is_some())
                    }),
                };
                let members = lives.iter().filter(|life| life.cohort == cohort).filter(counts);
                let mut expected: Vec<_> = members.map(|life| id(life.person)).collect();
                expected.sort();
                let cell = json!({"cohort": start, "period": span.map(|_| at), "key": key});
                let cell: retention::Cell = serde_json::from_value(cell).unwrap();
                let people = retention.people(&cell, &view, &asked.zone(), &cancel).unwrap();
                assert_eq!(people, expected, "{asked:?} {cell:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn retention_agrees(world in world(), asked in asked()) {
        check(&world, &asked);
    }
}
