//! From a request to an answer, and what must not come through.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value as Json, json};

use crate::server::{Server, bearer, create, run};

fn event(identity: &str, name: &str, at: &str, properties: Json) -> Json {
    json!({"type": "event", "identity": identity, "name": name, "at": at, "properties": properties})
}

fn total(server: &Server, publisher: &Json, event: &str) -> Json {
    let question = json!({"event": event, "from": "2026-11-01", "to": "2026-11-10"});
    let (status, answer) = server.post("/api/v1/insights/trend", publisher, &question);
    assert_eq!(status, 200, "{answer}");
    answer["series"][0]["total"].clone()
}

#[test]
fn what_is_sent_is_in_every_answer_and_still_there_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let server = Server::start(data.path());
    let records = json!({"records": [
        event("u1", "Viewed", "2026-11-02T10:00:00Z", json!({"plan": "gold"})),
        event("u1", "Charged", "2026-11-02T11:00:00Z", json!({"Amount": 12.5})),
        event("u2", "Viewed", "2026-11-03T10:00:00Z", json!({})),
        {"type": "profile", "identity": "u1", "set": {"Email": "u1@example.test"}},
    ]});
    let (status, answer) = server.post("/api/v1/events", &shop, &records);
    assert_eq!((status, &answer["accepted"]), (200, &json!(4)), "{answer}");
    let check = |server: &Server| {
        let viewed = server.eventually(|s| total(s, &shop, "Viewed"), |total| *total == 2.0);
        assert_eq!(viewed, 2.0);
        let funnel = json!({"steps": [{"event": "Viewed"}, {"event": "Charged"}],
                            "from": "2026-11-01", "to": "2026-11-10"});
        let (_, funnel) = server.post("/api/v1/insights/funnel", &shop, &funnel);
        assert_eq!(funnel["steps"][1]["count"], 1, "{funnel}");
        assert_eq!(funnel["steps"][1]["median_ms"], 3_600_000);
        let count = json!({"definition": {"did": {"event": "Charged"}}});
        let (_, count) = server.post("/api/v1/segments/count", &shop, &count);
        assert_eq!((&count["people"], &count["reachable"]["email"]), (&json!(1), &json!(1)));
        let (_, found) = server.get("/api/v1/people?email=U1@example.test", &shop);
        assert_eq!(found["people"][0]["identity"], "u1", "{found}");
        let id = found["people"][0]["id"].as_str().unwrap();
        let (_, timeline) = server.get(&format!("/api/v1/people/{id}/timeline?limit=1"), &shop);
        assert_eq!(timeline["events"][0]["name"], "Charged", "{timeline}");
        assert_eq!(timeline["events"][0]["properties"]["Amount"], 12.5);
        assert_eq!(timeline["events"][0]["session"], "~2026-11-02T11:00:00Z");
        let (_, properties) = server.get("/api/v1/properties", &shop);
        let mut seen = properties.as_array().unwrap().iter();
        assert_eq!(seen.find(|one| one["name"] == "Amount").unwrap()["seen"], 1, "{properties}");
    };
    check(&server);
    server.kill();
    let server = Server::start(data.path());
    check(&server);
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(data.path());
    check(&server);
    // The same again is a repeat.
    let (_, answer) = server.post("/api/v1/events", &shop, &records);
    assert_eq!(answer["accepted"], 4);
    check(&server);
}

