//! Properties that are given back under memory's bound, and kills meanwhile: no answer changes.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::server::{Server, bearer, create};

const EVENTS: usize = 12_000;
const PROPERTIES: [&str; 3] = ["first", "second", "third"];

/// A MiB of properties at most: one of these takes more.
fn start(data: &Path) -> Server {
    Server::start_configured(data, "[store]\ncolumns_mib = 1\nflush_rows = 200\n")
}

/// Texts of which no two are alike, 100 bytes each.
fn text(property: &str, number: usize) -> String {
    format!("{property}-{number:0>92}")
}

fn send(server: &Server, shop: &Json) {
    for first in (0..EVENTS).step_by(1_000) {
        let record = |number: usize| {
            let properties: serde_json::Map<String, Json> = PROPERTIES
                .map(|property| (property.to_owned(), text(property, number).into()))
                .into_iter()
                .chain([("amount".to_owned(), (number % 100).into())])
                .collect();
            json!({"type": "event", "identity": format!("u{}", number % 300), "name": "Paid",
                   "at": format!("2026-05-{:02}T10:00:00Z", 1 + number % 28),
                   "properties": properties})
        };
        let records: Vec<Json> = (first..first + 1_000).map(record).collect();
        let (status, answer) = server.post("/api/v1/events", shop, &json!({ "records": records }));
        assert_eq!((status, &answer["accepted"]), (200, &json!(1_000)), "{answer}");
    }
}

/// What each property tells, in turns.
fn ask(server: &Server, shop: &Json, turn: usize) -> Option<Json> {
    let property = PROPERTIES[turn % PROPERTIES.len()];
    let is = text(property, 17);
    let question = match turn % 2 {
        0 => json!({"event": "Paid", "interval": "month", "measure": "sum:amount",
                    "from": "2026-05-01", "to": "2026-06-01",
                    "where": [{"property": property, "op": "ne", "value": is}]}),
        _ => json!({"event": "Paid", "interval": "day", "measure": "uniques",
                    "from": "2026-05-01", "to": "2026-06-01",
                    "where": [{"property": property, "op": "contains", "value": "7"}]}),
    };
    let token = bearer(shop);
    let (status, mut answer) =
        server.send("POST", "/api/v1/insights/trend", &token, &question.to_string())?;
    assert_eq!(status, 200, "{answer}");
    answer["meta"] = Json::Null;
    Some(answer)
}

/// Bytes of properties in memory.
fn columns(server: &Server) -> u64 {
    let (_, metrics) = server.send("GET", "/metrics", "", "").unwrap();
    let line =
        metrics.as_str().unwrap().lines().find(|line| {
            line.starts_with("candor_store_resident_bytes") && line.contains("columns")
        });
    line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).expect("a number") as u64
}

#[test]
fn kills_while_properties_are_given_back_change_no_answer() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let server = start(data.path());
    send(&server, &shop);
    let whole = |answer: &Json| answer["series"][0]["total"].as_f64() == Some(EVENTS as f64);
    let count = json!({"event": "Paid", "measure": "total", "interval": "month", "from": "2026-05-01", "to": "2026-06-01"});
    let answer = server.eventually(|s| s.post("/api/v1/insights/trend", &shop, &count).1, whole);
    assert!(whole(&answer), "{answer}");
    let expected: Vec<Json> = (0..6).map(|turn| ask(&server, &shop, turn).unwrap()).collect();
    assert_eq!(server.stop(), Some(0));
    for kill in 0..4 {
        let server = start(data.path());
        std::thread::scope(|scope| {
            for asker in 0..2 {
                let (server, shop, expected) = (&server, &shop, &expected);
                scope.spawn(move || {
                    for turn in asker.. {
                        let Some(answer) = ask(server, shop, turn) else { break };
                        assert_eq!(answer, expected[turn % 6], "turn {turn} before kill {kill}");
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(300 + 200 * kill));
            server.hang_up();
        });
        server.kill();
    }
    let server = start(data.path());
    let ask_all = |server: &Server| {
        for (turn, expected) in expected.iter().enumerate() {
            assert_eq!(ask(server, &shop, turn).as_ref(), Some(expected), "turn {turn}");
        }
    };
    let is_above = |bytes: &Json| bytes.as_u64().unwrap() > 1 << 20;
    let asked = |s: &Server| {
        ask_all(s);
        json!(columns(s))
    };
    assert!(is_above(&server.eventually(asked, is_above)), "more is read than may stay");
    let left = server.eventually(|s| json!(columns(s)), |bytes| !is_above(bytes));
    assert!(!is_above(&left), "{left} bytes stay");
    ask_all(&server);
}
