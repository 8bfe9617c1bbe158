//! What there is to ask about.

use serde_json::{Value as Json, json};

use crate::server::{Server, create};

fn event(identity: &str, name: &str, properties: Json) -> Json {
    json!({"type": "event", "identity": identity, "name": name,
           "at": "2026-11-02T10:00:00Z", "properties": properties})
}

#[test]
fn names_and_values_come_with_how_often_they_are_held() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let server = Server::start(data.path());
    let records = json!({"records": [
        event("u1", "Viewed", json!({"plan": "gold", "size": 7, "tags": ["a", "b"]})),
        event("u2", "Viewed", json!({"plan": "gold", "City": "Pune"})),
        event("u2", "Charged", json!({"plan": "silver", "size": 7})),
        {"type": "profile", "identity": "u1", "set": {"plan": "iron", "Name": "A"}},
    ]});
    assert_eq!(server.post("/api/v1/events", &shop, &records).0, 200);
    let names = server.eventually(
        |server| server.get("/api/v1/events/names", &shop).1["names"].clone(),
        |names| names[1]["name"] == "Charged",
    );
    assert_eq!(names, json!([{"name": "Viewed", "count": 2}, {"name": "Charged", "count": 1}]));
    let (_, some) = server.get("/api/v1/events/names?contains=VIEW&limit=5", &shop);
    assert_eq!(some["names"], json!([{"name": "Viewed", "count": 2}]));
    let values = |query: &str| server.get(&format!("/api/v1/properties/{query}"), &shop).1;
    let gold_first = json!([{"value": "gold", "count": 2}, {"value": "silver", "count": 1}]);
    assert_eq!(values("plan/values")["values"], gold_first);
    assert_eq!(values("plan/values?contains=SIL")["values"][0]["count"], 1);
    let iron = json!([{"value": "iron", "count": 1}]);
    assert_eq!(values("plan/values?scope=person")["values"], iron);
    assert_eq!(values("size/values")["values"], json!([{"value": 7, "count": 2}]));
    assert_eq!(values("tags/values")["values"], json!([]), "nobody chooses a list from a menu");
    assert_eq!(values("never/values")["values"], json!([]));
    assert_eq!(server.get("/api/v1/properties/plan/values?scope=cat", &shop).0, 400);
    assert_eq!(server.get("/api/v1/events/names?limt=1", &shop).0, 400);
    // A name is an identity: that it was looked at is written down.
    assert_eq!(values("Name/values?scope=person")["values"], json!([{"value": "A", "count": 1}]));
    let (_, audit) = server.get("/api/v1/audit", &shop);
    let looked = audit["entries"].as_array().unwrap().iter();
    let looked: Vec<_> = looked.filter(|entry| entry["action"] == "view values").collect();
    assert_eq!((looked.len(), &looked[0]["subject"]), (1, &json!("Name")), "{audit}");
}
