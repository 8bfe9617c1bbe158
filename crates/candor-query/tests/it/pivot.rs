//! Pivots against loops that anyone can check by reading.

use std::collections::{BTreeMap, BTreeSet};

use candor_event::{PersonId, Value};
use candor_query::{Cancel, Pivot, pivot, traits};
use candor_store::View;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::world::{Seen, World, id, world};

const DAY: i64 = 86_400_000;

/// An event of a cell: whose, its number, and its keys as text.
struct Cell {
    person: u8,
    number: Option<f64>,
    keys: [String; 2],
}

fn json_of(value: Option<&Value>) -> Json {
    value.map_or(Json::Null, |value| serde_json::to_value(value).unwrap())
}

fn key_of(view: &View, by: &Json, person: u8, seen: &Seen) -> String {
    let one = |one: &Json| match one.as_str() {
        Some("$hour") => json!(seen.time / 3_600_000 % 24),
        // The first day of 1970 was a Thursday.
        Some("$weekday") => json!((seen.time / DAY + 3) % 7 + 1),
        Some(name) => json_of(seen.properties.get(name)),
        None => {
            let traits = traits(view, id(person)).unwrap();
            json_of(traits.get(one["property"].as_str().unwrap()))
        }
    };
    match by {
        Json::Array(list) => json!(list.iter().map(one).collect::<Vec<_>>()).to_string(),
        single => json!([one(single)]).to_string(),
    }
}

fn measured(measure: &str, cells: &[&Cell]) -> f64 {
    let people: BTreeSet<u8> = cells.iter().map(|cell| cell.person).collect();
    let mut numbers: Vec<f64> = cells.iter().filter_map(|cell| cell.number).collect();
    numbers.sort_by(f64::total_cmp);
    let sum: f64 = numbers.iter().sum();
    match (measure, numbers.len()) {
        ("total", _) => cells.len() as f64,
        ("uniques", _) => people.len() as f64,
        ("per_person", _) if people.is_empty() => 0.0,
        ("per_person", _) => cells.len() as f64 / people.len() as f64,
        (_, 0) => 0.0,
        ("sum:amount", _) => sum,
        ("avg:amount", count) => sum / count as f64,
        ("min:amount", _) => numbers[0],
        ("max:amount", count) => numbers[count - 1],
        ("p50:amount", count) => numbers[count.div_ceil(2) - 1],
        (_, count) => numbers[(count * 9).div_ceil(10) - 1],
    }
}

/// The keys that are shown, and the events of each.
fn lines<'c>(
    cells: &'c [Cell],
    side: usize,
    by: &Json,
    rank: &str,
    limit: usize,
) -> Vec<(String, Vec<&'c Cell>)> {
    let mut keys: BTreeMap<&str, Vec<&Cell>> = BTreeMap::new();
    cells.iter().for_each(|cell| keys.entry(&cell.keys[side]).or_default().push(cell));
    let mut ranked: Vec<_> = keys.into_iter().collect();
    ranked.sort_by(|a, b| measured(rank, &b.1).total_cmp(&measured(rank, &a.1)));
    let rest = ranked.split_off(limit.min(ranked.len()));
    if by == "$hour" || by == "$weekday" {
        ranked.sort_by_key(|(key, _)| key[1..key.len() - 1].parse::<u8>().unwrap());
    }
    let mut lines: Vec<_> =
        ranked.into_iter().map(|(key, cells)| (key.to_owned(), cells)).collect();
    if !rest.is_empty() {
        let cells = rest.into_iter().flat_map(|(_, cells)| cells).collect();
        lines.push((json!(["(other)"]).to_string(), cells));
    }
    lines
}

fn close(a: f64, b: f64) -> bool {
    // Sums are added in another order.
    (a - b).abs() <= 1e-9 * a.abs().max(1.0)
}

fn ids<'c>(cells: impl Iterator<Item = &'c Cell>) -> Vec<PersonId> {
    let people: BTreeSet<PersonId> = cells.map(|cell| id(cell.person)).collect();
    people.into_iter().collect()
}

