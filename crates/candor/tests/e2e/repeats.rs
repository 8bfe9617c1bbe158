//! The same record sent again within 7 days counts once: across kills, flushes and ways in.

use serde_json::{Value as Json, json};

use crate::server::{Server, bearer, create};

fn total(server: &Server, shop: &Json) -> Json {
    let question = json!({"event": "Sent", "from": "2020-01-01", "to": "2100-01-01",
                          "interval": "month"});
    server.post("/api/v1/insights/trend", shop, &question).1["series"][0]["total"].clone()
}

fn visits(server: &Server, shop: &Json) -> Json {
    server.get("/api/v1/people?identity=ann", shop).1["people"][0]["traits"]["visits"].clone()
}

fn keyed(server: &Server, shop: &Json, key: &str, body: &Json) -> (u16, Json) {
    let headers = bearer(shop) + "Idempotency-Key: " + key + "\r\n";
    server.send("POST", "/api/v1/events", &headers, &body.to_string()).unwrap()
}

#[test]
fn a_repeat_counts_once_after_kills_and_restarts() {
    let data = tempfile::tempdir().unwrap();
    let ids = ["--account-id", "TEST-REPEAT", "--account-token", "tk"];
    let more = ["--name", "Shop", "--policy", "open"];
    let shop = create(data.path(), &[more.as_slice(), &ids].concat());
    let event = |more: Json| {
        let mut event = json!({"type": "event", "identity": "ann", "name": "Sent"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let with_ids = json!({"records": [
        event(json!({"id": "r1"})),
        // The same id of another person, and another name, are other records.
        event(json!({"id": "r1", "identity": "bob"})),
        event(json!({"id": "r2"})),
        // Within one request too.
        event(json!({"id": "r2"})),
        {"type": "profile", "identity": "ann", "id": "p1", "increment": {"visits": 1}},
        {"type": "profile", "identity": "ann", "id": "p1", "increment": {"visits": 1}},
    ]});
    let by_key = json!({"records": [
        event(json!({})),
        event(json!({})),
        {"type": "profile", "identity": "ann", "increment": {"visits": 10}},
    ]});
    // By a device: its clock is days ahead, its increment comes twice with the batch.
    let ahead = 4_000_000_000i64;
    let device = json!([
        {"type": "meta", "g": "__1"},
        {"type": "profile", "profile": {"Identity": "ann"}, "ep": 1_793_577_600},
        {"type": "profile", "profile": {"visits": {"$incr": 100}}, "ep": 1_793_577_600},
        {"type": "event", "evtName": "Sent", "evtData": {"a": 1}, "ep": ahead},
        {"type": "event", "evtName": "Sent", "evtData": {"a": 2}, "ep": ahead},
    ]);
    let send = |server: &Server| {
        let (status, answer) = server.post("/api/v1/events", &shop, &with_ids);
        assert_eq!((status, &answer["accepted"]), (200, &json!(6)), "{answer}");
        let (status, answer) = keyed(server, &shop, "k-1", &by_key);
        assert_eq!((status, &answer["accepted"]), (200, &json!(3)), "{answer}");
        let headers = "X-CleverTap-Account-ID: TEST-REPEAT\r\nX-CleverTap-Token: tk\r\n";
        let answer = server.send("POST", "/a1", headers, &device.to_string()).unwrap();
        assert_eq!(answer, (200, json!({})));
    };
    let check = |server: &Server| {
        assert_eq!(server.eventually(|s| total(s, &shop), |total| *total == 7.0), 7.0);
        assert_eq!(server.eventually(|s| visits(s, &shop), |visits| *visits == 111), 111);
        // Had a repeat counted, it would by now.
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert_eq!((total(server, &shop), visits(server, &shop)), (json!(7.0), json!(111)));
    };
    let server = Server::start(data.path());
    send(&server);
    send(&server);
    check(&server);
    // Killed at once: only the log has it.
    server.kill();
    let server = Server::start(data.path());
    send(&server);
    check(&server);
    // Stopped: parts and catalog have it, the log is trimmed.
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(data.path());
    send(&server);
    check(&server);
    server.kill();
    let server = Server::start(data.path());
    send(&server);
    check(&server);
    // Another key is another request.
    assert_eq!(keyed(&server, &shop, "k-2", &by_key).0, 200);
    assert_eq!(server.eventually(|s| total(s, &shop), |total| *total == 9.0), 9.0);
}

#[test]
fn a_full_index_is_said_and_keeps_nothing() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let server = Server::start_configured(data.path(), "repeats_remembered_max = 3");
    let event =
        |id: usize| json!({"type": "event", "identity": "u", "name": "Sent", "id": id.to_string()});
    let some = |ids: std::ops::Range<usize>| json!({"records": ids.map(event).collect::<Vec<_>>()});
    assert_eq!(server.post("/api/v1/events", &shop, &some(0..2)).0, 200);
    let (status, answer) = server.post("/api/v1/events", &shop, &some(2..5));
    assert_eq!((status, &answer["code"]), (429, &json!("too_many_requests")), "{answer}");
    // Nothing of it was kept, so there is still room for one, and repeats are known.
    assert_eq!(server.post("/api/v1/events", &shop, &some(4..5)).0, 200);
    assert_eq!(server.post("/api/v1/events", &shop, &some(0..2)).0, 200);
    assert_eq!(server.post("/api/v1/events", &shop, &some(5..6)).0, 429);
    let at = json!({"records": [{"type": "event", "identity": "u", "name": "Sent", "id": "9",
                                 "at": "2026-11-02T10:00:00Z"}]});
    assert_eq!(server.post("/api/v1/events", &shop, &at).0, 200, "a time tells it apart");
    assert_eq!(server.eventually(|s| total(s, &shop), |total| *total == 4.0), 4.0);
}
