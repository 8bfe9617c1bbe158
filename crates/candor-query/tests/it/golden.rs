//! Golden files: events, a question and its answer in one readable file. `UPDATE_GOLDEN=1` rewrites
//! the answers; review reads the difference.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use candor_event::{Event, ManualClock, Merge, PersonId, Properties, Record, Timestamp, Value};
use candor_query::{
    Board, Cancel, Definition, Error, Funnel, Paths, Pivot, Retention, Rfm, Stickiness, Trend,
    funnel, paths, pivot, retention, rfm, segment, stickiness, trend, zone,
};
use candor_store::{Store, View};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::world::id;

#[test]
fn every_golden_file_holds() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 4, "the golden files are there");
    for file in files {
        check(&file);
    }
}

fn check(file: &std::path::Path) {
    let text = fs::read_to_string(file).unwrap();
    let (given, expected) = text.split_once("\n--- answer\n").unwrap();
    let (events, question) = given.split_once("\n--- question ").unwrap();
    let (kind, question) = question.split_once('\n').unwrap();
    let answer = answer(&view(events), kind, question);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(file, format!("{given}\n--- answer\n{answer}\n")).unwrap();
        return;
    }
    assert_eq!(answer, expected.trim_end(), "{}", file.display());
}

/// Lines of `person time name key=value ...`, the key `session` apart, or `merge winner loser`;
/// `#` begins a comment.
fn view(events: &str) -> Arc<View> {
    let now: jiff::Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    let now = Timestamp(now.as_millisecond());
    let store = Store::in_memory(2, Arc::new(ManualClock::new(now)));
    let lines = events.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let record = |(at, line): (usize, &str)| {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap();
        let letter = |word: &str| word.bytes().next().unwrap();
        if first == "merge" {
            let mut both = words.map(|word| id(letter(word)));
            let (winner, loser) = (both.next().unwrap(), both.next().unwrap());
            return Record::Merge(Merge { winner, loser, at: now, reason: "login".into() });
        }
        let person = letter(first);
        let time: jiff::Timestamp = words.next().unwrap().parse().unwrap();
        let name = words.next().unwrap();
        let property = |word: &str| {
            let (key, value) = word.split_once('=').unwrap();
            let value: Value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            (key.to_owned(), value)
        };
        let (session, words): (Vec<&str>, _) = words.partition(|word| word.starts_with("session="));
        let session = session.first().map(|word| word["session=".len()..].parse().unwrap());
        let properties: Properties = words.into_iter().map(property).collect();
        Record::Event(Event {
            person: id(person),
            occurred_at: Timestamp(time.as_millisecond()),
            received_at: now,
            name: name.into(),
            session,
            // Hashes are never so small that they mean something else.
            fingerprint: 2 + at as u64,
            properties,
        })
    };
    store.apply(lines.enumerate().map(record), 1).unwrap();
    store.view()
}

fn answer(view: &View, kind: &str, question: &str) -> String {
    let json: Json = serde_json::from_str(question).unwrap();
    let named = json.get("question").unwrap_or(&json);
    let zone = zone(named["timezone"].as_str().unwrap_or("UTC")).unwrap();
    let cancel = Cancel::default();
    let answer = match kind {
        "trend" => {
            let trend: Trend = serde_json::from_value(json).unwrap();
            trend.ask(view, &zone, &cancel).map(|answer| serde_json::to_value(answer).unwrap())
        }
        "trend people" => {
            let (trend, cell): (Trend, trend::Cell) = behind(json);
            letters(trend.people(&cell, view, &zone, &cancel))
        }
        "funnel" => {
            let funnel: Funnel = serde_json::from_value(json).unwrap();
            funnel.ask(view, &zone, &cancel).map(|answer| serde_json::to_value(answer).unwrap())
        }
        "funnel people" => {
            let (funnel, cell): (Funnel, funnel::Cell) = behind(json);
            letters(funnel.people(&cell, view, &zone, &cancel))
        }
        "retention" => {
            let retention: Retention = serde_json::from_value(json).unwrap();
            retention.ask(view, &zone, &cancel).map(|answer| serde_json::to_value(answer).unwrap())
        }
        "retention people" => {
            let (retention, cell): (Retention, retention::Cell) = behind(json);
            letters(retention.people(&cell, view, &zone, &cancel))
        }
        "stickiness" => {
            let stickiness: Stickiness = serde_json::from_value(json).unwrap();
            stickiness.ask(view, &zone, &cancel).map(|answer| serde_json::to_value(answer).unwrap())
        }
        "stickiness people" => {
            let (stickiness, cell): (Stickiness, stickiness::Cell) = behind(json);
            letters(stickiness.people(&cell, view, &zone, &cancel))
        }
        "paths" => {
            let paths: Paths = serde_json::from_value(json).unwrap();
            paths.ask(view, &zone, &cancel).map(|answer| serde_json::to_value(answer).unwrap())
        }
        "paths people" => {
            let (paths, cell): (Paths, paths::Cell) = behind(json);
            letters(paths.people(&cell, view, &zone, &cancel))
        }
        "board" => {
            let board: Board = serde_json::from_value(json).unwrap();
            board.ask(view, &zone, &cancel).map(|answer| serde_json::to_value(answer).unwrap())
        }
        "rfm" => {
            let rfm: Rfm = serde_json::from_value(json).unwrap();
            rfm.ask(view, &zone, &cancel).map(|answer| serde_json::to_value(answer).unwrap())
        }
        "rfm people" => {
            let (rfm, cell): (Rfm, rfm::Cell) = behind(json);
            letters(rfm.people(&cell, view, &zone, &cancel))
        }
        "pivot" => {
            let pivot: Pivot = serde_json::from_value(json).unwrap();
            pivot.ask(view, &zone, &cancel).map(|answer| serde_json::to_value(answer).unwrap())
        }
        "pivot people" => {
            let (pivot, cell): (Pivot, pivot::Cell) = behind(json);
            letters(pivot.people(&cell, view, &zone, &cancel))
        }
        "count" => {
            let definition: Definition = serde_json::from_value(json).unwrap();
            segment::count(view, &definition, view.as_of, &zone, &[], &cancel)
                .map(|answer| serde_json::to_value(answer).unwrap())
        }
        _ => panic!("no question is called {kind}"),
    };
    match answer {
        Ok(answer) => serde_json::to_string_pretty(&answer).unwrap(),
        Err(refused) => format!("refused: {refused}"),
    }
}

/// A question and a cell of its answer.
fn behind<Q: DeserializeOwned, C: DeserializeOwned>(json: Json) -> (Q, C) {
    let part = |name: &str| json[name].clone();
    (
        serde_json::from_value(part("question")).unwrap(),
        serde_json::from_value(part("cell")).unwrap(),
    )
}

/// People as their letters, in the order of the answer.
fn letters(people: Result<Vec<PersonId>, Error>) -> Result<Json, Error> {
    let people = people?;
    assert!(people.is_sorted(), "people come in the order of their ids");
    Ok(people.iter().map(|person| char::from(person.0[1]).to_string()).collect())
}
