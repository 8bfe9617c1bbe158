//! RFM against loops that anyone can check by reading.

use std::collections::BTreeMap;

use candor_event::PersonId;
use candor_query::{Cancel, Rfm, rfm};
use candor_store::View;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::{World, id, world};

const DAY: i64 = 86_400_000;

/// How often, when last, how much, and whether there was a number of it.
type Habit = (usize, i64, f64, bool);

fn habits(world: &World, event: &str, days: std::ops::Range<i64>) -> BTreeMap<u8, Habit> {
    let mut habits = BTreeMap::new();
    for (person, events) in world.people() {
        let inside = |time: i64| (days.start * DAY..days.end * DAY).contains(&time);
        let done = events.iter().filter(|e| (event == "*" || e.name == event) && inside(e.time));
        let amount = |e: &&&crate::world::Seen| e.properties.get("amount")?.as_number();
        let habit = (
            done.clone().count(),
            done.clone().map(|e| e.time).max().unwrap_or(0),
            done.clone().filter_map(|e| amount(&e)).sum::<f64>(),
            done.clone().any(|e| amount(&e).is_some()),
        );
        if habit.0 > 0 {
            habits.insert(person, habit);
        }
    }
    habits
}

/// The bin of a rank, counted out one after the other.
fn ntile(len: usize, bins: usize, rank: usize) -> usize {
    let sizes = (0..bins).map(|bin| len / bins + usize::from(bin < len % bins));
    let bin_of_each = sizes.enumerate().flat_map(|(bin, size)| vec![bin + 1; size]);
    bin_of_each.collect::<Vec<_>>()[rank]
}

fn scores(
    habits: &BTreeMap<u8, Habit>,
    bins: usize,
    paid: bool,
) -> BTreeMap<u8, (usize, usize, usize)> {
    let bin = |below: &dyn Fn(&Habit) -> bool| {
        ntile(habits.len(), bins, habits.values().filter(|other| below(other)).count())
    };
    let score = |habit: &Habit| {
        let often = bin(&|other| other.0 < habit.0);
        let money = if paid { bin(&|other| other.2 < habit.2) } else { often };
        (bin(&|other| other.1 < habit.1), often, money)
    };
    habits.iter().map(|(person, habit)| (*person, score(habit))).collect()
}

/// The grid as people draw it: recency, then worth.
fn name((r, f, m): (usize, usize, usize)) -> &'static str {
    match (r, (f + m).div_ceil(2)) {
        (5, 4..) => "Champions",
        (3 | 4, 4..) => "Loyal",
        (4 | 5, 2 | 3) => "Potential loyalist",
        (5, 1) => "New customers",
        (4, 1) => "Promising",
        (3, 3) => "Need attention",
        (3, _) => "About to sleep",
        (1..=2, 5) => "Can't lose them",
        (1..=2, 3 | 4) => "At risk",
        _ => "Hibernating",
    }
}

fn ids(people: impl Iterator<Item = u8>) -> Vec<PersonId> {
    let mut ids: Vec<PersonId> = people.map(id).collect();
    ids.sort();
    ids
}

