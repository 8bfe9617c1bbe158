//! The REST API beyond its captures: cursors, subscriptions, numbers cut off, definitions.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::server::{Server, create};

const HEADERS: &str = "X-CleverTap-Account-Id: TEST-REST\r\nX-CleverTap-Passcode: pass\r\n\
                       Content-Type: application/json\r\n";

fn shop(data: &std::path::Path, policy: &str, more: &[&str]) -> Json {
    let fixed = [
        "--name",
        "Shop",
        "--policy",
        policy,
        "--account-id",
        "TEST-REST",
        "--passcode",
        "pass",
        "--account-token",
        "tk",
    ];
    create(data, &[&fixed, more].concat())
}

fn call(server: &Server, method: &str, path: &str, body: &Json) -> (u16, Json) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.send(method, path, HEADERS, &body).unwrap()
}

fn upload(server: &Server, records: Json) -> Json {
    let (status, answer) = call(server, "POST", "/1/upload", &json!({ "d": records }));
    assert_eq!(status, 200, "{answer}");
    answer
}

/// 2026-01-01T00:00:00Z
const DAY: i64 = 1_767_225_600;

fn food(person: usize, second: i64, value: &str) -> Json {
    json!({"type": "event", "identity": format!("u{person}"), "ts": DAY + second,
           "evtName": "choseFood", "evtData": {"value": value}})
}

/// All records of a query, and how many pages they took.
fn all(server: &Server, path: &str, batch: usize, query: &Json) -> (Vec<Json>, usize) {
    let (status, answer) = call(server, "POST", &format!("{path}?batch_size={batch}"), query);
    assert_eq!((status, &answer["status"]), (200, &json!("success")), "{answer}");
    let mut cursor = answer["cursor"].as_str().unwrap().to_owned();
    let (mut records, mut pages) = (Vec::new(), 0);
    loop {
        let (status, answer) =
            call(server, "GET", &format!("{path}?cursor={cursor}"), &json!(null));
        assert_eq!((status, &answer["status"]), (200, &json!("success")), "{answer}");
        let page = answer["records"].as_array().unwrap();
        assert!(page.len() <= batch);
        records.extend(page.iter().cloned());
        pages += 1;
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return (records, pages),
        }
    }
}

