//! Who is let in, and how that ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::server::{BINARY, Server, bearer, create};

/// Status and body of a request with headers of its own.
fn ask(server: &Server, line: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let (host, length) = (server.address(), body.len());
    let head = format!("{line} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\n");
    let request = format!("{head}{headers}connection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer[9..12].parse().unwrap(), answer)
}

fn token(of: &Json) -> Json {
    json!({"api_token": of["token"]})
}

#[test]
fn a_token_has_what_its_maker_gave_and_ends_when_it_is_taken_back() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let server = Server::start(data.path());
    let want = json!({"name": "warehouse", "scopes": ["read", "ingest", "read"]});
    let (status, made) = server.post("/api/v1/tokens", &shop, &want);
    assert_eq!((status, &made["scopes"]), (200, &json!(["ingest", "read"])), "{made}");
    let warehouse = token(&made);
    assert_eq!(server.get("/api/v1/events/names", &warehouse).0, 200);
    for path in ["/api/v1/tokens", "/api/v1/audit"] {
        let (status, problem) = server.get(path, &warehouse);
        assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "{path}");
    }
    // An admin that lacks a scope cannot give it.
    let some = json!({"name": "half", "scopes": ["admin", "read"]});
    let (_, half) = server.post("/api/v1/tokens", &shop, &some);
    let more = json!({"name": "more", "scopes": ["people"]});
    assert_eq!(server.post("/api/v1/tokens", &token(&half), &more).0, 403);
    for wrong in [
        json!({"name": " ", "scopes": ["read"]}),
        json!({"name": "a", "scopes": []}),
        json!({"name": "a", "scopes": ["root"]}),
        json!({"name": "x".repeat(101), "scopes": ["read"]}),
    ] {
        assert_eq!(server.post("/api/v1/tokens", &shop, &wrong).0, 400, "{wrong}");
    }
    let (_, all) = server.get("/api/v1/tokens", &shop);
    let names: Vec<_> = all["tokens"].as_array().unwrap().iter().map(|t| &t["name"]).collect();
    assert_eq!(names, ["first", "warehouse", "half"], "{all}");
    assert!(!all.to_string().contains(made["token"].as_str().unwrap()), "shown once");
    let gone = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(server.send("DELETE", &gone, &bearer(&warehouse), "").unwrap().0, 403);
    assert_eq!(server.send("DELETE", &gone, &bearer(&shop), "").unwrap().0, 204);
    assert_eq!(server.send("DELETE", &gone, &bearer(&shop), "").unwrap().0, 404);
    assert_eq!(server.get("/api/v1/events/names", &warehouse).0, 401);
    let (_, audit) = server.get("/api/v1/audit", &shop);
    let did = |action: &str| audit.to_string().matches(&format!("\"{action}\"")).count();
    assert_eq!((did("make token"), did("take token back")), (2, 1), "{audit}");
}