#[test]
fn consent_decides_and_one_publisher_sees_nothing_of_another() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    // By the running server of the folder.
    let shop = create(data.path(), &["--name", "Shop"]);
    let other = create(data.path(), &["--name", "Other", "--admin-email", "b@localhost"]);
    let sent = json!({"records": [event("u1", "Viewed", "2026-11-02T10:00:00Z", json!({}))]});
    let (_, answer) = server.post("/api/v1/events", &shop, &sent);
    assert_eq!(answer["rejected"][0]["code"], "no_consent", "{answer}");
    let yes = json!({"identity": "u1", "purposes": {"analytics": true}, "method": "form"});
    let (status, receipt) = server.post("/api/v1/consents", &shop, &yes);
    assert_eq!(status, 200, "{receipt}");
    assert!(receipt["signature"].as_str().unwrap().len() > 80);
    let (_, answer) = server.post("/api/v1/events", &shop, &sent);
    assert_eq!(answer["accepted"], 1, "{answer}");
    assert_eq!(server.eventually(|s| total(s, &shop, "Viewed"), |t| *t == 1.0), 1.0);
    assert_eq!(total(&server, &other, "*"), 0.0);
    let history = server.eventually(
        |s| s.get("/api/v1/consents?identity=u1", &shop).1,
        |history| history["consents"].as_array().is_some_and(|all| all.len() == 1),
    );
    assert_eq!(history["consents"][0]["signature"], receipt["signature"]);
    let (status, _) = server.send("GET", "/api/v1/gate", "", "").unwrap();
    assert_eq!(status, 401);
    let no = json!({"guid": "g2", "purposes": {"analytics": false}});
    assert_eq!(server.post("/api/v1/consents", &shop, &no).0, 200);
    let gate = server.eventually(
        |s| s.get("/api/v1/gate", &shop).1,
        |gate| gate["consents"]["analytics"]["no"] == 1,
    );
    assert_eq!(gate["consents"]["analytics"], json!({"yes": 1, "no": 1}), "{gate}");
    assert_eq!(gate["consents"]["marketing:sms"], json!({"yes": 0, "no": 0}));
    assert_eq!((&gate["refused"]["no_consent"], &gate["accepted"]), (&json!(1), &json!(1)));
    let (_, audit) = server.get("/api/v1/audit", &shop);
    assert_eq!(audit["entries"].as_array().unwrap().len(), 0);
    server.get("/api/v1/people?identity=u1", &shop);
    let (_, audit) = server.get("/api/v1/audit", &shop);
    assert_eq!(audit["entries"][0]["action"], "view person", "{audit}");
}

#[test]
fn bad_input_is_answered_with_what_to_change_and_without_what_was_sent() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let server = Server::start(data.path());
    let canary = "canary-7Qx2";
    let questions = "/api/v1/insights/funnel";
    let step = json!({"event": "a"});
    for (path, body, code) in [
        ("/api/v1/events", format!("{{\"records\":\"{canary}\"}}"), 400),
        ("/api/v1/events", format!("{{{canary}"), 400),
        ("/api/v1/events", json!({"records": vec![1; 1001]}).to_string(), 400),
        (questions, json!({"steps": [step], "from": "2026-11-01", "to": "2026-11-02"}).to_string(), 400),
        (questions, json!({"steps": [step, step], "from": canary, "to": "2026-11-02"}).to_string(), 400),
        (questions, json!({"steps": [step, step], "from": "2026-11-01", "to": "2026-11-02", "order": canary}).to_string(), 400),
        ("/api/v1/insights/forecast", "{}".to_owned(), 404),
    ] {
        let (status, answer) = server.send("POST", path, &bearer(&shop), &body).unwrap();
        assert_eq!(status, code, "{body}: {answer}");
        assert!(answer["code"].is_string(), "{answer}");
        assert!(!answer.to_string().contains(canary), "{answer}");
    }
    let large = " ".repeat(8_388_609);
    let (status, _) = server.send("POST", "/api/v1/events", &bearer(&shop), &large).unwrap();
    assert_eq!(status, 413);
    let deep = json!({"records": [
        {"type": "event", "identity": "u", "name": "x".repeat(1025)},
        {"type": "event", "identity": "u", "name": "kept", "at": "2026-11-02T10:00:00Z"},
        {"type": "event", "identity": "u", "name": "old", "at": "1999-01-01T00:00:00Z"},
    ]});
    let (_, answer) = server.post("/api/v1/events", &shop, &deep);
    let codes: Vec<_> = answer["rejected"].as_array().unwrap().iter().map(|r| &r["code"]).collect();
    assert_eq!(codes, ["name_too_long", "too_old"]);
    assert_eq!(answer["accepted"], 1);
}

#[test]
fn a_session_sees_what_its_publisher_may_and_ends() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop"]);
    let server = Server::start(data.path());
    let wrong = json!({"email": "admin@localhost", "password": "x"}).to_string();
    assert_eq!(server.send("POST", "/api/v1/login", "", &wrong).unwrap().0, 401);
    let nobody = json!({"email": "nobody@localhost", "password": "x"}).to_string();
    assert_eq!(server.send("POST", "/api/v1/login", "", &nobody).unwrap().0, 401);
    assert_eq!(
        server.send("POST", "/api/v1/login", "", &shop["admin"].to_string()).unwrap().0,
        200
    );
}