#[test]
fn cursors_read_everyone_once_and_outlive_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let owner = shop(data.path(), "open", &["--timezone", "Asia/Kolkata"]);
    let server = Server::start(data.path());
    let mut records = Vec::new();
    for person in 0..60 {
        records.push(json!({"type": "profile", "identity": format!("u{person}"),
            "profileData": {"Name": format!("N{person}"), "Tier": "Gold"}}));
        // Three at the same second differ by what was chosen; the fourth is another food.
        for value in ["pizza", "pizza roll", "small pizza"] {
            records.push(food(person, 5, value));
        }
        records.push(food(person, 6, "sushi"));
    }
    let last = food(7, 3 * 86_400, "pizza");
    records.push(last);
    assert_eq!(upload(&server, json!(records))["processed"], json!(records.len()));
    let query = json!({"event_name": "choseFood", "from": 20260101, "to": 20260101,
        "props": [{"name": "value", "operator": "contains", "value": "piz"}]});
    let counted = |server: &Server| {
        let question = json!({"event": "choseFood", "from": "2026-01-01", "to": "2026-02-01"});
        server.post("/api/v1/insights/trend", &owner, &question).1["series"][0]["total"].clone()
    };
    server.eventually(counted, |total| *total == 241.0);

    let (people, pages) = all(&server, "/1/profiles.json", 23, &query);
    let ids: BTreeSet<String> = people.iter().map(|p| p["identity"].to_string()).collect();
    assert_eq!((people.len(), ids.len(), pages), (60, 60, 3));
    let one = people.iter().find(|person| person["identity"] == "u7").unwrap();
    assert_eq!(one["name"], "N7", "{one}");
    assert_eq!(one["profileData"]["Tier"], "Gold");
    assert_eq!(one["events"]["choseFood"]["count"], 5, "{one}");

    let (events, pages) = all(&server, "/1/events.json", 7, &query);
    assert_eq!((events.len(), pages), (180, 26));
    let distinct: BTreeSet<String> = events.iter().map(Json::to_string).collect();
    assert_eq!(distinct.len(), 180, "nothing comes twice");
    assert!(events.iter().all(|event| event["ts"] == 20_260_101_053_005_u64), "{}", events[0]);
    let one = &events[0];
    assert!(one["event_props"]["value"].as_str().unwrap().contains("piz"), "{one}");
    assert_eq!(one["profile"]["identity"], one["identity"]);
    assert_eq!(one["session_props"], json!({}));

    // Each page that was read is in the audit, by whom and about whom.
    let (_, audit) = server.get("/api/v1/audit", &owner);
    let entries = audit["entries"].as_array().unwrap();
    let read = |action: &str| entries.iter().filter(|entry| entry["action"] == action).count();
    assert_eq!((read("read profiles"), read("read events")), (3, 26), "{audit}");
    assert!(entries.iter().all(|entry| entry["actor"] == "REST passcode"));

    // A cursor goes on where it was after a kill, and nobody else can use or change it.
    let (_, answer) = call(&server, "POST", "/1/profiles.json?batch_size=40&events=false", &query);
    let path = format!("/1/profiles.json?cursor={}", answer["cursor"].as_str().unwrap());
    let (_, first) = call(&server, "GET", &path, &json!(null));
    assert!(first["records"][0].get("events").is_none(), "{}", first["records"][0]);
    server.kill();
    let server = Server::start(data.path());
    let next = first["next_cursor"].as_str().unwrap();
    let (_, second) =
        call(&server, "GET", &format!("/1/profiles.json?cursor={next}"), &json!(null));
    let both = [&first, &second].map(|page| page["records"].as_array().unwrap().clone()).concat();
    let ids: BTreeSet<String> = both.iter().map(|person| person["identity"].to_string()).collect();
    assert_eq!((both.len(), ids.len()), (60, 60));
    assert!(second.get("next_cursor").is_none());
    let changed =
        format!("{}{}", &next[..next.len() - 2], if next.ends_with("AA") { "BB" } else { "AA" });
    for wrong in [changed.as_str(), "x", ""] {
        let path = format!("/1/profiles.json?cursor={wrong}");
        let (status, answer) = call(&server, "GET", &path, &json!(null));
        assert_eq!((status, &answer["code"]), (400, &json!(400)), "{answer}");
    }
    let of_events = format!("/1/events.json?cursor={next}");
    assert_eq!(call(&server, "GET", &of_events, &json!(null)).0, 400);
    create(
        data.path(),
        &["--name", "Other", "--account-id", "OTHER", "--passcode", "p", "--admin-email", "b@x"],
    );
    let other = "X-CleverTap-Account-Id: OTHER\r\nX-CleverTap-Passcode: p\r\n";
    let path = format!("/1/profiles.json?cursor={next}");
    assert_eq!(server.send("GET", &path, other, "").unwrap().0, 400);
}

