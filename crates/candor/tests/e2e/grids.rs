//! RFM and pivots over HTTP: the numbers, whose they are, and who may ask.

use serde_json::{Value as Json, json};

use crate::server::{Server, create};

const RFM: &str = "/api/v1/insights/rfm";
const PIVOT: &str = "/api/v1/insights/pivot";

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
fn a_pivot_measures_two_sides_and_their_totals() {
    let data = tempfile::tempdir().unwrap();
    let (server, publisher) = shop(data.path());
    let plan = json!({"property": "plan", "scope": "person"});
    let question = json!({"event": "Charged", "from": "2026-11-01", "to": "2026-11-08",
                          "rows": [plan, "city"], "columns": "$weekday", "measure": "uniques"});
    let ask = |server: &Server| server.post(PIVOT, &publisher, &question).1;
    let answer = server.eventually(ask, |answer| answer["total"] == 5.0);
    let keys = |side: &str| {
        answer[side].as_array().unwrap().iter().map(|line| line["key"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(keys("rows"), [json!([null, "Pune"]), json!(["gold", "Pune"])], "{answer}");
    // The first of November 2026 was a Sunday.
    assert_eq!(keys("columns"), [1, 2, 3, 4, 7].map(|day| json!([day])));
    assert_eq!(answer["values"], json!([[3.0, 2.0, 1.0, 0.0, 4.0], [1.0, 1.0, 1.0, 1.0, 1.0]]));
    let asked = json!({"question": question, "cell": {"row": ["gold", "Pune"], "column": 4}});
    let (_, people) = server.post("/api/v1/insights/pivot/people", &publisher, &asked);
    assert_eq!((&people["count"], &people["people"][0]["identity"]), (&json!(1), &json!("e")));
    let mut fewer = question.clone();
    (fewer["rows_limit"], fewer["rows"]) = (json!(1), json!("Amount"));
    let (_, fewer) = server.post(PIVOT, &publisher, &fewer);
    assert_eq!(fewer["rows"][1], json!({"key": ["(other)"], "total": 4.0}), "{fewer}");
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
    let pivot = json!({"event": "Charged", "from": "2026-11-01", "to": "2026-11-08",
                       "rows": "city", "columns": "city"});
    let pivot_with = |field: &str, value: Json| {
        let mut question = pivot.clone();
        question[field] = value;
        question
    };
    for (question, pointer) in [
        (base.clone(), "/event"),
        (pivot_with("rows", json!([])), "/rows"),
        (pivot_with("rows_limit", json!(0)), "/rows_limit"),
        (pivot_with("columns_limit", json!(401)), "/columns_limit"),
        (pivot_with("measure", json!("most")), "/measure"),
    ] {
        let (status, answer) = server.post(PIVOT, &publisher, &question);
        assert_eq!((status, &answer["errors"][0]["pointer"]), (400, &json!(pointer)), "{answer}");
    }
    let reader = reader(&server, &publisher);
    let scoped = json!({"property": "Email", "scope": "person"});
    assert_eq!(server.post(PIVOT, &reader, &pivot).0, 200);
    for question in [
        pivot_with("rows", json!("Latitude")),
        pivot_with("columns", json!(["city", "Latitude"])),
        pivot_with("rows", json!(["city", scoped])),
        pivot_with("columns", scoped),
        pivot_with("measure", json!("max:Latitude")),
    ] {
        assert_eq!(server.post(PIVOT, &reader, &question).0, 403, "{question}");
        assert_eq!(server.post(PIVOT, &publisher, &question).0, 200);
    }
    assert_eq!(server.post(RFM, &reader, &base).0, 200);
    for (question, status) in
        [(with("amount", json!("Latitude")), 403), (with("amount", json!("Amount")), 200)]
    {
        assert_eq!(server.post(RFM, &reader, &question).0, status, "{question}");
        assert_eq!(server.post(RFM, &publisher, &question).0, 200);
    }
}