#[test]
fn a_folder_serves_one_and_a_wrong_command_says_what_to_change() {
    let data = tempfile::tempdir().unwrap();
    let _server = Server::start(data.path());
    let folder = data.path().to_str().unwrap();
    let second = run(&["serve", "--data", folder, "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use"));
    let create = ["publisher", "create", "--data", "x", "--name", "x"];
    let wrong: [&[&str]; 6] = [
        &[],
        &["serve"],
        &["verify"],
        &["serve", "--data", "x", "--listen", "here"],
        &[&create[..], &["--admin-email", "nobody"]].concat(),
        &[&create[..], &["--keys", "sealed"]].concat(),
    ];
    for arguments in wrong {
        let done = run(arguments);
        let error = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!((done.status.code(), error.lines().count()), (Some(2), 1), "{error}");
    }
}

#[test]
fn the_demo_has_history_and_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let (server, shop) = Server::demo(data.path());
    let funnel = json!({"steps": [{"event": "Product Viewed"}, {"event": "Charged"}],
                        "from": "2020-01-01", "to": "2100-01-01"});
    let answer = server.eventually(
        |s| s.post("/api/v1/insights/funnel", &shop, &funnel).1,
        |answer| answer["steps"][1]["count"].as_u64().is_some_and(|paid| paid > 10),
    );
    let steps = answer["steps"].as_array().unwrap();
    assert!(steps[0]["count"].as_u64() > steps[1]["count"].as_u64(), "{answer}");
    server.eventually(
        |s| s.get("/api/v1/insights/live", &shop).1,
        |live| {
            let recent = live["recent"].as_array().map_or(0, Vec::len);
            live["active_5m"].as_u64() > Some(0) && recent > 1
        },
    );
    let (_, gate) = server.get("/api/v1/gate", &shop);
    assert!(gate["refused"]["no_consent"].as_u64() > Some(0), "{gate}");
    assert_eq!(server.stop(), Some(0));
}

/// Status and the one line that is said.
fn ended(arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(arguments);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_command_that_is_wrong_ends_with_2_and_a_line_that_says_what_to_change() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let file = |name: &str, text: &str| {
        let path = data.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let create = |more: &[&str], said: &str| {
        let line = [&["publisher", "create", "--data", folder, "--name", "Shop"], more].concat();
        let (status, error) = ended(&line);
        assert_eq!((status, error.lines().count()), (Some(2), 1), "{more:?}: {error}");
        assert!(error.contains(said), "{more:?}: {error}");
    };
    create(&["--timezone", "Mars/Base"], "Asia/Kolkata");
    create(&["--account-id", "a/b"], "letters, digits");
    create(&["--account-token", ""], "not empty");
    create(&["--passcode", ""], "not empty");
    create(&["--policy", "lax"], "strict, measured, open or a file");
    let rule = r#"{"basis":"consent","classes":[]}"#;
    let policy = format!("{{\"preset\":\"strict\",\"purposes\":{{\"Bad Name\":{rule}}}}}");
    create(&["--policy", &file("named.json", &policy)], "a-z, 0-9 and _");
    create(&["--policy", &file("broken.json", "{")], "read the policy");
    let serve = |more: &[&str], said: &str| {
        let line = [&["serve", "--data", folder, "--listen", "127.0.0.1:0"], more].concat();
        let (status, error) = ended(&line);
        assert_eq!((status, error.lines().count()), (Some(2), 1), "{more:?}: {error}");
        assert!(error.contains(said), "{more:?}: {error}");
    };
    serve(&["--config", &file("a.toml", "listen = 5")], "listen");
    serve(&["--config", &file("b.toml", "\n{{")], "line 2");
    serve(&["--config", "/no/such/file"], "/no/such/file");
    serve(&["--tls-cert", "/no/cert", "--tls-key", "/no/key"], "/no/cert");
}

#[test]
fn a_dashboard_that_is_open_does_not_hold_the_stop_back() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop"]);
    let server = Server::start(data.path());
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let path = "/api/v1/insights/live/stream";
    let ask = format!("GET {path} HTTP/1.1\r\nHost: test\r\n{}\r\n", bearer(&shop));
    stream.write_all(ask.as_bytes()).unwrap();
    let mut read = BufReader::new(&stream);
    let mut line = String::new();
    while !line.starts_with("event: live") {
        line.clear();
        assert!(read.read_line(&mut line).unwrap() > 0, "the stream goes on");
    }
    assert_eq!(server.stop(), Some(0));
    // It was ended and not cut off.
    let mut rest = String::new();
    read.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
}