fn check(
    (world, view): (&World, &View),
    event: &str,
    measure: &str,
    by: [&Json; 2],
    limits: [usize; 2],
) {
    let question = json!({
        "event": event, "measure": measure, "from": "1970-01-03", "to": "1970-01-13",
        "rows": by[0], "columns": by[1], "rows_limit": limits[0], "columns_limit": limits[1],
    });
    let pivot: Pivot = serde_json::from_value(question).unwrap();
    let cancel = Cancel::default();
    let answer = pivot.ask(view, &TimeZone::UTC, &cancel).unwrap();
    let people = world.people();
    let cells: Vec<Cell> = people
        .iter()
        .flat_map(|(person, events)| events.iter().map(|seen| (*person, *seen)))
        .filter(|(_, seen)| event == "*" || seen.name == event)
        .filter(|(_, seen)| (2 * DAY..12 * DAY).contains(&seen.time))
        .map(|(person, seen)| Cell {
            person,
            number: seen.properties.get("amount").and_then(Value::as_number),
            keys: by.map(|by| key_of(view, by, person, seen)),
        })
        .collect();
    let rank = if measure.starts_with("sum") || measure == "uniques" { measure } else { "total" };
    let rows = lines(&cells, 0, by[0], rank, limits[0]);
    let columns = lines(&cells, 1, by[1], rank, limits[1]);
    for (found, wanted) in [(&answer.rows, &rows), (&answer.columns, &columns)] {
        let keys: Vec<String> = found.iter().map(|line| json!(line.key).to_string()).collect();
        assert_eq!(keys, wanted.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>());
        for (line, (key, cells)) in found.iter().zip(wanted) {
            let wanted = measured(measure, cells);
            assert!(close(line.total, wanted), "{key}: {} is not {wanted}", line.total);
        }
    }
    let all: Vec<&Cell> = cells.iter().collect();
    assert!(close(answer.total, measured(measure, &all)));
    let behind = |cell: Json| {
        let cell: pivot::Cell = serde_json::from_value(cell).unwrap();
        pivot.people(&cell, view, &TimeZone::UTC, &cancel).unwrap()
    };
    assert_eq!(behind(json!({})), ids(cells.iter()));
    for (r, (row, of_row)) in rows.iter().enumerate() {
        let row_key: Json = serde_json::from_str(row).unwrap();
        assert_eq!(behind(json!({"row": row_key})), ids(of_row.iter().copied()), "{row}");
        for (c, (column, of_column)) in columns.iter().enumerate() {
            let both = of_row.iter().filter(|a| of_column.iter().any(|b| std::ptr::eq(**a, *b)));
            let both: Vec<&Cell> = both.copied().collect();
            let (found, wanted) = (answer.values[r][c], measured(measure, &both));
            assert!(close(found, wanted), "{row} {column}: {found} is not {wanted}");
            let column_key: Json = serde_json::from_str(column).unwrap();
            let people = behind(json!({"row": row_key, "column": column_key}));
            assert_eq!(people, ids(both.into_iter()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tables_agree(world in world(), rows in 1usize..4, columns in 1usize..4) {
        let view = world.view();
        let world = (&world, &*view);
        let colour = json!("colour");
        let plan = json!({"property": "plan", "scope": "person"});
        let both = json!([plan, "colour"]);
        let (hour, weekday) = (json!("$hour"), json!("$weekday"));
        for measure in ["total", "uniques", "per_person", "sum:amount", "avg:amount",
                        "min:amount", "max:amount", "p50:amount", "p90:amount"] {
            for event in ["view", "*"] {
                check(world, event, measure, [&colour, &plan], [rows, columns]);
            }
        }
        check(world, "*", "uniques", [&both, &weekday], [rows, columns]);
        check(world, "*", "total", [&hour, &both], [25, columns]);
        check(world, "*", "uniques", [&hour, &weekday], [25, 25]);
        let asked = |rows: &Json, columns: &Json| {
            let question = json!({"event": "*", "from": "1970-01-03", "to": "1970-01-13",
                                  "rows": rows, "columns": columns});
            let pivot: Pivot = serde_json::from_value(question).unwrap();
            pivot.ask(world.1, &TimeZone::UTC, &Cancel::default()).unwrap()
        };
        // However it is written, a time of the event is one.
        let (scoped, listed) = (json!({"property": "$hour"}), json!(["$weekday"]));
        prop_assert_eq!(asked(&scoped, &listed), asked(&hour, &weekday));
    }
}

#[test]
fn nothing_is_any_line_and_null_is_a_value() {
    let read = |text: &str| serde_json::from_str::<pivot::Cell>(text).unwrap().row;
    assert_eq!(read("{}"), None);
    assert_eq!(read(r#"{"row":null}"#), Some(pivot::Sought::Value(None)));
    assert_eq!(read(r#"{"row":[null]}"#), Some(pivot::Sought::Key(vec![None])));
    assert_eq!(read(r#"{"row":"a"}"#), Some(pivot::Sought::Value(Some("a".into()))));
}

#[test]
fn what_makes_no_sense_is_refused_by_its_place() {
    let (view, cancel) = (World { batch: 1, ..World::default() }.view(), Cancel::default());
    let base = json!({"event": "a", "from": "1970-01-06", "to": "1970-02-01", "rows": "b",
                      "columns": ["c", "d"]});
    for (field, value, pointer) in [
        ("rows", json!([]), "/rows"),
        ("columns", json!(["a", "b", "c", "d"]), "/columns"),
        ("rows_limit", json!(0), "/rows_limit"),
        ("columns_limit", json!(10_001), "/columns_limit"),
        ("columns_limit", json!(1_000), "/columns_limit"),
        ("to", json!("1970-01-06"), "/to"),
        ("where", json!([{"property": "a", "op": "in", "value": 1}]), "/where/0/value"),
        ("people", json!({"all": []}), "/people/all"),
    ] {
        let mut question = base.clone();
        question[field] = value;
        let pivot: Pivot = serde_json::from_value(question).unwrap();
        let refused = pivot.ask(&view, &TimeZone::UTC, &cancel).unwrap_err();
        assert!(refused.to_string().starts_with(&format!("{pointer}: ")), "{refused}");
    }
}
