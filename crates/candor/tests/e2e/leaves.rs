//! Rules of segments that look at sums, habits, kinds and places, over HTTP.

use serde_json::{Value as Json, json};

use crate::server::{Server, create};

const COUNT: &str = "/api/v1/segments/count";

/// Three people, from Pune, from Delhi, and from nowhere; the first pays most.
fn shop(data: &std::path::Path) -> (Server, Json) {
    let publisher = create(data, &["--name", "Shop", "--policy", "open"]);
    let server = Server::start(data);
    let event = |identity: &str, name: &str, properties: Json| json!({"type": "event", "identity": identity, "name": name, "properties": properties});
    let records = json!({"records": [
        event("a", "Charged", json!({"Amount": 80, "kind": "shoes"})),
        event("a", "Charged", json!({"Amount": 40.5, "kind": "shoes"})),
        event("a", "Charged", json!({"Amount": 10, "kind": "hats"})),
        event("a", "Seen", json!({"Latitude": 18.52, "Longitude": 73.86})),
        event("b", "Charged", json!({"Amount": 20, "kind": "hats"})),
        json!({"type": "profile", "identity": "b", "set": {"Latitude": 28.61, "Longitude": 77.2}}),
        event("c", "Seen", json!({})),
    ]});
    let (_, answer) = server.post("/api/v1/events", &publisher, &records);
    assert_eq!(answer["accepted"], 7, "{answer}");
    (server, publisher)
}

#[test]
fn sums_habits_kinds_and_places_are_rules() {
    let data = tempfile::tempdir().unwrap();
    let (server, publisher) = shop(data.path());
    let people = |rule: &Json| {
        server.post(COUNT, &publisher, &json!({"definition": rule})).1["people"].clone()
    };
    let sum = |op: &str, value: f64| {
        json!({"sum": {"event": "Charged", "property": "Amount", "within": {"last": "1d"},
                       "op": op, "value": value}})
    };
    server.eventually(|_| people(&json!({"did": {"event": "Seen"}})), |people| *people == 2);
    let interest = |value: &str, mode: &str, percent: Json| {
        let mut rule =
            json!({"event": "Charged", "property": "kind", "value": value, "mode": mode});
        if !percent.is_null() {
            rule["percent"] = percent;
        }
        json!({"interest": rule})
    };
    let region = |lat: f64, lon: f64| json!({"in_region": {"lat": lat, "lon": lon, "km": 20.5}});
    for (rule, count) in [
        (sum("gt", 130.0), 1),
        (sum("lt", 130.5), 2),
        (sum("eq", 0.0), 1),
        (interest("shoes", "predominant", Json::Null), 1),
        (interest("hats", "at_least", json!(33)), 2),
        (interest("hats", "at_least", json!(34)), 1),
        (region(18.5, 73.8), 1),
        (region(28.6, 77.2), 1),
        (json!({"any": [region(28.6, 77.2), region(18.5, 73.8)]}), 2),
        // Of two people one is in the lowest bins and one in the bins above.
        (json!({"rfm": {"name": "Hibernating"}}), 2),
        (json!({"rfm": {"name": "Champions", "last": "30d"}}), 0),
    ] {
        assert_eq!(people(&rule), count, "{rule}");
    }
    let saved = json!({"name": "Near", "definition": {"not": region(18.5, 73.8)}});
    let (status, saved) = server.post("/api/v1/segments", &publisher, &saved);
    assert_eq!((status, &saved["definition"]), (201, &json!({"not": region(18.5, 73.8)})));
    let seen = json!({"event": "Seen", "measure": "uniques", "from": "2026-01-01",
                      "to": "2036-01-01", "interval": "month", "people": {"segment": saved["id"]}});
    let (_, trend) = server.post("/api/v1/insights/trend", &publisher, &seen);
    assert_eq!(trend["series"][0]["total"], 1.0, "{trend}");

    // Where people are is masked for who may not see it, and is not to be asked either.
    let reader = json!({"name": "reader", "scopes": ["read"]});
    let reader =
        json!({"api_token": server.post("/api/v1/tokens", &publisher, &reader).1["token"]});
    let path = format!("/api/v1/segments/{}", saved["id"].as_str().unwrap());
    let (_, shown) = server.get(&path, &reader);
    assert_eq!(shown["definition"], json!({"not": {"in_region": {"masked": true}}}), "{shown}");
    let money = |property: &str| json!({"sum": {"event": "Seen", "property": property, "op": "gt", "value": 1}});
    let rfm = json!({"rfm": {"name": "Loyal", "event": "Seen", "amount": "Longitude"}});
    for (rule, status) in [
        (region(18.5, 73.8), 403),
        (json!({"all": [{"not": region(18.5, 73.8)}]}), 403),
        (money("Latitude"), 403),
        (money("Amount"), 200),
        (rfm, 403),
        (
            json!({"interest": {"event": "Seen", "property": "Latitude", "value": 18.52,
                             "mode": "predominant"}}),
            403,
        ),
    ] {
        let asked = json!({"definition": rule});
        assert_eq!(server.post(COUNT, &reader, &asked).0, status, "{rule}");
        assert_eq!(server.post(COUNT, &publisher, &asked).0, 200, "{rule}");
    }
}

#[test]
fn a_rule_that_makes_no_sense_says_where() {
    let data = tempfile::tempdir().unwrap();
    let (server, publisher) = shop(data.path());
    for (rule, pointer) in [
        (json!({"sum": {"event": "a", "property": "b", "op": "in", "value": 1}}), "/sum/op"),
        (json!({"sum": {"event": "a", "property": "b", "op": "gt"}}), "/sum/value"),
        (json!({"sum": {"event": "a", "property": "b", "op": "gt", "value": "x"}}), "/sum/value"),
        (json!({"in_region": {"lat": 91, "lon": 0, "km": 1}}), "/in_region/lat"),
        (json!({"in_region": {"lat": "x", "lon": 0, "km": 1}}), "/in_region/lat"),
        (json!({"rfm": {"name": "Nobody"}}), "/rfm/name"),
        (json!({"rfm": {"name": "Loyal", "last": "soon"}}), "/rfm/last"),
        (
            json!({"interest": {"event": "a", "property": "$hour", "value": 24,
                                "mode": "predominant"}}),
            "/interest/value",
        ),
        (
            json!({"interest": {"event": "a", "property": "b", "value": 1, "mode": "at_least"}}),
            "/interest/percent",
        ),
    ] {
        for body in [json!({"definition": rule}), json!({"definition": rule, "name": "x"})] {
            let path = if body.get("name").is_some() { "/api/v1/segments" } else { COUNT };
            let (status, answer) = server.post(path, &publisher, &body);
            let pointer = format!("/definition{pointer}");
            assert_eq!(
                (status, &answer["errors"][0]["pointer"]),
                (400, &json!(pointer)),
                "{answer}"
            );
        }
    }
}