#[test]
fn what_a_cursor_cannot_answer_is_refused_in_clevertaps_shape() {
    let data = tempfile::tempdir().unwrap();
    shop(data.path(), "open", &[]);
    let server = Server::start(data.path());
    let good = json!({"event_name": "e", "from": 20260101, "to": 20260101});
    for (method, path, body, code) in [
        ("POST", "/1/profiles.json?batch_size=5001", good.clone(), 400),
        ("POST", "/1/profiles.json?batch_size=x", good.clone(), 400),
        ("POST", "/1/events.json", json!({"from": 20260101, "to": 20260101}), 400),
        (
            "POST",
            "/1/events.json",
            json!({"event_name": "e", "from": 20260102, "to": 20260101}),
            400,
        ),
        ("POST", "/1/events.json", json!({"event_name": "x".repeat(9_000)}), 413),
        ("POST", "/1/events.json", json!([]), 400),
        ("GET", "/1/events.json", json!(null), 400),
        ("POST", "/1/counts/events.json", good.clone(), 404),
        ("POST", "/1/targets/create.json", json!({}), 404),
        ("GET", "/1/upload", json!(null), 405),
        ("POST", "/1/profile.json", json!({}), 405),
    ] {
        let (status, answer) = call(&server, method, path, &body);
        assert_eq!(status, code, "{method} {path}: {answer}");
        assert_eq!((&answer["status"], &answer["code"]), (&json!("fail"), &json!(code)));
        assert!(answer["error"].is_string());
    }
    let nobody = "X-CleverTap-Account-Id: NOBODY\r\nX-CleverTap-Passcode: pass\r\n";
    let expected = json!({"status": "fail", "error": "Account ID is not valid", "code": 401});
    for (method, path) in [
        ("POST", "/1/profiles.json"),
        ("GET", "/1/events.json?cursor=x"),
        ("POST", "/1/subscribe"),
        ("POST", "/1/disassociate"),
        ("POST", "/1/delete/profiles.json"),
        ("POST", "/1/demerge/profiles.json"),
        ("GET", "/1/profile.json?identity=x"),
    ] {
        let (status, answer) = server.send(method, path, nobody, "{}").unwrap();
        assert_eq!((status, answer), (401, expected.clone()), "{path}");
    }
}

fn consents(server: &Server, owner: &Json, identity: &str) -> Json {
    let path = format!("/api/v1/people?identity={identity}");
    server.get(&path, owner).1["people"][0]["consents"].clone()
}

#[test]
fn an_unsubscribed_address_is_left_alone_and_comes_back_as_it_was() {
    let data = tempfile::tempdir().unwrap();
    let owner = shop(data.path(), "strict", &[]);
    let server = Server::start(data.path());
    let yes = |identity: &str, purposes: Json| {
        let body = json!({"identity": identity, "purposes": purposes, "method": "form"});
        assert_eq!(server.post("/api/v1/consents", &owner, &body).0, 200);
    };
    let analytics = json!({"analytics": true});
    yes("ann", json!({"analytics": true, "marketing:email": true}));
    // Shares the address, and allowed nothing but analytics: the address itself is not kept.
    yes("bob", analytics.clone());
    yes("cat", json!({"analytics": true, "marketing:email": true}));
    let profile = |identity: &str, mail: &str| json!({"type": "profile", "identity": identity, "profileData": {"Email": mail}});
    let shared = "Family@Example.test";
    upload(&server, json!([profile("ann", shared), profile("cat", "family@example.test")]));
    server.eventually(
        |s| s.get("/api/v1/people?identity=cat", &owner).1["people"][0]["email"].clone(),
        |email| email.is_string(),
    );
    let change = |status: &str| json!({"d": [{"type": "email", "value": "family@example.test", "status": status}]});
    let (status, answer) = call(&server, "POST", "/1/subscribe", &change("Unsubscribe"));
    let success = json!({"status": "success", "processed": 1, "unprocessed": []});
    assert_eq!((status, answer), (200, success.clone()));
    for identity in ["ann", "cat"] {
        let now = server.eventually(
            |s| consents(s, &owner, identity)["marketing:email"].clone(),
            |yes| *yes == false,
        );
        assert_eq!(now, false, "{identity}");
    }
    let last = |server: &Server| {
        let (_, history) = server.get("/api/v1/consents?identity=ann", &owner);
        history["consents"].as_array().unwrap().last().unwrap()["method"].clone()
    };
    // The history is the catalog's, which learns of it a moment after the store.
    assert_eq!(server.eventually(last, |method| method == "unsubscribe"), "unsubscribe");
    // Cat says no herself meanwhile: that word stays hers.
    yes("cat", json!({"marketing:email": false}));
    assert_eq!(call(&server, "POST", "/1/subscribe", &change("Resubscribe")), (200, success));
    let ann = server
        .eventually(|s| consents(s, &owner, "ann")["marketing:email"].clone(), |yes| *yes == true);
    assert_eq!(ann, true, "what she had allowed holds again");
    assert_eq!(consents(&server, &owner, "cat")["marketing:email"], false);
    assert_eq!(consents(&server, &owner, "bob"), json!({"analytics": true}));
    // A resubscription alone grants nothing.
    let bob = json!({"d": [{"type": "email", "value": "bob@example.test", "status": "Resubscribe"},
                           {"type": "pigeon", "value": "x", "status": "Unsubscribe"},
                           {"type": "phone", "value": "no number", "status": "Unsubscribe"},
                           {"type": "email", "value": shared, "status": "Maybe"}]});
    let (_, answer) = call(&server, "POST", "/1/subscribe", &bob);
    assert_eq!((&answer["status"], &answer["processed"]), (&json!("fail"), &json!(0)), "{answer}");
    let codes: Vec<_> =
        answer["unprocessed"].as_array().unwrap().iter().map(|r| &r["code"]).collect();
    assert_eq!(codes, [523, 524, 516, 512]);
}

