//! `candor import`: files through the gate and the log, exactly once, resumed where it was.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::server::{BINARY, Server, create, run};

fn import(data: &Path, publisher: &Json, more: &[&str]) -> Output {
    let account = publisher["account_id"].as_str().unwrap();
    run(&[&["import", "--data", data.to_str().unwrap(), "--account", account], more].concat())
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

fn file(folder: &Path, name: &str, text: &str) -> (PathBuf, String) {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    (path.clone(), path.to_str().unwrap().to_owned())
}

fn total(server: &Server, publisher: &Json, event: &str) -> Json {
    let question = json!({"event": event, "from": "2026-10-01", "to": "2026-12-01"});
    let (_, answer) = server.post("/api/v1/insights/trend", publisher, &question);
    answer["series"][0]["total"].clone()
}

#[test]
fn rows_of_csv_become_events_and_bad_ones_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let shop = create(&data, &["--name", "Shop", "--policy", "open"]);
    let rows = "distinct_id,ts,event,Amount,tags,note\n\
                u1,2026-11-02T10:00:00Z,Charged,12.50,007,\n\
                u2,1793613600,Charged,3,x,\"a, b\"\n\
                u3,noon,Charged,3,canary,\n\
                u4,1793613600000,Charged\n\
                ,1793613600,Charged,1,x,\n";
    let (path, name) = file(folder.path(), "old.csv", rows);
    let map = ["--map", "identity=distinct_id,time=ts", "--without", "note"];
    let done = import(&data, &shop, &[&map[..], &[name.as_str()]].concat());
    assert_eq!(done.status.code(), Some(1), "{}", said(&done));
    assert!(said(&done).contains("2 accepted, 3 rejected"), "{}", said(&done));
    let rejects = std::fs::read_to_string(format!("{name}.rejects.jsonl")).unwrap();
    let lines: Vec<Json> =
        rejects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = lines.iter().map(|one| (one["line"].clone(), one["code"].clone())).collect();
    let expected = [(4, "bad_time"), (5, "bad_record"), (6, "missing_identity")];
    let expected: Vec<_> = expected.iter().map(|(line, code)| (json!(line), json!(code))).collect();
    assert_eq!(told, expected);
    assert!(!rejects.contains("canary"), "what stands in a row is nowhere: {rejects}");
    let server = Server::start(&data);
    let (_, people) = server.get("/api/v1/people?identity=u1", &shop);
    assert_eq!(people["people"][0]["events"][0]["count"], 1, "{people}");
    let id = people["people"][0]["id"].as_str().unwrap();
    let (_, timeline) = server.get(&format!("/api/v1/people/{id}/timeline"), &shop);
    let properties = json!({"Amount": 12.5, "tags": "007"});
    assert_eq!(timeline["events"][0]["properties"], properties, "{timeline}");
    // A file that is as it was is not taken in again; one that changed is, and counts once.
    let again = import(&data, &shop, &[&map[..], &[name.as_str()]].concat());
    assert!(said(&again).contains("was imported before"), "{}", said(&again));
    std::fs::write(&path, rows.replace("u3,noon", "u3,2026-11-02T11:00:00Z")).unwrap();
    import(&data, &shop, &[&map[..], &[name.as_str()]].concat());
    let seen = server.eventually(|s| total(s, &shop, "Charged"), |total| *total == json!(3.0));
    assert_eq!(seen, json!(3.0));
}

#[test]
fn a_running_server_takes_lines_and_profiles_in() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let server = Server::start(data.path());
    let profiles = "{\"identity\":\"u1\",\"name\":\"Asha\",\"Plan\":\"gold\",\"visits\":3}\n\n\
                    {\"type\":\"profile\",\"identity\":\"u1\",\"increment\":{\"visits\":2},\
                     \"id\":\"once\"}\nnot json\n";
    let (_, name) = file(data.path(), "people.jsonl", profiles);
    let done = import(data.path(), &shop, &["--profiles", &name]);
    assert!(said(&done).contains("2 accepted, 1 rejected"), "{}", said(&done));
    let done = import(data.path(), &shop, &["--profiles", "--again", &name]);
    assert!(said(&done).contains("2 accepted, 1 rejected"), "{}", said(&done));
    let find = |server: &Server| server.get("/api/v1/people?identity=u1", &shop).1;
    let seen = server.eventually(find, |found| found["people"][0]["traits"]["visits"].is_i64());
    let traits = &seen["people"][0]["traits"];
    assert_eq!((&traits["name"], &traits["Plan"]), (&json!("Asha"), &json!("gold")), "{seen}");
    // Set to 3 again and the increment known as a repeat: 3, or 5 before the second import.
    let seen = server.eventually(find, |f| f["people"][0]["traits"]["visits"] == json!(3));
    assert_eq!(seen["people"][0]["traits"]["visits"], json!(3));
}

#[test]
fn a_parquet_file_is_read_with_its_types() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/import/sample.parquet");
    let rejects = data.path().join("rejects").to_str().unwrap().to_owned();
    let more = ["--map", "time=ts", "--rejects", &rejects, sample];
    let done = import(data.path(), &shop, &more);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let server = Server::start(data.path());
    // 2^64 - 1 as an identity is exact.
    let (_, people) = server.get("/api/v1/people?identity=18446744073709551615", &shop);
    let id = people["people"][0]["id"].as_str().unwrap();
    let (_, timeline) = server.get(&format!("/api/v1/people/{id}/timeline"), &shop);
    let expected = json!({
        "name": "Charged", "at": "2026-11-02T10:00:00.123Z", "session": "s:1793613600",
        "properties": {
            "country": "IN", "price": 12.5, "count": 3, "gift": true, "day": "$D_1793577600",
            "tags": ["a", "b"], "item": {"sku": "s1", "n": 2}, "cost": 9.99,
        },
    });
    let mut event = timeline["events"][0].clone();
    assert!(event["session"].is_string(), "{event}");
    event["session"] = expected["session"].clone();
    assert_eq!(event, expected);
    assert_eq!(timeline["events"].as_array().unwrap().len(), 1);
}