#[test]
fn wrong_passwords_are_slowed_down_and_other_sites_change_nothing() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--admin-email", "a@x.test"]);
    let server = Server::start(data.path());
    let login = |email: &str, password: &str, headers: &str| {
        let body = json!({"email": email, "password": password}).to_string();
        ask(&server, "POST /api/v1/login", headers, &body)
    };
    let password = shop["admin"]["password"].as_str().unwrap();
    let (status, answer) = login("a@x.test", password, "");
    assert_eq!(status, 200, "{answer}");
    let cookie = answer.split("candor_session=").nth(1).unwrap().split(';').next().unwrap();
    let cookie = format!("cookie: candor_session={cookie}\r\n");
    let class = |headers: &str| {
        let headers = format!("{cookie}{headers}");
        ask(&server, "PUT /api/v1/properties/plan", &headers, r#"{"class":"behaviour"}"#).0
    };
    let own = format!("origin: http://{}\r\n", server.address());
    assert_eq!(class(""), 200);
    assert_eq!(class(&own), 200);
    assert_eq!(class("sec-fetch-site: same-origin\r\n"), 200);
    assert_eq!(class("sec-fetch-site: cross-site\r\n"), 403);
    assert_eq!(class("sec-fetch-site: same-site\r\n"), 403);
    assert_eq!(class("origin: https://elsewhere.test\r\n"), 403);
    assert_eq!(class("origin: null\r\n"), 403);
    assert_eq!(login("a@x.test", password, "sec-fetch-site: cross-site\r\n").0, 403);
    // A page of a site may ask with a token that it was given.
    let token = format!("{}origin: https://elsewhere.test\r\n", bearer(&shop));
    let (status, answer) = ask(&server, "POST /api/v1/events", &token, r#"{"records":[]}"#);
    assert_eq!(status, 200, "{answer}");
    for _ in 0..10 {
        assert_eq!(login("a@x.test", "wrong", "").0, 401);
    }
    let (status, answer) = login("A@x.test", "wrong", "");
    assert_eq!(status, 429, "{answer}");
    assert!(answer.to_lowercase().contains("retry-after: "), "{answer}");
    assert_eq!(login("b@x.test", "wrong", "").0, 401, "another e-mail is not held back");
}

#[test]
fn a_server_that_dies_leaves_no_core() {
    let data = tempfile::tempdir().unwrap();
    create(data.path(), &["--name", "Shop"]);
    let allowed = "ulimit -c unlimited 2>/dev/null || true; exec \"$0\" \"$@\"";
    let mut server = Command::new("sh")
        .args(["-c", allowed, BINARY, "serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .current_dir(data.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 1];
    server.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "{core}");
    let abort = Command::new("kill").args(["-ABRT", &server.id().to_string()]).status().unwrap();
    assert!(abort.success());
    let ended = server.wait().unwrap();
    assert_eq!((ended.signal(), ended.core_dumped()), (Some(6), false), "{ended}");
    let cores = std::fs::read_dir(data.path()).unwrap();
    let cores = cores
        .filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with("core"));
    assert_eq!(cores.count(), 0);
}

#[test]
fn without_the_scope_people_nobody_sees_or_asks_who_someone_is() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let server = Server::start(data.path());
    let traits = json!({"Email": "secret@x.test", "Name": "Secret", "plan": "gold"});
    let records = json!({"records": [
        {"type": "profile", "identity": "u-secret", "set": traits},
        {"type": "event", "identity": "u-secret", "guid": "g-secret", "name": "Seen",
         "at": "2026-11-02T10:00:00Z",
         "properties": {"Latitude": 48.137154, "country": "IN", "plan": "gold", "Phone": "secret"}},
    ]});
    assert_eq!(server.post("/api/v1/events", &shop, &records).0, 200);
    let reader = json!({"name": "reader", "scopes": ["read"]});
    let reader = token(&server.post("/api/v1/tokens", &shop, &reader).1);
    let find = "/api/v1/people?email=secret@x.test";
    let people = |server: &Server| server.get(find, &reader).1["people"].clone();
    let seen = server.eventually(people, |people| people[0]["events"][0]["name"] == "Seen");
    let masked = json!({"masked": true});
    for id in ["identity", "email", "guids"] {
        assert_eq!(seen[0][id], masked, "{id}");
    }
    assert_eq!(
        (&seen[0]["traits"]["Email"], &seen[0]["traits"]["plan"]),
        (&masked, &json!("gold"))
    );
    let id = seen[0]["id"].as_str().unwrap();
    let (_, one) = server.get(&format!("/api/v1/people/{id}"), &reader);
    let (_, timeline) = server.get(&format!("/api/v1/people/{id}/timeline"), &reader);
    let properties = &timeline["events"][0]["properties"];
    assert_eq!((&properties["Latitude"], &properties["plan"]), (&masked, &json!("gold")));
    for answer in [&seen, &one, &timeline] {
        let text = answer.to_string().to_lowercase();
        assert!(!text.contains("secret") && !text.contains("48.137154"), "{text}");
    }
    let (_, clear) = server.get(find, &shop);
    assert_eq!(clear["people"][0]["email"], "secret@x.test");
    let (_, audit) = server.get("/api/v1/audit", &shop);
    let did = |action: &str| audit.to_string().matches(&format!("\"{action}\"")).count();
    assert!(did("view person masked") >= 3 && did("view person") == 1, "{audit}");
    // No question tells it either.
    let base = json!({"event": "Seen", "from": "2026-11-01", "to": "2026-11-03"});
    let with = |field: &str, value: Json| {
        let mut question = base.clone();
        question[field] = value;
        question
    };
    let email = json!({"property": "Email", "scope": "person", "op": "exists"});
    for question in [
        with("breakdown", json!("Phone")),
        with("breakdown", json!(["plan", {"property": "Email", "scope": "person"}])),
        with("where", json!([email])),
        with("measure", json!("max:Latitude")),
        with("people", json!({"not": {"person": email}})),
    ] {
        let trend = "/api/v1/insights/trend";
        assert_eq!(server.post(trend, &reader, &question).0, 403, "{question}");
        assert_eq!(server.post(trend, &shop, &question).0, 200, "{question}");
    }
    for question in [with("breakdown", json!("plan")), with("breakdown", json!("country"))] {
        assert_eq!(server.post("/api/v1/insights/trend", &reader, &question).0, 200, "{question}");
    }
    let steps = json!([{"event": "Seen", "where": [email]}, {"event": "Seen"}]);
    let funnel = json!({"steps": steps, "from": "2026-11-01", "to": "2026-11-03"});
    assert_eq!(server.post("/api/v1/insights/funnel", &reader, &funnel).0, 403);
    let count = json!({"definition": {"person": email}});
    assert_eq!(server.post("/api/v1/segments/count", &reader, &count).0, 403);
    assert_eq!(server.get("/api/v1/properties/Email/values?scope=person", &reader).0, 403);
}