#[test]
fn a_number_that_is_cut_off_finds_nobody_until_someone_names_it() {
    let data = tempfile::tempdir().unwrap();
    let owner = shop(data.path(), "open", &[]);
    let server = Server::start(data.path());
    let profile = |identity: &str| json!([{"type": "profile", "identity": identity, "profileData": {"Phone": "+919213231415"}}]);
    let by_phone = |s: &Server| s.get("/api/v1/people?phone=%2B919213231415", &owner).1;
    let identity = |found: &Json| found["people"][0]["identity"].clone();
    upload(&server, profile("ann"));
    server.eventually(by_phone, |found| identity(found) == "ann");
    let cut = json!({"d": [{"type": "phone", "value": "919213231415"}, {"type": "email", "value": "a@b.test"}]});
    let (_, answer) = call(&server, "POST", "/1/disassociate", &cut);
    assert_eq!(
        (&answer["status"], &answer["processed"]),
        (&json!("partial"), &json!(1)),
        "{answer}"
    );
    assert_eq!(answer["unprocessed"][0]["record"], cut["d"][1]);
    server.eventually(by_phone, |found| found["people"] == json!([]));
    let ann = server.eventually(
        |s| s.get("/api/v1/people?identity=ann", &owner).1["people"][0].clone(),
        |ann| ann["phone"].is_null(),
    );
    assert!(ann["phone"].is_null() && ann["identity"] == "ann", "{ann}");
    server.kill();
    let server = Server::start(data.path());
    assert_eq!(by_phone(&server)["people"], json!([]));
    upload(&server, profile("bob"));
    assert_eq!(identity(&server.eventually(by_phone, |found| identity(found) == "bob")), "bob");
}

const DEVICE: &str = "X-CleverTap-Account-ID: TEST-REST\r\nX-CleverTap-Token: tk\r\n";

