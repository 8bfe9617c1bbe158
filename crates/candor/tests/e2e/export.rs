//! `candor export`: what it writes is whole, is everything that may be shown and nothing else, and
//! an import of it answers the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::server::{BINARY, Server, create, run};

const SHOP: [&str; 6] = ["--name", "Shop", "--account-id", "TEST-EXPORT", "--passcode", "pass"];

fn shop(data: &Path, policy: &str) -> Json {
    create(data, &[&SHOP[..], &["--policy", policy]].concat())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn export(data: &Path, to: &Path, more: &[&str]) -> Output {
    let line = ["export", "--data", text(data), "--account", "TEST-EXPORT", "--to", text(to)];
    run(&[&line[..], more].concat())
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

fn good(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
}

/// The files of a folder by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    entries.map(|path| (name(&path), std::fs::read(&path).unwrap())).collect()
}

/// The same without what says when.
fn rows(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = files(folder);
    assert!(files.remove("export.json").is_some(), "{:?}", files.keys());
    files
}

/// The lines of all files of a kind.
fn lines(folder: &Path, kind: &str) -> Vec<Json> {
    let files = files(folder).into_iter();
    let of_kind = files.filter(|(name, _)| name.starts_with(kind) && name.ends_with(".jsonl"));
    of_kind
        .flat_map(|(_, bytes)| {
            String::from_utf8(bytes).unwrap().lines().map(read).collect::<Vec<_>>()
        })
        .collect()
}

fn read(line: &str) -> Json {
    serde_json::from_str(line).unwrap()
}

fn send(server: &Server, shop: &Json, records: &Json) {
    let (status, answer) = server.post("/api/v1/events", shop, &json!({ "records": records }));
    let sent = records.as_array().unwrap().len();
    assert_eq!((status, &answer["accepted"]), (200, &json!(sent)), "{answer}");
}

/// People of every kind: with an identity, a device alone, one with two devices, one who was folded
/// into another, one who was erased, one who allows some purposes.
fn fill(server: &Server, shop: &Json) {
    let event = |who: &str, id: &str, name: &str, minute: u32, properties: Json| {
        let at = format!("2026-11-02T10:{minute:02}:00Z");
        json!({"type": "event", who: id, "name": name, "at": at, "properties": properties})
    };
    let mut records = Vec::new();
    for person in 0..40 {
        let id = format!("u{person}");
        let city = if person % 3 == 0 { "Pune" } else { "Delhi" };
        let traits = json!({"Name": format!("Person {person}"), "Plan": person % 4, "City": city,
                            "since": "$D_1793613600", "tags": ["a", {"b": person}],
                            "type": "x", "time": "noon"});
        records.push(json!({"type": "profile", "identity": id, "set": traits}));
        let viewed = json!({"price": 12.5, "count": person, "session": 7 + person % 2,
                            "time": "late", "person": "me", "json:x": "{", "mixed": person});
        records.push(event("identity", &id, "Viewed", 1, viewed));
        if person % 2 == 0 {
            let cart = json!({"price": 3, "gift": person % 4 == 0, "mixed": "text",
                              "Items": [{"sku": "s1", "n": 2}], "day": "$D_1793577600"});
            records.push(event("identity", &id, "Carted", 2, cart));
        }
        if person % 4 == 0 {
            let session = json!({"session": "a text", "Amount": 100 + person});
            records.push(event("identity", &id, "Charged", 2, session));
        }
        records.push(event("guid", &format!("stranger{person}"), "Viewed", 3, json!({})));
    }
    // Two at one moment that only their ids tell apart.
    for id in ["first", "second", "second"] {
        let mut twice = event("identity", "u1", "Clicked", 5, json!({"x": 1}));
        twice["id"] = json!(id);
        records.push(twice);
    }
    // Somebody on two devices; what the second did before the log-in is theirs, too.
    records.push(event("guid", "phone", "Clicked", 5, json!({"x": 1})));
    records.push(event("guid", "tablet", "Clicked", 5, json!({"x": 1})));
    for guid in ["phone", "tablet"] {
        let set = json!({"Email": "two@example.test"});
        records.push(json!({"type": "profile", "identity": "two", "guid": guid, "set": set}));
    }
    records.push(event("identity", "gone", "Viewed", 4, json!({"canary": "canary"})));
    let consent = json!({"analytics": true, "marketing:email": false});
    records.push(json!({"type": "profile", "identity": "u3", "set": {"ct_consent": consent}}));
    send(server, shop, &json!(records));
    let headers = "X-CleverTap-Account-Id: TEST-EXPORT\r\nX-CleverTap-Passcode: pass\r\n";
    let gone = json!({"identity": "gone"}).to_string();
    let (status, _) = server.send("POST", "/1/delete/profiles.json", headers, &gone).unwrap();
    assert_eq!(status, 200);
}

/// What a publisher's people did and are, without the ids that each publisher gives.
fn answers(server: &Server, shop: &Json) -> Json {
    let ask = |kind: &str, question: Json| {
        let mut question = question;
        (question["from"], question["to"]) = (json!("2026-11-01"), json!("2026-11-10"));
        let (status, mut answer) =
            server.post(&format!("/api/v1/insights/{kind}"), shop, &question);
        assert_eq!(status, 200, "{answer}");
        answer.as_object_mut().unwrap().remove("meta");
        answer
    };
    let steps = json!([{"event": "Viewed"}, {"event": "Carted"}, {"event": "Charged"}]);
    let people: Vec<Json> = [
        "identity=u1",
        "identity=u3",
        "identity=two",
        "guid=tablet",
        "guid=stranger4",
        "identity=gone",
        "email=two%40example.test",
    ]
    .iter()
    .map(|who| {
        let mut found = server.get(&format!("/api/v1/people?{who}"), shop).1["people"].take();
        for person in found.as_array_mut().unwrap() {
            person["id"] = json!(null);
        }
        found
    })
    .collect();
    json!([
        ask("trend", json!({"event": "*", "interval": "hour", "breakdown": ["mixed"]})),
        ask("trend", json!({"event": "*", "measure": "uniques", "breakdown": ["session"]})),
        ask(
            "trend",
            json!({"event": "Viewed", "measure": "sum:count", "breakdown":
                            {"property": "City", "scope": "person"}})
        ),
        ask("trend", json!({"event": "Clicked"})),
        ask("funnel", json!({"steps": steps.clone(), "order": "strict"})),
        ask("funnel", json!({"steps": steps, "breakdown": "price"})),
        ask(
            "retention",
            json!({"born": {"event": "Viewed"}, "back": {"event": "*"},
                                "period": "day", "periods": 3})
        ),
        ask("paths", json!({"start": "Viewed", "steps": 3})),
        people,
    ])
}

/// A number is one whether or not it was written whole, as in every answer.
fn plain(json: &Json) -> Json {
    match json {
        Json::Number(number) => json!(number.as_f64()),
        Json::Array(list) => list.iter().map(plain).collect(),
        Json::Object(fields) => {
            Json::Object(fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        other => other.clone(),
    }
}

fn import_all(data: &Path, folder: &Path, ending: &str) {
    for (kind, more) in [("people", true), ("devices", true), ("events", false)] {
        let names = files(folder).into_keys();
        let wanted = names.filter(|name| name.starts_with(kind) && name.ends_with(ending));
        let paths: Vec<String> = wanted.map(|name| text(&folder.join(name)).to_owned()).collect();
        if paths.is_empty() {
            continue;
        }
        let mut line = vec!["import", "--data", text(data), "--account", "TEST-EXPORT"];
        line.extend(more.then_some("--profiles"));
        line.extend(paths.iter().map(String::as_str));
        good(&run(&line));
    }
}

#[test]
fn what_it_writes_is_read_back_to_the_same_answers() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = shop(&data, "open");
    let server = Server::start(&data);
    fill(&server, &owner);
    let total = |server: &Server| {
        let all = json!({"event": "*", "from": "2026-11-01", "to": "2026-11-10"});
        server.post("/api/v1/insights/trend", &owner, &all).1["series"][0]["total"].clone()
    };
    assert_eq!(server.eventually(total, |total| *total == json!(114.0)), json!(114.0));
    let before = answers(&server, &owner);

    // By the running server, and without it: the same files.
    let (running, stopped) = (folder.path().join("running"), folder.path().join("stopped"));
    let done = export(&data, &running, &[]);
    good(&done);
    assert!(said(&done).contains("81 people and 114 events"), "{}", said(&done));
    let (_, audit) = server.get("/api/v1/audit", &owner);
    let entry = &audit["entries"][0];
    assert_eq!((&entry["action"], &entry["subject"]), (&json!("export"), &json!("everybody")));
    assert!(entry["actor"].as_str().unwrap().starts_with("command line, user "), "{audit}");
    assert_eq!(server.stop(), Some(0));
    good(&export(&data, &stopped, &[]));
    assert_eq!(rows(&running), rows(&stopped));

    // Nothing of who was erased, and who was folded into another is there once.
    for (name, bytes) in files(&stopped) {
        assert!(!String::from_utf8_lossy(&bytes).contains("canary"), "{name}");
    }
    let two: Vec<Json> =
        lines(&stopped, "people").into_iter().filter(|row| row["identity"] == "two").collect();
    assert_eq!((two.len(), &two[0]["guids"]), (1, &json!(["phone", "tablet"])), "{two:?}");
    let of_two = |row: &&Json| row["person"] == two[0]["person"];
    assert_eq!(lines(&stopped, "devices").iter().filter(of_two).count(), 2);
    assert_eq!(lines(&stopped, "events").iter().filter(of_two).count(), 2);

    for ending in ["jsonl", "parquet"] {
        let data = folder.path().join(ending);
        let owner = shop(&data, "open");
        import_all(&data, &stopped, ending);
        let server = Server::start(&data);
        let after = answers(&server, &owner);
        assert_eq!(plain(&after), plain(&before), "{ending}");
        if ending == "jsonl" {
            assert_eq!(after, before, "lines of JSON lose nothing");
        }
    }
}

#[test]
fn who_allows_what_comes_along() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = shop(&data, "strict");
    let server = Server::start(&data);
    let said = json!({"identity": "u1", "purposes": {"analytics": true}, "method": "form"});
    assert_eq!(server.post("/api/v1/consents", &owner, &said).0, 200);
    let event = |identity: &str| {
        json!({"type": "event", "identity": identity, "name": "Viewed", "at": "2026-11-02T10:00:00Z",
               "properties": {"OS": "Android"}})
    };
    send(&server, &owner, &json!([event("u1")]));
    let all = json!({"event": "Viewed", "from": "2026-11-01", "to": "2026-11-10"});
    let total = |server: &Server, owner: &Json| {
        server.post("/api/v1/insights/trend", owner, &all).1["series"][0]["total"].clone()
    };
    let seen = server.eventually(|server| total(server, &owner), |total| *total == json!(1.0));
    assert_eq!(seen, json!(1.0));
    let to = folder.path().join("to");
    good(&export(&data, &to, &[]));
    // The identity is not kept in clear under this policy: nothing of it comes along.
    let people = lines(&to, "people");
    assert_eq!(people[0]["ct_consent"], json!({"analytics": true}));
    assert_eq!((people.len(), &people[0]["identity"]), (1, &json!(null)), "{people:?}");
    let other = folder.path().join("other");
    let owner = shop(&other, "strict");
    import_all(&other, &to, "parquet");
    let server = Server::start(&other);
    assert_eq!(total(&server, &owner), json!(1.0), "what they did may be kept there, too");
}

#[test]
fn one_person_is_written_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = shop(&data, "open");
    let server = Server::start(&data);
    fill(&server, &owner);
    let find = |server: &Server| server.get("/api/v1/people?identity=u1", &owner).1;
    let events = |found: &Json| found["people"][0]["events"].as_array().map_or(0, Vec::len) == 2;
    let found = server.eventually(find, events);
    let to = folder.path().join("to");
    good(&export(&data, &to, &["--person", "u1", "--format", "jsonl"]));
    assert_eq!(lines(&to, "events").len(), 3);
    let people = lines(&to, "people");
    assert_eq!((people.len(), &people[0]["Name"]), (1, &json!("Person 1")));
    assert!(files(&to).keys().all(|name| !name.ends_with("parquet")));
    let (_, audit) = server.get("/api/v1/audit", &owner);
    let entry = audit["entries"].as_array().unwrap().iter().find(|e| e["action"] == "export");
    assert_eq!(entry.unwrap()["subject"], found["people"][0]["id"], "{audit}");
    let nobody = export(&data, &folder.path().join("nobody"), &["--person", "nobody"]);
    assert_eq!(nobody.status.code(), Some(2), "{}", said(&nobody));
    assert!(said(&nobody).contains("--person"), "{}", said(&nobody));
}