#[test]
fn nobody_is_taken_in_without_consent() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop"]);
    let line = "{\"identity\":\"canary-identity\",\"event\":\"Seen\",\"time\":1793613600}\n";
    let table = "identity,event,time,page\n\
                 canary-identity,Seen,1793613600,canary-page\n\
                 canary-other,Left,noon,canary-page\n\
                 canary-other,Left,1793613601,canary-page\n";
    for (name, text, lines) in [("events.jsonl", line, &[1][..]), ("events.csv", table, &[2, 4])] {
        let (_, name) = file(data.path(), name, text);
        let done = import(data.path(), &shop, &[&name]);
        assert_eq!(done.status.code(), Some(1));
        let told = format!("rejected {}: no_consent", lines.len());
        assert!(said(&done).contains(&told), "{}", said(&done));
        let rejects = std::fs::read_to_string(format!("{name}.rejects.jsonl")).unwrap();
        let rejects = rejects.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
        let refused = rejects.filter(|one| one["code"] == "no_consent");
        let refused: Vec<u64> = refused.map(|one| one["line"].as_u64().unwrap()).collect();
        assert_eq!(refused, lines);
        std::fs::remove_file(&name).unwrap();
    }
    let found = Command::new("grep").args(["-rl", "canary"]).arg(data.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}

#[test]
fn what_somebody_says_in_a_table_holds_from_there_on() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop"]);
    let table = "identity,event,time,analytics\n\
                 u1,Seen,1793613599,\n\
                 u1,ct_consent,1793613600,true\n\
                 u1,Seen,1793613601,\n\
                 u1,ct_consent,,false\n\
                 u1,Seen,1793613603,\n";
    let (_, name) = file(data.path(), "events.csv", table);
    let done = import(data.path(), &shop, &[&name]);
    assert!(said(&done).contains("3 accepted, 2 rejected"), "{}", said(&done));
    let rejects = std::fs::read_to_string(format!("{name}.rejects.jsonl")).unwrap();
    let rejects = rejects.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let lines: Vec<u64> = rejects.map(|one| one["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 6]);
}

#[test]
fn what_cannot_be_imported_says_what_to_change() {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let (_, name) = file(data.path(), "x.csv", "who,what\nu,n\n");
    let check = |more: &[&str], status: i32, word: &str| {
        let done = import(data.path(), &shop, more);
        assert_eq!(done.status.code(), Some(status), "{}", said(&done));
        assert!(said(&done).contains(word), "{word}: {}", said(&done));
    };
    check(&[&name], 1, "--map identity=COLUMN");
    check(&["--map", "identity=who", &name], 1, "--map event=COLUMN");
    check(&["--map", "identity=whom,event=what", &name], 1, "no column \"whom\"");
    check(&["--map", "identity", &name], 2, "pairs like");
    check(&["/nowhere.csv"], 2, "/nowhere.csv");
    let (_, other) = file(data.path(), "x.dat", "");
    check(&[&other], 2, "--format");
    let nobody = json!({"account_id": "NOBODY"});
    let done = import(data.path(), &nobody, &[&name]);
    assert_eq!(done.status.code(), Some(2));
    assert!(said(&done).contains("no publisher here"), "{}", said(&done));
}

const BEGUN: u64 = 1_793_613_600_000;

#[test]
fn an_import_that_was_killed_goes_on_and_counts_once() {
    let row = |n: u64| {
        let (who, at) = (n % 500, BEGUN + n * 7);
        format!("{{\"identity\":\"u{who}\",\"event\":\"Seen\",\"time\":{at},\"n\":{n}}}\n")
    };
    goes_on_after_kills("events.jsonl", "", 30_000, row);
}

#[test]
fn a_table_whose_import_was_killed_goes_on_and_counts_once() {
    // One in ten comes late, and one in fifty says no time that can be read.
    let row = |n: u64| match n % 50 {
        49 => format!("u{},Seen,noon,{n}\n", n % 500),
        _ => format!("u{},Seen,{},{n}\n", n % 500, BEGUN + n * 7 - n % 10 / 9 * 9_000),
    };
    goes_on_after_kills("events.csv", "identity,event,time,n\n", 250_000, row);
}

fn goes_on_after_kills(name: &str, head: &str, rows: u64, row: impl Fn(u64) -> String) {
    let data = tempfile::tempdir().unwrap();
    let shop = create(data.path(), &["--name", "Shop", "--policy", "open"]);
    let text = (0..rows).map(row).fold(head.to_owned(), |all, row| all + &row);
    let bad = text.matches("noon").count() as u64;
    let (_, name) = file(data.path(), name, &text);
    let account = shop["account_id"].as_str().unwrap();
    let folder = data.path().to_str().unwrap();
    let line = ["import", "--data", folder, "--account", account, &name];
    let mut kills = 0;
    for pause in [300, 500, 700] {
        let mut child = Command::new(BINARY).args(line).spawn().unwrap();
        let until = Instant::now() + Duration::from_millis(pause);
        while Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        kills += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let done = run(&line);
    let status = i32::from(bad > 0);
    assert_eq!(done.status.code(), Some(status), "after {kills} kills: {}", said(&done));
    let server = Server::start(data.path());
    let whole = (rows - bad) as f64;
    assert_eq!(total(&server, &shop, "Seen"), json!(whole), "after {kills} kills");
}