#[test]
fn variables_are_defined_once_and_told_to_every_app_that_asks() {
    let data = tempfile::tempdir().unwrap();
    let owner = shop(data.path(), "open", &[]);
    let server = Server::start(data.path());
    let define = |server: &Server, headers: &str, vars: Json| {
        let meta = json!({"type": "meta", "id": "TEST-REST", "tk": "tk"});
        let body = json!([meta, {"type": "varsPayload", "vars": vars}]).to_string();
        server.send("POST", "/defineVars", headers, &body).unwrap()
    };
    let fetch = |server: &Server, kind: i64| {
        let body = json!([{"type": "meta", "g": "__1"},
            {"type": "event", "evtName": "wzrk_fetch", "evtData": {"t": kind}, "ep": DAY}]);
        server.send("POST", "/a1", DEVICE, &body.to_string()).unwrap()
    };
    assert_eq!(fetch(&server, 4), (200, json!({"vars": {}})), "an app that waits is told");
    let vars = json!({"welcome": {"type": "string", "defaultValue": "</script>\u{2028}"},
                      "theme.size": {"type": "number", "defaultValue": 2},
                      "banner": {"type": "file"}});
    // By a phone's headers, and by the meta record of a page.
    for headers in [DEVICE, ""] {
        let (status, answer) = define(&server, headers, vars.clone());
        assert_eq!((status, answer), (200, json!({"status": "success"})));
    }
    let values = json!({"welcome": "</script>\u{2028}", "theme.size": 2});
    assert_eq!(fetch(&server, 4), (200, json!({ "vars": values })));
    assert_eq!(fetch(&server, 0), (200, json!({})));
    let launch = json!([{"type": "meta", "g": "__1"},
        {"type": "event", "evtName": "App Launched", "evtData": {}, "ep": DAY}]);
    let (_, answer) = server.send("POST", "/a1", DEVICE, &launch.to_string()).unwrap();
    assert_eq!(answer["vars"], values);
    for (headers, body, code) in [
        (DEVICE, json!({"a": {"type": "number", "defaultValue": "x"}}), 400),
        (DEVICE, json!("x".repeat(300_000)), 413),
        ("X-CleverTap-Account-ID: TEST-REST\r\nX-CleverTap-Token: no\r\n", json!({}), 401),
        ("X-CleverTap-Account-ID: NOBODY\r\nX-CleverTap-Token: tk\r\n", json!({}), 401),
    ] {
        let (status, answer) = define(&server, headers, body);
        assert_eq!((status, &answer["code"]), (code, &json!(code)), "{answer}");
        assert!(answer["error"].is_string());
    }
    // What one app defines leaves what another defined; a kill loses nothing.
    let more = json!({"limit": {"type": "number", "defaultValue": 5}});
    assert_eq!(define(&server, DEVICE, more), (200, json!({"status": "success"})));
    server.kill();
    let server = Server::start(data.path());
    let (_, answer) = fetch(&server, 4);
    assert_eq!((&answer["vars"]["limit"], &answer["vars"]["theme.size"]), (&json!(5), &json!(2)));
    let (_, audit) = server.get("/api/v1/audit", &owner);
    let told = audit["entries"].as_array().unwrap().iter();
    let told: Vec<_> = told
        .map(|entry| (entry["action"].as_str().unwrap(), entry["subject"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("define variables", "version 2"), ("define variables", "version 1")]);
}

#[test]
fn a_device_without_consent_is_told_no_variables() {
    let data = tempfile::tempdir().unwrap();
    shop(data.path(), "strict", &[]);
    let server = Server::start(data.path());
    let vars = json!([{"type": "meta"}, {"type": "varsPayload", "vars": {"a": {"type": "boolean", "defaultValue": true}}}]);
    assert_eq!(server.send("POST", "/defineVars", DEVICE, &vars.to_string()).unwrap().0, 200);
    let body = json!([{"type": "meta", "g": "__1"},
        {"type": "event", "evtName": "wzrk_fetch", "evtData": {"t": 4}, "ep": DAY}]);
    let answer = server.send("POST", "/a1", DEVICE, &body.to_string()).unwrap();
    assert_eq!(answer, (200, json!({})));
}

#[test]
fn a_push_token_belongs_to_whoever_registered_it_last() {
    let data = tempfile::tempdir().unwrap();
    let owner = shop(data.path(), "open", &[]);
    let server = Server::start(data.path());
    let tokens = |s: &Server, guid: &str| {
        s.get(&format!("/api/v1/people?guid={guid}"), &owner).1["people"][0]["traits"]["push_token"]
            .clone()
    };
    let token = |guid: &str, id: &str| json!([{"type": "token", "objectId": guid, "tokenData": {"id": id, "type": "fcm"}}]);
    upload(&server, token("__1", "t-1"));
    upload(&server, token("__1", "t-1"));
    let first = server.eventually(|s| tokens(s, "__1"), |tokens| *tokens == json!(["t-1"]));
    assert_eq!(first, json!(["t-1"]));
    upload(&server, token("__2", "t-1"));
    assert_eq!(server.eventually(|s| tokens(s, "__2"), |t| *t == json!(["t-1"])), json!(["t-1"]));
    assert_eq!(tokens(&server, "__1"), json!([]));
    let many: Vec<Json> = (0..101).map(|n| token("__3", &format!("m-{n}"))[0].clone()).collect();
    let answer = upload(&server, json!(many));
    assert_eq!(
        (&answer["processed"], &answer["unprocessed"][0]["code"]),
        (&json!(100), &json!(535))
    );
}

/// What is too large, not understood or of a stranger, on every way in.
#[test]
fn each_way_in_refuses_a_request_in_the_words_of_its_clients() {
    let data = tempfile::tempdir().unwrap();
    let owner = shop(data.path(), "open", &[]);
    let server = Server::start(data.path());
    let token = format!("Authorization: Bearer {}\r\n", owner["api_token"].as_str().unwrap());
    let large = format!("[{}]", " ".repeat(8 << 20));
    let many = |record: Json, head: Option<Json>| {
        json!(head.into_iter().chain(std::iter::repeat_n(record, 1_001)).collect::<Vec<_>>())
    };
    let meta = json!({"type": "meta", "g": "__1"});
    let event = json!({"type": "event", "evtName": "e", "name": "e", "identity": "u"});
    let a1 = many(event.clone(), Some(meta)).to_string();
    let d = json!({"d": many(event.clone(), None)}).to_string();
    let records = json!({"records": many(event, None)}).to_string();
    let secret = "canary-4Zt9";
    let broken = format!("{{\"{secret}\":");
    for (path, headers, body, code) in [
        ("/a1", DEVICE, &large, 413),
        ("/1/upload", HEADERS, &large, 413),
        ("/api/v1/events", token.as_str(), &large, 413),
        ("/a1", DEVICE, &broken, 400),
        ("/1/upload", HEADERS, &broken, 400),
        ("/api/v1/events", token.as_str(), &broken, 400),
        ("/a1", DEVICE, &a1, 400),
        ("/1/upload", HEADERS, &d, 400),
        ("/api/v1/events", token.as_str(), &records, 400),
        ("/a1", "", &broken, 401),
        ("/1/upload", "", &broken, 401),
        ("/api/v1/events", "", &broken, 401),
    ] {
        let (status, answer) = server.send("POST", path, headers, body).unwrap();
        assert_eq!(status, code, "{path}: {answer}");
        assert!(!answer.to_string().contains(secret), "{answer}");
        if path == "/api/v1/events" {
            assert!(answer["code"].is_string() && answer["detail"].is_string(), "{answer}");
            let pointed = answer["errors"][0]["pointer"].is_string();
            assert_eq!(pointed, code == 400, "{answer}");
        } else {
            assert_eq!((&answer["status"], &answer["code"]), (&json!("fail"), &json!(code)));
            assert!(answer["error"].is_string());
        }
    }
    // A page is always answered 200, and acknowledged only when it will not help to send it again.
    let web = |target: &str| {
        let (status, answer) = server.send("GET", target, "", "").unwrap();
        assert_eq!(status, 200);
        answer.as_str().unwrap().matches(',').count()
    };
    let unacknowledged = 2;
    assert_eq!(web(&format!("/a?rn=1&d={}", "A".repeat(60_000))), unacknowledged);
    assert_eq!(web("/a?rn=1&d=N4Ig"), unacknowledged);
    // {"id":"NOBODY"}
    assert_eq!(web("/a?rn=1&d=N4IglgJiBcIHIHkBCCAiBNEAaEBfIA"), unacknowledged);
    let nothing = json!({"event": "*", "from": "2026-01-01", "to": "2028-01-01"});
    let (_, answer) = server.post("/api/v1/insights/trend", &owner, &nothing);
    assert_eq!(answer["series"][0]["total"], 0.0, "nothing of all this was kept: {answer}");
}
