//! RFM over HTTP: the numbers, whose they are, and who may ask.

use serde_json::{Value as Json, json};

use crate::server::{Server, create};

const RFM: &str = "/api/v1/insights/rfm";

fn charged(identity: &str, at: &str, amount: f64) -> Json {
    json!({"type": "event", "identity": identity, "name": "Charged", "at": at,
           "properties": {"Amount": amount, "city": "Pune", "Latitude": 18.5}})
}

/// Five people: one more recent, more frequent and dearer than the other.
fn shop(data: &std::path::Path) -> (Server, Json) {
    let publisher = create(data, &["--name", "Shop", "--policy", "open"]);
    let server = Server::start(data);
    let mut records = Vec::new();
    for (place, identity) in ["a", "b", "c", "d", "e"].iter().enumerate() {
        for day in 0..=place {
            let at = format!("2026-11-0{}T10:00:00Z", day + 1);
            records.push(charged(identity, &at, 10.0 * (place + 1) as f64));
        }
    }
    records.push(json!({"type": "profile", "identity": "e", "set": {"plan": "gold"}}));
    records.push(charged("a", "2026-10-09T10:00:00Z", 7.5));
    let (_, answer) = server.post("/api/v1/events", &publisher, &json!({"records": records}));
    assert_eq!(answer["accepted"], 17, "{answer}");
    (server, publisher)
}

fn reader(server: &Server, publisher: &Json) -> Json {
    let reader = json!({"name": "reader", "scopes": ["read"]});
    json!({"api_token": server.post("/api/v1/tokens", publisher, &reader).1["token"]})
}

#[test]
fn rfm_names_people_and_tells_what_they_were() {
    let data = tempfile::tempdir().unwrap();
    let (server, publisher) = shop(data.path());
    let question = json!({"from": "2026-11-01", "to": "2026-11-08",
                          "compare": {"from": "2026-10-01", "to": "2026-11-01"}});
    let ask = |server: &Server| server.post(RFM, &publisher, &question).1;
    let answer = server.eventually(ask, |answer| answer["people"] == 5);
    let cells: Vec<_> = answer["cells"].as_array().unwrap().iter().map(|c| &c["segment"]).collect();
    let names =
        ["Hibernating", "Hibernating", "Need attention", "Loyal", "Champions"].map(|n| json!(n));
    assert_eq!(cells, names.iter().collect::<Vec<_>>(), "{answer}");
    assert_eq!(answer["revenue"], 10.0 + 40.0 + 90.0 + 160.0 + 250.0);
    assert_eq!(answer["scores"]["f"][4], json!({"bin": 5, "people": 1, "least": 5.0, "most": 5.0}));
    let stayed = json!({"from": "Hibernating", "to": "Hibernating", "people": 1});
    assert!(answer["moves"].as_array().unwrap().contains(&stayed), "{answer}");
    // Each number leads to its people.
    for (cell, people) in [
        (json!({"segment": "Hibernating"}), json!(["a", "b"])),
        (json!({"r": 5, "f": 5}), json!(["e"])),
        (json!({"from": "(none)", "to": "Champions"}), json!(["e"])),
    ] {
        let asked = json!({"question": question, "cell": cell});
        let (_, answer) = server.post("/api/v1/insights/rfm/people", &publisher, &asked);
        let mut found: Vec<_> =
            answer["people"].as_array().unwrap().iter().map(|p| p["identity"].clone()).collect();
        found.sort_by_key(Json::to_string);
        assert_eq!(json!(found), people, "{answer}");
    }
    let asked = json!({"question": question, "cell": {"segment": "Nobody"}});
    assert_eq!(server.post("/api/v1/insights/rfm/people", &publisher, &asked).0, 400);
    let mut gold = question.clone();
    gold["people"] = json!({"person": {"property": "plan", "op": "eq", "value": "gold"}});
    assert_eq!(server.post(RFM, &publisher, &gold).1["people"], 1);
}

#[test]
fn a_grid_that_cannot_be_asked_says_where() {
    let data = tempfile::tempdir().unwrap();
    let (server, publisher) = shop(data.path());
    let base = json!({"from": "2026-11-01", "to": "2026-11-08"});
    let with = |field: &str, value: Json| {
        let mut question = base.clone();
        question[field] = value;
        question
    };
    for (question, pointer) in [
        (json!({"to": "2026-11-08"}), "/from"),
        (with("bins", json!(1)), "/bins"),
        (with("bins", json!(-1)), "/bins"),
        (with("as_of", json!("2026-11-01")), "/as_of"),
        (with("compare", json!({"from": "2026-11-01", "to": "2026-10-01"})), "/compare/to"),
        (with("compare", json!({"from": "2026-11-01"})), "/compare/to"),
        (with("timezone", json!("Mars")), "/timezone"),
        (with("people", json!({"segment": "none"})), "/people/segment"),
    ] {
        let (status, answer) = server.post(RFM, &publisher, &question);
        assert_eq!((status, &answer["errors"][0]["pointer"]), (400, &json!(pointer)), "{answer}");
    }
    let reader = reader(&server, &publisher);
    assert_eq!(server.post(RFM, &reader, &base).0, 200);
    for (question, status) in
        [(with("amount", json!("Latitude")), 403), (with("amount", json!("Amount")), 200)]
    {
        assert_eq!(server.post(RFM, &reader, &question).0, status, "{question}");
        assert_eq!(server.post(RFM, &publisher, &question).0, 200);
    }
}