#[test]
fn what_cannot_be_exported_says_what_to_change() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let owner = shop(&data, "open");
    let to = folder.path().join("to");
    let refused = |done: Output, word: &str| {
        assert_eq!(done.status.code(), Some(2), "{}", said(&done));
        assert!(said(&done).contains(word), "{word}: {}", said(&done));
    };
    let line = ["export", "--data", text(&data), "--account", "NOBODY", "--to", text(&to)];
    refused(run(&line), "no publisher here has the account id \"NOBODY\"");
    let server = Server::start(&data);
    refused(run(&line), "no publisher here has the account id \"NOBODY\"");
    drop(server);
    let nowhere = folder.path().join("nowhere");
    refused(export(&nowhere, &to, &[]), "holds no publisher");
    std::fs::write(&nowhere, "a file").unwrap();
    refused(export(&data, &nowhere, &[]), "nowhere");
    // A publisher without anybody has an export without rows.
    good(&export(&data, &to, &[]));
    assert_eq!(files(&to).into_keys().collect::<Vec<_>>(), ["export.json"]);
    refused(export(&data, &to, &[]), "is not empty: name an empty folder");
    let other = json!({"account": "OTHER", "offset": 0, "as_of": "", "goes_on": false,
                       "people": 0, "events": 0, "classes": {}, "files": []});
    let unfinished = folder.path().join("unfinished");
    std::fs::create_dir(&unfinished).unwrap();
    std::fs::write(unfinished.join("export.unfinished.json"), other.to_string()).unwrap();
    refused(export(&data, &unfinished, &[]), "holds another export");
    let _ = owner;
}