fn check(world: &World, view: &View, event: &str, bins: usize) {
    let question = json!({"event": event, "amount": "amount", "bins": bins,
        "from": "1970-01-06", "to": "1970-02-01", "as_of": "1970-01-16",
        "compare": {"from": "1970-01-01", "to": "1970-01-11"}});
    let rfm: Rfm = serde_json::from_value(question).unwrap();
    let cancel = Cancel::default();
    let answer = rfm.ask(view, &TimeZone::UTC, &cancel).unwrap();
    let people = |cell: Json| {
        let cell: rfm::Cell = serde_json::from_value(cell).unwrap();
        rfm.people(&cell, view, &TimeZone::UTC, &cancel).unwrap()
    };
    let (now, before) = (habits(world, event, 5..15), habits(world, event, 0..10));
    // Money is scored where there is any; else worth is frequency.
    let paid = now.values().chain(before.values()).any(|habit| habit.3);
    let (scored, was) = (scores(&now, bins, paid), scores(&before, bins, paid));
    assert_eq!(answer.people, now.len() as u64);
    assert_eq!(answer.revenue, now.values().map(|habit| habit.2).sum::<f64>());

    let mut cells: BTreeMap<(usize, usize, usize), Vec<u8>> = BTreeMap::new();
    scored.iter().for_each(|(person, score)| cells.entry(*score).or_default().push(*person));
    let found = answer.cells.iter().map(|cell| {
        assert_eq!(cell.m.is_some(), paid);
        let score = (cell.r.into(), cell.f.into(), cell.m.unwrap_or(cell.f).into());
        let money: f64 = cells[&score].iter().map(|person| now[person].2).sum();
        assert_eq!(cell.revenue, money);
        let behind = people(json!({"r": cell.r, "f": cell.f, "m": cell.m}));
        assert_eq!(behind, ids(cells[&score].iter().copied()));
        (score, cell.people)
    });
    let found: Vec<_> = found.collect();
    let wanted = cells.iter().map(|(score, people)| (*score, people.len() as u64));
    assert_eq!(found, wanted.collect::<Vec<_>>());
    let days = |person: &u8| (15 * DAY - now[person].1) as f64 / DAY as f64;
    for bin in &answer.scores.r {
        let of_bin = scored.iter().filter(|(_, score)| score.0 == usize::from(bin.bin));
        let days: Vec<f64> = of_bin.map(|(person, _)| days(person)).collect();
        assert_eq!(days.len() as u64, bin.people);
        assert_eq!(days.iter().copied().fold(f64::INFINITY, f64::min), bin.least);
        assert_eq!(days.iter().copied().fold(0.0, f64::max), bin.most);
    }
    if bins != 5 {
        return;
    }
    let called = |scores: &BTreeMap<u8, (usize, usize, usize)>, person: &u8| {
        scores.get(person).map_or("(none)", |score| name(*score))
    };
    assert_eq!(answer.named.len(), 10);
    for named in &answer.named {
        let segment = serde_json::to_value(named.segment).unwrap();
        let wanted = scored.keys().filter(|person| called(&scored, person) == segment);
        let wanted = ids(wanted.copied());
        assert_eq!(named.people, wanted.len() as u64, "{segment}");
        assert_eq!(people(json!({"segment": segment})), wanted);
    }
    let mut moves: BTreeMap<(&str, &str), Vec<u8>> = BTreeMap::new();
    let anyone: std::collections::BTreeSet<u8> = now.keys().chain(before.keys()).copied().collect();
    for person in anyone {
        let way = (called(&was, &person), called(&scored, &person));
        moves.entry(way).or_default().push(person);
    }
    let found = answer.moves.unwrap();
    assert_eq!(found.len(), moves.len());
    for one in found {
        let place = |place| serde_json::to_value(place).unwrap().as_str().unwrap().to_owned();
        let (from, to) = (place(one.from), place(one.to));
        let wanted = &moves[&(from.as_str(), to.as_str())];
        assert_eq!(one.people, wanted.len() as u64, "{from} to {to}");
        assert_eq!(people(json!({"from": from, "to": to})), ids(wanted.iter().copied()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn scores_kinds_and_moves_agree(world in world(), bins in 2usize..8) {
        let view = world.view();
        for event in ["view", "*"] {
            check(&world, &view, event, 5);
            check(&world, &view, event, bins);
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_by_its_place() {
    let (view, cancel) = (World { batch: 1, ..World::default() }.view(), Cancel::default());
    let base = json!({"from": "1970-01-06", "to": "1970-02-01"});
    for (field, value, pointer) in [
        ("bins", json!(1), "/bins"),
        ("bins", json!(11), "/bins"),
        ("as_of", json!("1970-01-06"), "/as_of"),
        ("as_of", json!("soon"), "/as_of"),
        ("to", json!("1970-01-06"), "/to"),
        ("compare", json!({"from": "1970-01-06", "to": "1970-01-06"}), "/compare/to"),
        ("compare", json!({"from": "x", "to": "1970-01-06"}), "/compare/from"),
        ("where", json!([{"property": "a", "op": "in", "value": 1}]), "/where/0/value"),
        ("people", json!({"all": []}), "/people/all"),
    ] {
        let mut question = base.clone();
        question[field] = value;
        let rfm: Rfm = serde_json::from_value(question).unwrap();
        let refused = rfm.ask(&view, &TimeZone::UTC, &cancel).unwrap_err();
        assert!(refused.to_string().starts_with(&format!("{pointer}: ")), "{refused}");
    }
    let rfm: Rfm = serde_json::from_value(base).unwrap();
    for (cell, pointer) in
        [(json!({}), "/cell"), (json!({"from": "Loyal", "to": "(none)"}), "/compare")]
    {
        let cell: rfm::Cell = serde_json::from_value(cell).unwrap();
        let refused = rfm.people(&cell, &view, &TimeZone::UTC, &cancel).unwrap_err();
        assert!(refused.to_string().starts_with(&format!("{pointer}: ")), "{refused}");
    }
}