/// A publisher with events enough that an export takes a moment.
fn many(data: &Path, folder: &Path) {
    shop(data, "open");
    let row = |n: u32| {
        let at = 1_793_613_600_000u64 + u64::from(n) * 7;
        format!(
            "{{\"identity\":\"u{}\",\"event\":\"Seen\",\"time\":{at},\"n\":{n},\"text\":\"t{n}\"}}\n",
            n % 500
        )
    };
    let path = folder.join("events.jsonl");
    std::fs::write(&path, (0..30_000).map(row).collect::<String>()).unwrap();
    let line = ["import", "--data", text(data), "--account", "TEST-EXPORT", text(&path)];
    good(&run(&line));
}

#[test]
fn an_export_that_was_killed_goes_on_to_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    many(&data, folder.path());
    let (whole, to) = (folder.path().join("whole"), folder.path().join("to"));
    good(&export(&data, &whole, &[]));
    let line = ["export", "--data", text(&data), "--account", "TEST-EXPORT", "--to", text(&to)];
    let mut kept = None;
    for files_wanted in [1, 7, 20] {
        let mut child = Command::new(BINARY).args(line).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        let there = || std::fs::read_dir(&to).map_or(0, Iterator::count);
        while there() < files_wanted && child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "the export stands still");
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let first = to.join("people-000.parquet");
        let written = std::fs::metadata(&first).ok().map(|facts| facts.modified().unwrap());
        // What was whole is not written again.
        assert!(kept.is_none() || written == kept);
        kept = written;
    }
    let done = run(&line);
    assert!(done.status.success() || to.join("export.json").exists(), "{}", said(&done));
    assert_eq!(rows(&to), rows(&whole));
    assert!(kept.is_some(), "a kill came after the first file");

    // Whatever came in between is in all of it or in nothing.
    let again = folder.path().join("again");
    let line = ["export", "--data", text(&data), "--account", "TEST-EXPORT", "--to", text(&again)];
    let mut child = Command::new(BINARY).args(line).spawn().unwrap();
    while !again.join("people-000.parquet").exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    if !again.join("export.json").exists() {
        let more = folder.path().join("more.jsonl");
        std::fs::write(&more, "{\"identity\":\"u1\",\"event\":\"Late\",\"time\":1793613600}\n")
            .unwrap();
        good(&run(&["import", "--data", text(&data), "--account", "TEST-EXPORT", text(&more)]));
        let done = run(&line);
        good(&done);
        assert!(said(&done).contains("begins again"), "{}", said(&done));
        assert_eq!(lines(&again, "events").len(), 30_001);
    }
}

#[test]
fn a_disk_that_takes_no_more_is_said_and_the_same_command_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    many(&data, folder.path());
    let to = folder.path().join("to");
    let account = ["--account", "TEST-EXPORT", "--format", "jsonl"];
    // Files of 64 KiB at most; the signal of it would end the process.
    let script = format!(
        "trap '' XFSZ; ulimit -f 128; exec {BINARY} export --data {} {} --to {}",
        text(&data),
        account.join(" "),
        text(&to)
    );
    let server = Server::start(&data);
    let done = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(done.status.code(), Some(1), "{}", said(&done));
    let error = said(&done);
    assert!(error.contains("events-000.jsonl") && error.contains("too large"), "{error}");
    assert!(files(&to).keys().all(|name| !name.ends_with(".part")), "{:?}", files(&to).keys());
    let done = export(&data, &to, &account[2..]);
    good(&done);
    assert!(!said(&done).contains("begins again"), "{}", said(&done));
    assert_eq!(lines(&to, "events").len(), 30_000);
    drop(server);
}
